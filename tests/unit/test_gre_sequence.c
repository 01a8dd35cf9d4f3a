/* SPDX-License-Identifier: ISC */
/* GRE sequence numbers: the classes of RFC 2890 2.2, and peers that start again. */
#include "common/tunnel/encap_ops.h"

#include "tests/unit/packets.h"
#include "tests/unit/suites.h"

#include <CUnit/CUnit.h>

enum class { LATE, IN_ORDER, GAP };

static const struct {
	uint32_t last, received;
	enum class is;
} numbers[] = {
#define GRE_NUMBER(last, received, is) { last, received, is },
#include "tests/vectors/gre_sequence.def"
#undef GRE_NUMBER
};

static instant_t at_ms(int64_t ms)
{
	return instant_add((instant_t){ 0 }, duration_ms(ms));
}

static struct gre_sequence after(uint32_t last, instant_t when)
{
	struct gre_sequence s;

	gre_sequence_init(&s);
	s.last_in = last;
	s.heard = true;
	s.accepted = when;
	return s;
}

static void numbers_fall_into_their_class(void)
{
	for (unsigned i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		struct gre_sequence s = after(numbers[i].last, at_ms(0));
		bool ok = gre_sequence_accept(&s, numbers[i].received, at_ms(1));

		CU_ASSERT_EQUAL(ok, numbers[i].is != LATE);
		CU_ASSERT_EQUAL(s.gaps, numbers[i].is == GAP);
		CU_ASSERT_EQUAL(s.last_in, ok ? numbers[i].received : numbers[i].last);
	}
}

static void the_first_one_is_taken_whatever_it_is(void)
{
	const uint32_t first[] = { 0, 1, 0x7fffffff, 0x80000000, 0xffffffff };

	for (unsigned i = 0; i < 5; i++) {
		struct gre_sequence s;

		gre_sequence_init(&s);
		CU_ASSERT_EQUAL(s.last_in, UINT32_MAX);
		CU_ASSERT_TRUE(gre_sequence_accept(&s, first[i], at_ms(0)));
		CU_ASSERT_EQUAL(s.last_in, first[i]);
	}
}

static void wraps_round(void)
{
	struct gre_sequence s = after(0xfffffffd, at_ms(0));

	for (uint32_t n = 0xfffffffe; n != 3; n++)
		CU_ASSERT_TRUE(gre_sequence_accept(&s, n, at_ms(1)));
	CU_ASSERT_EQUAL(s.gaps, 0);
}

static void a_peer_that_starts_again_is_deaf_for_few_packets(void)
{
	struct gre_sequence s = after(1000000, at_ms(0));
	uint32_t n = 0;

	while (!gre_sequence_accept(&s, n, at_ms(1)))
		n++;
	CU_ASSERT_EQUAL(n, GRE_LATE_RUN - 1);
	CU_ASSERT_EQUAL(s.restarts, 1);
	CU_ASSERT_TRUE(gre_sequence_accept(&s, n + 1, at_ms(1)));
	CU_ASSERT_EQUAL(s.gaps, 0);
}

static void after_silence_it_is_heard_at_once(void)
{
	struct gre_sequence s = after(1000000, at_ms(0));

	CU_ASSERT_FALSE(gre_sequence_accept(&s, 0, at_ms(GRE_QUIET_S * 1000 - 1)));
	CU_ASSERT_TRUE(gre_sequence_accept(&s, 1, at_ms(GRE_QUIET_S * 1000)));
	CU_ASSERT_EQUAL(s.restarts, 1);
}

/* Late packets between ones in order, or in no order of their own: no restart. */
static void reordering_is_no_restart(void)
{
	struct gre_sequence s = after(1000, at_ms(0));

	for (uint32_t n = 0; n < 200; n++) {
		CU_ASSERT_FALSE(gre_sequence_accept(&s, 500 + n, at_ms(1)));
		if (n % 8 == 7)
			CU_ASSERT_TRUE(gre_sequence_accept(&s, 1001 + n / 8, at_ms(1)));
	}
	for (uint32_t n = 0; n < 200; n++)
		CU_ASSERT_FALSE(gre_sequence_accept(&s, 900 - n, at_ms(1)));
	for (uint32_t n = 0; n < 200; n++)
		CU_ASSERT_FALSE(gre_sequence_accept(&s, 700, at_ms(1)));
	CU_ASSERT_EQUAL(s.restarts, 0);
}

void suite_gre_sequence(void)
{
	CU_pSuite s = CU_add_suite("gre_sequence", NULL, NULL);

	CU_ADD_TEST(s, numbers_fall_into_their_class);
	CU_ADD_TEST(s, the_first_one_is_taken_whatever_it_is);
	CU_ADD_TEST(s, wraps_round);
	CU_ADD_TEST(s, a_peer_that_starts_again_is_deaf_for_few_packets);
	CU_ADD_TEST(s, after_silence_it_is_heard_at_once);
	CU_ADD_TEST(s, reordering_is_no_restart);
}
