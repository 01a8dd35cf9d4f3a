/* SPDX-License-Identifier: ISC */
/* Registration Request and Reply: golden, damaged, there and back. */
#include "common/wire/mip_msg.h"

#include "common/base/rng.h"
#include "common/wire/mip_code.h"

#include <CUnit/CUnit.h>

#include "tests/unit/hex.h"
#include "tests/unit/suites.h"

#define MESSAGE(symbol, hex) static const char symbol[] = hex;
#include "tests/vectors/registration.def"
#undef MESSAGE

static void decodes_the_golden_requests(void)
{
	static const struct {
		const char *hex;
		uint8_t flags;
		uint16_t lifetime;
		uint32_t home, home_agent, care_of;
		uint64_t ident;
		size_t extensions;
	} rows[] = {
		{ co_located_request, 0x2a, 1800, 0xc6336432, 0xc6336401, 0xcb00714d,
		  UINT64_C(0xe8fe6f8040000000), 39 },
		{ visiting_request, 0x0a, 900, 0xc6336432, 0xc6336401, 0xcb007101,
		  UINT64_C(0xe8fe6fbcc0000001), 52 },
		{ relayed_request, 0x0a, 900, 0xc6336432, 0xc6336401, 0xcb007101,
		  UINT64_C(0xe8fe6fbcc0000001), 60 },
		{ home_request, 0, 0, 0xc6336432, 0xc6336401, 0xc6336432,
		  UINT64_C(0xe8fe7d9080000000), 22 },
		{ stale_request, 0x22, 300, 0xc6336432, 0xc6336401, 0xcb00714d,
		  UINT64_C(0xe8fe6f1c12345678), 22 },
		{ aaa_request, 0x02, 1800, 0, 0xffffffff, 0xcb007101,
		  UINT64_C(0xe8fe6f8a00000005), 69 },
		{ aaa_chap_request, 0x02, 1800, 0, 0xffffffff, 0xcb007101,
		  UINT64_C(0xe8fe6f8a00000005), 69 },
		{ nat_request, 0x22, 120, 0xc6336432, 0xc6336401, 0x0a00004d,
		  UINT64_C(0xe8fe6f9466666666), 30 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct hex h = hex_of(rows[i].hex);
		struct mip_request rq;

		CU_ASSERT_EQUAL_FATAL(mip_request_decode(hex_reader(&h), &rq),
				      MIP_FAULT_NONE);
		CU_ASSERT_EQUAL(rq.flags, rows[i].flags);
		CU_ASSERT_EQUAL(rq.lifetime, rows[i].lifetime);
		CU_ASSERT_EQUAL(ntohl(rq.home.s_addr), rows[i].home);
		CU_ASSERT_EQUAL(ntohl(rq.home_agent.s_addr), rows[i].home_agent);
		CU_ASSERT_EQUAL(ntohl(rq.care_of.s_addr), rows[i].care_of);
		CU_ASSERT_EQUAL(rq.ident, rows[i].ident);
		CU_ASSERT_EQUAL(reader_left(&rq.extensions), rows[i].extensions);
	}
}

static void decodes_the_golden_replies(void)
{
	static const struct {
		const char *hex;
		uint8_t code;
		uint16_t lifetime;
		uint64_t ident;
		size_t extensions;
	} rows[] = {
		{ co_located_reply, MIP_ACCEPTED, 600, UINT64_C(0xe8fe6f8040000000),
		  39 },
		{ visiting_reply, MIP_ACCEPTED, 900, UINT64_C(0xe8fe6fbcc0000001), 60 },
		{ relayed_reply, MIP_ACCEPTED, 900, UINT64_C(0xe8fe6fbcc0000001), 50 },
		{ home_reply, MIP_ACCEPTED, 0, UINT64_C(0xe8fe7d9080000000), 22 },
		{ stale_reply, MIP_HA_IDENT, 300, UINT64_C(0xe8fe6f8012345678), 22 },
		{ nat_reply, MIP_ACCEPTED, 60, UINT64_C(0xe8fe6f9466666666), 30 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct hex h = hex_of(rows[i].hex);
		struct mip_reply rp;

		CU_ASSERT_EQUAL_FATAL(mip_reply_decode(hex_reader(&h), &rp),
				      MIP_FAULT_NONE);
		CU_ASSERT_EQUAL(rp.code, rows[i].code);
		CU_ASSERT_EQUAL(rp.lifetime, rows[i].lifetime);
		CU_ASSERT_EQUAL(ntohl(rp.home.s_addr), 0xc6336432);
		CU_ASSERT_EQUAL(ntohl(rp.home_agent.s_addr), 0xc6336401);
		CU_ASSERT_EQUAL(rp.ident, rows[i].ident);
		CU_ASSERT_EQUAL(reader_left(&rp.extensions), rows[i].extensions);
	}
}

static void encodes_the_golden_fixed_parts(void)
{
	struct hex h = hex_of(co_located_request);
	uint8_t back[MIP_REQUEST_LEN];
	struct writer w = writer_over(back, sizeof(back));
	struct mip_request rq;
	struct mip_reply rp;

	CU_ASSERT_EQUAL(mip_request_decode(hex_reader(&h), &rq), MIP_FAULT_NONE);
	mip_request_encode(&w, &rq);
	CU_ASSERT_FALSE(w.bad);
	CU_ASSERT_EQUAL(writer_len(&w), MIP_REQUEST_LEN);
	CU_ASSERT_EQUAL(memcmp(back, h.bytes, MIP_REQUEST_LEN), 0);

	h = hex_of(stale_reply);
	w = writer_over(back, sizeof(back));
	CU_ASSERT_EQUAL(mip_reply_decode(hex_reader(&h), &rp), MIP_FAULT_NONE);
	mip_reply_encode(&w, &rp);
	CU_ASSERT_EQUAL(writer_len(&w), MIP_REPLY_LEN);
	CU_ASSERT_EQUAL(memcmp(back, h.bytes, MIP_REPLY_LEN), 0);
}

static void refuses_every_truncation(void)
{
	struct hex rq_hex = hex_of(home_request), rp_hex = hex_of(home_reply);
	struct mip_request rq;
	struct mip_reply rp;

	for (size_t n = 0; n < MIP_REQUEST_LEN; n++) {
		uint8_t *copy = exact_copy(rq_hex.bytes, n);

		CU_ASSERT_EQUAL(mip_request_decode(reader_over(copy, n), &rq),
				MIP_FAULT_SHORT);
		free(copy);
	}
	for (size_t n = 0; n < MIP_REPLY_LEN; n++) {
		uint8_t *copy = exact_copy(rp_hex.bytes, n);

		CU_ASSERT_EQUAL(mip_reply_decode(reader_over(copy, n), &rp),
				MIP_FAULT_SHORT);
		free(copy);
	}
	CU_ASSERT_EQUAL(mip_request_decode(reader_over(rq_hex.bytes, 24), &rq),
			MIP_FAULT_NONE);
	CU_ASSERT_EQUAL(mip_reply_decode(reader_over(rp_hex.bytes, 20), &rp),
			MIP_FAULT_NONE);
}

/* Every bit of the fixed part stands for something: it is refused or comes back. */
static void changed_bits_are_refused_or_carried(void)
{
	struct hex h = hex_of(co_located_request);
	uint8_t back[MIP_REQUEST_LEN];
	struct mip_request rq;

	for (size_t bit = 0; bit < 8 * MIP_REQUEST_LEN; bit++) {
		struct writer w = writer_over(back, sizeof(back));

		flip_bit(h.bytes, bit);
		CU_ASSERT_EQUAL(mip_request_decode(hex_reader(&h), &rq),
				bit < 8 ? MIP_FAULT_TYPE : MIP_FAULT_NONE);
		mip_request_encode(&w, &rq);
		CU_ASSERT_EQUAL(memcmp(back + 1, h.bytes + 1, sizeof(back) - 1), 0);
		flip_bit(h.bytes, bit);
	}
}

static void changed_bits_of_replies_too(void)
{
	struct hex h = hex_of(co_located_reply);
	uint8_t back[MIP_REPLY_LEN];
	struct mip_reply rp;

	for (size_t bit = 0; bit < 8 * MIP_REPLY_LEN; bit++) {
		struct writer w = writer_over(back, sizeof(back));

		flip_bit(h.bytes, bit);
		CU_ASSERT_EQUAL(mip_reply_decode(hex_reader(&h), &rp),
				bit < 8 ? MIP_FAULT_TYPE : MIP_FAULT_NONE);
		mip_reply_encode(&w, &rp);
		CU_ASSERT_EQUAL(memcmp(back + 1, h.bytes + 1, sizeof(back) - 1), 0);
		flip_bit(h.bytes, bit);
	}
}

static void other_messages_are_told_apart(void)
{
	static const struct {
		const char *hex;
		uint8_t type;
	} rows[] = {
		{ co_located_request, 1 }, { co_located_reply, 3 }, { tunnel_data, 4 },
		{ revocation, 7 },         { revocation_ack, 15 },  { "", 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct hex h = hex_of(rows[i].hex);
		struct mip_request rq;
		struct mip_reply rp;

		CU_ASSERT_EQUAL(mip_message_type(hex_reader(&h)), rows[i].type);
		if (rows[i].type != 1)
			CU_ASSERT_NOT_EQUAL(mip_request_decode(hex_reader(&h), &rq),
					    MIP_FAULT_NONE);
		if (rows[i].type != 3)
			CU_ASSERT_NOT_EQUAL(mip_reply_decode(hex_reader(&h), &rp),
					    MIP_FAULT_NONE);
	}
}

static void longest_message_has_a_bound(void)
{
	static uint8_t bytes[MIP_MESSAGE_MAX + 1] = { MIP_TYPE_REQUEST };
	struct mip_request rq;
	struct mip_reply rp;

	CU_ASSERT_EQUAL(mip_request_decode(reader_over(bytes, MIP_MESSAGE_MAX), &rq),
			MIP_FAULT_NONE);
	CU_ASSERT_EQUAL(mip_request_decode(reader_over(bytes, sizeof(bytes)), &rq),
			MIP_FAULT_LONG);
	bytes[0] = MIP_TYPE_REPLY;
	CU_ASSERT_EQUAL(mip_reply_decode(reader_over(bytes, sizeof(bytes)), &rp),
			MIP_FAULT_LONG);
	bytes[0] = 0;
}

static void encoder_wants_room(void)
{
	const struct mip_request rq = { .lifetime = 1 };
	const struct mip_reply rp = { .lifetime = 1 };
	uint8_t room[MIP_REQUEST_LEN];

	for (size_t n = 0; n <= sizeof(room); n++) {
		struct writer w = writer_over(room, n);

		mip_request_encode(&w, &rq);
		CU_ASSERT_EQUAL(w.bad, n < MIP_REQUEST_LEN);
		w = writer_over(room, n);
		mip_reply_encode(&w, &rp);
		CU_ASSERT_EQUAL(w.bad, n < MIP_REPLY_LEN);
	}
}

static void faults_and_codes_have_names(void)
{
	for (int f = MIP_FAULT_NONE; f < MIP_FAULT_COUNT; f++)
		CU_ASSERT_PTR_NOT_NULL(mip_fault_text((enum mip_fault)f));
	CU_ASSERT_STRING_EQUAL(mip_fault_text(MIP_FAULT_COUNT), "unknown");
	CU_ASSERT_STRING_EQUAL(mip_code_name(0), "accepted");
	CU_ASSERT_STRING_EQUAL(mip_code_name(133), "ha-identification-mismatch");
	CU_ASSERT_STRING_EQUAL(mip_code_name(200), "unassigned");
	for (unsigned code = 0; code < 256; code++) {
		CU_ASSERT_PTR_NOT_NULL(mip_code_name((uint8_t)code));
		CU_ASSERT_PTR_NOT_NULL(mip_code_text((uint8_t)code));
	}
}

/* RFC 5944 6.4: the ranges tell what an unknown code means. */
static void codes_have_ranges(void)
{
	CU_ASSERT_TRUE(mip_code_is_success(0) && mip_code_is_success(8));
	CU_ASSERT_FALSE(mip_code_is_success(9));
	CU_ASSERT_TRUE(mip_code_is_fa_denial(64) && mip_code_is_fa_denial(127));
	CU_ASSERT_FALSE(mip_code_is_fa_denial(63) || mip_code_is_fa_denial(128));
	CU_ASSERT_TRUE(mip_code_is_ha_denial(128) && mip_code_is_ha_denial(192));
	CU_ASSERT_FALSE(mip_code_is_ha_denial(127) || mip_code_is_ha_denial(193));
	CU_ASSERT_PTR_NOT_NULL(strstr(mip_code_text(127), "foreign agent"));
	CU_ASSERT_PTR_NOT_NULL(strstr(mip_code_text(192), "home agent"));
}

void suite_mip_msg(void)
{
	CU_pSuite s = CU_add_suite("mip_msg", NULL, NULL);

	CU_ADD_TEST(s, decodes_the_golden_requests);
	CU_ADD_TEST(s, decodes_the_golden_replies);
	CU_ADD_TEST(s, encodes_the_golden_fixed_parts);
	CU_ADD_TEST(s, refuses_every_truncation);
	CU_ADD_TEST(s, changed_bits_are_refused_or_carried);
	CU_ADD_TEST(s, changed_bits_of_replies_too);
	CU_ADD_TEST(s, other_messages_are_told_apart);
	CU_ADD_TEST(s, longest_message_has_a_bound);
	CU_ADD_TEST(s, encoder_wants_room);
	CU_ADD_TEST(s, faults_and_codes_have_names);
	CU_ADD_TEST(s, codes_have_ranges);
}
