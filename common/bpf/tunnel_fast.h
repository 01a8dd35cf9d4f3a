/* SPDX-License-Identifier: ISC OR GPL-2.0-only */
/*
 * The maps of the fast path as both sides see them: the programme in the kernel
 * (tunnel_fast.bpf.c) and the daemon that loads it (common/io/fastpath.c).
 *
 * Addresses, keys of GRE and lengths within packets are in network order, all else
 * is in host order.  Keys are hashed as bytes, so none has padding.
 *
 *   bindings  home address -> tunnel of its only binding
 *   visitors  home address -> tunnel, link, and link-layer address there
 *   tunnels   what tells tunnels apart on receipt -> what to put, and counts
 *   links     index of a link -> our address there; those that may be sent to.
 *             A virtual one carries large segments and open checksums as they are
 *   counts    one number a processor for each row of tunnel_fast.def
 */
#ifndef COMMON_BPF_TUNNEL_FAST_H
#define COMMON_BPF_TUNNEL_FAST_H

#include <linux/types.h>

enum { FAST_LINKS = 256, FAST_MAC = 6 };

struct fast_tunnel_key {
	__be32 local;
	__be32 remote;
	__be32 key_in; /* 0 without a key */
	__u8 protocol;
	__u8 keyed;
	__u16 zero;
};

struct fast_tunnel {
	__be32 key_out;
	__u8 ttl;     /* of the outer header */
	__u8 tos;     /* its fixed DSCP, where that is not copied */
	__u8 uniform; /* DSCP is copied in and out */
	__u8 open;    /* the other end takes large segments and open checksums */
	__u16 mtu;    /* of the path, now */
	__u16 most;   /* and once `forget` has come */
	__u32 also_zero;
	__u64 forget; /* on the monotonic clock; 0: never */

	/* Packets as they are on the wire: a segment to be cut counts for many. */
	__u64 in_packets, in_octets;   /* inner */
	__u64 out_packets, out_octets; /* outer */
};

struct fast_binding {
	struct fast_tunnel_key tunnel;
	__u32 reverse; /* what comes from the home address may come out of it */
};

struct fast_visitor {
	struct fast_tunnel_key tunnel;
	__u32 ifindex;
	__u8 mac[FAST_MAC];
	__u16 reverse; /* what the visitor sends goes into it */
};

struct fast_link {
	__u8 mac[FAST_MAC];
	__u16 is_virtual;
};

enum fast_count {
#define COUNTER(symbol, name, help) symbol,
#include "common/bpf/tunnel_fast.def"
#undef COUNTER
	FAST_COUNTS
};

#endif
