/* SPDX-License-Identifier: ISC */
/*
 * Packet buffers. The pool is one piece of address space; a buffer that was
 * never taken costs no memory, and the one given back last is taken first, so
 * that a quiet program works in few warm buffers.
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

static struct pkt *pool_pop(struct pkt_pool *pool)
{
	struct pkt *p = pool->free;

	if (p)
		pool->free = p->next;
	else if (pool->touched < pool->count)
		p = &pool->packets[pool->touched++];
	return p;
}

struct pkt *pkt_take(struct pkt_pool *pool)
{
	struct pkt *p = pool_pop(pool);

	if (!p)
		return NULL;
	pool->used++;
	/* The room stays as it was: nothing past `len` is ever read. */
	memset(p, 0, offsetof(struct pkt, room));
	p->data = p->room + PKT_HEADROOM;
	return p;
}

void pkt_give(struct pkt_pool *pool, struct pkt *p)
{
	if (!p)
		return;
	assert(pool->used > 0);
	pool->used--;
	p->next = pool->free;
	pool->free = p;
}

struct pkt *pkt_clone(struct pkt_pool *pool, const struct pkt *p)
{
	struct pkt *copy = pkt_take(pool);

	if (!copy)
		return NULL;
	memcpy(copy, p, offsetof(struct pkt, room));
	copy->next = NULL;
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
