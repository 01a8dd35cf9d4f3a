/* SPDX-License-Identifier: ISC */
/*
 * The kernel of the bench of ha_bench.h, forwarding entries and routes, and the
 * store; and whether they and the agent's tables agree.
 */
#include "tests/unit/ha_bench.h"

#include "ha/node_record.h"

#include <errno.h>
#include <string.h>

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

static unsigned stored_at(const struct ha_world *w, struct in_addr home)
{
	unsigned i = 0;

	while (i < w->stored_count && w->stored[i].home.s_addr != home.s_addr)
		i++;
	return i;
}

const struct effect_record *hw_stored(const struct ha_world *w, uint32_t home)
{
	unsigned i = stored_at(w, hb_addr(home));

	return i < w->stored_count ? &w->stored[i].record : NULL;
}

int hw_remember(struct ha_world *w, struct in_addr home, const uint8_t *bytes,
		size_t len)
{
	unsigned i = stored_at(w, home);

	if (i == HB_ROOM)
		return ENOSPC;
	if (len == 0) {
		if (i < w->stored_count)
			w->stored[i] = w->stored[--w->stored_count];
		return 0;
	}
	w->stored[i].home = home;
	w->stored[i].record.len = (uint16_t)len;
	memcpy(w->stored[i].record.bytes, bytes, len);
	w->stored_count += i == w->stored_count;
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

	if (home_node_is_proxied(n) != (away && on_link))
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

static bool is_recorded(const struct node_record *r, const struct mobility_binding *m)
{
	for (unsigned i = 0; i < r->count; i++) {
		const struct binding_record *s = &r->binding[i];

		if (s->care_of.s_addr == m->care_of.s_addr)
			return s->source.s_addr == m->source.s_addr &&
			       s->agent.s_addr == m->tunnel.local.s_addr &&
			       s->spi == m->spi && s->ident == m->ident &&
			       s->lifetime == m->lifetime && s->flags == m->flags;
	}
	return false;
}

static const char *record_fault(const struct ha_bench *b, const struct home_node *n)
{
	const struct effect_record *e = hw_stored(&b->world, ntohl(n->home.s_addr));
	struct node_record r;

	if (!n->heard)
		return e ? "a record of a node that nobody has heard" : NULL;
	if (!e || node_record_decode(reader_over(e->bytes, e->len), &r) != RECORD_OK)
		return "a node without its record";
	if (r.home.s_addr != n->home.s_addr || r.last_ident != n->last_ident)
		return "a record of an older Identification";
	if (r.count != n->binding_count)
		return "a record of other bindings";
	list_each(it, nx, &n->bindings)
		if (!is_recorded(&r,
				 container_of(it, struct mobility_binding, in_node)))
			return "a binding that is recorded otherwise";
	return NULL;
}

const char *hb_fault(const struct ha_bench *b)
{
	unsigned bindings = 0, routes = 0, heard = 0;

	for (unsigned i = 0; i < b->ha->config.network_count; i++)
		routes += home_link_is_virtual(&b->ha->home_links[i]);
	addr_table_each(it, nx, &b->ha->table.nodes) {
		const struct home_node *n = home_node_of(it);
		const char *fault = node_fault(b, n, &bindings, &routes);

		heard += n->heard;
		if (!fault && b->ha->remembers)
			fault = record_fault(b, n);
		if (fault)
			return fault;
	}
	if (b->ha->remembers && b->world.stored_count != heard)
		return "a record of a node that is not ours";
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

void hw_forget_orphans(struct ha_bench *b)
{
	struct ha_world *w = &b->world;

	for (unsigned i = w->entry_count; i-- > 0;)
		if (!is_bound(b, &w->entry[i]))
			w->entry[i] = w->entry[--w->entry_count];
	for (unsigned i = w->route_count; i-- > 0;)
		if (w->route[i].len == 32 && !is_away(b, w->route[i].addr))
			w->route[i] = w->route[--w->route_count];
}
