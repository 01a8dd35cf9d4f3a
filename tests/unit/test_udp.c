/* SPDX-License-Identifier: ISC */
/* UDP packets: golden, damaged, and the two meanings of a zero checksum. */
#include "common/wire/udp.h"

#include "common/wire/ipv4.h"

#include <CUnit/CUnit.h>

#include "tests/unit/hex.h"
#include "tests/unit/suites.h"

#define MESSAGE(symbol, hex) static const char symbol[] = hex;
#include "tests/vectors/packets.def"
#undef MESSAGE

static void opens_the_golden_packets(void)
{
	struct hex h = hex_of(hello_mobile);
	struct udp_packet p;

	CU_ASSERT_EQUAL_FATAL(udp_open(h.bytes, h.len, false, &p), UDP_OK);
	CU_ASSERT_EQUAL(p.src.s_addr, htonl(0xc0000250));
	CU_ASSERT_EQUAL(p.dst.s_addr, htonl(0xc6336432));
	CU_ASSERT_EQUAL(p.src_port, 5000);
	CU_ASSERT_EQUAL(p.dst_port, 6000);
	CU_ASSERT_EQUAL(p.ttl, 63);
	CU_ASSERT_EQUAL(p.len, 12);
	CU_ASSERT_EQUAL(memcmp(p.payload, "hello mobile", 12), 0);

	h = hex_of(home_broadcast);
	CU_ASSERT_EQUAL(udp_open(h.bytes, h.len, false, &p), UDP_OK);
	h = hex_of(echo_request);
	CU_ASSERT_EQUAL(udp_open(h.bytes, h.len, false, &p), UDP_NOT_UDP);
}

static void builds_the_golden_packet(void)
{
	struct hex h = hex_of(hello_mobile);
	struct udp_packet p;
	uint8_t built[64];

	CU_ASSERT_EQUAL_FATAL(udp_open(h.bytes, h.len, false, &p), UDP_OK);
	CU_ASSERT_EQUAL(udp_build(built, sizeof(built), &p, 1), h.len);
	CU_ASSERT_EQUAL(memcmp(built, h.bytes, h.len), 0);
}

/* As a sender leaves it to its card: with whatever in the field. */
static void finishes_an_open_checksum(void)
{
	struct hex h = hex_of(home_broadcast);
	struct hex open = h, echo = hex_of(echo_request), same = echo;

	open.bytes[IPV4_HEADER + 6] ^= 0x5a;
	udp_finish(open.bytes, open.len);
	CU_ASSERT_EQUAL(memcmp(open.bytes, h.bytes, h.len), 0);
	udp_finish(same.bytes, same.len);
	CU_ASSERT_EQUAL(memcmp(same.bytes, echo.bytes, echo.len), 0);
	for (size_t n = 0; n < h.len; n++) {
		struct hex cut = h;

		udp_finish(cut.bytes, n);
		CU_ASSERT_EQUAL(memcmp(cut.bytes, h.bytes, h.len), 0);
	}
}

static void build_wants_room(void)
{
	static uint8_t built[70000], payload[66000];
	struct udp_packet p = { .payload = payload, .len = 10 };

	for (size_t room = 0; room < 38; room++)
		CU_ASSERT_EQUAL(udp_build(built, room, &p, 0), 0);
	CU_ASSERT_EQUAL(udp_build(built, 38, &p, 0), 38);
	p.len = IPV4_MAX - 28;
	CU_ASSERT_EQUAL(udp_build(built, sizeof(built), &p, 0), IPV4_MAX);
	CU_ASSERT_EQUAL(udp_open(built, sizeof(built), false, &p), UDP_OK);
	CU_ASSERT_EQUAL(p.len, IPV4_MAX - 28);
	p.len++;
	CU_ASSERT_EQUAL(udp_build(built, sizeof(built), &p, 0), 0);
}

static void refuses_every_truncation(void)
{
	struct hex h = hex_of(hello_mobile);
	struct udp_packet p;

	for (size_t n = 0; n < h.len; n++) {
		uint8_t *copy = exact_copy(h.bytes, n);

		CU_ASSERT_EQUAL(udp_open(copy, n, false, &p), UDP_BAD_IPV4);
		free(copy);
	}
}

/* Make the IPv4 header agree with a packet cut to `len` octets. */
static void cut_to(struct hex *h, size_t len)
{
	struct ipv4 ip;

	memcpy(&ip, h->bytes, sizeof(ip));
	ip.length = htons((uint16_t)len);
	ipv4_seal(&ip);
	memcpy(h->bytes, &ip, sizeof(ip));
	h->len = len;
}

static void refuses_a_datagram_longer_than_its_packet(void)
{
	for (size_t n = IPV4_HEADER; n < 40; n++) {
		struct hex h = hex_of(hello_mobile);
		struct udp_packet p;

		cut_to(&h, n);
		CU_ASSERT_EQUAL(udp_open(h.bytes, h.len, false, &p), UDP_SHORT);
	}
}

static void refuses_every_changed_bit(void)
{
	struct hex h = hex_of(hello_mobile);
	struct udp_packet p;

	for (size_t bit = 0; bit < 8 * h.len; bit++) {
		enum udp_fault f;

		flip_bit(h.bytes, bit);
		f = udp_open(h.bytes, h.len, false, &p);
		if (bit < 8 * IPV4_HEADER)
			CU_ASSERT_EQUAL(f, UDP_BAD_IPV4)
		else
			CU_ASSERT_TRUE(f == UDP_BAD_CHECKSUM || f == UDP_SHORT);
		flip_bit(h.bytes, bit);
	}
}

/* Its Length says where a datagram ends; what follows in the packet is nothing. */
static void length_under_a_header_is_refused(void)
{
	for (uint8_t length = 0; length < UDP_HEADER; length++) {
		struct hex h = hex_of(hello_mobile);
		struct udp_packet p;

		h.bytes[25] = length;
		CU_ASSERT_EQUAL(udp_open(h.bytes, h.len, true, &p), UDP_SHORT);
	}
}

static void zero_checksum_is_none(void)
{
	struct hex h = hex_of(hello_mobile);
	struct udp_packet p;

	h.bytes[26] = h.bytes[27] = 0;
	h.bytes[30] ^= 0xff;
	CU_ASSERT_EQUAL(udp_open(h.bytes, h.len, false, &p), UDP_OK);
	h.bytes[27] = 1;
	CU_ASSERT_EQUAL(udp_open(h.bytes, h.len, false, &p), UDP_BAD_CHECKSUM);
	CU_ASSERT_EQUAL(udp_open(h.bytes, h.len, true, &p), UDP_OK);
}

static void sum_of_zero_is_sent_as_ones(void)
{
	uint8_t payload[2] = { 0, 0 }, built[30];
	struct udp_packet p = { .payload = payload, .len = 2, .src_port = 1 };
	uint16_t sum;

	/* The payload that brings the sum to all ones. */
	CU_ASSERT_EQUAL(udp_build(built, sizeof(built), &p, 0), 30);
	sum = (uint16_t)(built[26] << 8 | built[27]);
	payload[0] = (uint8_t)(sum >> 8);
	payload[1] = (uint8_t)sum;
	CU_ASSERT_EQUAL(udp_build(built, sizeof(built), &p, 0), 30);
	CU_ASSERT_EQUAL(built[26], 0xff);
	CU_ASSERT_EQUAL(built[27], 0xff);
	CU_ASSERT_EQUAL(udp_open(built, 30, false, &p), UDP_OK);
}

static void fragments_are_not_datagrams(void)
{
	struct hex h = hex_of(hello_mobile);
	struct udp_packet p;
	struct ipv4 ip;

	memcpy(&ip, h.bytes, sizeof(ip));
	ip.fragment = htons(IPV4_MF);
	ipv4_seal(&ip);
	memcpy(h.bytes, &ip, sizeof(ip));
	CU_ASSERT_EQUAL(udp_open(h.bytes, h.len, false, &p), UDP_NOT_UDP);
}

void suite_udp(void)
{
	CU_pSuite s = CU_add_suite("udp", NULL, NULL);

	CU_ADD_TEST(s, opens_the_golden_packets);
	CU_ADD_TEST(s, builds_the_golden_packet);
	CU_ADD_TEST(s, finishes_an_open_checksum);
	CU_ADD_TEST(s, build_wants_room);
	CU_ADD_TEST(s, refuses_every_truncation);
	CU_ADD_TEST(s, refuses_a_datagram_longer_than_its_packet);
	CU_ADD_TEST(s, refuses_every_changed_bit);
	CU_ADD_TEST(s, length_under_a_header_is_refused);
	CU_ADD_TEST(s, zero_checksum_is_none);
	CU_ADD_TEST(s, sum_of_zero_is_sent_as_ones);
	CU_ADD_TEST(s, fragments_are_not_datagrams);
}
