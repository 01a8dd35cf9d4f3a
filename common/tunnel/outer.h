/* SPDX-License-Identifier: ISC */
/*
 * The outer IPv4 header of a tunnel (RFC 2003 3.1): made once, copied in front
 * of each packet with length, identification, DF, DSCP and ECN filled in.
 */
#ifndef COMMON_TUNNEL_OUTER_H
#define COMMON_TUNNEL_OUTER_H

#include "common/tunnel/encap.h"
#include "common/tunnel/pkt.h"

#include <netinet/in.h>
#include <stdint.h>

enum { OUTER_TTL = 64 };

struct outer {
	struct ipv4 header; /* all but the fields that change; tos: the fixed DSCP */
	uint16_t next_id;
	bool uniform;   /* DSCP: copy it in and out (RFC 2983) */
	bool df_copied; /* DF only where the inner packet has it */
};

void outer_init(struct outer *o, struct in_addr src, struct in_addr dst,
		const struct encap_spec *spec);

/* The next identification, never 0; several threads may ask at once. */
uint16_t outer_take_id(uint16_t *next);

/*
 * Put the header in front of `p`, whose data begins with `shim` octets of
 * tunnel header and then the inner IPv4 header.
 */
void outer_push(struct outer *o, struct pkt *p, size_t shim);

/*
 * Carry DSCP and ECN of the outer header over to the sound inner packet that
 * `p` has become (RFC 6040 4.2).  Sets p->drop where the RFC says so; returns
 * true if the pair of ECN fields is one that no standard path gives.
 */
bool outer_merge(const struct outer *o, uint8_t outer_tos, struct pkt *p);

#endif
