/* SPDX-License-Identifier: ISC */
/*
 * A foreign agent whose tunnels must be protected: Requests that would need one are
 * denied while there are no keys, and what holds visitors' packets back is there.
 */
#include "tests/unit/fa_world.h"

#include "common/wire/mip_code.h"

#include <CUnit/CUnit.h>
#include <errno.h>

#include "tests/unit/suites.h"

static void protected(struct fa_world *w, enum protect_policy policy)
{
	fa_world_config(w);
	w->home_agents[0].protection = (struct peer_protection){
		.kind = PROTECTION_ESP,
		.policy = policy,
	};
	fa_world_start(w);
}

static unsigned stops(const struct fa_world *w, bool add)
{
	unsigned n = 0;

	for (size_t i = 0; i < w->fx.count; i++) {
		const struct effect *e = &w->fx.at[i];

		n += e->kind == EFFECT_ROUTE && e->route.unreachable &&
		     e->route.silent && e->route.add == add;
	}
	return n;
}

static void without_keys_it_is_denied(void)
{
	struct ask a = reverse_ask();
	struct fa_world w;

	a.home_agent = HOME_AGENT;
	protected(&w, PROTECT_REQUIRED);
	fa_world_ask(&w, &a);
	CU_ASSERT_EQUAL(fa_core_pending_count(w.fa), 0);
	CU_ASSERT_EQUAL(fa_world_effects(&w, EFFECT_SEND_UDP), 0);
	CU_ASSERT_EQUAL(fa_world_effects(&w, EFFECT_SEND_LINK), 1);
	w.now.mono = instant_add(w.now.mono, duration_s(2));
	fa_core_protection(w.fa, HOME_AGENT, true, w.now, &w.fx);
	a.ident++;
	fa_world_ask(&w, &a);
	CU_ASSERT_EQUAL(fa_core_pending_count(w.fa), 1);
	CU_ASSERT_EQUAL(fa_world_effects(&w, EFFECT_SEND_UDP), 1);
	fa_world_end(&w);
}

/* A deregistration needs no tunnel, and one that ends elsewhere is not ours. */
static void what_needs_no_tunnel_of_ours_is_relayed(void)
{
	struct ask a = usual_ask();
	struct fa_world w;

	protected(&w, PROTECT_REQUIRED);
	a.home_agent = HOME_AGENT;
	a.lifetime = 0;
	fa_world_ask(&w, &a);
	CU_ASSERT_EQUAL(fa_world_effects(&w, EFFECT_SEND_UDP), 1);
	a = usual_ask();
	a.home_agent = OTHER_AGENT;
	a.ident++;
	fa_world_ask(&w, &a);
	CU_ASSERT_EQUAL(fa_world_effects(&w, EFFECT_SEND_UDP), 1);
	fa_world_end(&w);
}

static void a_route_that_leads_nowhere_stands_behind(void)
{
	struct fa_world w;

	protected(&w, PROTECT_REQUIRED);
	CU_ASSERT_EQUAL(stops(&w, true), 1);
	w.home_agents[0].protection.policy = PROTECT_PREFERRED;
	effect_list_clear(&w.fx);
	CU_ASSERT_EQUAL(fa_core_reconfigure(w.fa, &w.config, w.now, &w.fx), 0);
	CU_ASSERT(stops(&w, true) == 0 && stops(&w, false) == 1);
	w.home_agents[0].protection.policy = PROTECT_REQUIRED;
	effect_list_clear(&w.fx);
	CU_ASSERT_EQUAL(fa_core_reconfigure(w.fa, &w.config, w.now, &w.fx), 0);
	CU_ASSERT(stops(&w, true) == 1 && stops(&w, false) == 0);
	effect_list_clear(&w.fx);
	fa_core_stop(w.fa, w.now, &w.fx);
	CU_ASSERT_EQUAL(stops(&w, false), 1);
	fa_world_end(&w);
}

/* Registered by the agent that ESP is required with, keys or not. */
static struct ask visiting(struct fa_world *w, uint32_t visitors)
{
	struct ask a = reverse_ask();

	fa_world_config(w);
	w->home_agents[0].protection = (struct peer_protection){
		.kind = PROTECTION_ESP,
		.policy = PROTECT_REQUIRED,
	};
	w->config.max_visitors = visitors;
	fa_world_start(w);
	fa_core_protection(w->fa, HOME_AGENT, true, w->now, &w->fx);
	a.home_agent = HOME_AGENT;
	fa_world_register(w, &a);
	CU_ASSERT_EQUAL_FATAL(fa_core_visitor_count(w->fa), 1);
	return a;
}

static bool is_held(const struct fa_world *w, struct in_addr home)
{
	const struct visitor_entry *v = fa_world_visitor(w, home);

	return v && visitor_is_held(v);
}

static void clear(struct fa_world *w, struct in_addr home)
{
	effect_list_clear(&w->fx);
	CU_ASSERT_EQUAL(fa_core_clear_visitor(w->fa, home, w->now, &w->fx), 1);
}

/* No tunnel is left, but the rule is. */
static bool keeps_its_rule(const struct fa_world *w)
{
	return fa_world_effects(w, EFFECT_RULE) == 0 &&
	       fa_world_effects(w, EFFECT_FORWARD) == 1 &&
	       fa_world_edit(w, 0)->kind == FWD_VISITOR_CLEAR;
}

/* That for its packets, and that for what our machine says to it. */
static bool are_its_rules(const struct fa_world *w, bool add)
{
	const struct effect_rule *own, *answers;

	if (fa_world_effects(w, EFFECT_RULE) != 2)
		return false;
	own = &fa_world_effect(w, EFFECT_RULE, 0)->rule;
	answers = &fa_world_effect(w, EFFECT_RULE, 1)->rule;
	return own->add == add && own->src.len == 32 && answers->add == add &&
	       answers->dst.len == 32 && answers->iif == EFFECT_DEV_LO &&
	       answers->src.len == 0 && answers->table == FA_REVERSE_TABLE;
}

static bool loses_its_rules(const struct fa_world *w)
{
	return are_its_rules(w, false);
}

static void its_answers_come_to_us_too(void)
{
	struct fa_world w;
	struct ask a = visiting(&w, 10);

	CU_ASSERT_TRUE(are_its_rules(&w, true));
	CU_ASSERT(fa_world_effect(&w, EFFECT_RULE, 1)->rule.dst.addr.s_addr ==
		  a.home.s_addr);
	a.ident++;
	fa_world_register(&w, &a);
	CU_ASSERT_EQUAL(fa_world_effects(&w, EFFECT_RULE), 0);
	/* Not where it is not required: then it goes by the visitor's home. */
	w.home_agents[0].protection.policy = PROTECT_PREFERRED;
	effect_list_clear(&w.fx);
	CU_ASSERT_EQUAL(fa_core_reconfigure(w.fa, &w.config, w.now, &w.fx), 0);
	CU_ASSERT_EQUAL_FATAL(fa_world_effects(&w, EFFECT_RULE), 1);
	CU_ASSERT(!fa_world_effect(&w, EFFECT_RULE, 0)->rule.add &&
		  fa_world_effect(&w, EFFECT_RULE, 0)->rule.dst.len == 32);
	w.home_agents[0].protection.policy = PROTECT_REQUIRED;
	effect_list_clear(&w.fx);
	CU_ASSERT_EQUAL(fa_core_reconfigure(w.fa, &w.config, w.now, &w.fx), 0);
	CU_ASSERT_EQUAL_FATAL(fa_world_effects(&w, EFFECT_RULE), 1);
	CU_ASSERT_TRUE(fa_world_effect(&w, EFFECT_RULE, 0)->rule.add);
	fa_world_end(&w);
}

/* A rule that cannot be had leaves no visitor behind. */
static void without_that_it_is_denied(void)
{
	struct fa_world w;
	struct ask a = visiting(&w, 10);

	fa_core_clear_visitor(w.fa, a.home, w.now, &w.fx);
	fa_core_clear_visitor(w.fa, a.home, w.now, &w.fx);
	CU_ASSERT_PTR_NULL(fa_world_visitor(&w, NODE));
	a.ident++;
	fa_world_register(&w, &a);
	fa_world_fail(&w, EFFECT_RULE, 1, ENOMEM);
	CU_ASSERT_PTR_NULL(fa_world_visitor(&w, NODE));
	CU_ASSERT_EQUAL(fa_world_heard(&w).code, MIP_FA_RESOURCES);
	fa_world_end(&w);
}

static void whose_time_is_over_is_held_until_it_is_gone(void)
{
	struct fa_world w;
	struct ask a = visiting(&w, 10);

	fa_world_pass(&w, duration_s(600));
	CU_ASSERT(is_held(&w, NODE) && keeps_its_rule(&w));
	CU_ASSERT_EQUAL(fa_core_visitor_count(w.fa), 0);
	CU_ASSERT_EQUAL(fa_world_notes(&w, NOTE_VISITOR_HELD), 1);
	/* It is here still: its home agent is dead, but it goes on asking. */
	fa_core_protection(w.fa, HOME_AGENT, false, w.now, &w.fx);
	fa_world_pass(&w, duration_s(3000));
	a.ident++;
	fa_world_ask(&w, &a);
	fa_world_pass(&w, duration_s(3599));
	CU_ASSERT_TRUE(is_held(&w, NODE));
	fa_world_pass(&w, duration_s(1));
	CU_ASSERT_PTR_NULL(fa_world_visitor(&w, NODE));
	CU_ASSERT_TRUE(loses_its_rules(&w));
	fa_world_end(&w);
}

static void one_that_is_held_may_come_back(void)
{
	struct fa_world w;
	struct ask a = visiting(&w, 10);

	clear(&w, NODE);
	CU_ASSERT(is_held(&w, NODE) && keeps_its_rule(&w));
	a.ident++;
	fa_world_register(&w, &a);
	CU_ASSERT_FALSE(is_held(&w, NODE));
	CU_ASSERT_EQUAL(fa_core_visitor_count(w.fa), 1);
	CU_ASSERT_EQUAL(fa_world_effects(&w, EFFECT_RULE), 0);
	CU_ASSERT_EQUAL(fa_world_edit(&w, 0)->kind, FWD_VISITOR_SET);
	/* What cannot be done leaves it held. */
	clear(&w, NODE);
	a.ident++;
	fa_world_register(&w, &a);
	fa_world_fail(&w, EFFECT_FORWARD, 0, ENOSPC);
	CU_ASSERT_TRUE(is_held(&w, NODE));
	CU_ASSERT_EQUAL(fa_world_effects(&w, EFFECT_RULE), 0);
	/* Twice is the operator's word. */
	clear(&w, NODE);
	CU_ASSERT_PTR_NULL(fa_world_visitor(&w, NODE));
	CU_ASSERT_TRUE(loses_its_rules(&w));
	fa_world_end(&w);
}

/* A deregistration is not signed for us. */
static void one_that_deregisters_is_held_too(void)
{
	struct fa_world w;
	struct ask a = visiting(&w, 10);

	a.ident++;
	a.lifetime = 0;
	fa_world_register(&w, &a);
	CU_ASSERT(is_held(&w, NODE) && keeps_its_rule(&w));
	a.ident++;
	fa_world_register(&w, &a);
	CU_ASSERT_TRUE(is_held(&w, NODE));
	CU_ASSERT_EQUAL(fa_world_heard(&w).code, 0);
	effect_list_clear(&w.fx);
	fa_core_stop(w.fa, w.now, &w.fx);
	CU_ASSERT_TRUE(loses_its_rules(&w));
	fa_world_end(&w);
}

/* As many as there may be visitors; the one longest silent makes room. */
static void they_are_bounded(void)
{
	struct fa_world w;
	struct ask a = visiting(&w, 2);

	for (unsigned i = 0; i < 3; i++) {
		clear(&w, a.home);
		CU_ASSERT_TRUE(is_held(&w, a.home));
		fa_world_pass(&w, duration_s(1));
		a.home = a.src = IP(10, 1, 0, 20 + i);
		a.ident++;
		fa_world_register(&w, &a);
		CU_ASSERT_EQUAL(fa_core_visitor_count(w.fa), 1);
	}
	CU_ASSERT_PTR_NULL(fa_world_visitor(&w, NODE));
	CU_ASSERT_TRUE(is_held(&w, IP(10, 1, 0, 20)));
	CU_ASSERT_TRUE(is_held(&w, IP(10, 1, 0, 21)));
	fa_world_end(&w);
}

static void nobody_is_held_where_it_is_not_required(void)
{
	struct fa_world w;
	struct ask a = visiting(&w, 10);

	clear(&w, NODE);
	w.home_agents[0].protection.policy = PROTECT_PREFERRED;
	effect_list_clear(&w.fx);
	CU_ASSERT_EQUAL(fa_core_reconfigure(w.fa, &w.config, w.now, &w.fx), 0);
	CU_ASSERT_PTR_NULL(fa_world_visitor(&w, NODE));
	CU_ASSERT_TRUE(loses_its_rules(&w));
	a.ident++;
	fa_world_register(&w, &a);
	clear(&w, NODE);
	CU_ASSERT_PTR_NULL(fa_world_visitor(&w, NODE));
	fa_world_end(&w);
}

static void links_are(struct fa_world *w)
{
	effect_list_clear(&w->fx);
	fa_core_links(w->fa, &w->links, w->now, &w->fx);
}

/* The nodes on a link that goes and comes back may have noticed nothing. */
static void who_is_held_is_so_when_the_link_is_back(void)
{
	enum { BACK = 9 };
	struct fa_world w;
	struct ask a = visiting(&w, 10);
	struct link visit = *links_by_index(&w.links, VISIT1);

	links_remove(&w.links, VISIT1);
	links_are(&w);
	CU_ASSERT(is_held(&w, NODE) && keeps_its_rule(&w));
	visit.ifindex = BACK;
	w.links.link[w.links.count++] = visit;
	links_are(&w);
	CU_ASSERT_EQUAL_FATAL(fa_world_effects(&w, EFFECT_RULE), 2);
	CU_ASSERT(fa_world_effect(&w, EFFECT_RULE, 0)->rule.add &&
		  fa_world_effect(&w, EFFECT_RULE, 0)->rule.iif == BACK);
	CU_ASSERT(!fa_world_effect(&w, EFFECT_RULE, 1)->rule.add &&
		  fa_world_effect(&w, EFFECT_RULE, 1)->rule.iif == VISIT1);
	links_are(&w);
	CU_ASSERT_EQUAL(fa_world_effects(&w, EFFECT_RULE), 0);
	a.ifindex = BACK;
	a.ident++;
	fa_world_register(&w, &a);
	CU_ASSERT_FALSE(is_held(&w, NODE));
	CU_ASSERT_EQUAL(fa_world_effects(&w, EFFECT_RULE), 0);
	/* A link that is no more to be served is the operator's word. */
	links_remove(&w.links, BACK);
	links_are(&w);
	CU_ASSERT_TRUE(is_held(&w, NODE));
	w.config.advert[0] = w.config.advert[1];
	w.config.advert_count = 1;
	effect_list_clear(&w.fx);
	CU_ASSERT_EQUAL(fa_core_reconfigure(w.fa, &w.config, w.now, &w.fx), 0);
	CU_ASSERT_PTR_NULL(fa_world_visitor(&w, NODE));
	CU_ASSERT_TRUE(loses_its_rules(&w));
	fa_world_end(&w);
}

/* Its own packets would go to their destinations as they are. */
static void a_reverse_tunnel_is_required_too(void)
{
	struct fa_world w;
	struct ask a = usual_ask();

	protected(&w, PROTECT_REQUIRED);
	fa_core_protection(w.fa, HOME_AGENT, true, w.now, &w.fx);
	a.home_agent = HOME_AGENT;
	fa_world_ask(&w, &a);
	CU_ASSERT_EQUAL(fa_world_heard(&w).code, MIP_FA_REVERSE_MANDATORY);
	fa_world_end(&w);
}

void suite_fa_protect(void)
{
	CU_pSuite s = CU_add_suite("fa_protect", NULL, NULL);

	CU_add_test(s, "without keys it is denied", without_keys_it_is_denied);
	CU_add_test(s, "what needs no tunnel of ours is relayed",
		    what_needs_no_tunnel_of_ours_is_relayed);
	CU_add_test(s, "whose time is over is held until it is gone",
		    whose_time_is_over_is_held_until_it_is_gone);
	CU_add_test(s, "one that is held may come back",
		    one_that_is_held_may_come_back);
	CU_add_test(s, "one that deregisters is held too",
		    one_that_deregisters_is_held_too);
	CU_add_test(s, "its answers come to us too", its_answers_come_to_us_too);
	CU_add_test(s, "without that it is denied", without_that_it_is_denied);
	CU_add_test(s, "they are bounded", they_are_bounded);
	CU_add_test(s, "who is held is so when the link is back",
		    who_is_held_is_so_when_the_link_is_back);
	CU_add_test(s, "nobody is held where it is not required",
		    nobody_is_held_where_it_is_not_required);
	CU_add_test(s, "a reverse tunnel is required too",
		    a_reverse_tunnel_is_required_too);
	CU_add_test(s, "a route that leads nowhere stands behind",
		    a_route_that_leads_nowhere_stands_behind);
}
