/* SPDX-License-Identifier: ISC */
/*
 * The event loop over libevent.  The timer is set again only when the deadline
 * really changed: the core's next deadline is asked for after every event.
 */
#include "common/io/loop.h"

#include <errno.h>
#include <event2/event.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>

/* How many turns in a row gather nothing before the loop may sleep. */
enum { IDLE_TURNS = 2 };

struct loop {
	struct event_base *base;
	bool gather;  /* a handler of this turn expects more to come */
	bool stopped; /* loop_run() is to return */
	struct event *timer;
	loop_fn *on_deadline;
	void *on_deadline_arg;
	instant_t deadline; /* what the timer is set to */
};

struct loop_watch {
	struct event *event;
	loop_fn *fn;
	void *arg;
};

static void on_event(evutil_socket_t fd, short what, void *arg)
{
	const struct loop_watch *w = arg;

	(void)fd;
	(void)what;
	w->fn(w->arg);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct loop *l = arg;

	(void)fd;
	(void)what;
	l->deadline = INSTANT_NEVER;
	l->on_deadline(l->on_deadline_arg);
}

struct loop *loop_new(void)
{
	struct loop *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	l->deadline = INSTANT_NEVER;
	l->base = event_base_new();
	if (!l->base) {
		free(l);
		return NULL;
	}
	return l;
}

void loop_free(struct loop *l)
{
	if (!l)
		return;
	if (l->timer)
		event_free(l->timer);
	event_base_free(l->base);
	free(l);
}

static struct loop_watch *watch(struct loop *l, int what, short flags, loop_fn *fn,
				void *arg)
{
	struct loop_watch *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	w->fn = fn;
	w->arg = arg;
	w->event = event_new(l->base, what, flags, on_event, w);
	if (!w->event || event_add(w->event, NULL) != 0) {
		loop_unwatch(w);
		return NULL;
	}
	return w;
}

struct loop_watch *loop_watch_fd(struct loop *l, int fd, loop_fn *fn, void *arg)
{
	return watch(l, fd, EV_READ | EV_PERSIST, fn, arg);
}

struct loop_watch *loop_watch_signal(struct loop *l, int number, loop_fn *fn, void *arg)
{
	return watch(l, number, EV_SIGNAL | EV_PERSIST, fn, arg);
}

void loop_unwatch(struct loop_watch *w)
{
	if (!w)
		return;
	if (w->event)
		event_free(w->event);
	free(w);
}

void loop_again(struct loop_watch *w)
{
	event_active(w->event, EV_READ, 0);
}

/* From now to `at`, rounded up to the microseconds that libevent knows. */
static struct timeval wait_until(instant_t at, instant_t now)
{
	int64_t us = (instant_diff(at, now).ns + 999) / 1000;

	if (us < 0)
		us = 0;
	return (struct timeval){ .tv_sec = us / 1000000, .tv_usec = us % 1000000 };
}

struct loop_watch *loop_watch_timer(struct loop *l, loop_fn *fn, void *arg)
{
	struct loop_watch *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	w->fn = fn;
	w->arg = arg;
	w->event = evtimer_new(l->base, on_event, w);
	if (w->event)
		return w;
	loop_unwatch(w);
	return NULL;
}

void loop_set_timer(struct loop_watch *w, instant_t at, instant_t now)
{
	struct timeval wait;

	if (instant_is_never(at)) {
		evtimer_del(w->event);
		return;
	}
	wait = wait_until(at, now);
	evtimer_add(w->event, &wait);
}

int loop_on_deadline(struct loop *l, loop_fn *fn, void *arg)
{
	l->on_deadline = fn;
	l->on_deadline_arg = arg;
	if (!l->timer)
		l->timer = evtimer_new(l->base, on_timer, l);
	return l->timer ? 0 : -ENOMEM;
}

void loop_set_deadline(struct loop *l, instant_t at, instant_t now)
{
	struct timeval wait;

	if (at.ns == l->deadline.ns)
		return;
	l->deadline = at;
	if (instant_is_never(at)) {
		evtimer_del(l->timer);
		return;
	}
	wait = wait_until(at, now);
	evtimer_add(l->timer, &wait);
}

/* One turn, the one after `idle` turns in which nothing was gathered. */
static int turn(struct loop *l, unsigned idle)
{
	l->gather = false;
	if (idle > 0 && idle < IDLE_TURNS)
		sched_yield();
	return event_base_loop(l->base,
			       EVLOOP_ONCE | (idle < IDLE_TURNS ? EVLOOP_NONBLOCK : 0));
}

int loop_run(struct loop *l)
{
	unsigned idle = IDLE_TURNS;
	int rc = 0;

	l->stopped = false;
	while (rc == 0 && !l->stopped) {
		rc = turn(l, idle);
		if (l->gather)
			idle = 0;
		else if (idle < IDLE_TURNS)
			idle++;
	}
	return rc < 0 ? -EIO : 0;
}

void loop_gather(struct loop *l)
{
	l->gather = true;
}

void loop_stop(struct loop *l)
{
	l->stopped = true;
	event_base_loopbreak(l->base);
}

struct event_base *loop_base(struct loop *l)
{
	return l->base;
}
