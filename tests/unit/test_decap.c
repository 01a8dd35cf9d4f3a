/* SPDX-License-Identifier: ISC */
/*
 * Hostile input to every encapsulation: truncated, altered, wrong, late. What is not
 * dropped with its reason is a sound packet.
 */
#include "common/tunnel/encap_ops.h"

#include "tests/unit/hex.h"
#include "tests/unit/packets.h"
#include "tests/unit/suites.h"

#include <CUnit/CUnit.h>

#include <string.h>

/* The outer packet cut to `len` and sealed again. */
static struct pkt *truncated(const struct hex *outer, size_t len)
{
	struct pkt *p = packet_of_bytes(packets_pool(), outer->bytes, len);

	pkt_ipv4(p)->length = htons((uint16_t)len);
	ipv4_seal(pkt_ipv4(p));
	return p;
}

/*
 * Minimal encapsulation has one length for both packets, so behind its header a
 * shorter packet is just a shorter packet.
 */
static bool truncation_is_seen(const struct tunnel_vector *v, size_t len)
{
	return v->kind != ENCAP_MINIMAL || len < IPV4_HEADER + MINIMAL_LONG;
}

static void every_truncation_is_dropped(void)
{
	for (unsigned i = 0; i < tunnel_vectors(); i++) {
		struct hex outer = hex_of(tunnel_vector(i)->outer);

		for (size_t len = IPV4_HEADER; len < outer.len; len++) {
			struct tunnel_ends e = vector_ends(tunnel_vector(i));
			struct pkt *p = truncated(&outer, len);

			pull_one(&e.far, p);
			CU_ASSERT_EQUAL(p->drop != DROP_NONE,
					truncation_is_seen(tunnel_vector(i), len));
			CU_ASSERT_TRUE(p->drop || packet_sound(p));
			pkt_give(packets_pool(), p);
		}
	}
}

/* Of the type of service nothing is promised: ECN and DSCP may be carried over. */
static bool is_inner_but_for_tos(struct pkt *p)
{
	struct hex inner = tunnel_inner();

	if (p->len != inner.len || !packet_sound(p))
		return false;
	ipv4_set_tos(pkt_ipv4(p), inner.bytes[1]);
	return memcmp(p->data, inner.bytes, inner.len) == 0;
}

/* The outer header is not covered by pull itself: the pipeline judges it first. */
static void check_flip(const struct tunnel_vector *v, size_t bit)
{
	struct tunnel_ends e = vector_ends(v);
	struct hex outer = hex_of(v->outer);
	struct pkt *p;

	flip_bit(outer.bytes, bit);
	p = packet_of_bytes(packets_pool(), outer.bytes, outer.len);
	p->drop = pkt_check(p);
	pull_one(&e.far, p);
	CU_ASSERT_TRUE(p->drop || is_inner_but_for_tos(p));
	pkt_give(packets_pool(), p);
}

static void every_flipped_header_bit_is_dropped_or_harmless(void)
{
	for (unsigned i = 0; i < tunnel_vectors(); i++) {
		struct hex outer = hex_of(tunnel_vector(i)->outer);
		size_t headers = outer.len - tunnel_inner().len + IPV4_HEADER;

		for (size_t bit = 0; bit < headers * 8; bit++)
			check_flip(tunnel_vector(i), bit);
	}
}

/* As an attacker would: with the outer checksum made good again. */
static void every_flipped_bit_with_a_good_checksum_leaves_a_sound_packet(void)
{
	for (unsigned i = 0; i < tunnel_vectors(); i++) {
		struct hex outer = hex_of(tunnel_vector(i)->outer);

		for (size_t bit = 0; bit < outer.len * 8; bit++) {
			struct tunnel_ends e = vector_ends(tunnel_vector(i));
			struct pkt *p =
				packet_of_bytes(packets_pool(), outer.bytes, outer.len);

			flip_bit(p->data, bit);
			if ((p->data[0] & 15) >= 5 && (p->data[0] & 15) * 4u <= p->len)
				ipv4_seal(pkt_ipv4(p));
			p->drop = pkt_check(p);
			pull_one(&e.far, p);
			CU_ASSERT_TRUE(p->drop || packet_sound(p));
			pkt_give(packets_pool(), p);
		}
	}
}

struct hostile {
	const char *what;
	enum encap_kind kind;
	const char *shim; /* GRE or minimal header */
	bool gre_key;
	enum drop_reason why;
};

static const struct hostile hostile[] = {
	{ "routing flag", ENCAP_GRE, "40000800", false, DROP_GRE_FLAGS },
	{ "strict source route", ENCAP_GRE, "08000800", false, DROP_GRE_FLAGS },
	{ "bit 5 is ignored", ENCAP_GRE, "04000800", false, DROP_NONE },
	{ "bits 5 to 12 are ignored", ENCAP_GRE, "07f80800", false, DROP_NONE },
	{ "version 1", ENCAP_GRE, "00010800", false, DROP_GRE_VERSION },
	{ "version 7", ENCAP_GRE, "00070800", false, DROP_GRE_VERSION },
	{ "IPv6 inside", ENCAP_GRE, "000086dd", false, DROP_GRE_PROTOCOL },
	{ "wrong checksum", ENCAP_GRE, "8000080064da0000", false, DROP_GRE_CHECKSUM },
	{ "right checksum", ENCAP_GRE, "8000080064db0000", false, DROP_NONE },
	{ "key where none is", ENCAP_GRE, "2000080000000a01", false, DROP_BAD_KEY },
	{ "no key where one is", ENCAP_GRE, "00000800", true, DROP_BAD_KEY },
	{ "another key", ENCAP_GRE, "2000080000000a02", true, DROP_BAD_KEY },
	{ "the key", ENCAP_GRE, "2000080000000a01", true, DROP_NONE },
	{ "number not asked for", ENCAP_GRE, "1000080000000007", false, DROP_NONE },
	{ "minimal", ENCAP_MINIMAL, "118001c9c6336432c0000250", false, DROP_NONE },
	{ "minimal, wrong sum", ENCAP_MINIMAL, "118001c8c6336432c0000250", false,
	  DROP_MINIMAL_CHECKSUM },
};

/* The shim between an outer header and the inner packet; minimal: its payload. */
static struct pkt *with_shim(const struct hostile *h)
{
	struct hex inner = tunnel_inner();
	struct hex shim = hex_of(h->shim);
	size_t skip = h->kind == ENCAP_MINIMAL ? IPV4_HEADER : 0;
	struct pkt *p =
		packet_of_bytes(packets_pool(), inner.bytes + skip, inner.len - skip);
	struct ipv4_fields f = { .src = addr_of("198.51.100.1"),
				 .dst = addr_of("203.0.113.1"),
				 .protocol = encap_protocol(h->kind),
				 .ttl = 64 };

	memcpy(pkt_push(p, shim.len), shim.bytes, shim.len);
	(void)pkt_push(p, IPV4_HEADER);
	ipv4_build(p->data, &f, p->len - IPV4_HEADER);
	return p;
}

static void every_refusal_has_its_reason(void)
{
	for (unsigned i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
		struct encap_spec spec = { .kind = hostile[i].kind,
					   .gre_key = hostile[i].gre_key,
					   .gre_key_in = 0xa01 };
		struct tunnel_ends e = tunnel_ends(&spec);
		struct pkt *p = with_shim(&hostile[i]);

		pull_one(&e.far, p);
		CU_ASSERT_STRING_EQUAL(drop_name(p->drop), drop_name(hostile[i].why));
		pkt_give(packets_pool(), p);
	}
}

static void decoders_read_nothing_past_the_end(void)
{
	static const char gre[] = "b00008002ad3000000000a0100000007";
	static const char minimal[] = "118001c9c6336432c0000250";
	struct hex g = hex_of(gre), m = hex_of(minimal);
	struct minimal_header mh;
	struct gre_header gh;

	for (size_t n = 0; n <= g.len; n++) {
		uint8_t *copy = exact_copy(g.bytes, n);

		CU_ASSERT_EQUAL(gre_decode(reader_over(copy, n), &gh),
				n < g.len ? DROP_GRE_SHORT : DROP_NONE);
		free(copy);
	}
	CU_ASSERT_EQUAL(gh.key, 0xa01);
	CU_ASSERT_EQUAL(gh.sequence, 7);
	CU_ASSERT_EQUAL(gh.len, 16);
	for (size_t n = 0; n <= m.len; n++) {
		uint8_t *copy = exact_copy(m.bytes, n);

		CU_ASSERT_EQUAL(minimal_decode(reader_over(copy, n), &mh),
				n < m.len ? DROP_MINIMAL_SHORT : DROP_NONE);
		free(copy);
	}
	CU_ASSERT_TRUE(mh.has_source);
	CU_ASSERT_EQUAL(mh.protocol, PROTO_UDP);
}

static void another_protocol_is_not_pulled(void)
{
	for (unsigned n = 0; n < ENCAP_VARIANTS; n++) {
		struct encap_spec spec = encap_variant(n);
		struct tunnel_ends e = tunnel_ends(&spec);
		struct pkt *p = packet_like(packets_pool(),
					    &(struct packet_like){ .size = 90 });

		pull_one(&e.far, p);
		CU_ASSERT_EQUAL(p->drop, DROP_NO_TUNNEL);
		pkt_give(packets_pool(), p);
	}
}

static void inner_ttl_of_zero_is_dropped(void)
{
	for (unsigned n = 0; n < ENCAP_VARIANTS; n++) {
		struct encap_spec spec = encap_variant(n);
		struct tunnel_ends e = tunnel_ends(&spec);
		struct pkt *p = packet_like(packets_pool(),
					    &(struct packet_like){ .ttl_zero = true });

		push_one(&e.near, p);
		pull_one(&e.far, p);
		CU_ASSERT_EQUAL(p->drop, DROP_TTL_ZERO);
		pkt_give(packets_pool(), p);
	}
}

static void outer_options_are_skipped(void)
{
	struct encap_spec spec = { .kind = ENCAP_IPIP };
	struct tunnel_ends e = tunnel_ends(&spec);
	struct pkt *p = packet_of_hex(packets_pool(), tunnel_inner_hex());
	struct hex inner = tunnel_inner();
	struct ipv4_fields f = { .src = addr_of("198.51.100.1"),
				 .dst = addr_of("203.0.113.1"),
				 .protocol = PROTO_IPIP,
				 .ttl = 9 };

	memset(pkt_push(p, 8), 1, 8);
	(void)pkt_push(p, IPV4_HEADER);
	ipv4_build(p->data, &f, p->len - IPV4_HEADER);
	p->data[0] = 0x47;
	ipv4_seal(pkt_ipv4(p));
	pull_one(&e.far, p);
	CU_ASSERT_EQUAL(p->drop, DROP_NONE);
	CU_ASSERT_TRUE(packet_is(p, inner.bytes, inner.len));
	pkt_give(packets_pool(), p);
}

/* ---- sequence numbers ---- */

static void late_packets_are_dropped_and_plain_ones_in_order(void)
{
	struct encap_spec spec = { .kind = ENCAP_GRE, .gre_sequence = true };
	struct encap_spec plain = { .kind = ENCAP_GRE };
	struct tunnel_ends e = tunnel_ends(&spec), without = tunnel_ends(&plain);
	const uint32_t numbers[] = { 0, 1, 1, 0, 5, 4, 6 };
	const bool late[] = { false, false, true, true, false, true, false };
	struct pkt *p;

	for (unsigned i = 0; i < 7; i++) {
		p = packet_like(packets_pool(), &(struct packet_like){ 0 });
		e.near.sequence.next_out = numbers[i];
		push_one(&e.near, p);
		pull_one(&e.far, p);
		CU_ASSERT_EQUAL(p->drop, late[i] ? DROP_GRE_LATE : DROP_NONE);
		pkt_give(packets_pool(), p);

		p = packet_like(packets_pool(), &(struct packet_like){ 0 });
		push_one(&without.near, p);
		pull_one(&e.far, p);
		CU_ASSERT_EQUAL(p->drop, DROP_NONE);
		pkt_give(packets_pool(), p);
	}
	CU_ASSERT_EQUAL(e.far.sequence.gaps, 1);
}

static void a_broken_packet_does_not_move_the_window(void)
{
	struct encap_spec spec = { .kind = ENCAP_GRE, .gre_sequence = true };
	struct tunnel_ends e = tunnel_ends(&spec);
	struct pkt *p = packet_like(packets_pool(), &(struct packet_like){ 0 });

	e.near.sequence.next_out = 1000;
	push_one(&e.near, p);
	p->data[p->len - 40] = 0x65;
	pull_one(&e.far, p);
	CU_ASSERT_EQUAL(p->drop, DROP_INNER_VERSION);
	CU_ASSERT_EQUAL(e.far.sequence.last_in, UINT32_MAX);
	pkt_give(packets_pool(), p);
}

void suite_decap(void)
{
	CU_pSuite s = CU_add_suite("decap", packets_open, packets_close);

	CU_ADD_TEST(s, every_truncation_is_dropped);
	CU_ADD_TEST(s, every_flipped_header_bit_is_dropped_or_harmless);
	CU_ADD_TEST(s, every_flipped_bit_with_a_good_checksum_leaves_a_sound_packet);
	CU_ADD_TEST(s, every_refusal_has_its_reason);
	CU_ADD_TEST(s, decoders_read_nothing_past_the_end);
	CU_ADD_TEST(s, another_protocol_is_not_pulled);
	CU_ADD_TEST(s, inner_ttl_of_zero_is_dropped);
	CU_ADD_TEST(s, outer_options_are_skipped);
	CU_ADD_TEST(s, late_packets_are_dropped_and_plain_ones_in_order);
	CU_ADD_TEST(s, a_broken_packet_does_not_move_the_window);
}
