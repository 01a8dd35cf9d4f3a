/* SPDX-License-Identifier: ISC */
/*
 * Sets of addresses: of agents with whom ESP is required, of ends with whom it
 * stands, and of ends that have an owner.
 */
#include "common/agent/guard.h"

#include "common/base/hashmap.h"

#include <errno.h>
#include <stdlib.h>

struct end {
	struct in_addr addr;
	struct in_addr owner; /* of `owned` */
	UT_hash_handle hh;
};

struct guard {
	struct end *required;
	struct end *standing;
	struct end *owned;
};

static struct end *find(struct end *set, struct in_addr addr)
{
	struct end *e;

	HASH_FIND(hh, set, &addr, sizeof(addr), e);
	return e;
}

static int add(struct end **set, struct in_addr addr)
{
	struct end *e;

	if (find(*set, addr))
		return 0;
	e = calloc(1, sizeof(*e));
	if (!e)
		return -ENOMEM;
	e->addr = addr;
	HASH_ADD(hh, *set, addr, sizeof(e->addr), e);
	if (hashmap_added(e, hh))
		return 0;
	free(e);
	return -ENOMEM;
}

static void take(struct end **set, struct end *e)
{
	HASH_DELETE(hh, *set, e);
	free(e);
}

static void empty(struct end **set)
{
	struct end *e, *next;

	HASH_ITER(hh, *set, e, next)
		take(set, e);
}

struct guard *guard_new(void)
{
	return calloc(1, sizeof(struct guard));
}

void guard_free(struct guard *g)
{
	if (!g)
		return;
	empty(&g->required);
	empty(&g->standing);
	empty(&g->owned);
	free(g);
}

int guard_configure(struct guard *g, const struct protected_config *p)
{
	struct end *required = NULL;

	for (unsigned i = 0; i < p->agent_count; i++) {
		if (!peer_is_protected(&p->agent[i]) ||
		    p->agent[i].protection.policy != PROTECT_REQUIRED)
			continue;
		if (add(&required, p->agent[i].addr) != 0) {
			empty(&required);
			return -ENOMEM;
		}
	}
	empty(&g->required);
	g->required = required;
	return 0;
}

int guard_tell(struct guard *g, struct in_addr remote, bool stands)
{
	struct end *e = find(g->standing, remote);

	if (stands)
		return add(&g->standing, remote);
	if (e)
		take(&g->standing, e);
	return 0;
}

bool guard_stands(const struct guard *g, struct in_addr remote)
{
	return find(g->standing, remote) != NULL;
}

bool guard_requires(const struct guard *g, struct in_addr agent)
{
	return find(g->required, agent) != NULL;
}

bool guard_requires_any(const struct guard *g)
{
	return g->required != NULL;
}

bool guard_lets(const struct guard *g, struct in_addr agent)
{
	return !guard_requires(g, agent) || guard_stands(g, agent);
}

bool guard_may_own(const struct guard *g, struct in_addr end, struct in_addr owner)
{
	const struct end *e = find(g->owned, end);

	return !e || e->owner.s_addr == owner.s_addr;
}

int guard_own(struct guard *g, struct in_addr end, struct in_addr owner)
{
	if (!guard_may_own(g, end, owner))
		return -EEXIST;
	if (add(&g->owned, end) != 0)
		return -ENOMEM;
	find(g->owned, end)->owner = owner;
	return 0;
}

void guard_disown(struct guard *g, struct in_addr end)
{
	struct end *e = find(g->owned, end);

	if (e)
		take(&g->owned, e);
}
