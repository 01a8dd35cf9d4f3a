/* SPDX-License-Identifier: ISC */
/*
 * The part of the forwarding table that is simple enough for a data path in the
 * kernel: which tunnels it may know, and who uses them.  What is not simple it never
 * hears of, so those packets come to the pipeline.
 *
 * A tunnel is simple when nothing about a packet depends on more than that packet:
 * GRE without checksum and sequence number, or IP-in-IP; in clear, in no carrier, DF
 * always set, TCP left alone; used by bindings and visitors only; and nothing is owed
 * to its next sender.  A home address is simple with one binding.
 */
#ifndef COMMON_TUNNEL_FWD_SIMPLE_H
#define COMMON_TUNNEL_FWD_SIMPLE_H

#include "common/tunnel/tunnel.h"

#include <stdbool.h>

struct simple_binding {
	const struct tunnel *tunnel;
	bool reverse;
};

struct simple_visitor {
	const struct tunnel *tunnel;
	bool reverse;
	int ifindex;
	struct mac mac;
};

bool fwd_simple_tunnel(const struct tunnel *t);

/* False where there is none, or none that is simple; its tunnel need not be. */
bool fwd_simple_binding(const struct fwd *f, struct in_addr home,
			struct simple_binding *out);
bool fwd_simple_visitor(const struct fwd *f, struct in_addr home,
			struct simple_visitor *out);

#endif
