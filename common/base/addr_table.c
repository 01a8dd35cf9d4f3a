/* SPDX-License-Identifier: ISC */
/*
 * Linear hashing.  With `half` a power of two, buckets from 0 on that lie below
 * `buckets` - `half` have been split: what they held and whose next bit of the hash
 * is set has gone to the bucket `half` further on.
 */
#include "common/base/addr_table.h"

#include "common/base/hashmap.h"

#include <errno.h>
#include <stdlib.h>

enum { FIRST_ROOM = 16 };

static size_t bucket_of(const struct addr_table *t, struct in_addr addr)
{
	const size_t hash = hashmap_hash(&addr, sizeof(addr));
	const size_t at = hash & (2 * t->half - 1);

	return at < t->buckets ? at : at - t->half;
}

/* Room for a bucket more; the system moves what is large by its page tables. */
static int make_room(struct addr_table *t)
{
	const size_t room = t->room ? 2 * t->room : FIRST_ROOM;
	struct addr_link **bucket;

	if (t->buckets < t->room)
		return 0;
	bucket = reallocarray(t->bucket, room, sizeof(*bucket));
	if (!bucket)
		return -ENOMEM;
	t->bucket = bucket;
	t->room = room;
	return 0;
}

static void push(struct addr_table *t, struct addr_link *l)
{
	struct addr_link **bucket = &t->bucket[bucket_of(t, l->addr)];

	l->next = *bucket;
	*bucket = l;
}

/* Split the next bucket in turn. */
static void split(struct addr_table *t)
{
	struct addr_link *l, *next;
	size_t from;

	if (t->buckets == 2 * t->half)
		t->half *= 2;
	from = t->buckets - t->half;
	l = t->bucket[from];
	t->bucket[from] = t->bucket[t->buckets++] = NULL;
	for (; l; l = next) {
		next = l->next;
		push(t, l);
	}
}

static void add_bucket(struct addr_table *t)
{
	if (t->buckets > 0) {
		split(t);
		return;
	}
	t->bucket[0] = NULL;
	t->buckets = t->half = 1;
}

void addr_table_fini(struct addr_table *t)
{
	free(t->bucket);
	*t = (struct addr_table){ 0 };
}

struct addr_link *addr_table_find(const struct addr_table *t, struct in_addr addr)
{
	struct addr_link *l;

	if (t->count == 0)
		return NULL;
	l = t->bucket[bucket_of(t, addr)];
	while (l && l->addr.s_addr != addr.s_addr)
		l = l->next;
	return l;
}

void addr_table_expect(const struct addr_table *t, struct in_addr addr)
{
	if (t->count > 0)
		__builtin_prefetch(&t->bucket[bucket_of(t, addr)]);
}

struct addr_link *addr_table_fetch(const struct addr_table *t, struct in_addr addr)
{
	struct addr_link *l = t->count > 0 ? t->bucket[bucket_of(t, addr)] : NULL;

	__builtin_prefetch(l);
	return l;
}

int addr_table_add(struct addr_table *t, struct addr_link *l)
{
	if (t->count >= t->buckets) {
		if (make_room(t) < 0)
			return -ENOMEM;
		add_bucket(t);
	}
	push(t, l);
	t->count++;
	return 0;
}

void addr_table_remove(struct addr_table *t, struct addr_link *l)
{
	struct addr_link **at = &t->bucket[bucket_of(t, l->addr)];

	while (*at != l)
		at = &(*at)->next;
	*at = l->next;
	t->count--;
}

static struct addr_link *first_from(const struct addr_table *t, size_t bucket)
{
	while (bucket < t->buckets && !t->bucket[bucket])
		bucket++;
	return bucket < t->buckets ? t->bucket[bucket] : NULL;
}

struct addr_link *addr_table_first(const struct addr_table *t)
{
	return first_from(t, 0);
}

struct addr_link *addr_table_next(const struct addr_table *t, const struct addr_link *l)
{
	return l->next ? l->next : first_from(t, bucket_of(t, l->addr) + 1);
}
