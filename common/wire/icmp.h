/* SPDX-License-Identifier: ISC */
/*
 * ICMP (RFC 792): errors and echo, as whole IPv4 packets.  Router discovery
 * messages are in mip_advert.h.
 */
#ifndef COMMON_WIRE_ICMP_H
#define COMMON_WIRE_ICMP_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	ICMP_ECHO_REPLY_ = 0,
	ICMP_UNREACHABLE = 3,
	ICMP_REDIRECT_ = 5,
	ICMP_ECHO_REQUEST = 8,
	ICMP_ROUTER_ADVERT = 9,
	ICMP_ROUTER_SOLICIT = 10,
	ICMP_TIME_EXCEEDED_ = 11,

	/* codes of ICMP_UNREACHABLE */
	ICMP_CODE_NET = 0,
	ICMP_CODE_HOST = 1,
	ICMP_CODE_PROTOCOL = 2,
	ICMP_CODE_PORT = 3,
	ICMP_CODE_TOO_BIG = 4, /* fragmentation needed and DF set */
	ICMP_CODE_SOURCE_ROUTE = 5,
};

struct icmp_message {
	struct in_addr src, dst; /* of the packet that carries it */
	uint8_t type, code;
	uint32_t rest;       /* second word, host order; of a too-big only the MTU */
	const uint8_t *body; /* after the second word; of an error: the offending
				  packet's first octets */
	size_t body_len;
};

/* Open a whole IPv4 packet; false if it is not a sound ICMP message. */
bool icmp_open(const void *bytes, size_t len, struct icmp_message *out);

/* True for the types that report an error about another packet. */
bool icmp_is_error(uint8_t type);

/*
 * Whether RFC 1122 3.2.2 allows an error about this packet: not about ICMP
 * errors, fragments other than the first, broadcasts, multicasts, or sources
 * that are no unicast address.
 */
bool icmp_may_answer(const void *packet, size_t len);

/*
 * Build the error `type`/`code` about `offending`, from `src` to the offender's
 * source, quoting at most 548 octets of it (RFC 1812 4.3.2.3).  `rest` is the
 * second word (the next-hop MTU of a too-big).  Returns the length of the whole
 * IPv4 packet, 0 if it may not be answered or there is no room.
 */
size_t icmp_error_build(void *to, size_t room, struct in_addr src, uint8_t type,
			uint8_t code, uint32_t rest, const void *offending,
			size_t offending_len);

/* An echo request, or the answer to one, which gives all of it back but the ends. */
struct icmp_echo {
	struct in_addr src, dst;
	bool is_reply;
	uint32_t rest; /* identifier and sequence number */
	const uint8_t *body;
	size_t body_len;
};

/* Build it as a whole IPv4 packet.  Returns its length, 0 if there is no room. */
size_t icmp_echo_build(void *to, size_t room, const struct icmp_echo *e);

#endif
