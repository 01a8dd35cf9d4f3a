/* SPDX-License-Identifier: ISC */
/*
 * A world in which anything happens, all of it from one seed.
 */
#ifndef TESTS_SIM_RANDOM_WORLD_H
#define TESTS_SIM_RANDOM_WORLD_H

#include <stdbool.h>
#include <stdint.h>

enum { RANDOM_BROKEN_LEN = 512 };

enum random_kind {
	RANDOM_CLEAR,
	RANDOM_PROTECTED, /* by ESP between the agents */
};

struct random_result {
	uint64_t hash, steps;
	char broken[RANDOM_BROKEN_LEN]; /* "" if all was well */
};

/* Trouble for a while, then peace: everybody must come back.  True if all was well. */
bool random_world(uint64_t seed, enum random_kind kind, bool verbose,
		  struct random_result *result);

#endif
