/* SPDX-License-Identifier: ISC */
/*
 * The agents that a mobile node hears on its link, whether it has moved, and
 * when to solicit (RFC 5944 2.4, 2.4.2, 2.4.4; RFC 1256 5).
 *
 * Nothing here decides where to register (mn_roam.c does); it remembers and
 * compares.  Entries outlive their lifetime, so that an agent which is heard
 * again can be told from one that has restarted, and from one that has us among
 * its visitors; ask agent_fresh().
 */
#ifndef MN_SIM_MOVE_H
#define MN_SIM_MOVE_H

#include "common/base/clock.h"
#include "common/base/rng.h"
#include "common/wire/arp.h"
#include "common/wire/ipv4.h"
#include "common/wire/mip_advert.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

enum { MOVE_AGENTS_MAX = 8 };

/* An agent as its last advertisement described it. */
struct agent_heard {
	bool known;
	struct in_addr
		addr; /* source of its advertisements; with `mac`, its identity */
	struct mac mac;
	uint16_t sequence;
	uint16_t registration_lifetime;
	uint16_t flags;
	unsigned care_of_count;
	struct in_addr care_of[ADVERT_CARE_OF_MAX];
	bool has_prefix;
	struct ipv4_prefix prefix; /* of the link, by extension 19 */
	duration_t lifetime;       /* of the advertisement */
	instant_t heard_at;
	instant_t expires_at;
	instant_t avoid_until;  /* it denied us: not before then */
	instant_t serves_until; /* it has us among its visitors; 0: it has not */
};

/* Zero-initialised is empty. */
struct agents {
	struct agent_heard at[MOVE_AGENTS_MAX];
};

enum agent_news {
	AGENT_NEW, /* not known, or not heard within its lifetime */
	AGENT_AGAIN,
	AGENT_REBOOTED, /* its sequence number fell into 0..255 (RFC 5944 2.4.4) */
	AGENT_LEFT,     /* lifetime 0: it stops serving */
};

/*
 * Take in an advertisement.  When the table is full the entry that runs out
 * first gives way, but never `keep` (may be NULL).
 */
enum agent_news agents_hear(struct agents *agents, const struct mip_advert *advert,
			    struct in_addr from, struct mac mac, instant_t now,
			    const struct agent_heard *keep, struct agent_heard **who);

/* On a link that may be another: nobody is heard, nobody is avoided. */
void agents_unhear(struct agents *agents);
/* They know us no more: we have another home address. */
void agents_unserve(struct agents *agents);

/* Heard within the lifetime of its last advertisement. */
static inline bool agent_fresh(const struct agent_heard *a, instant_t now)
{
	return a->known && instant_before(now, a->expires_at);
}

bool agent_offers(const struct agent_heard *a, struct in_addr care_of);

/*
 * Movement by prefixes (RFC 5944 2.4.2.2): both agents tell theirs and they
 * differ.  Where two networks are in reach at once that alone would make a node
 * register to and fro, so the current agent must also have missed its turn:
 * advertisements come at most a third of their lifetime apart.
 */
bool agents_moved(const struct agent_heard *current, const struct agent_heard *heard,
		  instant_t now);

/* When to solicit (RFC 5944 2.4).  Zero-initialised is "never solicited". */
struct solicitor {
	unsigned sent; /* since the rate was last reset */
	bool ever;
	instant_t last;
	duration_t interval; /* nominal, of the backoff */
};

/* On a new link, or registered since: the next search may begin fast. */
void solicitor_reset(struct solicitor *s);

/* When the next may go: at once, but never within a second of the last. */
instant_t solicitor_first(const struct solicitor *s, instant_t now);

/* One was sent: when the next goes if nothing is heard. */
instant_t solicitor_sent(struct solicitor *s, instant_t now, const struct rng *rng);

#endif
