/* SPDX-License-Identifier: ISC */
/*
 * The socket of a swarm whose nodes register directly: each message leaves from its
 * node's care-of address, as RFC 5944 3.6.1.1 asks, many with one system call.  The
 * addresses must be this machine's; a local route for their prefix is enough:
 *
 *     ip route add local 10.9.0.0/16 dev lo
 */
#ifndef MN_SIM_SWARM_SOCKET_H
#define MN_SIM_SWARM_SOCKET_H

#include "common/base/bytes.h"
#include "mn-sim/swarm.h"

struct swarm_socket;

/* `stamp` is when the kernel had it, on its wall clock. */
typedef void swarm_received_fn(void *arg, struct reader message, struct in_addr from,
			       instant_t stamp);

/* `ttl` is that of Requests.  0 or -errno. */
int swarm_socket_open(struct swarm_socket **out, struct in_addr home_agent,
		      uint8_t ttl);
void swarm_socket_close(struct swarm_socket *s); /* NULL is fine */

/*
 * Messages that follow one another from one address go to the kernel as one, which
 * cuts it up (UDP segmentation); all are `len` octets long.  0 or -errno.
 */
int swarm_socket_segments(struct swarm_socket *s, uint16_t len);

int swarm_socket_fd(const struct swarm_socket *s);

/*
 * Send those of the batch from `first` on.  Returns how many are done with, fewer than
 * there are when the kernel has no room now.
 */
unsigned swarm_socket_send(struct swarm_socket *s, const struct swarm *swarm,
			   const struct swarm_batch *batch, unsigned first);

/* Hand on what has come, at most a batch.  Returns how many. */
unsigned swarm_socket_recv(struct swarm_socket *s, swarm_received_fn *fn, void *arg);

/* What the kernel would not send, and why the last time (an errno). */
uint64_t swarm_socket_refused(const struct swarm_socket *s, int *error);

#endif
