/* SPDX-License-Identifier: ISC */
/*
 * HKDF (RFC 5869 2) for one block of SHA-256, and what goes into it here.
 *
 *     PRK = HMAC-SHA-256(zeros, key of the association)
 *     PSK = HMAC-SHA-256(PRK, "sojourn esp psk" | extension 1 | SPI 4 |
 *                             lower address 4 | higher address 4 | 0x01)
 */
#include "common/keying/psk.h"

#include "common/base/bytes.h"
#include "common/security/crypto.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>

enum { INFO_ROOM = 64, HASH_LEN = 32 };

static const char purpose[] = "sojourn esp psk";

static int hmac(const struct secret *key, const void *data, size_t len,
		uint8_t out[HASH_LEN])
{
	struct crypto_mac *m = crypto_mac_new(AUTH_HMAC_SHA256, key);

	if (!m)
		return -ENOMEM;
	crypto_mac(m, data, len, out);
	crypto_mac_free(m);
	return 0;
}

static int extract(const struct secret *ikm, struct secret *prk)
{
	static const uint8_t zeros[HASH_LEN];
	struct secret salt;
	uint8_t hash[HASH_LEN];
	int error = secret_init(&salt, zeros, sizeof(zeros));

	if (error == 0)
		error = hmac(&salt, ikm->bytes, ikm->len, hash);
	if (error == 0)
		error = secret_init(prk, hash, sizeof(hash));
	secret_wipe(hash, sizeof(hash));
	secret_fini(&salt);
	return error;
}

int psk_hkdf(const struct secret *ikm, const void *info, size_t info_len,
	     uint8_t out[PSK_LEN])
{
	uint8_t block[INFO_ROOM + 1];
	struct writer w = writer_over(block, sizeof(block));
	struct secret prk = { 0 };
	int error;

	write_bytes(&w, info, info_len);
	write_u8(&w, 1); /* number of the block */
	if (w.bad)
		return -EINVAL;
	error = extract(ikm, &prk);
	if (error == 0)
		error = hmac(&prk, block, writer_len(&w), out);
	secret_fini(&prk);
	return error;
}

/* Indexes of the lower and the higher address. */
static int lower(const struct psk_source *from)
{
	return ntohl(from->ends[0].s_addr) <= ntohl(from->ends[1].s_addr) ? 0 : 1;
}

static void name_it(const struct psk_source *from, char *text, size_t room)
{
	char low[INET_ADDRSTRLEN], high[INET_ADDRSTRLEN];

	inet_ntop(AF_INET, &from->ends[lower(from)], low, sizeof(low));
	inet_ntop(AF_INET, &from->ends[!lower(from)], high, sizeof(high));
	snprintf(text, room, "sojourn-esp %s %u %s %s", sa_kind_name(from->kind),
		 (unsigned)from->spi, low, high);
}

static int derive_key(const struct psk_source *from, uint8_t out[PSK_LEN])
{
	uint8_t info[INFO_ROOM];
	struct writer w = writer_over(info, sizeof(info));

	write_bytes(&w, purpose, sizeof(purpose) - 1);
	write_u8(&w, (uint8_t)(32 + from->kind)); /* the extension: RFC 5944 3.5 */
	write_u32(&w, from->spi);
	write_addr(&w, from->ends[lower(from)]);
	write_addr(&w, from->ends[!lower(from)]);
	return psk_hkdf(from->key, info, writer_len(&w), out);
}

enum key_fault psk_derive(const struct psk_source *from, struct psk *out)
{
	memset(out, 0, sizeof(*out));
	if (from->key->len < PSK_ASSOCIATION_KEY_MIN)
		return KEY_FAULT_SHORT_KEY;
	name_it(from, out->identity, sizeof(out->identity));
	if (derive_key(from, out->key) < 0) {
		secret_wipe(out, sizeof(*out));
		return KEY_FAULT_MEMORY;
	}
	return KEY_OK;
}
