/* SPDX-License-Identifier: ISC */
/*
 * What is known of a path between two tunnel ends: its MTU, lowered by too-big
 * messages and forgotten after a while (RFC 2003 5.1, RFC 1191).
 *
 * Nothing proves who sent an ICMP message, so a router is believed down to
 * MTU_FLOOR only: a forged one could otherwise cut every packet of a tunnel into
 * pieces of 68 octets for ten minutes.  A path that really carries less is
 * called narrow: outer packets may then be cut on the way, by the router that
 * knows, where DF of the inner packet allows it.
 */
#ifndef COMMON_TUNNEL_MTU_H
#define COMMON_TUNNEL_MTU_H

#include "common/base/clock.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	MTU_DEFAULT = 1500,
	MTU_FLOOR = 552,           /* 512 octets, and headers: what hosts use as well */
	MTU_FLOOR_UNPROVEN = 1280, /* what tunnels leave on nearly every path */
	MTU_FORGET_S = 600,
};

struct path_mtu {
	uint16_t most; /* never above: the first link's, or as configured */
	uint16_t mtu;
	bool narrow;      /* a router told of less than it is believed */
	instant_t forget; /* when to try `most` again */
};

/* `most` 0 stands for MTU_DEFAULT. */
void mtu_init(struct path_mtu *m, uint16_t most);

/* Another configured maximum; what was learned is kept as far as it still applies. */
void mtu_set_most(struct path_mtu *m, uint16_t most);

/* The MTU to go by now. */
uint16_t mtu_now(const struct path_mtu *m, instant_t now);

/* Whether the path carries less than the MTU to go by. */
bool mtu_is_narrow(const struct path_mtu *m, instant_t now);

/* What was learned is of no use any more: the two above go by that already. */
bool mtu_is_old(const struct path_mtu *m, instant_t now);
void mtu_forget(struct path_mtu *m);

/*
 * The MTU that a too-big message about a packet of `length` octets tells.
 * `next_hop` is 0 from a router that cannot say it: then the plateau below
 * `length` is taken (RFC 1191 7.1).
 */
uint16_t mtu_told(uint16_t next_hop, uint16_t length);

/* A too-big message told `told` of the path.  True if this lowered its MTU. */
bool mtu_learn(struct path_mtu *m, uint16_t told, instant_t now);

/*
 * The same when it quotes nothing that a stranger would have to guess: believed down
 * to MTU_FLOOR_UNPROVEN.
 */
bool mtu_learn_unproven(struct path_mtu *m, uint16_t told, instant_t now);

/* The same from our own kernel, which is believed whatever it tells. */
bool mtu_learn_here(struct path_mtu *m, uint16_t told, instant_t now);

#endif
