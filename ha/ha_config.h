/* SPDX-License-Identifier: ISC */
/*
 * The home agent's configuration, as a value.
 */
#ifndef HA_HA_CONFIG_H
#define HA_HA_CONFIG_H

#include "common/agent/config.h"

/* <home-network>: a link when it has an interface, virtual when it has none. */
struct home_network {
	struct ipv4_prefix prefix;
	char interface[IF_NAMESIZE];    /* "" for a virtual network */
	enum ipv4_broadcast broadcasts; /* forwarded to nodes that asked (B) */
	int line;
};

struct ha_config {
	struct common_config common;
	struct in_addr address;     /* the Home Agent field we answer to */
	uint16_t max_lifetime;      /* seconds; longer requests are cut */
	uint32_t max_bindings;      /* all nodes together */
	uint32_t bindings_per_node; /* 1: no simultaneous bindings (code 1) */
	bool simultaneous;
	bool reverse_tunnel;          /* offer T */
	bool reverse_tunnel_required; /* deny 138 without it */
	bool gre, minimal;            /* offer G, M; IP-in-IP always */

	bool has_store;
	struct store_config store;

	struct home_network *network;
	unsigned network_count;
	struct advert_config *advert;
	unsigned advert_count;
	struct peer_config *node; /* mobile nodes, by home address */
	unsigned node_count;
	struct peer_config *foreign_agent;
	unsigned foreign_agent_count;
};

static inline struct protected_config ha_config_protected(const struct ha_config *c)
{
	return (struct protected_config){
		.local = c->address,
		.kind = SA_FA_HA,
		.agent = c->foreign_agent,
		.agent_count = c->foreign_agent_count,
		.node = c->node,
		.node_count = c->node_count,
	};
}

#endif
