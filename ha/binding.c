/* SPDX-License-Identifier: ISC */
/*
 * The table of mobile nodes, hashed by home address, each with a short list of
 * bindings.  Bindings come from a pool with the configured maximum; their
 * expiry is a timer in the agent's queue.
 */
#include "ha/binding.h"

#include "common/wire/mip_msg.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

void binding_table_init(struct binding_table *t, struct timers *timers, size_t limit)
{
	*t = (struct binding_table){ .timers = timers, .limit = limit };
	pool_init(&t->pool, sizeof(struct mobility_binding), limit);
}

void binding_table_fini(struct binding_table *t)
{
	addr_table_each(it, nx, &t->nodes)
		home_node_remove(t, home_node_of(it));
	addr_table_fini(&t->nodes);
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
	struct addr_link *l = addr_table_find(&t->nodes, home);

	return l ? home_node_of(l) : NULL;
}

struct home_node *home_node_add(struct binding_table *t, struct in_addr home,
				int network, uint64_t clock)
{
	struct home_node *n = calloc(1, sizeof(*n));

	if (!n)
		return NULL;
	n->link.addr = n->home = home;
	n->network = network;
	n->last_ident = clock;
	list_init(&n->bindings);
	if (addr_table_add(&t->nodes, &n->link) == 0)
		return n;
	free(n);
	return NULL;
}

int home_node_settle(struct home_node *n)
{
	if (n->presence)
		return 0;
	n->presence = calloc(1, sizeof(*n->presence));
	if (!n->presence)
		return -ENOMEM;
	n->presence->node = n;
	n->presence->announce.kind = TIMER_ANNOUNCE;
	n->presence->defend.kind = TIMER_DEFEND;
	return 0;
}

void home_node_remove(struct binding_table *t, struct home_node *n)
{
	struct mobility_binding *b;

	while ((b = binding_first(n)) != NULL)
		binding_remove(t, n, b);
	home_link_gone(n, t->timers);
	timers_cancel(t->timers, &n->claim);
	addr_table_remove(&t->nodes, &n->link);
	free(n->presence);
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

void binding_fetch(const struct binding_table *t, struct in_addr home)
{
	const struct home_node *n = home_node_find(t, home);
	const struct mobility_binding *b = n ? binding_first(n) : NULL;

	__builtin_prefetch(b);
	__builtin_prefetch(b ? &b->expiry : NULL);
}

/* The deadline by `expires`; false when out of memory. */
static bool set_expiry(struct binding_table *t, struct mobility_binding *b,
		       instant_t expires)
{
	if (!instant_is_never(expires))
		return timers_set(t->timers, &b->expiry, expires) == 0;
	timers_cancel(t->timers, &b->expiry);
	return true;
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
	list_add_tail(&n->bindings, &b->in_node);
	n->binding_count++;
	if (set_expiry(t, b, b->expires))
		return b;
	binding_remove(t, n, b);
	return NULL;
}

struct mobility_binding *binding_change(struct binding_table *t, struct home_node *n,
					struct mobility_binding *b,
					const struct mobility_binding *values)
{
	struct mobility_binding changed = *values;

	if (!set_expiry(t, b, values->expires)) {
		binding_remove(t, n, b);
		return NULL;
	}
	changed.expiry = b->expiry;
	changed.in_node = b->in_node;
	*b = changed;
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
