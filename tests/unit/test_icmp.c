/* SPDX-License-Identifier: ISC */
/* ICMP: what may be answered, what the answer looks like, what is opened. */
#include "common/wire/icmp.h"

#include "common/wire/checksum.h"
#include "common/wire/ipv4.h"

#include <CUnit/CUnit.h>

#include "tests/unit/hex.h"
#include "tests/unit/suites.h"

#define MESSAGE(symbol, hex) static const char symbol[] = hex;
#include "tests/vectors/packets.def"
#undef MESSAGE

static const struct in_addr router = { 0x01010101 }; /* the same either way round */

/* A packet of that protocol; the first octet of its payload is `first`. */
static size_t make_packet(uint8_t *to, uint32_t src, uint32_t dst, uint8_t protocol,
			  uint8_t first, size_t payload)
{
	const struct ipv4_fields f = { .src.s_addr = htonl(src),
				       .dst.s_addr = htonl(dst),
				       .protocol = protocol,
				       .ttl = 64 };

	ipv4_build(to, &f, payload);
	memset(to + IPV4_HEADER, 0x55, payload);
	if (payload)
		to[IPV4_HEADER] = first;
	return IPV4_HEADER + payload;
}

static void opens_an_echo_request(void)
{
	struct hex h = hex_of(echo_request);
	struct icmp_message m;

	CU_ASSERT_TRUE_FATAL(icmp_open(h.bytes, h.len, &m));
	CU_ASSERT_EQUAL(m.src.s_addr, htonl(0xc6336432));
	CU_ASSERT_EQUAL(m.dst.s_addr, htonl(0xc6336401));
	CU_ASSERT_EQUAL(m.type, ICMP_ECHO_REQUEST);
	CU_ASSERT_EQUAL(m.code, 0);
	CU_ASSERT_EQUAL(m.rest, 0x4d4e0001);
	CU_ASSERT_EQUAL(m.body_len, 9);
	CU_ASSERT_EQUAL(memcmp(m.body, "keepalive", 9), 0);
	h = hex_of(hello_mobile);
	CU_ASSERT_FALSE(icmp_open(h.bytes, h.len, &m));
}

static void refuses_truncations_and_changed_bits(void)
{
	struct hex h = hex_of(echo_request);
	struct icmp_message m;

	for (size_t n = 0; n < h.len; n++) {
		uint8_t *copy = exact_copy(h.bytes, n);

		CU_ASSERT_FALSE(icmp_open(copy, n, &m));
		free(copy);
	}
	for (size_t bit = 0; bit < 8 * h.len; bit++) {
		flip_bit(h.bytes, bit);
		CU_ASSERT_FALSE(icmp_open(h.bytes, h.len, &m));
		flip_bit(h.bytes, bit);
	}
}

static void message_under_eight_octets_is_unsound(void)
{
	uint8_t packet[IPV4_HEADER + 8];
	struct icmp_message m;

	for (size_t n = 0; n < 8; n++) {
		size_t len =
			make_packet(packet, 0x0a000001, 0x0a000002, PROTO_ICMP, 8, n);

		if (n >= 4)
			checksum_write(packet + IPV4_HEADER, n, 2);
		CU_ASSERT_FALSE(icmp_open(packet, len, &m));
	}
}

static void error_says_what_was_wrong(void)
{
	struct hex h = hex_of(hello_mobile);
	struct icmp_message m;
	uint8_t error[600];
	size_t len = icmp_error_build(error, sizeof(error), router, ICMP_UNREACHABLE,
				      ICMP_CODE_TOO_BIG, 1400, h.bytes, h.len);

	CU_ASSERT_EQUAL(len, IPV4_HEADER + 8 + h.len);
	CU_ASSERT_TRUE_FATAL(icmp_open(error, len, &m));
	CU_ASSERT_EQUAL(m.src.s_addr, router.s_addr);
	CU_ASSERT_EQUAL(m.dst.s_addr, htonl(0xc0000250));
	CU_ASSERT_EQUAL(m.type, ICMP_UNREACHABLE);
	CU_ASSERT_EQUAL(m.code, ICMP_CODE_TOO_BIG);
	CU_ASSERT_EQUAL(m.rest, 1400);
	CU_ASSERT_EQUAL(m.body_len, h.len);
	CU_ASSERT_EQUAL(memcmp(m.body, h.bytes, h.len), 0);
	CU_ASSERT_EQUAL(icmp_error_build(error, len - 1, router, ICMP_UNREACHABLE, 0, 0,
					 h.bytes, h.len),
			0);
}

/* The high half of a too-big's second word is not of the MTU (RFC 4884). */
static void mtu_is_the_low_half(void)
{
	struct hex h = hex_of(hello_mobile);
	struct icmp_message m;
	uint8_t error[600];
	size_t len = icmp_error_build(error, sizeof(error), router, ICMP_UNREACHABLE,
				      ICMP_CODE_TOO_BIG, 0x00110578, h.bytes, h.len);

	CU_ASSERT_TRUE(icmp_open(error, len, &m));
	CU_ASSERT_EQUAL(m.rest, 1400);
}

static void quotes_no_more_than_fits_576_octets(void)
{
	static uint8_t packet[2000], error[2000];
	size_t len = make_packet(packet, 0x0a000001, 0x0a000002, PROTO_TCP, 0, 1480);
	struct icmp_message m;

	CU_ASSERT_EQUAL(icmp_error_build(error, sizeof(error), router,
					 ICMP_TIME_EXCEEDED_, 0, 0, packet, len),
			576);
	CU_ASSERT_TRUE_FATAL(icmp_open(error, 576, &m));
	CU_ASSERT_EQUAL(m.body_len, 548);
	/* Padding of the link layer is not quoted. */
	len = make_packet(packet, 0x0a000001, 0x0a000002, PROTO_TCP, 0, 20);
	CU_ASSERT_EQUAL(icmp_error_build(error, sizeof(error), router,
					 ICMP_TIME_EXCEEDED_, 0, 0, packet, len + 30),
			68);
}

struct answer_case {
	uint32_t src, dst;
	uint8_t protocol, first;
	bool may;
};

static void answers_only_what_it_may(void)
{
	static const struct answer_case rows[] = {
		{ 0x0a000001, 0x0a000002, PROTO_UDP, 0, true },
		{ 0x0a000001, 0x0a000002, PROTO_ICMP, ICMP_ECHO_REQUEST, true },
		{ 0x0a000001, 0x0a000002, PROTO_ICMP, ICMP_ECHO_REPLY_, true },
		{ 0x0a000001, 0x0a000002, PROTO_ICMP, ICMP_UNREACHABLE, false },
		{ 0x0a000001, 0x0a000002, PROTO_ICMP, 4, false },
		{ 0x0a000001, 0x0a000002, PROTO_ICMP, ICMP_REDIRECT_, false },
		{ 0x0a000001, 0x0a000002, PROTO_ICMP, ICMP_TIME_EXCEEDED_, false },
		{ 0x0a000001, 0x0a000002, PROTO_ICMP, 12, false },
		{ 0x00000000, 0x0a000002, PROTO_UDP, 0, false },
		{ 0x7f000001, 0x0a000002, PROTO_UDP, 0, false },
		{ 0xe0000001, 0x0a000002, PROTO_UDP, 0, false },
		{ 0xffffffff, 0x0a000002, PROTO_UDP, 0, false },
		{ 0x0a000001, 0xe000000b, PROTO_UDP, 0, false },
		{ 0x0a000001, 0xffffffff, PROTO_UDP, 0, false },
	};
	uint8_t packet[64];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct answer_case *c = &rows[i];
		size_t len =
			make_packet(packet, c->src, c->dst, c->protocol, c->first, 40);

		CU_ASSERT_EQUAL(icmp_may_answer(packet, len), c->may);
	}
}

static void only_the_first_fragment_is_answered(void)
{
	uint8_t packet[64];
	size_t len = make_packet(packet, 0x0a000001, 0x0a000002, PROTO_UDP, 0, 40);

	packet[6] = IPV4_MF >> 8;
	checksum_write(packet, IPV4_HEADER, 10);
	CU_ASSERT_TRUE(icmp_may_answer(packet, len));
	packet[7] = 1;
	checksum_write(packet, IPV4_HEADER, 10);
	CU_ASSERT_FALSE(icmp_may_answer(packet, len));
}

static void unsound_packets_are_not_answered(void)
{
	struct hex h = hex_of(hello_mobile);
	uint8_t packet[IPV4_HEADER], error[600];
	size_t len = make_packet(packet, 0x0a000001, 0x0a000002, PROTO_ICMP, 0, 0);

	CU_ASSERT_FALSE(icmp_may_answer(packet, len));
	h.bytes[8]--;
	CU_ASSERT_EQUAL(icmp_error_build(error, sizeof(error), router, ICMP_UNREACHABLE,
					 0, 0, h.bytes, h.len),
			0);
	CU_ASSERT_EQUAL(icmp_error_build(error, sizeof(error), router, ICMP_UNREACHABLE,
					 0, 0, h.bytes, 10),
			0);
}

void suite_icmp(void)
{
	CU_pSuite s = CU_add_suite("icmp", NULL, NULL);

	CU_ADD_TEST(s, opens_an_echo_request);
	CU_ADD_TEST(s, refuses_truncations_and_changed_bits);
	CU_ADD_TEST(s, message_under_eight_octets_is_unsound);
	CU_ADD_TEST(s, error_says_what_was_wrong);
	CU_ADD_TEST(s, mtu_is_the_low_half);
	CU_ADD_TEST(s, quotes_no_more_than_fits_576_octets);
	CU_ADD_TEST(s, answers_only_what_it_may);
	CU_ADD_TEST(s, only_the_first_fragment_is_answered);
	CU_ADD_TEST(s, unsound_packets_are_not_answered);
}
