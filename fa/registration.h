/* SPDX-License-Identifier: ISC */
/*
 * What a foreign agent keeps of a Registration Request, pending or accepted
 * (RFC 5944 3.7.1): the fields that the Reply is matched and answered by, and
 * where the Request came from.
 */
#ifndef FA_REGISTRATION_H
#define FA_REGISTRATION_H

#include "common/wire/arp.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct registration {
	struct in_addr home, home_agent, care_of;
	uint64_t ident;
	uint16_t lifetime; /* as requested */
	uint8_t flags;
	bool proven; /* by a key that the node shares with us */

	/* Where it came from, and so where the Reply goes (RFC 5944 3.7.2.3). */
	int ifindex;
	struct mac mac;
	struct in_addr src, dst;
	uint16_t src_port; /* host order */
};

/*
 * A node as we can tell it from others: a home address and the station that
 * speaks for it.  By the home address alone, a neighbour could use up what is
 * allotted to another node.
 */
struct node_key {
	uint8_t bytes[sizeof(struct in_addr) + MAC_LEN];
};

static inline struct node_key node_key_of(const struct registration *rq)
{
	struct node_key key;

	memcpy(key.bytes, &rq->home, sizeof(rq->home));
	memcpy(key.bytes + sizeof(rq->home), rq->mac.octet, MAC_LEN);
	return key;
}

#endif
