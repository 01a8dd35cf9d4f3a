/* SPDX-License-Identifier: ISC */
/*
 * Visitors: mobile nodes whose home agent accepted a registration through us
 * (RFC 5944 3.7.1), by home address, and the rules of their life
 * (visitor_rules.def).
 */
#ifndef FA_VISITOR_H
#define FA_VISITOR_H

#include "common/base/clock.h"
#include "common/base/hashmap.h"
#include "common/base/list.h"
#include "common/base/pool.h"
#include "common/base/timers.h"
#include "common/tunnel/fwd.h"
#include "fa/registration.h"

#include <net/if.h>
#include <stdbool.h>

enum visitor_state {
#define VISITOR_STATE(symbol, name) symbol,
#include "fa/visitor_rules.def"
	VISITOR_STATE_COUNT
};

enum visitor_event {
#define VISITOR_EVENT(symbol, name) symbol,
#include "fa/visitor_rules.def"
	VISITOR_EVENT_COUNT
};

enum visitor_action {
#define VISITOR_ACTION(symbol, function) symbol,
#include "fa/visitor_rules.def"
	VISITOR_ACTION_COUNT
};

struct visitor_rule {
	enum visitor_state state;
	enum visitor_event event;
	enum visitor_action action;
	enum visitor_state next;
};

const char *visitor_state_name(enum visitor_state s);
const char *visitor_event_name(enum visitor_event e);

/* The row for an event in a state, or NULL: then the event is ignored. */
const struct visitor_rule *visitor_rule(enum visitor_state state,
					enum visitor_event event);

/*
 * How packets reach a visitor: what the forwarding table and the kernel know.  Of one
 * that is held `reverse` and `answers` alone: what it sends, and what our machine says
 * to it, comes to us and goes no further.
 */
struct visitor_path {
	bool tunnelled; /* we end the tunnel; not so with a co-located address (D) */
	bool reverse;   /* the visitor's own packets go into the tunnel (T) */
	bool answers;   /* what our machine says to it comes to us: ESP is required */
	int ifindex;
	struct mac mac;
	struct tunnel_spec tunnel;
};

/* What was last granted. */
struct visit {
	struct registration rq;    /* the Request that was accepted */
	struct in_addr home_agent; /* of the Reply: the tunnel's other end */
	uint16_t granted;          /* seconds; 0xffff is for ever */
	instant_t expires;
	struct visitor_path path;
	char interface[IF_NAMESIZE]; /* its link, which may go and come back */
};

struct visitor_entry {
	struct in_addr home;
	struct visit visit;

	/* Until the edge has carried it out, a change can be taken back. */
	uint32_t txn; /* of the last change */
	bool renewed; /* that was a renewal; `before` is what stood */
	struct visit before;

	struct list in_held;
	struct timer timer;
	UT_hash_handle hh;
};

/* Visitors, and as many more that are held. */
struct visitor_table {
	uint32_t limit;
	uint32_t held_count;
	struct list held;      /* who asked longest ago first */
	struct timers *timers; /* borrowed */
	int timer_kind;
	struct pool entries;
	struct visitor_entry *by_home;
};

void visitor_init(struct visitor_table *t, struct timers *timers, int timer_kind,
		  uint32_t limit);
void visitor_fini(struct visitor_table *t);

/* Another limit; visitors above it stay until their lifetime is over. */
void visitor_limit(struct visitor_table *t, uint32_t limit);

struct visitor_entry *visitor_find(const struct visitor_table *t, struct in_addr home);

/* Of those that are not held. */
bool visitor_is_full(const struct visitor_table *t);
size_t visitor_count(const struct visitor_table *t);

/* NULL is absent. */
enum visitor_state visitor_state(const struct visitor_entry *v);

static inline bool visitor_is_held(const struct visitor_entry *v)
{
	return v->visit.path.reverse && !v->visit.path.tunnelled;
}

/* More are held than there may be: the one to let go; NULL: no more than that. */
struct visitor_entry *visitor_held_too_many(const struct visitor_table *t);

/* A new entry that nothing is known of yet; NULL when full or out of memory. */
struct visitor_entry *visitor_admit(struct visitor_table *t, struct in_addr home);

/* Set what is granted and its deadline.  0, or -ENOMEM and nothing has changed. */
int visitor_set(struct visitor_table *t, struct visitor_entry *v,
		const struct visit *visit);

void visitor_forget(struct visitor_table *t, struct visitor_entry *v);

/* In order of admission; `visit` may forget the entry it is given. */
void visitor_each(const struct visitor_table *t,
		  void (*visit)(void *arg, const struct visitor_entry *v), void *arg);

#endif
