/* SPDX-License-Identifier: ISC */
/*
 * The flow of packets to a node while it moves, to see how soon after the home
 * agent's Reply the first of them comes out of the new tunnel.
 *
 * Packets to the node's home address go by the machine's own routes, which must lead
 * to the home agent; they come back in the tunnel to the new care-of address, which is
 * this machine's.  Both instants, of the Reply and of the packet, are those at which
 * the kernel had them, so that our own pace is no part of the time.
 */
#ifndef MN_SIM_SWARM_FLOW_H
#define MN_SIM_SWARM_FLOW_H

#include "common/base/clock.h"
#include "common/tunnel/encap.h"
#include "mn-sim/swarm_histogram.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

struct swarm_flow;

/* 0 or -errno. */
int swarm_flow_open(struct swarm_flow **out, enum encap_kind encap);
void swarm_flow_close(struct swarm_flow *f); /* NULL is fine */

/*
 * One more packet to `home`, if the last one is long enough ago, and a look at what
 * came for it to `care_of`.
 */
void swarm_flow_send(struct swarm_flow *f, struct in_addr home, struct in_addr care_of,
		     instant_t now);

/* The Reply came; the kernel had it at `stamp`. */
void swarm_flow_answered(struct swarm_flow *f, instant_t stamp, instant_t now);

/* After the Reply: a packet came and is counted, or none did for too long. */
bool swarm_flow_is_over(struct swarm_flow *f, instant_t now);

/* The times, and how many moves saw no packet. */
const struct swarm_histogram *swarm_flow_handovers(const struct swarm_flow *f,
						   uint64_t *lost);

/* When the kernel had a message (SO_TIMESTAMPNS), or INSTANT_NEVER. */
instant_t swarm_stamp(struct msghdr *m);

#endif
