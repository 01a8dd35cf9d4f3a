/* SPDX-License-Identifier: ISC */
/*
 * What a home agent must not forget of a node when it ends: the Identification
 * that it accepted last and the bindings, as bytes for the store.
 *
 *    0                   1                   2                   3
 *   |    version    |    bindings   |           checksum            |
 *   |                          home address                         |
 *   |                     last Identification                       |
 *   |                                                               |
 *   and for each binding:
 *   |                        care-of address                        |
 *   |                     source of the Request                     |
 *   |               home agent address, as answered                 |
 *   |                              SPI                              |
 *   |                        Identification                         |
 *   |                                                               |
 *   |                         bound since                           |
 *   |                                                               |
 *   |                           expires                             |
 *   |                                                               |
 *   |       lifetime granted        |     flags     |       0       |
 *
 * Times are those of the wall clock, as NTP has them, for the monotonic clock
 * starts anew with the machine.  The checksum is the Internet's, over all of it.
 */
#ifndef HA_NODE_RECORD_H
#define HA_NODE_RECORD_H

#include "common/base/bytes.h"
#include "ha/binding.h"

enum {
	NODE_RECORD_VERSION = 1,
	NODE_RECORD_HEAD = 16,
	NODE_RECORD_BINDING = 44,
	NODE_RECORD_MAX =
		NODE_RECORD_HEAD + BINDINGS_PER_NODE_MAX * NODE_RECORD_BINDING,
};

struct binding_record {
	struct in_addr care_of, source, agent;
	uint32_t spi;
	uint64_t ident;
	uint64_t since, expires; /* the latter is 0 when the lifetime is infinite */
	uint16_t lifetime;
	uint8_t flags;
};

struct node_record {
	struct in_addr home;
	uint64_t last_ident;
	unsigned count;
	struct binding_record binding[BINDINGS_PER_NODE_MAX];
};

enum record_fault {
	RECORD_OK,
	RECORD_VERSION, /* of another version of this program */
	RECORD_LENGTH,  /* not as long as its number of bindings wants */
	RECORD_DAMAGED, /* the checksum is wrong */
};

void node_record_encode(struct writer *w, const struct node_record *r);
enum record_fault node_record_decode(struct reader in, struct node_record *out);

#endif
