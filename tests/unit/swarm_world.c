/* SPDX-License-Identifier: ISC */
/*
 * The world of a swarm under test.
 */
#include "tests/unit/swarm_world.h"

#include "common/base/ntp64.h"

#include <CUnit/CUnit.h>
#include <stdlib.h>

#include "tests/unit/hex.h"

static const char key_hex[] = "00112233445566778899aabbccddeeff";
const struct swarm_agent swarm_world_agents[] = {
	{ { 0x010a020a }, { 0x010a020b } },
	{ { 0x010a030a }, { 0x010a030b } },
};

struct in_addr swarm_world_addr(uint32_t host)
{
	return (struct in_addr){ htonl(host) };
}

void swarm_world_share(struct swarm_world *w, enum sa_kind kind, struct in_addr peer,
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

struct swarm_world swarm_world(void)
{
	struct swarm_world w = {
		.associations = sa_store_new(),
		.config = { .home = swarm_world_addr(SW_HOME),
			    .nodes = SW_NODES,
			    .home_agent = swarm_world_addr(SW_HOME_AGENT),
			    .care_of = swarm_world_addr(SW_CARE_OF),
			    .care_ofs = 4,
			    .lifetime = SW_LIFETIME,
			    .flags = MIP_FLAG_T,
			    .timeout = duration_s(1),
			    .retries = 2,
			    .in_flight = 1024 },
		.now = { { 5000000000 }, SW_CLOCK },
	};

	CU_ASSERT_PTR_NOT_NULL_FATAL(w.associations);
	swarm_world_share(&w, SA_MN_HA, swarm_world_addr(SW_HOME_AGENT), SW_SPI);
	return w;
}

void swarm_world_begin(struct swarm_world *w)
{
	w->config.associations = w->associations;
	w->swarm = swarm_new(&w->config, rng_seeded_init(&w->seed, 1));
	CU_ASSERT_PTR_NOT_NULL_FATAL(w->swarm);
}

void swarm_world_end(struct swarm_world *w)
{
	swarm_free(w->swarm);
	sa_store_free(w->associations);
}

void swarm_world_pass(struct swarm_world *w, duration_t d)
{
	w->now.mono = instant_add(w->now.mono, d);
	w->now.ntp = ntp64_add(w->now.ntp, d);
}

void swarm_world_start(struct swarm_world *w, const char *text)
{
	struct swarm_step step;

	CU_ASSERT_PTR_NULL_FATAL(swarm_step_parse(text, 1000, &step));
	swarm_start(w->swarm, &step, w->now.mono);
}

unsigned swarm_world_take(struct swarm_world *w)
{
	w->batch.count = 0;
	swarm_take(w->swarm, w->now, &w->batch);
	return w->batch.count;
}

struct mip_request swarm_world_request(const struct swarm_message *m)
{
	struct mip_request rq;

	CU_ASSERT_EQUAL_FATAL(mip_request_decode(reader_over(m->bytes, m->len), &rq),
			      MIP_FAULT_NONE);
	return rq;
}

size_t swarm_world_reply(struct swarm_world *w, const struct swarm_message *m,
			 uint8_t code, uint8_t bytes[256])
{
	const struct mip_request rq = swarm_world_request(m);
	const struct mip_reply rp = { .code = code,
				      .lifetime = rq.lifetime,
				      .home = rq.home,
				      .home_agent = rq.home_agent,
				      .ident = rq.ident };
	struct writer out = writer_over(bytes, 256);

	mip_reply_encode(&out, &rp);
	auth_append(&out, sa_for_sending(w->associations, SA_MN_HA,
					 swarm_world_addr(SW_HOME_AGENT)));
	return writer_len(&out);
}

void swarm_world_hand_in(struct swarm_world *w, const void *bytes, size_t len)
{
	uint8_t *copy = exact_copy(bytes, len);

	swarm_on_reply(w->swarm, reader_over(copy, len),
		       swarm_world_addr(SW_HOME_AGENT), 0, w->now);
	free(copy);
}

void swarm_world_answer(struct swarm_world *w, const struct swarm_message *m,
			uint8_t code)
{
	uint8_t bytes[256];

	swarm_world_hand_in(w, bytes, swarm_world_reply(w, m, code, bytes));
}

void swarm_world_live(struct swarm_world *w, duration_t delay, uint8_t code)
{
	for (unsigned turns = 0; !swarm_is_done(w->swarm) && turns < 100000; turns++) {
		const instant_t next = swarm_next(w->swarm);

		if (instant_before(w->now.mono, next))
			swarm_world_pass(w, instant_diff(next, w->now.mono));
		swarm_world_take(w);
		swarm_world_pass(w, delay);
		for (unsigned i = 0; i < w->batch.count; i++)
			swarm_world_answer(w, &w->batch.at[i], code);
	}
	CU_ASSERT_TRUE(swarm_is_done(w->swarm));
}

const struct swarm_op_stats *swarm_world_op(const struct swarm_world *w,
					    enum swarm_op which)
{
	return &swarm_stats(w->swarm)->op[which];
}
