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
 * Joining is its reverse and looks only at what is at hand: nothing waits for more.
 */
#ifndef COMMON_TUNNEL_SEGMENT_H
#define COMMON_TUNNEL_SEGMENT_H

#include "common/tunnel/pkt_vec.h"
#include "common/wire/tcp.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

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

/*
 * The kernel merges what comes in on a link with "generic receive offload", also the
 * TCP packets inside GRE and IP-in-IP, and a raw socket tells nothing of it: neither
 * that the checksum of TCP is left to whoever sends the packet on, nor of what size
 * its packets were.  The field holds the sum of the pseudo header alone, then.  That
 * a damaged packet does so is as likely as that its checksum is right.
 * `ip` has passed ipv4_check(), `len` is its total length.
 */
bool segment_is_open(const struct ipv4 *ip, size_t len);

/*
 * Metadata by which segment_cut() completes such a packet, as packets of at most `most`
 * octets if it is larger.
 */
struct segment_meta segment_open_meta(const struct pkt *p, size_t most);

/* Packets that may go as one; one alone goes as it is. */
struct segment_run {
	struct pkt_queue packets; /* in order; never empty */
	size_t len;               /* of the segment that they make */
	size_t size;              /* payload of each but the last */
	size_t header; /* IPv4 and transport, alike in all; 0: joins nothing */
	bool sound;    /* the first one's checksum was found right */
	bool closed;   /* nothing may follow the last */
};

/* What may be joined, of what the receiving kernel knows: or'd. */
enum { SEGMENT_JOIN_TCP = 1, SEGMENT_JOIN_UDP = 2 };

/*
 * Take up to PKT_VEC_MAX packets off the queue and put them into runs, in the order
 * of their first packets; returns how many.  Joined are packets of one flow that
 * cutting would give again octet by octet: next to each other in sequence and
 * identification, alike in all else, with nothing but ACK and, on the last, PSH set,
 * and with right checksums.  No packet overtakes another one of its flow.
 */
unsigned segment_join(struct pkt_queue *q, unsigned kinds,
		      struct segment_run run[PKT_VEC_MAX]);

enum {
	SEGMENT_HEADER_MAX = IPV4_HEADER + TCP_HEADER_MAX,
	SEGMENT_PIECES = 1 + PKT_VEC_MAX
};

/*
 * The run as one packet: its metadata, and pieces that follow each other on the way
 * out, the first of which may be made in `header`.  They stay valid as long as that
 * and the packets, which are not changed.  Returns the number of pieces.
 */
unsigned segment_gather(const struct segment_run *run, struct segment_meta *meta,
			uint8_t header[SEGMENT_HEADER_MAX],
			struct iovec piece[SEGMENT_PIECES]);

#endif
