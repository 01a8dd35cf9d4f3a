/* SPDX-License-Identifier: ISC */
/*
 * The kernel made up for tests: small arrays, searched in a row.
 */
#include "tests/sim/kernel.h"

#include <errno.h>
#include <string.h>

void kernel_init(struct kernel *k)
{
	memset(k, 0, sizeof(*k));
}

static bool same_prefix(struct ipv4_prefix a, struct ipv4_prefix b)
{
	return a.addr.s_addr == b.addr.s_addr && a.len == b.len;
}

static unsigned find_route(const struct kernel *k, const struct effect_route *r)
{
	unsigned i;

	for (i = 0; i < k->routes; i++)
		if (same_prefix(k->route[i].dst, r->dst) &&
		    k->route[i].table == r->table && k->route[i].metric == r->metric)
			break;
	return i;
}

static int apply_route(struct kernel *k, const struct effect_route *r)
{
	unsigned i = find_route(k, r);

	if (r->add) {
		if (i == KERNEL_ROOM)
			return -ENOSPC;
		k->route[i] = *r;
		k->routes += i == k->routes;
	} else if (i < k->routes) {
		k->route[i] = k->route[--k->routes];
	}
	return 0;
}

static int apply_rule(struct kernel *k, const struct effect_rule *r)
{
	unsigned i;

	for (i = 0; i < k->rules; i++)
		if (same_prefix(k->rule[i].src, r->src) &&
		    same_prefix(k->rule[i].dst, r->dst) && k->rule[i].iif == r->iif &&
		    k->rule[i].table == r->table && k->rule[i].priority == r->priority)
			break;
	if (r->add) {
		if (i == KERNEL_ROOM)
			return -ENOSPC;
		k->rule[i] = *r;
		k->rules += i == k->rules;
	} else if (i < k->rules) {
		k->rule[i] = k->rule[--k->rules];
	}
	return 0;
}

static int apply_neighbour(struct kernel *k, const struct effect_neighbour *n)
{
	unsigned i;

	for (i = 0; i < k->neighbours; i++)
		if (k->neighbour[i].addr.s_addr == n->addr.s_addr &&
		    k->neighbour[i].ifindex == n->ifindex)
			break;
	if (n->add) {
		if (i == KERNEL_ROOM)
			return -ENOSPC;
		k->neighbour[i] = *n;
		k->neighbours += i == k->neighbours;
	} else if (i < k->neighbours) {
		k->neighbour[i] = k->neighbour[--k->neighbours];
	}
	return 0;
}

static int apply_address(struct kernel *k, const struct effect_address *a)
{
	unsigned i;

	for (i = 0; i < k->addresses; i++)
		if (same_prefix(k->address[i].addr, a->addr) &&
		    k->address[i].ifindex == a->ifindex)
			break;
	if (a->add) {
		if (i == KERNEL_ROOM)
			return -ENOSPC;
		k->address[i] = *a;
		k->addresses += i == k->addresses;
	} else if (i < k->addresses) {
		k->address[i] = k->address[--k->addresses];
	}
	return 0;
}

static int apply_arp_policy(struct kernel *k, const struct effect_arp_policy *p)
{
	if (p->ifindex < 0 || p->ifindex >= KERNEL_LINKS)
		return -ENODEV;
	k->silent[p->ifindex] = !p->answer;
	return 0;
}

int kernel_apply(struct kernel *k, const struct effect *e)
{
	switch (e->kind) {
	case EFFECT_ROUTE:
		return apply_route(k, &e->route);
	case EFFECT_RULE:
		return apply_rule(k, &e->rule);
	case EFFECT_NEIGHBOUR:
		return apply_neighbour(k, &e->neighbour);
	case EFFECT_ADDRESS:
		return apply_address(k, &e->address);
	case EFFECT_ARP_POLICY:
		return apply_arp_policy(k, &e->arp_policy);
	default:
		return -EINVAL;
	}
}

/* The longest prefix, and of several alike the lowest metric. */
static bool is_better(const struct effect_route *a, const struct effect_route *b)
{
	return a->dst.len > b->dst.len ||
	       (a->dst.len == b->dst.len && a->metric < b->metric);
}

static const struct effect_route *look_up(const struct kernel *k, uint32_t table,
					  struct in_addr dst)
{
	const struct effect_route *best = NULL;

	for (unsigned i = 0; i < k->routes; i++) {
		const struct effect_route *r = &k->route[i];

		if (r->table == table && ipv4_prefix_has(r->dst, dst) &&
		    (!best || is_better(r, best)))
			best = r;
	}
	return best;
}

const struct effect_route *kernel_route(const struct kernel *k, struct in_addr src,
					struct in_addr dst, int iif)
{
	const struct effect_route *found = NULL;
	uint32_t best = UINT32_MAX;

	for (unsigned i = 0; i < k->rules; i++) {
		const struct effect_rule *r = &k->rule[i];
		const struct effect_route *by_rule;

		if (r->iif != iif || !ipv4_prefix_has(r->src, src) ||
		    !ipv4_prefix_has(r->dst, dst) || r->priority >= best)
			continue;
		by_rule = look_up(k, r->table, dst);
		if (by_rule) {
			found = by_rule;
			best = r->priority;
		}
	}
	return found ? found : look_up(k, 0, dst);
}

const struct effect_route *kernel_route_to(const struct kernel *k,
					   struct ipv4_prefix dst)
{
	for (unsigned i = 0; i < k->routes; i++)
		if (k->route[i].table == 0 && same_prefix(k->route[i].dst, dst))
			return &k->route[i];
	return NULL;
}

const struct effect_neighbour *kernel_neighbour(const struct kernel *k,
						struct in_addr addr, int ifindex)
{
	for (unsigned i = 0; i < k->neighbours; i++)
		if (k->neighbour[i].addr.s_addr == addr.s_addr &&
		    k->neighbour[i].ifindex == ifindex)
			return &k->neighbour[i];
	return NULL;
}

bool kernel_has_address(const struct kernel *k, struct in_addr addr)
{
	for (unsigned i = 0; i < k->addresses; i++)
		if (k->address[i].addr.addr.s_addr == addr.s_addr)
			return true;
	return false;
}

bool kernel_is_clean(const struct kernel *k)
{
	bool silent = false;

	for (unsigned i = 0; i < KERNEL_LINKS; i++)
		silent = silent || k->silent[i];
	return k->routes + k->rules + k->neighbours + k->addresses == 0 && !silent;
}
