/* SPDX-License-Identifier: ISC */
/* Broadcasts of a home network, for nodes that are away (RFC 5944 4.3). */
#include "common/tunnel/pipeline.h"

#include "common/tunnel/pipeline_private.h"

#include "tests/unit/hex.h"
#include "tests/unit/pipe_bench.h"
#include "tests/unit/suites.h"

#include <CUnit/CUnit.h>

#include <string.h>

static const char nested[] =
	"450000490035000040041446c6336401cb0071014500003500340000400425f7c6336401c633"
	"643245000021003300004011251fc6336414c63364ff13881388000d4b726263617374";

static struct pkt *broadcast_of(struct pipe_bench *b)
{
	struct hex h = hex_of(nested);

	return packet_of_bytes(&b->pool, h.bytes + 40, h.len - 40);
}

static struct fwd_edit wants(const char *home, const char *peer, enum encap_kind kind,
			     bool is_nested)
{
	return (struct fwd_edit){
		.kind = FWD_BINDING_SET,
		.home = addr_of(home),
		.tunnel = bench_spec(
			peer, (struct encap_spec){ .kind = kind, .no_outer_df = true }),
		.broadcasts = true,
		.nested = is_nested,
		.agent = addr_of("198.51.100.1")
	};
}

static void nobody_asked_nobody_gets_it(void)
{
	struct pipe_bench b;

	bench_open(&b);
	bench_broadcast(&b, broadcast_of(&b));
	CU_ASSERT_EQUAL(bench_came_out(&b), 0);
	CU_ASSERT_EQUAL(counter_sum(pipeline_drops(b.pl)), 0);
	CU_ASSERT_EQUAL(bench_count(&b, "broadcast"), 1);
	bench_close(&b);
}

static void nested_as_in_the_golden_packet(void)
{
	struct fwd_edit e = wants("198.51.100.50", "203.0.113.1", ENCAP_IPIP, true);
	struct hex want = hex_of(nested);
	struct pipe_bench b;

	bench_open(&b);
	bench_edit(&b, &e);
	b.pl->nested_id = 0x34;
	bench_tunnel(&b, &e.tunnel)->encap.outer.next_id = 0x35;
	bench_broadcast(&b, broadcast_of(&b));
	CU_ASSERT_EQUAL_FATAL(b.out.wire.count, 1);
	CU_ASSERT_TRUE(packet_is(b.out.wire.first, want.bytes, want.len));
	bench_close(&b);
}

static void once_where_the_node_decapsulates(void)
{
	struct fwd_edit e = wants("198.51.100.60", "203.0.113.20", ENCAP_GRE, false);
	struct pipe_bench b;
	struct pkt *p, *before;

	bench_open(&b);
	bench_edit(&b, &e);
	before = broadcast_of(&b);
	bench_broadcast(&b, broadcast_of(&b));
	p = bench_at_peer(&b, &e.tunnel);
	CU_ASSERT_PTR_NOT_NULL_FATAL(p);
	CU_ASSERT_TRUE(packet_is(p, before->data, before->len));
	CU_ASSERT_EQUAL(bench_came_out(&b), 0);
	pkt_give(&b.pool, p);
	pkt_give(&b.pool, before);
	bench_close(&b);
}

static void one_copy_to_each_who_asked(void)
{
	const char *const peers[] = { "203.0.113.20", "203.0.113.21", "203.0.113.22" };
	struct fwd_edit other = wants("10.200.0.9", "203.0.113.23", ENCAP_GRE, false);
	struct pipe_bench b;

	bench_open(&b);
	for (unsigned i = 0; i < 3; i++) {
		struct fwd_edit e = wants("198.51.100.60", peers[i], ENCAP_GRE, i > 0);

		bench_edit(&b, &e);
	}
	bench_edit(&b, &other); /* of another home network */
	bench_broadcast(&b, broadcast_of(&b));
	CU_ASSERT_EQUAL(b.out.wire.count, 3);
	CU_ASSERT_EQUAL(bench_count(&b, "copied"), 3);
	for (unsigned i = 0; i < 3; i++)
		CU_ASSERT_EQUAL(pkt_ipv4(queue_at(&b.out.wire, i))->dst.s_addr,
				addr_of(peers[i]).s_addr);
	bench_close(&b);
}

static void not_back_to_the_node_that_sent_it(void)
{
	struct fwd_edit e = wants("198.51.100.20", "203.0.113.20", ENCAP_GRE, false);
	struct pipe_bench b;

	bench_open(&b);
	bench_edit(&b, &e);
	bench_broadcast(&b, broadcast_of(&b));
	CU_ASSERT_EQUAL(bench_came_out(&b), 0);
	bench_close(&b);
}

static void not_our_own_and_not_without_time_to_live(void)
{
	struct fwd_edit e = wants("198.51.100.60", "203.0.113.20", ENCAP_GRE, false);
	struct packet_like ours = { .src = "198.51.100.1", .dst = "198.51.100.255" };
	struct packet_like spent = { .dst = "198.51.100.255", .ttl_zero = true };
	struct packet_like last = { .dst = "198.51.100.255", .ttl = 1 };
	struct pipe_bench b;
	struct pkt *p;

	bench_open(&b);
	bench_edit(&b, &e);
	bench_broadcast(&b, packet_like(&b.pool, &ours));
	CU_ASSERT_EQUAL(bench_drops(&b, "loop-source"), 1);
	bench_broadcast(&b, packet_like(&b.pool, &spent));
	CU_ASSERT_EQUAL(bench_drops(&b, "ttl-zero"), 1);
	p = packet_like(&b.pool, &last);
	p->data[9]++;
	bench_broadcast(&b, p);
	CU_ASSERT_EQUAL(bench_drops(&b, "ipv4-checksum"), 1);
	CU_ASSERT_EQUAL(bench_came_out(&b), 0);
	bench_broadcast(&b, packet_like(&b.pool, &last));
	p = bench_at_peer(&b, &e.tunnel);
	CU_ASSERT_PTR_NOT_NULL_FATAL(p);
	CU_ASSERT_EQUAL(pkt_ipv4(p)->ttl, 1); /* heard, not forwarded */
	pkt_give(&b.pool, p);
	bench_close(&b);
}

static void large_ones_are_cut_and_never_answered(void)
{
	struct fwd_edit e = wants("198.51.100.60", "203.0.113.20", ENCAP_GRE, true);
	struct packet_like like = { .dst = "198.51.100.255", .size = 1500 };
	struct pipe_bench b;

	bench_open(&b);
	bench_edit(&b, &e);
	bench_broadcast(&b, packet_like(&b.pool, &like));
	CU_ASSERT_EQUAL(b.out.wire.count, 2);
	for (struct pkt *p = b.out.wire.first; p; p = p->next)
		CU_ASSERT_TRUE(packet_sound(p) && p->len <= 1500);
	bench_clear(&b);
	like.fragment = IPV4_DF;
	bench_broadcast(&b, packet_like(&b.pool, &like));
	CU_ASSERT_EQUAL(bench_drops(&b, "too-big"), 1);
	CU_ASSERT_EQUAL(bench_came_out(&b), 0);
	bench_close(&b);
}

void suite_pipeline_broadcast(void)
{
	CU_pSuite s = CU_add_suite("pipeline_broadcast", NULL, NULL);

	CU_ADD_TEST(s, nobody_asked_nobody_gets_it);
	CU_ADD_TEST(s, nested_as_in_the_golden_packet);
	CU_ADD_TEST(s, once_where_the_node_decapsulates);
	CU_ADD_TEST(s, one_copy_to_each_who_asked);
	CU_ADD_TEST(s, not_back_to_the_node_that_sent_it);
	CU_ADD_TEST(s, not_our_own_and_not_without_time_to_live);
	CU_ADD_TEST(s, large_ones_are_cut_and_never_answered);
}
