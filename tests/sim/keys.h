/* SPDX-License-Identifier: ISC */
/*
 * ESP between agents of the made-up world: the real keying and the real forwarding
 * table, joined as common/shell does, over streams that are made up.
 */
#ifndef TESTS_SIM_KEYS_H
#define TESTS_SIM_KEYS_H

#include "common/keying/keying.h"
#include "common/tunnel/protect.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct node;
struct world;

enum { KEYED_AGENTS = 3 };

/* How the packets between the home agent and one foreign agent are protected. */
struct esp_setup {
	enum protect_policy policy; /* PROTECT_OFF: not at all */
	enum esp_algorithm algorithm;
	enum carrier_kind carrier;
	bool esn;
	uint16_t window;
	duration_t rekey, reauthenticate, dead_after;
	uint64_t rekey_packets;
};

/* What an agent has for it; nothing while it is dead. */
struct keys {
	struct keying *keying;
	struct rng_seeded seed;
	struct keying_effects fx, spare;
	bool dying;                      /* in the midst of its effects */
	uint64_t soft[KEYED_AGENTS];     /* packets to tell keying of; 0: no more */
	uint32_t soft_spi[KEYED_AGENTS]; /* of this association */
};

/* Faults put in on purpose: each must be noticed. */
enum sabotage {
	SABOTAGE_NONE,
	SABOTAGE_SENDS_CLEAR,   /* the forwarding table is told of no protection */
	SABOTAGE_TAKES_CLEAR,   /* it is told to prefer what is required */
	SABOTAGE_TAKES_REPLAYS, /* receivers do not look at sequence numbers */
	SABOTAGE_SAME_KEY,      /* a sender has one key for ever */
	SABOTAGE_TAKES_ALTERED, /* nor at the ICV */
	SABOTAGE_BREAKS_FIRST,  /* old associations go when a new one comes */
	SABOTAGE_GIVES_UP,      /* nobody connects a second time */
	SABOTAGE_COUNT
};

struct esp_setup esp_setup_usual(enum protect_policy policy);

/* Before the agents start: protect what goes between the two, who then share a key. */
void world_protect(struct world *w, int fa, const struct esp_setup *setup);

/* Whether each end has what the other one sends by. */
bool world_is_keyed(struct world *w, int fa);
bool world_await_keyed(struct world *w, int fa, duration_t most);

/* As the operator would ask. */
void world_rekey(struct world *w, int node, int fa);

/* How often the two have changed keys, as the home agent counts. */
uint64_t world_rekeys(struct world *w, int fa);

/* attacks.c: what somebody on the path does; the invariants say what may come of it. */

/* A sealed packet of before once more, as it was or with one bit changed. */
void world_replay_sealed(struct world *w);
void world_replay_altered(struct world *w);
/* A packet in clear to one end, as if the other one had sent it for that node. */
void world_forge_clear(struct world *w, int fa, int mn);

/* Life of an agent. */
bool keys_protect(struct node *n); /* before anything is forwarded */
bool keys_start(struct node *n);   /* once the core is there */
void keys_stop(struct node *n);
void keys_kill(struct node *n);

instant_t keys_next(const struct node *n);
void keys_deadline(struct node *n);

/* After each step: limits of packets, and those that died in the midst of it. */
void keys_after_step(struct world *w);

/* Its streams are those of the agents in the world. */
void keys_init_streams(struct world *w);

/* invariants_esp.c */

/* From now on it sends or receives by that association. */
void invariant_sends_by(struct node *n, const struct keying_sa *sa);
void invariant_receives_by(struct node *n, const struct keying_sa *sa);

/* Before a packet leaves: sealed where it must be, and by no nonce of before. */
void invariant_leaves(struct node *n, const uint8_t *bytes, size_t len);

/* Something came out of a packet: it was sealed, sent so, and never taken before. */
void invariant_taken(struct node *n, const uint8_t *bytes, size_t len);

/* Whether it is ESP, raw or in UDP. */
bool esp_is_sealed(const uint8_t *bytes, size_t len);

void invariants_esp_fini(struct world *w);

#endif
