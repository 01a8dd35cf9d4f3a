/* SPDX-License-Identifier: ISC */
/*
 * The home agent over time: start and stop, advertisements, expiry, ARP, links.
 */
#include "tests/unit/ha_bench.h"

#include "common/wire/mip_advert.h"
#include "common/wire/mip_code.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/suites.h"

#define COA  0x0a000302u
#define COA2 0x0a000402u
#define HOST 0x0a010002u

static const struct mac host_mac = { { 2, 0, 0, 0, 0, 2 } };

/* -- Start and stop --------------------------------------------------------- */

static void starting_routes_virtual_networks(void)
{
	struct ha_bench b;

	hb_open(&b);
	CU_ASSERT_PTR_NOT_NULL_FATAL(b.ha);
	CU_ASSERT_EQUAL(hb_count(&b, EFFECT_ROUTE), 1);
	CU_ASSERT_EQUAL(b.world.route[0].addr.s_addr, htonl(0x0a070000));
	CU_ASSERT_EQUAL(b.world.route[0].len, 16);
	CU_ASSERT_EQUAL(hb_effect(&b, EFFECT_ROUTE, 0)->route.ifindex, EFFECT_DEV_TUN);
	CU_ASSERT_PTR_NOT_NULL(hb_note(&b, NOTE_AGENT_STARTED));
	CU_ASSERT_EQUAL(hb_count(&b, EFFECT_SEND_ARP), 0);
	SOUND(&b);
	hb_stop(&b);
}

static bool is_advert(const struct effect *e, struct mip_advert *out)
{
	return e && e->kind == EFFECT_SEND_LINK && e->frame.ifindex == HB_HOME_IF &&
	       mip_advert_decode(reader_over(e->frame.bytes + 20, e->frame.len - 20u),
				 out) == ADVERT_OK;
}

static void the_home_link_is_advertised_with_h(void)
{
	struct ha_bench b;
	struct mip_advert ad;

	hb_open(&b);
	hb_wait(&b, duration_s(0));
	CU_ASSERT_TRUE_FATAL(is_advert(hb_effect(&b, EFFECT_SEND_LINK, 0), &ad));
	CU_ASSERT_TRUE(ad.mobility);
	CU_ASSERT_EQUAL(ad.flags, ADVERT_FLAG_H | ADVERT_FLAG_G | ADVERT_FLAG_M);
	CU_ASSERT_EQUAL(ad.registration_lifetime, 1800);
	CU_ASSERT_EQUAL(ad.lifetime, 1800);
	CU_ASSERT_EQUAL(ad.sequence, 0);
	CU_ASSERT_EQUAL(ad.care_of_count, 0);
	hb_stop(&b);
}

/* RFC 5944 2.1.1, 2.3: on other links H would be clear, and F is never ours. */
static void other_links_are_not_advertised(void)
{
	struct ha_bench b;

	hb_init(&b);
	strcpy(b.advert[0].interface, "core");
	hb_start(&b);
	hb_wait(&b, duration_s(2000));
	CU_ASSERT_EQUAL(hb_count(&b, EFFECT_SEND_LINK), 0);
	hb_stop(&b);
}

static void solicitations_are_answered(void)
{
	struct ha_bench b;
	struct mip_advert ad;
	uint8_t bytes[SOLICIT_LEN];
	struct writer w = writer_over(bytes, sizeof(bytes));

	hb_open(&b);
	hb_wait(&b, duration_s(100));
	mip_solicit_encode(&w);
	hb_icmp(&b, bytes, sizeof(bytes));
	CU_ASSERT_TRUE(is_advert(hb_effect(&b, EFFECT_SEND_LINK, 0), &ad));
	CU_ASSERT_TRUE(
		mac_equal(hb_effect(&b, EFFECT_SEND_LINK, 0)->frame.to, hb_node_mac));
	CU_ASSERT_EQUAL(hb_counter(&b, HA_SOLICITED), 1);
	bytes[3] ^= 1; /* its checksum */
	hb_icmp(&b, bytes, sizeof(bytes));
	CU_ASSERT_EQUAL(b.log.count, 0);
	CU_ASSERT_EQUAL(hb_counter(&b, HA_BAD_SOLICITATION), 1);
	bytes[0] = 9; /* other agents' advertisements are no fault */
	hb_icmp(&b, bytes, sizeof(bytes));
	CU_ASSERT_EQUAL(b.log.count, 0);
	CU_ASSERT_EQUAL(hb_counter(&b, HA_BAD_SOLICITATION), 1);
	hb_stop(&b);
}

static void apply_log(struct ha_world *w, const struct effect_list *fx)
{
	for (size_t i = 0; i < fx->count; i++) {
		if (fx->at[i].kind == EFFECT_FORWARD)
			w->entry_count--;
		if (fx->at[i].kind == EFFECT_ROUTE && !fx->at[i].route.add)
			w->route_count--;
	}
}

static void stopping_undoes_everything(void)
{
	struct ha_bench b;
	struct mip_advert ad;

	hb_open(&b);
	hb_wait(&b, duration_s(10));
	hb_register(&b, HB_NODE, COA, 0);
	hb_register(&b, HB_NODE, COA2, MIP_FLAG_S);
	hb_register(&b, HB_NODE2, COA, 0);
	hb_register(&b, HB_FAR, COA, 0);
	effect_list_clear(&b.log);
	ha_core_stop(b.ha, b.now, &b.log);
	CU_ASSERT_TRUE(is_advert(&b.log.at[0], &ad));
	CU_ASSERT_EQUAL(ad.lifetime, 0);
	CU_ASSERT_EQUAL(hb_count(&b, EFFECT_SEND_ARP), 0);
	apply_log(&b.world, &b.log);
	CU_ASSERT_EQUAL(b.world.entry_count, 0);
	CU_ASSERT_EQUAL(b.world.route_count, 0);
	CU_ASSERT_EQUAL(ha_core_binding_count(b.ha), 0);
	CU_ASSERT_TRUE(instant_is_never(ha_core_next_deadline(b.ha)));
	hb_arp(&b, ARP_REQUEST, host_mac, HOST, HB_NODE);
	CU_ASSERT_EQUAL(hb_count(&b, EFFECT_SEND_ARP), 0);
	hb_stop(&b);
}

static void site_tunnels_stand_from_start_to_stop(void)
{
	struct ha_bench b;
	struct site_config site = { .name = "s",
				    .tunnel = { .local = hb_addr(HB_HA),
						.remote = hb_addr(COA) },
				    .remote_count = 1,
				    .remote_nets = { { hb_addr(0x0a090000), 24 } } };

	hb_init(&b);
	b.config.common.site = &site;
	b.config.common.site_count = 1;
	hb_start(&b);
	CU_ASSERT_EQUAL(hb_count(&b, EFFECT_ROUTE), 2);
	effect_list_clear(&b.log);
	ha_core_stop(b.ha, b.now, &b.log);
	CU_ASSERT_EQUAL(hb_count(&b, EFFECT_ROUTE), 2);
	CU_ASSERT_EQUAL(hb_effect(&b, EFFECT_FORWARD, 0)->forward.kind, FWD_SITE_CLEAR);
	hb_stop(&b);
}

/* -- Expiry ----------------------------------------------------------------- */

/* RFC 5944 3.8.2.2, 4.2.3: no message, the others stay. */
static void each_binding_expires_alone(void)
{
	struct ha_bench b;

	hb_open(&b);
	hb_wait(&b, duration_s(100)); /* past the first advertisements */
	hb_register(&b, HB_NODE, COA, 0);
	hb_wait(&b, duration_s(100));
	hb_register(&b, HB_NODE, COA2, MIP_FLAG_S);
	hb_wait(&b, duration_s(200));
	CU_ASSERT_PTR_NULL(hb_binding(&b, HB_NODE, COA));
	CU_ASSERT_PTR_NOT_NULL(hb_binding(&b, HB_NODE, COA2));
	CU_ASSERT_PTR_NOT_NULL(hb_note(&b, NOTE_BINDING_EXPIRED));
	CU_ASSERT_EQUAL(hb_count(&b, EFFECT_ROUTE), 0);
	SOUND(&b);
	hb_wait(&b, duration_s(100));
	CU_ASSERT_EQUAL(hb_count(&b, EFFECT_ROUTE), 1);
	CU_ASSERT_FALSE(home_node_is_proxied(hb_node_of(&b, HB_NODE)));
	CU_ASSERT_EQUAL(hb_count(&b, EFFECT_SEND_ARP) + hb_count(&b, EFFECT_SEND_UDP),
			0);
	CU_ASSERT_EQUAL(hb_counter(&b, HA_EXPIRED), 2);
	SOUND(&b);
	hb_stop(&b);
}

static void the_operator_clears_bindings(void)
{
	struct ha_bench b;

	hb_open(&b);
	hb_register(&b, HB_NODE, COA, 0);
	hb_register(&b, HB_NODE, COA2, MIP_FLAG_S);
	hb_register(&b, HB_NODE2, COA, 0);
	CU_ASSERT_EQUAL(hb_clear(&b, HB_NODE), 2);
	CU_ASSERT_EQUAL(hb_clear(&b, HB_NODE), 0);
	CU_ASSERT_EQUAL(hb_clear(&b, HOST), 0);
	CU_ASSERT_EQUAL(ha_core_binding_count(b.ha), 1);
	CU_ASSERT_EQUAL(hb_counter(&b, HA_CLEARED), 2);
	SOUND(&b);
	hb_stop(&b);
}

static void count_one(void *arg, const struct mobility_binding *m)
{
	(void)m;
	(*(unsigned *)arg)++;
}

static void the_operator_sees_all(void)
{
	struct ha_bench b;
	struct counter_set set;
	unsigned count = 0;

	hb_open(&b);
	hb_register(&b, HB_NODE, COA, 0);
	hb_register(&b, HB_NODE, COA2, MIP_FLAG_S);
	hb_register(&b, HB_FAR, COA, 0);
	ha_core_each_binding(b.ha, count_one, &count);
	CU_ASSERT_EQUAL(count, 3);
	CU_ASSERT_EQUAL(ha_core_counters(b.ha, &set, 0), 0);
	CU_ASSERT_EQUAL(ha_core_counters(b.ha, &set, 1), 1);
	CU_ASSERT_EQUAL(set.count, HA_COUNTER_COUNT);
	CU_ASSERT_EQUAL(set.values[HA_ACCEPTED], 3);
	CU_ASSERT_STRING_EQUAL(set.rows[HA_ACCEPTED].name, "accepted");
	CU_ASSERT_TRUE(sa_shared(ha_core_associations(b.ha), SA_FA_HA, hb_addr(HB_FA)));
	for (size_t i = 0; i < set.count; i++)
		for (size_t j = 0; j < i; j++)
			CU_ASSERT_NOT_EQUAL(strcmp(set.rows[i].name, set.rows[j].name),
					    0);
	hb_stop(&b);
}

/* -- ARP -------------------------------------------------------------------- */

static void arp_is_answered_while_away(void)
{
	struct ha_bench b;

	hb_open(&b);
	hb_arp(&b, ARP_REQUEST, host_mac, HOST, HB_NODE);
	CU_ASSERT_EQUAL(b.log.count, 0);
	hb_register(&b, HB_NODE, COA, 0);
	hb_arp(&b, ARP_REQUEST, host_mac, HOST, HB_NODE);
	CU_ASSERT_EQUAL(hb_count(&b, EFFECT_SEND_ARP), 1);
	CU_ASSERT_EQUAL(hb_counter(&b, HA_ARP_ANSWERED), 1);
	hb_arp(&b, ARP_REQUEST, host_mac, HOST, HB_NODE2);
	CU_ASSERT_EQUAL(b.log.count, 0);
	hb_arp(&b, ARP_REQUEST, host_mac, HOST, HB_HA);
	CU_ASSERT_EQUAL(b.log.count, 0);
	hb_clear(&b, HB_NODE);
	hb_arp(&b, ARP_REQUEST, host_mac, HOST, HB_NODE);
	CU_ASSERT_EQUAL(b.log.count, 0);
	hb_stop(&b);
}

/* A node that is far is on no link, whatever a link says. */
static void virtual_nodes_are_not_proxied(void)
{
	struct ha_bench b;

	hb_open(&b);
	hb_register(&b, HB_FAR, COA, 0);
	hb_arp(&b, ARP_REQUEST, host_mac, HOST, HB_FAR);
	CU_ASSERT_EQUAL(b.log.count, 0);
	hb_arp(&b, ARP_REQUEST, host_mac, HB_FAR, HB_FAR);
	hb_wait(&b, duration_s(5));
	CU_ASSERT_PTR_NULL(hb_note(&b, NOTE_ADDRESS_CONFLICT));
	hb_stop(&b);
}

static void a_lasting_claim_is_a_conflict(void)
{
	struct ha_bench b;

	hb_open(&b);
	hb_register(&b, HB_NODE, COA, 0);
	hb_wait(&b, duration_s(5));
	hb_arp(&b, ARP_REQUEST, host_mac, HB_NODE, HOST);
	CU_ASSERT_EQUAL(b.log.count, 0);
	hb_wait(&b, duration_s(3));
	CU_ASSERT_PTR_NOT_NULL(hb_note(&b, NOTE_ADDRESS_CONFLICT));
	CU_ASSERT_EQUAL(hb_count(&b, EFFECT_SEND_ARP), 1);
	CU_ASSERT_EQUAL(hb_counter(&b, HA_ARP_CONFLICTS), 1);
	SOUND(&b);
	hb_stop(&b);
}

/* RFC 5944 4.6: the node announces itself, asks for us, then deregisters. */
static void a_node_coming_home_is_no_conflict(void)
{
	struct ha_bench b;
	struct ha_ask a;

	hb_open(&b);
	hb_register(&b, HB_NODE, COA, 0);
	hb_arp(&b, ARP_REQUEST, hb_node_mac, HB_NODE, HB_NODE);
	CU_ASSERT_EQUAL(b.log.count, 0);
	hb_arp(&b, ARP_REQUEST, hb_node_mac, HB_NODE, HB_HA);
	CU_ASSERT_EQUAL_FATAL(hb_count(&b, EFFECT_SEND_ARP), 1);
	CU_ASSERT_EQUAL(b.log.at[0].arp.arp.sender.s_addr, htonl(HB_HA));
	CU_ASSERT_TRUE(mac_equal(b.log.at[0].arp.arp.sender_mac, hb_home_mac));
	a = hb_ask_home(&b, HB_NODE);
	CU_ASSERT_EQUAL(hb_send(&b, &a), MIP_ACCEPTED);
	hb_wait(&b, duration_s(20));
	CU_ASSERT_PTR_NULL(hb_note(&b, NOTE_ADDRESS_CONFLICT));
	/* the second announcement of the node's own address */
	CU_ASSERT_EQUAL(hb_count(&b, EFFECT_SEND_ARP), 1);
	CU_ASSERT_TRUE(mac_equal(hb_effect(&b, EFFECT_SEND_ARP, 0)->arp.arp.sender_mac,
				 hb_node_mac));
	hb_stop(&b);
}

/* -- Links ------------------------------------------------------------------ */

static void a_link_that_comes_back_is_told_again(void)
{
	struct ha_bench b;

	hb_open(&b);
	hb_register(&b, HB_NODE, COA, 0);
	hb_register(&b, HB_FAR, COA, 0);
	hb_wait(&b, duration_s(5));
	hb_link(&b, HB_HOME_IF, false);
	CU_ASSERT_PTR_NOT_NULL(hb_note(&b, NOTE_LINK_DOWN));
	hb_register(&b, HB_NODE2, COA, 0); /* still served, nobody there to tell */
	CU_ASSERT_EQUAL(hb_count(&b, EFFECT_SEND_ARP), 0);
	CU_ASSERT_EQUAL(ha_core_binding_count(b.ha), 3);
	SOUND(&b);
	hb_wait(&b, duration_s(30));
	CU_ASSERT_EQUAL(hb_count(&b, EFFECT_SEND_ARP) + hb_count(&b, EFFECT_SEND_LINK),
			0);
	hb_link(&b, HB_HOME_IF, true);
	CU_ASSERT_PTR_NOT_NULL(hb_note(&b, NOTE_LINK_UP));
	hb_wait(&b, duration_s(5));
	CU_ASSERT_EQUAL(hb_count(&b, EFFECT_SEND_ARP), 4);
	CU_ASSERT_TRUE(hb_count(&b, EFFECT_SEND_LINK) > 0); /* advertised again */
	hb_arp(&b, ARP_REQUEST, host_mac, HOST, HB_NODE2);
	CU_ASSERT_EQUAL(hb_count(&b, EFFECT_SEND_ARP), 1);
	SOUND(&b);
	hb_stop(&b);
}

static void other_links_matter_not(void)
{
	struct ha_bench b;

	hb_open(&b);
	hb_register(&b, HB_NODE, COA, 0);
	hb_wait(&b, duration_s(5));
	hb_link(&b, HB_CORE_IF, false);
	hb_link(&b, HB_CORE_IF, true);
	CU_ASSERT_EQUAL(b.log.count, 0);
	hb_stop(&b);
}

void suite_ha_core(void)
{
	CU_pSuite s = CU_add_suite("ha_core", NULL, NULL);

	CU_add_test(s, "starting routes virtual networks",
		    starting_routes_virtual_networks);
	CU_add_test(s, "the home link is advertised with H",
		    the_home_link_is_advertised_with_h);
	CU_add_test(s, "other links are not advertised",
		    other_links_are_not_advertised);
	CU_add_test(s, "solicitations are answered", solicitations_are_answered);
	CU_add_test(s, "stopping undoes everything", stopping_undoes_everything);
	CU_add_test(s, "site tunnels stand from start to stop",
		    site_tunnels_stand_from_start_to_stop);
	CU_add_test(s, "each binding expires alone", each_binding_expires_alone);
	CU_add_test(s, "the operator clears bindings", the_operator_clears_bindings);
	CU_add_test(s, "the operator sees all", the_operator_sees_all);
	CU_add_test(s, "ARP is answered while away", arp_is_answered_while_away);
	CU_add_test(s, "virtual nodes are not proxied", virtual_nodes_are_not_proxied);
	CU_add_test(s, "a lasting claim is a conflict", a_lasting_claim_is_a_conflict);
	CU_add_test(s, "a node coming home is no conflict",
		    a_node_coming_home_is_no_conflict);
	CU_add_test(s, "a link that comes back is told again",
		    a_link_that_comes_back_is_told_again);
	CU_add_test(s, "other links matter not", other_links_matter_not);
}
