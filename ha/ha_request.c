/* SPDX-License-Identifier: ISC */
/*
 * A Registration Request arrives: refused by a Reply or in silence, answered as
 * before, bound (ha_deed.c), or unbound.
 *
 * An Identification is used up by the first Request that passes all
 * authentication, whether it is then granted or denied; the same Request once
 * more gets the same Reply once more (CONFORMANCE T-27).
 */
#include "ha/ha_private.h"

#include "common/wire/mip_code.h"

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

/* Deny; what has been authenticated is answered alike when it comes again. */
static void send_denial(struct ha_core *ha, struct registration *reg, uint8_t code,
			struct effect_list *fx)
{
	uint8_t bytes[REPLY_MAX];
	size_t len = ha_reply_build(ha, &reg->reply, code, reg->rq.lifetime, reg->clock,
				    bytes);

	if (reg->authentic) {
		ha_reply_store(reg->node, &reg->reply, code, reg->rq.lifetime);
		ha_remember(ha, reg->node, 0, reg->now, fx);
	}
	if (len == 0) {
		ha_count(ha, HA_WHY_UNSENT);
		return;
	}
	ha_reply_count(ha, code);
	ha_reply_send(ha, &reg->reply, 0, bytes, len, fx);
}

static void refuse(struct ha_core *ha, struct registration *reg,
		   const struct verdict *v, struct effect_list *fx)
{
	ha_count(ha, v->why);
	/* Packets that only pass by are no event. */
	if (v->why == HA_WHY_NOT_OURS)
		return;
	if (is_violation(v->why))
		record_violation(ha, reg, v->why);
	if (v->why == HA_WHY_UNPROTECTED)
		ha_protect_claim(ha, reg, fx);
	if (v->kind == VERDICT_DENY)
		send_denial(ha, reg, v->code, fx);
	note_refusal(ha, reg, v, fx);
}

static void resend(struct ha_core *ha, const struct registration *reg,
		   struct effect_list *fx)
{
	uint8_t bytes[REPLY_MAX];
	size_t len = ha_reply_again(ha, reg->node, &reg->reply, bytes);

	if (len == 0) {
		ha_count(ha, HA_WHY_UNSENT);
		return;
	}
	ha_count(ha, HA_REPLIES_RESENT);
	ha_reply_send(ha, &reg->reply, 0, bytes, len, fx);
	effect_note(fx, (struct note){ .kind = NOTE_REPLY_RESENT,
				       .home = reg->rq.home,
				       .care_of = reg->rq.care_of,
				       .source = reg->dg->src,
				       .ident = reg->rq.ident });
}

/* -- Deregistering ---------------------------------------------------------- */

/* The node itself, on its home link. */
static bool is_heard_at_home(const struct ha_core *ha, const struct registration *reg)
{
	const struct home_link *l = ha_home_link_of(ha, reg->node);

	return !home_link_is_virtual(l) && reg->dg->has_mac &&
	       reg->dg->ifindex == l->ifindex &&
	       ha_same_addr(reg->dg->src, reg->rq.home);
}

static void end_bindings(struct ha_core *ha, const struct registration *reg,
			 struct effect_list *fx)
{
	bool all = ha_same_addr(reg->rq.care_of, reg->rq.home);

	list_each(it, nx, &reg->node->bindings) {
		struct mobility_binding *b =
			container_of(it, struct mobility_binding, in_node);

		if (all || ha_same_addr(b->care_of, reg->rq.care_of))
			ha_end_binding(ha, reg->node, b, NOTE_BINDING_CLEARED, fx);
	}
}

/* RFC 5944 4.6: answer ARP no more, announce the node, then the Reply. */
static void unbind_node(struct ha_core *ha, struct registration *reg,
			struct effect_list *fx)
{
	struct home_node *n = reg->node;
	uint8_t bytes[REPLY_MAX];
	size_t before, len;

	end_bindings(ha, reg, fx);
	before = fx->count;
	if (n->binding_count == 0 && is_heard_at_home(ha, reg))
		home_link_returned(ha_home_link_of(ha, n), n, reg->dg->mac, &ha->timers,
				   reg->now.mono, fx);
	if (fx->count > before)
		ha_count(ha, HA_ANNOUNCED);
	len = ha_reply_prepare(ha, n, &reg->reply, 0, bytes);
	ha_remember(ha, n, 0, reg->now, fx);
	if (len == 0) {
		ha_count(ha, HA_WHY_UNSENT);
		return;
	}
	ha_reply_accepted(ha);
	ha_count(ha, HA_DEREGISTERED);
	ha_reply_send(ha, &reg->reply, 0, bytes, len, fx);
}

void ha_on_request(struct ha_core *ha, const struct datagram *dg, struct now now,
		   struct effect_list *fx)
{
	struct registration reg = { .dg = dg, .now = now, .clock = now.ntp };
	struct verdict v;

	ha_count(ha, HA_REQUESTS);
	v = ha_judge_request(ha, &reg);
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
			ha_bind(ha, &reg, fx);
		break;
	}
}
