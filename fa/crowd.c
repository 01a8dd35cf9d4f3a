/* SPDX-License-Identifier: ISC */
/*
 * Stations by how many members they have, in levels of 1, 2 to 3, 4 to 7 and so on:
 * joining, leaving and finding who is to go take the same few steps however many
 * there are.
 */
#include "fa/crowd.h"

#include <errno.h>
#include <string.h>

enum { LEVELS = 32 };

/* Hashed as bytes, so without padding. */
struct station_key {
	uint8_t bytes[sizeof(int) + MAC_LEN];
};

struct crowd_link {
	int ifindex;
	unsigned count; /* of members */
	struct list level[LEVELS];
	struct list in_all;
};

struct crowd_station {
	struct station_key key;
	struct crowd_link *link;
	unsigned count;
	struct list members;
	struct list in_level;
	UT_hash_handle hh;
};

void crowd_init(struct crowd *c, size_t limit)
{
	*c = (struct crowd){ 0 };
	pool_init(&c->stations, sizeof(struct crowd_station), limit);
	pool_init(&c->links, sizeof(struct crowd_link), limit);
	list_init(&c->all_links);
}

void crowd_fini(struct crowd *c)
{
	pool_fini(&c->stations);
	pool_fini(&c->links);
}

void crowd_limit(struct crowd *c, size_t limit)
{
	if (c->stations.capacity < limit)
		c->stations.capacity = c->links.capacity = limit;
}

static struct station_key key_of(int ifindex, struct mac mac)
{
	struct station_key key;

	memcpy(key.bytes, &ifindex, sizeof(ifindex));
	memcpy(key.bytes + sizeof(ifindex), mac.octet, MAC_LEN);
	return key;
}

/* Few links have members at a time. */
static struct crowd_link *link_get(struct crowd *c, int ifindex)
{
	struct crowd_link *l;

	list_each(it, nx, &c->all_links) {
		l = container_of(it, struct crowd_link, in_all);
		if (l->ifindex == ifindex)
			return l;
	}
	l = pool_take(&c->links);
	if (!l)
		return NULL;
	l->ifindex = ifindex;
	for (unsigned i = 0; i < LEVELS; i++)
		list_init(&l->level[i]);
	list_init(&l->in_all);
	list_add_tail(&c->all_links, &l->in_all);
	return l;
}

static void link_put(struct crowd *c, struct crowd_link *l)
{
	if (l->count > 0)
		return;
	list_remove(&l->in_all);
	pool_give(&c->links, l);
}

static struct crowd_station *station_new(struct crowd *c, const struct station_key *key,
					 struct crowd_link *l)
{
	struct crowd_station *s = pool_take(&c->stations);

	if (!s)
		return NULL;
	s->key = *key;
	s->link = l;
	list_init(&s->members);
	list_init(&s->in_level);
	HASH_ADD(hh, c->by_key, key, sizeof(s->key), s);
	if (hashmap_added(s, hh))
		return s;
	pool_give(&c->stations, s);
	return NULL;
}

static struct crowd_station *station_get(struct crowd *c, int ifindex, struct mac mac)
{
	const struct station_key key = key_of(ifindex, mac);
	struct crowd_station *s;
	struct crowd_link *l;

	HASH_FIND(hh, c->by_key, &key, sizeof(key), s);
	if (s)
		return s;
	l = link_get(c, ifindex);
	s = l ? station_new(c, &key, l) : NULL;
	if (l && !s)
		link_put(c, l);
	return s;
}

static unsigned level_of(unsigned count)
{
	unsigned level = 0;

	while (count >>= 1)
		level++;
	return level;
}

/* It has `change` members more now. */
static void recount(struct crowd_station *s, int change)
{
	const unsigned before = s->count;

	s->count += (unsigned)change;
	s->link->count += (unsigned)change;
	if (before > 0 && s->count > 0 && level_of(before) == level_of(s->count))
		return;
	list_remove(&s->in_level);
	if (s->count > 0)
		list_add_tail(&s->link->level[level_of(s->count)], &s->in_level);
}

int crowd_join(struct crowd *c, struct crowd_member *m, int ifindex, struct mac mac)
{
	struct crowd_station *s = station_get(c, ifindex, mac);

	if (!s)
		return -ENOMEM;
	m->station = s;
	list_add_tail(&s->members, &m->among);
	recount(s, 1);
	return 0;
}

void crowd_leave(struct crowd *c, struct crowd_member *m)
{
	struct crowd_station *s = m->station;

	if (!s)
		return;
	m->station = NULL;
	list_remove(&m->among);
	recount(s, -1);
	if (s->count > 0)
		return;
	link_put(c, s->link);
	HASH_DEL(c->by_key, s);
	pool_give(&c->stations, s);
}

static const struct crowd_link *fullest_link(const struct crowd *c)
{
	const struct crowd_link *most = NULL;

	list_each(it, nx, &c->all_links) {
		const struct crowd_link *l =
			container_of(it, struct crowd_link, in_all);

		if (!most || l->count > most->count)
			most = l;
	}
	return most;
}

static const struct crowd_station *first_of_highest(const struct crowd_link *l)
{
	for (unsigned i = LEVELS; i-- > 0;)
		if (!list_empty(&l->level[i]))
			return container_of(l->level[i].next, struct crowd_station,
					    in_level);
	return NULL;
}

struct crowd_member *crowd_first_to_go(const struct crowd *c)
{
	const struct crowd_link *l = fullest_link(c);
	const struct crowd_station *s = l ? first_of_highest(l) : NULL;

	return s ? container_of(s->members.next, struct crowd_member, among) : NULL;
}
