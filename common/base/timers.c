/* SPDX-License-Identifier: ISC */
/*
 * Binary heap of timers.  Each timer knows its slot, so it can be moved or cancelled
 * without a search.  Slots are 1-based: the children of n are 2n and 2n + 1, and 0
 * means that the timer is not set.
 *
 * A timer that is put off, as every renewal of a registration does, stays where it is:
 * its slot has the deadline that it was queued for.  It finds its new place when it
 * comes to the front, where none may stand that has been put off.
 */
#include "common/base/timers.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

enum { FIRST_ROOM = 16 };

struct timer_slot {
	instant_t at;   /* no later than the timer's own */
	uint32_t order; /* at equal deadlines */
	struct timer *timer;
};

static struct timer_slot slot_for(struct timer *t)
{
	return (struct timer_slot){ t->at, t->order, t };
}

/* Orders that wrap around are never 2^31 sets apart where deadlines are equal. */
static bool slot_before(const struct timer_slot *a, const struct timer_slot *b)
{
	if (a->at.ns != b->at.ns)
		return a->at.ns < b->at.ns;
	return (int32_t)(a->order - b->order) < 0;
}

static struct timer_slot *at_slot(const struct timers *ts, size_t slot)
{
	return &ts->heap[slot - 1];
}

static void put(struct timers *ts, size_t slot, const struct timer_slot *s)
{
	*at_slot(ts, slot) = *s;
	s->timer->slot = (uint32_t)slot;
}

/* Find the place of `s` from `slot` towards the root. */
static void sift_up(struct timers *ts, size_t slot, const struct timer_slot *s)
{
	while (slot > 1 && slot_before(s, at_slot(ts, slot / 2))) {
		put(ts, slot, at_slot(ts, slot / 2));
		slot /= 2;
	}
	put(ts, slot, s);
}

/* The earlier child of `slot`, or 0 if it has none. */
static size_t earlier_child(const struct timers *ts, size_t slot)
{
	size_t left = 2 * slot;

	if (left > ts->count)
		return 0;
	if (left < ts->count && slot_before(at_slot(ts, left + 1), at_slot(ts, left)))
		return left + 1;
	return left;
}

/* Find the place of `s` from `slot` towards the leaves. */
static void sift_down(struct timers *ts, size_t slot, const struct timer_slot *s)
{
	size_t child = earlier_child(ts, slot);

	while (child && slot_before(at_slot(ts, child), s)) {
		put(ts, slot, at_slot(ts, child));
		slot = child;
		child = earlier_child(ts, slot);
	}
	put(ts, slot, s);
}

/* Place `s`, which may belong above or below the vacant `slot`. */
static void settle(struct timers *ts, size_t slot, const struct timer_slot *s)
{
	if (slot > 1 && slot_before(s, at_slot(ts, slot / 2)))
		sift_up(ts, slot, s);
	else
		sift_down(ts, slot, s);
}

static bool is_put_off(const struct timer_slot *s)
{
	return s->at.ns != s->timer->at.ns;
}

/* Send back those in front that have been put off. */
static void mend_front(struct timers *ts)
{
	while (ts->count > 0 && is_put_off(at_slot(ts, 1))) {
		struct timer_slot s = slot_for(at_slot(ts, 1)->timer);

		sift_down(ts, 1, &s);
	}
}

static int make_room(struct timers *ts)
{
	size_t room = ts->room ? 2 * ts->room : FIRST_ROOM;
	struct timer_slot *heap;

	if (ts->count < ts->room)
		return 0;
	if (ts->count == UINT32_MAX)
		return -ENOMEM;
	heap = reallocarray(ts->heap, room, sizeof(*heap));
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
		ts->heap[i].timer->slot = 0;
	free(ts->heap);
	*ts = (struct timers){ 0 };
}

int timers_set(struct timers *ts, struct timer *t, instant_t at)
{
	struct timer_slot s;

	if (!timer_is_set(t)) {
		if (make_room(ts) < 0)
			return -ENOMEM;
		t->slot = (uint32_t)++ts->count;
		*at_slot(ts, t->slot) = (struct timer_slot){ at, 0, t };
	}
	t->at = at;
	t->order = ++ts->order;
	if (!instant_before(at_slot(ts, t->slot)->at, at)) {
		s = slot_for(t);
		settle(ts, t->slot, &s);
	}
	mend_front(ts);
	return 0;
}

void timers_cancel(struct timers *ts, struct timer *t)
{
	size_t slot = t->slot;
	struct timer_slot last;

	if (!timer_is_set(t))
		return;
	assert(slot <= ts->count && at_slot(ts, slot)->timer == t);
	last = *at_slot(ts, ts->count--);
	t->slot = 0;
	if (last.timer != t)
		settle(ts, slot, &last);
	mend_front(ts);
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
	t = at_slot(ts, 1)->timer;
	if (!instant_due(t->at, now))
		return NULL;
	timers_cancel(ts, t);
	return t;
}
