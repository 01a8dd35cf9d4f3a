/* SPDX-License-Identifier: ISC */
/*
 * Binary heap of timers. Each timer knows its slot, so it can be moved or
 * cancelled without a search. Slots are 1-based: the children of n are 2n and
 * 2n + 1, and 0 means that the timer is not set.
 */
#include "common/base/timers.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

enum { FIRST_ROOM = 16 };

static bool timer_before(const struct timer *a, const struct timer *b)
{
	if (a->at.ns != b->at.ns)
		return a->at.ns < b->at.ns;
	return a->order < b->order;
}

static struct timer *at_slot(const struct timers *ts, size_t slot)
{
	return ts->heap[slot - 1];
}

static void put(struct timers *ts, size_t slot, struct timer *t)
{
	ts->heap[slot - 1] = t;
	t->slot = slot;
}

/* Find the place of `t` from `slot` towards the root. */
static void sift_up(struct timers *ts, size_t slot, struct timer *t)
{
	while (slot > 1 && timer_before(t, at_slot(ts, slot / 2))) {
		put(ts, slot, at_slot(ts, slot / 2));
		slot /= 2;
	}
	put(ts, slot, t);
}

/* The earlier child of `slot`, or 0 if it has none. */
static size_t earlier_child(const struct timers *ts, size_t slot)
{
	size_t left = 2 * slot;

	if (left > ts->count)
		return 0;
	if (left < ts->count && timer_before(at_slot(ts, left + 1), at_slot(ts, left)))
		return left + 1;
	return left;
}

/* Find the place of `t` from `slot` towards the leaves. */
static void sift_down(struct timers *ts, size_t slot, struct timer *t)
{
	size_t child = earlier_child(ts, slot);

	while (child && timer_before(at_slot(ts, child), t)) {
		put(ts, slot, at_slot(ts, child));
		slot = child;
		child = earlier_child(ts, slot);
	}
	put(ts, slot, t);
}

/* Place `t`, which may belong above or below the vacant `slot`. */
static void settle(struct timers *ts, size_t slot, struct timer *t)
{
	if (slot > 1 && timer_before(t, at_slot(ts, slot / 2)))
		sift_up(ts, slot, t);
	else
		sift_down(ts, slot, t);
}

static int make_room(struct timers *ts)
{
	size_t room = ts->room ? 2 * ts->room : FIRST_ROOM;
	struct timer **heap;

	if (ts->count < ts->room)
		return 0;
	heap = reallocarray(ts->heap, room, sizeof(struct timer *));
	if (!heap)
		return -ENOMEM;
	ts->heap = heap;
	ts->room = room;
	return 0;
}

void timers_init(struct timers *ts)
{
	*ts = (struct timers){ 0 };
}

void timers_fini(struct timers *ts)
{
	for (size_t i = 0; i < ts->count; i++)
		ts->heap[i]->slot = 0;
	free(ts->heap);
	*ts = (struct timers){ 0 };
}

int timers_set(struct timers *ts, struct timer *t, instant_t at)
{
	if (!timer_is_set(t)) {
		if (make_room(ts) < 0)
			return -ENOMEM;
		t->slot = ++ts->count;
	}
	t->at = at;
	t->order = ++ts->order;
	settle(ts, t->slot, t);
	return 0;
}

void timers_cancel(struct timers *ts, struct timer *t)
{
	size_t slot = t->slot;
	struct timer *last;

	if (!timer_is_set(t))
		return;
	assert(slot <= ts->count && at_slot(ts, slot) == t);
	last = at_slot(ts, ts->count--);
	t->slot = 0;
	if (last != t)
		settle(ts, slot, last);
}

instant_t timers_next(const struct timers *ts)
{
	return ts->count ? at_slot(ts, 1)->at : INSTANT_NEVER;
}

struct timer *timers_take_due(struct timers *ts, instant_t now)
{
	struct timer *t;

	if (ts->count == 0)
		return NULL;
	t = at_slot(ts, 1);
	if (!instant_due(t->at, now))
		return NULL;
	timers_cancel(ts, t);
	return t;
}
