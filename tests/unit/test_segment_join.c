/* SPDX-License-Identifier: ISC */
/* Packets joined to large segments: the reverse of cutting, and nothing beyond it. */
#include "common/tunnel/segment.h"

#include "common/wire/tcp.h"
#include "common/wire/udp.h"

#include "tests/unit/segments.h"
#include "tests/unit/suites.h"

#include <CUnit/CUnit.h>

#include <string.h>

enum { BOTH = SEGMENT_JOIN_TCP | SEGMENT_JOIN_UDP };

static void give_runs(struct segment_run *run, unsigned runs)
{
	for (unsigned i = 0; i < runs; i++)
		pkt_queue_give(packets_pool(), &run[i].packets);
}

/* The run as the kernel would read it. */
static struct pkt *flatten(const struct segment_run *run, struct segment_meta *meta)
{
	uint8_t header[SEGMENT_HEADER_MAX];
	struct iovec piece[SEGMENT_PIECES];
	unsigned n = segment_gather(run, meta, header, piece);
	struct pkt *p = pkt_take(packets_pool());

	CU_ASSERT_FATAL(n <= SEGMENT_PIECES);
	for (unsigned i = 0; i < n; i++) {
		CU_ASSERT_FATAL(p->len + piece[i].iov_len <= pkt_room(p));
		memcpy(p->data + p->len, piece[i].iov_base, piece[i].iov_len);
		p->len += piece[i].iov_len;
	}
	CU_ASSERT_EQUAL(p->len, run->len);
	return p;
}

/* Cut and joined again it is what it was, but for hints. */
static void check_whole(struct large l)
{
	struct pkt *before = pkt_clone(packets_pool(), l.p), *after;
	struct segment_run run[PKT_VEC_MAX];
	struct segment_meta meta;
	struct pkt_queue q = { 0 };

	large_cut(packets_pool(), l, &q);
	CU_ASSERT_EQUAL(segment_join(&q, BOTH, run), 1);
	after = flatten(&run[0], &meta);
	CU_ASSERT_TRUE(packet_is(after, before->data, before->len));
	CU_ASSERT_EQUAL(meta.kind, l.meta.kind);
	CU_ASSERT_EQUAL(meta.flags, l.meta.flags);
	CU_ASSERT_EQUAL(meta.size, l.meta.size);
	CU_ASSERT_EQUAL(meta.checksum_start, l.meta.checksum_start);
	CU_ASSERT_EQUAL(meta.checksum_offset, l.meta.checksum_offset);
	CU_ASSERT_EQUAL(meta.header_len, l.header);
	give_runs(run, 1);
	pkt_give(packets_pool(), before);
	pkt_give(packets_pool(), after);
	CU_ASSERT_EQUAL(packets_pool()->used, 0);
}

static void joins_what_was_cut(void)
{
	static const size_t payloads[] = { 1001, 1999, 2000, 2001, 60000, 63999 };

	for (size_t i = 0; i < sizeof(payloads) / sizeof(payloads[0]); i++) {
		check_whole(large_tcp(packets_pool(), payloads[i], 1000, TCP_ACK, 0));
		check_whole(large_tcp(packets_pool(), payloads[i], 1000,
				      TCP_ACK | TCP_PSH, 0));
		check_whole(large_udp(packets_pool(), payloads[i], 1000));
	}
	check_whole(large_tcp(packets_pool(), 65463, 1100, TCP_ACK, 0));
	check_whole(large_udp(packets_pool(), 65507, 1472));
	check_whole(large_udp(packets_pool(), 64, 1));
}

static void numbers_count_over_the_end(void)
{
	struct large l = large_tcp(packets_pool(), 5000, 1000, TCP_ACK, 0);

	pkt_ipv4(l.p)->id = htons(0xfffd);
	ipv4_seal(pkt_ipv4(l.p));
	memset(l.p->data + IPV4_HEADER + TCP_SEQUENCE_AT, 0xff, 4);
	check_whole(l);
}

static void one_alone_goes_as_it_is(void)
{
	struct large l = large_tcp(packets_pool(), 900, 1000, TCP_ACK, 0);
	struct segment_run run[PKT_VEC_MAX];
	struct segment_meta meta;
	struct pkt_queue q = { 0 };
	struct pkt *after;

	large_cut(packets_pool(), l, &q);
	CU_ASSERT_EQUAL(segment_join(&q, BOTH, run), 1);
	after = flatten(&run[0], &meta);
	CU_ASSERT_EQUAL(meta.kind, SEGMENT_NONE);
	CU_ASSERT_EQUAL(meta.flags, 0);
	CU_ASSERT_TRUE(packet_is(after, run[0].packets.first->data, after->len));
	give_runs(run, 1);
	pkt_give(packets_pool(), after);
}

static void of_an_empty_queue_nothing(void)
{
	struct segment_run run[PKT_VEC_MAX];
	struct pkt_queue q = { 0 };

	CU_ASSERT_EQUAL(segment_join(&q, BOTH, run), 0);
}

/* How many runs four packets make of which the third was changed by `spoil`. */
static unsigned runs_of(struct large l, void (*spoil)(struct pkt *p, size_t at),
			size_t at, unsigned kinds)
{
	struct segment_run run[PKT_VEC_MAX];
	struct pkt_queue q = { 0 };
	unsigned runs;

	large_cut(packets_pool(), l, &q);
	CU_ASSERT_EQUAL_FATAL(q.count, 4);
	if (spoil)
		spoil(queue_at(&q, 2), at);
	runs = segment_join(&q, kinds, run);
	CU_ASSERT_EQUAL(q.count, 0);
	give_runs(run, runs);
	return runs;
}

static void flip(struct pkt *p, size_t bit)
{
	p->data[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
}

static void flip_and_seal(struct pkt *p, size_t bit)
{
	flip(p, bit);
	segment_seal(p);
}

/* PSH ends a run and starts none; all else makes it a packet of its own. */
static void any_other_bit_of_a_header_stops_it(void)
{
	static const size_t headers[] = { IPV4_HEADER + SEGMENT_TCP_LEN,
					  IPV4_HEADER + UDP_HEADER };

	for (unsigned udp = 0; udp < 2; udp++) {
		for (size_t bit = 8; bit < headers[udp] * 8; bit++) {
			const size_t at = bit / 8;
			struct large l =
				udp ? large_udp(packets_pool(), 4000, 1000)
				    : large_tcp(packets_pool(), 4000, 1000, TCP_ACK, 0);

			if (at == 2 || at == 3 || at == 10 || at == 11 ||
			    (udp && (at == 24 || at == 25 || at == 26 || at == 27)) ||
			    (!udp && (at == 32 || at == 36 || at == 37))) {
				pkt_give(packets_pool(),
					 l.p); /* lengths and checksums */
				continue;
			}
			CU_ASSERT(runs_of(l, flip_and_seal, bit, BOTH) > 1);
		}
	}
}

/* What fails its checksum stays alone; so it does when that is of the header. */
static void any_bit_alone_stops_it(void)
{
	const size_t bits = (IPV4_HEADER + SEGMENT_TCP_LEN + 1000) * 8;

	for (size_t bit = (IPV4_HEADER + 1) * 8; bit < bits; bit++)
		CU_ASSERT_EQUAL(
			runs_of(large_tcp(packets_pool(), 4000, 1000, TCP_ACK, 0), flip,
				bit, BOTH),
			3);
}

static void a_wrong_first_one_stays_alone(void)
{
	struct segment_run run[PKT_VEC_MAX];
	struct pkt_queue q = { 0 };
	struct pkt *copy;

	large_cut(packets_pool(), large_udp(packets_pool(), 4000, 1000), &q);
	flip(q.first, 500);
	copy = pkt_clone(packets_pool(), q.first);
	CU_ASSERT_EQUAL_FATAL(segment_join(&q, BOTH, run), 2);
	CU_ASSERT_EQUAL(run[0].packets.count, 1);
	CU_ASSERT_TRUE(packet_is(run[0].packets.first, copy->data, copy->len));
	CU_ASSERT_EQUAL(run[1].packets.count, 3);
	give_runs(run, 2);
	pkt_give(packets_pool(), copy);
}

static void to_another(struct pkt *p, size_t what)
{
	if (what == 0)
		p->ifindex++;
	else
		p->mac.octet[5]++;
}

static void where_it_goes_counts(void)
{
	for (size_t what = 0; what < 2; what++)
		CU_ASSERT_EQUAL(runs_of(large_udp(packets_pool(), 4000, 1000),
					to_another, what, BOTH),
				3);
}

static void only_what_was_asked_for(void)
{
	struct large l = large_tcp(packets_pool(), 4000, 1000, TCP_ACK, 0);

	CU_ASSERT_EQUAL(runs_of(l, NULL, 0, SEGMENT_JOIN_UDP), 4);
	l = large_tcp(packets_pool(), 4000, 1000, TCP_ACK, 0);
	CU_ASSERT_EQUAL(runs_of(l, NULL, 0, SEGMENT_JOIN_TCP), 1);
	CU_ASSERT_EQUAL(runs_of(large_udp(packets_pool(), 4000, 1000), NULL, 0,
				SEGMENT_JOIN_TCP),
			4);
	CU_ASSERT_EQUAL(runs_of(large_udp(packets_pool(), 4000, 1000), NULL, 0,
				SEGMENT_JOIN_UDP),
			1);
	CU_ASSERT_EQUAL(runs_of(large_tcp(packets_pool(), 4000, 1000, TCP_ACK, 4), NULL,
				0, BOTH),
			4);
}

static void without_checksum(struct pkt *p, size_t at)
{
	(void)at;
	put16(p->data + IPV4_HEADER + UDP_CHECKSUM_AT, 0);
}

static void udp_without_a_checksum_stays_alone(void)
{
	CU_ASSERT_EQUAL(runs_of(large_udp(packets_pool(), 4000, 1000), without_checksum,
				0, BOTH),
			3);
}

static void nothing_follows_a_short_one(void)
{
	struct segment_run run[PKT_VEC_MAX];
	struct pkt_queue q = { 0 };
	struct large l;

	large_cut(packets_pool(), large_udp(packets_pool(), 2500, 1000), &q);
	l = large_udp(packets_pool(), 2000, 1000);
	pkt_ipv4(l.p)->id = htons(0x1237);
	ipv4_seal(pkt_ipv4(l.p));
	large_cut(packets_pool(), l, &q);
	CU_ASSERT_EQUAL_FATAL(segment_join(&q, BOTH, run), 2);
	CU_ASSERT_EQUAL(run[0].packets.count, 3);
	CU_ASSERT_EQUAL(run[1].packets.count, 2);
	give_runs(run, 2);
}

static void a_vector_is_the_most(void)
{
	struct segment_run run[PKT_VEC_MAX];
	struct pkt_queue q = { 0 };

	large_cut(packets_pool(), large_udp(packets_pool(), 70 * 100, 100), &q);
	CU_ASSERT_EQUAL_FATAL(segment_join(&q, BOTH, run), 1);
	CU_ASSERT_EQUAL(run[0].packets.count, PKT_VEC_MAX);
	CU_ASSERT_EQUAL(q.count, 6);
	give_runs(run, 1);
	pkt_queue_give(packets_pool(), &q);
}

static void no_segment_is_over_65535(void)
{
	struct segment_run run[PKT_VEC_MAX];
	struct pkt_queue q = { 0 };
	struct large l = large_udp(packets_pool(), 64000, 1600),
		     m = large_udp(packets_pool(), 6400, 1600);

	pkt_ipv4(m.p)->id = htons(0x1234 + 40);
	ipv4_seal(pkt_ipv4(m.p));
	large_cut(packets_pool(), l, &q);
	large_cut(packets_pool(), m, &q);
	CU_ASSERT_EQUAL_FATAL(segment_join(&q, BOTH, run), 2);
	CU_ASSERT_EQUAL(run[0].packets.count, 40);
	CU_ASSERT_EQUAL(run[1].packets.count, 4);
	give_runs(run, 2);
}

/* The nth packet of flow `flow`, told by its port, of flows that are woven together. */
static void from_port(struct pkt_queue *q, unsigned port)
{
	for (struct pkt *p = q->first; p; p = p->next) {
		put16(p->data + IPV4_HEADER, port);
		segment_seal(p);
	}
}

static void flows_are_told_apart(void)
{
	enum { FLOWS = 12, EACH = 5 };
	struct pkt_queue q = { 0 }, flow[FLOWS] = { 0 };
	struct segment_run run[PKT_VEC_MAX];
	unsigned runs, next[FLOWS] = { 0 };

	for (unsigned f = 0; f < FLOWS; f++) {
		large_cut(packets_pool(),
			  large_tcp(packets_pool(), EACH * 100, 100, TCP_ACK, 0),
			  &flow[f]);
		from_port(&flow[f], 40000 + f);
	}
	for (unsigned n = 0; n < EACH; n++)
		for (unsigned f = 0; f < FLOWS; f++)
			pkt_queue_add(&q, pkt_queue_pop(&flow[f]));
	runs = segment_join(&q, BOTH, run);
	CU_ASSERT(runs >= FLOWS && runs < 2 * FLOWS); /* some may share a slot */
	for (unsigned i = 0; i < runs; i++) {
		unsigned f = get16(run[i].packets.first->data + IPV4_HEADER) - 40000u;

		for (struct pkt *p = run[i].packets.first; p; p = p->next) {
			CU_ASSERT_EQUAL(ntohs(pkt_ipv4(p)->id), 0x1234 + next[f]);
			next[f]++;
		}
	}
	give_runs(run, runs);
}

/* A fragment has no ports: nothing that came after it may go before it. */
static void nothing_overtakes_a_fragment(void)
{
	struct segment_run run[PKT_VEC_MAX];
	struct pkt_queue q = { 0 };
	struct pkt *p;

	large_cut(packets_pool(), large_udp(packets_pool(), 2000, 1000), &q);
	p = packet_like(packets_pool(), &(struct packet_like){ .fragment = 100 });
	pkt_queue_add(&q, p);
	for (unsigned i = 0; i < 2; i++) {
		struct large l = large_udp(packets_pool(), 1000, 1000);

		pkt_ipv4(l.p)->id = htons((uint16_t)(0x1236 + i));
		ipv4_seal(pkt_ipv4(l.p));
		large_cut(packets_pool(), l, &q);
	}
	CU_ASSERT_EQUAL_FATAL(segment_join(&q, BOTH, run), 3);
	CU_ASSERT_EQUAL(run[0].packets.count, 2);
	CU_ASSERT_PTR_EQUAL(run[1].packets.first, p);
	CU_ASSERT_EQUAL(run[2].packets.count, 2);
	give_runs(run, 3);
}

void suite_segment_join(void)
{
	CU_pSuite s = CU_add_suite("segment_join", packets_open, packets_close);

	CU_ADD_TEST(s, joins_what_was_cut);
	CU_ADD_TEST(s, numbers_count_over_the_end);
	CU_ADD_TEST(s, one_alone_goes_as_it_is);
	CU_ADD_TEST(s, of_an_empty_queue_nothing);
	CU_ADD_TEST(s, any_other_bit_of_a_header_stops_it);
	CU_ADD_TEST(s, any_bit_alone_stops_it);
	CU_ADD_TEST(s, a_wrong_first_one_stays_alone);
	CU_ADD_TEST(s, where_it_goes_counts);
	CU_ADD_TEST(s, only_what_was_asked_for);
	CU_ADD_TEST(s, udp_without_a_checksum_stays_alone);
	CU_ADD_TEST(s, nothing_follows_a_short_one);
	CU_ADD_TEST(s, a_vector_is_the_most);
	CU_ADD_TEST(s, no_segment_is_over_65535);
	CU_ADD_TEST(s, flows_are_told_apart);
	CU_ADD_TEST(s, nothing_overtakes_a_fragment);
}
