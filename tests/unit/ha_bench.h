/* SPDX-License-Identifier: ISC */
/*
 * A home agent's core on a bench: virtual time, a configuration by hand, an edge
 * that carries effects out in a model of the kernel and can be told to fail, and
 * Requests built and signed as nodes and foreign agents would.
 *
 * The network:
 *   home   10.1.0.0/24 on link "home" (ifindex 3), the agent is 10.1.0.1
 *   far    10.7.0.0/16, virtual
 *   core   10.0.1.2/24 on link "core" (ifindex 2)
 *   nodes  10.1.0.10 (SPIs 256, 257), 10.1.0.11, 10.7.0.10, 192.0.2.9 (no network)
 *   agents 10.0.2.2 shares SPI 512 with us; 10.0.3.2 shares nothing
 */
#ifndef TESTS_UNIT_HA_BENCH_H
#define TESTS_UNIT_HA_BENCH_H

#include "common/agent/effect.h"
#include "common/base/rng.h"
#include "common/security/sa.h"
#include "ha/ha_core.h"
#include "ha/ha_private.h"

#include <stdio.h>

#define HB_HA        0x0a010001u /* 10.1.0.1 */
#define HB_NODE      0x0a01000au /* 10.1.0.10 */
#define HB_NODE2     0x0a01000bu /* 10.1.0.11 */
#define HB_FAR       0x0a07000au /* 10.7.0.10 */
#define HB_STRAY     0xc0000209u /* 192.0.2.9 */
#define HB_FA        0x0a000202u /* 10.0.2.2 */
#define HB_FA2       0x0a000302u /* 10.0.3.2 */
#define HB_COLOCATED 0x0a090007u

enum {
	HB_CORE_IF = 2,
	HB_HOME_IF = 3,
	HB_NODES = 4,
	HB_SPI = 256,
	HB_SPI_NEW = 257,
	HB_FA_SPI = 512,
	HB_ROOM = 64,
};

/* What a Request is made from; hb_ask() has the defaults. */
struct ha_ask {
	struct mip_request rq;
	uint32_t spi;    /* of the MN-HA extension; 0: none */
	uint32_t fa_spi; /* of the FA-HA extension; 0: none */
	unsigned times;  /* how often the MN-HA extension is put */
	unsigned fa_times;
	const uint8_t *extra; /* extensions in front of the MN-HA extension */
	size_t extra_len;
	bool forged; /* a wrong authenticator of the node */
	bool fa_forged;
	struct in_addr src, dst;
	uint16_t src_port;
	int ifindex;
	bool on_link; /* through the packet socket, from the node's address */
};

struct ha_stored {
	struct in_addr home;
	struct effect_record record;
};

/* What the kernel would hold, and the store. */
struct ha_world {
	unsigned entry_count, route_count, stored_count;
	struct fwd_edit entry[HB_ROOM];
	struct ipv4_prefix route[HB_ROOM];
	struct ha_stored stored[HB_ROOM];
};

struct ha_bench {
	struct ha_config config;
	struct home_network network[2];
	struct advert_config advert[1];
	struct peer_config node[HB_NODES];
	struct peer_config agent[1];
	struct assoc_config assoc[HB_NODES + 2];
	uint8_t key[HB_NODES + 2][16];

	struct links links;
	struct rng_seeded seed;
	struct now now;
	uint64_t last_ident; /* of the Requests made */
	struct ha_core *ha;
	struct sa_store *peers; /* the other ends of all associations */

	struct ha_world world;
	struct effect_list log; /* carried out since the last event, in order */
	int fail;               /* kind of effect to fail once; -1: none */
	unsigned fail_after;    /* of that kind, let so many pass first */
	bool failed;            /* something has, since the last hb_forget_orphans */

	bool replied; /* of the last event */
	struct mip_reply reply;
	struct effect reply_effect;
	bool reply_authentic; /* both authenticators, as far as shared, were right */
	bool reply_has_fa;
};

/* Do to the model what the effect asks for; 0 or an errno (ha_world.c). */
int hw_forward(struct ha_world *w, const struct fwd_edit *edit);
int hw_route(struct ha_world *w, const struct effect_route *r);
int hw_remember(struct ha_world *w, struct in_addr home, const uint8_t *bytes,
		size_t len);
const struct effect_record *hw_stored(const struct ha_world *w, uint32_t home);

/* Take out of the model what belongs to nobody. */
void hw_forget_orphans(struct ha_bench *b);

extern const struct mac hb_home_mac; /* of the agent on its home link */
extern const struct mac hb_node_mac;

struct in_addr hb_addr(uint32_t host_order);

/* Fill in the configuration; change it before hb_start. */
void hb_init(struct ha_bench *b);
void hb_start(struct ha_bench *b);
void hb_stop(struct ha_bench *b);

/* Both in one, with the configuration as it is. */
void hb_open(struct ha_bench *b);

/*
 * The agent is killed, and after a while another is started on the same store, with
 * what the configuration is then.
 */
void hb_restart(struct ha_bench *b, duration_t after);

/* A Request by HB_NODE over HB_FA2 for 300 s with GRE; nothing of it is reused. */
struct ha_ask hb_ask(struct ha_bench *b, uint32_t home, uint32_t care_of);

/* A deregistration of everything by a node that is at home. */
struct ha_ask hb_ask_home(struct ha_bench *b, uint32_t home);

size_t hb_encode(struct ha_bench *b, const struct ha_ask *a,
		 uint8_t bytes[MIP_MESSAGE_MAX]);

/* Let the agent have it; the code of the Reply, or -1 for silence. */
int hb_send(struct ha_bench *b, const struct ha_ask *a);
int hb_send_bytes(struct ha_bench *b, const struct ha_ask *a, const uint8_t *bytes,
		  size_t len);

/* A Request with these flags; the same. */
int hb_register(struct ha_bench *b, uint32_t home, uint32_t care_of, uint8_t flags);

/* Let time pass, deadline by deadline. */
void hb_wait(struct ha_bench *b, duration_t d);

void hb_arp(struct ha_bench *b, uint16_t op, struct mac from, uint32_t sender,
	    uint32_t target);
void hb_icmp(struct ha_bench *b, const uint8_t *bytes, size_t len);
void hb_link(struct ha_bench *b, int ifindex, bool up);
int hb_reconfigure(struct ha_bench *b);
unsigned hb_clear(struct ha_bench *b, uint32_t home);

/* Questions. */
unsigned hb_count(const struct ha_bench *b, enum effect_kind kind); /* in the log */
const struct effect *hb_effect(const struct ha_bench *b, enum effect_kind kind,
			       unsigned nth);
const struct note *hb_note(const struct ha_bench *b, enum note_kind kind);
struct mobility_binding *hb_binding(const struct ha_bench *b, uint32_t home,
				    uint32_t care_of);
struct home_node *hb_node_of(const struct ha_bench *b, uint32_t home);
uint64_t hb_counter(const struct ha_bench *b, enum ha_counter c);

/*
 * What must hold after every event: a binding has a timer, a forwarding entry and,
 * on a link, route and proxy ARP; none of these exists without one; and the store
 * has what the agent knows.  NULL or what is wrong.
 */
const char *hb_fault(const struct ha_bench *b);

/* For tests: assert that nothing is wrong, and say what. */
#define SOUND(b)                                  \
	do {                                      \
		const char *fault_ = hb_fault(b); \
		CU_ASSERT_PTR_NULL(fault_);       \
		if (fault_)                       \
			printf("# %s\n", fault_); \
	} while (0)

/*
 * If anything has failed: a clearing that the kernel refuses leaves something
 * behind that no agent will remove; the model keeps no count of it.  A store that
 * has failed is filled anew.
 */
void hb_forget_orphans(struct ha_bench *b);

#endif
