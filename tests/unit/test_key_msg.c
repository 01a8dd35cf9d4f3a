/* SPDX-License-Identifier: ISC */
/* What agents say inside TLS: golden bytes, every truncation, every changed bit. */
#include "common/keying/key_msg.h"

#include <CUnit/CUnit.h>

#include "tests/unit/hex.h"
#include "tests/unit/suites.h"

struct row {
	const char *hex;
	struct key_msg msg;
};

static const struct row rows[] = {
	{ "0110"
	  "01010100"
	  "1194"
	  "0006"
	  "0102030405060708",
	  { .type = KEY_MSG_HELLO,
	    .hello = { 1, true, KEY_CARRIER_UDP, 4500,
		       1 << ESP_AES_128_GCM | 1 << ESP_AES_256_GCM,
		       0x0102030405060708 } } },
	{ "0110"
	  "01000000"
	  "0000"
	  "0060"
	  "ffffffffffffffff",
	  { .type = KEY_MSG_HELLO,
	    .hello = { 1, false, KEY_CARRIER_RAW, 0,
		       1 << ESP_AES_256_CBC_SHA256 | 1 << ESP_NULL_SHA256,
		       0xffffffffffffffff } } },
	{ "020a"
	  "00000002"
	  "00000100"
	  "03"
	  "01",
	  { .type = KEY_MSG_READY, .ready = { 2, 256, ESP_CHACHA20_POLY1305, true } } },
	{ "0304"
	  "7fffffff",
	  { .type = KEY_MSG_USING, .using_generation = 0x7fffffff } },
	{ "0401"
	  "00",
	  { .type = KEY_MSG_ALIVE, .alive = KEY_ALIVE_PROBE } },
	{ "0401"
	  "01",
	  { .type = KEY_MSG_ALIVE, .alive = KEY_ALIVE_ANSWER } },
	{ "0501"
	  "02",
	  { .type = KEY_MSG_BYE, .bye = KEY_BYE_SUPERSEDED } },
};

enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

static void bytes_are_as_drawn(void)
{
	for (size_t i = 0; i < ROWS; i++) {
		const struct hex golden = hex_of(rows[i].hex);
		uint8_t bytes[KEY_MSG_MAX];
		struct writer w = writer_over(bytes, sizeof(bytes));
		struct reader r = reader_over(golden.bytes, golden.len);
		struct key_msg m;

		key_msg_encode(&w, &rows[i].msg);
		CU_ASSERT_FALSE(w.bad);
		CU_ASSERT_EQUAL(writer_len(&w), golden.len);
		CU_ASSERT_EQUAL(memcmp(bytes, golden.bytes, golden.len), 0);
		CU_ASSERT_EQUAL(key_msg_decode(&r, &m), KEY_OK);
		CU_ASSERT_EQUAL(reader_left(&r), 0);
		CU_ASSERT_EQUAL(m.type, rows[i].msg.type);
		w = writer_over(bytes, sizeof(bytes));
		key_msg_encode(&w, &m);
		CU_ASSERT_EQUAL(memcmp(bytes, golden.bytes, golden.len), 0);
	}
}

/* Nothing is taken before it is whole, and nothing is moved past. */
static void every_truncation_asks_for_more(void)
{
	for (size_t i = 0; i < ROWS; i++) {
		const struct hex golden = hex_of(rows[i].hex);

		for (size_t n = 0; n < golden.len; n++) {
			struct reader r = reader_over(golden.bytes, n);
			struct key_msg m;

			CU_ASSERT_EQUAL(key_msg_decode(&r, &m), KEY_FAULT_CUT);
			CU_ASSERT_EQUAL(reader_left(&r), n);
		}
	}
}

/* A changed bit is refused, or makes another sound message that comes out the same. */
static void every_changed_bit_is_judged(void)
{
	for (size_t i = 0; i < ROWS; i++) {
		struct hex h = hex_of(rows[i].hex);

		for (size_t bit = 0; bit < 8 * h.len; bit++) {
			uint8_t bytes[KEY_MSG_MAX];
			struct writer w = writer_over(bytes, sizeof(bytes));
			struct reader r = reader_over(h.bytes, h.len);
			struct key_msg m;

			h.bytes[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
			if (key_msg_decode(&r, &m) == KEY_OK &&
			    m.type != KEY_MSG_HELLO) {
				key_msg_encode(&w, &m);
				CU_ASSERT_EQUAL(memcmp(bytes, h.bytes, writer_len(&w)),
						0);
			}
			h.bytes[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
		}
	}
}

struct fault_row {
	const char *hex;
	enum key_fault fault;
};

static const struct fault_row faults[] = {
	{ "00", KEY_FAULT_MESSAGE }, /* no type */
	{ "06", KEY_FAULT_MESSAGE },
	{ "ff", KEY_FAULT_MESSAGE },
	{ "0402", KEY_FAULT_MESSAGE }, /* length */
	{ "0400", KEY_FAULT_MESSAGE },
	{ "020b", KEY_FAULT_MESSAGE },
	{ "01ff01", KEY_FAULT_MESSAGE },
	{ "010102", KEY_FAULT_PROTOCOL }, /* version */
	{ "01ff00", KEY_FAULT_PROTOCOL },
	{ "040102", KEY_FAULT_MESSAGE }, /* alive */
	{ "050100", KEY_FAULT_MESSAGE }, /* bye */
	{ "050107", KEY_FAULT_MESSAGE },
	{ "030400000000", KEY_FAULT_MESSAGE }, /* generation 0 */
	{ "020a00000000000001000100", KEY_FAULT_MESSAGE },
	{ "020a00000001000000ff0100", KEY_FAULT_MESSAGE }, /* reserved SPI */
	{ "020a00000001000001000000", KEY_FAULT_MESSAGE }, /* algorithm */
	{ "020a00000001000001000800", KEY_FAULT_MESSAGE },
	{ "020a00000001000001000102", KEY_FAULT_MESSAGE }, /* flags */
	{ "0110010200000000000200000000000000aa", KEY_FAULT_MESSAGE },
	{ "0110010002000000000200000000000000aa", KEY_FAULT_MESSAGE }, /* carrier */
	{ "0110010001000000000200000000000000aa", KEY_FAULT_MESSAGE }, /* UDP port 0 */
	{ "0110010000010000000200000000000000aa", KEY_FAULT_MESSAGE }, /* reserved */
};

static void faults_are_named(void)
{
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		const struct hex h = hex_of(faults[i].hex);
		struct reader r = reader_over(h.bytes, h.len);
		struct key_msg m;

		CU_ASSERT_EQUAL(key_msg_decode(&r, &m), faults[i].fault);
	}
}

static void unknown_algorithms_are_passed_over(void)
{
	const struct hex h = hex_of("01100100000000"
				    "00fffd"
				    "0000000000000001");
	struct reader r = reader_over(h.bytes, h.len);
	struct key_msg m;

	CU_ASSERT_EQUAL(key_msg_decode(&r, &m), KEY_OK);
	CU_ASSERT_EQUAL(m.hello.algorithms,
			(1U << ESP_ALGORITHM_COUNT) - 1 - (1U << ESP_AES_128_GCM));
}

static void faults_have_names_and_texts(void)
{
	for (enum key_fault f = KEY_OK; f < KEY_FAULT_COUNT; f++) {
		CU_ASSERT_PTR_NOT_NULL(key_fault_name(f));
		CU_ASSERT_TRUE(strlen(key_fault_text(f)) > 5);
	}
	CU_ASSERT_STRING_EQUAL(key_fault_name(KEY_FAULT_WRONG_KEY), "wrong-key");
	CU_ASSERT_STRING_EQUAL(key_msg_name(KEY_MSG_READY), "ready");
	CU_ASSERT_STRING_EQUAL(key_msg_name(77), "unknown");
}

void suite_key_msg(void)
{
	CU_pSuite s = CU_add_suite("key_msg", NULL, NULL);

	CU_add_test(s, "bytes are as drawn", bytes_are_as_drawn);
	CU_add_test(s, "every truncation asks for more",
		    every_truncation_asks_for_more);
	CU_add_test(s, "every changed bit is judged", every_changed_bit_is_judged);
	CU_add_test(s, "faults are named", faults_are_named);
	CU_add_test(s, "unknown algorithms are passed over",
		    unknown_algorithms_are_passed_over);
	CU_add_test(s, "faults have names and texts", faults_have_names_and_texts);
}
