/* SPDX-License-Identifier: ISC */
/*
 * The inside of a swarm, for the files of this folder only.
 *
 *   swarm.c        life, lists, what is due
 *   swarm_reply.c  Replies: judge, then act
 */
#ifndef MN_SIM_SWARM_PRIVATE_H
#define MN_SIM_SWARM_PRIVATE_H

#include "mn-sim/swarm.h"
#include "mn-sim/swarm_pace.h"

enum { SWARM_NOBODY = UINT32_MAX, SWARM_TRIES = SWARM_RETRIES_MAX + 1 };

/* A queue by number, of nodes or of Requests. */
struct swarm_queue {
	uint32_t first, last, count;
};

struct swarm_link {
	uint32_t next, prev;
};

/* Which queue a node waits in for its turn. */
enum swarm_list {
	SWARM_IDLE,  /* it has no binding */
	SWARM_BOUND, /* it has one, or may have */
	SWARM_LISTS
};

struct swarm_node {
	uint64_t ident; /* of its latest Request */
	struct swarm_link link;
	uint32_t place;     /* where it is bound */
	uint16_t in_flight; /* Requests */
	uint8_t list;       /* enum swarm_list: where it is, or goes when answered */
	bool sure;          /* that the home agent has taken note */
};

/* A Request in flight. */
struct swarm_request {
	uint64_t ident;
	instant_t due;      /* when it was to be sent at first */
	instant_t deadline; /* of this try */
	uint32_t node;
	uint32_t place;
	struct swarm_link
		link;  /* among those of as many tries, or those that are free */
	uint8_t op;    /* enum swarm_op */
	uint8_t tries; /* so far; 0: this one is free */
};

struct swarm {
	struct swarm_config config;
	struct rng rng;
	struct swarm_node *node;
	struct swarm_queue list[SWARM_LISTS];
	struct swarm_request *request;
	struct swarm_queue free, waiting[SWARM_TRIES];
	uint32_t request_mask; /* of Identification: the number of a request */
	uint32_t in_flight, registered;
	duration_t clock_offset; /* of the home agent's clock to ours */
	struct mip_sa *home_sa;

	struct swarm_pace pace[SWARM_OPS];
	uint32_t turns[SWARM_OPS]; /* that are left, in a step without a length */
	instant_t until;           /* the step's end, if it has a length */
	struct swarm_stats stats;
	struct swarm_watch watch;
};

/* The watched move is over, accepted or not, if this was its Request. */
void swarm_watch_close(struct swarm *s, const struct swarm_request *rq,
		       enum swarm_watch_state state);

/* The Request is answered, or given up: its node may have its next turn. */
void swarm_close(struct swarm *s, struct swarm_request *rq, enum swarm_list list);

#endif
