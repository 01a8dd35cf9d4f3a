/* SPDX-License-Identifier: ISC */
/*
 * How many registration messages one source address may send before we spend
 * cryptography on it: a token bucket a source, in a table of fixed size.
 *
 * When the table is full the source that was heard longest ago is forgotten, so
 * a flood from many addresses costs no memory; a quiet source loses nothing by
 * being forgotten, its bucket would be full anyway.
 */
#ifndef COMMON_AGENT_ADMIT_H
#define COMMON_AGENT_ADMIT_H

#include "common/base/clock.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ADMIT_SOURCES = 4096 }; /* a good table size */

struct admit;

/* `rate` a second and `burst` at once for each source; a rate of 0 admits all. */
struct admit *admit_new(size_t sources, uint32_t rate, uint32_t burst);
void admit_free(struct admit *a);

/* Other limits from now on; every source starts with a full bucket. */
void admit_configure(struct admit *a, uint32_t rate, uint32_t burst);

/* Whether one more message from `src` is to be looked at. */
bool admit_source(struct admit *a, struct in_addr src, instant_t now);

size_t admit_count(const struct admit *a); /* sources remembered */

#endif
