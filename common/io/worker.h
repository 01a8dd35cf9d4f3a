/* SPDX-License-Identifier: ISC */
/*
 * A thread that runs a loop. It takes no signals.
 */
#ifndef COMMON_IO_WORKER_H
#define COMMON_IO_WORKER_H

#include "common/io/loop.h"

struct worker;

/* Processors that this program may run on, at least 1. */
unsigned worker_processors(void);

/* Begin.  0 or -errno. */
int worker_start(struct worker **out);

/* What it runs: to be filled before, and afterwards by worker_do(). */
struct loop *worker_loop(struct worker *w);

/* Have it do that between two handlers, and wait until it is done. */
void worker_do(struct worker *w, loop_fn *fn, void *arg);

/* End it and wait for that: its loop does nothing any more. */
void worker_rest(struct worker *w);

/* One that rests, when nothing watches on its loop any more; NULL is fine. */
void worker_free(struct worker *w);

#endif
