/* SPDX-License-Identifier: ISC */
/*
 * The encapsulation interface.
 *
 * Every encapsulation maps whole IPv4 packets to whole IPv4 packets, so they
 * can be stacked, tested and fuzzed without knowing each other.  `push` puts
 * the outer header on, `pull` takes it off.
 *
 * Contract: before and after push and pull, pkt->data is an IPv4 header that
 * passes ipv4_check(), or pkt->drop is set.  push writes only inside the room
 * it announced.  pull trusts nothing.  Neither allocates, locks, logs, or asks
 * the time; the vector carries `now`.  One call handles the whole vector, and
 * every live packet in it belongs to this tunnel.
 */
#ifndef COMMON_TUNNEL_ENCAP_H
#define COMMON_TUNNEL_ENCAP_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pkt_vec;

enum encap_kind {
	ENCAP_IPIP,    /* RFC 2003, protocol 4 */
	ENCAP_MINIMAL, /* RFC 2004, protocol 55 */
	ENCAP_GRE,     /* RFC 2784 and 2890, protocol 47 */
	ENCAP_KIND_COUNT
};

/* How the inner DSCP becomes the outer (RFC 2983): copied, or a fixed one. */
enum encap_dscp { DSCP_UNIFORM, DSCP_PIPE };

/* Whether the kernel may do what is simple of it (common/bpf). */
enum encap_fast {
	FAST_PATH_OFF,
	FAST_PATH_AUTO, /* where that is possible */
	FAST_PATH_REQUIRED,
	FAST_PATH_KINDS
};

/* What one end of a tunnel is asked to do; both ends are configured alike. */
struct encap_spec {
	enum encap_kind kind;

	bool gre_key;          /* K: put and demand keys (RFC 2890 2.1) */
	uint32_t gre_key_out;  /* host order: what we put */
	uint32_t gre_key_in;   /* what the peer must put */
	bool gre_sequence;     /* S: number packets and drop late ones */
	bool gre_checksum;     /* C: cover what we send; always checked when there */
	bool minimal_fallback; /* fragments go by IP-in-IP (RFC 2004 3) */

	enum encap_dscp dscp;
	uint8_t dscp_value; /* with DSCP_PIPE, 0..63 */
	uint8_t ttl;        /* of the outer header; 0 means 64 */
	bool no_outer_df;   /* leave DF clear unless the inner has it */
	uint16_t mss_clamp; /* 0: leave TCP alone; 1: by the MTU; else this */
	uint16_t mtu;       /* path MTU to begin with, and at most; 0: 1500 */
	enum encap_fast fast_path;
};

/* What outer packets travel in (encap_udp.h). */
enum carrier_kind {
	CARRIER_NONE, /* as they are */
	CARRIER_UDP, /* GRE in UDP, port 4754 (RFC 8086); ESP in UDP, 4500 (RFC 3948) */
	CARRIER_MIP, /* tunnel data messages, port 434 (RFC 3519) */
	CARRIER_KIND_COUNT
};

struct carrier_spec {
	enum carrier_kind kind;
	uint16_t local_port;  /* host order; 0: as usual (GRE: by flow, 49152 and up) */
	uint16_t remote_port; /* 0: as usual */
};

const char *carrier_name(enum carrier_kind k); /* "none", "udp", "mip" */

struct encap_ops; /* encap_ops.h, private to common/tunnel and its tests */

const char *encap_name(enum encap_kind k); /* "ipip", "minimal", "gre" */
bool encap_by_name(const char *name, enum encap_kind *out);
uint8_t encap_protocol(enum encap_kind k);

/* Octets that it adds to a packet, at most. */
size_t encap_overhead(const struct encap_spec *spec);

/* Same encapsulation on the wire: kind, keys and flags. */
bool encap_spec_equal(const struct encap_spec *a, const struct encap_spec *b);

#endif
