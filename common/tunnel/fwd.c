/* SPDX-License-Identifier: ISC */
/*
 * The forwarding table: home addresses with bindings, our own home addresses,
 * and visitors. Tunnels are in fwd_tunnel.c, site tunnels in fwd_site.c.
 */
#include "common/tunnel/fwd.h"
#include "common/tunnel/fwd_private.h"
#include "common/tunnel/protect_private.h"

#include <errno.h>
#include <stdlib.h>

/* ---- lookups ---- */

static struct fwd_home *find_home(const struct addr_table *table, struct in_addr home)
{
	struct addr_link *l = addr_table_find(table, home);

	return l ? fwd_home_of(l) : NULL;
}

struct fwd_home *fwd_by_home(const struct fwd *f, struct in_addr home)
{
	return find_home(&f->bindings, home);
}

struct fwd_home *fwd_by_own(const struct fwd *f, struct in_addr home)
{
	return find_home(&f->own, home);
}

struct fwd_visitor *fwd_by_visitor(const struct fwd *f, struct in_addr home)
{
	struct addr_link *l = addr_table_find(&f->visitors, home);

	return l ? fwd_visitor_of(l) : NULL;
}

const struct fwd_use *fwd_use_of(const struct fwd_home *h, const struct tunnel *t)
{
	for (unsigned i = 0; i < h->count; i++)
		if (h->use[i].tunnel == t)
			return &h->use[i];
	return NULL;
}

/* ---- home addresses: with bindings, and our own ---- */

/* What the two tables differ in. */
struct home_table {
	struct addr_table *homes;
	enum tunnel_use use;
};

static struct home_table bindings_of(struct fwd *f)
{
	return (struct home_table){ &f->bindings, TUNNEL_BINDING };
}

static struct home_table own_of(struct fwd *f)
{
	return (struct home_table){ &f->own, TUNNEL_OWN };
}

static int full_or_out_of_memory(const struct pool *p)
{
	return p->used < p->capacity ? -ENOMEM : -ENOSPC;
}

static int home_get(struct fwd *f, struct home_table in, struct in_addr home,
		    struct fwd_home **out)
{
	struct fwd_home *h = find_home(in.homes, home);

	*out = h;
	if (h)
		return 0;
	h = pool_take(&f->home_pool);
	if (!h)
		return full_or_out_of_memory(&f->home_pool);
	h->link.addr = home;
	h->use = &h->one;
	if (in.use == TUNNEL_BINDING)
		list_init(&h->broadcasts);
	if (addr_table_add(in.homes, &h->link) < 0) {
		pool_give(&f->home_pool, h);
		return -ENOMEM;
	}
	*out = h;
	return 0;
}

static void home_remove_if_empty(struct fwd *f, struct home_table in,
				 struct fwd_home *h)
{
	if (h->count > 0)
		return;
	if (in.use == TUNNEL_BINDING)
		list_remove(&h->broadcasts);
	addr_table_remove(in.homes, &h->link);
	pool_give(&f->home_pool, h);
}

/* Keep the home address among those that want broadcasts as long as a use does. */
static void update_broadcasts(struct fwd *f, struct home_table in, struct fwd_home *h)
{
	bool wanted = false;

	if (in.use != TUNNEL_BINDING)
		return;
	for (unsigned i = 0; i < h->count; i++)
		wanted |= h->use[i].broadcasts;
	if (!wanted)
		list_remove(&h->broadcasts);
	else if (list_empty(&h->broadcasts))
		list_add_tail(&f->broadcasts, &h->broadcasts);
}

/* Room for a second tunnel.  0 or -ENOMEM. */
static int uses_grow(struct fwd *f, struct fwd_home *h)
{
	struct fwd_use *use;

	if (h->count != 1 || h->use != &h->one)
		return 0;
	use = pool_take(&f->uses_pool);
	if (!use)
		return -ENOMEM;
	use[0] = h->one;
	h->use = use;
	return 0;
}

static void uses_shrink(struct fwd *f, struct fwd_home *h)
{
	if (h->count > 1 || h->use == &h->one)
		return;
	h->one = h->use[0];
	pool_give(&f->uses_pool, h->use);
	h->use = &h->one;
}

/* The place in `h` for that tunnel, taken over.  0, -ENOSPC or -ENOMEM. */
static int use_get(struct fwd *f, struct home_table in, struct fwd_home *h,
		   struct tunnel *t, struct fwd_use **out)
{
	for (unsigned i = 0; i < h->count; i++) {
		if (h->use[i].tunnel != t)
			continue;
		fwd_tunnel_put(f, t, in.use); /* this home address has it already */
		*out = &h->use[i];
		return 0;
	}
	if (h->count == FWD_TUNNELS_PER_HOME)
		return -ENOSPC;
	if (uses_grow(f, h) < 0)
		return -ENOMEM;
	*out = &h->use[h->count++];
	return 0;
}

static int home_set(struct fwd *f, struct home_table in, const struct fwd_edit *edit)
{
	struct fwd_home *h;
	struct fwd_use *use;
	struct tunnel *t;
	int err = fwd_tunnel_get(f, &edit->tunnel, in.use, &t);

	if (err)
		return err;
	err = home_get(f, in, edit->home, &h);
	if (err)
		goto no_home;
	err = use_get(f, in, h, t, &use);
	if (err)
		goto no_home;
	*use = (struct fwd_use){ .tunnel = t,
				 .reverse = edit->reverse,
				 .broadcasts = edit->broadcasts,
				 .nested = edit->nested,
				 .agent = edit->agent };
	if (in.use == TUNNEL_OWN && edit->local_count > 0)
		h->network = edit->local_nets[0];
	update_broadcasts(f, in, h);
	fwd_tunnel_reconfigure(f, t, &edit->tunnel);
	fwd_binding_changed(f, edit->home);
	return 0;

no_home:
	fwd_tunnel_put(f, t, in.use);
	return err;
}

static void use_remove(struct fwd *f, struct home_table in, struct fwd_home *h,
		       unsigned at)
{
	struct tunnel *t = h->use[at].tunnel;

	h->count--;
	for (unsigned i = at; i < h->count; i++)
		h->use[i] = h->use[i + 1];
	uses_shrink(f, h);
	fwd_tunnel_put(f, t, in.use);
}

static bool names_no_tunnel(const struct tunnel_spec *spec)
{
	return spec->local.s_addr == 0 && spec->remote.s_addr == 0;
}

static int home_clear(struct fwd *f, struct home_table in, const struct fwd_edit *edit)
{
	struct fwd_home *h = find_home(in.homes, edit->home);
	struct outer_key key = tunnel_key(&edit->tunnel);
	struct tunnel *t = fwd_by_outer(f, &key);
	bool all = names_no_tunnel(&edit->tunnel);

	if (!h || (!all && (!t || !fwd_use_of(h, t))))
		return -ENOENT;
	for (unsigned i = h->count; i-- > 0;)
		if (all || h->use[i].tunnel == t)
			use_remove(f, in, h, i);
	update_broadcasts(f, in, h);
	home_remove_if_empty(f, in, h);
	fwd_binding_changed(f, edit->home);
	return 0;
}

/* ---- visitors ---- */

static int visitor_get(struct fwd *f, struct in_addr home, struct fwd_visitor **out)
{
	struct fwd_visitor *v = fwd_by_visitor(f, home);

	*out = v;
	if (v)
		return 0;
	v = pool_take(&f->visitor_pool);
	if (!v)
		return full_or_out_of_memory(&f->visitor_pool);
	v->link.addr = home;
	if (addr_table_add(&f->visitors, &v->link) < 0) {
		pool_give(&f->visitor_pool, v);
		return -ENOMEM;
	}
	*out = v;
	return 0;
}

static int visitor_set(struct fwd *f, const struct fwd_edit *edit)
{
	struct fwd_visitor *v;
	struct tunnel *t;
	int err = fwd_tunnel_get(f, &edit->tunnel, TUNNEL_VISITOR, &t);

	if (err)
		return err;
	err = visitor_get(f, edit->home, &v);
	if (err) {
		fwd_tunnel_put(f, t, TUNNEL_VISITOR);
		return err;
	}
	if (v->tunnel)
		fwd_tunnel_put(f, v->tunnel, TUNNEL_VISITOR);
	v->tunnel = t;
	v->reverse = edit->reverse;
	v->ifindex = edit->ifindex;
	v->mac = edit->mac;
	fwd_tunnel_reconfigure(f, t, &edit->tunnel);
	fwd_visitor_changed(f, edit->home);
	return 0;
}

static int visitor_clear(struct fwd *f, const struct fwd_edit *edit)
{
	struct fwd_visitor *v = fwd_by_visitor(f, edit->home);
	struct tunnel *t;

	if (!v)
		return -ENOENT;
	t = v->tunnel;
	addr_table_remove(&f->visitors, &v->link);
	pool_give(&f->visitor_pool, v);
	fwd_visitor_changed(f, edit->home);
	fwd_tunnel_put(f, t, TUNNEL_VISITOR);
	return 0;
}

/* ---- the table ---- */

static int apply(struct fwd *f, const struct fwd_edit *edit)
{
	switch (edit->kind) {
	case FWD_BINDING_SET:
		return home_set(f, bindings_of(f), edit);
	case FWD_BINDING_CLEAR:
		return home_clear(f, bindings_of(f), edit);
	case FWD_VISITOR_SET:
		return visitor_set(f, edit);
	case FWD_VISITOR_CLEAR:
		return visitor_clear(f, edit);
	case FWD_OWN_SET:
		return home_set(f, own_of(f), edit);
	case FWD_OWN_CLEAR:
		return home_clear(f, own_of(f), edit);
	case FWD_SITE_SET:
		return fwd_site_set(f, edit);
	case FWD_SITE_CLEAR:
		return fwd_site_clear(f, edit);
	}
	return -EINVAL;
}

int fwd_apply(struct fwd *f, const struct fwd_edit *edit)
{
	int err;

	fwd_hold(f);
	err = apply(f, edit);
	fwd_tunnel_made(f);
	fwd_release(f);
	return err;
}

/* A set holds the old subnets beside the new ones for a moment. */
static size_t prefixes_for(size_t max_tunnels)
{
	return (max_tunnels + 1) * FWD_SITE_PREFIXES;
}

static size_t sas_for(size_t max_tunnels)
{
	return max_tunnels * PROTECT_SAS_IN;
}

static void reserve(struct pool *p, size_t capacity)
{
	if (p->capacity < capacity)
		p->capacity = capacity;
}

void fwd_reserve(struct fwd *f, size_t max_entries, size_t max_tunnels)
{
	reserve(&f->home_pool, max_entries);
	reserve(&f->uses_pool, max_entries);
	reserve(&f->visitor_pool, max_entries);
	reserve(&f->tunnel_pool, max_tunnels);
	reserve(&f->path_pool, max_tunnels);
	reserve(&f->site_pool, max_tunnels);
	reserve(&f->pair_pool, max_tunnels);
	reserve(&f->sa_pool, sas_for(max_tunnels));
	reserve(&f->prefix_pool, prefixes_for(max_tunnels));
}

struct fwd *fwd_new(size_t max_entries, size_t max_tunnels)
{
	struct fwd *f = calloc(1, sizeof(*f));

	if (!f || fwd_locks_init(f) != 0) {
		free(f);
		return NULL;
	}
	list_init(&f->broadcasts);
	list_init(&f->sites);
	pool_init(&f->home_pool, sizeof(struct fwd_home), max_entries);
	pool_init(&f->uses_pool, FWD_TUNNELS_PER_HOME * sizeof(struct fwd_use),
		  max_entries);
	pool_init(&f->visitor_pool, sizeof(struct fwd_visitor), max_entries);
	pool_init(&f->tunnel_pool, sizeof(struct tunnel), max_tunnels);
	pool_init(&f->path_pool, sizeof(struct tunnel_path), max_tunnels);
	pool_init(&f->site_pool, sizeof(struct fwd_site), max_tunnels);
	pool_init(&f->pair_pool, sizeof(struct protect_pair), max_tunnels);
	pool_init(&f->sa_pool, sizeof(struct protect_sa), sas_for(max_tunnels));
	pool_init(&f->prefix_pool, sizeof(struct fwd_prefix),
		  prefixes_for(max_tunnels));
	return f;
}

void fwd_free(struct fwd *f)
{
	if (!f)
		return;
	addr_table_fini(&f->bindings);
	addr_table_fini(&f->own);
	addr_table_fini(&f->visitors);
	HASH_CLEAR(hh, f->prefixes);
	HASH_CLEAR(hh, f->tunnels);
	HASH_CLEAR(hh, f->paths);
	protect_fini(f);
	pool_fini(&f->home_pool);
	pool_fini(&f->uses_pool);
	pool_fini(&f->visitor_pool);
	pool_fini(&f->tunnel_pool);
	pool_fini(&f->path_pool);
	pool_fini(&f->site_pool);
	pool_fini(&f->prefix_pool);
	fwd_locks_fini(f);
	free(f);
}
