/* SPDX-License-Identifier: ISC */
/*
 * A TCP stream from one end to another, both in this process: one connection,
 * never made again, sent at a rate, its octets checked by SHA-256.
 */
#ifndef MN_SIM_TCP_FLOW_H
#define MN_SIM_TCP_FLOW_H

#include "common/io/loop.h"
#include "mn-sim/scenario_config.h"

#include <stdbool.h>
#include <stddef.h>

struct tcp_flow;

/* How much had arrived when; for the picture and for gaps. */
struct tcp_sample {
	instant_t at;
	uint64_t octets;
};

struct tcp_summary {
	uint64_t sent, received;
	bool connected; /* the connection was made */
	bool ended;     /* and ended in order by the sender's FIN */
	bool intact;    /* the digests agree */
	int error;      /* errno that broke it, 0 if none */
	uint32_t retransmits;
	char digest[65]; /* of what arrived, hexadecimal */
};

/* Listens at `to` and connects from `from`.  0 or -errno. */
int tcp_flow_open(struct tcp_flow **out, struct loop *loop,
		  const struct scenario_tcp *config, const struct scenario_end *from,
		  const struct scenario_end *to);
void tcp_flow_close(struct tcp_flow *f);

/* Send what the rate allows since the last tick. */
void tcp_flow_tick(struct tcp_flow *f);

/* No more to send: end the stream in order. */
void tcp_flow_finish(struct tcp_flow *f);

/* The receiver has seen the end, or the connection is broken. */
bool tcp_flow_done(const struct tcp_flow *f);

struct tcp_summary tcp_flow_summary(const struct tcp_flow *f);

/* Samples in order of time. */
const struct tcp_sample *tcp_flow_samples(const struct tcp_flow *f, size_t *count);

#endif
