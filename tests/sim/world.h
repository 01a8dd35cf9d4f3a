/* SPDX-License-Identifier: ISC */
/*
 * A world of virtual time: a home agent, foreign agents, mobile nodes and hosts
 * on links that lose, duplicate, reorder and delay, all from one seed.  The
 * cores and pipelines are the real ones; kernel, links and clocks are made up.
 *
 *      host   HA            FA 0      FA 1      FA 2     router       CN
 *       |      | |           | |       | |       | |       | |         |
 *     --+------+-- home    --+-- 0   --+-- 1   --+-- 2   --+-- LAN     |
 *     10.1.0.0/24 |     10.2.0.0/24   10.3...   10.4...  10.9.0.0/24   |
 *                 +----------+---------+---------+---------+-- cloud --+
 *                10.0.1.2  10.0.2.2  10.0.3.2  10.0.4.2  10.0.8.2  10.0.9.2
 *
 *   world.c     time, events, the nodes and their configurations
 *   agents.c    cores as nodes: their events, their effects
 *   network.c   links, ARP, IP, what a host does with a packet
 *   forwarding.c  their data planes
 *   keys.c      ESP between agents, over streams.c
 */
#ifndef TESTS_SIM_WORLD_H
#define TESTS_SIM_WORLD_H

#include "common/base/rng.h"
#include "common/base/timers.h"
#include "common/io/effects_run.h"
#include "common/tunnel/pipeline.h"
#include "common/tunnel/pkt.h"
#include "fa/fa_config.h"
#include "ha/ha_config.h"
#include "mn-sim/mn_core.h"
#include "tests/sim/kernel.h"
#include "tests/sim/keys.h"
#include "tests/sim/streams.h"

#include <stdio.h>

enum {
	FOREIGN_AGENTS = 3,
	MOBILE_NODES = 4,

	/* who */
	HA = 0,
	FA0 = 1,
	ROUTER = FA0 + FOREIGN_AGENTS,
	CN,
	HOST,
	MN0,
	NODES = MN0 + MOBILE_NODES,

	/* where */
	SEG_NONE = -1,
	SEG_HOME = 0,
	SEG_VISIT0 = 1,
	SEG_LAN = SEG_VISIT0 + FOREIGN_AGENTS,
	SEGMENTS,
	SEG_CLOUD = SEGMENTS,

	IF_LINK = 1, /* interfaces */
	IF_CLOUD = 2,
	IF_RADIO = 4,

	ARP_ENTRIES = 16,
	WAITING = 8,
	PEERS = 8,
	ACCEPTED = 512,
	PACKETS = 1 << 14,
	FRAME_MAX = 1800,
	BROKEN_LEN = 400,
	OVERHEARD = 32,
};

_Static_assert((int)KEYED_AGENTS == (int)FOREIGN_AGENTS, "each may be protected");

/* In the payload of every packet of an application. */
#define WORLD_WORDS "what an observer must not read"

struct world;

struct iface {
	int ifindex;
	const char *name;
	int segment; /* SEG_... */
	bool up;
	struct mac mac;
	struct ipv4_prefix addr; /* len 0: none of its own */
};

struct arp_entry {
	struct in_addr addr;
	struct mac mac;
	instant_t heard;
};

/* A packet that waits for an ARP Reply. */
struct waiting {
	struct in_addr next_hop;
	int ifindex;
	size_t len;
	uint8_t bytes[FRAME_MAX];
};

/* What a node's configuration points into. */
struct node_config {
	union {
		struct ha_config ha;
		struct fa_config fa;
		struct mn_config mn;
	};
	struct home_network network;
	struct advert_config advert;
	struct peer_config peer[PEERS];
	struct assoc_config assoc[PEERS];
};

struct node {
	struct world *w;
	int id;
	char name[8];
	struct iface iface[2];
	unsigned ifaces;
	struct links links;
	duration_t skew; /* of its wall clock */
	struct node_config config;

	/* alive: a core (agents and mobile nodes), and what serves it */
	void *core;
	struct rng_seeded seed;
	struct fwd *fwd;
	struct pipeline *pl;
	struct kernel kernel;
	struct effect_list fx, spare;
	struct effect_actor actor;
	struct keys keys;
	struct io_counts io;

	/* trouble */
	unsigned fail_permille; /* of effects */
	int fail_next;          /* a kind of effect; -1: none */
	instant_t failed_at;

	struct arp_entry arp[ARP_ENTRIES];
	unsigned arp_next;
	struct waiting waiting[WAITING];
	unsigned waiting_next;
};

/* What the home agent accepted; an older one gives way. */
struct accepted {
	struct in_addr home;
	uint64_t ident;
	uint16_t lifetime;
};

struct sent_packet {
	int to; /* the node that it is for; -1: anybody */
	unsigned received;
};

struct impairment {
	unsigned loss, duplicate; /* of a thousand */
	duration_t delay_min, delay_max;
	unsigned alter; /* of a thousand; of what is sealed */
};

/* What the home agent's store holds; it outlives the agent. */
struct disk {
	unsigned count;
	struct in_addr home[MOBILE_NODES];
	struct effect_record record[MOBILE_NODES];
};

/* A control message that went to the home agent and was accepted, for replays. */
struct captured {
	size_t len;
	uint8_t bytes[MIP_MESSAGE_MAX];
	struct in_addr src, dst;
};

/* A sealed packet that went over the cloud, for attacks. */
struct overheard {
	size_t len;
	uint8_t bytes[FRAME_MAX];
};

struct held_key;
struct sealed;

struct world {
	instant_t now;
	uint64_t ntp0; /* the true wall clock when now was 0 */
	struct rng_seeded seed;
	struct rng rng;
	struct timers events;
	size_t in_flight;
	struct node node[NODES];
	unsigned mobile_nodes; /* of MOBILE_NODES */
	struct impairment cloud, links;
	struct pkt_pool pool;

	struct disk disk;
	struct accepted accepted[ACCEPTED];
	uint64_t accepted_count;
	struct captured last_request; /* that the home agent accepted */
	bool forged;                  /* an unprotected message was altered */
	struct sent_packet packet[PACKETS];
	uint32_t packets;
	uint64_t dropped[DROP_COUNT + 1]; /* by reason; the last: by hosts */

	struct esp_setup esp[FOREIGN_AGENTS];
	struct streams streams;
	bool silent; /* who dies resets no stream */
	bool keyed_once;
	enum sabotage sabotage;
	struct held_key *held; /* invariants_esp.c */
	struct sealed *sealed;
	uint64_t sealed_count;
	struct overheard overheard[OVERHEARD];
	uint64_t overheard_count;
	/* Lets a story do something before the nth effect of keying, from 0. */
	void (*key_step)(struct world *w, struct node *n, unsigned nth);
	void *key_step_arg;
	unsigned key_steps;

	uint64_t steps, hash;
	bool verbose;
	char broken
		[BROKEN_LEN]; /* the first invariant that did not hold; "" if all do */

	/* Lets a story see, change or swallow (false) what goes over the cloud. */
	bool (*tap)(struct world *w, void *arg, uint8_t *packet, size_t *len);
	void *tap_arg;
};

/* world.c */

/* Everybody configured as usual, nobody alive. */
void world_init(struct world *w, uint64_t seed, unsigned mobile_nodes);
/* All agents and mobile nodes start; the nodes hang on no link yet. */
void world_start(struct world *w);
void world_fini(struct world *w);
/* Stop all in good order; breaks the world if anything is left behind. */
void world_stop(struct world *w);

void world_run(struct world *w, duration_t d);
/* Until a mobile node is in this state, or `most` has passed; true if it is. */
bool world_run_until(struct world *w, int mn, enum mn_state state, duration_t most);

/* Take a mobile node's cable to another segment, or off. */
void world_move(struct world *w, int mn, int segment);
/* The same with nobody told: its link never seemed down. */
void world_drift(struct world *w, int mn, int segment);
/* A crash and a new start, nothing said to anybody. */
void world_restart(struct world *w, int node);
void world_kill(struct world *w, int node);

void world_break(struct world *w, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void world_trace(struct world *w, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

struct now world_now_of(const struct node *n);
struct in_addr world_home_of(int mn);
struct in_addr world_care_of(int fa);
struct in_addr world_own_care_of(int mn); /* co-located, on the LAN */
struct mn_status world_status(struct world *w, int mn);
size_t world_bindings(struct world *w, int mn);
size_t world_visitors(struct world *w, int fa);
uint64_t world_counter(struct world *w, int node, const char *name);

/* A numbered packet; returns its number. */
uint32_t world_send(struct world *w, int from, struct in_addr to);
/* One packet each way between the CN and a mobile node: did each come once? */
bool world_reaches(struct world *w, int mn);
/* One packet from anybody to anybody, waited for; how often it came. */
unsigned world_arrives(struct world *w, int from, struct in_addr to);

struct in_addr world_addr(unsigned a, unsigned b, unsigned c, unsigned d);

/* The home agent and a foreign agent have an association from now on. */
void world_share_key(struct world *w, int fa);

/* An event in the queue: bytes that arrive later. */
void world_schedule(struct world *w, instant_t at, struct timer *t);

/* agents.c */
bool agent_has_core(const struct node *n);
bool agent_start(struct node *n);
void agent_kill(struct node *n);
void agent_stop(struct node *n);
instant_t agent_next_deadline(const struct node *n);
void agent_deadline(struct node *n);
void agent_links(struct node *n);
void agent_datagram(struct node *n, const struct datagram *dg);
void agent_icmp(struct node *n, const struct icmp_datagram *dg);
void agent_arp(struct node *n, const struct arp_frame *frame);
unsigned agent_counters(const struct node *n, struct counter_set *sets, unsigned room);
/* ESP with that peer stands from now on, or no more. */
void agent_protection(struct node *n, struct in_addr remote, bool stands);
/* Perform what the core has asked for. */
void agent_perform(struct node *n);
/* What the home agent's store has of a node, or NULL. */
const struct effect_record *agent_disk(const struct world *w, struct in_addr home);

/* network.c */
void network_frame_out(struct node *n, int ifindex, struct mac to, bool arp,
		       const uint8_t *bytes, size_t len);
/* `iif`: where it came from, or EFFECT_DEV_LO. */
void network_ip_out(struct node *n, const uint8_t *bytes, size_t len, int iif);
/* Out of a tunnel. */
void network_to_kernel(struct node *n, const uint8_t *bytes, size_t len);
void network_drop(struct node *n, const char *why);
/* An event is due. */
void network_arrive(struct world *w, struct timer *t);
void network_forget(struct timer *t);
/* Hand bytes to a node as if the cloud had brought them. */
void network_inject(struct node *n, const uint8_t *bytes, size_t len);
/* The same for a message that somebody has seen. */
void network_replay(struct node *n, const struct captured *c);
/* Whom the cloud brings packets for that address to, or NULL. */
struct node *network_reached_by(struct world *w, struct in_addr dst);

/* forwarding.c */
enum way { WAY_OUTBOUND, WAY_INBOUND, WAY_ICMP, WAY_BROADCAST };

void forward_packet(struct node *n, enum way way, const uint8_t *bytes, size_t len);

#endif
