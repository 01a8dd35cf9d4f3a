/* SPDX-License-Identifier: ISC */
/*
 * The transforms of ESP against published vectors, every bit of them altered, and
 * what a context promises: IVs, memory, what it does when there is none.
 */
#include "common/security/esp_cipher.h"

#include "common/base/bytes.h"
#include "common/security/crypto.h"
#include "common/security/esp_engine.h"

#include "tests/unit/alloc_count.h"
#include "tests/unit/hex.h"
#include "tests/unit/suites.h"

#include <CUnit/CUnit.h>

#include <stdlib.h>
#include <string.h>

static const struct vector {
	const char *name;
	enum esp_algorithm algorithm;
	bool esn;
	const char *material;
	uint32_t spi;
	uint64_t sequence;
	const char *iv, *clear, *sealed, *icv;
} vectors[] = {
#define ESP(...) { __VA_ARGS__ },
#include "tests/vectors/esp_cipher.def"
#undef ESP
};

enum { VECTORS = sizeof(vectors) / sizeof(vectors[0]), PACKET_MAX = 512 };

static struct esp_engine engine; /* that the whole suite runs by */

/* An ESP packet of a vector in exactly its memory. */
struct packet {
	uint8_t *bytes;
	size_t len;
	size_t head; /* where the body begins */
	size_t body;
};

static struct packet packet_of(const struct vector *v, const char *body)
{
	struct hex iv = hex_of(v->iv), text = hex_of(body), icv = hex_of(v->icv);
	uint8_t room[PACKET_MAX];
	struct writer w = writer_over(room, sizeof(room));
	struct packet p;

	write_u32(&w, v->spi);
	write_u32(&w, (uint32_t)v->sequence);
	write_bytes(&w, iv.bytes, iv.len);
	p.head = writer_len(&w);
	p.body = text.len;
	write_bytes(&w, text.bytes, text.len);
	if (icv.len)
		write_bytes(&w, icv.bytes, icv.len);
	else
		memset(write_room(&w, ESP_ICV_LEN), 0, ESP_ICV_LEN);
	CU_ASSERT_FALSE_FATAL(w.bad);
	p.len = writer_len(&w);
	p.bytes = exact_copy(room, p.len);
	return p;
}

static struct secret material_of(const struct vector *v)
{
	struct hex h = hex_of(v->material);
	struct secret s;

	CU_ASSERT_EQUAL_FATAL(secret_init(&s, h.bytes, h.len), 0);
	return s;
}

static struct rng rng_of(uint64_t seed)
{
	static struct rng_seeded state;

	return rng_seeded_init(&state, seed);
}

static struct esp_cipher *sealer_of(const struct vector *v)
{
	struct secret material = material_of(v);
	const struct esp_cipher_spec spec = { v->algorithm, v->esn, &material,
					      &engine };
	const struct rng rng = rng_of(1);
	struct esp_cipher *c = esp_cipher_sealer(&spec, &rng);

	secret_fini(&material);
	CU_ASSERT_PTR_NOT_NULL_FATAL(c);
	return c;
}

static struct esp_cipher *opener_of(const struct vector *v)
{
	struct secret material = material_of(v);
	const struct esp_cipher_spec spec = { v->algorithm, v->esn, &material,
					      &engine };
	struct esp_cipher *c = esp_cipher_opener(&spec);

	secret_fini(&material);
	CU_ASSERT_PTR_NOT_NULL_FATAL(c);
	return c;
}

/* Where no ICV is published, the one that HMAC makes of the published rest. */
static bool icv_is_right(const struct vector *v, const struct packet *p)
{
	const struct esp_algorithm_info *info = esp_algorithm_info(v->algorithm);
	struct hex icv = hex_of(v->icv), material = hex_of(v->material);
	struct secret key = { material.bytes + info->key_len, info->auth_len };
	uint8_t mac[AUTH_LEN_MAX];
	struct crypto_mac *m;

	if (!icv.len) {
		m = crypto_mac_new(AUTH_HMAC_SHA256, &key);
		crypto_mac(m, p->bytes, p->len - ESP_ICV_LEN, mac);
		crypto_mac_free(m);
		memcpy(icv.bytes, mac, ESP_ICV_LEN);
	}
	return memcmp(p->bytes + p->len - info->icv_len, icv.bytes, info->icv_len) == 0;
}

static bool seals(struct esp_cipher *c, const struct vector *v)
{
	struct packet p = packet_of(v, v->clear), wanted = packet_of(v, v->sealed);
	bool right;

	memset(p.bytes + p.head + p.body, 0xee, p.len - p.head - p.body);
	right = esp_cipher_seal(c, v->sequence, p.bytes, p.len) == 0 &&
		memcmp(p.bytes, wanted.bytes, p.head + p.body) == 0 &&
		icv_is_right(v, &p);
	free(p.bytes);
	free(wanted.bytes);
	return right;
}

static void seals_the_vectors(void)
{
	for (size_t i = 0; i < VECTORS; i++) {
		struct esp_cipher *c = sealer_of(&vectors[i]);

		CU_ASSERT_TRUE(seals(c, &vectors[i]));
		CU_ASSERT_TRUE(seals(c, &vectors[i])); /* a context serves again */
		esp_cipher_free(c);
	}
}

/* The sealed packet of a vector, its ICV included. */
static struct packet sealed_of(const struct vector *v)
{
	struct esp_cipher *c = sealer_of(v);
	struct packet p = packet_of(v, v->clear);

	CU_ASSERT_EQUAL(esp_cipher_seal(c, v->sequence, p.bytes, p.len), 0);
	esp_cipher_free(c);
	return p;
}

static bool is_zero(const uint8_t *bytes, size_t len)
{
	uint8_t any = 0;

	for (size_t i = 0; i < len; i++)
		any |= bytes[i];
	return any == 0;
}

static bool opens(struct esp_cipher *c, const struct vector *v)
{
	struct packet p = sealed_of(v), clear = packet_of(v, v->clear);
	bool right;

	right = esp_cipher_open(c, v->sequence, p.bytes, p.len) &&
		memcmp(p.bytes, clear.bytes, p.head + p.body) == 0;
	free(p.bytes);
	free(clear.bytes);
	return right;
}

/* Refused, and nothing is left of the body. */
static bool refuses(struct esp_cipher *c, const struct vector *v, size_t bit)
{
	struct packet p = sealed_of(v);
	bool right;

	flip_bit(p.bytes, bit);
	right = !esp_cipher_open(c, v->sequence, p.bytes, p.len) &&
		is_zero(p.bytes + p.head, p.body);
	free(p.bytes);
	return right;
}

static void opens_the_vectors_and_refuses_every_flipped_bit(void)
{
	for (size_t i = 0; i < VECTORS; i++) {
		const struct vector *v = &vectors[i];
		struct esp_cipher *c = opener_of(v);
		struct packet p = sealed_of(v);

		CU_ASSERT_TRUE(opens(c, v));
		for (size_t bit = 0; bit < p.len * 8; bit++)
			CU_ASSERT_TRUE(refuses(c, v, bit));
		CU_ASSERT_TRUE(opens(c, v)); /* also after all that */
		free(p.bytes);
		esp_cipher_free(c);
	}
}

static void refuses_every_truncation(void)
{
	for (size_t i = 0; i < VECTORS; i++) {
		const struct vector *v = &vectors[i];
		struct esp_cipher *c = opener_of(v);
		struct packet p = sealed_of(v);

		for (size_t len = 0; len < p.len; len++) {
			uint8_t *cut = exact_copy(p.bytes, len);

			CU_ASSERT_FALSE(esp_cipher_open(c, v->sequence, cut, len));
			free(cut);
		}
		free(p.bytes);
		esp_cipher_free(c);
	}
}

/* It is authenticated with extended numbers, and plays no part without. */
static void the_high_half_counts_where_it_should(void)
{
	for (size_t i = 0; i < VECTORS; i++) {
		const struct vector *v = &vectors[i];

		for (unsigned bit = 32; bit < 64; bit++) {
			uint64_t other = v->sequence ^ UINT64_C(1) << bit;
			struct esp_cipher *c = opener_of(v);
			struct packet p = sealed_of(v);

			CU_ASSERT_EQUAL(esp_cipher_open(c, other, p.bytes, p.len),
					!v->esn);
			free(p.bytes);
			esp_cipher_free(c);
		}
	}
}

static void lengths_are_those_of_the_rfcs(void)
{
	static const struct {
		const char *name;
		size_t material, iv, block;
		bool aead;
	} rows[ESP_ALGORITHM_COUNT] = {
		{ "aes-128-gcm", 20, 8, 4, true },
		{ "aes-256-gcm", 36, 8, 4, true },
		{ "chacha20-poly1305", 36, 8, 4, true },
		{ "aes-128-cbc-hmac-sha-256", 48, 16, 16, false },
		{ "aes-256-cbc-hmac-sha-256", 64, 16, 16, false },
		{ "aes-256-cbc-hmac-sha-512", 96, 16, 16, false },
		{ "null-hmac-sha-256", 32, 0, 4, false },
	};

	for (int i = 0; i < ESP_ALGORITHM_COUNT; i++) {
		const struct esp_algorithm_info *info =
			esp_algorithm_info((enum esp_algorithm)i);
		enum esp_algorithm found = ESP_ALGORITHM_COUNT;

		CU_ASSERT_STRING_EQUAL(info->name, rows[i].name);
		CU_ASSERT_TRUE(esp_algorithm_by_name(rows[i].name, &found));
		CU_ASSERT_EQUAL((int)found, i);
		CU_ASSERT_EQUAL(esp_key_material_len(found), rows[i].material);
		CU_ASSERT_TRUE(rows[i].material <= ESP_MATERIAL_MAX);
		CU_ASSERT_EQUAL(info->iv_len, rows[i].iv);
		CU_ASSERT_EQUAL(info->icv_len, i == ESP_AES_256_CBC_SHA512 ? 32 : 16);
		CU_ASSERT_EQUAL(info->block, rows[i].block);
		CU_ASSERT_EQUAL(info->aead, rows[i].aead);
	}
}

/* Nothing that RFC 8221 forbids, and no encryption without integrity. */
static void other_names_are_refused(void)
{
	static const char *const names[] = { "",
					     "des",
					     "3des-cbc",
					     "null",
					     "aes-128-cbc",
					     "aes-128-cbc-hmac-md5",
					     "aes-128-ctr",
					     "AES-128-GCM" };
	enum esp_algorithm a;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		CU_ASSERT_FALSE(esp_algorithm_by_name(names[i], &a));
}

static struct esp_cipher *sealer_with(enum esp_algorithm a, uint64_t seed)
{
	uint8_t bytes[ESP_MATERIAL_MAX] = { 0 };
	const struct secret material = { bytes, esp_key_material_len(a) };
	const struct esp_cipher_spec spec = { .algorithm = a,
					      .material = &material,
					      .engine = &engine };
	const struct rng rng = rng_of(seed);

	return esp_cipher_sealer(&spec, &rng);
}

static void a_key_of_another_length_is_refused(void)
{
	uint8_t bytes[ESP_MATERIAL_MAX + 1] = { 0 };
	const struct rng rng = rng_of(1);

	for (int a = 0; a < ESP_ALGORITHM_COUNT; a++) {
		for (size_t len = 0; len <= sizeof(bytes); len++) {
			const struct secret material = { bytes, len };
			const struct esp_cipher_spec spec = {
				.algorithm = (enum esp_algorithm)a,
				.material = &material,
				.engine = &engine
			};
			struct esp_cipher *c = esp_cipher_sealer(&spec, &rng);

			CU_ASSERT_EQUAL(c != NULL,
					len == esp_key_material_len(spec.algorithm));
			esp_cipher_free(c);
		}
	}
}

static void the_iv_of_aead_is_the_number(void)
{
	static const uint8_t wanted[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };

	for (int a = 0; a < ESP_AES_128_CBC_SHA256; a++) {
		struct esp_cipher *c = sealer_with((enum esp_algorithm)a, 1);
		uint8_t iv[ESP_IV_MAX];

		CU_ASSERT_EQUAL(esp_cipher_make_iv(c, UINT64_C(0x0102030405060708), iv),
				0);
		CU_ASSERT_EQUAL(memcmp(iv, wanted, sizeof(wanted)), 0);
		esp_cipher_free(c);
	}
}

enum { IVS = 1000 };

static int by_bytes(const void *a, const void *b)
{
	return memcmp(a, b, ESP_IV_MAX);
}

static void make_ivs(uint64_t seed, uint8_t ivs[IVS][ESP_IV_MAX])
{
	struct esp_cipher *c = sealer_with(ESP_AES_128_CBC_SHA256, seed);

	for (unsigned i = 0; i < IVS; i++)
		CU_ASSERT_EQUAL(esp_cipher_make_iv(c, i, ivs[i]), 0);
	esp_cipher_free(c);
}

/* Each bit is set in about half of them: 1000 tosses are 500 +- 100. */
static void check_bits(uint8_t ivs[IVS][ESP_IV_MAX])
{
	for (size_t bit = 0; bit < ESP_IV_MAX * 8; bit++) {
		unsigned set = 0;

		for (unsigned i = 0; i < IVS; i++)
			set += ivs[i][bit / 8] >> bit % 8 & 1u;
		CU_ASSERT_TRUE(set > 400 && set < 600);
	}
}

static void the_iv_of_cbc_is_random_and_never_comes_again(void)
{
	static uint8_t ivs[2 * IVS][ESP_IV_MAX];

	make_ivs(1, ivs);
	make_ivs(2, ivs + IVS);
	check_bits(ivs);
	check_bits(ivs + IVS);
	qsort(ivs, 2 * (size_t)IVS, ESP_IV_MAX, by_bytes);
	for (unsigned i = 1; i < 2 * IVS; i++)
		CU_ASSERT_NOT_EQUAL(memcmp(ivs[i - 1], ivs[i], ESP_IV_MAX), 0);
}

/* More than a batch of IVs, and the error path too. */
static void a_packet_takes_no_memory(void)
{
	for (size_t i = 0; i < VECTORS && alloc_counted(); i++) {
		const struct vector *v = &vectors[i];
		struct esp_cipher *s = sealer_of(v), *o = opener_of(v);
		struct packet p = packet_of(v, v->clear);
		const unsigned long before = alloc_count();
		uint8_t iv[ESP_IV_MAX];

		for (unsigned n = 0; n < 100; n++) {
			CU_ASSERT_EQUAL(esp_cipher_make_iv(s, n, iv), 0);
			(void)esp_cipher_seal(s, v->sequence, p.bytes, p.len);
			(void)esp_cipher_open(o, v->sequence, p.bytes, p.len);
			(void)esp_cipher_open(o, v->sequence + 1, p.bytes, p.len);
		}
		CU_ASSERT_EQUAL(alloc_count(), before);
		free(p.bytes);
		esp_cipher_free(s);
		esp_cipher_free(o);
	}
}

/* Whichever wish for memory is denied, nothing is half made. */
static void without_memory_there_is_no_context(void)
{
	for (int a = 0; a < ESP_ALGORITHM_COUNT && alloc_counted(); a++) {
		unsigned failures = 0;
		struct esp_cipher *c = NULL;

		for (unsigned long n = 1; !c && n < 1000; n++) {
			alloc_fail_nth(n);
			c = sealer_with((enum esp_algorithm)a, 1);
			failures += !c;
		}
		alloc_fail_nth(0);
		CU_ASSERT_TRUE(c != NULL && failures > 0);
		esp_cipher_free(c);
	}
	esp_cipher_free(NULL);
}

static int by_openssl(void)
{
	return (int)esp_engine_init(&engine, ESP_ENGINE_OPENSSL);
}

static int by_ipsec_mb(void)
{
	return (int)esp_engine_init(&engine, ESP_ENGINE_IPSEC_MB);
}

static int by_none(void)
{
	esp_engine_fini(&engine);
	return 0;
}

static void add_suite(bool fast)
{
	CU_pSuite s =
		fast ? CU_add_suite("esp_cipher_by_ipsec_mb", by_ipsec_mb, by_none)
		     : CU_add_suite("esp_cipher", by_openssl, by_none);

	CU_ADD_TEST(s, seals_the_vectors);
	CU_ADD_TEST(s, opens_the_vectors_and_refuses_every_flipped_bit);
	CU_ADD_TEST(s, refuses_every_truncation);
	CU_ADD_TEST(s, the_high_half_counts_where_it_should);
	CU_ADD_TEST(s, lengths_are_those_of_the_rfcs);
	CU_ADD_TEST(s, other_names_are_refused);
	CU_ADD_TEST(s, a_key_of_another_length_is_refused);
	CU_ADD_TEST(s, the_iv_of_aead_is_the_number);
	CU_ADD_TEST(s, the_iv_of_cbc_is_random_and_never_comes_again);
	CU_ADD_TEST(s, a_packet_takes_no_memory);
	CU_ADD_TEST(s, without_memory_there_is_no_context);
}

void suite_esp_cipher(void)
{
	add_suite(false);
	if (by_ipsec_mb() == ESP_ENGINE_OK)
		add_suite(true);
	by_none();
}
