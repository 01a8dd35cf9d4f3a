/* SPDX-License-Identifier: ISC */
/*
 * The engines of ESP against each other at every length, what they leave in memory,
 * and which of them is trusted: liars of every kind fail the self-test.
 */
#include "common/security/esp_engine.h"

#include "tests/unit/alloc_count.h"
#include "tests/unit/hex.h"
#include "tests/unit/suites.h"

#include <CUnit/CUnit.h>

#include <stdlib.h>
#include <string.h>

enum { LEN_MOST = 2000, HEAD = ESP_HEADER + 8 };

static const enum esp_algorithm aeads[] = { ESP_AES_128_GCM, ESP_AES_256_GCM,
					    ESP_CHACHA20_POLY1305 };

enum { AEADS = sizeof(aeads) / sizeof(aeads[0]) };

static struct esp_engine fast; /* of ipsec-mb, where it is */

static uint8_t octet(size_t i)
{
	return (uint8_t)(i * 167 + i / 256 * 13 + 5);
}

static void fill(uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		bytes[i] = octet(i);
}

static void *key_of(const struct esp_engine *e, enum esp_algorithm a, bool encrypt)
{
	uint8_t material[ESP_MATERIAL_MAX];
	void *key;

	fill(material, sizeof(material));
	key = e->ops->key_new(e, a, material, encrypt);
	CU_ASSERT_PTR_NOT_NULL_FATAL(key);
	return key;
}

/* A body of any length in exactly its memory, and its ICV. */
struct text {
	uint8_t *body, *icv;
	struct esp_parts parts;
};

static struct text text_of(size_t len, bool esn)
{
	uint8_t bytes[LEN_MOST];
	struct text t;

	fill(bytes, sizeof(bytes));
	t.body = exact_copy(bytes, len);
	t.icv = exact_copy(bytes, ESP_ICV_LEN);
	t.parts = (struct esp_parts){
		.body = t.body, .len = len, .icv = t.icv, .aad_len = esn ? 12 : 8
	};
	fill(t.parts.aad, sizeof(t.parts.aad));
	for (size_t i = 0; i < ESP_NONCE_LEN; i++)
		t.parts.nonce[i] = octet(i + len);
	return t;
}

static void text_fini(struct text *t)
{
	free(t->body);
	free(t->icv);
}

/* Each seals alike, and opens what the other has sealed. */
static void agree_on(void *const seal[2], void *const open[2], size_t len, bool esn)
{
	const struct esp_engine_ops *ops[2] = { fast.ops, esp_openssl()->ops };
	struct text clear = text_of(len, esn), t[2];

	for (unsigned i = 0; i < 2; i++) {
		t[i] = text_of(len, esn);
		CU_ASSERT_TRUE(ops[i]->seal(seal[i], &t[i].parts));
	}
	CU_ASSERT_EQUAL(memcmp(t[0].body, t[1].body, len), 0);
	CU_ASSERT_EQUAL(memcmp(t[0].icv, t[1].icv, ESP_ICV_LEN), 0);
	for (unsigned i = 0; i < 2; i++) {
		CU_ASSERT_TRUE(ops[i]->open(open[i], &t[!i].parts));
		CU_ASSERT_EQUAL(memcmp(t[!i].body, clear.body, len), 0);
	}
	text_fini(&clear);
	text_fini(&t[0]);
	text_fini(&t[1]);
}

static void both_make_the_same_of_every_length(void)
{
	const struct esp_engine *engines[2] = { &fast, esp_openssl() };

	for (unsigned a = 0; a < AEADS && fast.manager; a++) {
		void *seal[2], *open[2];

		for (unsigned i = 0; i < 2; i++) {
			seal[i] = key_of(engines[i], aeads[a], true);
			open[i] = key_of(engines[i], aeads[a], false);
		}
		for (size_t len = 1; len <= LEN_MOST; len++) {
			agree_on(seal, open, len, false);
			agree_on(seal, open, len, true);
		}
		for (unsigned i = 0; i < 2; i++) {
			engines[i]->ops->key_free(seal[i]);
			engines[i]->ops->key_free(open[i]);
		}
	}
}

/* -- Through esp_cipher.h, which wipes ------------------------------------- */

static struct esp_cipher *cipher_of(const struct esp_engine *e, enum esp_algorithm a,
				    bool sealer)
{
	uint8_t bytes[ESP_MATERIAL_MAX];
	const struct secret material = { bytes, esp_key_material_len(a) };
	const struct esp_cipher_spec spec = { a, true, &material, e };
	struct rng_seeded state;
	const struct rng rng = rng_seeded_init(&state, 1);
	struct esp_cipher *c;

	fill(bytes, sizeof(bytes));
	c = sealer ? esp_cipher_sealer(&spec, &rng) : esp_cipher_opener(&spec);
	CU_ASSERT_PTR_NOT_NULL_FATAL(c);
	return c;
}

static bool is_zero(const uint8_t *bytes, size_t len)
{
	uint8_t any = 0;

	for (size_t i = 0; i < len; i++)
		any |= bytes[i];
	return any == 0;
}

/* The ICV wrong in one bit of one octet, and then right. */
static void check_icv(struct esp_cipher *seal, struct esp_cipher *open, size_t body,
		      size_t at)
{
	uint8_t packet[HEAD + LEN_MOST + ESP_ICV_LEN], wrong[sizeof(packet)];
	const size_t len = HEAD + body + ESP_ICV_LEN;

	fill(packet, len);
	CU_ASSERT_EQUAL(esp_cipher_seal(seal, 7, packet, len), 0);
	memcpy(wrong, packet, len);
	wrong[HEAD + body + at] ^= (uint8_t)(1u << at % 8);
	CU_ASSERT_FALSE(esp_cipher_open(open, 7, wrong, len));
	CU_ASSERT_TRUE(is_zero(wrong + HEAD, body));
	CU_ASSERT_EQUAL(memcmp(wrong, packet, HEAD), 0);
	CU_ASSERT_TRUE(esp_cipher_open(open, 7, packet, len));
}

static void a_wrong_icv_leaves_nothing(void)
{
	static const size_t bodies[] = { 4, 16, 60, 64, 256, 1400, 2000 };
	const struct esp_engine *engines[2] = { &fast, esp_openssl() };

	for (unsigned n = 0; n < 2 * AEADS; n++) {
		const struct esp_engine *e = engines[n % 2];
		struct esp_cipher *seal = cipher_of(e, aeads[n / 2], true);
		struct esp_cipher *open = cipher_of(e, aeads[n / 2], false);

		for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++)
			for (size_t at = 0; at < ESP_ICV_LEN; at++)
				check_icv(seal, open, bodies[i], at);
		esp_cipher_free(seal);
		esp_cipher_free(open);
	}
}

static void what_one_does_not_serve_openssl_does(void)
{
	for (int a = 0; a < ESP_ALGORITHM_COUNT; a++) {
		struct esp_cipher *c = cipher_of(&fast, (enum esp_algorithm)a, true);
		bool aead = esp_algorithm_info((enum esp_algorithm)a)->aead;

		CU_ASSERT_STRING_EQUAL(esp_cipher_engine(c),
				       fast.manager && aead ? "ipsec-mb" : "openssl");
		esp_cipher_free(c);
	}
}

/* A cipher has taken from its engine all that it needs. */
static void a_cipher_outlives_its_engine(void)
{
	struct esp_engine e;
	struct esp_cipher *seal, *open;

	(void)esp_engine_init(&e, ESP_ENGINE_AUTO);
	seal = cipher_of(&e, ESP_AES_256_GCM, true);
	open = cipher_of(&e, ESP_AES_256_GCM, false);
	esp_engine_fini(&e);
	check_icv(seal, open, 100, 3);
	esp_cipher_free(seal);
	esp_cipher_free(open);
}

/* -- Memory ----------------------------------------------------------------- */

static const void *watched;
static unsigned watched_frees;

/* But for what the allocator has given over what was asked for. */
static void look_at_freed(const void *bytes, size_t len)
{
	enum { SLACK = 64 };

	if (bytes != watched)
		return;
	watched_frees++;
	CU_ASSERT_TRUE(len > SLACK && is_zero(bytes, len - SLACK));
}

/* Round keys, powers of hash keys, states of HMAC, the last packet's key stream. */
static void keys_are_wiped_when_freed(void)
{
	const struct esp_engine *engines[2] = { &fast, esp_openssl() };

	for (unsigned n = 0; n < 2 * ESP_ALGORITHM_COUNT && alloc_counted(); n++) {
		const struct esp_engine *e = engines[n % 2];
		enum esp_algorithm a = (enum esp_algorithm)(n / 2);
		struct text t = text_of(64, true);
		void *key;

		if (!e->ops->serves(a))
			continue;
		key = key_of(e, a, true);
		t.parts.packet = t.parts.iv = t.body; /* an HMAC reads on to the ICV */
		t.parts.len = 32;
		t.parts.icv = t.body + t.parts.len;
		CU_ASSERT_TRUE(e->ops->seal(key, &t.parts));
		watched = key;
		watched_frees = 0;
		alloc_watch_frees(look_at_freed);
		e->ops->key_free(key);
		alloc_watch_frees(NULL);
		CU_ASSERT_EQUAL(watched_frees, 1);
		text_fini(&t);
	}
}

/* -- Trust ------------------------------------------------------------------ */

/* OpenSSL's engine, but for one lie. */
static bool seal_wrongly_at(const struct esp_parts *p, void *key, size_t len, size_t at)
{
	bool good = esp_openssl()->ops->seal(key, p);

	if (p->len == len)
		p->body[at] ^= 0x80;
	return good;
}

static bool spoil_long_body(void *key, const struct esp_parts *p)
{
	return seal_wrongly_at(p, key, 1340, 1339);
}

static bool spoil_short_body(void *key, const struct esp_parts *p)
{
	return seal_wrongly_at(p, key, 16, 0);
}

static bool spoil_icv(void *key, const struct esp_parts *p)
{
	bool good = esp_openssl()->ops->seal(key, p);

	p->icv[ESP_ICV_LEN - 1] ^= 1;
	return good;
}

static bool forget_high_half(void *key, const struct esp_parts *p)
{
	struct esp_parts q = *p;

	memset(q.aad + 4, 0, q.aad_len == 12 ? 4 : 0);
	return esp_openssl()->ops->seal(key, &q);
}

static bool accept_all(void *key, const struct esp_parts *p)
{
	(void)esp_openssl()->ops->open(key, p);
	return true;
}

static bool refuse_all(void *key, const struct esp_parts *p)
{
	(void)key;
	(void)p;
	return false;
}

static void *no_key(const struct esp_engine *e, enum esp_algorithm a,
		    const uint8_t *material, bool encrypt)
{
	(void)e;
	(void)a;
	(void)material;
	(void)encrypt;
	return NULL;
}

static bool serves_aead(enum esp_algorithm a)
{
	return esp_algorithm_info(a)->aead;
}

static bool serves_cbc(enum esp_algorithm a)
{
	return a == ESP_AES_128_CBC_SHA256;
}

static bool passes(struct esp_engine_ops ops)
{
	const struct esp_engine e = { &ops, NULL };

	return esp_engine_test(&e);
}

static void liars_fail_the_self_test(void)
{
	struct esp_engine_ops honest = *esp_openssl()->ops, liar;

	honest.serves = serves_aead;
	CU_ASSERT_TRUE(passes(honest));
#define LIES(member, lie)  \
	liar = honest;     \
	liar.member = lie; \
	CU_ASSERT_FALSE(passes(liar));
	LIES(seal, spoil_long_body)
	LIES(seal, spoil_short_body)
	LIES(seal, spoil_icv)
	LIES(seal, forget_high_half)
	LIES(seal, refuse_all)
	LIES(open, accept_all)
	LIES(open, refuse_all)
	LIES(key_new, no_key)
	LIES(serves, serves_cbc)
#undef LIES
}

static void the_wish_decides(void)
{
	enum esp_engine_wish wish;
	struct esp_engine e;

	CU_ASSERT_TRUE(esp_engine_wish_by_name("openssl", &wish));
	CU_ASSERT_EQUAL(esp_engine_init(&e, wish), ESP_ENGINE_OK);
	CU_ASSERT_PTR_EQUAL(e.ops, esp_openssl()->ops);
	esp_engine_fini(&e);
	CU_ASSERT_TRUE(esp_engine_wish_by_name("ipsec-mb", &wish));
	CU_ASSERT_EQUAL(esp_engine_init(&e, wish) == ESP_ENGINE_OK,
			strcmp(e.ops->name, "ipsec-mb") == 0);
	esp_engine_fini(&e);
	CU_ASSERT_PTR_EQUAL(e.ops, esp_openssl()->ops);
	CU_ASSERT_TRUE(esp_engine_wish_by_name("auto", &wish));
	CU_ASSERT_FALSE(esp_engine_wish_by_name("", &wish));
	CU_ASSERT_FALSE(esp_engine_wish_by_name("aesni", &wish));
}

static int open_engine(void)
{
	(void)esp_engine_init(&fast, ESP_ENGINE_AUTO);
	return 0;
}

static int close_engine(void)
{
	esp_engine_fini(&fast);
	return 0;
}

void suite_esp_engine(void)
{
	CU_pSuite s = CU_add_suite("esp_engine", open_engine, close_engine);

	CU_ADD_TEST(s, both_make_the_same_of_every_length);
	CU_ADD_TEST(s, a_wrong_icv_leaves_nothing);
	CU_ADD_TEST(s, what_one_does_not_serve_openssl_does);
	CU_ADD_TEST(s, a_cipher_outlives_its_engine);
	CU_ADD_TEST(s, keys_are_wiped_when_freed);
	CU_ADD_TEST(s, liars_fail_the_self_test);
	CU_ADD_TEST(s, the_wish_decides);
}
