/* SPDX-License-Identifier: ISC */
/*
 * The table of pending registrations: by what a Reply is matched with, how many each
 * node has, and who may have to make room.
 */
#include "fa/pending.h"

#include "common/base/ntp64.h"

#include <assert.h>

struct pending_node {
	struct node_key key;
	unsigned count;
	UT_hash_handle hh;
};

static uint64_t match_of(struct in_addr home, uint64_t ident)
{
	return (uint64_t)ntohl(home.s_addr) << 32 | ntp64_low(ident);
}

void pending_init(struct pending_table *t, struct timers *timers, int timer_kind,
		  uint32_t limit, uint32_t per_node)
{
	*t = (struct pending_table){
		.limit = limit,
		.per_node = per_node,
		.timers = timers,
		.timer_kind = timer_kind,
	};
	pool_init(&t->entries, sizeof(struct pending_registration), limit);
	pool_init(&t->nodes, sizeof(struct pending_node), limit);
	crowd_init(&t->crowd, limit);
}

void pending_clear(struct pending_table *t)
{
	struct pending_registration *p, *next;

	HASH_ITER(hh, t->by_match, p, next) {
		pending_close(t, p);
	}
}

void pending_fini(struct pending_table *t)
{
	pending_clear(t);
	pool_fini(&t->entries);
	pool_fini(&t->nodes);
	crowd_fini(&t->crowd);
}

void pending_limit(struct pending_table *t, uint32_t limit, uint32_t per_node)
{
	t->limit = limit;
	t->per_node = per_node;
	if (t->entries.capacity < limit)
		t->entries.capacity = t->nodes.capacity = limit;
	crowd_limit(&t->crowd, limit);
}

static struct pending_node *node_find(const struct pending_table *t,
				      const struct registration *rq)
{
	const struct node_key key = node_key_of(rq);
	struct pending_node *n;

	HASH_FIND(hh, t->by_node, key.bytes, sizeof(key.bytes), n);
	return n;
}

static bool is_full(const struct pending_table *t)
{
	return pending_count(t) >= t->limit;
}

bool pending_has_room(const struct pending_table *t, const struct registration *rq)
{
	const struct pending_node *n = node_find(t, rq);

	if (pending_match(t, rq->home, rq->ident))
		return true;
	return (!is_full(t) || crowd_first_to_go(&t->crowd)) &&
	       (!n || n->count < t->per_node);
}

bool pending_make_room(struct pending_table *t, const struct registration *rq)
{
	struct crowd_member *m;

	if (!is_full(t) || pending_match(t, rq->home, rq->ident))
		return false;
	m = crowd_first_to_go(&t->crowd);
	if (m)
		pending_close(t, container_of(m, struct pending_registration, crowd));
	return m != NULL;
}

/* The node's counter, made when it has none yet. */
static struct pending_node *node_take(struct pending_table *t,
				      const struct registration *rq)
{
	struct pending_node *n = node_find(t, rq);

	if (n)
		return n;
	n = pool_take(&t->nodes);
	if (!n)
		return NULL;
	n->key = node_key_of(rq);
	HASH_ADD(hh, t->by_node, key.bytes, sizeof(n->key.bytes), n);
	if (hashmap_added(n, hh))
		return n;
	pool_give(&t->nodes, n);
	return NULL;
}

static void node_give(struct pending_table *t, struct pending_node *n)
{
	if (n->count > 0)
		return;
	HASH_DEL(t->by_node, n);
	pool_give(&t->nodes, n);
}

/* A new entry in both tables, without a timer yet. */
static struct pending_registration *entry_take(struct pending_table *t,
					       const struct registration *rq)
{
	struct pending_node *n = node_take(t, rq);
	struct pending_registration *p = n ? pool_take(&t->entries) : NULL;

	if (!n)
		return NULL;
	if (!p) {
		node_give(t, n);
		return NULL;
	}
	p->match = match_of(rq->home, rq->ident);
	p->node = n;
	p->timer.kind = t->timer_kind;
	HASH_ADD(hh, t->by_match, match, sizeof(p->match), p);
	if (!hashmap_added(p, hh)) {
		pool_give(&t->entries, p);
		node_give(t, n);
		return NULL;
	}
	n->count++;
	return p;
}

/*
 * RFC 5944 3.7.2.2 ends a pending registration with the lifetime that it asks
 * for; 3.7.1 lets us give up earlier, and then we tell the node.
 */
static void set_end(struct pending_registration *p, instant_t now, duration_t timeout)
{
	duration_t lifetime = duration_s(p->rq.lifetime);

	p->opened = now;
	p->outlived = p->rq.lifetime != 0 && lifetime.ns < timeout.ns;
	p->closes = instant_add(now, p->outlived ? lifetime : timeout);
}

struct pending_registration *pending_open(struct pending_table *t,
					  const struct registration *rq, instant_t now,
					  duration_t timeout)
{
	struct pending_registration *p = pending_match(t, rq->home, rq->ident);

	if (!p && (is_full(t) || !pending_has_room(t, rq)))
		return NULL;
	if (p)
		pending_close(t, p);
	p = entry_take(t, rq);
	if (!p)
		return NULL;
	p->rq = *rq;
	set_end(p, now, timeout);
	if ((rq->proven ||
	     crowd_join(&t->crowd, &p->crowd, rq->ifindex, rq->mac) == 0) &&
	    timers_set(t->timers, &p->timer, p->closes) == 0)
		return p;
	pending_close(t, p);
	return NULL;
}

struct pending_registration *pending_match(const struct pending_table *t,
					   struct in_addr home, uint64_t ident)
{
	const uint64_t match = match_of(home, ident);
	struct pending_registration *p;

	HASH_FIND(hh, t->by_match, &match, sizeof(match), p);
	return p;
}

void pending_close(struct pending_table *t, struct pending_registration *p)
{
	struct pending_node *n = p->node;

	assert(n->count > 0); /* it counts this entry */
	timers_cancel(t->timers, &p->timer);
	crowd_leave(&t->crowd, &p->crowd);
	HASH_DEL(t->by_match, p);
	pool_give(&t->entries, p);
	n->count--;
	node_give(t, n);
}

size_t pending_count(const struct pending_table *t)
{
	return HASH_COUNT(t->by_match);
}

void pending_each(const struct pending_table *t,
		  void (*visit)(void *arg, const struct pending_registration *p),
		  void *arg)
{
	struct pending_registration *p, *next;

	HASH_ITER(hh, t->by_match, p, next) {
		visit(arg, p);
	}
}
