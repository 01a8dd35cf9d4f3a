/* SPDX-License-Identifier: ISC */
/*
 * ICMP errors about outer packets (RFC 2003 4 and 5): what senders hear of them,
 * what is learned, and what is not believed.
 */
#include "common/tunnel/pipeline.h"

#include "common/base/bytes.h"
#include "common/wire/checksum.h"
#include "common/wire/icmp.h"

#include "tests/unit/hex.h"
#include "tests/unit/pipe_bench.h"
#include "tests/unit/suites.h"

#include <CUnit/CUnit.h>

#include <string.h>

static const struct encap_spec gre = { .kind = ENCAP_GRE };
static const char *const router = "100.64.0.1";

/* What we would have sent: an outer packet of ours, taken off the wire. */
static struct pkt *outer_packet(struct pipe_bench *b, const struct packet_like *like)
{
	bench_outbound(b, packet_like(&b->pool, like));
	CU_ASSERT_PTR_NOT_NULL_FATAL(b->out.wire.first);
	return pkt_queue_pop(&b->out.wire);
}

/* An ICMP error from a router that quotes `len` octets of the packet. */
static struct pkt *error_about(struct pipe_bench *b, const struct pkt *outer,
			       size_t len, uint8_t type, uint8_t code, uint32_t rest)
{
	struct pkt *p = pkt_take(&b->pool);
	struct ipv4_fields f = { .src = addr_of(router),
				 .dst = addr_of("198.51.100.1"),
				 .protocol = PROTO_ICMP,
				 .ttl = 60 };
	struct writer w = writer_over(p->data + IPV4_HEADER, 1000);
	struct writer sum = writer_over(p->data + IPV4_HEADER + 2, 2);

	write_u8(&w, type);
	write_u8(&w, code);
	write_u16(&w, 0);
	write_u32(&w, rest);
	write_bytes(&w, outer->data, len < outer->len ? len : outer->len);
	write_u16(&sum, checksum_of(w.start, writer_len(&w)));
	ipv4_build(p->data, &f, writer_len(&w));
	p->len = IPV4_HEADER + writer_len(&w);
	return p;
}

/* The error goes in; its outer packet goes back. */
static void hear(struct pipe_bench *b, struct pkt *outer, size_t quoted, uint8_t type,
		 uint8_t code, uint32_t rest)
{
	bench_icmp(b, error_about(b, outer, quoted, type, code, rest));
	pkt_give(&b->pool, outer);
}

/* The one ICMP error that came out, or all zero. */
static struct icmp_message told(const struct pipe_bench *b)
{
	const struct pkt *p = b->out.wire.first ? b->out.wire.first : b->out.link.first;
	struct icmp_message m = { 0 };

	CU_ASSERT_TRUE(bench_came_out(b) <= 1);
	if (p)
		CU_ASSERT_TRUE(icmp_open(p->data, p->len, &m));
	return m;
}

static uint16_t path_mtu(struct pipe_bench *b, const struct tunnel_spec *spec)
{
	return mtu_now(&bench_tunnel(b, spec)->path->mtu, b->now.mono);
}

/* ---- too big ---- */

static const struct {
	const char *home, *peer;
	struct encap_spec encap;
	size_t overhead;
} tunnels[] = {
	{ "198.51.100.50", "203.0.113.1", { .kind = ENCAP_GRE }, 24 },
	{ "198.51.100.52", "203.0.113.3", { .kind = ENCAP_MINIMAL }, 12 },
	{ "198.51.100.53",
	  "203.0.113.4",
	  { .kind = ENCAP_GRE, .gre_key = true, .gre_key_in = 0xa01 },
	  32 },
};

static void too_big_is_learned_and_relayed(void)
{
	for (unsigned i = 0; i < 3; i++) {
		struct tunnel_spec spec = bench_spec(tunnels[i].peer, tunnels[i].encap);
		struct packet_like like = { .dst = tunnels[i].home,
					    .size = 1400,
					    .fragment = IPV4_DF };
		struct pipe_bench b;
		struct icmp_message m;
		struct ipv4 quoted;

		bench_open(&b);
		hear(&b, outer_packet(&b, &like), 548, ICMP_UNREACHABLE,
		     ICMP_CODE_TOO_BIG, 1300);
		CU_ASSERT_EQUAL(path_mtu(&b, &spec), 1300);
		m = told(&b);
		CU_ASSERT_EQUAL(m.type, ICMP_UNREACHABLE);
		CU_ASSERT_EQUAL(m.code, ICMP_CODE_TOO_BIG);
		CU_ASSERT_EQUAL(m.rest, 1300 - tunnels[i].overhead);
		CU_ASSERT_EQUAL(m.dst.s_addr, addr_of("192.0.2.80").s_addr);
		CU_ASSERT_EQUAL(m.src.s_addr, addr_of("198.51.100.1").s_addr);
		CU_ASSERT_TRUE_FATAL(m.body_len >= 28);
		memcpy(&quoted, m.body, sizeof(quoted));
		CU_ASSERT_EQUAL(quoted.dst.s_addr, addr_of(like.dst).s_addr);
		CU_ASSERT_EQUAL(quoted.protocol, PROTO_UDP);
		CU_ASSERT_EQUAL(ntohs(quoted.length), 1400);
		CU_ASSERT_EQUAL(checksum_of(m.body, IPV4_HEADER), 0);
		CU_ASSERT_EQUAL(bench_count(&b, "mtu-lowered"), 1);
		bench_clear(&b);

		/* What is too big from now on is refused before it is sent. */
		like.size = 1300 - tunnels[i].overhead + 1;
		bench_outbound(&b, packet_like(&b.pool, &like));
		CU_ASSERT_EQUAL(told(&b).rest, 1300 - tunnels[i].overhead);
		bench_clear(&b);
		like.size--;
		bench_outbound(&b, packet_like(&b.pool, &like));
		CU_ASSERT_EQUAL(b.out.wire.first->len, 1300);
		bench_close(&b);
	}
}

static void too_big_without_df_is_learned_only(void)
{
	struct tunnel_spec spec = bench_spec("203.0.113.1", gre);
	struct packet_like like = { .size = 1400 };
	struct pipe_bench b;

	bench_open(&b);
	hear(&b, outer_packet(&b, &like), 548, ICMP_UNREACHABLE, ICMP_CODE_TOO_BIG,
	     1300);
	CU_ASSERT_EQUAL(path_mtu(&b, &spec), 1300);
	CU_ASSERT_EQUAL(bench_came_out(&b), 0);
	bench_outbound(&b, packet_like(&b.pool, &like));
	CU_ASSERT_EQUAL(b.out.wire.count, 2);
	bench_close(&b);
}

static void too_big_from_an_old_router_means_a_plateau(void)
{
	struct tunnel_spec spec = bench_spec("203.0.113.1", gre);
	struct packet_like like = { .size = 1476, .fragment = IPV4_DF };
	struct pipe_bench b;

	bench_open(&b);
	hear(&b, outer_packet(&b, &like), 28, ICMP_UNREACHABLE, ICMP_CODE_TOO_BIG, 0);
	CU_ASSERT_EQUAL(path_mtu(&b, &spec), 1492);
	/* 8 octets do not tell who sent it; the next one too big will be answered. */
	CU_ASSERT_EQUAL(bench_came_out(&b), 0);
	bench_outbound(&b, packet_like(&b.pool, &like));
	CU_ASSERT_EQUAL(told(&b).rest, 1492 - 24);
	b.now.mono = instant_add(b.now.mono, duration_s(MTU_FORGET_S));
	CU_ASSERT_EQUAL(path_mtu(&b, &spec), 1500);
	bench_close(&b);
}

static void the_least_mtu_told_is_68(void)
{
	struct packet_like like = { .size = 1400, .fragment = IPV4_DF };
	struct pipe_bench b;

	bench_open(&b);
	hear(&b, outer_packet(&b, &like), 548, ICMP_UNREACHABLE, ICMP_CODE_TOO_BIG, 1);
	CU_ASSERT_EQUAL(told(&b).rest, 68);
	bench_close(&b);
}

/*
 * Forged or not, it costs other senders no more than the floor; where their
 * packets may be cut, routers may do so.
 */
static void less_than_the_floor_is_for_the_sender_alone(void)
{
	struct tunnel_spec spec = bench_spec("203.0.113.1", gre);
	struct packet_like asked = { .size = 1400, .fragment = IPV4_DF };
	struct packet_like other = { .size = 500 };
	struct pipe_bench b;

	bench_open(&b);
	bench_outbound(&b, packet_like(&b.pool, &other));
	CU_ASSERT_TRUE(ntohs(pkt_ipv4(b.out.wire.first)->fragment) & IPV4_DF);
	bench_clear(&b);
	hear(&b, outer_packet(&b, &asked), 548, ICMP_UNREACHABLE, ICMP_CODE_TOO_BIG,
	     300);
	CU_ASSERT_EQUAL(told(&b).rest, 300 - 24);
	CU_ASSERT_EQUAL(path_mtu(&b, &spec), MTU_FLOOR);
	bench_clear(&b);

	bench_outbound(&b, packet_like(&b.pool, &other));
	CU_ASSERT_EQUAL(b.out.wire.count, 1);
	CU_ASSERT_FALSE(ntohs(pkt_ipv4(b.out.wire.first)->fragment) & IPV4_DF);
	CU_ASSERT_TRUE(packet_sound(b.out.wire.first));
	bench_clear(&b);
	other.fragment = IPV4_DF;
	bench_outbound(&b, packet_like(&b.pool, &other));
	CU_ASSERT_EQUAL(b.out.wire.count, 1);
	CU_ASSERT_TRUE(ntohs(pkt_ipv4(b.out.wire.first)->fragment) & IPV4_DF);
	bench_clear(&b);

	b.now.mono = instant_add(b.now.mono, duration_s(MTU_FORGET_S));
	other.fragment = 0;
	bench_outbound(&b, packet_like(&b.pool, &other));
	CU_ASSERT_TRUE(ntohs(pkt_ipv4(b.out.wire.first)->fragment) & IPV4_DF);
	bench_close(&b);
}

/* ---- unreachable ---- */

static const struct {
	uint8_t type, code;
	int to_node, to_site; /* code told, -1: nothing */
} unreachables[] = {
	{ 3, 0, 1, 0 },    { 3, 1, 1, 1 },    { 3, 2, 1, 0 },    { 3, 3, -1, -1 },
	{ 3, 5, -1, -1 },  { 3, 9, 1, 0 },    { 3, 10, 1, 0 },   { 3, 13, 1, 0 },
	{ 3, 14, -1, -1 }, { 4, 0, -1, -1 },  { 5, 0, -1, -1 },  { 5, 1, -1, -1 },
	{ 11, 0, 1, 1 },   { 11, 1, -1, -1 }, { 12, 0, -1, -1 },
};

static void check_unreachable(struct packet_like like, uint8_t type, uint8_t code,
			      int want)
{
	struct icmp_message m;
	struct pipe_bench b;

	bench_open(&b);
	hear(&b, outer_packet(&b, &like), 548, type, code, 0);
	CU_ASSERT_EQUAL(bench_came_out(&b), want >= 0);
	CU_ASSERT_EQUAL(bench_drops(&b, "icmp-ignored"), want < 0);
	if (want >= 0) {
		m = told(&b);
		CU_ASSERT_EQUAL(m.type, ICMP_UNREACHABLE);
		CU_ASSERT_EQUAL(m.code, want);
		CU_ASSERT_EQUAL(m.rest, 0);
		CU_ASSERT_EQUAL(m.dst.s_addr,
				addr_of(like.src ? like.src : "192.0.2.80").s_addr);
	}
	bench_close(&b);
}

static void unreachables_are_relayed_as_the_rfc_says(void)
{
	struct packet_like to_node = { .dst = "198.51.100.50" };
	struct packet_like to_site = { .src = "10.8.1.1", .dst = "10.9.1.1" };

	for (unsigned i = 0; i < sizeof(unreachables) / sizeof(unreachables[0]); i++) {
		check_unreachable(to_node, unreachables[i].type, unreachables[i].code,
				  unreachables[i].to_node);
		check_unreachable(to_site, unreachables[i].type, unreachables[i].code,
				  unreachables[i].to_site);
	}
}

static void errors_for_a_visitor_go_onto_its_link(void)
{
	struct packet_like like = { .src = "10.1.0.20", .dst = "8.8.8.8" };
	struct pipe_bench b;

	bench_open(&b);
	hear(&b, outer_packet(&b, &like), 548, ICMP_UNREACHABLE, ICMP_CODE_HOST, 0);
	CU_ASSERT_EQUAL(b.out.link.count, 1);
	CU_ASSERT_EQUAL(b.out.wire.count, 0);
	bench_close(&b);
}

static void what_quotes_too_little_is_owed_to_the_next_sender(void)
{
	struct packet_like like = { .size = 100 };
	struct packet_like next = { .src = "192.0.2.99", .size = 100 };
	struct icmp_message m;
	struct pipe_bench b;
	struct pkt *p;

	bench_open(&b);
	hear(&b, outer_packet(&b, &like), 28, ICMP_UNREACHABLE, ICMP_CODE_HOST, 0);
	CU_ASSERT_EQUAL(bench_came_out(&b), 0);
	/* The error, and the packet is still tunnelled (RFC 2003 5). */
	bench_outbound(&b, packet_like(&b.pool, &next));
	CU_ASSERT_EQUAL_FATAL(b.out.wire.count, 2);
	p = pkt_queue_pop(&b.out.wire);
	CU_ASSERT_TRUE_FATAL(icmp_open(p->data, p->len, &m));
	CU_ASSERT_EQUAL(m.code, ICMP_CODE_HOST);
	CU_ASSERT_EQUAL(m.dst.s_addr, addr_of("192.0.2.99").s_addr);
	pkt_give(&b.pool, p);
	bench_clear(&b);
	/* Once. */
	bench_outbound(&b, packet_like(&b.pool, &next));
	CU_ASSERT_EQUAL(b.out.wire.count, 1);
	bench_clear(&b);
	/* And not much later. */
	hear(&b, outer_packet(&b, &like), 28, ICMP_UNREACHABLE, ICMP_CODE_HOST, 0);
	b.now.mono = instant_add(b.now.mono, duration_s(60));
	bench_outbound(&b, packet_like(&b.pool, &next));
	CU_ASSERT_EQUAL(b.out.wire.count, 1);
	bench_close(&b);
}

/* ---- what is not believed ---- */

static void about_no_tunnel_of_ours_is_dropped(void)
{
	struct packet_like like = { .size = 200 };
	struct pipe_bench b;
	struct pkt *outer;

	bench_open(&b);
	outer = outer_packet(&b, &like);
	outer->data[19]++; /* destination */
	hear(&b, outer, 548, ICMP_UNREACHABLE, ICMP_CODE_TOO_BIG, 600);
	outer = outer_packet(&b, &like);
	outer->data[9] = PROTO_UDP;
	hear(&b, outer, 548, ICMP_UNREACHABLE, ICMP_CODE_HOST, 0);
	CU_ASSERT_EQUAL(bench_drops(&b, "icmp-unknown"), 2);
	CU_ASSERT_EQUAL(bench_came_out(&b), 0);
	bench_close(&b);
}

/* Changed behind the outer header of 20 octets; what is quoted short is no better. */
static void about_other_flags_or_another_key_is_dropped(void)
{
	static const struct {
		size_t at, quoted;
		uint8_t change;
	} forged[] = {
		{ 20, 548, 0x20 }, /* no key */
		{ 20, 548, 0x80 }, /* a checksum */
		{ 22, 548, 0x08 }, /* another protocol */
		{ 27, 548, 0x01 }, /* another key */
		{ 27, 28, 0x01 },  { 0, 27, 0 }, { 0, 20, 0 },
	};
	struct tunnel_spec spec = bench_spec(tunnels[2].peer, tunnels[2].encap);
	struct packet_like like = { .dst = tunnels[2].home, .size = 1400 };
	struct pipe_bench b;

	bench_open(&b);
	for (unsigned i = 0; i < sizeof(forged) / sizeof(forged[0]); i++) {
		struct pkt *outer = outer_packet(&b, &like);

		outer->data[forged[i].at] ^= forged[i].change;
		hear(&b, outer, forged[i].quoted, ICMP_UNREACHABLE, ICMP_CODE_TOO_BIG,
		     600);
		CU_ASSERT_EQUAL(bench_drops(&b, "icmp-unknown"), i + 1);
	}
	CU_ASSERT_EQUAL(path_mtu(&b, &spec), 1500);
	hear(&b, outer_packet(&b, &like), 28, ICMP_UNREACHABLE, ICMP_CODE_TOO_BIG, 600);
	CU_ASSERT_EQUAL(path_mtu(&b, &spec), 600);
	bench_close(&b);
}

/* A forged quote cannot make us send errors to whom it pleases. */
static void about_a_packet_that_goes_elsewhere_is_told_to_nobody(void)
{
	struct packet_like like = { .size = 200, .fragment = IPV4_DF };
	struct tunnel_spec spec = bench_spec("203.0.113.1", gre);
	struct pipe_bench b;
	struct pkt *outer;

	bench_open(&b);
	outer = outer_packet(&b, &like);
	((struct ipv4 *)(outer->data + 24))->dst = addr_of("198.51.100.53");
	ipv4_seal((struct ipv4 *)(outer->data + 24));
	hear(&b, outer, 548, ICMP_UNREACHABLE, ICMP_CODE_HOST, 0);
	CU_ASSERT_EQUAL(bench_drops(&b, "icmp-unknown"), 1);
	outer = outer_packet(&b, &like);
	((struct ipv4 *)(outer->data + 24))->dst = addr_of("198.51.100.53");
	ipv4_seal((struct ipv4 *)(outer->data + 24));
	hear(&b, outer, 548, ICMP_UNREACHABLE, ICMP_CODE_TOO_BIG, 700);
	CU_ASSERT_EQUAL(bench_came_out(&b), 0);
	outer = outer_packet(&b, &like);
	outer->data[24 + 12]++; /* the header checksum is wrong now */
	hear(&b, outer, 548, ICMP_UNREACHABLE, ICMP_CODE_TOO_BIG, 600);
	CU_ASSERT_EQUAL(bench_came_out(&b), 0);
	CU_ASSERT_EQUAL(path_mtu(&b, &spec), 600);
	bench_close(&b);
}

static void no_error_about_an_error(void)
{
	struct packet_like like = { .protocol = PROTO_ICMP, .size = 100 };
	struct pipe_bench b;
	struct pkt *p, *outer;

	bench_open(&b);
	p = packet_like(&b.pool, &like);
	p->data[20] = ICMP_UNREACHABLE;
	bench_outbound(&b, p);
	outer = pkt_queue_pop(&b.out.wire);
	hear(&b, outer, 548, ICMP_UNREACHABLE, ICMP_CODE_HOST, 0);
	CU_ASSERT_EQUAL(bench_came_out(&b), 0);
	p = packet_like(&b.pool, &like);
	p->data[20] = ICMP_ECHO_REQUEST;
	bench_outbound(&b, p);
	outer = pkt_queue_pop(&b.out.wire);
	hear(&b, outer, 548, ICMP_UNREACHABLE, ICMP_CODE_HOST, 0);
	CU_ASSERT_EQUAL(bench_came_out(&b), 1);
	bench_close(&b);
}

static void what_is_no_error_is_dropped(void)
{
	struct packet_like like = { .size = 100 };
	struct pipe_bench b;
	struct pkt *p, *outer;

	bench_open(&b);
	hear(&b, outer_packet(&b, &like), 548, ICMP_ECHO_REQUEST, 0, 0);
	CU_ASSERT_EQUAL(bench_drops(&b, "icmp-ignored"), 1);
	outer = outer_packet(&b, &like);
	p = error_about(&b, outer, 548, ICMP_UNREACHABLE, ICMP_CODE_HOST, 0);
	p->data[22]++;
	bench_icmp(&b, p);
	pkt_give(&b.pool, outer);
	CU_ASSERT_EQUAL(bench_drops(&b, "icmp-unsound"), 1);
	CU_ASSERT_EQUAL(bench_came_out(&b), 0);
	bench_close(&b);
}

static void every_truncation_is_harmless(void)
{
	for (unsigned i = 0; i < 3; i++) {
		struct packet_like like = { .dst = tunnels[i].home,
					    .fragment = IPV4_DF };
		struct pipe_bench b;

		bench_open(&b);
		for (size_t len = 0; len <= 90; len++) {
			bench_clear(&b);
			hear(&b, outer_packet(&b, &like), len, ICMP_UNREACHABLE,
			     (uint8_t)(len % 2 ? ICMP_CODE_HOST : ICMP_CODE_TOO_BIG),
			     576);
			for (struct pkt *p = b.out.wire.first; p; p = p->next)
				CU_ASSERT_TRUE(packet_sound(p));
		}
		bench_close(&b);
	}
}

/* ---- the kernel's own refusal ---- */

static void the_kernels_refusal_is_learned_and_told(void)
{
	struct tunnel_spec spec = bench_spec("203.0.113.1", gre);
	struct packet_like like = { .size = 1400, .fragment = IPV4_DF };
	struct pipe_bench b;

	bench_open(&b);
	pipeline_too_big(b.pl, outer_packet(&b, &like), 1280, b.now, &b.out);
	CU_ASSERT_EQUAL(path_mtu(&b, &spec), 1280);
	CU_ASSERT_EQUAL(told(&b).rest, 1280 - 24);
	CU_ASSERT_EQUAL(bench_drops(&b, "too-big"), 1);
	bench_clear(&b);
	pipeline_too_big(b.pl, packet_like(&b.pool, &like), 1280, b.now, &b.out);
	CU_ASSERT_EQUAL(bench_came_out(&b), 0);
	CU_ASSERT_EQUAL(bench_drops(&b, "too-big"), 2);
	bench_close(&b);
}

static void relayed_errors_are_limited(void)
{
	struct packet_like like = { .size = 100 };
	struct pipe_bench b;

	bench_open(&b);
	for (unsigned i = 0; i < 60; i++) {
		bench_clear(&b);
		hear(&b, outer_packet(&b, &like), 548, ICMP_UNREACHABLE, ICMP_CODE_HOST,
		     0);
	}
	CU_ASSERT_EQUAL(bench_count(&b, "icmp-sent"), 50);
	CU_ASSERT_EQUAL(bench_count(&b, "icmp-limited"), 10);
	CU_ASSERT_EQUAL(bench_count(&b, "icmp-heard"), 60);
	bench_close(&b);
}

void suite_relay_icmp(void)
{
	CU_pSuite s = CU_add_suite("relay_icmp", NULL, NULL);

	CU_ADD_TEST(s, too_big_is_learned_and_relayed);
	CU_ADD_TEST(s, too_big_without_df_is_learned_only);
	CU_ADD_TEST(s, too_big_from_an_old_router_means_a_plateau);
	CU_ADD_TEST(s, the_least_mtu_told_is_68);
	CU_ADD_TEST(s, less_than_the_floor_is_for_the_sender_alone);
	CU_ADD_TEST(s, unreachables_are_relayed_as_the_rfc_says);
	CU_ADD_TEST(s, errors_for_a_visitor_go_onto_its_link);
	CU_ADD_TEST(s, what_quotes_too_little_is_owed_to_the_next_sender);
	CU_ADD_TEST(s, about_no_tunnel_of_ours_is_dropped);
	CU_ADD_TEST(s, about_other_flags_or_another_key_is_dropped);
	CU_ADD_TEST(s, about_a_packet_that_goes_elsewhere_is_told_to_nobody);
	CU_ADD_TEST(s, no_error_about_an_error);
	CU_ADD_TEST(s, what_is_no_error_is_dropped);
	CU_ADD_TEST(s, every_truncation_is_harmless);
	CU_ADD_TEST(s, the_kernels_refusal_is_learned_and_told);
	CU_ADD_TEST(s, relayed_errors_are_limited);
}
