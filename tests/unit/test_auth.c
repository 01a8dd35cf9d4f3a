/* SPDX-License-Identifier: ISC */
/*
 * Authentication extensions against whole messages: verified as they stand,
 * built again octet for octet, and refused after any change.
 */
#include "common/security/auth.h"

#include <CUnit/CUnit.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/hex.h"
#include "tests/unit/suites.h"

#define MESSAGE(symbol, hex) static const char symbol[] __attribute__((unused)) = hex;
#include "tests/vectors/registration.def"
#undef MESSAGE

static const struct in_addr any_peer = { 0x01020304 };

static struct secret secret_of(const char *hex)
{
	struct hex h = hex_of(hex);
	struct secret s;

	CU_ASSERT_EQUAL_FATAL(secret_init(&s, h.bytes, h.len), 0);
	return s;
}

static void add(struct sa_store *s, struct sa_spec spec, const char *key_hex)
{
	struct secret key = secret_of(key_hex);

	spec.peer = any_peer;
	spec.key = &key;
	CU_ASSERT_EQUAL(sa_add(s, &spec), 0);
	secret_fini(&key);
}

/* The associations of the vectors. */
static struct sa_store *store_new(void)
{
	struct sa_store *s = sa_store_new();

	add(s, (struct sa_spec){ .kind = SA_MN_HA, .spi = 0x1000 },
	    "00112233445566778899aabbccddeeff");
	add(s,
	    (struct sa_spec){
		    .kind = SA_MN_HA, .spi = 0x1001, .algorithm = AUTH_HMAC_SHA256 },
	    "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
	add(s, (struct sa_spec){ .kind = SA_MN_FA, .spi = 0x2000 },
	    "0f1e2d3c4b5a69788796a5b4c3d2e1f0");
	add(s, (struct sa_spec){ .kind = SA_FA_HA, .spi = 0x3000 },
	    "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf");
	return s;
}

/* Index the extensions of a message of either type. */
static bool index_of(struct reader message, struct mip_ext_index *ix)
{
	size_t fixed = mip_message_type(message) == MIP_TYPE_REPLY ? MIP_REPLY_LEN
								   : MIP_REQUEST_LEN;

	read_skip(&message, fixed);
	return !message.bad && mip_ext_index(message, ix) == MIP_FAULT_NONE;
}

static enum auth_result verify(struct sa_store *s, enum sa_kind kind,
			       const uint8_t *bytes, size_t len)
{
	struct reader message = reader_over(bytes, len);
	struct mip_ext_index ix;

	if (!index_of(message, &ix))
		return AUTH_RESULT_COUNT;
	return auth_verify(s, kind, any_peer, message, &ix, NULL);
}

struct golden {
	const char *hex;
	enum sa_kind kind;
};

static const struct golden goldens[] = {
	{ co_located_request, SA_MN_HA }, { co_located_reply, SA_MN_HA },
	{ visiting_request, SA_MN_HA },   { visiting_request, SA_MN_FA },
	{ home_request, SA_MN_HA },       { home_reply, SA_MN_HA },
	{ stale_request, SA_MN_HA },      { stale_reply, SA_MN_HA },
};

enum { GOLDENS = sizeof(goldens) / sizeof(goldens[0]) };

static void verifies_golden_messages(void)
{
	struct sa_store *s = store_new();

	for (size_t i = 0; i < GOLDENS; i++) {
		struct hex m = hex_of(goldens[i].hex);

		CU_ASSERT_EQUAL(verify(s, goldens[i].kind, m.bytes, m.len), AUTH_OK);
	}
	CU_ASSERT_EQUAL(sa_find(s, SA_MN_HA, any_peer, 0x1000)->used, 7);
	CU_ASSERT_EQUAL(sa_find(s, SA_MN_FA, any_peer, 0x2000)->used, 1);
	sa_store_free(s);
}

/* No bit of what is covered may change, nor of the authenticator. */
static void refuses_every_changed_bit(void)
{
	struct sa_store *s = store_new();
	struct hex m = hex_of(home_request);

	for (size_t bit = 0; bit < 8 * m.len; bit++) {
		flip_bit(m.bytes, bit);
		CU_ASSERT_NOT_EQUAL(verify(s, SA_MN_HA, m.bytes, m.len), AUTH_OK);
		flip_bit(m.bytes, bit);
	}
	CU_ASSERT_EQUAL(verify(s, SA_MN_HA, m.bytes, m.len), AUTH_OK);
	sa_store_free(s);
}

static void refuses_every_truncation(void)
{
	struct sa_store *s = store_new();
	struct hex m = hex_of(home_request);

	for (size_t n = 0; n < m.len; n++) {
		uint8_t *copy = exact_copy(m.bytes, n);

		CU_ASSERT_NOT_EQUAL(verify(s, SA_MN_HA, copy, n), AUTH_OK);
		free(copy);
	}
	sa_store_free(s);
}

/* What follows the extension is not its business (the foreign agent adds there). */
static void covers_nothing_behind_it(void)
{
	struct sa_store *s = store_new();
	struct hex m = hex_of(visiting_request);

	m.bytes[m.len - 1] ^= 1;
	CU_ASSERT_EQUAL(verify(s, SA_MN_HA, m.bytes, m.len), AUTH_OK);
	CU_ASSERT_EQUAL(verify(s, SA_MN_FA, m.bytes, m.len), AUTH_MISMATCH);
	CU_ASSERT_EQUAL(sa_find(s, SA_MN_FA, any_peer, 0x2000)->failures, 1);
	sa_store_free(s);
}

static void builds_golden_messages_again(void)
{
	struct sa_store *s = store_new();

	for (size_t i = 0; i < GOLDENS; i++) {
		struct hex want = hex_of(goldens[i].hex);
		uint8_t got[HEX_MAX];
		struct writer w = writer_over(got, sizeof(got));
		struct mip_sa *sa = sa_for_sending(s, goldens[i].kind, any_peer);
		size_t ours = 6 + auth_algorithm_len(sa->algorithm);

		/* The MN-HA extension of a visiting request is not the last. */
		if (goldens[i].hex == visiting_request && goldens[i].kind == SA_MN_HA)
			continue;
		write_bytes(&w, want.bytes, want.len - ours);
		auth_append(&w, sa);
		CU_ASSERT_FALSE(w.bad);
		CU_ASSERT_EQUAL(writer_len(&w), want.len);
		CU_ASSERT_EQUAL(memcmp(got, want.bytes, want.len), 0);
	}
	sa_store_free(s);
}

/* Append over the 41 octets before the MN-HA extension and compare the end. */
static void check_other_algorithm(const struct sa_spec *spec, const char *key_hex,
				  const char *want_hex)
{
	struct sa_store *s = sa_store_new();
	struct hex m = hex_of(co_located_request), want = hex_of(want_hex);
	struct writer w = writer_over(m.bytes, sizeof(m.bytes));

	add(s, *spec, key_hex);
	(void)write_room(&w, 41);
	auth_append(&w, sa_for_sending(s, SA_MN_HA, any_peer));
	CU_ASSERT_EQUAL(writer_len(&w), 41 + 6 + want.len);
	CU_ASSERT_EQUAL(memcmp(w.at - want.len, want.bytes, want.len), 0);
	CU_ASSERT_EQUAL(verify(s, SA_MN_HA, m.bytes, writer_len(&w)), AUTH_OK);
	sa_store_free(s);
}

static void other_algorithms_and_both_coverages(void)
{
	const char *key = "00112233445566778899aabbccddeeff";
	struct sa_spec spec = { .spi = 0x1000, .algorithm = AUTH_KEYED_MD5 };

	check_other_algorithm(&spec, key, "b7993bb31aa46f79d6d833c291c0b6a2");
	spec.spi_not_covered = true;
	check_other_algorithm(&spec, key, "2d29b80f501a142848abe44a31af1a2f");
	spec = (struct sa_spec){ .spi = 0x1001, .algorithm = AUTH_HMAC_SHA256 };
	check_other_algorithm(
		&spec,
		"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
		"bb08940c9a911f76aebdb81651aac978b47c594f14fbdb01d8e3f7e7553799df");
}

static void missing_duplicate_and_unknown_have_names(void)
{
	struct sa_store *s = store_new();
	struct hex m = hex_of(home_request);
	size_t extension = m.len - MIP_REQUEST_LEN;

	CU_ASSERT_EQUAL(verify(s, SA_MN_FA, m.bytes, m.len), AUTH_MISSING);
	CU_ASSERT_EQUAL(verify(s, SA_MN_HA, m.bytes, MIP_REQUEST_LEN), AUTH_MISSING);
	memcpy(m.bytes + m.len, m.bytes + MIP_REQUEST_LEN, extension);
	CU_ASSERT_EQUAL(verify(s, SA_MN_HA, m.bytes, m.len + extension),
			AUTH_DUPLICATE);
	m.bytes[MIP_REQUEST_LEN + 2] = 0x77;
	CU_ASSERT_EQUAL(verify(s, SA_MN_HA, m.bytes, m.len), AUTH_NO_SA);
	for (int r = AUTH_OK; r < AUTH_RESULT_COUNT; r++)
		CU_ASSERT_PTR_NOT_NULL(auth_result_text((enum auth_result)r));
	sa_store_free(s);
}

/* The right octets under an SPI whose algorithm is longer. */
static void a_length_of_another_algorithm_is_a_mismatch(void)
{
	struct sa_store *s = store_new();
	struct hex m = hex_of(home_request);

	m.bytes[MIP_REQUEST_LEN + 5] = 0x01; /* SPI 0x1001: HMAC-SHA-256 */
	CU_ASSERT_EQUAL(verify(s, SA_MN_HA, m.bytes, m.len), AUTH_MISMATCH);
	sa_store_free(s);
}

static void want_of_room_shows(void)
{
	struct sa_store *s = store_new();
	struct mip_sa *sa = sa_for_sending(s, SA_MN_HA, any_peer);
	uint8_t bytes[22];

	for (size_t room = 0; room < sizeof(bytes); room++) {
		struct writer w = writer_over(bytes, room);

		auth_append(&w, sa);
		CU_ASSERT(w.bad);
	}
	CU_ASSERT_EQUAL(sa->used, 0);
	sa_store_free(s);
}

void suite_auth(void)
{
	CU_pSuite s = CU_add_suite("auth", NULL, NULL);

	CU_add_test(s, "verifies golden messages", verifies_golden_messages);
	CU_add_test(s, "refuses every changed bit", refuses_every_changed_bit);
	CU_add_test(s, "refuses every truncation", refuses_every_truncation);
	CU_add_test(s, "covers nothing behind it", covers_nothing_behind_it);
	CU_add_test(s, "builds golden messages again", builds_golden_messages_again);
	CU_add_test(s, "other algorithms and both coverages",
		    other_algorithms_and_both_coverages);
	CU_add_test(s, "missing, duplicate and unknown have names",
		    missing_duplicate_and_unknown_have_names);
	CU_add_test(s, "a length of another algorithm is a mismatch",
		    a_length_of_another_algorithm_is_a_mismatch);
	CU_add_test(s, "want of room shows", want_of_room_shows);
}
