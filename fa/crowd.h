/* SPDX-License-Identifier: ISC */
/*
 * Who takes how much of a table that strangers can fill, and whose entry goes when
 * it is full.
 *
 * Refusing newcomers would keep everybody out for as long as entries live, for the
 * price of filling the table once.  So somebody's oldest entry makes room: on the
 * link that takes the most, that of the station that takes the most, as far as its
 * share by powers of two tells.  A station that asks in many names pays by itself.
 * One that takes many link-layer addresses as well, which Ethernet lets it, shortens
 * the time that all entries on its link live to that which it needs to fill the
 * table; a Reply that comes before is in time, and other links have their share.
 *
 * Members join in the order of their age.
 */
#ifndef FA_CROWD_H
#define FA_CROWD_H

#include "common/base/hashmap.h"
#include "common/base/list.h"
#include "common/base/pool.h"
#include "common/wire/arp.h"

#include <stddef.h>

struct crowd_station;

/* Embedded in the entry; all zero is in no crowd. */
struct crowd_member {
	struct crowd_station *station;
	struct list among; /* its station's, the oldest first */
};

struct crowd {
	struct pool stations, links;
	struct crowd_station *by_key;
	struct list all_links;
};

void crowd_init(struct crowd *c, size_t limit);
void crowd_fini(struct crowd *c); /* the members have left */
void crowd_limit(struct crowd *c, size_t limit);

/* 0 or -ENOMEM. */
int crowd_join(struct crowd *c, struct crowd_member *m, int ifindex, struct mac mac);
void crowd_leave(struct crowd *c, struct crowd_member *m);

/* Whose turn it is, or NULL when there is nobody. */
struct crowd_member *crowd_first_to_go(const struct crowd *c);

#endif
