/* SPDX-License-Identifier: ISC */
/*
 * Counts calls of malloc, calloc and realloc in the test program, to hold the
 * packet path to taking no memory, and lets one of them fail. Not under the
 * sanitizers and valgrind, which have an allocator of their own.
 */
#ifndef TESTS_UNIT_ALLOC_COUNT_H
#define TESTS_UNIT_ALLOC_COUNT_H

#include <stdbool.h>
#include <stddef.h>

bool alloc_counted(void); /* false: this run cannot tell */
unsigned long alloc_count(void);

/* The nth call from now on fails, once; 0 takes that back. */
void alloc_fail_nth(unsigned long n);

/* Show what is freed, before it is; NULL takes that back. */
void alloc_watch_frees(void (*look)(const void *bytes, size_t len));

/*
 * Live once in peace (0), then once for each call in which memory is asked for, with
 * that call failing.  `life` says how many calls there were.
 */
void alloc_fail_each(unsigned long (*life)(unsigned long nth));

#endif
