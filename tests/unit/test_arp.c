/* SPDX-License-Identifier: ISC */
/* ARP messages, and the forms by which a home agent takes and gives back packets. */
#include "common/wire/arp.h"

#include <CUnit/CUnit.h>

#include "tests/unit/hex.h"
#include "tests/unit/suites.h"

/* Who has 198.51.100.50? Tell 198.51.100.20 (laid out by hand from RFC 826). */
static const char golden[] = "0001080006040001"
			     "020000000014c6336414"
			     "000000000000c6336432";

static const struct mac agent = { { 2, 0, 0, 0, 0, 1 } };

static void decodes_the_golden_request(void)
{
	struct hex h = hex_of(golden);
	struct arp_message m;
	char text[MAC_TEXT_LEN];

	CU_ASSERT_EQUAL(h.len, ARP_LEN);
	CU_ASSERT_TRUE_FATAL(arp_decode(h.bytes, h.len, &m));
	CU_ASSERT_EQUAL(m.op, ARP_REQUEST);
	CU_ASSERT_EQUAL(m.sender.s_addr, htonl(0xc6336414));
	CU_ASSERT_EQUAL(m.target.s_addr, htonl(0xc6336432));
	CU_ASSERT_STRING_EQUAL(mac_text(m.sender_mac, text), "02:00:00:00:00:14");
	CU_ASSERT_FALSE(mac_is_unicast(m.target_mac));
	/* Ethernet pads to 46 octets. */
	CU_ASSERT_TRUE(arp_decode(h.bytes, 46, &m));
}

static void refuses_every_truncation(void)
{
	struct hex h = hex_of(golden);
	struct arp_message m;

	for (size_t n = 0; n < h.len; n++) {
		uint8_t *copy = exact_copy(h.bytes, n);

		CU_ASSERT_FALSE(arp_decode(copy, n, &m));
		free(copy);
	}
}

/* The kinds of address must be ours; everything else is carried. */
static void changed_bits_are_refused_or_carried(void)
{
	struct hex h = hex_of(golden);
	struct arp_message m;
	uint8_t back[ARP_LEN];

	for (size_t bit = 0; bit < 8 * h.len; bit++) {
		flip_bit(h.bytes, bit);
		CU_ASSERT_EQUAL(arp_decode(h.bytes, h.len, &m), bit >= 8 * 6);
		if (bit >= 8 * 6) {
			arp_encode(&m, back);
			CU_ASSERT_EQUAL(memcmp(back, h.bytes, ARP_LEN), 0);
		}
		flip_bit(h.bytes, bit);
	}
}

/* RFC 5944 4.6: both protocol addresses are the one whose entry changes. */
static void gratuitous_forms(void)
{
	const struct in_addr home = { htonl(0xc6336432) };
	struct arp_message m = arp_gratuitous(home, agent, ARP_REQUEST);

	CU_ASSERT_EQUAL(m.op, ARP_REQUEST);
	CU_ASSERT_EQUAL(m.sender.s_addr, home.s_addr);
	CU_ASSERT_EQUAL(m.target.s_addr, home.s_addr);
	CU_ASSERT_TRUE(mac_equal(m.sender_mac, agent));
	CU_ASSERT_TRUE(mac_equal(m.target_mac, (struct mac){ { 0 } }));
	m = arp_gratuitous(home, agent, ARP_REPLY);
	CU_ASSERT_EQUAL(m.op, ARP_REPLY);
	CU_ASSERT_TRUE(mac_equal(m.sender_mac, agent));
	CU_ASSERT_TRUE(mac_equal(m.target_mac, agent));
}

static void answers_for_another(void)
{
	struct hex h = hex_of(golden);
	struct hex want = hex_of("0001080006040002"
				 "020000000001c6336432"
				 "020000000014c6336414");
	struct arp_message request, answer;
	uint8_t bytes[ARP_LEN];

	CU_ASSERT_TRUE_FATAL(arp_decode(h.bytes, h.len, &request));
	answer = arp_answer(&request, agent);
	arp_encode(&answer, bytes);
	CU_ASSERT_EQUAL(memcmp(bytes, want.bytes, ARP_LEN), 0);
}

static void kinds_of_hardware_address(void)
{
	CU_ASSERT_TRUE(mac_is_unicast(agent));
	CU_ASSERT_FALSE(mac_is_unicast(MAC_BROADCAST));
	CU_ASSERT_FALSE(mac_is_unicast((struct mac){ { 1, 0, 0x5e, 0, 0, 11 } }));
	CU_ASSERT_FALSE(mac_equal(agent, MAC_BROADCAST));
}

void suite_arp(void)
{
	CU_pSuite s = CU_add_suite("arp", NULL, NULL);

	CU_ADD_TEST(s, decodes_the_golden_request);
	CU_ADD_TEST(s, refuses_every_truncation);
	CU_ADD_TEST(s, changed_bits_are_refused_or_carried);
	CU_ADD_TEST(s, gratuitous_forms);
	CU_ADD_TEST(s, answers_for_another);
	CU_ADD_TEST(s, kinds_of_hardware_address);
}
