/* SPDX-License-Identifier: ISC */
/*
 * Every encapsulation: golden packets, and push then pull is identity for each and
 * for every pair.
 */
#include "common/tunnel/encap.h"

#include "common/tunnel/encap_ops.h"
#include "common/wire/checksum.h"

#include "tests/unit/hex.h"
#include "tests/unit/packets.h"
#include "tests/unit/suites.h"

#include <CUnit/CUnit.h>

#include <string.h>

static const char nested_broadcast[] =
	"450000490035000040041446c6336401cb0071014500003500340000400425f7c6336401c633"
	"643245000021003300004011251fc6336414c63364ff13881388000d4b726263617374";

/* ---- golden packets ---- */

static void pushes_golden_packets(void)
{
	for (unsigned i = 0; i < tunnel_vectors(); i++) {
		struct tunnel_ends e = vector_ends(tunnel_vector(i));
		struct hex want = hex_of(tunnel_vector(i)->outer);
		struct pkt *p = packet_of_hex(packets_pool(), tunnel_inner_hex());

		push_one(&e.near, p);
		CU_ASSERT_EQUAL(p->drop, DROP_NONE);
		CU_ASSERT_TRUE(packet_is(p, want.bytes, want.len));
		pkt_give(packets_pool(), p);
	}
}

static void pulls_golden_packets(void)
{
	struct hex want = tunnel_inner();

	for (unsigned i = 0; i < tunnel_vectors(); i++) {
		struct tunnel_ends e = vector_ends(tunnel_vector(i));
		struct pkt *p = packet_of_hex(packets_pool(), tunnel_vector(i)->outer);

		pull_one(&e.far, p);
		CU_ASSERT_EQUAL(p->drop, DROP_NONE);
		CU_ASSERT_TRUE(packet_is(p, want.bytes, want.len));
		pkt_give(packets_pool(), p);
	}
}

static void pulls_a_nested_broadcast_layer_by_layer(void)
{
	struct encap_spec ipip = { .kind = ENCAP_IPIP };
	struct tunnel_ends e = tunnel_ends(&ipip);
	struct pkt *p = packet_of_hex(packets_pool(), nested_broadcast);
	struct hex whole = hex_of(nested_broadcast);

	pull_one(&e.far, p);
	CU_ASSERT_TRUE(packet_is(p, whole.bytes + 20, whole.len - 20));
	pull_one(&e.far, p);
	CU_ASSERT_TRUE(packet_is(p, whole.bytes + 40, whole.len - 40));
	CU_ASSERT_EQUAL(p->drop, DROP_NONE);
	pkt_give(packets_pool(), p);
}

/* ---- identity ---- */

static const struct packet_like shapes[] = {
	{ .src = NULL },
	{ .options = 4 },
	{ .options = 40 },
	{ .tos = 0xb8, .ttl = 1 },
	{ .tos = 0x01, .ttl = 255 },
	{ .tos = 0x02, .fragment = IPV4_DF },
	{ .tos = 0x03, .protocol = PROTO_TCP, .fragment = IPV4_DF },
	{ .src = "198.51.100.1" },
	{ .dst = "203.0.113.1" },
	{ .dst = "255.255.255.255" },
	{ .protocol = PROTO_IPIP },
	{ .protocol = PROTO_GRE },
	{ .protocol = PROTO_MINIMAL },
	{ .fragment = IPV4_MF },
	{ .fragment = IPV4_MF | 185 },
	{ .fragment = 370 },
};

enum { SHAPES = sizeof(shapes) / sizeof(shapes[0]) };

static bool is_minimal_fragment(const struct encap_spec *spec, const struct pkt *p)
{
	return spec->kind == ENCAP_MINIMAL && ipv4_is_fragment(pkt_ipv4_of(p));
}

static struct packet_like sized(struct packet_like like, size_t size)
{
	like.size = size;
	return like;
}

/* Through one tunnel; true if it came out as it went in. */
static bool comes_through(struct tunnel_ends *e, const struct packet_like *like)
{
	struct pkt *p = packet_like(packets_pool(), like);
	struct pkt *before = pkt_clone(packets_pool(), p);
	size_t most = before->len + e->near.ops->overhead(&e->near.spec);
	bool refused = is_minimal_fragment(&e->near.spec, p);
	bool ok;

	push_one(&e->near, p);
	if (refused) {
		ok = p->drop == DROP_MINIMAL_FRAGMENT;
	} else {
		ok = !p->drop && packet_sound(p) && p->len <= most;
		pull_one(&e->far, p);
		ok = ok && !p->drop && packet_is(p, before->data, before->len);
	}
	pkt_give(packets_pool(), before);
	pkt_give(packets_pool(), p);
	return ok;
}

static void every_size_comes_through(void)
{
	for (unsigned n = 0; n < ENCAP_VARIANTS; n++) {
		struct encap_spec spec = encap_variant(n);
		struct tunnel_ends e = tunnel_ends(&spec);
		unsigned bad = 0;

		for (size_t size = 20; size <= 9000; size += size < 2100 ? 1 : 13)
			bad += !comes_through(&e,
					      &(struct packet_like){ .size = size });
		CU_ASSERT_EQUAL(bad, 0);
	}
}

static void every_shape_comes_through(void)
{
	for (unsigned n = 0; n < ENCAP_VARIANTS; n++) {
		struct encap_spec spec = encap_variant(n);

		for (unsigned i = 0; i < SHAPES * 4; i++) {
			const size_t sizes[4] = { 60, 61, 576, 1500 };
			struct packet_like like = sized(shapes[i / 4], sizes[i % 4]);
			struct tunnel_ends e;

			spec.dscp = i % 2 ? DSCP_PIPE : DSCP_UNIFORM;
			spec.dscp_value = 46;
			spec.no_outer_df = i % 3 == 0;
			e = tunnel_ends(&spec);
			CU_ASSERT_TRUE(comes_through(&e, &like));
		}
	}
}

static bool pair_comes_through(struct tunnel_ends *in, struct tunnel_ends *out,
			       const struct packet_like *like)
{
	struct pkt *p = packet_like(packets_pool(), like);
	struct pkt *before = pkt_clone(packets_pool(), p);
	bool ok;

	push_one(&in->near, p);
	push_one(&out->near, p);
	ok = !p->drop && packet_sound(p);
	pull_one(&out->far, p);
	pull_one(&in->far, p);
	ok = ok && !p->drop && packet_is(p, before->data, before->len);
	pkt_give(packets_pool(), before);
	pkt_give(packets_pool(), p);
	return ok;
}

static void every_pair_comes_through(void)
{
	for (unsigned n = 0; n < ENCAP_VARIANTS * ENCAP_VARIANTS; n++) {
		struct encap_spec inner = encap_variant(n / ENCAP_VARIANTS);
		struct encap_spec outer = encap_variant(n % ENCAP_VARIANTS);
		struct tunnel_ends in = tunnel_ends(&inner);
		struct tunnel_ends out = tunnel_ends(&outer);

		for (size_t size = 20; size <= 9000; size += 499)
			CU_ASSERT_TRUE(pair_comes_through(
				&in, &out, &(struct packet_like){ .size = size }));
	}
}

static void one_call_takes_a_whole_vector(void)
{
	struct encap_spec spec = encap_variant(ENCAP_VARIANTS - 1);
	struct tunnel_ends e = tunnel_ends(&spec);
	struct pkt_vec v = { .now = packets_now() };

	while (!pkt_vec_full(&v))
		pkt_vec_add(&v,
			    packet_like(packets_pool(),
					&(struct packet_like){ .size = 40 + v.count }));
	v.pkt[5]->drop = DROP_SEND;
	encap_push(&e.near, &v);
	encap_pull(&e.far, &v);
	for (unsigned i = 0; i < v.count; i++) {
		CU_ASSERT_EQUAL(v.pkt[i]->drop, i == 5 ? DROP_SEND : DROP_NONE);
		CU_ASSERT_EQUAL(v.pkt[i]->len, 40 + i);
	}
	CU_ASSERT_EQUAL(e.far.sequence.last_in, PKT_VEC_MAX - 2);
	pkt_vec_give(packets_pool(), &v);
}

/* ---- what does not fit ---- */

static void too_long_once_encapsulated_is_dropped(void)
{
	for (unsigned n = 0; n < ENCAP_VARIANTS; n++) {
		struct encap_spec spec = encap_variant(n);
		struct tunnel_ends e = tunnel_ends(&spec);
		struct pkt *p = packet_like(packets_pool(),
					    &(struct packet_like){ .size = 65530 });

		push_one(&e.near, p);
		CU_ASSERT_EQUAL(p->drop, DROP_NO_ROOM);
		CU_ASSERT_EQUAL(e.near.sequence.next_out, 0);
		pkt_give(packets_pool(), p);
	}
}

static void no_headroom_is_a_reason(void)
{
	for (unsigned n = 0; n < ENCAP_VARIANTS; n++) {
		struct encap_spec spec = encap_variant(n);
		struct tunnel_ends e = tunnel_ends(&spec);
		struct pkt *p = packet_like(packets_pool(),
					    &(struct packet_like){ .size = 60 });

		memmove(p->room, p->data, p->len);
		p->data = p->room;
		push_one(&e.near, p);
		CU_ASSERT_EQUAL(p->drop, DROP_NO_ROOM);
		pkt_give(packets_pool(), p);
	}
}

/* ---- what push writes ---- */

static void minimal_leaves_out_its_own_source(void)
{
	struct encap_spec spec = { .kind = ENCAP_MINIMAL };
	struct tunnel_ends e = tunnel_ends(&spec);
	struct pkt *p = packet_like(packets_pool(),
				    &(struct packet_like){ .src = "198.51.100.1" });

	push_one(&e.near, p);
	CU_ASSERT_EQUAL(p->len, 40 + MINIMAL_SHORT);
	CU_ASSERT_EQUAL(p->data[IPV4_HEADER + 1], 0);
	pkt_give(packets_pool(), p);
}

static void gre_numbers_what_it_sends(void)
{
	struct encap_spec spec = { .kind = ENCAP_GRE, .gre_sequence = true };
	struct tunnel_ends e = tunnel_ends(&spec);

	for (uint32_t n = 0; n < 3; n++) {
		struct pkt *p = packet_like(packets_pool(), &(struct packet_like){ 0 });
		struct reader r;
		struct gre_header gre;

		push_one(&e.near, p);
		r = reader_over(p->data + IPV4_HEADER, p->len - IPV4_HEADER);
		CU_ASSERT_EQUAL(gre_decode(r, &gre), DROP_NONE);
		CU_ASSERT_EQUAL(gre.sequence, n);
		pkt_give(packets_pool(), p);
	}
}

/* ---- the table ---- */

static void names_and_protocols(void)
{
	enum encap_kind k;

	CU_ASSERT_EQUAL(encap_protocol(ENCAP_IPIP), 4);
	CU_ASSERT_EQUAL(encap_protocol(ENCAP_MINIMAL), 55);
	CU_ASSERT_EQUAL(encap_protocol(ENCAP_GRE), 47);
	for (int n = 0; n < ENCAP_KIND_COUNT; n++) {
		CU_ASSERT_TRUE(encap_by_name(encap_name((enum encap_kind)n), &k));
		CU_ASSERT_EQUAL((int)k, n);
	}
	CU_ASSERT_FALSE(encap_by_name("esp", &k));
	CU_ASSERT_FALSE(encap_by_name("", &k));
}

static void overhead_is_what_it_adds_at_most(void)
{
	const size_t want[ENCAP_VARIANTS] = { 20, 12, 24, 28, 28, 32, 28, 32, 32, 36 };
	struct encap_spec spec;

	for (unsigned n = 0; n < ENCAP_VARIANTS; n++) {
		spec = encap_variant(n);
		CU_ASSERT_EQUAL(encap_overhead(&spec), want[n]);
	}
	spec = (struct encap_spec){ .kind = ENCAP_MINIMAL, .minimal_fallback = true };
	CU_ASSERT_EQUAL(encap_overhead(&spec), 20);
}

static void equal_is_equal_on_the_wire(void)
{
	for (unsigned a = 0; a < ENCAP_VARIANTS; a++) {
		for (unsigned b = 0; b < ENCAP_VARIANTS; b++) {
			struct encap_spec x = encap_variant(a), y = encap_variant(b);

			y.ttl = 3;
			y.mss_clamp = 1300;
			CU_ASSERT_EQUAL(encap_spec_equal(&x, &y), a == b);
			y.gre_key_in++;
			CU_ASSERT_EQUAL(encap_spec_equal(&x, &y), a == b && !x.gre_key);
		}
	}
}

void suite_encap(void)
{
	CU_pSuite s = CU_add_suite("encap", packets_open, packets_close);

	CU_ADD_TEST(s, pushes_golden_packets);
	CU_ADD_TEST(s, pulls_golden_packets);
	CU_ADD_TEST(s, pulls_a_nested_broadcast_layer_by_layer);
	CU_ADD_TEST(s, every_size_comes_through);
	CU_ADD_TEST(s, every_shape_comes_through);
	CU_ADD_TEST(s, every_pair_comes_through);
	CU_ADD_TEST(s, one_call_takes_a_whole_vector);
	CU_ADD_TEST(s, too_long_once_encapsulated_is_dropped);
	CU_ADD_TEST(s, no_headroom_is_a_reason);
	CU_ADD_TEST(s, minimal_leaves_out_its_own_source);
	CU_ADD_TEST(s, gre_numbers_what_it_sends);
	CU_ADD_TEST(s, names_and_protocols);
	CU_ADD_TEST(s, overhead_is_what_it_adds_at_most);
	CU_ADD_TEST(s, equal_is_equal_on_the_wire);
}
