/* SPDX-License-Identifier: ISC */
/*
 * A foreign agent whose tunnels must be protected: Requests that would need one are
 * denied while there are no keys, and what holds visitors' packets back is there.
 */
#include "tests/unit/fa_world.h"

#include "common/wire/mip_code.h"

#include <CUnit/CUnit.h>

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
		     e->route.add == add;
	}
	return n;
}

static void without_keys_it_is_denied(void)
{
	struct ask a = usual_ask();
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

void suite_fa_protect(void)
{
	CU_pSuite s = CU_add_suite("fa_protect", NULL, NULL);

	CU_add_test(s, "without keys it is denied", without_keys_it_is_denied);
	CU_add_test(s, "what needs no tunnel of ours is relayed",
		    what_needs_no_tunnel_of_ours_is_relayed);
	CU_add_test(s, "a route that leads nowhere stands behind",
		    a_route_that_leads_nowhere_stands_behind);
}
