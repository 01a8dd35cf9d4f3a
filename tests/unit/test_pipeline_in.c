/* SPDX-License-Identifier: ISC */
/* Out of tunnels: who may send what through which, and how it is delivered. */
#include "common/tunnel/pipeline.h"

#include "common/wire/icmp.h"

#include "tests/unit/hex.h"
#include "tests/unit/pipe_bench.h"
#include "tests/unit/suites.h"

#include <CUnit/CUnit.h>

#include <string.h>

#define GRE                       \
	{                         \
		.kind = ENCAP_GRE \
	}
#define IPIP                       \
	{                          \
		.kind = ENCAP_IPIP \
	}
#define MINIMAL                       \
	{                             \
		.kind = ENCAP_MINIMAL \
	}
#define KEYED                                                            \
	{                                                                \
		.kind = ENCAP_GRE, .gre_key = true, .gre_key_out = 0xa01 \
	}
#define OTHER_KEY                                                        \
	{                                                                \
		.kind = ENCAP_GRE, .gre_key = true, .gre_key_out = 0xa02 \
	}

/* ---- which packet comes out where ---- */

struct inbound_row {
	const char *what;
	const char *peer; /* outer source */
	struct encap_spec encap;
	const char *src, *dst;
	const char *to; /* "kernel", "link", or the reason of a drop */
};

static const struct inbound_row rows[] = {
	/* home agent: RFC 3024 4.3.2 */
	{ "reverse tunnel", "203.0.113.1", GRE, "198.51.100.50", "8.8.8.8", "kernel" },
	{ "to another node", "203.0.113.1", GRE, "198.51.100.50", "198.51.100.53",
	  "kernel" },
	{ "to the home agent", "203.0.113.1", GRE, "198.51.100.50", "198.51.100.1",
	  "kernel" },
	{ "one of two bindings", "203.0.113.2", IPIP, "198.51.100.51", "8.8.8.8",
	  "kernel" },
	{ "the other did not ask", "203.0.113.1", GRE, "198.51.100.51", "8.8.8.8",
	  "spoofed" },
	{ "another node's tunnel", "203.0.113.1", GRE, "198.51.100.53", "8.8.8.8",
	  "spoofed" },
	{ "source of the agent", "203.0.113.1", GRE, "203.0.113.1", "8.8.8.8",
	  "spoofed" },
	{ "a stranger inside", "203.0.113.1", GRE, "8.8.8.8", "198.51.100.50",
	  "spoofed" },
	{ "not as negotiated", "203.0.113.1", IPIP, "198.51.100.50", "8.8.8.8",
	  "no-tunnel" },
	{ "no peer of ours", "203.0.113.77", GRE, "198.51.100.50", "8.8.8.8",
	  "no-tunnel" },
	{ "back to its sender", "203.0.113.1", GRE, "198.51.100.50", "203.0.113.1",
	  "loop-peer" },
	/* keys */
	{ "the key", "203.0.113.4", KEYED, "198.51.100.53", "8.8.8.8", "kernel" },
	{ "another key", "203.0.113.4", OTHER_KEY, "198.51.100.53", "8.8.8.8",
	  "bad-key" },
	{ "no key", "203.0.113.4", GRE, "198.51.100.53", "8.8.8.8", "bad-key" },
	{ "a key for none", "203.0.113.1", KEYED, "198.51.100.50", "8.8.8.8",
	  "bad-key" },
	/* minimal, and what may stand in for it */
	{ "minimal", "203.0.113.3", MINIMAL, "198.51.100.52", "8.8.8.8", "kernel" },
	{ "its fallback", "203.0.113.3", IPIP, "198.51.100.52", "8.8.8.8", "kernel" },
	{ "without fallback", "203.0.113.5", IPIP, "198.51.100.54", "8.8.8.8",
	  "no-tunnel" },
	{ "minimal from nobody", "203.0.113.9", MINIMAL, "10.9.1.1", "10.8.1.1",
	  "no-tunnel" },
	/* foreign agent: RFC 5944 4.2.2 */
	{ "a visitor", "203.0.113.6", GRE, "8.8.8.8", "10.1.0.20", "link" },
	{ "the other visitor", "203.0.113.6", GRE, "8.8.8.8", "10.1.0.21", "link" },
	{ "no visitor", "203.0.113.6", GRE, "8.8.8.8", "10.1.0.22", "not-visitor" },
	{ "visitor's as source", "203.0.113.6", GRE, "10.1.0.20", "8.8.8.8",
	  "not-visitor" },
	{ "another home agent", "203.0.113.1", GRE, "8.8.8.8", "10.1.0.20", "spoofed" },
	{ "a broadcast", "203.0.113.6", GRE, "8.8.8.8", "255.255.255.255",
	  "not-visitor" },
	/* our own address */
	{ "to us", "203.0.113.7", GRE, "8.8.8.8", "192.0.2.200", "kernel" },
	{ "to our other one", "203.0.113.7", GRE, "8.8.8.8", "192.0.2.201",
	  "not-ours" },
	{ "past us", "203.0.113.7", GRE, "8.8.8.8", "192.0.2.99", "not-ours" },
	{ "broadcast for us", "203.0.113.7", GRE, "8.8.8.8", "255.255.255.255",
	  "kernel" },
	{ "multicast for us", "203.0.113.7", GRE, "8.8.8.8", "224.0.0.5", "kernel" },
	{ "a network's broadcast", "203.0.113.7", GRE, "8.8.8.8", "192.0.2.255",
	  "not-ours" },
	/* site */
	{ "site", "203.0.113.9", GRE, "10.9.1.1", "10.8.1.1", "kernel" },
	{ "not from the site", "203.0.113.9", GRE, "10.7.1.1", "10.8.1.1",
	  "site-inner" },
	{ "not to our subnet", "203.0.113.9", GRE, "10.9.1.1", "10.7.1.1",
	  "site-inner" },
};

static void check_inbound(const struct inbound_row *row)
{
	struct tunnel_spec spec = bench_spec(row->peer, row->encap);
	struct packet_like like = { .src = row->src, .dst = row->dst, .ttl = 9 };
	struct pipe_bench b;
	bool kernel, link;

	bench_open(&b);
	bench_inbound(&b, bench_from_peer(&b, &spec, &like));
	kernel = strcmp(row->to, "kernel") == 0;
	link = strcmp(row->to, "link") == 0;
	CU_ASSERT_EQUAL(b.out.kernel.count, kernel);
	CU_ASSERT_EQUAL(b.out.link.count, link);
	CU_ASSERT_EQUAL(b.out.wire.count, 0); /* silence: no ICMP, ever */
	CU_ASSERT_EQUAL(counter_sum(pipeline_drops(b.pl)), !kernel && !link);
	if (!kernel && !link)
		CU_ASSERT_EQUAL(bench_drops(&b, row->to), 1);
	bench_close(&b);
}

static void every_packet_comes_out_where_it_may(void)
{
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check_inbound(&rows[i]);
}

/* RFC 3024 4.3.2 wants it logged; a flood of them makes a line a second. */
static void spoofed_packets_are_told_of_now_and_then(void)
{
	struct tunnel_spec spec = bench_spec("203.0.113.1", (struct encap_spec)GRE);
	struct packet_like like = { .src = "198.51.100.99", .dst = "8.8.8.8" };
	struct packet_like right = { .src = "198.51.100.50", .dst = "8.8.8.8" };
	struct pipe_bench b;

	bench_open(&b);
	bench_inbound(&b, bench_from_peer(&b, &spec, &right));
	CU_ASSERT_EQUAL(b.spoofed, 0);
	bench_inbound(&b, bench_from_peer(&b, &spec, &like));
	CU_ASSERT_EQUAL(b.spoofed, 1);
	CU_ASSERT_EQUAL(b.news.local.s_addr, spec.local.s_addr);
	CU_ASSERT_EQUAL(b.news.remote.s_addr, spec.remote.s_addr);
	CU_ASSERT_EQUAL(b.news.encap, ENCAP_GRE);
	CU_ASSERT_EQUAL(b.news.inner.s_addr, addr_of(like.src).s_addr);
	for (unsigned i = 0; i < 50; i++)
		bench_inbound(&b, bench_from_peer(&b, &spec, &like));
	CU_ASSERT_EQUAL(b.spoofed, 5);
	CU_ASSERT_EQUAL(bench_drops(&b, "spoofed"), 51);
	b.now.mono = instant_add(b.now.mono, duration_s(1));
	for (unsigned i = 0; i < 50; i++)
		bench_inbound(&b, bench_from_peer(&b, &spec, &like));
	CU_ASSERT_EQUAL(b.spoofed, 6);
	bench_close(&b);
}

static void broadcasts_of_our_home_network_are_for_us(void)
{
	struct fwd_edit e = { .kind = FWD_OWN_SET,
			      .home = addr_of("192.0.2.200"),
			      .tunnel =
				      bench_spec("203.0.113.7", (struct encap_spec)GRE),
			      .local_count = 1 };
	struct packet_like like = { .dst = "192.0.2.255" };
	struct pipe_bench b;

	e.local_nets[0] = prefix_of("192.0.2.0", 24);
	bench_open(&b);
	bench_edit(&b, &e);
	bench_inbound(&b, bench_from_peer(&b, &e.tunnel, &like));
	CU_ASSERT_EQUAL(b.out.kernel.count, 1);
	bench_close(&b);
}

/* RFC 5944 3.6.1.2: what the home agent wrapped for the node is the node's to open. */
static void a_nested_broadcast_is_a_unicast_to_the_visitor(void)
{
	struct tunnel_spec spec = bench_spec("203.0.113.6", (struct encap_spec)GRE);
	struct packet_like like = { .src = "203.0.113.6",
				    .dst = "10.1.0.20",
				    .protocol = PROTO_IPIP };
	struct pipe_bench b;

	bench_open(&b);
	bench_inbound(&b, bench_from_peer(&b, &spec, &like));
	CU_ASSERT_EQUAL_FATAL(b.out.link.count, 1);
	CU_ASSERT_EQUAL(pkt_ipv4(b.out.link.first)->protocol, PROTO_IPIP);
	bench_close(&b);
}

/* ---- the outer packet ---- */

static struct pkt *golden(struct pipe_bench *b)
{
	struct tunnel_spec spec = bench_spec("203.0.113.1", (struct encap_spec)GRE);
	struct packet_like like = { .src = "198.51.100.50", .dst = "8.8.8.8" };

	return bench_from_peer(b, &spec, &like);
}

static void unsound_outer_packets_have_their_reason(void)
{
	struct pipe_bench b;
	struct pkt *p;

	bench_open(&b);
	p = golden(&b);
	p->data[8]++;
	bench_inbound(&b, p);
	CU_ASSERT_EQUAL(bench_drops(&b, "ipv4-checksum"), 1);
	p = golden(&b);
	p->len = 23;
	pkt_ipv4(p)->length = htons(23);
	ipv4_seal(pkt_ipv4(p));
	bench_inbound(&b, p);
	CU_ASSERT_EQUAL(bench_drops(&b, "gre-short"), 1);
	p = golden(&b);
	pkt_ipv4(p)->fragment = htons(IPV4_MF);
	ipv4_seal(pkt_ipv4(p));
	bench_inbound(&b, p);
	CU_ASSERT_EQUAL(bench_drops(&b, "outer-fragment"), 1);
	p = golden(&b);
	pkt_ipv4(p)->protocol = PROTO_TCP;
	ipv4_seal(pkt_ipv4(p));
	bench_inbound(&b, p);
	CU_ASSERT_EQUAL(bench_drops(&b, "no-tunnel"), 1);
	CU_ASSERT_EQUAL(bench_came_out(&b), 0);
	bench_close(&b);
}

static void what_the_encapsulation_refuses_is_counted(void)
{
	static const struct {
		size_t at;
		uint8_t value;
		const char *why;
	} bad[] = {
		{ 20, 0x40, "gre-flags" },           { 21, 0x01, "gre-version" },
		{ 23, 0xff, "gre-protocol" },        { 24, 0x65, "inner-version" },
		{ 24, 0x44, "inner-header-length" }, { 27, 41, "inner-total-length" },
		{ 33, 0xee, "inner-checksum" }
	};
	struct tunnel_spec spec = bench_spec("203.0.113.1", (struct encap_spec)GRE);
	struct pipe_bench b;
	uint64_t in_tunnel = 0;

	bench_open(&b);
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct pkt *p = golden(&b);

		p->data[bad[i].at] = bad[i].value;
		bench_inbound(&b, p);
		CU_ASSERT_EQUAL(bench_drops(&b, bad[i].why), 1);
		in_tunnel += bad[i].at >= 24;
	}
	CU_ASSERT_EQUAL(bench_tunnel(&b, &spec)->counts.in_dropped, in_tunnel);
	bench_close(&b);
}

static void congestion_marked_for_one_who_does_not_know_is_dropped(void)
{
	struct pipe_bench b;
	struct pkt *p;

	bench_open(&b);
	p = golden(&b);
	ipv4_set_tos(pkt_ipv4(p), 3);
	bench_inbound(&b, p);
	CU_ASSERT_EQUAL(bench_drops(&b, "ecn"), 1);
	CU_ASSERT_EQUAL(bench_count(&b, "ecn-odd"), 1);
	bench_close(&b);
}

static void late_and_restarted_peers_are_counted(void)
{
	struct tunnel_spec spec = bench_spec("203.0.113.4", encap_variant(5));
	struct packet_like like = { .src = "198.51.100.53" };
	struct encap peer;
	struct pipe_bench b;

	bench_open(&b);
	encap_init(&peer, spec.remote, spec.local, &spec.encap);
	peer.sequence.next_out = 500;
	for (unsigned i = 0; i < 40; i++) {
		struct pkt *p = packet_like(&b.pool, &like);

		if (i == 10)
			peer.sequence.next_out = 0;
		push_one(&peer, p);
		bench_inbound(&b, p);
	}
	CU_ASSERT_EQUAL(bench_drops(&b, "gre-late"), GRE_LATE_RUN - 1);
	CU_ASSERT_EQUAL(bench_count(&b, "gre-restart"), 1);
	CU_ASSERT_EQUAL(b.out.kernel.count, 40 - (GRE_LATE_RUN - 1));
	bench_close(&b);
}

/* ---- delivery ---- */

static struct pkt *for_visitor(struct pipe_bench *b, struct packet_like like)
{
	struct tunnel_spec spec = bench_spec("203.0.113.6", (struct encap_spec)GRE);

	like.dst = "10.1.0.20";
	return bench_from_peer(b, &spec, &like);
}

static void visitors_get_it_with_one_hop_less(void)
{
	struct pipe_bench b;
	struct pkt *p;

	bench_open(&b);
	bench_inbound(&b, for_visitor(&b, (struct packet_like){ .ttl = 2 }));
	p = b.out.link.first;
	CU_ASSERT_PTR_NOT_NULL_FATAL(p);
	CU_ASSERT_TRUE(packet_sound(p));
	CU_ASSERT_EQUAL(pkt_ipv4(p)->ttl, 1);
	CU_ASSERT_EQUAL(p->ifindex, BENCH_LINK);
	CU_ASSERT_EQUAL(p->mac.octet[0], 2);
	CU_ASSERT_EQUAL(p->mac.octet[5], 9);
	bench_close(&b);
}

static void the_kernel_counts_its_hops_itself(void)
{
	struct pipe_bench b;

	bench_open(&b);
	bench_inbound(&b, golden(&b));
	CU_ASSERT_EQUAL(pkt_ipv4(b.out.kernel.first)->ttl, 64);
	bench_close(&b);
}

static void the_last_hop_is_told_to_the_sender(void)
{
	struct icmp_message m;
	struct pipe_bench b;
	struct pkt *p;

	bench_open(&b);
	bench_inbound(&b, for_visitor(&b, (struct packet_like){ .ttl = 1 }));
	CU_ASSERT_EQUAL(bench_drops(&b, "ttl-expired"), 1);
	p = b.out.wire.first;
	CU_ASSERT_PTR_NOT_NULL_FATAL(p);
	CU_ASSERT_TRUE_FATAL(icmp_open(p->data, p->len, &m));
	CU_ASSERT_EQUAL(m.type, ICMP_TIME_EXCEEDED_);
	CU_ASSERT_EQUAL(m.dst.s_addr, addr_of("192.0.2.80").s_addr);
	bench_clear(&b);
	bench_inbound(&b, for_visitor(&b, (struct packet_like){ .ttl_zero = true }));
	CU_ASSERT_EQUAL(bench_drops(&b, "ttl-zero"), 1);
	CU_ASSERT_EQUAL(bench_came_out(&b), 0);
	bench_close(&b);
}

static void what_is_too_big_for_the_link_is_cut_or_refused(void)
{
	struct icmp_message m;
	struct pipe_bench b;

	bench_open(&b);
	b.link_mtu = 576;
	bench_inbound(&b, for_visitor(&b, (struct packet_like){ .size = 1400 }));
	CU_ASSERT_EQUAL(b.out.link.count, 3);
	for (struct pkt *p = b.out.link.first; p; p = p->next) {
		CU_ASSERT_TRUE(packet_sound(p) && p->len <= 576);
		CU_ASSERT_EQUAL(p->ifindex, BENCH_LINK);
		CU_ASSERT_EQUAL(p->mac.octet[5], 9);
		CU_ASSERT_EQUAL(pkt_ipv4(p)->ttl, 63);
	}
	bench_clear(&b);
	bench_inbound(&b, for_visitor(&b, (struct packet_like){ .size = 1400,
								.fragment = IPV4_DF }));
	CU_ASSERT_EQUAL(b.out.link.count, 0);
	CU_ASSERT_EQUAL(bench_drops(&b, "too-big"), 1);
	CU_ASSERT_EQUAL_FATAL(b.out.wire.count, 1);
	CU_ASSERT_TRUE(icmp_open(b.out.wire.first->data, b.out.wire.first->len, &m));
	CU_ASSERT_EQUAL(m.code, ICMP_CODE_TOO_BIG);
	CU_ASSERT_EQUAL(m.rest, 576);
	bench_close(&b);
}

static void tunnels_count_what_they_bring(void)
{
	struct tunnel_spec spec = bench_spec("203.0.113.1", (struct encap_spec)GRE);
	struct pipe_bench b;
	const struct tunnel *t;

	bench_open(&b);
	t = bench_tunnel(&b, &spec);
	bench_inbound(&b, golden(&b));
	bench_inbound(&b, bench_from_peer(&b, &spec, &(struct packet_like){ 0 }));
	CU_ASSERT_EQUAL(t->counts.in_packets, 1);
	CU_ASSERT_EQUAL(t->counts.in_octets, 40);
	CU_ASSERT_EQUAL(t->counts.in_dropped, 1);
	CU_ASSERT_EQUAL(bench_count(&b, "inbound"), 2);
	CU_ASSERT_EQUAL(bench_count(&b, "to-kernel"), 1);
	bench_close(&b);
}

static void order_is_kept_between_tunnels_of_one_vector(void)
{
	struct pkt_vec v = { .now = packets_now() };
	struct pipe_bench b;
	unsigned i = 0;

	bench_open(&b);
	while (!pkt_vec_full(&v)) {
		bool site = v.count % 2;
		struct packet_like like = { .src = site ? "10.9.1.1" : "198.51.100.50",
					    .dst = "10.8.1.1",
					    .size = 50 + v.count };
		struct tunnel_spec spec = bench_spec(
			site ? "203.0.113.9" : "203.0.113.1", (struct encap_spec)GRE);

		pkt_vec_add(&v, bench_from_peer(&b, &spec, &like));
	}
	pipeline_inbound(b.pl, &v, &b.out);
	CU_ASSERT_EQUAL(b.out.kernel.count, PKT_VEC_MAX);
	for (struct pkt *p = b.out.kernel.first; p; p = p->next, i++)
		CU_ASSERT_EQUAL(p->len, 50 + i);
	bench_close(&b);
}

/* Every bit of a golden packet altered, with and without the checksum made good. */
static void no_altered_packet_gets_where_it_may_not(void)
{
	struct pipe_bench b;

	bench_open(&b);
	for (size_t bit = 0; bit < 2 * 64 * 8; bit++) {
		struct pkt *p = golden(&b);
		struct pkt *out;

		flip_bit(p->data, bit / 2);
		if (bit % 2 && p->data[0] == 0x45)
			ipv4_seal(pkt_ipv4(p));
		bench_inbound(&b, p);
		CU_ASSERT_EQUAL(b.out.link.count, 0);
		out = b.out.kernel.first;
		CU_ASSERT_TRUE(!out || (packet_sound(out) &&
					pkt_ipv4(out)->src.s_addr ==
						addr_of("198.51.100.50").s_addr));
		bench_clear(&b);
	}
	bench_close(&b);
}

/* The kernel leads here what the agent's machine says to a visitor. */
static void what_our_machine_says_to_a_visitor_goes_onto_its_link(void)
{
	struct packet_like like = { .src = "198.51.100.1",
				    .dst = "10.1.0.20",
				    .ttl = 1 };
	struct pipe_bench b;

	bench_open(&b);
	bench_outbound(&b, packet_like(&b.pool, &like));
	CU_ASSERT_EQUAL(b.out.wire.count, 0);
	CU_ASSERT_EQUAL_FATAL(b.out.link.count, 1);
	CU_ASSERT_EQUAL(b.out.link.first->ifindex, BENCH_LINK);
	CU_ASSERT_EQUAL(b.out.link.first->mac.octet[5], 9);
	CU_ASSERT_EQUAL(pkt_ipv4(b.out.link.first)->ttl, 1);
	bench_clear(&b);

	b.link_mtu = 600;
	like.size = 1000;
	bench_outbound(&b, packet_like(&b.pool, &like));
	CU_ASSERT_EQUAL(b.out.link.count, 2);
	bench_clear(&b);

	like.fragment = IPV4_DF;
	bench_outbound(&b, packet_like(&b.pool, &like));
	CU_ASSERT_EQUAL(b.out.link.count, 0);
	CU_ASSERT_EQUAL_FATAL(b.out.wire.count, 1);
	CU_ASSERT_EQUAL(pkt_ipv4(b.out.wire.first)->dst.s_addr,
			addr_of("198.51.100.1").s_addr);
	CU_ASSERT_EQUAL(bench_drops(&b, "too-big"), 1);
	bench_clear(&b);

	like.src = "8.8.8.8";
	bench_outbound(&b, packet_like(&b.pool, &like));
	CU_ASSERT_EQUAL(b.out.wire.count + b.out.link.count, 0);
	CU_ASSERT_EQUAL(bench_drops(&b, "no-route"), 1);
	bench_close(&b);
}

void suite_pipeline_in(void)
{
	CU_pSuite s = CU_add_suite("pipeline_in", NULL, NULL);

	CU_ADD_TEST(s, every_packet_comes_out_where_it_may);
	CU_ADD_TEST(s, spoofed_packets_are_told_of_now_and_then);
	CU_ADD_TEST(s, broadcasts_of_our_home_network_are_for_us);
	CU_ADD_TEST(s, a_nested_broadcast_is_a_unicast_to_the_visitor);
	CU_ADD_TEST(s, unsound_outer_packets_have_their_reason);
	CU_ADD_TEST(s, what_the_encapsulation_refuses_is_counted);
	CU_ADD_TEST(s, congestion_marked_for_one_who_does_not_know_is_dropped);
	CU_ADD_TEST(s, late_and_restarted_peers_are_counted);
	CU_ADD_TEST(s, visitors_get_it_with_one_hop_less);
	CU_ADD_TEST(s, the_kernel_counts_its_hops_itself);
	CU_ADD_TEST(s, the_last_hop_is_told_to_the_sender);
	CU_ADD_TEST(s, what_is_too_big_for_the_link_is_cut_or_refused);
	CU_ADD_TEST(s, tunnels_count_what_they_bring);
	CU_ADD_TEST(s, order_is_kept_between_tunnels_of_one_vector);
	CU_ADD_TEST(s, no_altered_packet_gets_where_it_may_not);
	CU_ADD_TEST(s, what_our_machine_says_to_a_visitor_goes_onto_its_link);
}
