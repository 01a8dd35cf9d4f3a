/* SPDX-License-Identifier: ISC */
/*
 * At most one denial a second for a node (RFC 5944 3.7.2): who was denied in
 * the last second, in a table of fixed size.  When that is full nobody else is
 * denied until the second is over, so a flood cannot make us break the rule.
 */
#ifndef FA_DENIAL_H
#define FA_DENIAL_H

#include "common/base/clock.h"
#include "common/base/list.h"
#include "common/base/pool.h"
#include "fa/registration.h"

#include <stdbool.h>

enum { DENIAL_NODES = 4096 };

struct denied_node;

struct denial_table {
	struct pool pool;
	struct list order; /* the earliest first */
	struct denied_node *by_node;
};

void denial_init(struct denial_table *t);
void denial_fini(struct denial_table *t);

/* Whether a denial may go to the node of `rq` now; if so it is remembered. */
bool denial_allowed(struct denial_table *t, const struct registration *rq,
		    instant_t now);

#endif
