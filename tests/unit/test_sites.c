/* SPDX-License-Identifier: ISC */
/* Site tunnels as effects: the order of entry and routes, and differences. */
#include "common/agent/sites.h"

#include <CUnit/CUnit.h>

#include "tests/unit/suites.h"

static struct ipv4_prefix net(uint32_t addr)
{
	return (struct ipv4_prefix){ { htonl(addr) }, 24 };
}

static struct site_config branch(void)
{
	return (struct site_config){
		.name = "branch",
		.tunnel = { .local = { htonl(0x0a000001) },
			    .remote = { htonl(0x0a000002) },
			    .encap = { .kind = ENCAP_GRE } },
		.mtu = 1400,
		.local_count = 1,
		.remote_count = 2,
		.local_nets = { net(0x0a080000) },
		.remote_nets = { net(0x0a090000), net(0x0a0a0000) },
	};
}

static struct common_config with(struct site_config *sites, unsigned count)
{
	return (struct common_config){ .site = sites, .site_count = count };
}

static void the_entry_stands_while_routes_lead_to_it(void)
{
	struct site_config site = branch();
	const struct common_config c = with(&site, 1);
	struct effect_list fx;

	effect_list_init(&fx);
	sites_change(NULL, &c, &fx);
	CU_ASSERT_EQUAL_FATAL(fx.count, 3);
	CU_ASSERT_EQUAL(fx.at[0].kind, EFFECT_FORWARD);
	CU_ASSERT_EQUAL(fx.at[0].forward.kind, FWD_SITE_SET);
	CU_ASSERT_EQUAL(fx.at[0].forward.local_count, 1);
	CU_ASSERT_EQUAL(fx.at[0].forward.remote_count, 2);
	CU_ASSERT_TRUE(tunnel_spec_equal(&fx.at[0].forward.tunnel, &site.tunnel));
	for (unsigned i = 0; i < 2; i++) {
		CU_ASSERT_EQUAL(fx.at[1 + i].kind, EFFECT_ROUTE);
		CU_ASSERT_TRUE(fx.at[1 + i].route.add);
		CU_ASSERT_EQUAL(fx.at[1 + i].route.ifindex, EFFECT_DEV_TUN);
		CU_ASSERT_EQUAL(fx.at[1 + i].route.mtu, 1400);
		CU_ASSERT_EQUAL(fx.at[1 + i].route.dst.addr.s_addr,
				site.remote_nets[i].addr.s_addr);
	}
	effect_list_clear(&fx);
	sites_change(&c, NULL, &fx);
	CU_ASSERT_EQUAL_FATAL(fx.count, 3);
	CU_ASSERT_FALSE(fx.at[0].route.add);
	CU_ASSERT_FALSE(fx.at[1].route.add);
	CU_ASSERT_EQUAL(fx.at[2].forward.kind, FWD_SITE_CLEAR);
	effect_list_fini(&fx);
}

static size_t effects_of(const struct common_config *from,
			 const struct common_config *to)
{
	struct effect_list fx;
	size_t count;

	effect_list_init(&fx);
	sites_change(from, to, &fx);
	count = fx.count;
	effect_list_fini(&fx);
	return count;
}

static void what_both_have_is_left_alone(void)
{
	struct site_config was[2] = { branch(), branch() };
	struct site_config is[2] = { branch(), branch() };
	const struct common_config from = with(was, 2);
	const struct common_config to = with(is, 2);

	was[1].tunnel.remote.s_addr = is[1].tunnel.remote.s_addr = htonl(0x0a000003);
	is[0].line = 77; /* moved in the file only */
	CU_ASSERT_EQUAL(effects_of(&from, &to), 0);
	is[1].remote_count = 1;
	CU_ASSERT_EQUAL(effects_of(&from, &to), 3 + 2);
	is[1] = was[1];
	is[1].mtu = 1300;
	CU_ASSERT_EQUAL(effects_of(&from, &to), 3 + 3);
	is[1] = was[1];
	is[1].tunnel.encap.ttl = 9;
	CU_ASSERT_EQUAL(effects_of(&from, &to), 3 + 3);
	is[1] = was[1];
	is[1].local_nets[0].len = 23;
	CU_ASSERT_EQUAL(effects_of(&from, &to), 3 + 3);
	CU_ASSERT_EQUAL(effects_of(NULL, NULL), 0);
}

/* No packet is lost for it: the entry is set anew, and the routes stay. */
static void what_it_is_called_and_asked_changes_in_place(void)
{
	struct site_config was = branch(), is = branch();
	const struct common_config from = with(&was, 1), to = with(&is, 1);
	struct effect_list fx;

	is.probe.kind = PROBE_OFF;
	is.name[0] = 'B';
	effect_list_init(&fx);
	sites_change(&from, &to, &fx);
	CU_ASSERT_EQUAL_FATAL(fx.count, 1);
	CU_ASSERT_EQUAL(fx.at[0].forward.kind, FWD_SITE_SET);
	CU_ASSERT_STRING_EQUAL(fx.at[0].forward.name, "Branch");
	CU_ASSERT_EQUAL(fx.at[0].forward.probe.kind, PROBE_OFF);
	effect_list_fini(&fx);
	is = was;
	is.probe.dead_after = duration_s(1);
	CU_ASSERT_EQUAL(effects_of(&from, &to), 1);
	is = was;
	is.probe.address.s_addr = 1;
	CU_ASSERT_EQUAL(effects_of(&from, &to), 1);
}

/* Behind the routes to the tunnel, and there as long as these are. */
static void without_us_nothing_of_a_protected_site_leaks(void)
{
	struct site_config was = branch(), is = branch();
	const struct common_config from = with(&was, 1), to = with(&is, 1);
	struct effect_list fx;

	was.required = is.required = true;
	effect_list_init(&fx);
	sites_change(NULL, &to, &fx);
	CU_ASSERT_EQUAL_FATAL(fx.count, 2 + 3);
	for (unsigned i = 0; i < 2; i++) {
		CU_ASSERT_EQUAL_FATAL(fx.at[i].kind, EFFECT_ROUTE);
		CU_ASSERT_TRUE(fx.at[i].route.add && fx.at[i].route.unreachable);
		CU_ASSERT_EQUAL(fx.at[i].route.metric, EFFECT_METRIC_STOP);
		CU_ASSERT_EQUAL(fx.at[i].route.dst.addr.s_addr,
				is.remote_nets[i].addr.s_addr);
	}
	effect_list_clear(&fx);
	sites_change(&from, NULL, &fx);
	CU_ASSERT_EQUAL_FATAL(fx.count, 3 + 2);
	CU_ASSERT_FALSE(fx.at[3].route.add || fx.at[4].route.add);
	CU_ASSERT_EQUAL(fx.at[4].route.metric, EFFECT_METRIC_STOP);
	effect_list_fini(&fx);
	is.tunnel.encap.ttl = 9; /* while the routes change, the stops stand */
	CU_ASSERT_EQUAL(effects_of(&from, &to), 3 + 3);
	is = was;
	is.required = false;
	CU_ASSERT_EQUAL(effects_of(&from, &to), 2);
	CU_ASSERT_EQUAL(effects_of(&to, &from), 2);
}

void suite_sites(void)
{
	CU_pSuite s = CU_add_suite("sites", NULL, NULL);

	CU_add_test(s, "the entry stands while routes lead to it",
		    the_entry_stands_while_routes_lead_to_it);
	CU_add_test(s, "without us nothing of a protected site leaks",
		    without_us_nothing_of_a_protected_site_leaks);
	CU_add_test(s, "what both have is left alone", what_both_have_is_left_alone);
	CU_add_test(s, "what it is called and asked changes in place",
		    what_it_is_called_and_asked_changes_in_place);
}
