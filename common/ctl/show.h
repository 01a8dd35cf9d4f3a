/* SPDX-License-Identifier: ISC */
/*
 * What every agent shows alike: counters, security associations, tunnels,
 * violations.
 * Rows go into the reply one by one; keys of associations are never touched.
 */
#ifndef COMMON_CTL_SHOW_H
#define COMMON_CTL_SHOW_H

#include "common/agent/violations.h"
#include "common/base/counters.h"
#include "common/ctl/server.h"
#include "common/security/sa.h"
#include "common/tunnel/tunnel.h"

/* {"group":..., "counter":..., "value":..., "help":...} for every counter. */
void show_counters(struct ctl_reply *reply, const struct counter_set *sets,
		   unsigned count);

void show_associations(struct ctl_reply *reply, struct sa_store *store);

/* What passed a tunnel in the kernel; false if it passes user space only. */
struct show_fast {
	bool (*counts)(const void *arg, const struct tunnel *t,
		       struct tunnel_counts *out); /* NULL: there is no fast path */
	const void *arg;
};

/* End points, encapsulation, MTU and what went each way, by which path. */
void show_tunnels(struct ctl_reply *reply, const struct fwd *f, struct now now,
		  const struct show_fast *fast);

void show_violations(struct ctl_reply *reply, const struct violations *v);

#endif
