/* SPDX-License-Identifier: ISC */
/*
 * Tunnels and the paths that they share, each counted by its users: made for the
 * first, gone with the last.
 */
#include "common/tunnel/fwd_private.h"
#include "common/tunnel/protect_private.h"

#include <errno.h>
#include <string.h>

struct tunnel *fwd_by_outer(const struct fwd *f, const struct outer_key *key)
{
	struct tunnel *t;

	HASH_FIND(hh, f->tunnels, key, sizeof(*key), t);
	return t;
}

struct tunnel_path *fwd_by_path_key(const struct fwd *f, const struct path_key *key)
{
	struct tunnel_path *path;

	HASH_FIND(hh, f->paths, key, sizeof(*key), path);
	return path;
}

struct tunnel_path *fwd_by_path(const struct fwd *f, struct in_addr local,
				struct in_addr remote, uint8_t protocol)
{
	const struct path_key key = { .local = local,
				      .remote = remote,
				      .protocol = protocol };

	return fwd_by_path_key(f, &key);
}

static struct path_key path_key(const struct tunnel_spec *spec)
{
	return (struct path_key){ .local = spec->local,
				  .remote = spec->remote,
				  .protocol = encap_protocol(spec->encap.kind),
				  .carrier = (uint16_t)spec->carrier.kind };
}

static struct tunnel_path *path_new(struct fwd *f, const struct tunnel_spec *spec)
{
	struct tunnel_path *path = pool_take(&f->path_pool);

	if (!path)
		return NULL;
	path->key = path_key(spec);
	list_init(&path->tunnels);
	list_init(&path->of_pair);
	mtu_init(&path->mtu, spec->encap.mtu);
	HASH_ADD(hh, f->paths, key, sizeof(path->key), path);
	if (hashmap_added(path, hh)) {
		protect_path_made(f, path);
		return path;
	}
	pool_give(&f->path_pool, path);
	return NULL;
}

static struct tunnel_path *path_get(struct fwd *f, const struct tunnel_spec *spec)
{
	const struct path_key key = path_key(spec);
	struct tunnel_path *path = fwd_by_path_key(f, &key);

	return path ? path : path_new(f, spec);
}

static void path_take(struct tunnel_path *path, struct tunnel *t)
{
	t->path = path;
	list_add_tail(&path->tunnels, &t->on_path);
}

static void path_leave(struct fwd *f, struct tunnel *t)
{
	struct tunnel_path *path = t->path;

	list_remove(&t->on_path);
	if (!list_empty(&path->tunnels))
		return;
	protect_path_gone(path);
	HASH_DELETE(hh, f->paths, path);
	pool_give(&f->path_pool, path);
}

static int tunnel_new(struct fwd *f, const struct tunnel_spec *spec,
		      struct tunnel **out)
{
	struct tunnel *t = pool_take(&f->tunnel_pool);
	struct tunnel_path *path;

	if (!t)
		return f->tunnel_pool.used < f->tunnel_pool.capacity ? -ENOMEM
								     : -ENOSPC;
	tunnel_init(t, spec);
	t->key = tunnel_key(spec);
	path = path_get(f, spec);
	if (!path)
		goto no_path;
	path_take(path, t);
	HASH_ADD(hh, f->tunnels, key, sizeof(t->key), t);
	if (!hashmap_added(t, hh))
		goto not_added;
	f->made = t;
	*out = t;
	return 0;

not_added:
	path_leave(f, t);
no_path:
	pool_give(&f->tunnel_pool, t);
	return -ENOMEM;
}

/* Some users let out what a mirror cannot judge. */
static void users_changed(const struct fwd *f, const struct tunnel *t,
			  enum tunnel_use use)
{
	if (use == TUNNEL_OWN || use == TUNNEL_SITE)
		fwd_tunnel_changed(f, t);
}

int fwd_tunnel_get(struct fwd *f, const struct tunnel_spec *spec, enum tunnel_use use,
		   struct tunnel **out)
{
	struct outer_key key = tunnel_key(spec);
	int err = 0;

	if (spec->carrier.kind == CARRIER_UDP && spec->encap.kind != ENCAP_GRE)
		return -EINVAL;
	*out = fwd_by_outer(f, &key);
	if (!*out)
		err = tunnel_new(f, spec, out);
	if (err)
		return err;
	(*out)->uses[use]++;
	users_changed(f, *out, use);
	return 0;
}

static bool same_mtu(const struct path_mtu *a, const struct path_mtu *b)
{
	return a->most == b->most && a->mtu == b->mtu;
}

/* A path has many tunnels, one a key; most edits change nothing about it. */
void fwd_tunnel_reconfigure(struct fwd *f, struct tunnel *t,
			    const struct tunnel_spec *spec)
{
	const struct path_mtu before = t->path->mtu;
	bool same = t != f->made && memcmp(&t->spec, spec, sizeof(*spec)) == 0;

	tunnel_reconfigure(t, spec);
	if (!same_mtu(&before, &t->path->mtu))
		fwd_path_changed(f, t->path);
	else if (!same)
		fwd_tunnel_changed(f, t);
}

static unsigned users(const struct tunnel *t)
{
	unsigned sum = 0;

	for (unsigned u = 0; u < TUNNEL_USES; u++)
		sum += t->uses[u];
	return sum;
}

void fwd_watch(struct fwd *f, fwd_changed_fn *changed, void *arg)
{
	f->changed = changed;
	f->changed_arg = arg;
}

static void tell(const struct fwd *f, const struct tunnel *t, bool in_use)
{
	if (f->changed)
		f->changed(f->changed_arg, t, in_use);
}

void fwd_tunnel_made(struct fwd *f)
{
	if (f->made)
		tell(f, f->made, true);
	f->made = NULL;
}

bool fwd_tunnel_put(struct fwd *f, struct tunnel *t, enum tunnel_use use)
{
	t->uses[use]--;
	if (users(t) > 0) {
		users_changed(f, t, use);
		return true;
	}
	fwd_tunnel_gone(f, t);
	if (t == f->made)
		f->made = NULL;
	else
		tell(f, t, false);
	HASH_DELETE(hh, f->tunnels, t);
	path_leave(f, t);
	pool_give(&f->tunnel_pool, t);
	return false;
}

size_t fwd_tunnels(const struct fwd *f)
{
	return HASH_COUNT(f->tunnels);
}

void fwd_each_tunnel(const struct fwd *f,
		     void (*visit)(void *arg, const struct tunnel *t), void *arg)
{
	for (const struct tunnel *t = f->tunnels; t; t = t->hh.next)
		visit(arg, t);
}
