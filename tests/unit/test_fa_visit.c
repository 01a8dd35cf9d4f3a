/* SPDX-License-Identifier: ISC */
/* Visitors at the foreign agent: lifetimes, renewals, moves, ends, and failures. */
#include "tests/unit/fa_world.h"

#include "common/wire/mip_code.h"

#include <CUnit/CUnit.h>

#include "tests/unit/suites.h"

/* FA-RLY-11. */
static void the_lifetime_is_the_smaller_and_counts_from_the_relaying(void)
{
	struct ask a = usual_ask();
	struct fa_world w;
	struct say s = say_to(&a);

	fa_world_open(&w);
	fa_world_ask(&w, &a);
	fa_world_pass(&w, duration_s(3));
	s.lifetime = 100;
	fa_world_say(&w, &s);
	CU_ASSERT_EQUAL(fa_world_visitor(&w, NODE)->visit.granted, 100);
	CU_ASSERT_EQUAL(fa_world_visitor(&w, NODE)->visit.expires.ns,
			instant_add(w.now.mono, duration_s(100)).ns);
	a.ident++;
	s = say_to(&a);
	s.lifetime = 9999; /* a home agent that grants more than was asked */
	fa_world_ask(&w, &a);
	fa_world_say(&w, &s);
	CU_ASSERT_EQUAL(fa_world_visitor(&w, NODE)->visit.granted, 1800);
	fa_world_end(&w);
}

static void an_infinite_lifetime_stays(void)
{
	struct ask a = usual_ask();
	struct fa_world w;

	fa_world_config(&w);
	w.config.max_lifetime = MIP_LIFETIME_INFINITE;
	fa_world_start(&w);
	a.lifetime = MIP_LIFETIME_INFINITE;
	fa_world_register(&w, &a);
	fa_world_pass(&w, duration_s(1000000));
	CU_ASSERT_EQUAL(fa_core_visitor_count(w.fa), 1);
	fa_world_end(&w);
}

static void a_visitor_expires_without_a_word(void)
{
	const struct ask a = reverse_ask();
	struct fa_world w;

	fa_world_open(&w);
	fa_world_register(&w, &a);
	fa_world_pass(&w, duration_ms(599999));
	CU_ASSERT_EQUAL(fa_core_visitor_count(w.fa), 1);
	fa_world_pass(&w, duration_ms(1));
	CU_ASSERT_EQUAL(fa_core_visitor_count(w.fa), 0);
	CU_ASSERT_FALSE(fa_world_heard(&w).any);
	CU_ASSERT_EQUAL(fa_world_effects(&w, EFFECT_SEND_UDP), 0);
	CU_ASSERT_FALSE(fa_world_effect(&w, EFFECT_RULE, 0)->rule.add);
	CU_ASSERT_EQUAL(fa_world_edit(&w, 0)->kind, FWD_VISITOR_CLEAR);
	CU_ASSERT_TRUE(fa_world_place(&w, EFFECT_RULE, 0) <
		       fa_world_place(&w, EFFECT_FORWARD, 0));
	fa_world_end(&w);
}

static void a_renewal_changes_only_what_differs(void)
{
	struct ask a = reverse_ask();
	struct fa_world w;

	fa_world_open(&w);
	fa_world_register(&w, &a);
	fa_world_pass(&w, duration_s(500));
	a.ident++;
	fa_world_register(&w, &a);
	CU_ASSERT_EQUAL(fa_world_heard(&w).code, 0);
	CU_ASSERT_EQUAL(fa_world_effects(&w, EFFECT_FORWARD), 0);
	CU_ASSERT_EQUAL(fa_world_effects(&w, EFFECT_RULE), 0);
	fa_world_pass(&w, duration_s(599));
	CU_ASSERT_EQUAL(fa_core_visitor_count(w.fa), 1);

	a.ident++;
	a.flags = 0; /* IP-in-IP from now on, and no reverse tunnel */
	fa_world_register(&w, &a);
	CU_ASSERT_EQUAL(fa_world_edit(&w, 0)->kind, FWD_VISITOR_SET);
	CU_ASSERT_EQUAL(fa_world_edit(&w, 0)->tunnel.encap.kind, ENCAP_IPIP);
	CU_ASSERT_EQUAL(fa_world_effects(&w, EFFECT_RULE), 1);
	CU_ASSERT_FALSE(fa_world_effect(&w, EFFECT_RULE, 0)->rule.add);
	fa_world_end(&w);
}

static void a_visitor_moves_between_our_links(void)
{
	struct ask a = reverse_ask();
	struct fa_world w;

	fa_world_open(&w);
	fa_world_register(&w, &a);
	a.ident++;
	a.ifindex = VISIT2;
	a.mac = OTHER_MAC;
	a.dst = OUR_ADDRESS2;
	fa_world_ask(&w, &a); /* nothing changes before the Reply */
	CU_ASSERT_EQUAL(fa_world_visitor(&w, NODE)->visit.rq.ifindex, VISIT1);
	CU_ASSERT_EQUAL(fa_world_effects(&w, EFFECT_FORWARD), 0);
	fa_world_say(&w, &(struct say){ .home = NODE,
					.home_agent = OTHER_AGENT,
					.ident = a.ident,
					.lifetime = 600,
					.mn_ha = 1,
					.src = OTHER_AGENT,
					.dst = CARE_OF });
	CU_ASSERT_EQUAL(fa_world_edit(&w, 0)->ifindex, VISIT2);
	CU_ASSERT_TRUE(mac_equal(fa_world_edit(&w, 0)->mac, OTHER_MAC));
	CU_ASSERT_EQUAL(fa_world_effects(&w, EFFECT_RULE), 2);
	CU_ASSERT_TRUE(fa_world_effect(&w, EFFECT_RULE, 0)->rule.add);
	CU_ASSERT_EQUAL(fa_world_effect(&w, EFFECT_RULE, 0)->rule.iif, VISIT2);
	CU_ASSERT_FALSE(fa_world_effect(&w, EFFECT_RULE, 1)->rule.add);
	CU_ASSERT_EQUAL(fa_world_effect(&w, EFFECT_RULE, 1)->rule.iif, VISIT1);
	CU_ASSERT_EQUAL(fa_world_heard(&w).ifindex, VISIT2);
	fa_world_end(&w);
}

/* FA-REG-04: for a renewal and for a deregistration. */
static void a_denial_leaves_the_visitor_alone(void)
{
	struct ask a = usual_ask();
	struct visit before;
	struct fa_world w;
	struct say s;

	fa_world_open(&w);
	fa_world_register(&w, &a);
	before = fa_world_visitor(&w, NODE)->visit;
	for (uint16_t lifetime = 0; lifetime <= 600; lifetime += 600) {
		a.ident++;
		a.lifetime = lifetime;
		a.ifindex = VISIT2;
		a.mac = OTHER_MAC;
		s = say_to(&a);
		s.code = MIP_HA_PROHIBITED;
		fa_world_ask(&w, &a);
		fa_world_say(&w, &s);
		CU_ASSERT_EQUAL(fa_world_heard(&w).code, MIP_HA_PROHIBITED);
		CU_ASSERT_TRUE(mac_equal(fa_world_heard(&w).mac, OTHER_MAC));
		CU_ASSERT_EQUAL(fa_world_effects(&w, EFFECT_FORWARD), 0);
		CU_ASSERT_EQUAL(fa_world_pending(&w), 0);
		CU_ASSERT_PTR_NOT_NULL_FATAL(fa_world_visitor(&w, NODE));
		CU_ASSERT_TRUE(mac_equal(fa_world_visitor(&w, NODE)->visit.rq.mac,
					 before.rq.mac));
		CU_ASSERT_EQUAL(fa_world_visitor(&w, NODE)->visit.expires.ns,
				before.expires.ns);
	}
	fa_world_end(&w);
}

/* After registering by the FA care-of address, deregister `care_of`. */
static size_t visitors_after_deregistering(struct in_addr care_of)
{
	struct ask a = usual_ask();
	struct fa_world w;
	size_t left;

	fa_world_open(&w);
	fa_world_register(&w, &a);
	a.ident++;
	a.lifetime = 0;
	a.care_of = care_of;
	fa_world_register(&w, &a);
	CU_ASSERT_EQUAL(fa_world_heard(&w).code, 0);
	left = fa_core_visitor_count(w.fa);
	CU_ASSERT_EQUAL(fa_world_effects(&w, EFFECT_FORWARD), left == 0);
	if (left == 0) {
		CU_ASSERT_EQUAL(fa_world_edit(&w, 0)->kind, FWD_VISITOR_CLEAR);
		CU_ASSERT_TRUE(fa_world_place(&w, EFFECT_SEND_LINK, 0) <
			       fa_world_place(&w, EFFECT_FORWARD, 0));
	}
	fa_world_end(&w);
	return left;
}

/* T-26. */
static void only_its_own_deregistration_ends_a_visit(void)
{
	CU_ASSERT_EQUAL(visitors_after_deregistering(CARE_OF), 0);
	CU_ASSERT_EQUAL(visitors_after_deregistering(NODE), 0);
	CU_ASSERT_EQUAL(visitors_after_deregistering(IP(10, 7, 7, 7)), 1);
}

/* A lifetime of zero granted to a Request for more is an end, too. */
/* Another station names another agent, one of its own: neither gets the visitor. */
static void another_agent_takes_nobody_over(void)
{
	struct ask first = usual_ask(), other = usual_ask();
	struct fa_world w;

	fa_world_open(&w);
	fa_world_register(&w, &first);
	other.ident += UINT64_C(1) << 32 | 1;
	other.home_agent = IP(10, 6, 0, 1);
	other.mac = OTHER_MAC;
	fa_world_ask(&w, &other);
	CU_ASSERT_EQUAL(fa_world_heard(&w).code, MIP_FA_PROHIBITED);
	CU_ASSERT_EQUAL(fa_world_pending(&w), 0);
	fa_world_pass(&w, duration_s(2));
	other.lifetime = 0; /* nor may it send the visitor off */
	fa_world_ask(&w, &other);
	CU_ASSERT_EQUAL(fa_world_heard(&w).code, MIP_FA_PROHIBITED);

	/* An agent that proves itself does, and one that the visitor asks. */
	other.lifetime = first.lifetime;
	other.home_agent = HOME_AGENT;
	fa_world_register(&w, &other);
	CU_ASSERT_EQUAL(fa_world_heard(&w).code, 0);
	other.ident += UINT64_C(1) << 32 | 1;
	other.home_agent = OTHER_AGENT;
	fa_world_register(&w, &other);
	CU_ASSERT_EQUAL(fa_world_heard(&w).code, 0);
	CU_ASSERT_EQUAL(fa_core_visitor_count(w.fa), 1);
	fa_world_end(&w);
}

static void a_reply_can_grant_nothing(void)
{
	struct ask a = usual_ask();
	struct fa_world w;
	struct say s;

	fa_world_open(&w);
	fa_world_register(&w, &a);
	a.ident++;
	s = say_to(&a);
	s.lifetime = 0;
	fa_world_ask(&w, &a);
	fa_world_say(&w, &s);
	CU_ASSERT_EQUAL(fa_core_visitor_count(w.fa), 0);
	fa_world_end(&w);
}

static void a_co_located_node_passes_through(void)
{
	struct ask a = usual_ask();
	struct fa_world w;

	fa_world_open(&w);
	a.flags = MIP_FLAG_D | MIP_FLAG_T | MIP_FLAG_G;
	a.ttl = 255;
	a.care_of = a.src = IP(10, 2, 0, 77);
	fa_world_register(&w, &a);
	CU_ASSERT_EQUAL(fa_world_heard(&w).code, 0);
	/* FA-REG-18: not to where it came from */
	CU_ASSERT_EQUAL(fa_world_heard(&w).udp.dst.s_addr, NODE.s_addr);
	CU_ASSERT_EQUAL(fa_world_effects(&w, EFFECT_FORWARD), 0);
	CU_ASSERT_EQUAL(fa_world_effects(&w, EFFECT_RULE), 0);
	CU_ASSERT_EQUAL(fa_core_visitor_count(w.fa), 1);
	CU_ASSERT_FALSE(fa_world_visitor(&w, NODE)->visit.path.tunnelled);
	fa_world_pass(&w, duration_s(600));
	CU_ASSERT_EQUAL(fa_world_effects(&w, EFFECT_FORWARD), 0);
	CU_ASSERT_EQUAL(fa_core_visitor_count(w.fa), 0);
	fa_world_end(&w);
}

/* It replaces the visit by our care-of address, unless S keeps both. */
static void a_second_binding_elsewhere(void)
{
	struct ask a = usual_ask();
	struct fa_world w;

	fa_world_open(&w);
	fa_world_register(&w, &a);
	a.ident++;
	a.flags = MIP_FLAG_D | MIP_FLAG_S;
	a.care_of = IP(10, 2, 0, 77);
	fa_world_register(&w, &a);
	CU_ASSERT_EQUAL(fa_world_effects(&w, EFFECT_FORWARD), 0);
	CU_ASSERT_TRUE(fa_world_visitor(&w, NODE)->visit.path.tunnelled);
	a.ident++;
	a.flags = MIP_FLAG_D;
	fa_world_register(&w, &a);
	CU_ASSERT_EQUAL(fa_world_edit(&w, 0)->kind, FWD_VISITOR_CLEAR);
	CU_ASSERT_FALSE(fa_world_visitor(&w, NODE)->visit.path.tunnelled);
	fa_world_end(&w);
}

static void a_refused_edit_admits_nobody(void)
{
	const struct ask a = reverse_ask();
	struct fa_world w;

	fa_world_open(&w);
	fa_world_register(&w, &a);
	fa_world_fail(&w, EFFECT_FORWARD, 0, 28);
	CU_ASSERT_EQUAL(fa_world_heard(&w).code, 66);
	CU_ASSERT_TRUE(mac_equal(fa_world_heard(&w).mac, NODE_MAC));
	CU_ASSERT_EQUAL(fa_world_effects(&w, EFFECT_FORWARD), 0);
	CU_ASSERT_EQUAL(fa_core_visitor_count(w.fa), 0);
	CU_ASSERT_EQUAL(fa_world_effects(&w, EFFECT_SEND_UDP), 0);
	fa_world_end(&w);
}

static void a_refused_rule_takes_the_edit_back(void)
{
	const struct ask a = reverse_ask();
	struct fa_world w;

	fa_world_open(&w);
	fa_world_register(&w, &a);
	fa_world_fail(&w, EFFECT_RULE, 0, 12);
	CU_ASSERT_EQUAL(fa_world_heard(&w).code, 66);
	CU_ASSERT_EQUAL(fa_world_edit(&w, 0)->kind, FWD_VISITOR_CLEAR);
	CU_ASSERT_EQUAL(fa_core_visitor_count(w.fa), 0);
	fa_world_end(&w);
}

static void a_refused_renewal_leaves_what_stood(void)
{
	struct ask a = reverse_ask();
	struct visit before;
	struct fa_world w;

	fa_world_open(&w);
	fa_world_register(&w, &a);
	before = fa_world_visitor(&w, NODE)->visit;
	for (int kind = EFFECT_FORWARD; kind <= EFFECT_RULE; kind++) {
		if (kind == EFFECT_ROUTE)
			continue;
		fa_world_pass(&w, duration_s(10));
		a.ident++;
		a.ifindex = VISIT2;
		a.dst = OUR_ADDRESS2;
		fa_world_register(&w, &a);
		fa_world_fail(&w, (enum effect_kind)kind, 0, 12);
		CU_ASSERT_EQUAL(fa_world_heard(&w).code, 66);
		CU_ASSERT_EQUAL(fa_world_heard(&w).ifindex, VISIT2);
		CU_ASSERT_EQUAL(fa_world_visitor(&w, NODE)->visit.rq.ifindex, VISIT1);
		CU_ASSERT_EQUAL(fa_world_visitor(&w, NODE)->visit.expires.ns,
				before.expires.ns);
		CU_ASSERT_EQUAL(fa_world_effects(&w, EFFECT_FORWARD),
				kind == EFFECT_RULE);
	}
	CU_ASSERT_EQUAL(fa_world_edit(&w, 0)->kind, FWD_VISITOR_SET);
	CU_ASSERT_EQUAL(fa_world_edit(&w, 0)->ifindex, VISIT1);
	fa_world_end(&w);
}

/* Between Request and Reply the last place was taken. */
static void no_room_when_the_reply_comes(void)
{
	struct ask a = usual_ask(), b = usual_ask();
	struct fa_world w;
	struct say s;

	fa_world_config(&w);
	w.config.max_visitors = 1;
	fa_world_start(&w);
	b.home = b.src = IP(10, 1, 0, 20);
	fa_world_ask(&w, &a);
	fa_world_register(&w, &b);
	CU_ASSERT_EQUAL(fa_world_heard(&w).code, 0);
	s = say_to(&a);
	fa_world_say(&w, &s);
	CU_ASSERT_EQUAL(fa_world_heard(&w).code, 66);
	CU_ASSERT_EQUAL(fa_core_visitor_count(w.fa), 1);
	b.ident++; /* a visitor is renewed however full we are */
	fa_world_register(&w, &b);
	CU_ASSERT_EQUAL(fa_world_heard(&w).code, 0);
	fa_world_end(&w);
}

/* The rule is gone when the entry's end is refused. */
static void a_refused_end_of_a_path_leaves_what_stood(void)
{
	struct ask a = reverse_ask();
	struct fa_world w;

	fa_world_open(&w);
	fa_world_register(&w, &a);
	a.ident++;
	a.flags = MIP_FLAG_D;
	a.care_of = IP(10, 2, 0, 77);
	fa_world_register(&w, &a);
	CU_ASSERT_EQUAL(fa_world_edit(&w, 0)->kind, FWD_VISITOR_CLEAR);
	CU_ASSERT_TRUE(fa_world_place(&w, EFFECT_RULE, 0) <
		       fa_world_place(&w, EFFECT_FORWARD, 0));
	fa_world_fail(&w, EFFECT_FORWARD, 0, 12);
	CU_ASSERT_EQUAL(fa_world_heard(&w).code, 66);
	CU_ASSERT_TRUE(fa_world_visitor(&w, NODE)->visit.path.reverse);
	CU_ASSERT_EQUAL(fa_world_edit(&w, 0)->kind, FWD_VISITOR_SET);
	CU_ASSERT_TRUE(fa_world_effect(&w, EFFECT_RULE, 0)->rule.add);
	fa_world_end(&w);
}

/* An old failure, told again, does not reach a visitor that has moved on. */
static void a_failure_is_of_one_change_only(void)
{
	struct ask a = reverse_ask();
	struct effect failed;
	struct fa_world w;

	fa_world_open(&w);
	fa_world_register(&w, &a);
	a.ident++;
	a.ifindex = VISIT2;
	fa_world_register(&w, &a);
	failed = *fa_world_effect(&w, EFFECT_FORWARD, 0);
	for (int i = 0; i < 2; i++) {
		effect_list_clear(&w.fx);
		fa_world_pass(&w, duration_s(2));
		fa_core_failed(w.fa, &failed, 12, w.now, &w.fx);
		CU_ASSERT_EQUAL(fa_world_heard(&w).any, i == 0);
		CU_ASSERT_EQUAL(fa_core_visitor_count(w.fa), 1);
	}
	failed.txn = 0;
	fa_core_failed(w.fa, &failed, 12, w.now, &w.fx);
	CU_ASSERT_EQUAL(fa_core_visitor_count(w.fa), 1);
	fa_world_end(&w);
}

static void what_becomes_of_visitors_is_counted(void)
{
	struct ask a = usual_ask();
	struct fa_world w;
	uint32_t txn;

	fa_world_open(&w);
	fa_world_register(&w, &a);
	CU_ASSERT_EQUAL(fa_world_notes(&w, NOTE_VISITOR_NEW), 1);
	txn = fa_world_effect(&w, EFFECT_FORWARD, 0)->txn;
	a.ident++;
	fa_world_register(&w, &a);
	CU_ASSERT_EQUAL(fa_world_notes(&w, NOTE_VISITOR_RENEWED), 1);
	CU_ASSERT_NOT_EQUAL(fa_world_effect(&w, EFFECT_SEND_LINK, 0)->txn, txn);
	a.ident++;
	a.lifetime = 0;
	fa_world_register(&w, &a);
	CU_ASSERT_EQUAL(fa_world_notes(&w, NOTE_VISITOR_GONE), 1);
	a.ident++;
	a.lifetime = 10;
	fa_world_register(&w, &a);
	fa_world_pass(&w, duration_s(10));
	a.ident++;
	fa_world_register(&w, &a);
	fa_core_clear_visitor(w.fa, NODE, w.now, &w.fx);
	CU_ASSERT_EQUAL(fa_world_counter(&w, "visitors-admitted"), 3);
	CU_ASSERT_EQUAL(fa_world_counter(&w, "visitors-renewed"), 1);
	CU_ASSERT_EQUAL(fa_world_counter(&w, "visitors-left"), 1);
	CU_ASSERT_EQUAL(fa_world_counter(&w, "visitors-expired"), 1);
	CU_ASSERT_EQUAL(fa_world_counter(&w, "visitors-withdrawn"), 1);
	CU_ASSERT_EQUAL(fa_world_counter(&w, "replies-relayed-accepting"), 5);
	fa_world_end(&w);
}

void suite_fa_visit(void)
{
	CU_pSuite s = CU_add_suite("fa_visit", NULL, NULL);

	CU_add_test(s, "the lifetime is the smaller and counts from the relaying",
		    the_lifetime_is_the_smaller_and_counts_from_the_relaying);
	CU_add_test(s, "an infinite lifetime stays", an_infinite_lifetime_stays);
	CU_add_test(s, "a visitor expires without a word",
		    a_visitor_expires_without_a_word);
	CU_add_test(s, "a renewal changes only what differs",
		    a_renewal_changes_only_what_differs);
	CU_add_test(s, "a visitor moves between our links",
		    a_visitor_moves_between_our_links);
	CU_add_test(s, "a denial leaves the visitor alone",
		    a_denial_leaves_the_visitor_alone);
	CU_add_test(s, "only its own deregistration ends a visit",
		    only_its_own_deregistration_ends_a_visit);
	CU_add_test(s, "another agent takes nobody over",
		    another_agent_takes_nobody_over);
	CU_add_test(s, "a reply can grant nothing", a_reply_can_grant_nothing);
	CU_add_test(s, "a co-located node passes through",
		    a_co_located_node_passes_through);
	CU_add_test(s, "a second binding elsewhere", a_second_binding_elsewhere);
	CU_add_test(s, "a refused edit admits nobody", a_refused_edit_admits_nobody);
	CU_add_test(s, "a refused rule takes the edit back",
		    a_refused_rule_takes_the_edit_back);
	CU_add_test(s, "a refused renewal leaves what stood",
		    a_refused_renewal_leaves_what_stood);
	CU_add_test(s, "a refused end of a path leaves what stood",
		    a_refused_end_of_a_path_leaves_what_stood);
	CU_add_test(s, "a failure is of one change only",
		    a_failure_is_of_one_change_only);
	CU_add_test(s, "what becomes of visitors is counted",
		    what_becomes_of_visitors_is_counted);
	CU_add_test(s, "no room when the reply comes", no_room_when_the_reply_comes);
}
