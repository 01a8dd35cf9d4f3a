/* SPDX-License-Identifier: ISC */
/*
 * A swarm: what it sends and when, and what becomes of it.
 */
#include "mn-sim/swarm.h"

#include "common/base/ntp64.h"
#include "common/wire/mip_code.h"
#include "mn-sim/swarm_private.h"

#include <CUnit/CUnit.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/alloc_count.h"
#include "tests/unit/hex.h"
#include "tests/unit/suites.h"
#include "tests/unit/swarm_world.h"

#define MESSAGE(symbol, hex) static const char symbol[] __attribute__((unused)) = hex;
#include "tests/vectors/registration.def"
#undef MESSAGE

/* ---- what is sent ---- */

static void a_request_is_that_of_the_vectors(void)
{
	const struct hex golden = hex_of(stale_request), reply = hex_of(stale_reply);
	struct swarm_world w = swarm_world();
	struct mip_request again;

	w.config.nodes = w.config.care_ofs = 1;
	w.config.in_flight = 2;
	swarm_world_begin(&w);
	swarm_world_start(&w, "register");
	CU_ASSERT_EQUAL_FATAL(swarm_world_take(&w), 1);
	CU_ASSERT_EQUAL_FATAL(w.batch.at[0].len, golden.len);
	CU_ASSERT_EQUAL(memcmp(w.batch.at[0].bytes, golden.bytes, golden.len), 0);

	/* Denied with 133: the next one has the home agent's clock. */
	swarm_world_hand_in(&w, reply.bytes, reply.len);
	CU_ASSERT_EQUAL(swarm_world_op(&w, SWARM_REGISTER)->denied, 1);
	CU_ASSERT_EQUAL(swarm_stats(w.swarm)->resyncs, 1);
	CU_ASSERT_EQUAL(swarm_stats(w.swarm)->code[MIP_HA_IDENT], 1);
	swarm_world_start(&w, "register");
	CU_ASSERT_EQUAL_FATAL(swarm_world_take(&w), 1);
	again = swarm_world_request(&w.batch.at[0]);
	CU_ASSERT_EQUAL(ntp64_high(again.ident), 0xe8fe6f80);
	swarm_world_end(&w);
}

static void each_node_has_its_turn(void)
{
	struct swarm_world w = swarm_world();
	bool seen[SW_NODES] = { false };

	swarm_world_begin(&w);
	swarm_world_start(&w, "register");
	for (unsigned n = 0; n < SW_NODES;
	     n += swarm_world_take(&w), swarm_world_pass(&w, duration_ms(1)))
		for (unsigned i = 0; i < w.batch.count; i++)
			swarm_world_answer(&w, &w.batch.at[i], MIP_ACCEPTED);
	for (unsigned i = 0; i < w.batch.count; i++)
		swarm_world_answer(&w, &w.batch.at[i], MIP_ACCEPTED);
	CU_ASSERT_TRUE(swarm_is_done(w.swarm));
	CU_ASSERT_EQUAL(swarm_registered(w.swarm), SW_NODES);
	swarm_world_start(&w, "roam");
	for (unsigned n = 0; n < SW_NODES; swarm_world_pass(&w, duration_ms(1)))
		for (unsigned i = swarm_world_take(&w); i > 0; i--, n++) {
			const struct mip_request rq =
				swarm_world_request(&w.batch.at[i - 1]);
			const uint32_t node = ntohl(rq.home.s_addr) - SW_HOME;

			CU_ASSERT_FATAL(node < SW_NODES);
			CU_ASSERT_FALSE(seen[node]);
			seen[node] = true;
			CU_ASSERT_EQUAL(rq.flags, MIP_FLAG_D | MIP_FLAG_T);
			CU_ASSERT_EQUAL(rq.lifetime, SW_LIFETIME);
			CU_ASSERT_EQUAL(ntohl(rq.care_of.s_addr),
					SW_CARE_OF + (node * 4 / SW_NODES + 1) % 4);
			swarm_world_answer(&w, &w.batch.at[i - 1], MIP_ACCEPTED);
		}
	CU_ASSERT_TRUE(swarm_is_done(w.swarm));
	swarm_world_start(&w, "deregister");
	swarm_world_live(&w, duration_ms(1), MIP_ACCEPTED);
	CU_ASSERT_EQUAL(swarm_registered(w.swarm), 0);
	CU_ASSERT_EQUAL(swarm_world_op(&w, SWARM_ROAM)->accepted, SW_NODES);
	CU_ASSERT_EQUAL(swarm_world_op(&w, SWARM_DEREGISTER)->accepted, SW_NODES);
	swarm_world_end(&w);
}

static void identifications_of_a_node_rise(void)
{
	struct swarm_world w = swarm_world();
	uint64_t last[SW_NODES] = { 0 };
	unsigned n = 0;

	w.config.overlap = true;
	swarm_world_begin(&w);
	swarm_world_start(&w, "register");
	swarm_world_live(&w, duration_ms(1), MIP_ACCEPTED);
	swarm_world_start(&w, "renew@100000/1"); /* each a thousand times a second */
	for (unsigned turns = 0; turns < 1000; turns++) {
		swarm_world_pass(&w, duration_ms(1));
		while (swarm_world_take(&w) > 0)
			for (unsigned i = 0; i < w.batch.count; i++, n++) {
				const struct mip_request rq =
					swarm_world_request(&w.batch.at[i]);
				uint64_t *before =
					&last[ntohl(rq.home.s_addr) - SW_HOME];

				CU_ASSERT_TRUE(rq.ident > *before);
				CU_ASSERT_TRUE(
					llabs(ntp64_diff(rq.ident, w.now.ntp).ns) <
					duration_ms(100).ns);
				*before = rq.ident;
				swarm_world_answer(&w, &w.batch.at[i], MIP_ACCEPTED);
			}
	}
	CU_ASSERT_EQUAL(n, 100000);
	CU_ASSERT_TRUE(swarm_is_done(w.swarm));
	CU_ASSERT_EQUAL(swarm_world_op(&w, SWARM_RENEW)->accepted, 100000);
	swarm_world_end(&w);
}

static void a_foreign_agent_gets_its_own_authentication(void)
{
	const struct in_addr agent = swarm_world_agents[1].addr;
	struct swarm_world w = swarm_world();
	struct mip_ext_index ix;
	struct reader message;

	w.config.agent = swarm_world_agents;
	w.config.agents = w.config.nodes = 2;
	swarm_world_share(&w, SA_MN_FA, agent, SW_FA_SPI);
	swarm_world_begin(&w);
	swarm_world_start(&w, "register");
	swarm_world_pass(&w, duration_ms(5));
	CU_ASSERT_EQUAL_FATAL(swarm_world_take(&w), 2);
	for (unsigned i = 0; i < 2; i++) {
		const struct mip_request rq = swarm_world_request(&w.batch.at[i]);

		message = reader_over(w.batch.at[i].bytes, w.batch.at[i].len);
		CU_ASSERT_EQUAL_FATAL(mip_ext_index(rq.extensions, &ix),
				      MIP_FAULT_NONE);
		CU_ASSERT_EQUAL(w.batch.at[i].place, i);
		CU_ASSERT_EQUAL(rq.care_of.s_addr,
				swarm_world_agents[i].care_of.s_addr);
		CU_ASSERT_EQUAL(rq.flags, MIP_FLAG_T);
		CU_ASSERT_EQUAL(ix.mn_fa_count, i);
	}
	CU_ASSERT_EQUAL(
		auth_verify(w.associations, SA_MN_FA, agent, message, &ix, NULL),
		AUTH_OK);
	swarm_world_end(&w);
}

/* ---- what becomes of it ---- */

static void unanswered_ones_are_sent_again_and_lost(void)
{
	struct swarm_world w = swarm_world();
	uint64_t ident = 0;
	unsigned tries = 0;

	w.config.nodes = 1;
	swarm_world_begin(&w);
	swarm_world_start(&w, "register");
	for (; !swarm_is_done(w.swarm); swarm_world_pass(&w, duration_ms(100))) {
		if (swarm_world_take(&w) == 0)
			continue;
		CU_ASSERT_TRUE(swarm_world_request(&w.batch.at[0]).ident > ident);
		ident = swarm_world_request(&w.batch.at[0]).ident;
		/* At 0, 1 and 3 s; given up at 7 s. */
		CU_ASSERT_EQUAL(w.now.mono.ns,
				5000000000 + ((INT64_C(1) << tries) - 1) * 1000000000);
		tries++;
	}
	CU_ASSERT_EQUAL(tries, 3);
	CU_ASSERT_EQUAL(w.now.mono.ns, 12100000000);
	CU_ASSERT_EQUAL(swarm_world_op(&w, SWARM_REGISTER)->lost, 1);
	CU_ASSERT_EQUAL(swarm_stats(w.swarm)->retransmitted, 2);
	CU_ASSERT_EQUAL(swarm_stats(w.swarm)->requests, 3);
	/* There may be a binding: it can be ended. */
	swarm_world_answer(&w, &w.batch.at[0], MIP_ACCEPTED);
	swarm_world_start(&w, "deregister");
	CU_ASSERT_EQUAL(swarm_world_take(&w), 1);
	swarm_world_answer(&w, &w.batch.at[0], MIP_ACCEPTED);
	CU_ASSERT_TRUE(swarm_is_done(w.swarm));
	swarm_world_end(&w);
}

static void an_answer_to_an_earlier_try_is_late(void)
{
	struct swarm_world w = swarm_world();
	struct swarm_message first;

	w.config.nodes = 1;
	swarm_world_begin(&w);
	swarm_world_start(&w, "register");
	swarm_world_take(&w);
	first = w.batch.at[0];
	swarm_world_pass(&w, duration_ms(1100));
	CU_ASSERT_EQUAL_FATAL(swarm_world_take(&w), 1);
	swarm_world_answer(&w, &first, MIP_ACCEPTED);
	CU_ASSERT_EQUAL(swarm_stats(w.swarm)->late, 1);
	CU_ASSERT_EQUAL(swarm_registered(w.swarm), 0);
	swarm_world_answer(&w, &w.batch.at[0], MIP_ACCEPTED);
	CU_ASSERT_EQUAL(swarm_registered(w.swarm), 1);
	swarm_world_answer(&w, &w.batch.at[0], MIP_ACCEPTED); /* again */
	CU_ASSERT_EQUAL(swarm_stats(w.swarm)->late, 2);
	CU_ASSERT_EQUAL(swarm_world_op(&w, SWARM_REGISTER)->accepted, 1);
	/* From when it was due: the wait for the second try is part of it. */
	CU_ASSERT_EQUAL(swarm_world_op(&w, SWARM_REGISTER)->latency.max.ns,
			duration_ms(1100).ns);
	swarm_world_end(&w);
}

static void denials_are_counted_by_code(void)
{
	struct swarm_world w = swarm_world();

	swarm_world_begin(&w);
	swarm_world_start(&w, "register");
	swarm_world_live(&w, duration_ms(1), MIP_HA_RESOURCES);
	CU_ASSERT_EQUAL(swarm_world_op(&w, SWARM_REGISTER)->denied, SW_NODES);
	CU_ASSERT_EQUAL(swarm_stats(w.swarm)->code[MIP_HA_RESOURCES], SW_NODES);
	CU_ASSERT_EQUAL(swarm_registered(w.swarm), 0);
	swarm_world_start(&w, "register");
	swarm_world_live(&w, duration_ms(1), MIP_ACCEPTED_NO_SIMULTANEOUS);
	CU_ASSERT_EQUAL(swarm_registered(w.swarm), SW_NODES);
	swarm_world_start(&w, "deregister");
	swarm_world_live(&w, duration_ms(1), MIP_HA_PROHIBITED);
	CU_ASSERT_EQUAL(swarm_registered(w.swarm), SW_NODES);
	swarm_world_end(&w);
}

/* Due ones do not wait for answers, and latency counts from when they were due. */
static void the_load_is_open(void)
{
	struct swarm_world w = swarm_world();
	unsigned n = 0;

	swarm_world_begin(&w);
	swarm_world_start(&w, "register");
	swarm_world_live(&w, duration_ms(0), MIP_ACCEPTED);
	swarm_world_start(&w, "renew@1000/1");
	for (unsigned ms = 0; ms < 500; ms++, swarm_world_pass(&w, duration_ms(1)))
		n += swarm_world_take(&w);
	CU_ASSERT_EQUAL(n, SW_NODES); /* each has one in flight */
	CU_ASSERT_EQUAL(swarm_world_op(&w, SWARM_RENEW)->due, 500);
	CU_ASSERT_EQUAL(swarm_world_op(&w, SWARM_RENEW)->unsent, 400);
	swarm_world_end(&w);
}

static void who_sends_late_does_not_look_better(void)
{
	struct swarm_world w = swarm_world();

	swarm_world_begin(&w);
	swarm_world_start(&w, "register@100");
	swarm_world_pass(&w, duration_ms(500)); /* asleep */
	CU_ASSERT_EQUAL(swarm_world_take(&w), 51);
	for (unsigned i = 0; i < w.batch.count; i++)
		swarm_world_answer(&w, &w.batch.at[i], MIP_ACCEPTED);
	CU_ASSERT_EQUAL(swarm_world_op(&w, SWARM_REGISTER)->latency.max.ns,
			duration_ms(500).ns);
	CU_ASSERT_TRUE(
		swarm_histogram_at(&swarm_world_op(&w, SWARM_REGISTER)->latency, 5000)
			.ns >= duration_ms(250).ns);
	CU_ASSERT_EQUAL(swarm_stats(w.swarm)->behind.max.ns, duration_ms(500).ns);
	swarm_world_end(&w);
}

static void a_few_nodes_can_overlap(void)
{
	struct swarm_world w = swarm_world();

	w.config.nodes = 1;
	w.config.in_flight = 64;
	w.config.overlap = true;
	swarm_world_begin(&w);
	swarm_world_start(&w, "register");
	swarm_world_live(&w, duration_ms(0), MIP_ACCEPTED);
	swarm_world_start(&w, "renew@1000/1");
	swarm_world_pass(&w, duration_ms(100));
	CU_ASSERT_EQUAL(swarm_world_take(&w), SWARM_BATCH);
	CU_ASSERT_EQUAL(swarm_in_flight(w.swarm), 64);
	for (unsigned i = 0; i < SWARM_BATCH; i++)
		swarm_world_answer(&w, &w.batch.at[i], MIP_ACCEPTED);
	CU_ASSERT_EQUAL(swarm_world_op(&w, SWARM_RENEW)->accepted, 64);
	CU_ASSERT_EQUAL(swarm_in_flight(w.swarm), 0);
	CU_ASSERT_EQUAL(swarm_registered(w.swarm), 1);
	swarm_stop(w.swarm);
	CU_ASSERT_TRUE(swarm_is_done(w.swarm));
	swarm_world_end(&w);
}

/* One at a time, and only until its own Request is over. */
static void a_move_can_be_watched(void)
{
	struct swarm_world w = swarm_world();
	const struct swarm_watch *watch;
	struct swarm_message first, second;

	w.config.nodes = 2;
	w.config.retries = 0;
	swarm_world_begin(&w);
	watch = swarm_watch(w.swarm);
	swarm_world_start(&w, "register");
	swarm_world_live(&w, duration_ms(1), MIP_ACCEPTED);
	swarm_watch(w.swarm)->state = SWARM_WATCH_READY;
	swarm_world_start(&w, "roam");
	swarm_world_pass(&w, duration_ms(1));
	CU_ASSERT_EQUAL_FATAL(swarm_world_take(&w), 2);
	first = w.batch.at[0];
	second = w.batch.at[1];
	CU_ASSERT_EQUAL(watch->state, SWARM_WATCH_ASKED);
	CU_ASSERT_EQUAL(watch->node, first.node);
	CU_ASSERT_EQUAL(watch->place, first.place);
	swarm_world_answer(&w, &second, MIP_ACCEPTED);
	CU_ASSERT_EQUAL(watch->state, SWARM_WATCH_ASKED);
	swarm_world_answer(&w, &first, MIP_ACCEPTED);
	CU_ASSERT_EQUAL(watch->state, SWARM_WATCH_ANSWERED);

	swarm_watch(w.swarm)->state = SWARM_WATCH_READY;
	swarm_world_start(&w, "roam");
	swarm_world_live(&w, duration_ms(1), MIP_HA_RESOURCES);
	CU_ASSERT_EQUAL(watch->state, SWARM_WATCH_READY);
	swarm_world_start(&w, "roam");
	swarm_world_take(&w);
	CU_ASSERT_EQUAL(watch->state, SWARM_WATCH_ASKED);
	swarm_stop(w.swarm);
	swarm_world_pass(&w, duration_s(2));
	swarm_world_take(&w);
	CU_ASSERT_EQUAL(watch->state, SWARM_WATCH_READY);
	swarm_world_end(&w);
}

/* ---- size ---- */

/* The library of ciphers may take memory for an authenticator; how often, for one. */
static unsigned long allocations_of_a_mac(struct swarm_world *w)
{
	uint8_t bytes[64];
	struct writer out = writer_over(bytes, sizeof(bytes));
	unsigned long before;

	auth_append(&out, sa_for_sending(w->associations, SA_MN_HA,
					 swarm_world_addr(SW_HOME_AGENT)));
	out = writer_over(bytes, sizeof(bytes));
	before = alloc_count();
	auth_append(&out, sa_for_sending(w->associations, SA_MN_HA,
					 swarm_world_addr(SW_HOME_AGENT)));
	return alloc_count() - before;
}

static void a_million_fit(void)
{
	struct swarm_world w = swarm_world();
	unsigned long before, each = allocations_of_a_mac(&w);
	unsigned n = 0;

	CU_ASSERT_TRUE(sizeof(struct swarm_node) <= 32);
	CU_ASSERT_TRUE(sizeof(struct swarm_request) <= 56);
	w.config.nodes = 1000000;
	swarm_world_begin(&w);
	swarm_world_start(&w, "register@1000000/1");
	before = alloc_count();
	for (; n < 10000; swarm_world_pass(&w, duration_ms(1)))
		while (swarm_world_take(&w) > 0)
			for (unsigned i = 0; i < w.batch.count; i++, n++) {
				uint8_t bytes[256];
				const size_t len = swarm_world_reply(
					&w, &w.batch.at[i], MIP_ACCEPTED, bytes);

				swarm_on_reply(w.swarm, reader_over(bytes, len),
					       swarm_world_addr(SW_HOME_AGENT), 0,
					       w.now);
			}
	/* Three for each: of the Request, of the Reply, and to verify that. */
	if (alloc_counted())
		CU_ASSERT_EQUAL(alloc_count() - before, 3 * n * each);
	CU_ASSERT_EQUAL(swarm_world_op(&w, SWARM_REGISTER)->accepted, n);
	swarm_world_end(&w);
}

void suite_swarm(void)
{
	CU_pSuite s = CU_add_suite("swarm", NULL, NULL);

	CU_add_test(s, "a Request is that of the vectors",
		    a_request_is_that_of_the_vectors);
	CU_add_test(s, "each node has its turn", each_node_has_its_turn);
	CU_add_test(s, "Identifications of a node rise",
		    identifications_of_a_node_rise);
	CU_add_test(s, "a foreign agent gets its own authentication",
		    a_foreign_agent_gets_its_own_authentication);
	CU_add_test(s, "unanswered ones are sent again and lost",
		    unanswered_ones_are_sent_again_and_lost);
	CU_add_test(s, "an answer to an earlier try is late",
		    an_answer_to_an_earlier_try_is_late);
	CU_add_test(s, "denials are counted by code", denials_are_counted_by_code);
	CU_add_test(s, "the load is open", the_load_is_open);
	CU_add_test(s, "who sends late does not look better",
		    who_sends_late_does_not_look_better);
	CU_add_test(s, "a few nodes can overlap", a_few_nodes_can_overlap);
	CU_add_test(s, "a move can be watched", a_move_can_be_watched);
	CU_add_test(s, "a million fit", a_million_fit);
}
