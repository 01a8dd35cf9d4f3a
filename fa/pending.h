/* SPDX-License-Identifier: ISC */
/*
 * Registrations in flight: relayed to a home agent and not yet answered
 * (RFC 5944 3.7.1, 3.7.2.2).  A table of its own, apart from the visitors, so
 * that a renewal that is denied or never answered takes nothing from an active
 * visitor.
 *
 * A Reply is matched by home address and the low 32 bits of Identification
 * (RFC 5944 3.7.3.1).  Two limits hold: entries in all, and entries of one node.
 * When there are as many as there may be in all, one that no key of the node vouches
 * for makes room for the next (crowd.h), without a word: its node asks again.
 */
#ifndef FA_PENDING_H
#define FA_PENDING_H

#include "common/base/clock.h"
#include "common/base/hashmap.h"
#include "common/base/pool.h"
#include "common/base/timers.h"
#include "fa/crowd.h"
#include "fa/registration.h"

#include <stdbool.h>

struct pending_node;

struct pending_registration {
	struct registration rq;
	instant_t opened;
	instant_t closes; /* when it is given up */
	bool outlived;    /* at `closes` its own lifetime is over: no Reply is due */
	uint16_t relayed_len; /* octets of UDP payload that went to the home agent */

	uint64_t match;
	struct pending_node *node;
	struct crowd_member crowd; /* unless the Request is proven */
	struct timer timer;
	UT_hash_handle hh;
};

struct pending_table {
	uint32_t limit, per_node;
	struct timers *timers; /* borrowed */
	int timer_kind;
	struct pool entries, nodes;
	struct crowd crowd;
	struct pending_registration *by_match;
	struct pending_node *by_node;
};

void pending_init(struct pending_table *t, struct timers *timers, int timer_kind,
		  uint32_t limit, uint32_t per_node);
void pending_fini(struct pending_table *t);

/* Other limits; entries above them stay until they close. */
void pending_limit(struct pending_table *t, uint32_t limit, uint32_t per_node);

/*
 * Whether pending_open() would find room once pending_make_room() was called; one
 * that it replaces needs none.
 */
bool pending_has_room(const struct pending_table *t, const struct registration *rq);

/* Close an entry if there is no room for `rq` otherwise; true if it was. */
bool pending_make_room(struct pending_table *t, const struct registration *rq);

/*
 * Remember `rq` until it is closed.  One with the same match is replaced: the
 * node has sent its Request again.  NULL when there is no room or no memory.
 */
struct pending_registration *pending_open(struct pending_table *t,
					  const struct registration *rq, instant_t now,
					  duration_t timeout);

struct pending_registration *pending_match(const struct pending_table *t,
					   struct in_addr home, uint64_t ident);
void pending_close(struct pending_table *t, struct pending_registration *p);

void pending_clear(struct pending_table *t); /* close all */

size_t pending_count(const struct pending_table *t);

/* In order of opening; `visit` may close the entry it is given. */
void pending_each(const struct pending_table *t,
		  void (*visit)(void *arg, const struct pending_registration *p),
		  void *arg);

#endif
