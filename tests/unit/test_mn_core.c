/* SPDX-License-Identifier: ISC */
/*
 * The mobile node's places: what the kernel is asked for, how it moves, ARP,
 * failures, a new configuration, the end (RFC 5944 2.4, 4.2.1, 4.6).
 */
#include "common/wire/icmp.h"
#include "common/wire/mip_code.h"
#include "tests/unit/mn_bench.h"

#include <CUnit/CUnit.h>
#include <errno.h>

#include "tests/unit/suites.h"

static const struct ipv4_prefix everything;

static bool same(struct in_addr a, struct in_addr b)
{
	return a.s_addr == b.s_addr;
}

static void hear_home(struct bench *b, uint16_t sequence)
{
	struct mip_advert a = bench_home_advert(sequence);

	bench_hear(b, &a, BENCH_HOME_AGENT);
}

static void hear_visited(struct bench *b, uint16_t sequence)
{
	struct mip_advert a = bench_visited_advert(sequence);

	bench_hear(b, &a, BENCH_VISITED);
}

static void hear_other(struct bench *b, uint16_t sequence, bool same_network)
{
	struct in_addr from = { htonl(same_network ? 0x0a020063 : 0x0a030001) };
	struct mip_advert a = bench_visited_advert(sequence);

	a.router[0] = from;
	a.care_of[0] = (struct in_addr){ htonl(0x0a000302) };
	bench_hear(b, &a, from);
}

static void visit(struct bench *b)
{
	bench_start(b);
	bench_link(b, true);
	hear_visited(b, 10);
	bench_reply(b, MIP_ACCEPTED, 300);
}

static void use_colocated(struct bench *b)
{
	b->config.has_colocated = true;
	b->config.colocated.addr = (struct ipv4_prefix){ BENCH_OWN, 24 };
	b->config.colocated.gateway = BENCH_GATEWAY;
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

static int reload(struct bench *b)
{
	effect_list_clear(&b->fx);
	return mn_core_reconfigure(b->mn, &b->config, b->now, &b->fx);
}

static bool default_is(const struct bench *b, struct in_addr via, int ifindex)
{
	const struct effect_route *r = kernel_route_to(&b->kernel, everything);

	return r && same(r->via, via) && r->ifindex == ifindex &&
	       same(r->prefer_src, BENCH_HOME);
}

static void before_any_agent_is_known(void)
{
	struct bench b;

	bench_init(&b);
	bench_start(&b);
	CU_ASSERT(kernel_has_address(&b.kernel, BENCH_HOME));
	CU_ASSERT(b.kernel.silent[BENCH_IFINDEX]);
	CU_ASSERT(default_is(&b, (struct in_addr){ 0 }, EFFECT_DEV_TUN));
	CU_ASSERT_EQUAL(b.solicited, 0);
	bench_link(&b, true);
	CU_ASSERT_EQUAL(b.solicited, 1);
	CU_ASSERT_EQUAL(bench_status(&b).state, MN_SEARCHING);
	CU_ASSERT(bench_status(&b).link_up_at.ns == b.now.mono.ns);
	bench_fini(&b);
}

static void at_a_foreign_agent(void)
{
	const struct effect_neighbour *n;
	struct bench b;

	bench_init(&b);
	visit(&b);
	CU_ASSERT(default_is(&b, BENCH_VISITED, BENCH_IFINDEX));
	n = kernel_neighbour(&b.kernel, BENCH_VISITED, BENCH_IFINDEX);
	CU_ASSERT(n && mac_equal(n->mac, bench_mac(BENCH_VISITED)));
	CU_ASSERT(kernel_route_to(&b.kernel,
				  (struct ipv4_prefix){ BENCH_VISITED, 32 }) != NULL);
	CU_ASSERT_EQUAL(b.kernel.routes, 2);
	CU_ASSERT(b.kernel.silent[BENCH_IFINDEX]);
	CU_ASSERT_EQUAL(bench_status(&b).place, MN_FOREIGN_AGENT);
	CU_ASSERT(same(bench_status(&b).care_of, BENCH_CARE_OF));
	CU_ASSERT_EQUAL(b.forwards, 0);
	bench_fini(&b);
}

static void and_home_again(void)
{
	struct bench b;

	bench_init(&b);
	visit(&b);
	bench_link(&b, false);
	CU_ASSERT(default_is(&b, (struct in_addr){ 0 }, EFFECT_DEV_TUN));
	CU_ASSERT_EQUAL(b.kernel.neighbours, 0);
	bench_link(&b, true);
	hear_home(&b, 3);
	CU_ASSERT_EQUAL(bench_status(&b).state, MN_DEREGISTERING);
	CU_ASSERT(default_is(&b, BENCH_HOME_AGENT, BENCH_IFINDEX));
	CU_ASSERT_EQUAL(b.kernel.routes, 2);
	CU_ASSERT(!b.kernel.silent[BENCH_IFINDEX]);
	bench_reply(&b, MIP_ACCEPTED, 0);
	CU_ASSERT_EQUAL(bench_status(&b).place, MN_HOME);
	CU_ASSERT_EQUAL(bench_status(&b).state, MN_AT_HOME);
	/* Leaving: silent before the next link can ask. */
	bench_link(&b, false);
	CU_ASSERT(b.kernel.silent[BENCH_IFINDEX]);
	bench_link(&b, true);
	hear_visited(&b, 20);
	CU_ASSERT(b.rq_arp_silent);
	CU_ASSERT(!b.default_missing);
	bench_fini(&b);
}

static void with_an_address_of_its_own(void)
{
	struct bench b;

	bench_init(&b);
	use_colocated(&b);
	b.config.reverse_tunnel = true;
	b.config.encap = ENCAP_GRE;
	bench_start(&b);
	bench_link(&b, true);
	bench_run(&b, duration_s(3));
	CU_ASSERT_EQUAL(bench_status(&b).place, MN_COLOCATED);
	CU_ASSERT(kernel_has_address(&b.kernel, BENCH_OWN));
	CU_ASSERT(default_is(&b, (struct in_addr){ 0 }, EFFECT_DEV_TUN));
	CU_ASSERT(same(
		kernel_route_to(&b.kernel, (struct ipv4_prefix){ BENCH_HOME_AGENT, 32 })
			->via,
		BENCH_GATEWAY));
	CU_ASSERT_EQUAL(b.forward.kind, FWD_OWN_SET);
	CU_ASSERT_EQUAL(b.forward.tunnel.encap.kind, ENCAP_GRE);
	CU_ASSERT(b.forward.reverse);
	bench_reply(&b, MIP_HA_ENCAPSULATION, 0);
	CU_ASSERT_EQUAL(b.forward.kind, FWD_OWN_SET);
	CU_ASSERT_EQUAL(b.forward.tunnel.encap.kind, ENCAP_IPIP);
	CU_ASSERT_EQUAL(b.forwards, 3); /* set, cleared, set */
	bench_reply(&b, MIP_ACCEPTED, 300);
	CU_ASSERT_EQUAL(bench_status(&b).state, MN_REGISTERED);
	hear_visited(&b, 1);
	CU_ASSERT_EQUAL(bench_status(&b).place, MN_FOREIGN_AGENT);
	CU_ASSERT_EQUAL(b.forward.kind, FWD_OWN_CLEAR);
	CU_ASSERT(!kernel_has_address(&b.kernel, BENCH_OWN));
	CU_ASSERT_EQUAL(b.kernel.routes, 2);
	CU_ASSERT(!b.default_missing);
	bench_fini(&b);
}

static void but_not_where_registration_is_required(void)
{
	struct mip_advert busy = bench_visited_advert(1);
	struct bench b;

	bench_init(&b);
	use_colocated(&b);
	bench_start(&b);
	bench_link(&b, true);
	bench_run(&b, duration_ms(2500));
	busy.flags |= ADVERT_FLAG_R | ADVERT_FLAG_B;
	bench_hear(&b, &busy, BENCH_VISITED);
	bench_run(&b, duration_s(1));
	CU_ASSERT_EQUAL(bench_status(&b).state, MN_SEARCHING);
	CU_ASSERT_EQUAL(b.asked, 0);
	hear_visited(&b, 2);
	CU_ASSERT_EQUAL(b.asked, 1);
	bench_fini(&b);
}

/* B keeps others out, not those who are in (RFC 5944 2.1.1). */
static void a_full_agent_still_serves_its_visitors(void)
{
	struct bench b;

	bench_init(&b);
	visit(&b);
	hear_busy(&b, 11);
	flap(&b);
	hear_busy(&b, 12);
	CU_ASSERT_EQUAL(b.asked, 2);
	bench_reply(&b, MIP_ACCEPTED, 300);
	CU_ASSERT_EQUAL(bench_status(&b).state, MN_REGISTERED);
	CU_ASSERT_EQUAL(reload(&b), 0);
	CU_ASSERT_EQUAL(bench_status(&b).place, MN_FOREIGN_AGENT);
	bench_run(&b, duration_s(1));
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
	visit(&b);
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
	visit(&b);
	hear_busy(&b, 500);
	flap(&b);
	hear_busy(&b, 3); /* it started again, and is full of others already */
	CU_ASSERT_EQUAL(bench_status(&b).place, MN_NOWHERE);
	bench_fini(&b);

	bench_init(&b);
	visit(&b);
	hear_busy(&b, 500);
	b.config.home.addr.s_addr ^= htonl(1); /* we are somebody else */
	CU_ASSERT_EQUAL(reload(&b), 0);
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
	visit(&b);
	effect_list_clear(&b.fx);
	mn_core_icmp(b.mn, &dg, b.now, &b.fx);
	CU_ASSERT_EQUAL(b.fx.count, 0);
	CU_ASSERT_EQUAL(bench_counter(&b, "redirects-ignored"), 1);
	bench_fini(&b);
}

static void silence_for_a_lifetime_is_a_loss(void)
{
	struct bench b;

	bench_init(&b);
	visit(&b);
	bench_run(&b, duration_ms(2999));
	CU_ASSERT_EQUAL(b.notes[NOTE_AGENT_LOST], 0);
	bench_run(&b, duration_ms(1));
	CU_ASSERT_EQUAL(b.notes[NOTE_AGENT_LOST], 1);
	CU_ASSERT_EQUAL(b.solicited, 2);
	/* The registration still runs: everything stays until somebody is heard. */
	CU_ASSERT(default_is(&b, BENCH_VISITED, BENCH_IFINDEX));
	hear_visited(&b, 11);
	CU_ASSERT_EQUAL(b.asked, 1);
	bench_run(&b, duration_s(3));
	hear_other(&b, 5, true);
	CU_ASSERT_EQUAL(b.asked, 2);
	CU_ASSERT(default_is(&b, (struct in_addr){ htonl(0x0a020063) }, BENCH_IFINDEX));
	CU_ASSERT_EQUAL(b.kernel.routes, 2);
	CU_ASSERT_EQUAL(b.kernel.neighbours, 1);
	CU_ASSERT(!b.default_missing);
	bench_fini(&b);
}

static void another_prefix_is_a_move_once_a_turn_is_missed(void)
{
	struct bench b;

	bench_init(&b);
	visit(&b);
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
	visit(&b);
	hear_visited(&b, 400);
	bench_run(&b, duration_s(1));
	hear_visited(&b, 0);
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
	visit(&b);
	bench_run(&b, duration_s(1));
	a.care_of[0] = (struct in_addr){ htonl(0x0a000299) };
	bench_hear(&b, &a, BENCH_VISITED);
	CU_ASSERT(same(b.rq.care_of, a.care_of[0]));
	a.lifetime = 0;
	bench_hear(&b, &a, BENCH_VISITED);
	CU_ASSERT_EQUAL(bench_status(&b).place, MN_NOWHERE);
	bench_fini(&b);
}

static void home_stays_home_while_its_agent_is_silent(void)
{
	struct bench b;

	bench_init(&b);
	use_colocated(&b);
	bench_start(&b);
	bench_link(&b, true);
	hear_home(&b, 9);
	bench_reply(&b, MIP_ACCEPTED, 0);
	bench_run(&b, duration_s(100));
	CU_ASSERT_EQUAL(bench_status(&b).place, MN_HOME);
	CU_ASSERT(!b.kernel.silent[BENCH_IFINDEX]);
	hear_visited(&b, 1);
	CU_ASSERT_EQUAL(bench_status(&b).place, MN_FOREIGN_AGENT);
	hear_home(&b, 9);
	CU_ASSERT_EQUAL(bench_status(&b).place, MN_HOME);
	bench_fini(&b);
}

static void ask(struct bench *b, struct in_addr target, struct mac from, bool unicast)
{
	struct arp_frame f = { .arp = { .op = ARP_REQUEST,
					.sender_mac = from,
					.sender = BENCH_VISITED,
					.target = target },
			       .from = from,
			       .unicast = unicast,
			       .ifindex = BENCH_IFINDEX };

	effect_list_clear(&b->fx);
	mn_core_arp(b->mn, &f, b->now, &b->fx);
}

static void away_only_its_agent_is_answered(void)
{
	static const struct mac stranger = { { 2, 9, 9, 9, 9, 9 } };
	struct mac agent = bench_mac(BENCH_VISITED);
	struct bench b;

	bench_init(&b);
	bench_start(&b);
	bench_link(&b, true);
	ask(&b, BENCH_HOME, agent, true);
	CU_ASSERT_EQUAL(b.fx.count, 0);
	hear_visited(&b, 1);
	ask(&b, BENCH_HOME, agent, true); /* trying to register */
	CU_ASSERT_EQUAL(b.fx.count, 1);
	CU_ASSERT(mac_equal(b.fx.at[0].arp.to, agent));
	CU_ASSERT(same(b.fx.at[0].arp.arp.sender, BENCH_HOME));
	CU_ASSERT_EQUAL(b.fx.at[0].arp.arp.op, ARP_REPLY);
	ask(&b, BENCH_HOME, agent, false);
	CU_ASSERT_EQUAL(b.fx.count, 0);
	ask(&b, BENCH_HOME, stranger, true);
	CU_ASSERT_EQUAL(b.fx.count, 0);
	ask(&b, BENCH_GATEWAY, agent, true);
	CU_ASSERT_EQUAL(b.fx.count, 0);
	bench_fini(&b);
}

static void for_its_own_care_of_address_anybody_is(void)
{
	static const struct mac stranger = { { 2, 9, 9, 9, 9, 9 } };
	struct bench b;

	bench_init(&b);
	use_colocated(&b);
	bench_start(&b);
	bench_link(&b, true);
	bench_run(&b, duration_s(3));
	ask(&b, BENCH_OWN, stranger, false);
	CU_ASSERT_EQUAL(b.fx.count, 1);
	ask(&b, BENCH_HOME, stranger, true);
	CU_ASSERT_EQUAL(b.fx.count, 0);
	bench_fini(&b);
}

/* One failing kernel change: no Request rests on it, and it is asked for again. */
static void no_request_without_what_it_needs(void)
{
	static const int kinds[] = { EFFECT_ROUTE, EFFECT_NEIGHBOUR, EFFECT_ARP_POLICY,
				     EFFECT_ADDRESS };

	for (unsigned i = 0; i < 4; i++) {
		struct bench b;

		bench_init(&b);
		bench_start(&b);
		bench_link(&b, true);
		if (kinds[i] == EFFECT_ADDRESS || kinds[i] == EFFECT_ARP_POLICY)
			bench_link(&b, false); /* so that they are said again */
		b.fail_kind = kinds[i];
		bench_link(&b, true);
		hear_visited(&b, 1);
		CU_ASSERT_EQUAL(b.asked, 0);
		CU_ASSERT(b.notes[NOTE_EFFECT_FAILED] > 0);
		b.fail_kind = -1;
		bench_run(&b, duration_ms(2900));
		CU_ASSERT(b.asked >= 1);
		CU_ASSERT(default_is(&b, BENCH_VISITED, BENCH_IFINDEX));
		bench_fini(&b);
	}
}

static void what_failed_nowhere_is_repaired(void)
{
	struct bench b;

	bench_init(&b);
	b.fail_kind = EFFECT_ROUTE;
	bench_start(&b);
	CU_ASSERT_EQUAL(b.kernel.routes, 0);
	b.fail_kind = -1;
	bench_run(&b, duration_s(5));
	CU_ASSERT_EQUAL(b.kernel.routes, 1);
	bench_fini(&b);
}

static void the_interface_may_vanish_and_come_back(void)
{
	struct bench b;

	bench_init(&b);
	visit(&b);
	links_remove(&b.links, BENCH_IFINDEX);
	effect_list_clear(&b.fx);
	mn_core_links(b.mn, &b.links, b.now, &b.fx);
	CU_ASSERT_EQUAL(bench_status(&b).place, MN_NOWHERE);
	bench_run(&b, duration_s(50));
	bench_link(&b, true);
	CU_ASSERT(kernel_has_address(&b.kernel, BENCH_HOME));
	hear_visited(&b, 3);
	CU_ASSERT_EQUAL(bench_status(&b).place, MN_FOREIGN_AGENT);
	bench_fini(&b);
}

static void another_configuration(void)
{
	struct bench b;

	bench_init(&b);
	visit(&b);
	b.config.lifetime = 50;
	b.config.home.addr = BENCH_HOME;
	CU_ASSERT_EQUAL(reload(&b), 0);
	CU_ASSERT_EQUAL(bench_status(&b).place, MN_FOREIGN_AGENT);
	CU_ASSERT_EQUAL(bench_status(&b).state, MN_REGISTERING);
	bench_fini(&b);
}

static void at_the_end_nothing_is_left(void)
{
	for (unsigned where = 0; where < 4; where++) {
		struct bench b;

		bench_init(&b);
		b.config.deregister_on_exit = true;
		if (where == 3)
			use_colocated(&b);
		bench_start(&b);
		bench_link(&b, where != 0);
		if (where == 1)
			hear_home(&b, 1);
		if (where == 2)
			hear_visited(&b, 1);
		bench_run(&b, duration_ms(where == 3 ? 3000 : 100));
		if (where != 0)
			bench_reply(&b, MIP_ACCEPTED, 60);
		effect_list_clear(&b.fx);
		mn_core_stop(b.mn, b.now, &b.fx);
		for (size_t i = 0; i < b.fx.count; i++)
			if (b.fx.at[i].kind <= EFFECT_ARP_POLICY &&
			    b.fx.at[i].kind != EFFECT_FORWARD)
				kernel_apply(&b.kernel, &b.fx.at[i]);
		CU_ASSERT(kernel_is_clean(&b.kernel));
		CU_ASSERT(instant_is_never(mn_core_next_deadline(b.mn)));
		bench_fini(&b);
	}
}

/* Its agent has just restarted twice, and three Requests left at once. */
static void it_takes_its_leave_however_soon(void)
{
	unsigned sent = 0;
	struct bench b;

	bench_init(&b);
	b.config.deregister_on_exit = true;
	visit(&b);
	for (unsigned i = 0; i < 2; i++) {
		hear_visited(&b, 400);
		hear_visited(&b, 0);
		bench_reply(&b, MIP_ACCEPTED, 300);
	}
	CU_ASSERT_EQUAL(b.asked, 3);
	CU_ASSERT_EQUAL(bench_status(&b).state, MN_REGISTERED);
	effect_list_clear(&b.fx);
	mn_core_stop(b.mn, b.now, &b.fx);
	for (size_t i = 0; i < b.fx.count; i++)
		sent += b.fx.at[i].kind == EFFECT_SEND_LINK;
	CU_ASSERT_EQUAL(sent, 1);
	bench_fini(&b);
}

void suite_mn_core(void)
{
	CU_pSuite s = CU_add_suite("mn_core", NULL, NULL);

	CU_ADD_TEST(s, before_any_agent_is_known);
	CU_ADD_TEST(s, at_a_foreign_agent);
	CU_ADD_TEST(s, and_home_again);
	CU_ADD_TEST(s, with_an_address_of_its_own);
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
	CU_ADD_TEST(s, away_only_its_agent_is_answered);
	CU_ADD_TEST(s, for_its_own_care_of_address_anybody_is);
	CU_ADD_TEST(s, no_request_without_what_it_needs);
	CU_ADD_TEST(s, what_failed_nowhere_is_repaired);
	CU_ADD_TEST(s, the_interface_may_vanish_and_come_back);
	CU_ADD_TEST(s, another_configuration);
	CU_ADD_TEST(s, at_the_end_nothing_is_left);
	CU_ADD_TEST(s, it_takes_its_leave_however_soon);
}
