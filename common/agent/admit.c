/* SPDX-License-Identifier: ISC */
/*
 * Token buckets by source address, the one heard longest ago first in the list.
 */
#include "common/agent/admit.h"
#include "common/base/bucket.h"
#include "common/base/hashmap.h"
#include "common/base/list.h"
#include "common/base/pool.h"

#include <stdlib.h>

struct source {
	struct in_addr addr;
	struct bucket bucket;
	struct list heard; /* in admit.heard */
	UT_hash_handle hh;
};

struct admit {
	uint32_t rate;
	uint32_t burst;
	struct pool pool;
	struct list heard;
	struct source *by_addr;
};

struct admit *admit_new(size_t sources, uint32_t rate, uint32_t burst)
{
	struct admit *a = calloc(1, sizeof(*a));

	if (!a)
		return NULL;
	a->rate = rate;
	a->burst = burst;
	pool_init(&a->pool, sizeof(struct source), sources);
	list_init(&a->heard);
	return a;
}

static void forget(struct admit *a, struct source *s)
{
	HASH_DEL(a->by_addr, s);
	list_remove(&s->heard);
	pool_give(&a->pool, s);
}

static void forget_all(struct admit *a)
{
	list_each(it, nx, &a->heard) forget(a, container_of(it, struct source, heard));
}

void admit_free(struct admit *a)
{
	if (!a)
		return;
	forget_all(a);
	pool_fini(&a->pool);
	free(a);
}

void admit_configure(struct admit *a, uint32_t rate, uint32_t burst)
{
	a->rate = rate;
	a->burst = burst;
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

static struct source *source_add(struct admit *a, struct in_addr addr, instant_t now)
{
	struct source *s = source_take(a);

	if (!s)
		return NULL;
	s->addr = addr;
	list_init(&s->heard);
	bucket_init(&s->bucket, a->rate, a->burst, now);
	HASH_ADD(hh, a->by_addr, addr, sizeof(s->addr), s);
	if (!hashmap_added(s, hh)) {
		pool_give(&a->pool, s);
		return NULL;
	}
	return s;
}

bool admit_source(struct admit *a, struct in_addr src, instant_t now)
{
	struct source *s;

	if (a->rate == 0)
		return true;
	HASH_FIND(hh, a->by_addr, &src, sizeof(src), s);
	if (!s)
		s = source_add(a, src, now);
	if (!s)
		return false;
	list_remove(&s->heard);
	list_add_tail(&a->heard, &s->heard);
	return bucket_take(&s->bucket, now);
}

size_t admit_count(const struct admit *a)
{
	return a->pool.used;
}
