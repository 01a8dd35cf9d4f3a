/* SPDX-License-Identifier: ISC */
/* What suites share that live in the world of key_world.h: a new one, and its end. */
#include "tests/unit/key_world.h"

#include <CUnit/CUnit.h>

#include <stdio.h>
#include <stdlib.h>

struct key_world *key_world_new(uint64_t seed)
{
	struct key_world *w = malloc(sizeof(*w));

	if (!w)
		abort();
	key_world_init(w, seed);
	return w;
}

void key_world_end(struct key_world *w)
{
	if (w->broken[0])
		printf("# %s\n", w->broken);
	CU_ASSERT_STRING_EQUAL(w->broken, "");
	key_world_fini(w);
	free(w);
}

uint64_t key_world_faults(const struct keying *k, enum key_fault f)
{
	struct counter_set sets[2];

	CU_ASSERT_EQUAL(keying_counters(k, sets, 2), 2);
	CU_ASSERT_STRING_EQUAL(sets[1].rows[f - 1].name, key_fault_name(f));
	return sets[1].values[f - 1];
}
