/* SPDX-License-Identifier: ISC */
/*
 * Admission: a bucket a source, in a table that cannot be flooded.
 */
#include "common/agent/admit.h"

#include <CUnit/CUnit.h>

#include "tests/unit/suites.h"

static struct admit_source source(uint32_t n)
{
	return admit_address((struct in_addr){ htonl(n) });
}

static instant_t at_ms(int64_t ms)
{
	return (instant_t){ duration_ms(ms).ns };
}

static unsigned admitted_as(struct admit *a, enum admit_claim claim, uint32_t n,
			    unsigned tries, int64_t ms)
{
	const struct admit_source src = source(n);
	unsigned count = 0;

	while (tries-- > 0)
		count += admit_message(a, &src, claim, at_ms(ms));
	return count;
}

static unsigned admitted(struct admit *a, uint32_t n, unsigned tries, int64_t ms)
{
	return admitted_as(a, ADMIT_NOTHING, n, tries, ms);
}

static struct admit *admit_of(size_t sources, uint32_t rate, uint32_t burst)
{
	const struct admit_limits limits = { rate, burst, ADMIT_RATE };

	return admit_new(sources, &limits, at_ms(0));
}

static void sources_have_buckets_of_their_own(void)
{
	struct admit *a = admit_of(16, 10, 5);

	CU_ASSERT_EQUAL(admitted(a, 1, 20, 0), 5);
	CU_ASSERT_EQUAL(admitted(a, 2, 20, 0), 5);
	CU_ASSERT_EQUAL(admitted(a, 1, 20, 99), 0);
	CU_ASSERT_EQUAL(admitted(a, 1, 20, 200), 2);
	CU_ASSERT_EQUAL(admitted(a, 1, 20, 60000), 5);
	CU_ASSERT_EQUAL(admit_count(a), 2);
	admit_free(a);
}

static void the_longest_silent_is_forgotten(void)
{
	struct admit *a = admit_of(4, 1, 1);

	for (uint32_t n = 1; n <= 4; n++)
		CU_ASSERT_EQUAL(admitted(a, n, 2, n), 1);
	CU_ASSERT_EQUAL(admitted(a, 1, 1, 5), 0); /* heard again, and refused */
	CU_ASSERT_EQUAL(admitted(a, 5, 1, 6), 1); /* takes the place of 2 */
	CU_ASSERT_EQUAL(admit_count(a), 4);
	CU_ASSERT_EQUAL(admitted(a, 1, 1, 7), 0);
	CU_ASSERT_EQUAL(admitted(a, 3, 1, 7), 0);
	CU_ASSERT_EQUAL(admitted(a, 2, 1, 7), 1); /* starts anew */
	admit_free(a);
}

static void a_flood_of_sources_stays_in_the_table(void)
{
	struct admit *a = admit_of(64, 1, 1);

	for (uint32_t n = 0; n < 100000; n++)
		CU_ASSERT_EQUAL(admitted(a, n, 1, 0), 1);
	CU_ASSERT_EQUAL(admit_count(a), 64);
	admit_free(a);
}

static void rate_zero_admits_all(void)
{
	struct admit *a = admit_of(4, 0, 0);

	CU_ASSERT_EQUAL(admitted(a, 1, 1000, 0), 1000);
	CU_ASSERT_EQUAL(admit_count(a), 0);
	admit_free(a);
}

static void other_limits_start_afresh(void)
{
	const struct admit_limits others = { 1, 3, 0 };
	struct admit *a = admit_of(4, 1, 2);

	CU_ASSERT_EQUAL(admitted(a, 1, 9, 0), 2);
	admit_configure(a, &others, at_ms(0));
	CU_ASSERT_EQUAL(admit_count(a), 0);
	CU_ASSERT_EQUAL(admitted(a, 1, 9, 0), 3);
	admit_free(a);
	admit_free(NULL);
}

static void a_table_of_no_size_refuses(void)
{
	struct admit *a = admit_of(0, 1, 1);

	CU_ASSERT_EQUAL(admitted(a, 1, 3, 0), 0);
	admit_free(a);
}

/* Whoever spoofs a peer's address does not use up what is the peer's. */
static void a_peer_is_heard_when_its_source_is_flooded(void)
{
	struct admit *a = admit_of(16, 10, 5);

	CU_ASSERT_EQUAL(admitted(a, 1, 1000, 0), 5);
	CU_ASSERT_EQUAL(admitted_as(a, ADMIT_SOMEBODY, 1, 10, 0), 0);
	CU_ASSERT_EQUAL(admitted_as(a, ADMIT_PEER, 1, 10, 0), 10);
	CU_ASSERT_EQUAL(admitted_as(a, ADMIT_PEER, 1, 9999, 0),
			(ADMIT_RATE / ADMIT_BURST_SHARE) - 10);
	/* Others have their own. */
	CU_ASSERT_EQUAL(admitted_as(a, ADMIT_PEER, 2, 10, 0), 5);
	CU_ASSERT_EQUAL(admitted_as(a, ADMIT_SOMEBODY, 3, 10, 0), 5);
	admit_free(a);
}

static void a_total_of_zero_is_any_number(void)
{
	const struct admit_limits limits = { 10, 5, 0 };
	struct admit *a = admit_new(16, &limits, at_ms(0));

	CU_ASSERT_EQUAL(admitted_as(a, ADMIT_PEER, 1, 99999, 0), 99999);
	CU_ASSERT_EQUAL(admitted_as(a, ADMIT_SOMEBODY, 2, 99999, 0), 5);
	admit_free(a);
}

static void a_configured_total_holds(void)
{
	const struct admit_limits limits = { 10, 5, 1000 };
	struct admit *a = admit_new(16, &limits, at_ms(0));

	/* What its source pays, and a tenth of a second's. */
	CU_ASSERT_EQUAL(admitted_as(a, ADMIT_PEER, 1, 99999, 0), 5 + 100);
	CU_ASSERT_EQUAL(admitted_as(a, ADMIT_PEER, 1, 99999, 50), 50);
	admit_free(a);
}

/* Each source is another, so that none ever exceeds its own limit. */
static void all_together_are_bounded(void)
{
	struct admit *a = admit_of(64, 10, 5);
	unsigned count = 0;

	for (uint32_t n = 0; n < 100000; n++)
		count += admitted_as(a, ADMIT_SOMEBODY, n, 1, n / 100);
	CU_ASSERT_EQUAL(count,
			(ADMIT_RATE / ADMIT_BURST_SHARE) + ADMIT_RATE * 999 / 1000);
	CU_ASSERT_EQUAL(admitted_as(a, ADMIT_PEER, 1, 1, 999), 1);
	CU_ASSERT_EQUAL(admitted(a, 1, 1, 999), 1);
	admit_free(a);
}

static void larger_limits_of_a_source_hold_for_all(void)
{
	struct admit *a =
		admit_of(4, 3 * ADMIT_RATE, 3 * (ADMIT_RATE / ADMIT_BURST_SHARE));

	CU_ASSERT_EQUAL(admitted_as(a, ADMIT_SOMEBODY, 1, 99999, 0),
			3 * (ADMIT_RATE / ADMIT_BURST_SHARE));
	CU_ASSERT_EQUAL(admitted_as(a, ADMIT_PEER, 1, 99999, 0),
			3 * (ADMIT_RATE / ADMIT_BURST_SHARE));
	CU_ASSERT_EQUAL(admitted_as(a, ADMIT_SOMEBODY, 1, 99999, 100),
			3 * (ADMIT_RATE / ADMIT_BURST_SHARE));
	admit_free(a);
}

static void stations_are_told_apart(void)
{
	const struct mac one = { { 2, 0, 0, 0, 0, 1 } }, two = { { 2, 0, 0, 0, 0, 2 } };
	const struct admit_source src[] = { admit_station(3, one),
					    admit_station(4, one),
					    admit_station(3, two) };
	struct admit *a = admit_of(4, 1, 1);

	for (unsigned i = 0; i < 3; i++) {
		CU_ASSERT_TRUE(admit_message(a, &src[i], ADMIT_NOTHING, at_ms(0)));
		CU_ASSERT_FALSE(admit_message(a, &src[i], ADMIT_NOTHING, at_ms(0)));
	}
	admit_free(a);
}

void suite_admit(void)
{
	CU_pSuite s = CU_add_suite("admit", NULL, NULL);

	CU_add_test(s, "sources have buckets of their own",
		    sources_have_buckets_of_their_own);
	CU_add_test(s, "the longest silent is forgotten",
		    the_longest_silent_is_forgotten);
	CU_add_test(s, "a flood of sources stays in the table",
		    a_flood_of_sources_stays_in_the_table);
	CU_add_test(s, "rate zero admits all", rate_zero_admits_all);
	CU_add_test(s, "other limits start afresh", other_limits_start_afresh);
	CU_add_test(s, "a table of no size refuses", a_table_of_no_size_refuses);
	CU_add_test(s, "a peer is heard when its source is flooded",
		    a_peer_is_heard_when_its_source_is_flooded);
	CU_ADD_TEST(s, a_total_of_zero_is_any_number);
	CU_ADD_TEST(s, a_configured_total_holds);
	CU_add_test(s, "all together are bounded", all_together_are_bounded);
	CU_add_test(s, "larger limits of a source hold for all",
		    larger_limits_of_a_source_hold_for_all);
	CU_add_test(s, "stations are told apart", stations_are_told_apart);
}
