/* SPDX-License-Identifier: ISC */
/*
 * The store of mobility security associations.  A peer is one entry of the hash
 * table and chains its associations, of which it has a few, in the order they
 * were added.
 */
#include "common/security/sa.h"
#include "common/base/hashmap.h"
#include "common/base/list.h"

#include <errno.h>
#include <stdlib.h>

/* Hashed as bytes: no padding. */
struct peer_key {
	uint32_t kind;
	struct in_addr addr;
};

struct sa_entry {
	struct mip_sa sa;
	struct sa_entry *next; /* of the same peer */
	struct list all;       /* in sa_store.all */
};

struct sa_peer {
	struct peer_key key;
	struct sa_entry *first;
	UT_hash_handle hh;
};

struct sa_store {
	struct sa_peer *peers;
	struct list all;
};

const char *sa_kind_name(enum sa_kind k)
{
	static const char *const names[SA_KIND_COUNT] = {
		[SA_MN_HA] = "mn-ha",
		[SA_MN_FA] = "mn-fa",
		[SA_FA_HA] = "fa-ha",
	};

	return names[k];
}

struct sa_store *sa_store_new(void)
{
	struct sa_store *s = calloc(1, sizeof(*s));

	if (s)
		list_init(&s->all);
	return s;
}

static void entry_free(struct sa_entry *e)
{
	crypto_mac_free(e->sa.mac);
	free(e);
}

void sa_store_free(struct sa_store *s)
{
	struct sa_peer *p, *next;

	if (!s)
		return;
	list_each(it, nx, &s->all)
		entry_free(container_of(it, struct sa_entry, all));
	HASH_ITER(hh, s->peers, p, next) {
		HASH_DEL(s->peers, p);
		free(p);
	}
	free(s);
}

static struct sa_peer *peer_find(struct sa_store *s, enum sa_kind kind,
				 struct in_addr addr)
{
	const struct peer_key key = { kind, addr };
	struct sa_peer *p;

	HASH_FIND(hh, s->peers, &key, sizeof(key), p);
	return p;
}

static struct sa_peer *peer_add(struct sa_store *s, enum sa_kind kind,
				struct in_addr addr)
{
	struct sa_peer *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->key = (struct peer_key){ kind, addr };
	HASH_ADD(hh, s->peers, key, sizeof(p->key), p);
	if (!hashmap_added(p, hh)) {
		free(p);
		return NULL;
	}
	return p;
}

static struct sa_entry *entry_new(const struct sa_spec *spec)
{
	struct sa_entry *e = calloc(1, sizeof(*e));

	if (!e)
		return NULL;
	e->sa = (struct mip_sa){
		.kind = spec->kind,
		.peer = spec->peer,
		.spi = spec->spi,
		.algorithm = spec->algorithm,
		.mac = crypto_mac_new(spec->algorithm, spec->key),
		.tolerance = spec->tolerance,
		.accept_only = spec->accept_only,
		.spi_not_covered = spec->spi_not_covered,
	};
	if (!e->sa.mac) {
		entry_free(e);
		return NULL;
	}
	return e;
}

static void peer_append(struct sa_peer *p, struct sa_entry *e)
{
	struct sa_entry **last = &p->first;

	while (*last)
		last = &(*last)->next;
	*last = e;
}

int sa_add(struct sa_store *s, const struct sa_spec *spec)
{
	struct sa_entry *e;
	struct sa_peer *p;

	if (spec->spi <= SPI_RESERVED_MAX || spec->key->len == 0)
		return -EINVAL;
	if (sa_find(s, spec->kind, spec->peer, spec->spi))
		return -EEXIST;
	e = entry_new(spec);
	if (!e)
		return -ENOMEM;
	p = peer_find(s, spec->kind, spec->peer);
	if (!p)
		p = peer_add(s, spec->kind, spec->peer);
	if (!p) {
		entry_free(e);
		return -ENOMEM;
	}
	peer_append(p, e);
	list_add_tail(&s->all, &e->all);
	return 0;
}

struct mip_sa *sa_find(struct sa_store *s, enum sa_kind kind, struct in_addr peer,
		       uint32_t spi)
{
	struct sa_peer *p = peer_find(s, kind, peer);

	for (struct sa_entry *e = p ? p->first : NULL; e; e = e->next)
		if (e->sa.spi == spi)
			return &e->sa;
	return NULL;
}

struct mip_sa *sa_for_sending(struct sa_store *s, enum sa_kind kind,
			      struct in_addr peer)
{
	struct sa_peer *p = peer_find(s, kind, peer);

	for (struct sa_entry *e = p ? p->first : NULL; e; e = e->next)
		if (!e->sa.accept_only)
			return &e->sa;
	return NULL;
}

bool sa_shared(struct sa_store *s, enum sa_kind kind, struct in_addr peer)
{
	return peer_find(s, kind, peer) != NULL;
}

void sa_each(struct sa_store *s, void (*visit)(void *arg, const struct mip_sa *sa),
	     void *arg)
{
	list_each(it, nx, &s->all)
		visit(arg, &container_of(it, struct sa_entry, all)->sa);
}
