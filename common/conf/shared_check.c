/* SPDX-License-Identifier: ISC */
/*
 * Checks across elements: what may not be there twice, what may not overlap.  All
 * of them sort, so a hundred thousand nodes are no matter.
 */
#include "common/conf/shared.h"

#include <stdlib.h>
#include <string.h>

/* By first address, the wider first; equal ones in the order of the file. */
static int by_prefix(const void *a, const void *b)
{
	const struct conf_mark *x = a, *y = b;
	uint32_t ax = ntohl(x->prefix.addr.s_addr), ay = ntohl(y->prefix.addr.s_addr);

	if (ax != ay)
		return ax < ay ? -1 : 1;
	if (x->prefix.len != y->prefix.len)
		return x->prefix.len < y->prefix.len ? -1 : 1;
	return x->line < y->line ? -1 : x->line > y->line;
}

static void fault_overlap(struct conf_faults *f, const char *element, const char *attr,
			  const struct conf_mark *first, const struct conf_mark *second)
{
	const struct conf_mark *late = first->line > second->line ? first : second;
	const struct conf_mark *early = late == first ? second : first;
	bool any = late->prefix.addr.s_addr == INADDR_ANY;
	char text[INET_ADDRSTRLEN];

	ipv4_text(late->prefix.addr, text);
	if (late->prefix.len == 32 && early->prefix.len == 32)
		conf_fault(f, late->line, element, attr,
			   "%s is given in line %d already", any ? "any" : text,
			   early->line);
	else
		conf_fault(f, late->line, element, attr,
			   "%s/%u overlaps that of line %d", text, late->prefix.len,
			   early->line);
}

void conf_check_disjoint(struct conf_faults *f, const char *element, const char *attr,
			 struct conf_mark *marks, unsigned count)
{
	/* Prefixes are nested or apart: only the widest so far can hold the next. */
	const struct conf_mark *widest = marks;

	if (count < 2)
		return;
	qsort(marks, count, sizeof(marks[0]), by_prefix);
	for (unsigned i = 1; i < count; i++) {
		if (ipv4_prefix_has(widest->prefix, marks[i].prefix.addr))
			fault_overlap(f, element, attr, widest, &marks[i]);
		else
			widest = &marks[i];
	}
}

static struct conf_mark *marks_new(struct conf_faults *f, size_t count)
{
	struct conf_mark *marks = calloc(count ? count : 1, sizeof(struct conf_mark));

	if (!marks)
		conf_fault(f, 0, NULL, NULL, "out of memory");
	return marks;
}

static struct conf_mark mark_of(struct in_addr addr, int line)
{
	return (struct conf_mark){ .prefix = { addr, 32 }, .line = line };
}

void conf_check_spis(struct conf_faults *f, const struct peer_config *p)
{
	bool sends = false;

	for (unsigned i = 0; i < p->assoc_count; i++) {
		sends |= !p->assoc[i].accept_only;
		for (unsigned j = 0; j < i; j++)
			if (p->assoc[i].spi != 0 && p->assoc[i].spi == p->assoc[j].spi)
				conf_fault(f, p->assoc[i].line, "association", "spi",
					   "%u is that of line %d already",
					   p->assoc[i].spi, p->assoc[j].line);
	}
	if (p->assoc_count > 0 && !sends)
		conf_warn(f, p->assoc[0].line, "association", "accept-only",
			  "all of the peer's are: there is nothing to send with");
}

void conf_check_peers(struct conf_faults *f, const char *element, const char *attr,
		      const struct peer_config *peer, unsigned count)
{
	struct conf_mark *marks = marks_new(f, count);
	unsigned known = 0;

	if (!marks)
		return;
	/* One whose address is missing or no address has its fault already. */
	for (unsigned i = 0; i < count; i++)
		if (peer[i].addr.s_addr != INADDR_ANY)
			marks[known++] = mark_of(peer[i].addr, peer[i].line);
	conf_check_disjoint(f, element, attr, marks, known);
	free(marks);
}

void conf_check_adverts(struct conf_faults *f, const struct advert_config *advert,
			unsigned count)
{
	for (unsigned i = 1; i < count; i++)
		for (unsigned j = 0; j < i; j++)
			if (strcmp(advert[i].interface, advert[j].interface) == 0)
				conf_fault(f, advert[i].line, "advertise", "interface",
					   "%s is served by line %d already",
					   advert[i].interface, advert[j].line);
}

static void check_tunnels(struct conf_faults *f, const struct common_config *c)
{
	struct conf_mark *marks = marks_new(f, c->tunnel_count);

	if (!marks)
		return;
	for (unsigned i = 0; i < c->tunnel_count; i++)
		marks[i] = mark_of(c->tunnel[i].peer, c->tunnel[i].line);
	conf_check_disjoint(f, "tunnel", "peer", marks, c->tunnel_count);
	free(marks);
}

static void check_remote_subnets(struct conf_faults *f, const struct common_config *c)
{
	struct conf_mark *marks =
		marks_new(f, (size_t)c->site_count * FWD_SITE_PREFIXES);
	unsigned count = 0;

	if (!marks)
		return;
	for (unsigned i = 0; i < c->site_count; i++)
		for (unsigned j = 0; j < c->site[i].remote_count; j++)
			marks[count++] = (struct conf_mark){ c->site[i].remote_nets[j],
							     c->site[i].line };
	conf_check_disjoint(f, "site-tunnel", NULL, marks, count);
	free(marks);
}

static int by_name(const void *a, const void *b)
{
	const struct site_config *const *x = a, *const *y = b;
	int order = strcmp((*x)->name, (*y)->name);

	return order ? order : (*x)->line - (*y)->line;
}

static void check_site_names(struct conf_faults *f, const struct common_config *c)
{
	const struct site_config **sites = calloc(c->site_count + 1, sizeof(*sites));

	if (!sites) {
		conf_fault(f, 0, NULL, NULL, "out of memory");
		return;
	}
	for (unsigned i = 0; i < c->site_count; i++)
		sites[i] = &c->site[i];
	qsort(sites, c->site_count, sizeof(*sites), by_name);
	for (unsigned i = 1; i < c->site_count; i++)
		if (sites[i]->name[0] &&
		    strcmp(sites[i]->name, sites[i - 1]->name) == 0)
			conf_fault(f, sites[i]->line, "site-tunnel", "name",
				   "%s is the name of line %d already", sites[i]->name,
				   sites[i - 1]->line);
	free(sites);
}

static bool same_ends(const struct tunnel_spec *a, const struct tunnel_spec *b)
{
	return a->local.s_addr == b->local.s_addr &&
	       a->remote.s_addr == b->remote.s_addr && a->encap.kind == b->encap.kind &&
	       a->encap.gre_key == b->encap.gre_key &&
	       a->encap.gre_key_in == b->encap.gre_key_in;
}

/* Received packets are told apart by ends, encapsulation and key. */
static void check_site_ends(struct conf_faults *f, const struct common_config *c)
{
	for (unsigned i = 1; i < c->site_count; i++)
		for (unsigned j = 0; j < i; j++)
			if (same_ends(&c->site[i].tunnel, &c->site[j].tunnel))
				conf_fault(f, c->site[i].line, "site-tunnel", "remote",
					   "ends, encapsulation and key are those of "
					   "line %d; give each a gre-key",
					   c->site[j].line);
}

void conf_check_common(struct conf_faults *f, const struct common_config *c)
{
	check_tunnels(f, c);
	check_remote_subnets(f, c);
	check_site_names(f, c);
	check_site_ends(f, c);
}
