/* SPDX-License-Identifier: ISC */
/*
 * Replies that a swarm is to leave out.
 */
#include "common/wire/mip_code.h"

#include <CUnit/CUnit.h>
#include <string.h>

#include "tests/unit/hex.h"
#include "tests/unit/suites.h"
#include "tests/unit/swarm_world.h"

static void altered_replies_are_left_out(void)
{
	struct swarm_world w = swarm_world();
	uint8_t good[256], bad[256];
	size_t len;
	uint64_t left_out;
	const struct swarm_stats *s;

	w.config.nodes = 1;
	swarm_world_begin(&w);
	s = swarm_stats(w.swarm);
	swarm_world_start(&w, "register");
	CU_ASSERT_EQUAL_FATAL(swarm_world_take(&w), 1);
	len = swarm_world_reply(&w, &w.batch.at[0], MIP_ACCEPTED, good);
	for (size_t n = 0; n < len; n++)
		swarm_world_hand_in(&w, good, n);
	for (size_t bit = 0; bit < len * 8; bit++) {
		memcpy(bad, good, len);
		flip_bit(bad, bit);
		swarm_world_hand_in(&w, bad, len);
	}
	left_out = s->malformed + s->unmatched + s->unauthentic + s->late;
	CU_ASSERT_EQUAL(left_out, len * 9);
	CU_ASSERT_EQUAL(s->late, 0);
	CU_ASSERT_EQUAL(swarm_in_flight(w.swarm), 1);
	swarm_world_hand_in(&w, good, len);
	CU_ASSERT_EQUAL(swarm_world_op(&w, SWARM_REGISTER)->accepted, 1);
	swarm_world_end(&w);
}

static void noise_does_no_harm(void)
{
	struct swarm_world w = swarm_world();
	struct rng_seeded seed;
	const struct rng rng = rng_seeded_init(&seed, 99);
	uint8_t bytes[200];

	swarm_world_begin(&w);
	swarm_world_start(&w, "register");
	swarm_world_pass(&w, duration_ms(20));
	swarm_world_take(&w);
	for (unsigned i = 0; i < 20000; i++) {
		const size_t len = rng_below(&rng, sizeof(bytes));

		rng_fill(&rng, bytes, len);
		if (len > 0 && i % 2)
			bytes[0] = MIP_TYPE_REPLY;
		if (len > 8 && i % 4 == 1)
			memcpy(bytes + 4, w.batch.at[0].bytes + 4, 4);
		swarm_world_hand_in(&w, bytes, len);
	}
	for (unsigned i = 0; i < w.batch.count; i++)
		swarm_world_answer(&w, &w.batch.at[i], MIP_ACCEPTED);
	CU_ASSERT_EQUAL(swarm_world_op(&w, SWARM_REGISTER)->accepted, w.batch.count);
	swarm_world_end(&w);
}

/* Only the agent that was asked may deny in its own name (RFC 5944 6.4). */
static void a_foreign_agents_denial_comes_from_it(void)
{
	struct swarm_world w = swarm_world();
	uint8_t bytes[64];
	struct mip_request rq;
	struct mip_reply rp = { .code = MIP_FA_RESOURCES };
	struct writer out = writer_over(bytes, sizeof(bytes));
	struct reader message;

	w.config.agent = swarm_world_agents;
	w.config.agents = 2;
	w.config.nodes = 1;
	swarm_world_begin(&w);
	swarm_world_start(&w, "register");
	CU_ASSERT_EQUAL_FATAL(swarm_world_take(&w), 1);
	rq = swarm_world_request(&w.batch.at[0]);
	rp.home = rq.home;
	rp.home_agent = rq.home_agent;
	rp.ident = rq.ident;
	mip_reply_encode(&out, &rp);
	message = reader_over(bytes, writer_len(&out));
	swarm_on_reply(w.swarm, message, swarm_world_agents[1].addr, 1, w.now);
	swarm_on_reply(w.swarm, message, swarm_world_agents[1].addr, 0, w.now);
	swarm_on_reply(w.swarm, message, swarm_world_agents[0].addr, 1, w.now);
	CU_ASSERT_EQUAL(swarm_stats(w.swarm)->unauthentic, 3);
	swarm_on_reply(w.swarm, message, swarm_world_agents[0].addr, 0, w.now);
	CU_ASSERT_EQUAL(swarm_world_op(&w, SWARM_REGISTER)->denied, 1);
	swarm_world_end(&w);
}

void suite_swarm_reply(void)
{
	CU_pSuite s = CU_add_suite("swarm_reply", NULL, NULL);

	CU_add_test(s, "altered Replies are left out", altered_replies_are_left_out);
	CU_add_test(s, "noise does no harm", noise_does_no_harm);
	CU_add_test(s, "a foreign agent's denial comes from it",
		    a_foreign_agents_denial_comes_from_it);
}
