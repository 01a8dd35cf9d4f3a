/* SPDX-License-Identifier: ISC */
/*
 * The foreign agent, without a socket, a clock or a log.
 *
 * A core is a value: give it what came in and the time; it changes its own
 * tables and appends, in order, the effects that the edge must carry out
 * (RFC 5944 3.7, 4.2.2; RFC 3024).
 *
 * Carry out the effects of one call before the next call: a change that fails
 * (fa_core_failed) is taken back to what stood before.
 */
#ifndef FA_FA_CORE_H
#define FA_FA_CORE_H

#include "common/agent/datagram.h"
#include "common/agent/effect.h"
#include "common/agent/links.h"
#include "common/agent/violations.h"
#include "common/base/clock.h"
#include "common/base/rng.h"
#include "fa/fa_config.h"

/*
 * Packets of visitors with a reverse tunnel use this routing table; its default
 * route leads to our TUN device.  The rules that choose it have this priority:
 * after the kernel's table of local addresses, before the main table.
 */
enum { FA_REVERSE_TABLE = 434, FA_REVERSE_PRIORITY = 434 };

struct fa_core;

/*
 * A foreign agent without visitors; `fx` gets what must be done at start.  The
 * configuration is copied where needed.  NULL when out of memory.
 */
struct fa_core *fa_core_new(const struct fa_config *config, const struct links *links,
			    struct rng rng, struct now now, struct effect_list *fx);
void fa_core_free(struct fa_core *fa);

void fa_core_datagram(struct fa_core *fa, const struct datagram *dg, struct now now,
		      struct effect_list *fx);
void fa_core_icmp(struct fa_core *fa, const struct icmp_datagram *dg, struct now now,
		  struct effect_list *fx);
void fa_core_deadline(struct fa_core *fa, struct now now, struct effect_list *fx);
instant_t fa_core_next_deadline(const struct fa_core *fa);

/* An effect could not be carried out; `error` is a positive errno. */
void fa_core_failed(struct fa_core *fa, const struct effect *failed, int error,
		    struct now now, struct effect_list *fx);

/* Links or addresses changed. */
void fa_core_links(struct fa_core *fa, const struct links *links, struct now now,
		   struct effect_list *fx);

/* Associations of ESP with the home agent `remote` stand now, or not any more. */
void fa_core_protection(struct fa_core *fa, struct in_addr remote, bool stands,
			struct now now, struct effect_list *fx);

/*
 * Apply a new configuration; what it no longer allows is undone in `fx`.  0;
 * -ENOMEM, or what sa_add() says of an association, and the old one stays.
 */
int fa_core_reconfigure(struct fa_core *fa, const struct fa_config *config,
			struct now now, struct effect_list *fx);

/* Undo everything: a last advertisement with lifetime 0, rules, forwarding. */
void fa_core_stop(struct fa_core *fa, struct now now, struct effect_list *fx);

/* For the operator (fa_ctl.c, tests). */
struct visitor_entry;
struct pending_registration;
void fa_core_each_visitor(const struct fa_core *fa,
			  void (*visit)(void *arg, const struct visitor_entry *v),
			  void *arg);
void fa_core_each_pending(const struct fa_core *fa,
			  void (*visit)(void *arg,
					const struct pending_registration *p),
			  void *arg);
size_t fa_core_visitor_count(const struct fa_core *fa);
size_t fa_core_pending_count(const struct fa_core *fa);

/* Forget a visitor, as if it had expired.  Number forgotten. */
unsigned fa_core_clear_visitor(struct fa_core *fa, struct in_addr home, struct now now,
			       struct effect_list *fx);

/* Counters: "registration" and those of the shared modules.  Returns how many sets. */
unsigned fa_core_counters(const struct fa_core *fa, struct counter_set *sets,
			  unsigned room);
struct sa_store *fa_core_associations(const struct fa_core *fa);
const struct violations *fa_core_violations(const struct fa_core *fa);

#endif
