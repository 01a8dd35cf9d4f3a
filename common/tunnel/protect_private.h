/* SPDX-License-Identifier: ISC */
/*
 * A pair of ends and its associations from inside: for the table and the pipeline.
 */
#ifndef COMMON_TUNNEL_PROTECT_PRIVATE_H
#define COMMON_TUNNEL_PROTECT_PRIVATE_H

#include "common/tunnel/protect.h"
#include "common/tunnel/tunnel.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pair_key {
	struct in_addr local;
	struct in_addr remote;
};

/* An SPI is the receiver's to give out (RFC 4303 2.1); hashed as bytes. */
struct spi_key {
	struct in_addr local;
	uint32_t spi;
};

/* An association that receives. */
struct protect_sa {
	struct spi_key key;
	struct protect_pair *pair;
	struct esp_sa_in *sa;
	UT_hash_handle hh;
};

struct protect_pair {
	struct pair_key key;
	struct protect_spec spec;
	struct esp_sa_out *out;
	uint32_t last_spi; /* that we sent with before this one; 0: none */
	unsigned in_count;
	struct protect_sa *in[PROTECT_SAS_IN]; /* the oldest first */
	struct list paths;                     /* of tunnels between these ends */
	struct tunnel_path wire;               /* the path as ESP packets take it */
	uint16_t next_id;                      /* of outer packets that may be cut */
	instant_t sent;                        /* when something last was */
	struct protect_counts counts;
	UT_hash_handle hh;
};

/* What happens to outer packets of a path. */
enum protect_way { PROTECT_WAY_CLEAR, PROTECT_WAY_ESP, PROTECT_WAY_NONE };

static inline enum protect_way protect_way(const struct tunnel_path *path)
{
	const struct protect_pair *pair = path->pair;

	if (!pair || pair->spec.policy == PROTECT_OFF)
		return PROTECT_WAY_CLEAR;
	if (pair->out)
		return PROTECT_WAY_ESP;
	return pair->spec.policy == PROTECT_REQUIRED ? PROTECT_WAY_NONE
						     : PROTECT_WAY_CLEAR;
}

/* The path that packets of this one are seen on: its own, or that of ESP. */
static inline struct tunnel_path *protect_on_wire(struct tunnel_path *path)
{
	return protect_way(path) == PROTECT_WAY_CLEAR ? path : &path->pair->wire;
}

/*
 * The largest outer packet with a header of that length that is no larger than
 * `mtu` once in ESP and its carrier; 0: none is.  There is an association.
 */
size_t protect_carries(const struct protect_pair *pair, size_t header, size_t mtu);

/* Lookups: NULL where there is nothing. */
struct protect_pair *protect_by_ends(const struct fwd *f, struct in_addr local,
				     struct in_addr remote);
struct protect_sa *protect_by_spi(const struct fwd *f, struct in_addr local,
				  uint32_t spi);

/* A path of a tunnel comes, or goes. */
void protect_path_made(struct fwd *f, struct tunnel_path *path);
void protect_path_gone(struct tunnel_path *path);

/* Free every association. */
void protect_fini(struct fwd *f);

#endif
