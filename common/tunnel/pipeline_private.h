/* SPDX-License-Identifier: ISC */
/*
 * The pipeline from inside: shared by its files, one for each direction.
 */
#ifndef COMMON_TUNNEL_PIPELINE_PRIVATE_H
#define COMMON_TUNNEL_PIPELINE_PRIVATE_H

#include "common/base/bucket.h"
#include "common/base/bytes.h"
#include "common/tunnel/fwd_judge.h"
#include "common/tunnel/fwd_private.h"
#include "common/tunnel/pipeline.h"

#include <stdbool.h>
#include <stdint.h>

enum packet_counter {
#define COUNTER(symbol, name, help) symbol,
#include "common/tunnel/packet.def"
#undef COUNTER
	PACKET_COUNTERS
};

/*
 * What was found for the packet before, of this call: neighbours are often of one
 * flow, and a comparison takes less than a look-up.
 */
struct pipeline_memo {
	struct outer_key key; /* led to `tunnel`; NULL: nothing is known */
	struct protect_pair *pair;
	struct tunnel *tunnel;
	const struct tunnel *out_of; /* addresses out of which `exit` was the way */
	struct in_addr src, dst;
	struct fwd_exit exit;
};

struct pipeline {
	struct fwd *fwd;
	struct pipeline_config config;
	struct bucket icmp_limit, spoofed_limit, echo_limit;
	struct drop_counts drops;
	uint64_t packets[PACKET_COUNTERS];
	uint16_t nested_id; /* of inner wrappings of broadcasts */

	/* Of the call under way. */
	struct now now;
	struct pipeline_out *out;
	struct pipeline_memo memo;
	struct pkt_queue staged; /* have a tunnel and an encapsulation, in order */
	bool silent;             /* broadcasts: no ICMP about them, wrapped or not */
	bool alone;   /* nobody else is in the table, so that it may be changed */
	bool in_turn; /* fwd_take_turn() */
	struct pkt_queue apart; /* those that would change it */
};

/* One call begins: with others in the table, or alone.  And it ends. */
void pipeline_enter(struct pipeline *pl, struct now now, struct pipeline_out *out);
void pipeline_leave(struct pipeline *pl);
void pipeline_hold(struct pipeline *pl, struct now now, struct pipeline_out *out);
void pipeline_release(struct pipeline *pl);

/* To number packets, or to learn from their numbers; once a call is enough. */
void pipeline_take_turn(struct pipeline *pl);

/* News of that tunnel; the event is set, and what belongs to it. */
void pipeline_tell(const struct pipeline *pl, const struct tunnel *t,
		   struct tunnel_news news);

/*
 * An ICMP error about `p`, from `src` to its sender; NULL if there are too many.  Of
 * the packets of a large segment the first is answered.
 */
struct pkt *pipeline_error(struct pipeline *pl, const struct pkt *p, struct in_addr src,
			   uint8_t type, uint8_t code, uint32_t rest);

/* Build it and send it. */
void pipeline_answer(struct pipeline *pl, const struct pkt *p, struct in_addr src,
		     uint8_t type, uint8_t code, uint32_t rest);

/* Send an ICMP error that is ready: to a visitor on its link, else by routing. */
void pipeline_send_icmp(struct pipeline *pl, struct pkt *icmp);

/* Whether one more ICMP error may be sent now. */
bool pipeline_may_send_icmp(struct pipeline *pl);

bool pipeline_owns(const struct pipeline *pl, struct in_addr a);

/* A copy of `p`, counted; NULL when there is no buffer. */
struct pkt *pipeline_copy(struct pipeline *pl, const struct pkt *p);

/*
 * Cut `p` into fragments of `mtu` octets at the end of `to`; they keep what the
 * pipeline knows about it.  Takes `p` over.
 */
void pipeline_fragment(struct pipeline *pl, struct pkt *p, size_t mtu,
		       struct pkt_queue *to);

/*
 * Part the live packets of the vector by what their `part` names, those without
 * left out, and run `stage` on each part; the vector and the order within it stay.
 */
void pipeline_part(struct pipeline *pl, struct pkt_vec *v,
		   void (*stage)(struct pipeline *pl, struct pkt_vec *part));

uint16_t pipeline_link_mtu(const struct pipeline *pl, int ifindex);

/* A packet to a visitor, in fragments if its link needs them.  Takes it over. */
void pipeline_to_link(struct pipeline *pl, struct pkt *p, const struct fwd_visitor *v);

/* pipeline_esp.c: what has come, out of its carriers and ESP. */
void pipeline_unseal(struct pipeline *pl, struct pkt_vec *v);

/* Outer packets into ESP and carriers, as their tunnels want it. */
void pipeline_seal(struct pipeline *pl, struct pkt_vec *v);

/* Whether a packet that came for this tunnel may have come the way it did. */
enum drop_reason pipeline_judge_way(const struct pkt *p, const struct tunnel *t);

/* A packet for `t`: make it fit and put it among the staged.  Takes it over. */
void pipeline_stage(struct pipeline *pl, struct pkt *p, struct tunnel *t);

/* Encapsulate all that is staged and put it on the wire. */
void pipeline_push_staged(struct pipeline *pl);

/* pipeline_probe.c: what came is a probe or its answer, and is taken. */
bool pipeline_take_probe(struct pipeline *pl, struct pkt *p);

/* The outer header; its options are skipped.  False if there is none. */
bool relay_read_outer(struct reader *r, struct ipv4 *ip);

/* The path of an outer packet of ours that begins with these octets, or NULL. */
struct tunnel_path *relay_path(const struct pipeline *pl, struct reader quoted);

/*
 * Whether what relay_path() went by had the SPI, where there is one: routers may quote
 * no more than the ports of ESP in UDP.
 */
bool relay_quotes_spi(const struct tunnel_path *path, struct reader quoted);

/* Alone: an error is owed to the next sender that uses the path, so give it to this. */
void relay_owed(struct pipeline *pl, struct tunnel_path *path, const struct pkt *p);

#endif
