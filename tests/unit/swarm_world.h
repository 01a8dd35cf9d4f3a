/* SPDX-License-Identifier: ISC */
/*
 * A swarm on virtual time, against a home agent of a few lines that signs what it is
 * told to say.  Addresses and keys are those of the golden vectors.
 */
#ifndef TESTS_UNIT_SWARM_WORLD_H
#define TESTS_UNIT_SWARM_WORLD_H

#include "common/security/auth.h"
#include "mn-sim/swarm.h"

enum { SW_NODES = 100, SW_SPI = 0x1000, SW_FA_SPI = 0x2000, SW_LIFETIME = 300 };

#define SW_HOME       0xc6336432u /* 198.51.100.50 */
#define SW_HOME_AGENT 0xc6336401u
#define SW_CARE_OF    0xcb00714du
#define SW_CLOCK      UINT64_C(0xe8fe6f1c12345678)

struct swarm_world {
	struct sa_store *associations;
	struct swarm_config config;
	struct rng_seeded seed;
	struct swarm *swarm;
	struct now now;
	struct swarm_batch batch;
};

/* Two foreign agents. */
extern const struct swarm_agent swarm_world_agents[2];

/* Change its configuration, then begin. */
struct swarm_world swarm_world(void);
void swarm_world_begin(struct swarm_world *w);
void swarm_world_end(struct swarm_world *w);

struct in_addr swarm_world_addr(uint32_t host);
void swarm_world_share(struct swarm_world *w, enum sa_kind kind, struct in_addr peer,
		       uint32_t spi);
void swarm_world_pass(struct swarm_world *w, duration_t d);
void swarm_world_start(struct swarm_world *w, const char *step);

/* What is due, into the batch; how many. */
unsigned swarm_world_take(struct swarm_world *w);
struct mip_request swarm_world_request(const struct swarm_message *m);

/* A Reply of that code, signed by the home agent; its length.  Then handed in. */
size_t swarm_world_reply(struct swarm_world *w, const struct swarm_message *m,
			 uint8_t code, uint8_t bytes[256]);
void swarm_world_hand_in(struct swarm_world *w, const void *bytes, size_t len);
void swarm_world_answer(struct swarm_world *w, const struct swarm_message *m,
			uint8_t code);

/* Until the step is over, every Request answered after `delay`. */
void swarm_world_live(struct swarm_world *w, duration_t delay, uint8_t code);

const struct swarm_op_stats *swarm_world_op(const struct swarm_world *w,
					    enum swarm_op which);

#endif
