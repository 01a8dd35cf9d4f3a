/* SPDX-License-Identifier: ISC */
/*
 * What is known of a path between two tunnel ends: its MTU, lowered by too-big
 * messages and forgotten after a while (RFC 2003 5.1, RFC 1191).
 */
#ifndef COMMON_TUNNEL_MTU_H
#define COMMON_TUNNEL_MTU_H

#include "common/base/clock.h"

#include <stdbool.h>
#include <stdint.h>

enum { MTU_DEFAULT = 1500, MTU_FORGET_S = 600 };

struct path_mtu {
	uint16_t most; /* never above: the first link's, or as configured */
	uint16_t mtu;
	instant_t forget; /* when to try `most` again */
};

/* `most` 0 stands for MTU_DEFAULT. */
void mtu_init(struct path_mtu *m, uint16_t most);

/* Another configured maximum; what was learned is kept as far as it still applies. */
void mtu_set_most(struct path_mtu *m, uint16_t most);

/* The MTU to go by now. */
uint16_t mtu_now(struct path_mtu *m, instant_t now);

/*
 * A too-big message arrived about an outer packet of `length` octets.
 * `next_hop` is the MTU it told, 0 from a router that cannot (then the plateau
 * below `length` is taken, RFC 1191 7.1).  True if this lowered ours.
 */
bool mtu_learn(struct path_mtu *m, uint16_t next_hop, uint16_t length, instant_t now);

#endif
