/* SPDX-License-Identifier: ISC */
/*
 * The parts of a configuration that home agent, foreign agent and mobile node
 * have in common, as plain values.  common/conf fills them in from XML;
 * simulations and tests write them by hand.
 *
 * Arrays are owned by the configuration that holds them (conf_free in
 * common/conf/shared.h); cores borrow it for the call and copy what they keep.
 */
#ifndef COMMON_AGENT_CONFIG_H
#define COMMON_AGENT_CONFIG_H

#include "common/agent/protection.h"
#include "common/base/clock.h"
#include "common/base/secret.h"
#include "common/security/crypto.h"
#include "common/security/sa.h"
#include "common/tunnel/fwd.h"

#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

enum { CONF_PATH_MAX = 108, CONF_NAME_MAX = FWD_NAME_MAX };

/* <association>: one mobility security association with the enclosing peer. */
struct assoc_config {
	uint32_t spi;
	enum auth_algorithm algorithm;
	struct secret key;
	duration_t tolerance; /* of timestamps */
	bool accept_only;
	bool spi_not_covered;
	int line; /* where in the file, for messages */
};

/* A peer and what is shared with it: <node>, <foreign-agent>, <home-agent>. */
struct peer_config {
	struct in_addr addr;
	struct assoc_config *assoc;
	unsigned assoc_count;
	struct peer_protection protection;
	int line;
};

/* <advertise>: agent advertisements on one link (RFC 5944 2.1, RFC 1256 4.1). */
struct advert_config {
	char interface[IF_NAMESIZE];
	duration_t min_interval, max_interval;
	uint16_t lifetime;              /* ICMP, seconds */
	uint16_t registration_lifetime; /* seconds */
	bool on_solicitation_only;
	bool broadcast;             /* to 255.255.255.255 instead of 224.0.0.1 */
	bool registration_required; /* R */
	bool routes;                /* ICMP code 0 instead of 16 */
	bool prefix_lengths;        /* add extension 19 */
	int line;
};

/* <tunnel>: how packets to one peer, or to any (peer 0), are encapsulated. */
struct tunnel_config {
	struct in_addr peer;
	struct encap_spec encap; /* kind is ignored for mobility: the Request chooses */
	uint16_t mtu;            /* of the path; 0: the link's, then learned */
	enum carrier_kind carrier; /* UDP, each encapsulation in its own way; or none */
	int line;
};

/* <site-tunnel>: joins two networks (RFC 2003, 2784). */
struct site_config {
	char name[CONF_NAME_MAX];
	struct tunnel_spec tunnel;
	uint16_t mtu;
	unsigned local_count, remote_count;
	struct ipv4_prefix local_nets[FWD_SITE_PREFIXES];
	struct ipv4_prefix remote_nets[FWD_SITE_PREFIXES];
	struct probe_spec probe;
	bool required; /* ESP is, with the other end */
	int line;
};

/* When what is remembered is written through to the disk. */
enum store_sync {
	STORE_SYNC_SECOND, /* within a second */
	STORE_SYNC_BATCH,  /* before anything is answered */
};

/* <store>: the folder that outlives the agent. */
struct store_config {
	char path[CONF_PATH_MAX];
	enum store_sync sync;
};

enum log_to { LOG_TO_STDERR, LOG_TO_SYSLOG };

/* <log>, <control>, <limits>, tunnels and ESP: the same in every program. */
struct common_config {
	int log_level; /* enum note_level */
	enum log_to log_to;
	char control[CONF_PATH_MAX]; /* socket path */
	char tun[IF_NAMESIZE];       /* name of our TUN device */
	uint32_t source_rate;        /* messages a second from one source address */
	uint32_t source_burst;
	uint32_t total_rate; /* of all peers together, and of all others (admit.h) */
	unsigned workers;    /* threads that forward; 0: one for each processor */
	bool strict_reserved_bits; /* r and x set: refuse (CONFORMANCE T-02) */

	struct tunnel_config *tunnel;
	unsigned tunnel_count;
	struct site_config *site;
	unsigned site_count;

	struct keying_options keying;
	struct esp_config *esp;
	unsigned esp_count;
	struct manual_esp_config *manual;
	unsigned manual_count;
};

/* With whom a program protects its tunnels: its own end, and the others. */
struct protected_config {
	struct in_addr local;
	enum sa_kind kind; /* of the associations with agents */
	const struct peer_config *agent;
	unsigned agent_count;
	const struct peer_config *node; /* by home address, where they are ends */
	unsigned node_count;
};

/* Whether keys are made for that peer. */
static inline bool peer_is_protected(const struct peer_config *p)
{
	return p->protection.kind == PROTECTION_ESP &&
	       p->protection.policy != PROTECT_OFF;
}

/* Those of many peers that are protected, found by address; borrows them. */
struct peer_index {
	const struct peer_config **at; /* NULL: none made */
	size_t count;
};

/* 0 or -ENOMEM, with none made. */
int peer_index_init(struct peer_index *x, const struct peer_config *peers,
		    unsigned count);
void peer_index_fini(struct peer_index *x);
const struct peer_config *peer_index_find(const struct peer_index *x,
					  struct in_addr addr);

/*
 * The tunnel to `remote` for the kind that a Request chose: the <tunnel> of that peer,
 * else the one for any, else the defaults of <tunnel>.
 */
struct tunnel_spec config_tunnel_for(const struct common_config *c,
				     struct in_addr local, struct in_addr remote,
				     enum encap_kind kind);

/* The most that a tunnel asks of the fast path. */
enum encap_fast config_fast_path(const struct common_config *c);

/* UDP for this kind: GRE goes in it as such, others as tunnel data (RFC 3519). */
struct carrier_spec config_carrier(enum carrier_kind wanted, enum encap_kind kind);

/*
 * What associations with `peer` are like: the <esp> of that peer, else the one for
 * any, else the defaults of <esp>.
 */
struct esp_config config_esp_for(const struct common_config *c, struct in_addr peer);

/* The port of UDP that ESP comes in at: the one that is configured, or as usual. */
uint16_t config_esp_port(const struct common_config *c);

/* The kind that the M and G flags of a Request choose (RFC 5944 3.3): G before M. */
enum encap_kind config_encap_kind(uint8_t request_flags);

#endif
