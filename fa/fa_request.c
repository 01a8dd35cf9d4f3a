/* SPDX-License-Identifier: ISC */
/*
 * A Registration Request from a node on a served link (RFC 5944 3.7.2, RFC 3024
 * 4.2.1): judge it, remember it as pending, relay it to the home agent.
 *
 * What the node signed is relayed as it came; what follows its authentication
 * is for us and goes no further (RFC 5944 3.7.2.2).
 */
#include "fa/fa_private.h"

#include "fa/reverse.h"

/* A Request being judged, and what came with it. */
struct asked {
	struct registration rq;
	struct reader message;
	enum mip_fault fault; /* of its extensions */
	struct mip_ext_index ix;
	uint8_t ttl;
};

static struct verdict deny(uint8_t code)
{
	return (struct verdict){ .kind = VERDICT_DENY, .code = code };
}

static struct verdict discard(enum fa_counter reason)
{
	return (struct verdict){ .kind = VERDICT_DISCARD, .reason = reason };
}

/* The node's last authentication for its home agent: what we relay ends there. */
static const struct mip_ext *authorization_of(const struct mip_ext_index *ix)
{
	for (unsigned i = ix->count; i > 0; i--)
		if (ix->ext[i - 1].type == MIP_EXT_MN_HA)
			return &ix->ext[i - 1];
	return NULL;
}

/* CONFORMANCE T-02: r and x are ignored unless the operator wants it strict. */
static bool is_poorly_formed(const struct fa_core *fa, const struct asked *a)
{
	const bool strict = fa_config_of(fa)->common.strict_reserved_bits;
	const struct in_addr home = a->rq.home;

	return a->fault != MIP_FAULT_NONE || !authorization_of(&a->ix) ||
	       (strict && (a->rq.flags & (MIP_FLAG_r | MIP_FLAG_x))) ||
	       (home.s_addr != INADDR_ANY && !ipv4_is_unicast(home));
}

/*
 * RFC 5944 3.7.2.1: a care-of address not offered by us, unless it is the node's
 * own or is being given up.
 */
static bool is_foreign_care_of(const struct fa_core *fa, const struct registration *rq)
{
	const bool ours = rq->care_of.s_addr == fa_config_of(fa)->care_of.s_addr;

	if (rq->lifetime == 0)
		return false;
	return rq->flags & MIP_FLAG_D ? ours : !fa_offers(fa, rq->care_of);
}

static enum auth_result authenticate_node(const struct fa_core *fa,
					  const struct asked *a)
{
	struct sa_store *s = fa->settings.associations;

	if (!sa_shared(s, SA_MN_FA, a->rq.home))
		return AUTH_OK;
	return auth_verify(s, SA_MN_FA, a->rq.home, a->message, &a->ix, NULL);
}

/* CONFORMANCE FA-REG-11; and an address that no agent can have is as invalid. */
static bool is_invalid_home_agent(const struct fa_core *fa, struct in_addr agent)
{
	return links_owns(&fa->links, agent) || !ipv4_is_unicast(agent) ||
	       agent.s_addr == fa_config_of(fa)->care_of.s_addr;
}

static bool is_encapsulation_missing(const struct fa_core *fa,
				     const struct registration *rq)
{
	const struct fa_config *c = fa_config_of(fa);

	if (!fa_is_tunnel_end(rq))
		return false;
	return ((rq->flags & MIP_FLAG_G) && !c->gre) ||
	       ((rq->flags & MIP_FLAG_M) && !c->minimal);
}

static bool has_no_room(const struct fa_core *fa, const struct registration *rq)
{
	if (!pending_has_room(&fa->pending, rq))
		return true;
	return rq->lifetime != 0 && visitor_is_full(&fa->visitors) &&
	       visitor_state(visitor_find(&fa->visitors, rq->home)) != VISITOR_ACTIVE;
}

/*
 * A visitor stays with the home agent that vouched for it: another one, which
 * any station could name, does not take its address over. The visitor's own
 * station may change, and so may an agent that will prove itself to us.
 */
static bool is_taken(const struct fa_core *fa, const struct registration *rq)
{
	const struct visitor_entry *v = visitor_find(&fa->visitors, rq->home);

	return v && v->visit.home_agent.s_addr != rq->home_agent.s_addr &&
	       !mac_equal(v->visit.rq.mac, rq->mac) &&
	       !sa_shared(fa->settings.associations, SA_FA_HA, rq->home_agent);
}

static bool is_prohibited(const struct fa_core *fa, const struct registration *rq)
{
	return links_owns(&fa->links, rq->home) ||
	       !fa_may_relay_to(fa, rq->home_agent) || is_taken(fa, rq);
}

/*
 * The Request of one station, sent again by another.  Its signature is good, so
 * the home agent's answer would lead the visitor's packets to the copier: what
 * is in flight, and what was last accepted, belong to the station that sent it
 * first.  A node that moves signs anew.
 */
static bool is_copied(const struct fa_core *fa, const struct registration *rq)
{
	const struct pending_registration *p =
		pending_match(&fa->pending, rq->home, rq->ident);
	const struct visitor_entry *v = visitor_find(&fa->visitors, rq->home);

	return (p && !mac_equal(p->rq.mac, rq->mac)) ||
	       (v && v->visit.rq.ident == rq->ident &&
		!mac_equal(v->visit.rq.mac, rq->mac));
}

/* Without T the node's own packets would go as they are. */
static bool would_leak(const struct fa_core *fa, const struct registration *rq)
{
	return fa_is_tunnel_end(rq) && !(rq->flags & MIP_FLAG_T) &&
	       guard_requires(fa->guard, rq->home_agent);
}

/* RFC 5944 3.7.2.1 to 3.7.2.3, then RFC 3024 4.2.1, then what is ours to decide. */
static struct verdict judge(const struct fa_core *fa, const struct asked *a)
{
	const struct fa_config *c = fa_config_of(fa);
	const struct registration *rq = &a->rq;
	const bool delivery = mip_ext_find(&a->ix, MIP_EXT_DELIVERY) != NULL;
	enum auth_result auth;
	uint8_t code;

	if (a->fault == MIP_FAULT_EXTENSION)
		return discard(FA_REQUEST_EXTENSION);
	if (is_poorly_formed(fa, a))
		return deny(MIP_FA_BAD_REQUEST);
	if (is_foreign_care_of(fa, rq))
		return deny(MIP_FA_CARE_OF);
	if (rq->lifetime > c->max_lifetime)
		return deny(MIP_FA_LIFETIME);
	auth = authenticate_node(fa, a);
	if (auth != AUTH_OK)
		return (struct verdict){ .kind = VERDICT_DENY,
					 .code = MIP_FA_MN_AUTH,
					 .failed = auth,
					 .spi = a->ix.mn_fa.spi };
	if (is_invalid_home_agent(fa, rq->home_agent))
		return deny(MIP_FA_INVALID_HA);
	if (is_encapsulation_missing(fa, rq))
		return deny(MIP_FA_ENCAPSULATION);
	code = reverse_judge(c, rq, a->ttl, delivery);
	if (code != 0)
		return deny(code);
	if (would_leak(fa, rq))
		return deny(MIP_FA_REVERSE_MANDATORY);
	if (has_no_room(fa, rq))
		return deny(MIP_FA_RESOURCES);
	/* Keys are agreed on all the time: the node may come back at once. */
	if (fa_is_tunnel_end(rq) && !guard_lets(fa->guard, rq->home_agent))
		return (struct verdict){ .kind = VERDICT_DENY,
					 .code = MIP_FA_RESOURCES,
					 .reason = FA_REQUEST_UNPROTECTED };
	if (rq->home.s_addr == INADDR_ANY)
		return deny(MIP_FA_HOME_REQUIRED);
	if (is_prohibited(fa, rq))
		return deny(MIP_FA_PROHIBITED);
	if (is_copied(fa, rq))
		return discard(FA_REQUEST_COPIED);
	return (struct verdict){ .kind = VERDICT_ACCEPT };
}

/*
 * RFC 5944 3.7.2.2, 3.5.4: our authentication for the home agent, but not on a
 * deregistration, nor where the care-of address is none of ours.
 */
static struct mip_sa *association_for(const struct fa_core *fa,
				      const struct registration *rq)
{
	if (rq->lifetime == 0 || !fa_offers(fa, rq->care_of))
		return NULL;
	return sa_for_sending(fa->settings.associations, SA_FA_HA, rq->home_agent);
}

static size_t build_relayed(const struct fa_core *fa, const struct asked *a,
			    uint8_t *to, size_t room)
{
	const uint8_t *end = authorization_of(&a->ix)->data.end;
	struct mip_sa *sa = association_for(fa, &a->rq);
	struct writer w = writer_over(to, room);

	write_bytes(&w, a->message.at, (size_t)(end - a->message.at));
	if (sa)
		auth_append(&w, sa);
	return w.bad ? 0 : writer_len(&w);
}

static void note_relayed(const struct registration *rq, struct effect_list *fx)
{
	effect_note(fx, (struct note){
				.kind = NOTE_REQUEST_RELAYED,
				.home = rq->home,
				.care_of = rq->care_of,
				.agent = rq->home_agent,
				.source = rq->src,
				.ifindex = rq->ifindex,
				.lifetime = rq->lifetime,
				.ident = rq->ident,
			});
}

static void send_relayed(struct fa_core *fa, const struct registration *rq,
			 const uint8_t *bytes, size_t len, struct effect_list *fx)
{
	struct effect_udp *udp =
		&effect_add(fx, EFFECT_SEND_UDP, fa_next_txn(fa), rq->home)->udp;

	udp->src = fa_config_of(fa)->care_of;
	udp->dst = rq->home_agent;
	udp->src_port = udp->dst_port = MIP_PORT;
	udp->len = (uint16_t)len;
	memcpy(udp->bytes, bytes, len);
}

static struct pending_registration *
remember(struct fa_core *fa, const struct registration *rq, instant_t now)
{
	if (pending_make_room(&fa->pending, rq))
		fa_count(fa, FA_PENDING_CROWDED);
	return pending_open(&fa->pending, rq, now, fa_config_of(fa)->pending_timeout);
}

static void relay(struct fa_core *fa, const struct asked *a, struct now now,
		  struct effect_list *fx)
{
	uint8_t bytes[MIP_MESSAGE_MAX];
	size_t len = build_relayed(fa, a, bytes, sizeof(bytes));
	struct pending_registration *p = len ? remember(fa, &a->rq, now.mono) : NULL;

	if (!p) {
		fa_deny(fa, &a->rq, MIP_FA_RESOURCES, now, fx);
		return;
	}
	p->relayed_len = (uint16_t)len;
	send_relayed(fa, &a->rq, bytes, len, fx);
	fa_count(fa, FA_REQUESTS_RELAYED);
	note_relayed(&a->rq, fx);
	fa_visitor_event(fa, a->rq.home, VISITOR_REQUEST_HEARD, NULL, now, fx);
}

/*
 * A node that shares a key with us is known by it.  Of the others, and they are the
 * most, nothing tells who they are: for each we may have to sign for a home agent.
 */
static enum admit_claim claim_of(const struct fa_core *fa, const struct asked *a)
{
	struct sa_store *s = fa->settings.associations;

	if (!sa_shared(s, SA_MN_FA, a->rq.home))
		return ADMIT_SOMEBODY;
	return a->ix.mn_fa_count > 0 &&
			       sa_find(s, SA_MN_FA, a->rq.home, a->ix.mn_fa.spi)
		       ? ADMIT_PEER
		       : ADMIT_NOTHING;
}

/* By station: a neighbour's spoofed address costs only the neighbour. */
static bool is_admitted(const struct fa_core *fa, const struct asked *a, instant_t now)
{
	const struct admit_source src = admit_station(a->rq.ifindex, a->rq.mac);

	return admit_message(fa->admit, &src, claim_of(fa, a), now);
}

static struct registration registration_of(const struct datagram *dg,
					   const struct mip_request *rq)
{
	return (struct registration){
		.home = rq->home,
		.home_agent = rq->home_agent,
		.care_of = rq->care_of,
		.ident = rq->ident,
		.lifetime = rq->lifetime,
		.flags = rq->flags,
		.ifindex = dg->ifindex,
		.mac = dg->mac,
		.src = dg->src,
		.dst = dg->dst,
		.src_port = dg->src_port,
	};
}

/* It is here, and if what it sends is held back that goes on. */
static void deny_unprotected(struct fa_core *fa, const struct registration *rq,
			     const struct verdict *v, struct now now,
			     struct effect_list *fx)
{
	fa_visitor_event(fa, rq->home, VISITOR_REQUEST_HEARD, NULL, now, fx);
	fa_deny_because(fa, rq, v->code, v->reason, now, fx);
}

void fa_on_request(struct fa_core *fa, const struct datagram *dg, struct now now,
		   struct effect_list *fx)
{
	struct asked a = { .message = dg->payload, .ttl = dg->ttl };
	struct mip_request rq;
	struct verdict v;

	if (mip_request_decode(dg->payload, &rq) != MIP_FAULT_NONE) {
		fa_discard(fa, dg, FA_REQUEST_SHORT, now, fx);
		return;
	}
	a.rq = registration_of(dg, &rq);
	a.fault = mip_ext_index(rq.extensions, &a.ix);
	if (!is_admitted(fa, &a, now.mono)) {
		fa_discard(fa, dg, FA_NOT_ADMITTED, now, fx);
		return;
	}
	v = judge(fa, &a);
	/* Who shares a key has been asked for it. */
	a.rq.proven = sa_shared(fa->settings.associations, SA_MN_FA, a.rq.home);
	if (v.failed != AUTH_OK)
		fa_violation(fa, dg, &a.rq, &v, now, fx);
	if (v.kind == VERDICT_ACCEPT)
		relay(fa, &a, now, fx);
	else if (v.kind == VERDICT_DENY && v.reason == FA_REQUEST_UNPROTECTED)
		deny_unprotected(fa, &a.rq, &v, now, fx);
	else if (v.kind == VERDICT_DENY)
		fa_deny(fa, &a.rq, v.code, now, fx);
	else
		fa_discard(fa, dg, v.reason, now, fx);
}
