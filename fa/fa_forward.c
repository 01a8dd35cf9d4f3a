/* SPDX-License-Identifier: ISC */
/*
 * Paths of visitors and what a change of path asks of the data plane.
 */
#include "fa/fa_forward.h"

#include "fa/reverse.h"

struct visitor_path fa_path_of(const struct fa_config *config,
			       const struct registration *rq, struct in_addr home_agent,
			       bool required)
{
	const bool tunnelled = !(rq->flags & MIP_FLAG_D);
	const bool reverse = tunnelled && (rq->flags & MIP_FLAG_T);

	return (struct visitor_path){
		.tunnelled = tunnelled,
		.reverse = reverse,
		.answers = reverse && required,
		.ifindex = rq->ifindex,
		.mac = rq->mac,
		.tunnel = config_tunnel_for(&config->common, rq->care_of, home_agent,
					    config_encap_kind(rq->flags)),
	};
}

/* Equal on the wire and in all that is our own choice. */
static bool encap_same(const struct encap_spec *a, const struct encap_spec *b)
{
	return encap_spec_equal(a, b) && a->minimal_fallback == b->minimal_fallback &&
	       a->dscp == b->dscp && a->dscp_value == b->dscp_value &&
	       a->ttl == b->ttl && a->no_outer_df == b->no_outer_df &&
	       a->mss_clamp == b->mss_clamp;
}

/* Whether the forwarding table would hold the same entry for both. */
static bool entry_same(const struct visitor_path *a, const struct visitor_path *b)
{
	return a->reverse == b->reverse && a->ifindex == b->ifindex &&
	       mac_equal(a->mac, b->mac) && tunnel_spec_equal(&a->tunnel, &b->tunnel) &&
	       encap_same(&a->tunnel.encap, &b->tunnel.encap);
}

static void edit(enum fwd_edit_kind kind, struct in_addr home,
		 const struct visitor_path *path, uint32_t txn, struct effect_list *fx)
{
	const struct fwd_edit e = {
		.kind = kind,
		.home = home,
		.tunnel = path->tunnel,
		.reverse = path->reverse,
		.ifindex = path->ifindex,
		.mac = path->mac,
	};

	effect_forward(fx, txn, &e);
}

void fa_forward_change(struct in_addr home, const struct visitor_path *from,
		       const struct visitor_path *to, uint32_t txn,
		       struct effect_list *fx)
{
	const bool had = from && from->tunnelled;
	const bool has = to && to->tunnelled;
	const bool had_rule = from && from->reverse;
	const bool has_rule = to && to->reverse;
	const bool same_rule = had_rule && has_rule && from->ifindex == to->ifindex;
	const bool had_answers = from && from->answers;
	const bool has_answers = to && to->answers;

	if (has && !(had && entry_same(from, to)))
		edit(FWD_VISITOR_SET, home, to, txn, fx);
	if (has_rule && !same_rule)
		reverse_rule(true, home, to->ifindex, txn, fx);
	if (had_rule && !same_rule)
		reverse_rule(false, home, from->ifindex, txn, fx);
	if (had_answers != has_answers)
		reverse_answers(has_answers, home, txn, fx);
	if (had && !has)
		edit(FWD_VISITOR_CLEAR, home, from, txn, fx);
}
