/* SPDX-License-Identifier: ISC */
/*
 * Keys for ESP between two agents, without a socket, a clock or a log.
 *
 * Each pair of agents holds one connection of TLS 1.3, mutually authenticated
 * (tls.h), and derives from its exporter the keys of the associations: one for each
 * direction, fresh at every start, changed by time, octets and packets, the new one
 * in place before the old one goes.
 *
 * A keying is a value: give it what happened and the time; it changes its own
 * tables and appends, in order, the effects that the edge must carry out
 * (keying_effect.h).  Carry out the effects of one call before the next call.
 *
 * Both ends may start a connection.  Where several stand at once, one of the ends
 * decides: the newest that was authenticated goes on.  So it does not
 * matter who started, who restarted, or what was lost on the way.
 */
#ifndef COMMON_KEYING_KEYING_H
#define COMMON_KEYING_KEYING_H

#include "common/base/clock.h"
#include "common/base/counters.h"
#include "common/base/rng.h"
#include "common/keying/key_fault.h"
#include "common/keying/keying_effect.h"
#include "common/keying/psk.h"
#include "common/keying/tls.h"

enum {
	KEYING_PORT = 434,          /* TCP; IANA gives mobileip-agent both protocols */
	KEYING_RECEIVE_MAX = 16384, /* hand keying_received() no more at once */
	KEYING_BACKLOG_MAX = 65536, /* close a stream that has more still to be sent */
	KEYING_PEER_KEYS_MAX = 8,   /* associations a peer, while keys are rolled */
	KEYING_INBOUND_MAX = 8,     /* inbound at once a peer, old ones included */
};

/* An association to derive the external PSK from. */
struct keying_key {
	enum sa_kind kind;
	uint32_t spi;
	const struct secret *key;
};

struct keying_peer_spec {
	struct keying_pair pair;

	/* The first is offered, any is accepted.  None: certificates. */
	struct keying_key keys[KEYING_PEER_KEYS_MAX];
	size_t key_count;
	const char *name; /* DNS name in the peer's certificate; NULL: its address */

	enum esp_algorithm algorithms[ESP_ALGORITHM_COUNT]; /* best first */
	size_t algorithm_count;
	bool esn;                 /* used if both ends want it */
	enum key_carrier carrier; /* UDP if either end wants it */
	uint16_t port;            /* ours, for ESP in UDP */

	/* Time limits are shortened at random by up to a tenth.  0: no such limit. */
	duration_t rekey;
	uint64_t rekey_octets, rekey_packets;
	duration_t reauthenticate; /* a new connection after so long, or soon none */
	duration_t dead_after;     /* never 0 */
};

struct keying_config {
	struct tls_certificates certificates; /* chain NULL: we have none */
	const struct keying_peer_spec *peers;
	size_t peer_count;
	unsigned handshakes_max; /* under way in all, from others; 0: 64 */
	duration_t grace;        /* old inbound associations live on; 0: 5 s */
};

/* What is wrong with a configuration, KEY_OK if nothing; *which: the peer, or -1. */
enum key_fault keying_check(const struct keying_config *c, int *which);

struct keying;

/*
 * Connections are begun at once.  The configuration is copied.  A peer with whom
 * nothing can be agreed (keying_check) is kept, with the reason, and left alone.
 * NULL when out of memory.
 */
struct keying *keying_new(const struct keying_config *c, struct rng rng, struct now now,
			  struct keying_effects *fx);
void keying_free(struct keying *k);

/*
 * Peers that are no longer named end, new ones begin, changed ones begin again; those
 * of which nothing changed keep their associations.  0 or -ENOMEM.
 */
int keying_reconfigure(struct keying *k, const struct keying_config *c, struct now now,
		       struct keying_effects *fx);

/* One peer alone: a node that came with an address of its own.  0 or -ENOMEM. */
int keying_peer_set(struct keying *k, const struct keying_peer_spec *s, struct now now,
		    struct keying_effects *fx);
void keying_peer_drop(struct keying *k, struct keying_pair pair, struct now now,
		      struct keying_effects *fx);

/* Take leave of everybody: all associations go. */
void keying_stop(struct keying *k, struct now now, struct keying_effects *fx);

/* Events of streams, by number.  Numbers that are no longer known are ignored. */

/* A connection came.  Its number, or 0: not taken, close it. */
uint32_t keying_accepted(struct keying *k, struct keying_pair pair, struct now now,
			 struct keying_effects *fx);
/* One that KEYING_CONNECT asked for stands. */
void keying_connected(struct keying *k, uint32_t stream, struct now now,
		      struct keying_effects *fx);
void keying_received(struct keying *k, uint32_t stream, const void *bytes, size_t len,
		     struct now now, struct keying_effects *fx);
/* It ended, failed (error: a positive errno) or could not be opened. */
void keying_closed(struct keying *k, uint32_t stream, int error, struct now now,
		   struct keying_effects *fx);

/*
 * How KEYING_SA_IN_ADD or KEYING_SA_OUT_SET went: 0, or a positive errno.  EEXIST of
 * the former: the SPI is in use, and another is chosen.
 */
void keying_done(struct keying *k, const struct keying_effect *e, int error,
		 struct now now, struct keying_effects *fx);

/* The list ran out of memory: every connection begins again. */
void keying_overflow(struct keying *k, struct now now, struct keying_effects *fx);

/* An association that we send by has passed its limit of octets or packets. */
void keying_soft_limit(struct keying *k, struct keying_pair pair, uint32_t spi,
		       struct now now, struct keying_effects *fx);

/* Agree on new keys now, as the operator asked; false: nothing stands with the peer. */
bool keying_rekey(struct keying *k, struct keying_pair pair, struct now now,
		  struct keying_effects *fx);

void keying_deadline(struct keying *k, struct now now, struct keying_effects *fx);
instant_t keying_next_deadline(const struct keying *k);

/* For the operator. */

enum keying_state {
	KEYING_IDLE,       /* cannot be: see the fault */
	KEYING_WAITING,    /* until the next attempt */
	KEYING_CONNECTING, /* a connection or a handshake is under way */
	KEYING_UP,         /* associations stand both ways */
	KEYING_LINGERING,  /* they stand, the connection does not */
	KEYING_STATE_COUNT
};

const char *keying_state_name(enum keying_state s);

struct keying_status {
	struct keying_pair pair;
	enum keying_state state;
	bool certificate;  /* how the peer is authenticated */
	bool began;        /* we opened the connection */
	const char *suite; /* of TLS */
	uint32_t generation;
	uint32_t spi_in, spi_out;
	enum esp_algorithm algorithm_in, algorithm_out;
	bool esn;
	enum key_carrier carrier;
	instant_t up_since;   /* of the connection; never if there is none */
	instant_t keyed;      /* when this generation began */
	instant_t next_rekey; /* by time */
	instant_t next_attempt;
	enum key_fault fault; /* why it last failed */
	const char *detail;
	uint64_t handshakes, failures, rekeys;
};

void keying_each_peer(const struct keying *k,
		      void (*visit)(void *arg, const struct keying_status *s),
		      void *arg);
/* False: no such peer. */
bool keying_status(const struct keying *k, struct keying_pair pair,
		   struct keying_status *out);

/* Groups "keying" and "keying-fault".  Returns how many sets. */
unsigned keying_counters(const struct keying *k, struct counter_set *sets,
			 unsigned room);

#endif
