/* SPDX-License-Identifier: ISC */
/*
 * Random worlds as stories: a fixed set of seeds in every `make check`; more by
 * tests/sim/explore.
 */
#include "tests/sim/random_world.h"
#include "tests/sim/story.h"

enum { SEEDS = 60, PROTECTED_SEEDS = 60, TWICE = 5 };

void story_same_seed(struct world *w)
{
	for (uint64_t seed = 1; seed <= TWICE; seed++) {
		struct random_result one, two;

		for (enum random_kind kind = RANDOM_CLEAR; kind <= RANDOM_PROTECTED;
		     kind++) {
			random_world(seed, kind, false, &one);
			random_world(seed, kind, false, &two);
			EXPECT(w, one.hash == two.hash && one.steps == two.steps);
		}
	}
}

static void play(struct world *w, uint64_t seeds, enum random_kind kind)
{
	for (uint64_t seed = 1; seed <= seeds && !w->broken[0]; seed++) {
		struct random_result r;

		if (!random_world(seed, kind, false, &r))
			world_break(w, "seed %llu: %s", (unsigned long long)seed,
				    r.broken);
	}
}

void story_random_worlds(struct world *w)
{
	play(w, SEEDS, RANDOM_CLEAR);
}

void story_random_protected_worlds(struct world *w)
{
	play(w, PROTECTED_SEEDS, RANDOM_PROTECTED);
}
