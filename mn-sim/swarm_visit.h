/* SPDX-License-Identifier: ISC */
/*
 * A link that nodes of a swarm visit, and the foreign agent on it.
 *
 * Each node is a station of its own there: its Requests are frames from a link-layer
 * address made of its home address (02:00 and the four octets), from its home address,
 * straight to the agent (RFC 5944 3.6.1.1), many with one system call.  So the agent
 * sees as many nodes as there are.  A packet socket in promiscuous mode hears what it
 * sends to them.
 */
#ifndef MN_SIM_SWARM_VISIT_H
#define MN_SIM_SWARM_VISIT_H

#include "common/base/bytes.h"
#include "common/wire/mip_advert.h"
#include "mn-sim/swarm.h"

struct swarm_visit;

typedef void swarm_heard_fn(void *arg, uint32_t place, struct reader message,
			    struct in_addr from);

/* `place` is what the link is called in messages.  0 or -errno. */
int swarm_visit_open(struct swarm_visit **out, const char *interface, uint32_t place);
void swarm_visit_close(struct swarm_visit *v); /* NULL is fine */

int swarm_visit_fd(const struct swarm_visit *v);

/*
 * Solicit, in the name of `node`, until a foreign agent advertises itself, for a few
 * seconds at most.  0 or -errno; -ETIMEDOUT when there is none.
 */
int swarm_visit_find_agent(struct swarm_visit *v, struct in_addr node,
			   struct swarm_agent *agent);

/*
 * Send those of the batch from `first` on, up to one for another place.  Returns how
 * many of the batch are done with.
 */
unsigned swarm_visit_send(struct swarm_visit *v, const struct swarm *swarm,
			  const struct swarm_batch *batch, unsigned first);

/* Hand on what has come, at most a batch.  Returns how many frames there were. */
unsigned swarm_visit_recv(struct swarm_visit *v, swarm_heard_fn *fn, void *arg);

/* What the kernel would not send, and why the last time (an errno). */
uint64_t swarm_visit_refused(const struct swarm_visit *v, int *error);

#endif
