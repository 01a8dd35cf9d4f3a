/* SPDX-License-Identifier: ISC */
/*
 * What the files of keying share: peers, their connections ("sessions") and their
 * associations.
 *
 *     keying.c          configuration and events, by way of the tables
 *     keying_peer.c     when to connect; what stands or falls with a peer
 *     keying_session.c  one connection: TLS, messages, silence
 *     keying_sa.c       generations of associations
 *     keying_check.c    judging and comparing configurations
 *     keying_show.c     for the operator
 *
 * One end leads, the one that drew the lower instance at its start (addresses would
 * not do: behind a NAT the two ends see different ones).  It begins the first
 * generation of every connection, and when several connections stand it keeps the
 * newest and says BYE on the others.  The other end follows the generation, which the
 * leader counts on from one connection to the next, so that of two READYs the later
 * one is known even if they came by different connections.
 */
#ifndef COMMON_KEYING_KEYING_PRIVATE_H
#define COMMON_KEYING_KEYING_PRIVATE_H

#include "common/base/hashmap.h"
#include "common/base/list.h"
#include "common/base/timers.h"
#include "common/keying/keying.h"

enum {
	SESSIONS_MAX = 4,      /* a peer, of all kinds */
	HANDSHAKES_A_PEER = 2, /* of these, begun by the peer and not yet open */
	HANDSHAKES_MAX = 64,   /* by default, of all peers */
	INBOUND_MAX = KEYING_INBOUND_MAX,
	SPI_TRIES = 16,
	HANDSHAKE_SECONDS = 10, /* until keys stand */
	ANSWER_SECONDS = 10,    /* until a new generation is answered */
	STEADY_SECONDS = 10,    /* a connection that lived so long was no failure */
	GRACE_SECONDS = 5,
	BACKOFF_FIRST_MS = 1000,
	BACKOFF_MOST_MS = 60000,
	PROOF_SECONDS = 30,         /* to authenticate anew, at least */
	CROSSING_MS = 200,          /* the follower hesitates up to so long */
	NOTED_AGAIN_SECONDS = 3600, /* the same failure of a peer is told of once */
	GENERATION_MAX = 1 << 30,   /* nobody counts so far in good faith */
};

enum keying_count {
#define COUNTER(symbol, name, help) symbol,
#include "common/keying/keying_count.def"
#undef COUNTER
	KEYING_COUNTERS
};

enum timer_kind { TIMER_PEER, TIMER_SESSION };

struct key_peer;

/* One connection. */
struct key_session {
	uint32_t stream;
	UT_hash_handle hh;
	struct list link; /* in its peer's list, in the order of their beginning */
	struct timer timer;
	struct key_peer *peer;
	struct tls *tls; /* NULL until the stream stands */
	bool ours;       /* begun by us */
	bool greeted;    /* TLS is open and our HELLO is sent */
	bool open;       /* and theirs came */
	bool settled;    /* and a generation stands both ways */
	bool ended;      /* freed when the event is over */
	struct key_hello theirs;

	uint8_t pending[KEY_MSG_MAX]; /* the beginning of a message */
	size_t pending_len;

	/*
	 * Generations: the newest that we asked to be installed, that we announced by
	 * READY, and that the peer announced and we send by.  Equal when at rest.
	 */
	uint32_t asked, announced, adopted;

	instant_t begun, give_up; /* give_up: never once settled */
	instant_t heard, probed;
};

enum inbound_state {
	INBOUND_NONE,
	INBOUND_ASKED,    /* KEYING_SA_IN_ADD is not reported on yet */
	INBOUND_READY,    /* the peer may send by it */
	INBOUND_RETIRING, /* the peer sends by a newer one */
};

struct key_inbound {
	enum inbound_state state;
	uint32_t spi;
	uint32_t generation;
	uint32_t stream; /* whose secrets it is from */
	uint64_t order;  /* of its beginning */
	unsigned tries;
	enum esp_algorithm algorithm;
	instant_t retire_at;
};

struct key_outbound {
	bool asked; /* KEYING_SA_OUT_SET is not reported on yet */
	bool set;   /* there is one to send by */
	uint32_t spi;
	uint32_t generation;
	uint32_t stream;
	uint64_t instance; /* of the peer that announced it */
	enum esp_algorithm algorithm;
};

struct key_peer {
	struct keying_peer_spec spec; /* key pointers are NULL, name is owned */
	struct psk psks[KEYING_PEER_KEYS_MAX];
	struct tls_credentials *credentials; /* NULL: see `unusable` */
	enum key_fault unusable;
	UT_hash_handle hh;
	struct timer timer;
	bool leader; /* we are, of what is open */

	struct list sessions;
	struct key_session *current; /* whose keys are used or about to be */
	struct key_inbound inbound[INBOUND_MAX];
	struct key_outbound outbound;
	uint32_t generation; /* the highest asked for or adopted */
	uint64_t order;      /* of inbound associations */
	bool up;
	bool esn;
	enum key_carrier carrier;

	unsigned failures_in_row;
	instant_t heard; /* anything, by any connection */
	instant_t next_attempt, linger_until;
	instant_t rekey_at, reauthenticate_at, answer_by;
	instant_t proven_until; /* what it is authenticated by stands no longer */
	instant_t keyed;

	enum key_fault fault; /* why it last failed */
	const char *detail;
	uint64_t noted; /* faults that the log was told of, as bits */
	instant_t noted_until;
	uint64_t handshakes, failures, rekeys;
};

struct keying {
	struct rng rng;
	struct key_peer *peers; /* by spec.pair */
	struct key_session *by_stream;
	struct list ended; /* sessions to be freed when the event is over */
	struct timers timers;
	uint32_t last_stream;
	uint64_t instance;
	unsigned handshakes, handshakes_max; /* begun by others and not yet open */
	duration_t grace;
	bool stopped;

	char *chain, *authorities; /* NULL: no certificates */
	struct secret private_key;

	instant_t stranger_noted_until;
	uint64_t counts[KEYING_COUNTERS];
	uint64_t faults[KEY_FAULT_COUNT];
};

/* One event: handed down instead of its three parts. */
struct key_turn {
	struct keying *k;
	struct now now;
	struct keying_effects *fx;
};

/* keying_effect.c */

/* A zeroed effect, or NULL with `overflow` set. */
struct keying_effect *keying_effect_add(struct keying_effects *fx,
					enum keying_effect_kind kind,
					struct keying_pair pair, uint32_t stream);

/* keying_check.c */

/* Derive what the peer is authenticated with; `unusable` says why it cannot be. */
void key_peer_credentials(const struct keying *k, struct key_peer *p,
			  const struct keying_peer_spec *s);
enum key_fault key_spec_check(const struct keying_peer_spec *s, bool certificates);
/* Whether keys that stand may go on under the other one. */
bool key_spec_agrees(const struct key_peer *a, const struct key_peer *b);

/* keying_peer.c */

struct key_peer *key_peer_new(struct key_turn *t, const struct keying_peer_spec *s);
void key_peer_free(struct keying *k, struct key_peer *p);
struct key_peer *key_peer_find(const struct keying *k, struct keying_pair pair);
void key_peer_deadline(struct key_turn *t, struct key_peer *p);
/* Recompute the deadlines of the peer and its sessions. */
void key_peer_arm(struct key_turn *t, struct key_peer *p);
/* Say farewell on every connection and let all associations go. */
void key_peer_end(struct key_turn *t, struct key_peer *p, enum key_bye bye,
		  enum key_fault why);
/* Associations go; the log is told if any stood. */
void key_peer_down(struct key_turn *t, struct key_peer *p, enum key_fault why);
/* Both ways stand: tell, if that is news. */
void key_peer_check_up(struct key_turn *t, struct key_peer *p);
/* A session was opened by both ends, reached its first keys, or is no more. */
void key_peer_opened(struct key_turn *t, struct key_peer *p, struct key_session *s);
void key_peer_lost(struct key_turn *t, struct key_peer *p, const struct key_session *s);
/* Whether a connection stands. */
bool key_peer_is_open(const struct key_peer *p);
/* Count a failure and tell the log, once. */
void key_peer_failed(struct key_turn *t, struct key_peer *p, enum key_fault fault,
		     const char *detail);
/* It has just been authenticated: when that is to be done anew, and must be. */
void key_peer_proven(struct key_turn *t, struct key_peer *p);
/* `d` shortened at random by up to a tenth; 0 is never. */
instant_t key_peer_shortened(struct key_turn *t, duration_t d);

/* keying_session.c */

struct key_session *key_session_new(struct key_turn *t, struct key_peer *p, bool ours);
void key_session_free(struct key_session *s);
struct key_session *key_session_find(const struct keying *k, uint32_t stream);
/* The stream stands: TLS begins.  False: the session is over. */
bool key_session_begin(struct key_turn *t, struct key_session *s);
void key_session_receive(struct key_turn *t, struct key_session *s, const void *bytes,
			 size_t len);
void key_session_deadline(struct key_turn *t, struct key_session *s);
instant_t key_session_next(const struct key_session *s);
void key_session_send(struct key_turn *t, struct key_session *s,
		      const struct key_msg *m);
/* End it, the peer's other affairs untouched: the caller sees to them. */
void key_session_bye(struct key_turn *t, struct key_session *s, enum key_bye bye,
		     enum key_fault why);
/* It failed: count that, tell, and see what becomes of the peer. */
void key_session_fail(struct key_turn *t, struct key_session *s, enum key_fault fault,
		      const char *detail);
/* End it for a reason of the peer's, or of ours that is no failure. */
void key_session_drop(struct key_turn *t, struct key_session *s, enum key_fault why);
/* Say why, then fail. */
void key_session_reject(struct key_turn *t, struct key_session *s, enum key_bye bye,
			enum key_fault fault);

/* keying_sa.c */

/* The first generation of a connection that we lead. */
void key_sa_begin(struct key_turn *t, struct key_session *s);
/* The next one; false: not now. */
bool key_sa_rekey(struct key_turn *t, struct key_peer *p);
void key_sa_ready(struct key_turn *t, struct key_session *s, const struct key_ready *r);
void key_sa_using(struct key_turn *t, struct key_session *s, uint32_t generation);
/* False: nobody wants it any more. */
bool key_sa_in_done(struct key_turn *t, struct key_peer *p, uint32_t spi, int error);
void key_sa_out_done(struct key_turn *t, struct key_peer *p, uint32_t spi, int error);
/* Delete one that stands. */
void key_sa_delete(struct key_turn *t, struct keying_pair pair, uint32_t spi);
/* Delete what has been retired long enough; when the next one is. */
void key_sa_expire(struct key_turn *t, struct key_peer *p);
instant_t key_sa_next_expiry(const struct key_peer *p);
void key_sa_clear(struct key_turn *t, struct key_peer *p);
bool key_sa_any(const struct key_peer *p);
/* An algorithm that we receive by, of those that the peer sends by, or COUNT. */
enum esp_algorithm key_sa_choose(const struct key_peer *p, key_algorithms_t theirs);

/* keying_show.c has only what keying.h declares. */

#endif
