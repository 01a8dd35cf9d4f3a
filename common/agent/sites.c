/* SPDX-License-Identifier: ISC */
/*
 * Site tunnels (RFC 2003, 2784): setting up, taking down, and the difference
 * between two configurations.
 */
#include "common/agent/sites.h"

#include <string.h>

static const struct in_addr nobody;

static bool same_prefixes(const struct ipv4_prefix *a, const struct ipv4_prefix *b,
			  unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		if (a[i].addr.s_addr != b[i].addr.s_addr || a[i].len != b[i].len)
			return false;
	return true;
}

/* Whether packets go the same way. */
static bool site_same(const struct site_config *a, const struct site_config *b)
{
	const struct encap_spec *x = &a->tunnel.encap, *y = &b->tunnel.encap;

	return tunnel_spec_equal(&a->tunnel, &b->tunnel) && a->mtu == b->mtu &&
	       x->dscp == y->dscp && x->dscp_value == y->dscp_value &&
	       x->ttl == y->ttl && x->no_outer_df == y->no_outer_df &&
	       x->mss_clamp == y->mss_clamp &&
	       x->minimal_fallback == y->minimal_fallback &&
	       a->local_count == b->local_count && a->remote_count == b->remote_count &&
	       same_prefixes(a->local_nets, b->local_nets, a->local_count) &&
	       same_prefixes(a->remote_nets, b->remote_nets, a->remote_count);
}

static bool same_label(const struct site_config *a, const struct site_config *b)
{
	return strcmp(a->name, b->name) == 0 && probe_spec_equal(&a->probe, &b->probe);
}

static const struct site_config *find_site(const struct common_config *c,
					   const struct site_config *site)
{
	for (unsigned i = 0; c && i < c->site_count; i++)
		if (site_same(&c->site[i], site))
			return &c->site[i];
	return NULL;
}

static void edit(enum fwd_edit_kind kind, const struct site_config *site,
		 struct effect_list *fx)
{
	struct fwd_edit e = {
		.kind = kind,
		.tunnel = site->tunnel,
		.local_count = site->local_count,
		.remote_count = site->remote_count,
	};

	memcpy(e.local_nets, site->local_nets, sizeof(e.local_nets));
	memcpy(e.remote_nets, site->remote_nets, sizeof(e.remote_nets));
	memcpy(e.name, site->name, sizeof(e.name));
	e.probe = site->probe;
	effect_forward(fx, 0, &e);
}

static void routes(bool add, const struct site_config *site, struct effect_list *fx)
{
	for (unsigned i = 0; i < site->remote_count; i++)
		effect_add(fx, EFFECT_ROUTE, 0, nobody)->route = (struct effect_route){
			.add = add,
			.dst = site->remote_nets[i],
			.ifindex = EFFECT_DEV_TUN,
			.mtu = site->mtu,
		};
}

static bool same_prefix(struct ipv4_prefix a, struct ipv4_prefix b)
{
	return same_prefixes(&a, &b, 1);
}

/* Whether `p` is behind a tunnel that needs ESP. */
static bool must_not_leak(const struct common_config *c, struct ipv4_prefix p)
{
	for (unsigned i = 0; c && i < c->site_count; i++)
		for (unsigned j = 0; c->site[i].required && j < c->site[i].remote_count;
		     j++)
			if (same_prefix(c->site[i].remote_nets[j], p))
				return true;
	return false;
}

/*
 * Subnets that `in` must not leak and `out` may: behind their routes to the tunnel
 * stands one that leads nowhere, which the kernel keeps when we are killed.
 */
static void stops(bool add, const struct common_config *in,
		  const struct common_config *out, struct effect_list *fx)
{
	for (unsigned i = 0; in && i < in->site_count; i++) {
		const struct site_config *site = &in->site[i];

		for (unsigned j = 0; site->required && j < site->remote_count; j++)
			if (!must_not_leak(out, site->remote_nets[j]))
				effect_add(fx, EFFECT_ROUTE, 0, nobody)->route =
					(struct effect_route){
						.add = add,
						.dst = site->remote_nets[j],
						.metric = EFFECT_METRIC_STOP,
						.unreachable = true,
					};
	}
}

/* A route leads to the tunnel only while its entry stands. */
void sites_change(const struct common_config *from, const struct common_config *to,
		  struct effect_list *fx)
{
	stops(true, to, from, fx);
	for (unsigned i = 0; from && i < from->site_count; i++) {
		if (find_site(to, &from->site[i]))
			continue;
		routes(false, &from->site[i], fx);
		edit(FWD_SITE_CLEAR, &from->site[i], fx);
	}
	for (unsigned i = 0; to && i < to->site_count; i++) {
		const struct site_config *was = find_site(from, &to->site[i]);

		if (was && same_label(was, &to->site[i]))
			continue;
		edit(FWD_SITE_SET, &to->site[i], fx);
		if (!was)
			routes(true, &to->site[i], fx);
	}
	stops(false, from, to, fx);
}
