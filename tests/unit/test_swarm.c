/* SPDX-License-Identifier: ISC */
/*
 * A swarm on virtual time, against a home agent of a few lines that signs what it is
 * told to say.
 */
#include "mn-sim/swarm.h"

#include "common/base/ntp64.h"
#include "common/security/auth.h"
#include "common/wire/mip_code.h"
#include "mn-sim/swarm_private.h"

#include <CUnit/CUnit.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/alloc_count.h"
#include "tests/unit/hex.h"
#include "tests/unit/suites.h"

#define MESSAGE(symbol, hex) static const char symbol[] __attribute__((unused)) = hex;
#include "tests/vectors/registration.def"
#undef MESSAGE

enum { NODES = 100, SPI = 0x1000, FA_SPI = 0x2000, LIFETIME = 300 };

#define HOME       0xc6336432u /* 198.51.100.50 */
#define HOME_AGENT 0xc6336401u
#define CARE_OF    0xcb00714du
#define CLOCK      UINT64_C(0xe8fe6f1c12345678)

static const char key_hex[] = "00112233445566778899aabbccddeeff";
static const struct swarm_agent agents[] = {
	{ { 0x010a020a }, { 0x010a020b } },
	{ { 0x010a030a }, { 0x010a030b } },
};

struct world {
	struct sa_store *associations;
	struct swarm_config config;
	struct rng_seeded seed;
	struct swarm *swarm;
	struct now now;
	struct swarm_batch batch;
};

static struct in_addr addr(uint32_t host)
{
	return (struct in_addr){ htonl(host) };
}

static void share_key(struct world *w, enum sa_kind kind, struct in_addr peer,
		      uint32_t spi)
{
	struct hex h = hex_of(key_hex);
	struct secret key;

	CU_ASSERT_EQUAL_FATAL(secret_init(&key, h.bytes, h.len), 0);
	CU_ASSERT_EQUAL(sa_add(w->associations, &(struct sa_spec){ .kind = kind,
								   .peer = peer,
								   .spi = spi,
								   .key = &key }),
			0);
	secret_fini(&key);
}

static struct world world(void)
{
	struct world w = {
		.associations = sa_store_new(),
		.config = { .home = addr(HOME),
			    .nodes = NODES,
			    .home_agent = addr(HOME_AGENT),
			    .care_of = addr(CARE_OF),
			    .care_ofs = 4,
			    .lifetime = LIFETIME,
			    .flags = MIP_FLAG_T,
			    .timeout = duration_s(1),
			    .retries = 2,
			    .in_flight = 1024 },
		.now = { { 5000000000 }, CLOCK },
	};

	CU_ASSERT_PTR_NOT_NULL_FATAL(w.associations);
	share_key(&w, SA_MN_HA, addr(HOME_AGENT), SPI);
	return w;
}

static void begin(struct world *w)
{
	w->config.associations = w->associations;
	w->swarm = swarm_new(&w->config, rng_seeded_init(&w->seed, 1));
	CU_ASSERT_PTR_NOT_NULL_FATAL(w->swarm);
}

static void end(struct world *w)
{
	swarm_free(w->swarm);
	sa_store_free(w->associations);
}

static void pass(struct world *w, duration_t d)
{
	w->now.mono = instant_add(w->now.mono, d);
	w->now.ntp = ntp64_add(w->now.ntp, d);
}

static void start(struct world *w, const char *text)
{
	struct swarm_step step;

	CU_ASSERT_PTR_NULL_FATAL(swarm_step_parse(text, 1000, &step));
	swarm_start(w->swarm, &step, w->now.mono);
}

static unsigned take(struct world *w)
{
	w->batch.count = 0;
	swarm_take(w->swarm, w->now, &w->batch);
	return w->batch.count;
}

static struct mip_request request_in(const struct swarm_message *m)
{
	struct mip_request rq;

	CU_ASSERT_EQUAL_FATAL(mip_request_decode(reader_over(m->bytes, m->len), &rq),
			      MIP_FAULT_NONE);
	return rq;
}

/* A Reply of that code to a message, signed by the home agent. */
static struct writer reply_to(struct world *w, const struct swarm_message *m,
			      uint8_t code, uint8_t *bytes, size_t room)
{
	const struct mip_request rq = request_in(m);
	const struct mip_reply rp = { .code = code,
				      .lifetime = rq.lifetime,
				      .home = rq.home,
				      .home_agent = rq.home_agent,
				      .ident = rq.ident };
	struct writer out = writer_over(bytes, room);

	mip_reply_encode(&out, &rp);
	auth_append(&out, sa_for_sending(w->associations, SA_MN_HA, addr(HOME_AGENT)));
	return out;
}

static void hand_in(struct world *w, const void *bytes, size_t len)
{
	uint8_t *copy = exact_copy(bytes, len);

	swarm_on_reply(w->swarm, reader_over(copy, len), addr(HOME_AGENT), 0, w->now);
	free(copy);
}

static void answer(struct world *w, const struct swarm_message *m, uint8_t code)
{
	uint8_t bytes[256];
	const struct writer out = reply_to(w, m, code, bytes, sizeof(bytes));

	hand_in(w, bytes, writer_len(&out));
}

/* Until the step is over, every Request answered after `delay`. */
static void live(struct world *w, duration_t delay, uint8_t code)
{
	for (unsigned turns = 0; !swarm_is_done(w->swarm) && turns < 100000; turns++) {
		const instant_t next = swarm_next(w->swarm);

		if (instant_before(w->now.mono, next))
			pass(w, instant_diff(next, w->now.mono));
		take(w);
		pass(w, delay);
		for (unsigned i = 0; i < w->batch.count; i++)
			answer(w, &w->batch.at[i], code);
	}
	CU_ASSERT_TRUE(swarm_is_done(w->swarm));
}

static const struct swarm_op_stats *op(const struct world *w, enum swarm_op which)
{
	return &swarm_stats(w->swarm)->op[which];
}

/* ---- what is sent ---- */

static void a_request_is_that_of_the_vectors(void)
{
	const struct hex golden = hex_of(stale_request), reply = hex_of(stale_reply);
	struct world w = world();
	struct mip_request again;

	w.config.nodes = w.config.care_ofs = 1;
	w.config.in_flight = 2;
	begin(&w);
	start(&w, "register");
	CU_ASSERT_EQUAL_FATAL(take(&w), 1);
	CU_ASSERT_EQUAL_FATAL(w.batch.at[0].len, golden.len);
	CU_ASSERT_EQUAL(memcmp(w.batch.at[0].bytes, golden.bytes, golden.len), 0);

	/* Denied with 133: the next one has the home agent's clock. */
	hand_in(&w, reply.bytes, reply.len);
	CU_ASSERT_EQUAL(op(&w, SWARM_REGISTER)->denied, 1);
	CU_ASSERT_EQUAL(swarm_stats(w.swarm)->resyncs, 1);
	CU_ASSERT_EQUAL(swarm_stats(w.swarm)->code[MIP_HA_IDENT], 1);
	start(&w, "register");
	CU_ASSERT_EQUAL_FATAL(take(&w), 1);
	again = request_in(&w.batch.at[0]);
	CU_ASSERT_EQUAL(ntp64_high(again.ident), 0xe8fe6f80);
	end(&w);
}

static void each_node_has_its_turn(void)
{
	struct world w = world();
	bool seen[NODES] = { false };

	begin(&w);
	start(&w, "register");
	for (unsigned n = 0; n < NODES; n += take(&w), pass(&w, duration_ms(1)))
		for (unsigned i = 0; i < w.batch.count; i++)
			answer(&w, &w.batch.at[i], MIP_ACCEPTED);
	for (unsigned i = 0; i < w.batch.count; i++)
		answer(&w, &w.batch.at[i], MIP_ACCEPTED);
	CU_ASSERT_TRUE(swarm_is_done(w.swarm));
	CU_ASSERT_EQUAL(swarm_registered(w.swarm), NODES);
	start(&w, "roam");
	for (unsigned n = 0; n < NODES; pass(&w, duration_ms(1)))
		for (unsigned i = take(&w); i > 0; i--, n++) {
			const struct mip_request rq = request_in(&w.batch.at[i - 1]);
			const uint32_t node = ntohl(rq.home.s_addr) - HOME;

			CU_ASSERT_FATAL(node < NODES);
			CU_ASSERT_FALSE(seen[node]);
			seen[node] = true;
			CU_ASSERT_EQUAL(rq.flags, MIP_FLAG_D | MIP_FLAG_T);
			CU_ASSERT_EQUAL(rq.lifetime, LIFETIME);
			CU_ASSERT_EQUAL(ntohl(rq.care_of.s_addr),
					CARE_OF + (node * 4 / NODES + 1) % 4);
			answer(&w, &w.batch.at[i - 1], MIP_ACCEPTED);
		}
	CU_ASSERT_TRUE(swarm_is_done(w.swarm));
	start(&w, "deregister");
	live(&w, duration_ms(1), MIP_ACCEPTED);
	CU_ASSERT_EQUAL(swarm_registered(w.swarm), 0);
	CU_ASSERT_EQUAL(op(&w, SWARM_ROAM)->accepted, NODES);
	CU_ASSERT_EQUAL(op(&w, SWARM_DEREGISTER)->accepted, NODES);
	end(&w);
}

static void identifications_of_a_node_rise(void)
{
	struct world w = world();
	uint64_t last[NODES] = { 0 };
	unsigned n = 0;

	w.config.overlap = true;
	begin(&w);
	start(&w, "register");
	live(&w, duration_ms(1), MIP_ACCEPTED);
	start(&w, "renew@100000/1"); /* each a thousand times a second */
	for (unsigned turns = 0; turns < 1000; turns++) {
		pass(&w, duration_ms(1));
		while (take(&w) > 0)
			for (unsigned i = 0; i < w.batch.count; i++, n++) {
				const struct mip_request rq =
					request_in(&w.batch.at[i]);
				uint64_t *before = &last[ntohl(rq.home.s_addr) - HOME];

				CU_ASSERT_TRUE(rq.ident > *before);
				CU_ASSERT_TRUE(
					llabs(ntp64_diff(rq.ident, w.now.ntp).ns) <
					duration_ms(100).ns);
				*before = rq.ident;
				answer(&w, &w.batch.at[i], MIP_ACCEPTED);
			}
	}
	CU_ASSERT_EQUAL(n, 100000);
	CU_ASSERT_TRUE(swarm_is_done(w.swarm));
	CU_ASSERT_EQUAL(op(&w, SWARM_RENEW)->accepted, 100000);
	end(&w);
}

static void a_foreign_agent_gets_its_own_authentication(void)
{
	const struct in_addr agent = agents[1].addr;
	struct world w = world();
	struct mip_ext_index ix;
	struct reader message;

	w.config.agent = agents;
	w.config.agents = w.config.nodes = 2;
	share_key(&w, SA_MN_FA, agent, FA_SPI);
	begin(&w);
	start(&w, "register");
	pass(&w, duration_ms(5));
	CU_ASSERT_EQUAL_FATAL(take(&w), 2);
	for (unsigned i = 0; i < 2; i++) {
		const struct mip_request rq = request_in(&w.batch.at[i]);

		message = reader_over(w.batch.at[i].bytes, w.batch.at[i].len);
		CU_ASSERT_EQUAL_FATAL(mip_ext_index(rq.extensions, &ix),
				      MIP_FAULT_NONE);
		CU_ASSERT_EQUAL(w.batch.at[i].place, i);
		CU_ASSERT_EQUAL(rq.care_of.s_addr, agents[i].care_of.s_addr);
		CU_ASSERT_EQUAL(rq.flags, MIP_FLAG_T);
		CU_ASSERT_EQUAL(ix.mn_fa_count, i);
	}
	CU_ASSERT_EQUAL(
		auth_verify(w.associations, SA_MN_FA, agent, message, &ix, NULL),
		AUTH_OK);
	end(&w);
}

/* ---- what becomes of it ---- */

static void unanswered_ones_are_sent_again_and_lost(void)
{
	struct world w = world();
	uint64_t ident = 0;
	unsigned tries = 0;

	w.config.nodes = 1;
	begin(&w);
	start(&w, "register");
	for (; !swarm_is_done(w.swarm); pass(&w, duration_ms(100))) {
		if (take(&w) == 0)
			continue;
		CU_ASSERT_TRUE(request_in(&w.batch.at[0]).ident > ident);
		ident = request_in(&w.batch.at[0]).ident;
		/* At 0, 1 and 3 s; given up at 7 s. */
		CU_ASSERT_EQUAL(w.now.mono.ns,
				5000000000 + ((INT64_C(1) << tries) - 1) * 1000000000);
		tries++;
	}
	CU_ASSERT_EQUAL(tries, 3);
	CU_ASSERT_EQUAL(w.now.mono.ns, 12100000000);
	CU_ASSERT_EQUAL(op(&w, SWARM_REGISTER)->lost, 1);
	CU_ASSERT_EQUAL(swarm_stats(w.swarm)->retransmitted, 2);
	CU_ASSERT_EQUAL(swarm_stats(w.swarm)->requests, 3);
	/* There may be a binding: it can be ended. */
	answer(&w, &w.batch.at[0], MIP_ACCEPTED);
	start(&w, "deregister");
	CU_ASSERT_EQUAL(take(&w), 1);
	answer(&w, &w.batch.at[0], MIP_ACCEPTED);
	CU_ASSERT_TRUE(swarm_is_done(w.swarm));
	end(&w);
}

static void an_answer_to_an_earlier_try_is_late(void)
{
	struct world w = world();
	struct swarm_message first;

	w.config.nodes = 1;
	begin(&w);
	start(&w, "register");
	take(&w);
	first = w.batch.at[0];
	pass(&w, duration_ms(1100));
	CU_ASSERT_EQUAL_FATAL(take(&w), 1);
	answer(&w, &first, MIP_ACCEPTED);
	CU_ASSERT_EQUAL(swarm_stats(w.swarm)->late, 1);
	CU_ASSERT_EQUAL(swarm_registered(w.swarm), 0);
	answer(&w, &w.batch.at[0], MIP_ACCEPTED);
	CU_ASSERT_EQUAL(swarm_registered(w.swarm), 1);
	answer(&w, &w.batch.at[0], MIP_ACCEPTED); /* again */
	CU_ASSERT_EQUAL(swarm_stats(w.swarm)->late, 2);
	CU_ASSERT_EQUAL(op(&w, SWARM_REGISTER)->accepted, 1);
	/* From when it was due: the wait for the second try is part of it. */
	CU_ASSERT_EQUAL(op(&w, SWARM_REGISTER)->latency.max.ns, duration_ms(1100).ns);
	end(&w);
}

static void denials_are_counted_by_code(void)
{
	struct world w = world();

	begin(&w);
	start(&w, "register");
	live(&w, duration_ms(1), MIP_HA_RESOURCES);
	CU_ASSERT_EQUAL(op(&w, SWARM_REGISTER)->denied, NODES);
	CU_ASSERT_EQUAL(swarm_stats(w.swarm)->code[MIP_HA_RESOURCES], NODES);
	CU_ASSERT_EQUAL(swarm_registered(w.swarm), 0);
	start(&w, "register");
	live(&w, duration_ms(1), MIP_ACCEPTED_NO_SIMULTANEOUS);
	CU_ASSERT_EQUAL(swarm_registered(w.swarm), NODES);
	start(&w, "deregister");
	live(&w, duration_ms(1), MIP_HA_PROHIBITED);
	CU_ASSERT_EQUAL(swarm_registered(w.swarm), NODES);
	end(&w);
}

/* Due ones do not wait for answers, and latency counts from when they were due. */
static void the_load_is_open(void)
{
	struct world w = world();
	unsigned n = 0;

	begin(&w);
	start(&w, "register");
	live(&w, duration_ms(0), MIP_ACCEPTED);
	start(&w, "renew@1000/1");
	for (unsigned ms = 0; ms < 500; ms++, pass(&w, duration_ms(1)))
		n += take(&w);
	CU_ASSERT_EQUAL(n, NODES); /* each has one in flight */
	CU_ASSERT_EQUAL(op(&w, SWARM_RENEW)->due, 500);
	CU_ASSERT_EQUAL(op(&w, SWARM_RENEW)->unsent, 400);
	end(&w);
}

static void who_sends_late_does_not_look_better(void)
{
	struct world w = world();

	begin(&w);
	start(&w, "register@100");
	pass(&w, duration_ms(500)); /* asleep */
	CU_ASSERT_EQUAL(take(&w), 51);
	for (unsigned i = 0; i < w.batch.count; i++)
		answer(&w, &w.batch.at[i], MIP_ACCEPTED);
	CU_ASSERT_EQUAL(op(&w, SWARM_REGISTER)->latency.max.ns, duration_ms(500).ns);
	CU_ASSERT_TRUE(swarm_histogram_at(&op(&w, SWARM_REGISTER)->latency, 5000).ns >=
		       duration_ms(250).ns);
	CU_ASSERT_EQUAL(swarm_stats(w.swarm)->behind.max.ns, duration_ms(500).ns);
	end(&w);
}

static void a_few_nodes_can_overlap(void)
{
	struct world w = world();

	w.config.nodes = 1;
	w.config.in_flight = 64;
	w.config.overlap = true;
	begin(&w);
	start(&w, "register");
	live(&w, duration_ms(0), MIP_ACCEPTED);
	start(&w, "renew@1000/1");
	pass(&w, duration_ms(100));
	CU_ASSERT_EQUAL(take(&w), SWARM_BATCH);
	CU_ASSERT_EQUAL(swarm_in_flight(w.swarm), 64);
	for (unsigned i = 0; i < SWARM_BATCH; i++)
		answer(&w, &w.batch.at[i], MIP_ACCEPTED);
	CU_ASSERT_EQUAL(op(&w, SWARM_RENEW)->accepted, 64);
	CU_ASSERT_EQUAL(swarm_in_flight(w.swarm), 0);
	CU_ASSERT_EQUAL(swarm_registered(w.swarm), 1);
	swarm_stop(w.swarm);
	CU_ASSERT_TRUE(swarm_is_done(w.swarm));
	end(&w);
}

/* ---- hostile Replies ---- */

static void altered_replies_are_left_out(void)
{
	struct world w = world();
	uint8_t good[256], bad[256];
	size_t len;
	uint64_t left_out;
	const struct swarm_stats *s;

	w.config.nodes = 1;
	begin(&w);
	s = swarm_stats(w.swarm);
	start(&w, "register");
	CU_ASSERT_EQUAL_FATAL(take(&w), 1);
	{
		const struct writer out =
			reply_to(&w, &w.batch.at[0], MIP_ACCEPTED, good, sizeof(good));

		len = writer_len(&out);
	}
	for (size_t n = 0; n < len; n++)
		hand_in(&w, good, n);
	for (size_t bit = 0; bit < len * 8; bit++) {
		memcpy(bad, good, len);
		flip_bit(bad, bit);
		hand_in(&w, bad, len);
	}
	left_out = s->malformed + s->unmatched + s->unauthentic + s->late;
	CU_ASSERT_EQUAL(left_out, len * 9);
	CU_ASSERT_EQUAL(s->late, 0);
	CU_ASSERT_EQUAL(swarm_in_flight(w.swarm), 1);
	hand_in(&w, good, len);
	CU_ASSERT_EQUAL(op(&w, SWARM_REGISTER)->accepted, 1);
	end(&w);
}

static void noise_does_no_harm(void)
{
	struct world w = world();
	struct rng_seeded seed;
	const struct rng rng = rng_seeded_init(&seed, 99);
	uint8_t bytes[200];

	begin(&w);
	start(&w, "register");
	pass(&w, duration_ms(20));
	take(&w);
	for (unsigned i = 0; i < 20000; i++) {
		const size_t len = rng_below(&rng, sizeof(bytes));

		rng_fill(&rng, bytes, len);
		if (len > 0 && i % 2)
			bytes[0] = MIP_TYPE_REPLY;
		if (len > 8 && i % 4 == 1)
			memcpy(bytes + 4, w.batch.at[0].bytes + 4, 4);
		hand_in(&w, bytes, len);
	}
	for (unsigned i = 0; i < w.batch.count; i++)
		answer(&w, &w.batch.at[i], MIP_ACCEPTED);
	CU_ASSERT_EQUAL(op(&w, SWARM_REGISTER)->accepted, w.batch.count);
	end(&w);
}

/* Only the agent that was asked may deny in its own name (RFC 5944 6.4). */
static void a_foreign_agents_denial_comes_from_it(void)
{
	struct world w = world();
	uint8_t bytes[64];
	struct mip_request rq;
	struct mip_reply rp = { .code = MIP_FA_RESOURCES };
	struct writer out = writer_over(bytes, sizeof(bytes));
	struct reader message;

	w.config.agent = agents;
	w.config.agents = 2;
	w.config.nodes = 1;
	begin(&w);
	start(&w, "register");
	CU_ASSERT_EQUAL_FATAL(take(&w), 1);
	rq = request_in(&w.batch.at[0]);
	rp.home = rq.home;
	rp.home_agent = rq.home_agent;
	rp.ident = rq.ident;
	mip_reply_encode(&out, &rp);
	message = reader_over(bytes, writer_len(&out));
	swarm_on_reply(w.swarm, message, agents[1].addr, 1, w.now);
	swarm_on_reply(w.swarm, message, agents[1].addr, 0, w.now);
	swarm_on_reply(w.swarm, message, agents[0].addr, 1, w.now);
	CU_ASSERT_EQUAL(swarm_stats(w.swarm)->unauthentic, 3);
	swarm_on_reply(w.swarm, message, agents[0].addr, 0, w.now);
	CU_ASSERT_EQUAL(op(&w, SWARM_REGISTER)->denied, 1);
	end(&w);
}

/* ---- size ---- */

/* The library of ciphers may take memory for an authenticator; how often, for one. */
static unsigned long allocations_of_a_mac(struct world *w)
{
	uint8_t bytes[64];
	struct writer out = writer_over(bytes, sizeof(bytes));
	unsigned long before;

	auth_append(&out, sa_for_sending(w->associations, SA_MN_HA, addr(HOME_AGENT)));
	out = writer_over(bytes, sizeof(bytes));
	before = alloc_count();
	auth_append(&out, sa_for_sending(w->associations, SA_MN_HA, addr(HOME_AGENT)));
	return alloc_count() - before;
}

static void a_million_fit(void)
{
	struct world w = world();
	unsigned long before, each = allocations_of_a_mac(&w);
	unsigned n = 0;

	CU_ASSERT_TRUE(sizeof(struct swarm_node) <= 32);
	CU_ASSERT_TRUE(sizeof(struct swarm_request) <= 56);
	w.config.nodes = 1000000;
	begin(&w);
	start(&w, "register@1000000/1");
	before = alloc_count();
	for (; n < 10000; pass(&w, duration_ms(1)))
		while (take(&w) > 0)
			for (unsigned i = 0; i < w.batch.count; i++, n++) {
				uint8_t bytes[256];
				const struct writer out =
					reply_to(&w, &w.batch.at[i], MIP_ACCEPTED,
						 bytes, sizeof(bytes));

				swarm_on_reply(w.swarm,
					       reader_over(bytes, writer_len(&out)),
					       addr(HOME_AGENT), 0, w.now);
			}
	/* Three for each: of the Request, of the Reply, and to verify that. */
	if (alloc_counted())
		CU_ASSERT_EQUAL(alloc_count() - before, 3 * n * each);
	CU_ASSERT_EQUAL(op(&w, SWARM_REGISTER)->accepted, n);
	end(&w);
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
	CU_add_test(s, "altered Replies are left out", altered_replies_are_left_out);
	CU_add_test(s, "noise does no harm", noise_does_no_harm);
	CU_add_test(s, "a foreign agent's denial comes from it",
		    a_foreign_agents_denial_comes_from_it);
	CU_add_test(s, "a million fit", a_million_fit);
}
