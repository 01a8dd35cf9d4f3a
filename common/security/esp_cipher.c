/* SPDX-License-Identifier: ISC */
/*
 * The transforms of ESP by OpenSSL 3. Keyed contexts are kept; a packet sets only
 * the IV. HMAC (RFC 2104) is written out over SHA-256 as OpenSSL 1.1 has it, because
 * the digests and MACs of version 3 take memory for every message: 3.0 does even
 * when a context is begun again.
 *
 * IVs for CBC are AES-256 in counter mode over zeros, under a key of its own that
 * was drawn at random: as unforetellable as AES, and none comes twice.
 */
#include "common/security/esp_cipher.h"

#define OPENSSL_API_COMPAT 10101

#include <openssl/evp.h>
#include <openssl/sha.h>

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	SALT = 4,
	NONCE = 12, /* salt and IV (RFC 4106 4, RFC 7634 2) */
	HMAC_KEY = 32,
	HMAC_BLOCK = 64, /* of SHA-256 */
	HMAC_DIGEST = 32,
	IV_KEY = 32,
	IV_BATCH = 32 * ESP_IV_MAX,
};

#define AES_BLOCKS_MOST (UINT64_C(1) << 39)

static const struct algorithm_row {
	struct esp_algorithm_info info;
	const char *cipher; /* OpenSSL's name; NULL: none */
} algorithms[ESP_ALGORITHM_COUNT] = {
	[ESP_AES_128_GCM] = { { "aes-128-gcm", true, 16, SALT, 0, 8, ESP_ICV_LEN, 4,
				AES_BLOCKS_MOST },
			      "AES-128-GCM" },
	[ESP_AES_256_GCM] = { { "aes-256-gcm", true, 32, SALT, 0, 8, ESP_ICV_LEN, 4,
				AES_BLOCKS_MOST },
			      "AES-256-GCM" },
	[ESP_CHACHA20_POLY1305] = { { "chacha20-poly1305", true, 32, SALT, 0, 8,
				      ESP_ICV_LEN, 4, UINT64_MAX },
				    "ChaCha20-Poly1305" },
	[ESP_AES_128_CBC_SHA256] = { { "aes-128-cbc-hmac-sha-256", false, 16, 0,
				       HMAC_KEY, 16, ESP_ICV_LEN, 16, AES_BLOCKS_MOST },
				     "AES-128-CBC" },
	[ESP_AES_256_CBC_SHA256] = { { "aes-256-cbc-hmac-sha-256", false, 32, 0,
				       HMAC_KEY, 16, ESP_ICV_LEN, 16, AES_BLOCKS_MOST },
				     "AES-256-CBC" },
	[ESP_NULL_SHA256] = { { "null-hmac-sha-256", false, 0, 0, HMAC_KEY, 0,
				ESP_ICV_LEN, 4, UINT64_MAX },
			      NULL },
};

/* Digests that have eaten the key already. */
struct hmac {
	SHA256_CTX inner;
	SHA256_CTX outer;
};

struct iv_source {
	EVP_CIPHER_CTX *stream; /* NULL: IVs are numbers, or there are none */
	size_t used;
	uint8_t batch[IV_BATCH];
};

struct esp_cipher {
	const struct esp_algorithm_info *info;
	bool esn;
	EVP_CIPHER_CTX *crypt; /* NULL: nothing is encrypted */
	uint8_t salt[SALT];
	struct hmac hmac;
	struct iv_source ivs;
};

const struct esp_algorithm_info *esp_algorithm_info(enum esp_algorithm a)
{
	return &algorithms[a].info;
}

bool esp_algorithm_by_name(const char *name, enum esp_algorithm *out)
{
	for (int i = 0; i < ESP_ALGORITHM_COUNT; i++)
		if (strcmp(name, algorithms[i].info.name) == 0) {
			*out = (enum esp_algorithm)i;
			return true;
		}
	return false;
}

size_t esp_key_material_len(enum esp_algorithm a)
{
	const struct esp_algorithm_info *info = esp_algorithm_info(a);

	return info->key_len + info->salt_len + info->auth_len;
}

/* A context with this key, or NULL. */
static EVP_CIPHER_CTX *keyed(const char *name, const uint8_t *key, const uint8_t *iv,
			     bool encrypt)
{
	EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, name, NULL);
	EVP_CIPHER_CTX *ctx = cipher ? EVP_CIPHER_CTX_new() : NULL;

	if (ctx && !EVP_CipherInit_ex2(ctx, cipher, key, iv, encrypt, NULL)) {
		EVP_CIPHER_CTX_free(ctx);
		ctx = NULL;
	}
	EVP_CIPHER_free(cipher); /* the context holds it from here on */
	return ctx;
}

/* Without padding of the library's, output is as long as input. */
static bool run(EVP_CIPHER_CTX *ctx, uint8_t *out, const uint8_t *in, size_t len)
{
	int written = 0;

	return EVP_CipherUpdate(ctx, out, &written, in, (int)len) &&
	       (size_t)written == len;
}

static bool begin_with_key(SHA256_CTX *digest, const uint8_t *key, uint8_t filling)
{
	uint8_t block[HMAC_BLOCK];
	bool good;

	memset(block, filling, sizeof(block));
	for (size_t i = 0; i < HMAC_KEY; i++)
		block[i] ^= key[i];
	good = SHA256_Init(digest) && SHA256_Update(digest, block, sizeof(block));
	secret_wipe(block, sizeof(block));
	return good;
}

static int hmac_open(struct hmac *h, const uint8_t *key)
{
	bool good = begin_with_key(&h->inner, key, 0x36) &&
		    begin_with_key(&h->outer, key, 0x5c);

	return good ? 0 : -EIO;
}

/* Over what the packet has before its ICV, and the high half if it counts. */
static bool hmac_run(const struct esp_cipher *c, uint64_t sequence,
		     const uint8_t *packet, size_t len, uint8_t digest[HMAC_DIGEST])
{
	SHA256_CTX inner = c->hmac.inner, outer = c->hmac.outer;
	const uint8_t high[4] = { (uint8_t)(sequence >> 56), (uint8_t)(sequence >> 48),
				  (uint8_t)(sequence >> 40),
				  (uint8_t)(sequence >> 32) };

	return SHA256_Update(&inner, packet, len) &&
	       (!c->esn || SHA256_Update(&inner, high, sizeof(high))) &&
	       SHA256_Final(digest, &inner) &&
	       SHA256_Update(&outer, digest, HMAC_DIGEST) &&
	       SHA256_Final(digest, &outer);
}

static int iv_source_open(struct iv_source *s, const struct rng *rng)
{
	static const uint8_t zero[ESP_IV_MAX];
	uint8_t key[IV_KEY];

	rng_fill(rng, key, sizeof(key));
	s->stream = keyed("AES-256-CTR", key, zero, true);
	s->used = sizeof(s->batch);
	secret_wipe(key, sizeof(key));
	return s->stream ? 0 : -EIO;
}

static int iv_source_take(struct iv_source *s, uint8_t *iv, size_t len)
{
	if (s->used == sizeof(s->batch)) {
		memset(s->batch, 0, sizeof(s->batch));
		if (!run(s->stream, s->batch, s->batch, sizeof(s->batch)))
			return -EIO;
		s->used = 0;
	}
	memcpy(iv, s->batch + s->used, len);
	s->used += ESP_IV_MAX;
	return 0;
}

static int key_cipher(struct esp_cipher *c, const char *name, const uint8_t *key,
		      bool encrypt)
{
	if (!name)
		return 0;
	c->crypt = keyed(name, key, NULL, encrypt);
	if (!c->crypt)
		return -EIO;
	if (!c->info->aead && !EVP_CIPHER_CTX_set_padding(c->crypt, 0))
		return -EIO;
	return 0;
}

static struct esp_cipher *new_cipher(const struct esp_cipher_spec *spec, bool encrypt)
{
	const struct esp_algorithm_info *info = esp_algorithm_info(spec->algorithm);
	const uint8_t *key = spec->material->bytes;
	struct esp_cipher *c;
	int error;

	if (spec->material->len != esp_key_material_len(spec->algorithm))
		return NULL;
	c = calloc(1, sizeof(*c));
	if (!c)
		return NULL;
	c->info = info;
	c->esn = spec->esn;
	memcpy(c->salt, key + info->key_len, info->salt_len);
	error = key_cipher(c, algorithms[spec->algorithm].cipher, key, encrypt);
	if (!error && info->auth_len)
		error = hmac_open(&c->hmac, key + info->key_len);
	if (error < 0) {
		esp_cipher_free(c);
		return NULL;
	}
	return c;
}

struct esp_cipher *esp_cipher_sealer(const struct esp_cipher_spec *spec,
				     const struct rng *rng)
{
	struct esp_cipher *c = new_cipher(spec, true);

	if (!c || c->info->aead || c->info->iv_len == 0)
		return c;
	if (iv_source_open(&c->ivs, rng) < 0) {
		esp_cipher_free(c);
		return NULL;
	}
	return c;
}

struct esp_cipher *esp_cipher_opener(const struct esp_cipher_spec *spec)
{
	return new_cipher(spec, false);
}

void esp_cipher_free(struct esp_cipher *c)
{
	if (!c)
		return;
	EVP_CIPHER_CTX_free(c->crypt); /* and wiped by the library */
	EVP_CIPHER_CTX_free(c->ivs.stream);
	secret_wipe(c, sizeof(*c));
	free(c);
}

int esp_cipher_make_iv(struct esp_cipher *c, uint64_t sequence, uint8_t *iv)
{
	if (c->ivs.stream)
		return iv_source_take(&c->ivs, iv, c->info->iv_len);
	for (size_t i = 0; i < c->info->iv_len; i++)
		iv[i] = (uint8_t)(sequence >> (56 - 8 * i));
	return 0;
}

static size_t head_len(const struct esp_cipher *c)
{
	return ESP_HEADER + c->info->iv_len;
}

/* The body has at least one block and whole ones. */
static bool is_whole(const struct esp_cipher *c, size_t len)
{
	size_t around = head_len(c) + ESP_ICV_LEN;

	return len > around && (len - around) % c->info->block == 0;
}

/* Additional data: SPI and the sequence number, as wide as it is (RFC 4106 5). */
static bool add_aad(struct esp_cipher *c, uint64_t sequence, const uint8_t *packet)
{
	uint8_t aad[12];
	int written;

	if (!c->esn)
		return EVP_CipherUpdate(c->crypt, NULL, &written, packet, ESP_HEADER);
	memcpy(aad, packet, 4);
	for (size_t i = 0; i < 4; i++)
		aad[4 + i] = (uint8_t)(sequence >> (56 - 8 * i));
	memcpy(aad + 8, packet + 4, 4);
	return EVP_CipherUpdate(c->crypt, NULL, &written, aad, sizeof(aad));
}

static bool aead_begin(struct esp_cipher *c, uint64_t sequence, const uint8_t *packet)
{
	uint8_t nonce[NONCE];

	memcpy(nonce, c->salt, SALT);
	memcpy(nonce + SALT, packet + ESP_HEADER, NONCE - SALT);
	return EVP_CipherInit_ex2(c->crypt, NULL, NULL, nonce, -1, NULL) &&
	       add_aad(c, sequence, packet);
}

static bool aead_seal(struct esp_cipher *c, uint64_t sequence, uint8_t *packet,
		      size_t len)
{
	uint8_t *body = packet + head_len(c), *icv = packet + len - ESP_ICV_LEN;
	int none;

	return aead_begin(c, sequence, packet) &&
	       run(c->crypt, body, body, (size_t)(icv - body)) &&
	       EVP_CipherFinal_ex(c->crypt, icv, &none) &&
	       EVP_CIPHER_CTX_ctrl(c->crypt, EVP_CTRL_AEAD_GET_TAG, ESP_ICV_LEN, icv);
}

static bool aead_open(struct esp_cipher *c, uint64_t sequence, uint8_t *packet,
		      size_t len)
{
	uint8_t *body = packet + head_len(c), *icv = packet + len - ESP_ICV_LEN;
	int none;

	return aead_begin(c, sequence, packet) &&
	       EVP_CIPHER_CTX_ctrl(c->crypt, EVP_CTRL_AEAD_SET_TAG, ESP_ICV_LEN, icv) &&
	       run(c->crypt, body, body, (size_t)(icv - body)) &&
	       EVP_CipherFinal_ex(c->crypt, icv, &none);
}

/* In the direction that the context was made for. */
static bool cbc_run(struct esp_cipher *c, uint8_t *packet, size_t len)
{
	uint8_t *body = packet + head_len(c);

	return EVP_CipherInit_ex2(c->crypt, NULL, NULL, packet + ESP_HEADER, -1,
				  NULL) &&
	       run(c->crypt, body, body, len - head_len(c) - ESP_ICV_LEN);
}

/* Encrypt, then authenticate what came of it (RFC 4303 3.3.2.1). */
static bool mac_seal(struct esp_cipher *c, uint64_t sequence, uint8_t *packet,
		     size_t len)
{
	uint8_t digest[HMAC_DIGEST];

	if ((c->crypt && !cbc_run(c, packet, len)) ||
	    !hmac_run(c, sequence, packet, len - ESP_ICV_LEN, digest))
		return false;
	memcpy(packet + len - ESP_ICV_LEN, digest, ESP_ICV_LEN);
	return true;
}

static bool mac_open(struct esp_cipher *c, uint64_t sequence, uint8_t *packet,
		     size_t len)
{
	uint8_t digest[HMAC_DIGEST];

	return hmac_run(c, sequence, packet, len - ESP_ICV_LEN, digest) &&
	       secret_bytes_equal(digest, packet + len - ESP_ICV_LEN, ESP_ICV_LEN) &&
	       (!c->crypt || cbc_run(c, packet, len));
}

static void wipe_body(const struct esp_cipher *c, uint8_t *packet, size_t len)
{
	secret_wipe(packet + head_len(c), len - head_len(c));
}

int esp_cipher_seal(struct esp_cipher *c, uint64_t sequence, uint8_t *packet,
		    size_t len)
{
	assert(is_whole(c, len)); /* the caller padded it */
	if (c->info->aead ? aead_seal(c, sequence, packet, len)
			  : mac_seal(c, sequence, packet, len))
		return 0;
	wipe_body(c, packet, len);
	return -EIO;
}

bool esp_cipher_open(struct esp_cipher *c, uint64_t sequence, uint8_t *packet,
		     size_t len)
{
	if (!is_whole(c, len))
		return false;
	if (c->info->aead ? aead_open(c, sequence, packet, len)
			  : mac_open(c, sequence, packet, len))
		return true;
	wipe_body(c, packet, len);
	return false;
}
