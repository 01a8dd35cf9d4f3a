/* SPDX-License-Identifier: ISC */
/*
 * Two octets of MTU, then any bytes as an IPv4 packet, once as they are and once
 * with the header checksum made good: opened as UDP and ICMP, answered with an
 * error, cut into fragments. Also as an ARP message.
 */
#include "common/wire/arp.h"
#include "common/wire/checksum.h"
#include "common/wire/icmp.h"
#include "common/wire/ipv4.h"
#include "common/wire/udp.h"

#include "common/base/bytes.h"

#include "tests/fuzz/fuzz.h"

struct cut {
	size_t mtu, total;
	size_t payload; /* seen so far */
};

static void check_fragment(void *arg, const uint8_t *bytes, size_t len)
{
	struct cut *c = arg;
	struct ipv4 ip;
	size_t total;

	PROMISE(len <= c->mtu || len == c->total);
	PROMISE(ipv4_check(bytes, len, &total) == IPV4_OK && total == len);
	memcpy(&ip, bytes, sizeof(ip));
	c->payload += len - ipv4_header_len(&ip);
}

static void check_fragments(const uint8_t *packet, size_t total, size_t mtu)
{
	struct cut c = { .mtu = mtu, .total = total };
	unsigned n = ipv4_fragment(packet, total, mtu, check_fragment, &c);
	struct ipv4 ip;

	memcpy(&ip, packet, sizeof(ip));
	PROMISE(n == 0 || c.payload == total - ipv4_header_len(&ip));
	PROMISE(n > 0 || total > mtu || ipv4_is_fragment(&ip));
}

static void check_udp(const uint8_t *packet, size_t len)
{
	const uint8_t *end = packet + len;
	struct udp_packet p;
	uint8_t built[2048];
	size_t n;

	if (udp_open(packet, len, false, &p) != UDP_OK) {
		if (udp_open(packet, len, true, &p) != UDP_OK)
			return;
	}
	PROMISE(p.payload >= packet + 28 && p.payload + p.len <= end);
	n = udp_build(built, sizeof(built), &p, 7);
	PROMISE(n == (28 + p.len <= sizeof(built) ? 28 + p.len : 0));
	PROMISE(n == 0 || udp_open(built, n, false, &p) == UDP_OK);
}

static void check_icmp(const uint8_t *packet, size_t len)
{
	const struct in_addr us = { htonl(0xc0000201) };
	struct icmp_message m;
	uint8_t error[600];
	size_t n;

	if (icmp_open(packet, len, &m)) {
		PROMISE(m.body >= packet + 28);
		PROMISE(m.body + m.body_len <= packet + len);
	}
	n = icmp_error_build(error, sizeof(error), us, ICMP_UNREACHABLE,
			     ICMP_CODE_TOO_BIG, 576, packet, len);
	PROMISE((n > 0) == icmp_may_answer(packet, len));
	if (n == 0)
		return;
	PROMISE(n <= 576 && icmp_open(error, n, &m) && m.rest == 576);
	PROMISE(!icmp_may_answer(error, n));
}

static void check_packet(const uint8_t *packet, size_t len, size_t mtu)
{
	size_t total;
	struct ipv4 ip;

	check_udp(packet, len);
	check_icmp(packet, len);
	if (ipv4_check(packet, len, &total) != IPV4_OK)
		return;
	check_fragments(packet, total, mtu);
	memcpy(&ip, packet, sizeof(ip));
	PROMISE(ipv4_header_len(&ip) <= total && total <= len);
	ipv4_set_ttl(&ip, (uint8_t)(ip.ttl - 1));
	ipv4_set_tos(&ip, (uint8_t)(ip.tos ^ IPV4_ECN));
	if (ipv4_header_len(&ip) == sizeof(ip))
		PROMISE(checksum_of(&ip, sizeof(ip)) == 0);
}

static void check_arp(const uint8_t *data, size_t size)
{
	struct arp_message m;
	uint8_t back[ARP_LEN];

	if (!arp_decode(data, size, &m))
		return;
	arp_encode(&m, back);
	PROMISE(memcmp(back, data, ARP_LEN) == 0);
}

/* A copy whose header sums up, if there is room for the header that it claims. */
static uint8_t *sealed_copy(const uint8_t *packet, size_t len)
{
	size_t header = len ? (packet[0] & 15u) * 4 : 0;
	uint8_t *copy;

	if (header < IPV4_HEADER || header > len)
		return NULL;
	copy = malloc(len);
	if (!copy)
		return NULL;
	memcpy(copy, packet, len);
	checksum_write(copy, header, 10);
	return copy;
}

void fuzz_ipv4(const uint8_t *data, size_t size)
{
	struct reader in = reader_over(data, size);
	size_t mtu = read_u16(&in);
	uint8_t *sealed;

	check_arp(data, size);
	if (in.bad)
		return;
	check_packet(in.at, reader_left(&in), mtu);
	sealed = sealed_copy(in.at, reader_left(&in));
	if (sealed)
		check_packet(sealed, reader_left(&in), mtu);
	free(sealed);
}
