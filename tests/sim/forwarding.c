/* SPDX-License-Identifier: ISC */
/*
 * The data plane of a node of the made-up world: packets through the real pipeline,
 * and what comes out of it where it belongs.
 */
#include "tests/sim/world.h"

#include <string.h>

static void hand_out(struct node *n, struct pipeline_out *out)
{
	struct pkt *p;

	while ((p = pkt_queue_pop(&out->wire)) != NULL) {
		network_ip_out(n, p->data, p->len, EFFECT_DEV_LO);
		pkt_give(&n->w->pool, p);
	}
	while ((p = pkt_queue_pop(&out->link)) != NULL) {
		network_frame_out(n, p->ifindex, p->mac, false, p->data, p->len);
		pkt_give(&n->w->pool, p);
	}
	while ((p = pkt_queue_pop(&out->kernel)) != NULL) {
		network_to_kernel(n, p->data, p->len);
		pkt_give(&n->w->pool, p);
	}
}

static void run(struct node *n, enum way way, struct pkt_vec *in,
		struct pipeline_out *out)
{
	switch (way) {
	case WAY_OUTBOUND:
		pipeline_outbound(n->pl, in, out);
		break;
	case WAY_INBOUND:
		pipeline_inbound(n->pl, in, out);
		break;
	case WAY_ICMP:
		pipeline_icmp(n->pl, in, out);
		break;
	case WAY_BROADCAST:
		pipeline_broadcast(n->pl, in, n->config.network.prefix, out);
		break;
	}
}

void forward_packet(struct node *n, enum way way, const uint8_t *bytes, size_t len)
{
	struct pipeline_out out = { 0 };
	struct pkt_vec in = { .now = world_now_of(n) };
	struct pkt *p = n->pl ? pkt_take(&n->w->pool) : NULL;

	if (!p) {
		network_drop(n, "no data plane");
		return;
	}
	memcpy(p->data, bytes, len);
	p->len = len;
	pkt_vec_add(&in, p);
	run(n, way, &in, &out);
	world_trace(n->w, "%s pipeline %d: wire=%zu kernel=%zu link=%zu", n->name, way,
		    out.wire.count, out.kernel.count, out.link.count);
	if (way == WAY_INBOUND && out.wire.count + out.kernel.count + out.link.count)
		invariant_taken(n, bytes, len);
	hand_out(n, &out);
}
