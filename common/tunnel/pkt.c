/* SPDX-License-Identifier: ISC */
/*
 * Packet buffers. The pool is one piece of address space; a buffer that was
 * never taken costs no memory, and the one given back last is taken first, so
 * that a quiet program works in few warm buffers; those for large reads apart.
 */
#include "common/tunnel/pkt.h"
#include "common/tunnel/pkt_vec.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

int pkt_pool_init(struct pkt_pool *pool, size_t count)
{
	*pool = (struct pkt_pool){ .count = count };
	if (count == 0 || count > SIZE_MAX / sizeof(struct pkt))
		return -EINVAL;
	pool->packets = aligned_alloc(_Alignof(struct pkt), count * sizeof(struct pkt));
	return pool->packets ? 0 : -ENOMEM;
}

void pkt_pool_fini(struct pkt_pool *pool)
{
	free(pool->packets);
	*pool = (struct pkt_pool){ 0 };
}

static struct pkt *list_pop(struct pkt **list)
{
	struct pkt *p = *list;

	if (p)
		*list = p->next;
	return p;
}

/* Of one list, one that was never taken, or of the other list: in that order. */
static struct pkt *pool_pop(struct pkt_pool *pool, struct pkt **list,
			    struct pkt **other)
{
	struct pkt *p = list_pop(list);

	if (!p && pool->touched < pool->count)
		p = &pool->packets[pool->touched++];
	return p ? p : list_pop(other);
}

/* In two steps, each small enough that compilers write no loop for it. */
enum { PKT_LINE = 64 };

static struct pkt *taken(struct pkt_pool *pool, struct pkt *p)
{
	if (!p)
		return NULL;
	pool->used++;
	/* The room stays as it was: nothing past `len` is ever read. */
	memset(p, 0, PKT_LINE);
	memset((char *)p + PKT_LINE, 0, offsetof(struct pkt, room) - PKT_LINE);
	p->data = p->room + PKT_HEADROOM;
	return p;
}

struct pkt *pkt_take(struct pkt_pool *pool)
{
	return taken(pool, pool_pop(pool, &pool->free, &pool->free_large));
}

struct pkt *pkt_take_large(struct pkt_pool *pool)
{
	struct pkt *p = taken(pool, pool_pop(pool, &pool->free_large, &pool->free));

	if (p)
		p->large = true;
	return p;
}

void pkt_give(struct pkt_pool *pool, struct pkt *p)
{
	struct pkt **list;

	if (!p)
		return;
	assert(pool->used > 0);
	pool->used--;
	list = p->large ? &pool->free_large : &pool->free;
	p->next = *list;
	*list = p;
}

struct pkt *pkt_clone(struct pkt_pool *pool, const struct pkt *p)
{
	struct pkt *copy = pkt_take(pool);

	if (!copy)
		return NULL;
	memcpy(copy, p, offsetof(struct pkt, room));
	copy->next = NULL;
	copy->large = false;
	copy->data = copy->room + (p->data - p->room);
	memcpy(copy->data, p->data, p->len);
	return copy;
}

enum drop_reason pkt_check(struct pkt *p)
{
	size_t total;
	enum ipv4_fault fault = ipv4_check(p->data, p->len, &total);

	if (fault == IPV4_OK)
		p->len = total;
	return drop_of_ipv4(fault);
}

enum drop_reason pkt_check_inner(struct pkt *p)
{
	size_t total;
	enum ipv4_fault fault = ipv4_check(p->data, p->len, &total);

	if (fault == IPV4_OK)
		p->len = total;
	return drop_of_inner(fault);
}

void pkt_vec_give(struct pkt_pool *pool, struct pkt_vec *v)
{
	for (unsigned i = 0; i < v->count; i++)
		pkt_give(pool, v->pkt[i]);
	v->count = 0;
}

void pkt_queue_give(struct pkt_pool *pool, struct pkt_queue *q)
{
	struct pkt *p;

	while ((p = pkt_queue_pop(q)))
		pkt_give(pool, p);
}
