/* SPDX-License-Identifier: ISC */
/*
 * HMAC (RFC 2104) and keyed MD5 in prefix+suffix mode (RFC 2002 3.5.1) over the
 * digests of OpenSSL.
 *
 * A keyed HMAC is two states of its digest, each after one block that only the key
 * makes (RFC 2104 4); a message goes on from there.  A context of OpenSSL's own EVP
 * interface keeps the same in over a thousand octets, and a home agent has a key for
 * each of a million nodes.  Hence the digests' own interface, whose state is open;
 * OpenSSL 3 calls it deprecated, and keeps it.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "common/security/crypto.h"

#include <openssl/evp.h>
#include <openssl/md5.h>
#include <openssl/sha.h>

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
	BLOCK = 64, /* octets, of all these digests */
	BLOCK_BITS = 8 * BLOCK,
	INNER = 0x36,
	OUTER = 0x5c,
};

union digest {
	MD5_CTX md5;
	SHA_CTX sha1;
	SHA256_CTX sha256;
};

/*
 * One digest: begin, or go on behind a first block; add; end.  A chain is what it
 * hands from block to block.
 */
struct digest_ops {
	size_t len;
	unsigned words;
	void (*begin)(union digest *d);
	void (*resume)(union digest *d, const uint32_t *chain);
	void (*save)(const union digest *d, uint32_t *chain);
	void (*add)(union digest *d, const void *data, size_t len);
	void (*end)(union digest *d, uint8_t *out);
};

/*
 * Of HMAC the inner and the outer chain, as many words as the digest has; of keyed
 * MD5 the key, `len` octets.
 */
struct crypto_mac {
	uint16_t len;
	uint8_t algorithm;
	uint32_t words[];
};

/* ---- digests ---- */

static void md5_begin(union digest *d)
{
	MD5_Init(&d->md5);
}

static void md5_resume(union digest *d, const uint32_t *chain)
{
	d->md5 = (MD5_CTX){ .A = chain[0],
			    .B = chain[1],
			    .C = chain[2],
			    .D = chain[3],
			    .Nl = BLOCK_BITS };
}

static void md5_save(const union digest *d, uint32_t *chain)
{
	chain[0] = d->md5.A;
	chain[1] = d->md5.B;
	chain[2] = d->md5.C;
	chain[3] = d->md5.D;
}

static void md5_add(union digest *d, const void *data, size_t len)
{
	MD5_Update(&d->md5, data, len);
}

static void md5_end(union digest *d, uint8_t *out)
{
	MD5_Final(out, &d->md5);
}

static void sha1_begin(union digest *d)
{
	SHA1_Init(&d->sha1);
}

static void sha1_resume(union digest *d, const uint32_t *chain)
{
	d->sha1 = (SHA_CTX){ .h0 = chain[0],
			     .h1 = chain[1],
			     .h2 = chain[2],
			     .h3 = chain[3],
			     .h4 = chain[4],
			     .Nl = BLOCK_BITS };
}

static void sha1_save(const union digest *d, uint32_t *chain)
{
	chain[0] = d->sha1.h0;
	chain[1] = d->sha1.h1;
	chain[2] = d->sha1.h2;
	chain[3] = d->sha1.h3;
	chain[4] = d->sha1.h4;
}

static void sha1_add(union digest *d, const void *data, size_t len)
{
	SHA1_Update(&d->sha1, data, len);
}

static void sha1_end(union digest *d, uint8_t *out)
{
	SHA1_Final(out, &d->sha1);
}

static void sha256_begin(union digest *d)
{
	SHA256_Init(&d->sha256);
}

static void sha256_resume(union digest *d, const uint32_t *chain)
{
	d->sha256 = (SHA256_CTX){ .Nl = BLOCK_BITS, .md_len = SHA256_DIGEST_LENGTH };
	memcpy(d->sha256.h, chain, sizeof(d->sha256.h));
}

static void sha256_save(const union digest *d, uint32_t *chain)
{
	memcpy(chain, d->sha256.h, sizeof(d->sha256.h));
}

static void sha256_add(union digest *d, const void *data, size_t len)
{
	SHA256_Update(&d->sha256, data, len);
}

static void sha256_end(union digest *d, uint8_t *out)
{
	SHA256_Final(out, &d->sha256);
}

static const struct digest_ops md5 = { 16,       4,       md5_begin, md5_resume,
				       md5_save, md5_add, md5_end };
static const struct digest_ops sha1 = { 20,        5,        sha1_begin, sha1_resume,
					sha1_save, sha1_add, sha1_end };
static const struct digest_ops sha256 = {
	32, 8, sha256_begin, sha256_resume, sha256_save, sha256_add, sha256_end
};

struct algorithm_row {
	const char *name;
	const struct digest_ops *digest;
};

static const struct algorithm_row algorithms[AUTH_ALGORITHM_COUNT] = {
	[AUTH_HMAC_MD5] = { "hmac-md5", &md5 },
	[AUTH_HMAC_SHA1] = { "hmac-sha1", &sha1 },
	[AUTH_HMAC_SHA256] = { "hmac-sha256", &sha256 },
	[AUTH_KEYED_MD5] = { "keyed-md5", &md5 },
};

const char *auth_algorithm_name(enum auth_algorithm a)
{
	return algorithms[a].name;
}

size_t auth_algorithm_len(enum auth_algorithm a)
{
	return algorithms[a].digest->len;
}

/* ---- keys ---- */

/* The key as a block: what is longer than one is replaced by its digest. */
static void key_block(const struct digest_ops *ops, const struct secret *key,
		      uint8_t block[BLOCK])
{
	union digest d;

	memset(block, 0, BLOCK);
	if (key->len <= BLOCK) {
		memcpy(block, key->bytes, key->len);
		return;
	}
	ops->begin(&d);
	ops->add(&d, key->bytes, key->len);
	ops->end(&d, block);
	secret_wipe(&d, sizeof(d));
}

static void key_chain(const struct digest_ops *ops, const uint8_t block[BLOCK],
		      uint8_t pad, uint32_t *chain)
{
	uint8_t padded[BLOCK];
	union digest d;

	for (size_t i = 0; i < BLOCK; i++)
		padded[i] = block[i] ^ pad;
	ops->begin(&d);
	ops->add(&d, padded, BLOCK);
	ops->save(&d, chain);
	secret_wipe(&d, sizeof(d));
	secret_wipe(padded, sizeof(padded));
}

static bool is_hmac(enum auth_algorithm a)
{
	return a != AUTH_KEYED_MD5;
}

size_t crypto_mac_size(enum auth_algorithm a, const struct secret *key)
{
	const size_t chains = 2 * algorithms[a].digest->words * sizeof(uint32_t);

	return sizeof(struct crypto_mac) + (is_hmac(a) ? chains : key->len);
}

struct crypto_mac *crypto_mac_init(void *room, enum auth_algorithm a,
				   const struct secret *key)
{
	const struct digest_ops *ops = algorithms[a].digest;
	struct crypto_mac *m = room;
	uint8_t block[BLOCK];

	m->algorithm = (uint8_t)a;
	m->len = (uint16_t)key->len;
	if (!is_hmac(a)) {
		if (key->len > 0)
			memcpy(m->words, key->bytes, key->len);
		return m;
	}
	key_block(ops, key, block);
	key_chain(ops, block, INNER, m->words);
	key_chain(ops, block, OUTER, m->words + ops->words);
	secret_wipe(block, sizeof(block));
	return m;
}

void crypto_mac_fini(struct crypto_mac *m)
{
	const size_t chains = 2 * algorithms[m->algorithm].digest->words;

	secret_wipe(m->words,
		    is_hmac(m->algorithm) ? chains * sizeof(m->words[0]) : m->len);
}

struct crypto_mac *crypto_mac_new(enum auth_algorithm a, const struct secret *key)
{
	void *room = malloc(crypto_mac_size(a, key));

	return room ? crypto_mac_init(room, a, key) : NULL;
}

void crypto_mac_free(struct crypto_mac *m)
{
	if (m)
		crypto_mac_fini(m);
	free(m);
}

/* ---- messages ---- */

static void hmac(const struct crypto_mac *m, const struct digest_ops *ops,
		 const void *data, size_t len, uint8_t *out)
{
	union digest d;

	ops->resume(&d, m->words);
	ops->add(&d, data, len);
	ops->end(&d, out);
	ops->resume(&d, m->words + ops->words);
	ops->add(&d, out, ops->len);
	ops->end(&d, out);
}

static void keyed_md5(const struct crypto_mac *m, const void *data, size_t len,
		      uint8_t *out)
{
	union digest d;

	md5.begin(&d);
	md5.add(&d, m->words, m->len);
	md5.add(&d, data, len);
	md5.add(&d, m->words, m->len);
	md5.end(&d, out);
}

void crypto_mac(const struct crypto_mac *m, const void *data, size_t len,
		uint8_t out[AUTH_LEN_MAX])
{
	if (is_hmac(m->algorithm))
		hmac(m, algorithms[m->algorithm].digest, data, len, out);
	else
		keyed_md5(m, data, len, out);
}

/* ---- comparing streams ---- */

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
