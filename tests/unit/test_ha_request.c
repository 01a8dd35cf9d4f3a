/* SPDX-License-Identifier: ISC */
/*
 * Registration Requests at the home agent: every step of the ladder of RFC 5944
 * 3.8.2.1, what is accepted and how (3.8.2.2), and the Replies (3.8.3).
 */
#include "tests/unit/ha_bench.h"

#include "common/base/ntp64.h"
#include "common/wire/mip_code.h"
#include "common/wire/mip_ext.h"

#include <CUnit/CUnit.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/suites.h"

#define COA 0x0a000302u  /* 10.0.3.2, the foreign agent that sends */
#define COA2 0x0a000402u
#define COA3 0x0a000502u
#define COA4 0x0a000602u

enum { SILENCE = -1 };

#define SOUND(b)                                                                       \
	do {                                                                           \
		const char *fault_ = hb_fault(b);                                      \
		CU_ASSERT_PTR_NULL(fault_);                                            \
		if (fault_)                                                            \
			printf("# %s\n", fault_);                                      \
	} while (0)

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
static void the_order_is_forward_route_arp_reply(void)
{
	static const enum effect_kind order[] = { EFFECT_FORWARD, EFFECT_ROUTE,
						  EFFECT_SEND_ARP, EFFECT_SEND_UDP,
						  EFFECT_NOTE };
	struct ha_bench b;
	struct ha_ask a;

	hb_open(&b);
	a = hb_ask(&b, HB_NODE, COA);
	hb_send(&b, &a);
	CU_ASSERT_EQUAL_FATAL(b.log.count, 5);
	for (unsigned i = 0; i < 5; i++) {
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
	CU_ASSERT_EQUAL(hb_binding(&b, HB_NODE, COA)->tunnel.local.s_addr, htonl(0x0a000102));
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
		CU_ASSERT_EQUAL(hb_binding(&b, HB_NODE, COA)->tunnel.encap.kind, rows[i].kind);
		SOUND(&b);
	}
	hb_stop(&b);
}

static void the_tunnel_is_as_configured(void)
{
	struct ha_bench b;
	struct ha_ask a;
	struct tunnel_config t = { .encap = { .gre_key = true,
					      .gre_key_out = 7,
					      .gre_key_in = 8 } };
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
	CU_ASSERT_EQUAL(b.log.count, 2);
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
	CU_ASSERT_EQUAL(b.log.at[2].kind, EFFECT_SEND_UDP);
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
	CU_ASSERT_FALSE(hb_node_of(&b, HB_NODE)->presence.proxied);
	CU_ASSERT_EQUAL_FATAL(hb_count(&b, EFFECT_SEND_ARP), 1);
	CU_ASSERT_TRUE(mac_equal(hb_effect(&b, EFFECT_SEND_ARP, 0)->arp.arp.sender_mac,
				 hb_node_mac));
	CU_ASSERT_TRUE(hb_effect(&b, EFFECT_SEND_ARP, 0) < hb_effect(&b, EFFECT_SEND_LINK, 0));
	CU_ASSERT_TRUE(hb_effect(&b, EFFECT_ROUTE, 0) < hb_effect(&b, EFFECT_SEND_ARP, 0));
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
	CU_ASSERT_TRUE(hb_node_of(&b, HB_NODE)->presence.proxied);
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

/* -- Duplicates and replay -------------------------------------------------- */

static void a_duplicate_gets_the_same_reply(void)
{
	struct ha_bench b;
	struct ha_ask a;
	struct effect first;
	instant_t expires;

	hb_open(&b);
	a = hb_ask(&b, HB_NODE, COA);
	hb_send(&b, &a);
	first = b.reply_effect;
	expires = hb_binding(&b, HB_NODE, COA)->expires;
	hb_wait(&b, duration_s(3));
	CU_ASSERT_EQUAL(hb_send(&b, &a), MIP_ACCEPTED);
	CU_ASSERT_EQUAL(first.udp.len, b.reply_effect.udp.len);
	CU_ASSERT_EQUAL(memcmp(first.udp.bytes, b.reply_effect.udp.bytes, first.udp.len), 0);
	CU_ASSERT_EQUAL(hb_binding(&b, HB_NODE, COA)->expires.ns, expires.ns);
	CU_ASSERT_EQUAL(hb_count(&b, EFFECT_FORWARD) + hb_count(&b, EFFECT_SEND_ARP), 0);
	CU_ASSERT_EQUAL(hb_counter(&b, HA_REPLIES_RESENT), 1);
	CU_ASSERT_PTR_NOT_NULL(hb_note(&b, NOTE_REPLY_RESENT));
	/* also much later: equal is equal */
	hb_wait(&b, duration_s(100));
	CU_ASSERT_EQUAL(hb_send(&b, &a), MIP_ACCEPTED);
	SOUND(&b);
	hb_stop(&b);
}

/* Denials too, so that the outcome of an Identification is one. */
static void a_denied_duplicate_is_denied_again(void)
{
	struct ha_bench b;
	struct ha_ask a;

	hb_init(&b);
	b.config.gre = false;
	hb_start(&b);
	a = hb_ask(&b, HB_NODE, COA);
	CU_ASSERT_EQUAL(hb_send(&b, &a), MIP_HA_ENCAPSULATION);
	b.config.gre = true;
	CU_ASSERT_EQUAL(hb_reconfigure(&b), 0);
	CU_ASSERT_EQUAL(hb_send(&b, &a), MIP_HA_ENCAPSULATION);
	CU_ASSERT_EQUAL(ha_core_binding_count(b.ha), 0);
	hb_stop(&b);
}

static void the_same_identification_otherwise_is_133(void)
{
	struct ha_bench b;
	struct ha_ask a, other;

	hb_open(&b);
	a = hb_ask(&b, HB_NODE, COA);
	hb_send(&b, &a);
	other = a;
	other.rq.care_of = hb_addr(COA2);
	CU_ASSERT_EQUAL(hb_send(&b, &other), MIP_HA_IDENT);
	other = a;
	other.rq.lifetime = 0;
	CU_ASSERT_EQUAL(hb_send(&b, &other), MIP_HA_IDENT);
	other = a;
	other.rq.flags = 0;
	CU_ASSERT_EQUAL(hb_send(&b, &other), MIP_HA_IDENT);
	other = a;
	other.src = hb_addr(HB_COLOCATED);
	CU_ASSERT_EQUAL(hb_send(&b, &other), MIP_HA_IDENT);
	CU_ASSERT_EQUAL(hb_counter(&b, HA_WHY_IDENT_OLD), 4);
	CU_ASSERT_EQUAL(ha_core_binding_count(b.ha), 1);
	SOUND(&b);
	hb_stop(&b);
}

/* What the operator has dropped is not confirmed once more. */
static void a_duplicate_of_an_ended_binding_is_133(void)
{
	struct ha_bench b;
	struct ha_ask a;

	hb_open(&b);
	a = hb_ask(&b, HB_NODE, COA);
	hb_send(&b, &a);
	CU_ASSERT_EQUAL(hb_clear(&b, HB_NODE), 1);
	CU_ASSERT_EQUAL(hb_send(&b, &a), MIP_HA_IDENT);
	CU_ASSERT_EQUAL(ha_core_binding_count(b.ha), 0);
	SOUND(&b);
	hb_stop(&b);
}

static void an_older_identification_is_133(void)
{
	struct ha_bench b;
	struct ha_ask old, a;

	hb_open(&b);
	old = hb_ask(&b, HB_NODE, COA2);
	a = hb_ask(&b, HB_NODE, COA);
	hb_send(&b, &a);
	CU_ASSERT_EQUAL(hb_send(&b, &old), MIP_HA_IDENT);
	CU_ASSERT_TRUE(b.reply_authentic);
	CU_ASSERT_EQUAL(ntp64_low(b.reply.ident), ntp64_low(old.rq.ident));
	CU_ASSERT_EQUAL(ntp64_high(b.reply.ident), ntp64_high(b.now.ntp));
	CU_ASSERT_PTR_NOT_NULL(hb_binding(&b, HB_NODE, COA));
	hb_stop(&b);
}

static int ask_at(struct ha_bench *b, duration_t off)
{
	struct ha_ask a = hb_ask(b, HB_NODE, COA);

	a.rq.ident = ntp64_add(b->now.ntp, off);
	return hb_send(b, &a);
}

static void the_tolerance_is_that_of_the_association(void)
{
	struct ha_bench b;

	hb_open(&b);
	hb_wait(&b, duration_s(100));
	CU_ASSERT_EQUAL(ask_at(&b, duration_ms(-7100)), MIP_HA_IDENT);
	CU_ASSERT_EQUAL(ask_at(&b, duration_ms(7100)), MIP_HA_IDENT);
	CU_ASSERT_EQUAL(hb_counter(&b, HA_WHY_IDENT_SKEWED), 2);
	CU_ASSERT_EQUAL(ask_at(&b, duration_ms(-6900)), MIP_ACCEPTED);
	CU_ASSERT_EQUAL(ask_at(&b, duration_ms(6900)), MIP_ACCEPTED);
	hb_stop(&b);
}

/* A restarted agent has forgotten what it accepted, not that it had. */
static void nothing_from_before_the_start_is_accepted(void)
{
	struct ha_bench b;
	struct ha_ask a;

	hb_open(&b);
	CU_ASSERT_EQUAL(ask_at(&b, duration_ms(-1)), MIP_HA_IDENT);
	a = hb_ask(&b, HB_NODE, COA);
	a.rq.ident = b.reply.ident | 0xffffffff; /* resynchronised */
	CU_ASSERT_EQUAL(hb_send(&b, &a), MIP_ACCEPTED);
	hb_stop(&b);
}

/* RPL-15: seconds since 1900 wrap on 2036-02-07. */
static void registration_goes_on_past_2036(void)
{
	struct ha_bench b;
	struct ha_ask a;

	hb_init(&b);
	b.now.ntp = UINT64_MAX - (UINT64_C(2) << 32);
	b.last_ident = b.now.ntp;
	hb_start(&b);
	for (int i = 0; i < 5; i++) {
		a = hb_ask(&b, HB_NODE, COA);
		CU_ASSERT_EQUAL(hb_send(&b, &a), MIP_ACCEPTED);
		hb_wait(&b, duration_s(1));
	}
	hb_stop(&b);
}

/* -- Authentication of the node --------------------------------------------- */

static void silence_for_strangers(void)
{
	struct ha_bench b;
	struct ha_ask a;

	hb_open(&b);
	a = hb_ask(&b, 0x0a010063, COA);
	CU_ASSERT_EQUAL(hb_send(&b, &a), SILENCE);
	CU_ASSERT_EQUAL(hb_counter(&b, HA_WHY_UNKNOWN_NODE), 1);
	CU_ASSERT_PTR_NOT_NULL(hb_note(&b, NOTE_SECURITY));
	a = hb_ask(&b, 0, COA); /* no NAI, no home address */
	CU_ASSERT_EQUAL(hb_send(&b, &a), SILENCE);
	a = hb_ask(&b, HB_NODE, COA);
	a.spi = 0;
	CU_ASSERT_EQUAL(hb_send(&b, &a), SILENCE);
	CU_ASSERT_EQUAL(hb_counter(&b, HA_WHY_NO_AUTH), 1);
	a = hb_ask(&b, HB_NODE, COA);
	a.spi = 999;
	CU_ASSERT_EQUAL(hb_send(&b, &a), SILENCE);
	CU_ASSERT_EQUAL(hb_counter(&b, HA_WHY_UNKNOWN_SPI), 1);
	CU_ASSERT_EQUAL(b.world.entry_count, 0);
	hb_stop(&b);
}

static void either_key_is_good_while_keys_roll(void)
{
	struct ha_bench b;
	struct ha_ask a;
	struct mip_ext_index ix;
	struct mip_reply rp;

	hb_open(&b);
	a = hb_ask(&b, HB_NODE, COA);
	a.spi = HB_SPI_NEW;
	CU_ASSERT_EQUAL(hb_send(&b, &a), MIP_ACCEPTED);
	CU_ASSERT_TRUE(b.reply_authentic);
	/* answered under the association that was used */
	mip_reply_decode(reader_over(b.reply_effect.udp.bytes, b.reply_effect.udp.len), &rp);
	mip_ext_index(rp.extensions, &ix);
	CU_ASSERT_EQUAL(ix.mn_ha.spi, HB_SPI_NEW);
	CU_ASSERT_EQUAL(hb_binding(&b, HB_NODE, COA)->spi, HB_SPI_NEW);
	a = hb_ask(&b, HB_NODE, COA);
	CU_ASSERT_EQUAL(hb_send(&b, &a), MIP_ACCEPTED);
	hb_stop(&b);
}

static void an_association_to_accept_only_signs_nothing(void)
{
	struct ha_bench b;
	struct ha_ask a;
	struct mip_ext_index ix;
	struct mip_reply rp;

	hb_init(&b);
	b.assoc[0].accept_only = true;
	hb_start(&b);
	a = hb_ask(&b, HB_NODE, COA);
	CU_ASSERT_EQUAL(hb_send(&b, &a), MIP_ACCEPTED);
	mip_reply_decode(reader_over(b.reply_effect.udp.bytes, b.reply_effect.udp.len), &rp);
	mip_ext_index(rp.extensions, &ix);
	CU_ASSERT_EQUAL(ix.mn_ha.spi, HB_SPI_NEW);
	hb_stop(&b);
}

static void a_node_we_cannot_answer_is_not_bound(void)
{
	struct ha_bench b;
	struct ha_ask a;

	hb_init(&b);
	b.assoc[2].accept_only = true;
	hb_start(&b);
	a = hb_ask(&b, HB_NODE2, COA);
	CU_ASSERT_EQUAL(hb_send(&b, &a), SILENCE);
	CU_ASSERT_EQUAL(ha_core_binding_count(b.ha), 0);
	SOUND(&b);
	hb_stop(&b);
}

static void a_wrong_authenticator_is_131(void)
{
	struct ha_bench b;
	struct ha_ask a;

	hb_open(&b);
	/* no association with the sender: our choice */
	a = hb_ask(&b, HB_NODE, COA);
	a.forged = true;
	CU_ASSERT_EQUAL(hb_send(&b, &a), MIP_HA_MN_AUTH);
	CU_ASSERT_TRUE(b.reply_authentic);
	CU_ASSERT_PTR_NOT_NULL(hb_note(&b, NOTE_SECURITY));
	/* a foreign agent that has proved itself */
	a = hb_ask(&b, HB_NODE, HB_FA);
	a.src = hb_addr(HB_FA);
	a.forged = true;
	a.fa_spi = HB_FA_SPI;
	CU_ASSERT_EQUAL(hb_send(&b, &a), MIP_HA_MN_AUTH);
	CU_ASSERT_TRUE(b.reply_authentic && b.reply_has_fa);
	/* the same for an SPI that we do not know */
	a.rq.ident++;
	a.spi = 999;
	CU_ASSERT_EQUAL(hb_send(&b, &a), MIP_HA_MN_AUTH);
	CU_ASSERT_TRUE(b.reply_authentic);
	/* a foreign agent that has not */
	a.rq.ident++;
	a.spi = HB_SPI;
	a.fa_forged = true;
	CU_ASSERT_EQUAL(hb_send(&b, &a), SILENCE);
	CU_ASSERT_EQUAL(b.world.entry_count, 0);
	hb_stop(&b);
}

static void two_authenticators_are_one_too_many(void)
{
	struct ha_bench b;
	struct ha_ask a;

	hb_open(&b);
	a = hb_ask(&b, HB_NODE, COA);
	a.times = 2;
	CU_ASSERT_EQUAL(hb_send(&b, &a), MIP_HA_MN_AUTH);
	CU_ASSERT_EQUAL(ha_core_binding_count(b.ha), 0);
	hb_stop(&b);
}

/* A failed authentication does not use up the Identification. */
static void forgery_does_not_shut_the_node_out(void)
{
	struct ha_bench b;
	struct ha_ask a, forged;

	hb_open(&b);
	a = hb_ask(&b, HB_NODE, COA);
	forged = a;
	forged.rq.ident += 1000;
	forged.forged = true;
	hb_send(&b, &forged);
	CU_ASSERT_EQUAL(hb_send(&b, &a), MIP_ACCEPTED);
	hb_stop(&b);
}

static void every_changed_bit_changes_nothing(void)
{
	struct ha_bench b;
	struct ha_ask a;
	uint8_t bytes[MIP_MESSAGE_MAX];
	size_t len;

	hb_open(&b);
	a = hb_ask(&b, HB_NODE, COA);
	len = hb_encode(&b, &a, bytes);
	for (size_t bit = 0; bit < len * 8; bit++) {
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		CU_ASSERT_TRUE(hb_send_bytes(&b, &a, bytes, len) != MIP_ACCEPTED);
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	CU_ASSERT_EQUAL(ha_core_binding_count(b.ha), 0);
	CU_ASSERT_EQUAL(b.world.entry_count, 0);
	CU_ASSERT_EQUAL(hb_send_bytes(&b, &a, bytes, len), MIP_ACCEPTED);
	hb_stop(&b);
}

static void every_truncation_is_silence(void)
{
	struct ha_bench b;
	struct ha_ask a;
	uint8_t bytes[MIP_MESSAGE_MAX];
	size_t len;

	hb_open(&b);
	a = hb_ask(&b, HB_NODE, COA);
	len = hb_encode(&b, &a, bytes);
	for (size_t n = 0; n < len; n++) {
		uint8_t *cut = malloc(n ? n : 1);

		CU_ASSERT_PTR_NOT_NULL_FATAL(cut);
		memcpy(cut, bytes, n);
		CU_ASSERT_EQUAL(hb_send_bytes(&b, &a, cut, n), SILENCE);
		free(cut);
	}
	hb_stop(&b);
}

/* -- The foreign agent ------------------------------------------------------ */

static struct ha_ask ask_over_fa(struct ha_bench *b)
{
	struct ha_ask a = hb_ask(b, HB_NODE, HB_FA);

	a.src = hb_addr(HB_FA);
	a.fa_spi = HB_FA_SPI;
	return a;
}

static void an_authentic_foreign_agent_is_answered_so(void)
{
	struct ha_bench b;
	struct ha_ask a;

	hb_open(&b);
	a = ask_over_fa(&b);
	CU_ASSERT_EQUAL(hb_send(&b, &a), MIP_ACCEPTED);
	CU_ASSERT_TRUE(b.reply_authentic && b.reply_has_fa);
	hb_stop(&b);
}

/* HA-REG-08. */
static void a_foreign_agent_we_know_must_prove_itself(void)
{
	struct ha_bench b;
	struct ha_ask a;

	hb_open(&b);
	a = ask_over_fa(&b);
	a.fa_spi = 0;
	CU_ASSERT_EQUAL(hb_send(&b, &a), MIP_HA_FA_AUTH);
	CU_ASSERT_EQUAL(hb_counter(&b, HA_WHY_FA_MISSING), 1);
	a = ask_over_fa(&b);
	a.fa_forged = true;
	CU_ASSERT_EQUAL(hb_send(&b, &a), MIP_HA_FA_AUTH);
	a = ask_over_fa(&b);
	a.fa_times = 2;
	CU_ASSERT_EQUAL(hb_send(&b, &a), MIP_HA_FA_AUTH);
	a = ask_over_fa(&b);
	a.fa_spi = 513;
	CU_ASSERT_EQUAL(hb_send(&b, &a), MIP_HA_FA_AUTH);
	CU_ASSERT_EQUAL(hb_counter(&b, HA_WHY_FA_BAD), 3);
	CU_ASSERT_TRUE(b.reply_authentic && b.reply_has_fa);
	CU_ASSERT_EQUAL(b.world.entry_count, 0);
	/* and the node's Identification is not used up by that */
	a = ask_over_fa(&b);
	a.fa_spi = 0;
	hb_send(&b, &a);
	a.fa_spi = HB_FA_SPI;
	CU_ASSERT_EQUAL(hb_send(&b, &a), MIP_ACCEPTED);
	hb_stop(&b);
}

/* HA-REG-09. */
static void a_strange_foreign_agent_is_silence(void)
{
	struct ha_bench b;
	struct ha_ask a;

	hb_open(&b);
	a = hb_ask(&b, HB_NODE, COA);
	a.fa_spi = HB_FA_SPI;
	CU_ASSERT_EQUAL(hb_send(&b, &a), SILENCE);
	CU_ASSERT_EQUAL(hb_counter(&b, HA_WHY_FA_UNKNOWN), 1);
	hb_stop(&b);
}

/* HA-REG-10, T-06. */
static void deregistering_needs_no_foreign_agent(void)
{
	struct ha_bench b;
	struct ha_ask a;

	hb_open(&b);
	a = ask_over_fa(&b);
	hb_send(&b, &a);
	a = ask_over_fa(&b);
	a.rq.lifetime = 0;
	a.fa_spi = 0;
	CU_ASSERT_EQUAL(hb_send(&b, &a), MIP_ACCEPTED);
	CU_ASSERT_TRUE(b.reply_has_fa && b.reply_authentic);
	CU_ASSERT_EQUAL(ha_core_binding_count(b.ha), 0);
	a = ask_over_fa(&b);
	a.rq.lifetime = 0;
	a.fa_forged = true;
	CU_ASSERT_EQUAL(hb_send(&b, &a), MIP_HA_FA_AUTH);
	hb_stop(&b);
}

/* -- Policy ----------------------------------------------------------------- */

struct policy_row {
	const char *what;
	void (*change)(struct ha_bench *b, struct ha_ask *a);
	int code;
	enum ha_counter why;
};

static void to_255(struct ha_bench *b, struct ha_ask *a)
{
	(void)b;
	a->dst = hb_addr(0xffffffff);
}

static void to_subnet_broadcast(struct ha_bench *b, struct ha_ask *a)
{
	(void)b;
	a->dst = hb_addr(0x0a0100ff);
	a->rq.home_agent = a->dst;
}

static void to_broadcast_on_link(struct ha_bench *b, struct ha_ask *a)
{
	to_subnet_broadcast(b, a);
	a->on_link = true;
	a->ifindex = HB_HOME_IF;
}

static void for_another_agent(struct ha_bench *b, struct ha_ask *a)
{
	(void)b;
	a->rq.home_agent = hb_addr(0x0a010002);
}

static void lenient_reserved(struct ha_bench *b, struct ha_ask *a)
{
	(void)b;
	a->rq.flags |= MIP_FLAG_r | MIP_FLAG_x;
}

static void strict_reserved_r(struct ha_bench *b, struct ha_ask *a)
{
	b->config.common.strict_reserved_bits = true;
	a->rq.flags |= MIP_FLAG_r;
}

static void strict_reserved_x(struct ha_bench *b, struct ha_ask *a)
{
	b->config.common.strict_reserved_bits = true;
	a->rq.flags |= MIP_FLAG_x;
}

static void from_no_network(struct ha_bench *b, struct ha_ask *a)
{
	*a = hb_ask(b, HB_STRAY, COA);
}

static void care_of_zero(struct ha_bench *b, struct ha_ask *a)
{
	(void)b;
	a->rq.care_of = hb_addr(0);
}

static void care_of_multicast(struct ha_bench *b, struct ha_ask *a)
{
	(void)b;
	a->rq.care_of = hb_addr(0xe0000001);
}

static void care_of_ours(struct ha_bench *b, struct ha_ask *a)
{
	(void)b;
	a->rq.care_of = hb_addr(HB_HA);
}

static void care_of_home(struct ha_bench *b, struct ha_ask *a)
{
	(void)b;
	a->rq.care_of = hb_addr(HB_NODE);
}

static void care_of_other_home(struct ha_bench *b, struct ha_ask *a)
{
	(void)b;
	a->rq.care_of = hb_addr(HB_NODE2);
}

static void no_gre(struct ha_bench *b, struct ha_ask *a)
{
	(void)a;
	b->config.gre = false;
}

static void no_minimal(struct ha_bench *b, struct ha_ask *a)
{
	b->config.minimal = false;
	a->rq.flags = MIP_FLAG_M;
}

static void no_reverse(struct ha_bench *b, struct ha_ask *a)
{
	b->config.reverse_tunnel = false;
	a->rq.flags |= MIP_FLAG_T;
}

/* RFC 3024 4.3.1: the reverse tunnel is the last thing refused. */
static void no_reverse_and_no_gre(struct ha_bench *b, struct ha_ask *a)
{
	no_reverse(b, a);
	no_gre(b, a);
}

static void only_reverse(struct ha_bench *b, struct ha_ask *a)
{
	(void)a;
	b->config.reverse_tunnel_required = true;
}

static void full(struct ha_bench *b, struct ha_ask *a)
{
	(void)a;
	b->config.max_bindings = 0;
}

static const struct policy_row policy[] = {
	{ "255.255.255.255", to_255, MIP_HA_UNKNOWN_HA, HA_WHY_BROADCAST },
	{ "subnet broadcast", to_subnet_broadcast, MIP_HA_UNKNOWN_HA, HA_WHY_BROADCAST },
	{ "broadcast on link", to_broadcast_on_link, MIP_HA_UNKNOWN_HA, HA_WHY_BROADCAST },
	{ "another agent", for_another_agent, MIP_HA_UNKNOWN_HA, HA_WHY_HOME_AGENT },
	{ "reserved, lenient", lenient_reserved, MIP_ACCEPTED, HA_ACCEPTED },
	{ "reserved r", strict_reserved_r, MIP_HA_BAD_REQUEST, HA_WHY_RESERVED },
	{ "reserved x", strict_reserved_x, MIP_HA_BAD_REQUEST, HA_WHY_RESERVED },
	{ "no network", from_no_network, MIP_HA_PROHIBITED, HA_WHY_HOME_ADDRESS },
	{ "care-of 0", care_of_zero, MIP_HA_BAD_REQUEST, HA_WHY_CARE_OF },
	{ "care-of multicast", care_of_multicast, MIP_HA_BAD_REQUEST, HA_WHY_CARE_OF },
	{ "care-of ours", care_of_ours, MIP_HA_BAD_REQUEST, HA_WHY_CARE_OF },
	{ "care-of home", care_of_home, MIP_HA_BAD_REQUEST, HA_WHY_CARE_OF_HOME },
	{ "care-of other home", care_of_other_home, MIP_HA_PROHIBITED, HA_WHY_CARE_OF_HOME },
	{ "no gre", no_gre, MIP_HA_ENCAPSULATION, HA_WHY_ENCAPSULATION },
	{ "no minimal", no_minimal, MIP_HA_ENCAPSULATION, HA_WHY_ENCAPSULATION },
	{ "no reverse", no_reverse, MIP_HA_NO_REVERSE, HA_WHY_NO_REVERSE },
	{ "no reverse, no gre", no_reverse_and_no_gre, MIP_HA_ENCAPSULATION,
	  HA_WHY_ENCAPSULATION },
	{ "only reverse", only_reverse, MIP_HA_REVERSE_MANDATORY, HA_WHY_REVERSE_MANDATORY },
	{ "full", full, MIP_HA_RESOURCES, HA_WHY_FULL },
};

static void policy_row_holds(const struct policy_row *row)
{
	struct ha_bench b;
	struct ha_ask a;
	int code;

	hb_init(&b);
	a = hb_ask(&b, HB_NODE, COA);
	row->change(&b, &a);
	hb_start(&b);
	code = hb_send(&b, &a);
	if (code != row->code)
		printf("# %s: code %d\n", row->what, code);
	CU_ASSERT_EQUAL(code, row->code);
	CU_ASSERT_EQUAL(hb_counter(&b, row->why), 1);
	CU_ASSERT_TRUE(b.reply_authentic);
	CU_ASSERT_EQUAL(b.reply.home_agent.s_addr, htonl(HB_HA));
	CU_ASSERT_EQUAL(b.reply.ident, a.rq.ident);
	/* HA-ARP-06: a refusal changes nothing */
	if (code != MIP_ACCEPTED) {
		CU_ASSERT_EQUAL(hb_count(&b, EFFECT_FORWARD) + hb_count(&b, EFFECT_ROUTE) +
					hb_count(&b, EFFECT_SEND_ARP),
				0);
		CU_ASSERT_PTR_NOT_NULL(hb_note(&b, NOTE_REQUEST_DENIED));
	}
	SOUND(&b);
	hb_stop(&b);
}

static void policy_refuses_by_its_code(void)
{
	for (size_t i = 0; i < sizeof(policy) / sizeof(policy[0]); i++)
		policy_row_holds(&policy[i]);
}

/* Who is not authentic learns nothing of our policy. */
static void authentication_comes_before_policy(void)
{
	for (size_t i = 0; i < sizeof(policy) / sizeof(policy[0]); i++) {
		struct ha_bench b;
		struct ha_ask a;

		hb_init(&b);
		a = hb_ask(&b, HB_NODE, COA);
		policy[i].change(&b, &a);
		a.forged = true;
		hb_start(&b);
		CU_ASSERT_EQUAL(hb_send(&b, &a), MIP_HA_MN_AUTH);
		hb_stop(&b);
	}
}

/* A broadcast's Reply comes from our unicast address. */
static void a_broadcast_is_answered_from_our_address(void)
{
	struct ha_bench b;
	struct ha_ask a;

	hb_open(&b);
	a = hb_ask(&b, HB_NODE, COA);
	a.dst = hb_addr(0x0a0100ff);
	hb_send(&b, &a);
	CU_ASSERT_EQUAL(b.reply_effect.udp.src.s_addr, htonl(HB_HA));
	hb_stop(&b);
}

static void two_refusals_first_one_wins(void)
{
	struct ha_bench b;
	struct ha_ask a;

	hb_init(&b);
	b.config.gre = false;
	hb_start(&b);
	a = ask_over_fa(&b);
	a.rq.ident = ntp64_add(a.rq.ident, duration_s(-60));
	a.fa_forged = true;
	a.rq.home_agent = hb_addr(COA);
	a.forged = true;
	CU_ASSERT_EQUAL(hb_send(&b, &a), SILENCE);
	a.forged = false;
	CU_ASSERT_EQUAL(hb_send(&b, &a), MIP_HA_IDENT);
	a.rq.ident = b.last_ident;
	CU_ASSERT_EQUAL(hb_send(&b, &a), MIP_HA_FA_AUTH);
	a.fa_forged = false;
	CU_ASSERT_EQUAL(hb_send(&b, &a), MIP_HA_UNKNOWN_HA);
	a = ask_over_fa(&b);
	CU_ASSERT_EQUAL(hb_send(&b, &a), MIP_HA_ENCAPSULATION);
	hb_stop(&b);
}

/* -- Before any of that ----------------------------------------------------- */

static void other_messages_are_silence(void)
{
	struct ha_bench b;
	struct ha_ask a;
	uint8_t bytes[MIP_MESSAGE_MAX];
	size_t len;

	hb_open(&b);
	a = hb_ask(&b, HB_NODE, COA);
	len = hb_encode(&b, &a, bytes);
	bytes[0] = MIP_TYPE_REPLY;
	CU_ASSERT_EQUAL(hb_send_bytes(&b, &a, bytes, len), SILENCE);
	CU_ASSERT_EQUAL(hb_counter(&b, HA_WHY_TYPE), 1);
	bytes[0] = MIP_TYPE_REQUEST;
	bytes[MIP_REQUEST_LEN] = 99; /* GEN-10: unknown, not to be skipped */
	CU_ASSERT_EQUAL(hb_send_bytes(&b, &a, bytes, len), SILENCE);
	CU_ASSERT_EQUAL(hb_counter(&b, HA_WHY_EXTENSION), 1);
	CU_ASSERT_EQUAL(hb_send_bytes(&b, &a, bytes, 23), SILENCE);
	CU_ASSERT_EQUAL(hb_counter(&b, HA_WHY_MALFORMED), 1);
	hb_stop(&b);
}

/* The packet socket shows what only passes through. */
static void passers_by_are_left_alone(void)
{
	struct ha_bench b;
	struct ha_ask a;

	hb_open(&b);
	a = hb_ask_home(&b, HB_NODE);
	a.dst = hb_addr(0x08080808);
	CU_ASSERT_EQUAL(hb_send(&b, &a), SILENCE);
	CU_ASSERT_EQUAL(b.log.count, 0);
	CU_ASSERT_EQUAL(hb_counter(&b, HA_WHY_NOT_OURS), 1);
	hb_stop(&b);
}

static void one_source_cannot_flood(void)
{
	struct ha_bench b;
	struct ha_ask a;

	hb_init(&b);
	b.config.common.source_rate = 1;
	b.config.common.source_burst = 3;
	hb_start(&b);
	for (int i = 0; i < 3; i++) {
		a = hb_ask(&b, HB_NODE, COA);
		CU_ASSERT_EQUAL(hb_send(&b, &a), MIP_ACCEPTED);
	}
	a = hb_ask(&b, HB_NODE, COA);
	CU_ASSERT_EQUAL(hb_send(&b, &a), SILENCE);
	CU_ASSERT_EQUAL(hb_counter(&b, HA_WHY_RATE), 1);
	a.src = hb_addr(HB_COLOCATED);
	CU_ASSERT_EQUAL(hb_send(&b, &a), MIP_ACCEPTED);
	hb_stop(&b);
}

/* Counted always, told of sometimes. */
static void notes_of_strangers_are_bounded(void)
{
	struct ha_bench b;
	struct ha_ask a;
	unsigned notes = 0;

	hb_open(&b);
	for (int i = 0; i < 500; i++) {
		a = hb_ask(&b, HB_NODE, COA);
		a.forged = true;
		hb_send(&b, &a);
		notes += hb_count(&b, EFFECT_NOTE);
	}
	CU_ASSERT_TRUE(notes > 0 && notes <= 50);
	CU_ASSERT_EQUAL(hb_counter(&b, HA_WHY_BAD_AUTH), 500);
	CU_ASSERT_EQUAL(ha_core_violations(b.ha)->total, 500);
	hb_stop(&b);
}

static void keep_last(void *arg, const struct violation *v)
{
	*(struct violation *)arg = *v;
}

static void violations_say_who_and_why(void)
{
	struct ha_bench b;
	struct ha_ask a;
	struct violation v = { 0 };

	hb_open(&b);
	a = ask_over_fa(&b);
	a.fa_forged = true;
	hb_send(&b, &a);
	violations_each(ha_core_violations(b.ha), keep_last, &v);
	CU_ASSERT_EQUAL(v.home.s_addr, htonl(HB_NODE));
	CU_ASSERT_EQUAL(v.source.s_addr, htonl(HB_FA));
	CU_ASSERT_EQUAL(v.spi, HB_FA_SPI);
	CU_ASSERT_EQUAL(v.ident, a.rq.ident);
	CU_ASSERT_EQUAL(v.ntp, b.now.ntp);
	CU_ASSERT_STRING_EQUAL(v.reason, "foreign-home authentication failed");
	hb_stop(&b);
}

/* What a node on a served link sends over a router of that link is routed back. */
static void only_neighbours_are_answered_on_the_link(void)
{
	struct ha_bench b;
	struct ha_ask a;

	hb_open(&b);
	a = hb_ask(&b, HB_NODE, COA);
	a.on_link = true;
	a.ifindex = HB_HOME_IF;
	CU_ASSERT_EQUAL(hb_send(&b, &a), MIP_ACCEPTED);
	CU_ASSERT_EQUAL(b.reply_effect.kind, EFFECT_SEND_UDP);
	a = hb_ask(&b, HB_NODE, COA);
	a.src = hb_addr(0x0a010005);
	a.on_link = true;
	a.ifindex = HB_HOME_IF;
	CU_ASSERT_EQUAL(hb_send(&b, &a), MIP_ACCEPTED);
	CU_ASSERT_EQUAL(b.reply_effect.kind, EFFECT_SEND_LINK);
	hb_stop(&b);
}

static void add_accepting(CU_pSuite s)
{
	CU_add_test(s, "a registration is accepted", a_registration_is_accepted);
	CU_add_test(s, "the order is forward, route, ARP, reply",
		    the_order_is_forward_route_arp_reply);
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
}

static void add_ending(CU_pSuite s)
{
	CU_add_test(s, "coming home ends everything in order",
		    coming_home_ends_everything_in_order);
	CU_add_test(s, "coming home late is announced too", coming_home_late_is_announced_too);
	CU_add_test(s, "a refusal at home bypasses the binding",
		    a_refusal_at_home_bypasses_the_binding);
	CU_add_test(s, "one binding of several goes", one_binding_of_several_goes);
	CU_add_test(s, "deregistering is not refused for its flags",
		    deregistering_is_not_refused_for_its_flags);
	CU_add_test(s, "a duplicate gets the same reply", a_duplicate_gets_the_same_reply);
	CU_add_test(s, "a denied duplicate is denied again",
		    a_denied_duplicate_is_denied_again);
	CU_add_test(s, "the same identification otherwise is 133",
		    the_same_identification_otherwise_is_133);
	CU_add_test(s, "a duplicate of an ended binding is 133",
		    a_duplicate_of_an_ended_binding_is_133);
	CU_add_test(s, "an older identification is 133", an_older_identification_is_133);
	CU_add_test(s, "the tolerance is that of the association",
		    the_tolerance_is_that_of_the_association);
	CU_add_test(s, "nothing from before the start is accepted",
		    nothing_from_before_the_start_is_accepted);
	CU_add_test(s, "registration goes on past 2036", registration_goes_on_past_2036);
}

static void add_authentication(CU_pSuite s)
{
	CU_add_test(s, "silence for strangers", silence_for_strangers);
	CU_add_test(s, "either key is good while keys roll",
		    either_key_is_good_while_keys_roll);
	CU_add_test(s, "an association to accept only signs nothing",
		    an_association_to_accept_only_signs_nothing);
	CU_add_test(s, "a node we cannot answer is not bound",
		    a_node_we_cannot_answer_is_not_bound);
	CU_add_test(s, "a wrong authenticator is 131", a_wrong_authenticator_is_131);
	CU_add_test(s, "two authenticators are one too many",
		    two_authenticators_are_one_too_many);
	CU_add_test(s, "forgery does not shut the node out",
		    forgery_does_not_shut_the_node_out);
	CU_add_test(s, "every changed bit changes nothing", every_changed_bit_changes_nothing);
	CU_add_test(s, "every truncation is silence", every_truncation_is_silence);
	CU_add_test(s, "an authentic foreign agent is answered so",
		    an_authentic_foreign_agent_is_answered_so);
	CU_add_test(s, "a foreign agent we know must prove itself",
		    a_foreign_agent_we_know_must_prove_itself);
	CU_add_test(s, "a strange foreign agent is silence",
		    a_strange_foreign_agent_is_silence);
	CU_add_test(s, "deregistering needs no foreign agent",
		    deregistering_needs_no_foreign_agent);
}

static void add_policy(CU_pSuite s)
{
	CU_add_test(s, "policy refuses by its code", policy_refuses_by_its_code);
	CU_add_test(s, "authentication comes before policy",
		    authentication_comes_before_policy);
	CU_add_test(s, "a broadcast is answered from our address",
		    a_broadcast_is_answered_from_our_address);
	CU_add_test(s, "two refusals: first one wins", two_refusals_first_one_wins);
	CU_add_test(s, "other messages are silence", other_messages_are_silence);
	CU_add_test(s, "passers-by are left alone", passers_by_are_left_alone);
	CU_add_test(s, "one source cannot flood", one_source_cannot_flood);
	CU_add_test(s, "notes of strangers are bounded", notes_of_strangers_are_bounded);
	CU_add_test(s, "violations say who and why", violations_say_who_and_why);
	CU_add_test(s, "only neighbours are answered on the link",
		    only_neighbours_are_answered_on_the_link);
}

void suite_ha_request(void)
{
	CU_pSuite s = CU_add_suite("ha_request", NULL, NULL);

	add_accepting(s);
	add_ending(s);
	add_authentication(s);
	add_policy(s);
}
