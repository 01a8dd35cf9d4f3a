/* SPDX-License-Identifier: ISC */
/*
 * ECN across a tunnel (RFC 6040): copied on the way in, and on the way out the
 * more severe of both (figure 4).
 */
#ifndef COMMON_TUNNEL_ECN_H
#define COMMON_TUNNEL_ECN_H

#include <stdbool.h>
#include <stdint.h>

enum ecn { ECN_NOT_ECT = 0, ECN_ECT_1 = 1, ECN_ECT_0 = 2, ECN_CE = 3 };

struct ecn_exit {
	uint8_t ecn; /* of the packet that leaves the tunnel */
	bool drop;   /* marked, but its sender would not understand */
	bool odd;    /* a combination to tell the operator about */
};

struct ecn_exit ecn_at_exit(uint8_t inner, uint8_t outer);

#endif
