/* SPDX-License-Identifier: ISC */
/*
 * The transforms of ESP by OpenSSL 3. Keyed contexts are kept; a packet sets only
 * the IV. ICVs of AEAD pass by a parameter that is kept, too: most of what a small
 * packet costs is the library's search for parameters by name.
 *
 * HMAC (RFC 2104) is written out over SHA-256 as OpenSSL 1.1 has it, because the
 * digests and MACs of version 3 take memory for every message: 3.0 does even when a
 * context is begun again.
 */
#include "common/security/esp_engine.h"

#define OPENSSL_API_COMPAT 10101

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/sha.h>

#include <stdlib.h>
#include <string.h>

enum {
	HMAC_BLOCK = 64, /* of SHA-256 */
	HMAC_DIGEST = 32,
};

/* Digests that have eaten the key already. */
struct hmac {
	SHA256_CTX inner;
	SHA256_CTX outer;
};

struct openssl_key {
	const struct esp_algorithm_info *info;
	EVP_CIPHER_CTX *crypt; /* NULL: nothing is encrypted */
	OSSL_PARAM icv[2];     /* of AEAD: where the next is, and the end */
	struct hmac hmac;
};

static const char *cipher_name(enum esp_algorithm a)
{
	static const char *const names[ESP_ALGORITHM_COUNT] = {
		[ESP_AES_128_GCM] = "AES-128-GCM",
		[ESP_AES_256_GCM] = "AES-256-GCM",
		[ESP_CHACHA20_POLY1305] = "ChaCha20-Poly1305",
		[ESP_AES_128_CBC_SHA256] = "AES-128-CBC",
		[ESP_AES_256_CBC_SHA256] = "AES-256-CBC",
	};

	return names[a];
}

/* -- Keys ------------------------------------------------------------------- */

static bool begin_with_key(SHA256_CTX *digest, const uint8_t *key, size_t len,
			   uint8_t filling)
{
	uint8_t block[HMAC_BLOCK];
	bool good;

	memset(block, filling, sizeof(block));
	for (size_t i = 0; i < len; i++)
		block[i] ^= key[i];
	good = SHA256_Init(digest) && SHA256_Update(digest, block, sizeof(block));
	secret_wipe(block, sizeof(block));
	return good;
}

static bool key_hmac(struct hmac *h, const uint8_t *key, size_t len)
{
	return begin_with_key(&h->inner, key, len, 0x36) &&
	       begin_with_key(&h->outer, key, len, 0x5c);
}

static bool key_cipher(struct openssl_key *k, const char *name, const uint8_t *key,
		       bool encrypt)
{
	EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, name, NULL);

	k->crypt = cipher ? EVP_CIPHER_CTX_new() : NULL;
	if (k->crypt &&
	    !EVP_CipherInit_ex2(k->crypt, cipher, key, NULL, encrypt, NULL)) {
		EVP_CIPHER_CTX_free(k->crypt);
		k->crypt = NULL;
	}
	EVP_CIPHER_free(cipher); /* the context holds it from here on */
	if (!k->crypt)
		return false;
	return k->info->aead || EVP_CIPHER_CTX_set_padding(k->crypt, 0);
}

static void key_free(void *key)
{
	struct openssl_key *k = key;

	EVP_CIPHER_CTX_free(k->crypt); /* and wiped by the library */
	secret_wipe(k, sizeof(*k));
	free(k);
}

static void *key_new(const struct esp_engine *e, enum esp_algorithm a,
		     const uint8_t *material, bool encrypt)
{
	const struct esp_algorithm_info *info = esp_algorithm_info(a);
	const char *name = cipher_name(a);
	struct openssl_key *k = calloc(1, sizeof(*k));

	(void)e;
	if (!k)
		return NULL;
	k->info = info;
	k->icv[0] = OSSL_PARAM_construct_octet_string(OSSL_CIPHER_PARAM_AEAD_TAG, NULL,
						      info->icv_len);
	k->icv[1] = OSSL_PARAM_construct_end();
	if ((!name || key_cipher(k, name, material, encrypt)) &&
	    (!info->auth_len ||
	     key_hmac(&k->hmac, material + info->key_len, info->auth_len)))
		return k;
	key_free(k);
	return NULL;
}

static bool serves(enum esp_algorithm a)
{
	(void)a;
	return true;
}

/* -- Packets ---------------------------------------------------------------- */

static bool begin(const struct openssl_key *k, const uint8_t *iv)
{
	return EVP_CipherInit_ex2(k->crypt, NULL, NULL, iv, -1, NULL);
}

/* Without padding of the library's, output is as long as input. */
static bool run(const struct openssl_key *k, const struct esp_parts *p)
{
	int written = 0;

	return EVP_CipherUpdate(k->crypt, p->body, &written, p->body, (int)p->len) &&
	       (size_t)written == p->len;
}

static bool aead_begin(const struct openssl_key *k, const struct esp_parts *p)
{
	int written;

	return begin(k, p->nonce) &&
	       EVP_CipherUpdate(k->crypt, NULL, &written, p->aad, (int)p->aad_len);
}

static bool aead_seal(struct openssl_key *k, const struct esp_parts *p)
{
	int none;

	k->icv[0].data = p->icv;
	return aead_begin(k, p) && run(k, p) &&
	       EVP_CipherFinal_ex(k->crypt, p->icv, &none) &&
	       EVP_CIPHER_CTX_get_params(k->crypt, k->icv);
}

static bool aead_open(struct openssl_key *k, const struct esp_parts *p)
{
	int none;

	k->icv[0].data = p->icv;
	return aead_begin(k, p) && EVP_CIPHER_CTX_set_params(k->crypt, k->icv) &&
	       run(k, p) && EVP_CipherFinal_ex(k->crypt, p->icv, &none);
}

/* In the direction that the context was made for. */
static bool cbc_run(const struct openssl_key *k, const struct esp_parts *p)
{
	return !k->crypt || (begin(k, p->iv) && run(k, p));
}

/* Over what the packet has before its ICV, and the high half if it counts. */
static bool hmac_run(const struct openssl_key *k, const struct esp_parts *p,
		     uint8_t digest[HMAC_DIGEST])
{
	SHA256_CTX inner = k->hmac.inner, outer = k->hmac.outer;

	return SHA256_Update(&inner, p->packet, (size_t)(p->icv - p->packet)) &&
	       (p->aad_len == ESP_HEADER || SHA256_Update(&inner, p->aad + 4, 4)) &&
	       SHA256_Final(digest, &inner) &&
	       SHA256_Update(&outer, digest, HMAC_DIGEST) &&
	       SHA256_Final(digest, &outer);
}

/* Encrypt, then authenticate what came of it (RFC 4303 3.3.2.1). */
static bool mac_seal(const struct openssl_key *k, const struct esp_parts *p)
{
	uint8_t digest[HMAC_DIGEST];

	if (!cbc_run(k, p) || !hmac_run(k, p, digest))
		return false;
	memcpy(p->icv, digest, k->info->icv_len);
	return true;
}

static bool mac_open(const struct openssl_key *k, const struct esp_parts *p)
{
	uint8_t digest[HMAC_DIGEST];

	return hmac_run(k, p, digest) &&
	       secret_bytes_equal(digest, p->icv, k->info->icv_len) && cbc_run(k, p);
}

static bool seal(void *key, const struct esp_parts *p)
{
	struct openssl_key *k = key;

	return k->info->aead ? aead_seal(k, p) : mac_seal(k, p);
}

static bool open_packet(void *key, const struct esp_parts *p)
{
	struct openssl_key *k = key;

	return k->info->aead ? aead_open(k, p) : mac_open(k, p);
}

static const struct esp_engine_ops ops = {
	.name = "openssl",
	.serves = serves,
	.key_new = key_new,
	.key_free = key_free,
	.seal = seal,
	.open = open_packet,
};

const struct esp_engine *esp_openssl(void)
{
	static const struct esp_engine engine = { &ops, NULL };

	return &engine;
}
