/* SPDX-License-Identifier: ISC */
/*
 * A capture file as traffic: every IPv4 packet of it is sent from one end to
 * the other with only the addresses changed (and the checksums that cover
 * them), at the recorded pace, and compared on arrival octet by octet but for
 * what a way through routers changes: TTL, header checksum, DSCP and ECN, and
 * the identification that the kernel fills in where it was zero.  A packet that
 * arrives altered matches nothing, and so counts as lost.
 */
#ifndef MN_SIM_REPLAY_H
#define MN_SIM_REPLAY_H

#include "common/io/loop.h"
#include "mn-sim/flow_log.h"
#include "mn-sim/scenario_config.h"

#include <stddef.h>
#include <stdint.h>

struct replay;

struct replay_counts {
	size_t packets;  /* in the file, and sent or to be sent */
	size_t not_ipv4; /* left out: another protocol, or unsound */
	size_t too_long; /* left out: over max_size */
};

/* Reads the whole file.  0 or -errno; what is wrong with the file in `error`. */
int replay_open(struct replay **out, struct loop *loop,
		const struct scenario_replay *config, const struct scenario_end *from,
		const struct scenario_end *to, char *error, size_t error_size);
void replay_close(struct replay *r);

/* Send what is due; returns when the next is, INSTANT_NEVER at the end. */
instant_t replay_send_due(struct replay *r, instant_t started, instant_t now);

const struct flow_log *replay_log(const struct replay *r);
struct replay_counts replay_counts(const struct replay *r);

#endif
