/* SPDX-License-Identifier: ISC */
/*
 * The event loop: readable descriptors, signals, the core's deadline, and timers
 * of the edge's own.
 *
 * Handlers do a bounded amount of work and return; what is left is reported
 * again on the next turn, so that no source starves another.
 */
#ifndef COMMON_IO_LOOP_H
#define COMMON_IO_LOOP_H

#include "common/base/clock.h"

struct event_base;
struct loop;
struct loop_watch;

typedef void loop_fn(void *arg);

/* NULL when out of memory or descriptors. */
struct loop *loop_new(void);
void loop_free(struct loop *l);

/* Call `fn` whenever `fd` is readable.  NULL on failure; NULL is fine to unwatch. */
struct loop_watch *loop_watch_fd(struct loop *l, int fd, loop_fn *fn, void *arg);
struct loop_watch *loop_watch_signal(struct loop *l, int number, loop_fn *fn,
				     void *arg);
void loop_unwatch(struct loop_watch *w);

/*
 * Call it once more without its descriptor being readable, after the others that
 * are due: for a handler that keeps something for its next turn.
 */
void loop_again(struct loop_watch *w);

/* Call `fn` whenever its timer has run out; it is not set yet.  NULL on failure. */
struct loop_watch *loop_watch_timer(struct loop *l, loop_fn *fn, void *arg);
void loop_set_timer(struct loop_watch *w, instant_t at, instant_t now);

/* What the timer calls.  Returns 0 or -ENOMEM. */
int loop_on_deadline(struct loop *l, loop_fn *fn, void *arg);

/* Set the timer to `at`; INSTANT_NEVER stops it.  `now` is what the clock says. */
void loop_set_deadline(struct loop *l, instant_t at, instant_t now);

/*
 * For a handler that sees a stream: before the loop sleeps it looks again, once at
 * once and once after whoever waits for this processor has had it.  To fall asleep
 * and be woken costs as much as a packet or two, and a program that is woken for
 * each packet has no time left for many.
 */
void loop_gather(struct loop *l);

/* Until loop_stop().  Returns 0 or -EIO. */
int loop_run(struct loop *l);
void loop_stop(struct loop *l);

/* For the control server, which brings its own listeners and buffers. */
struct event_base *loop_base(struct loop *l);

#endif
