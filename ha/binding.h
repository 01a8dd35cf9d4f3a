/* SPDX-License-Identifier: ISC */
/*
 * Mobile nodes of ours and their mobility bindings: which care-of addresses a
 * home address has at the moment, and until when (RFC 5944 3.8.1).
 */
#ifndef HA_BINDING_H
#define HA_BINDING_H

#include "common/base/addr_table.h"
#include "common/base/clock.h"
#include "common/base/list.h"
#include "common/base/pool.h"
#include "common/base/timers.h"
#include "common/tunnel/fwd.h"
#include "common/tunnel/protect.h"
#include "ha/home_link.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * Most bindings that one node may have.  Less than the forwarding table takes
 * for one home address, so that a new tunnel can be put in before the one it
 * replaces is taken out.
 */
enum { BINDINGS_PER_NODE_MAX = FWD_TUNNELS_PER_HOME - 1 };

/* A Reply is 20 octets and two authentication extensions of up to 38. */
enum { REPLY_MAX = 128 };

struct mobility_binding {
	struct in_addr home;
	struct in_addr care_of;
	struct in_addr source; /* of the Request: foreign agent, or node */
	uint8_t flags;         /* of the Request */
	uint32_t spi;          /* of the association the node authenticated with */
	uint64_t ident;        /* of the Reply */
	uint16_t lifetime;     /* granted, seconds */
	instant_t since;       /* first bound to this care-of address */
	instant_t expires;     /* INSTANT_NEVER: infinite */
	struct tunnel_spec tunnel;
	bool broadcasts; /* B was set, and we forward them */

	struct timer expiry; /* the table's own, as is the link */
	struct list in_node;
};

/*
 * The last Request of a node that passed every authentication, and what we
 * answered: the same is answered when a network duplicates that Request.
 */
struct answered {
	bool valid;
	uint8_t code;
	uint16_t granted; /* lifetime of the Reply */
	uint16_t lifetime;
	uint8_t flags;
	uint32_t fa_spi; /* the foreign agent authenticated with; 0: it did not */
	struct in_addr source, home_agent, care_of;
};

/* A mobile node of ours; it outlives its bindings. */
struct home_node {
	struct addr_link link; /* in binding_table.nodes */
	struct in_addr home;
	int network;          /* index of its home network, -1: none is configured */
	uint64_t last_ident;  /* latest accepted; at first, when we heard of the node */
	struct list bindings; /* in the order they were added */
	struct home_presence *presence; /* NULL: its home network is virtual */
	struct answered answered;
	bool heard; /* an Identification was: not to be forgotten */
	uint8_t binding_count;
	uint8_t shield_count;
	enum protect_policy policy : 8; /* where it is its own end of the tunnel */
	struct in_addr shield[BINDINGS_PER_NODE_MAX + 1]; /* its ends that have ESP */
	struct timer claim; /* until when one of these waits to be bound */
};

/* Whether we answer ARP Requests for it. */
static inline bool home_node_is_proxied(const struct home_node *n)
{
	return n->presence && n->presence->proxied;
}

struct binding_table {
	struct addr_table nodes;
	struct pool pool;
	struct timers *timers;
	size_t limit; /* most bindings, all nodes together; see binding_table_full */
};

/* What a timer of the agent is for (timer.kind). */
enum { TIMER_EXPIRY, TIMER_ANNOUNCE, TIMER_DEFEND, TIMER_CLAIM };

void binding_table_init(struct binding_table *t, struct timers *timers, size_t limit);
void binding_table_fini(struct binding_table *t);

/* Another limit; bindings beyond it stay until they end. */
void binding_table_limit(struct binding_table *t, size_t limit);

static inline size_t binding_table_count(const struct binding_table *t)
{
	return t->pool.used;
}

/* Whether there is no room for a binding more. */
static inline bool binding_table_full(const struct binding_table *t)
{
	return binding_table_count(t) >= t->limit;
}

/* The node of a link in binding_table.nodes. */
static inline struct home_node *home_node_of(struct addr_link *l)
{
	return container_of(l, struct home_node, link);
}

struct home_node *home_node_find(const struct binding_table *t, struct in_addr home);

/* NULL when out of memory. */
struct home_node *home_node_add(struct binding_table *t, struct in_addr home,
				int network, uint64_t clock);

/* What a node needs whose home network is a link.  0 or -ENOMEM. */
int home_node_settle(struct home_node *n);

/* Forget a node with all that it has. */
void home_node_remove(struct binding_table *t, struct home_node *n);

struct mobility_binding *binding_find(const struct home_node *n,
				      struct in_addr care_of);

/* Have the first binding of a node fetched from memory, without waiting for it. */
void binding_fetch(const struct binding_table *t, struct in_addr home);

/* The first binding of a node, or NULL. */
struct mobility_binding *binding_first(const struct home_node *n);

/*
 * Add a binding with these values; one of the same care-of address must not be
 * there.  Whether the table is full the caller has asked, or it puts back what it
 * has taken out.  NULL when out of memory.
 */
struct mobility_binding *binding_add(struct binding_table *t, struct home_node *n,
				     const struct mobility_binding *values);

/*
 * The same with one of the node's that these values replace, in its place.  NULL when
 * out of memory: then it is gone.
 */
struct mobility_binding *binding_change(struct binding_table *t, struct home_node *n,
					struct mobility_binding *b,
					const struct mobility_binding *values);

void binding_remove(struct binding_table *t, struct home_node *n,
		    struct mobility_binding *b);

/* Seconds left, rounded up; 0xffff when infinite. */
uint16_t binding_remaining(const struct mobility_binding *b, instant_t now);

#endif
