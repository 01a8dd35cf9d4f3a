/* SPDX-License-Identifier: ISC */
/*
 * A home agent whose tunnels must be protected: nothing is granted without keys, with
 * them everything; a node's own end is made known, kept as long as it is bound, and
 * given up.
 */
#include "tests/unit/ha_bench.h"

#include "common/wire/mip_code.h"

#include <CUnit/CUnit.h>

#include "tests/unit/suites.h"

#define OWN  0x0a090007u /* 10.9.0.7, where a node is its own end */
#define OWN2 0x0a090008u

static void protect(struct peer_config *p, enum protect_policy policy)
{
	p->protection.kind = PROTECTION_ESP;
	p->protection.policy = policy;
}

/* A Request over the foreign agent that shares a key; the code of the Reply. */
static int over_fa(struct ha_bench *b)
{
	struct ha_ask a = hb_ask(b, HB_NODE, HB_FA);

	a.rq.flags |= MIP_FLAG_T;
	a.src = hb_addr(HB_FA);
	a.fa_spi = HB_FA_SPI;
	return hb_send(b, &a);
}

static int alone(struct ha_bench *b, uint32_t care_of)
{
	struct ha_ask a = hb_ask(b, HB_NODE, care_of);

	a.rq.flags |= MIP_FLAG_D | MIP_FLAG_T;
	a.src = hb_addr(care_of);
	return hb_send(b, &a);
}

static void tell(struct ha_bench *b, uint32_t remote, bool stands)
{
	struct effect_list fx;

	effect_list_init(&fx);
	ha_core_protection(b->ha, hb_addr(remote), stands, b->now, &fx);
	CU_ASSERT_EQUAL(fx.count, 0);
	effect_list_fini(&fx);
}

static void an_agent_without_keys_is_denied(void)
{
	struct ha_bench b;

	hb_init(&b);
	protect(&b.agent[0], PROTECT_REQUIRED);
	hb_start(&b);
	CU_ASSERT_EQUAL(over_fa(&b), MIP_HA_RESOURCES);
	CU_ASSERT_EQUAL(hb_counter(&b, HA_WHY_UNPROTECTED), 1);
	CU_ASSERT_PTR_NOT_NULL(hb_note(&b, NOTE_REQUEST_DENIED));
	CU_ASSERT_PTR_NULL(hb_binding(&b, HB_NODE, HB_FA));
	CU_ASSERT_EQUAL(hb_count(&b, EFFECT_FORWARD), 0);
	/* Another agent is nobody's concern. */
	CU_ASSERT_EQUAL(hb_register(&b, HB_NODE, HB_FA2, MIP_FLAG_G), 0);
	tell(&b, HB_FA, true);
	CU_ASSERT_EQUAL(over_fa(&b), 0);
	CU_ASSERT_PTR_NOT_NULL(hb_binding(&b, HB_NODE, HB_FA));
	tell(&b, HB_FA, false);
	CU_ASSERT_EQUAL(over_fa(&b), MIP_HA_RESOURCES);
	/* What stands goes on: the forwarding table drops what must not pass. */
	CU_ASSERT_PTR_NOT_NULL(hb_binding(&b, HB_NODE, HB_FA));
	SOUND(&b);
	hb_stop(&b);
}

static void preferred_is_not_required(void)
{
	struct ha_bench b;

	hb_init(&b);
	protect(&b.agent[0], PROTECT_PREFERRED);
	hb_start(&b);
	CU_ASSERT_EQUAL(over_fa(&b), 0);
	protect(&b.agent[0], PROTECT_REQUIRED);
	CU_ASSERT_EQUAL(hb_reconfigure(&b), 0);
	CU_ASSERT_EQUAL(over_fa(&b), MIP_HA_RESOURCES);
	protect(&b.agent[0], PROTECT_OFF);
	CU_ASSERT_EQUAL(hb_reconfigure(&b), 0);
	CU_ASSERT_EQUAL(over_fa(&b), 0);
	hb_stop(&b);
}

/* Associations end at our configured address, tunnels where the Request says. */
static void at_another_address_of_ours_there_are_none(void)
{
	struct ha_bench b;
	struct ha_ask a;

	hb_init(&b);
	protect(&b.agent[0], PROTECT_REQUIRED);
	hb_start(&b);
	tell(&b, HB_FA, true);
	a = hb_ask(&b, HB_NODE, HB_FA);
	a.rq.flags |= MIP_FLAG_T;
	a.src = hb_addr(HB_FA);
	a.fa_spi = HB_FA_SPI;
	a.rq.home_agent = a.dst = hb_addr(0x0a000102); /* on link "core" */
	CU_ASSERT_EQUAL(hb_send(&b, &a), MIP_HA_RESOURCES);
	hb_stop(&b);
}

static const struct effect_protect *told(const struct ha_bench *b, unsigned nth)
{
	return &hb_effect(b, EFFECT_PROTECT, nth)->protect;
}

static void a_nodes_own_end_is_made_known(void)
{
	struct ha_bench b;

	hb_init(&b);
	protect(&b.node[0], PROTECT_REQUIRED);
	hb_start(&b);
	CU_ASSERT_EQUAL(alone(&b, OWN), MIP_HA_RESOURCES);
	CU_ASSERT_EQUAL_FATAL(hb_count(&b, EFFECT_PROTECT), 1);
	CU_ASSERT_EQUAL(told(&b, 0)->policy, PROTECT_REQUIRED);
	CU_ASSERT_EQUAL(told(&b, 0)->remote.s_addr, htonl(OWN));
	CU_ASSERT_EQUAL(told(&b, 0)->local.s_addr, htonl(HB_HA));
	CU_ASSERT_EQUAL(hb_effect(&b, EFFECT_PROTECT, 0)->home.s_addr, htonl(HB_NODE));
	CU_ASSERT_EQUAL(alone(&b, OWN), MIP_HA_RESOURCES);
	CU_ASSERT_EQUAL(hb_count(&b, EFFECT_PROTECT), 0); /* it is known */
	tell(&b, OWN, true);
	CU_ASSERT_EQUAL(alone(&b, OWN), 0);
	CU_ASSERT_PTR_NOT_NULL(hb_binding(&b, HB_NODE, OWN));
	/* Elsewhere: the old end is given up only when it is no longer bound. */
	CU_ASSERT_EQUAL(alone(&b, OWN2), MIP_HA_RESOURCES);
	CU_ASSERT_EQUAL(hb_count(&b, EFFECT_PROTECT), 1);
	tell(&b, OWN2, true);
	CU_ASSERT_EQUAL(alone(&b, OWN2), 0);
	CU_ASSERT_EQUAL(alone(&b, OWN2), 0);
	CU_ASSERT_EQUAL_FATAL(hb_count(&b, EFFECT_PROTECT), 1);
	CU_ASSERT_EQUAL(told(&b, 0)->policy, PROTECT_OFF);
	CU_ASSERT_EQUAL(told(&b, 0)->remote.s_addr, htonl(OWN));
	CU_ASSERT_EQUAL(hb_clear(&b, HB_NODE), 1);
	CU_ASSERT_EQUAL_FATAL(hb_count(&b, EFFECT_PROTECT), 1);
	CU_ASSERT_EQUAL(told(&b, 0)->remote.s_addr, htonl(OWN2));
	CU_ASSERT_EQUAL(told(&b, 0)->policy, PROTECT_OFF);
	hb_stop(&b);
}

static void an_unauthentic_request_makes_nobody_known(void)
{
	struct ha_bench b;
	struct ha_ask a;

	hb_init(&b);
	protect(&b.node[0], PROTECT_REQUIRED);
	hb_start(&b);
	a = hb_ask(&b, HB_NODE, OWN);
	a.rq.flags |= MIP_FLAG_D;
	a.src = hb_addr(OWN);
	a.forged = true;
	hb_send(&b, &a);
	CU_ASSERT_EQUAL(hb_count(&b, EFFECT_PROTECT), 0);
	hb_stop(&b);
}

static void another_policy_for_who_is_there(void)
{
	struct ha_bench b;

	hb_init(&b);
	protect(&b.node[0], PROTECT_PREFERRED);
	hb_start(&b);
	CU_ASSERT_EQUAL(alone(&b, OWN), 0);
	CU_ASSERT_EQUAL_FATAL(hb_count(&b, EFFECT_PROTECT), 1);
	CU_ASSERT_EQUAL(told(&b, 0)->policy, PROTECT_PREFERRED);
	protect(&b.node[0], PROTECT_REQUIRED);
	CU_ASSERT_EQUAL(hb_reconfigure(&b), 0);
	CU_ASSERT_EQUAL_FATAL(hb_count(&b, EFFECT_PROTECT), 1);
	CU_ASSERT_EQUAL(told(&b, 0)->policy, PROTECT_REQUIRED);
	protect(&b.node[0], PROTECT_OFF);
	CU_ASSERT_EQUAL(hb_reconfigure(&b), 0);
	CU_ASSERT_EQUAL_FATAL(hb_count(&b, EFFECT_PROTECT), 1);
	CU_ASSERT_EQUAL(told(&b, 0)->policy, PROTECT_OFF);
	CU_ASSERT_EQUAL(alone(&b, OWN), 0);
	CU_ASSERT_EQUAL(hb_count(&b, EFFECT_PROTECT), 0);
	hb_stop(&b);
}

static int node_at(struct ha_bench *b, uint32_t node, uint32_t care_of)
{
	struct ha_ask a = hb_ask(b, node, care_of);

	a.rq.flags |= MIP_FLAG_D | MIP_FLAG_T;
	a.src = hb_addr(OWN2); /* it need not be there */
	return hb_send(b, &a);
}

/* Its keys and its policy would take the place of the first one's. */
static void a_nodes_own_end_is_nobody_elses(void)
{
	struct ha_bench b;

	hb_init(&b);
	protect(&b.node[0], PROTECT_REQUIRED);
	protect(&b.node[1], PROTECT_PREFERRED);
	hb_start(&b);
	tell(&b, OWN, true);
	CU_ASSERT_EQUAL(alone(&b, OWN), 0);
	CU_ASSERT_EQUAL(node_at(&b, HB_NODE2, OWN), 0);
	CU_ASSERT_EQUAL(hb_count(&b, EFFECT_PROTECT), 0);
	CU_ASSERT_EQUAL(hb_clear(&b, HB_NODE2), 1);
	CU_ASSERT_EQUAL(hb_count(&b, EFFECT_PROTECT), 0);
	protect(&b.node[1], PROTECT_REQUIRED);
	CU_ASSERT_EQUAL(hb_reconfigure(&b), 0);
	CU_ASSERT_EQUAL(node_at(&b, HB_NODE2, OWN), MIP_HA_RESOURCES);
	CU_ASSERT_EQUAL(hb_count(&b, EFFECT_PROTECT), 0);
	/* It may have it once it is free. */
	CU_ASSERT_EQUAL(hb_clear(&b, HB_NODE), 1);
	CU_ASSERT_EQUAL(node_at(&b, HB_NODE2, OWN), 0);
	CU_ASSERT_EQUAL(hb_count(&b, EFFECT_PROTECT), 1);
	/* Nor is an agent's, whose keys are not the node's. */
	tell(&b, HB_FA, true);
	CU_ASSERT_EQUAL(node_at(&b, HB_NODE, HB_FA), MIP_HA_RESOURCES);
	CU_ASSERT_EQUAL(hb_count(&b, EFFECT_PROTECT), 0);
	SOUND(&b);
	hb_stop(&b);
}

static void an_end_that_nobody_comes_back_to_is_free(void)
{
	struct ha_bench b;

	hb_init(&b);
	protect(&b.node[0], PROTECT_REQUIRED);
	protect(&b.node[1], PROTECT_REQUIRED);
	hb_start(&b);
	CU_ASSERT_EQUAL(alone(&b, OWN), MIP_HA_RESOURCES);
	hb_wait(&b, duration_s(100));
	CU_ASSERT_EQUAL(alone(&b, OWN), MIP_HA_RESOURCES); /* it still asks */
	hb_wait(&b, duration_s(119));
	CU_ASSERT_EQUAL(hb_count(&b, EFFECT_PROTECT), 0);
	tell(&b, OWN, true);
	CU_ASSERT_EQUAL(node_at(&b, HB_NODE2, OWN), MIP_HA_RESOURCES);
	hb_wait(&b, duration_s(2));
	CU_ASSERT_EQUAL_FATAL(hb_count(&b, EFFECT_PROTECT), 1);
	CU_ASSERT_EQUAL(told(&b, 0)->policy, PROTECT_OFF);
	CU_ASSERT_EQUAL(node_at(&b, HB_NODE2, OWN), 0);
	/* One that is bound stays. */
	hb_wait(&b, duration_s(200));
	CU_ASSERT_EQUAL(hb_count(&b, EFFECT_PROTECT), 0);
	CU_ASSERT_PTR_NOT_NULL(hb_binding(&b, HB_NODE2, OWN));
	SOUND(&b);
	hb_stop(&b);
}

/* What stood before ESP was required goes where it cannot be. */
static void a_reload_ends_what_cannot_be_protected(void)
{
	struct ha_bench b;
	struct ha_ask a;

	hb_init(&b);
	hb_start(&b);
	a = hb_ask(&b, HB_NODE, HB_FA);
	a.src = hb_addr(HB_FA);
	a.fa_spi = HB_FA_SPI;
	a.rq.flags |= MIP_FLAG_T;
	a.rq.home_agent = a.dst = hb_addr(0x0a000102);
	CU_ASSERT_EQUAL(hb_send(&b, &a), 0);
	CU_ASSERT_EQUAL(node_at(&b, HB_NODE2, OWN), 0);
	protect(&b.agent[0], PROTECT_REQUIRED);
	protect(&b.node[1], PROTECT_REQUIRED);
	CU_ASSERT_EQUAL(hb_reconfigure(&b), 0);
	CU_ASSERT_PTR_NULL(hb_binding(&b, HB_NODE, HB_FA));
	CU_ASSERT_PTR_NOT_NULL(hb_binding(&b, HB_NODE2, OWN));
	SOUND(&b);
	hb_stop(&b);
}

/* By an agent that the node's policy would trust with its packets, or by none. */
static void a_node_that_requires_it_comes_by_protected_agents_alone(void)
{
	struct ha_bench b;

	hb_init(&b);
	protect(&b.node[0], PROTECT_REQUIRED);
	hb_start(&b);
	tell(&b, HB_FA, true); /* it may yet be lost, and then it would go in clear */
	CU_ASSERT_EQUAL(over_fa(&b), MIP_HA_RESOURCES);
	protect(&b.agent[0], PROTECT_PREFERRED);
	CU_ASSERT_EQUAL(hb_reconfigure(&b), 0);
	CU_ASSERT_EQUAL(over_fa(&b), MIP_HA_RESOURCES);
	protect(&b.agent[0], PROTECT_REQUIRED);
	CU_ASSERT_EQUAL(hb_reconfigure(&b), 0);
	CU_ASSERT_EQUAL(over_fa(&b), 0);
	tell(&b, HB_FA, false);
	CU_ASSERT_EQUAL(over_fa(&b), MIP_HA_RESOURCES);
	protect(&b.agent[0], PROTECT_PREFERRED);
	CU_ASSERT_EQUAL(hb_reconfigure(&b), 0);
	CU_ASSERT_PTR_NULL(hb_binding(&b, HB_NODE, HB_FA));
	SOUND(&b);
	hb_stop(&b);
}

/* Its own packets would go to their destinations as they are. */
static void a_reverse_tunnel_is_required_too(void)
{
	struct ha_bench b;

	hb_init(&b);
	hb_start(&b);
	CU_ASSERT_EQUAL(hb_register(&b, HB_NODE, OWN, MIP_FLAG_D), 0);
	protect(&b.node[0], PROTECT_REQUIRED);
	CU_ASSERT_EQUAL(hb_reconfigure(&b), 0);
	CU_ASSERT_PTR_NULL(hb_binding(&b, HB_NODE, OWN));
	tell(&b, OWN, true);
	CU_ASSERT_EQUAL(hb_register(&b, HB_NODE, OWN, MIP_FLAG_D),
			MIP_HA_REVERSE_MANDATORY);
	CU_ASSERT_EQUAL(alone(&b, OWN), 0);
	SOUND(&b);
	hb_stop(&b);
}

void suite_ha_protect(void)
{
	CU_pSuite s = CU_add_suite("ha_protect", NULL, NULL);

	CU_add_test(s, "an agent without keys is denied",
		    an_agent_without_keys_is_denied);
	CU_add_test(s, "preferred is not required", preferred_is_not_required);
	CU_add_test(s, "at another address of ours there are none",
		    at_another_address_of_ours_there_are_none);
	CU_add_test(s, "a node's own end is made known", a_nodes_own_end_is_made_known);
	CU_add_test(s, "an unauthentic Request makes nobody known",
		    an_unauthentic_request_makes_nobody_known);
	CU_add_test(s, "another policy for who is there",
		    another_policy_for_who_is_there);
	CU_add_test(s, "a node's own end is nobody else's",
		    a_nodes_own_end_is_nobody_elses);
	CU_add_test(s, "a node that requires it comes by protected agents alone",
		    a_node_that_requires_it_comes_by_protected_agents_alone);
	CU_add_test(s, "a reverse tunnel is required too",
		    a_reverse_tunnel_is_required_too);
	CU_add_test(s, "an end that nobody comes back to is free",
		    an_end_that_nobody_comes_back_to_is_free);
	CU_add_test(s, "a reload ends what cannot be protected",
		    a_reload_ends_what_cannot_be_protected);
}
