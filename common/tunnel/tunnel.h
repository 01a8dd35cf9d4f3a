/* SPDX-License-Identifier: ISC */
/*
 * A tunnel: two ends, an encapsulation, what is known of the path between them,
 * and counters.  Open because the packet path reads it; changed only by the
 * files of this folder.
 */
#ifndef COMMON_TUNNEL_TUNNEL_H
#define COMMON_TUNNEL_TUNNEL_H

#include "common/base/hashmap.h"
#include "common/base/list.h"
#include "common/tunnel/encap_ops.h"
#include "common/tunnel/fwd.h"
#include "common/tunnel/mtu.h"

#include <stdint.h>

struct fwd_site;
struct protect_pair;

/* What tells tunnels apart on receipt; no padding, since it is hashed as bytes. */
struct outer_key {
	struct in_addr local;
	struct in_addr remote;
	uint32_t gre_key;
	uint8_t protocol;
	uint8_t has_gre_key;
	uint16_t port; /* of the peer, where the carrier is bound to one; host order */
	uint32_t carrier; /* enum carrier_kind */
};

/* What tells paths apart, whatever the keys. */
struct path_key {
	struct in_addr local;
	struct in_addr remote;
	uint16_t protocol;
	uint16_t carrier; /* enum carrier_kind */
};

/*
 * Soft state of RFC 2003 5, shared by the tunnels between two ends.  An ICMP
 * error that quotes too little to find the sender is owed to the next packet
 * that takes this path.
 */
struct tunnel_path {
	struct path_key key;
	struct list tunnels;       /* those that take it; gone with the last */
	struct protect_pair *pair; /* what protects its ends, or NULL */
	struct list of_pair;
	struct path_mtu mtu;
	bool owes;
	uint8_t owed_code; /* of a destination unreachable */
	instant_t owes_until;
	uint64_t icmp_errors;
	UT_hash_handle hh;
};

struct tunnel_counts {
	uint64_t in_packets, in_octets; /* inner, accepted */
	uint64_t in_dropped;
	uint64_t out_packets, out_octets; /* outer, sent */
	uint64_t out_dropped;
};

/* Who uses it; what may come out of it depends on that. */
enum tunnel_use {
	TUNNEL_BINDING,
	TUNNEL_VISITOR,
	TUNNEL_OWN,
	TUNNEL_SITE,
	TUNNEL_USES
};

struct tunnel {
	struct outer_key key;
	struct tunnel_spec spec;
	struct encap encap;
	struct encap fallback; /* IP-in-IP, for what minimal cannot carry */
	struct tunnel_path *path;
	struct list on_path;   /* in path->tunnels */
	struct fwd_site *site; /* or NULL */
	unsigned uses[TUNNEL_USES];
	struct tunnel_counts counts;
	UT_hash_handle hh;
};

/* Of a site tunnel what it is called, and whether it lives; NULL of others. */
const char *tunnel_name(const struct tunnel *t);
const struct probe *tunnel_probe(const struct tunnel *t);

/* The state of that; down while ESP is required and there is none. */
enum probe_state tunnel_state(const struct tunnel *t);

const char *tunnel_use_name(enum tunnel_use u); /* "binding", "visitor", ... */

struct outer_key tunnel_key(const struct tunnel_spec *spec);

/* Set up for the specification; key, path and users are the table's business. */
void tunnel_init(struct tunnel *t, const struct tunnel_spec *spec);

/* Other parameters under the same key; sequence numbers go on. */
void tunnel_reconfigure(struct tunnel *t, const struct tunnel_spec *spec);

/* The encapsulation that this inner packet takes. */
struct encap *tunnel_encap_for(struct tunnel *t, const struct ipv4 *inner);

/*
 * The largest inner packet that fits the path in that encapsulation, and in what
 * carries and protects it; at least 68.
 */
uint16_t tunnel_inner_mtu(const struct tunnel *t, const struct encap *e, instant_t now);

/* The same for a packet like `inner`, whose options may stay in the outer header. */
uint16_t tunnel_inner_mtu_for(const struct tunnel *t, const struct encap *e,
			      const struct ipv4 *inner, instant_t now);

/* The largest packet with an outer header of `header` octets, before all that. */
size_t tunnel_outer_most(const struct tunnel *t, size_t header, instant_t now);

#endif
