/* SPDX-License-Identifier: ISC */
/*
 * The table of mobile nodes, hashed by home address, each with a short list of
 * bindings.  Bindings come from a pool with the configured maximum; their
 * expiry is a timer in the agent's queue.
 */
#include "ha/binding.h"

#include "common/wire/mip_msg.h"

#include <assert.h>
#include <stdlib.h>

void binding_table_init(struct binding_table *t, struct timers *timers, size_t limit)
{
	*t = (struct binding_table){ .timers = timers, .limit = limit };
	pool_init(&t->pool, sizeof(struct mobility_binding), limit);
}

void binding_table_fini(struct binding_table *t)
{
	struct home_node *n, *next;

	HASH_ITER(hh, t->nodes, n, next)
		home_node_remove(t, n);
	pool_fini(&t->pool);
}

void binding_table_limit(struct binding_table *t, size_t limit)
{
	t->limit = limit;
	/* A pool cannot give back what is in use. */
	if (limit > t->pool.capacity)
		t->pool.capacity = limit;
}

struct home_node *home_node_find(const struct binding_table *t, struct in_addr home)
{
	struct home_node *n;

	HASH_FIND(hh, t->nodes, &home, sizeof(home), n);
	return n;
}

struct home_node *home_node_add(struct binding_table *t, struct in_addr home,
				int network, uint64_t clock)
{
	struct home_node *n = calloc(1, sizeof(*n));

	if (!n)
		return NULL;
	n->home = home;
	n->network = network;
	n->last_ident = clock;
	n->presence.announce.kind = TIMER_ANNOUNCE;
	n->presence.defend.kind = TIMER_DEFEND;
	list_init(&n->bindings);
	HASH_ADD(hh, t->nodes, home, sizeof(n->home), n);
	if (!hashmap_added(n, hh)) {
		free(n);
		return NULL;
	}
	return n;
}

void home_node_remove(struct binding_table *t, struct home_node *n)
{
	struct mobility_binding *b;

	while ((b = binding_first(n)) != NULL)
		binding_remove(t, n, b);
	timers_cancel(t->timers, &n->presence.announce);
	timers_cancel(t->timers, &n->presence.defend);
	HASH_DEL(t->nodes, n);
	free(n);
}

struct mobility_binding *binding_find(const struct home_node *n, struct in_addr care_of)
{
	list_each(it, nx, &n->bindings) {
		struct mobility_binding *b =
			container_of(it, struct mobility_binding, in_node);

		if (b->care_of.s_addr == care_of.s_addr)
			return b;
	}
	return NULL;
}

struct mobility_binding *binding_first(const struct home_node *n)
{
	if (list_empty(&n->bindings))
		return NULL;
	return container_of(n->bindings.next, struct mobility_binding, in_node);
}

struct mobility_binding *binding_add(struct binding_table *t, struct home_node *n,
				     const struct mobility_binding *values)
{
	struct mobility_binding *b;

	assert(!binding_find(n, values->care_of)); /* the caller replaces */
	b = pool_take(&t->pool);
	if (!b)
		return NULL;
	*b = *values;
	b->expiry = (struct timer){ .kind = TIMER_EXPIRY };
	if (!instant_is_never(b->expires) &&
	    timers_set(t->timers, &b->expiry, b->expires) < 0) {
		pool_give(&t->pool, b);
		return NULL;
	}
	list_add_tail(&n->bindings, &b->in_node);
	n->binding_count++;
	return b;
}

void binding_remove(struct binding_table *t, struct home_node *n,
		    struct mobility_binding *b)
{
	timers_cancel(t->timers, &b->expiry);
	list_remove(&b->in_node);
	n->binding_count--;
	pool_give(&t->pool, b);
}

uint16_t binding_remaining(const struct mobility_binding *b, instant_t now)
{
	int64_t left;

	if (instant_is_never(b->expires))
		return MIP_LIFETIME_INFINITE;
	left = duration_to_s_up(instant_diff(b->expires, now));
	return (uint16_t)(left < MIP_LIFETIME_INFINITE ? left
						       : MIP_LIFETIME_INFINITE - 1);
}
