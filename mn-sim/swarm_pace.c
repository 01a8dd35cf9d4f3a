/* SPDX-License-Identifier: ISC */
/*
 * Even instants are counted from the start, so that no rounding adds up.
 */
#include "mn-sim/swarm_pace.h"

#include <math.h>

enum { NS_PER_S = 1000000000 };

/* From one to the next of a Poisson process: exponential, its mean 1 / rate. */
static duration_t gap_by_chance(const struct swarm_pace *p)
{
	/* In (0, 1]: the logarithm of 0 is none. */
	double u = ((double)(rng_u64(&p->rng) >> 11) + 1) / 9007199254740992.0;

	return (duration_t){ (int64_t)(-log(u) * NS_PER_S / p->rate) };
}

static instant_t evenly(const struct swarm_pace *p)
{
	int64_t s = (int64_t)(p->count / p->rate);
	int64_t ns = (int64_t)(p->count % p->rate * NS_PER_S / p->rate);

	return instant_add(p->start, (duration_t){ s * NS_PER_S + ns });
}

void swarm_pace_start(struct swarm_pace *p, uint32_t rate, instant_t start)
{
	*p = (struct swarm_pace){
		.next = rate ? start : INSTANT_NEVER,
		.start = start,
		.rate = rate,
	};
}

void swarm_pace_start_poisson(struct swarm_pace *p, uint32_t rate, instant_t start,
			      struct rng rng)
{
	swarm_pace_start(p, rate, start);
	p->poisson = true;
	p->rng = rng;
	if (rate)
		p->next = instant_add(start, gap_by_chance(p));
}

void swarm_pace_step(struct swarm_pace *p)
{
	p->count++;
	p->next = p->poisson ? instant_add(p->next, gap_by_chance(p)) : evenly(p);
}
