/* SPDX-License-Identifier: ISC */
/*
 * Requests that the home agent grants: registrations, renewals, movement,
 * simultaneous bindings, deregistrations (RFC 5944 3.8.2.2, 3.8.3, 4.6).
 */
#include "tests/unit/ha_bench.h"

#include "common/wire/mip_code.h"

#include <CUnit/CUnit.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/suites.h"

#define COA  0x0a000302u /* 10.0.3.2, the foreign agent that sends */
#define COA2 0x0a000402u
#define COA3 0x0a000502u
#define COA4 0x0a000602u

/* -- Accepted --------------------------------------------------------------- */

static void a_registration_is_accepted(void)
{
	struct ha_bench b;
	struct ha_ask a;
	const struct mobility_binding *m;

	hb_open(&b);
	a = hb_ask(&b, HB_NODE, COA);
	CU_ASSERT_EQUAL(hb_send(&b, &a), MIP_ACCEPTED);
	CU_ASSERT_TRUE(b.reply_authentic);
	CU_ASSERT_FALSE(b.reply_has_fa);
	CU_ASSERT_EQUAL(b.reply.lifetime, 300);
	CU_ASSERT_EQUAL(b.reply.home.s_addr, htonl(HB_NODE));
	CU_ASSERT_EQUAL(b.reply.home_agent.s_addr, htonl(HB_HA));
	CU_ASSERT_EQUAL(b.reply.ident, a.rq.ident);
	m = hb_binding(&b, HB_NODE, COA);
	CU_ASSERT_PTR_NOT_NULL_FATAL(m);
	CU_ASSERT_EQUAL(m->ident, a.rq.ident);
	CU_ASSERT_EQUAL(m->lifetime, 300);
	CU_ASSERT_EQUAL(m->tunnel.encap.kind, ENCAP_GRE);
	CU_ASSERT_EQUAL(m->tunnel.local.s_addr, htonl(HB_HA));
	CU_ASSERT_EQUAL(m->tunnel.remote.s_addr, htonl(COA));
	CU_ASSERT_EQUAL(hb_counter(&b, HA_ACCEPTED), 1);
	CU_ASSERT_EQUAL(hb_counter(&b, HA_REPLY_0), 1);
	SOUND(&b);
	hb_stop(&b);
}

/* RFC 5944 4.6, and no Reply before what it promises. */
static void the_order_is_forward_route_arp_store_reply(void)
{
	static const enum effect_kind order[] = { EFFECT_FORWARD,  EFFECT_ROUTE,
						  EFFECT_SEND_ARP, EFFECT_REMEMBER,
						  EFFECT_NOTE,     EFFECT_SEND_UDP };
	struct ha_bench b;
	struct ha_ask a;

	hb_open(&b);
	a = hb_ask(&b, HB_NODE, COA);
	hb_send(&b, &a);
	CU_ASSERT_EQUAL_FATAL(b.log.count, 6);
	for (unsigned i = 0; i < 6; i++) {
		CU_ASSERT_EQUAL(b.log.at[i].kind, order[i]);
		CU_ASSERT_EQUAL(b.log.at[i].txn, b.log.at[0].txn);
		CU_ASSERT_EQUAL(b.log.at[i].home.s_addr, htonl(HB_NODE));
	}
	CU_ASSERT_NOT_EQUAL(b.log.at[0].txn, 0);
	CU_ASSERT_EQUAL(b.log.at[1].route.ifindex, EFFECT_DEV_TUN);
	CU_ASSERT_EQUAL(b.log.at[1].route.dst.len, 32);
	CU_ASSERT_TRUE(mac_equal(b.log.at[2].arp.arp.sender_mac, hb_home_mac));
	CU_ASSERT_PTR_NOT_NULL(hb_note(&b, NOTE_BINDING_NEW));
	hb_stop(&b);
}

static void the_reply_goes_back_the_way_it_came(void)
{
	struct ha_bench b;
	struct ha_ask a;
	const struct effect_udp *u = &b.reply_effect.udp;

	hb_open(&b);
	a = hb_ask(&b, HB_NODE, COA2);
	a.dst = hb_addr(0x0a000102); /* our other address */
	hb_send(&b, &a);
	CU_ASSERT_EQUAL(b.reply_effect.kind, EFFECT_SEND_UDP);
	CU_ASSERT_EQUAL(u->src.s_addr, a.dst.s_addr);
	CU_ASSERT_EQUAL(u->dst.s_addr, a.src.s_addr);
	CU_ASSERT_EQUAL(u->src_port, MIP_PORT);
	CU_ASSERT_EQUAL(u->dst_port, 1234);
	hb_stop(&b);
}

/* A multihomed home agent: the field is copied, and is where the tunnel begins. */
static void any_address_of_ours_is_a_home_agent(void)
{
	struct ha_bench b;
	struct ha_ask a;

	hb_open(&b);
	a = hb_ask(&b, HB_NODE, COA);
	a.rq.home_agent = hb_addr(0x0a000102);
	CU_ASSERT_EQUAL(hb_send(&b, &a), MIP_ACCEPTED);
	CU_ASSERT_EQUAL(b.reply.home_agent.s_addr, htonl(0x0a000102));
	CU_ASSERT_EQUAL(hb_binding(&b, HB_NODE, COA)->tunnel.local.s_addr,
			htonl(0x0a000102));
	hb_stop(&b);
}

static void the_flags_choose_the_tunnel(void)
{
	static const struct {
		uint8_t flags;
		enum encap_kind kind;
	} rows[] = {
		{ 0, ENCAP_IPIP },
		{ MIP_FLAG_M, ENCAP_MINIMAL },
		{ MIP_FLAG_G, ENCAP_GRE },
		{ MIP_FLAG_G | MIP_FLAG_M, ENCAP_GRE },
	};
	struct ha_bench b;

	hb_open(&b);
	for (unsigned i = 0; i < 4; i++) {
		struct ha_ask a = hb_ask(&b, HB_NODE, COA);

		a.rq.flags = rows[i].flags;
		CU_ASSERT_EQUAL(hb_send(&b, &a), MIP_ACCEPTED);
		CU_ASSERT_EQUAL(hb_binding(&b, HB_NODE, COA)->tunnel.encap.kind,
				rows[i].kind);
		SOUND(&b);
	}
	hb_stop(&b);
}

static void the_tunnel_is_as_configured(void)
{
	struct ha_bench b;
	struct ha_ask a;
	struct tunnel_config t = {
		.encap = { .gre_key = true, .gre_key_out = 7, .gre_key_in = 8 }
	};
	const struct encap_spec *e;

	hb_init(&b);
	b.config.common.tunnel = &t;
	b.config.common.tunnel_count = 1;
	hb_start(&b);
	a = hb_ask(&b, HB_NODE, COA);
	hb_send(&b, &a);
	e = &hb_binding(&b, HB_NODE, COA)->tunnel.encap;
	CU_ASSERT_TRUE(e->kind == ENCAP_GRE && e->gre_key && e->gre_key_out == 7 &&
		       e->gre_key_in == 8);
	hb_stop(&b);
}

static void flags_become_forwarding(void)
{
	struct ha_bench b;
	struct ha_ask a;
	const struct fwd_edit *e = &b.world.entry[0];

	hb_open(&b);
	a = hb_ask(&b, HB_NODE, COA);
	a.rq.flags |= MIP_FLAG_T | MIP_FLAG_B | MIP_FLAG_D;
	hb_send(&b, &a);
	CU_ASSERT_TRUE(e->reverse && e->broadcasts && !e->nested);
	a = hb_ask(&b, HB_NODE, COA);
	a.rq.flags |= MIP_FLAG_B;
	hb_send(&b, &a);
	CU_ASSERT_TRUE(!e->reverse && e->broadcasts && e->nested);
	CU_ASSERT_EQUAL(e->agent.s_addr, htonl(HB_HA));
	CU_ASSERT_EQUAL(b.world.entry_count, 1);
	/* HA-REG-16: where broadcasts are not forwarded, B is no reason to refuse */
	a = hb_ask(&b, HB_FAR, COA);
	a.rq.flags |= MIP_FLAG_B;
	CU_ASSERT_EQUAL(hb_send(&b, &a), MIP_ACCEPTED);
	CU_ASSERT_FALSE(hb_binding(&b, HB_FAR, COA)->broadcasts);
	SOUND(&b);
	hb_stop(&b);
}

static void lifetimes_are_cut(void)
{
	struct ha_bench b;
	struct ha_ask a;

	hb_open(&b);
	a = hb_ask(&b, HB_NODE, COA);
	a.rq.lifetime = 1801;
	CU_ASSERT_EQUAL(hb_send(&b, &a), MIP_ACCEPTED);
	CU_ASSERT_EQUAL(b.reply.lifetime, 1800);
	a = hb_ask(&b, HB_NODE, COA);
	a.rq.lifetime = MIP_LIFETIME_INFINITE;
	hb_send(&b, &a);
	CU_ASSERT_EQUAL(b.reply.lifetime, 1800);
	a = hb_ask(&b, HB_NODE, COA);
	a.rq.lifetime = 1;
	hb_send(&b, &a);
	CU_ASSERT_EQUAL(b.reply.lifetime, 1);
	hb_wait(&b, duration_ms(999));
	CU_ASSERT_EQUAL(ha_core_binding_count(b.ha), 1);
	hb_wait(&b, duration_ms(1));
	CU_ASSERT_EQUAL(ha_core_binding_count(b.ha), 0);
	SOUND(&b);
	hb_stop(&b);
}

static void infinity_lasts(void)
{
	struct ha_bench b;
	struct ha_ask a;

	hb_init(&b);
	b.config.max_lifetime = MIP_LIFETIME_INFINITE;
	hb_start(&b);
	a = hb_ask(&b, HB_NODE, COA);
	a.rq.lifetime = MIP_LIFETIME_INFINITE;
	CU_ASSERT_EQUAL(hb_send(&b, &a), MIP_ACCEPTED);
	CU_ASSERT_EQUAL(b.reply.lifetime, MIP_LIFETIME_INFINITE);
	hb_wait(&b, duration_s(70000));
	CU_ASSERT_PTR_NOT_NULL(hb_binding(&b, HB_NODE, COA));
	SOUND(&b);
	hb_stop(&b);
}

static void virtual_networks_need_no_arp_and_no_route(void)
{
	struct ha_bench b;
	struct ha_ask a;

	hb_open(&b);
	a = hb_ask(&b, HB_FAR, COA);
	CU_ASSERT_EQUAL(hb_send(&b, &a), MIP_ACCEPTED);
	CU_ASSERT_EQUAL(hb_count(&b, EFFECT_SEND_ARP), 0);
	CU_ASSERT_EQUAL(hb_count(&b, EFFECT_ROUTE), 0);
	SOUND(&b);
	hb_stop(&b);
}

/* -- Renewals, movement, simultaneous bindings ------------------------------ */

static void a_renewal_only_lasts_longer(void)
{
	struct ha_bench b;
	struct ha_ask a;
	instant_t since;

	hb_open(&b);
	a = hb_ask(&b, HB_NODE, COA);
	hb_send(&b, &a);
	since = hb_binding(&b, HB_NODE, COA)->since;
	hb_wait(&b, duration_s(200));
	a = hb_ask(&b, HB_NODE, COA);
	CU_ASSERT_EQUAL(hb_send(&b, &a), MIP_ACCEPTED);
	/* HA-ARP-07: no forwarding edit, no route, no gratuitous ARP */
	CU_ASSERT_EQUAL(b.log.count, 3);
	CU_ASSERT_EQUAL(b.log.at[0].kind, EFFECT_REMEMBER);
	CU_ASSERT_PTR_NOT_NULL(hb_note(&b, NOTE_BINDING_RENEWED));
	CU_ASSERT_EQUAL(hb_counter(&b, HA_RENEWED), 1);
	CU_ASSERT_EQUAL(hb_binding(&b, HB_NODE, COA)->since.ns, since.ns);
	hb_wait(&b, duration_s(200));
	CU_ASSERT_EQUAL(ha_core_binding_count(b.ha), 1);
	hb_wait(&b, duration_s(100));
	CU_ASSERT_EQUAL(ha_core_binding_count(b.ha), 0);
	hb_stop(&b);
}

static void moving_replaces_without_a_gap(void)
{
	struct ha_bench b;
	struct ha_ask a;

	hb_open(&b);
	a = hb_ask(&b, HB_NODE, COA);
	hb_send(&b, &a);
	a = hb_ask(&b, HB_NODE, COA2);
	CU_ASSERT_EQUAL(hb_send(&b, &a), MIP_ACCEPTED);
	CU_ASSERT_EQUAL_FATAL(hb_count(&b, EFFECT_FORWARD), 2);
	CU_ASSERT_EQUAL(b.log.at[0].forward.kind, FWD_BINDING_SET);
	CU_ASSERT_EQUAL(b.log.at[0].forward.tunnel.remote.s_addr, htonl(COA2));
	CU_ASSERT_EQUAL(b.log.at[1].forward.kind, FWD_BINDING_CLEAR);
	CU_ASSERT_EQUAL(b.log.at[1].forward.tunnel.remote.s_addr, htonl(COA));
	CU_ASSERT_EQUAL(b.log.at[2].kind, EFFECT_REMEMBER);
	CU_ASSERT_EQUAL(b.log.at[3].kind, EFFECT_NOTE);
	CU_ASSERT_EQUAL(b.log.at[4].kind, EFFECT_SEND_UDP);
	CU_ASSERT_EQUAL(hb_count(&b, EFFECT_SEND_ARP), 0);
	CU_ASSERT_PTR_NOT_NULL(hb_note(&b, NOTE_BINDING_MOVED));
	CU_ASSERT_PTR_NULL(hb_binding(&b, HB_NODE, COA));
	SOUND(&b);
	hb_stop(&b);
}

static void another_encapsulation_replaces_without_a_gap(void)
{
	struct ha_bench b;
	struct ha_ask a;

	hb_open(&b);
	a = hb_ask(&b, HB_NODE, COA);
	hb_send(&b, &a);
	a = hb_ask(&b, HB_NODE, COA);
	a.rq.flags = 0;
	hb_send(&b, &a);
	CU_ASSERT_EQUAL_FATAL(hb_count(&b, EFFECT_FORWARD), 2);
	CU_ASSERT_EQUAL(b.log.at[0].forward.tunnel.encap.kind, ENCAP_IPIP);
	CU_ASSERT_EQUAL(b.log.at[1].forward.tunnel.encap.kind, ENCAP_GRE);
	CU_ASSERT_EQUAL(b.log.at[1].forward.kind, FWD_BINDING_CLEAR);
	SOUND(&b);
	hb_stop(&b);
}

static int ask_keeping(struct ha_bench *b, uint32_t care_of)
{
	struct ha_ask a = hb_ask(b, HB_NODE, care_of);

	a.rq.flags |= MIP_FLAG_S;
	return hb_send(b, &a);
}

static void simultaneous_bindings_add_up_to_the_limit(void)
{
	struct ha_bench b;

	hb_open(&b);
	CU_ASSERT_EQUAL(ask_keeping(&b, COA), MIP_ACCEPTED);
	CU_ASSERT_EQUAL(ask_keeping(&b, COA2), MIP_ACCEPTED);
	CU_ASSERT_EQUAL(hb_count(&b, EFFECT_SEND_ARP), 0);
	CU_ASSERT_EQUAL(hb_count(&b, EFFECT_ROUTE), 0);
	CU_ASSERT_EQUAL(ask_keeping(&b, COA3), MIP_ACCEPTED);
	CU_ASSERT_EQUAL(ask_keeping(&b, COA4), MIP_HA_TOO_MANY);
	CU_ASSERT_EQUAL(ask_keeping(&b, COA2), MIP_ACCEPTED); /* a renewal */
	CU_ASSERT_EQUAL(ha_core_binding_count(b.ha), 3);
	SOUND(&b);
	hb_stop(&b);
}

static void without_s_all_others_go(void)
{
	struct ha_bench b;
	struct ha_ask a;

	hb_open(&b);
	ask_keeping(&b, COA);
	ask_keeping(&b, COA2);
	ask_keeping(&b, COA3);
	a = hb_ask(&b, HB_NODE, COA4);
	CU_ASSERT_EQUAL(hb_send(&b, &a), MIP_ACCEPTED);
	CU_ASSERT_EQUAL(hb_count(&b, EFFECT_FORWARD), 4);
	CU_ASSERT_EQUAL(b.log.at[0].forward.kind, FWD_BINDING_SET);
	CU_ASSERT_EQUAL(ha_core_binding_count(b.ha), 1);
	SOUND(&b);
	hb_stop(&b);
}

/* RFC 5944 3.8.2.2; code 1 whether S was asked or not. */
static void one_binding_only_is_said_by_code_1(void)
{
	struct ha_bench b;
	struct ha_ask a;

	hb_init(&b);
	b.config.simultaneous = false;
	hb_start(&b);
	CU_ASSERT_EQUAL(ask_keeping(&b, COA), MIP_ACCEPTED_NO_SIMULTANEOUS);
	CU_ASSERT_EQUAL(ask_keeping(&b, COA2), MIP_ACCEPTED_NO_SIMULTANEOUS);
	CU_ASSERT_EQUAL(ha_core_binding_count(b.ha), 1);
	a = hb_ask(&b, HB_NODE, COA3);
	CU_ASSERT_EQUAL(hb_send(&b, &a), MIP_ACCEPTED_NO_SIMULTANEOUS);
	SOUND(&b);
	hb_stop(&b);
}

/* However many are configured, forwarding has a place left for a replacement. */
static void the_forwarding_table_bounds_bindings(void)
{
	struct ha_bench b;
	struct ha_ask a;

	hb_init(&b);
	b.config.bindings_per_node = 1000;
	hb_start(&b);
	for (uint32_t i = 0; i < BINDINGS_PER_NODE_MAX; i++)
		CU_ASSERT_EQUAL(ask_keeping(&b, COA + i), MIP_ACCEPTED);
	CU_ASSERT_EQUAL(ask_keeping(&b, COA4), MIP_HA_TOO_MANY);
	a = hb_ask(&b, HB_NODE, COA4);
	CU_ASSERT_EQUAL(hb_send(&b, &a), MIP_ACCEPTED);
	CU_ASSERT_EQUAL(ha_core_binding_count(b.ha), 1);
	SOUND(&b);
	hb_stop(&b);
}

static void a_full_table_denies_newcomers_only(void)
{
	struct ha_bench b;
	struct ha_ask a;

	hb_init(&b);
	b.config.max_bindings = 1;
	hb_start(&b);
	a = hb_ask(&b, HB_NODE, COA);
	CU_ASSERT_EQUAL(hb_send(&b, &a), MIP_ACCEPTED);
	a = hb_ask(&b, HB_NODE2, COA);
	CU_ASSERT_EQUAL(hb_send(&b, &a), MIP_HA_RESOURCES);
	CU_ASSERT_EQUAL(hb_counter(&b, HA_WHY_FULL), 1);
	CU_ASSERT_EQUAL(ask_keeping(&b, COA2), MIP_HA_RESOURCES);
	a = hb_ask(&b, HB_NODE, COA2); /* moves */
	CU_ASSERT_EQUAL(hb_send(&b, &a), MIP_ACCEPTED);
	CU_ASSERT_EQUAL(ask_keeping(&b, COA2), MIP_ACCEPTED);
	SOUND(&b);
	hb_stop(&b);
}

/* -- Deregistration --------------------------------------------------------- */

/* RFC 5944 4.6, 3.8.3.1. */
static void coming_home_ends_everything_in_order(void)
{
	struct ha_bench b;
	struct ha_ask a;
	const struct effect *reply = &b.reply_effect;

	hb_open(&b);
	ask_keeping(&b, COA);
	ask_keeping(&b, COA2);
	a = hb_ask_home(&b, HB_NODE);
	CU_ASSERT_EQUAL(hb_send(&b, &a), MIP_ACCEPTED);
	CU_ASSERT_EQUAL(b.reply.lifetime, 0);
	CU_ASSERT_EQUAL(ha_core_binding_count(b.ha), 0);
	CU_ASSERT_FALSE(home_node_is_proxied(hb_node_of(&b, HB_NODE)));
	CU_ASSERT_EQUAL_FATAL(hb_count(&b, EFFECT_SEND_ARP), 1);
	CU_ASSERT_TRUE(mac_equal(hb_effect(&b, EFFECT_SEND_ARP, 0)->arp.arp.sender_mac,
				 hb_node_mac));
	CU_ASSERT_TRUE(hb_effect(&b, EFFECT_SEND_ARP, 0) <
		       hb_effect(&b, EFFECT_SEND_LINK, 0));
	CU_ASSERT_TRUE(hb_effect(&b, EFFECT_ROUTE, 0) <
		       hb_effect(&b, EFFECT_SEND_ARP, 0));
	CU_ASSERT_EQUAL(reply->kind, EFFECT_SEND_LINK);
	CU_ASSERT_EQUAL(reply->frame.ifindex, HB_HOME_IF);
	CU_ASSERT_TRUE(mac_equal(reply->frame.to, hb_node_mac));
	CU_ASSERT_PTR_NOT_NULL(hb_note(&b, NOTE_BINDING_CLEARED));
	SOUND(&b);
	hb_stop(&b);
}

/* Neighbours may still have our address from a binding that expired. */
static void coming_home_late_is_announced_too(void)
{
	struct ha_bench b;
	struct ha_ask a;

	hb_open(&b);
	a = hb_ask_home(&b, HB_NODE);
	CU_ASSERT_EQUAL(hb_send(&b, &a), MIP_ACCEPTED);
	CU_ASSERT_EQUAL(hb_count(&b, EFFECT_SEND_ARP), 1);
	hb_stop(&b);
}

/* HA-RPY-02, HA-ARP-06. */
static void a_refusal_at_home_bypasses_the_binding(void)
{
	struct ha_bench b;
	struct ha_ask a;

	hb_open(&b);
	a = hb_ask(&b, HB_NODE, COA);
	hb_send(&b, &a);
	a = hb_ask_home(&b, HB_NODE);
	a.rq.home_agent = hb_addr(COA);
	CU_ASSERT_EQUAL(hb_send(&b, &a), MIP_HA_UNKNOWN_HA);
	CU_ASSERT_EQUAL(b.reply_effect.kind, EFFECT_SEND_LINK);
	CU_ASSERT_TRUE(mac_equal(b.reply_effect.frame.to, hb_node_mac));
	CU_ASSERT_EQUAL(hb_count(&b, EFFECT_SEND_ARP), 0);
	CU_ASSERT_TRUE(home_node_is_proxied(hb_node_of(&b, HB_NODE)));
	SOUND(&b);
	hb_stop(&b);
}

static void one_binding_of_several_goes(void)
{
	struct ha_bench b;
	struct ha_ask a;

	hb_open(&b);
	ask_keeping(&b, COA);
	ask_keeping(&b, COA2);
	a = hb_ask(&b, HB_NODE, COA);
	a.rq.lifetime = 0;
	CU_ASSERT_EQUAL(hb_send(&b, &a), MIP_ACCEPTED);
	CU_ASSERT_EQUAL(hb_count(&b, EFFECT_ROUTE), 0);
	CU_ASSERT_PTR_NULL(hb_binding(&b, HB_NODE, COA));
	CU_ASSERT_PTR_NOT_NULL(hb_binding(&b, HB_NODE, COA2));
	SOUND(&b);
	/* one that is not there changes nothing */
	a = hb_ask(&b, HB_NODE, COA3);
	a.rq.lifetime = 0;
	CU_ASSERT_EQUAL(hb_send(&b, &a), MIP_ACCEPTED);
	CU_ASSERT_EQUAL(ha_core_binding_count(b.ha), 1);
	/* the last one; nobody knows where the node is */
	a = hb_ask(&b, HB_NODE, COA2);
	a.rq.lifetime = 0;
	CU_ASSERT_EQUAL(hb_send(&b, &a), MIP_ACCEPTED);
	CU_ASSERT_EQUAL(hb_count(&b, EFFECT_ROUTE), 1);
	CU_ASSERT_EQUAL(hb_count(&b, EFFECT_SEND_ARP), 0);
	SOUND(&b);
	hb_stop(&b);
}

/* A deregistration asks for no encapsulation and no reverse tunnel. */
static void deregistering_is_not_refused_for_its_flags(void)
{
	struct ha_bench b;
	struct ha_ask a;

	hb_init(&b);
	b.config.gre = b.config.reverse_tunnel = false;
	b.config.reverse_tunnel_required = true;
	hb_start(&b);
	a = hb_ask_home(&b, HB_NODE);
	a.rq.flags = MIP_FLAG_G | MIP_FLAG_T;
	CU_ASSERT_EQUAL(hb_send(&b, &a), MIP_ACCEPTED);
	a = hb_ask_home(&b, HB_NODE);
	CU_ASSERT_EQUAL(hb_send(&b, &a), MIP_ACCEPTED);
	hb_stop(&b);
}

void suite_ha_request(void)
{
	CU_pSuite s = CU_add_suite("ha_request", NULL, NULL);

	CU_add_test(s, "a registration is accepted", a_registration_is_accepted);
	CU_add_test(s, "the order is forward, route, ARP, store, reply",
		    the_order_is_forward_route_arp_store_reply);
	CU_add_test(s, "the reply goes back the way it came",
		    the_reply_goes_back_the_way_it_came);
	CU_add_test(s, "any address of ours is a home agent",
		    any_address_of_ours_is_a_home_agent);
	CU_add_test(s, "the flags choose the tunnel", the_flags_choose_the_tunnel);
	CU_add_test(s, "the tunnel is as configured", the_tunnel_is_as_configured);
	CU_add_test(s, "flags become forwarding", flags_become_forwarding);
	CU_add_test(s, "lifetimes are cut", lifetimes_are_cut);
	CU_add_test(s, "infinity lasts", infinity_lasts);
	CU_add_test(s, "virtual networks need no ARP and no route",
		    virtual_networks_need_no_arp_and_no_route);
	CU_add_test(s, "a renewal only lasts longer", a_renewal_only_lasts_longer);
	CU_add_test(s, "moving replaces without a gap", moving_replaces_without_a_gap);
	CU_add_test(s, "another encapsulation replaces without a gap",
		    another_encapsulation_replaces_without_a_gap);
	CU_add_test(s, "simultaneous bindings add up to the limit",
		    simultaneous_bindings_add_up_to_the_limit);
	CU_add_test(s, "without S all others go", without_s_all_others_go);
	CU_add_test(s, "one binding only is said by code 1",
		    one_binding_only_is_said_by_code_1);
	CU_add_test(s, "the forwarding table bounds bindings",
		    the_forwarding_table_bounds_bindings);
	CU_add_test(s, "a full table denies newcomers only",
		    a_full_table_denies_newcomers_only);
	CU_add_test(s, "coming home ends everything in order",
		    coming_home_ends_everything_in_order);
	CU_add_test(s, "coming home late is announced too",
		    coming_home_late_is_announced_too);
	CU_add_test(s, "a refusal at home bypasses the binding",
		    a_refusal_at_home_bypasses_the_binding);
	CU_add_test(s, "one binding of several goes", one_binding_of_several_goes);
	CU_add_test(s, "deregistering is not refused for its flags",
		    deregistering_is_not_refused_for_its_flags);
}
