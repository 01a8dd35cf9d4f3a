/* SPDX-License-Identifier: ISC */
/*
 * What all engines have in common: the algorithms, IVs, taking a packet apart, and
 * wiping what may not be read.
 */
#include "common/security/esp_cipher.h"

#include "common/security/esp_engine.h"
#include "common/security/esp_iv.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	SALT = 4, /* with the IV the nonce of AEAD (RFC 4106 4, RFC 7634 2) */
	SHA256_KEY = 32,
	SHA512_KEY = 64,
};

#define AES_BLOCKS_MOST (UINT64_C(1) << 39)

static const struct esp_algorithm_info algorithms[ESP_ALGORITHM_COUNT] = {
	[ESP_AES_128_GCM] = { "aes-128-gcm", true, 16, SALT, 0, 8, ESP_ICV_LEN, 4,
			      AES_BLOCKS_MOST },
	[ESP_AES_256_GCM] = { "aes-256-gcm", true, 32, SALT, 0, 8, ESP_ICV_LEN, 4,
			      AES_BLOCKS_MOST },
	[ESP_CHACHA20_POLY1305] = { "chacha20-poly1305", true, 32, SALT, 0, 8,
				    ESP_ICV_LEN, 4, UINT64_MAX },
	[ESP_AES_128_CBC_SHA256] = { "aes-128-cbc-hmac-sha-256", false, 16, 0,
				     SHA256_KEY, 16, ESP_ICV_LEN, 16, AES_BLOCKS_MOST },
	[ESP_AES_256_CBC_SHA256] = { "aes-256-cbc-hmac-sha-256", false, 32, 0,
				     SHA256_KEY, 16, ESP_ICV_LEN, 16, AES_BLOCKS_MOST },
	[ESP_AES_256_CBC_SHA512] = { "aes-256-cbc-hmac-sha-512", false, 32, 0,
				     SHA512_KEY, 16, ESP_ICV_MAX, 16, AES_BLOCKS_MOST },
	[ESP_NULL_SHA256] = { "null-hmac-sha-256", false, 0, 0, SHA256_KEY, 0,
			      ESP_ICV_LEN, 4, UINT64_MAX },
};

struct esp_cipher {
	const struct esp_algorithm_info *info;
	const struct esp_engine_ops *engine;
	void *key;
	bool esn;
	uint8_t salt[SALT];
	struct esp_iv_source *ivs; /* NULL: IVs are numbers, or there are none */
};

const struct esp_algorithm_info *esp_algorithm_info(enum esp_algorithm a)
{
	return &algorithms[a];
}

bool esp_algorithm_by_name(const char *name, enum esp_algorithm *out)
{
	for (int i = 0; i < ESP_ALGORITHM_COUNT; i++)
		if (strcmp(name, algorithms[i].name) == 0) {
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

static const struct esp_engine *engine_for(const struct esp_cipher_spec *spec)
{
	const struct esp_engine *wanted = spec->engine;

	return wanted && wanted->ops->serves(spec->algorithm) ? wanted : esp_openssl();
}

static struct esp_cipher *new_cipher(const struct esp_cipher_spec *spec, bool encrypt)
{
	const struct esp_algorithm_info *info = esp_algorithm_info(spec->algorithm);
	const struct esp_engine *engine = engine_for(spec);
	const uint8_t *material = spec->material->bytes;
	struct esp_cipher *c;

	if (spec->material->len != esp_key_material_len(spec->algorithm))
		return NULL;
	c = calloc(1, sizeof(*c));
	if (!c)
		return NULL;
	c->info = info;
	c->engine = engine->ops;
	c->esn = spec->esn;
	memcpy(c->salt, material + info->key_len, info->salt_len);
	c->key = engine->ops->key_new(engine, spec->algorithm, material, encrypt);
	if (c->key)
		return c;
	esp_cipher_free(c);
	return NULL;
}

struct esp_cipher *esp_cipher_sealer(const struct esp_cipher_spec *spec,
				     const struct rng *rng)
{
	struct esp_cipher *c = new_cipher(spec, true);

	if (!c || c->info->aead || c->info->iv_len == 0)
		return c;
	c->ivs = esp_iv_source_new(rng);
	if (c->ivs)
		return c;
	esp_cipher_free(c);
	return NULL;
}

struct esp_cipher *esp_cipher_opener(const struct esp_cipher_spec *spec)
{
	return new_cipher(spec, false);
}

void esp_cipher_free(struct esp_cipher *c)
{
	if (!c)
		return;
	if (c->key)
		c->engine->key_free(c->key);
	esp_iv_source_free(c->ivs);
	secret_wipe(c, sizeof(*c));
	free(c);
}

const char *esp_cipher_engine(const struct esp_cipher *c)
{
	return c->engine->name;
}

static void write_number(uint8_t *to, uint64_t number, size_t len)
{
	for (size_t i = 0; i < len; i++)
		to[i] = (uint8_t)(number >> (56 - 8 * i));
}

int esp_cipher_make_iv(struct esp_cipher *c, uint64_t sequence, uint8_t *iv)
{
	if (c->ivs)
		return esp_iv_source_take(c->ivs, iv);
	write_number(iv, sequence, c->info->iv_len);
	return 0;
}

static size_t head_len(const struct esp_cipher *c)
{
	return ESP_HEADER + c->info->iv_len;
}

/* The body has at least one block and whole ones. */
static bool is_whole(const struct esp_cipher *c, size_t len)
{
	size_t around = head_len(c) + c->info->icv_len;

	return len > around && (len - around) % c->info->block == 0;
}

static struct esp_parts parts_of(const struct esp_cipher *c, uint64_t sequence,
				 uint8_t *packet, size_t len)
{
	struct esp_parts p = { .packet = packet,
			       .iv = packet + ESP_HEADER,
			       .body = packet + head_len(c),
			       .len = len - head_len(c) - c->info->icv_len,
			       .icv = packet + len - c->info->icv_len };

	memcpy(p.aad, packet, 4);
	if (c->esn)
		write_number(p.aad + 4, sequence, 4);
	p.aad_len = c->esn ? 12 : ESP_HEADER;
	memcpy(p.aad + p.aad_len - 4, packet + 4, 4);
	if (c->info->aead) {
		memcpy(p.nonce, c->salt, SALT);
		memcpy(p.nonce + SALT, p.iv, ESP_NONCE_LEN - SALT);
	}
	return p;
}

static void wipe_body(const struct esp_cipher *c, uint8_t *packet, size_t len)
{
	secret_wipe(packet + head_len(c), len - head_len(c));
}

int esp_cipher_seal(struct esp_cipher *c, uint64_t sequence, uint8_t *packet,
		    size_t len)
{
	struct esp_parts p;

	assert(is_whole(c, len)); /* the caller padded it */
	p = parts_of(c, sequence, packet, len);
	if (c->engine->seal(c->key, &p))
		return 0;
	wipe_body(c, packet, len);
	return -EIO;
}

bool esp_cipher_open(struct esp_cipher *c, uint64_t sequence, uint8_t *packet,
		     size_t len)
{
	struct esp_parts p;

	if (!is_whole(c, len))
		return false;
	p = parts_of(c, sequence, packet, len);
	if (c->engine->open(c->key, &p))
		return true;
	wipe_body(c, packet, len);
	return false;
}
