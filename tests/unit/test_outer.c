/* SPDX-License-Identifier: ISC */
/* Outer headers: the fields filled in, and what is carried over at the exit. */
#include "common/tunnel/outer.h"

#include "common/tunnel/ecn.h"

#include "tests/unit/packets.h"
#include "tests/unit/suites.h"

#include <CUnit/CUnit.h>

#include <string.h>

enum { ECN_DROP = 0x80 };

static struct pkt_pool pool;

static int open_pool(void)
{
	return pkt_pool_init(&pool, 8);
}

static int close_pool(void)
{
	size_t used = pool.used;

	pkt_pool_fini(&pool);
	return used != 0;
}

static struct outer outer_with(const struct encap_spec *spec)
{
	struct outer o;

	outer_init(&o, addr_of("198.51.100.1"), addr_of("203.0.113.1"), spec);
	o.header.protocol = PROTO_IPIP;
	return o;
}

/* The outer header in front of a packet as described. */
static struct ipv4 header_for(const struct encap_spec *spec, struct packet_like like)
{
	struct outer o = outer_with(spec);
	struct pkt *p = packet_like(&pool, &like);
	struct ipv4 ip;

	outer_push(&o, p, 0);
	CU_ASSERT_TRUE(packet_sound(p));
	memcpy(&ip, p->data, sizeof(ip));
	pkt_give(&pool, p);
	return ip;
}

static void outer_df_is_set_unless_left_to_the_inner_packet(void)
{
	struct encap_spec set = { 0 }, copied = { .no_outer_df = true };
	struct packet_like plain = { 0 }, df = { .fragment = IPV4_DF };
	struct packet_like fragment = { .fragment = IPV4_MF | 100 };

	CU_ASSERT_EQUAL(ntohs(header_for(&set, plain).fragment), IPV4_DF);
	CU_ASSERT_EQUAL(ntohs(header_for(&set, df).fragment), IPV4_DF);
	CU_ASSERT_EQUAL(ntohs(header_for(&set, fragment).fragment), IPV4_DF);
	CU_ASSERT_EQUAL(ntohs(header_for(&copied, plain).fragment), 0);
	CU_ASSERT_EQUAL(ntohs(header_for(&copied, df).fragment), IPV4_DF);
	CU_ASSERT_EQUAL(ntohs(header_for(&copied, fragment).fragment), 0);
}

static void ttl_is_64_or_as_configured(void)
{
	struct encap_spec usual = { 0 }, far = { .ttl = 200 };
	struct packet_like like = { .ttl = 7 };

	CU_ASSERT_EQUAL(header_for(&usual, like).ttl, 64);
	CU_ASSERT_EQUAL(header_for(&far, like).ttl, 200);
}

static void ecn_is_copied_and_dscp_as_configured(void)
{
	struct encap_spec uniform = { .dscp_value = 10 };
	struct encap_spec pipe = { .dscp = DSCP_PIPE, .dscp_value = 10 };

	for (unsigned tos = 0; tos < 256; tos++) {
		struct packet_like like = { .tos = (uint8_t)tos };

		CU_ASSERT_EQUAL(header_for(&uniform, like).tos, tos);
		CU_ASSERT_EQUAL(header_for(&pipe, like).tos, 10 << 2 | (tos & 3));
	}
}

static void options_are_not_copied(void)
{
	struct encap_spec spec = { 0 };
	struct packet_like like = { .size = 100, .options = 12 };

	CU_ASSERT_EQUAL(header_for(&spec, like).version_ihl, 0x45);
	CU_ASSERT_EQUAL(ntohs(header_for(&spec, like).length), 120);
}

static void identifications_count_and_leave_out_zero(void)
{
	struct encap_spec spec = { 0 };
	struct outer o = outer_with(&spec);
	const uint16_t want[] = { 65534, 65535, 1, 2 };

	o.next_id = 65534;
	for (unsigned i = 0; i < 4; i++) {
		struct pkt *p = packet_like(&pool, &(struct packet_like){ 0 });

		outer_push(&o, p, 0);
		CU_ASSERT_EQUAL(ntohs(pkt_ipv4(p)->id), want[i]);
		pkt_give(&pool, p);
	}
}

static const struct {
	uint8_t inner, outer, leaving;
} exits[] = {
#define ECN_EXIT(inner, outer, leaving) { inner, outer, leaving },
#include "tests/vectors/ecn.def"
#undef ECN_EXIT
};

static void ecn_leaves_by_the_table_of_the_rfc(void)
{
	CU_ASSERT_EQUAL(sizeof(exits) / sizeof(exits[0]), 16);
	for (unsigned i = 0; i < 16; i++) {
		struct ecn_exit e = ecn_at_exit(exits[i].inner, exits[i].outer);

		CU_ASSERT_EQUAL(e.drop, exits[i].leaving == ECN_DROP);
		if (!e.drop)
			CU_ASSERT_EQUAL(e.ecn, exits[i].leaving);
	}
}

static void odd_pairs_are_told(void)
{
	const uint16_t odd = 1 << 1 | 1 << 2 | 1 << 3 | /* Not-ECT inside */
			     1 << 6 |                   /* ECT(1) in ECT(0) */
			     1 << 13;                   /* CE in ECT(1) */

	for (uint8_t n = 0; n < 16; n++)
		CU_ASSERT_EQUAL(ecn_at_exit(n >> 2, n & 3).odd, odd >> n & 1);
}

/* Every inner and outer type of service, through both models. */
static void merge_keeps_the_packet_sound(void)
{
	for (unsigned n = 0; n < 2 * 256 * 16; n++) {
		struct encap_spec spec = { .dscp = n & 1 ? DSCP_PIPE : DSCP_UNIFORM };
		uint8_t in = (uint8_t)(n >> 1),
			out = (uint8_t)(n >> 9 << 4 | (n >> 3 & 3));
		struct outer o = outer_with(&spec);
		struct ecn_exit e = ecn_at_exit(in, out);
		struct pkt *p = packet_like(&pool, &(struct packet_like){ .tos = in });
		uint8_t dscp = (n & 1 ? in : out) & 0xfc;

		CU_ASSERT_EQUAL(outer_merge(&o, out, p), e.odd);
		CU_ASSERT_EQUAL(p->drop, e.drop ? DROP_ECN : DROP_NONE);
		CU_ASSERT_TRUE(packet_sound(p));
		if (!e.drop)
			CU_ASSERT_EQUAL(pkt_ipv4(p)->tos, dscp | e.ecn);
		pkt_give(&pool, p);
	}
}

void suite_outer(void)
{
	CU_pSuite s = CU_add_suite("outer", open_pool, close_pool);

	CU_ADD_TEST(s, outer_df_is_set_unless_left_to_the_inner_packet);
	CU_ADD_TEST(s, ttl_is_64_or_as_configured);
	CU_ADD_TEST(s, ecn_is_copied_and_dscp_as_configured);
	CU_ADD_TEST(s, options_are_not_copied);
	CU_ADD_TEST(s, identifications_count_and_leave_out_zero);
	CU_ADD_TEST(s, ecn_leaves_by_the_table_of_the_rfc);
	CU_ADD_TEST(s, odd_pairs_are_told);
	CU_ADD_TEST(s, merge_keeps_the_packet_sound);
}
