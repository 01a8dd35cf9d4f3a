/* SPDX-License-Identifier: ISC */
/*
 * The foreign agent's configuration, as a value.
 */
#ifndef FA_FA_CONFIG_H
#define FA_FA_CONFIG_H

#include "common/agent/config.h"

struct fa_config {
	struct common_config common;
	struct in_addr care_of;       /* the care-of address that we offer */
	uint16_t max_lifetime;        /* seconds; longer requests get 69 */
	uint32_t max_visitors;        /* above: B in advertisements, 66 */
	uint32_t max_pending;         /* in all */
	uint32_t pending_per_node;    /* RFC 5944 3.7.1 suggests 5 */
	duration_t pending_timeout;   /* above 7 s (RFC 5944 3.7.1); then 78 */
	bool reverse_tunnel;          /* offer T */
	bool reverse_tunnel_required; /* deny 75 without it */
	bool gre, minimal;            /* offer G, M */
	bool any_home_agent; /* relay to home agents without an association too */

	struct advert_config *advert; /* the links that we serve */
	unsigned advert_count;
	struct peer_config *home_agent; /* FA-HA associations */
	unsigned home_agent_count;
	struct peer_config *node; /* MN-FA associations, by home address */
	unsigned node_count;
};

static inline struct protected_config fa_config_protected(const struct fa_config *c)
{
	return (struct protected_config){
		.local = c->care_of,
		.kind = SA_FA_HA,
		.agent = c->home_agent,
		.agent_count = c->home_agent_count,
	};
}

#endif
