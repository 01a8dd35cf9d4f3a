/* SPDX-License-Identifier: ISC */
/*
 * Packets by the handful: a vector is what is read at once and what a stage
 * works on; a queue is what a stage hands on, as long as the pool lasts.
 */
#ifndef COMMON_TUNNEL_PKT_VEC_H
#define COMMON_TUNNEL_PKT_VEC_H

#include "common/base/clock.h"
#include "common/tunnel/pkt.h"

#include <stdbool.h>
#include <stddef.h>

enum { PKT_VEC_MAX = 64 };

struct pkt_vec {
	struct now now; /* when they were read */
	unsigned lane;  /* of the thread that has them (pipeline.h); 0: the only one */
	unsigned count;
	struct pkt *pkt[PKT_VEC_MAX];
};

/* Linked through pkt->next, in order.  All zero is empty. */
struct pkt_queue {
	struct pkt *first;
	struct pkt *last;
	size_t count;
};

static inline bool pkt_vec_full(const struct pkt_vec *v)
{
	return v->count == PKT_VEC_MAX;
}

/* The vector must not be full. */
static inline void pkt_vec_add(struct pkt_vec *v, struct pkt *p)
{
	v->pkt[v->count++] = p;
}

static inline void pkt_queue_add(struct pkt_queue *q, struct pkt *p)
{
	p->next = NULL;
	if (q->last)
		q->last->next = p;
	else
		q->first = p;
	q->last = p;
	q->count++;
}

/* The first one, no longer in the queue, or NULL. */
static inline struct pkt *pkt_queue_pop(struct pkt_queue *q)
{
	struct pkt *p = q->first;

	if (!p)
		return NULL;
	q->first = p->next;
	if (!q->first)
		q->last = NULL;
	q->count--;
	p->next = NULL;
	return p;
}

/* Give back all that is in it; it is empty then. */
void pkt_vec_give(struct pkt_pool *pool, struct pkt_vec *v);
void pkt_queue_give(struct pkt_pool *pool, struct pkt_queue *q);

#endif
