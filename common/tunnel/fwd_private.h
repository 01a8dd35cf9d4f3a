/* SPDX-License-Identifier: ISC */
/*
 * The forwarding table from inside: for the files fwd*.c and, to look things
 * up, for the pipeline.
 */
#ifndef COMMON_TUNNEL_FWD_PRIVATE_H
#define COMMON_TUNNEL_FWD_PRIVATE_H

#include "common/base/addr_table.h"
#include "common/base/hashmap.h"
#include "common/base/list.h"
#include "common/base/pool.h"
#include "common/tunnel/fwd.h"
#include "common/tunnel/tunnel.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/* One tunnel of a home address. */
struct fwd_use {
	struct tunnel *tunnel;
	struct in_addr agent;
	bool reverse;
	bool broadcasts;
	bool nested;
};

/* A home address with a binding, or one of our own.  Most have one tunnel. */
struct fwd_home {
	struct addr_link link; /* by home address */
	unsigned count;
	struct fwd_use *use; /* `one`, or FWD_TUNNELS_PER_HOME of them */
	struct fwd_use one;
	union {
		struct list broadcasts;     /* binding: in fwd->broadcasts if wanted */
		struct ipv4_prefix network; /* own: the home network; len 0 unknown */
	};
};

struct fwd_visitor {
	struct addr_link link; /* by home address */
	struct tunnel *tunnel;
	int ifindex;
	struct mac mac;
	bool reverse;
};

struct fwd_site {
	struct list in_sites; /* in fwd->sites */
	struct tunnel *tunnel;
	char name[FWD_NAME_MAX];
	struct probe_spec probe_spec; /* as the latest edit has it */
	struct probe probe;           /* as it is kept (pipeline_probe.c) */
	unsigned local_count, remote_count;
	struct ipv4_prefix local[FWD_SITE_PREFIXES];
	struct ipv4_prefix remote[FWD_SITE_PREFIXES];
};

/* Hashed as bytes, so without padding. */
struct prefix_key {
	uint32_t addr; /* host order, masked */
	uint32_t len;
};

struct fwd_prefix {
	struct prefix_key key;
	struct fwd_site *site;
	UT_hash_handle hh;
};

struct fwd {
	unsigned lanes;         /* 0: one */
	pthread_rwlock_t table; /* fwd_enter(), fwd_hold() */
	pthread_mutex_t holder; /* recursive */
	unsigned held;          /* times, by the thread that has `holder` */
	pthread_mutex_t turn;   /* what packets change in turn: fwd_take_turn() */

	struct pool home_pool, uses_pool, visitor_pool, tunnel_pool, path_pool;
	struct pool site_pool, prefix_pool;

	struct addr_table bindings;
	struct addr_table own;
	struct list broadcasts;
	struct addr_table visitors;
	struct list sites;
	struct fwd_prefix *prefixes;
	unsigned prefixes_of_len[33];

	struct tunnel *tunnels; /* by outer_key */
	struct tunnel_path *paths;

	struct pool pair_pool, sa_pool;
	struct protect_pair *pairs; /* protect.c */
	struct protect_sa *sas;

	struct tunnel *made; /* by the edit being applied; not told yet */
	fwd_changed_fn *changed;
	void *changed_arg;
	struct fwd_mirror mirror; /* all NULL: none */
};

/*
 * For what packets find out one after the other, whichever thread has them: sequence
 * numbers of GRE, and whether the other end of a site tunnel lives.
 */
void fwd_take_turn(struct fwd *f);
void fwd_end_turn(struct fwd *f);

/* fwd_threads.c; -errno */
int fwd_locks_init(struct fwd *f);
void fwd_locks_fini(struct fwd *f);

/* fwd_tunnel.c: find or make the tunnel of a specification and use it once more. */
int fwd_tunnel_get(struct fwd *f, const struct tunnel_spec *spec, enum tunnel_use use,
		   struct tunnel **out);

/* Use it once less; false: that was its last use, and it is gone. */
bool fwd_tunnel_put(struct fwd *f, struct tunnel *t, enum tunnel_use use);

/* The latest edit that names it says how it is. */
void fwd_tunnel_reconfigure(struct fwd *f, struct tunnel *t,
			    const struct tunnel_spec *spec);

/* Tell of the tunnel that an edit has made, now that all of it is done. */
void fwd_tunnel_made(struct fwd *f);

/* fwd_simple.c: tell the mirror, if there is one. */
void fwd_binding_changed(const struct fwd *f, struct in_addr home);
void fwd_visitor_changed(const struct fwd *f, struct in_addr home);
void fwd_tunnel_changed(const struct fwd *f, const struct tunnel *t);
void fwd_tunnel_gone(const struct fwd *f, const struct tunnel *t);
void fwd_path_changed(const struct fwd *f, const struct tunnel_path *path);

/* fwd_site.c */
int fwd_site_set(struct fwd *f, const struct fwd_edit *edit);
int fwd_site_clear(struct fwd *f, const struct fwd_edit *edit);

static inline struct fwd_home *fwd_home_of(struct addr_link *l)
{
	return container_of(l, struct fwd_home, link);
}

static inline struct fwd_visitor *fwd_visitor_of(struct addr_link *l)
{
	return container_of(l, struct fwd_visitor, link);
}

/* Lookups: NULL where there is nothing. */
struct tunnel *fwd_by_outer(const struct fwd *f, const struct outer_key *key);
struct tunnel_path *fwd_by_path_key(const struct fwd *f, const struct path_key *key);
struct tunnel_path *fwd_by_path(const struct fwd *f, struct in_addr local,
				struct in_addr remote, uint8_t protocol);
struct fwd_home *fwd_by_home(const struct fwd *f, struct in_addr home);
struct fwd_home *fwd_by_own(const struct fwd *f, struct in_addr home);
struct fwd_visitor *fwd_by_visitor(const struct fwd *f, struct in_addr home);
struct fwd_site *fwd_by_site(const struct fwd *f, struct in_addr dst);

/* The use of that tunnel by that home address, or NULL. */
const struct fwd_use *fwd_use_of(const struct fwd_home *h, const struct tunnel *t);

bool fwd_site_local(const struct fwd_site *s, struct in_addr a);
bool fwd_site_remote(const struct fwd_site *s, struct in_addr a);

#endif
