/* SPDX-License-Identifier: ISC */
/*
 * How many registration messages we spend cryptography on.
 *
 * A source address proves nothing: limits by source alone would let whoever
 * spoofs a peer's address use up what is the peer's.  And a limit that a flood can
 * fill with any bytes is no limit for the processor when every source is another.
 * So a message is first asked what it claims, by a look at the SPIs that it names,
 * which costs no cryptography, and then pays from up to two buckets:
 *
 *     claims             its source's bucket    a bucket of all sources
 *     nothing            must pay               -
 *     somebody's name    must pay               must pay as well
 *     to be a peer       may pay                else from that of peers
 *
 * Claiming nothing is refused without cryptography, so it takes nothing from
 * others.  Claiming to be a peer takes a known source together with SPIs that we
 * share; whoever cannot see the traffic has to guess those.  As long as what passes
 * for peers is less than `total` a second all of them are heard, whoever floods
 * in their name; beyond that each try gets through with the odds of `total` to
 * the flood, and nodes try again.  So the processor spends at most `total`
 * verifications a second on peers, the same on others, and `rate` for each peer.
 *
 * When the table of sources is full the one that was heard longest ago is
 * forgotten, so a flood from many costs no memory; a quiet source loses nothing by
 * being forgotten, its bucket would be full anyway.
 */
#ifndef COMMON_AGENT_ADMIT_H
#define COMMON_AGENT_ADMIT_H

#include "common/base/clock.h"
#include "common/wire/arp.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	ADMIT_SOURCES = 4096, /* a good table size */
	/*
	 * `total`, unless it is configured: two such floods, of peers and of others,
	 * take half of a processor that answers 150,000 a second.
	 */
	ADMIT_RATE = 40000,
	ADMIT_BURST_SHARE = 10, /* of `total` may come at once: a tenth */
};

/* A source: an address, or a station on a link.  Hashed as bytes. */
struct admit_source {
	uint8_t bytes[4 + MAC_LEN];
};

enum admit_claim {
	ADMIT_NOTHING,  /* names no key of ours: refused without cryptography */
	ADMIT_SOMEBODY, /* asks for work in a name that its source does not vouch for */
	ADMIT_PEER,     /* names keys that we share with its source */
};

struct admit;
struct common_config;

struct admit_source admit_address(struct in_addr addr);
struct admit_source admit_station(int ifindex, struct mac mac);

/*
 * `rate` a second and `burst` at once for each source, and for all of them together
 * what is said above, or the same if that is more.  A rate of 0 admits all, a total of
 * 0 as many as their sources pay for.
 */
struct admit_limits {
	uint32_t rate, burst, total;
};

/* As <limits> has them. */
struct admit_limits admit_limits_of(const struct common_config *c);

struct admit *admit_new(size_t sources, const struct admit_limits *l, instant_t now);
void admit_free(struct admit *a);

/* Other limits from now on; every source starts with a full bucket. */
void admit_configure(struct admit *a, const struct admit_limits *l, instant_t now);

/* Whether one more message from `src` is to be looked at. */
bool admit_message(struct admit *a, const struct admit_source *src,
		   enum admit_claim claim, instant_t now);

size_t admit_count(const struct admit *a); /* sources remembered */

#endif
