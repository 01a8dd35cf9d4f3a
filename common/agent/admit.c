/* SPDX-License-Identifier: ISC */
/*
 * Token buckets by source, the one heard longest ago first in the list, and those
 * of all sources.
 */
#include "common/agent/admit.h"
#include "common/agent/config.h"
#include "common/base/bucket.h"
#include "common/base/hashmap.h"
#include "common/base/list.h"
#include "common/base/pool.h"

#include <stdlib.h>
#include <string.h>

struct source {
	struct admit_source key;
	struct bucket bucket;
	struct list heard; /* in admit.heard */
	UT_hash_handle hh;
};

struct admit {
	struct admit_limits limits;
	struct pool pool;
	struct list heard;
	struct source *by_key;
	struct bucket peers, somebody; /* of all sources */
};

struct admit_source admit_address(struct in_addr addr)
{
	struct admit_source s = { { 0 } };

	memcpy(s.bytes, &addr, sizeof(addr));
	return s;
}

struct admit_source admit_station(int ifindex, struct mac mac)
{
	const uint32_t link = (uint32_t)ifindex;
	struct admit_source s;

	memcpy(s.bytes, &link, sizeof(link));
	memcpy(s.bytes + sizeof(link), mac.octet, MAC_LEN);
	return s;
}

struct admit_limits admit_limits_of(const struct common_config *c)
{
	return (struct admit_limits){ .rate = c->source_rate,
				      .burst = c->source_burst,
				      .total = c->total_rate };
}

static uint32_t larger(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

static void limit(struct admit *a, const struct admit_limits *l, instant_t now)
{
	const uint32_t all = larger(l->rate, l->total);
	const uint32_t at_once = larger(l->burst, l->total / ADMIT_BURST_SHARE);

	a->limits = *l;
	bucket_init(&a->peers, all, at_once, now);
	bucket_init(&a->somebody, all, at_once, now);
}

struct admit *admit_new(size_t sources, const struct admit_limits *l, instant_t now)
{
	struct admit *a = calloc(1, sizeof(*a));

	if (!a)
		return NULL;
	limit(a, l, now);
	pool_init(&a->pool, sizeof(struct source), sources);
	list_init(&a->heard);
	return a;
}

static void forget(struct admit *a, struct source *s)
{
	HASH_DEL(a->by_key, s);
	list_remove(&s->heard);
	pool_give(&a->pool, s);
}

static void forget_all(struct admit *a)
{
	list_each(it, nx, &a->heard)
		forget(a, container_of(it, struct source, heard));
}

void admit_free(struct admit *a)
{
	if (!a)
		return;
	forget_all(a);
	pool_fini(&a->pool);
	free(a);
}

void admit_configure(struct admit *a, const struct admit_limits *l, instant_t now)
{
	limit(a, l, now);
	forget_all(a);
}

/* An entry to use; the table's oldest when there is no room for another. */
static struct source *source_take(struct admit *a)
{
	struct source *s = pool_take(&a->pool);

	if (s || list_empty(&a->heard))
		return s;
	forget(a, container_of(a->heard.next, struct source, heard));
	return pool_take(&a->pool);
}

static struct source *source_add(struct admit *a, const struct admit_source *key,
				 instant_t now)
{
	struct source *s = source_take(a);

	if (!s)
		return NULL;
	s->key = *key;
	list_init(&s->heard);
	bucket_init(&s->bucket, a->limits.rate, a->limits.burst, now);
	HASH_ADD(hh, a->by_key, key, sizeof(s->key), s);
	if (!hashmap_added(s, hh)) {
		pool_give(&a->pool, s);
		return NULL;
	}
	return s;
}

static bool source_pays(struct admit *a, const struct admit_source *key, instant_t now)
{
	struct source *s;

	HASH_FIND(hh, a->by_key, key, sizeof(*key), s);
	if (!s)
		s = source_add(a, key, now);
	if (!s)
		return false;
	list_remove(&s->heard);
	list_add_tail(&a->heard, &s->heard);
	return bucket_take(&s->bucket, now);
}

static bool all_pay(const struct admit *a, struct bucket *b, instant_t now)
{
	return a->limits.total == 0 || bucket_take(b, now);
}

bool admit_message(struct admit *a, const struct admit_source *src,
		   enum admit_claim claim, instant_t now)
{
	bool paid;

	if (a->limits.rate == 0)
		return true;
	paid = source_pays(a, src, now);
	switch (claim) {
	case ADMIT_PEER:
		return paid || all_pay(a, &a->peers, now);
	case ADMIT_SOMEBODY:
		return paid && all_pay(a, &a->somebody, now);
	case ADMIT_NOTHING:
		break;
	}
	return paid;
}

size_t admit_count(const struct admit *a)
{
	return a->pool.used;
}
