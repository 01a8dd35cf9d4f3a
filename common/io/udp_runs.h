/* SPDX-License-Identifier: ISC */
/*
 * Runs of UDP datagrams of one flow and one size, handed to the kernel as one
 * (UDP_SEGMENT of udp(7)): the way to the device is gone once for all of them, and
 * they are cut apart at its end, or by the network card.
 *
 * The kernel writes the headers, so only packets go this way whose headers it would
 * write as they are: without options, with DF set, from a port that a socket here is
 * bound to. Their UDP checksum is always there, since the kernel insists on it.
 */
#ifndef COMMON_IO_UDP_RUNS_H
#define COMMON_IO_UDP_RUNS_H

#include "common/io/io_count.h"

#include <stdbool.h>
#include <stdint.h>

struct pkt;

enum {
	UDP_RUNS_SOURCES = 20,
	UDP_RUN_MAX = 64,       /* datagrams that the kernel takes at once */
	UDP_RUN_OCTETS = 65000, /* of all their payloads */
};

struct udp_runs {
	unsigned sources;
	struct udp_source {
		int fd;
		uint16_t port; /* host order */
		bool ours;     /* to close */
	} source[UDP_RUNS_SOURCES];
};

void udp_runs_init(struct udp_runs *r);
void udp_runs_fini(struct udp_runs *r);

/*
 * Datagrams from `port` may go through this socket, which is bound to it and stays
 * open until udp_runs_fini(). Without effect where the kernel knows no runs.
 */
void udp_runs_lend(struct udp_runs *r, int fd, uint16_t port);

/* The same with a socket of its own, which receives nothing. 0 or -errno. */
int udp_runs_bind(struct udp_runs *r, uint16_t port);

/*
 * Take the packets that may go in one run with p[0] out of p[0..count), where NULLs
 * are passed over and left in their place. No packet overtakes another one to its
 * destination. Returns how many are in `run`; 0 if there is none to go with p[0].
 */
unsigned udp_runs_gather(const struct udp_runs *r, struct pkt **p, unsigned count,
			 struct pkt *run[UDP_RUN_MAX]);

/*
 * Send what was gathered; the packets stay the caller's. 0 or -errno, and none is
 * sent then. -EMSGSIZE, -EINVAL and -EIO speak of the run, not of each packet.
 */
int udp_runs_send(const struct udp_runs *r, struct pkt *const *run, unsigned count);

#endif
