/* SPDX-License-Identifier: ISC */
/*
 * Binding a node is a deed: forwarding, route, old tunnels, gratuitous ARP, what is
 * to be remembered, Reply, in this order (RFC 5944 3.8.2.2, 4.6).  The edge stops
 * at the first effect that fails.  What can be done without is then passed over;
 * anything else is undone, as if the Request had never come, and denied with 130.
 *
 * Deregistrations are no deeds: what is to go is gone from our tables, and an
 * effect that fails finds it gone already.
 */
#include "ha/ha_private.h"

#include "common/wire/mip_code.h"
#include "ha/ha_forward.h"

static uint32_t next_txn(struct ha_core *ha)
{
	ha->last_txn = ha->last_txn == UINT32_MAX ? 1 : ha->last_txn + 1;
	return ha->last_txn;
}

enum deed_step {
	DEED_SET,
	DEED_ROUTE,
	DEED_CLEAR,
	DEED_ARP,
	DEED_REMEMBER,
	DEED_NOTE,
	DEED_REPLY
};

static void deed_note(const struct ha_core *ha, struct effect_list *fx)
{
	const struct deed *d = &ha->deed;
	struct effect *e = effect_add(fx, EFFECT_NOTE, d->txn, d->set.home);

	e->note = (struct note){
		.kind = d->note,
		.home = d->set.home,
		.care_of = d->set.care_of,
		.agent = d->set.tunnel.local,
		.source = d->set.source,
		.lifetime = d->set.lifetime,
		.spi = d->set.spi,
		.ident = d->set.ident,
	};
}

/* The tunnels that this one replaces; its own, only changed, is none of them. */
static void deed_clear(const struct deed *d, unsigned from, struct effect_list *fx)
{
	for (unsigned i = from; i < d->replaced_count; i++)
		if (!tunnel_spec_equal(&d->replaced[i].tunnel, &d->set.tunnel))
			ha_forward_clear(&d->replaced[i], d->txn, fx);
}

static void deed_announce(struct ha_core *ha, struct home_node *n, struct now now,
			  struct effect_list *fx)
{
	size_t before = fx->count;

	home_link_leaving(ha_home_link_of(ha, n), n, ha->deed.txn, &ha->timers,
			  now.mono, fx);
	if (fx->count > before)
		ha_count(ha, HA_ANNOUNCED);
}

/* Emit the steps of the deed from `from` on. */
static void deed_emit(struct ha_core *ha, struct home_node *n, enum deed_step from,
		      struct now now, struct effect_list *fx)
{
	const struct deed *d = &ha->deed;
	bool on_link = !home_link_is_virtual(ha_home_link_of(ha, n));

	if (from <= DEED_SET && d->edit)
		ha_forward_set(&d->set, d->txn, fx);
	if (from <= DEED_ROUTE && d->first && on_link)
		ha_forward_host_route(n->home, true, d->txn, fx);
	if (from <= DEED_CLEAR)
		deed_clear(d, 0, fx);
	if (from <= DEED_ARP && d->first)
		deed_announce(ha, n, now, fx);
	if (from <= DEED_REMEMBER)
		ha_remember(ha, n, d->txn, now, fx);
	if (from <= DEED_NOTE)
		deed_note(ha, fx);
	ha_reply_send(ha, &d->reply, d->txn, d->bytes, d->len, fx);
}

/* Keep a binding in the deed; the first is left where it is, for the one to come. */
static struct mobility_binding *deed_take(struct ha_core *ha, struct home_node *n,
					  struct mobility_binding *b,
					  struct mobility_binding *first)
{
	struct deed *d = &ha->deed;

	d->replaced[d->replaced_count++] = *b;
	if (!first)
		return b;
	binding_remove(&ha->table, n, b);
	return first;
}

/*
 * Take what is to be replaced out of the table, but for one, whose place and deadline
 * are for the new binding: a renewal moves nothing.
 */
static struct mobility_binding *deed_replace(struct ha_core *ha, struct home_node *n,
					     bool keeps_others_)
{
	struct deed *d = &ha->deed;
	struct mobility_binding *place = NULL;

	list_each(it, nx, &n->bindings) {
		struct mobility_binding *b =
			container_of(it, struct mobility_binding, in_node);

		if (keeps_others_ && !ha_same_addr(b->care_of, d->set.care_of))
			continue;
		if (ha_same_addr(b->care_of, d->set.care_of)) {
			d->set.since = b->since;
			d->edit = !ha_forward_same(b, &d->set);
			d->note = NOTE_BINDING_RENEWED;
		} else if (d->note == NOTE_BINDING_NEW) {
			d->note = NOTE_BINDING_MOVED;
		}
		place = deed_take(ha, n, b, place);
	}
	return place;
}

/* NULL when out of memory. */
static struct mobility_binding *deed_place(struct ha_core *ha, struct home_node *n,
					   struct mobility_binding *place)
{
	if (place)
		return binding_change(&ha->table, n, place, &ha->deed.set);
	return binding_add(&ha->table, n, &ha->deed.set);
}

/* Put the table back as it was before the deed. */
static void deed_roll_back(struct ha_core *ha, struct home_node *n)
{
	struct deed *d = &ha->deed;
	struct mobility_binding *b = binding_find(n, d->set.care_of);

	if (b)
		binding_remove(&ha->table, n, b);
	if (d->first)
		home_link_gone(n, &ha->timers);
	/* There is room: they were there a moment ago. */
	for (unsigned i = 0; i < d->replaced_count; i++)
		(void)binding_add(&ha->table, n, &d->replaced[i]);
	ha_count(ha, HA_UNDONE);
}

/* Deny what had been accepted; the node's stored Reply becomes this one. */
static void deed_deny(struct ha_core *ha, struct home_node *n, enum ha_counter why,
		      struct now now, struct effect_list *fx)
{
	const struct reply_context *rc = &ha->deed.reply;
	uint8_t bytes[REPLY_MAX];
	size_t len;

	ha_count(ha, why);
	ha->deed.txn = 0;
	ha_reply_store(n, rc, MIP_HA_RESOURCES, rc->lifetime);
	len = ha_reply_build(ha, rc, MIP_HA_RESOURCES, rc->lifetime, now.ntp, bytes);
	ha_remember(ha, n, 0, now, fx);
	if (len != 0) {
		ha_reply_count(ha, MIP_HA_RESOURCES);
		ha_reply_send(ha, rc, 0, bytes, len, fx);
	}
	effect_note(fx, (struct note){ .kind = NOTE_REQUEST_DENIED,
				       .home = rc->home,
				       .care_of = rc->care_of,
				       .source = rc->remote,
				       .has_code = true,
				       .code = MIP_HA_RESOURCES,
				       .ident = rc->ident,
				       .reason = ha_counter_help(why) });
}

/* -- Binding ---------------------------------------------------------------- */

/* RFC 5944 3.8.2.2: the requested lifetime, cut to what we grant. */
static uint16_t granted(const struct ha_core *ha, uint16_t requested)
{
	return requested < ha->config.max_lifetime ? requested
						   : ha->config.max_lifetime;
}

static instant_t lifetime_end(uint16_t lifetime, instant_t now)
{
	if (lifetime == MIP_LIFETIME_INFINITE)
		return INSTANT_NEVER;
	return instant_add(now, duration_s(lifetime));
}

struct tunnel_spec ha_tunnel_for(const struct ha_core *ha, struct in_addr local,
				 struct in_addr care_of, uint8_t flags)
{
	return config_tunnel_for(&ha->config.common, local, care_of,
				 config_encap_kind(flags));
}

static struct mobility_binding binding_for(const struct ha_core *ha,
					   const struct registration *reg)
{
	uint16_t lifetime = granted(ha, reg->rq.lifetime);
	const struct home_link *link = ha_home_link_of(ha, reg->node);

	return (struct mobility_binding){
		.home = reg->rq.home,
		.care_of = reg->rq.care_of,
		.source = reg->dg->src,
		.flags = reg->rq.flags,
		.spi = reg->reply.spi,
		.ident = reg->rq.ident,
		.lifetime = lifetime,
		.since = reg->now.mono,
		.expires = lifetime_end(lifetime, reg->now.mono),
		.tunnel = ha_tunnel_for(ha, reg->reply.home_agent, reg->rq.care_of,
					reg->rq.flags),
		.broadcasts = (reg->rq.flags & MIP_FLAG_B) && link->broadcasts,
	};
}

static void deed_open(struct ha_core *ha, const struct registration *reg)
{
	struct deed *d = &ha->deed;

	d->txn = next_txn(ha);
	d->reply = reg->reply;
	d->set = binding_for(ha, reg);
	d->edit = true;
	d->first = reg->node->binding_count == 0;
	d->note = NOTE_BINDING_NEW;
	d->len = 0;
	d->replaced_count = 0;
}

void ha_bind(struct ha_core *ha, struct registration *reg, struct effect_list *fx)
{
	struct home_node *n = reg->node;
	struct mobility_binding *place;
	size_t mark;

	ha_protect_end(ha, n, reg->reply.home_agent, reg->rq.care_of, reg->rq.flags,
		       fx);
	mark = fx->count;
	deed_open(ha, reg);
	place = deed_replace(ha, n, ha_keeps_others(ha, reg->rq.flags));
	if (deed_place(ha, n, place))
		ha->deed.len = ha_reply_prepare(ha, n, &reg->reply,
						ha->deed.set.lifetime, ha->deed.bytes);
	if (ha->deed.len != 0)
		deed_emit(ha, n, DEED_SET, reg->now, fx);
	if (ha->deed.len == 0 || fx->overflow) {
		fx->count = mark; /* promise nothing that may be left out */
		deed_roll_back(ha, n);
		deed_deny(ha, n, HA_WHY_FULL, reg->now, fx);
		return;
	}
	ha_reply_accepted(ha);
	if (ha->deed.note == NOTE_BINDING_RENEWED)
		ha_count(ha, HA_RENEWED);
}

/* -- When a deed fails ------------------------------------------------------ */

/* Go on with what the edge left out. */
static void deed_resume(struct ha_core *ha, struct home_node *n, enum deed_step from,
			struct now now, struct effect_list *fx)
{
	ha->deed.txn = next_txn(ha);
	deed_emit(ha, n, from, now, fx);
}

/* A tunnel that could not be taken out was not there; the others still are. */
static void deed_resume_clearing(struct ha_core *ha, struct home_node *n,
				 const struct fwd_edit *edit, struct now now,
				 struct effect_list *fx)
{
	struct deed *d = &ha->deed;
	unsigned i = 0;

	while (i < d->replaced_count &&
	       !tunnel_spec_equal(&d->replaced[i].tunnel, &edit->tunnel))
		i++;
	d->txn = next_txn(ha);
	deed_clear(d, i + 1, fx);
	deed_emit(ha, n, DEED_ARP, now, fx);
}

static void deed_undo(struct ha_core *ha, struct home_node *n, bool forwards,
		      struct now now, struct effect_list *fx)
{
	if (forwards)
		ha_forward_clear(&ha->deed.set, 0, fx);
	deed_roll_back(ha, n);
	deed_deny(ha, n, HA_WHY_SYSTEM, now, fx);
}

/* The node of the current deed, if its binding is still the one of the deed. */
static struct home_node *deed_node(const struct ha_core *ha)
{
	const struct deed *d = &ha->deed;
	struct home_node *n = home_node_find(&ha->table, d->set.home);
	const struct mobility_binding *b = n ? binding_find(n, d->set.care_of) : NULL;

	return b && b->ident == d->set.ident ? n : NULL;
}

bool ha_deed_failed(struct ha_core *ha, const struct effect *failed, struct now now,
		    struct effect_list *fx)
{
	struct home_node *n;

	if (failed->txn == 0 || failed->txn != ha->deed.txn)
		return false;
	n = deed_node(ha);
	if (!n)
		return false;
	switch (failed->kind) {
	case EFFECT_FORWARD:
		if (failed->forward.kind == FWD_BINDING_SET)
			deed_undo(ha, n, false, now, fx);
		else
			deed_resume_clearing(ha, n, &failed->forward, now, fx);
		break;
	case EFFECT_ROUTE:
		deed_undo(ha, n, true, now, fx);
		break;
	case EFFECT_SEND_ARP:
		deed_resume(ha, n, DEED_REMEMBER, now, fx);
		break;
	case EFFECT_REMEMBER:
		deed_resume(ha, n, DEED_NOTE, now, fx);
		break;
	default: /* the Reply: the last of it, and the node asks again */
		break;
	}
	return true;
}
