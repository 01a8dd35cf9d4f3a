/* SPDX-License-Identifier: ISC */
/*
 * One octet that says where the packet comes from, then any bytes as that packet,
 * as they are and with the header checksum made good: through a pipeline with a
 * visitor, a binding, our own address and a site, by all encapsulations.
 *
 * Whatever comes out is sound and is somebody's who may have it; every buffer
 * comes back; and what lies behind the packet in its buffer makes no difference.
 */
#include "common/tunnel/pipeline.h"

#include "common/base/bytes.h"

#include "tests/fuzz/fuzz.h"

#include <arpa/inet.h>
#include <string.h>

enum { POOL = 160, FROM_RAW = 0, FROM_TUN, FROM_LINK, FROM_ICMP, FROM_COUNT };
enum { SEALED = 0x80 };

struct world {
	struct pkt_pool *pool;
	struct fwd *fwd;
	struct pipeline *pl;
	struct pipeline_out out;
};

/* What one run came to; equal runs are equal bytes. */
struct outcome {
	uint64_t counters;
	uint64_t bytes;
	size_t packets;
};

static const char *const us = "203.0.113.1";
static const char *const peer = "198.51.100.1";

static struct in_addr addr(const char *text)
{
	struct in_addr a;

	PROMISE(inet_pton(AF_INET, text, &a) == 1);
	return a;
}

static bool owns(const void *arg, struct in_addr a)
{
	(void)arg;
	return a.s_addr == addr(us).s_addr;
}

/* Narrow, as the tunnels are, so that small inputs are cut. */
static uint16_t link_mtu(const void *arg, int ifindex)
{
	(void)arg;
	return ifindex == 3 ? 100 : 0;
}

static void add(struct world *w, enum fwd_edit_kind kind, const char *home,
		const char *remote, struct encap_spec encap)
{
	struct fwd_edit e = { .kind = kind,
			      .home = addr(home),
			      .reverse = true,
			      .broadcasts = true,
			      .nested = encap.kind == ENCAP_GRE,
			      .agent = addr(us),
			      .ifindex = 3,
			      .local_count = 1,
			      .remote_count = 1 };

	e.tunnel = (struct tunnel_spec){ .local = addr(us),
					 .remote = addr(remote),
					 .encap = encap };
	e.local_nets[0] = (struct ipv4_prefix){ addr("10.8.0.0"), 16 };
	e.remote_nets[0] = (struct ipv4_prefix){ addr("10.9.0.0"), 16 };
	PROMISE(fwd_apply(w->fwd, &e) == 0);
}

static void fill(struct world *w)
{
	const struct encap_spec ipip = { .kind = ENCAP_IPIP, .dscp = DSCP_PIPE };
	const struct encap_spec gre = { .kind = ENCAP_GRE, .mss_clamp = 1, .mtu = 150 };
	const struct encap_spec minimal = { .kind = ENCAP_MINIMAL,
					    .minimal_fallback = true,
					    .mtu = 150 };
	const struct encap_spec full = { .kind = ENCAP_GRE,
					 .gre_key = true,
					 .gre_key_in = 0xa01,
					 .gre_key_out = 0xa01,
					 .gre_sequence = true,
					 .gre_checksum = true,
					 .mss_clamp = 600 };

	add(w, FWD_VISITOR_SET, "198.51.100.50", peer, gre);
	add(w, FWD_VISITOR_SET, "198.51.100.51", peer, ipip);
	add(w, FWD_VISITOR_SET, "198.51.100.52", peer, minimal);
	add(w, FWD_VISITOR_SET, "198.51.100.53", peer, full);
	add(w, FWD_BINDING_SET, "192.0.2.80", "198.51.100.2", gre);
	add(w, FWD_BINDING_SET, "192.0.2.80", "198.51.100.2", full);
	add(w, FWD_BINDING_SET, "192.0.2.81", "198.51.100.2", minimal);
	add(w, FWD_OWN_SET, "192.0.2.90", "198.51.100.3", full);
	add(w, FWD_SITE_SET, "0.0.0.0", "198.51.100.4", ipip);
}

/* One pool for all runs: it is empty between them. */
static struct pkt_pool *the_pool(void)
{
	static struct pkt_pool pool;

	if (!pool.packets)
		PROMISE(pkt_pool_init(&pool, POOL) == 0);
	return &pool;
}

static void open_world(struct world *w)
{
	struct pipeline_config config = { .owns = owns, .link_mtu = link_mtu };

	memset(w, 0, sizeof(*w));
	config.pool = w->pool = the_pool();
	w->fwd = fwd_new(16, 16);
	w->pl = pipeline_new(w->fwd, &config);
	PROMISE(w->fwd && w->pl);
	fill(w);
}

static void close_world(struct world *w)
{
	pipeline_out_give(w->pl, &w->out);
	PROMISE(w->pool->used == 0);
	pipeline_free(w->pl);
	fwd_free(w->fwd);
}

static struct pkt *packet(struct world *w, struct reader in, bool sealed,
			  uint8_t behind)
{
	struct pkt *p = pkt_take(w->pool);
	size_t header;

	PROMISE(p);
	p->len = reader_left(&in) < pkt_room(p) ? reader_left(&in) : pkt_room(p);
	if (p->len)
		memcpy(p->data, in.at, p->len);
	memset(p->data + p->len, behind, 128);
	header = p->len ? (p->data[0] & 15u) * 4 : 0;
	if (sealed && header >= IPV4_HEADER && header <= p->len)
		ipv4_seal(pkt_ipv4(p));
	return p;
}

static void digest(struct outcome *o, const struct pkt_queue *q)
{
	for (const struct pkt *p = q->first; p; p = p->next) {
		o->packets++;
		for (size_t i = 0; i < p->len; i++)
			o->bytes = o->bytes * 31 + p->data[i];
	}
}

static uint64_t counters(struct counter_set set)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < set.count; i++)
		sum = sum * 31 + set.values[i];
	return sum;
}

static void check_sound(const struct pkt_queue *q)
{
	size_t total;

	for (const struct pkt *p = q->first; p; p = p->next)
		PROMISE(ipv4_check(p->data, p->len, &total) == IPV4_OK &&
			total == p->len && !p->drop);
}

/* Our own source, or a fragment of or an error with it. */
static void check_wire(const struct pkt_queue *q)
{
	check_sound(q);
	for (const struct pkt *p = q->first; p; p = p->next)
		PROMISE(pkt_ipv4_of(p)->src.s_addr == addr(us).s_addr);
}

static bool is_visitor(struct in_addr a)
{
	uint32_t n = ntohl(a.s_addr) - ntohl(addr("198.51.100.50").s_addr);

	return n < 4;
}

static void check_link(const struct pkt_queue *q)
{
	check_sound(q);
	for (const struct pkt *p = q->first; p; p = p->next)
		PROMISE(is_visitor(pkt_ipv4_of(p)->dst) && p->ifindex == 3);
}

static bool is_in(struct in_addr a, const char *net)
{
	return ipv4_prefix_has((struct ipv4_prefix){ addr(net), 16 }, a);
}

/* A bound node's, ours, or from site to site. */
static void check_kernel(const struct pkt_queue *q)
{
	check_sound(q);
	for (const struct pkt *p = q->first; p; p = p->next) {
		struct in_addr src = pkt_ipv4_of(p)->src, dst = pkt_ipv4_of(p)->dst;

		PROMISE(src.s_addr == addr("192.0.2.80").s_addr ||
			src.s_addr == addr("192.0.2.81").s_addr ||
			dst.s_addr == addr("192.0.2.90").s_addr ||
			dst.s_addr == INADDR_BROADCAST || ipv4_is_multicast(dst) ||
			is_in(dst, "10.8.0.0"));
	}
}

static void feed(struct world *w, uint8_t from, struct pkt *p)
{
	const struct ipv4_prefix everywhere = { .len = 0 };
	struct pkt_vec v = { .now = { .mono = { INT64_C(5000000000) } } };

	pkt_vec_add(&v, p);
	switch (from % FROM_COUNT) {
	case FROM_RAW:
		pipeline_inbound(w->pl, &v, &w->out);
		break;
	case FROM_TUN:
		pipeline_outbound(w->pl, &v, &w->out);
		break;
	case FROM_LINK:
		pipeline_broadcast(w->pl, &v, everywhere, &w->out);
		break;
	default:
		pipeline_icmp(w->pl, &v, &w->out);
		break;
	}
	PROMISE(v.count == 0);
}

static struct outcome run(uint8_t from, struct reader in, uint8_t behind)
{
	struct outcome o = { 0 };
	struct world w;

	open_world(&w);
	feed(&w, from & (uint8_t)~SEALED, packet(&w, in, from & SEALED, behind));
	check_wire(&w.out.wire);
	check_link(&w.out.link);
	check_kernel(&w.out.kernel);
	o.counters = counters(pipeline_drops(w.pl)) + counters(pipeline_packets(w.pl));
	digest(&o, &w.out.wire);
	digest(&o, &w.out.link);
	digest(&o, &w.out.kernel);
	close_world(&w);
	return o;
}

void fuzz_pull(const uint8_t *data, size_t size)
{
	struct reader in = reader_over(data, size);
	uint8_t from = read_u8(&in);
	struct outcome a, b;

	if (in.bad)
		return;
	a = run(from, in, 0x00);
	b = run(from, in, 0xff);
	PROMISE(a.counters == b.counters && a.bytes == b.bytes &&
		a.packets == b.packets);
}
