/* SPDX-License-Identifier: ISC */
/*
 * The external pre-shared key of TLS 1.3 that two agents derive from a mobility
 * security association (RFC 8446 2.2 and 4.2.11; HKDF of RFC 5869 with SHA-256).
 *
 * The association's own key authenticates registrations and is never handed to
 * TLS: what TLS gets is bound to this purpose, to the kind and SPI of the
 * association and to both addresses, and nothing leads back from it.
 */
#ifndef COMMON_KEYING_PSK_H
#define COMMON_KEYING_PSK_H

#include "common/keying/key_fault.h"
#include "common/security/sa.h"

enum {
	PSK_LEN = 32,
	PSK_ASSOCIATION_KEY_MIN = 16,
	PSK_IDENTITY_ROOM = 96,
};

/* The association that two ends share. */
struct psk_source {
	enum sa_kind kind;
	uint32_t spi;
	const struct secret *key;
	struct in_addr ends[2]; /* in any order: both ends derive the same */
};

struct psk {
	char identity[PSK_IDENTITY_ROOM]; /* sent in clear: kind, SPI, addresses */
	uint8_t key[PSK_LEN];
};

/* KEY_FAULT_SHORT_KEY or KEY_FAULT_MEMORY, and `out` is wiped. */
enum key_fault psk_derive(const struct psk_source *from, struct psk *out);

/* HKDF-SHA-256 without a salt, one block (RFC 5869).  0 or -errno. */
int psk_hkdf(const struct secret *ikm, const void *info, size_t info_len,
	     uint8_t out[PSK_LEN]);

#endif
