/* SPDX-License-Identifier: ISC */
/*
 * What changes of bindings mean for forwarding and routes, as effects: a node's
 * tunnels, its host route, the routes of virtual home networks.
 */
#ifndef HA_HA_FORWARD_H
#define HA_HA_FORWARD_H

#include "common/agent/effect.h"
#include "ha/binding.h"

#include <stdbool.h>
#include <stdint.h>

/* Packets for b->home also go into the tunnel of `b`, or not any more. */
void ha_forward_set(const struct mobility_binding *b, uint32_t txn,
		    struct effect_list *fx);
void ha_forward_clear(const struct mobility_binding *b, uint32_t txn,
		      struct effect_list *fx);

/* Whether `a` and `b` are the same to forwarding, so that no edit is needed. */
bool ha_forward_same(const struct mobility_binding *a,
		     const struct mobility_binding *b);

/* Packets for a node away, on a home network that is a link, come to our device. */
void ha_forward_host_route(struct in_addr home, bool add, uint32_t txn,
			   struct effect_list *fx);

/* All of a virtual home network comes to our device. */
void ha_forward_network_route(struct ipv4_prefix prefix, bool add,
			      struct effect_list *fx);

#endif
