/* SPDX-License-Identifier: ISC */
/*
 * A queue of deadlines: a binary heap of timers embedded in what they time.
 * Equal deadlines come out in the order they were set, so that runs repeat
 * exactly.  Setting, cancelling and taking are O(log n); to put off one that is set
 * costs nothing, until it would have been due.
 */
#ifndef COMMON_BASE_TIMERS_H
#define COMMON_BASE_TIMERS_H

#include "common/base/clock.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Embed in the object; zero-initialised means "not set". */
struct timer {
	instant_t at;
	uint32_t order;
	uint32_t slot; /* 1-based place in the heap; 0: not set */
	int kind;      /* the owner's own: which of its timers this is */
};

struct timer_slot;

struct timers {
	struct timer_slot *heap;
	size_t count;
	size_t room;
	uint32_t order;
};

void timers_init(struct timers *ts);
void timers_fini(struct timers *ts); /* the timers themselves are the owners' */

/* Set or move `t`.  Returns 0, or -ENOMEM (then `t` is as before). */
int timers_set(struct timers *ts, struct timer *t, instant_t at);
void timers_cancel(struct timers *ts, struct timer *t);

static inline bool timer_is_set(const struct timer *t)
{
	return t->slot != 0;
}

/* The earliest deadline, or INSTANT_NEVER. */
instant_t timers_next(const struct timers *ts);

/* Take the earliest timer that is due at `now`; NULL if none is. */
struct timer *timers_take_due(struct timers *ts, instant_t now);

#endif
