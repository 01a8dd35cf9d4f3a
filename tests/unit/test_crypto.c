/* SPDX-License-Identifier: ISC */
/*
 * Message authentication against published vectors, and one context for many
 * messages.
 */
#include "common/security/crypto.h"

#include <CUnit/CUnit.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/hex.h"
#include "tests/unit/suites.h"

struct vector {
	enum auth_algorithm algorithm;
	const char *key, *data, *authenticator;
};

static const struct vector vectors[] = {
#define MAC(algorithm, key, data, authenticator) \
	{ algorithm, key, data, authenticator },
#include "tests/vectors/mac.def"
#undef MAC
};

enum { VECTORS = sizeof(vectors) / sizeof(vectors[0]) };

static struct crypto_mac *context_of(const struct vector *v)
{
	struct hex bytes = hex_of(v->key);
	struct secret key;
	struct crypto_mac *m;

	CU_ASSERT_EQUAL_FATAL(secret_init(&key, bytes.bytes, bytes.len), 0);
	m = crypto_mac_new(v->algorithm, &key);
	secret_fini(&key);
	CU_ASSERT_PTR_NOT_NULL_FATAL(m);
	return m;
}

static bool agrees(struct crypto_mac *m, const struct vector *v)
{
	struct hex data = hex_of(v->data), want = hex_of(v->authenticator);
	uint8_t got[AUTH_LEN_MAX];

	crypto_mac(m, data.bytes, data.len, got);
	return memcmp(got, want.bytes, want.len) == 0;
}

static void agrees_with_the_vectors(void)
{
	for (size_t i = 0; i < VECTORS; i++) {
		struct crypto_mac *m = context_of(&vectors[i]);

		CU_ASSERT(agrees(m, &vectors[i]));
		crypto_mac_free(m);
	}
}

static void a_context_serves_again_and_again(void)
{
	uint8_t noise[100] = { 1 }, out[AUTH_LEN_MAX];

	for (size_t i = 0; i < VECTORS; i++) {
		struct crypto_mac *m = context_of(&vectors[i]);

		for (size_t len = 0; len < sizeof(noise); len += 33) {
			crypto_mac(m, noise, len, out);
			CU_ASSERT(agrees(m, &vectors[i]));
		}
		crypto_mac_free(m);
	}
}

static void writes_no_more_than_its_length(void)
{
	for (size_t i = 0; i < VECTORS; i++) {
		size_t len = auth_algorithm_len(vectors[i].algorithm);
		struct crypto_mac *m = context_of(&vectors[i]);
		uint8_t out[AUTH_LEN_MAX + 1];

		memset(out, 0xee, sizeof(out));
		crypto_mac(m, "x", 1, out);
		for (size_t at = len; at < sizeof(out); at++)
			CU_ASSERT_EQUAL(out[at], 0xee);
		crypto_mac_free(m);
	}
}

static void names_and_lengths(void)
{
	CU_ASSERT_STRING_EQUAL(auth_algorithm_name(AUTH_HMAC_MD5), "hmac-md5");
	CU_ASSERT_STRING_EQUAL(auth_algorithm_name(AUTH_KEYED_MD5), "keyed-md5");
	CU_ASSERT_EQUAL(auth_algorithm_len(AUTH_HMAC_MD5), 16);
	CU_ASSERT_EQUAL(auth_algorithm_len(AUTH_HMAC_SHA1), 20);
	CU_ASSERT_EQUAL(auth_algorithm_len(AUTH_HMAC_SHA256), 32);
	CU_ASSERT_EQUAL(auth_algorithm_len(AUTH_KEYED_MD5), 16);
}

static void freeing_nothing_is_allowed(void)
{
	crypto_mac_free(NULL);
}

void suite_crypto(void)
{
	CU_pSuite s = CU_add_suite("crypto", NULL, NULL);

	CU_add_test(s, "agrees with the vectors", agrees_with_the_vectors);
	CU_add_test(s, "a context serves again and again",
		    a_context_serves_again_and_again);
	CU_add_test(s, "writes no more than its length",
		    writes_no_more_than_its_length);
	CU_add_test(s, "names and lengths", names_and_lengths);
	CU_add_test(s, "freeing nothing is allowed", freeing_nothing_is_allowed);
}
