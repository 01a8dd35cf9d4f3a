/* SPDX-License-Identifier: ISC */
/*
 * struct fa_core, for the files of this folder only, and how they divide the
 * work:
 *
 *   fa_core.c     life of the agent: start, time, links, configuration, stop
 *   fa_request.c  a Request: judge it, remember it, relay it
 *   fa_reply.c    a Reply: match it, judge it, and what it means for the visitor
 *   fa_visit.c    the visitor's life: what each event does
 *   fa_answer.c   what goes to a node: relayed Replies and our own denials
 *   fa_icmp.c     home agents that cannot be reached
 */
#ifndef FA_FA_PRIVATE_H
#define FA_FA_PRIVATE_H

#include "common/agent/admit.h"
#include "common/agent/advert.h"
#include "common/agent/guard.h"
#include "common/agent/violations.h"
#include "common/base/bucket.h"
#include "common/base/timers.h"
#include "common/security/auth.h"
#include "common/wire/mip_code.h"
#include "common/wire/mip_ext.h"
#include "common/wire/mip_msg.h"
#include "fa/denial.h"
#include "fa/fa_core.h"
#include "fa/fa_settings.h"
#include "fa/pending.h"
#include "fa/visitor.h"

enum fa_counter {
#define COUNTER(symbol, name, help) symbol,
#include "fa/fa_counters.def"
	FA_COUNTER_COUNT
};

struct fa_core {
	struct fa_settings settings;
	struct links links;
	struct rng rng;
	struct timers timers;
	struct pending_table pending;
	struct visitor_table visitors;
	struct denial_table denials;
	struct admit *admit;
	struct guard *guard;
	struct advertiser *adverts; /* as many as settings.config.advert_count */
	bool care_of_owned;         /* the care-of address is on one of our links */
	uint32_t last_txn;
	uint16_t last_ip_id;
	struct bucket distant; /* denials with code 76 */
	struct bucket notes;   /* of what strangers can provoke */
	struct violations violations;
	uint64_t counters[FA_COUNTER_COUNT];
};

/* What is to become of a message. */
struct verdict {
	enum { VERDICT_ACCEPT, VERDICT_DENY, VERDICT_DISCARD } kind;
	uint8_t code;            /* of a denial */
	enum fa_counter reason;  /* of a discard, and of some denials */
	enum auth_result failed; /* a security exception unless AUTH_OK */
	uint32_t spi;            /* that came with it; 0: none */
};

/* What a Reply brings to a visitor: its bytes as they go to the node. */
struct answer {
	struct registration rq; /* the Request that it answers */
	struct mip_reply rp;
	size_t len;
	uint8_t bytes[MIP_MESSAGE_MAX];
};

static inline void fa_count(struct fa_core *fa, enum fa_counter c)
{
	fa->counters[c]++;
}

const char *fa_counter_help(enum fa_counter c);

static inline const struct fa_config *fa_config_of(const struct fa_core *fa)
{
	return &fa->settings.config;
}

/* A number for effects that belong together; never 0. */
uint32_t fa_next_txn(struct fa_core *fa);

/* The advertiser of a link that we serve, or NULL. */
struct advertiser *fa_serves(const struct fa_core *fa, int ifindex);

/* The same by the name of a link, which need not be there, that we are to serve. */
struct advertiser *fa_serves_name(const struct fa_core *fa, const char *interface);

/* Whether `a` is a care-of address that we offer now. */
bool fa_offers(const struct fa_core *fa, struct in_addr a);

/* Whether the message is about a tunnel that we would end. */
static inline bool fa_is_tunnel_end(const struct registration *rq)
{
	return !(rq->flags & MIP_FLAG_D) && rq->lifetime != 0;
}

/* Whether `home_agent` may be relayed to (any-home-agent, or an association). */
bool fa_may_relay_to(const struct fa_core *fa, struct in_addr home_agent);

/* A note that strangers can provoke: left out when there are too many. */
void fa_note_limited(struct fa_core *fa, const struct note *note, struct now now,
		     struct effect_list *fx);

/* Count a datagram that is dropped without an answer, and say so. */
void fa_discard(struct fa_core *fa, const struct datagram *dg, enum fa_counter reason,
		struct now now, struct effect_list *fx);

/* Record an authentication failure (RFC 5944 3.7.2.1, 3.7.3.1). */
void fa_violation(struct fa_core *fa, const struct datagram *dg,
		  const struct registration *rq, const struct verdict *v,
		  struct now now, struct effect_list *fx);

/* fa_request.c */
void fa_on_request(struct fa_core *fa, const struct datagram *dg, struct now now,
		   struct effect_list *fx);

/* fa_reply.c */
void fa_on_reply(struct fa_core *fa, const struct datagram *dg, struct now now,
		 struct effect_list *fx);

/* fa_visit.c */

/* An event in the life of the visitor `home`; `answer` only with those of Replies. */
void fa_visitor_event(struct fa_core *fa, struct in_addr home, enum visitor_event event,
		      const struct answer *answer, struct now now,
		      struct effect_list *fx);

/* An effect of a visitor's last change failed: take the change back and deny 66. */
void fa_visitor_failed(struct fa_core *fa, const struct effect *failed, struct now now,
		       struct effect_list *fx);

/* Whether the configuration and the links still allow this visitor. */
bool fa_visitor_allowed(const struct fa_core *fa, const struct visitor_entry *v);

/* Who is held goes on being so where its link has come back. */
void fa_visitors_follow(struct fa_core *fa, struct effect_list *fx);

/* Reach a visitor in the way that the configuration wants now. */
void fa_visitor_repath(struct fa_core *fa, struct visitor_entry *v,
		       struct effect_list *fx);

/* fa_answer.c */

/* A Registration Reply to the node that sent `rq` (RFC 5944 3.7.2.3). */
void fa_send_to_node(struct fa_core *fa, const struct registration *rq,
		     const uint8_t *bytes, size_t len, uint32_t txn,
		     struct effect_list *fx);

/* Deny with a code of ours; at most once a second for a node, with 76 at all. */
void fa_deny(struct fa_core *fa, const struct registration *rq, uint8_t code,
	     struct now now, struct effect_list *fx);

/* The same, with a reason for the log that says more than the code. */
void fa_deny_because(struct fa_core *fa, const struct registration *rq, uint8_t code,
		     enum fa_counter why, struct now now, struct effect_list *fx);

/* End the pending registration `p` by a denial. */
void fa_give_up(struct fa_core *fa, struct pending_registration *p, uint8_t code,
		struct now now, struct effect_list *fx);

/* fa_icmp.c */

/* An ICMP error; about a Request that we relayed, if it is about anything. */
void fa_on_unreachable(struct fa_core *fa, const struct icmp_datagram *dg,
		       struct now now, struct effect_list *fx);

/* The system would not send a Request that we relay. */
void fa_on_unsent(struct fa_core *fa, const struct effect *failed, int error,
		  struct now now, struct effect_list *fx);

#endif
