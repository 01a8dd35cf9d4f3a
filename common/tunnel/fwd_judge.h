/* SPDX-License-Identifier: ISC */
/*
 * The two decisions about a packet: which tunnels it goes into, and whether it
 * may come out of the one that it came through.
 */
#ifndef COMMON_TUNNEL_FWD_JUDGE_H
#define COMMON_TUNNEL_FWD_JUDGE_H

#include "common/tunnel/fwd_private.h"
#include "common/wire/icmp.h"
#include "common/wire/ipv4.h"

/* Where a packet goes in: its tunnels, a visitor's link, or the reason why none. */
struct fwd_way {
	enum drop_reason why;
	unsigned count;
	struct tunnel *tunnel[FWD_TUNNELS_PER_HOME];
	const struct fwd_home *home; /* its destination is the home address of this */
	const struct fwd_visitor *visitor; /* our machine says it to this one */
};

struct fwd_way fwd_way_in(const struct fwd *f, struct in_addr src, struct in_addr dst);

/*
 * The same for an ICMP error about a packet that came out of a site tunnel: the way of
 * that packet's answers, though its sender may be none of the site's (RFC 4301 6.2).
 */
struct fwd_way fwd_way_of_error(const struct fwd *f, const struct icmp_message *m);

/* Where a packet comes out: to the kernel's routing, or to a visitor. */
struct fwd_exit {
	enum drop_reason why;
	const struct fwd_visitor *visitor; /* NULL: to the kernel */
};

struct fwd_exit fwd_way_out(const struct fwd *f, const struct tunnel *t,
			    const struct ipv4 *inner);

/*
 * Whether an ICMP error that came out of a tunnel is about a packet that went into it.
 * Then it may come out, whoever sent it: what it quotes is checked instead of its
 * addresses (RFC 4301 6.2).  Only for what nobody can forge.
 */
bool fwd_sent_what_is_quoted(const struct fwd *f, const struct tunnel *t,
			     const struct icmp_message *m);

#endif
