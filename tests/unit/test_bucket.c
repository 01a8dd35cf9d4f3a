/* SPDX-License-Identifier: ISC */
/* Token buckets: bursts, the long run, and clocks that misbehave. */
#include "common/base/bucket.h"

#include <CUnit/CUnit.h>

#include "tests/unit/suites.h"

static const instant_t start = { 1000000000 };

static instant_t after_ms(int64_t ms)
{
	return instant_add(start, duration_ms(ms));
}

static unsigned take_all(struct bucket *b, instant_t now)
{
	unsigned taken = 0;

	while (bucket_take(b, now))
		taken++;
	return taken;
}

static void burst_then_rate(void)
{
	struct bucket b;

	bucket_init(&b, 2, 5, start);
	CU_ASSERT_EQUAL(take_all(&b, start), 5);
	CU_ASSERT_FALSE(bucket_take(&b, after_ms(499)));
	CU_ASSERT_TRUE(bucket_take(&b, after_ms(500)));
	CU_ASSERT_FALSE(bucket_take(&b, after_ms(500)));
	CU_ASSERT_EQUAL(take_all(&b, after_ms(60000)), 5);
}

/* A third of a second is no whole number of nanoseconds; none of it is lost. */
static void long_run_is_exact(void)
{
	struct bucket b;
	unsigned taken = 0;

	bucket_init(&b, 3, 2, start);
	for (int64_t ms = 0; ms <= 60000; ms++)
		taken += bucket_take(&b, after_ms(ms));
	CU_ASSERT_EQUAL(taken, 2 + 3 * 60);
}

static void rate_of_zero_never_refills(void)
{
	struct bucket b;

	bucket_init(&b, 0, 2, start);
	CU_ASSERT_EQUAL(take_all(&b, start), 2);
	CU_ASSERT_FALSE(bucket_take(&b, (instant_t){ INT64_MAX - 1 }));
	bucket_init(&b, 5, 0, start);
	CU_ASSERT_FALSE(bucket_take(&b, after_ms(10000)));
}

static void clock_stepping_back_changes_nothing(void)
{
	struct bucket b;

	bucket_init(&b, 1, 1, start);
	CU_ASSERT_TRUE(bucket_take(&b, (instant_t){ 0 }));
	CU_ASSERT_FALSE(bucket_take(&b, (instant_t){ 0 }));
	CU_ASSERT_FALSE(bucket_take(&b, after_ms(999)));
	CU_ASSERT_TRUE(bucket_take(&b, after_ms(1000)));
}

static void largest_values_do_not_overflow(void)
{
	struct bucket b;

	bucket_init(&b, UINT32_MAX, UINT32_MAX, (instant_t){ 0 });
	CU_ASSERT_TRUE(bucket_take(&b, (instant_t){ 0 }));
	CU_ASSERT_TRUE(bucket_take(&b, (instant_t){ INT64_MAX - 1 }));
	CU_ASSERT_EQUAL(b.credit, ((int64_t)UINT32_MAX - 1) * 1000000000);
}

void suite_bucket(void)
{
	CU_pSuite s = CU_add_suite("bucket", NULL, NULL);

	CU_ADD_TEST(s, burst_then_rate);
	CU_ADD_TEST(s, long_run_is_exact);
	CU_ADD_TEST(s, rate_of_zero_never_refills);
	CU_ADD_TEST(s, clock_stepping_back_changes_nothing);
	CU_ADD_TEST(s, largest_values_do_not_overflow);
}
