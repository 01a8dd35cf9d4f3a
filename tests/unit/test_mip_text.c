/* SPDX-License-Identifier: ISC */
/* Messages as text: exact lines, any damage, any size of buffer. */
#include "common/wire/mip_text.h"

#include <CUnit/CUnit.h>

#include "tests/unit/hex.h"
#include "tests/unit/suites.h"

#define MESSAGE(symbol, hex) static const char symbol[] = hex;
#include "tests/vectors/discovery.def"
#include "tests/vectors/registration.def"
#undef MESSAGE

struct line_case {
	const char *hex;
	const char *text;
};

static const struct line_case lines[] = {
	{ co_located_request,
	  "request flags=DGT lifetime=1800 home=198.51.100.50 home-agent=198.51.100.1 "
	  "care-of=203.0.113.77 id=e8fe6f80.40000000 mobile-node-nai=mn1@example.org "
	  "mobile-home-authentication=0x00001000" },
	{ home_request,
	  "request flags=- lifetime=0 home=198.51.100.50 home-agent=198.51.100.1 "
	  "care-of=198.51.100.50 id=e8fe7d90.80000000 "
	  "mobile-home-authentication=0x00001000" },
	{ stale_reply,
	  "reply code=133 reason=ha-identification-mismatch lifetime=300 "
	  "home=198.51.100.50 home-agent=198.51.100.1 id=e8fe6f80.12345678 "
	  "mobile-home-authentication=0x00001000" },
	{ relayed_request,
	  "request flags=GT lifetime=900 home=198.51.100.50 home-agent=198.51.100.1 "
	  "care-of=203.0.113.1 id=e8fe6fbc.c0000001 "
	  "mobile-home-authentication=0x00001000 revocation-support gre-key "
	  "foreign-home-authentication=0x00003000 "
	  "fault=\"unknown extension that may not be skipped\"" },
	{ revocation, "message type=7 length=42 fault=\"another type of message\"" },
	{ "", "message type=0 length=0 fault=\"another type of message\"" },
	{ "0100", "message type=1 length=2 fault=\"cut off\"" },
	/* a type without a name under 128, and one over, and a short one */
	{ "03000000c6336432c6336401e8fe7d9080000000c801aa65018301"
	  "61",
	  "reply code=0 reason=accepted lifetime=0 home=198.51.100.50 "
	  "home-agent=198.51.100.1 id=e8fe7d90.80000000 extension-200 extension-101 "
	  "fault=\"unknown extension that may not be skipped\"" },
	{ "03000000c6336432c6336401e8fe7d90800000002005aa",
	  "reply code=0 reason=accepted lifetime=0 home=198.51.100.50 "
	  "home-agent=198.51.100.1 id=e8fe7d90.80000000 "
	  "mobile-home-authentication=0x00000000 fault=\"cut off\"" },
};

enum { LINES = sizeof(lines) / sizeof(lines[0]) };

static void shows_messages(void)
{
	for (size_t i = 0; i < LINES; i++) {
		struct hex h = hex_of(lines[i].hex);
		char text[MIP_TEXT_MAX];

		CU_ASSERT_STRING_EQUAL(
			mip_message_text(hex_reader(&h), text, sizeof(text)),
			lines[i].text);
	}
}

static void shows_adverts(void)
{
	struct hex h = hex_of(plain_advert);
	char text[MIP_TEXT_MAX];
	struct mip_advert a;

	CU_ASSERT_EQUAL(mip_advert_decode(hex_reader(&h), &a), ADVERT_OK);
	CU_ASSERT_STRING_EQUAL(
		mip_advert_text(&a, text, sizeof(text)),
		"advertisement code=16 lifetime=1800 router=203.0.113.1/24 "
		"flags=RFGTUX sequence=0 registration-lifetime=1800 "
		"care-of=203.0.113.1");
	a.mobility = false;
	CU_ASSERT_STRING_EQUAL(
		mip_advert_text(&a, text, sizeof(text)),
		"advertisement code=16 lifetime=1800 router=203.0.113.1/24");
}

static void is_cut_to_any_size(void)
{
	struct hex h = hex_of(co_located_request);

	for (size_t size = 1; size < MIP_TEXT_MAX; size++) {
		char *text = malloc(size);

		CU_ASSERT_PTR_NOT_NULL_FATAL(text);
		mip_message_text(hex_reader(&h), text, size);
		CU_ASSERT_TRUE(strlen(text) < size);
		CU_ASSERT_EQUAL(strncmp(text, lines[0].text, strlen(text)), 0);
		free(text);
	}
	mip_message_text(hex_reader(&h), NULL, 0);
}

static bool is_one_line(const char *text)
{
	for (; *text; text++) {
		if (*text < ' ' || *text > '~')
			return false;
	}
	return true;
}

static void damage_stays_one_line(void)
{
	for (size_t i = 0; i < LINES; i++) {
		struct hex h = hex_of(lines[i].hex);
		uint8_t *copy = exact_copy(h.bytes, h.len);
		char text[MIP_TEXT_MAX];

		for (size_t bit = 0; bit < 8 * h.len; bit++) {
			flip_bit(copy, bit);
			mip_message_text(reader_over(copy, h.len), text, sizeof(text));
			CU_ASSERT_TRUE(is_one_line(text));
			flip_bit(copy, bit);
		}
		free(copy);
	}
}

/* A name made to look like another field, or like another line. */
static void hostile_names_are_defused(void)
{
	struct hex h = hex_of("03000000c6336432c6336401e8fe7d9080000000"
			      "830c610a20623d2263222c5c7f80");
	char text[MIP_TEXT_MAX];

	mip_message_text(hex_reader(&h), text, sizeof(text));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, " mobile-node-nai=a??b??c?????"));
}

void suite_mip_text(void)
{
	CU_pSuite s = CU_add_suite("mip_text", NULL, NULL);

	CU_ADD_TEST(s, shows_messages);
	CU_ADD_TEST(s, shows_adverts);
	CU_ADD_TEST(s, is_cut_to_any_size);
	CU_ADD_TEST(s, damage_stays_one_line);
	CU_ADD_TEST(s, hostile_names_are_defused);
}
