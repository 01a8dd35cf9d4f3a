/* SPDX-License-Identifier: ISC */
/* Out of tunnels: packets that the kernel has merged before a raw socket read them. */
#include "common/tunnel/pipeline.h"

#include "tests/unit/hex.h"
#include "tests/unit/pipe_bench.h"
#include "tests/unit/segments.h"
#include "tests/unit/suites.h"

#include <CUnit/CUnit.h>

#include <string.h>

#define GRE                       \
	{                         \
		.kind = ENCAP_GRE \
	}

enum { MERGED = 10000 };

/* As the raw socket reads it: of a GRE checksum the first packet's is left. */
static struct pkt *merged(struct pipe_bench *b, struct encap_spec how, const char *dst,
			  size_t payload)
{
	const bool visitor = strcmp(dst, "10.1.0.20") == 0;
	struct tunnel_spec spec =
		bench_spec(visitor ? "203.0.113.6" : "203.0.113.1", how);
	struct pkt *p = large_tcp(&b->pool, payload, 0, TCP_ACK, 0).p;
	struct encap peer;

	pkt_ipv4(p)->src = addr_of(visitor ? "192.0.2.80" : "198.51.100.50");
	pkt_ipv4(p)->dst = addr_of(dst);
	segment_leave_open(p);
	encap_init(&peer, spec.remote, spec.local, &spec.encap);
	push_one(&peer, p);
	if (how.gre_checksum)
		p->data[IPV4_HEADER + 4] ^= 0x55;
	return p;
}

/* Packets of at most `most` octets that have all the payload; returns how many. */
static size_t check_parted(const struct pkt_queue *q, size_t most, size_t payload)
{
	const size_t header = IPV4_HEADER + SEGMENT_TCP_LEN;
	const uint8_t *first = q->first ? q->first->data + IPV4_HEADER : NULL;
	size_t sum = 0;

	for (const struct pkt *p = q->first; p; p = p->next) {
		const uint8_t *tcp = p->data + IPV4_HEADER;

		CU_ASSERT_TRUE(packet_sound(p) && p->len <= most);
		CU_ASSERT_EQUAL(transport_sum(p), 0);
		CU_ASSERT_EQUAL(get32(tcp + TCP_SEQUENCE_AT),
				get32(first + TCP_SEQUENCE_AT) + sum);
		sum += p->len - header;
	}
	CU_ASSERT_EQUAL(sum, payload);
	return q->count;
}

static void what_was_merged_is_parted(void)
{
	const struct tunnel_spec spec =
		bench_spec("203.0.113.1", (struct encap_spec)GRE);
	const size_t most = 1500 - IPV4_HEADER - 4;
	struct pipe_bench b;
	size_t parts;

	bench_open(&b);
	bench_inbound(&b, merged(&b, (struct encap_spec)GRE, "8.8.8.8", MERGED));
	parts = check_parted(&b.out.kernel, most, MERGED);
	CU_ASSERT_TRUE(parts > MERGED / most);
	CU_ASSERT_EQUAL(bench_tunnel(&b, &spec)->counts.in_packets, parts);
	CU_ASSERT_EQUAL(bench_count(&b, "merged"), 1);
	bench_clear(&b);
	bench_inbound(&b, merged(&b, (struct encap_spec)GRE, "8.8.8.8", 600));
	CU_ASSERT_EQUAL(check_parted(&b.out.kernel, most, 600), 1);
	bench_close(&b);
}

static void what_was_merged_fits_the_visitors_link(void)
{
	struct pipe_bench b;

	bench_open(&b);
	b.link_mtu = 576;
	bench_inbound(&b, merged(&b, (struct encap_spec)GRE, "10.1.0.20", MERGED));
	CU_ASSERT_TRUE(check_parted(&b.out.link, 576, MERGED) > MERGED / 576);
	for (struct pkt *p = b.out.link.first; p; p = p->next) {
		CU_ASSERT_EQUAL(p->ifindex, BENCH_LINK);
		CU_ASSERT_EQUAL(pkt_ipv4(p)->ttl, 63);
	}
	CU_ASSERT_EQUAL(b.out.wire.count, 0);
	bench_close(&b);
}

/* A GRE checksum may be wrong only where that of TCP says why. */
static void only_what_was_merged_may_have_the_firsts_checksum(void)
{
	const struct encap_spec sum = { .kind = ENCAP_GRE, .gre_checksum = true };
	const size_t field = IPV4_HEADER + 8 + IPV4_HEADER + TCP_CHECKSUM_AT;
	struct pipe_bench b;

	bench_open(&b);
	bench_inbound(&b, merged(&b, sum, "8.8.8.8", MERGED));
	check_parted(&b.out.kernel, 1500, MERGED);
	bench_clear(&b);
	for (unsigned bit = 0; bit < 16; bit++) {
		struct pkt *p = merged(&b, sum, "8.8.8.8", MERGED);

		flip_bit(p->data + field, bit);
		bench_inbound(&b, p);
	}
	CU_ASSERT_EQUAL(bench_drops(&b, "gre-checksum"), 16);
	CU_ASSERT_EQUAL(bench_count(&b, "merged"), 1);
	CU_ASSERT_EQUAL(bench_came_out(&b), 0);
	bench_close(&b);
}

static void a_wrong_checksum_stays_wrong(void)
{
	const size_t field = IPV4_HEADER + 4 + IPV4_HEADER + TCP_CHECKSUM_AT;
	struct pipe_bench b;

	bench_open(&b);
	for (unsigned bit = 0; bit < 16; bit++) {
		struct pkt *p =
			merged(&b, (struct encap_spec)GRE, "8.8.8.8", 600 + bit);

		flip_bit(p->data + field, bit);
		bench_inbound(&b, p);
		CU_ASSERT_NOT_EQUAL(transport_sum(b.out.kernel.first), 0);
		bench_clear(&b);
	}
	CU_ASSERT_EQUAL(bench_count(&b, "merged"), 0);
	bench_close(&b);
}

static void without_buffers_the_rest_is_dropped(void)
{
	struct pkt_queue taken = { 0 };
	struct pipe_bench b;
	struct pkt *p;

	bench_open(&b);
	p = merged(&b, (struct encap_spec)GRE, "8.8.8.8", MERGED);
	while (b.pool.used < BENCH_POOL - 3)
		pkt_queue_add(&taken, pkt_take(&b.pool));
	bench_inbound(&b, p);
	CU_ASSERT_EQUAL(b.out.kernel.count, 3);
	CU_ASSERT_EQUAL(bench_drops(&b, "no-buffer"), 1);
	pkt_queue_give(&b.pool, &taken);
	bench_close(&b);
}

void suite_pipeline_merged(void)
{
	CU_pSuite s = CU_add_suite("pipeline_merged", NULL, NULL);

	CU_ADD_TEST(s, what_was_merged_is_parted);
	CU_ADD_TEST(s, what_was_merged_fits_the_visitors_link);
	CU_ADD_TEST(s, only_what_was_merged_may_have_the_firsts_checksum);
	CU_ADD_TEST(s, a_wrong_checksum_stays_wrong);
	CU_ADD_TEST(s, without_buffers_the_rest_is_dropped);
}
