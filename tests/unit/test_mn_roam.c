/* SPDX-License-Identifier: ISC */
/*
 * Where the mobile node goes: which agents it hears and takes, how it moves between
 * them, and what it does when they fall silent (RFC 5944 2.1.1, 2.4, 4.2.1).
 */
#include "common/wire/icmp.h"
#include "common/wire/mip_code.h"
#include "tests/unit/mn_bench.h"

#include <CUnit/CUnit.h>

#include "tests/unit/suites.h"

static bool same(struct in_addr a, struct in_addr b)
{
	return a.s_addr == b.s_addr;
}

static void hear_other(struct bench *b, uint16_t sequence, bool same_network)
{
	struct in_addr from = { htonl(same_network ? 0x0a020063 : 0x0a030001) };
	struct mip_advert a = bench_visited_advert(sequence);

	a.router[0] = from;
	a.care_of[0] = (struct in_addr){ htonl(0x0a000302) };
	bench_hear(b, &a, from);
}

static void hear_busy(struct bench *b, uint16_t sequence)
{
	struct mip_advert a = bench_visited_advert(sequence);

	a.flags |= ADVERT_FLAG_B;
	bench_hear(b, &a, BENCH_VISITED);
}

static void flap(struct bench *b)
{
	bench_link(b, false);
	bench_link(b, true);
}

static void but_not_where_registration_is_required(void)
{
	struct mip_advert busy = bench_visited_advert(1);
	struct bench b;

	bench_init(&b);
	bench_allow_colocated(&b);
	bench_start(&b);
	bench_link(&b, true);
	bench_run(&b, duration_ms(2500));
	busy.flags |= ADVERT_FLAG_R | ADVERT_FLAG_B;
	bench_hear(&b, &busy, BENCH_VISITED);
	bench_run(&b, duration_s(1));
	CU_ASSERT_EQUAL(bench_status(&b).state, MN_SEARCHING);
	CU_ASSERT_EQUAL(b.asked, 0);
	bench_hear_visited(&b, 2);
	CU_ASSERT_EQUAL(b.asked, 1);
	bench_fini(&b);

	bench_init(&b);
	bench_allow_colocated(&b);
	bench_start(&b);
	bench_link(&b, true);
	bench_run(&b, duration_ms(2500));
	bench_hear(&b, &busy, BENCH_VISITED);
	bench_run(&b, duration_ms(1000));
	CU_ASSERT_EQUAL(bench_status(&b).place, MN_NOWHERE);
	bench_run(&b, duration_s(6)); /* who forbade it is heard no more */
	CU_ASSERT_EQUAL(bench_status(&b).place, MN_COLOCATED);
	bench_fini(&b);
}

/* B keeps others out, not those who are in (RFC 5944 2.1.1). */
static void a_full_agent_still_serves_its_visitors(void)
{
	struct bench b;

	bench_init(&b);
	bench_visit(&b);
	hear_busy(&b, 11);
	flap(&b);
	hear_busy(&b, 12);
	CU_ASSERT_EQUAL(b.asked, 2);
	bench_reply(&b, MIP_ACCEPTED, 300);
	CU_ASSERT_EQUAL(bench_status(&b).state, MN_REGISTERED);
	CU_ASSERT_EQUAL(bench_reload(&b), 0);
	CU_ASSERT_EQUAL(bench_status(&b).place, MN_FOREIGN_AGENT);
	CU_ASSERT_EQUAL(b.asked, 3);
	flap(&b); /* unanswered, and yet a visitor by the Reply before */
	hear_busy(&b, 13);
	CU_ASSERT_EQUAL(bench_status(&b).place, MN_FOREIGN_AGENT);
	bench_fini(&b);
}

static void but_not_those_it_has_forgotten(void)
{
	struct bench b;

	bench_init(&b);
	bench_visit(&b);
	flap(&b);
	hear_busy(&b, 500);
	bench_answer(&b, &(struct bench_answer){ .code = MIP_FA_RESOURCES,
						 .unsigned_ = true });
	flap(&b);
	hear_busy(&b, 501); /* it has said that it is full for us */
	CU_ASSERT_EQUAL(bench_status(&b).place, MN_NOWHERE);
	bench_fini(&b);

	bench_init(&b);
	bench_visit(&b);
	hear_busy(&b, 500);
	bench_link(&b, false);
	bench_run(&b, duration_s(299));
	bench_link(&b, true);
	hear_busy(&b, 501);
	CU_ASSERT_EQUAL(bench_status(&b).place, MN_FOREIGN_AGENT);
	bench_link(&b, false);
	bench_run(&b, duration_s(1));
	bench_link(&b, true);
	hear_busy(&b, 502); /* the entry has run out */
	CU_ASSERT_EQUAL(bench_status(&b).place, MN_NOWHERE);
	bench_fini(&b);

	bench_init(&b);
	bench_visit(&b);
	hear_busy(&b, 500);
	flap(&b);
	hear_busy(&b, 3); /* it started again, and is full of others already */
	CU_ASSERT_EQUAL(bench_status(&b).place, MN_NOWHERE);
	bench_fini(&b);

	bench_init(&b);
	bench_visit(&b);
	hear_busy(&b, 500);
	b.config.home.addr.s_addr ^= htonl(1); /* we are somebody else */
	CU_ASSERT_EQUAL(bench_reload(&b), 0);
	hear_busy(&b, 501);
	CU_ASSERT_EQUAL(bench_status(&b).place, MN_NOWHERE);
	bench_fini(&b);
}

static void adverts_from_afar_or_of_plain_routers_are_not_heard(void)
{
	uint8_t bytes[ADVERT_LEN_MAX];
	struct writer w = writer_over(bytes, sizeof(bytes));
	struct mip_advert a = bench_visited_advert(1);
	struct icmp_datagram good, dg;
	struct bench b;

	bench_init(&b);
	bench_start(&b);
	bench_link(&b, true);
	mip_advert_encode(&w, &a);
	good = (struct icmp_datagram){ .message = reader_over(bytes, writer_len(&w)),
				       .src = BENCH_VISITED,
				       .ttl = 1,
				       .ifindex = BENCH_IFINDEX,
				       .has_mac = true,
				       .mac = bench_mac(BENCH_VISITED) };
	dg = good, dg.ttl = 2;
	mn_core_icmp(b.mn, &dg, b.now, &b.fx);
	dg = good, dg.has_mac = false;
	mn_core_icmp(b.mn, &dg, b.now, &b.fx);
	dg = good, dg.ifindex = 99;
	mn_core_icmp(b.mn, &dg, b.now, &b.fx);
	dg = good, dg.src.s_addr = INADDR_ANY;
	mn_core_icmp(b.mn, &dg, b.now, &b.fx);
	dg = good, dg.message.end -= 2;
	mn_core_icmp(b.mn, &dg, b.now, &b.fx);
	CU_ASSERT_EQUAL(bench_counter(&b, "advertisements-refused"), 5);
	a.mobility = false;
	a.code = ADVERT_CODE_ROUTES;
	bench_hear(&b, &a, BENCH_VISITED);
	CU_ASSERT_EQUAL(bench_counter(&b, "advertisements-refused"), 6);
	CU_ASSERT_EQUAL(bench_status(&b).state, MN_SEARCHING);
	mn_core_icmp(b.mn, &good, b.now, &b.fx);
	CU_ASSERT_EQUAL(bench_status(&b).place, MN_FOREIGN_AGENT);
	bench_fini(&b);
}

static void redirects_move_nobody(void)
{
	static const uint8_t redirect[] = { ICMP_REDIRECT_, 1, 0, 0, 10, 2, 0, 9 };
	struct icmp_datagram dg = { .message = reader_over(redirect, sizeof(redirect)),
				    .src = BENCH_VISITED,
				    .ttl = 255,
				    .ifindex = BENCH_IFINDEX,
				    .has_mac = true,
				    .mac = bench_mac(BENCH_VISITED) };
	struct bench b;

	bench_init(&b);
	bench_visit(&b);
	effect_list_clear(&b.fx);
	mn_core_icmp(b.mn, &dg, b.now, &b.fx);
	CU_ASSERT_EQUAL(b.fx.count, 0);
	CU_ASSERT_EQUAL(bench_counter(&b, "redirects-ignored"), 1);
	flap(&b);
	bench_hear_home(&b, 1);
	mn_core_icmp(b.mn, &dg, b.now, &b.fx); /* there the kernel decides */
	CU_ASSERT_EQUAL(bench_counter(&b, "redirects-ignored"), 1);
	bench_fini(&b);
}

static void silence_for_a_lifetime_is_a_loss(void)
{
	struct bench b;

	bench_init(&b);
	bench_visit(&b);
	bench_run(&b, duration_ms(2999));
	CU_ASSERT_EQUAL(b.notes[NOTE_AGENT_LOST], 0);
	bench_run(&b, duration_ms(1));
	CU_ASSERT_EQUAL(b.notes[NOTE_AGENT_LOST], 1);
	CU_ASSERT_EQUAL(b.solicited, 2);
	/* The registration still runs: everything stays until somebody is heard. */
	CU_ASSERT(bench_default_is(&b, BENCH_VISITED, BENCH_IFINDEX));
	CU_ASSERT_EQUAL(bench_status(&b).state, MN_SEARCHING);
	CU_ASSERT_EQUAL(bench_status(&b).place, MN_FOREIGN_AGENT);
	CU_ASSERT(same(bench_status(&b).care_of, BENCH_CARE_OF));
	CU_ASSERT_EQUAL(bench_status(&b).granted, 300);
	bench_hear_visited(&b, 11);
	CU_ASSERT_EQUAL(bench_status(&b).state, MN_REGISTERED);
	CU_ASSERT_EQUAL(b.asked, 1);
	bench_run(&b, duration_s(3));
	hear_other(&b, 5, true);
	CU_ASSERT_EQUAL(b.asked, 2);
	CU_ASSERT(bench_default_is(&b, (struct in_addr){ htonl(0x0a020063) },
				   BENCH_IFINDEX));
	CU_ASSERT_EQUAL(b.kernel.routes, 2);
	CU_ASSERT_EQUAL(b.kernel.neighbours, 1);
	CU_ASSERT(!b.default_missing);
	bench_fini(&b);
}

static void another_prefix_is_a_move_once_a_turn_is_missed(void)
{
	struct bench b;

	bench_init(&b);
	bench_visit(&b);
	bench_run(&b, duration_ms(500));
	hear_other(&b, 5, false);
	CU_ASSERT_EQUAL(b.asked, 1);
	bench_run(&b, duration_ms(1000));
	hear_other(&b, 6, true);
	CU_ASSERT_EQUAL(b.asked, 1); /* the same network: nothing gained */
	hear_other(&b, 6, false);
	CU_ASSERT_EQUAL(b.asked, 2);
	CU_ASSERT_EQUAL(bench_status(&b).moves, 2);
	bench_fini(&b);
}

static void a_restarted_agent_has_forgotten_us(void)
{
	struct bench b;

	bench_init(&b);
	bench_visit(&b);
	bench_hear_visited(&b, 400);
	bench_run(&b, duration_s(1));
	bench_hear_visited(&b, 0);
	CU_ASSERT_EQUAL(b.asked, 2);
	CU_ASSERT_EQUAL(b.notes[NOTE_AGENT_REBOOTED], 1);
	CU_ASSERT_EQUAL(bench_status(&b).state, MN_REGISTERING);
	bench_reply(&b, MIP_ACCEPTED, 300);
	CU_ASSERT_EQUAL(bench_status(&b).state, MN_REGISTERED);
	bench_fini(&b);
}

static void an_agent_that_says_goodbye_or_drops_our_care_of_address_is_left(void)
{
	struct mip_advert a = bench_visited_advert(11);
	struct bench b;

	bench_init(&b);
	bench_visit(&b);
	bench_run(&b, duration_s(1));
	a.care_of[0] = (struct in_addr){ htonl(0x0a000299) };
	bench_hear(&b, &a, BENCH_VISITED);
	CU_ASSERT(same(b.rq.care_of, a.care_of[0]));
	a.lifetime = 0;
	bench_hear(&b, &a, BENCH_VISITED);
	CU_ASSERT_EQUAL(bench_status(&b).place, MN_NOWHERE);
	bench_fini(&b);

	bench_init(&b); /* said twice, it is lost once */
	bench_visit(&b);
	a = bench_visited_advert(11);
	a.lifetime = 0;
	bench_hear(&b, &a, BENCH_VISITED);
	bench_hear(&b, &a, BENCH_VISITED);
	CU_ASSERT_EQUAL(bench_counter(&b, "agents-lost"), 1);
	bench_fini(&b);
}

static void home_stays_home_while_its_agent_is_silent(void)
{
	struct bench b;

	bench_init(&b);
	bench_allow_colocated(&b);
	bench_start(&b);
	bench_link(&b, true);
	bench_hear_home(&b, 9);
	bench_reply(&b, MIP_ACCEPTED, 0);
	bench_run(&b, duration_s(100));
	CU_ASSERT_EQUAL(bench_status(&b).place, MN_HOME);
	CU_ASSERT_EQUAL(bench_status(&b).state, MN_SEARCHING);
	CU_ASSERT(!b.kernel.silent[BENCH_IFINDEX]);
	bench_hear_visited(&b, 1);
	CU_ASSERT_EQUAL(bench_status(&b).place, MN_FOREIGN_AGENT);
	bench_hear_home(&b, 9);
	CU_ASSERT_EQUAL(bench_status(&b).place, MN_HOME);
	bench_fini(&b);
}

void suite_mn_roam(void)
{
	CU_pSuite s = CU_add_suite("mn_roam", NULL, NULL);

	CU_ADD_TEST(s, but_not_where_registration_is_required);
	CU_ADD_TEST(s, a_full_agent_still_serves_its_visitors);
	CU_ADD_TEST(s, but_not_those_it_has_forgotten);
	CU_ADD_TEST(s, adverts_from_afar_or_of_plain_routers_are_not_heard);
	CU_ADD_TEST(s, redirects_move_nobody);
	CU_ADD_TEST(s, silence_for_a_lifetime_is_a_loss);
	CU_ADD_TEST(s, another_prefix_is_a_move_once_a_turn_is_missed);
	CU_ADD_TEST(s, a_restarted_agent_has_forgotten_us);
	CU_ADD_TEST(s, an_agent_that_says_goodbye_or_drops_our_care_of_address_is_left);
	CU_ADD_TEST(s, home_stays_home_while_its_agent_is_silent);
}
