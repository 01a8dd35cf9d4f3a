/* SPDX-License-Identifier: ISC */
/*
 * The mobile node's places: what the kernel is asked for, ARP, failures, a new
 * configuration, the end (RFC 5944 4.2.1, 4.6).
 */
#include "common/wire/mip_code.h"
#include "tests/unit/mn_bench.h"

#include <CUnit/CUnit.h>
#include <errno.h>

#include "tests/unit/suites.h"

static bool same(struct in_addr a, struct in_addr b)
{
	return a.s_addr == b.s_addr;
}

static void before_any_agent_is_known(void)
{
	struct bench b;

	bench_init(&b);
	bench_start(&b);
	CU_ASSERT(kernel_has_address(&b.kernel, BENCH_HOME));
	CU_ASSERT(b.kernel.silent[BENCH_IFINDEX]);
	CU_ASSERT(bench_default_is(&b, (struct in_addr){ 0 }, EFFECT_DEV_TUN));
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
	bench_visit(&b);
	CU_ASSERT(bench_default_is(&b, BENCH_VISITED, BENCH_IFINDEX));
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

/* Where T is asked for nothing leaves before the Reply grants it (RFC 3024 4.1). */
static void nothing_leaves_before_the_reverse_tunnel(void)
{
	const struct in_addr none = { 0 };
	struct bench b;

	bench_init(&b);
	b.config.reverse_tunnel = true;
	bench_start(&b);
	bench_link(&b, true);
	bench_hear_visited(&b, 400);
	CU_ASSERT_EQUAL(b.asked, 1);
	CU_ASSERT(bench_default_is(&b, none, EFFECT_DEV_TUN));
	bench_reply(&b, MIP_ACCEPTED, 3);
	CU_ASSERT(bench_default_is(&b, BENCH_VISITED, BENCH_IFINDEX));
	CU_ASSERT(bench_status(&b).reverse);
	bench_hear_visited(&b, 0); /* it has started again and knows us no more */
	CU_ASSERT(bench_default_is(&b, none, EFFECT_DEV_TUN));
	bench_reply(&b, MIP_ACCEPTED, 2);
	CU_ASSERT(bench_default_is(&b, BENCH_VISITED, BENCH_IFINDEX));
	bench_run(&b, duration_ms(1900));
	bench_hear_visited(&b, 1);
	CU_ASSERT(bench_default_is(&b, BENCH_VISITED, BENCH_IFINDEX));
	bench_run(&b, duration_ms(100)); /* the renewals were not answered */
	CU_ASSERT_EQUAL(bench_counter(&b, "expired"), 1);
	CU_ASSERT(bench_default_is(&b, none, EFFECT_DEV_TUN));
	bench_reply(&b, MIP_HA_NO_REVERSE, 0);
	CU_ASSERT(bench_default_is(&b, BENCH_VISITED, BENCH_IFINDEX));
	CU_ASSERT(!bench_status(&b).reverse);
	CU_ASSERT(!b.default_missing);
	bench_fini(&b);
}

/* Told on renewal that there must be one, while registered without. */
static void nor_once_it_is_mandatory(void)
{
	struct bench b;

	bench_init(&b);
	bench_visit(&b);
	CU_ASSERT(bench_default_is(&b, BENCH_VISITED, BENCH_IFINDEX));
	while (b.asked == 1) {
		bench_run(&b, duration_s(1));
		bench_hear_visited(&b, 11);
	}
	bench_reply(&b, MIP_HA_REVERSE_MANDATORY, 0);
	CU_ASSERT(bench_default_is(&b, (struct in_addr){ 0 }, EFFECT_DEV_TUN));
	bench_reply(&b, MIP_ACCEPTED, 300);
	CU_ASSERT(bench_default_is(&b, BENCH_VISITED, BENCH_IFINDEX));
	bench_fini(&b);
}

static void and_home_again(void)
{
	struct bench b;

	bench_init(&b);
	bench_visit(&b);
	bench_link(&b, false);
	CU_ASSERT(bench_default_is(&b, (struct in_addr){ 0 }, EFFECT_DEV_TUN));
	CU_ASSERT_EQUAL(b.kernel.neighbours, 0);
	bench_link(&b, true);
	bench_hear_home(&b, 3);
	CU_ASSERT_EQUAL(bench_status(&b).state, MN_DEREGISTERING);
	CU_ASSERT(bench_default_is(&b, BENCH_HOME_AGENT, BENCH_IFINDEX));
	CU_ASSERT_EQUAL(b.kernel.routes, 2);
	CU_ASSERT(!b.kernel.silent[BENCH_IFINDEX]);
	bench_reply(&b, MIP_ACCEPTED, 0);
	CU_ASSERT_EQUAL(bench_status(&b).place, MN_HOME);
	CU_ASSERT_EQUAL(bench_status(&b).state, MN_AT_HOME);
	/* Leaving: silent before the next link can ask. */
	bench_link(&b, false);
	CU_ASSERT(b.kernel.silent[BENCH_IFINDEX]);
	bench_link(&b, true);
	bench_hear_visited(&b, 20);
	CU_ASSERT(b.rq_arp_silent);
	CU_ASSERT(!b.default_missing);
	bench_fini(&b);
}

static void with_an_address_of_its_own(void)
{
	struct bench b;

	bench_init(&b);
	bench_allow_colocated(&b);
	b.config.reverse_tunnel = true;
	b.config.encap = ENCAP_GRE;
	bench_start(&b);
	bench_link(&b, true);
	bench_run(&b, duration_s(3));
	CU_ASSERT_EQUAL(bench_status(&b).place, MN_COLOCATED);
	CU_ASSERT(kernel_has_address(&b.kernel, BENCH_OWN));
	CU_ASSERT(bench_default_is(&b, (struct in_addr){ 0 }, EFFECT_DEV_TUN));
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
	bench_hear_visited(&b, 1);
	CU_ASSERT_EQUAL(bench_status(&b).place, MN_FOREIGN_AGENT);
	CU_ASSERT_EQUAL(b.forward.kind, FWD_OWN_CLEAR);
	CU_ASSERT(!kernel_has_address(&b.kernel, BENCH_OWN));
	CU_ASSERT_EQUAL(b.kernel.routes, 2);
	CU_ASSERT(!b.default_missing);
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
	bench_hear_visited(&b, 1);
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
	bench_allow_colocated(&b);
	bench_start(&b);
	bench_link(&b, true);
	bench_run(&b, duration_s(3));
	ask(&b, BENCH_OWN, stranger, false);
	CU_ASSERT_EQUAL(b.fx.count, 1);
	ask(&b, BENCH_HOME, stranger, true);
	CU_ASSERT_EQUAL(b.fx.count, 0);
	bench_fini(&b);
}

static bool gateway_is(const struct bench *b, struct mac mac)
{
	const struct effect_neighbour *n =
		kernel_neighbour(&b->kernel, BENCH_GATEWAY, BENCH_IFINDEX);

	return n && mac_equal(n->mac, mac);
}

/* It broadcasts no ARP, and the kernel has nobody to ask for (RFC 5944 4.2.1). */
static void its_router_is_asked_for_without_a_broadcast(void)
{
	static const struct mac other = { { 2, 7, 7, 7, 7, 7 } };
	struct bench b;

	bench_init(&b);
	bench_allow_colocated(&b);
	b.gateway_silent = true;
	bench_start(&b);
	bench_link(&b, true);
	bench_run(&b, duration_s(3));
	CU_ASSERT_EQUAL(bench_status(&b).place, MN_COLOCATED);
	CU_ASSERT_EQUAL(bench_status(&b).state, MN_REGISTERING);
	CU_ASSERT_EQUAL(b.gateway_asked, 1);
	bench_run(&b, duration_s(3));
	CU_ASSERT_EQUAL(b.gateway_asked, 3); /* a second later, then two */
	CU_ASSERT_EQUAL(b.asked, 0);
	CU_ASSERT_EQUAL(b.kernel.routes, 1);
	CU_ASSERT(bench_default_is(&b, (struct in_addr){ 0 }, EFFECT_DEV_TUN));
	bench_hear_gateway(&b, bench_mac(BENCH_GATEWAY));
	CU_ASSERT_EQUAL(b.asked, 1);
	CU_ASSERT(gateway_is(&b, bench_mac(BENCH_GATEWAY)));
	CU_ASSERT(bench_default_is(&b, BENCH_GATEWAY, BENCH_IFINDEX));
	for (unsigned i = 0; i < b.kernel.addresses; i++)
		CU_ASSERT_EQUAL(b.kernel.address[i].addr.len, 32);
	bench_reply(&b, MIP_ACCEPTED, 300);
	bench_hear_gateway(&b, other); /* another took its place */
	CU_ASSERT(gateway_is(&b, other));
	CU_ASSERT_EQUAL(b.kernel.neighbours, 1);
	CU_ASSERT_EQUAL(b.asked, 1);
	bench_hear_gateway(&b, MAC_BROADCAST);
	CU_ASSERT(gateway_is(&b, other));
	CU_ASSERT(!b.arp_broadcast_away && !b.default_missing);
	bench_fini(&b);
}

/* Sooner when Requests stay unanswered: perhaps the router is another by now. */
static void and_asked_for_again_now_and_then(void)
{
	struct bench b;

	bench_init(&b);
	bench_allow_colocated(&b);
	bench_start(&b);
	bench_link(&b, true);
	bench_run(&b, duration_s(3));
	bench_reply(&b, MIP_ACCEPTED, 300);
	bench_run(&b, duration_s(90)); /* all is well, but it may have changed */
	CU_ASSERT_EQUAL(b.asked, 1);
	CU_ASSERT_EQUAL(b.gateway_asked, 4);
	bench_fini(&b);

	bench_init(&b);
	bench_allow_colocated(&b);
	bench_start(&b);
	bench_link(&b, true);
	bench_run(&b, duration_s(3));
	CU_ASSERT_EQUAL(b.asked, 1);
	CU_ASSERT_EQUAL(b.gateway_asked, 1);
	bench_run(&b, duration_s(3));
	CU_ASSERT_EQUAL(b.asked, 3);
	CU_ASSERT_EQUAL(b.gateway_asked, 3);
	bench_hear_visited(&b, 1); /* there nobody is asked for */
	CU_ASSERT(kernel_neighbour(&b.kernel, BENCH_GATEWAY, BENCH_IFINDEX) == NULL);
	bench_hear_gateway(&b, bench_mac(BENCH_GATEWAY));
	CU_ASSERT_EQUAL(b.kernel.neighbours, 1);
	bench_fini(&b);
}

/* What claims to be the router must come from where it says, and not from us. */
static void the_router_speaks_for_itself(void)
{
	struct arp_frame frame = { .arp = { .op = ARP_REPLY,
					    .sender_mac = bench_mac(BENCH_GATEWAY),
					    .sender = BENCH_GATEWAY },
				   .from = bench_mac(BENCH_VISITED),
				   .ifindex = BENCH_IFINDEX };
	struct bench b;

	bench_init(&b);
	bench_allow_colocated(&b);
	b.gateway_silent = true;
	bench_start(&b);
	bench_link(&b, true);
	bench_run(&b, duration_s(3));
	mn_core_arp(b.mn, &frame, b.now, &b.fx);
	bench_hear_gateway(&b, links_by_index(&b.links, BENCH_IFINDEX)->mac);
	CU_ASSERT_EQUAL(b.kernel.neighbours, 0);
	CU_ASSERT_EQUAL(b.asked, 0);
	bench_fini(&b);
}

/* It may be another's router by the time we are back. */
static void after_a_move_the_router_is_asked_for_anew(void)
{
	struct bench b;

	bench_init(&b);
	bench_allow_colocated(&b);
	bench_start(&b);
	bench_link(&b, true);
	bench_run(&b, duration_s(3));
	bench_reply(&b, MIP_ACCEPTED, 300);
	CU_ASSERT(gateway_is(&b, bench_mac(BENCH_GATEWAY)));
	b.gateway_silent = true;
	bench_link(&b, false);
	bench_link(&b, true);
	bench_run(&b, duration_s(4));
	CU_ASSERT_EQUAL(bench_status(&b).place, MN_COLOCATED);
	CU_ASSERT(b.gateway_asked > 1);
	CU_ASSERT_EQUAL(b.kernel.neighbours, 0);
	CU_ASSERT_EQUAL(b.asked, 1);
	bench_fini(&b);
}

/* Some routers answer no ARP that came to a group: the operator learns of it. */
static void a_router_deaf_to_the_group_is_told_of(void)
{
	struct bench b;

	bench_init(&b);
	bench_allow_colocated(&b);
	b.gateway_silent = true;
	bench_start(&b);
	bench_link(&b, true);
	bench_run(&b, duration_s(3 + 1 + 2));
	CU_ASSERT(b.gateway_asked == 3 && b.notes[NOTE_GATEWAY_SILENT] == 0);
	bench_run(&b, duration_s(4));
	CU_ASSERT(b.gateway_asked == 4 && b.notes[NOTE_GATEWAY_SILENT] == 1);
	bench_run(&b, duration_s(60));
	CU_ASSERT(b.gateway_asked > 6 && b.notes[NOTE_GATEWAY_SILENT] == 1);
	CU_ASSERT(b.gateway_broadcast == 0 && !b.arp_broadcast_away);
	bench_fini(&b);
}

/* It is asked for by a broadcast where that is allowed, and after the group. */
static void and_found_by_a_broadcast_if_allowed(void)
{
	struct bench b;

	bench_init(&b);
	bench_allow_colocated(&b);
	b.config.colocated.broadcast_arp = true;
	b.gateway_silent = true;
	bench_start(&b);
	bench_link(&b, true);
	bench_run(&b, duration_s(3 + 1 + 2));
	CU_ASSERT(b.gateway_asked == 3 && b.gateway_broadcast == 0);
	b.gateway_silent = false;
	bench_run(&b, duration_s(4));
	CU_ASSERT(b.gateway_asked == 4 && b.gateway_broadcast == 1);
	CU_ASSERT(gateway_is(&b, bench_mac(BENCH_GATEWAY)));
	CU_ASSERT_EQUAL(b.asked, 1);
	bench_reply(&b, MIP_ACCEPTED, 300);
	bench_run(&b, duration_s(90)); /* it is heard: the group will do */
	CU_ASSERT(b.gateway_asked > 5 && b.gateway_broadcast == 1);
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
		bench_hear_visited(&b, 1);
		CU_ASSERT_EQUAL(b.asked, 0);
		CU_ASSERT(b.notes[NOTE_EFFECT_FAILED] > 0);
		b.fail_kind = -1;
		bench_run(&b, duration_ms(2900));
		CU_ASSERT(b.asked >= 1);
		CU_ASSERT(bench_default_is(&b, BENCH_VISITED, BENCH_IFINDEX));
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

/* A DHCP client, an operator: addresses, routes and neighbours are gone. */
static void what_others_flush_comes_back(void)
{
	struct bench b;

	bench_init(&b);
	b.config.broadcasts = true; /* a tunnel of ours, which nobody else can touch */
	bench_visit(&b);
	b.kernel.routes = b.kernel.addresses = b.kernel.neighbours = 0;
	bench_run(&b, duration_s(10));
	CU_ASSERT(kernel_has_address(&b.kernel, BENCH_HOME));
	CU_ASSERT(bench_default_is(&b, BENCH_VISITED, BENCH_IFINDEX));
	CU_ASSERT_EQUAL(b.kernel.routes, 2);
	CU_ASSERT_EQUAL(b.kernel.neighbours, 1);
	CU_ASSERT_EQUAL(b.forwards, 1);
	CU_ASSERT_EQUAL(b.asked, 1);
	bench_fini(&b);
}

/* Its agent, or at home everybody, must hear of it. */
static void another_link_layer_address_is_told(void)
{
	struct bench b;

	bench_init(&b);
	bench_visit(&b);
	b.mac.octet[5] ^= 1;
	bench_link(&b, true);
	CU_ASSERT_EQUAL(b.asked, 2);
	CU_ASSERT_EQUAL(bench_status(&b).state, MN_REGISTERED);
	bench_link(&b, true);
	CU_ASSERT_EQUAL(b.asked, 2);
	bench_hear_home(&b, 1);
	bench_reply(&b, MIP_ACCEPTED, 0);
	bench_run(&b, duration_s(4));
	CU_ASSERT_EQUAL(b.gratuitous, 3);
	b.mac.octet[5] ^= 1;
	bench_link(&b, true);
	CU_ASSERT_EQUAL(b.gratuitous, 4);
	bench_fini(&b);
}

static void the_interface_may_vanish_and_come_back(void)
{
	struct bench b;

	bench_init(&b);
	bench_visit(&b);
	links_remove(&b.links, BENCH_IFINDEX);
	effect_list_clear(&b.fx);
	mn_core_links(b.mn, &b.links, b.now, &b.fx);
	CU_ASSERT_EQUAL(bench_status(&b).place, MN_NOWHERE);
	bench_run(&b, duration_s(50));
	bench_link(&b, true);
	CU_ASSERT(kernel_has_address(&b.kernel, BENCH_HOME));
	bench_hear_visited(&b, 3);
	CU_ASSERT_EQUAL(bench_status(&b).place, MN_FOREIGN_AGENT);
	bench_fini(&b);
}

static void another_configuration(void)
{
	struct bench b;

	bench_init(&b);
	bench_visit(&b);
	b.config.lifetime = 50;
	b.config.home.addr = BENCH_HOME;
	CU_ASSERT_EQUAL(bench_reload(&b), 0);
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
			bench_allow_colocated(&b);
		bench_start(&b);
		bench_link(&b, where != 0);
		if (where == 1)
			bench_hear_home(&b, 1);
		if (where == 2)
			bench_hear_visited(&b, 1);
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
	bench_visit(&b);
	for (unsigned i = 0; i < 2; i++) {
		bench_hear_visited(&b, 400);
		bench_hear_visited(&b, 0);
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
	CU_ADD_TEST(s, nothing_leaves_before_the_reverse_tunnel);
	CU_ADD_TEST(s, nor_once_it_is_mandatory);
	CU_ADD_TEST(s, and_home_again);
	CU_ADD_TEST(s, with_an_address_of_its_own);
	CU_ADD_TEST(s, away_only_its_agent_is_answered);
	CU_ADD_TEST(s, for_its_own_care_of_address_anybody_is);
	CU_ADD_TEST(s, its_router_is_asked_for_without_a_broadcast);
	CU_ADD_TEST(s, and_asked_for_again_now_and_then);
	CU_ADD_TEST(s, the_router_speaks_for_itself);
	CU_ADD_TEST(s, after_a_move_the_router_is_asked_for_anew);
	CU_ADD_TEST(s, a_router_deaf_to_the_group_is_told_of);
	CU_ADD_TEST(s, and_found_by_a_broadcast_if_allowed);
	CU_ADD_TEST(s, no_request_without_what_it_needs);
	CU_ADD_TEST(s, what_failed_nowhere_is_repaired);
	CU_ADD_TEST(s, what_others_flush_comes_back);
	CU_ADD_TEST(s, another_link_layer_address_is_told);
	CU_ADD_TEST(s, the_interface_may_vanish_and_come_back);
	CU_ADD_TEST(s, another_configuration);
	CU_ADD_TEST(s, at_the_end_nothing_is_left);
	CU_ADD_TEST(s, it_takes_its_leave_however_soon);
}
