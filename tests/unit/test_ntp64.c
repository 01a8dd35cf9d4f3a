/* SPDX-License-Identifier: ISC */
/* NTP time: conversion, and arithmetic across the end of the era. */
#include "common/base/ntp64.h"

#include "common/base/rng.h"

#include <CUnit/CUnit.h>

#include "tests/unit/suites.h"

struct vector {
	time_t unix_seconds;
	uint32_t fraction;
	uint64_t ntp;
};

static const struct vector vectors[] = {
#define NTP_TIME(seconds, fraction, ntp) { seconds, fraction, UINT64_C(ntp) },
#include "tests/vectors/ntp64.def"
#undef NTP_TIME
};

enum { VECTORS = sizeof(vectors) / sizeof(vectors[0]) };

static void seconds_are_those_since_1900(void)
{
	for (size_t i = 0; i < VECTORS; i++) {
		struct timespec ts = { .tv_sec = vectors[i].unix_seconds };
		uint64_t t = ntp64_from_timespec(ts);

		CU_ASSERT_EQUAL(t + vectors[i].fraction, vectors[i].ntp);
		CU_ASSERT_EQUAL(ntp64_high(t), ntp64_high(vectors[i].ntp));
		CU_ASSERT_EQUAL(ntp64_low(vectors[i].ntp), vectors[i].fraction);
	}
}

static void fraction_is_binary(void)
{
	struct timespec ts = { .tv_sec = 1700000000, .tv_nsec = 250000000 };

	CU_ASSERT_EQUAL(ntp64_from_timespec(ts), UINT64_C(0xe8fe6f8040000000));
	ts.tv_nsec = 999999999;
	CU_ASSERT_EQUAL(ntp64_from_timespec(ts), UINT64_C(0xe8fe6f80fffffffc));
}

static void order_survives_the_end_of_the_era(void)
{
	const uint64_t before = UINT64_C(0xffffffff80000000);
	const uint64_t after = UINT64_C(0x0000000180000000);

	CU_ASSERT_TRUE(ntp64_after(after, before));
	CU_ASSERT_FALSE(ntp64_after(before, after));
	CU_ASSERT_FALSE(ntp64_after(after, after));
	CU_ASSERT_EQUAL(ntp64_diff(after, before).ns, duration_s(2).ns);
	CU_ASSERT_EQUAL(ntp64_diff(before, after).ns, duration_s(-2).ns);
	CU_ASSERT_EQUAL(ntp64_add(before, duration_s(2)), after);
	CU_ASSERT_EQUAL(ntp64_add(after, duration_s(-2)), before);
}

static void parts_of_a_second_count(void)
{
	const uint64_t t = UINT64_C(0xe8fe6f8000000000);

	CU_ASSERT_EQUAL(ntp64_diff(t, t - 1).ns, 0);
	CU_ASSERT_EQUAL(ntp64_diff(t - UINT64_C(0x80000000), t).ns, -500000000);
	CU_ASSERT_EQUAL(ntp64_diff(t + UINT64_C(0x40000000), t).ns, 250000000);
	CU_ASSERT_EQUAL(ntp64_add(t, (duration_t){ -250000000 }),
			t - UINT64_C(0x40000000));
}

static void nanoseconds_survive_the_way_back(void)
{
	struct rng_seeded g;
	struct rng r = rng_seeded_init(&g, 1);

	for (int i = 0; i < 20000; i++) {
		uint64_t t = rng_u64(&r);
		int64_t ns = (int64_t)(rng_u64(&r) >> 3) - (INT64_C(1) << 60);

		CU_ASSERT_EQUAL(ntp64_diff(ntp64_add(t, (duration_t){ ns }), t).ns, ns);
	}
}

void suite_ntp64(void)
{
	CU_pSuite s = CU_add_suite("ntp64", NULL, NULL);

	CU_ADD_TEST(s, seconds_are_those_since_1900);
	CU_ADD_TEST(s, fraction_is_binary);
	CU_ADD_TEST(s, order_survives_the_end_of_the_era);
	CU_ADD_TEST(s, parts_of_a_second_count);
	CU_ADD_TEST(s, nanoseconds_survive_the_way_back);
}
