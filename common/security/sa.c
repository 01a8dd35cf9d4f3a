/* SPDX-License-Identifier: ISC */
/*
 * The store of mobility security associations.  Those of a peer are chained in the
 * order they were added, and the first is in the table of its kind.
 */
#include "common/security/sa.h"
#include "common/base/addr_table.h"
#include "common/base/list.h"

#include <errno.h>
#include <stdlib.h>

struct sa_entry {
	struct addr_link link; /* of the first of a peer: in sa_store.by_peer */
	struct mip_sa sa;
	struct sa_entry *next;  /* of the same peer */
	struct sa_entry *added; /* after this one */
	uint32_t mac[];         /* room for sa.mac */
};

struct sa_store {
	struct addr_table by_peer[SA_KIND_COUNT];
	struct sa_entry *first, *last; /* that were added */
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
	return calloc(1, sizeof(struct sa_store));
}

static void entry_free(struct sa_entry *e)
{
	crypto_mac_fini(e->sa.mac);
	free(e);
}

void sa_store_free(struct sa_store *s)
{
	struct sa_entry *e = s ? s->first : NULL, *added;

	if (!s)
		return;
	for (; e; e = added) {
		added = e->added;
		entry_free(e);
	}
	for (unsigned k = 0; k < SA_KIND_COUNT; k++)
		addr_table_fini(&s->by_peer[k]);
	free(s);
}

static struct sa_entry *first_of(const struct sa_store *s, enum sa_kind kind,
				 struct in_addr peer)
{
	struct addr_link *l = addr_table_find(&s->by_peer[kind], peer);

	return l ? container_of(l, struct sa_entry, link) : NULL;
}

static struct sa_entry *entry_new(const struct sa_spec *spec)
{
	struct sa_entry *e =
		calloc(1, sizeof(*e) + crypto_mac_size(spec->algorithm, spec->key));

	if (!e)
		return NULL;
	e->link.addr = spec->peer;
	e->sa = (struct mip_sa){
		.kind = spec->kind,
		.peer = spec->peer,
		.spi = spec->spi,
		.algorithm = spec->algorithm,
		.mac = crypto_mac_init(e->mac, spec->algorithm, spec->key),
		.tolerance = spec->tolerance,
		.accept_only = spec->accept_only,
		.spi_not_covered = spec->spi_not_covered,
	};
	return e;
}

/* Behind those of the same peer, or as its first.  0 or -ENOMEM. */
static int enter(struct sa_store *s, struct sa_entry *e)
{
	struct sa_entry *before = first_of(s, e->sa.kind, e->sa.peer);

	if (!before)
		return addr_table_add(&s->by_peer[e->sa.kind], &e->link);
	while (before->next)
		before = before->next;
	before->next = e;
	return 0;
}

int sa_add(struct sa_store *s, const struct sa_spec *spec)
{
	struct sa_entry *e;

	if (spec->spi <= SPI_RESERVED_MAX || spec->key->len == 0)
		return -EINVAL;
	if (sa_find(s, spec->kind, spec->peer, spec->spi))
		return -EEXIST;
	e = entry_new(spec);
	if (!e)
		return -ENOMEM;
	if (enter(s, e) < 0) {
		entry_free(e);
		return -ENOMEM;
	}
	if (s->last)
		s->last->added = e;
	else
		s->first = e;
	s->last = e;
	return 0;
}

struct mip_sa *sa_find(struct sa_store *s, enum sa_kind kind, struct in_addr peer,
		       uint32_t spi)
{
	for (struct sa_entry *e = first_of(s, kind, peer); e; e = e->next)
		if (e->sa.spi == spi)
			return &e->sa;
	return NULL;
}

struct mip_sa *sa_for_sending(struct sa_store *s, enum sa_kind kind,
			      struct in_addr peer)
{
	for (struct sa_entry *e = first_of(s, kind, peer); e; e = e->next)
		if (!e->sa.accept_only)
			return &e->sa;
	return NULL;
}

bool sa_shared(struct sa_store *s, enum sa_kind kind, struct in_addr peer)
{
	return first_of(s, kind, peer) != NULL;
}

void sa_expect(const struct sa_store *s, enum sa_kind kind, struct in_addr peer)
{
	addr_table_expect(&s->by_peer[kind], peer);
}

void sa_fetch(const struct sa_store *s, enum sa_kind kind, struct in_addr peer)
{
	struct addr_link *l = addr_table_fetch(&s->by_peer[kind], peer);

	if (l)
		__builtin_prefetch(container_of(l, struct sa_entry, link)->mac);
}

void sa_each(struct sa_store *s, void (*visit)(void *arg, const struct mip_sa *sa),
	     void *arg)
{
	for (struct sa_entry *e = s->first; e; e = e->added)
		visit(arg, &e->sa);
}
