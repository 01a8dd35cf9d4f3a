/* SPDX-License-Identifier: ISC */
/*
 * The transforms of ESP (RFC 4303) behind few calls: AES-GCM with an ICV of 16
 * octets (RFC 4106), ChaCha20-Poly1305 (RFC 7634), AES-CBC (RFC 3602) with
 * HMAC-SHA-256-128 or HMAC-SHA-512-256, or NULL with the former (RFC 4868).  A context
 * is keyed once, works in place and takes no memory afterwards.
 *
 * An ESP packet as it stands in memory, the lengths as in esp_algorithm_info:
 *
 *     SPI 4 | sequence 4 | IV iv_len | body ... | ICV icv_len
 *     |<------- head -------------->|
 *
 * The body is payload, padding, pad length and next header: a multiple of `block`.
 */
#ifndef COMMON_SECURITY_ESP_CIPHER_H
#define COMMON_SECURITY_ESP_CIPHER_H

#include "common/base/rng.h"
#include "common/base/secret.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum esp_algorithm {
	ESP_AES_128_GCM,
	ESP_AES_256_GCM,
	ESP_CHACHA20_POLY1305,
	ESP_AES_128_CBC_SHA256,
	ESP_AES_256_CBC_SHA256,
	ESP_AES_256_CBC_SHA512,
	ESP_NULL_SHA256,
	ESP_ALGORITHM_COUNT
};

enum {
	ESP_HEADER = 8, /* SPI and sequence number */
	ESP_IV_MAX = 16,
	ESP_ICV_LEN = 16, /* of all of them but HMAC-SHA-512-256 */
	ESP_ICV_MAX = 32,
	ESP_MATERIAL_MAX = 96,
};

struct esp_algorithm_info {
	const char *name; /* as in the configuration */
	bool aead;        /* never with manual keys (RFC 8221 3) */
	size_t key_len;
	size_t salt_len; /* follows the key, of AEAD */
	size_t auth_len; /* follows the key, of the others */
	size_t iv_len;
	size_t icv_len;
	size_t block;
	/*
	 * How many blocks of 16 octets one key may encrypt.  Of AES 2^39: an
	 * observer then tells them from noise with a chance under 2^-50.
	 */
	uint64_t blocks_most;
};

const struct esp_algorithm_info *esp_algorithm_info(enum esp_algorithm a);
bool esp_algorithm_by_name(const char *name, enum esp_algorithm *out);

/* Octets of key material: key and salt, or key and integrity key, in that order. */
size_t esp_key_material_len(enum esp_algorithm a);

struct esp_engine;

struct esp_cipher_spec {
	enum esp_algorithm algorithm;
	bool esn; /* the high half of the sequence number is authenticated too */
	const struct secret *material; /* copied */
	/* Where it serves this algorithm, else OpenSSL's; NULL: that one. */
	const struct esp_engine *engine; /* not needed afterwards */
};

struct esp_cipher; /* either seals or opens; for one thread at a time */

/*
 * NULL when out of memory, when the library refuses, or when the material has not
 * the length of the algorithm.  `rng` is read once, for the generator of IVs.
 */
struct esp_cipher *esp_cipher_sealer(const struct esp_cipher_spec *spec,
				     const struct rng *rng);
struct esp_cipher *esp_cipher_opener(const struct esp_cipher_spec *spec);
void esp_cipher_free(struct esp_cipher *c);

const char *esp_cipher_engine(const struct esp_cipher *c); /* its name */

/*
 * An IV that no other packet under this key has, `iv_len` octets: the sequence
 * number for AEAD, which the caller never gives twice; for CBC one that nobody can
 * foretell (RFC 3602 3).  -EIO if the library fails.
 */
int esp_cipher_make_iv(struct esp_cipher *c, uint64_t sequence, uint8_t *iv);

/*
 * Encrypt the body and write the ICV.  `packet` has all but the ICV, for which `len`
 * has room; `sequence` is the whole number of which the head has the low half.
 * -EIO if the library fails; the body is wiped then.
 */
int esp_cipher_seal(struct esp_cipher *c, uint64_t sequence, uint8_t *packet,
		    size_t len);

/*
 * Judge the ICV, in constant time, and decrypt the body.  False: nothing of it is
 * readable, the body is wiped.
 */
bool esp_cipher_open(struct esp_cipher *c, uint64_t sequence, uint8_t *packet,
		     size_t len);

#endif
