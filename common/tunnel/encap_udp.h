/* SPDX-License-Identifier: ISC */
/*
 * UDP carriers of outer packets: whole IPv4 packets in, whole IPv4 packets out,
 * UDP put between the outer IPv4 header and what it carries, or taken out again.
 *
 *     outer IPv4, 50 | ESP ...       <->  outer IPv4, 17 | UDP | ESP ...
 *     outer IPv4, 47 | GRE ...       <->  outer IPv4, 17 | UDP | GRE ...
 *     outer IPv4, X | ...            <->  outer IPv4, 17 | UDP | 4, X, 0, 0 | ...
 *
 * ESP in UDP is RFC 3948, GRE in UDP is RFC 8086, the third, for X of 4, 47 and 55,
 * is the tunnel data message of Mobile IP (RFC 3519 3.3).
 *
 * Contract: as of encap.h.
 */
#ifndef COMMON_TUNNEL_ENCAP_UDP_H
#define COMMON_TUNNEL_ENCAP_UDP_H

#include "common/base/bytes.h"
#include "common/tunnel/encap.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pkt;
struct pkt_vec;

enum {
	CARRIER_PORT_MIP = 434,
	CARRIER_PORT_ESP = 4500,
	CARRIER_PORT_GRE = 4754,
	CARRIER_FLOW_PORTS = 16,
};

/* Where each kind is received; 0: at the port above. */
struct carrier_ports {
	uint16_t esp, gre, mip; /* host order */
};

struct carrier_ports carrier_ports(struct carrier_ports wanted);

/*
 * The ports that flows of GRE leave from, `n` below CARRIER_FLOW_PORTS. RFC 8086 3.1
 * would have any of 16,384; these few can each have a socket bound to it, and still
 * spread the flows between two ends over the ways between them.
 */
uint16_t carrier_flow_port(unsigned n);

/* Octets that it adds. */
size_t carrier_overhead(enum carrier_kind kind);

/*
 * Whether the peer's port is part of what makes a tunnel: tunnel data must come from
 * where it is sent to (RFC 3519 3.3, 4.3), while that of GRE follows the flow.
 */
static inline bool carrier_is_bound(enum carrier_kind kind)
{
	return kind == CARRIER_MIP;
}

/*
 * Put packets of ESP or a tunnel into the carrier.  CARRIER_UDP takes ESP and GRE,
 * CARRIER_MIP the three tunnels; the table of tunnels sees to it.  Where there is to be
 * a checksum it is left out, and `unsummed` set: it is the only thing that needs the
 * whole packet, and who sends it may have it done by others.
 */
void carrier_push(const struct carrier_spec *spec, struct pkt_vec *v);

/* Write the checksum that was left out, if one was. */
void carrier_complete(struct pkt *p);

/*
 * Take the packets of UDP among these out of their carriers: p->carrier and
 * p->carrier_port then say how they came.  Others stay as they are.
 */
void carrier_pull(const struct carrier_ports *ports, struct pkt_vec *v);

/* Make the empty packet `p` a keepalive (RFC 3948 2.3). */
void carrier_keepalive(const struct carrier_spec *spec, struct in_addr local,
		       struct in_addr remote, struct pkt *p);

/*
 * Whether a packet with these octets behind its outer header, as an ICMP error
 * quotes it, may have been put into the carrier by us: a tunnel's, or that of ESP.
 */
bool carrier_is_quoted(const struct carrier_spec *spec, struct reader udp);
bool carrier_quotes_esp(const struct carrier_spec *spec, struct reader udp);

#endif
