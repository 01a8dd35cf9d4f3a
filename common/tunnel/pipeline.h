/* SPDX-License-Identifier: ISC */
/*
 * The data plane: vectors of packets in, queues of packets out, one forwarding
 * table in between (RFC 2003, RFC 3024, RFC 5944 4).
 *
 *     TUN ----- outbound --> encapsulate, ESP, UDP ------> wire
 *                            to a visitor, of our machine -> link
 *     link ---- broadcast -> copy, encapsulate, ESP, UDP -> wire
 *     raw, UDP  inbound ---> UDP, ESP, decapsulate, check -> kernel or link
 *     ICMP ---- icmp ------> learn the MTU, tell senders -> wire or link
 *
 * Every function takes over the packets it is given: they come out in a queue
 * or go back to the pool, dropped and counted.  The caller sends what is in the
 * queues and gives the packets back.  No call allocates or logs.
 *
 * A pipeline is for one thread; several may go by one table, each with a pool of its
 * own.  Packets enter the table a vector at a time and wait only for edits of it
 * (fwd.h); the few that may change it go one by one, with the table to themselves.
 *
 * Packets on `wire` are whole IPv4 packets with a source of our own, outer
 * packets and ICMP errors alike.  They go through a raw socket with
 * IP_HDRINCL and not through the TUN, where the kernel would take our own
 * source for a forgery.
 */
#ifndef COMMON_TUNNEL_PIPELINE_H
#define COMMON_TUNNEL_PIPELINE_H

#include "common/base/counters.h"
#include "common/base/rng.h"
#include "common/tunnel/encap_udp.h"
#include "common/tunnel/fwd.h"
#include "common/tunnel/pkt_vec.h"

#include <stdbool.h>
#include <stdint.h>

struct pipeline;

enum tunnel_event {
	/*
	 * Out of it came a packet from `inner`, who has no binding with a reverse
	 * tunnel there (RFC 3024 4.3.2).  Told now and then; all are counted.
	 */
	TUNNEL_SPOOFED,
	TUNNEL_ALIVE, /* the other end of a site tunnel lives, */
	TUNNEL_DEAD,  /* or is dead */
};

/* By value, since the tunnel may be gone when somebody reads it. */
struct tunnel_news {
	enum tunnel_event event;
	char name[FWD_NAME_MAX]; /* of a site tunnel, or empty */
	struct in_addr local, remote;
	enum encap_kind encap;
	struct in_addr inner;
	bool blocked; /* dead because ESP is required, and not there */
};

struct pipeline_config {
	struct pkt_pool *pool; /* borrowed; the edge reads into packets of the same */

	/* What the edge knows of links and addresses; either may be NULL. */
	bool (*owns)(const void *arg, struct in_addr addr);
	uint16_t (*link_mtu)(const void *arg, int ifindex); /* 0: unknown, 1500 */
	const void *arg;

	/* What operators want to hear; NULL where nobody does. */
	void (*tell)(void *arg, const struct tunnel_news *news);
	void *tell_arg;

	/*
	 * For pipeline_probes(): an address of ours in one of these networks, 0 if
	 * there is none; and where jitter and what nobody shall guess come from.
	 */
	struct in_addr (*inside)(const void *arg, const struct ipv4_prefix *nets,
				 unsigned count);
	struct rng rng;

	/*
	 * RFC 2003 3.2 forbids tunnelling packets that arrive with a source of
	 * our own.  The kernel refuses such packets from outside, so those that
	 * its routing hands us were made on this machine and may go.  Set this
	 * where packets come to pipeline_outbound without the kernel's routing.
	 */
	bool guard_sources;

	struct carrier_ports ports; /* where UDP carriers come in */

	/*
	 * Whoever sends what comes out says so by pipeline_sent(): until then nobody
	 * else numbers packets, so that they leave in the order of their numbers.
	 */
	bool ordered;

	unsigned lane; /* which one of those that go by the table; 0: the only one */

	/*
	 * Whether packets on `wire` may be `unsummed`, for carrier_complete() or the
	 * kernel to finish.
	 */
	bool leave_unsummed;

	uint32_t icmp_rate;  /* ICMP errors a second; 0: 100 */
	uint32_t icmp_burst; /* 0: 50 */
};

struct pipeline_out {
	struct pkt_queue wire;   /* to the raw socket: outer packets, ICMP errors */
	struct pkt_queue kernel; /* into the TUN: packets out of tunnels */
	struct pkt_queue link;   /* to (ifindex, mac): for visitors */
};

/* NULL when out of memory.  The table is borrowed. */
struct pipeline *pipeline_new(struct fwd *fwd, const struct pipeline_config *config);
void pipeline_free(struct pipeline *pl);

/*
 * Packets that the kernel's routing handed us through the TUN, or that the
 * node's own stack sent there; hops have been counted.  What our machine says to a
 * visitor goes onto its link.  Those that have a reason to be dropped already are
 * counted by it.
 */
void pipeline_outbound(struct pipeline *pl, struct pkt_vec *in,
		       struct pipeline_out *out);

/*
 * Whole IPv4 packets of protocols 4, 47, 50 and 55 from the raw sockets, and of
 * UDP from the ports of the carriers.  Those for
 * the kernel leave their TTL alone, since routing counts the hop; those for
 * visitors have it lowered here, and are cut to the link's MTU.
 */
void pipeline_inbound(struct pipeline *pl, struct pkt_vec *in,
		      struct pipeline_out *out);

/*
 * Broadcasts heard on the home link: one copy to each binding that wants them
 * (RFC 5944 4.3) of a node whose home address is in `home_network`.
 */
void pipeline_broadcast(struct pipeline *pl, struct pkt_vec *in,
			struct ipv4_prefix home_network, struct pipeline_out *out);

/* ICMP errors that came to us, as whole IPv4 packets (RFC 2003 4 and 5). */
void pipeline_icmp(struct pipeline *pl, struct pkt_vec *in, struct pipeline_out *out);

/*
 * The kernel refused to send this packet of `wire` as too large (EMSGSIZE) for a
 * link of `mtu` octets, 0 if unknown: learn as from a too-big message.
 */
void pipeline_too_big(struct pipeline *pl, struct pkt *p, uint16_t mtu, struct now now,
		      struct pipeline_out *out);

/*
 * Keepalives of UDP carriers (RFC 3948 4) that are due, and when the next will be.
 */
instant_t pipeline_keepalives(struct pipeline *pl, struct now now,
			      struct pipeline_out *out);

/*
 * Ask the other ends of site tunnels that are due whether they live (probe.h), and when
 * the next is; INSTANT_NEVER without site tunnels.  To be called when a site is set.
 */
instant_t pipeline_probes(struct pipeline *pl, struct now now,
			  struct pipeline_out *out);

/* What the last call put into the queues has left (`ordered`). */
void pipeline_sent(struct pipeline *pl);

/* Count a packet as dropped and give it back: for what the edge could not send. */
void pipeline_drop(struct pipeline *pl, struct pkt *p, enum drop_reason why);

/* The same for all that are in that queue. */
void pipeline_drop_all(struct pipeline *pl, struct pkt_queue *q, enum drop_reason why);

/* Give back all packets of the three queues. */
void pipeline_out_give(struct pipeline *pl, struct pipeline_out *out);

/* Counters: groups "drop" and "packet". */
struct counter_set pipeline_drops(struct pipeline *pl);
struct counter_set pipeline_packets(struct pipeline *pl);

#endif
