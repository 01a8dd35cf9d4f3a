/* SPDX-License-Identifier: ISC */
/*
 * Links and addresses as the kernel last told us.  The edge fills this in and
 * tells the core of changes; cores look names and addresses up here.
 */
#ifndef COMMON_AGENT_LINKS_H
#define COMMON_AGENT_LINKS_H

#include "common/wire/arp.h"
#include "common/wire/ipv4.h"

#include <net/if.h>
#include <stdbool.h>

enum { LINKS_MAX = 256, LINK_ADDRS_MAX = 16 };

struct link {
	int ifindex;
	char name[IF_NAMESIZE];
	bool up; /* administratively up and with carrier */
	struct mac mac;
	uint16_t mtu;
	unsigned addr_count;
	struct ipv4_prefix addr[LINK_ADDRS_MAX]; /* own address and prefix length */
};

struct links {
	unsigned count;
	bool left_out; /* a link or address had no room once */
	struct link link[LINKS_MAX];
};

const struct link *links_by_index(const struct links *l, int ifindex);
const struct link *links_by_name(const struct links *l, const char *name);

/* Whether `a` is an address of ours on any link. */
bool links_owns(const struct links *l, struct in_addr a);

/* An address of ours in that network, on any link; 0 if there is none. */
struct in_addr links_own_in(const struct links *l, struct ipv4_prefix network);

/* Add or replace; false, and `left_out`, when the table is full. */
bool links_set(struct links *l, const struct link *link);
void links_remove(struct links *l, int ifindex);

#endif
