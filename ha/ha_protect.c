/* SPDX-License-Identifier: ISC */
/*
 * ESP between us and the ends of tunnels: those of agents are configured, those of
 * nodes with an address of their own come and go.
 *
 * Where ESP is required and there are no keys yet, a Request is denied.  From a
 * node's first authentic one on, though, its end is known: keys are agreed on with
 * it, and the next Request finds them.  If none comes the end is free for others.
 */
#include "ha/ha_private.h"

/* Longer than a node that was denied waits until it asks again. */
enum { CLAIM_SECONDS = 120 };

/* Whether the node itself is the end of the tunnel. */
static bool is_own_end(uint8_t flags)
{
	return flags & MIP_FLAG_D;
}

/* Neither another node's end nor that of an agent, whose keys are not the node's. */
static bool may_be_own(const struct ha_core *ha, const struct home_node *n,
		       struct in_addr care_of)
{
	return guard_may_own(ha->guard, care_of, n->home) &&
	       !sa_shared(ha->associations, SA_FA_HA, care_of);
}

/* By a foreign agent what a node requires depends on what is required of the agent. */
bool ha_protect_required(const struct ha_core *ha, const struct home_node *n,
			 struct in_addr care_of, uint8_t flags)
{
	return n->policy == PROTECT_REQUIRED ||
	       (!is_own_end(flags) && guard_requires(ha->guard, care_of));
}

bool ha_protect_reaches(const struct ha_core *ha, const struct home_node *n,
			struct in_addr local, struct in_addr care_of, uint8_t flags)
{
	if (!ha_protect_required(ha, n, care_of, flags))
		return true;
	return (flags & MIP_FLAG_T) && ha_same_addr(local, ha->config.address) &&
	       (is_own_end(flags) ? may_be_own(ha, n, care_of)
				  : guard_requires(ha->guard, care_of));
}

bool ha_protect_lets(const struct ha_core *ha, const struct registration *reg)
{
	const struct in_addr care_of = reg->rq.care_of;

	if (!ha_protect_reaches(ha, reg->node, reg->reply.home_agent, care_of,
				reg->rq.flags))
		return false;
	if (ha_protect_required(ha, reg->node, care_of, reg->rq.flags))
		return guard_stands(ha->guard, care_of);
	return guard_lets(ha->guard, care_of);
}

static void tell(enum protect_policy policy, struct in_addr home, struct in_addr local,
		 struct in_addr remote, struct effect_list *fx)
{
	effect_add(fx, EFFECT_PROTECT, 0, home)->protect =
		(struct effect_protect){ local, remote, policy };
}

static void drop(struct ha_core *ha, struct home_node *n, unsigned i,
		 struct in_addr local, struct effect_list *fx)
{
	guard_disown(ha->guard, n->shield[i]);
	tell(PROTECT_OFF, n->home, local, n->shield[i], fx);
	n->shield[i] = n->shield[--n->shield_count];
}

static bool has(const struct home_node *n, struct in_addr care_of)
{
	for (unsigned i = 0; i < n->shield_count; i++)
		if (ha_same_addr(n->shield[i], care_of))
			return true;
	return false;
}

/* Ends that a node has left, or never came to be bound to. */
static void drop_unbound(struct ha_core *ha, struct home_node *n,
			 struct in_addr care_of, struct effect_list *fx)
{
	for (unsigned i = n->shield_count; i > 0; i--)
		if (!binding_find(n, n->shield[i - 1]) &&
		    !ha_same_addr(n->shield[i - 1], care_of))
			drop(ha, n, i - 1, ha->config.address, fx);
}

void ha_protect_end(struct ha_core *ha, struct home_node *n, struct in_addr local,
		    struct in_addr care_of, uint8_t flags, struct effect_list *fx)
{
	drop_unbound(ha, n, care_of, fx);
	if (!is_own_end(flags) || n->policy == PROTECT_OFF || has(n, care_of) ||
	    !ha_same_addr(local, ha->config.address) || !may_be_own(ha, n, care_of) ||
	    guard_own(ha->guard, care_of, n->home) != 0)
		return;
	n->shield[n->shield_count++] = care_of;
	tell(n->policy, n->home, local, care_of, fx);
}

void ha_protect_claim(struct ha_core *ha, const struct registration *reg,
		      struct effect_list *fx)
{
	struct home_node *n = reg->node;

	ha_protect_end(ha, n, reg->reply.home_agent, reg->rq.care_of, reg->rq.flags,
		       fx);
	n->claim.kind = TIMER_CLAIM;
	/* Without memory for it the end waits for the node's next Request. */
	(void)timers_set(&ha->timers, &n->claim,
			 instant_add(reg->now.mono, duration_s(CLAIM_SECONDS)));
}

void ha_protect_unclaim(struct ha_core *ha, struct home_node *n, struct effect_list *fx)
{
	const struct in_addr nobody = { 0 };

	drop_unbound(ha, n, nobody, fx);
}

void ha_protect_gone(struct ha_core *ha, struct home_node *n, struct in_addr local,
		     struct in_addr care_of, struct effect_list *fx)
{
	for (unsigned i = n->shield_count; i > 0; i--)
		if (ha_same_addr(n->shield[i - 1], care_of))
			drop(ha, n, i - 1, local, fx);
}

void ha_protect_forget(struct ha_core *ha, struct home_node *n, struct effect_list *fx)
{
	timers_cancel(&ha->timers, &n->claim);
	while (n->shield_count > 0)
		drop(ha, n, n->shield_count - 1, ha->config.address, fx);
}

/* Another policy for ends that are protected already. */
static void change_policy(struct ha_core *ha, struct home_node *n,
			  enum protect_policy policy, struct effect_list *fx)
{
	const struct in_addr local = ha->config.address;

	if (n->policy == policy)
		return;
	n->policy = policy;
	if (policy == PROTECT_OFF)
		ha_protect_forget(ha, n, fx);
	for (unsigned i = 0; i < n->shield_count; i++)
		tell(policy, n->home, local, n->shield[i], fx);
	list_each(it, nx, &n->bindings) {
		const struct mobility_binding *b =
			container_of(it, struct mobility_binding, in_node);

		ha_protect_end(ha, n, b->tunnel.local, b->care_of, b->flags, fx);
	}
}

void ha_protect_configure(struct ha_core *ha, const struct ha_config *c,
			  struct effect_list *fx)
{
	for (unsigned i = 0; i < c->node_count; i++) {
		struct home_node *n = home_node_find(&ha->table, c->node[i].addr);

		if (n)
			change_policy(ha, n, c->node[i].protection.policy, fx);
	}
}

void ha_core_protection(struct ha_core *ha, struct in_addr remote, bool stands,
			struct now now, struct effect_list *fx)
{
	(void)now;
	(void)fx;
	/* Out of memory it is as if they did not stand: Requests are denied. */
	(void)guard_tell(ha->guard, remote, stands);
}
