/* SPDX-License-Identifier: ISC */
/*
 * Subnets behind site tunnels: a hash of prefixes, asked once for each prefix
 * length in use, the longest first.
 */
#include "common/tunnel/fwd_private.h"

#include <errno.h>
#include <string.h>

static struct prefix_key key_of(struct ipv4_prefix p)
{
	return (struct prefix_key){ .addr = ntohl(p.addr.s_addr) & ipv4_mask(p.len),
				    .len = p.len };
}

static struct fwd_prefix *find_prefix(const struct fwd *f, struct prefix_key key)
{
	struct fwd_prefix *p;

	HASH_FIND(hh, f->prefixes, &key, sizeof(key), p);
	return p;
}

struct fwd_site *fwd_by_site(const struct fwd *f, struct in_addr dst)
{
	for (unsigned len = 33; len-- > 0;) {
		struct ipv4_prefix whole = { .addr = dst, .len = (uint8_t)len };
		struct fwd_prefix *p = NULL;

		if (f->prefixes_of_len[len] > 0)
			p = find_prefix(f, key_of(whole));
		if (p)
			return p->site;
	}
	return NULL;
}

static bool any_has(const struct ipv4_prefix *at, unsigned count, struct in_addr a)
{
	for (unsigned i = 0; i < count; i++)
		if (ipv4_prefix_has(at[i], a))
			return true;
	return false;
}

bool fwd_site_local(const struct fwd_site *s, struct in_addr a)
{
	return any_has(s->local, s->local_count, a);
}

bool fwd_site_remote(const struct fwd_site *s, struct in_addr a)
{
	return any_has(s->remote, s->remote_count, a);
}

static void remove_prefix(struct fwd *f, struct fwd_prefix *p)
{
	f->prefixes_of_len[p->key.len]--;
	HASH_DELETE(hh, f->prefixes, p);
	pool_give(&f->prefix_pool, p);
}

static int add_prefix(struct fwd *f, struct prefix_key key, struct fwd_site *site)
{
	struct fwd_prefix *p = pool_take(&f->prefix_pool);

	if (!p)
		return f->prefix_pool.used < f->prefix_pool.capacity ? -ENOMEM
								     : -ENOSPC;
	p->key = key;
	p->site = site;
	HASH_ADD(hh, f->prefixes, key, sizeof(p->key), p);
	if (!hashmap_added(p, hh)) {
		pool_give(&f->prefix_pool, p);
		return -ENOMEM;
	}
	f->prefixes_of_len[key.len]++;
	return 0;
}

static bool lists(const struct ipv4_prefix *at, unsigned count, struct prefix_key key)
{
	for (unsigned i = 0; i < count; i++) {
		struct prefix_key other = key_of(at[i]);

		if (other.addr == key.addr && other.len == key.len)
			return true;
	}
	return false;
}

/* Remove those of `at` that `kept` does not list. */
static void remove_unlisted(struct fwd *f, const struct ipv4_prefix *at, unsigned count,
			    const struct ipv4_prefix *kept, unsigned kept_count)
{
	for (unsigned i = 0; i < count; i++) {
		struct fwd_prefix *p = find_prefix(f, key_of(at[i]));

		if (p && !lists(kept, kept_count, p->key))
			remove_prefix(f, p);
	}
}

/* Every remote subnet of the edit leads to `site`, or nothing has changed. */
static int add_remotes(struct fwd *f, struct fwd_site *site,
		       const struct fwd_edit *edit)
{
	for (unsigned i = 0; i < edit->remote_count; i++) {
		struct prefix_key key = key_of(edit->remote_nets[i]);
		struct fwd_prefix *p = find_prefix(f, key);
		int err = 0;

		if (!p)
			err = add_prefix(f, key, site);
		else if (p->site != site)
			err = -EEXIST;
		if (!err)
			continue;
		remove_unlisted(f, edit->remote_nets, i, site->remote,
				site->remote_count);
		return err;
	}
	return 0;
}

static bool sound_nets(const struct ipv4_prefix *at, unsigned count)
{
	if (count == 0 || count > FWD_SITE_PREFIXES)
		return false;
	for (unsigned i = 0; i < count; i++)
		if (at[i].len > 32)
			return false;
	return true;
}

/* The site of that tunnel, new and empty if it has none yet. */
static int site_get(struct fwd *f, const struct tunnel_spec *spec,
		    struct fwd_site **out)
{
	struct tunnel *t;
	int err = fwd_tunnel_get(f, spec, TUNNEL_SITE, &t);

	if (err)
		return err;
	if (t->site) {
		*out = t->site;
		fwd_tunnel_put(f, t, TUNNEL_SITE); /* it is used already */
		return 0;
	}
	*out = t->site = pool_take(&f->site_pool);
	if (!*out) {
		fwd_tunnel_put(f, t, TUNNEL_SITE);
		return -ENOMEM;
	}
	t->site->tunnel = t;
	list_add_tail(&f->sites, &t->site->in_sites);
	return 0;
}

/* Who is told that the tunnel goes can still ask what it is called. */
static void site_remove(struct fwd *f, struct fwd_site *site)
{
	struct tunnel *t = site->tunnel;

	remove_unlisted(f, site->remote, site->remote_count, NULL, 0);
	if (fwd_tunnel_put(f, t, TUNNEL_SITE))
		t->site = NULL;
	list_remove(&site->in_sites);
	pool_give(&f->site_pool, site);
}

static void take_edit(struct fwd_site *site, const struct fwd_edit *edit)
{
	memcpy(site->name, edit->name, sizeof(site->name));
	site->probe_spec = edit->probe;
	site->local_count = edit->local_count;
	site->remote_count = edit->remote_count;
	memcpy(site->local, edit->local_nets, sizeof(site->local));
	memcpy(site->remote, edit->remote_nets, sizeof(site->remote));
}

int fwd_site_set(struct fwd *f, const struct fwd_edit *edit)
{
	struct fwd_site *site;
	int err;

	if (!sound_nets(edit->local_nets, edit->local_count) ||
	    !sound_nets(edit->remote_nets, edit->remote_count))
		return -EINVAL;
	err = site_get(f, &edit->tunnel, &site);
	if (err)
		return err;
	err = add_remotes(f, site, edit);
	if (err) {
		if (site->remote_count == 0)
			site_remove(f, site);
		return err;
	}
	remove_unlisted(f, site->remote, site->remote_count, edit->remote_nets,
			edit->remote_count);
	take_edit(site, edit);
	fwd_tunnel_reconfigure(f, site->tunnel, &edit->tunnel);
	return 0;
}

int fwd_site_clear(struct fwd *f, const struct fwd_edit *edit)
{
	struct outer_key key = tunnel_key(&edit->tunnel);
	struct tunnel *t = fwd_by_outer(f, &key);

	if (!t || !t->site)
		return -ENOENT;
	site_remove(f, t->site);
	return 0;
}
