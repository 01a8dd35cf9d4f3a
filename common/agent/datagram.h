/* SPDX-License-Identifier: ISC */
/*
 * What an agent's core is handed: a datagram, or a frame from a link, with
 * what the edge knows about its way here.  Views; they live for the call.
 */
#ifndef COMMON_AGENT_DATAGRAM_H
#define COMMON_AGENT_DATAGRAM_H

#include "common/base/bytes.h"
#include "common/wire/arp.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * A UDP datagram for port 434, its checksum already found good.
 *
 * On a link that the agent serves, registrations come through the packet socket
 * and `mac` is the link-layer source (RFC 5944 4.2.2 wants it remembered);
 * elsewhere they come through the UDP socket, has_mac is false and ttl is 0 if
 * unknown.
 */
struct datagram {
	struct reader payload;
	struct in_addr src, dst;
	uint16_t src_port, dst_port; /* host order */
	uint8_t ttl;
	int ifindex;
	bool has_mac;
	struct mac mac;
};

/* An ICMP message from a link that the agent serves, or about one of its datagrams. */
struct icmp_datagram {
	struct reader message; /* from the ICMP type octet on */
	struct in_addr src, dst;
	uint8_t ttl;
	int ifindex;
	bool has_mac;
	struct mac mac;
};

/* An ARP message from a link that the agent serves. */
struct arp_frame {
	struct arp_message arp;
	struct mac from; /* Ethernet source */
	bool unicast;    /* Ethernet destination was ours alone */
	int ifindex;
};

#endif
