/* SPDX-License-Identifier: ISC */
/*
 * A pool of objects of one size with a fixed capacity.  Running out is a
 * result, not a crash.  Objects come back zeroed on pool_take.  Memory is taken
 * from the system in slabs as the pool grows to its capacity and given back by
 * pool_fini.
 */
#ifndef COMMON_BASE_POOL_H
#define COMMON_BASE_POOL_H

#include <stddef.h>

struct pool {
	size_t size;     /* of an object, rounded up for alignment */
	size_t capacity; /* most objects alive at once */
	size_t used;
	void *free;         /* chain of objects that were given back */
	char *fresh;        /* the first of the last slab that was never taken */
	size_t fresh_count; /* how many there are from there on */
	void *slabs;        /* chain of slabs, for pool_fini */
};

void pool_init(struct pool *p, size_t object_size, size_t capacity);
void pool_fini(struct pool *p);

/* A zeroed object, or NULL when full or out of memory. */
void *pool_take(struct pool *p);
void pool_give(struct pool *p, void *object);

#endif
