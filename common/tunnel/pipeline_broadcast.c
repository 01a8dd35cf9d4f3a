/* SPDX-License-Identifier: ISC */
/*
 * Broadcasts of a home network, for the nodes that are away and asked for them
 * (RFC 5944 4.3): one copy a binding. A node that does not decapsulate by itself
 * gets it wrapped for its home address first, so that the foreign agent delivers
 * it as a unicast.
 */
#include "common/tunnel/pipeline.h"
#include "common/tunnel/pipeline_private.h"

/* The inner wrapping for a node that does not decapsulate by itself (RFC 5944 4.3). */
static void wrap_for_node(struct pkt *p, struct in_addr agent, struct in_addr home,
			  uint16_t id)
{
	struct encap_spec plain = { .kind = ENCAP_IPIP, .no_outer_df = true };
	struct outer outer;

	outer_init(&outer, agent, home, &plain);
	outer.header.protocol = PROTO_IPIP;
	outer.next_id = id;
	outer_push(&outer, p, 0);
}

static void stage_broadcast(struct pipeline *pl, const struct pkt *p,
			    struct in_addr home, const struct fwd_use *use)
{
	struct pkt *copy = pipeline_copy(pl, p);

	if (!copy)
		return;
	if (use->nested) {
		wrap_for_node(copy, use->agent, home, pl->nested_id++);
		if (pl->nested_id == 0)
			pl->nested_id = 1;
	}
	if (copy->drop)
		pipeline_drop(pl, copy, copy->drop);
	else
		pipeline_stage(pl, copy, use->tunnel);
}

static void broadcast_to(struct pipeline *pl, const struct pkt *p,
			 const struct fwd_home *h)
{
	if (pkt_ipv4_of(p)->src.s_addr == h->link.addr.s_addr)
		return;
	for (unsigned i = 0; i < h->count; i++)
		if (h->use[i].broadcasts)
			stage_broadcast(pl, p, h->link.addr, &h->use[i]);
}

/*
 * TTL stays as it was: the home agent hears a broadcast in the node's place, as
 * a host on its link, and does not forward it.
 */
static enum drop_reason judge_broadcast(struct pipeline *pl, struct pkt *p)
{
	enum drop_reason why = pkt_check(p);

	if (why)
		return why;
	if (pkt_ipv4(p)->ttl == 0)
		return DROP_TTL_ZERO;
	return pipeline_owns(pl, pkt_ipv4(p)->src) ? DROP_LOOP_SOURCE : DROP_NONE;
}

static void broadcast(struct pipeline *pl, const struct pkt *p,
		      struct ipv4_prefix network)
{
	list_each(it, next, &pl->fwd->broadcasts) {
		const struct fwd_home *h =
			container_of(it, struct fwd_home, broadcasts);

		if (ipv4_prefix_has(network, h->link.addr))
			broadcast_to(pl, p, h);
	}
	pl->packets[PACKET_BROADCAST]++;
	pipeline_push_staged(pl);
}

void pipeline_broadcast(struct pipeline *pl, struct pkt_vec *in,
			struct ipv4_prefix home_network, struct pipeline_out *out)
{
	pipeline_hold(pl, in->now, out);
	pl->silent = true;
	for (unsigned i = 0; i < in->count; i++) {
		enum drop_reason why = judge_broadcast(pl, in->pkt[i]);

		if (why) {
			pipeline_drop(pl, in->pkt[i], why);
			continue;
		}
		broadcast(pl, in->pkt[i], home_network);
		pkt_give(pl->config.pool, in->pkt[i]);
	}
	in->count = 0;
	pl->silent = false;
	pipeline_release(pl);
}
