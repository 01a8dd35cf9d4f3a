/* SPDX-License-Identifier: ISC */
/*
 * Random worlds as stories: a fixed set of seeds in every `make check`; more by
 * tests/sim/explore.
 */
#include "tests/sim/random_world.h"
#include "tests/sim/story.h"

enum { SEEDS = 60, TWICE = 5 };

void story_same_seed(struct world *w)
{
	for (uint64_t seed = 1; seed <= TWICE; seed++) {
		struct random_result one, two;

		random_world(seed, false, &one);
		random_world(seed, false, &two);
		EXPECT(w, one.hash == two.hash && one.steps == two.steps);
	}
}

void story_random_worlds(struct world *w)
{
	for (uint64_t seed = 1; seed <= SEEDS && !w->broken[0]; seed++) {
		struct random_result r;

		if (!random_world(seed, false, &r))
			world_break(w, "seed %llu: %s", (unsigned long long)seed,
				    r.broken);
	}
}
