/* SPDX-License-Identifier: ISC */
/*
 * Admission: a bucket a source, in a table that cannot be flooded.
 */
#include "common/agent/admit.h"

#include <CUnit/CUnit.h>

#include "tests/unit/suites.h"

static struct in_addr source(uint32_t n)
{
	return (struct in_addr){ htonl(n) };
}

static instant_t at_ms(int64_t ms)
{
	return (instant_t){ duration_ms(ms).ns };
}

static unsigned admitted(struct admit *a, uint32_t n, unsigned tries, int64_t ms)
{
	unsigned count = 0;

	while (tries-- > 0)
		count += admit_source(a, source(n), at_ms(ms));
	return count;
}

static void sources_have_buckets_of_their_own(void)
{
	struct admit *a = admit_new(16, 10, 5);

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
	struct admit *a = admit_new(4, 1, 1);

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
	struct admit *a = admit_new(64, 1, 1);

	for (uint32_t n = 0; n < 100000; n++)
		CU_ASSERT_EQUAL(admitted(a, n, 1, 0), 1);
	CU_ASSERT_EQUAL(admit_count(a), 64);
	admit_free(a);
}

static void rate_zero_admits_all(void)
{
	struct admit *a = admit_new(4, 0, 0);

	CU_ASSERT_EQUAL(admitted(a, 1, 1000, 0), 1000);
	CU_ASSERT_EQUAL(admit_count(a), 0);
	admit_free(a);
}

static void other_limits_start_afresh(void)
{
	struct admit *a = admit_new(4, 1, 2);

	CU_ASSERT_EQUAL(admitted(a, 1, 9, 0), 2);
	admit_configure(a, 1, 3);
	CU_ASSERT_EQUAL(admit_count(a), 0);
	CU_ASSERT_EQUAL(admitted(a, 1, 9, 0), 3);
	admit_free(a);
	admit_free(NULL);
}

static void a_table_of_no_size_refuses(void)
{
	struct admit *a = admit_new(0, 1, 1);

	CU_ASSERT_EQUAL(admitted(a, 1, 3, 0), 0);
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
}
