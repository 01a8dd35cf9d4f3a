/* SPDX-License-Identifier: ISC */
/* Random sequences of events at the foreign agent; the seed is in the message. */
#include "common/base/rng.h"
#include "tests/unit/fa_storm.h"

#include <CUnit/CUnit.h>

#include <stdio.h>

#include "tests/unit/suites.h"

enum { STORMS = 200, OCTETS = 6000 };

static void keeps_its_promises_in_any_storm(void)
{
	struct fa_storm_report sum = { 0 };

	for (uint64_t seed = 0; seed < STORMS; seed++) {
		struct rng_seeded state;
		struct rng rng = rng_seeded_init(&state, seed);
		struct fa_storm_report r;
		uint8_t octets[OCTETS];
		const char *broken;

		rng_fill(&rng, octets, sizeof(octets));
		broken = fa_storm(octets, sizeof(octets), &r);
		if (broken)
			printf("# seed %u: %s\n", (unsigned)seed, broken);
		CU_ASSERT_PTR_NULL(broken);
		sum.relayed += r.relayed;
		sum.admitted += r.admitted;
		sum.expired += r.expired;
		sum.denied += r.denied;
		sum.failed += r.failed;
	}
	printf("# %u relayed, %u admitted, %u expired, %u denied, %u refused\n",
	       sum.relayed, sum.admitted, sum.expired, sum.denied, sum.failed);
	CU_ASSERT_TRUE(sum.relayed > STORMS && sum.admitted > STORMS);
	CU_ASSERT_TRUE(sum.expired > 0 && sum.denied > STORMS && sum.failed > 0);
}

void suite_fa_storm(void)
{
	CU_pSuite s = CU_add_suite("fa_storm", NULL, NULL);

	CU_add_test(s, "keeps its promises in any storm",
		    keeps_its_promises_in_any_storm);
}
