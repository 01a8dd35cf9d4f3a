/* SPDX-License-Identifier: ISC */
/*
 * When things are to happen that happen at a given rate, whatever becomes of them:
 * evenly, or by chance as the calls of many who know nothing of each other are
 * (a Poisson process).
 */
#ifndef MN_SIM_SWARM_PACE_H
#define MN_SIM_SWARM_PACE_H

#include "common/base/clock.h"
#include "common/base/rng.h"

#include <stdbool.h>
#include <stdint.h>

struct swarm_pace {
	instant_t next; /* INSTANT_NEVER: it has ended */
	instant_t start;
	uint64_t count; /* how many are over */
	uint32_t rate;  /* a second */
	bool poisson;
	struct rng rng; /* of a Poisson process */
};

/* The first is due at `start` when even, some time after it by chance.  0 is never. */
void swarm_pace_start(struct swarm_pace *p, uint32_t rate, instant_t start);
void swarm_pace_start_poisson(struct swarm_pace *p, uint32_t rate, instant_t start,
			      struct rng rng);

/* The next one is over. */
void swarm_pace_step(struct swarm_pace *p);

static inline void swarm_pace_end(struct swarm_pace *p)
{
	p->next = INSTANT_NEVER;
}

#endif
