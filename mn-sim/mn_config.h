/* SPDX-License-Identifier: ISC */
/*
 * The mobile node's configuration, as a value.
 */
#ifndef MN_SIM_MN_CONFIG_H
#define MN_SIM_MN_CONFIG_H

#include "common/agent/config.h"

/* <co-located>: a care-of address of our own on a link where no agent is heard. */
struct colocated_config {
	struct ipv4_prefix addr; /* address and its link's prefix length */
	struct in_addr gateway;
	bool broadcast_arp; /* where the gateway does not hear the group */
	int line;
};

struct mn_config {
	struct common_config common;
	char interface[IF_NAMESIZE];
	struct ipv4_prefix home;     /* home address and home prefix length */
	struct in_addr home_agent;   /* 0: ask for it by broadcast (code 136) */
	struct in_addr home_gateway; /* router at home; 0: the home agent */
	uint16_t lifetime;           /* asked for, seconds */
	enum encap_kind encap;       /* ipip: neither M nor G */
	bool reverse_tunnel;         /* T */
	bool broadcasts;             /* B */
	bool simultaneous;           /* S */
	bool deregister_on_exit;
	bool has_colocated;
	struct colocated_config colocated;
	struct peer_config home_association; /* MN-HA; addr is the home agent's */
	struct peer_config *foreign_agent;   /* MN-FA associations */
	unsigned foreign_agent_count;
};

/* Nothing of the node's may go in clear while it is away. */
static inline bool mn_config_requires_esp(const struct mn_config *c)
{
	return c->home_association.protection.policy == PROTECT_REQUIRED;
}

static inline struct protected_config mn_config_protected(const struct mn_config *c)
{
	return (struct protected_config){
		.local = c->colocated.addr.addr,
		.kind = SA_MN_HA,
		.agent = &c->home_association,
		.agent_count = 1,
	};
}

#endif
