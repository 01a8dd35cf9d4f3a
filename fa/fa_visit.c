/* SPDX-License-Identifier: ISC */
/*
 * The life of a visitor: what each event of visitor_rules.def does to its entry,
 * to the forwarding of its packets, and to the Reply that brought it.
 *
 * The path is made before the Reply that promises it, in one transaction; it is
 * taken away after the Reply that ends it (RFC 5944 3.7.3.2).
 *
 * Where ESP is required the rule that leads the node's packets to us outlives the
 * visit: otherwise the kernel would forward them as they are.  For how long nobody
 * tells us, since nodes leave without a word; one that is still here asks again.
 */
#include "fa/fa_private.h"

#include "fa/fa_forward.h"

#include <string.h>

/* Longer than a node that is here goes without asking (RFC 5944 3.6.3). */
enum { HOLD_SECONDS = 3600 };

/* An event as the actions see it; `answer` is NULL unless a Reply brought it. */
struct occasion {
	struct in_addr home;
	struct visitor_entry *visitor; /* NULL in state absent */
	const struct answer *answer;
	enum visitor_event event;
	struct now now;
};

static void note_visitor(enum note_kind kind, const struct visitor_entry *v,
			 const char *reason, struct effect_list *fx)
{
	effect_note(fx, (struct note){
				.kind = kind,
				.home = v->home,
				.care_of = v->visit.rq.care_of,
				.agent = v->visit.home_agent,
				.source = v->visit.rq.src,
				.ifindex = v->visit.rq.ifindex,
				.lifetime = v->visit.granted,
				.ident = v->visit.rq.ident,
				.reason = reason,
			});
}

static void send_answer(struct fa_core *fa, const struct answer *answer, uint32_t txn,
			struct effect_list *fx)
{
	fa_send_to_node(fa, &answer->rq, answer->bytes, answer->len, txn, fx);
	fa_count(fa, mip_code_is_success(answer->rp.code) ? FA_REPLIES_ACCEPTING
							  : FA_REPLIES_DENYING);
	effect_note(fx, (struct note){
				.kind = NOTE_REPLY_RELAYED,
				.home = answer->rq.home,
				.care_of = answer->rq.care_of,
				.agent = answer->rp.home_agent,
				.ifindex = answer->rq.ifindex,
				.has_code = true,
				.code = answer->rp.code,
				.lifetime = answer->rp.lifetime,
				.ident = answer->rp.ident,
			});
}

/*
 * RFC 5944 3.7.3.2: the smaller of what was granted and what we allow, counted
 * from now, when we relay the Reply, so that we do not expire before the node.
 */
static struct visit visit_of(const struct fa_core *fa, const struct answer *answer,
			     struct now now)
{
	const struct fa_config *c = fa_config_of(fa);
	const struct advertiser *on = fa_serves(fa, answer->rq.ifindex);
	uint16_t granted = answer->rp.lifetime;
	struct visit visit;

	if (granted > c->max_lifetime)
		granted = c->max_lifetime;
	visit = (struct visit){
		.rq = answer->rq,
		.home_agent = answer->rp.home_agent,
		.granted = granted,
		.expires = granted == MIP_LIFETIME_INFINITE
				   ? INSTANT_NEVER
				   : instant_add(now.mono, duration_s(granted)),
		.path = fa_path_of(c, &answer->rq, answer->rp.home_agent,
				   guard_requires(fa->guard, answer->rp.home_agent)),
	};
	if (on)
		memcpy(visit.interface, on->config.interface, sizeof(visit.interface));
	return visit;
}

/*
 * Append a change of path and the Reply that depends on it, as one deed.  When
 * memory runs out on the way nothing is appended: false.
 */
static bool promise(struct fa_core *fa, const struct occasion *o,
		    const struct visitor_path *from, const struct visitor_path *to,
		    uint32_t txn, struct effect_list *fx)
{
	const bool earlier = fx->overflow;
	const size_t mark = fx->count;
	bool whole;

	fx->overflow = false;
	fa_forward_change(o->home, from, to, txn, fx);
	send_answer(fa, o->answer, txn, fx);
	whole = !fx->overflow;
	if (!whole)
		fx->count = mark;
	fx->overflow |= earlier;
	return whole;
}

static void do_nothing(struct fa_core *fa, const struct occasion *o,
		       struct effect_list *fx)
{
	(void)fa;
	(void)o;
	(void)fx;
}

static void do_relay(struct fa_core *fa, const struct occasion *o,
		     struct effect_list *fx)
{
	send_answer(fa, o->answer, 0, fx);
}

static void do_admit(struct fa_core *fa, const struct occasion *o,
		     struct effect_list *fx)
{
	const struct visit visit = visit_of(fa, o->answer, o->now);
	struct visitor_entry *v = visitor_admit(&fa->visitors, o->home);

	if (!v) {
		fa_deny(fa, &o->answer->rq, MIP_FA_RESOURCES, o->now, fx);
		return;
	}
	v->txn = fa_next_txn(fa);
	if (visitor_set(&fa->visitors, v, &visit) < 0 ||
	    !promise(fa, o, NULL, &visit.path, v->txn, fx)) {
		visitor_forget(&fa->visitors, v);
		fa_deny(fa, &o->answer->rq, MIP_FA_RESOURCES, o->now, fx);
		return;
	}
	fa_count(fa, FA_VISITORS_ADMITTED);
	note_visitor(NOTE_VISITOR_NEW, v, NULL, fx);
}

/* Put back what stood before.  The queue of deadlines keeps its room for that. */
static void restore(struct fa_core *fa, struct visitor_entry *v)
{
	const struct visit before = v->before;

	(void)visitor_set(&fa->visitors, v, &before);
	v->renewed = false;
	v->txn = 0;
}

static void do_renew(struct fa_core *fa, const struct occasion *o,
		     struct effect_list *fx)
{
	const struct visit visit = visit_of(fa, o->answer, o->now);
	struct visitor_entry *v = o->visitor;

	if (visitor_is_held(v) && visitor_is_full(&fa->visitors)) {
		fa_deny(fa, &o->answer->rq, MIP_FA_RESOURCES, o->now, fx);
		return;
	}
	v->before = v->visit;
	v->renewed = true;
	v->txn = fa_next_txn(fa);
	if (visitor_set(&fa->visitors, v, &visit) < 0 ||
	    !promise(fa, o, &v->before.path, &visit.path, v->txn, fx)) {
		restore(fa, v);
		fa_deny(fa, &o->answer->rq, MIP_FA_RESOURCES, o->now, fx);
		return;
	}
	fa_count(fa, FA_VISITORS_RENEWED);
	note_visitor(NOTE_VISITOR_RENEWED, v, NULL, fx);
}

static void let_go(struct fa_core *fa, struct visitor_entry *v, struct effect_list *fx)
{
	fa_forward_change(v->home, &v->visit.path, NULL, 0, fx);
	if (visitor_is_held(v))
		note_visitor(NOTE_VISITOR_LET_GO, v, NULL, fx);
	visitor_forget(&fa->visitors, v);
}

static bool must_hold(const struct fa_core *fa, const struct visitor_entry *v)
{
	return v->visit.path.reverse && fa_serves_name(fa, v->visit.interface) &&
	       guard_requires(fa->guard, v->visit.home_agent);
}

/* Without memory for a deadline it has none. */
static void hold_until(struct fa_core *fa, struct visitor_entry *v, struct visit held,
		       struct now now)
{
	held.expires = instant_add(now.mono, duration_s(HOLD_SECONDS));
	if (visitor_set(&fa->visitors, v, &held) == 0)
		return;
	held.expires = INSTANT_NEVER;
	(void)visitor_set(&fa->visitors, v, &held);
}

static void hold(struct fa_core *fa, struct visitor_entry *v, struct now now,
		 struct effect_list *fx)
{
	struct visit held = v->visit;
	struct visitor_entry *oldest;

	held.path = (struct visitor_path){ .reverse = true,
					   .answers = true,
					   .ifindex = v->visit.path.ifindex };
	fa_forward_change(v->home, &v->visit.path, &held.path, 0, fx);
	hold_until(fa, v, held, now);
	fa_count(fa, FA_VISITORS_HELD);
	note_visitor(NOTE_VISITOR_HELD, v, NULL, fx);
	oldest = visitor_held_too_many(&fa->visitors);
	if (oldest)
		let_go(fa, oldest, fx);
}

static void end_visit(struct fa_core *fa, const struct occasion *o, enum note_kind kind,
		      const char *reason, struct effect_list *fx)
{
	struct visitor_entry *v = o->visitor;

	note_visitor(kind, v, reason, fx);
	if (o->event != VISITOR_AGENT_STOPS && must_hold(fa, v))
		hold(fa, v, o->now, fx);
	else
		let_go(fa, v, fx);
}

static void do_leave(struct fa_core *fa, const struct occasion *o,
		     struct effect_list *fx)
{
	send_answer(fa, o->answer, 0, fx);
	fa_count(fa, FA_VISITORS_LEFT);
	end_visit(fa, o, NOTE_VISITOR_GONE, NULL, fx);
}

/* No message is sent (RFC 5944 3.7). */
static void do_expire(struct fa_core *fa, const struct occasion *o,
		      struct effect_list *fx)
{
	fa_count(fa, FA_VISITORS_EXPIRED);
	end_visit(fa, o, NOTE_VISITOR_EXPIRED, NULL, fx);
}

static void do_withdraw(struct fa_core *fa, const struct occasion *o,
			struct effect_list *fx)
{
	fa_count(fa, FA_VISITORS_WITHDRAWN);
	end_visit(fa, o, NOTE_VISITOR_EXPIRED, "withdrawn by the agent", fx);
}

/* It is still here. */
static void do_hold_on(struct fa_core *fa, const struct occasion *o,
		       struct effect_list *fx)
{
	(void)fx;
	hold_until(fa, o->visitor, o->visitor->visit, o->now);
}

static void do_let_go(struct fa_core *fa, const struct occasion *o,
		      struct effect_list *fx)
{
	let_go(fa, o->visitor, fx);
}

typedef void visitor_action_fn(struct fa_core *, const struct occasion *,
			       struct effect_list *);

static visitor_action_fn *const actions[VISITOR_ACTION_COUNT] = {
#define VISITOR_ACTION(symbol, function) [symbol] = function,
#include "fa/visitor_rules.def"
};

void fa_visitor_event(struct fa_core *fa, struct in_addr home, enum visitor_event event,
		      const struct answer *answer, struct now now,
		      struct effect_list *fx)
{
	const struct occasion o = {
		.home = home,
		.visitor = visitor_find(&fa->visitors, home),
		.answer = answer,
		.event = event,
		.now = now,
	};
	const struct visitor_rule *rule = visitor_rule(visitor_state(o.visitor), event);

	if (rule)
		actions[rule->action](fa, &o, fx);
	else
		fa_count(fa, FA_EVENTS_IGNORED);
}

/*
 * Whether something of a change stood before the effect that failed.  A new
 * entry comes first of all; rules, and the end of an entry, come after others.
 */
static bool is_half_done(const struct effect *failed)
{
	return failed->kind != EFFECT_FORWARD ||
	       failed->forward.kind != FWD_VISITOR_SET;
}

/* The Reply was held back, whichever effect it was. */
void fa_visitor_failed(struct fa_core *fa, const struct effect *failed, struct now now,
		       struct effect_list *fx)
{
	struct visitor_entry *v = visitor_find(&fa->visitors, failed->home);
	const bool undo = is_half_done(failed);
	struct registration rq;
	struct visitor_path after;

	if (!v || failed->txn == 0 || v->txn != failed->txn)
		return;
	rq = v->visit.rq;
	after = v->visit.path;
	if (v->renewed) {
		restore(fa, v);
		if (undo)
			fa_forward_change(rq.home, &after, &v->visit.path, 0, fx);
	} else {
		if (undo)
			fa_forward_change(rq.home, &after, NULL, 0, fx);
		visitor_forget(&fa->visitors, v);
	}
	fa_deny(fa, &rq, MIP_FA_RESOURCES, now, fx);
}

bool fa_visitor_allowed(const struct fa_core *fa, const struct visitor_entry *v)
{
	const struct fa_config *c = fa_config_of(fa);
	const struct registration *rq = &v->visit.rq;
	const struct visitor_path *path = &v->visit.path;
	const enum encap_kind kind = path->tunnel.encap.kind;

	if (!fa_may_relay_to(fa, v->visit.home_agent))
		return false;
	if (visitor_is_held(v))
		return must_hold(fa, v);
	if (!fa_serves(fa, rq->ifindex))
		return false;
	if (!path->tunnelled)
		return true;
	if (!path->reverse && guard_requires(fa->guard, v->visit.home_agent))
		return false;
	return rq->care_of.s_addr == c->care_of.s_addr &&
	       (kind != ENCAP_GRE || c->gre) && (kind != ENCAP_MINIMAL || c->minimal) &&
	       (path->reverse ? c->reverse_tunnel : !c->reverse_tunnel_required);
}

void fa_visitors_follow(struct fa_core *fa, struct effect_list *fx)
{
	list_each(it, next, &fa->visitors.held) {
		struct visitor_entry *v =
			container_of(it, struct visitor_entry, in_held);
		const struct advertiser *on = fa_serves_name(fa, v->visit.interface);
		struct visitor_path path = v->visit.path;

		if (!on || on->ifindex == 0)
			continue;
		path.ifindex = on->ifindex;
		fa_forward_change(v->home, &v->visit.path, &path, 0, fx);
		v->visit.path = path;
	}
}

void fa_visitor_repath(struct fa_core *fa, struct visitor_entry *v,
		       struct effect_list *fx)
{
	const struct visitor_path path =
		fa_path_of(fa_config_of(fa), &v->visit.rq, v->visit.home_agent,
			   guard_requires(fa->guard, v->visit.home_agent));

	if (visitor_is_held(v))
		return;
	fa_forward_change(v->home, &v->visit.path, &path, 0, fx);
	v->visit.path = path;
}
