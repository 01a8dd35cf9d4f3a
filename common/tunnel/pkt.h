/* SPDX-License-Identifier: ISC */
/*
 * A packet in flight: a whole IPv4 packet in a buffer with room before it for
 * outer headers, and what the stages know about it.
 *
 *     room                data              data + len
 *      |---- headroom -----|---- packet -----|-------------------|
 *
 * Buffers come from a pool made at start and go back to it; nothing here asks
 * the system for memory afterwards.  A packet belongs to whoever holds it in a
 * vector or queue.
 */
#ifndef COMMON_TUNNEL_PKT_H
#define COMMON_TUNNEL_PKT_H

#include "common/tunnel/drop.h"
#include "common/wire/arp.h"
#include "common/wire/ipv4.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct encap;
struct protect_pair;
struct tunnel;

enum {
	PKT_HEADROOM = 128,
	/*
	 * Room for the largest packet behind the headroom.  What is added to it
	 * keeps the distance between two buffers from being a multiple of a
	 * page, or all headers would compete for the same lines of the cache.
	 */
	PKT_ROOM = PKT_HEADROOM + 65536 + 320,
};

struct pkt {
	uint8_t *data; /* the IPv4 header */
	size_t len;    /* of the whole packet, from `data` */

	enum drop_reason drop; /* DROP_NONE while it lives */
	struct tunnel *tunnel; /* the one that it goes into or came out of */
	struct encap *encap;   /* that tunnel's encapsulation for this packet */
	const void *part;      /* what the stage at work parts its vector by */

	/* How it came. */
	bool later;                /* out of the same large segment as the one before */
	struct protect_pair *pair; /* through an association of these ends */
	uint8_t carrier;           /* enum carrier_kind */
	uint16_t carrier_port;     /* from this port of the peer, host order */
	bool ecn_odd;              /* see outer_merge() */
	uint16_t part_len; /* of each datagram of those that came as one; 0: is one */

	bool unsummed; /* the checksum of its carrier is still to be written */
	bool large;    /* pkt_take_large() has taken it */

	/* Delivery on a link: where to, once the pipeline has put it on `link`. */
	int ifindex;
	struct mac mac;

	struct pkt *next; /* in a queue, or among the free */
	uint8_t room[PKT_ROOM] __attribute__((aligned(16)));
};

struct pkt_pool {
	struct pkt *packets;
	struct pkt *free;
	struct pkt *free_large; /* of those, what pkt_take_large() had */
	size_t count;
	size_t touched; /* packets[touched..count) were never taken */
	size_t used;
};

/* Address space for `count` packets; pages are used as they are touched. -ENOMEM. */
int pkt_pool_init(struct pkt_pool *pool, size_t count);
void pkt_pool_fini(struct pkt_pool *pool);

/* An empty packet: `data` behind the headroom, len 0.  NULL when all are taken. */
struct pkt *pkt_take(struct pkt_pool *pool);

/*
 * The same for what may fill all of it.  The same few are taken again and again, so
 * that tens of kilobytes are read into memory that the cache knows; else each of the
 * pool would get its turn.
 */
struct pkt *pkt_take_large(struct pkt_pool *pool);
void pkt_give(struct pkt_pool *pool, struct pkt *p);

/* A copy of bytes and delivery data, or NULL. */
struct pkt *pkt_clone(struct pkt_pool *pool, const struct pkt *p);

/* Octets that fit behind `data`: what a read may fill. */
static inline size_t pkt_room(const struct pkt *p)
{
	size_t behind = (size_t)(p->room + PKT_ROOM - p->data);

	return behind < IPV4_MAX ? behind : IPV4_MAX;
}

/* `len` octets before the packet, now part of it; NULL if there is no such room. */
static inline uint8_t *pkt_push(struct pkt *p, size_t len)
{
	if ((size_t)(p->data - p->room) < len || p->len + len > IPV4_MAX)
		return NULL;
	p->data -= len;
	p->len += len;
	return p->data;
}

/* Take `len` octets off its front; false if it has fewer. */
static inline bool pkt_pull(struct pkt *p, size_t len)
{
	if (p->len < len)
		return false;
	p->data += len;
	p->len -= len;
	return true;
}

/* Cut it to `len` octets; longer ones only. */
static inline void pkt_trim(struct pkt *p, size_t len)
{
	if (len < p->len)
		p->len = len;
}

/* The header, for packets that have passed ipv4_check(). */
static inline struct ipv4 *pkt_ipv4(struct pkt *p)
{
	return (struct ipv4 *)p->data;
}

static inline const struct ipv4 *pkt_ipv4_of(const struct pkt *p)
{
	return (const struct ipv4 *)p->data;
}

/*
 * ipv4_check() on it, and cut it to its total length.  `drop_of_ipv4` or
 * `drop_of_inner` of the fault; DROP_NONE when sound.
 */
enum drop_reason pkt_check(struct pkt *p);
enum drop_reason pkt_check_inner(struct pkt *p);

#endif
