/* SPDX-License-Identifier: ISC */
/*
 * Bindings as forwarding edits (RFC 5944 4.2.3, 4.3; RFC 3024 4.3).
 *
 * The outer source is the address that the Reply gives in its Home Agent field
 * (RFC 5944 4.2.3); it is also the source of the inner wrapping of broadcasts
 * for a node whose foreign agent decapsulates (RFC 5944 4.3).
 */
#include "ha/ha_forward.h"

#include "common/wire/mip_msg.h"

static struct fwd_edit binding_edit(const struct mobility_binding *b,
				    enum fwd_edit_kind kind)
{
	return (struct fwd_edit){
		.kind = kind,
		.home = b->home,
		.tunnel = b->tunnel,
		.reverse = (b->flags & MIP_FLAG_T) != 0,
		.broadcasts = b->broadcasts,
		.nested = (b->flags & MIP_FLAG_D) == 0,
		.agent = b->tunnel.local,
	};
}

void ha_forward_set(const struct mobility_binding *b, uint32_t txn,
		    struct effect_list *fx)
{
	struct fwd_edit edit = binding_edit(b, FWD_BINDING_SET);

	effect_forward(fx, txn, &edit);
}

void ha_forward_clear(const struct mobility_binding *b, uint32_t txn,
		      struct effect_list *fx)
{
	struct fwd_edit edit = binding_edit(b, FWD_BINDING_CLEAR);

	effect_forward(fx, txn, &edit);
}

bool ha_forward_same(const struct mobility_binding *a, const struct mobility_binding *b)
{
	uint8_t shaping = MIP_FLAG_T | MIP_FLAG_D;

	return tunnel_spec_equal(&a->tunnel, &b->tunnel) &&
	       (a->flags & shaping) == (b->flags & shaping) &&
	       a->broadcasts == b->broadcasts;
}

static void add_route(struct ipv4_prefix dst, bool add, uint32_t txn,
		      struct in_addr home, struct effect_list *fx)
{
	effect_add(fx, EFFECT_ROUTE, txn, home)->route = (struct effect_route){
		.add = add, .dst = dst, .ifindex = EFFECT_DEV_TUN
	};
}

void ha_forward_host_route(struct in_addr home, bool add, uint32_t txn,
			   struct effect_list *fx)
{
	add_route((struct ipv4_prefix){ home, 32 }, add, txn, home, fx);
}

void ha_forward_network_route(struct ipv4_prefix prefix, bool add,
			      struct effect_list *fx)
{
	add_route(prefix, add, 0, (struct in_addr){ 0 }, fx);
}
