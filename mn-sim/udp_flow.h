/* SPDX-License-Identifier: ISC */
/*
 * A numbered UDP flow from one end to another, both in this process.
 */
#ifndef MN_SIM_UDP_FLOW_H
#define MN_SIM_UDP_FLOW_H

#include "common/io/loop.h"
#include "mn-sim/flow_log.h"
#include "mn-sim/scenario_config.h"

struct udp_flow;

/*
 * Sockets in the ends' namespaces; room for `packets`.  `config` is kept.  0 or
 * -errno.
 */
int udp_flow_open(struct udp_flow **out, struct loop *loop,
		  const struct scenario_udp *config, const struct scenario_end *from,
		  const struct scenario_end *to, size_t packets);
void udp_flow_close(struct udp_flow *f);

/* Send the next packet. */
void udp_flow_send(struct udp_flow *f);

const struct flow_log *udp_flow_log(const struct udp_flow *f);

/* Sends that the kernel refused; those packets count as lost. */
uint64_t udp_flow_refused(const struct udp_flow *f);

#endif
