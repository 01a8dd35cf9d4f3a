/* SPDX-License-Identifier: ISC */
/*
 * The home agent, without a socket, a clock or a log.
 *
 * A core is a value: give it what came in and the time; it changes its own
 * tables and appends, in order, the effects that the edge must carry out
 * (RFC 5944 3.8, 4.2.3, 4.3, 4.6).
 */
#ifndef HA_HA_CORE_H
#define HA_HA_CORE_H

#include "common/agent/datagram.h"
#include "common/agent/effect.h"
#include "common/agent/links.h"
#include "common/agent/violations.h"
#include "common/base/bytes.h"
#include "common/base/clock.h"
#include "common/base/rng.h"
#include "ha/ha_config.h"

struct ha_core;

/*
 * A home agent that serves nothing yet; `fx` gets what must be done at start.
 * The configuration is copied where needed.  NULL when out of memory.  Requests
 * with a timestamp from before `now` are refused with 133, so that a restart
 * accepts no replay; of nodes that ha_core_restore() brings back, it is those with
 * one that was accepted before.
 */
struct ha_core *ha_core_new(const struct ha_config *config, const struct links *links,
			    struct rng rng, struct now now, struct effect_list *fx);
void ha_core_free(struct ha_core *ha);

/*
 * A batch of datagrams is to come.  Each of their messages is shown HA_FORESEE_PASSES
 * times before the first is handed over, all in one pass and then all in the next, so
 * that what they need of large tables comes from memory together, not one after the
 * other.  Nothing is changed or judged.
 */
enum { HA_FORESEE_PASSES = 3 };
void ha_core_foresee(const struct ha_core *ha, struct reader message, unsigned pass);

void ha_core_datagram(struct ha_core *ha, const struct datagram *dg, struct now now,
		      struct effect_list *fx);
void ha_core_icmp(struct ha_core *ha, const struct icmp_datagram *dg, struct now now,
		  struct effect_list *fx);
void ha_core_arp(struct ha_core *ha, const struct arp_frame *frame, struct now now,
		 struct effect_list *fx);
void ha_core_deadline(struct ha_core *ha, struct now now, struct effect_list *fx);
instant_t ha_core_next_deadline(const struct ha_core *ha);

/* An effect could not be carried out; `error` is a positive errno. */
void ha_core_failed(struct ha_core *ha, const struct effect *failed, int error,
		    struct now now, struct effect_list *fx);

/* Links or addresses changed; `links` is copied. */
void ha_core_links(struct ha_core *ha, const struct links *links, struct now now,
		   struct effect_list *fx);

/*
 * Associations of ESP with `remote`, an agent's address or a node's own care-of
 * address, stand now, or not any more.
 */
void ha_core_protection(struct ha_core *ha, struct in_addr remote, bool stands,
			struct now now, struct effect_list *fx);

/* Apply a new configuration; `fx` undoes what it no longer allows.  0 or -ENOMEM. */
int ha_core_reconfigure(struct ha_core *ha, const struct ha_config *config,
			struct now now, struct effect_list *fx);

/*
 * A record of the store, for each that an agent before us has left; before anything
 * else happens.  What the configuration still allows and time has not ended is bound
 * again.  False if it is no record.
 */
bool ha_core_restore(struct ha_core *ha, struct reader record, struct now now,
		     struct effect_list *fx);

/* All that the store is to hold, for one that is empty. */
void ha_core_each_record(const struct ha_core *ha, struct now now,
			 void (*visit)(void *arg, struct in_addr home,
				       const uint8_t *bytes, size_t len),
			 void *arg);

/*
 * Undo everything: a last advertisement with lifetime 0, ARP, routes, forwarding.
 * What the store holds stays, for the next start: nodes do not know of this.
 */
void ha_core_stop(struct ha_core *ha, struct now now, struct effect_list *fx);

/* For the operator (ha_ctl.c, tests); bindings are described in binding.h. */
struct mobility_binding;
void ha_core_each_binding(const struct ha_core *ha,
			  void (*visit)(void *arg, const struct mobility_binding *b),
			  void *arg);
size_t ha_core_binding_count(const struct ha_core *ha);

/* Drop all bindings of a home address, as if they had expired.  Number dropped. */
unsigned ha_core_clear_binding(struct ha_core *ha, struct in_addr home, struct now now,
			       struct effect_list *fx);

/* Counters: "registration" and those of the shared modules.  Returns how many sets. */
unsigned ha_core_counters(const struct ha_core *ha, struct counter_set *sets,
			  unsigned room);
struct sa_store *ha_core_associations(const struct ha_core *ha);

/* The last security violations (RFC 2006 calls the table so). */
const struct violations *ha_core_violations(const struct ha_core *ha);

#endif
