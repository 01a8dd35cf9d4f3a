/* SPDX-License-Identifier: ISC */
/*
 * What a configuration says of ESP between two agents: whom it protects, by what
 * and how keys come, as plain values.
 *
 * Keys come by a TLS connection between the agents (common/keying), or are given
 * by hand for other systems.  Either way they stand between two addresses, ours
 * and the peer's, and protect every tunnel between the two.
 */
#ifndef COMMON_AGENT_PROTECTION_H
#define COMMON_AGENT_PROTECTION_H

#include "common/base/clock.h"
#include "common/base/secret.h"
#include "common/tunnel/protect.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

enum { PROTECTION_PATH_MAX = 108, PROTECTION_NAME_MAX = 64 };

enum protection { PROTECTION_NONE, PROTECTION_ESP };

/* Attributes of a peer: <peer-agent>, <node>. */
struct peer_protection {
	enum protection kind;
	enum protect_policy policy;     /* PROTECT_OFF without protection */
	char name[PROTECTION_NAME_MAX]; /* in its certificate; "": its address */
};

/* <esp>: the associations with one peer, or with any (peer 0). */
struct esp_config {
	struct in_addr peer;
	enum esp_algorithm algorithm;
	enum carrier_kind carrier; /* CARRIER_UDP or CARRIER_NONE */
	uint16_t port;             /* of UDP */
	bool esn;
	uint16_t window;
	uint32_t rekey_seconds;
	uint64_t rekey_octets, rekey_packets; /* 0: no limit of this kind */
	uint32_t reauthenticate_seconds;
	duration_t dead_after;
	uint16_t tfc;
	int line;
};

/* <manual-esp>: one association a direction, with keys given by hand. */
struct manual_esp_config {
	struct in_addr peer;
	uint32_t spi_in, spi_out;
	enum esp_algorithm algorithm;
	struct secret key_in, key_out;             /* of the cipher */
	struct secret integrity_in, integrity_out; /* of HMAC-SHA-256 */
	enum carrier_kind carrier;
	uint16_t port;
	int line;
};

/* <keying>: how agents prove to each other who they are. */
struct keying_options {
	uint16_t port;  /* of TCP */
	bool certified; /* a certificate is given, whether it can be read or not */
	char certificate[PROTECTION_PATH_MAX]; /* "": by associations only */
	char private_key[PROTECTION_PATH_MAX];
	char authorities[PROTECTION_PATH_MAX];
	char key_log[PROTECTION_PATH_MAX]; /* "": none */
	int line;
};

#endif
