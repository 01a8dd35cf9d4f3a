/* SPDX-License-Identifier: ISC */
/*
 * UDP carriers: golden packets, round trips of everything that they carry, ports,
 * and every way in which what comes may be wrong.
 */
#include "common/tunnel/encap_udp.h"

#include "common/wire/udp.h"

#include "tests/unit/alloc_count.h"
#include "tests/unit/hex.h"
#include "tests/unit/packets.h"
#include "tests/unit/suites.h"

#include <CUnit/CUnit.h>

#include <stdlib.h>
#include <string.h>

static const struct golden {
	const char *name;
	enum carrier_kind kind;
	uint16_t local_port;
	const char *plain, *carried;
} goldens[] = {
#define CARRIER(name, kind, port, plain, carried) { name, kind, port, plain, carried },
#include "tests/vectors/carrier.def"
#undef CARRIER
};

enum { GOLDENS = sizeof(goldens) / sizeof(goldens[0]) };

static void push(const struct carrier_spec *spec, struct pkt *p)
{
	struct pkt_vec v = vec_of(p);

	carrier_push(spec, &v);
	carrier_complete(p);
}

static void pull(struct pkt *p)
{
	const struct carrier_ports ports = carrier_ports((struct carrier_ports){ 0 });
	struct pkt_vec v = vec_of(p);

	carrier_pull(&ports, &v);
}

static bool equals_hex(const struct pkt *p, const char *text)
{
	struct hex h = hex_of(text);

	return packet_is(p, h.bytes, h.len);
}

/* What a datagram with this payload to that port comes to. */
static struct pkt *datagram(uint16_t port, const char *payload)
{
	struct hex h = hex_of(payload);
	const struct udp_packet u = { .src = addr_of("203.0.113.1"),
				      .dst = addr_of("198.51.100.1"),
				      .src_port = 7000,
				      .dst_port = port,
				      .ttl = 64,
				      .payload = h.bytes,
				      .len = h.len };
	struct pkt *p = pkt_take(packets_pool());

	CU_ASSERT_PTR_NOT_NULL_FATAL(p);
	p->len = udp_build(p->data, pkt_room(p), &u, 1);
	pull(p);
	return p;
}

/* ---- golden packets ---- */

static void golden_packets_both_ways(void)
{
	for (unsigned i = 0; i < GOLDENS; i++) {
		const struct golden *g = &goldens[i];
		const struct carrier_spec spec = { .kind = g->kind,
						   .local_port = g->local_port };
		struct pkt *p = packet_of_hex(packets_pool(), g->plain);

		push(&spec, p);
		CU_ASSERT_TRUE(!p->drop && equals_hex(p, g->carried));
		pull(p);
		CU_ASSERT_TRUE(!p->drop && equals_hex(p, g->plain));
		CU_ASSERT_EQUAL(p->carrier, g->kind);
		pkt_give(packets_pool(), p);
	}
}

/* Of ESP none is due; of the others it is left out until somebody asks for it. */
static void a_checksum_is_written_when_it_is_asked_for(void)
{
	for (unsigned i = 0; i < GOLDENS; i++) {
		const struct carrier_spec spec = { .kind = goldens[i].kind,
						   .local_port =
							   goldens[i].local_port };
		struct pkt *p = packet_of_hex(packets_pool(), goldens[i].plain);
		bool due = pkt_ipv4(p)->protocol != PROTO_ESP;
		struct pkt_vec v = vec_of(p);

		carrier_push(&spec, &v);
		CU_ASSERT_EQUAL(p->unsummed, due);
		CU_ASSERT_EQUAL(equals_hex(p, goldens[i].carried), !due);
		carrier_complete(p);
		CU_ASSERT_FALSE(p->unsummed);
		CU_ASSERT_TRUE(equals_hex(p, goldens[i].carried));
		pkt_give(packets_pool(), p);
	}
}

static void it_adds_what_it_says(void)
{
	CU_ASSERT_EQUAL(carrier_overhead(CARRIER_NONE), 0);
	for (unsigned i = 0; i < GOLDENS; i++)
		CU_ASSERT_EQUAL(hex_of(goldens[i].carried).len,
				hex_of(goldens[i].plain).len +
					carrier_overhead(goldens[i].kind));
}

static void names_are_those_of_the_configuration(void)
{
	CU_ASSERT_STRING_EQUAL(carrier_name(CARRIER_NONE), "none");
	CU_ASSERT_STRING_EQUAL(carrier_name(CARRIER_UDP), "udp");
	CU_ASSERT_STRING_EQUAL(carrier_name(CARRIER_MIP), "mip");
	CU_ASSERT_STRING_EQUAL(carrier_name(CARRIER_KIND_COUNT), "unknown");
}

/* ---- round trips ---- */

static void check_round_trip(const struct carrier_spec *spec,
			     const struct packet_like *like)
{
	struct pkt *p = packet_like(packets_pool(), like);
	struct pkt *before = pkt_clone(packets_pool(), p);

	push(spec, p);
	CU_ASSERT_TRUE(!p->drop && packet_sound(p));
	CU_ASSERT_EQUAL(p->len, before->len + carrier_overhead(spec->kind));
	pull(p);
	CU_ASSERT_TRUE(!p->drop && packet_is(p, before->data, before->len));
	pkt_give(packets_pool(), before);
	pkt_give(packets_pool(), p);
}

static void push_then_pull_is_identity(void)
{
	static const struct {
		enum carrier_kind kind;
		uint8_t protocol;
	} carried[] = { { CARRIER_UDP, PROTO_ESP },
			{ CARRIER_UDP, PROTO_GRE },
			{ CARRIER_MIP, PROTO_IPIP },
			{ CARRIER_MIP, PROTO_GRE },
			{ CARRIER_MIP, PROTO_MINIMAL } };

	for (unsigned i = 0; i < sizeof(carried) / sizeof(carried[0]); i++) {
		const struct carrier_spec spec = { .kind = carried[i].kind };
		struct packet_like like = { .protocol = carried[i].protocol,
					    .tos = 0xb9,
					    .ttl = 7,
					    .fragment = IPV4_DF };

		for (like.size = 64; like.size < 1600; like.size += 13)
			check_round_trip(&spec, &like);
		for (like.options = 4; like.options <= 40; like.options += 4)
			check_round_trip(&spec, &like);
		like.options = 0;
		like.size = IPV4_MAX - carrier_overhead(spec.kind);
		check_round_trip(&spec, &like);
	}
}

static void too_large_a_packet_is_dropped(void)
{
	const struct carrier_spec spec = { .kind = CARRIER_MIP };
	struct pkt *p =
		packet_like(packets_pool(),
			    &(struct packet_like){ .protocol = PROTO_GRE,
						   .size = IPV4_MAX - UDP_HEADER - 3 });

	push(&spec, p);
	CU_ASSERT_EQUAL(p->drop, DROP_NO_ROOM);
	pkt_give(packets_pool(), p);
}

static void what_is_no_udp_stays_as_it_is(void)
{
	struct pkt *p = packet_of_hex(packets_pool(), goldens[0].plain);

	pull(p);
	CU_ASSERT_TRUE(!p->drop && equals_hex(p, goldens[0].plain));
	CU_ASSERT_EQUAL(p->carrier, CARRIER_NONE);
	p->drop = DROP_NO_ROUTE;
	push(&(struct carrier_spec){ .kind = CARRIER_UDP }, p);
	CU_ASSERT_EQUAL(p->len, hex_of(goldens[0].plain).len);
	pkt_give(packets_pool(), p);
}

/* ---- ports ---- */

static uint16_t field(const struct pkt *p, size_t at)
{
	struct reader r = reader_over(p->data, p->len);

	read_skip(&r, at);
	return read_u16(&r);
}

static uint16_t flow_port(const struct packet_like *like, const struct encap_spec *gre)
{
	const struct carrier_spec spec = { .kind = CARRIER_UDP };
	struct tunnel_ends ends = tunnel_ends(gre);
	struct pkt *p = packet_like(packets_pool(), like);
	uint16_t port;

	push_one(&ends.near, p);
	push(&spec, p);
	port = field(p, IPV4_HEADER);
	CU_ASSERT_EQUAL(field(p, IPV4_HEADER + 2), CARRIER_PORT_GRE);
	CU_ASSERT_NOT_EQUAL(field(p, IPV4_HEADER + 6), 0);
	pkt_give(packets_pool(), p);
	return port;
}

/* RFC 8086 3.1: by flow, 49152 and up, the same for all packets of a flow. */
static void the_source_port_of_gre_tells_flows_apart(void)
{
	const struct encap_spec gre = { .kind = ENCAP_GRE, .gre_key = true };
	unsigned differ = 0;
	uint16_t first = flow_port(&(struct packet_like){ .size = 40 }, &gre);

	CU_ASSERT_EQUAL(flow_port(&(struct packet_like){ .size = 900 }, &gre), first);
	for (unsigned i = 1; i < 100; i++) {
		char dst[16];
		uint16_t port;

		snprintf(dst, sizeof(dst), "10.0.0.%u", i);
		port = flow_port(&(struct packet_like){ .dst = dst }, &gre);
		CU_ASSERT_TRUE(port >= 49152);
		differ += port != first;
	}
	CU_ASSERT_TRUE(differ > 85);
}

/* Fragments have no ports: all of one packet go the same way. */
static void fragments_of_a_flow_share_a_port(void)
{
	const struct encap_spec gre = { .kind = ENCAP_GRE };
	const struct packet_like first = { .size = 100, .fragment = IPV4_MF };
	const struct packet_like later = { .size = 48, .fragment = 10 };

	CU_ASSERT_EQUAL(flow_port(&first, &gre), flow_port(&later, &gre));
}

static void ports_may_be_others(void)
{
	const struct carrier_spec spec = { CARRIER_MIP, 40000, 40001 };
	const struct carrier_ports ports = carrier_ports(
		(struct carrier_ports){ .esp = 4501, .gre = 4755, .mip = 40001 });
	struct pkt *p = packet_of_hex(packets_pool(), goldens[2].plain);
	struct pkt_vec v = vec_of(p);

	push(&spec, p);
	CU_ASSERT_EQUAL(field(p, IPV4_HEADER), 40000);
	CU_ASSERT_EQUAL(field(p, IPV4_HEADER + 2), 40001);
	carrier_pull(&ports, &v);
	CU_ASSERT_TRUE(!p->drop && equals_hex(p, goldens[2].plain));
	CU_ASSERT_EQUAL(p->carrier_port, 40000);
	pkt_give(packets_pool(), p);
	p = datagram(9, "00000800");
	CU_ASSERT_EQUAL(p->drop, DROP_UDP_PORT);
	pkt_give(packets_pool(), p);
}

/* ---- what comes ---- */

static const struct payload_row {
	const char *what;
	uint16_t port;
	const char *payload;
	enum drop_reason why;
	uint8_t protocol;
} payload_rows[] = {
	{ "ESP", 4500, "000001000000000100", DROP_NONE, PROTO_ESP },
	{ "SPI cut off", 4500, "000001", DROP_UDP_SHORT, 0 },
	{ "empty on the port of ESP", 4500, "", DROP_UDP_SHORT, 0 },
	{ "marker of IKE", 4500, "00000000aabbccdd", DROP_UDP_IKE, 0 },
	{ "keepalive", 4500, "ff", DROP_UDP_KEEPALIVE, 0 },
	{ "one other octet", 4500, "fe", DROP_UDP_SHORT, 0 },
	{ "two octets", 4500, "ffff", DROP_UDP_SHORT, 0 },
	{ "GRE", 4754, "0000080045", DROP_NONE, PROTO_GRE },
	{ "empty on the port of GRE", 4754, "", DROP_NONE, PROTO_GRE },
	{ "tunnel data of 4", 434, "0404000045", DROP_NONE, PROTO_IPIP },
	{ "tunnel data of 47", 434, "042f0000", DROP_NONE, PROTO_GRE },
	{ "reserved is ignored", 434, "0437ffff", DROP_NONE, PROTO_MINIMAL },
	{ "header cut off", 434, "040400", DROP_UDP_SHORT, 0 },
	{ "a registration", 434, "0104000045", DROP_UDP_KIND, 0 },
	{ "tunnel data of 50", 434, "04320000", DROP_UDP_KIND, 0 },
	{ "tunnel data of 17", 434, "04110000", DROP_UDP_KIND, 0 },
};

static void payloads_are_judged(void)
{
	for (unsigned i = 0; i < sizeof(payload_rows) / sizeof(payload_rows[0]); i++) {
		const struct payload_row *row = &payload_rows[i];
		struct pkt *p = datagram(row->port, row->payload);

		if (p->drop != row->why)
			CU_FAIL(row->what);
		if (!row->why)
			CU_ASSERT_TRUE(packet_sound(p) &&
				       pkt_ipv4(p)->protocol == row->protocol);
		pkt_give(packets_pool(), p);
	}
}

static void a_keepalive_is_what_the_rfc_says(void)
{
	const struct carrier_spec spec = { .kind = CARRIER_UDP };
	struct pkt *p = pkt_take(packets_pool());

	carrier_keepalive(&spec, addr_of("198.51.100.1"), addr_of("203.0.113.1"), p);
	CU_ASSERT_TRUE(packet_sound(p));
	CU_ASSERT_EQUAL(field(p, IPV4_HEADER), CARRIER_PORT_ESP);
	CU_ASSERT_EQUAL(field(p, IPV4_HEADER + 2), CARRIER_PORT_ESP);
	CU_ASSERT_EQUAL(p->len, IPV4_HEADER + UDP_HEADER + 1);
	CU_ASSERT_EQUAL(p->data[p->len - 1], 0xff);
	pull(p);
	CU_ASSERT_EQUAL(p->drop, DROP_UDP_KEEPALIVE);
	pkt_give(packets_pool(), p);
}

/* Cut anywhere, even inside the header, and copied to where an over-read shows. */
static void every_truncation_is_harmless(void)
{
	for (unsigned i = 0; i < GOLDENS; i++) {
		struct hex h = hex_of(goldens[i].carried);

		for (size_t n = IPV4_HEADER; n < h.len; n++) {
			struct pkt *p = packet_of_bytes(packets_pool(), h.bytes, n);

			pkt_ipv4(p)->length = htons((uint16_t)n);
			ipv4_seal(pkt_ipv4(p));
			pull(p);
			CU_ASSERT_EQUAL(p->drop, DROP_UDP_SHORT);
			pkt_give(packets_pool(), p);
		}
	}
}

/* What UDP says is shorter than the packet ends where UDP says. */
static void what_is_behind_the_datagram_is_cut_off(void)
{
	struct hex h = hex_of(goldens[1].carried);
	struct pkt *p = packet_of_bytes(packets_pool(), h.bytes, h.len);

	memset(p->data + p->len, 0xaa, 5);
	p->len += 5;
	pkt_ipv4(p)->length = htons((uint16_t)p->len);
	ipv4_seal(pkt_ipv4(p));
	pull(p);
	CU_ASSERT_TRUE(!p->drop && equals_hex(p, goldens[1].plain));
	pkt_give(packets_pool(), p);
}

/* With a checksum, no bit of the datagram changes unnoticed; without, ESP looks. */
static void a_wrong_checksum_is_seen(void)
{
	struct hex h = hex_of(goldens[1].carried);

	for (size_t bit = IPV4_HEADER * 8; bit < h.len * 8; bit++) {
		struct pkt *p = packet_of_bytes(packets_pool(), h.bytes, h.len);

		flip_bit(p->data, bit);
		pull(p);
		CU_ASSERT_TRUE(p->drop == DROP_UDP_CHECKSUM ||
			       p->drop == DROP_UDP_SHORT);
		pkt_give(packets_pool(), p);
	}
}

static void a_checksum_of_zero_is_none(void)
{
	struct hex h = hex_of(goldens[1].carried);
	struct pkt *p = packet_of_bytes(packets_pool(), h.bytes, h.len);

	memset(p->data + IPV4_HEADER + 6, 0, 2);
	pull(p);
	CU_ASSERT_TRUE(!p->drop && equals_hex(p, goldens[1].plain));
	pkt_give(packets_pool(), p);
}

static void fragments_are_not_opened(void)
{
	struct hex h = hex_of(goldens[1].carried);
	struct pkt *p = packet_of_bytes(packets_pool(), h.bytes, h.len);

	pkt_ipv4(p)->fragment = htons(IPV4_MF);
	ipv4_seal(pkt_ipv4(p));
	pull(p);
	CU_ASSERT_EQUAL(p->drop, DROP_FRAGMENT);
	pkt_give(packets_pool(), p);
}

/* ---- quoted by ICMP errors ---- */

static bool quoted(enum carrier_kind kind, uint16_t local, uint16_t remote,
		   const char *udp)
{
	const struct carrier_spec spec = { kind, local, remote };
	struct hex h = hex_of(udp);

	return carrier_is_quoted(&spec, reader_over(h.bytes, h.len));
}

static void a_quote_must_have_our_ports(void)
{
	const struct carrier_spec esp = { .kind = CARRIER_UDP };
	struct hex ours = hex_of("1194119400100000"),
		   other = hex_of("1195119400100000");

	CU_ASSERT_TRUE(quoted(CARRIER_MIP, 0, 0, "01b201b200100000"));
	CU_ASSERT_FALSE(quoted(CARRIER_MIP, 0, 0, "01b201b300100000"));
	CU_ASSERT_FALSE(quoted(CARRIER_MIP, 500, 0, "01b201b200100000"));
	CU_ASSERT_FALSE(quoted(CARRIER_MIP, 0, 0, "01b201"));
	CU_ASSERT_TRUE(quoted(CARRIER_UDP, 0, 0, "c2f2129200100000"));
	CU_ASSERT_FALSE(quoted(CARRIER_UDP, 0, 0, "c2f3129200100000"));
	CU_ASSERT_FALSE(quoted(CARRIER_UDP, 0, 0, "c2f2129300100000"));
	CU_ASSERT_TRUE(quoted(CARRIER_UDP, 1, 2, "0001000200100000"));
	CU_ASSERT_FALSE(quoted(CARRIER_UDP, 1, 2, "0002000200100000"));
	CU_ASSERT_TRUE(carrier_quotes_esp(&esp, hex_reader(&ours)));
	CU_ASSERT_FALSE(carrier_quotes_esp(&esp, hex_reader(&other)));
}

static void no_memory_is_taken(void)
{
	const struct carrier_spec spec = { .kind = CARRIER_UDP };
	struct pkt *p = packet_of_hex(packets_pool(), goldens[1].plain);
	unsigned long before = alloc_count();

	push(&spec, p);
	pull(p);
	CU_ASSERT_EQUAL(alloc_count(), before);
	pkt_give(packets_pool(), p);
}

void suite_encap_udp(void)
{
	CU_pSuite s = CU_add_suite("encap_udp", packets_open, packets_close);

	CU_ADD_TEST(s, golden_packets_both_ways);
	CU_ADD_TEST(s, a_checksum_is_written_when_it_is_asked_for);
	CU_ADD_TEST(s, it_adds_what_it_says);
	CU_ADD_TEST(s, names_are_those_of_the_configuration);
	CU_ADD_TEST(s, push_then_pull_is_identity);
	CU_ADD_TEST(s, too_large_a_packet_is_dropped);
	CU_ADD_TEST(s, what_is_no_udp_stays_as_it_is);
	CU_ADD_TEST(s, the_source_port_of_gre_tells_flows_apart);
	CU_ADD_TEST(s, fragments_of_a_flow_share_a_port);
	CU_ADD_TEST(s, ports_may_be_others);
	CU_ADD_TEST(s, payloads_are_judged);
	CU_ADD_TEST(s, a_keepalive_is_what_the_rfc_says);
	CU_ADD_TEST(s, every_truncation_is_harmless);
	CU_ADD_TEST(s, what_is_behind_the_datagram_is_cut_off);
	CU_ADD_TEST(s, a_wrong_checksum_is_seen);
	CU_ADD_TEST(s, a_checksum_of_zero_is_none);
	CU_ADD_TEST(s, fragments_are_not_opened);
	CU_ADD_TEST(s, a_quote_must_have_our_ports);
	CU_ADD_TEST(s, no_memory_is_taken);
}
