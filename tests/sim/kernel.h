/* SPDX-License-Identifier: ISC */
/*
 * A kernel made up for tests: the routes, rules, neighbours, addresses and ARP
 * policies that effects ask for, with the same answers as common/io/rtnl gives
 * (adding again replaces; taking away what is not there succeeds).
 */
#ifndef TESTS_SIM_KERNEL_H
#define TESTS_SIM_KERNEL_H

#include "common/agent/effect.h"

#include <stdbool.h>

enum { KERNEL_ROOM = 256, KERNEL_LINKS = 16 };

struct kernel {
	unsigned routes, rules, neighbours, addresses;
	struct effect_route route[KERNEL_ROOM];
	struct effect_rule rule[KERNEL_ROOM];
	struct effect_neighbour neighbour[KERNEL_ROOM];
	struct effect_address address[KERNEL_ROOM];
	bool silent[KERNEL_LINKS]; /* by ifindex: ARP Requests are not answered */
};

void kernel_init(struct kernel *k);

/* Carry out one of the five kernel effects; 0 or -errno. */
int kernel_apply(struct kernel *k, const struct effect *e);

/* What `ip route get` would say, or NULL: rules by priority, then the main table. */
const struct effect_route *kernel_route(const struct kernel *k, struct in_addr src,
					struct in_addr dst, int iif);

const struct effect_route *kernel_route_to(const struct kernel *k,
					   struct ipv4_prefix dst);
const struct effect_neighbour *kernel_neighbour(const struct kernel *k,
						struct in_addr addr, int ifindex);
bool kernel_has_address(const struct kernel *k, struct in_addr addr);

/* Nothing of ours is left. */
bool kernel_is_clean(const struct kernel *k);

#endif
