/* SPDX-License-Identifier: ISC */
/*
 * What packets of a numbered flow carry.
 */
#include "mn-sim/flow_packet.h"

#include <CUnit/CUnit.h>
#include <string.h>

#include "tests/unit/suites.h"

static void says_which_it_is_and_its_text(void)
{
	static const uint8_t golden[] = "SJF1"
					"\x00\x00\x13\x89"
					"\x00\x00\x00\x00\x00\x00\x02\x64"
					"ab, ab,";
	uint8_t bytes[23];
	uint32_t flow;
	uint64_t number;

	flow_packet_write(bytes, sizeof(bytes), 5001, 612, "ab, ");
	CU_ASSERT_EQUAL(memcmp(bytes, golden, sizeof(bytes)), 0);
	CU_ASSERT_TRUE(
		flow_packet_read(reader_over(bytes, sizeof(bytes)), &flow, &number));
	CU_ASSERT_EQUAL(flow, 5001);
	CU_ASSERT_EQUAL(number, 612);
}

static void without_a_text_it_is_zeros(void)
{
	uint8_t bytes[20];

	memset(bytes, 1, sizeof(bytes));
	flow_packet_write(bytes, sizeof(bytes), 1, 2, "");
	CU_ASSERT_EQUAL(memcmp(bytes + FLOW_PACKET_HEADER, "\0\0\0\0", 4), 0);
}

static void others_are_told_apart(void)
{
	uint8_t bytes[FLOW_PACKET_HEADER];
	uint32_t flow;
	uint64_t number;

	flow_packet_write(bytes, sizeof(bytes), 1, 2, "");
	for (size_t n = 0; n < sizeof(bytes); n++)
		CU_ASSERT_FALSE(
			flow_packet_read(reader_over(bytes, n), &flow, &number));
	bytes[0] ^= 1;
	CU_ASSERT_FALSE(
		flow_packet_read(reader_over(bytes, sizeof(bytes)), &flow, &number));
}

void suite_flow_packet(void)
{
	CU_pSuite s = CU_add_suite("flow_packet", NULL, NULL);

	CU_add_test(s, "says which it is and its text", says_which_it_is_and_its_text);
	CU_add_test(s, "without a text it is zeros", without_a_text_it_is_zeros);
	CU_add_test(s, "others are told apart", others_are_told_apart);
}
