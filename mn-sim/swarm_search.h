/* SPDX-License-Identifier: ISC */
/*
 * The highest rate that works, by trials: doubled until one fails, then halved
 * between the highest that worked and the lowest that did not, until they are within
 * two of a hundred.
 */
#ifndef MN_SIM_SWARM_SEARCH_H
#define MN_SIM_SWARM_SEARCH_H

#include <stdbool.h>
#include <stdint.h>

struct swarm_search {
	uint32_t good; /* 0: none has worked yet */
	uint32_t bad;  /* 0: none has failed yet */
	uint32_t rate; /* to try next */
};

void swarm_search_start(struct swarm_search *s, uint32_t rate);

/* What became of s->rate. */
void swarm_search_tried(struct swarm_search *s, bool worked);

/* Whether `good` is it: 0 when none works, or no rate there is was too high. */
bool swarm_search_is_done(const struct swarm_search *s);

/* The middle one of an odd number, or the lower of the two; sorts them. */
uint32_t swarm_search_median(uint32_t *rates, unsigned count);

#endif
