/* SPDX-License-Identifier: ISC */
/*
 * What the kernel's filter lets through to a link's packet socket.  It is tried
 * on a pair of local sockets, which filter alike and need no privilege; there
 * every packet counts as sent to us.
 */
#include "common/io/link_filter.h"

#include <CUnit/CUnit.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/wire/icmp.h"
#include "common/wire/ipv4.h"
#include "common/wire/mip_msg.h"
#include "tests/unit/suites.h"

enum { PACKET_LEN = 64 };

struct pair {
	int in, out;
};

static struct pair pair_open(bool broadcasts, bool redirects)
{
	int fd[2] = { -1, -1 };

	CU_ASSERT_EQUAL_FATAL(
		socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fd),
		0);
	CU_ASSERT_EQUAL(link_filter_attach(fd[1], broadcasts, redirects), 0);
	return (struct pair){ fd[0], fd[1] };
}

static void pair_close(struct pair p)
{
	close(p.in);
	close(p.out);
}

static bool passes(struct pair p, const uint8_t *packet, size_t len)
{
	uint8_t got[PACKET_LEN];
	ssize_t n;

	(void)send(p.in, packet, len, 0); /* EPERM says that it was filtered */
	n = recv(p.out, got, sizeof(got), MSG_DONTWAIT);
	return n == (ssize_t)len && memcmp(got, packet, len) == 0;
}

/* A packet with `options` octets of them, `payload` behind, and this fragment field. */
static void build(uint8_t packet[PACKET_LEN], uint8_t protocol, size_t options,
		  uint16_t fragment, const uint8_t payload[8])
{
	memset(packet, 0, PACKET_LEN);
	packet[0] = (uint8_t)(0x40 | (5 + options / 4));
	packet[6] = (uint8_t)(fragment >> 8);
	packet[7] = (uint8_t)fragment;
	packet[9] = protocol;
	memcpy(packet + IPV4_HEADER + options, payload, 8);
}

static bool udp_passes(struct pair p, uint16_t port, size_t options, uint16_t fragment)
{
	const uint8_t udp[8] = { 0x12, 0x34, (uint8_t)(port >> 8), (uint8_t)port };
	uint8_t packet[PACKET_LEN];

	build(packet, PROTO_UDP, options, fragment, udp);
	return passes(p, packet, sizeof(packet));
}

static bool icmp_passes(struct pair p, uint8_t type, size_t options, uint16_t fragment)
{
	const uint8_t icmp[8] = { type };
	uint8_t packet[PACKET_LEN];

	build(packet, PROTO_ICMP, options, fragment, icmp);
	return passes(p, packet, sizeof(packet));
}

static void of_udp_only_registrations_pass(void)
{
	struct pair p = pair_open(false, false);

	for (unsigned port = 0; port <= UINT16_MAX; port += port < 1000 ? 1 : 997)
		CU_ASSERT_EQUAL(udp_passes(p, (uint16_t)port, 0, 0), port == MIP_PORT);
	pair_close(p);
}

static void of_icmp_only_router_discovery_passes(void)
{
	struct pair p = pair_open(false, false);

	for (unsigned type = 0; type <= UINT8_MAX; type++)
		CU_ASSERT_EQUAL(icmp_passes(p, (uint8_t)type, 0, 0),
				type == ICMP_ROUTER_ADVERT ||
					type == ICMP_ROUTER_SOLICIT);
	pair_close(p);
}

static void redirects_pass_where_they_are_wanted(void)
{
	struct pair p = pair_open(false, true);

	for (unsigned type = 0; type <= UINT8_MAX; type++)
		CU_ASSERT_EQUAL(icmp_passes(p, (uint8_t)type, 0, 0),
				type == ICMP_ROUTER_ADVERT ||
					type == ICMP_ROUTER_SOLICIT ||
					type == ICMP_REDIRECT_);
	CU_ASSERT_TRUE(udp_passes(p, MIP_PORT, 0, 0));
	CU_ASSERT_FALSE(udp_passes(p, ICMP_REDIRECT_, 0, 0));
	pair_close(p);
}

static void other_protocols_do_not_pass(void)
{
	const uint8_t both[8] = { ICMP_ROUTER_SOLICIT, 0, MIP_PORT >> 8,
				  MIP_PORT & 255 };
	struct pair p = pair_open(false, false);
	uint8_t packet[PACKET_LEN];

	for (unsigned protocol = 0; protocol <= UINT8_MAX; protocol++) {
		build(packet, (uint8_t)protocol, 0, 0, both);
		CU_ASSERT_EQUAL(passes(p, packet, sizeof(packet)),
				protocol == PROTO_UDP || protocol == PROTO_ICMP);
	}
	pair_close(p);
}

static void options_are_stepped_over(void)
{
	struct pair p = pair_open(true, false);

	for (size_t options = 0; options <= 32; options += 4) {
		CU_ASSERT_TRUE(udp_passes(p, MIP_PORT, options, 0));
		CU_ASSERT_FALSE(udp_passes(p, MIP_PORT + 1, options, 0));
		CU_ASSERT_TRUE(icmp_passes(p, ICMP_ROUTER_ADVERT, options, 0));
	}
	pair_close(p);
}

static void later_fragments_do_not_pass(void)
{
	struct pair p = pair_open(false, false);

	CU_ASSERT_TRUE(udp_passes(p, MIP_PORT, 0, IPV4_DF));
	CU_ASSERT_FALSE(udp_passes(p, MIP_PORT, 0, 1));
	CU_ASSERT_FALSE(udp_passes(p, MIP_PORT, 0, IPV4_MF | IPV4_OFFSET));
	CU_ASSERT_FALSE(icmp_passes(p, ICMP_ROUTER_SOLICIT, 0, 1));
	pair_close(p);
}

/* A packet that ends before what is looked at is refused, not misread. */
static void cut_packets_do_not_pass(void)
{
	const uint8_t udp[8] = { 0x12, 0x34, MIP_PORT >> 8, MIP_PORT & 255 };
	struct pair p = pair_open(false, false);
	uint8_t packet[PACKET_LEN];

	build(packet, PROTO_UDP, 0, 0, udp);
	for (size_t len = 1; len <= 28; len++)
		CU_ASSERT_EQUAL(passes(p, packet, len), len >= IPV4_HEADER + 4);
	pair_close(p);
}

void suite_link_filter(void)
{
	CU_pSuite s = CU_add_suite("link_filter", NULL, NULL);

	CU_ADD_TEST(s, of_udp_only_registrations_pass);
	CU_ADD_TEST(s, of_icmp_only_router_discovery_passes);
	CU_ADD_TEST(s, redirects_pass_where_they_are_wanted);
	CU_ADD_TEST(s, other_protocols_do_not_pass);
	CU_ADD_TEST(s, options_are_stepped_over);
	CU_ADD_TEST(s, later_fragments_do_not_pass);
	CU_ADD_TEST(s, cut_packets_do_not_pass);
}
