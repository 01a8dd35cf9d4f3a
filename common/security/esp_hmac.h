/* SPDX-License-Identifier: ISC */
/*
 * HMAC (RFC 2104) with SHA-256 or SHA-512, as ESP uses it (RFC 4868): keyed once, and
 * without memory for a message, which OpenSSL 3 takes for those of its own.
 */
#ifndef COMMON_SECURITY_ESP_HMAC_H
#define COMMON_SECURITY_ESP_HMAC_H

#define OPENSSL_API_COMPAT 10101

#include <openssl/sha.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ESP_HMAC_MAX = 64 };

union esp_digest {
	SHA256_CTX sha256;
	SHA512_CTX sha512;
};

/* Wiped by who holds it. */
struct esp_hmac {
	bool sha512;
	union esp_digest inner, outer; /* that have eaten the key already */
};

/* A key is no longer than the block of its digest: 64 or 128 octets. */
bool esp_hmac_init(struct esp_hmac *h, bool sha512, const uint8_t *key, size_t len);

/* The whole MAC of one text behind another. */
bool esp_hmac_run(const struct esp_hmac *h, const uint8_t *text, size_t len,
		  const uint8_t *more, size_t more_len, uint8_t mac[ESP_HMAC_MAX]);

#endif
