/* SPDX-License-Identifier: ISC */
/*
 * What each place needs from the kernel and the forwarding table, as a list of
 * fixtures; moving is the difference between two lists.
 *
 *   everywhere     the home address, so that no open connection loses it
 *   nowhere        default route into the TUN device, where packets are counted
 *                  and dropped: no application hears "network unreachable", and
 *                  no ARP Request leaves (RFC 5944 4.6)
 *   at home        ARP answered; the home prefix on link; default by the gateway
 *   foreign agent  its link-layer address pinned, a host route to it, default
 *                  by it (RFC 5944 4.2.1, RFC 3024 5.1); where T is asked for that
 *                  waits for the Reply that grants it, as nowhere
 *   co-located     the care-of address; once the gateway's link-layer address is
 *                  known that pinned, a host route to it, the home agent by it; our
 *                  end of the tunnel; default into it when T is asked for
 *   all but home   where ESP is required: a default that leads nowhere, behind that
 *                  into the TUN device, which is gone when we are killed
 *
 * What the new place needs is added first, in order; what only the old one
 * needed goes afterwards, in reverse.  Adding a route replaces the one with the
 * same destination, table and metric, so the default route is never missing.
 * It is said again now and then, since others flush an interface's addresses, routes
 * and neighbours, such as DHCP clients that have been left running on it.
 * Removals are nobody's condition: they carry no transaction; one that fails
 * stays in the list, so that the next difference asks for it again.
 */
#include "mn-sim/mn_private.h"

#include <assert.h>

static struct mn_fixture *fixture(struct mn_fixtures *f, enum effect_kind kind)
{
	assert(f->count <
	       MN_FIXTURES_MAX); /* half of it; the rest is for what remains */
	f->at[f->count] = (struct mn_fixture){ .kind = kind };
	return &f->at[f->count++];
}

static struct ipv4_prefix host_prefix(struct in_addr a)
{
	return (struct ipv4_prefix){ .addr = a, .len = 32 };
}

static struct ipv4_prefix network_of(struct ipv4_prefix p)
{
	p.addr.s_addr &= htonl(ipv4_mask(p.len));
	return p;
}

static void need_address(struct mn_fixtures *f, struct ipv4_prefix addr, int ifindex)
{
	fixture(f, EFFECT_ADDRESS)->address = (struct effect_address){
		.add = true,
		.addr = addr,
		.ifindex = ifindex,
	};
}

/* The home address alone, since its network is elsewhere; its broadcasts are ours. */
static void need_home_address(const struct mn_core *mn, struct mn_fixtures *f)
{
	const struct ipv4_prefix home = mn->config.home;

	need_address(f, host_prefix(home.addr), mn->ifindex);
	if (home.len < 31)
		f->at[f->count - 1].address.broadcast = ipv4_prefix_broadcast(home);
}

static void need_arp(struct mn_fixtures *f, int ifindex, bool answer)
{
	fixture(f, EFFECT_ARP_POLICY)->arp_policy = (struct effect_arp_policy){
		.ifindex = ifindex,
		.answer = answer,
	};
}

static void need_route(struct mn_fixtures *f, struct ipv4_prefix dst,
		       struct in_addr via, struct in_addr from, int ifindex)
{
	fixture(f, EFFECT_ROUTE)->route = (struct effect_route){
		.add = true,
		.dst = dst,
		.via = via,
		.prefer_src = from,
		.ifindex = ifindex,
	};
}

static const struct ipv4_prefix everything;
static const struct in_addr on_link;

/* With its link-layer address: the kernel need not ask for it, and may not. */
static void need_neighbour(struct mn_fixtures *f, struct in_addr addr, struct mac mac,
			   int ifindex)
{
	fixture(f, EFFECT_NEIGHBOUR)->neighbour = (struct effect_neighbour){
		.add = true,
		.addr = addr,
		.ifindex = ifindex,
		.mac = mac,
	};
}

/* Our end of a tunnel with the home agent; `reverse`: what we send goes into it. */
static void need_tunnel(const struct mn_core *mn, struct mn_fixtures *f,
			struct in_addr local, enum encap_kind kind, bool reverse)
{
	fixture(f, EFFECT_FORWARD)->forward = (struct fwd_edit){
		.kind = FWD_OWN_SET,
		.home = mn->config.home.addr,
		.reverse = reverse,
		.local_count = 1,
		.local_nets = { network_of(mn->config.home) },
		.tunnel = config_tunnel_for(&mn->config.common, local, mn->home_agent,
					    kind),
	};
}

static void need_home(const struct mn_core *mn, struct mn_fixtures *f)
{
	struct in_addr gateway = mn->config.home_gateway;

	if (gateway.s_addr == INADDR_ANY)
		gateway = mn_home_agent_field(mn);
	need_route(f, network_of(mn->config.home), on_link, mn->config.home.addr,
		   mn->ifindex);
	need_route(f, everything, gateway, mn->config.home.addr, mn->ifindex);
}

/* To a node that it has no tunnel for, a foreign agent is an ordinary router. */
static bool would_leak(const struct mn_core *mn)
{
	return mn_reverse_wanted(mn) && !mn->reverse;
}

static void need_agent(const struct mn_core *mn, struct mn_fixtures *f)
{
	struct in_addr home = mn->config.home.addr;

	need_neighbour(f, mn->agent->addr, mn->agent->mac, mn->ifindex);
	need_route(f, host_prefix(mn->agent->addr), on_link, home, mn->ifindex);
	if (would_leak(mn))
		need_route(f, everything, on_link, home, EFFECT_DEV_TUN);
	else
		need_route(f, everything, mn->agent->addr, home, mn->ifindex);
	/* Broadcasts come wrapped once more, home agent to us (RFC 5944 4.3). */
	if (mn->config.broadcasts && mn->home_agent.s_addr != INADDR_ANY)
		need_tunnel(mn, f, home, ENCAP_IPIP, false);
}

static bool addr_equal(struct in_addr a, struct in_addr b)
{
	return a.s_addr == b.s_addr;
}

static void need_gateway(const struct mn_core *mn, struct mn_fixtures *f)
{
	struct in_addr gateway = mn->config.colocated.gateway;
	struct in_addr home_agent = mn_home_agent_field(mn);

	need_neighbour(f, gateway, mn->gateway_mac, mn->ifindex);
	need_route(f, host_prefix(gateway), on_link, mn->care_of, mn->ifindex);
	if (!addr_equal(home_agent, gateway))
		need_route(f, host_prefix(home_agent), gateway, mn->care_of,
			   mn->ifindex);
}

/* The care-of address alone: nobody else on its link is asked for. */
static void need_colocated(const struct mn_core *mn, struct mn_fixtures *f)
{
	struct in_addr home = mn->config.home.addr;
	struct in_addr gateway = mn->config.colocated.gateway;

	need_address(f, host_prefix(mn->care_of), mn->ifindex);
	if (!mn->gateway_known) {
		need_route(f, everything, on_link, home, EFFECT_DEV_TUN);
		return;
	}
	need_gateway(mn, f);
	if (mn->home_agent.s_addr != INADDR_ANY)
		need_tunnel(mn, f, mn->care_of, mn_encap_wanted(mn),
			    mn_reverse_wanted(mn));
	if (mn_reverse_wanted(mn))
		need_route(f, everything, on_link, home, EFFECT_DEV_TUN);
	else
		need_route(f, everything, gateway, home, mn->ifindex);
}

static void need_stop(struct mn_fixtures *f)
{
	fixture(f, EFFECT_ROUTE)->route = (struct effect_route){
		.add = true,
		.metric = EFFECT_METRIC_STOP,
		.unreachable = true,
	};
}

static void wanted_here(const struct mn_core *mn, struct mn_fixtures *f)
{
	f->count = 0;
	if (mn->ifindex == 0)
		return;
	need_home_address(mn, f);
	need_arp(f, mn->ifindex, mn->place == MN_HOME);
	if (mn->place != MN_HOME && mn_config_requires_esp(&mn->config))
		need_stop(f);
	switch (mn->place) {
	case MN_NOWHERE:
		need_route(f, everything, on_link, mn->config.home.addr,
			   EFFECT_DEV_TUN);
		break;
	case MN_HOME:
		need_home(mn, f);
		break;
	case MN_FOREIGN_AGENT:
		need_agent(mn, f);
		break;
	case MN_COLOCATED:
		need_colocated(mn, f);
		break;
	}
}

static bool prefix_equal(struct ipv4_prefix a, struct ipv4_prefix b)
{
	return addr_equal(a.addr, b.addr) && a.len == b.len;
}

/* The same thing, perhaps with another value: adding the one replaces the other. */
static bool same_thing(const struct mn_fixture *a, const struct mn_fixture *b)
{
	if (a->kind != b->kind)
		return false;
	switch (a->kind) {
	case EFFECT_ROUTE:
		return prefix_equal(a->route.dst, b->route.dst) &&
		       a->route.metric == b->route.metric;
	case EFFECT_NEIGHBOUR:
		return addr_equal(a->neighbour.addr, b->neighbour.addr) &&
		       a->neighbour.ifindex == b->neighbour.ifindex;
	case EFFECT_ADDRESS:
		return prefix_equal(a->address.addr, b->address.addr) &&
		       a->address.ifindex == b->address.ifindex;
	case EFFECT_ARP_POLICY:
		return a->arp_policy.ifindex == b->arp_policy.ifindex;
	default: /* a tunnel of ours: there is one at a time */
		return true;
	}
}

static bool same_value(const struct mn_fixture *a, const struct mn_fixture *b)
{
	switch (a->kind) {
	case EFFECT_ROUTE:
		return addr_equal(a->route.via, b->route.via) &&
		       addr_equal(a->route.prefer_src, b->route.prefer_src) &&
		       a->route.ifindex == b->route.ifindex;
	case EFFECT_NEIGHBOUR:
		return mac_equal(a->neighbour.mac, b->neighbour.mac);
	case EFFECT_ARP_POLICY:
		return a->arp_policy.answer == b->arp_policy.answer;
	case EFFECT_FORWARD:
		return addr_equal(a->forward.home, b->forward.home) &&
		       a->forward.reverse == b->forward.reverse &&
		       tunnel_spec_equal(&a->forward.tunnel, &b->forward.tunnel);
	default:
		return true;
	}
}

static const struct mn_fixture *find(const struct mn_fixtures *f,
				     const struct mn_fixture *like)
{
	for (unsigned i = 0; i < f->count; i++)
		if (same_thing(&f->at[i], like))
			return &f->at[i];
	return NULL;
}

static struct effect *as_effect(const struct mn_core *mn, const struct mn_fixture *f,
				uint32_t txn, struct effect_list *fx)
{
	struct effect *e = effect_add(fx, f->kind, txn, mn->config.home.addr);

	switch (f->kind) {
	case EFFECT_ROUTE:
		e->route = f->route;
		break;
	case EFFECT_NEIGHBOUR:
		e->neighbour = f->neighbour;
		break;
	case EFFECT_ADDRESS:
		e->address = f->address;
		break;
	case EFFECT_ARP_POLICY:
		e->arp_policy = f->arp_policy;
		break;
	default:
		e->forward = f->forward;
		break;
	}
	return e;
}

static void undo(const struct mn_core *mn, const struct mn_fixture *f,
		 struct effect_list *fx)
{
	struct effect *e = as_effect(mn, f, 0, fx);

	switch (f->kind) {
	case EFFECT_ROUTE:
		e->route.add = false;
		break;
	case EFFECT_NEIGHBOUR:
		e->neighbour.add = false;
		break;
	case EFFECT_ADDRESS:
		e->address.add = false;
		break;
	case EFFECT_ARP_POLICY: /* hand it back to the kernel as it is by default */
		e->arp_policy.answer = true;
		break;
	default:
		e->forward.kind = FWD_OWN_CLEAR;
		break;
	}
}

static void set(const struct mn_core *mn, const struct mn_fixture *old,
		const struct mn_fixture *new, uint32_t txn, struct effect_list *fx)
{
	if (old && mn->fixtures.sure && same_value(old, new))
		return;
	/* A tunnel is not replaced by the next: it is named when it goes. */
	if (old && new->kind == EFFECT_FORWARD && !same_value(old, new))
		undo(mn, old, fx);
	as_effect(mn, new, txn, fx);
}

static void change_to(struct mn_core *mn, const struct mn_fixtures *wanted,
		      uint32_t txn, struct effect_list *fx)
{
	const struct mn_fixtures *had = &mn->fixtures;

	for (unsigned i = 0; i < wanted->count; i++)
		set(mn, find(had, &wanted->at[i]), &wanted->at[i], txn, fx);
	for (unsigned i = had->count; i-- > 0;)
		if (!find(wanted, &had->at[i]))
			undo(mn, &had->at[i], fx);
	mn->fixtures = *wanted;
	mn->fixtures.sure = !fx->overflow;
}

void mn_settle(struct mn_core *mn, uint32_t txn, struct effect_list *fx)
{
	struct mn_fixtures wanted;

	wanted_here(mn, &wanted);
	change_to(mn, &wanted, txn, fx);
}

void mn_reassert(struct mn_core *mn, uint32_t txn, struct effect_list *fx)
{
	struct mn_fixtures wanted;

	if (!mn->up || !mn->fixtures.sure) {
		mn_settle(mn, txn, fx);
		return;
	}
	wanted_here(mn, &wanted);
	for (unsigned i = 0; i < wanted.count; i++)
		if (wanted.at[i].kind != EFFECT_FORWARD) /* that is ours alone */
			as_effect(mn, &wanted.at[i], txn, fx);
}

void mn_unsettle(struct mn_core *mn, struct effect_list *fx)
{
	const struct mn_fixtures none = { .count = 0 };

	change_to(mn, &none, 0, fx);
}

bool mn_is_undoing(const struct effect *e)
{
	switch (e->kind) {
	case EFFECT_ROUTE:
		return !e->route.add;
	case EFFECT_NEIGHBOUR:
		return !e->neighbour.add;
	case EFFECT_ADDRESS:
		return !e->address.add;
	case EFFECT_ARP_POLICY:
		return e->txn == 0;
	case EFFECT_FORWARD:
		return e->forward.kind == FWD_OWN_CLEAR;
	default:
		return false;
	}
}

static bool as_fixture(const struct effect *e, struct mn_fixture *out)
{
	*out = (struct mn_fixture){ .kind = e->kind };
	switch (e->kind) {
	case EFFECT_ROUTE:
		out->route = e->route;
		out->route.add = true;
		return true;
	case EFFECT_NEIGHBOUR:
		out->neighbour = e->neighbour;
		out->neighbour.add = true;
		return true;
	case EFFECT_ADDRESS:
		out->address = e->address;
		out->address.add = true;
		return true;
	case EFFECT_FORWARD:
		out->forward = e->forward;
		out->forward.kind = FWD_OWN_SET;
		return true;
	default:
		return false;
	}
}

void mn_remains(struct mn_core *mn, const struct effect *undoing)
{
	struct mn_fixtures *f = &mn->fixtures;
	struct mn_fixture left;

	if (f->count < MN_FIXTURES_MAX && as_fixture(undoing, &left) && !find(f, &left))
		f->at[f->count++] = left;
}
