/* SPDX-License-Identifier: ISC */
/* Extensions: every form, padding, duplicates, lengths, and what condemns. */
#include "common/wire/mip_ext.h"

#include <CUnit/CUnit.h>

#include "tests/unit/hex.h"
#include "tests/unit/suites.h"

#define MESSAGE(symbol, hex) static const char symbol[] = hex;
#include "tests/vectors/registration.def"
#undef MESSAGE

enum { TYPES_MAX = 6 };

struct golden {
	const char *hex;
	size_t fixed; /* length of the fixed part */
	enum mip_fault fault;
	uint8_t types[TYPES_MAX];
};

/* The messages that carry what no agent of ours understands yet are refused. */
static const struct golden golden[] = {
	{ co_located_request, 24, MIP_FAULT_NONE, { 131, 32 } },
	{ co_located_reply, 20, MIP_FAULT_NONE, { 131, 32 } },
	{ visiting_request, 24, MIP_FAULT_NONE, { 32, 130, 132, 33 } },
	{ relayed_request, 24, MIP_FAULT_EXTENSION, { 32, 137 } },
	{ visiting_reply, 20, MIP_FAULT_EXTENSION, { 32, 137 } },
	{ relayed_reply, 20, MIP_FAULT_NONE, { 32, 132, 33 } },
	{ home_request, 24, MIP_FAULT_NONE, { 32 } },
	{ home_reply, 20, MIP_FAULT_NONE, { 32 } },
	{ stale_request, 24, MIP_FAULT_NONE, { 32 } },
	{ stale_reply, 20, MIP_FAULT_NONE, { 32 } },
	{ aaa_request, 24, MIP_FAULT_EXTENSION, { 131, 32, 132 } },
	{ aaa_chap_request, 24, MIP_FAULT_EXTENSION, { 131, 32, 132 } },
	{ nat_request, 24, MIP_FAULT_NONE, { 144, 32 } },
	{ nat_reply, 20, MIP_FAULT_EXTENSION, { 0 } },
};

enum { GOLDEN = sizeof(golden) / sizeof(golden[0]) };

static struct reader extensions_of(const struct golden *g, const struct hex *h)
{
	return reader_over(h->bytes + g->fixed, h->len - g->fixed);
}

static void indexes_the_golden_messages(void)
{
	for (size_t i = 0; i < GOLDEN; i++) {
		struct hex h = hex_of(golden[i].hex);
		struct mip_ext_index ix;
		unsigned n = 0;

		CU_ASSERT_EQUAL(mip_ext_index(extensions_of(&golden[i], &h), &ix),
				golden[i].fault);
		for (; golden[i].types[n]; n++)
			CU_ASSERT_EQUAL(ix.ext[n].type, golden[i].types[n]);
		CU_ASSERT_EQUAL(ix.count, n);
	}
}

static void finds_the_authentication_extensions(void)
{
	struct hex h = hex_of(visiting_request);
	struct mip_ext_index ix;

	CU_ASSERT_EQUAL(mip_ext_index(extensions_of(&golden[2], &h), &ix),
			MIP_FAULT_NONE);
	CU_ASSERT_EQUAL(ix.mn_ha_count, 1);
	CU_ASSERT_EQUAL(ix.mn_fa_count, 1);
	CU_ASSERT_EQUAL(ix.fa_ha_count, 0);
	CU_ASSERT_EQUAL(ix.mn_ha.type, MIP_EXT_MN_HA);
	CU_ASSERT_EQUAL(ix.mn_ha.spi, 0x1000);
	CU_ASSERT_PTR_EQUAL(ix.mn_ha.start, h.bytes + 24);
	CU_ASSERT_PTR_EQUAL(ix.mn_ha.authenticator, h.bytes + 30);
	CU_ASSERT_EQUAL(ix.mn_ha.authenticator_len, 16);
	CU_ASSERT_EQUAL(ix.mn_fa.spi, 0x2000);
	CU_ASSERT_PTR_EQUAL(ix.mn_fa.start, h.bytes + 54);
}

static void find_gives_the_first_of_a_type(void)
{
	struct hex h = hex_of(visiting_request);
	struct mip_ext_index ix;
	const struct mip_ext *e;

	CU_ASSERT_EQUAL(mip_ext_index(extensions_of(&golden[2], &h), &ix),
			MIP_FAULT_NONE);
	e = mip_ext_find(&ix, MIP_EXT_CHALLENGE);
	CU_ASSERT_PTR_NOT_NULL_FATAL(e);
	CU_ASSERT_PTR_EQUAL(e->start, h.bytes + 48);
	CU_ASSERT_EQUAL(reader_left(&e->data), 4);
	CU_ASSERT_EQUAL(memcmp(e->data.at, "\xde\xad\xbe\xef", 4), 0);
	CU_ASSERT_PTR_NULL(mip_ext_find(&ix, MIP_EXT_FA_HA));
}

/* A cut between extensions is a shorter message; a cut within one is a fault. */
static void survives_every_truncation(void)
{
	for (size_t i = 0; i < GOLDEN; i++) {
		struct hex h = hex_of(golden[i].hex);
		size_t all = h.len - golden[i].fixed;
		struct mip_ext_index ix;

		for (size_t n = 0; n < all; n++) {
			uint8_t *copy = exact_copy(h.bytes + golden[i].fixed, n);
			enum mip_fault f = mip_ext_index(reader_over(copy, n), &ix);

			CU_ASSERT_TRUE(f == MIP_FAULT_NONE || f == MIP_FAULT_SHORT ||
				       f == MIP_FAULT_EXTENSION);
			if (f == MIP_FAULT_NONE && ix.count > 0)
				CU_ASSERT_PTR_EQUAL(ix.ext[ix.count - 1].data.end,
						    copy + n);
			free(copy);
		}
	}
}

/* Whatever the bits, what was indexed lies within the message, in order. */
static bool index_is_sound(const struct mip_ext_index *ix, const uint8_t *at,
			   const uint8_t *end)
{
	for (unsigned i = 0; i < ix->count; i++) {
		const struct mip_ext *e = &ix->ext[i];

		if (e->start < at || e->data.at < e->start || e->data.end > end)
			return false;
		at = e->data.end;
	}
	return true;
}

static void survives_every_changed_bit(void)
{
	for (size_t i = 0; i < GOLDEN; i++) {
		struct hex h = hex_of(golden[i].hex);
		size_t len = h.len - golden[i].fixed;
		uint8_t *copy = exact_copy(h.bytes + golden[i].fixed, len);
		struct mip_ext_index ix;

		for (size_t bit = 0; bit < 8 * len; bit++) {
			flip_bit(copy, bit);
			mip_ext_index(reader_over(copy, len), &ix);
			CU_ASSERT_TRUE(index_is_sound(&ix, copy, copy + len));
			flip_bit(copy, bit);
		}
		free(copy);
	}
}

static enum mip_fault index_hex(const char *text, struct mip_ext_index *ix)
{
	static struct hex h; /* outlives the index, which only views it */

	h = hex_of(text);
	return mip_ext_index(hex_reader(&h), ix);
}

static void padding_is_a_single_octet(void)
{
	struct mip_ext_index ix;

	CU_ASSERT_EQUAL(index_hex("", &ix), MIP_FAULT_NONE);
	CU_ASSERT_EQUAL(index_hex("000000", &ix), MIP_FAULT_NONE);
	CU_ASSERT_EQUAL(ix.count, 0);
	CU_ASSERT_EQUAL(index_hex("00820000008401aa00", &ix), MIP_FAULT_NONE);
	CU_ASSERT_EQUAL(ix.count, 2);
	CU_ASSERT_EQUAL(ix.ext[1].type, MIP_EXT_CHALLENGE);
}

/* RFC 5944 1.8, for every type there is. */
static void unknown_types_condemn_or_are_skipped(void)
{
	bool used[256] = { false };
	struct mip_ext_index ix;

#define MIP_EXT(number, symbol, form, shortest, longest, name, rfc) used[number] = true;
#include "common/wire/mip_ext.def"
	for (unsigned type = 1; type < 256; type++) {
		const uint8_t bytes[] = { (uint8_t)type, 1, 0xff, 130, 0 };

		if (used[type])
			continue;
		CU_ASSERT_EQUAL(mip_ext_index(reader_over(bytes, sizeof(bytes)), &ix),
				type < 128 ? MIP_FAULT_EXTENSION : MIP_FAULT_NONE);
		CU_ASSERT_EQUAL(ix.count, type < 128 ? 0 : 2);
	}
}

/* What we only name is refused when it is under 128, but read in its own form. */
static void forms_are_read(void)
{
	static const struct {
		const char *hex;
		enum mip_fault fault;
		uint8_t subtype;
		size_t data, rest;
	} rows[] = {
		{ "24010014000040005605914679d7492f9672b4211b527026",
		  MIP_FAULT_EXTENSION, 1, 20, 0 },
		{ "2600000400000009ff", MIP_FAULT_EXTENSION, 0, 4, 1 },
		{ "2c0600000000006e00", MIP_FAULT_EXTENSION, 0, 5, 1 },
		{ "2d020144ff", MIP_FAULT_NONE, 1, 1, 1 },
		{ "2e060000cb007101", MIP_FAULT_EXTENSION, 0, 6, 0 },
		{ "3000000400000a01ffff", MIP_FAULT_EXTENSION, 0, 4, 2 },
		{ "8906800001020304", MIP_FAULT_NONE, 0, 6, 0 },
		/* cut off: the refusal counts */
		{ "7f05000100", MIP_FAULT_EXTENSION, 5, 1, 0 },
		{ "7f050002aa", MIP_FAULT_EXTENSION, 5, 0, 0 },
		{ "2600", MIP_FAULT_EXTENSION, 0, 0, 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct hex h = hex_of(rows[i].hex);
		struct reader r = hex_reader(&h);
		struct mip_ext e;
		bool more;

		CU_ASSERT_EQUAL(mip_ext_next(&r, &e, &more), rows[i].fault);
		CU_ASSERT_TRUE(more);
		CU_ASSERT_EQUAL(e.type, h.bytes[0]);
		CU_ASSERT_EQUAL(e.subtype, rows[i].subtype);
		CU_ASSERT_EQUAL(reader_left(&e.data), rows[i].data);
		CU_ASSERT_EQUAL(reader_left(&r), rows[i].rest);
		CU_ASSERT_PTR_NOT_NULL(mip_ext_name(e.type));
	}
	CU_ASSERT_PTR_NULL(mip_ext_name(101));
}

static void lengths_are_judged(void)
{
	static const struct {
		uint8_t type, length;
		enum mip_fault fault;
	} rows[] = {
		{ 32, 0, MIP_FAULT_LENGTH },  { 32, 4, MIP_FAULT_LENGTH },
		{ 32, 5, MIP_FAULT_NONE },    { 32, 68, MIP_FAULT_NONE },
		{ 32, 69, MIP_FAULT_LENGTH }, { 32, 255, MIP_FAULT_LENGTH },
		{ 33, 4, MIP_FAULT_LENGTH },  { 33, 20, MIP_FAULT_NONE },
		{ 34, 4, MIP_FAULT_LENGTH },  { 34, 36, MIP_FAULT_NONE },
		{ 45, 0, MIP_FAULT_LENGTH },  { 45, 1, MIP_FAULT_LENGTH },
		{ 45, 2, MIP_FAULT_NONE },    { 45, 3, MIP_FAULT_LENGTH },
		{ 130, 0, MIP_FAULT_NONE },   { 130, 1, MIP_FAULT_LENGTH },
		{ 131, 0, MIP_FAULT_LENGTH }, { 131, 255, MIP_FAULT_NONE },
		{ 132, 0, MIP_FAULT_LENGTH }, { 132, 1, MIP_FAULT_NONE },
		{ 137, 0, MIP_FAULT_NONE },   { 137, 255, MIP_FAULT_NONE },
		{ 200, 0, MIP_FAULT_NONE },   { 200, 255, MIP_FAULT_NONE },
	};
	uint8_t bytes[2 + 255] = { 0 };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const size_t len = 2u + rows[i].length;
		struct mip_ext_index ix;

		bytes[0] = rows[i].type;
		bytes[1] = rows[i].length;
		CU_ASSERT_EQUAL(mip_ext_index(reader_over(bytes, len), &ix),
				rows[i].fault);
		CU_ASSERT_EQUAL(mip_ext_index(reader_over(bytes, len - 1), &ix),
				MIP_FAULT_SHORT);
	}
}

static void duplicates_are_counted_and_the_first_is_kept(void)
{
	struct mip_ext_index ix;

	CU_ASSERT_EQUAL(index_hex("200500001000aa"
				  "200500001001bb"
				  "220500003000cc"
				  "220600003001dddd"
				  "220500003000cc",
				  &ix),
			MIP_FAULT_NONE);
	CU_ASSERT_EQUAL(ix.mn_ha_count, 2);
	CU_ASSERT_EQUAL(ix.mn_ha.spi, 0x1000);
	CU_ASSERT_EQUAL(ix.mn_ha.authenticator[0], 0xaa);
	CU_ASSERT_EQUAL(ix.mn_ha.authenticator_len, 1);
	CU_ASSERT_EQUAL(ix.fa_ha_count, 3);
	CU_ASSERT_EQUAL(ix.fa_ha.spi, 0x3000);
	CU_ASSERT_EQUAL(ix.mn_fa_count, 0);
	CU_ASSERT_PTR_EQUAL(mip_ext_find(&ix, MIP_EXT_MN_HA), &ix.ext[0]);
}

static void more_than_we_look_at_is_a_fault(void)
{
	uint8_t bytes[2 * (MIP_EXT_MAX + 1)];
	struct mip_ext_index ix;

	for (size_t i = 0; i < sizeof(bytes); i += 2) {
		bytes[i] = 200;
		bytes[i + 1] = 0;
	}
	CU_ASSERT_EQUAL(mip_ext_index(reader_over(bytes, sizeof(bytes) - 2), &ix),
			MIP_FAULT_NONE);
	CU_ASSERT_EQUAL(ix.count, MIP_EXT_MAX);
	CU_ASSERT_EQUAL(mip_ext_index(reader_over(bytes, sizeof(bytes)), &ix),
			MIP_FAULT_MANY);
}

static void writes_what_is_read_back(void)
{
	uint8_t room[300], data[256];
	struct writer w = writer_over(room, sizeof(room));
	struct mip_ext_index ix;

	memset(data, 0x5a, sizeof(data));
	mip_ext_write(&w, MIP_EXT_NAI, "mn1@example.org", 15);
	mip_ext_write(&w, MIP_EXT_DELIVERY, NULL, 0);
	mip_ext_write(&w, 200, data, 255);
	CU_ASSERT_FALSE(w.bad);
	CU_ASSERT_EQUAL(mip_ext_index(reader_over(room, writer_len(&w)), &ix),
			MIP_FAULT_NONE);
	CU_ASSERT_EQUAL(ix.count, 3);
	CU_ASSERT_EQUAL(memcmp(ix.ext[0].data.at, "mn1@example.org", 15), 0);
	CU_ASSERT_EQUAL(reader_left(&ix.ext[1].data), 0);
	CU_ASSERT_EQUAL(reader_left(&ix.ext[2].data), 255);
	w = writer_over(room, sizeof(room));
	mip_ext_write(&w, 200, data, 256);
	CU_ASSERT_TRUE(w.bad);
}

static void spoiled_list_is_no_empty_list(void)
{
	struct reader r = reader_over("", 0);
	struct mip_ext_index ix;

	read_skip(&r, 1);
	CU_ASSERT_EQUAL(mip_ext_index(r, &ix), MIP_FAULT_SHORT);
}

void suite_mip_ext(void)
{
	CU_pSuite s = CU_add_suite("mip_ext", NULL, NULL);

	CU_ADD_TEST(s, indexes_the_golden_messages);
	CU_ADD_TEST(s, finds_the_authentication_extensions);
	CU_ADD_TEST(s, find_gives_the_first_of_a_type);
	CU_ADD_TEST(s, survives_every_truncation);
	CU_ADD_TEST(s, survives_every_changed_bit);
	CU_ADD_TEST(s, padding_is_a_single_octet);
	CU_ADD_TEST(s, unknown_types_condemn_or_are_skipped);
	CU_ADD_TEST(s, forms_are_read);
	CU_ADD_TEST(s, lengths_are_judged);
	CU_ADD_TEST(s, duplicates_are_counted_and_the_first_is_kept);
	CU_ADD_TEST(s, more_than_we_look_at_is_a_fault);
	CU_ADD_TEST(s, writes_what_is_read_back);
	CU_ADD_TEST(s, spoiled_list_is_no_empty_list);
}
