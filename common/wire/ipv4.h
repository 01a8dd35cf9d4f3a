/* SPDX-License-Identifier: ISC */
/*
 * IPv4 headers (RFC 791): check, overlay, build, change in place with the
 * checksum kept right, and fragment.
 *
 * `ipv4_check` comes first for every packet; only after it has passed may the
 * bytes be overlaid with `struct ipv4`.
 */
#ifndef COMMON_WIRE_IPV4_H
#define COMMON_WIRE_IPV4_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	IPV4_HEADER = 20, /* without options */
	IPV4_HEADER_MAX = 60,
	IPV4_MAX = 65535,
	IPV4_MTU_MIN = 68,

	IPV4_DF = 0x4000, /* in `fragment`, host order */
	IPV4_MF = 0x2000,
	IPV4_OFFSET = 0x1fff,

	IPV4_ECN = 0x03, /* in `tos` */

	PROTO_ICMP = 1,
	PROTO_IPIP = 4,
	PROTO_TCP = 6,
	PROTO_UDP = 17,
	PROTO_GRE = 47,
	PROTO_ESP = 50,
	PROTO_MINIMAL = 55,
};

/* Overlay for the packet path; fields in network order. */
struct ipv4 {
	uint8_t version_ihl;
	uint8_t tos;
	uint16_t length;
	uint16_t id;
	uint16_t fragment;
	uint8_t ttl;
	uint8_t protocol;
	uint16_t checksum;
	struct in_addr src;
	struct in_addr dst;
} __attribute__((packed, aligned(2)));

enum ipv4_fault {
	IPV4_OK,
	IPV4_SHORT,      /* fewer bytes than a header */
	IPV4_VERSION,    /* not version 4 */
	IPV4_HEADER_LEN, /* IHL under 5 or past the packet */
	IPV4_TOTAL_LEN,  /* total length under the header or past the bytes */
	IPV4_BAD_CHECKSUM,
};

/*
 * Judge the header of the packet in `bytes[0..len)`.  Bytes past the total
 * length are allowed (link-layer padding); *total is set to the total length
 * when the result is IPV4_OK.
 */
enum ipv4_fault ipv4_check(const void *bytes, size_t len, size_t *total);
const char *ipv4_fault_text(enum ipv4_fault f);

static inline size_t ipv4_header_len(const struct ipv4 *ip)
{
	return (size_t)(ip->version_ihl & 15) * 4;
}

/* A fragment: not the first, or more to come. */
static inline bool ipv4_is_fragment(const struct ipv4 *ip)
{
	return (ntohs(ip->fragment) & (IPV4_MF | IPV4_OFFSET)) != 0;
}

struct ipv4_fields {
	struct in_addr src;
	struct in_addr dst;
	uint8_t protocol;
	uint8_t ttl;
	uint8_t tos;
	bool df;
	uint16_t id; /* host order */
};

/* Write a 20-octet header for `payload` octets at `to`; the checksum included. */
void ipv4_build(void *to, const struct ipv4_fields *f, size_t payload);

/* Recompute the header checksum. */
void ipv4_seal(struct ipv4 *ip);

/* Changes that keep the checksum right. */
void ipv4_set_ttl(struct ipv4 *ip, uint8_t ttl);
void ipv4_set_tos(struct ipv4 *ip, uint8_t tos);

/*
 * Cut the whole packet in `in` into fragments of at most `mtu` octets (RFC 791
 * 3.2), handing each to `emit`; the bytes are its for the call only.  Options
 * with the copy bit go to every fragment, the others only to the first.  A
 * packet that fits is handed over as it is.  Returns the number of fragments,
 * or 0 if the packet is unsound, DF is set, or the MTU leaves no room for 8
 * octets.
 */
unsigned ipv4_fragment(const uint8_t *in, size_t len, size_t mtu,
		       void (*emit)(void *arg, const uint8_t *bytes, size_t len),
		       void *arg);

/* May be the source of a unicast packet: not 0/8, 127/8, multicast or 240/4. */
bool ipv4_is_unicast(struct in_addr a);
static inline bool ipv4_is_multicast(struct in_addr a)
{
	return (ntohl(a.s_addr) >> 28) == 14;
}

/* Host-order netmask of a prefix length 0..32. */
static inline uint32_t ipv4_mask(unsigned prefix_len)
{
	return prefix_len == 0 ? 0 : UINT32_MAX << (32 - prefix_len);
}

/* A prefix of addresses. */
struct ipv4_prefix {
	struct in_addr addr;
	uint8_t len;
};

static inline bool ipv4_prefix_has(struct ipv4_prefix p, struct in_addr a)
{
	return ((ntohl(p.addr.s_addr) ^ ntohl(a.s_addr)) & ipv4_mask(p.len)) == 0;
}

static inline struct in_addr ipv4_prefix_broadcast(struct ipv4_prefix p)
{
	return (struct in_addr){ htonl(ntohl(p.addr.s_addr) | ~ipv4_mask(p.len)) };
}

/* The kinds of broadcasts, as bits (RFC 1122 3.2.1.3). */
enum ipv4_broadcast {
	IPV4_BROADCAST_NONE = 0,
	IPV4_BROADCAST_DIRECTED = 1, /* to all hosts of a network */
	IPV4_BROADCAST_LIMITED = 2,  /* to 255.255.255.255 */
	IPV4_BROADCAST_ALL = 3,
};

/* Which kind `dst` is on a link with that network; a 31-bit prefix has no directed. */
static inline enum ipv4_broadcast ipv4_broadcast_kind(struct ipv4_prefix network,
						      struct in_addr dst)
{
	if (dst.s_addr == htonl(INADDR_BROADCAST))
		return IPV4_BROADCAST_LIMITED;
	if (network.len < 31 && dst.s_addr == ipv4_prefix_broadcast(network).s_addr)
		return IPV4_BROADCAST_DIRECTED;
	return IPV4_BROADCAST_NONE;
}

/* Dotted decimal into `text` (at least INET_ADDRSTRLEN); returns `text`. */
const char *ipv4_text(struct in_addr a, char text[INET_ADDRSTRLEN]);

#endif
