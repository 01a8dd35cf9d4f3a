/* SPDX-License-Identifier: ISC */
/*
 * What the machine gives to the cores: time and chance.
 */
#include "common/io/host.h"

#include <CUnit/CUnit.h>

#include "tests/unit/suites.h"

/* Six numbers of 32 bits are alike once in 2^28 runs. */
static void chance_is_not_repeated(void)
{
	struct rng one = host_rng(), two = host_rng();
	uint32_t drawn[6];

	for (unsigned i = 0; i < 6; i++) {
		drawn[i] = rng_u32(i % 2 ? &one : &two);
		for (unsigned j = 0; j < i; j++)
			CU_ASSERT_NOT_EQUAL(drawn[i], drawn[j]);
	}
}

static void time_goes_forward(void)
{
	struct now last = host_now();

	for (unsigned i = 0; i < 1000; i++) {
		struct now now = host_now();

		CU_ASSERT_FALSE(instant_before(now.mono, last.mono));
		last = now;
	}
	CU_ASSERT_TRUE(last.mono.ns > 0);
}

void suite_host(void)
{
	CU_pSuite s = CU_add_suite("host", NULL, NULL);

	CU_add_test(s, "chance is not repeated", chance_is_not_repeated);
	CU_add_test(s, "time goes forward", time_goes_forward);
}
