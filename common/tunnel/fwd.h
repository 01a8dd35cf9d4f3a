/* SPDX-License-Identifier: ISC */
/*
 * The forwarding table: which packets go into which tunnel, and which may come
 * out of one.  Cores describe changes as edits (values); the edge applies them
 * in the order they were asked for, before the reply that announces them.
 *
 * Four questions are asked of it, each one hash lookup (prefixes of site
 * tunnels: one per prefix length in use):
 *   by home     destination is the home address of a node that is away: tunnels
 *   by outer    source, destination, protocol and key of a received packet: tunnel
 *   by visitor  inner destination of a received packet, or source of a packet
 *               from a visited link: link, link-layer address, reverse tunnel
 *   by site     destination inside a remote subnet: tunnel
 *
 * An edit changes one entry; nothing walks or copies the table.  A tunnel
 * exists while an entry uses it.
 *
 * A tunnel is what its packets look like from outside: local and remote end,
 * protocol, and the GRE key that the peer puts.  Entries that agree in these
 * share one tunnel; what else a specification says (key to put, sequence
 * numbers, checksums, DSCP, MTU) is set by the latest edit that names it.
 */
#ifndef COMMON_TUNNEL_FWD_H
#define COMMON_TUNNEL_FWD_H

#include "common/tunnel/encap.h"
#include "common/tunnel/probe.h"
#include "common/wire/arp.h"
#include "common/wire/ipv4.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

enum { FWD_TUNNELS_PER_HOME = 8, FWD_SITE_PREFIXES = 16, FWD_NAME_MAX = 32 };

/* Endpoints and encapsulation: what makes a tunnel this tunnel. */
struct tunnel_spec {
	struct in_addr local;
	struct in_addr remote;
	struct encap_spec encap;
	struct carrier_spec carrier; /* while ESP does not protect it (protect.h) */
};

bool tunnel_spec_equal(const struct tunnel_spec *a, const struct tunnel_spec *b);

enum fwd_edit_kind {
	FWD_BINDING_SET,   /* home agent: packets to `home` also go into `tunnel` */
	FWD_BINDING_CLEAR, /* not any more; `tunnel` names which of them */
	FWD_VISITOR_SET,   /* foreign agent: `home` is on our link, reached as said */
	FWD_VISITOR_CLEAR,
	FWD_OWN_SET, /* mobile node: `home` is ours, `tunnel` is our own end */
	FWD_OWN_CLEAR,
	FWD_SITE_SET, /* site tunnel: `remote_nets` are behind `tunnel` */
	FWD_SITE_CLEAR,
};

struct fwd_edit {
	enum fwd_edit_kind kind;
	struct in_addr home;
	struct tunnel_spec tunnel;

	/* binding */
	bool reverse;    /* T: accept inner source `home` out of the tunnel; at a
			   * visitor or our own: send what comes from `home` into it */
	bool broadcasts; /* wants broadcasts of the home network (B) */
	bool nested;     /* D clear: wrap broadcasts for `home` first (RFC 5944 4.3) */
	struct in_addr agent; /* source of that inner wrapping: the home agent */

	/* visitor */
	int ifindex;    /* visited link */
	struct mac mac; /* link-layer address heard in the Request */

	/* site; of our own home address: local_nets are its home networks */
	unsigned local_count, remote_count;
	struct ipv4_prefix local_nets[FWD_SITE_PREFIXES];  /* sources we send from */
	struct ipv4_prefix remote_nets[FWD_SITE_PREFIXES]; /* destinations behind it */
	char name[FWD_NAME_MAX];
	struct probe_spec probe;
};

struct fwd;

/*
 * Several threads may go by one table.  Packets do so between fwd_enter() and
 * fwd_leave(), any number of threads at once: what they find stays as it is meanwhile,
 * and changes nothing but counters and numbers.  Everything else that is asked of the
 * table, or told to it, is for one thread alone, between fwd_hold() and fwd_release(),
 * which may be nested; whoever waits for that goes before whoever wants to enter.
 * Functions that change the table hold it by themselves; to look at it without is for
 * programs of one thread.
 */
void fwd_enter(struct fwd *f);
void fwd_leave(struct fwd *f);
void fwd_hold(struct fwd *f);
void fwd_release(struct fwd *f);

/* Tables of at most these sizes.  NULL when out of memory. */
struct fwd *fwd_new(size_t max_entries, size_t max_tunnels);

/* At least these sizes from now on; what is there already keeps its room. */
void fwd_reserve(struct fwd *f, size_t max_entries, size_t max_tunnels);

/* How many threads will have packets at once; 1 at first.  Before there are any. */
void fwd_set_lanes(struct fwd *f, unsigned lanes);

void fwd_free(struct fwd *f);

/*
 * Apply one edit.  FWD_BINDING_CLEAR and FWD_OWN_CLEAR with a tunnel all zero clear
 * every tunnel of that home address; FWD_VISITOR_CLEAR needs no tunnel.  Setting a
 * site again replaces its subnets.  Returns 0; -EINVAL: GRE alone goes in UDP as
 * such; -EEXIST: a remote subnet is behind another site already; -ENOSPC when a
 * table is full, -ENOMEM; -ENOENT for clearing what is not there.  On an error the
 * table is as before.
 */
int fwd_apply(struct fwd *f, const struct fwd_edit *edit);

struct tunnel;

/*
 * Call `changed` when an edit brings a tunnel into use, or takes the last use of it
 * away; NULL ends it.  What an edit undoes because it fails is not told.
 */
typedef void fwd_changed_fn(void *arg, const struct tunnel *t, bool in_use);
void fwd_watch(struct fwd *f, fwd_changed_fn *changed, void *arg);

/*
 * Whoever keeps a copy of the table elsewhere hears what has changed in it, and asks
 * fwd_simple.h for what to copy.  A tunnel also changes with what is known of its path
 * and with what protects its ends.  NULL ends it; otherwise all that is there is told
 * at once.  A tunnel is told before what uses it.
 */
struct fwd_mirror {
	void (*binding)(void *arg, struct in_addr home);
	void (*visitor)(void *arg, struct in_addr home);
	void (*tunnel)(void *arg, const struct tunnel *t, bool gone);
	void *arg;
};
void fwd_mirror(struct fwd *f, const struct fwd_mirror *mirror);

size_t fwd_tunnels(const struct fwd *f); /* in use */

/* Every tunnel in use, with its counters (tunnel.h), for show and for tests. */
void fwd_each_tunnel(const struct fwd *f,
		     void (*visit)(void *arg, const struct tunnel *t), void *arg);

#endif
