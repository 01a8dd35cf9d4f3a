/* SPDX-License-Identifier: ISC */
/*
 * A mobile node on a bench: one link, virtual time, a kernel made up, and a
 * home agent that answers what the test says.
 */
#ifndef TESTS_UNIT_MN_BENCH_H
#define TESTS_UNIT_MN_BENCH_H

#include "common/security/sa.h"
#include "common/wire/mip_advert.h"
#include "mn-sim/mn_core.h"
#include "tests/sim/kernel.h"

enum { BENCH_IFINDEX = 4, BENCH_KEPT = 64 };

#define BENCH_HOME       ((struct in_addr){ htonl(0x0a01000a) }) /* 10.1.0.10 */
#define BENCH_HOME_AGENT ((struct in_addr){ htonl(0x0a010001) }) /* 10.1.0.1 */
#define BENCH_VISITED    ((struct in_addr){ htonl(0x0a020001) }) /* agent 10.2.0.1 */
#define BENCH_CARE_OF    ((struct in_addr){ htonl(0x0a000202) }) /* 10.0.2.2 */
#define BENCH_OWN        ((struct in_addr){ htonl(0x0a090007) }) /* co-located */
#define BENCH_GATEWAY    ((struct in_addr){ htonl(0x0a090001) })

struct bench {
	struct mn_config config;
	struct assoc_config home_assoc, visited_assoc;
	struct peer_config visited;
	struct mac mac; /* of its interface */
	struct links links;
	struct rng_seeded seed;
	struct now now;
	struct mn_core *mn;
	struct effect_list fx; /* of the last event or run */
	struct kernel kernel;
	struct sa_store *signer; /* the keys of the other side */
	bool default_missing;    /* the default route was ever gone */
	int fail_kind;           /* effects of this kind fail; -1: none */

	/* the last Request that left, whole and decoded; `asked` counts them */
	uint8_t packet[MIP_MESSAGE_MAX + 28];
	size_t packet_len;
	struct mip_request rq;
	struct in_addr rq_src, rq_dst;
	uint8_t rq_ttl;
	struct mac rq_mac;        /* zero: through the UDP socket */
	bool rq_arp_silent;       /* the kernel was silent when it left */
	bool rq_signed_for_agent; /* carries MN-FA */
	unsigned asked, solicited, gratuitous, forwards;
	unsigned gateway_asked, gateway_broadcast;
	bool gateway_silent;     /* it does not answer ARP */
	bool arp_broadcast_away; /* ever */
	struct fwd_edit forward; /* the last */
	unsigned notes[NOTE_COUNT];
};

/* Away from everything; the link is down. */
void bench_init(struct bench *b);
/* With the configuration as it now is. */
void bench_start(struct bench *b);
void bench_fini(struct bench *b);

void bench_link(struct bench *b, bool up);
/* Let time pass, deadlines kept. */
void bench_run(struct bench *b, duration_t d);

/* Advertisements: of the home agent, of the visited agent, or as given. */
struct mip_advert bench_home_advert(uint16_t sequence);
struct mip_advert bench_visited_advert(uint16_t sequence);
struct mac bench_mac(struct in_addr agent);
/* The router where the node is on its own tells its link-layer address. */
void bench_hear_gateway(struct bench *b, struct mac mac);
void bench_hear(struct bench *b, const struct mip_advert *a, struct in_addr from);
void bench_hear_home(struct bench *b, uint16_t sequence);
void bench_hear_visited(struct bench *b, uint16_t sequence);

/* Start on the visited link, and be accepted there for 300 s. */
void bench_visit(struct bench *b);
/* From the start on it may use an address of its own. */
void bench_allow_colocated(struct bench *b);
/* Read the configuration as it now is; 0 or -errno. */
int bench_reload(struct bench *b);

/* What is sent anywhere goes through this, with the home address. */
bool bench_default_is(const struct bench *b, struct in_addr via, int ifindex);

/* Answer the last Request with this code; signed for the node. */
void bench_reply(struct bench *b, uint8_t code, uint16_t lifetime);
/* The same with more said. */
struct bench_answer {
	uint8_t code;
	uint16_t lifetime;
	struct in_addr home_agent; /* 0: as in the Request */
	uint64_t ident;            /* 0: as in the Request */
	bool unsigned_, twice, corrupt, for_agent_too;
	uint8_t fa_error;    /* extension 45, after what is signed */
	struct in_addr from; /* 0: where the Request went */
};
void bench_answer(struct bench *b, const struct bench_answer *a);

struct mn_status bench_status(const struct bench *b);
uint64_t bench_counter(const struct bench *b, const char *name);

#endif
