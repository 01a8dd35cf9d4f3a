/* SPDX-License-Identifier: ISC */
/*
 * A foreign agent with everything around it played by hand: nodes that ask,
 * home agents that answer, time that passes, and the effects of the last event
 * to look at.  For the suites of fa/ and its fuzzer.
 *
 *   node 10.1.0.10 ---- visit1 (2) 10.2.0.1 --+
 *                                             +-- core (4) 10.0.2.2 ---- 10.1.0.1
 *   node 10.1.0.11 ---- visit2 (3) 10.4.0.1 --+   the care-of address    10.5.0.1
 *
 * Home agent 10.1.0.1 and node 10.1.0.11 share an association with the foreign
 * agent, home agent 10.5.0.1 and node 10.1.0.10 do not.
 */
#ifndef TESTS_UNIT_FA_WORLD_H
#define TESTS_UNIT_FA_WORLD_H

#include "common/security/sa.h"
#include "common/wire/mip_advert.h"
#include "common/wire/mip_ext.h"
#include "common/wire/mip_msg.h"
#include "common/wire/udp.h"
#include "fa/fa_core.h"
#include "fa/pending.h"
#include "fa/visitor.h"

enum { VISIT1 = 2, VISIT2 = 3, CORE = 4 };

#define IP(a, b, c, d)                                                       \
	((struct in_addr){ htonl((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | \
				 (uint32_t)(c) << 8 | (d)) })

#define CARE_OF       IP(10, 0, 2, 2)
#define HOME_AGENT    IP(10, 1, 0, 1)  /* shares FA-HA */
#define OTHER_AGENT   IP(10, 5, 0, 1)  /* shares nothing */
#define NODE          IP(10, 1, 0, 10) /* shares nothing */
#define SIGNING_NODE  IP(10, 1, 0, 11) /* shares MN-FA */
#define OUR_ADDRESS   IP(10, 2, 0, 1)
#define OUR_ADDRESS2  IP(10, 4, 0, 1)
#define ALL_AGENTS_IP IP(224, 0, 0, 11)

#define NODE_MAC  ((struct mac){ { 2, 0, 0, 0, 0, 0x10 } })
#define OTHER_MAC ((struct mac){ { 2, 0, 0, 0, 0, 0x66 } })

enum { SPI_MN_HA = 0x1000, SPI_MN_FA = 0x2000, SPI_FA_HA = 0x3000 };

struct fa_world {
	struct fa_core *fa;
	struct fa_config config; /* change it between fa_world_config and _start */
	struct advert_config adverts[2];
	struct peer_config home_agents[1], nodes[1];
	struct assoc_config assocs[2];
	struct tunnel_config tunnels[1];
	struct links links;
	struct sa_store *keys; /* of the others */
	struct rng_seeded seed;
	struct now now;
	struct effect_list fx; /* of the last event */
};

void fa_world_config(struct fa_world *w);
void fa_world_start(struct fa_world *w);
void fa_world_end(struct fa_world *w);

/* Both in one, with the configuration as it is. */
void fa_world_open(struct fa_world *w);

/* A Request as a node sends it, well or badly. */
struct ask {
	uint8_t flags;
	uint16_t lifetime;
	struct in_addr home, home_agent, care_of;
	uint64_t ident;
	unsigned mn_ha, mn_fa;  /* how many of these extensions */
	bool spoil_mn_fa;       /* one bit of the last authenticator turned */
	bool delivery;          /* extension 130 after MN-HA */
	const uint8_t *covered; /* raw extensions before MN-HA */
	size_t covered_len;
	const uint8_t *loose; /* raw extensions after it */
	size_t loose_len;

	bool no_mac;
	struct mac mac;
	int ifindex;
	struct in_addr src, dst;
	uint16_t src_port;
	uint8_t ttl;
};

/* What a Reply says, and how it is signed. */
struct say {
	uint8_t code;
	uint16_t lifetime;
	struct in_addr home, home_agent;
	uint64_t ident;
	unsigned mn_ha, fa_ha;
	bool spoil_fa_ha;
	const uint8_t *covered; /* raw extensions before MN-HA */
	size_t covered_len;
	const uint8_t *loose; /* raw extensions between MN-HA and FA-HA */
	size_t loose_len;
	struct in_addr src, dst;
};

struct ask usual_ask(void);
struct ask reverse_ask(void); /* for a reverse tunnel */
struct ask signing_ask(void); /* by the node that shares MN-FA */
struct say usual_say(void);

/* The acceptance of a Request, as its home agent would give it. */
struct say say_to(const struct ask *a);

size_t fa_build_ask(struct fa_world *w, const struct ask *a, uint8_t *to, size_t room);
size_t fa_build_say(struct fa_world *w, const struct say *s, uint8_t *to, size_t room);

/* Events; w->fx holds their effects alone. */
void fa_world_ask(struct fa_world *w, const struct ask *a);
void fa_world_say(struct fa_world *w, const struct say *s);
void fa_world_bytes(struct fa_world *w, const struct ask *way, const void *bytes,
		    size_t len);
/* An ICMP message from the node on that link. */
void fa_world_icmp(struct fa_world *w, int ifindex, const void *bytes, size_t len);

void fa_world_pass(struct fa_world *w, duration_t time);
void fa_world_fail(struct fa_world *w, enum effect_kind kind, unsigned nth, int error);

/* Ask and be accepted. */
void fa_world_register(struct fa_world *w, const struct ask *a);

/* The nth effect of a kind, or NULL; and how many there are. */
const struct effect *fa_world_effect(const struct fa_world *w, enum effect_kind kind,
				     unsigned nth);
const struct fwd_edit *fa_world_edit(const struct fa_world *w, unsigned nth);
unsigned fa_world_effects(const struct fa_world *w, enum effect_kind kind);

/* Position of an effect among all, to compare orders; -1 if there is none. */
int fa_world_place(const struct fa_world *w, enum effect_kind kind, unsigned nth);

/* The Reply that went to a node last. */
struct heard {
	bool any;
	uint8_t code; /* 255 when nothing was sent */
	int ifindex;
	struct mac mac;
	struct udp_packet udp;
	struct reader message;
	struct mip_reply rp;
	struct mip_ext_index ix;
};

struct heard fa_world_heard(const struct fa_world *w);

/* The first advertisement on a link among the effects; code 255 if there is none. */
struct mip_advert fa_world_advert(const struct fa_world *w, int ifindex);

/* ... and whether it says goodbye. */
bool fa_world_is_last_word(const struct fa_world *w, int ifindex);

uint64_t fa_world_counter(const struct fa_world *w, const char *name);
const struct visitor_entry *fa_world_visitor(const struct fa_world *w,
					     struct in_addr home);
unsigned fa_world_pending(const struct fa_world *w);
unsigned fa_world_notes(const struct fa_world *w, enum note_kind kind);

/* As many skippable extensions as fill `len` octets, to make a message long. */
void fa_world_fill(uint8_t *to, size_t len);

#endif
