/* SPDX-License-Identifier: ISC */
/*
 * What a swarm does next, as text:
 *
 *     OP[@RATE][+OP[@RATE]...][/SECONDS]
 *
 * "register@5000": every node once, 5000 a second.  "renew@20000+roam@500/30": both
 * at once, each at its rate, for 30 seconds.
 */
#ifndef MN_SIM_SWARM_STEP_H
#define MN_SIM_SWARM_STEP_H

#include "common/base/clock.h"

#include <stdbool.h>
#include <stdint.h>

enum swarm_op {
	SWARM_REGISTER,
	SWARM_RENEW,
	SWARM_ROAM, /* from one care-of address to another */
	SWARM_DEREGISTER,
	SWARM_OPS
};

const char *swarm_op_name(enum swarm_op op);

enum { SWARM_RATE_MAX = 10000000, SWARM_SECONDS_MAX = 86400 };

struct swarm_step {
	uint32_t rate[SWARM_OPS]; /* a second; 0: not at all */
	duration_t length;        /* 0: until every node has had its turn */
};

/* NULL, or what is wrong with it. */
const char *swarm_step_parse(const char *text, uint32_t default_rate,
			     struct swarm_step *out);

#endif
