/* SPDX-License-Identifier: ISC */
/* Large segments for tests, as the kernel would hand them to us. */
#ifndef TESTS_UNIT_SEGMENTS_H
#define TESTS_UNIT_SEGMENTS_H

#include "common/tunnel/segment.h"

#include "tests/unit/packets.h"

/* A large segment and what the kernel says of it. */
struct large {
	struct pkt *p;
	struct segment_meta meta;
	size_t header; /* octets before its payload */
};

enum { SEGMENT_TCP_LEN = TCP_HEADER + 12 }; /* of the TCP header in them */

struct large large_tcp(struct pkt_pool *pool, size_t payload, uint16_t size,
		       uint8_t flags, size_t ip_options);
struct large large_udp(struct pkt_pool *pool, size_t payload, uint16_t size);

/* Cut into packets at the end of `q`; takes it over. */
void large_cut(struct pkt_pool *pool, struct large l, struct pkt_queue *q);

/* Of the transport header and what follows, with the pseudo header; 0 if right. */
uint16_t transport_sum(const struct pkt *p);

/* The checksum of IPv4 right, that of TCP left to others. */
void segment_leave_open(struct pkt *p);

/* Make both checksums right again. */
void segment_seal(struct pkt *p);

uint16_t get16(const uint8_t *at);
uint32_t get32(const uint8_t *at);
void put16(uint8_t *at, size_t v);

#endif
