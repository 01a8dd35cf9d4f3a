/* SPDX-License-Identifier: ISC */
/* Agent Advertisements and Solicitations. */
#include "common/wire/mip_advert.h"

#include "common/base/rng.h"
#include "common/wire/checksum.h"

#include <CUnit/CUnit.h>

#include "tests/unit/hex.h"
#include "tests/unit/suites.h"

#define MESSAGE(symbol, hex) static const char symbol[] = hex;
#include "tests/vectors/discovery.def"
#undef MESSAGE

static const uint16_t golden_flags = ADVERT_FLAG_R | ADVERT_FLAG_F | ADVERT_FLAG_G |
				     ADVERT_FLAG_T | ADVERT_FLAG_U | ADVERT_FLAG_X;

static void decodes_the_golden_advert(void)
{
	struct hex h = hex_of(plain_advert);
	struct mip_advert a;

	CU_ASSERT_EQUAL_FATAL(mip_advert_decode(hex_reader(&h), &a), ADVERT_OK);
	CU_ASSERT_EQUAL(a.code, ADVERT_CODE_NO_ROUTES);
	CU_ASSERT_EQUAL(a.lifetime, 1800);
	CU_ASSERT_EQUAL(a.router_count, 1);
	CU_ASSERT_EQUAL(ntohl(a.router[0].s_addr), 0xcb007101);
	CU_ASSERT_EQUAL(a.preference[0], 0);
	CU_ASSERT_TRUE(a.mobility);
	CU_ASSERT_EQUAL(a.sequence, 0);
	CU_ASSERT_EQUAL(a.registration_lifetime, 1800);
	CU_ASSERT_EQUAL(a.flags, golden_flags);
	CU_ASSERT_EQUAL(a.care_of_count, 1);
	CU_ASSERT_EQUAL(ntohl(a.care_of[0].s_addr), 0xcb007101);
	CU_ASSERT_EQUAL(a.prefix_count, 1);
	CU_ASSERT_EQUAL(a.prefix_len[0], 24);
}

/* RFC 5944 1.8: who does not know an extension under 128 discards the message. */
static void challenge_is_not_known_yet(void)
{
	struct hex h = hex_of(challenging_advert);
	struct mip_advert a;

	CU_ASSERT_EQUAL(mip_advert_decode(hex_reader(&h), &a), ADVERT_EXTENSION);
}

static void encodes_the_golden_advert(void)
{
	struct hex h = hex_of(plain_advert);
	uint8_t back[ADVERT_LEN_MAX];
	struct writer w = writer_over(back, sizeof(back));
	struct mip_advert a;

	CU_ASSERT_EQUAL(mip_advert_decode(hex_reader(&h), &a), ADVERT_OK);
	mip_advert_encode(&w, &a);
	CU_ASSERT_EQUAL(writer_len(&w), h.len);
	CU_ASSERT_EQUAL(memcmp(back, h.bytes, h.len), 0);
}

static void refuses_truncations_and_changed_bits(void)
{
	struct hex h = hex_of(plain_advert);
	struct mip_advert a;

	/* The last octet is padding, and zero changes no sum. */
	for (size_t n = 0; n + 1 < h.len; n++) {
		uint8_t *copy = exact_copy(h.bytes, n);

		CU_ASSERT_EQUAL(mip_advert_decode(reader_over(copy, n), &a),
				n < 8 ? ADVERT_SHORT : ADVERT_BAD_CHECKSUM);
		free(copy);
	}
	for (size_t bit = 0; bit < 8 * h.len; bit++) {
		flip_bit(h.bytes, bit);
		CU_ASSERT_NOT_EQUAL(mip_advert_decode(hex_reader(&h), &a), ADVERT_OK);
		flip_bit(h.bytes, bit);
	}
}

static enum advert_fault decode_sealed(const uint8_t *bytes, size_t len,
				       struct mip_advert *a)
{
	uint8_t *copy = exact_copy(bytes, len);
	enum advert_fault f;

	if (len >= 4)
		checksum_write(copy, len, 2);
	f = mip_advert_decode(reader_over(copy, len), a);
	free(copy);
	return f;
}

static bool advert_is_sound(const struct mip_advert *a)
{
	return a->router_count <= ADVERT_ROUTERS_MAX &&
	       a->care_of_count <= ADVERT_CARE_OF_MAX &&
	       (a->prefix_count == 0 || a->prefix_count == a->router_count);
}

/* The same damage with the checksum made good again: as an attacker would. */
static void survives_sealed_damage(void)
{
	struct hex h = hex_of(challenging_advert);
	struct mip_advert a;

	for (size_t n = 0; n < h.len; n++)
		decode_sealed(h.bytes, n, &a);
	h = hex_of(plain_advert);
	for (size_t bit = 0; bit < 8 * h.len; bit++) {
		flip_bit(h.bytes, bit);
		if (decode_sealed(h.bytes, h.len, &a) == ADVERT_OK)
			CU_ASSERT_TRUE(advert_is_sound(&a));
		flip_bit(h.bytes, bit);
	}
}

struct damage {
	const char *hex;
	enum advert_fault fault;
};

/* Checksums are filled in by the test. */
static void names_the_fault(void)
{
	static const struct damage rows[] = {
		/* no router, no extension: sound, if not an Agent Advertisement */
		{ "0900000000000708", ADVERT_OK },
		{ "0a00000000000708", ADVERT_TYPE },
		{ "0901000000020708", ADVERT_TYPE },
		{ "0910000001020708", ADVERT_SHORT },
		{ "091000000102070801020304", ADVERT_SHORT },
		{ "09100000010107080102030400000000", ADVERT_ENTRY_SIZE },
		{ "09100000010007080102030400000000", ADVERT_ENTRY_SIZE },
		/* longer entries are read over */
		{ "0910000001030708010203040000000099999999", ADVERT_OK },
		/* mobility extension: 6 + 4N octets, once */
		{ "091000000002070810060000070880001005000007088000",
		  ADVERT_EXTENSION },
		{ "0910000000020708100500000708ff", ADVERT_EXTENSION },
		{ "0910000000020708100800000708ff000102", ADVERT_EXTENSION },
		{ "0910000000020708100600010708ff00", ADVERT_OK },
		{ "0910000000020708100600010708ff", ADVERT_SHORT },
		{ "0910000000020708100600010708ff00100600010708ff00",
		  ADVERT_EXTENSION },
		/* prefix lengths: one for each router, at most 32 */
		{ "091000000102070801020304000000001300", ADVERT_EXTENSION },
		{ "09100000010207080102030400000000130121", ADVERT_EXTENSION },
		{ "09100000010207080102030400000000130120", ADVERT_OK },
		{ "0910000001020708010203040000000013021818", ADVERT_EXTENSION },
		{ "09100000010207080102030400000000130118130118", ADVERT_EXTENSION },
		{ "09100000000207081300", ADVERT_OK },
		/* unknown: 127 condemns, 128 is skipped, a lone type is cut off */
		{ "09100000000207087f00", ADVERT_EXTENSION },
		{ "091000000002070880021234", ADVERT_OK },
		{ "091000000002070880", ADVERT_SHORT },
		{ "0910000000020708ff01", ADVERT_SHORT },
		{ "0910000000020708000000", ADVERT_OK },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct hex h = hex_of(rows[i].hex);
		struct mip_advert a;

		CU_ASSERT_EQUAL(decode_sealed(h.bytes, h.len, &a), rows[i].fault);
	}
	for (int f = ADVERT_OK; f < ADVERT_FAULT_COUNT; f++)
		CU_ASSERT_PTR_NOT_NULL(advert_fault_text((enum advert_fault)f));
}

/* 255 of everything: the first ones are kept, the others read over. */
static void more_addresses_than_room_are_read_over(void)
{
	static uint8_t bytes[8 + 255 * 8 + 8 + 248 + 2 + 255];
	struct writer w = writer_over(bytes, sizeof(bytes));
	struct mip_advert a;

	write_u32(&w, 0x09100000);
	write_u32(&w, 0xff020708);
	for (uint32_t i = 0; i < 255; i++)
		write_u64(&w, (uint64_t)i << 32 | (uint32_t)-5);
	write_u64(&w, UINT64_C(0x10fe000107089000));
	for (uint32_t i = 0; i < 62; i++)
		write_u32(&w, i + 100);
	write_u16(&w, 0x13ff);
	for (uint32_t i = 0; i < 255; i++)
		write_u8(&w, (uint8_t)(i % 33));
	CU_ASSERT_FALSE_FATAL(w.bad);
	CU_ASSERT_EQUAL(decode_sealed(bytes, writer_len(&w), &a), ADVERT_OK);
	CU_ASSERT_EQUAL(a.router_count, ADVERT_ROUTERS_MAX);
	CU_ASSERT_EQUAL(ntohl(a.router[7].s_addr), 7);
	CU_ASSERT_EQUAL(a.preference[7], -5);
	CU_ASSERT_EQUAL(a.care_of_count, ADVERT_CARE_OF_MAX);
	CU_ASSERT_EQUAL(ntohl(a.care_of[7].s_addr), 107);
	CU_ASSERT_EQUAL(a.prefix_count, ADVERT_ROUTERS_MAX);
	CU_ASSERT_EQUAL(a.prefix_len[7], 7);
}

static struct mip_advert random_advert(const struct rng *r)
{
	struct mip_advert a = { .code = rng_below(r, 2) ? 16 : 0,
				.lifetime = (uint16_t)rng_u32(r),
				.router_count = rng_below(r, ADVERT_ROUTERS_MAX + 1),
				.mobility = rng_below(r, 4) > 0 };

	for (unsigned i = 0; i < a.router_count; i++) {
		a.router[i].s_addr = rng_u32(r);
		a.preference[i] = (int32_t)rng_u32(r);
	}
	if (a.mobility) {
		a.sequence = (uint16_t)rng_u32(r);
		a.registration_lifetime = (uint16_t)rng_u32(r);
		a.flags = (uint16_t)rng_u32(r);
		a.care_of_count = rng_below(r, ADVERT_CARE_OF_MAX + 1);
	}
	for (unsigned i = 0; i < a.care_of_count; i++)
		a.care_of[i].s_addr = rng_u32(r);
	if (rng_below(r, 2))
		a.prefix_count = a.router_count;
	for (unsigned i = 0; i < a.prefix_count; i++)
		a.prefix_len[i] = (uint8_t)rng_below(r, 33);
	return a;
}

static bool same_advert(const struct mip_advert *a, const struct mip_advert *b)
{
	return a->code == b->code && a->lifetime == b->lifetime &&
	       a->router_count == b->router_count && a->mobility == b->mobility &&
	       a->sequence == b->sequence && a->flags == b->flags &&
	       a->registration_lifetime == b->registration_lifetime &&
	       a->care_of_count == b->care_of_count &&
	       a->prefix_count == b->prefix_count &&
	       memcmp(a->router, b->router, sizeof(a->router)) == 0 &&
	       memcmp(a->preference, b->preference, sizeof(a->preference)) == 0 &&
	       memcmp(a->care_of, b->care_of, sizeof(a->care_of)) == 0 &&
	       memcmp(a->prefix_len, b->prefix_len, sizeof(a->prefix_len)) == 0;
}

static void encoding_is_read_back(void)
{
	struct rng_seeded g;
	struct rng r = rng_seeded_init(&g, 3);

	for (int i = 0; i < 2000; i++) {
		struct mip_advert a = random_advert(&r), b;
		uint8_t bytes[1 + ADVERT_LEN_MAX];
		struct writer w = writer_over(bytes, sizeof(bytes));

		/* Behind something else, as after an IPv4 header. */
		write_u8(&w, 0xee);
		mip_advert_encode(&w, &a);
		CU_ASSERT_FALSE(w.bad);
		CU_ASSERT_EQUAL(writer_len(&w) % 2, 1);
		CU_ASSERT_EQUAL(mip_advert_decode(
					reader_over(bytes + 1, writer_len(&w) - 1), &b),
				ADVERT_OK);
		CU_ASSERT_TRUE(same_advert(&a, &b));
	}
}

static void encoder_wants_room(void)
{
	struct hex h = hex_of(plain_advert);
	struct mip_advert a;
	uint8_t room[64];

	CU_ASSERT_EQUAL(mip_advert_decode(hex_reader(&h), &a), ADVERT_OK);
	for (size_t n = 0; n <= h.len; n++) {
		struct writer w = writer_over(room, n);

		mip_advert_encode(&w, &a);
		CU_ASSERT_EQUAL(w.bad, n < h.len);
	}
	for (size_t n = 0; n <= SOLICIT_LEN; n++) {
		struct writer w = writer_over(room, n);

		mip_solicit_encode(&w);
		CU_ASSERT_EQUAL(w.bad, n < SOLICIT_LEN);
	}
}

static void solicitations(void)
{
	struct hex h = hex_of(solicitation);
	uint8_t back[SOLICIT_LEN];
	struct writer w = writer_over(back, sizeof(back));

	CU_ASSERT_EQUAL(mip_solicit_decode(hex_reader(&h)), ADVERT_OK);
	mip_solicit_encode(&w);
	CU_ASSERT_EQUAL(memcmp(back, h.bytes, SOLICIT_LEN), 0);
	for (size_t n = 0; n < h.len; n++)
		CU_ASSERT_EQUAL(mip_solicit_decode(reader_over(h.bytes, n)),
				ADVERT_SHORT);
	for (size_t bit = 0; bit < 8 * h.len; bit++) {
		flip_bit(h.bytes, bit);
		CU_ASSERT_EQUAL(mip_solicit_decode(hex_reader(&h)),
				bit < 16 ? ADVERT_TYPE : ADVERT_BAD_CHECKSUM);
		flip_bit(h.bytes, bit);
	}
	/* The reserved word and what follows are ignored (RFC 1256 3). */
	h = hex_of("0a000000123456789abc");
	checksum_write(h.bytes, h.len, 2);
	CU_ASSERT_EQUAL(mip_solicit_decode(hex_reader(&h)), ADVERT_OK);
}

void suite_mip_advert(void)
{
	CU_pSuite s = CU_add_suite("mip_advert", NULL, NULL);

	CU_ADD_TEST(s, decodes_the_golden_advert);
	CU_ADD_TEST(s, challenge_is_not_known_yet);
	CU_ADD_TEST(s, encodes_the_golden_advert);
	CU_ADD_TEST(s, refuses_truncations_and_changed_bits);
	CU_ADD_TEST(s, survives_sealed_damage);
	CU_ADD_TEST(s, names_the_fault);
	CU_ADD_TEST(s, more_addresses_than_room_are_read_over);
	CU_ADD_TEST(s, encoding_is_read_back);
	CU_ADD_TEST(s, encoder_wants_room);
	CU_ADD_TEST(s, solicitations);
}
