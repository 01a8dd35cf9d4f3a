/* SPDX-License-Identifier: ISC */
/*
 * What protects the packets between two ends: a policy, the security associations
 * of ESP, and what ESP travels in.  Part of the forwarding table (fwd.h); all
 * tunnels between the two ends, present and to come, go by it.
 *
 *     policy      out, with an association    without    in
 *     off         in clear                    in clear   ESP or in clear
 *     preferred   ESP                         in clear   ESP or in clear
 *     required    ESP                         dropped    ESP, or dropped
 *
 * One association sends; several receive, so that keys change without losing what
 * is on its way.  What a pair of ends may do is looked up when a tunnel is made, not
 * for each packet.
 */
#ifndef COMMON_TUNNEL_PROTECT_H
#define COMMON_TUNNEL_PROTECT_H

#include "common/tunnel/encap.h"
#include "common/tunnel/esp_sa.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

struct fwd;

enum protect_policy {
	PROTECT_OFF,       /* packets go in clear */
	PROTECT_PREFERRED, /* in clear as long as there is no association */
	PROTECT_REQUIRED,  /* never in clear */
	PROTECT_POLICY_COUNT
};

const char *protect_policy_name(enum protect_policy p); /* "off", ... */

enum { PROTECT_SAS_IN = 8 }; /* most associations that receive, for one pair of ends */

struct protect_spec {
	struct in_addr local, remote;
	enum protect_policy policy;
	struct carrier_spec carrier; /* of ESP: CARRIER_NONE or CARRIER_UDP */
	uint16_t keepalive_s; /* of a carrier; after that much silence; 0: never */
};

/*
 * Protect, or otherwise protect, what goes between these ends; associations stay.
 * Returns 0, -EINVAL for a carrier that ESP has not, -ENOSPC, -ENOMEM.
 */
int fwd_protect_set(struct fwd *f, const struct protect_spec *spec);

/* From now on in clear; the associations are gone.  -ENOENT if it was not set. */
int fwd_protect_clear(struct fwd *f, struct in_addr local, struct in_addr remote);

/*
 * Associations between ends that have been set above.  Keys are copied.  Returns 0,
 * -ENOENT when the ends are not set or there is no such association, -EINVAL when
 * no association can be made of the specification, -EEXIST when the SPI is in use
 * at that local address, -ENOSPC, -ENOMEM.
 */
int fwd_sa_in_add(struct fwd *f, const struct esp_sa_spec *spec);
int fwd_sa_in_del(struct fwd *f, struct in_addr local, uint32_t spi);

/* The one to send with from now on; what was there is gone, unless it fails. */
int fwd_sa_out_set(struct fwd *f, const struct esp_sa_spec *spec,
		   const struct rng *rng);
int fwd_sa_out_clear(struct fwd *f, struct in_addr local, struct in_addr remote);

/* What became of packets between two ends, beside what their associations count. */
struct protect_counts {
	uint64_t in_clear; /* accepted; counted only where ends are set */
	uint64_t out_clear;
	uint64_t not_protected;  /* dropped: came in clear where ESP is required */
	uint64_t no_association; /* dropped: could not be protected yet */
	uint64_t keepalives;     /* sent */
};

/* One pair of ends as it stands, until the next edit. */
struct protect_view {
	const struct protect_spec *spec;
	const struct protect_counts *counts;
	uint16_t mtu;                 /* of ESP packets on the path, carrier and all */
	const struct esp_sa_out *out; /* or NULL */
	unsigned in_count;
	const struct esp_sa_in *in[PROTECT_SAS_IN]; /* the oldest first */
};

/* False when these ends are not set. */
bool fwd_protect_view(const struct fwd *f, struct in_addr local, struct in_addr remote,
		      struct protect_view *out);

/* Every pair of ends that is set. */
void fwd_each_protect(const struct fwd *f,
		      void (*visit)(void *arg, const struct protect_view *v),
		      void *arg);

#endif
