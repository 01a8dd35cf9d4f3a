/* SPDX-License-Identifier: ISC */
/*
 * Two agents that agree on keys, in a made-up world: their keyings, what their data
 * planes hold, and streams between them.  Everything is drawn from one seed.
 *
 * After every event the world judges:
 *
 *  - a key has one sender, and is given to a data plane for sending once;
 *  - what an agent sends by is installed at the other one, with the same key and
 *    algorithm, unless that one has crashed or gone down since;
 *  - nothing stays installed at an agent that says the peer is down.
 */
#ifndef TESTS_UNIT_KEY_WORLD_H
#define TESTS_UNIT_KEY_WORLD_H

#include "common/base/hashmap.h"
#include "common/base/rng.h"
#include "common/keying/keying.h"
#include "tests/sim/streams.h"

enum {
	WORLD_INBOUND = KEYING_INBOUND_MAX,
};

struct world_sa {
	bool used;
	uint32_t spi;
	enum esp_algorithm algorithm;
	bool esn;
	uint8_t key[ESP_MATERIAL_MAX];
	size_t key_len;
	/* Outbound: the lives of the receiver when it was set. */
	unsigned life, downs;
};

struct world_node {
	struct keying *k; /* NULL: crashed */
	struct keying_peer_spec spec;
	struct rng_seeded seed;
	unsigned life;  /* starts so far */
	unsigned downs; /* how often its associations went */
	bool up;
	struct world_sa in[WORLD_INBOUND], out;
	unsigned ups, rekeyed, failed, notes;
	enum key_fault fault; /* of the last note */
	const char *detail;
};

/* A key that some data plane was given to send by. */
struct world_key {
	uint8_t bytes[ESP_MATERIAL_MAX];
	int sender;
	UT_hash_handle hh;
};

struct key_world {
	struct now now;
	struct rng_seeded seed;
	struct rng chance;
	struct world_node node[2];
	struct streams streams;
	struct world_key *keys;
	unsigned key_count;
	struct tls_certificates certificates[2]; /* chain NULL: keys */

	unsigned taken_in;  /* of 100: an SPI is in use already */
	unsigned broken_in; /* of 1000: a data plane fails */
	unsigned sent;      /* pieces given to streams */

	bool verbose;
	uint64_t trace;   /* hash of all that happened */
	char broken[200]; /* the first promise that was broken, or "" */
};

extern const uint8_t world_key_bytes[32];

/* Nobody runs yet; the spec of each node can still be changed. */
void key_world_init(struct key_world *w, uint64_t seed);
void key_world_fini(struct key_world *w);
/* The same of one's own; at its end no promise may be broken. */
struct key_world *key_world_new(uint64_t seed);
void key_world_end(struct key_world *w);

void key_world_start(struct key_world *w, int node);
void key_world_stop(struct key_world *w, int node); /* in good order */
/* Without a word: of its streams the other end hears `reset`, or nothing ever. */
void key_world_crash(struct key_world *w, int node, bool reset);
/* New settings for both or one. */
void key_world_reconfigure(struct key_world *w, int node);
void key_world_rekey(struct key_world *w, int node);
/* It ran out of memory for effects. */
void key_world_overflow(struct key_world *w, int node);
void key_world_soft_limit(struct key_world *w, int node);
/* Every stream ends at both sides. */
void key_world_cut(struct key_world *w);

/* The next event, if it is due before `until`; else the time is `until`, and false. */
bool key_world_step(struct key_world *w, instant_t until);
void key_world_run(struct key_world *w, duration_t d);

/* Both say that they are up, and what each sends by the other has. */
bool key_world_is_up(const struct key_world *w);
/* Run until that is so, at most `d`. */
bool key_world_await_up(struct key_world *w, duration_t d);

/* How often a keying counted that fault. */
uint64_t key_world_faults(const struct keying *k, enum key_fault f);

/* Streams that stand or are being opened. */
unsigned key_world_streams(const struct key_world *w);

#endif
