/* SPDX-License-Identifier: ISC */
/*
 * The kernel of the bench of ha_bench.h: forwarding entries and routes; and
 * whether they and the agent's tables agree.
 */
#include "tests/unit/ha_bench.h"

#include <errno.h>

static bool same_edit(const struct fwd_edit *a, const struct fwd_edit *b)
{
	return a->home.s_addr == b->home.s_addr &&
	       tunnel_spec_equal(&a->tunnel, &b->tunnel);
}

/* 0 or the errno of a kernel that does not have, or already has, what is meant. */
int hw_forward(struct ha_world *w, const struct fwd_edit *edit)
{
	for (unsigned i = 0; i < w->entry_count; i++) {
		if (!same_edit(&w->entry[i], edit))
			continue;
		if (edit->kind == FWD_BINDING_SET)
			w->entry[i] = *edit;
		else
			w->entry[i] = w->entry[--w->entry_count];
		return 0;
	}
	if (edit->kind != FWD_BINDING_SET)
		return ENOENT;
	if (w->entry_count == HB_ROOM)
		return ENOSPC;
	w->entry[w->entry_count++] = *edit;
	return 0;
}

int hw_route(struct ha_world *w, const struct effect_route *r)
{
	for (unsigned i = 0; i < w->route_count; i++) {
		if (w->route[i].addr.s_addr != r->dst.addr.s_addr ||
		    w->route[i].len != r->dst.len)
			continue;
		if (r->add)
			return EEXIST;
		w->route[i] = w->route[--w->route_count];
		return 0;
	}
	if (!r->add)
		return ENOENT;
	if (w->route_count == HB_ROOM)
		return ENOSPC;
	w->route[w->route_count++] = r->dst;
	return 0;
}

static bool world_forwards(const struct ha_world *w, const struct mobility_binding *m)
{
	for (unsigned i = 0; i < w->entry_count; i++) {
		const struct fwd_edit *e = &w->entry[i];

		if (e->home.s_addr == m->home.s_addr &&
		    tunnel_spec_equal(&e->tunnel, &m->tunnel))
			return e->reverse == ((m->flags & MIP_FLAG_T) != 0) &&
			       e->broadcasts == m->broadcasts &&
			       e->nested == ((m->flags & MIP_FLAG_D) == 0);
	}
	return false;
}

static bool world_routes(const struct ha_world *w, struct in_addr addr, unsigned len)
{
	for (unsigned i = 0; i < w->route_count; i++)
		if (w->route[i].addr.s_addr == addr.s_addr && w->route[i].len == len)
			return true;
	return false;
}

static const char *binding_fault(const struct ha_bench *b,
				 const struct mobility_binding *m)
{
	if (timer_is_set(&m->expiry) == instant_is_never(m->expires))
		return "a binding without its timer";
	if (!instant_before(b->now.mono, m->expires))
		return "a binding has outlived its lifetime";
	if (!world_forwards(&b->world, m))
		return "a binding without its forwarding entry";
	return NULL;
}

static const char *node_fault(const struct ha_bench *b, const struct home_node *n,
			      unsigned *bindings, unsigned *routes)
{
	const struct home_link *l = ha_home_link_of(b->ha, n);
	bool on_link = l && !home_link_is_virtual(l);
	bool away = n->binding_count > 0;
	unsigned count = 0;

	if (n->presence.proxied != (away && on_link))
		return "proxy ARP does not match the bindings";
	if (world_routes(&b->world, n->home, 32) != (away && on_link))
		return "the host route does not match the bindings";
	list_each(it, nx, &n->bindings) {
		const char *fault = binding_fault(
			b, container_of(it, struct mobility_binding, in_node));

		if (fault)
			return fault;
		count++;
	}
	*bindings += count;
	*routes += away && on_link;
	return count == n->binding_count ? NULL : "a node miscounts its bindings";
}

const char *hb_fault(const struct ha_bench *b)
{
	struct home_node *n, *next;
	unsigned bindings = 0, routes = 0;

	for (unsigned i = 0; i < b->ha->config.network_count; i++)
		routes += home_link_is_virtual(&b->ha->home_links[i]);
	HASH_ITER(hh, b->ha->table.nodes, n, next) {
		const char *fault = node_fault(b, n, &bindings, &routes);

		if (fault)
			return fault;
	}
	if (b->world.entry_count != bindings)
		return "a forwarding entry without its binding";
	if (b->world.route_count != routes)
		return "a route that nobody needs";
	if (ha_core_binding_count(b->ha) != bindings)
		return "the table miscounts its bindings";
	return NULL;
}

static bool is_bound(const struct ha_bench *b, const struct fwd_edit *e)
{
	struct home_node *n = home_node_find(&b->ha->table, e->home);
	const struct mobility_binding *m = n ? binding_find(n, e->tunnel.remote) : NULL;

	return m && tunnel_spec_equal(&m->tunnel, &e->tunnel);
}

static bool is_away(const struct ha_bench *b, struct in_addr home)
{
	struct home_node *n = home_node_find(&b->ha->table, home);

	return n && n->binding_count > 0;
}

void hb_forget_orphans(struct ha_bench *b)
{
	struct ha_world *w = &b->world;

	if (!b->failed)
		return;
	b->failed = false;
	for (unsigned i = w->entry_count; i-- > 0;)
		if (!is_bound(b, &w->entry[i]))
			w->entry[i] = w->entry[--w->entry_count];
	for (unsigned i = w->route_count; i-- > 0;)
		if (w->route[i].len == 32 && !is_away(b, w->route[i].addr))
			w->route[i] = w->route[--w->route_count];
}
