/* SPDX-License-Identifier: ISC */
/*
 * Which tunnels a packet goes into, and which packets may come out of a tunnel
 * (RFC 5944 4.2.2 and 4.2.3, RFC 3024 4.3.2 and 5.1).
 */
#include "common/tunnel/fwd_judge.h"

#include <string.h>

static struct fwd_way one_way(struct tunnel *t)
{
	return (struct fwd_way){ .count = 1, .tunnel = { t } };
}

static struct fwd_way no_way(enum drop_reason why)
{
	return (struct fwd_way){ .why = why };
}

/* A copy to each care-of address (RFC 5944 4.2.3). */
static struct fwd_way way_home(const struct fwd_home *h)
{
	struct fwd_way way = { .count = h->count, .home = h };

	for (unsigned i = 0; i < h->count; i++)
		way.tunnel[i] = h->use[i].tunnel;
	return way;
}

/* What our own node sends goes into its first reverse tunnel. */
static struct fwd_way way_from_own(const struct fwd_home *own)
{
	for (unsigned i = 0; i < own->count; i++)
		if (own->use[i].reverse)
			return one_way(own->use[i].tunnel);
	return no_way(DROP_NOT_REVERSE);
}

static struct fwd_way way_to_site(const struct fwd_site *s, struct in_addr src)
{
	return fwd_site_local(s, src) ? one_way(s->tunnel) : no_way(DROP_SITE_SOURCE);
}

/*
 * A node's traffic is bound to its tunnel whatever its destination, so sources
 * come before subnets; a home address is more specific than either.
 */
struct fwd_way fwd_way_in(const struct fwd *f, struct in_addr src, struct in_addr dst)
{
	const struct fwd_home *h = fwd_by_home(f, dst);
	const struct fwd_home *own = h ? NULL : fwd_by_own(f, src);
	const struct fwd_visitor *v = h || own ? NULL : fwd_by_visitor(f, src);
	const struct fwd_site *site;

	if (h)
		return way_home(h);
	if (own)
		return way_from_own(own);
	if (v)
		return v->reverse ? one_way(v->tunnel) : no_way(DROP_NOT_REVERSE);
	site = fwd_by_site(f, dst);
	return site ? way_to_site(site, src) : no_way(DROP_NO_ROUTE);
}

static bool is_group(const struct fwd_home *own, struct in_addr dst)
{
	struct in_addr all = ipv4_prefix_broadcast(own->network);

	if (dst.s_addr == htonl(INADDR_BROADCAST) || ipv4_is_multicast(dst))
		return true;
	return own->network.len != 0 && dst.s_addr == all.s_addr;
}

/*
 * Broadcasts of the home network: we have few addresses, and the home agent sends
 * only to those who asked.
 */
static bool is_home_group(const struct fwd *f, const struct tunnel *t,
			  struct in_addr dst)
{
	addr_table_each(it, next, &f->own)
		if (fwd_use_of(fwd_home_of(it), t) && is_group(fwd_home_of(it), dst))
			return true;
	return false;
}

static bool is_own(const struct fwd *f, const struct tunnel *t, struct in_addr dst)
{
	const struct fwd_home *own = fwd_by_own(f, dst);

	return (own && fwd_use_of(own, t)) || is_home_group(f, t, dst);
}

/* RFC 3024 4.3.2: home address and care-of address of one binding that asked for it. */
static bool is_reverse(const struct fwd *f, const struct tunnel *t, struct in_addr src)
{
	const struct fwd_home *h = fwd_by_home(f, src);
	const struct fwd_use *use = h ? fwd_use_of(h, t) : NULL;

	return use && use->reverse;
}

static bool is_visitor_of(const struct fwd_visitor *v, const struct tunnel *t)
{
	return v && v->tunnel == t;
}

/* Named after what the tunnel is for, the most telling first. */
static enum drop_reason refusal(const struct tunnel *t)
{
	if (t->uses[TUNNEL_BINDING] > 0)
		return DROP_SPOOFED;
	if (t->uses[TUNNEL_VISITOR] > 0)
		return DROP_NOT_VISITOR;
	return t->uses[TUNNEL_OWN] > 0 ? DROP_NOT_OURS : DROP_SITE_INNER;
}

struct fwd_exit fwd_way_out(const struct fwd *f, const struct tunnel *t,
			    const struct ipv4 *inner)
{
	struct fwd_exit to_kernel = { .why = DROP_NONE };
	const struct fwd_visitor *v;

	/* RFC 2784 3.1: it would come straight back. */
	if (inner->dst.s_addr == t->spec.remote.s_addr)
		return (struct fwd_exit){ .why = DROP_LOOP_PEER };
	if (t->site && fwd_site_remote(t->site, inner->src) &&
	    fwd_site_local(t->site, inner->dst))
		return to_kernel;
	v = t->uses[TUNNEL_VISITOR] > 0 ? fwd_by_visitor(f, inner->dst) : NULL;
	if (is_visitor_of(v, t))
		return (struct fwd_exit){ .visitor = v };
	if (t->uses[TUNNEL_OWN] > 0 && is_own(f, t, inner->dst))
		return to_kernel;
	if (t->uses[TUNNEL_BINDING] > 0 && is_reverse(f, t, inner->src))
		return to_kernel;
	return (struct fwd_exit){ .why = refusal(t) };
}

/* The header of the packet that an error quotes to its own sender. */
static bool quoted_header(const struct icmp_message *m, struct ipv4 *about)
{
	if (!icmp_is_error(m->type) || m->type == ICMP_REDIRECT_ ||
	    m->body_len < sizeof(*about))
		return false;
	memcpy(about, m->body, sizeof(*about));
	return about->version_ihl >> 4 == 4 && about->src.s_addr == m->dst.s_addr;
}

struct fwd_way fwd_way_of_error(const struct fwd *f, const struct icmp_message *m)
{
	const struct fwd_site *site;
	struct ipv4 about;

	if (!quoted_header(m, &about))
		return no_way(DROP_SITE_SOURCE);
	site = fwd_by_site(f, about.src);
	return site ? way_to_site(site, about.dst) : no_way(DROP_SITE_SOURCE);
}

bool fwd_sent_what_is_quoted(const struct fwd *f, const struct tunnel *t,
			     const struct icmp_message *m)
{
	struct fwd_way way;
	struct ipv4 about;

	if (!quoted_header(m, &about))
		return false;
	way = fwd_way_in(f, about.src, about.dst);
	for (unsigned i = 0; i < way.count; i++)
		if (way.tunnel[i] == t)
			return true;
	return false;
}
