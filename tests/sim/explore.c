/* SPDX-License-Identifier: ISC */
/*
 * Random worlds from seeds, until one breaks.
 *
 *     explore               from seed 1 until interrupted
 *     explore SEED          this one
 *     explore FIRST LAST    these
 *     explore -v SEED       with the whole trace
 *     explore -e ...        with ESP between the agents; after -v
 */
#include "tests/sim/random_world.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool explore(uint64_t seed, enum random_kind kind, bool verbose)
{
	struct random_result r;
	bool good = random_world(seed, kind, verbose, &r);

	printf("%s seed %" PRIu64 " steps %" PRIu64 " trace %016" PRIx64 "%s%s\n",
	       good ? "ok" : "not ok", seed, r.steps, r.hash, good ? "" : ": ",
	       r.broken);
	return good;
}

int main(int argc, char **argv)
{
	bool verbose = argc > 1 && strcmp(argv[1], "-v") == 0;
	bool esp = argc > 1 + verbose && strcmp(argv[1 + verbose], "-e") == 0;
	const enum random_kind kind = esp ? RANDOM_PROTECTED : RANDOM_CLEAR;
	uint64_t first = 1, last = UINT64_MAX;

	argc -= 1 + verbose + esp;
	argv += 1 + verbose + esp;
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc > 0)
		first = last = strtoull(argv[0], NULL, 0);
	if (argc > 1)
		last = strtoull(argv[1], NULL, 0);
	for (uint64_t seed = first; seed >= first && seed <= last; seed++)
		if (!explore(seed, kind, verbose))
			return EXIT_FAILURE;
	return EXIT_SUCCESS;
}
