/* SPDX-License-Identifier: ISC */
/*
 * Counts calls of malloc, calloc and realloc in the test program, to hold the
 * packet path to taking no memory. Not under the sanitizers, which have an
 * allocator of their own.
 */
#ifndef TESTS_UNIT_ALLOC_COUNT_H
#define TESTS_UNIT_ALLOC_COUNT_H

#include <stdbool.h>

bool alloc_counted(void); /* false: this build cannot tell */
unsigned long alloc_count(void);

#endif
