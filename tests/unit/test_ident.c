/* SPDX-License-Identifier: ISC */
/*
 * The Identification field with timestamps: the decisions of RFC 5944 5.7.1 at
 * their edges, and the day in 2036 when the seconds wrap.
 */
#include "common/security/ident.h"
#include "common/base/ntp64.h"

#include <CUnit/CUnit.h>

#include "tests/unit/suites.h"

#define CLOCK UINT64_C(0xe8fe6f8000000000)
#define LAST  UINT64_C(0xe8fe6f7f40000000)

static void judges_at_the_edges(void)
{
	static const struct {
		uint64_t received;
		enum ident_verdict verdict;
	} cases[] = {
		{ UINT64_C(0xe8fe6f8000000001), IDENT_FRESH },
		{ UINT64_C(0xe8fe6f7f40000001), IDENT_FRESH },
		{ LAST, IDENT_DUPLICATE },
		{ UINT64_C(0xe8fe6f7f3fffffff), IDENT_OLD },
		{ UINT64_C(0xe8fe6f8700000000), IDENT_FRESH }, /* 7 s ahead */
		{ UINT64_C(0xe8fe6f8700001000), IDENT_SKEWED },
		{ UINT64_C(0xe8fe6f8800000000), IDENT_SKEWED },
		{ UINT64_C(0xe8fe6f7800000000), IDENT_SKEWED }, /* 8 s behind */
		{ 0, IDENT_SKEWED },
		{ UINT64_MAX, IDENT_SKEWED },
		{ CLOCK ^ UINT64_C(1) << 63, IDENT_SKEWED },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		CU_ASSERT_EQUAL(
			ident_judge(cases[i].received, LAST, CLOCK, duration_s(7)),
			cases[i].verdict);
}

static void the_first_has_no_predecessor(void)
{
	CU_ASSERT_EQUAL(ident_judge(CLOCK - 1, 0, CLOCK, duration_s(7)), IDENT_FRESH);
	CU_ASSERT_EQUAL(ident_judge(0, 0, 0, duration_s(7)), IDENT_FRESH);
	/* Seven seconds behind is still near. */
	CU_ASSERT_EQUAL(
		ident_judge(ntp64_add(CLOCK, duration_s(-7)), 0, CLOCK, duration_s(7)),
		IDENT_FRESH);
}

static void goes_on_when_the_seconds_wrap(void)
{
	uint64_t before = UINT64_C(0xffffffff80000000),
		 after = UINT64_C(0x0000000080000000);

	CU_ASSERT_EQUAL(ident_judge(after, before, before, duration_s(7)), IDENT_FRESH);
	CU_ASSERT_EQUAL(ident_judge(after, before, after, duration_s(7)), IDENT_FRESH);
	CU_ASSERT_EQUAL(ident_judge(before, after, after, duration_s(7)), IDENT_OLD);
	CU_ASSERT(ntp64_after(ident_next(after, duration_s(0), before, 0), before));
}

static void a_denial_carries_our_seconds_and_their_fraction(void)
{
	CU_ASSERT_EQUAL(ident_resync(UINT64_C(0xe8fe6f1c12345678), CLOCK),
			UINT64_C(0xe8fe6f8012345678));
	CU_ASSERT_EQUAL(ident_resync(UINT64_C(0xe8fe6f7f3fffffff), CLOCK),
			UINT64_C(0xe8fe6f803fffffff));
}

static void the_next_is_later_and_near_the_clock(void)
{
	uint64_t last = 0;

	for (uint32_t i = 0; i < 1000; i++) {
		/* The clock stands still. */
		uint64_t next = ident_next(CLOCK, duration_s(0), last, i * 2654435761U);

		CU_ASSERT(last == 0 || ntp64_after(next, last));
		CU_ASSERT(ntp64_diff(next, CLOCK).ns < 40000000);
		last = next;
	}
	CU_ASSERT_NOT_EQUAL(ident_next(0, duration_s(0), 0, 0), 0);
}

static void randomness_shows_in_the_low_bits_only(void)
{
	uint64_t a = ident_next(CLOCK, duration_s(0), 0, 1);
	uint64_t b = ident_next(CLOCK, duration_s(0), 0, UINT32_MAX);

	CU_ASSERT_NOT_EQUAL(a, b);
	CU_ASSERT_EQUAL(a >> 16, b >> 16);
	CU_ASSERT_EQUAL(a >> 16, CLOCK >> 16);
}

/* A node with a wrong clock: denied once, then within a second of the agent's. */
static void the_offset_brings_clocks_together(void)
{
	static const int64_t wrong_by_s[] = {
		0, 1, 100, -100, 86400 * 365, -86400 * 365
	};

	for (size_t i = 0; i < sizeof(wrong_by_s) / sizeof(wrong_by_s[0]); i++) {
		uint64_t node = ntp64_add(CLOCK, duration_s(wrong_by_s[i]));
		uint64_t asked = ident_next(node, duration_s(0), 0, 77);
		uint64_t denial = ident_resync(asked, CLOCK);
		uint64_t again = ident_next(node, ident_offset(denial, node), 0, 78);

		CU_ASSERT_EQUAL(ident_judge(again, 0, CLOCK, duration_s(1)),
				IDENT_FRESH);
	}
}

/* An agent that has just started denies what was signed before: no fault of ours. */
static void a_clock_that_agrees_is_left_alone(void)
{
	const uint64_t second = CLOCK & ~(uint64_t)UINT32_MAX;
	const uint64_t denial = ident_resync(CLOCK - 1, second | 1);

	CU_ASSERT_EQUAL(ident_offset(denial, second).ns, 0);
	CU_ASSERT_EQUAL(ident_offset(denial, second | UINT32_MAX).ns, 0);
	CU_ASSERT(ident_offset(denial, second - 1).ns > 0);
}

/* Our clock was set back by an hour since we accepted `last`. */
static void a_clock_set_back_locks_nobody_out(void)
{
	const uint64_t last = ntp64_add(CLOCK, duration_s(3600));
	const uint64_t clock = ident_clock(CLOCK, last, duration_s(7));
	uint64_t node = last, asked = ident_next(node, duration_s(0), last, 5);
	uint64_t denial, again;

	CU_ASSERT_TRUE(ntp64_after(clock, last));
	CU_ASSERT_EQUAL(ident_judge(asked, last, clock, duration_s(7)), IDENT_FRESH);
	CU_ASSERT_EQUAL(ident_judge(last - 1, last, clock, duration_s(7)), IDENT_OLD);

	/* A node that has followed our clock back is brought forward by one denial. */
	asked = ident_next(CLOCK, duration_s(0), 0, 6);
	CU_ASSERT_NOT_EQUAL(ident_judge(asked, last, clock, duration_s(7)),
			    IDENT_FRESH);
	denial = ident_resync(asked, clock);
	again = ident_next(CLOCK, ident_offset(denial, CLOCK), 0, 7);
	CU_ASSERT_EQUAL(ident_judge(again, last, clock, duration_s(7)), IDENT_FRESH);
}

static void a_clock_that_was_not_set_back_is_ours(void)
{
	CU_ASSERT_EQUAL(ident_clock(CLOCK, 0, duration_s(7)), CLOCK);
	CU_ASSERT_EQUAL(ident_clock(CLOCK, CLOCK - 1, duration_s(7)), CLOCK);
	CU_ASSERT_EQUAL(
		ident_clock(CLOCK, ntp64_add(CLOCK, duration_s(7)), duration_s(7)),
		CLOCK);
}

void suite_ident(void)
{
	CU_pSuite s = CU_add_suite("ident", NULL, NULL);

	CU_add_test(s, "judges at the edges", judges_at_the_edges);
	CU_add_test(s, "the first has no predecessor", the_first_has_no_predecessor);
	CU_add_test(s, "goes on when the seconds wrap", goes_on_when_the_seconds_wrap);
	CU_add_test(s, "a denial carries our seconds and their fraction",
		    a_denial_carries_our_seconds_and_their_fraction);
	CU_add_test(s, "the next is later and near the clock",
		    the_next_is_later_and_near_the_clock);
	CU_add_test(s, "randomness shows in the low bits only",
		    randomness_shows_in_the_low_bits_only);
	CU_add_test(s, "the offset brings clocks together",
		    the_offset_brings_clocks_together);
	CU_add_test(s, "a clock that agrees is left alone",
		    a_clock_that_agrees_is_left_alone);
	CU_add_test(s, "a clock set back locks nobody out",
		    a_clock_set_back_locks_nobody_out);
	CU_add_test(s, "a clock that was not set back is ours",
		    a_clock_that_was_not_set_back_is_ours);
}
