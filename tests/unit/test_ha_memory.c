/* SPDX-License-Identifier: ISC */
/* A home agent that runs out of memory, at every place where it asks for some. */
#include "tests/unit/alloc_count.h"
#include "tests/unit/ha_bench.h"

#include "common/wire/mip_code.h"

#include <CUnit/CUnit.h>

#include "tests/unit/suites.h"

/* A start in which the nth wish for memory is not granted; how many there were. */
static unsigned long start_with_failure(unsigned long nth)
{
	const unsigned long before = alloc_count();
	unsigned long wishes;
	struct effect_list fx;
	struct ha_bench b;
	struct ha_core *ha;

	hb_init(&b);
	effect_list_init(&fx);
	alloc_fail_nth(nth);
	ha = ha_core_new(&b.config, &b.links, rng_seeded_init(&b.seed, 1), b.now, &fx);
	alloc_fail_nth(0);
	wishes = alloc_count() - before;
	CU_ASSERT_TRUE(ha || nth != 0);
	ha_core_free(ha);
	effect_list_fini(&fx);
	return wishes;
}

static void starts_or_does_not(void)
{
	if (alloc_counted())
		start_with_failure(0); /* libcrypto has what it keeps */
	alloc_fail_each(start_with_failure);
}

/* What an overflowing list has lost is the kernel's loss, not the table's. */
static void stays_sound(struct ha_bench *b)
{
	b->failed = true;
	hb_forget_orphans(b);
	SOUND(b);
}

static void live(struct ha_bench *b)
{
	static const uint32_t homes[] = { HB_NODE, HB_NODE2, HB_FAR };

	for (unsigned i = 0; i < 9; i++) {
		struct ha_ask a = hb_ask(b, homes[i % 3], HB_FA2 + i / 3 * 256);

		a.rq.flags = i & 1 ? MIP_FLAG_S | MIP_FLAG_G : 0;
		hb_send(b, &a);
		stays_sound(b);
	}
	b->config.node_count = 2;
	hb_reconfigure(b);
	b->config.node_count = HB_NODES;
	hb_reconfigure(b);
}

static unsigned long life_with_failure(unsigned long nth)
{
	unsigned long before, wishes;
	struct ha_bench b;
	struct ha_ask a;

	hb_open(&b);
	before = alloc_count();
	alloc_fail_nth(nth);
	live(&b);
	alloc_fail_nth(0);
	wishes = alloc_count() - before;
	CU_ASSERT_EQUAL(hb_reconfigure(&b), 0);
	a = hb_ask(&b, HB_NODE, HB_COLOCATED);
	CU_ASSERT_EQUAL(hb_send(&b, &a), MIP_ACCEPTED);
	hb_stop(&b);
	return wishes;
}

static void lives_on_without_memory(void)
{
	alloc_fail_each(life_with_failure);
}

void suite_ha_memory(void)
{
	CU_pSuite s = CU_add_suite("ha_memory", NULL, NULL);

	CU_add_test(s, "starts or does not", starts_or_does_not);
	CU_add_test(s, "lives on without memory", lives_on_without_memory);
}
