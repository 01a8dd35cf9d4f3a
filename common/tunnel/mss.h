/* SPDX-License-Identifier: ISC */
/*
 * Lower the maximum segment size that a TCP SYN offers, so that segments fit
 * through a tunnel where too-big messages do not come through (RFC 9293 3.7.1
 * has the option).
 */
#ifndef COMMON_TUNNEL_MSS_H
#define COMMON_TUNNEL_MSS_H

#include "common/tunnel/pkt.h"

#include <stdbool.h>
#include <stdint.h>

enum { MSS_AUTO = 1, MSS_HEADERS = 40 };

/* The limit that the configured `clamp` stands for in a tunnel of that MTU. */
static inline uint16_t mss_limit(uint16_t clamp, uint16_t inner_mtu)
{
	return clamp == MSS_AUTO ? (uint16_t)(inner_mtu - MSS_HEADERS) : clamp;
}

/* True if the sound packet was a SYN that offered more, and now offers `limit`. */
bool mss_clamp(struct pkt *p, uint16_t limit);

#endif
