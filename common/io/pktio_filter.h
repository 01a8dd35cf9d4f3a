/* SPDX-License-Identifier: ISC */
/*
 * Filters in the classic form (networking/filter.rst of the kernel) that deal packets
 * out to the raw sockets of several threads, so that those of one flow stay with one.
 *
 * The flow is told by what the sender of the tunnel sees of it: of IP-in-IP and minimal
 * encapsulation the addresses inside, of ESP the SPI, of GRE the addresses inside, too.
 * GRE with sequence numbers puts all of a tunnel in one order, so that is one flow.
 */
#ifndef COMMON_IO_PKTIO_FILTER_H
#define COMMON_IO_PKTIO_FILTER_H

#include "common/io/pktio.h"

/* For a raw socket of that protocol.  0 or -errno. */
int pktio_filter_share(int fd, uint8_t protocol, struct pktio_share share);

/* The same for UDP to that port whose first octet is `first`, shared by senders. */
int pktio_filter_udp(int fd, uint16_t port, uint8_t first, struct pktio_share share);

#endif
