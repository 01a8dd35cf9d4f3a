/* SPDX-License-Identifier: ISC */
/*
 * Links that carry frames to everybody on a segment, a cloud that routes, and
 * what a host does with a packet: ARP, forwarding, its own TUN device.
 *
 * A frame is delivered to whoever is on the segment when it arrives, so a node
 * that has moved meanwhile misses it.
 */
#include "common/base/list.h"
#include "common/wire/icmp.h"
#include "common/wire/udp.h"
#include "tests/sim/invariants.h"
#include "tests/sim/world.h"

#include <stdlib.h>
#include <string.h>

enum { TEST_PORT = 7777, ARP_LIFE_S = 30, IP_BY_HOST = DROP_COUNT };

/* Bytes under way. */
struct event {
	struct timer t;
	struct world *w;
	int from, segment;
	struct mac src, dst;
	bool arp;
	size_t len;
	uint8_t bytes[];
};

static void ip_in(struct node *n, struct iface *on, const struct mac *from,
		  const uint8_t *bytes, size_t len);

static bool same(struct in_addr a, struct in_addr b)
{
	return a.s_addr == b.s_addr;
}

static struct iface *iface_by_index(struct node *n, int ifindex)
{
	for (unsigned i = 0; i < n->ifaces; i++)
		if (n->iface[i].ifindex == ifindex)
			return &n->iface[i];
	return NULL;
}

void network_drop(struct node *n, const char *why)
{
	n->w->dropped[IP_BY_HOST]++;
	world_trace(n->w, "%s drops a packet: %s", n->name, why);
}

/* Agents and the router route; the others are hosts. */
static bool forwards(const struct node *n)
{
	return n->id == HA || n->id == ROUTER || (n->id >= FA0 && n->id < ROUTER);
}

/* Sending, with whatever the line does to it. */

static bool chance(struct world *w, unsigned permille)
{
	return permille > 0 && rng_below(&w->rng, 1000) < permille;
}

static duration_t delay(struct world *w, const struct impairment *line)
{
	int64_t span = line->delay_max.ns - line->delay_min.ns;

	if (span <= 0)
		return line->delay_min;
	return (duration_t){ line->delay_min.ns +
			     (int64_t)(rng_u64(&w->rng) % (uint64_t)span) };
}

static void schedule(struct world *w, const struct event *like, const uint8_t *bytes,
		     const struct impairment *line)
{
	struct event *e = malloc(sizeof(*e) + like->len);

	if (!e)
		abort();
	*e = *like;
	memcpy(e->bytes, bytes, like->len);
	w->in_flight++;
	world_schedule(w, instant_add(w->now, delay(w, line)), &e->t);
}

static void transmit(struct world *w, const struct event *like, const uint8_t *bytes,
		     const struct impairment *line)
{
	if (chance(w, line->loss)) {
		world_trace(w, "lost on %d", like->segment);
		return;
	}
	schedule(w, like, bytes, line);
	if (chance(w, line->duplicate))
		schedule(w, like, bytes, line);
}

void network_frame_out(struct node *n, int ifindex, struct mac to, bool arp,
		       const uint8_t *bytes, size_t len)
{
	struct iface *f = iface_by_index(n, ifindex);
	struct event like = {
		.w = n->w, .from = n->id, .dst = to, .arp = arp, .len = len
	};

	if (!f || !f->up || f->segment == SEG_CLOUD)
		return;
	like.segment = f->segment;
	like.src = f->mac;
	transmit(n->w, &like, bytes, &n->w->links);
}

/* One bit of what is sealed, wherever it is. */
static void alter(struct world *w, uint8_t *bytes, size_t len)
{
	const size_t head = IPV4_HEADER + UDP_HEADER;

	if (len <= head || !esp_is_sealed(bytes, len) || !chance(w, w->cloud.alter))
		return;
	bytes[head + rng_below(&w->rng, (uint32_t)(len - head))] ^=
		(uint8_t)(1u << rng_below(&w->rng, 8));
}

static void cloud_out(struct node *n, const uint8_t *bytes, size_t len)
{
	struct event like = { .w = n->w, .from = n->id, .segment = SEG_CLOUD };
	uint8_t copy[FRAME_MAX];

	invariant_leaves(n, bytes, len);
	memcpy(copy, bytes, len);
	alter(n->w, copy, len);
	if (n->w->tap && !n->w->tap(n->w, n->w->tap_arg, copy, &len))
		return;
	like.len = len;
	transmit(n->w, &like, copy, &n->w->cloud);
}

/* ARP: a cache of what was asked for, packets that wait for an answer. */

static bool owns_on(const struct node *n, const struct iface *f, struct in_addr a)
{
	for (unsigned i = 0; i < n->kernel.addresses; i++)
		if (same(n->kernel.address[i].addr.addr, a) &&
		    n->kernel.address[i].ifindex == f->ifindex)
			return true;
	return f->addr.len != 0 && same(f->addr.addr, a);
}

static struct arp_entry *arp_find(struct node *n, struct in_addr a)
{
	for (unsigned i = 0; i < ARP_ENTRIES; i++)
		if (n->arp[i].addr.s_addr && same(n->arp[i].addr, a))
			return &n->arp[i];
	return NULL;
}

static void arp_learn(struct node *n, const struct arp_message *arp, bool for_us)
{
	struct arp_entry *e = arp_find(n, arp->sender);

	if (!e && !for_us)
		return;
	if (!e)
		e = &n->arp[n->arp_next++ % ARP_ENTRIES];
	*e = (struct arp_entry){ arp->sender, arp->sender_mac, n->w->now };
}

/* The address of ours that is in the subnet of what we ask for (arp_announce 2). */
static struct in_addr arp_source(const struct node *n, const struct iface *f,
				 struct in_addr target)
{
	for (unsigned i = 0; i < n->kernel.addresses; i++) {
		struct ipv4_prefix p = n->kernel.address[i].addr;

		if (p.len < 32 && ipv4_prefix_has(p, target))
			return p.addr;
	}
	if (f->addr.len != 0)
		return f->addr.addr;
	return n->kernel.addresses ? n->kernel.address[0].addr.addr
				   : (struct in_addr){ 0 };
}

static void arp_ask(struct node *n, const struct iface *f, struct in_addr target)
{
	const struct arp_message ask = { .op = ARP_REQUEST,
					 .sender_mac = f->mac,
					 .sender = arp_source(n, f, target),
					 .target = target };
	uint8_t bytes[ARP_LEN];

	invariant_arp(n, MAC_BROADCAST);
	arp_encode(&ask, bytes);
	network_frame_out(n, f->ifindex, MAC_BROADCAST, true, bytes, sizeof(bytes));
}

/* Multicast, or broadcast on a link of this node. */
static bool is_for_all(const struct node *n, struct in_addr dst)
{
	for (unsigned i = 0; i < n->ifaces; i++)
		if (n->iface[i].addr.len != 0 &&
		    same(ipv4_prefix_broadcast(n->iface[i].addr), dst))
			return true;
	if (n->id >= MN0 && same(ipv4_prefix_broadcast(n->config.mn.home), dst))
		return true;
	return ipv4_is_multicast(dst) || dst.s_addr == htonl(INADDR_BROADCAST);
}

static void link_out(struct node *n, int ifindex, struct in_addr next_hop,
		     const uint8_t *bytes, size_t len)
{
	const struct effect_neighbour *pinned =
		kernel_neighbour(&n->kernel, next_hop, ifindex);
	const struct arp_entry *known = arp_find(n, next_hop);
	const struct iface *f = iface_by_index(n, ifindex);
	struct waiting *slot;

	if (is_for_all(n, next_hop)) {
		network_frame_out(n, ifindex, MAC_BROADCAST, false, bytes, len);
		return;
	}
	if (pinned) {
		network_frame_out(n, ifindex, pinned->mac, false, bytes, len);
		return;
	}
	if (known &&
	    instant_diff(n->w->now, known->heard).ns < duration_s(ARP_LIFE_S).ns) {
		network_frame_out(n, ifindex, known->mac, false, bytes, len);
		return;
	}
	if (!f || !f->up)
		return;
	slot = &n->waiting[n->waiting_next++ % WAITING];
	slot->next_hop = next_hop;
	slot->ifindex = ifindex;
	slot->len = len;
	memcpy(slot->bytes, bytes, len);
	arp_ask(n, f, next_hop);
}

static void send_waiting(struct node *n)
{
	for (unsigned i = 0; i < WAITING; i++) {
		struct waiting *p = &n->waiting[i];
		struct arp_entry *e = p->len ? arp_find(n, p->next_hop) : NULL;
		size_t len = p->len;

		if (!e)
			continue;
		p->len = 0;
		network_frame_out(n, p->ifindex, e->mac, false, p->bytes, len);
	}
}

static void kernel_answers(struct node *n, const struct iface *f,
			   const struct arp_message *arp)
{
	struct arp_message answer = arp_answer(arp, f->mac);
	uint8_t bytes[ARP_LEN];

	if (arp->op != ARP_REQUEST || !owns_on(n, f, arp->target) ||
	    n->kernel.silent[f->ifindex] || same(arp->sender, arp->target))
		return;
	arp_encode(&answer, bytes);
	network_frame_out(n, f->ifindex, arp->sender_mac, true, bytes, sizeof(bytes));
}

static void arp_in(struct node *n, struct iface *f, const struct event *e)
{
	struct arp_frame frame = { .from = e->src,
				   .unicast = mac_equal(e->dst, f->mac),
				   .ifindex = f->ifindex };

	if (!arp_decode(e->bytes, e->len, &frame.arp))
		return;
	arp_learn(n, &frame.arp, owns_on(n, f, frame.arp.target));
	kernel_answers(n, f, &frame.arp);
	agent_arp(n, &frame);
	send_waiting(n);
}

/* IP. */

static const struct iface *connected(const struct node *n, struct in_addr dst)
{
	for (unsigned i = 0; i < n->ifaces; i++)
		if (n->iface[i].addr.len != 0 && n->iface[i].segment != SEG_CLOUD &&
		    ipv4_prefix_has(n->iface[i].addr, dst))
			return &n->iface[i];
	return NULL;
}

static bool has_cloud(const struct node *n)
{
	return n->iface[n->ifaces - 1].segment == SEG_CLOUD;
}

/* What an address with a prefix brings with it: its subnet is on link. */
static const struct effect_address *subnet(const struct node *n, struct in_addr dst)
{
	for (unsigned i = 0; i < n->kernel.addresses; i++)
		if (n->kernel.address[i].addr.len < 32 &&
		    ipv4_prefix_has(n->kernel.address[i].addr, dst))
			return &n->kernel.address[i];
	return NULL;
}

static void route_by_kernel(struct node *n, const struct effect_route *r,
			    struct in_addr dst, const uint8_t *bytes, size_t len)
{
	if (r->unreachable)
		network_drop(n, "unreachable");
	else if (r->ifindex == EFFECT_DEV_TUN)
		forward_packet(n, WAY_OUTBOUND, bytes, len);
	else
		link_out(n, r->ifindex, r->via.s_addr ? r->via : dst, bytes, len);
}

void network_ip_out(struct node *n, const uint8_t *bytes, size_t len, int iif)
{
	const struct ipv4 *ip = (const struct ipv4 *)bytes;
	const struct effect_route *r = kernel_route(&n->kernel, ip->src, ip->dst, iif);
	const struct effect_address *s = subnet(n, ip->dst);
	const struct iface *f = connected(n, ip->dst);

	if (s && (!r || r->dst.len < s->addr.len))
		link_out(n, s->ifindex, ip->dst, bytes, len);
	else if (r && (r->table != 0 || !f || r->dst.len >= f->addr.len))
		route_by_kernel(n, r, ip->dst, bytes, len);
	else if (f)
		link_out(n, f->ifindex, ip->dst, bytes, len);
	else if (has_cloud(n))
		cloud_out(n, bytes, len);
	else if (n->id == HOST)
		link_out(n, IF_LINK, n->w->node[HA].iface[0].addr.addr, bytes, len);
	else
		network_drop(n, "no route");
}

static void forward(struct node *n, const struct iface *on, const uint8_t *bytes,
		    size_t len)
{
	uint8_t copy[FRAME_MAX];
	struct ipv4 *ip = (struct ipv4 *)copy;

	memcpy(copy, bytes, len);
	if (ip->ttl <= 1) {
		network_drop(n, "time to live");
		return;
	}
	ipv4_set_ttl(ip, (uint8_t)(ip->ttl - 1));
	network_ip_out(n, copy, len, on ? on->ifindex : EFFECT_DEV_TUN);
}

static bool is_own(const struct node *n, struct in_addr dst)
{
	for (unsigned i = 0; i < n->ifaces; i++)
		if (n->iface[i].addr.len != 0 && same(n->iface[i].addr.addr, dst))
			return true;
	return kernel_has_address(&n->kernel, dst);
}

/* What the packet socket of a served link takes; true if it did. */
static bool registration_in(struct node *n, const struct iface *on,
			    const struct mac *from, const struct udp_packet *udp)
{
	struct datagram dg = { .payload = reader_over(udp->payload, udp->len),
			       .src = udp->src,
			       .dst = udp->dst,
			       .src_port = udp->src_port,
			       .dst_port = udp->dst_port,
			       .ttl = udp->ttl,
			       .ifindex = on ? on->ifindex : EFFECT_DEV_TUN };

	if (udp->dst_port != MIP_PORT || !n->core)
		return false;
	if (!from && !is_own(n, udp->dst) && !is_for_all(n, udp->dst))
		return false;
	dg.has_mac = from != NULL;
	if (from)
		dg.mac = *from;
	agent_datagram(n, &dg);
	return true;
}

static void discovery_in(struct node *n, const struct iface *on, const struct mac *from,
			 const struct icmp_message *m, uint8_t ttl,
			 const uint8_t *bytes, size_t len)
{
	const struct ipv4 *ip = (const struct ipv4 *)bytes;
	size_t header = ipv4_header_len(ip);
	struct icmp_datagram dg = { .message =
					    reader_over(bytes + header, len - header),
				    .src = m->src,
				    .dst = m->dst,
				    .ttl = ttl,
				    .ifindex = on->ifindex,
				    .has_mac = true,
				    .mac = *from };

	agent_icmp(n, &dg);
}

static void application(struct node *n, const struct udp_packet *udp)
{
	struct reader r = reader_over(udp->payload, udp->len);
	uint32_t number = read_u32(&r);

	if (udp->dst_port == TEST_PORT && !r.bad && !forwards(n))
		invariant_received(n, number);
}

static void local_in(struct node *n, const uint8_t *bytes, size_t len)
{
	const struct ipv4 *ip = (const struct ipv4 *)bytes;
	struct udp_packet udp;

	switch (ip->protocol) {
	case PROTO_IPIP:
	case PROTO_GRE:
	case PROTO_MINIMAL:
	case PROTO_ESP:
		forward_packet(n, WAY_INBOUND, bytes, len);
		break;
	case PROTO_ICMP:
		if (n->pl)
			forward_packet(n, WAY_ICMP, bytes, len);
		break;
	default:
		if (esp_is_sealed(bytes, len))
			forward_packet(n, WAY_INBOUND, bytes, len);
		else if (udp_open(bytes, len, false, &udp) == UDP_OK)
			application(n, &udp);
		break;
	}
}

static void for_all_in(struct node *n, const struct iface *on, const uint8_t *bytes,
		       size_t len)
{
	const struct ipv4 *ip = (const struct ipv4 *)bytes;

	if (n->id == HA && on && on->segment == SEG_HOME && n->pl &&
	    !ipv4_is_multicast(ip->dst))
		forward_packet(n, WAY_BROADCAST, bytes, len);
	local_in(n, bytes, len);
}

static void ip_in(struct node *n, struct iface *on, const struct mac *from,
		  const uint8_t *bytes, size_t len)
{
	const struct ipv4 *ip = (const struct ipv4 *)bytes;
	struct udp_packet udp;
	struct icmp_message icmp;

	if (udp_open(bytes, len, false, &udp) == UDP_OK &&
	    registration_in(n, on, from, &udp))
		return;
	if (from && icmp_open(bytes, len, &icmp) &&
	    (icmp.type == ICMP_ROUTER_ADVERT || icmp.type == ICMP_ROUTER_SOLICIT))
		discovery_in(n, on, from, &icmp, ip->ttl, bytes, len);
	else if (is_own(n, ip->dst))
		local_in(n, bytes, len);
	else if (is_for_all(n, ip->dst))
		for_all_in(n, on, bytes, len);
	else if (forwards(n))
		forward(n, on, bytes, len);
	else
		network_drop(n, "not for it");
}

/* Arrival. */

static bool hears(const struct iface *f, const struct event *e)
{
	return f->up && f->segment == e->segment && !mac_equal(f->mac, e->src) &&
	       (!mac_is_unicast(e->dst) || mac_equal(f->mac, e->dst));
}

static bool is_there(const struct node *n)
{
	return !agent_has_core(n) || n->core;
}

static void frame_in(struct node *n, struct iface *f, const struct event *e)
{
	if (e->arp)
		arp_in(n, f, e);
	else
		ip_in(n, f, &e->src, e->bytes, e->len);
}

static void segment_in(struct world *w, const struct event *e)
{
	for (int i = 0; i < NODES; i++)
		for (unsigned k = 0; k < w->node[i].ifaces; k++)
			if (is_there(&w->node[i]) && hears(&w->node[i].iface[k], e))
				frame_in(&w->node[i], &w->node[i].iface[k], e);
}

/* Who the cloud routes an address to. */
struct node *network_reached_by(struct world *w, struct in_addr dst)
{
	for (int i = 0; i < MN0; i++) {
		struct node *n = &w->node[i];

		for (unsigned k = 0; k < n->ifaces && has_cloud(n); k++)
			if (ipv4_prefix_has(n->iface[k].addr, dst))
				return n;
	}
	return NULL;
}

void network_to_kernel(struct node *n, const uint8_t *bytes, size_t len)
{
	ip_in(n, NULL, NULL, bytes, len);
}

void network_inject(struct node *n, const uint8_t *bytes, size_t len)
{
	ip_in(n, &n->iface[n->ifaces - 1], NULL, bytes, len);
}

void network_replay(struct node *n, const struct captured *c)
{
	const struct udp_packet udp = { .src = c->src,
					.dst = c->dst,
					.src_port = MIP_PORT,
					.dst_port = MIP_PORT,
					.ttl = 60,
					.payload = c->bytes,
					.len = c->len };
	uint8_t bytes[FRAME_MAX];

	network_inject(n, bytes, udp_build(bytes, sizeof(bytes), &udp, 1));
}

static void cloud_in(struct world *w, const struct event *e)
{
	const struct ipv4 *ip = (const struct ipv4 *)e->bytes;
	struct node *n = network_reached_by(w, ip->dst);

	if (n && is_there(n))
		network_inject(n, e->bytes, e->len);
	else
		w->dropped[IP_BY_HOST]++;
}

void network_arrive(struct world *w, struct timer *t)
{
	struct event *e = container_of(t, struct event, t);

	world_trace(w, "%zu octets from %s arrive on %d", e->len, w->node[e->from].name,
		    e->segment);
	w->in_flight--;
	if (e->segment == SEG_CLOUD)
		cloud_in(w, e);
	else
		segment_in(w, e);
	free(e);
}

void network_forget(struct timer *t)
{
	free(container_of(t, struct event, t));
}
