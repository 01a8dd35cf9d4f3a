/* SPDX-License-Identifier: ISC */
/*
 * Performs a core's effects in the order it listed them, and keeps the promise
 * of effect.h: after a failure the rest of the same txn is left out and the core
 * is told, so that no reply accepts what was not done.
 */
#ifndef COMMON_IO_EFFECTS_RUN_H
#define COMMON_IO_EFFECTS_RUN_H

#include "common/agent/effect.h"
#include "common/io/io_count.h"

struct effect_actor {
	/* One action for each kind of effect: 0 or -errno. */
	int (*act[EFFECT_KIND_COUNT])(void *arg, const struct effect *e);

	/* The core's: what is to be done instead goes into `fx`. */
	void (*failed)(void *arg, const struct effect *e, int error,
		       struct effect_list *fx);
	void *arg;
	struct io_counts *counts;
};

/*
 * Perform all of `fx`, and what the core asks for after failures; `fx` is empty
 * then.  `spare` is an initialised list of the caller's, used for the latter.
 */
void effects_run(const struct effect_actor *actor, struct effect_list *fx,
		 struct effect_list *spare);

#endif
