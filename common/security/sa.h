/* SPDX-License-Identifier: ISC */
/*
 * Mobility security associations (RFC 5944 1.6, 5.1): per peer and SPI, the
 * algorithm, the key and the style of replay protection.
 *
 * Several associations may live per peer, so that keys can be rolled: the
 * receiver picks by the SPI in the message, the sender uses the one that was
 * added first and is not marked accept-only.
 *
 * A mobile node is known by its home address, an agent by its own address.
 */
#ifndef COMMON_SECURITY_SA_H
#define COMMON_SECURITY_SA_H

#include "common/base/clock.h"
#include "common/security/crypto.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

enum { SPI_RESERVED_MAX = 255 };

enum sa_kind {
	SA_MN_HA, /* extension 32 */
	SA_MN_FA, /* extension 33 */
	SA_FA_HA, /* extension 34 */
	SA_KIND_COUNT
};

const char *sa_kind_name(enum sa_kind k);

struct sa_spec {
	enum sa_kind kind;
	struct in_addr peer;
	uint32_t spi;
	enum auth_algorithm algorithm;
	const struct secret *key; /* copied */
	duration_t tolerance;     /* of timestamps; MN-HA only (RFC 5944 5.7.1) */
	bool accept_only;         /* verify with it, do not send with it */
	bool spi_not_covered;     /* keyed MD5 as RFC 2002: the SPI is left out */
};

struct mip_sa {
	enum sa_kind kind : 8;
	enum auth_algorithm algorithm : 8;
	bool accept_only;
	bool spi_not_covered;
	struct in_addr peer;
	uint32_t spi;
	struct crypto_mac *mac;
	duration_t tolerance;
	uint64_t used;     /* messages sent or verified under it */
	uint64_t failures; /* authenticators that did not match */
};

struct sa_store;

struct sa_store *sa_store_new(void);
void sa_store_free(struct sa_store *s);

/*
 * Add an association.  Returns 0; -EINVAL for a reserved SPI or an empty key;
 * -EEXIST for one that is there; -ENOMEM.
 */
int sa_add(struct sa_store *s, const struct sa_spec *spec);

/* The one that a received extension names, or NULL. */
struct mip_sa *sa_find(struct sa_store *s, enum sa_kind kind, struct in_addr peer,
		       uint32_t spi);

/* The one to send with, or NULL when none is shared with the peer. */
struct mip_sa *sa_for_sending(struct sa_store *s, enum sa_kind kind,
			      struct in_addr peer);

/* Whether any is shared with the peer. */
bool sa_shared(struct sa_store *s, enum sa_kind kind, struct in_addr peer);

/* A message of `peer` is to come: fetch what it takes, in two steps (addr_table.h). */
void sa_expect(const struct sa_store *s, enum sa_kind kind, struct in_addr peer);
void sa_fetch(const struct sa_store *s, enum sa_kind kind, struct in_addr peer);

/* In order of addition. */
void sa_each(struct sa_store *s, void (*visit)(void *arg, const struct mip_sa *sa),
	     void *arg);

#endif
