/* SPDX-License-Identifier: ISC */
/*
 * The transforms of ESP by OpenSSL 3. Keyed contexts are kept; a packet sets only
 * the IV. ICVs of AEAD pass by a parameter that is kept, too: most of what a small
 * packet costs is the library's search for parameters by name.
 */
#include "common/security/esp_engine.h"
#include "common/security/esp_hmac.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>

#include <stdlib.h>
#include <string.h>

struct openssl_key {
	const struct esp_algorithm_info *info;
	EVP_CIPHER_CTX *crypt; /* NULL: nothing is encrypted */
	OSSL_PARAM icv[2];     /* of AEAD: where the next is, and the end */
	struct esp_hmac hmac;
};

static const char *cipher_name(enum esp_algorithm a)
{
	static const char *const names[ESP_ALGORITHM_COUNT] = {
		[ESP_AES_128_GCM] = "AES-128-GCM",
		[ESP_AES_256_GCM] = "AES-256-GCM",
		[ESP_CHACHA20_POLY1305] = "ChaCha20-Poly1305",
		[ESP_AES_128_CBC_SHA256] = "AES-128-CBC",
		[ESP_AES_256_CBC_SHA256] = "AES-256-CBC",
		[ESP_AES_256_CBC_SHA512] = "AES-256-CBC",
	};

	return names[a];
}

/* -- Keys ------------------------------------------------------------------- */

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
	     esp_hmac_init(&k->hmac, a == ESP_AES_256_CBC_SHA512,
			   material + info->key_len, info->auth_len)))
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
		     uint8_t mac[ESP_HMAC_MAX])
{
	return esp_hmac_run(&k->hmac, p->packet, (size_t)(p->icv - p->packet),
			    p->aad + 4, p->aad_len - ESP_HEADER, mac);
}

/* Encrypt, then authenticate what came of it (RFC 4303 3.3.2.1). */
static bool mac_seal(const struct openssl_key *k, const struct esp_parts *p)
{
	uint8_t mac[ESP_HMAC_MAX];

	if (!cbc_run(k, p) || !hmac_run(k, p, mac))
		return false;
	memcpy(p->icv, mac, k->info->icv_len);
	return true;
}

static bool mac_open(const struct openssl_key *k, const struct esp_parts *p)
{
	uint8_t mac[ESP_HMAC_MAX];

	return hmac_run(k, p, mac) &&
	       secret_bytes_equal(mac, p->icv, k->info->icv_len) && cbc_run(k, p);
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
