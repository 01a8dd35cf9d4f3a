/* SPDX-License-Identifier: ISC */
/*
 * A Registration Reply from a home agent (RFC 5944 3.7.3): find the Request that
 * it answers, judge it, and say what it means for the visitor.  What the home
 * agent signed for the node goes to the node as it came; what follows is for us
 * and goes no further.
 */
#include "fa/fa_private.h"

/* A Reply being judged, and the Request that it answers. */
struct answered {
	const struct registration *rq;
	struct in_addr src;
	struct mip_reply rp;
	struct reader message;
	enum mip_fault fault; /* of its extensions */
	struct mip_ext_index ix;
};

static const struct mip_ext *authorization_of(const struct mip_ext_index *ix)
{
	for (unsigned i = ix->count; i > 0; i--)
		if (ix->ext[i - 1].type == MIP_EXT_MN_HA)
			return &ix->ext[i - 1];
	return NULL;
}

/*
 * RFC 5944 3.5.4 picks the association by the Home Agent field of the Reply.  A
 * Reply cannot escape the check by naming another agent than was asked: an
 * association with that one is reason enough.
 *
 * CONFORMANCE T-06: a home agent that did not hear from us which agent we are,
 * because a deregistration carries no authentication of ours, may leave out its
 * own.  What counts is what was asked, not what the Reply says of itself.
 */
static enum auth_result authenticate_agent(const struct fa_core *fa,
					   const struct answered *a)
{
	struct sa_store *s = fa->settings.associations;

	if (!sa_shared(s, SA_FA_HA, a->rp.home_agent) &&
	    !sa_shared(s, SA_FA_HA, a->rq->home_agent))
		return AUTH_OK;
	if (a->rq->lifetime == 0 && a->ix.fa_ha_count == 0)
		return AUTH_OK;
	return auth_verify(s, SA_FA_HA, a->rp.home_agent, a->message, &a->ix, NULL);
}

/*
 * Nothing but its source (RFC 5944 3.8.3.1) tells an acceptance that we cannot
 * verify from one made up by who sent, or saw, the Request: it would lead a
 * visitor's packets away, or send the visitor off.
 */
static bool is_from_elsewhere(const struct fa_core *fa, const struct answered *a)
{
	const bool verified =
		a->ix.fa_ha_count > 0 &&
		sa_shared(fa->settings.associations, SA_FA_HA, a->rp.home_agent);

	return !verified && mip_code_is_success(a->rp.code) &&
	       a->src.s_addr != a->rq->home_agent.s_addr;
}

/* The Home Agent field of an acceptance becomes the end of a tunnel. */
static bool is_poorly_formed(const struct fa_core *fa, const struct answered *a)
{
	return !authorization_of(&a->ix) ||
	       (mip_code_is_success(a->rp.code) &&
		(!ipv4_is_unicast(a->rp.home_agent) ||
		 links_owns(&fa->links, a->rp.home_agent)));
}

/* RFC 5944 3.7.3.1. */
static struct verdict judge(const struct fa_core *fa, const struct answered *a)
{
	enum auth_result auth;

	if (a->fault == MIP_FAULT_EXTENSION)
		return (struct verdict){ .kind = VERDICT_DISCARD,
					 .reason = FA_REPLY_EXTENSION };
	if (a->fault != MIP_FAULT_NONE)
		return (struct verdict){ .kind = VERDICT_DENY,
					 .code = MIP_FA_BAD_REPLY };
	auth = authenticate_agent(fa, a);
	if (auth != AUTH_OK)
		return (struct verdict){ .kind = VERDICT_DENY,
					 .code = MIP_FA_HA_AUTH,
					 .failed = auth,
					 .spi = a->ix.fa_ha.spi };
	if (is_from_elsewhere(fa, a))
		return (struct verdict){ .kind = VERDICT_DISCARD,
					 .reason = FA_REPLY_SOURCE };
	if (is_poorly_formed(fa, a))
		return (struct verdict){ .kind = VERDICT_DENY,
					 .code = MIP_FA_BAD_REPLY };
	return (struct verdict){ .kind = VERDICT_ACCEPT };
}

/*
 * RFC 5944 3.7.3.2, and CONFORMANCE T-26: a Reply with Lifetime 0 does not say
 * which care-of address it is about, so ask the Request.  Likewise a binding
 * added by S for another care-of address leaves the one through us alone.
 */
static enum visitor_event event_of(const struct fa_core *fa, const struct answered *a)
{
	const struct registration *rq = a->rq;
	const struct visitor_entry *v = visitor_find(&fa->visitors, rq->home);
	const bool here = v && v->visit.rq.care_of.s_addr == rq->care_of.s_addr;

	if (!mip_code_is_success(a->rp.code))
		return VISITOR_REPLY_DENIES;
	if (rq->lifetime == 0 || a->rp.lifetime == 0)
		return here || rq->care_of.s_addr == rq->home.s_addr
			       ? VISITOR_REPLY_DEREGISTERS
			       : VISITOR_REPLY_ELSEWHERE;
	if (v && !here && (rq->flags & MIP_FLAG_S))
		return VISITOR_REPLY_ELSEWHERE;
	return VISITOR_REPLY_ACCEPTS;
}

/* RFC 5944 3.7.3.2: unchanged through the home agent's signature, then ours. */
static size_t build_relayed(const struct fa_core *fa, const struct answered *a,
			    uint8_t *to, size_t room)
{
	const uint8_t *end = authorization_of(&a->ix)->data.end;
	struct mip_sa *sa =
		sa_for_sending(fa->settings.associations, SA_MN_FA, a->rq->home);
	struct writer w = writer_over(to, room);

	write_bytes(&w, a->message.at, (size_t)(end - a->message.at));
	if (sa)
		auth_append(&w, sa);
	return w.bad ? 0 : writer_len(&w);
}

static void relay(struct fa_core *fa, const struct answered *a,
		  struct pending_registration *p, struct now now,
		  struct effect_list *fx)
{
	const enum visitor_event event = event_of(fa, a);
	struct answer answer = { .rq = p->rq, .rp = a->rp };

	answer.len = build_relayed(fa, a, answer.bytes, sizeof(answer.bytes));
	if (answer.len == 0) {
		fa_give_up(fa, p, MIP_FA_BAD_REPLY, now, fx);
		return;
	}
	pending_close(&fa->pending, p);
	fa_visitor_event(fa, answer.rq.home, event, &answer, now, fx);
}

void fa_on_reply(struct fa_core *fa, const struct datagram *dg, struct now now,
		 struct effect_list *fx)
{
	struct answered a = { .message = dg->payload, .src = dg->src };
	struct pending_registration *p;
	struct verdict v;

	if (mip_reply_decode(dg->payload, &a.rp) != MIP_FAULT_NONE) {
		fa_discard(fa, dg, FA_REPLY_SHORT, now, fx);
		return;
	}
	p = pending_match(&fa->pending, a.rp.home, a.rp.ident);
	if (!p) {
		fa_discard(fa, dg, FA_REPLY_UNMATCHED, now, fx);
		return;
	}
	a.rq = &p->rq;
	a.fault = mip_ext_index(a.rp.extensions, &a.ix);
	v = judge(fa, &a);
	if (v.failed != AUTH_OK)
		fa_violation(fa, dg, &p->rq, &v, now, fx);
	if (v.kind == VERDICT_ACCEPT)
		relay(fa, &a, p, now, fx);
	else if (v.kind == VERDICT_DENY)
		fa_give_up(fa, p, v.code, now, fx);
	else
		fa_discard(fa, dg, v.reason, now, fx);
}
