/* SPDX-License-Identifier: ISC */
/*
 * When to advertise on one link, and with which sequence number (RFC 5944 2.3,
 * RFC 1256 4.3): periodic with jitter, quick at first, answers to
 * solicitations, a last word.  Embedded in a core, one for each <advertise>.
 *
 * Nothing is sent while the link is down or has no address.  The sequence
 * number counts from the start of the agent and passes from 0xffff to 256
 * (RFC 5944 2.3.2), also while the link is down; on one that was gone, visitors
 * and all, it starts again.
 */
#ifndef COMMON_AGENT_ADVERT_H
#define COMMON_AGENT_ADVERT_H

#include "common/agent/config.h"
#include "common/agent/datagram.h"
#include "common/agent/effect.h"
#include "common/agent/links.h"
#include "common/base/bucket.h"
#include "common/base/clock.h"
#include "common/base/rng.h"
#include "common/wire/mip_advert.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * What the agent has to say at this moment.  R comes from <advertise>; it and B
 * are left out without F (RFC 5944 2.1.1).
 */
struct advert_service {
	uint16_t flags;        /* ADVERT_FLAG_H, _F, _B, _M, _G, _T */
	uint16_t max_lifetime; /* longest registration that we accept, seconds */
	unsigned care_of_count;
	struct in_addr care_of[ADVERT_CARE_OF_MAX];
};

struct advertiser {
	struct advert_config config;
	struct rng rng;
	int ifindex; /* of config.interface; 0: there is no such link */
	bool up;
	uint16_t sequence;     /* of the next advertisement */
	unsigned initial_left; /* of the first three, which follow closely */
	instant_t next;        /* to all; INSTANT_NEVER: none is planned */
	instant_t last_to_all;
	bool sent_to_all;
	struct bucket answers; /* unicast answers */
};

void advertiser_init(struct advertiser *a, const struct advert_config *config,
		     struct rng rng, const struct links *links, instant_t now);

/* Another configuration for the same link; the sequence number goes on. */
void advertiser_configure(struct advertiser *a, const struct advert_config *config,
			  const struct links *links, instant_t now);

/* Links changed.  A link that comes up is advertised on at once. */
void advertiser_links(struct advertiser *a, const struct links *links, instant_t now);

/* The next deadline, or INSTANT_NEVER. */
static inline instant_t advertiser_next(const struct advertiser *a)
{
	return a->next;
}

/* Advertise to all if it is time; otherwise nothing. */
void advertiser_due(struct advertiser *a, const struct advert_service *service,
		    const struct links *links, instant_t now, struct effect_list *fx);

/*
 * A valid solicitation came from this link (mip_solicit_decode passed): answer
 * to its link-layer source at once (RFC 5944 2.3).  Without one, or when there
 * are many, an advertisement to all follows within 2 seconds.  Any source
 * address will do, also 0.0.0.0 (CONFORMANCE ADV-20).
 */
void advertiser_solicited(struct advertiser *a, const struct advert_service *service,
			  const struct links *links, const struct icmp_datagram *from,
			  instant_t now, struct effect_list *fx);

/* The last word: lifetime 0 to all, then no more (RFC 1256 4.3). */
void advertiser_stop(struct advertiser *a, const struct advert_service *service,
		     const struct links *links, struct effect_list *fx);

#endif
