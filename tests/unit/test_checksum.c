/* SPDX-License-Identifier: ISC */
/* The Internet checksum against the RFCs' examples and a plain loop. */
#include "common/wire/checksum.h"

#include "common/base/rng.h"

#include <CUnit/CUnit.h>

#include "tests/unit/suites.h"

/* The definition, word by word. */
static uint16_t naive(const uint8_t *bytes, size_t len)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < len; i++) {
		sum += i % 2 ? bytes[i] : (uint32_t)bytes[i] << 8;
		sum = (sum & 0xffff) + (sum >> 16);
	}
	return (uint16_t)~sum;
}

/* RFC 1071 3: the sum of these words is ddf2. */
static void example_of_rfc1071(void)
{
	static const uint8_t words[] = {
		0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7
	};

	CU_ASSERT_EQUAL(checksum_of(words, sizeof(words)), 0xffff - 0xddf2);
}

static void agrees_with_a_plain_loop(void)
{
	static uint8_t bytes[3000];
	struct rng_seeded g;
	struct rng r = rng_seeded_init(&g, 5);

	rng_fill(&r, bytes, sizeof(bytes));
	for (size_t start = 0; start < 9; start++) {
		for (size_t len = 0; len < 200; len++)
			CU_ASSERT_EQUAL(checksum_of(bytes + start, len),
					naive(bytes + start, len));
	}
	for (int i = 0; i < 200; i++) {
		size_t start = rng_below(&r, 1000), len = rng_below(&r, 2000);

		CU_ASSERT_EQUAL(checksum_of(bytes + start, len),
				naive(bytes + start, len));
	}
}

static void carries_are_not_lost(void)
{
	static uint8_t ones[65536];

	for (size_t i = 0; i < sizeof(ones); i++)
		ones[i] = 0xff;
	for (size_t len = 65500; len <= sizeof(ones); len++)
		CU_ASSERT_EQUAL(checksum_of(ones, len), naive(ones, len));
}

static void parts_add_up(void)
{
	static uint8_t bytes[256];
	struct rng_seeded g;
	struct rng r = rng_seeded_init(&g, 6);

	rng_fill(&r, bytes, sizeof(bytes));
	for (size_t cut = 0; cut <= sizeof(bytes); cut += 2) {
		uint32_t sum = checksum_add(0, bytes, cut);

		sum = checksum_add(sum, bytes + cut, sizeof(bytes) - cut);
		CU_ASSERT_EQUAL(checksum_fold(sum), naive(bytes, sizeof(bytes)));
	}
	CU_ASSERT_EQUAL(checksum_fold(UINT32_MAX), 0);
}

static void pseudo_header_is_summed_like_bytes(void)
{
	static const uint8_t pseudo[] = {
		203, 0, 113, 1, 198, 51, 100, 1, 0, 17, 0, 62
	};
	struct in_addr src = { htonl(0xcb007101) }, dst = { htonl(0xc6336401) };

	CU_ASSERT_EQUAL(checksum_fold(checksum_pseudo(src, dst, 17, 62)),
			naive(pseudo, sizeof(pseudo)));
}

/* RFC 1624 4: the case that the older formula gets wrong. */
static void example_of_rfc1624(void)
{
	CU_ASSERT_EQUAL(checksum_update(0xdd2f, 0x5555, 0x3285), 0x0000);
}

/* Equal, but that a sum of zero has two forms (RFC 1624 3). */
static void update_agrees_with_summing_again(void)
{
	struct rng_seeded g;
	struct rng r = rng_seeded_init(&g, 7);
	uint8_t bytes[20];

	for (int i = 0; i < 20000; i++) {
		uint16_t before, old_word, new_word;

		rng_fill(&r, bytes, sizeof(bytes));
		before = checksum_of(bytes, sizeof(bytes));
		old_word = (uint16_t)(bytes[8] << 8 | bytes[9]);
		new_word = (uint16_t)rng_u32(&r);
		bytes[8] = (uint8_t)(new_word >> 8);
		bytes[9] = (uint8_t)new_word;
		CU_ASSERT_EQUAL(checksum_update(before, old_word, new_word),
				checksum_of(bytes, sizeof(bytes)));
	}
}

static void written_checksum_sums_to_zero(void)
{
	uint8_t bytes[31];
	struct rng_seeded g;
	struct rng r = rng_seeded_init(&g, 8);

	rng_fill(&r, bytes, sizeof(bytes));
	for (size_t offset = 0; offset < 30; offset += 2) {
		checksum_write(bytes, sizeof(bytes), offset);
		CU_ASSERT_EQUAL(checksum_of(bytes, sizeof(bytes)), 0);
	}
}

static void copying_sums_the_same(void)
{
	static uint8_t bytes[600], copy[600];
	struct rng_seeded g;
	struct rng r = rng_seeded_init(&g, 8);

	rng_fill(&r, bytes, sizeof(bytes));
	for (size_t len = 0; len + 8 < sizeof(bytes); len++) {
		memset(copy, 0, sizeof(copy));
		CU_ASSERT_EQUAL(checksum_copy(7, copy + len % 8, bytes + len % 5, len),
				checksum_add(7, bytes + len % 5, len));
		CU_ASSERT_EQUAL(memcmp(copy + len % 8, bytes + len % 5, len), 0);
		CU_ASSERT_EQUAL(copy[len % 8 + len], 0);
	}
}

/* A field that holds the folded sum of a pseudo header. */
static void completed_checksum_sums_to_zero(void)
{
	const struct in_addr src = { htonl(0xc0000250) }, dst = { htonl(0xc6336432) };
	uint8_t bytes[41];

	for (size_t len = 8; len <= sizeof(bytes); len++) {
		uint32_t sum = checksum_pseudo(src, dst, 17, (uint16_t)len);
		uint16_t part = htons((uint16_t)~checksum_fold(sum));

		memset(bytes, (int)len * 3, sizeof(bytes));
		memcpy(bytes + 6, &part, sizeof(part));
		checksum_complete(bytes, len, 6);
		CU_ASSERT_EQUAL(checksum_fold(checksum_add(sum, bytes, len)), 0);
	}
	memset(bytes, 0, 8);
	bytes[0] = bytes[1] = 0xff;
	checksum_complete(bytes, 8, 6);
	CU_ASSERT_EQUAL(bytes[6] << 8 | bytes[7], 0xffff);
}

void suite_checksum(void)
{
	CU_pSuite s = CU_add_suite("checksum", NULL, NULL);

	CU_ADD_TEST(s, example_of_rfc1071);
	CU_ADD_TEST(s, agrees_with_a_plain_loop);
	CU_ADD_TEST(s, carries_are_not_lost);
	CU_ADD_TEST(s, parts_add_up);
	CU_ADD_TEST(s, pseudo_header_is_summed_like_bytes);
	CU_ADD_TEST(s, example_of_rfc1624);
	CU_ADD_TEST(s, update_agrees_with_summing_again);
	CU_ADD_TEST(s, written_checksum_sums_to_zero);
	CU_ADD_TEST(s, copying_sums_the_same);
	CU_ADD_TEST(s, completed_checksum_sums_to_zero);
}
