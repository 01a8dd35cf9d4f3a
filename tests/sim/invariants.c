/* SPDX-License-Identifier: ISC */
/*
 * What must hold, told of home agent, foreign agents and mobile nodes in turn.
 */
#include "tests/sim/invariants.h"
#include "common/tunnel/fwd_private.h"
#include "common/wire/mip_code.h"
#include "fa/fa_core.h"
#include "fa/visitor.h"
#include "ha/binding.h"
#include "ha/ha_core.h"
#include "ha/node_record.h"

#include <string.h>

enum { TEXT = INET_ADDRSTRLEN, REPAIR_S = 6 };

static bool same(struct in_addr a, struct in_addr b)
{
	return a.s_addr == b.s_addr;
}

static struct ipv4_prefix host_prefix(struct in_addr a)
{
	return (struct ipv4_prefix){ a, 32 };
}

/* The home agent: a binding has a timer, a tunnel and a route, and nothing else has. */

struct ha_view {
	struct node *n;
	size_t bindings, routes;
	struct in_addr last;
};

static bool has_tunnel(const struct fwd_home *h, const struct tunnel_spec *spec)
{
	for (unsigned i = 0; i < h->count; i++)
		if (tunnel_spec_equal(&h->use[i].tunnel->spec, spec))
			return true;
	return false;
}

static void check_binding(void *arg, const struct mobility_binding *b)
{
	struct ha_view *view = arg;
	struct node *n = view->n;
	const struct fwd_home *h = fwd_by_home(n->fwd, b->home);
	const struct effect_route *r =
		kernel_route_to(&n->kernel, host_prefix(b->home));
	char text[TEXT];

	ipv4_text(b->home, text);
	view->bindings++;
	if (instant_before(b->expires, n->w->now))
		world_break(n->w, "the binding of %s has outlived its time", text);
	if (!h || !has_tunnel(h, &b->tunnel))
		world_break(n->w, "the binding of %s has no tunnel", text);
	if (!r || r->ifindex != EFFECT_DEV_TUN)
		world_break(n->w, "the binding of %s has no route", text);
}

static void check_ha(struct world *w)
{
	struct node *n = &w->node[HA];
	struct ha_view view = { .n = n };
	size_t tunnels = 0, homes = 0;

	ha_core_each_binding(n->core, check_binding, &view);
	addr_table_each(it, nx, &n->fwd->bindings) {
		homes++;
		tunnels += fwd_home_of(it)->count;
	}
	if (tunnels != view.bindings)
		world_break(w, "%zu tunnels for %zu bindings", tunnels, view.bindings);
	if (n->kernel.routes != homes)
		world_break(w, "%u routes for %zu nodes away", n->kernel.routes, homes);
	if (view.bindings > n->config.ha.max_bindings)
		world_break(w, "%zu bindings are too many", view.bindings);
}

/* A foreign agent: visitors were accepted by the home agent, for so long. */

static const struct accepted *find_accepted(const struct world *w, struct in_addr home,
					    uint64_t ident)
{
	for (unsigned i = 0; i < ACCEPTED; i++)
		if (same(w->accepted[i].home, home) && w->accepted[i].ident == ident)
			return &w->accepted[i];
	return NULL;
}

struct fa_view {
	struct node *n;
	unsigned tunnelled, rules;
};

static void check_visitor(void *arg, const struct visitor_entry *v)
{
	struct fa_view *view = arg;
	struct world *w = view->n->w;
	const struct accepted *a = find_accepted(w, v->home, v->visit.rq.ident);
	char text[TEXT];

	ipv4_text(v->home, text);
	view->tunnelled += v->visit.path.tunnelled;
	view->rules += v->visit.path.reverse + v->visit.path.answers;
	if (instant_before(v->visit.expires, w->now))
		world_break(w, "visitor %s has outlived its time", text);
	if (!w->forged && (!a || a->lifetime < v->visit.granted))
		world_break(w, "visitor %s was not accepted so by its home agent",
			    text);
	if (v->visit.path.tunnelled != (fwd_by_visitor(view->n->fwd, v->home) != NULL))
		world_break(w, "visitor %s is not forwarded as agreed", text);
}

static void check_fa(struct node *n)
{
	struct fa_view view = { .n = n };
	const size_t entries = n->fwd->visitors.count;

	fa_core_each_visitor(n->core, check_visitor, &view);
	if (entries != view.tunnelled)
		world_break(n->w, "%s forwards to %zu of %u visitors", n->name, entries,
			    view.tunnelled);
	if (n->kernel.rules != view.rules)
		world_break(n->w, "%s has %u rules instead of %u", n->name,
			    n->kernel.rules, view.rules);
	if (fa_core_visitor_count(n->core) > n->config.fa.max_visitors)
		world_break(n->w, "%s has too many visitors", n->name);
}

/* A mobile node: never without its address or a default route, silent while away. */

static bool refused_lately(const struct node *n)
{
	return n->failed_at.ns >= 0 &&
	       instant_diff(n->w->now, n->failed_at).ns < duration_s(REPAIR_S).ns;
}

static void check_mn(struct node *n)
{
	static const struct ipv4_prefix everything;
	struct mn_status s = mn_core_status(n->core);

	if (s.state == MN_REGISTERED && instant_before(s.expires_at, n->w->now))
		world_break(n->w, "%s believes in a registration that ran out",
			    n->name);
	if (refused_lately(n))
		return;
	if (!kernel_has_address(&n->kernel, s.home))
		world_break(n->w, "%s has lost its home address", n->name);
	if (!kernel_route_to(&n->kernel, everything))
		world_break(n->w, "%s has no default route", n->name);
	if (n->kernel.silent[IF_RADIO] != (s.place != MN_HOME))
		world_break(n->w, "%s answers ARP as if it were elsewhere", n->name);
	if (n->kernel.neighbours > (s.place != MN_HOME && s.place != MN_NOWHERE) ||
	    (s.place == MN_FOREIGN_AGENT && n->kernel.neighbours == 0))
		world_break(n->w, "%s has pinned %u neighbours", n->name,
			    n->kernel.neighbours);
}

void invariants_check(struct world *w)
{
	if (w->node[HA].core)
		check_ha(w);
	for (int fa = FA0; fa < ROUTER; fa++)
		if (w->node[fa].core)
			check_fa(&w->node[fa]);
	for (int mn = MN0; mn < NODES; mn++)
		if (w->node[mn].core)
			check_mn(&w->node[mn]);
}

static bool is_remembered(const struct world *w, const struct mip_reply *rp)
{
	const struct effect_record *e = agent_disk(w, rp->home);
	struct node_record r;

	return e &&
	       node_record_decode(reader_over(e->bytes, e->len), &r) == RECORD_OK &&
	       r.last_ident == rp->ident && (rp->lifetime == 0 || r.count > 0);
}

void invariant_reply(struct node *ha, const uint8_t *payload, size_t len)
{
	struct world *w = ha->w;
	struct mip_reply rp;

	if (ha->id != HA ||
	    mip_message_type(reader_over(payload, len)) != MIP_TYPE_REPLY ||
	    mip_reply_decode(reader_over(payload, len), &rp) != MIP_FAULT_NONE ||
	    !mip_code_is_success(rp.code) || find_accepted(w, rp.home, rp.ident))
		return;
	w->accepted[w->accepted_count++ % ACCEPTED] =
		(struct accepted){ rp.home, rp.ident, rp.lifetime };
	if (rp.lifetime > 0 && !fwd_by_home(ha->fwd, rp.home))
		world_break(w, "the home agent accepts before it forwards");
	if (ha->config.ha.has_store && !is_remembered(w, &rp))
		world_break(w, "the home agent accepts before it remembers");
}

void invariant_arp(struct node *n, struct mac to)
{
	if (n->id < MN0 || !mac_equal(to, MAC_BROADCAST) || !n->core)
		return;
	if (mn_core_status(n->core).place != MN_HOME && !refused_lately(n))
		world_break(n->w, "%s broadcasts ARP away from home", n->name);
}

void invariant_received(struct node *n, uint32_t number)
{
	struct sent_packet *p = &n->w->packet[number % PACKETS];

	world_trace(n->w, "%s receives packet %u", n->name, number);
	p->received++;
	if (p->to != -1 && p->to != n->id)
		world_break(n->w, "packet %u came to %s instead of %d", number, n->name,
			    p->to);
}

void invariant_nothing_forwarded(struct node *n)
{
	if (n->fwd->bindings.count + n->fwd->own.count + n->fwd->visitors.count > 0 ||
	    n->fwd->tunnels)
		world_break(n->w, "%s leaves something in its forwarding table",
			    n->name);
}
