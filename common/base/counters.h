/* SPDX-License-Identifier: ISC */
/*
 * Named counters, generated from `.def` tables.
 *
 * A table file holds one row a counter, `COUNTER(symbol, "name", "help")`.  A
 * module expands it into an enum and, with COUNTER_ROW, into an array of rows;
 * `struct counter_set` ties the array to the values.  Names are stable: they
 * are what `mipctl --json` shows.
 */
#ifndef COMMON_BASE_COUNTERS_H
#define COMMON_BASE_COUNTERS_H

#include <stddef.h>
#include <stdint.h>

struct counter_row {
	const char *name;
	const char *help;
};

struct counter_set {
	const char *group;              /* e.g. "registration", "drop" */
	const struct counter_row *rows; /* static */
	const uint64_t *values;         /* as many as rows; the owner's */
	size_t count;
};

/* Add to a counter that several threads may add to. */
static inline void counter_add(uint64_t *counter, uint64_t n)
{
	__atomic_fetch_add(counter, n, __ATOMIC_RELAXED);
}

/* As it is while they go on. */
static inline uint64_t counter_read(const uint64_t *counter)
{
	return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

#define COUNTER_ROW(symbol, name, help) { name, help },

#endif
