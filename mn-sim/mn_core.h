/* SPDX-License-Identifier: ISC */
/*
 * The mobile node, without a socket, a clock or a log: hears agents, detects
 * movement, registers, renews, returns home (RFC 5944 2.4, 3.6, 4.2.1, 4.6;
 * RFC 3024 4.1).
 */
#ifndef MN_SIM_MN_CORE_H
#define MN_SIM_MN_CORE_H

#include "common/agent/datagram.h"
#include "common/agent/effect.h"
#include "common/agent/links.h"
#include "common/base/clock.h"
#include "common/base/rng.h"
#include "mn-sim/mn_config.h"

/* Where the node takes itself to be. */
enum mn_place { MN_NOWHERE, MN_HOME, MN_FOREIGN_AGENT, MN_COLOCATED };

enum mn_state {
	MN_SEARCHING,     /* no agent is heard on this link, or none any more */
	MN_REGISTERING,   /* a Request is out */
	MN_REGISTERED,    /* away and bound, with an agent that is heard */
	MN_DEREGISTERING, /* at home, a Request with lifetime 0 is out */
	MN_AT_HOME,       /* at home, no binding */
};

const char *mn_place_name(enum mn_place p);
const char *mn_state_name(enum mn_state s);

/* What `mipctl show` and the scenario report look at. */
struct mn_status {
	enum mn_place place;
	enum mn_state state;
	struct in_addr home;
	struct in_addr home_agent;
	struct in_addr agent;   /* foreign agent in use, 0 if none */
	struct in_addr care_of; /* 0 at home */
	uint16_t granted;       /* seconds; 0: no binding that we know of */
	bool reverse;           /* the binding has a reverse tunnel */
	instant_t link_up_at;   /* when the link last came up */
	instant_t
		registered_at; /* when a Reply first accepted us here, renewals aside */
	instant_t expires_at;
	unsigned requests_sent; /* since the link came up */
	uint8_t last_code;
	duration_t clock_offset;
	uint64_t moves;
};

struct mn_core;

struct mn_core *mn_core_new(const struct mn_config *config, const struct links *links,
			    struct rng rng, struct now now, struct effect_list *fx);
void mn_core_free(struct mn_core *mn);

void mn_core_datagram(struct mn_core *mn, const struct datagram *dg, struct now now,
		      struct effect_list *fx);
void mn_core_icmp(struct mn_core *mn, const struct icmp_datagram *dg, struct now now,
		  struct effect_list *fx);
void mn_core_arp(struct mn_core *mn, const struct arp_frame *frame, struct now now,
		 struct effect_list *fx);
void mn_core_deadline(struct mn_core *mn, struct now now, struct effect_list *fx);
instant_t mn_core_next_deadline(const struct mn_core *mn);
void mn_core_failed(struct mn_core *mn, const struct effect *failed, int error,
		    struct now now, struct effect_list *fx);
void mn_core_links(struct mn_core *mn, const struct links *links, struct now now,
		   struct effect_list *fx);

/* Associations of ESP with `remote` stand now, or not any more. */
void mn_core_protection(struct mn_core *mn, struct in_addr remote, bool stands,
			struct now now, struct effect_list *fx);

int mn_core_reconfigure(struct mn_core *mn, const struct mn_config *config,
			struct now now, struct effect_list *fx);

/* De-register all bindings (if configured) and undo what was set up. */
void mn_core_stop(struct mn_core *mn, struct now now, struct effect_list *fx);

struct mn_status mn_core_status(const struct mn_core *mn);
unsigned mn_core_counters(const struct mn_core *mn, struct counter_set *sets,
			  unsigned room);
struct sa_store *mn_core_associations(const struct mn_core *mn);

#endif
