/* SPDX-License-Identifier: ISC */
/*
 * What is simple in the forwarding table, and telling a mirror of it.
 */
#include "common/tunnel/fwd_simple.h"
#include "common/tunnel/fwd_private.h"
#include "common/tunnel/protect_private.h"

static bool is_simple_encap(const struct encap_spec *e)
{
	if (e->kind == ENCAP_GRE)
		return !e->gre_sequence && !e->gre_checksum;
	return e->kind == ENCAP_IPIP;
}

/* Whether packets go in ESP can change with every association. */
static bool is_simple_path(const struct tunnel_path *path)
{
	const struct protect_pair *pair = path->pair;

	if (pair && pair->spec.policy != PROTECT_OFF)
		return false;
	return !path->mtu.narrow && !path->owes;
}

bool fwd_simple_tunnel(const struct tunnel *t)
{
	const struct encap_spec *e = &t->spec.encap;

	return e->fast_path != FAST_PATH_OFF && is_simple_encap(e) &&
	       t->spec.carrier.kind == CARRIER_NONE && !e->no_outer_df &&
	       e->mss_clamp == 0 && t->uses[TUNNEL_OWN] == 0 &&
	       t->uses[TUNNEL_SITE] == 0 && is_simple_path(t->path);
}

bool fwd_simple_binding(const struct fwd *f, struct in_addr home,
			struct simple_binding *out)
{
	const struct fwd_home *h = fwd_by_home(f, home);

	if (!h || h->count != 1)
		return false;
	*out = (struct simple_binding){ .tunnel = h->use[0].tunnel,
					.reverse = h->use[0].reverse };
	return true;
}

bool fwd_simple_visitor(const struct fwd *f, struct in_addr home,
			struct simple_visitor *out)
{
	const struct fwd_visitor *v = fwd_by_visitor(f, home);

	if (!v)
		return false;
	*out = (struct simple_visitor){ .tunnel = v->tunnel,
					.reverse = v->reverse,
					.ifindex = v->ifindex,
					.mac = v->mac };
	return true;
}

/* ---- telling ---- */

void fwd_binding_changed(const struct fwd *f, struct in_addr home)
{
	if (f->mirror.binding)
		f->mirror.binding(f->mirror.arg, home);
}

void fwd_visitor_changed(const struct fwd *f, struct in_addr home)
{
	if (f->mirror.visitor)
		f->mirror.visitor(f->mirror.arg, home);
}

void fwd_tunnel_changed(const struct fwd *f, const struct tunnel *t)
{
	if (f->mirror.tunnel)
		f->mirror.tunnel(f->mirror.arg, t, false);
}

void fwd_tunnel_gone(const struct fwd *f, const struct tunnel *t)
{
	if (f->mirror.tunnel)
		f->mirror.tunnel(f->mirror.arg, t, true);
}

void fwd_path_changed(const struct fwd *f, const struct tunnel_path *path)
{
	list_each(it, next, &path->tunnels)
		fwd_tunnel_changed(f, container_of(it, struct tunnel, on_path));
}

void fwd_mirror(struct fwd *f, const struct fwd_mirror *mirror)
{
	fwd_hold(f);
	f->mirror = mirror ? *mirror : (struct fwd_mirror){ 0 };
	for (const struct tunnel *t = f->tunnels; t; t = t->hh.next)
		fwd_tunnel_changed(f, t);
	addr_table_each(it, next, &f->bindings)
		fwd_binding_changed(f, it->addr);
	addr_table_each(it, next, &f->visitors)
		fwd_visitor_changed(f, it->addr);
	fwd_release(f);
}
