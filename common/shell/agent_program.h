/* SPDX-License-Identifier: ISC */
/*
 * What makes one agent different from another, as a value: its core, how its
 * configuration is read, which links it serves, what it shows.  Home agent,
 * foreign agent and mobile node each have one, in their *_main.c or mn_node.c;
 * all the rest is agent_shell.c.
 */
#ifndef COMMON_SHELL_AGENT_PROGRAM_H
#define COMMON_SHELL_AGENT_PROGRAM_H

#include "common/agent/config.h"
#include "common/agent/datagram.h"
#include "common/agent/effect.h"
#include "common/agent/links.h"
#include "common/agent/violations.h"
#include "common/base/clock.h"
#include "common/base/counters.h"
#include "common/base/rng.h"
#include "common/conf/schema.h"
#include "common/ctl/request.h"
#include "common/io/link_sock.h"
#include "common/security/sa.h"

#include <jansson.h>
#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>

enum { SERVED_LINKS_MAX = 128 };

/* A link that the agent serves, as its configuration says. */
struct served_link {
	char name[IF_NAMESIZE];
	struct link_sock_config sock;
	struct ipv4_prefix home_network; /* whose broadcasts are forwarded */
	enum ipv4_broadcast broadcasts;  /* which of them */
};

/*
 * The functions of a core (ha_core.h, fa_core.h, mn_core.h).  Those about events
 * and time append to `fx` what must be done.
 */
struct agent_core_ops {
	void *(*new)(const void *config, const struct links *links, struct rng rng,
		     struct now now, struct effect_list *fx);
	void (*free)(void *core);
	/* A batch is to come, see ha_core_foresee(); 0 passes: never mind. */
	void (*foresee)(const void *core, struct reader message, unsigned pass);
	unsigned foresee_passes;
	void (*datagram)(void *core, const struct datagram *dg, struct now now,
			 struct effect_list *fx);
	void (*icmp)(void *core, const struct icmp_datagram *dg, struct now now,
		     struct effect_list *fx);
	/* NULL where ARP is of no concern. */
	void (*arp)(void *core, const struct arp_frame *frame, struct now now,
		    struct effect_list *fx);
	void (*deadline)(void *core, struct now now, struct effect_list *fx);
	instant_t (*next_deadline)(const void *core);
	void (*failed)(void *core, const struct effect *failed, int error,
		       struct now now, struct effect_list *fx);
	void (*links)(void *core, const struct links *links, struct now now,
		      struct effect_list *fx);
	int (*reconfigure)(void *core, const void *config, struct now now,
			   struct effect_list *fx);
	void (*stop)(void *core, struct now now, struct effect_list *fx);
	unsigned (*counters)(const void *core, struct counter_set *sets, unsigned room);
	/* ESP with that end stands now, or not any more. */
	void (*protection)(void *core, struct in_addr remote, bool stands,
			   struct now now, struct effect_list *fx);
	struct sa_store *(*associations)(const void *core);
	const struct violations *(*violations)(const void *core);

	/* NULL where nothing outlives the agent; else both. */
	bool (*restore)(void *core, struct reader record, struct now now,
			struct effect_list *fx);
	void (*each_record)(const void *core, struct now now,
			    void (*visit)(void *arg, struct in_addr home,
					  const uint8_t *bytes, size_t len),
			    void *arg);
};

/* A configuration: its rows, and what the shell must know of the object. */
struct agent_config_ops {
	const struct conf_element *schema;
	const struct common_config *(*common)(const void *config);
	struct protected_config (*protects)(const void *config);
	unsigned (*served)(const void *config, struct served_link *to, unsigned room);
	size_t (*max_entries)(const void *config); /* of the forwarding table */
	const struct store_config *(*store)(const void *config); /* NULL: none */
};

struct agent_program {
	const char *name;           /* "mip-ha" */
	const char *command;        /* as called: "mip-ha", "mn-sim node" */
	const char *summary;        /* one line for --help */
	const char *default_config; /* path */
	bool router;                /* it needs the kernel to forward packets */
	bool binds;                 /* its nodes are bindings; else visitors */
	struct agent_core_ops core;
	struct agent_config_ops config;

	/* Fields of `show status` beyond those that all have; may be NULL. */
	void (*status)(const void *core, const void *config, struct now now,
		       json_t *object);

	/* Requests of its own, or NULL; their `agent` is the struct agent_shell. */
	const struct ctl_request *(*requests)(void);
};

#endif
