/* SPDX-License-Identifier: ISC */
/*
 * Denials of the last second.  All live equally long, so the list in order of
 * sending is also the order in which they are forgotten.
 */
#include "fa/denial.h"

#include "common/base/hashmap.h"

struct denied_node {
	struct node_key key;
	instant_t until;
	struct list order;
	UT_hash_handle hh;
};

void denial_init(struct denial_table *t)
{
	*t = (struct denial_table){ 0 };
	pool_init(&t->pool, sizeof(struct denied_node), DENIAL_NODES);
	list_init(&t->order);
}

static void forget(struct denial_table *t, struct denied_node *d)
{
	HASH_DEL(t->by_node, d);
	list_remove(&d->order);
	pool_give(&t->pool, d);
}

void denial_fini(struct denial_table *t)
{
	list_each(it, nx, &t->order)
		forget(t, container_of(it, struct denied_node, order));
	pool_fini(&t->pool);
}

static void forget_old(struct denial_table *t, instant_t now)
{
	while (!list_empty(&t->order)) {
		struct denied_node *d =
			container_of(t->order.next, struct denied_node, order);

		if (!instant_due(d->until, now))
			return;
		forget(t, d);
	}
}

bool denial_allowed(struct denial_table *t, const struct registration *rq,
		    instant_t now)
{
	const struct node_key key = node_key_of(rq);
	struct denied_node *d;

	forget_old(t, now);
	HASH_FIND(hh, t->by_node, key.bytes, sizeof(key.bytes), d);
	if (d)
		return false;
	d = pool_take(&t->pool);
	if (!d)
		return false;
	d->key = key;
	d->until = instant_add(now, duration_s(1));
	HASH_ADD(hh, t->by_node, key.bytes, sizeof(d->key.bytes), d);
	if (!hashmap_added(d, hh)) {
		pool_give(&t->pool, d);
		return false;
	}
	list_add_tail(&t->order, &d->order);
	return true;
}
