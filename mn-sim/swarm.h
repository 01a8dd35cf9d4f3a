/* SPDX-License-Identifier: ISC */
/*
 * Many mobile nodes at once, as values: which of them asks for what and when, the
 * Requests they send, what their Replies mean (RFC 5944 3.6), and how long that took.
 * No socket and no clock; a node is 32 octets, a Request in flight 56.
 *
 * The load is open: a Request is due when the rates say so, whatever became of those
 * before it, and its latency counts from that instant, not from when it was really
 * sent.  So neither a slow agent nor a late sender makes the figures look better.
 *
 * All nodes share one association with the home agent, as a range of hosts does on
 * routers.  Identifications are timestamps; their low bits say which Request in
 * flight is meant, so that a Reply is matched without a search.
 */
#ifndef MN_SIM_SWARM_H
#define MN_SIM_SWARM_H

#include "common/base/bytes.h"
#include "common/base/clock.h"
#include "common/base/rng.h"
#include "common/security/sa.h"
#include "mn-sim/swarm_histogram.h"
#include "mn-sim/swarm_step.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

enum {
	SWARM_NODES_MAX = 1 << 22,
	SWARM_IN_FLIGHT_MAX = 1 << 20,
	SWARM_RETRIES_MAX = 7,
	SWARM_BATCH = 64,
	SWARM_MESSAGE_MAX = 128, /* fixed part and two authentication extensions */
};

/* A foreign agent that nodes register through. */
struct swarm_agent {
	struct in_addr addr;
	struct in_addr care_of;
};

struct swarm_config {
	struct in_addr home; /* of the first node; the next has the next address */
	uint32_t nodes;
	struct in_addr home_agent;
	struct in_addr care_of; /* the first of them, where nodes are on their own */
	uint32_t care_ofs;
	const struct swarm_agent *agent; /* else where they go; borrowed */
	uint32_t agents;
	uint16_t lifetime;  /* seconds */
	uint8_t flags;      /* of Requests, less D */
	duration_t timeout; /* of the first try; doubled with each */
	unsigned retries;
	uint32_t in_flight; /* at most */
	bool overlap;       /* a node may ask again before it was answered */
	bool poisson;
	struct sa_store *associations; /* borrowed; MN-HA by the home agent's address,
					  MN-FA by the foreign agent's */
};

/* One UDP payload to send. */
struct swarm_message {
	uint32_t node;
	uint32_t place; /* number of the care-of address, or of the agent */
	uint16_t len;
	uint8_t bytes[SWARM_MESSAGE_MAX];
};

struct swarm_batch {
	unsigned count;
	struct swarm_message at[SWARM_BATCH];
};

/* What became of what was to be done; every one that was due ends in one of them. */
struct swarm_op_stats {
	uint64_t due;
	uint64_t accepted;
	uint64_t denied;
	uint64_t lost;   /* no answer, after all tries */
	uint64_t unsent; /* no node was free for it, or too many were in flight */
	struct swarm_histogram latency; /* of accepted ones, from when they were due */
};

struct swarm_stats {
	struct swarm_op_stats op[SWARM_OPS];
	uint64_t requests;      /* messages, retransmissions included */
	uint64_t retransmitted; /* of those */
	uint64_t code[256];     /* Replies taken, by code */
	uint64_t late;          /* authentic, but for a Request that is closed */
	uint64_t malformed, unmatched, unauthentic; /* others, left out */
	uint64_t resyncs;                           /* clock taken over from a 133 */
	struct swarm_histogram behind; /* how much later than due they were sent */
	/* The owner empties these when it likes, for shorter spans of time. */
	struct swarm_histogram second; /* latency */
	struct swarm_histogram lap, lap_behind;
};

/* One move that is watched: its node's packets are to come out at the new care-of. */
enum swarm_watch_state {
	SWARM_WATCH_OFF,
	SWARM_WATCH_READY, /* for the next move */
	SWARM_WATCH_ASKED,
	SWARM_WATCH_ANSWERED, /* accepted */
};

struct swarm_watch {
	enum swarm_watch_state state; /* READY again when the owner says so */
	uint32_t node;
	uint32_t place; /* the new one */
};

struct swarm;

/* NULL when out of memory. */
struct swarm *swarm_new(const struct swarm_config *config, struct rng rng);
void swarm_free(struct swarm *s);

/* Begin with a step; the one before has ended. */
void swarm_start(struct swarm *s, const struct swarm_step *step, instant_t now);

/* Nothing new from now on; what is in flight is waited for. */
void swarm_stop(struct swarm *s);

/* Nothing will be due any more in this step, and nothing is in flight. */
bool swarm_is_done(const struct swarm *s);

/* What is due: as many messages as fit, at places of their own in `batch`. */
void swarm_take(struct swarm *s, struct now now, struct swarm_batch *batch);

/* When there will be something to take; INSTANT_NEVER if nothing. */
instant_t swarm_next(const struct swarm *s);

/* A datagram came, from `from`; `place` is the link that it came on, with agents. */
void swarm_on_reply(struct swarm *s, struct reader message, struct in_addr from,
		    uint32_t place, struct now now);

/* Where a message is to be sent from, where nodes are on their own. */
struct in_addr swarm_care_of(const struct swarm *s, uint32_t place);
struct in_addr swarm_home(const struct swarm *s, uint32_t node);
bool swarm_is_reverse(const struct swarm *s); /* T: sent with a TTL of 255 */

struct swarm_stats *swarm_stats(struct swarm *s);

/* Off at first.  A watched move that is denied or lost makes it ready again. */
struct swarm_watch *swarm_watch(struct swarm *s);
uint32_t swarm_registered(const struct swarm *s); /* nodes, as far as they know */
uint32_t swarm_in_flight(const struct swarm *s);

#endif
