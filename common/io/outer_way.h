/* SPDX-License-Identifier: ISC */
/*
 * The way of outer packets past the kernel's IP layer: handed to the neighbour that its
 * routing leads to, over a packet socket (packet(7)), which takes a third less time
 * than a raw one.
 *
 * A way is the kernel's own answer about route and neighbour (rtnetlink(7)) and grows
 * old soon; then what is at hand takes the usual way, so that the kernel sees that the
 * neighbour is in use, confirms it, and reports what is wrong. There is none
 *   - over a link that is not Ethernet-like, through another kind of tunnel, or by
 *     routes that do more than forward;
 *   - while the IP layer has something to do to what is sent: tables of nftables or
 *     iptables, or policies of IPsec.
 */
#ifndef COMMON_IO_OUTER_WAY_H
#define COMMON_IO_OUTER_WAY_H

#include "common/agent/links.h"
#include "common/base/clock.h"

#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <netinet/in.h>

struct outer_ways;

struct outer_way {
	struct sockaddr_ll to;
	uint8_t ethernet[ETHER_HDR_LEN]; /* what goes before the packet */
	uint16_t mtu;                    /* of the route and the link */
};

/* `links`, which is borrowed, tells addresses and MTUs.  0 or -errno. */
int outer_ways_open(struct outer_ways **out, const struct links *links);
void outer_ways_close(struct outer_ways *w); /* NULL does nothing */

/* The packet socket, which receives nothing. */
int outer_ways_fd(const struct outer_ways *w);

/* The way to `dst`, or NULL: take the usual one. It may ask the kernel, seldom. */
const struct outer_way *outer_ways_find(struct outer_ways *w, struct in_addr dst,
					instant_t now);

/* Something is wrong with the way to `dst`: none until the kernel is asked again. */
void outer_ways_doubt(struct outer_ways *w, struct in_addr dst);

#endif
