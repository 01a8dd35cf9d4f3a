/* SPDX-License-Identifier: ISC */
/*
 * Judging Requests with T, and the kernel's part of the reverse tunnel.
 */
#include "fa/reverse.h"

#include "common/wire/mip_code.h"
#include "fa/fa_core.h"

/* RFC 3024 3.2: no router stands between the node and us. */
enum { TTL_FROM_THE_LINK = 255 };

/*
 * With a co-located address (D) the reverse tunnel is the node's own, and a
 * deregistration asks for no tunnel: neither depends on what we offer.
 */
static bool asks_for_tunnel(const struct registration *rq)
{
	return !(rq->flags & MIP_FLAG_D) && rq->lifetime != 0;
}

uint8_t reverse_judge(const struct fa_config *config, const struct registration *rq,
		      uint8_t ttl, bool delivery)
{
	const bool reverse = rq->flags & MIP_FLAG_T;

	if (reverse && delivery)
		return MIP_FA_DELIVERY;
	if (reverse && ttl != TTL_FROM_THE_LINK)
		return MIP_FA_TOO_DISTANT;
	if (!asks_for_tunnel(rq))
		return 0;
	if (reverse && !config->reverse_tunnel)
		return MIP_FA_NO_REVERSE;
	if (!reverse && config->reverse_tunnel_required)
		return MIP_FA_REVERSE_MANDATORY;
	return 0;
}

void reverse_route(bool add, struct effect_list *fx)
{
	const struct in_addr nobody = { 0 };

	effect_add(fx, EFFECT_ROUTE, 0, nobody)->route = (struct effect_route){
		.add = add,
		.ifindex = EFFECT_DEV_TUN,
		.table = FA_REVERSE_TABLE,
	};
}

void reverse_stop(bool add, struct effect_list *fx)
{
	const struct in_addr nobody = { 0 };

	effect_add(fx, EFFECT_ROUTE, 0, nobody)->route = (struct effect_route){
		.add = add,
		.table = FA_REVERSE_TABLE,
		.metric = EFFECT_METRIC_STOP,
		.unreachable = true,
		.silent = true,
	};
}

void reverse_rule(bool add, struct in_addr home, int ifindex, uint32_t txn,
		  struct effect_list *fx)
{
	effect_add(fx, EFFECT_RULE, txn, home)->rule = (struct effect_rule){
		.add = add,
		.src = { .addr = home, .len = 32 },
		.iif = ifindex,
		.table = FA_REVERSE_TABLE,
		.priority = FA_REVERSE_PRIORITY,
	};
}

void reverse_answers(bool add, struct in_addr home, uint32_t txn,
		     struct effect_list *fx)
{
	effect_add(fx, EFFECT_RULE, txn, home)->rule = (struct effect_rule){
		.add = add,
		.dst = { .addr = home, .len = 32 },
		.iif = EFFECT_DEV_LO,
		.table = FA_REVERSE_TABLE,
		.priority = FA_REVERSE_PRIORITY,
	};
}
