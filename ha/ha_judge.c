/* SPDX-License-Identifier: ISC */
/*
 * What becomes of a Registration Request: a ladder in the order of RFC 5944
 * 3.8.2.1, then what 3.8.2.3 names, then RFC 3024 4.3.1.  One refusal a line;
 * the first one wins.  Nothing is changed here but counters of associations.
 */
#include "ha/ha_private.h"

#include "common/security/auth.h"
#include "common/security/ident.h"
#include "common/wire/mip_code.h"

static const struct verdict ACCEPT = { .kind = VERDICT_ACCEPT };

static struct verdict deny(uint8_t code, enum ha_counter why)
{
	return (struct verdict){ VERDICT_DENY, code, why };
}

static struct verdict discard(enum ha_counter why)
{
	return (struct verdict){ .kind = VERDICT_DISCARD, .why = why };
}

/*
 * 255.255.255.255, or the subnet-directed broadcast of a network we know; not an
 * address of ours, which with a prefix of 31 or 32 bits may look like one.
 */
static bool is_broadcast(const struct ha_core *ha, const struct datagram *dg)
{
	const struct link *link = links_by_index(&ha->links, dg->ifindex);

	if (dg->dst.s_addr == htonl(INADDR_BROADCAST))
		return true;
	if (ha_owns(ha, dg->dst))
		return false;
	for (unsigned i = 0; i < ha->config.network_count; i++)
		if (ha_same_addr(ipv4_prefix_broadcast(ha->home_links[i].prefix),
				 dg->dst))
			return true;
	for (unsigned i = 0; link && i < link->addr_count; i++)
		if (ha_same_addr(ipv4_prefix_broadcast(link->addr[i]), dg->dst))
			return true;
	return false;
}

/* A packet socket also sees what only passes through; the kernel forwards that. */
static bool is_for_us(const struct ha_core *ha, const struct datagram *dg)
{
	return !dg->has_mac || ha_owns(ha, dg->dst) || ipv4_is_multicast(dg->dst) ||
	       is_broadcast(ha, dg);
}

static struct verdict judge_arrival(const struct ha_core *ha,
				    const struct registration *reg)
{
	if (!is_for_us(ha, reg->dg))
		return discard(HA_WHY_NOT_OURS);
	return reg->dg->src_port ? ACCEPT : discard(HA_WHY_PORT);
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

/*
 * RFC 5944 3.5.4 forbids a foreign agent to sign de-registrations, and Requests
 * for a care-of address that is not its own: those of co-located nodes that pass
 * through it.  Nor can it sign one that is broadcast to whichever home agent there
 * is: 3.5.4 has it pick the key by the agent.  That is denied all the same, but with
 * the code that tells our address (3.8.2.1, 136).
 */
static bool may_go_unsigned(const struct ha_core *ha, const struct registration *reg)
{
	bool co_located = (reg->rq.flags & MIP_FLAG_D) &&
			  reg->rq.care_of.s_addr != reg->dg->src.s_addr;

	return reg->rq.lifetime == 0 || co_located || is_broadcast(ha, reg->dg);
}

/* Whose keys it names: the node's, and those of its foreign agent. */
static enum admit_claim claim_of(const struct ha_core *ha,
				 const struct registration *reg)
{
	const struct mip_ext_index *ix = &reg->ix;
	const struct in_addr src = reg->dg->src;
	struct sa_store *s = ha->associations;
	const bool node = ix->mn_ha_count > 0 &&
			  sa_find(s, SA_MN_HA, reg->rq.home, ix->mn_ha.spi);
	const bool agent =
		ix->fa_ha_count > 0 && sa_find(s, SA_FA_HA, src, ix->fa_ha.spi);
	const bool excused = ix->fa_ha_count == 0 && may_go_unsigned(ha, reg) &&
			     sa_shared(s, SA_FA_HA, src);

	if (node && (agent || excused))
		return ADMIT_PEER;
	return node || agent ? ADMIT_SOMEBODY : ADMIT_NOTHING;
}

/* Before any cryptography. */
static struct verdict judge_rate(struct ha_core *ha, const struct registration *reg)
{
	const struct admit_source src = admit_address(reg->dg->src);

	if (admit_message(ha->admit, &src, claim_of(ha, reg), reg->now.mono))
		return ACCEPT;
	return discard(HA_WHY_RATE);
}

/* On success the Reply will be made under the association that was used. */
static enum auth_result verify_foreign_agent(struct ha_core *ha,
					     struct registration *reg)
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
	if (why == HA_WHY_BAD_AUTH &&
	    !sa_shared(ha->associations, SA_FA_HA, reg->dg->src))
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
	r = auth_verify(ha->associations, SA_MN_HA, reg->rq.home, reg->dg->payload,
			&reg->ix, &sa);
	if (r == AUTH_MISSING)
		return discard(HA_WHY_NO_AUTH);
	if (r == AUTH_NO_SA)
		return refuse_node(ha, reg, HA_WHY_UNKNOWN_SPI);
	if (r != AUTH_OK)
		return refuse_node(ha, reg, HA_WHY_BAD_AUTH);
	if (sa->accept_only &&
	    !sa_for_sending(ha->associations, SA_MN_HA, reg->rq.home))
		return discard(HA_WHY_UNSENT);
	reg->reply.spi = sa->spi;
	*tolerance = sa->tolerance;
	return ACCEPT;
}

static bool is_stored(const struct registration *reg)
{
	const struct answered *s = &reg->node->answered;

	return s->valid && ha_same_addr(s->source, reg->dg->src) &&
	       ha_same_addr(s->care_of, reg->rq.care_of) &&
	       ha_same_addr(s->home_agent, reg->rq.home_agent) &&
	       s->lifetime == reg->rq.lifetime && s->flags == reg->rq.flags;
}

/* RFC 5944 3.8.2.1 b. */
static struct verdict judge_ident(struct registration *reg, duration_t tolerance)
{
	uint64_t last = reg->node->last_ident;

	reg->clock = ident_clock(reg->now.ntp, last, tolerance);
	switch (ident_judge(reg->rq.ident, last, reg->clock, tolerance)) {
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
		return may_go_unsigned(ha, reg)
			       ? ACCEPT
			       : deny(MIP_HA_FA_AUTH, HA_WHY_FA_MISSING);
	if (verify_foreign_agent(ha, reg) != AUTH_OK)
		return deny(MIP_HA_FA_AUTH, HA_WHY_FA_BAD);
	return ACCEPT;
}

/* What holds for registrations and deregistrations alike. */
static struct verdict judge_service(const struct ha_core *ha,
				    const struct registration *reg)
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

/* A prefix of 31 bits has no broadcast address (RFC 3021). */
static bool is_broadcast_of(struct ipv4_prefix p, struct in_addr a)
{
	return p.len < 31 && ha_same_addr(ipv4_prefix_broadcast(p), a);
}

/* What we send there would go to everybody on a link. */
static bool is_broadcast_here(const struct ha_core *ha, struct in_addr a)
{
	for (unsigned i = 0; i < ha->config.network_count; i++)
		if (is_broadcast_of(ha->home_links[i].prefix, a))
			return true;
	for (unsigned i = 0; i < ha->links.count; i++)
		for (unsigned j = 0; j < ha->links.link[i].addr_count; j++)
			if (is_broadcast_of(ha->links.link[i].addr[j], a))
				return true;
	return false;
}

/* A tunnel to a home address that may itself be away could lead back to us. */
static struct verdict judge_care_of(const struct ha_core *ha,
				    const struct registration *reg)
{
	struct in_addr coa = reg->rq.care_of;

	if (!ipv4_is_unicast(coa) || ha_owns(ha, coa) || is_broadcast_here(ha, coa))
		return deny(MIP_HA_BAD_REQUEST, HA_WHY_CARE_OF);
	if (ha_same_addr(coa, reg->rq.home))
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

/* Would another binding of this care-of address be one too many? */
static struct verdict judge_room(const struct ha_core *ha,
				 const struct registration *reg)
{
	const struct home_node *n = reg->node;
	bool renewal = binding_find(n, reg->rq.care_of) != NULL;
	bool keeps = ha_keeps_others(ha, reg->rq.flags);
	size_t replaced = keeps ? (renewal ? 1 : 0) : n->binding_count;

	if (keeps && !renewal && n->binding_count >= ha_bindings_per_node(ha))
		return deny(MIP_HA_TOO_MANY, HA_WHY_TOO_MANY);
	/* A limit lowered since then does not cut off those who are there. */
	if (replaced == 0 && binding_table_full(&ha->table))
		return deny(MIP_HA_RESOURCES, HA_WHY_FULL);
	return ACCEPT;
}

/* RFC 3024 4.3.1: the reverse tunnel comes last. */
static struct verdict judge_reverse(const struct ha_core *ha,
				    const struct registration *reg)
{
	const uint8_t flags = reg->rq.flags;
	/* Without T the node's own packets would go as they are. */
	const bool must = ha->config.reverse_tunnel_required ||
			  ha_protect_required(ha, reg->node, reg->rq.care_of, flags);

	if (!(flags & MIP_FLAG_T) && must)
		return deny(MIP_HA_REVERSE_MANDATORY, HA_WHY_REVERSE_MANDATORY);
	if ((flags & MIP_FLAG_T) && !ha->config.reverse_tunnel)
		return deny(MIP_HA_NO_REVERSE, HA_WHY_NO_REVERSE);
	return ACCEPT;
}

/* What only a registration can fail. */
static struct verdict judge_binding(const struct ha_core *ha,
				    const struct registration *reg)
{
	struct verdict v = judge_care_of(ha, reg);

	if (v.kind == VERDICT_ACCEPT && !offers(ha, config_encap_kind(reg->rq.flags)))
		v = deny(MIP_HA_ENCAPSULATION, HA_WHY_ENCAPSULATION);
	if (v.kind == VERDICT_ACCEPT)
		v = judge_room(ha, reg);
	if (v.kind == VERDICT_ACCEPT)
		v = judge_reverse(ha, reg);
	/* Keys are agreed on all the time: the node may come back at once. */
	if (v.kind == VERDICT_ACCEPT && !ha_protect_lets(ha, reg))
		v = deny(MIP_HA_RESOURCES, HA_WHY_UNPROTECTED);
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

struct verdict ha_judge_request(struct ha_core *ha, struct registration *reg)
{
	struct verdict v = judge_arrival(ha, reg);

	if (v.kind == VERDICT_ACCEPT)
		v = judge_form(reg);
	if (v.kind == VERDICT_ACCEPT)
		v = judge_rate(ha, reg);
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
