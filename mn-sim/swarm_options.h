/* SPDX-License-Identifier: ISC */
/*
 * The command line of `mn-sim swarm`: options that are rows as those of a
 * configuration are, then steps.
 */
#ifndef MN_SIM_SWARM_OPTIONS_H
#define MN_SIM_SWARM_OPTIONS_H

#include "common/agent/config.h"
#include "mn-sim/swarm.h"

enum { SWARM_STEPS_MAX = 32, SWARM_LINKS_MAX = 8 };

/* Interfaces of links that are visited. */
struct swarm_links {
	unsigned count;
	char name[SWARM_LINKS_MAX][IF_NAMESIZE];
};

struct swarm_options {
	struct in_addr home_agent;
	struct in_addr home; /* of the first node */
	uint32_t nodes;
	struct ipv4_prefix care_of;      /* where nodes are on their own, */
	struct swarm_links links;        /* or where they visit foreign agents */
	struct assoc_config association; /* MN-HA */
	uint32_t visited_spi;            /* MN-FA; 0: none is shared */
	struct secret visited_key;
	uint16_t lifetime;
	enum encap_kind encap;
	bool reverse_tunnel;
	uint32_t rate;
	bool poisson, overlap, segments, handover, quiet;
	duration_t timeout;
	uint32_t retries;
	uint32_t in_flight;
	uint32_t failures; /* that are tolerated, of ten thousand */
	char json[CONF_PATH_MAX];

	enum swarm_op find; /* whose rate is looked for; SWARM_OPS: none */
	duration_t trial;
	uint32_t repeat;

	unsigned steps;
	struct swarm_step step[SWARM_STEPS_MAX];
	const char *text[SWARM_STEPS_MAX]; /* of the steps */
};

/* -1 to go on, or an exit status.  Says what is wrong. */
int swarm_options_read(int argc, char **argv, struct swarm_options *o);
void swarm_options_fini(struct swarm_options *o);

#endif
