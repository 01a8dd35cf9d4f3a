/* SPDX-License-Identifier: ISC */
/* A foreign agent that is given another configuration. */
#include "tests/unit/fa_world.h"

#include <CUnit/CUnit.h>

#include <errno.h>

#include "tests/unit/suites.h"

/* Visitors left after a reload with this change; w->fx holds what it brought. */
static size_t left_after(struct fa_world *w, void (*change)(struct fa_world *))
{
	struct ask a = usual_ask();

	fa_world_config(w);
	fa_world_start(w);
	a.flags |= MIP_FLAG_T;
	a.ttl = 255;
	fa_world_register(w, &a);
	change(w);
	effect_list_clear(&w->fx);
	CU_ASSERT_EQUAL(fa_core_reconfigure(w->fa, &w->config, w->now, &w->fx), 0);
	return fa_core_visitor_count(w->fa);
}

static void nothing(struct fa_world *w)
{
	(void)w;
}

static void drop_gre(struct fa_world *w)
{
	w->config.gre = false;
}

static void drop_reverse(struct fa_world *w)
{
	w->config.reverse_tunnel = false;
}

static void drop_visit1(struct fa_world *w)
{
	w->config.advert = &w->adverts[1];
	w->config.advert_count = 1;
}

static void drop_strangers(struct fa_world *w)
{
	w->config.any_home_agent = false;
}

static void move_care_of(struct fa_world *w)
{
	w->config.care_of = OUR_ADDRESS;
}

static void key_the_tunnel(struct fa_world *w)
{
	w->tunnels[0].encap.gre_key = true;
	w->config.common.tunnel = w->tunnels;
	w->config.common.tunnel_count = 1;
}

static void a_reload_keeps_what_is_allowed(void)
{
	static void (*const removing[])(struct fa_world *) = {
		drop_gre, drop_reverse, drop_visit1, drop_strangers, move_care_of,
	};
	struct fa_world w;

	CU_ASSERT_EQUAL(left_after(&w, nothing), 1);
	CU_ASSERT_EQUAL(fa_world_effects(&w, EFFECT_FORWARD), 0);
	CU_ASSERT_EQUAL(fa_world_effects(&w, EFFECT_RULE), 0);
	CU_ASSERT_EQUAL(fa_world_effects(&w, EFFECT_ROUTE), 0);
	fa_world_end(&w);

	CU_ASSERT_EQUAL(left_after(&w, key_the_tunnel), 1);
	CU_ASSERT_TRUE(
		fa_world_effect(&w, EFFECT_FORWARD, 0)->forward.tunnel.encap.gre_key);
	effect_list_clear(&w.fx); /* and remembers that it did */
	CU_ASSERT_EQUAL(fa_core_reconfigure(w.fa, &w.config, w.now, &w.fx), 0);
	CU_ASSERT_EQUAL(fa_world_effects(&w, EFFECT_FORWARD), 0);
	fa_world_end(&w);

	for (size_t i = 0; i < sizeof(removing) / sizeof(removing[0]); i++) {
		CU_ASSERT_EQUAL(left_after(&w, removing[i]), 0);
		CU_ASSERT_EQUAL(fa_world_effect(&w, EFFECT_FORWARD, 0)->forward.kind,
				FWD_VISITOR_CLEAR);
		CU_ASSERT_FALSE(fa_world_effect(&w, EFFECT_RULE, 0)->rule.add);
		fa_world_end(&w);
	}
}

static void a_reload_changes_what_is_served(void)
{
	struct fa_world w;
	uint16_t sequence;

	CU_ASSERT_EQUAL(left_after(&w, drop_visit1), 0);
	CU_ASSERT_TRUE(fa_world_is_last_word(&w, VISIT1));
	fa_world_pass(&w, duration_s(0));
	sequence = fa_world_advert(&w, VISIT2).sequence;
	w.config.advert = w.adverts;
	w.config.advert_count = 2;
	w.config.max_lifetime = 60;
	CU_ASSERT_EQUAL(fa_core_reconfigure(w.fa, &w.config, w.now, &w.fx), 0);
	fa_world_pass(&w, duration_s(0));
	CU_ASSERT_EQUAL(fa_world_advert(&w, VISIT1).registration_lifetime, 60);
	CU_ASSERT_EQUAL(fa_world_advert(&w, VISIT2).sequence, sequence + 1);
	fa_world_end(&w);

	CU_ASSERT_EQUAL(left_after(&w, drop_reverse), 0);
	CU_ASSERT_FALSE(fa_world_effect(&w, EFFECT_ROUTE, 0)->route.add);
	CU_ASSERT_TRUE(fa_world_place(&w, EFFECT_RULE, 0) <
		       fa_world_place(&w, EFFECT_ROUTE, 0));
	fa_world_end(&w);
}

static void a_reload_with_a_bad_association_changes_nothing(void)
{
	struct fa_world w;

	fa_world_open(&w);
	w.assocs[0].spi = 7; /* reserved */
	w.config.max_lifetime = 1;
	CU_ASSERT_EQUAL(fa_core_reconfigure(w.fa, &w.config, w.now, &w.fx), -EINVAL);
	fa_world_pass(&w, duration_s(0));
	CU_ASSERT_EQUAL(fa_world_advert(&w, VISIT1).registration_lifetime, 1800);
	CU_ASSERT_PTR_NOT_NULL(fa_core_associations(w.fa));
	fa_world_end(&w);
}

static void a_co_located_visitor_needs_none_of_our_offers(void)
{
	struct ask a = usual_ask();
	struct fa_world w;

	fa_world_config(&w);
	fa_world_start(&w);
	a.flags = MIP_FLAG_D | MIP_FLAG_G;
	a.care_of = IP(10, 2, 0, 77);
	fa_world_register(&w, &a);
	drop_gre(&w);
	move_care_of(&w);
	CU_ASSERT_EQUAL(fa_core_reconfigure(w.fa, &w.config, w.now, &w.fx), 0);
	CU_ASSERT_EQUAL(fa_core_visitor_count(w.fa), 1);
	fa_world_end(&w);
}

static void a_reload_changes_the_limits(void)
{
	struct ask a = usual_ask();
	struct fa_world w;

	CU_ASSERT_EQUAL(left_after(&w, nothing), 1);
	w.config.max_visitors = 1;
	w.config.pending_per_node = 1;
	CU_ASSERT_EQUAL(fa_core_reconfigure(w.fa, &w.config, w.now, &w.fx), 0);
	fa_world_pass(&w, duration_s(0));
	CU_ASSERT_TRUE(fa_world_advert(&w, VISIT1).flags & ADVERT_FLAG_B);
	a.ident++;
	fa_world_ask(&w, &a);
	a.ident++;
	fa_world_ask(&w, &a);
	CU_ASSERT_EQUAL(fa_world_heard(&w).code, 66);

	w.config.common.source_rate = 1;
	w.config.common.source_burst = 1;
	CU_ASSERT_EQUAL(fa_core_reconfigure(w.fa, &w.config, w.now, &w.fx), 0);
	fa_world_ask(&w, &a);
	fa_world_ask(&w, &a);
	CU_ASSERT_EQUAL(fa_world_counter(&w, "request-rate"), 1);
	fa_world_end(&w);
}

/* Off and on again: the route goes and comes; a new care-of address counts. */
static void a_reload_changes_the_offers(void)
{
	struct ask a = usual_ask();
	struct fa_world w;

	CU_ASSERT_EQUAL(left_after(&w, drop_reverse), 0);
	w.config.reverse_tunnel = true;
	w.config.care_of = OUR_ADDRESS2;
	effect_list_clear(&w.fx);
	CU_ASSERT_EQUAL(fa_core_reconfigure(w.fa, &w.config, w.now, &w.fx), 0);
	CU_ASSERT_TRUE(fa_world_effect(&w, EFFECT_ROUTE, 0)->route.add);
	CU_ASSERT_EQUAL(fa_world_effect(&w, EFFECT_ROUTE, 0)->route.table,
			FA_REVERSE_TABLE);
	a.ident += 9;
	a.care_of = OUR_ADDRESS2;
	fa_world_ask(&w, &a);
	CU_ASSERT_EQUAL(fa_world_pending(&w), 1);
	w.config.care_of = IP(10, 77, 0, 1);
	CU_ASSERT_EQUAL(fa_core_reconfigure(w.fa, &w.config, w.now, &w.fx), 0);
	fa_world_pass(&w, duration_s(0));
	CU_ASSERT_EQUAL(fa_world_advert(&w, VISIT1).code, 255);
	fa_world_end(&w);
}

void suite_fa_reload(void)
{
	CU_pSuite s = CU_add_suite("fa_reload", NULL, NULL);

	CU_add_test(s, "a reload keeps what is allowed",
		    a_reload_keeps_what_is_allowed);
	CU_add_test(s, "a reload changes what is served",
		    a_reload_changes_what_is_served);
	CU_add_test(s, "a reload with a bad association changes nothing",
		    a_reload_with_a_bad_association_changes_nothing);
	CU_add_test(s, "a co-located visitor needs none of our offers",
		    a_co_located_visitor_needs_none_of_our_offers);
	CU_add_test(s, "a reload changes the limits", a_reload_changes_the_limits);
	CU_add_test(s, "a reload changes the offers", a_reload_changes_the_offers);
}
