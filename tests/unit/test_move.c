/* SPDX-License-Identifier: ISC */
/*
 * Agents heard, movement and the pace of solicitations (RFC 5944 2.4).
 */
#include "mn-sim/move.h"

#include <CUnit/CUnit.h>

#include "tests/unit/suites.h"

static const struct mac mac_a = { { 2, 0, 0, 0, 0, 1 } };
static const struct mac mac_b = { { 2, 0, 0, 0, 0, 2 } };

static struct in_addr addr(uint32_t a)
{
	return (struct in_addr){ htonl(a) };
}

static instant_t at(int64_t ms)
{
	return (instant_t){ ms * 1000000 };
}

static struct mip_advert advert(uint16_t sequence)
{
	return (struct mip_advert){ .lifetime = 3,
				    .mobility = true,
				    .sequence = sequence };
}

static enum agent_news hear(struct agents *agents, uint32_t from, uint16_t sequence,
			    int64_t ms, struct agent_heard **who)
{
	struct mip_advert a = advert(sequence);

	return agents_hear(agents, &a, addr(from), mac_a, at(ms), NULL, who);
}

static void an_agent_is_fresh_for_its_lifetime(void)
{
	struct agents agents = { 0 };
	struct agent_heard *who;

	CU_ASSERT_EQUAL(hear(&agents, 1, 0, 0, &who), AGENT_NEW);
	CU_ASSERT(agent_fresh(who, at(2999)));
	CU_ASSERT(!agent_fresh(who, at(3000)));
	CU_ASSERT_EQUAL(hear(&agents, 1, 1, 2000, &who), AGENT_AGAIN);
	CU_ASSERT(agent_fresh(who, at(4999)));
	CU_ASSERT_EQUAL(hear(&agents, 1, 2, 9000, &who), AGENT_NEW);
}

static void a_sequence_that_falls_below_256_is_a_restart(void)
{
	struct agents agents = { 0 };
	struct agent_heard *who;

	hear(&agents, 1, 1000, 0, &who);
	CU_ASSERT_EQUAL(hear(&agents, 1, 255, 1, &who), AGENT_REBOOTED);
	CU_ASSERT_EQUAL(hear(&agents, 1, 256, 2, &who), AGENT_AGAIN);
	CU_ASSERT_EQUAL(hear(&agents, 1, 0xffff, 3, &who), AGENT_AGAIN);
	CU_ASSERT_EQUAL(hear(&agents, 1, 256, 4, &who), AGENT_AGAIN); /* rolled over */
	CU_ASSERT_EQUAL(hear(&agents, 1, 0, 5, &who), AGENT_REBOOTED);
	CU_ASSERT_EQUAL(hear(&agents, 1, 0, 6, &who), AGENT_AGAIN);
	/* Also if it was silent for longer than its lifetime. */
	hear(&agents, 1, 7, 7, &who);
	CU_ASSERT_EQUAL(hear(&agents, 1, 3, 99000, &who), AGENT_REBOOTED);
}

static void lifetime_0_says_goodbye(void)
{
	struct agents agents = { 0 };
	struct agent_heard *who;
	struct mip_advert bye = advert(1);

	hear(&agents, 1, 0, 0, &who);
	bye.lifetime = 0;
	CU_ASSERT_EQUAL(agents_hear(&agents, &bye, addr(1), mac_a, at(1), NULL, &who),
			AGENT_LEFT);
	CU_ASSERT(!agent_fresh(who, at(1)));
}

static void address_and_link_layer_address_make_an_agent(void)
{
	struct agents agents = { 0 };
	struct agent_heard *one, *other;
	struct mip_advert a = advert(0);

	agents_hear(&agents, &a, addr(1), mac_a, at(0), NULL, &one);
	CU_ASSERT_EQUAL(agents_hear(&agents, &a, addr(1), mac_b, at(0), NULL, &other),
			AGENT_NEW);
	CU_ASSERT(one != other);
}

static void a_full_table_forgets_what_runs_out_first_but_not_the_one_in_use(void)
{
	struct agents agents = { 0 };
	struct agent_heard *first, *who;
	struct mip_advert a = advert(0);

	hear(&agents, 1, 0, 0, &first);
	for (uint32_t i = 2; i <= MOVE_AGENTS_MAX; i++)
		hear(&agents, i, 0, i, &who);
	agents_hear(&agents, &a, addr(100), mac_a, at(50), first, &who);
	CU_ASSERT(who != first && first->known && first->addr.s_addr == htonl(1));
	CU_ASSERT_EQUAL(hear(&agents, 3, 1, 51, &who), AGENT_AGAIN);
	CU_ASSERT_EQUAL(hear(&agents, 2, 1, 52, &who), AGENT_NEW); /* it gave way */
}

static struct agent_heard agent_with(uint32_t prefix, uint8_t len, int64_t heard_ms)
{
	return (struct agent_heard){ .known = true,
				     .has_prefix = len != 0,
				     .prefix = { addr(prefix), len },
				     .lifetime = duration_s(3),
				     .heard_at = at(heard_ms) };
}

static void prefixes_tell_movement_only_if_both_are_known_and_a_turn_was_missed(void)
{
	struct agent_heard here = agent_with(0x0a020001, 24, 0);
	struct agent_heard same = agent_with(0x0a020002, 24, 2000);
	struct agent_heard other = agent_with(0x0a030001, 24, 2000);
	struct agent_heard wider = agent_with(0x0a020002, 16, 2000);
	struct agent_heard silent = agent_with(0, 0, 2000);

	CU_ASSERT(agents_moved(&here, &other, at(2000)));
	CU_ASSERT(agents_moved(&here, &wider, at(2000)));
	CU_ASSERT(!agents_moved(&here, &same, at(2000)));
	CU_ASSERT(!agents_moved(&here, &silent, at(2000)));
	CU_ASSERT(!agents_moved(&silent, &other, at(9000)));
	CU_ASSERT(!agents_moved(&here, &other, at(999))); /* both are in reach */
}

static void the_prefix_is_of_the_router_that_speaks(void)
{
	struct agents agents = { 0 };
	struct agent_heard *who;
	struct mip_advert a = advert(0);

	a.router_count = a.prefix_count = 2;
	a.router[0] = addr(0x0a090001);
	a.router[1] = addr(0x0a020001);
	a.prefix_len[0] = 16;
	a.prefix_len[1] = 28;
	agents_hear(&agents, &a, addr(0x0a020001), mac_a, at(0), NULL, &who);
	CU_ASSERT(who->has_prefix && who->prefix.len == 28);
	agents_hear(&agents, &a, addr(0x0a0a0001), mac_a, at(0), NULL, &who);
	CU_ASSERT(who->has_prefix && who->prefix.len == 16);
	a.prefix_count = 0;
	agents_hear(&agents, &a, addr(0x0a020001), mac_a, at(0), NULL, &who);
	CU_ASSERT(!who->has_prefix);
}

/* MN-02: three, a second apart; then doubling to a minute; never sooner. */
static void solicitations_slow_down(void)
{
	static const int64_t nominal[] = { 1000,  1000,  2000,  4000,  8000,
					   16000, 32000, 64000, 64000, 64000 };
	struct rng_seeded seed;
	struct rng rng = rng_seeded_init(&seed, 5);
	struct solicitor s = { 0 };
	instant_t now = at(5);

	CU_ASSERT(solicitor_first(&s, now).ns == now.ns);
	for (unsigned i = 0; i < sizeof(nominal) / sizeof(nominal[0]); i++) {
		int64_t wait = duration_to_ms(
			instant_diff(solicitor_sent(&s, now, &rng), now));

		CU_ASSERT(wait >= nominal[i] && wait < nominal[i] * 5 / 4);
		now = instant_add(now, duration_ms(wait));
	}
	solicitor_sent(&s, now, &rng);
	/* Asked to search again without news, the rate does not rise. */
	CU_ASSERT(duration_to_ms(instant_diff(solicitor_first(&s, now), now)) == 64000);
	/* On a new link it may, but never above one a second. */
	solicitor_reset(&s);
	CU_ASSERT(duration_to_ms(instant_diff(solicitor_first(&s, now), now)) == 1000);
}

void suite_move(void)
{
	CU_pSuite s = CU_add_suite("move", NULL, NULL);

	CU_ADD_TEST(s, an_agent_is_fresh_for_its_lifetime);
	CU_ADD_TEST(s, a_sequence_that_falls_below_256_is_a_restart);
	CU_ADD_TEST(s, lifetime_0_says_goodbye);
	CU_ADD_TEST(s, address_and_link_layer_address_make_an_agent);
	CU_ADD_TEST(s, a_full_table_forgets_what_runs_out_first_but_not_the_one_in_use);
	CU_ADD_TEST(
		s, prefixes_tell_movement_only_if_both_are_known_and_a_turn_was_missed);
	CU_ADD_TEST(s, the_prefix_is_of_the_router_that_speaks);
	CU_ADD_TEST(s, solicitations_slow_down);
}
