/* SPDX-License-Identifier: ISC */
/*
 * The table of links: a few entries, searched in a row.
 */
#include "common/agent/links.h"

#include <string.h>

/* The place of a link in the table; `count` if it is not there. */
static unsigned slot_of(const struct links *l, int ifindex)
{
	unsigned slot = 0;

	while (slot < l->count && l->link[slot].ifindex != ifindex)
		slot++;
	return slot;
}

const struct link *links_by_index(const struct links *l, int ifindex)
{
	unsigned slot = slot_of(l, ifindex);

	return slot < l->count ? &l->link[slot] : NULL;
}

const struct link *links_by_name(const struct links *l, const char *name)
{
	for (unsigned i = 0; i < l->count; i++)
		if (strncmp(l->link[i].name, name, IF_NAMESIZE) == 0)
			return &l->link[i];
	return NULL;
}

static bool link_owns(const struct link *link, struct in_addr a)
{
	for (unsigned i = 0; i < link->addr_count; i++)
		if (link->addr[i].addr.s_addr == a.s_addr)
			return true;
	return false;
}

bool links_owns(const struct links *l, struct in_addr a)
{
	for (unsigned i = 0; i < l->count; i++)
		if (link_owns(&l->link[i], a))
			return true;
	return false;
}

struct in_addr links_own_in(const struct links *l, struct ipv4_prefix network)
{
	for (unsigned i = 0; i < l->count; i++)
		for (unsigned j = 0; j < l->link[i].addr_count; j++)
			if (ipv4_prefix_has(network, l->link[i].addr[j].addr))
				return l->link[i].addr[j].addr;
	return (struct in_addr){ 0 };
}

bool links_set(struct links *l, const struct link *link)
{
	unsigned slot = slot_of(l, link->ifindex);

	if (slot == LINKS_MAX) {
		l->left_out = true;
		return false;
	}
	if (slot == l->count)
		l->count++;
	l->link[slot] = *link;
	return true;
}

void links_remove(struct links *l, int ifindex)
{
	unsigned slot = slot_of(l, ifindex);

	if (slot < l->count)
		l->link[slot] = l->link[--l->count];
}
