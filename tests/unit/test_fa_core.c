/* SPDX-License-Identifier: ISC */
/* The foreign agent's life: advertising, giving up, links, reload, stop. */
#include "tests/unit/fa_world.h"

#include "common/wire/mip_advert.h"

#include <CUnit/CUnit.h>

#include <errno.h>
#include <stdio.h>

#include "tests/unit/suites.h"

static void advertises_what_it_offers(void)
{
	struct fa_world w;
	struct mip_advert m;

	fa_world_open(&w);
	CU_ASSERT_EQUAL(fa_world_notes(&w, NOTE_AGENT_STARTED), 2);
	CU_ASSERT_EQUAL(fa_core_next_deadline(w.fa).ns, w.now.mono.ns);
	fa_world_pass(&w, duration_s(0));
	m = fa_world_advert(&w, VISIT1);
	CU_ASSERT_EQUAL(m.code, ADVERT_CODE_NO_ROUTES);
	CU_ASSERT_EQUAL(m.flags,
			ADVERT_FLAG_F | ADVERT_FLAG_G | ADVERT_FLAG_M | ADVERT_FLAG_T);
	CU_ASSERT_EQUAL(m.registration_lifetime, 1800);
	CU_ASSERT_EQUAL(m.care_of_count, 1);
	CU_ASSERT_EQUAL(m.care_of[0].s_addr, CARE_OF.s_addr);
	CU_ASSERT_EQUAL(m.router[0].s_addr, OUR_ADDRESS.s_addr);
	CU_ASSERT_EQUAL(fa_world_advert(&w, VISIT2).router[0].s_addr,
			OUR_ADDRESS2.s_addr);
	CU_ASSERT_EQUAL(fa_world_advert(&w, CORE).code, 255);
	CU_ASSERT_TRUE(instant_before(w.now.mono, fa_core_next_deadline(w.fa)));
	fa_world_end(&w);
}

static void options_show_in_its_advertisements(void)
{
	struct fa_world w;

	fa_world_config(&w);
	w.config.gre = w.config.minimal = w.config.reverse_tunnel = false;
	w.config.max_lifetime = 900;
	w.adverts[0].registration_required = true;
	fa_world_start(&w);
	fa_world_pass(&w, duration_s(0));
	CU_ASSERT_EQUAL(fa_world_advert(&w, VISIT1).flags,
			ADVERT_FLAG_F | ADVERT_FLAG_R);
	CU_ASSERT_EQUAL(fa_world_advert(&w, VISIT2).flags, ADVERT_FLAG_F);
	CU_ASSERT_EQUAL(fa_world_advert(&w, VISIT1).registration_lifetime, 900);
	fa_world_end(&w);
}

static void is_busy_when_full(void)
{
	const struct ask a = usual_ask();
	struct fa_world w;

	fa_world_config(&w);
	w.config.max_visitors = 1;
	fa_world_start(&w);
	fa_world_pass(&w, duration_s(0));
	CU_ASSERT_FALSE(fa_world_advert(&w, VISIT1).flags & ADVERT_FLAG_B);
	fa_world_register(&w, &a);
	fa_world_pass(&w, duration_s(2));
	CU_ASSERT_TRUE(fa_world_advert(&w, VISIT1).flags & ADVERT_FLAG_B);
	fa_world_pass(&w, duration_s(600));
	CU_ASSERT_FALSE(fa_world_advert(&w, VISIT1).flags & ADVERT_FLAG_B);
	fa_world_end(&w);
}

static void answers_solicitations(void)
{
	uint8_t bytes[SOLICIT_LEN];
	struct writer wr = writer_over(bytes, sizeof(bytes));
	struct fa_world w;

	fa_world_open(&w);
	mip_solicit_encode(&wr);
	fa_world_icmp(&w, VISIT1, bytes, sizeof(bytes));
	CU_ASSERT_EQUAL(fa_world_advert(&w, VISIT1).care_of_count, 1);
	CU_ASSERT_TRUE(mac_equal(fa_world_effect(&w, EFFECT_SEND_LINK, 0)->frame.to,
				 NODE_MAC));
	fa_world_icmp(&w, CORE, bytes, sizeof(bytes));
	CU_ASSERT_EQUAL(fa_world_effects(&w, EFFECT_SEND_LINK), 0);
	CU_ASSERT_EQUAL(fa_world_counter(&w, "solicitations"), 1);
	fa_world_end(&w);
}

static void advertises_no_address_that_it_lost(void)
{
	struct fa_world w;
	struct links without;

	fa_world_open(&w);
	without = w.links;
	links_remove(&without, CORE);
	effect_list_clear(&w.fx);
	fa_core_links(w.fa, &without, w.now, &w.fx);
	fa_world_pass(&w, duration_s(2));
	CU_ASSERT_EQUAL(fa_world_advert(&w, VISIT1).code, 255);
	fa_core_links(w.fa, &w.links, w.now, &w.fx);
	fa_world_pass(&w, duration_s(2));
	CU_ASSERT_EQUAL(fa_world_advert(&w, VISIT1).care_of_count, 1);
	fa_world_end(&w);
}

static void offers_no_reverse_tunnel_without_its_route(void)
{
	struct fa_world w;

	fa_world_open(&w);
	CU_ASSERT_EQUAL(fa_world_effects(&w, EFFECT_ROUTE), 1);
	fa_world_fail(&w, EFFECT_ROUTE, 0, EPERM);
	fa_world_pass(&w, duration_s(0));
	CU_ASSERT_FALSE(fa_world_advert(&w, VISIT1).flags & ADVERT_FLAG_T);
	fa_world_end(&w);
}

static void a_link_goes_and_comes_back(void)
{
	const struct ask a = usual_ask();
	struct fa_world w;

	fa_world_open(&w);
	fa_world_register(&w, &a);
	w.links.link[0].up = false;
	effect_list_clear(&w.fx);
	fa_core_links(w.fa, &w.links, w.now, &w.fx);
	CU_ASSERT_EQUAL(fa_world_notes(&w, NOTE_LINK_DOWN), 1);
	CU_ASSERT_EQUAL(fa_core_visitor_count(w.fa), 1);
	fa_world_pass(&w, duration_s(5));
	CU_ASSERT_EQUAL(fa_world_advert(&w, VISIT1).code, 255);
	CU_ASSERT_EQUAL(fa_world_advert(&w, VISIT2).care_of_count, 1);

	w.links.link[0].up = true;
	effect_list_clear(&w.fx);
	fa_core_links(w.fa, &w.links, w.now, &w.fx);
	CU_ASSERT_EQUAL(fa_world_notes(&w, NOTE_LINK_UP), 1);
	fa_world_pass(&w, duration_s(0));
	CU_ASSERT_EQUAL(fa_world_advert(&w, VISIT1).care_of_count, 1);
	fa_world_end(&w);
}

static void a_link_that_is_gone_takes_its_visitors(void)
{
	struct ask a = usual_ask();
	struct fa_world w;

	fa_world_open(&w);
	fa_world_register(&w, &a);
	a.home = IP(10, 1, 0, 20);
	a.ifindex = VISIT2;
	a.dst = OUR_ADDRESS2;
	fa_world_register(&w, &a);
	links_remove(&w.links, VISIT1);
	effect_list_clear(&w.fx);
	fa_core_links(w.fa, &w.links, w.now, &w.fx);
	CU_ASSERT_EQUAL(fa_core_visitor_count(w.fa), 1);
	CU_ASSERT_EQUAL(fa_world_effect(&w, EFFECT_FORWARD, 0)->forward.kind,
			FWD_VISITOR_CLEAR);
	CU_ASSERT_PTR_NULL(fa_world_visitor(&w, NODE));
	fa_world_end(&w);
}

static void stopping_undoes_everything(void)
{
	struct ask a = usual_ask();
	struct fa_world w;

	fa_world_open(&w);
	a.flags |= MIP_FLAG_T;
	a.ttl = 255;
	fa_world_register(&w, &a);
	a.ident++;
	fa_world_ask(&w, &a);
	effect_list_clear(&w.fx);
	fa_core_stop(w.fa, w.now, &w.fx);
	CU_ASSERT_TRUE(fa_world_is_last_word(&w, VISIT1));
	CU_ASSERT_TRUE(fa_world_is_last_word(&w, VISIT2));
	CU_ASSERT_EQUAL(fa_world_effect(&w, EFFECT_FORWARD, 0)->forward.kind,
			FWD_VISITOR_CLEAR);
	CU_ASSERT_FALSE(fa_world_effect(&w, EFFECT_RULE, 0)->rule.add);
	CU_ASSERT_FALSE(fa_world_effect(&w, EFFECT_ROUTE, 0)->route.add);
	CU_ASSERT_TRUE(fa_world_place(&w, EFFECT_RULE, 0) <
		       fa_world_place(&w, EFFECT_ROUTE, 0));
	CU_ASSERT_FALSE(fa_world_heard(&w).any); /* nodes are told nothing else */
	CU_ASSERT_EQUAL(fa_core_visitor_count(w.fa), 0);
	CU_ASSERT_EQUAL(fa_world_pending(&w), 0);
	CU_ASSERT_TRUE(instant_is_never(fa_core_next_deadline(w.fa)));
	fa_world_end(&w);
}

/* A Request to an address that came later, and no more to one that is gone. */
static void knows_its_addresses(void)
{
	struct ask a = usual_ask();
	struct fa_world w;

	fa_world_open(&w);
	w.links.link[0].addr[0].addr = IP(10, 2, 0, 9);
	effect_list_clear(&w.fx);
	fa_core_links(w.fa, &w.links, w.now, &w.fx);
	fa_world_ask(&w, &a);
	CU_ASSERT_EQUAL(fa_world_counter(&w, "request-not-to-us"), 1);
	a.dst = IP(10, 2, 0, 9);
	fa_world_ask(&w, &a);
	CU_ASSERT_EQUAL(fa_world_pending(&w), 1);
	fa_world_end(&w);
}

static void the_operator_clears_a_visitor(void)
{
	const struct ask a = usual_ask();
	struct fa_world w;

	fa_world_open(&w);
	fa_world_register(&w, &a);
	effect_list_clear(&w.fx);
	CU_ASSERT_EQUAL(fa_core_clear_visitor(w.fa, SIGNING_NODE, w.now, &w.fx), 0);
	CU_ASSERT_EQUAL(fa_core_clear_visitor(w.fa, NODE, w.now, &w.fx), 1);
	CU_ASSERT_EQUAL(fa_world_effects(&w, EFFECT_FORWARD), 1);
	CU_ASSERT_FALSE(fa_world_heard(&w).any);
	CU_ASSERT_EQUAL(fa_core_visitor_count(w.fa), 0);
	fa_world_end(&w);
}

static void site_tunnels_come_and_go(void)
{
	struct site_config site = {
		.name = "branch",
		.tunnel = { .local = CARE_OF,
			    .remote = OTHER_AGENT,
			    .encap.kind = ENCAP_GRE },
		.local_count = 1,
		.remote_count = 1,
		.local_nets = { { IP(10, 8, 0, 0), 24 } },
		.remote_nets = { { IP(10, 9, 0, 0), 24 } },
	};
	struct fa_world w;

	fa_world_config(&w);
	w.config.common.site = &site;
	w.config.common.site_count = 1;
	fa_world_start(&w);
	CU_ASSERT_EQUAL(fa_world_effect(&w, EFFECT_FORWARD, 0)->forward.kind,
			FWD_SITE_SET);
	CU_ASSERT_EQUAL(fa_world_effects(&w, EFFECT_ROUTE), 2);
	fa_world_fail(&w, EFFECT_ROUTE, 1, EPERM); /* does not stop reverse tunnels */
	fa_world_pass(&w, duration_s(0));
	CU_ASSERT_TRUE(fa_world_advert(&w, VISIT1).flags & ADVERT_FLAG_T);
	effect_list_clear(&w.fx);
	site.tunnel.encap.kind = ENCAP_IPIP;
	fa_core_reconfigure(w.fa, &w.config, w.now, &w.fx);
	CU_ASSERT_EQUAL(fa_world_effect(&w, EFFECT_FORWARD, 0)->forward.kind,
			FWD_SITE_CLEAR);
	CU_ASSERT_EQUAL(fa_world_effect(&w, EFFECT_FORWARD, 1)->forward.kind,
			FWD_SITE_SET);
	effect_list_clear(&w.fx);
	fa_core_stop(w.fa, w.now, &w.fx);
	CU_ASSERT_EQUAL(fa_world_effect(&w, EFFECT_FORWARD, 0)->forward.kind,
			FWD_SITE_CLEAR);
	fa_world_end(&w);
}

static void every_counter_has_a_name_of_its_own(void)
{
	struct counter_set set;
	struct fa_world w;

	fa_world_open(&w);
	CU_ASSERT_EQUAL(fa_core_counters(w.fa, &set, 0), 0);
	CU_ASSERT_EQUAL_FATAL(fa_core_counters(w.fa, &set, 1), 1);
	CU_ASSERT_STRING_EQUAL(set.group, "registration");
	for (size_t i = 0; i < set.count; i++) {
		CU_ASSERT_PTR_NOT_NULL_FATAL(set.rows[i].name);
		CU_ASSERT_PTR_NOT_NULL_FATAL(set.rows[i].help);
		for (size_t j = 0; j < i; j++)
			CU_ASSERT_STRING_NOT_EQUAL(set.rows[i].name, set.rows[j].name);
	}
	fa_world_end(&w);
}

void suite_fa_core(void)
{
	CU_pSuite s = CU_add_suite("fa_core", NULL, NULL);

	CU_add_test(s, "advertises what it offers", advertises_what_it_offers);
	CU_add_test(s, "options show in its advertisements",
		    options_show_in_its_advertisements);
	CU_add_test(s, "is busy when full", is_busy_when_full);
	CU_add_test(s, "answers solicitations", answers_solicitations);
	CU_add_test(s, "advertises no address that it lost",
		    advertises_no_address_that_it_lost);
	CU_add_test(s, "offers no reverse tunnel without its route",
		    offers_no_reverse_tunnel_without_its_route);
	CU_add_test(s, "a link goes and comes back", a_link_goes_and_comes_back);
	CU_add_test(s, "a link that is gone takes its visitors",
		    a_link_that_is_gone_takes_its_visitors);
	CU_add_test(s, "knows its addresses", knows_its_addresses);
	CU_add_test(s, "stopping undoes everything", stopping_undoes_everything);
	CU_add_test(s, "the operator clears a visitor", the_operator_clears_a_visitor);
	CU_add_test(s, "site tunnels come and go", site_tunnels_come_and_go);
	CU_add_test(s, "every counter has a name of its own",
		    every_counter_has_a_name_of_its_own);
}
