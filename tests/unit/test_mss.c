/* SPDX-License-Identifier: ISC */
/* TCP MSS clamping: only SYNs, only downwards, the checksum by the difference. */
#include "common/tunnel/mss.h"

#include "common/base/bytes.h"
#include "common/wire/checksum.h"

#include "tests/unit/packets.h"
#include "tests/unit/suites.h"

#include <CUnit/CUnit.h>

#include <string.h>

enum { SYN = 0x02, ACK = 0x10, SYN_ACK = SYN | ACK };

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

static uint16_t tcp_sum(const struct pkt *p)
{
	const struct ipv4 *ip = pkt_ipv4_of(p);
	size_t header = ipv4_header_len(ip);
	uint16_t len = (uint16_t)(p->len - header);
	uint32_t sum = checksum_pseudo(ip->src, ip->dst, PROTO_TCP, len);

	return checksum_fold(checksum_add(sum, p->data + header, len));
}

/* A segment with these options, its checksum right, `extra` octets of IP options. */
static struct pkt *segment(uint8_t flags, const uint8_t *options, size_t len,
			   size_t extra)
{
	struct packet_like like = { .protocol = PROTO_TCP,
				    .size = 20 + extra + 20 + len + 5,
				    .options = extra };
	struct pkt *p = packet_like(&pool, &like);
	uint8_t *tcp = p->data + 20 + extra;
	struct writer sum = writer_over(tcp + 16, 2);

	tcp[12] = (uint8_t)((20 + len) / 4 << 4);
	tcp[13] = flags;
	memcpy(tcp + 20, options, len);
	memset(tcp + 16, 0, 2);
	write_u16(&sum, tcp_sum(p));
	CU_ASSERT_EQUAL(tcp_sum(p), 0);
	return p;
}

static const uint8_t even[] = { 2, 4, 0x05, 0xb4 };
static const uint8_t odd[] = { 1, 2, 4, 0x05, 0xb4, 1, 1, 0 };
static const uint8_t behind[] = {
	4, 2, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8, 2, 4, 0x05, 0xb4
};

static uint16_t mss_at(const struct pkt *p, size_t at)
{
	struct reader r = reader_over(p->data, p->len);

	read_skip(&r, at);
	return read_u16(&r);
}

static void check_clamped(uint8_t flags, const uint8_t *options, size_t len, size_t at,
			  size_t extra)
{
	struct pkt *p = segment(flags, options, len, extra);

	CU_ASSERT_TRUE(mss_clamp(p, 1360));
	CU_ASSERT_EQUAL(mss_at(p, 40 + extra + at), 1360);
	CU_ASSERT_EQUAL(tcp_sum(p), 0);
	CU_ASSERT_FALSE(mss_clamp(p, 1360));
	CU_ASSERT_FALSE(mss_clamp(p, 1460));
	pkt_give(&pool, p);
}

static void lowers_what_a_syn_offers(void)
{
	check_clamped(SYN, even, sizeof(even), 2, 0);
	check_clamped(SYN_ACK, even, sizeof(even), 2, 0);
	check_clamped(SYN, odd, sizeof(odd), 3, 0);
	check_clamped(SYN, behind, sizeof(behind), 14, 0);
	check_clamped(SYN, odd, sizeof(odd), 3, 12);
}

static void every_limit_leaves_the_checksum_right(void)
{
	for (unsigned limit = 0; limit < 1460; limit += 7) {
		struct pkt *a = segment(SYN, even, sizeof(even), 0);
		struct pkt *b = segment(SYN, odd, sizeof(odd), 0);

		CU_ASSERT_TRUE(mss_clamp(a, (uint16_t)limit));
		CU_ASSERT_TRUE(mss_clamp(b, (uint16_t)limit));
		CU_ASSERT_EQUAL(tcp_sum(a), 0);
		CU_ASSERT_EQUAL(tcp_sum(b), 0);
		pkt_give(&pool, a);
		pkt_give(&pool, b);
	}
}

static void check_untouched(struct pkt *p)
{
	struct pkt *before = pkt_clone(&pool, p);

	CU_ASSERT_FALSE(mss_clamp(p, 536));
	CU_ASSERT_TRUE(packet_is(p, before->data, before->len));
	pkt_give(&pool, before);
	pkt_give(&pool, p);
}

static void leaves_everything_else_alone(void)
{
	const uint8_t none[] = { 1, 1, 1, 0 };
	const uint8_t ended[] = { 0, 2, 4, 0x05, 0xb4, 0, 0, 0 };
	const uint8_t short_option[] = { 3, 1, 2, 4, 0x05, 0xb4, 0, 0 };
	const uint8_t wrong_len[] = { 2, 3, 0x05, 0xb4 };
	const uint8_t cut[] = { 1, 1, 2, 4 };
	struct pkt *p;

	check_untouched(segment(ACK, even, sizeof(even), 0));
	check_untouched(segment(SYN, none, sizeof(none), 0));
	check_untouched(segment(SYN, ended, sizeof(ended), 0));
	check_untouched(segment(SYN, short_option, sizeof(short_option), 0));
	check_untouched(segment(SYN, wrong_len, sizeof(wrong_len), 0));
	check_untouched(segment(SYN, cut, sizeof(cut), 0));

	p = segment(SYN, even, sizeof(even), 0);
	p->data[9] = PROTO_UDP;
	check_untouched(p);
	p = segment(SYN, even, sizeof(even), 0);
	pkt_ipv4(p)->fragment = htons(9);
	check_untouched(p);
	p = segment(SYN, even, sizeof(even), 0);
	p->data[20 + 12] = 0x40;
	check_untouched(p);
}

static void every_truncation_is_harmless(void)
{
	for (size_t len = 20; len < 69; len++) {
		struct pkt *p = segment(SYN, behind, sizeof(behind), 0);
		bool whole = len >= 40 + sizeof(behind);

		p->len = len < p->len ? len : p->len;
		CU_ASSERT_EQUAL(mss_clamp(p, 100), whole);
		pkt_give(&pool, p);
	}
}

static void automatic_limit_leaves_room_for_headers(void)
{
	CU_ASSERT_EQUAL(mss_limit(MSS_AUTO, 1476), 1436);
	CU_ASSERT_EQUAL(mss_limit(1200, 1476), 1200);
	CU_ASSERT_EQUAL(mss_limit(MSS_AUTO, 68), 28);
}

void suite_mss(void)
{
	CU_pSuite s = CU_add_suite("mss", open_pool, close_pool);

	CU_ADD_TEST(s, lowers_what_a_syn_offers);
	CU_ADD_TEST(s, every_limit_leaves_the_checksum_right);
	CU_ADD_TEST(s, leaves_everything_else_alone);
	CU_ADD_TEST(s, every_truncation_is_harmless);
	CU_ADD_TEST(s, automatic_limit_leaves_room_for_headers);
}
