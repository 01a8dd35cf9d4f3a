/* SPDX-License-Identifier: ISC */
/*
 * UDP port 434: registrations from and to other networks (RFC 5944 3.2).  Those
 * on links that the agent serves go through link_sock.h instead.
 */
#ifndef COMMON_IO_REG_SOCK_H
#define COMMON_IO_REG_SOCK_H

#include "common/agent/datagram.h"
#include "common/agent/effect.h"
#include "common/io/io_count.h"

#include <stdbool.h>
#include <stdint.h>

struct reg_sock;

struct reg_sock_handlers {
	/* Whether datagrams from this link are somebody else's business. */
	bool (*served)(void *arg, int ifindex);
	void (*datagram)(void *arg, const struct datagram *dg);
	/* All of a batch, `foresee_passes` times, before the first is handed on. */
	void (*foresee)(void *arg, struct reader message, unsigned pass);
	unsigned foresee_passes;
	void *arg;
};

/* 0 or -errno; -EADDRINUSE when somebody has the port. */
int reg_sock_open(struct reg_sock **out, uint16_t port, struct io_counts *counts);
void reg_sock_close(struct reg_sock *s);

/*
 * Tunnel data messages of Mobile IP (RFC 3519 3.3) come another way (pktio.h): take
 * no more of them.  0 or -errno.
 */
int reg_sock_leave_data(struct reg_sock *s);

int reg_sock_fd(const struct reg_sock *s);

/* Hand on what has come, at most a batch. */
void reg_sock_recv(struct reg_sock *s, const struct reg_sock_handlers *h);

/*
 * Messages wait until they are flushed, or until there is no room for another; `e` is
 * an EFFECT_SEND_UDP, and copied.
 */
void reg_sock_put(struct reg_sock *s, const struct effect *e);
bool reg_sock_is_full(const struct reg_sock *s);

/* Send those that wait, in order; `unsent` hears of those that the system refuses. */
typedef void reg_sock_unsent(void *arg, const struct effect *e, int error);
void reg_sock_flush(struct reg_sock *s, reg_sock_unsent *unsent, void *arg);

#endif
