/* SPDX-License-Identifier: ISC */
/*
 * Agent Advertisement and Agent Solicitation (RFC 5944 2.1, 2.2; RFC 1256 3):
 * the ICMP message, from its type octet on, without the IPv4 header.
 *
 * Extensions here are a number space of their own: 16 mobility agent
 * advertisement, 19 prefix lengths, 0 padding.  Unknown types under 128 condemn
 * the message, others are skipped.
 */
#ifndef COMMON_WIRE_MIP_ADVERT_H
#define COMMON_WIRE_MIP_ADVERT_H

#include "common/base/bytes.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

enum {
	ADVERT_CODE_ROUTES = 0, /* also routes ordinary traffic */
	ADVERT_CODE_NO_ROUTES = 16,

	ADVERT_ROUTERS_MAX = 8,
	ADVERT_CARE_OF_MAX = 8,
	ADVERT_LEN_MAX = 8 + 8 * ADVERT_ROUTERS_MAX + 8 + 4 * ADVERT_CARE_OF_MAX + 2 +
			 ADVERT_ROUTERS_MAX,
	SOLICIT_LEN = 8,

	/* flags, both octets as one 16-bit number (RFC 5944 2.1.1 and others) */
	ADVERT_FLAG_R = 0x8000, /* registration through this agent required */
	ADVERT_FLAG_B = 0x4000, /* busy: no further registrations */
	ADVERT_FLAG_H = 0x2000, /* home agent on this link */
	ADVERT_FLAG_F = 0x1000, /* foreign agent on this link */
	ADVERT_FLAG_M = 0x0800, /* minimal encapsulation */
	ADVERT_FLAG_G = 0x0400, /* GRE */
	ADVERT_FLAG_T = 0x0100, /* reverse tunnelling */
	ADVERT_FLAG_U = 0x0080,
	ADVERT_FLAG_X = 0x0040,
	ADVERT_FLAG_I = 0x0020,
};

struct mip_advert {
	uint8_t code;
	uint16_t lifetime; /* of the advertisement, ICMP, seconds */
	unsigned router_count;
	struct in_addr router[ADVERT_ROUTERS_MAX];
	int32_t preference[ADVERT_ROUTERS_MAX];
	bool mobility; /* extension 16 is there: an Agent Advertisement */
	uint16_t sequence;
	uint16_t registration_lifetime; /* longest that the agent accepts, seconds */
	uint16_t flags;
	unsigned care_of_count;
	struct in_addr care_of[ADVERT_CARE_OF_MAX];
	unsigned prefix_count; /* 0, or router_count */
	uint8_t prefix_len[ADVERT_ROUTERS_MAX];
};

enum advert_fault {
	ADVERT_OK,
	ADVERT_SHORT,
	ADVERT_TYPE,
	ADVERT_BAD_CHECKSUM,
	ADVERT_ENTRY_SIZE,
	ADVERT_EXTENSION,
	ADVERT_FAULT_COUNT
};

const char *advert_fault_text(enum advert_fault f);

/*
 * Decode an ICMP message.  Addresses beyond the arrays' room are read over.
 * The checksum is verified over all of `in`.
 */
enum advert_fault mip_advert_decode(struct reader in, struct mip_advert *out);
void mip_advert_encode(struct writer *w, const struct mip_advert *a);

/* A solicitation is sound (RFC 1256 4.2, less the source address: RFC 5944 2.3). */
enum advert_fault mip_solicit_decode(struct reader in);
void mip_solicit_encode(struct writer *w);

#endif
