/* SPDX-License-Identifier: ISC */
/*
 * What a fuzz target is: a function that takes any bytes, hands them to a
 * decoder, and ends the program when what comes out breaks a promise.
 *
 * Two programs call them: `replay` over the kept inputs, in every `make check`,
 * and `engine`, which searches for new ones with libFuzzer.
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define X(name) void fuzz_##name(const uint8_t *data, size_t size);
#include "tests/fuzz/targets.def"
#undef X

typedef void fuzz_target(const uint8_t *data, size_t size);

/* A promise of the code under test; holds in every build, unlike assert. */
#define PROMISE(condition)                                                         \
	do {                                                                       \
		if (!(condition)) {                                                \
			fprintf(stderr, "%s:%d: broken: %s\n", __FILE__, __LINE__, \
				#condition);                                       \
			abort();                                                   \
		}                                                                  \
	} while (0)

/* The target of that name, or NULL. */
fuzz_target *fuzz_find(const char *name);

/* Name of the n-th target, or NULL after the last. */
const char *fuzz_name(size_t n);

#endif
