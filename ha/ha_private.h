/* SPDX-License-Identifier: ISC */
/*
 * struct ha_core, for the files of this folder only, and how they divide the
 * work:
 *
 *   ha_core.c         life of the agent: start, time, ARP, links, failures, stop
 *   ha_reconfigure.c  from one configuration to another
 *   ha_request.c      a Request: refuse it, answer it again, deregister
 *   ha_judge.c        what becomes of it
 *   ha_deed.c         bind the node, or put everything back
 *   ha_reply.c        the Reply to it
 *   ha_store.c        what outlives the agent
 */
#ifndef HA_HA_PRIVATE_H
#define HA_HA_PRIVATE_H

#include "common/agent/admit.h"
#include "common/agent/advert.h"
#include "common/agent/guard.h"
#include "common/agent/violations.h"
#include "common/base/bucket.h"
#include "common/base/timers.h"
#include "common/security/sa.h"
#include "common/wire/mip_ext.h"
#include "common/wire/mip_msg.h"
#include "ha/binding.h"
#include "ha/ha_core.h"
#include "ha/home_link.h"

enum ha_counter {
#define COUNTER(symbol, name, help) symbol,
#include "ha/ha_counters.def"
#undef COUNTER
	HA_COUNTER_COUNT
};

/*
 * What a Reply is made from, apart from its code: kept while a registration
 * might still have to be undone and denied.
 */
struct reply_context {
	struct in_addr local, remote; /* addresses and ports of the Reply */
	uint16_t local_port, remote_port;
	bool on_link; /* straight to `mac` on `ifindex` */
	int ifindex;
	struct mac mac;

	struct in_addr home, care_of;
	struct in_addr home_agent; /* as we answer */
	struct in_addr asked_home_agent;
	uint16_t lifetime; /* as requested */
	uint8_t flags;
	uint64_t ident;
	uint32_t spi;    /* the node authenticated with; 0: it did not */
	uint32_t fa_spi; /* the foreign agent did; 0: it did not */
};

/*
 * The registration whose effects the edge is carrying out.  If one of them
 * fails, this is what it takes to put everything back as it was and to deny, or
 * to go on with the rest.
 */
struct deed {
	uint32_t txn; /* 0: none */
	struct reply_context reply;
	struct mobility_binding set; /* the new binding, values only */
	size_t len;                  /* of the Reply that accepts it */
	uint8_t bytes[REPLY_MAX];
	bool edit;  /* forwarding must change for it */
	bool first; /* the node had no binding before */
	enum note_kind note;
	unsigned replaced_count;
	struct mobility_binding replaced[BINDINGS_PER_NODE_MAX]; /* values only */
};

struct ha_core {
	struct ha_config config; /* arrays are our own; nodes and agents left out */
	struct links links;
	struct rng rng;
	struct timers timers;
	struct binding_table table;
	struct sa_store *associations;
	struct admit *admit;
	struct guard *guard;
	struct home_link *home_links; /* as many as config.network_count, same order */
	struct advertiser *adverts;
	unsigned advert_count;
	struct deed deed;
	uint32_t last_txn;
	bool remembers; /* there is a store, from the start to the end */
	uint16_t last_ip_id;
	struct bucket notes; /* of what strangers can provoke */
	struct violations violations;
	uint64_t counters[HA_COUNTER_COUNT];
};

static inline void ha_count(struct ha_core *ha, enum ha_counter c)
{
	ha->counters[c]++;
}

const char *ha_counter_help(enum ha_counter c);

/* The home link of a node; NULL when its home network is configured no more. */
static inline const struct home_link *ha_home_link_of(const struct ha_core *ha,
						      const struct home_node *n)
{
	return n->network < 0 ? NULL : &ha->home_links[n->network];
}

/* Whether `a` is an address that a Request may name as ours. */
bool ha_owns(const struct ha_core *ha, struct in_addr a);

/* A note that strangers can provoke: left out when there are too many. */
void ha_note_limited(struct ha_core *ha, const struct note *note, struct now now,
		     struct effect_list *fx);

/* End one binding; the last one of a node ends its host route and proxy ARP too. */
void ha_end_binding(struct ha_core *ha, struct home_node *n, struct mobility_binding *b,
		    enum note_kind why, struct effect_list *fx);

/* All bindings of a node; returns how many. */
unsigned ha_end_bindings_of(struct ha_core *ha, struct home_node *n, enum note_kind why,
			    struct effect_list *fx);

/* What we tell on every link that we advertise on. */
struct advert_service ha_advert_service(const struct ha_core *ha);

struct registration;

/* ha_protect.c */

/* Whether the tunnel that this Request asks for can be protected as it must be. */
bool ha_protect_lets(const struct ha_core *ha, const struct registration *reg);

/* Whether ESP is: for the node, or with the agent that it comes by. */
bool ha_protect_required(const struct ha_core *ha, const struct home_node *n,
			 struct in_addr care_of, uint8_t flags);

/* Whether what protects that end, if anything must, stands at our end `local`, and both
 * ways are to go there. */
bool ha_protect_reaches(const struct ha_core *ha, const struct home_node *n,
			struct in_addr local, struct in_addr care_of, uint8_t flags);

/*
 * A Request is denied for want of keys with the node's own end: agree on them, and give
 * that end up if the node is not bound to it before long.
 */
void ha_protect_claim(struct ha_core *ha, const struct registration *reg,
		      struct effect_list *fx);
void ha_protect_unclaim(struct ha_core *ha, struct home_node *n,
			struct effect_list *fx);

/* Protect a node's own end of a tunnel, if its policy wants that. */
void ha_protect_end(struct ha_core *ha, struct home_node *n, struct in_addr local,
		    struct in_addr care_of, uint8_t flags, struct effect_list *fx);

/* No more: the binding is gone. */
void ha_protect_gone(struct ha_core *ha, struct home_node *n, struct in_addr local,
		     struct in_addr care_of, struct effect_list *fx);

/* None of its ends any more, whether bound or not. */
void ha_protect_forget(struct ha_core *ha, struct home_node *n, struct effect_list *fx);

/* The policies of nodes, as configured now. */
void ha_protect_configure(struct ha_core *ha, const struct ha_config *c,
			  struct effect_list *fx);

/* ha_reconfigure.c */

/* Undo routes and site tunnels of the configuration, then free our copies of it. */
void ha_config_withdraw(const struct ha_config *c, struct effect_list *fx);
void ha_config_release(struct ha_core *ha);

/* One Request while it is judged and answered. */
struct registration {
	const struct datagram *dg;
	struct now now;
	struct mip_request rq;
	struct mip_ext_index ix;
	struct home_node *node;
	struct reply_context reply;
	uint64_t clock; /* that the node's timestamps are held against */
	bool authentic; /* node, Identification and foreign agent have passed */
};

enum verdict_kind { VERDICT_ACCEPT, VERDICT_DENY, VERDICT_DISCARD, VERDICT_RESEND };

struct verdict {
	enum verdict_kind kind;
	uint8_t code;
	enum ha_counter why;
};

static inline bool ha_same_addr(struct in_addr a, struct in_addr b)
{
	return a.s_addr == b.s_addr;
}

/* How many bindings a node may have at a time. */
static inline unsigned ha_bindings_per_node(const struct ha_core *ha)
{
	unsigned wanted = ha->config.simultaneous ? ha->config.bindings_per_node : 1;

	return wanted < BINDINGS_PER_NODE_MAX ? wanted : BINDINGS_PER_NODE_MAX;
}

/* Whether a Request with these flags leaves other bindings of the node alone. */
static inline bool ha_keeps_others(const struct ha_core *ha, uint8_t flags)
{
	return (flags & MIP_FLAG_S) && ha_bindings_per_node(ha) > 1;
}

/* ha_request.c */
void ha_on_request(struct ha_core *ha, const struct datagram *dg, struct now now,
		   struct effect_list *fx);

/* ha_judge.c: fills in the rest of `reg` as far as it gets. */
struct verdict ha_judge_request(struct ha_core *ha, struct registration *reg);

/* ha_deed.c */
void ha_bind(struct ha_core *ha, struct registration *reg, struct effect_list *fx);
/* An effect of the current deed failed.  False if it belongs to no deed. */
bool ha_deed_failed(struct ha_core *ha, const struct effect *failed, struct now now,
		    struct effect_list *fx);

/* The tunnel from our address `local` that these flags of a Request choose. */
struct tunnel_spec ha_tunnel_for(const struct ha_core *ha, struct in_addr local,
				 struct in_addr care_of, uint8_t flags);

/* ha_store.c: after every change of the node's bindings or Identification. */
void ha_remember(const struct ha_core *ha, const struct home_node *n, uint32_t txn,
		 struct now now, struct effect_list *fx);
void ha_forget(const struct ha_core *ha, const struct home_node *n,
	       struct effect_list *fx);

/* ha_reply.c */

/* What a Reply to this Request is made from. */
struct reply_context ha_reply_context(const struct ha_core *ha,
				      const struct datagram *dg,
				      const struct mip_request *rq);

/*
 * Build a Reply with this code into `to`.  Returns its length; 0 when no association
 * is there to authenticate it with.
 */
size_t ha_reply_build(struct ha_core *ha, const struct reply_context *rc, uint8_t code,
		      uint16_t lifetime, uint64_t clock, uint8_t to[REPLY_MAX]);

void ha_reply_send(struct ha_core *ha, const struct reply_context *rc, uint32_t txn,
		   const uint8_t *bytes, size_t len, struct effect_list *fx);

/* Count a Reply under its code. */
void ha_reply_count(struct ha_core *ha, uint8_t code);

/* This Request was the last of the node's, and so it was answered. */
void ha_reply_store(struct home_node *n, const struct reply_context *rc, uint8_t code,
		    uint16_t lifetime);

/* The same again, to who asks now.  Its length, or 0 when there is no way to. */
size_t ha_reply_again(struct ha_core *ha, const struct home_node *n,
		      const struct reply_context *rc, uint8_t to[REPLY_MAX]);

/* Store and build the accepting Reply.  Its length, or 0 when there is no way to. */
size_t ha_reply_prepare(struct ha_core *ha, struct home_node *n,
			const struct reply_context *rc, uint16_t lifetime,
			uint8_t to[REPLY_MAX]);

/* Count an accepting Reply. */
void ha_reply_accepted(struct ha_core *ha);

#endif
