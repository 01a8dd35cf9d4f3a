/* SPDX-License-Identifier: ISC */
/* IVs are made in batches: the library's price is by the call. */
#include "common/security/esp_iv.h"

#include "common/base/secret.h"

#include <openssl/evp.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_LEN = 32, BATCH = 32 * ESP_IV_LEN };

struct esp_iv_source {
	EVP_CIPHER_CTX *stream;
	size_t used;
	uint8_t batch[BATCH];
};

static int key_stream(struct esp_iv_source *s, const struct rng *rng)
{
	static const uint8_t zero[ESP_IV_LEN];
	EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, "AES-256-CTR", NULL);
	uint8_t key[KEY_LEN];
	int good;

	s->stream = cipher ? EVP_CIPHER_CTX_new() : NULL;
	rng_fill(rng, key, sizeof(key));
	good = s->stream && EVP_EncryptInit_ex2(s->stream, cipher, key, zero, NULL);
	secret_wipe(key, sizeof(key));
	EVP_CIPHER_free(cipher); /* the context holds it from here on */
	return good ? 0 : -EIO;
}

struct esp_iv_source *esp_iv_source_new(const struct rng *rng)
{
	struct esp_iv_source *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->used = sizeof(s->batch);
	if (key_stream(s, rng) == 0)
		return s;
	esp_iv_source_free(s);
	return NULL;
}

void esp_iv_source_free(struct esp_iv_source *s)
{
	if (!s)
		return;
	EVP_CIPHER_CTX_free(s->stream); /* and wiped by the library */
	secret_wipe(s, sizeof(*s));
	free(s);
}

static int refill(struct esp_iv_source *s)
{
	int written;

	memset(s->batch, 0, sizeof(s->batch));
	if (!EVP_EncryptUpdate(s->stream, s->batch, &written, s->batch,
			       sizeof(s->batch)))
		return -EIO;
	s->used = 0;
	return 0;
}

int esp_iv_source_take(struct esp_iv_source *s, uint8_t iv[ESP_IV_LEN])
{
	if (s->used == sizeof(s->batch) && refill(s) < 0)
		return -EIO;
	memcpy(iv, s->batch + s->used, ESP_IV_LEN);
	s->used += ESP_IV_LEN;
	return 0;
}
