/* SPDX-License-Identifier: ISC */
/*
 * Into tunnels: which packet goes where, what does not fit, what is copied; and
 * that the packet path takes no memory.
 */
#include "common/tunnel/pipeline.h"

#include "common/tunnel/pipeline_private.h"
#include "common/wire/icmp.h"

#include "tests/unit/alloc_count.h"
#include "tests/unit/hex.h"
#include "tests/unit/pipe_bench.h"
#include "tests/unit/suites.h"

#include <CUnit/CUnit.h>

#include <string.h>

static const struct encap_spec gre = { .kind = ENCAP_GRE };

/* ---- which packet goes where ---- */

/* `to`: outer destinations in the order of the wire, or the reason of a drop. */
struct outbound_row {
	const char *what;
	struct packet_like packet;
	const char *to[2];
	const char *why;
};

static const struct outbound_row outbound_rows[] = {
	{ "to a node that is away",
	  { .dst = "198.51.100.50" },
	  { "203.0.113.1" },
	  NULL },
	{ "to two care-of addresses",
	  { .dst = "198.51.100.51" },
	  { "203.0.113.2", "203.0.113.1" },
	  NULL },
	{ "to a node that is at home",
	  { .dst = "198.51.100.60" },
	  { NULL },
	  "no-route" },
	{ "from a node that is away to another",
	  { .src = "198.51.100.50", .dst = "198.51.100.53" },
	  { "203.0.113.4" },
	  NULL },
	{ "from our own machine to a node",
	  { .src = "198.51.100.1", .dst = "198.51.100.50" },
	  { "203.0.113.1" },
	  NULL },
	{ "from the care-of address itself",
	  { .src = "203.0.113.1", .dst = "198.51.100.50" },
	  { NULL },
	  "loop-exit" },
	{ "from one of two care-of addresses",
	  { .src = "203.0.113.1", .dst = "198.51.100.51" },
	  { "203.0.113.2" },
	  NULL },
	{ "from a visitor with a reverse tunnel",
	  { .src = "10.1.0.20", .dst = "8.8.8.8" },
	  { "203.0.113.6" },
	  NULL },
	{ "from that visitor to a site",
	  { .src = "10.1.0.20", .dst = "10.9.1.1" },
	  { "203.0.113.6" },
	  NULL },
	{ "from a visitor without",
	  { .src = "10.1.0.21", .dst = "8.8.8.8" },
	  { NULL },
	  "not-reverse" },
	{ "from nobody we know",
	  { .src = "10.1.0.22", .dst = "8.8.8.8" },
	  { NULL },
	  "no-route" },
	{ "from our own home address",
	  { .src = "192.0.2.200", .dst = "8.8.8.8" },
	  { "203.0.113.7" },
	  NULL },
	{ "from one without a reverse tunnel",
	  { .src = "192.0.2.201", .dst = "8.8.8.8" },
	  { NULL },
	  "not-reverse" },
	{ "to a site",
	  { .src = "10.8.2.2", .dst = "10.9.1.1" },
	  { "203.0.113.9" },
	  NULL },
	{ "to a site from elsewhere",
	  { .src = "10.7.2.2", .dst = "10.9.1.1" },
	  { NULL },
	  "site-source" },
	{ "an outer packet of our own",
	  { .src = "198.51.100.1", .dst = "203.0.113.1", .protocol = PROTO_GRE },
	  { NULL },
	  "loop-outer" },
	{ "no time to live",
	  { .dst = "198.51.100.50", .ttl_zero = true },
	  { NULL },
	  "ttl-zero" },
	{ "its last hop",
	  { .dst = "198.51.100.50", .ttl = 1 },
	  { "203.0.113.1" },
	  NULL },
};

static bool is_to(const struct pkt *p, const char *dst)
{
	if (!p || !dst)
		return !p && !dst;
	return packet_sound(p) && pkt_ipv4_of(p)->dst.s_addr == addr_of(dst).s_addr;
}

static void check_outbound(const struct outbound_row *row)
{
	struct pipe_bench b;

	bench_open(&b);
	bench_outbound(&b, packet_like(&b.pool, &row->packet));
	CU_ASSERT_TRUE(is_to(queue_at(&b.out.wire, 0), row->to[0]));
	CU_ASSERT_TRUE(is_to(queue_at(&b.out.wire, 1), row->to[1]));
	CU_ASSERT_EQUAL(bench_came_out(&b), !!row->to[0] + !!row->to[1]);
	CU_ASSERT_EQUAL(counter_sum(pipeline_drops(b.pl)), row->why ? 1 : 0);
	if (row->why)
		CU_ASSERT_EQUAL(bench_drops(&b, row->why), 1);
	bench_close(&b);
}

static void every_packet_takes_its_tunnel(void)
{
	for (unsigned i = 0; i < sizeof(outbound_rows) / sizeof(outbound_rows[0]); i++)
		check_outbound(&outbound_rows[i]);
}

static void guarded_it_tunnels_nothing_of_our_own(void)
{
	struct pipe_bench b;

	bench_open_guarded(&b);
	bench_outbound(&b, packet_like(&b.pool,
				       &(struct packet_like){ .src = "198.51.100.1" }));
	CU_ASSERT_EQUAL(bench_drops(&b, "loop-source"), 1);
	CU_ASSERT_EQUAL(bench_came_out(&b), 0);
	bench_close(&b);
}

static void unsound_packets_have_their_reason(void)
{
	static const struct {
		size_t at;
		uint8_t value;
		const char *why;
	} rows[] = { { 0, 0x65, "ipv4-version" },
		     { 0, 0x44, "ipv4-header-length" },
		     { 3, 41, "ipv4-total-length" },
		     { 8, 9, "ipv4-checksum" } };
	struct pipe_bench b;
	struct pkt *p;

	bench_open(&b);
	for (unsigned i = 0; i < 4; i++) {
		p = packet_like(&b.pool, &(struct packet_like){ 0 });
		p->data[rows[i].at] = rows[i].value;
		bench_outbound(&b, p);
		CU_ASSERT_EQUAL(bench_drops(&b, rows[i].why), 1);
	}
	p = packet_like(&b.pool, &(struct packet_like){ 0 });
	p->len = 19;
	bench_outbound(&b, p);
	CU_ASSERT_EQUAL(bench_drops(&b, "ipv4-short"), 1);
	bench_close(&b);
}

/* ---- RFC 5944 4.2.3: packets that are tunnelled already ---- */

static void check_tunnelled(enum encap_kind kind, const char *from,
			    const char *inner_to, const char *why)
{
	struct encap_spec spec = { .kind = kind };
	struct encap sender;
	struct pipe_bench b;
	struct pkt *p;

	bench_open(&b);
	encap_init(&sender, addr_of(from), addr_of("198.51.100.50"), &spec);
	p = packet_like(&b.pool, &(struct packet_like){ .dst = inner_to });
	push_one(&sender, p);
	bench_outbound(&b, p);
	CU_ASSERT_EQUAL(b.out.wire.count, why ? 0 : 1);
	if (why)
		CU_ASSERT_EQUAL(bench_drops(&b, why), 1);
	bench_close(&b);
}

static void what_the_node_tunnelled_to_itself_is_dropped(void)
{
	for (int k = 0; k < ENCAP_KIND_COUNT; k++) {
		enum encap_kind kind = (enum encap_kind)k;

		check_tunnelled(kind, "203.0.113.1", "198.51.100.50", "recursion");
		check_tunnelled(kind, "192.0.2.80", "198.51.100.50", NULL);
		check_tunnelled(kind, "192.0.2.80", "198.51.100.77", NULL);
		check_tunnelled(kind, "203.0.113.1", "198.51.100.77", "loop-exit");
	}
}

/* ---- what does not fit ---- */

static void too_big_with_df_is_dropped_and_its_sender_told(void)
{
	struct packet_like like = { .size = 1477, .fragment = IPV4_DF };
	struct icmp_message m;
	struct pipe_bench b;
	struct pkt *icmp;

	bench_open(&b);
	bench_outbound(&b, packet_like(&b.pool, &like));
	CU_ASSERT_EQUAL(bench_drops(&b, "too-big"), 1);
	CU_ASSERT_EQUAL_FATAL(b.out.wire.count, 1);
	icmp = b.out.wire.first;
	CU_ASSERT_TRUE_FATAL(icmp_open(icmp->data, icmp->len, &m));
	CU_ASSERT_EQUAL(m.type, ICMP_UNREACHABLE);
	CU_ASSERT_EQUAL(m.code, ICMP_CODE_TOO_BIG);
	CU_ASSERT_EQUAL(m.rest, 1476);
	CU_ASSERT_EQUAL(m.src.s_addr, addr_of("198.51.100.1").s_addr);
	CU_ASSERT_EQUAL(m.dst.s_addr, addr_of("192.0.2.80").s_addr);
	CU_ASSERT_EQUAL(bench_count(&b, "icmp-sent"), 1);
	bench_clear(&b);

	like.size = 1476;
	bench_outbound(&b, packet_like(&b.pool, &like));
	CU_ASSERT_EQUAL_FATAL(b.out.wire.count, 1);
	CU_ASSERT_EQUAL(b.out.wire.first->len, 1500);
	bench_close(&b);
}

/* Six packets of 1500 octets out of one: the first one's sender is told. */
static void of_a_large_segment_one_is_answered(void)
{
	const struct packet_like like = { .dst = "198.51.100.50",
					  .size = 1500,
					  .fragment = IPV4_DF };
	struct pkt_vec v = { .count = 0 };
	struct pipe_bench b;

	bench_open(&b);
	v.now = b.now;
	for (unsigned i = 0; i < 6; i++) {
		pkt_vec_add(&v, packet_like(&b.pool, &like));
		v.pkt[i]->later = i > 0;
	}
	pipeline_outbound(b.pl, &v, &b.out);
	CU_ASSERT_EQUAL(bench_drops(&b, "too-big"), 6);
	CU_ASSERT_EQUAL(bench_count(&b, "icmp-sent"), 1);
	CU_ASSERT_EQUAL(bench_count(&b, "icmp-limited"), 0);
	bench_close(&b);
}

static void what_the_edge_refused_is_counted(void)
{
	struct pipe_bench b;
	struct pkt *p;

	bench_open(&b);
	p = packet_like(&b.pool, &(struct packet_like){ .dst = "198.51.100.50" });
	p->drop = DROP_SEGMENT_SIZE;
	bench_outbound(&b, p);
	CU_ASSERT_EQUAL(bench_drops(&b, "segment-size"), 1);
	CU_ASSERT_EQUAL(b.out.wire.count, 0);
	bench_close(&b);
}

static void icmp_to_a_visitor_goes_onto_its_link(void)
{
	struct packet_like like = {
		.src = "10.1.0.20", .dst = "8.8.8.8", .size = 1500, .fragment = IPV4_DF
	};
	struct pipe_bench b;

	bench_open(&b);
	bench_outbound(&b, packet_like(&b.pool, &like));
	CU_ASSERT_EQUAL(b.out.wire.count, 0);
	CU_ASSERT_EQUAL_FATAL(b.out.link.count, 1);
	CU_ASSERT_EQUAL(b.out.link.first->ifindex, BENCH_LINK);
	CU_ASSERT_EQUAL(b.out.link.first->mac.octet[5], 9);
	CU_ASSERT_EQUAL(pkt_ipv4(b.out.link.first)->protocol, PROTO_ICMP);
	bench_close(&b);
}

/* Puts fragments together again and compares; they come in order. */
static void check_reassembles(struct pipe_bench *b, const struct tunnel_spec *spec,
			      const struct pkt *whole)
{
	size_t at = IPV4_HEADER;
	bool more = true;
	struct pkt *p;

	while ((p = bench_at_peer(b, spec))) {
		const struct ipv4 *ip = pkt_ipv4(p);
		size_t offset = (ntohs(ip->fragment) & IPV4_OFFSET) * 8u;

		CU_ASSERT_TRUE(more && packet_sound(p));
		CU_ASSERT_EQUAL(offset + IPV4_HEADER, at);
		CU_ASSERT_EQUAL(memcmp(p->data + IPV4_HEADER, whole->data + at,
				       p->len - IPV4_HEADER),
				0);
		at += p->len - IPV4_HEADER;
		more = ntohs(ip->fragment) & IPV4_MF;
		pkt_give(&b->pool, p);
	}
	CU_ASSERT_FALSE(more);
	CU_ASSERT_EQUAL(at, whole->len);
}

static void too_big_without_df_is_fragmented_inside(void)
{
	const struct encap_spec fallback = { .kind = ENCAP_IPIP };
	const struct {
		const char *home, *peer;
		struct encap_spec encap;
	} rows[] = { { "198.51.100.50", "203.0.113.1", gre },
		     { "198.51.100.53", "203.0.113.4", encap_variant(5) },
		     { "198.51.100.52", "203.0.113.3", fallback } };

	for (unsigned i = 0; i < 3; i++) {
		struct packet_like like = { .dst = rows[i].home, .size = 9000 };
		struct tunnel_spec spec = bench_spec(rows[i].peer, rows[i].encap);
		struct pipe_bench b;
		struct pkt *whole;

		bench_open(&b);
		whole = packet_like(&b.pool, &like);
		bench_outbound(&b, packet_like(&b.pool, &like));
		CU_ASSERT_EQUAL(b.out.wire.count, 7);
		for (struct pkt *p = b.out.wire.first; p; p = p->next) {
			CU_ASSERT_TRUE(p->len <= 1500);
			CU_ASSERT_EQUAL(ntohs(pkt_ipv4(p)->fragment), IPV4_DF);
		}
		check_reassembles(&b, &spec, whole);
		pkt_give(&b.pool, whole);
		bench_close(&b);
	}
}

/* Minimal without fallback: whole inside, the outer packet is cut (RFC 2004 3). */
static void minimal_without_fallback_is_fragmented_outside(void)
{
	struct packet_like like = { .dst = "198.51.100.54", .size = 3000 };
	struct pipe_bench b;
	size_t payload = 0;

	bench_open(&b);
	bench_outbound(&b, packet_like(&b.pool, &like));
	CU_ASSERT_EQUAL(b.out.wire.count, 3);
	for (struct pkt *p = b.out.wire.first; p; p = p->next) {
		CU_ASSERT_TRUE(packet_sound(p) && p->len <= 1500);
		CU_ASSERT_EQUAL(pkt_ipv4(p)->protocol, PROTO_MINIMAL);
		payload += p->len - IPV4_HEADER;
	}
	CU_ASSERT_EQUAL(payload, 3000 - IPV4_HEADER + MINIMAL_LONG);
	bench_clear(&b);

	like.fragment = IPV4_MF;
	like.size = 100;
	bench_outbound(&b, packet_like(&b.pool, &like));
	CU_ASSERT_EQUAL(bench_drops(&b, "minimal-fragment"), 1);
	bench_close(&b);
}

static void a_path_of_68_octets_is_still_used(void)
{
	struct tunnel_spec spec = bench_spec("203.0.113.1", gre);
	struct packet_like like = { .size = 200 };
	struct pipe_bench b;

	bench_open(&b);
	(void)mtu_learn_here(&bench_tunnel(&b, &spec)->path->mtu, 68, b.now.mono);
	bench_outbound(&b, packet_like(&b.pool, &like));
	CU_ASSERT_TRUE(b.out.wire.count > 4);
	for (struct pkt *p = b.out.wire.first; p; p = p->next)
		CU_ASSERT_TRUE(packet_sound(p) && p->len <= 68);
	bench_close(&b);
}

static void icmp_errors_are_limited(void)
{
	struct packet_like like = { .size = 1500, .fragment = IPV4_DF };
	struct pipe_bench b;

	bench_open(&b);
	for (unsigned i = 0; i < 60; i++)
		bench_outbound(&b, packet_like(&b.pool, &like));
	CU_ASSERT_EQUAL(b.out.wire.count, 50);
	CU_ASSERT_EQUAL(bench_count(&b, "icmp-limited"), 10);
	b.now.mono = instant_add(b.now.mono, duration_ms(100));
	bench_clear(&b);
	bench_outbound(&b, packet_like(&b.pool, &like));
	CU_ASSERT_EQUAL(b.out.wire.count, 1);
	bench_close(&b);
}

static void segment_sizes_are_clamped_on_the_way_in(void)
{
	static const char syn[] = "4500002c00010000400600000a080202c63364320016001600"
				  "000000000000006002ffff00000000020405b4";
	struct fwd_edit e = { .kind = FWD_BINDING_SET,
			      .home = addr_of("198.51.100.50"),
			      .tunnel = bench_spec("203.0.113.1", gre) };
	struct pipe_bench b;
	struct pkt *p;

	bench_open(&b);
	e.tunnel.encap.mss_clamp = 1;
	bench_edit(&b, &e);
	p = packet_of_hex(&b.pool, syn);
	ipv4_seal(pkt_ipv4(p));
	bench_outbound(&b, p);
	p = bench_at_peer(&b, &e.tunnel);
	CU_ASSERT_PTR_NOT_NULL_FATAL(p);
	CU_ASSERT_EQUAL(p->data[42] << 8 | p->data[43], 1476 - 40);
	CU_ASSERT_EQUAL(bench_count(&b, "mss-clamped"), 1);
	pkt_give(&b.pool, p);
	bench_close(&b);
}

/* ---- vectors ---- */

static void order_is_kept_between_tunnels_of_one_vector(void)
{
	static const char *const homes[3] = { "198.51.100.50", "198.51.100.53",
					      "10.9.0.1" };
	struct pkt_vec v = { .now = packets_now() };
	struct pipe_bench b;
	unsigned i = 0;

	bench_open(&b);
	while (!pkt_vec_full(&v))
		pkt_vec_add(&v, packet_like(&b.pool, &(struct packet_like){
							     .src = "10.8.0.1",
							     .dst = homes[v.count % 3],
							     .size = 100 + v.count }));
	pipeline_outbound(b.pl, &v, &b.out);
	CU_ASSERT_EQUAL(b.out.wire.count, PKT_VEC_MAX);
	for (struct pkt *p = b.out.wire.first; p; p = p->next, i++)
		CU_ASSERT_EQUAL(p->len - p->encap->ops->overhead(&p->encap->spec),
				100 + i);
	bench_close(&b);
}

static void tunnels_count_what_they_carry(void)
{
	struct tunnel_spec spec = bench_spec("203.0.113.1", gre);
	struct pipe_bench b;
	const struct tunnel *t;

	bench_open(&b);
	t = bench_tunnel(&b, &spec);
	bench_outbound(&b, packet_like(&b.pool, &(struct packet_like){ .size = 100 }));
	bench_outbound(
		&b, packet_like(&b.pool, &(struct packet_like){ .size = 1500,
								.fragment = IPV4_DF }));
	CU_ASSERT_EQUAL(t->counts.out_packets, 1);
	CU_ASSERT_EQUAL(t->counts.out_octets, 124);
	CU_ASSERT_EQUAL(t->counts.out_dropped, 1);
	bench_close(&b);
}

static void without_buffers_copies_and_fragments_are_lost_but_counted(void)
{
	struct packet_like both = { .dst = "198.51.100.51" };
	struct packet_like large = { .size = 9000 };
	struct pkt *held[BENCH_POOL];
	struct pipe_bench b;

	bench_open(&b);
	for (unsigned i = 0; i < BENCH_POOL - 1; i++)
		held[i] = pkt_take(&b.pool);
	bench_outbound(&b, packet_like(&b.pool, &both));
	CU_ASSERT_EQUAL(b.out.wire.count, 1);
	CU_ASSERT_EQUAL(bench_drops(&b, "no-buffer"), 1);
	bench_clear(&b);
	bench_outbound(&b, packet_like(&b.pool, &large));
	CU_ASSERT_EQUAL(b.out.wire.count, 0);
	CU_ASSERT_EQUAL(bench_drops(&b, "no-buffer"), 8);
	large.fragment = IPV4_DF;
	bench_outbound(&b, packet_like(&b.pool, &large));
	CU_ASSERT_EQUAL(bench_drops(&b, "no-buffer"), 9);
	for (unsigned i = 0; i < BENCH_POOL - 1; i++)
		pkt_give(&b.pool, held[i]);
	bench_close(&b);
}

/* Everything that happens to a packet, twice: the second time nothing is new. */
static void exercise(struct pipe_bench *b)
{
	struct tunnel_spec spec = bench_spec("203.0.113.1", gre);
	struct tunnel_spec visitors = bench_spec("203.0.113.6", gre);

	for (unsigned i = 0; i < sizeof(outbound_rows) / sizeof(outbound_rows[0]); i++)
		bench_outbound(b, packet_like(&b->pool, &outbound_rows[i].packet));
	bench_outbound(b, packet_like(&b->pool, &(struct packet_like){ .size = 9000 }));
	bench_outbound(
		b, packet_like(&b->pool, &(struct packet_like){ .size = 9000,
								.fragment = IPV4_DF }));
	bench_inbound(b,
		      bench_from_peer(b, &spec,
				      &(struct packet_like){ .src = "198.51.100.50" }));
	bench_inbound(b, bench_from_peer(b, &visitors,
					 &(struct packet_like){ .dst = "10.1.0.20",
								.size = 4000 }));
	bench_broadcast(b, packet_like(&b->pool, &(struct packet_like){
							 .dst = "198.51.100.255" }));
	bench_clear(b);
}

static void the_packet_path_takes_no_memory(void)
{
	struct pipe_bench b;
	unsigned long before;

	bench_open(&b);
	exercise(&b);
	before = alloc_count();
	exercise(&b);
	/* CUnit keeps no record of assertions that hold, so it takes none either. */
	CU_ASSERT_EQUAL(alloc_count(), before);
	CU_ASSERT_TRUE(before > 0 || !alloc_counted());
	bench_close(&b);
}

static void every_counter_has_a_name(void)
{
	struct pipe_bench b;
	struct counter_set set;

	bench_open(&b);
	set = pipeline_packets(b.pl);
	CU_ASSERT_STRING_EQUAL(set.group, "packet");
	CU_ASSERT_EQUAL(set.count, PACKET_COUNTERS);
	for (size_t i = 0; i < set.count; i++)
		CU_ASSERT_TRUE(set.rows[i].name[0] && set.rows[i].help[0]);
	pipeline_drop(b.pl, pkt_take(&b.pool), DROP_SEND);
	CU_ASSERT_EQUAL(bench_drops(&b, "send"), 1);
	bench_close(&b);
}

void suite_pipeline(void)
{
	CU_pSuite s = CU_add_suite("pipeline", NULL, NULL);

	CU_ADD_TEST(s, every_packet_takes_its_tunnel);
	CU_ADD_TEST(s, guarded_it_tunnels_nothing_of_our_own);
	CU_ADD_TEST(s, unsound_packets_have_their_reason);
	CU_ADD_TEST(s, what_the_node_tunnelled_to_itself_is_dropped);
	CU_ADD_TEST(s, too_big_with_df_is_dropped_and_its_sender_told);
	CU_ADD_TEST(s, of_a_large_segment_one_is_answered);
	CU_ADD_TEST(s, what_the_edge_refused_is_counted);
	CU_ADD_TEST(s, icmp_to_a_visitor_goes_onto_its_link);
	CU_ADD_TEST(s, too_big_without_df_is_fragmented_inside);
	CU_ADD_TEST(s, minimal_without_fallback_is_fragmented_outside);
	CU_ADD_TEST(s, a_path_of_68_octets_is_still_used);
	CU_ADD_TEST(s, icmp_errors_are_limited);
	CU_ADD_TEST(s, segment_sizes_are_clamped_on_the_way_in);
	CU_ADD_TEST(s, order_is_kept_between_tunnels_of_one_vector);
	CU_ADD_TEST(s, tunnels_count_what_they_carry);
	CU_ADD_TEST(s, without_buffers_copies_and_fragments_are_lost_but_counted);
	CU_ADD_TEST(s, the_packet_path_takes_no_memory);
	CU_ADD_TEST(s, every_counter_has_a_name);
}
