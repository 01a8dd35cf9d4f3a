/* SPDX-License-Identifier: ISC */
/* Whether a tunnel may be: by policy, and by what the edge told. */
#include "common/agent/guard.h"

#include <CUnit/CUnit.h>

#include "tests/unit/suites.h"

static struct in_addr ip(uint32_t host)
{
	return (struct in_addr){ htonl(host) };
}

static struct peer_config peer(uint32_t addr, enum protect_policy policy)
{
	return (struct peer_config){
		.addr = ip(addr),
		.protection = { .kind = PROTECTION_ESP, .policy = policy },
	};
}

static void lets_by_policy_and_state(void)
{
	const struct peer_config agents[] = { peer(1, PROTECT_REQUIRED),
					      peer(2, PROTECT_PREFERRED),
					      peer(3, PROTECT_OFF) };
	const struct protected_config all = { .agent = agents, .agent_count = 3 };
	struct guard *g = guard_new();

	CU_ASSERT_EQUAL(guard_configure(g, &all), 0);
	CU_ASSERT_FALSE(guard_lets(g, ip(1)));
	CU_ASSERT(guard_lets(g, ip(2)) && guard_lets(g, ip(3)) && guard_lets(g, ip(4)));
	CU_ASSERT_EQUAL(guard_tell(g, ip(1), true), 0);
	CU_ASSERT_EQUAL(guard_tell(g, ip(1), true), 0);
	CU_ASSERT(guard_lets(g, ip(1)) && guard_stands(g, ip(1)));
	CU_ASSERT_FALSE(guard_stands(g, ip(2)));
	CU_ASSERT_EQUAL(guard_tell(g, ip(1), false), 0);
	CU_ASSERT_EQUAL(guard_tell(g, ip(1), false), 0);
	CU_ASSERT_FALSE(guard_lets(g, ip(1)));
	guard_free(g);
}

/* A new configuration does not forget with whom associations stand. */
static void another_configuration(void)
{
	const struct peer_config one = peer(1, PROTECT_REQUIRED);
	const struct peer_config two = peer(2, PROTECT_REQUIRED);
	struct guard *g = guard_new();

	guard_configure(g,
			&(struct protected_config){ .agent = &one, .agent_count = 1 });
	guard_tell(g, ip(1), true);
	guard_tell(g, ip(2), true);
	guard_configure(g,
			&(struct protected_config){ .agent = &two, .agent_count = 1 });
	CU_ASSERT(guard_lets(g, ip(1)) && guard_lets(g, ip(2)));
	guard_tell(g, ip(1), false);
	guard_tell(g, ip(2), false);
	CU_ASSERT_TRUE(guard_lets(g, ip(1)));
	CU_ASSERT_FALSE(guard_lets(g, ip(2)));
	guard_free(g);
	guard_free(NULL);
}

void suite_guard(void)
{
	CU_pSuite s = CU_add_suite("guard", NULL, NULL);

	CU_add_test(s, "lets by policy and state", lets_by_policy_and_state);
	CU_add_test(s, "another configuration", another_configuration);
}
