/* SPDX-License-Identifier: ISC */
/* Digests as OpenSSL 1.1 has them: their states can be copied. */
#include "common/security/esp_hmac.h"

#include "common/base/secret.h"

#include <assert.h>
#include <string.h>

static size_t block_len(const struct esp_hmac *h)
{
	return h->sha512 ? SHA512_CBLOCK : SHA256_CBLOCK;
}

static size_t digest_len(const struct esp_hmac *h)
{
	return h->sha512 ? SHA512_DIGEST_LENGTH : SHA256_DIGEST_LENGTH;
}

static bool begin(const struct esp_hmac *h, union esp_digest *d)
{
	return h->sha512 ? SHA512_Init(&d->sha512) : SHA256_Init(&d->sha256);
}

static bool add(const struct esp_hmac *h, union esp_digest *d, const void *text,
		size_t len)
{
	return h->sha512 ? SHA512_Update(&d->sha512, text, len)
			 : SHA256_Update(&d->sha256, text, len);
}

static bool end(const struct esp_hmac *h, union esp_digest *d, uint8_t *digest)
{
	return h->sha512 ? SHA512_Final(digest, &d->sha512)
			 : SHA256_Final(digest, &d->sha256);
}

static bool begin_with_key(const struct esp_hmac *h, union esp_digest *d,
			   const uint8_t *key, size_t len, uint8_t filling)
{
	uint8_t block[SHA512_CBLOCK];
	bool good;

	memset(block, filling, sizeof(block));
	for (size_t i = 0; i < len; i++)
		block[i] ^= key[i];
	good = begin(h, d) && add(h, d, block, block_len(h));
	secret_wipe(block, sizeof(block));
	return good;
}

bool esp_hmac_init(struct esp_hmac *h, bool sha512, const uint8_t *key, size_t len)
{
	h->sha512 = sha512;
	assert(len <= block_len(h));
	return begin_with_key(h, &h->inner, key, len, 0x36) &&
	       begin_with_key(h, &h->outer, key, len, 0x5c);
}

bool esp_hmac_run(const struct esp_hmac *h, const uint8_t *text, size_t len,
		  const uint8_t *more, size_t more_len, uint8_t mac[ESP_HMAC_MAX])
{
	union esp_digest d = h->inner;

	if (!add(h, &d, text, len) || !add(h, &d, more, more_len) || !end(h, &d, mac))
		return false;
	d = h->outer;
	return add(h, &d, mac, digest_len(h)) && end(h, &d, mac);
}
