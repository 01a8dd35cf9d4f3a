/* SPDX-License-Identifier: ISC */
/*
 * Message authentication behind a few calls; beside crypto.c only esp_cipher.c
 * includes OpenSSL here.  A key is prepared once and used for every message: that
 * takes half the work off each, and 36 octets of HMAC-MD5.
 */
#ifndef COMMON_SECURITY_CRYPTO_H
#define COMMON_SECURITY_CRYPTO_H

#include "common/base/secret.h"

#include <stddef.h>
#include <stdint.h>

/*
 * RFC 5944 5.1 makes HMAC-MD5 the default; keyed MD5 in prefix+suffix mode is
 * for old peers only (RFC 2002 3.5.1).
 */
enum auth_algorithm {
	AUTH_HMAC_MD5,
	AUTH_HMAC_SHA1,
	AUTH_HMAC_SHA256,
	AUTH_KEYED_MD5, /* MD5(key, data, key) */
	AUTH_ALGORITHM_COUNT
};

enum { AUTH_LEN_MAX = 32 };

const char *auth_algorithm_name(enum auth_algorithm a); /* as in the configuration */
size_t auth_algorithm_len(enum auth_algorithm a);       /* octets of authenticator */

/* A key that is prepared; as good as the key itself to whoever reads it. */
struct crypto_mac;

/* In room of the caller's, so many octets, as aligned as uint32_t; `fini` wipes it. */
size_t crypto_mac_size(enum auth_algorithm a, const struct secret *key);
struct crypto_mac *crypto_mac_init(void *room, enum auth_algorithm a,
				   const struct secret *key);
void crypto_mac_fini(struct crypto_mac *m);

/* The same in memory of its own; NULL when there is none. */
struct crypto_mac *crypto_mac_new(enum auth_algorithm a, const struct secret *key);
void crypto_mac_free(struct crypto_mac *m);

/* Authenticate `data` into `out` (auth_algorithm_len octets). */
void crypto_mac(const struct crypto_mac *m, const void *data, size_t len,
		uint8_t out[AUTH_LEN_MAX]);

/* SHA-256 over a stream, for comparing what was sent with what arrived. */
enum { DIGEST_LEN = 32 };

struct crypto_digest;

struct crypto_digest *crypto_digest_new(void); /* NULL when out of memory */
void crypto_digest_free(struct crypto_digest *d);
void crypto_digest_add(struct crypto_digest *d, const void *data, size_t len);

/* The digest of all that was added; nothing may be added after it. */
void crypto_digest_end(struct crypto_digest *d, uint8_t out[DIGEST_LEN]);

#endif
