/* SPDX-License-Identifier: ISC */
/* The table of targets, from targets.def. */
#include "tests/fuzz/fuzz.h"

#include <string.h>

static const struct {
	const char *name;
	fuzz_target *run;
} targets[] = {
#define X(name) { #name, fuzz_##name },
#include "tests/fuzz/targets.def"
#undef X
};

enum { TARGETS = sizeof(targets) / sizeof(targets[0]) };

fuzz_target *fuzz_find(const char *name)
{
	for (size_t i = 0; i < TARGETS; i++) {
		if (strcmp(targets[i].name, name) == 0)
			return targets[i].run;
	}
	return NULL;
}

const char *fuzz_name(size_t n)
{
	return n < TARGETS ? targets[n].name : NULL;
}
