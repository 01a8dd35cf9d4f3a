/* SPDX-License-Identifier: ISC */
/*
 * Two ends of a tunnel with all that is around it, for tests of ESP and carriers in
 * the pipeline: a home agent and a foreign agent, each with table and pipeline.
 *
 *     192.0.2.80 --- home agent 198.51.100.1 === 203.0.113.1 foreign agent --- node
 *
 * The node is 198.51.100.50, away, with a reverse tunnel. The home agent also tells
 * it of broadcasts, and has a site behind the same peer: 10.8.0.0/16 here, 10.9.0.0/16
 * there.
 */
#ifndef TESTS_UNIT_ESP_WORLD_H
#define TESTS_UNIT_ESP_WORLD_H

#include "common/tunnel/pipeline.h"
#include "common/tunnel/protect.h"
#include "common/tunnel/tunnel.h"

#include "tests/unit/packets.h"

#include <stdbool.h>

enum { WORLD_POOL = 400, WORLD_LINK = 7 };

struct esp_side {
	struct in_addr addr, peer;
	struct fwd *fwd;
	struct pipeline *pl;
	struct pipeline_out out;
	unsigned alive, dead; /* times that it was told of the site's other end */
	const struct esp_engine *engine; /* of associations to come; NULL: OpenSSL's */
	bool esn;                        /* and whether they extend their numbers */
};

struct world_like {
	struct encap_spec encap;
	struct carrier_spec carrier; /* of the tunnel */
	enum protect_policy policy;
	enum carrier_kind esp; /* what ESP travels in */
	uint16_t keepalive_s;
	struct probe_spec probe; /* of the site tunnels */
};

struct esp_world {
	struct world_like like;
	struct pkt_pool pool;
	struct esp_side home, away;
	struct now now;
	struct rng_seeded chance;
	uint32_t next_spi;
	uint16_t link_mtu;
};

void world_open(struct esp_world *w, const struct world_like *like);
void world_close(struct esp_world *w); /* every packet must be back */

/* A policy for the pair of ends, at one side. */
void world_protect(struct esp_world *w, struct esp_side *s, enum protect_policy policy);

/* The specification of an association between the two ends, as `s` sees it. */
struct world_sa {
	struct esp_sa_spec spec;
	uint8_t key[ESP_MATERIAL_MAX];
	struct secret material;
};
void world_sa(struct world_sa *sa, const struct esp_side *s, uint32_t spi,
	      enum esp_algorithm a);

/* A new association one way: the receiver first. Returns its SPI. */
uint32_t world_key(struct esp_world *w, struct esp_side *from, struct esp_side *to,
		   enum esp_algorithm a);
void world_keys(struct esp_world *w, enum esp_algorithm a); /* both ways */

/* The receiving half, or the sending half alone. */
void world_key_in(struct esp_side *to, uint32_t spi, enum esp_algorithm a);
void world_key_out(struct esp_side *from, uint32_t spi, enum esp_algorithm a);

/* Packets through one side; all take the packet over. */
void world_outbound(struct esp_world *w, struct esp_side *s, struct pkt *p);
void world_inbound(struct esp_world *w, struct esp_side *s, struct pkt *p);
void world_icmp(struct esp_world *w, struct esp_side *s, struct pkt *p);

/* All that `from` has put on the wire arrives at `to`. */
void world_carry(struct esp_world *w, struct esp_side *from, struct esp_side *to);

/* To the node, from the node: a packet of the pool. */
struct pkt *world_to_node(struct esp_world *w, const struct packet_like *like);
struct pkt *world_from_node(struct esp_world *w, const struct packet_like *like);

/* The same all the way; what arrives, or NULL. */
struct pkt *world_down(struct esp_world *w, const struct packet_like *like);
struct pkt *world_up(struct esp_world *w, const struct packet_like *like);

/* Whether there is one; takes it over. */
bool world_arrived(struct esp_world *w, struct pkt *p);

/* A packet of that size arrives as it was sent, to the node and from it. */
void world_check_both_ways(struct esp_world *w, size_t size);

/* The protocol of what the home agent puts on the wire for the node; 0: nothing. */
uint8_t world_sends_by(struct esp_world *w);

struct protect_view world_view(const struct esp_side *s);
uint64_t world_drops(const struct esp_side *s, const char *reason);

void world_clear(struct esp_world *w); /* drop all that came out */

/* The tunnel to the node, at the home agent, and what it carries. */
struct tunnel *world_tunnel(struct esp_world *w);
uint16_t world_inner_mtu(struct esp_world *w);

/* The size on the wire of one packet with DF of that size; 0: refused. */
size_t world_size_on_wire(struct esp_world *w, size_t inner);

/* A combination of tunnel, carrier and algorithm. */
struct world_combination {
	struct world_like like;
	bool esp;
	enum esp_algorithm algorithm;
};
void world_open_combination(struct esp_world *w, const struct world_combination *c,
			    uint16_t mtu);

#endif
