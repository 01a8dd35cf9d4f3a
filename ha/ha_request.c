/* SPDX-License-Identifier: ISC */
/*
 * A Registration Request: judged in the order of RFC 5944 3.8.2.1, then what
 * 3.8.2.2 and 3.8.2.3 say, then RFC 3024 4.3.1; accepted, denied, or discarded
 * in silence.
 *
 * Nothing is installed before the node and its Identification have passed.  An
 * Identification is used up by the first Request that passes all
 * authentication, whether it is then granted or denied; the same Request once
 * more gets the same Reply once more (CONFORMANCE T-27).
 *
 * An accepted Request becomes a deed: forwarding, route, old tunnels, gratuitous
 * ARP, Reply.  The edge stops at the first effect that fails; what can be done
 * without is then passed over, anything else is undone and denied with 130.
 */
#include "ha/ha_private.h"

#include "common/base/ntp64.h"
#include "common/security/auth.h"
#include "common/security/ident.h"
#include "common/wire/mip_code.h"
#include "ha/ha_forward.h"

#include <string.h>

/* One Request while it is judged. */
struct registration {
	const struct datagram *dg;
	struct now now;
	struct mip_request rq;
	struct mip_ext_index ix;
	struct home_node *node;
	struct reply_context reply;
	bool authentic; /* node, Identification and foreign agent have passed */
};

enum verdict_kind { VERDICT_ACCEPT, VERDICT_DENY, VERDICT_DISCARD, VERDICT_RESEND };

struct verdict {
	enum verdict_kind kind;
	uint8_t code;
	enum ha_counter why;
};

static const struct verdict ACCEPT = { .kind = VERDICT_ACCEPT };

static struct verdict deny(uint8_t code, enum ha_counter why)
{
	return (struct verdict){ VERDICT_DENY, code, why };
}

static struct verdict discard(enum ha_counter why)
{
	return (struct verdict){ .kind = VERDICT_DISCARD, .why = why };
}

static bool same_addr(struct in_addr a, struct in_addr b)
{
	return a.s_addr == b.s_addr;
}

/* -- Judging ---------------------------------------------------------------- */

/* 255.255.255.255, or the subnet-directed broadcast of a network we know. */
static bool is_broadcast(const struct ha_core *ha, const struct datagram *dg)
{
	const struct link *link = links_by_index(&ha->links, dg->ifindex);

	if (dg->dst.s_addr == htonl(INADDR_BROADCAST))
		return true;
	for (unsigned i = 0; i < ha->config.network_count; i++)
		if (same_addr(ipv4_prefix_broadcast(ha->home_links[i].prefix), dg->dst))
			return true;
	for (unsigned i = 0; link && i < link->addr_count; i++)
		if (same_addr(ipv4_prefix_broadcast(link->addr[i]), dg->dst))
			return true;
	return false;
}

/* A packet socket also sees what only passes through; the kernel forwards that. */
static bool is_for_us(const struct ha_core *ha, const struct datagram *dg)
{
	return !dg->has_mac || ha_owns(ha, dg->dst) || ipv4_is_multicast(dg->dst) ||
	       is_broadcast(ha, dg);
}

static struct verdict judge_arrival(struct ha_core *ha, const struct registration *reg)
{
	if (!is_for_us(ha, reg->dg))
		return discard(HA_WHY_NOT_OURS);
	if (!admit_source(ha->admit, reg->dg->src, reg->now.mono))
		return discard(HA_WHY_RATE);
	return ACCEPT;
}

static struct verdict judge_form(struct registration *reg)
{
	enum mip_fault fault = mip_request_decode(reg->dg->payload, &reg->rq);

	if (fault == MIP_FAULT_TYPE)
		return discard(HA_WHY_TYPE);
	if (fault != MIP_FAULT_NONE)
		return discard(HA_WHY_MALFORMED);
	fault = mip_ext_index(reg->rq.extensions, &reg->ix);
	if (fault == MIP_FAULT_SHORT)
		return discard(HA_WHY_MALFORMED);
	if (fault != MIP_FAULT_NONE)
		return discard(HA_WHY_EXTENSION);
	return ACCEPT;
}

/* On success the Reply will be made under the association that was used. */
static enum auth_result verify_foreign_agent(struct ha_core *ha, struct registration *reg)
{
	struct mip_sa *sa = NULL;
	enum auth_result r = auth_verify(ha->associations, SA_FA_HA, reg->dg->src,
					 reg->dg->payload, &reg->ix, &sa);

	if (r == AUTH_OK)
		reg->reply.fa_spi = sa->spi;
	return r;
}

/*
 * The node failed.  With a foreign agent that has proved itself the answer is
 * 131.  Without an association with whoever sent this, the RFC leaves the choice:
 * a wrong authenticator is answered, so that a foreign agent can clean up and an
 * operator sees a mistyped key; an SPI that we do not know is not.
 */
static struct verdict refuse_node(struct ha_core *ha, struct registration *reg,
				  enum ha_counter why)
{
	if (verify_foreign_agent(ha, reg) == AUTH_OK)
		return deny(MIP_HA_MN_AUTH, why);
	if (why == HA_WHY_BAD_AUTH && !sa_shared(ha->associations, SA_FA_HA, reg->dg->src))
		return deny(MIP_HA_MN_AUTH, why);
	return discard(why);
}

/* RFC 5944 3.8.2.1 a; the association found decides what is near in time. */
static struct verdict judge_node(struct ha_core *ha, struct registration *reg,
				 duration_t *tolerance)
{
	struct mip_sa *sa = NULL;
	enum auth_result r;

	reg->node = home_node_find(&ha->table, reg->rq.home);
	if (!reg->node || !sa_shared(ha->associations, SA_MN_HA, reg->rq.home))
		return discard(HA_WHY_UNKNOWN_NODE);
	r = auth_verify(ha->associations, SA_MN_HA, reg->rq.home, reg->dg->payload, &reg->ix,
			&sa);
	if (r == AUTH_MISSING)
		return discard(HA_WHY_NO_AUTH);
	if (r == AUTH_NO_SA)
		return refuse_node(ha, reg, HA_WHY_UNKNOWN_SPI);
	if (r != AUTH_OK)
		return refuse_node(ha, reg, HA_WHY_BAD_AUTH);
	reg->reply.spi = sa->spi;
	*tolerance = sa->tolerance;
	return ACCEPT;
}

static bool is_stored(const struct registration *reg)
{
	const struct stored_reply *s = &reg->node->reply;

	return s->len != 0 && same_addr(s->source, reg->dg->src) &&
	       same_addr(s->care_of, reg->rq.care_of) &&
	       same_addr(s->home_agent, reg->rq.home_agent) &&
	       s->lifetime == reg->rq.lifetime && s->flags == reg->rq.flags;
}

/* RFC 5944 3.8.2.1 b. */
static struct verdict judge_ident(const struct registration *reg, duration_t tolerance)
{
	switch (ident_judge(reg->rq.ident, reg->node->last_ident, reg->now.ntp, tolerance)) {
	case IDENT_FRESH:
		return ACCEPT;
	case IDENT_DUPLICATE:
		if (is_stored(reg))
			return (struct verdict){ .kind = VERDICT_RESEND };
		return deny(MIP_HA_IDENT, HA_WHY_IDENT_OLD);
	case IDENT_OLD:
		return deny(MIP_HA_IDENT, HA_WHY_IDENT_OLD);
	case IDENT_SKEWED:
		break;
	}
	return deny(MIP_HA_IDENT, HA_WHY_IDENT_SKEWED);
}

/*
 * RFC 5944 3.8.2.1 c and d.  A deregistration may come without the extension;
 * one that is there is verified all the same.
 */
static struct verdict judge_foreign_agent(struct ha_core *ha, struct registration *reg)
{
	if (!sa_shared(ha->associations, SA_FA_HA, reg->dg->src))
		return reg->ix.fa_ha_count == 0 ? ACCEPT : discard(HA_WHY_FA_UNKNOWN);
	if (reg->ix.fa_ha_count == 0)
		return reg->rq.lifetime == 0 ? ACCEPT
					     : deny(MIP_HA_FA_AUTH, HA_WHY_FA_MISSING);
	if (verify_foreign_agent(ha, reg) != AUTH_OK)
		return deny(MIP_HA_FA_AUTH, HA_WHY_FA_BAD);
	return ACCEPT;
}

/* What holds for registrations and deregistrations alike. */
static struct verdict judge_service(const struct ha_core *ha, const struct registration *reg)
{
	const uint8_t reserved = MIP_FLAG_r | MIP_FLAG_x;

	if (is_broadcast(ha, reg->dg))
		return deny(MIP_HA_UNKNOWN_HA, HA_WHY_BROADCAST);
	if (!ha_owns(ha, reg->rq.home_agent))
		return deny(MIP_HA_UNKNOWN_HA, HA_WHY_HOME_AGENT);
	if (ha->config.common.strict_reserved_bits && (reg->rq.flags & reserved))
		return deny(MIP_HA_BAD_REQUEST, HA_WHY_RESERVED);
	if (reg->node->network < 0)
		return deny(MIP_HA_PROHIBITED, HA_WHY_HOME_ADDRESS);
	return ACCEPT;
}

/* A tunnel to a home address that may itself be away could lead back to us. */
static struct verdict judge_care_of(const struct ha_core *ha, const struct registration *reg)
{
	struct in_addr coa = reg->rq.care_of;

	if (!ipv4_is_unicast(coa) || same_addr(coa, reg->rq.home_agent) ||
	    same_addr(coa, ha->config.address))
		return deny(MIP_HA_BAD_REQUEST, HA_WHY_CARE_OF);
	if (same_addr(coa, reg->rq.home))
		return deny(MIP_HA_BAD_REQUEST, HA_WHY_CARE_OF_HOME);
	if (home_node_find(&ha->table, coa))
		return deny(MIP_HA_PROHIBITED, HA_WHY_CARE_OF_HOME);
	return ACCEPT;
}

static bool offers(const struct ha_core *ha, enum encap_kind kind)
{
	switch (kind) {
	case ENCAP_GRE:
		return ha->config.gre;
	case ENCAP_MINIMAL:
		return ha->config.minimal;
	default:
		return true; /* RFC 5944 4.1: IP-in-IP always */
	}
}

static unsigned bindings_per_node(const struct ha_core *ha)
{
	if (!ha->config.simultaneous)
		return 1;
	return ha->config.bindings_per_node < BINDINGS_PER_NODE_MAX
		       ? ha->config.bindings_per_node
		       : BINDINGS_PER_NODE_MAX;
}

static bool keeps_others(const struct ha_core *ha, uint8_t flags)
{
	return (flags & MIP_FLAG_S) && bindings_per_node(ha) > 1;
}

/* Would another binding of this care-of address be one too many? */
static struct verdict judge_room(const struct ha_core *ha, const struct registration *reg)
{
	const struct home_node *n = reg->node;
	bool renewal = binding_find(n, reg->rq.care_of) != NULL;
	bool keeps = keeps_others(ha, reg->rq.flags);
	size_t replaced = keeps ? (renewal ? 1 : 0) : n->binding_count;

	if (keeps && !renewal && n->binding_count >= bindings_per_node(ha))
		return deny(MIP_HA_TOO_MANY, HA_WHY_TOO_MANY);
	/* A limit lowered since then does not cut off those who are there. */
	if (replaced == 0 && binding_table_full(&ha->table))
		return deny(MIP_HA_RESOURCES, HA_WHY_FULL);
	return ACCEPT;
}

/* RFC 3024 4.3.1: the reverse tunnel comes last. */
static struct verdict judge_reverse(const struct ha_core *ha, uint8_t flags)
{
	if (!(flags & MIP_FLAG_T) && ha->config.reverse_tunnel_required)
		return deny(MIP_HA_REVERSE_MANDATORY, HA_WHY_REVERSE_MANDATORY);
	if ((flags & MIP_FLAG_T) && !ha->config.reverse_tunnel)
		return deny(MIP_HA_NO_REVERSE, HA_WHY_NO_REVERSE);
	return ACCEPT;
}

/* What only a registration can fail. */
static struct verdict judge_binding(const struct ha_core *ha, const struct registration *reg)
{
	struct verdict v = judge_care_of(ha, reg);

	if (v.kind == VERDICT_ACCEPT && !offers(ha, config_encap_kind(reg->rq.flags)))
		v = deny(MIP_HA_ENCAPSULATION, HA_WHY_ENCAPSULATION);
	if (v.kind == VERDICT_ACCEPT)
		v = judge_room(ha, reg);
	if (v.kind == VERDICT_ACCEPT)
		v = judge_reverse(ha, reg->rq.flags);
	return v;
}

/* RFC 5944 3.8.2.1: who is it, is it fresh, and who sent it. */
static struct verdict judge_authentic(struct ha_core *ha, struct registration *reg)
{
	duration_t tolerance = { 0 };
	struct verdict v = judge_node(ha, reg, &tolerance);

	if (v.kind == VERDICT_ACCEPT)
		v = judge_ident(reg, tolerance);
	if (v.kind == VERDICT_ACCEPT)
		v = judge_foreign_agent(ha, reg);
	reg->authentic = v.kind == VERDICT_ACCEPT;
	return v;
}

static struct verdict judge_request(struct ha_core *ha, struct registration *reg)
{
	struct verdict v = judge_arrival(ha, reg);

	if (v.kind == VERDICT_ACCEPT)
		v = judge_form(reg);
	if (v.kind != VERDICT_ACCEPT)
		return v;
	reg->reply = ha_reply_context(ha, reg->dg, &reg->rq);
	v = judge_authentic(ha, reg);
	if (v.kind == VERDICT_ACCEPT)
		v = judge_service(ha, reg);
	if (v.kind == VERDICT_ACCEPT && reg->rq.lifetime != 0)
		v = judge_binding(ha, reg);
	return v;
}

/* -- Refusing --------------------------------------------------------------- */

/* RFC 5944 3.8.2.1 wants these logged as security exceptions. */
static bool is_violation(enum ha_counter why)
{
	switch (why) {
	case HA_WHY_UNKNOWN_NODE:
	case HA_WHY_NO_AUTH:
	case HA_WHY_UNKNOWN_SPI:
	case HA_WHY_BAD_AUTH:
	case HA_WHY_IDENT_OLD:
	case HA_WHY_IDENT_SKEWED:
	case HA_WHY_FA_MISSING:
	case HA_WHY_FA_BAD:
	case HA_WHY_FA_UNKNOWN:
		return true;
	default:
		return false;
	}
}

/* The SPI of the extension that failed. */
static uint32_t spi_concerned(const struct registration *reg, enum ha_counter why)
{
	switch (why) {
	case HA_WHY_FA_BAD:
	case HA_WHY_FA_UNKNOWN:
		return reg->ix.fa_ha.spi;
	case HA_WHY_FA_MISSING:
		return 0;
	default:
		return reg->ix.mn_ha.spi;
	}
}

/* The refusal of a clock that is off is ordinary; the others accuse somebody. */
static enum note_kind refusal_note(const struct verdict *v)
{
	if (is_violation(v->why) && v->code != MIP_HA_IDENT)
		return NOTE_SECURITY;
	return v->kind == VERDICT_DENY ? NOTE_REQUEST_DENIED : NOTE_REQUEST_DISCARDED;
}

static void record_violation(struct ha_core *ha, const struct registration *reg,
			     enum ha_counter why)
{
	violations_add(&ha->violations,
		       &(struct violation){ .ntp = reg->now.ntp,
					    .source = reg->dg->src,
					    .home = reg->rq.home,
					    .spi = spi_concerned(reg, why),
					    .ident = reg->rq.ident,
					    .reason = ha_counter_help(why) });
}

static void note_refusal(struct ha_core *ha, const struct registration *reg,
			 const struct verdict *v, struct effect_list *fx)
{
	const struct note note = {
		.kind = refusal_note(v),
		.home = reg->rq.home,
		.care_of = reg->rq.care_of,
		.source = reg->dg->src,
		.ifindex = reg->dg->ifindex,
		.has_code = v->kind == VERDICT_DENY,
		.code = v->code,
		.spi = spi_concerned(reg, v->why),
		.ident = reg->rq.ident,
		.reason = ha_counter_help(v->why),
	};

	ha_note_limited(ha, &note, reg->now, fx);
}

static void store_reply(struct home_node *n, const struct reply_context *rc,
			const struct in_addr asked_home_agent, size_t len)
{
	struct stored_reply *s = &n->reply;

	n->last_ident = rc->ident;
	s->source = rc->remote;
	s->home_agent = asked_home_agent;
	s->care_of = rc->care_of;
	s->lifetime = rc->lifetime;
	s->flags = rc->flags;
	s->len = len;
}

/* Deny; what has been authenticated is answered alike when it comes again. */
static void send_denial(struct ha_core *ha, struct registration *reg, uint8_t code,
			struct effect_list *fx)
{
	uint8_t scratch[STORED_REPLY_MAX];
	uint8_t *bytes = reg->authentic ? reg->node->reply.bytes : scratch;
	size_t len = ha_reply_build(ha, &reg->reply, code, reg->rq.lifetime, reg->now.ntp,
				    bytes);

	if (reg->authentic)
		store_reply(reg->node, &reg->reply, reg->rq.home_agent, len);
	if (len == 0) {
		ha_count(ha, HA_WHY_UNSENT);
		return;
	}
	ha_reply_count(ha, code);
	ha_reply_send(ha, &reg->reply, 0, bytes, len, fx);
}

static void refuse(struct ha_core *ha, struct registration *reg, const struct verdict *v,
		   struct effect_list *fx)
{
	ha_count(ha, v->why);
	/* Packets that only pass by are no event. */
	if (v->why == HA_WHY_NOT_OURS)
		return;
	if (is_violation(v->why))
		record_violation(ha, reg, v->why);
	if (v->kind == VERDICT_DENY)
		send_denial(ha, reg, v->code, fx);
	note_refusal(ha, reg, v, fx);
}

static void resend(struct ha_core *ha, const struct registration *reg, struct effect_list *fx)
{
	const struct stored_reply *s = &reg->node->reply;

	ha_count(ha, HA_REPLIES_RESENT);
	ha_reply_send(ha, &reg->reply, 0, s->bytes, s->len, fx);
	effect_note(fx, (struct note){ .kind = NOTE_REPLY_RESENT,
				       .home = reg->rq.home,
				       .care_of = reg->rq.care_of,
				       .source = reg->dg->src,
				       .ident = reg->rq.ident });
}

/* -- Deeds ------------------------------------------------------------------ */

static uint32_t next_txn(struct ha_core *ha)
{
	ha->last_txn = ha->last_txn == UINT32_MAX ? 1 : ha->last_txn + 1;
	return ha->last_txn;
}

enum deed_step { DEED_SET, DEED_ROUTE, DEED_CLEAR, DEED_ARP, DEED_REPLY, DEED_NOTE };

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

	home_link_leaving(ha_home_link_of(ha, n), n, ha->deed.txn, &ha->timers, now.mono, fx);
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
	if (from <= DEED_REPLY)
		ha_reply_send(ha, &d->reply, d->txn, n->reply.bytes, n->reply.len, fx);
	deed_note(ha, fx);
}

/* Take bindings out of the table and keep them in the deed. */
static void deed_replace(struct ha_core *ha, struct home_node *n, bool keeps_others_)
{
	struct deed *d = &ha->deed;

	list_each(it, nx, &n->bindings) {
		struct mobility_binding *b =
			container_of(it, struct mobility_binding, in_node);

		if (keeps_others_ && !same_addr(b->care_of, d->set.care_of))
			continue;
		if (same_addr(b->care_of, d->set.care_of)) {
			d->set.since = b->since;
			d->edit = !ha_forward_same(b, &d->set);
			d->note = NOTE_BINDING_RENEWED;
		} else if (d->note == NOTE_BINDING_NEW) {
			d->note = NOTE_BINDING_MOVED;
		}
		d->replaced[d->replaced_count++] = *b;
		binding_remove(&ha->table, n, b);
	}
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

	ha_count(ha, why);
	ha->deed.txn = 0;
	n->reply.len = ha_reply_build(ha, rc, MIP_HA_RESOURCES, rc->lifetime, now.ntp,
				      n->reply.bytes);
	if (n->reply.len != 0) {
		ha_reply_count(ha, MIP_HA_RESOURCES);
		ha_reply_send(ha, rc, 0, n->reply.bytes, n->reply.len, fx);
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

/* -- Accepting -------------------------------------------------------------- */

/* RFC 5944 3.8.2.2: the requested lifetime, cut to what we grant. */
static uint16_t granted(const struct ha_core *ha, uint16_t requested)
{
	return requested < ha->config.max_lifetime ? requested : ha->config.max_lifetime;
}

static instant_t lifetime_end(uint16_t lifetime, instant_t now)
{
	if (lifetime == MIP_LIFETIME_INFINITE)
		return INSTANT_NEVER;
	return instant_add(now, duration_s(lifetime));
}

/* RFC 5944 3.8.2.2 has 1 whenever only one binding is kept, asked or not (T-05). */
static uint8_t accepting_code(const struct ha_core *ha)
{
	return bindings_per_node(ha) > 1 ? MIP_ACCEPTED : MIP_ACCEPTED_NO_SIMULTANEOUS;
}

static struct tunnel_spec tunnel_for(const struct ha_core *ha, const struct registration *reg)
{
	return (struct tunnel_spec){
		.local = reg->reply.home_agent,
		.remote = reg->rq.care_of,
		.encap = config_encap_for(&ha->config.common, reg->rq.care_of,
					  config_encap_kind(reg->rq.flags)),
	};
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
		.tunnel = tunnel_for(ha, reg),
		.broadcasts = (reg->rq.flags & MIP_FLAG_B) && link->broadcasts,
	};
}

static void deed_open(struct ha_core *ha, const struct registration *reg)
{
	ha->deed = (struct deed){
		.txn = next_txn(ha),
		.reply = reg->reply,
		.set = binding_for(ha, reg),
		.edit = true,
		.first = reg->node->binding_count == 0,
		.note = NOTE_BINDING_NEW,
	};
}

/* Build the accepting Reply into the node's store.  False if there is no way to. */
static bool prepare_reply(struct ha_core *ha, const struct registration *reg,
			  uint16_t lifetime)
{
	size_t len = ha_reply_build(ha, &reg->reply, accepting_code(ha), lifetime,
				    reg->now.ntp, reg->node->reply.bytes);

	store_reply(reg->node, &reg->reply, reg->rq.home_agent, len);
	return len != 0;
}

static void count_accepted(struct ha_core *ha, enum ha_counter special, bool is_special)
{
	ha_count(ha, HA_ACCEPTED);
	if (is_special)
		ha_count(ha, special);
	ha_reply_count(ha, accepting_code(ha));
}

static void bind_node(struct ha_core *ha, struct registration *reg, struct effect_list *fx)
{
	struct home_node *n = reg->node;
	size_t mark = fx->count;
	bool ready;

	deed_open(ha, reg);
	deed_replace(ha, n, keeps_others(ha, reg->rq.flags));
	ready = binding_add(&ha->table, n, &ha->deed.set) != NULL &&
		prepare_reply(ha, reg, ha->deed.set.lifetime);
	if (ready)
		deed_emit(ha, n, DEED_SET, reg->now, fx);
	if (!ready || fx->overflow) {
		fx->count = mark; /* promise nothing that may be left out */
		deed_roll_back(ha, n);
		store_reply(n, &reg->reply, reg->rq.home_agent, 0);
		deed_deny(ha, n, HA_WHY_FULL, reg->now, fx);
		return;
	}
	count_accepted(ha, HA_RENEWED, ha->deed.note == NOTE_BINDING_RENEWED);
}

/* The node itself, on its home link. */
static bool is_heard_at_home(const struct ha_core *ha, const struct registration *reg)
{
	const struct home_link *l = ha_home_link_of(ha, reg->node);

	return !home_link_is_virtual(l) && reg->dg->has_mac &&
	       reg->dg->ifindex == l->ifindex && same_addr(reg->dg->src, reg->rq.home);
}

static void end_bindings(struct ha_core *ha, const struct registration *reg,
			 struct effect_list *fx)
{
	bool all = same_addr(reg->rq.care_of, reg->rq.home);

	list_each(it, nx, &reg->node->bindings) {
		struct mobility_binding *b =
			container_of(it, struct mobility_binding, in_node);

		if (all || same_addr(b->care_of, reg->rq.care_of))
			ha_end_binding(ha, reg->node, b, NOTE_BINDING_CLEARED, fx);
	}
}

/*
 * A deregistration is never undone: what is to go is gone from our tables, and
 * an effect that fails finds it gone already.  So its effects are no deed.
 */
static void unbind_node(struct ha_core *ha, struct registration *reg, struct effect_list *fx)
{
	struct home_node *n = reg->node;
	size_t before;

	end_bindings(ha, reg, fx);
	before = fx->count;
	if (n->binding_count == 0 && is_heard_at_home(ha, reg))
		home_link_returned(ha_home_link_of(ha, n), n, reg->dg->mac, &ha->timers,
				   reg->now.mono, fx);
	if (fx->count > before)
		ha_count(ha, HA_ANNOUNCED);
	if (!prepare_reply(ha, reg, 0)) {
		ha_count(ha, HA_WHY_UNSENT);
		return;
	}
	count_accepted(ha, HA_DEREGISTERED, true);
	ha_reply_send(ha, &reg->reply, 0, n->reply.bytes, n->reply.len, fx);
}

void ha_on_request(struct ha_core *ha, const struct datagram *dg, struct now now,
		   struct effect_list *fx)
{
	struct registration reg = { .dg = dg, .now = now };
	struct verdict v;

	ha_count(ha, HA_REQUESTS);
	v = judge_request(ha, &reg);
	switch (v.kind) {
	case VERDICT_DENY:
	case VERDICT_DISCARD:
		refuse(ha, &reg, &v, fx);
		break;
	case VERDICT_RESEND:
		resend(ha, &reg, fx);
		break;
	case VERDICT_ACCEPT:
		if (reg.rq.lifetime == 0)
			unbind_node(ha, &reg, fx);
		else
			bind_node(ha, &reg, fx);
		break;
	}
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
		deed_resume(ha, n, DEED_REPLY, now, fx);
		break;
	default:
		deed_resume(ha, n, DEED_NOTE, now, fx);
		break;
	}
	return true;
}
