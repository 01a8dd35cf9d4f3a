/* SPDX-License-Identifier: ISC */
/*
 * HMAC (RFC 2104) and keyed MD5 in prefix+suffix mode (RFC 2002 3.5.1) by
 * OpenSSL 3.  The fetched algorithm and the keyed context are kept, so that a
 * message costs neither a look-up nor a key schedule.
 */
#include "common/security/crypto.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct algorithm_row {
	const char *name;
	const char *digest; /* OpenSSL's name */
	size_t len;
};

static const struct algorithm_row algorithms[AUTH_ALGORITHM_COUNT] = {
	[AUTH_HMAC_MD5] = { "hmac-md5", "MD5", 16 },
	[AUTH_HMAC_SHA1] = { "hmac-sha1", "SHA1", 20 },
	[AUTH_HMAC_SHA256] = { "hmac-sha256", "SHA256", 32 },
	[AUTH_KEYED_MD5] = { "keyed-md5", "MD5", 16 },
};

/* Either `hmac`, or `digest` with a digest and a key of its own. */
struct crypto_mac {
	enum auth_algorithm algorithm;
	EVP_MAC_CTX *hmac;
	EVP_MD *md;
	EVP_MD_CTX *digest;
	struct secret key;
};

const char *auth_algorithm_name(enum auth_algorithm a)
{
	return algorithms[a].name;
}

size_t auth_algorithm_len(enum auth_algorithm a)
{
	return algorithms[a].len;
}

static int hmac_open(struct crypto_mac *m, const struct secret *key)
{
	/* The library does not write through it; its type has no const. */
	char *digest = (char *)algorithms[m->algorithm].digest;
	const OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
		OSSL_PARAM_construct_end(),
	};
	EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);

	m->hmac = mac ? EVP_MAC_CTX_new(mac) : NULL;
	EVP_MAC_free(mac); /* the context holds it from here on */
	if (!m->hmac || !EVP_MAC_init(m->hmac, key->bytes, key->len, params))
		return -EIO;
	return 0;
}

static int hmac_run(struct crypto_mac *m, const void *data, size_t len, uint8_t *out)
{
	size_t room = AUTH_LEN_MAX;

	/* Without a key: start again with the one that the context has. */
	if (!EVP_MAC_init(m->hmac, NULL, 0, NULL) ||
	    !EVP_MAC_update(m->hmac, data, len) ||
	    !EVP_MAC_final(m->hmac, out, &room, room))
		return -EIO;
	return 0;
}

static int keyed_md5_open(struct crypto_mac *m, const struct secret *key)
{
	m->md = EVP_MD_fetch(NULL, algorithms[m->algorithm].digest, NULL);
	m->digest = EVP_MD_CTX_new();
	if (!m->md || !m->digest)
		return -EIO;
	return secret_copy(&m->key, key);
}

static int keyed_md5_run(struct crypto_mac *m, const void *data, size_t len,
			 uint8_t *out)
{
	if (!EVP_DigestInit_ex2(m->digest, m->md, NULL) ||
	    !EVP_DigestUpdate(m->digest, m->key.bytes, m->key.len) ||
	    !EVP_DigestUpdate(m->digest, data, len) ||
	    !EVP_DigestUpdate(m->digest, m->key.bytes, m->key.len) ||
	    !EVP_DigestFinal_ex(m->digest, out, NULL))
		return -EIO;
	return 0;
}

struct crypto_mac *crypto_mac_new(enum auth_algorithm a, const struct secret *key)
{
	struct crypto_mac *m = calloc(1, sizeof(*m));
	int error;

	if (!m)
		return NULL;
	m->algorithm = a;
	error = a == AUTH_KEYED_MD5 ? keyed_md5_open(m, key) : hmac_open(m, key);
	if (error < 0) {
		crypto_mac_free(m);
		return NULL;
	}
	return m;
}

void crypto_mac_free(struct crypto_mac *m)
{
	if (!m)
		return;
	EVP_MAC_CTX_free(m->hmac);
	EVP_MD_CTX_free(m->digest);
	EVP_MD_free(m->md);
	secret_fini(&m->key);
	free(m);
}

int crypto_mac(struct crypto_mac *m, const void *data, size_t len,
	       uint8_t out[AUTH_LEN_MAX])
{
	if (m->algorithm == AUTH_KEYED_MD5)
		return keyed_md5_run(m, data, len, out);
	return hmac_run(m, data, len, out);
}

/* A failure of the library shows as a digest that matches no other. */
struct crypto_digest {
	EVP_MD_CTX *ctx;
	bool bad;
};

struct crypto_digest *crypto_digest_new(void)
{
	struct crypto_digest *d = calloc(1, sizeof(*d));

	if (!d)
		return NULL;
	d->ctx = EVP_MD_CTX_new();
	if (!d->ctx || !EVP_DigestInit_ex2(d->ctx, EVP_sha256(), NULL)) {
		crypto_digest_free(d);
		return NULL;
	}
	return d;
}

void crypto_digest_free(struct crypto_digest *d)
{
	if (d)
		EVP_MD_CTX_free(d->ctx);
	free(d);
}

void crypto_digest_add(struct crypto_digest *d, const void *data, size_t len)
{
	d->bad |= !EVP_DigestUpdate(d->ctx, data, len);
}

void crypto_digest_end(struct crypto_digest *d, uint8_t out[DIGEST_LEN])
{
	d->bad |= !EVP_DigestFinal_ex(d->ctx, out, NULL);
	if (d->bad)
		memcpy(out, &d, sizeof(d));
}
