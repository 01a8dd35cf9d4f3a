/* SPDX-License-Identifier: ISC */
/*
 * Fixed-capacity object pool. Slabs double in size, so a pool that is never filled
 * stays small. Objects of the last slab are handed out one after the other, and its
 * memory is not touched before: to grow costs the same whatever the size. Objects
 * that were given back are chained through their own first word and come first.
 */
#include "common/base/pool.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_SLAB = 16 };

struct slab {
	struct slab *next;
	max_align_t objects[];
};

struct free_object {
	struct free_object *next;
};

static size_t round_up(size_t size)
{
	const size_t unit = sizeof(max_align_t);

	return size == 0 ? unit : (size + unit - 1) / unit * unit;
}

/* Called with no object free, so `used` is also how many there are. */
static void pool_grow(struct pool *p)
{
	size_t count = p->used < FIRST_SLAB ? FIRST_SLAB : p->used;
	struct slab *slab;

	if (count > p->capacity - p->used)
		count = p->capacity - p->used;
	if (count == 0 || count > (SIZE_MAX - sizeof(*slab)) / p->size)
		return;
	slab = malloc(sizeof(*slab) + count * p->size);
	if (!slab)
		return;
	slab->next = p->slabs;
	p->slabs = slab;
	p->fresh = (char *)slab->objects;
	p->fresh_count = count;
}

static void *take_free(struct pool *p)
{
	struct free_object *f = p->free;

	p->free = f->next;
	return f;
}

static void *take_fresh(struct pool *p)
{
	char *object = p->fresh;

	p->fresh += p->size;
	p->fresh_count--;
	return object;
}

void pool_init(struct pool *p, size_t object_size, size_t capacity)
{
	*p = (struct pool){ .size = round_up(object_size), .capacity = capacity };
}

void pool_fini(struct pool *p)
{
	struct slab *slab = p->slabs;

	while (slab) {
		struct slab *next = slab->next;

		free(slab);
		slab = next;
	}
	*p = (struct pool){ .size = p->size };
}

void *pool_take(struct pool *p)
{
	void *object;

	if (!p->free && p->fresh_count == 0)
		pool_grow(p);
	if (!p->free && p->fresh_count == 0)
		return NULL;
	object = p->free ? take_free(p) : take_fresh(p);
	p->used++;
	return memset(object, 0, p->size);
}

void pool_give(struct pool *p, void *object)
{
	struct free_object *f = object;

	if (!f)
		return;
	assert(p->used > 0);
	p->used--;
	f->next = p->free;
	p->free = f;
}
