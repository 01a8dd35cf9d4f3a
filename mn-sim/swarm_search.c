/* SPDX-License-Identifier: ISC */
/*
 * Rates are doubled, then halved between.
 */
#include "mn-sim/swarm_search.h"

#include "mn-sim/swarm_step.h"

#include <stdlib.h>

enum { CLOSE = 50 }; /* within a 50th */

void swarm_search_start(struct swarm_search *s, uint32_t rate)
{
	*s = (struct swarm_search){ .rate = rate };
}

static uint32_t next_rate(const struct swarm_search *s)
{
	if (s->bad)
		return s->good + (s->bad - s->good) / 2;
	return s->good < SWARM_RATE_MAX / 2 ? s->good * 2 : SWARM_RATE_MAX;
}

void swarm_search_tried(struct swarm_search *s, bool worked)
{
	if (worked)
		s->good = s->rate;
	else
		s->bad = s->rate;
	s->rate = next_rate(s);
}

bool swarm_search_is_done(const struct swarm_search *s)
{
	if (!s->bad)
		return s->good == SWARM_RATE_MAX;
	return s->bad - s->good <= 1 + s->good / CLOSE;
}

static int by_value(const void *a, const void *b)
{
	const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

uint32_t swarm_search_median(uint32_t *rates, unsigned count)
{
	qsort(rates, count, sizeof(*rates), by_value);
	return rates[(count - 1) / 2];
}
