/* SPDX-License-Identifier: ISC */
/*
 * What became of every packet of a numbered flow: when it was sent, when and
 * how often it arrived; and from that, for any span of time, how many were
 * lost, duplicated, reordered, and the longest silence at the receiver.
 *
 * Both ends of a flow live in one process, so all times are of one clock.
 */
#ifndef MN_SIM_FLOW_LOG_H
#define MN_SIM_FLOW_LOG_H

#include "common/base/clock.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct flow_packet {
	instant_t sent;
	instant_t received; /* first copy; INSTANT_NEVER if none came */
	uint16_t copies;
	bool reordered; /* a later number came before it */
};

struct flow_log {
	struct flow_packet *packet; /* by number */
	size_t count;               /* sent so far */
	size_t room;
	uint64_t foreign; /* arrivals with a number that was never sent */
	size_t highest;   /* number after the highest that arrived; 0: none */
};

struct flow_summary {
	size_t sent, received, lost, duplicated, reordered;
	duration_t longest_gap; /* between arrivals, or from the last one to the end */
	instant_t gap_from;
	duration_t median_delay; /* of what arrived; 0 if nothing did */
};

/* Room for `room` packets, taken at once.  0 or -ENOMEM. */
int flow_log_init(struct flow_log *log, size_t room);
void flow_log_fini(struct flow_log *log);

/* The number of the packet that is sent now, or -1 when the log is full. */
int64_t flow_log_sent(struct flow_log *log, instant_t now);
void flow_log_received(struct flow_log *log, uint64_t number, instant_t now);

/*
 * Packets sent in [from, to), and the longest gap between arrivals that touches
 * that span.  A flow without any arrival has a gap from `from` to `to`.
 */
struct flow_summary flow_log_summary(const struct flow_log *log, instant_t from,
				     instant_t to);

#endif
