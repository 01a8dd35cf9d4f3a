/* SPDX-License-Identifier: ISC */
/*
 * Large segments: runs of TCP or UDP packets of one flow that the kernel handles as
 * one packet of up to 64 KB (its "generic segmentation offload"), described by the
 * header of virtio (Virtual I/O Device 1.2, 5.1.6). They are cut where they come in
 * and made where packets go out; all stages between work on ordinary packets.
 *
 *     | IPv4 | TCP | payload ............................................... |
 *     | IPv4 | TCP | size     |  | IPv4 | TCP | size     |  | IPv4 | TCP | rest |
 *
 * Cutting does to the headers what the kernel does: IPv4 identification and TCP
 * sequence number count up, FIN and PSH stay on the last packet, CWR on the first.
 */
#ifndef COMMON_TUNNEL_SEGMENT_H
#define COMMON_TUNNEL_SEGMENT_H

#include "common/tunnel/pkt_vec.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* struct virtio_net_hdr of linux/virtio_net.h: in the machine's byte order. */
struct segment_meta {
	uint8_t flags;
	uint8_t kind;
	uint16_t header_len;      /* a hint; not used of what comes in */
	uint16_t size;            /* payload octets of each packet but the last */
	uint16_t checksum_start;  /* from here to the end; */
	uint16_t checksum_offset; /* the field, from there, holds the rest of the sum */
};

enum {
	SEGMENT_PARTIAL = 1, /* flag: the checksum is to be completed */

	/* Kinds; they leave out IPv6 and fragments of UDP, which we never ask for. */
	SEGMENT_NONE = 0,
	SEGMENT_TCP = 1,
	SEGMENT_UDP = 5,
	SEGMENT_ECN = 0x80, /* or'd: CWR is set */
};

/* A packet that came with metadata, while packets are made of it.  All zero: none. */
struct segment_cut {
	struct pkt *whole; /* NULL when nothing is left */
	size_t transport;  /* where that header is; 0: `whole` is one packet */
	size_t header;     /* octets before the payload, alike in all packets */
	size_t next;       /* payload from here on is still to come */
	size_t size;
};

/*
 * Begin with `whole`, which it takes over.  The metadata are judged as strictly as
 * any input: what they contradict comes out of segment_split() as it is, with the
 * reason in `drop`.  A packet that is no segment comes out with its checksum complete.
 */
void segment_cut(struct segment_cut *cut, struct pkt *whole,
		 const struct segment_meta *meta);

/*
 * Add the next packets to `v`, until it is full, the pool is empty or all is done,
 * which gives `whole` back.  True while more is to come: call it again.
 */
bool segment_split(struct segment_cut *cut, struct pkt_pool *pool, struct pkt_vec *v);

#endif
