/* SPDX-License-Identifier: ISC */
/* Large segments: cut as the definition says, and nothing believed of metadata. */
#include "common/tunnel/segment.h"

#include "common/wire/checksum.h"
#include "common/wire/tcp.h"
#include "common/wire/udp.h"

#include "tests/unit/segments.h"
#include "tests/unit/suites.h"

#include <CUnit/CUnit.h>

#include <string.h>

/* What every packet of `whole` must have, by the definition of its header's fields. */
static void check_one(const struct pkt *p, const struct pkt *whole,
		      const struct large *l, size_t nth)
{
	const size_t before = nth * l->meta.size;
	const struct ipv4 *ip = pkt_ipv4_of(p), *of = pkt_ipv4_of(whole);
	const size_t left = whole->len - l->header - before;
	const size_t payload = left < l->meta.size ? left : l->meta.size;

	CU_ASSERT_EQUAL(p->drop, DROP_NONE);
	CU_ASSERT_EQUAL(p->later, nth > 0);
	CU_ASSERT_TRUE(packet_sound(p));
	CU_ASSERT_EQUAL_FATAL(p->len, l->header + payload);
	CU_ASSERT_EQUAL(
		memcmp(p->data + l->header, whole->data + l->header + before, payload),
		0);
	CU_ASSERT_EQUAL(transport_sum(p), 0);
	CU_ASSERT_EQUAL(ntohs(ip->id), (uint16_t)(ntohs(of->id) + nth));
	CU_ASSERT_EQUAL(ip->fragment, of->fragment);
	CU_ASSERT_EQUAL(ip->tos, of->tos);
	CU_ASSERT_EQUAL(ip->ttl, of->ttl);
	CU_ASSERT_EQUAL(memcmp(&ip->src, &of->src, 8), 0);
}

static void check_tcp(const struct pkt *p, const struct pkt *whole, size_t nth,
		      const struct large *l)
{
	const uint8_t *tcp = p->data + ipv4_header_len(pkt_ipv4_of(p));
	const uint8_t *of = whole->data + ipv4_header_len(pkt_ipv4_of(whole));
	const bool last = l->header + (nth + 1) * l->meta.size >= whole->len;
	uint8_t flags = of[TCP_FLAGS_AT];

	if (nth > 0)
		flags &= (uint8_t)~TCP_CWR;
	if (!last)
		flags &= (uint8_t) ~(TCP_FIN | TCP_PSH);
	CU_ASSERT_EQUAL(tcp[TCP_FLAGS_AT], flags);
	CU_ASSERT_EQUAL(get32(tcp + TCP_SEQUENCE_AT),
			get32(of + TCP_SEQUENCE_AT) + (uint32_t)(nth * l->meta.size));
	CU_ASSERT_EQUAL(memcmp(tcp, of, TCP_SEQUENCE_AT), 0);
	CU_ASSERT_EQUAL(memcmp(tcp + TCP_ACK_AT, of + TCP_ACK_AT, 5), 0);
	CU_ASSERT_EQUAL(memcmp(tcp + 18, of + 18, SEGMENT_TCP_LEN - 18), 0);
}

/* Cut all of it, in vectors with room for `room`; every packet as it must be. */
static void check_cut(struct large l, unsigned room)
{
	const uint8_t protocol = pkt_ipv4(l.p)->protocol;
	const size_t payload = l.p->len - l.header;
	struct pkt *whole = pkt_clone(packets_pool(), l.p);
	struct segment_cut cut;
	size_t nth = 0;
	bool more;

	segment_cut(&cut, l.p, &l.meta);
	do {
		struct pkt_vec v = { .count = PKT_VEC_MAX - room };

		more = segment_split(&cut, packets_pool(), &v);
		for (unsigned i = PKT_VEC_MAX - room; i < v.count; i++, nth++) {
			check_one(v.pkt[i], whole, &l, nth);
			if (protocol == PROTO_TCP)
				check_tcp(v.pkt[i], whole, nth, &l);
			pkt_give(packets_pool(), v.pkt[i]);
		}
		CU_ASSERT_TRUE_FATAL(!more || pkt_vec_full(&v));
	} while (more);
	CU_ASSERT_EQUAL(nth, payload ? (payload + l.meta.size - 1) / l.meta.size : 1);
	pkt_give(packets_pool(), whole);
	CU_ASSERT_EQUAL(packets_pool()->used, 0);
}

static void cuts_tcp(void)
{
	static const size_t payloads[] = { 0,    1,    999,  1000,  1001,
					   1999, 2000, 2001, 64999, 65463 };
	static const uint16_t sizes[] = { 100, 999, 1000, 1348, 65000 };

	for (size_t i = 0; i < sizeof(payloads) / sizeof(payloads[0]); i++)
		for (size_t k = 0; k < sizeof(sizes) / sizeof(sizes[0]); k++)
			check_cut(large_tcp(packets_pool(), payloads[i], sizes[k],
					    TCP_ACK, 0),
				  PKT_VEC_MAX);
	check_cut(large_tcp(packets_pool(), 9000, 700, TCP_ACK, 8), PKT_VEC_MAX);
}

static void keeps_flags_where_they_belong(void)
{
	for (unsigned flags = 0; flags < 256; flags++)
		check_cut(large_tcp(packets_pool(), 3500, 1000, (uint8_t)flags, 0),
			  PKT_VEC_MAX);
}

static void cuts_udp(void)
{
	for (size_t payload = 0; payload < 300; payload++)
		check_cut(large_udp(packets_pool(), payload, 64), PKT_VEC_MAX);
	check_cut(large_udp(packets_pool(), 65507, 1472), PKT_VEC_MAX);
}

static void counts_over_the_end(void)
{
	struct large l = large_tcp(packets_pool(), 5000, 1000, TCP_ACK, 0);

	pkt_ipv4(l.p)->id = htons(0xfffe);
	ipv4_seal(pkt_ipv4(l.p));
	memset(l.p->data + IPV4_HEADER + TCP_SEQUENCE_AT, 0xff, 4);
	check_cut(l, PKT_VEC_MAX);
}

static void goes_on_where_it_stopped(void)
{
	for (unsigned room = 1; room < 7; room++)
		check_cut(large_tcp(packets_pool(), 6100, 1000, TCP_ACK | TCP_PSH, 0),
			  room);
}

static void waits_for_buffers(void)
{
	struct large l = large_udp(packets_pool(), 3000, 1000);
	struct pkt_vec taken = { 0 }, v = { 0 };
	struct pkt_pool few;
	struct segment_cut cut;

	CU_ASSERT_EQUAL_FATAL(pkt_pool_init(&few, 1), 0);
	pkt_vec_add(&taken, pkt_take(&few));
	segment_cut(&cut, l.p, &l.meta);
	CU_ASSERT_TRUE(segment_split(&cut, &few, &v));
	CU_ASSERT_EQUAL(v.count, 0);
	CU_ASSERT_FALSE(segment_split(&cut, packets_pool(), &v));
	CU_ASSERT_EQUAL(v.count, 3);
	pkt_vec_give(&few, &taken);
	pkt_vec_give(packets_pool(), &v);
	pkt_pool_fini(&few);
}

/* A sum that was wrong is wrong afterwards, in every packet. */
static void repairs_nothing(void)
{
	struct large l = large_tcp(packets_pool(), 2500, 1000, TCP_ACK, 0);
	struct pkt_vec v = { 0 };
	struct segment_cut cut;
	uint8_t *field = l.p->data + IPV4_HEADER + TCP_CHECKSUM_AT;

	put16(field, get16(field) ^ 0x0100);
	segment_cut(&cut, l.p, &l.meta);
	segment_split(&cut, packets_pool(), &v);
	CU_ASSERT_EQUAL_FATAL(v.count, 3);
	for (unsigned i = 0; i < v.count; i++)
		CU_ASSERT_NOT_EQUAL(transport_sum(v.pkt[i]), 0);
	pkt_vec_give(packets_pool(), &v);
}

/* What is done with a packet that came with these metadata: it comes out alone. */
static struct pkt *alone(struct pkt *p, const struct segment_meta *meta)
{
	struct pkt_vec v = { 0 };
	struct segment_cut cut;

	segment_cut(&cut, p, meta);
	CU_ASSERT_FALSE(segment_split(&cut, packets_pool(), &v));
	CU_ASSERT_EQUAL_FATAL(v.count, 1);
	CU_ASSERT_PTR_EQUAL(v.pkt[0], p);
	return v.pkt[0];
}

static void completes_a_checksum(void)
{
	for (size_t payload = 0; payload < 40; payload++) {
		struct large l = large_udp(packets_pool(), payload, 0);
		struct pkt *p;

		l.meta.kind = SEGMENT_NONE;
		p = alone(l.p, &l.meta);
		CU_ASSERT_EQUAL(p->drop, DROP_NONE);
		CU_ASSERT_EQUAL(transport_sum(p), 0);
		pkt_give(packets_pool(), p);
	}
}

static void leaves_a_plain_packet_alone(void)
{
	const struct segment_meta none = { .flags = 2, .checksum_start = 65535 };
	struct large l = large_tcp(packets_pool(), 100, 0, TCP_ACK, 0);
	struct pkt *before = pkt_clone(packets_pool(), l.p), *p = alone(l.p, &none);

	CU_ASSERT_EQUAL(p->drop, DROP_NONE);
	CU_ASSERT_TRUE(packet_is(p, before->data, before->len));
	pkt_give(packets_pool(), before);
	pkt_give(packets_pool(), p);
}

static void check_refused(struct large l, enum drop_reason why)
{
	struct pkt *before = pkt_clone(packets_pool(), l.p), *p = alone(l.p, &l.meta);

	CU_ASSERT_STRING_EQUAL(drop_name(p->drop), drop_name(why));
	CU_ASSERT_EQUAL(memcmp(p->data, before->data, before->len), 0);
	pkt_give(packets_pool(), before);
	pkt_give(packets_pool(), p);
}

static void refuses_kinds(void)
{
	for (unsigned kind = 0; kind < 256; kind++) {
		struct large l = large_tcp(packets_pool(), 3000, 1000, TCP_ACK, 0);

		if (kind == SEGMENT_NONE || (kind & ~SEGMENT_ECN) == SEGMENT_TCP ||
		    kind == SEGMENT_UDP) {
			pkt_give(packets_pool(), l.p);
			continue;
		}
		l.meta.kind = (uint8_t)kind;
		check_refused(l, DROP_SEGMENT_KIND);
	}
}

static void refuses_headers(void)
{
	struct large l = large_udp(packets_pool(), 3000, 1000);
	uint8_t *length = l.p->data + IPV4_HEADER + UDP_LENGTH_AT;

	put16(length, get16(length) - 1u);
	check_refused(l, DROP_SEGMENT_HEADER);
	l = large_tcp(packets_pool(), 3000, 1000, TCP_ACK, 0);
	l.meta.kind = SEGMENT_UDP;
	check_refused(l, DROP_SEGMENT_HEADER);
	for (unsigned words = 0; words < 16; words++) {
		l = large_tcp(packets_pool(), 7, 1000, TCP_ACK, 0);
		l.p->data[IPV4_HEADER + TCP_WORDS_AT] = (uint8_t)(words << 4);
		if (words < 5 || words > 9)
			check_refused(l, DROP_SEGMENT_HEADER);
		else
			pkt_give(packets_pool(), l.p);
	}
	l = large_tcp(packets_pool(), 3000, 1000, TCP_ACK, 0);
	pkt_ipv4(l.p)->fragment = htons(IPV4_MF);
	ipv4_seal(pkt_ipv4(l.p));
	check_refused(l, DROP_SEGMENT_HEADER);
	l = large_tcp(packets_pool(), 3000, 1000, TCP_ACK, 0);
	pkt_ipv4(l.p)->checksum ^= 1;
	check_refused(l, DROP_IPV4_CHECKSUM);
}

static void refuses_sizes_and_sums(void)
{
	struct large l = large_tcp(packets_pool(), 3000, 0, TCP_ACK, 0);

	check_refused(l, DROP_SEGMENT_SIZE);
	l = large_tcp(packets_pool(), 3000, 1000, TCP_ACK, 0);
	l.meta.flags = 0;
	check_refused(l, DROP_SEGMENT_CHECKSUM);
	l = large_tcp(packets_pool(), 3000, 1000, TCP_ACK, 0);
	l.meta.checksum_start += 2;
	check_refused(l, DROP_SEGMENT_CHECKSUM);
	l = large_tcp(packets_pool(), 3000, 1000, TCP_ACK, 0);
	l.meta.checksum_offset = UDP_CHECKSUM_AT;
	check_refused(l, DROP_SEGMENT_CHECKSUM);
}

static void refuses_a_field_outside(void)
{
	static const uint16_t places[][2] = { { 0, 10 },     { 18, 0 },     { 20, 27 },
					      { 20, 0xff },  { 48, 0 },     { 47, 0 },
					      { 0xffff, 0 }, { 20, 0xffff } };

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		struct large l = large_udp(packets_pool(), 20, 0);

		l.meta.kind = SEGMENT_NONE;
		l.meta.checksum_start = places[i][0];
		l.meta.checksum_offset = places[i][1];
		check_refused(l, DROP_SEGMENT_CHECKSUM);
	}
}

static void refuses_every_truncation(void)
{
	const struct large like = large_tcp(packets_pool(), 3000, 1000, TCP_ACK, 0);

	for (size_t len = 0; len < like.p->len; len++) {
		struct large l = like;

		l.p = pkt_clone(packets_pool(), like.p);
		l.p->len = len;
		l.p = alone(l.p, &l.meta);
		CU_ASSERT_NOT_EQUAL(l.p->drop, DROP_NONE);
		pkt_give(packets_pool(), l.p);
	}
	pkt_give(packets_pool(), like.p);
}

/* ---- without metadata ---- */

static bool is_open(const struct pkt *p)
{
	return segment_is_open(pkt_ipv4_of(p), p->len);
}

static void sees_what_was_left_open(void)
{
	for (size_t options = 0; options <= 40; options += 4) {
		struct large l = large_tcp(packets_pool(), 3000, 0, TCP_ACK, options);
		uint8_t *field = l.p->data + l.meta.checksum_start + TCP_CHECKSUM_AT;

		CU_ASSERT_TRUE(is_open(l.p));
		for (unsigned bit = 0; bit < 16; bit++) {
			field[bit / 8] ^= (uint8_t)(1 << bit % 8);
			CU_ASSERT_FALSE(is_open(l.p));
			field[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
		for (size_t len = l.meta.checksum_start; len < l.p->len; len++)
			CU_ASSERT_FALSE(segment_is_open(pkt_ipv4(l.p), len));
		pkt_ipv4(l.p)->fragment = htons(IPV4_MF);
		CU_ASSERT_FALSE(is_open(l.p));
		pkt_give(packets_pool(), l.p);
	}
}

static void sees_nothing_open_in_udp(void)
{
	struct large l = large_udp(packets_pool(), 3000, 0);

	CU_ASSERT_FALSE(is_open(l.p));
	pkt_give(packets_pool(), l.p);
}

/* Who was right all along stays as he is. */
static void closing_changes_no_right_checksum(void)
{
	struct large l = large_tcp(packets_pool(), 1000, 0, TCP_ACK, 0);
	uint8_t *payload = l.p->data + l.header, before[2000];
	struct segment_meta meta;
	struct segment_cut cut;
	struct pkt_vec v = { .count = 0 };
	const size_t len = l.p->len;

	/* The open field is right once the payload makes up for it. */
	put16(payload, 0);
	put16(payload, transport_sum(l.p));
	CU_ASSERT_TRUE(is_open(l.p) && transport_sum(l.p) == 0);
	memcpy(before, l.p->data, len);
	meta = segment_open_meta(l.p, 1500);
	segment_cut(&cut, l.p, &meta);
	CU_ASSERT_FALSE(segment_split(&cut, packets_pool(), &v));
	CU_ASSERT_EQUAL_FATAL(v.count, 1);
	CU_ASSERT_TRUE(packet_is(v.pkt[0], before, len));
	pkt_vec_give(packets_pool(), &v);
}

static void cuts_what_was_left_open_to_fit(void)
{
	struct large l = large_tcp(packets_pool(), 3000, 0, TCP_ACK, 0);
	const size_t whole = l.p->len;

	CU_ASSERT_EQUAL(segment_open_meta(l.p, whole).kind, SEGMENT_NONE);
	for (size_t most = 68; most < whole; most++) {
		struct segment_meta meta = segment_open_meta(l.p, most);
		bool cut = most >= 2 * l.header;

		CU_ASSERT_EQUAL(meta.kind, cut ? SEGMENT_TCP : SEGMENT_NONE);
		CU_ASSERT_EQUAL(meta.size, cut ? most - l.header : 0);
		CU_ASSERT_EQUAL(meta.flags, SEGMENT_PARTIAL);
		CU_ASSERT_EQUAL(meta.checksum_start, l.meta.checksum_start);
		CU_ASSERT_EQUAL(meta.checksum_offset, TCP_CHECKSUM_AT);
	}
	l.p->data[l.meta.checksum_start + TCP_WORDS_AT] = 4 << 4;
	CU_ASSERT_EQUAL(segment_open_meta(l.p, 1500).kind, SEGMENT_NONE);
	pkt_give(packets_pool(), l.p);
}

void suite_segment(void)
{
	CU_pSuite s = CU_add_suite("segment", packets_open, packets_close);

	CU_ADD_TEST(s, cuts_tcp);
	CU_ADD_TEST(s, cuts_udp);
	CU_ADD_TEST(s, keeps_flags_where_they_belong);
	CU_ADD_TEST(s, counts_over_the_end);
	CU_ADD_TEST(s, goes_on_where_it_stopped);
	CU_ADD_TEST(s, waits_for_buffers);
	CU_ADD_TEST(s, repairs_nothing);
	CU_ADD_TEST(s, completes_a_checksum);
	CU_ADD_TEST(s, leaves_a_plain_packet_alone);
	CU_ADD_TEST(s, refuses_kinds);
	CU_ADD_TEST(s, refuses_headers);
	CU_ADD_TEST(s, refuses_sizes_and_sums);
	CU_ADD_TEST(s, refuses_a_field_outside);
	CU_ADD_TEST(s, refuses_every_truncation);
	CU_ADD_TEST(s, sees_what_was_left_open);
	CU_ADD_TEST(s, sees_nothing_open_in_udp);
	CU_ADD_TEST(s, closing_changes_no_right_checksum);
	CU_ADD_TEST(s, cuts_what_was_left_open_to_fit);
}
