/* SPDX-License-Identifier: ISC */
/*
 * A pipeline on a bench: pool, table, addresses of our own, and what comes out.
 * One machine plays all roles at once, which the table allows:
 *
 *     198.51.100.1    our end of all tunnels; 198.51.100.0/24 is the home network
 *     198.51.100.50   away at 203.0.113.1 by GRE, reverse tunnel
 *     198.51.100.51   away at 203.0.113.1 by GRE and at 203.0.113.2 by IP-in-IP
 *     198.51.100.52   away at 203.0.113.3 by minimal encapsulation with fallback
 *     198.51.100.53   away at 203.0.113.4 by GRE with key 0xa01 and numbers
 *     198.51.100.54   away at 203.0.113.5 by minimal encapsulation without
 *     10.1.0.20       visitor on link 7, reverse tunnel to 203.0.113.6 by GRE
 *     10.1.0.21       visitor on link 7 of the same home agent, no reverse tunnel
 *     192.0.2.200     our own home address, tunnel to 203.0.113.7 by GRE, reverse
 *     192.0.2.201     our own home address, tunnel to 203.0.113.8, not reverse
 *     10.9.0.0/16     behind a site tunnel to 203.0.113.9, from 10.8.0.0/16
 */
#ifndef TESTS_UNIT_PIPE_BENCH_H
#define TESTS_UNIT_PIPE_BENCH_H

#include "common/tunnel/pipeline.h"
#include "common/tunnel/tunnel.h"

#include "tests/unit/packets.h"

#include <stdbool.h>

enum { BENCH_LINK = 7, BENCH_POOL = 512 };

struct pipe_bench {
	struct pkt_pool pool;
	struct fwd *fwd;
	struct pipeline *pl;
	struct pipeline_out out;
	struct now now;
	uint16_t link_mtu;
	unsigned spoofed; /* times that it was told */
	struct tunnel_news news;
};

void bench_open(struct pipe_bench *b);
void bench_open_guarded(struct pipe_bench *b); /* sources of our own are refused */
void bench_close(struct pipe_bench *b);        /* every packet must be back */

void bench_edit(struct pipe_bench *b, const struct fwd_edit *edit);

/* The specification of the tunnel to that peer. */
struct tunnel_spec bench_spec(const char *remote, struct encap_spec encap);
struct tunnel *bench_tunnel(struct pipe_bench *b, const struct tunnel_spec *spec);

/* One packet through; takes it over. */
void bench_outbound(struct pipe_bench *b, struct pkt *p);
void bench_inbound(struct pipe_bench *b, struct pkt *p);
void bench_broadcast(struct pipe_bench *b, struct pkt *p);
void bench_icmp(struct pipe_bench *b, struct pkt *p);

/* Drop all that came out. */
void bench_clear(struct pipe_bench *b);

/* Packets waiting in all three queues. */
size_t bench_came_out(const struct pipe_bench *b);

uint64_t bench_drops(struct pipe_bench *b, const char *reason);
uint64_t bench_count(struct pipe_bench *b, const char *counter);

/*
 * What the peer of that tunnel would send: a packet as described, from its end
 * to ours.
 */
struct pkt *bench_from_peer(struct pipe_bench *b, const struct tunnel_spec *spec,
			    const struct packet_like *like);

/* The next packet on the wire as that peer decapsulates it, or NULL. */
struct pkt *bench_at_peer(struct pipe_bench *b, const struct tunnel_spec *spec);

#endif
