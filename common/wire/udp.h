/* SPDX-License-Identifier: ISC */
/*
 * UDP in IPv4 (RFC 768): open and build whole packets, the checksum included.
 */
#ifndef COMMON_WIRE_UDP_H
#define COMMON_WIRE_UDP_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { UDP_HEADER = 8, UDP_LENGTH_AT = 4, UDP_CHECKSUM_AT = 6 };

struct udp_packet {
	struct in_addr src, dst;
	uint16_t src_port, dst_port; /* host order */
	uint8_t ttl;
	const uint8_t *payload; /* view into the packet */
	size_t len;
};

enum udp_fault {
	UDP_OK,
	UDP_BAD_IPV4,     /* ipv4_check refused it */
	UDP_NOT_UDP,      /* another protocol, or a fragment */
	UDP_SHORT,        /* header or payload cut off */
	UDP_BAD_CHECKSUM, /* non-zero and wrong (RFC 5944 3.6.2.1 and others: drop) */
};

/*
 * Open a whole IPv4 packet.  `checksum_done` says that the kernel vouches for
 * the UDP checksum (or that it is yet to be filled in by hardware).
 */
enum udp_fault udp_open(const void *bytes, size_t len, bool checksum_done,
			struct udp_packet *out);

/*
 * Build IPv4 and UDP headers around p->payload into `to`.  Returns the length,
 * or 0 if `room` is too small.  `id` is the IPv4 identification.
 */
size_t udp_build(void *to, size_t room, const struct udp_packet *p, uint16_t id);

/*
 * Fill in the UDP checksum of an IPv4 packet of `len` octets, as a network card
 * does for a sender that leaves it to the card.  Other packets stay as they are.
 */
void udp_finish(void *packet, size_t len);

#endif
