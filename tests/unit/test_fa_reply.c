/* SPDX-License-Identifier: ISC */
/* Registration Replies at the foreign agent: relayed, denied, dropped. */
#include "tests/unit/fa_world.h"

#include "common/security/auth.h"
#include "common/wire/mip_code.h"

#include <CUnit/CUnit.h>

#include "tests/unit/hex.h"
#include "tests/unit/suites.h"

static void an_acceptance_admits_and_is_relayed(void)
{
	const struct ask a = usual_ask();
	const struct say s = usual_say();
	uint8_t bytes[512];
	struct fa_world w;
	struct heard h;
	size_t len;

	fa_world_open(&w);
	len = fa_build_say(&w, &s, bytes, sizeof(bytes));
	fa_world_register(&w, &a);
	h = fa_world_heard(&w);
	CU_ASSERT_EQUAL(h.code, 0);
	CU_ASSERT_EQUAL_FATAL(h.udp.len, len);
	CU_ASSERT_EQUAL(memcmp(h.udp.payload, bytes, len), 0);
	CU_ASSERT_TRUE(mac_equal(h.mac, a.mac));
	CU_ASSERT_EQUAL(h.ifindex, a.ifindex);
	CU_ASSERT_EQUAL(h.udp.src.s_addr, OUR_ADDRESS.s_addr);
	CU_ASSERT_EQUAL(h.udp.dst.s_addr, NODE.s_addr);
	CU_ASSERT_EQUAL(h.udp.src_port, 434);
	CU_ASSERT_EQUAL(h.udp.dst_port, a.src_port);
	CU_ASSERT_EQUAL(fa_world_pending(&w), 0);
	CU_ASSERT_EQUAL(fa_core_visitor_count(w.fa), 1);
	fa_world_end(&w);
}

static void the_path_comes_before_the_reply(void)
{
	const struct ask a = reverse_ask();
	const struct effect *forward, *rule, *send;
	struct fa_world w;

	fa_world_open(&w);
	fa_world_register(&w, &a);
	forward = fa_world_effect(&w, EFFECT_FORWARD, 0);
	rule = fa_world_effect(&w, EFFECT_RULE, 0);
	send = fa_world_effect(&w, EFFECT_SEND_LINK, 0);
	CU_ASSERT_FATAL(forward && rule && send);
	CU_ASSERT_TRUE(forward < rule && rule < send);
	CU_ASSERT_NOT_EQUAL(forward->txn, 0);
	CU_ASSERT_EQUAL(forward->txn, rule->txn);
	CU_ASSERT_EQUAL(forward->txn, send->txn);
	CU_ASSERT_EQUAL(forward->home.s_addr, NODE.s_addr);

	CU_ASSERT_EQUAL(forward->forward.kind, FWD_VISITOR_SET);
	CU_ASSERT_EQUAL(forward->forward.tunnel.local.s_addr, CARE_OF.s_addr);
	CU_ASSERT_EQUAL(forward->forward.tunnel.remote.s_addr, OTHER_AGENT.s_addr);
	CU_ASSERT_EQUAL(forward->forward.tunnel.encap.kind, ENCAP_GRE);
	CU_ASSERT_TRUE(forward->forward.reverse);
	CU_ASSERT_EQUAL(forward->forward.ifindex, VISIT1);
	CU_ASSERT_TRUE(mac_equal(forward->forward.mac, NODE_MAC));

	CU_ASSERT_TRUE(rule->rule.add);
	CU_ASSERT_EQUAL(rule->rule.src.addr.s_addr, NODE.s_addr);
	CU_ASSERT_EQUAL(rule->rule.src.len, 32);
	CU_ASSERT_EQUAL(rule->rule.iif, VISIT1);
	CU_ASSERT_EQUAL(rule->rule.table, FA_REVERSE_TABLE);
	fa_world_end(&w);
}

static void flags_choose_the_encapsulation(void)
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

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ask a = usual_ask();
		struct fa_world w;

		fa_world_config(&w);
		w.tunnels[0] = (struct tunnel_config){
			.peer = OTHER_AGENT,
			.encap = { .gre_key = true, .gre_key_out = 77 },
		};
		w.config.common.tunnel = w.tunnels;
		w.config.common.tunnel_count = 1;
		fa_world_start(&w);
		a.flags = rows[i].flags;
		fa_world_register(&w, &a);
		CU_ASSERT_EQUAL(fa_world_edit(&w, 0)->tunnel.encap.kind, rows[i].kind);
		CU_ASSERT_EQUAL(fa_world_edit(&w, 0)->tunnel.encap.gre_key_out, 77);
		CU_ASSERT_FALSE(fa_world_edit(&w, 0)->reverse);
		CU_ASSERT_EQUAL(fa_world_effects(&w, EFFECT_RULE), 0);
		fa_world_end(&w);
	}
}

/* The home agent of the Reply ends the tunnel: it was found by broadcast. */
static void the_reply_names_the_tunnels_end(void)
{
	struct ask a = usual_ask();
	struct fa_world w;
	struct say s;

	fa_world_open(&w);
	a.home_agent = IP(10, 5, 0, 255);
	s = say_to(&a);
	s.home_agent = OTHER_AGENT;
	fa_world_ask(&w, &a);
	fa_world_say(&w, &s);
	CU_ASSERT_EQUAL(fa_world_edit(&w, 0)->tunnel.remote.s_addr, OTHER_AGENT.s_addr);
	fa_world_end(&w);
}

static void what_is_not_signed_for_the_node_is_removed(void)
{
	static const uint8_t loose[] = { 200, 2, 1, 2, 0, 132, 4, 1, 2, 3, 4 };
	struct ask a = usual_ask();
	struct fa_world w;
	struct heard h;
	struct say s;

	fa_world_open(&w);
	a.home = a.src = SIGNING_NODE;
	a.mn_fa = 1;
	a.home_agent = HOME_AGENT;
	s = say_to(&a);
	s.loose = loose;
	s.loose_len = sizeof(loose);
	fa_world_ask(&w, &a);
	fa_world_say(&w, &s);
	h = fa_world_heard(&w);
	CU_ASSERT_EQUAL(h.code, 0);
	CU_ASSERT_EQUAL(h.ix.count, 2);
	CU_ASSERT_EQUAL(h.ix.mn_ha_count, 1);
	CU_ASSERT_EQUAL(
		auth_verify(w.keys, SA_MN_HA, SIGNING_NODE, h.message, &h.ix, NULL),
		AUTH_OK);
	CU_ASSERT_EQUAL(
		auth_verify(w.keys, SA_MN_FA, SIGNING_NODE, h.message, &h.ix, NULL),
		AUTH_OK);
	fa_world_end(&w);
}

/* A Reply to the Request `a`, in a world of its own: what the node hears. */
static uint8_t heard_of(const struct ask *a, const struct say *s)
{
	struct fa_world w;
	uint8_t code;

	fa_world_open(&w);
	fa_world_ask(&w, a);
	fa_world_say(&w, s);
	code = fa_world_heard(&w).code;
	CU_ASSERT_EQUAL(fa_core_visitor_count(w.fa), code == 0 && s->lifetime != 0);
	CU_ASSERT_EQUAL(fa_world_pending(&w), code == 255);
	fa_world_end(&w);
	return code;
}

/* With our signature it would be longer than a message may be. */
static void a_reply_that_cannot_be_carried_is_denied(void)
{
	struct ask a = usual_ask();
	uint8_t covered[MIP_MESSAGE_MAX - 20 - 22 - 10];
	struct say s = say_to(&a);

	fa_world_fill(covered, sizeof(covered));
	s.covered = covered;
	s.covered_len = sizeof(covered);
	CU_ASSERT_EQUAL(heard_of(&a, &s), 0);
	a.home = a.src = s.home = SIGNING_NODE;
	a.mn_fa = 1;
	CU_ASSERT_EQUAL(heard_of(&a, &s), 71);
}

static void what_is_dropped_and_refused_is_counted(void)
{
	static const uint8_t unknown[] = { 77, 0 };
	struct ask a = usual_ask();
	struct fa_world w;
	struct say s;

	fa_world_open(&w);
	a.home_agent = HOME_AGENT;
	fa_world_ask(&w, &a);
	s = say_to(&a);
	s.ident++;
	fa_world_say(&w, &s);
	CU_ASSERT_EQUAL(fa_world_notes(&w, NOTE_REPLY_DISCARDED), 1);
	s = say_to(&a);
	s.loose = unknown;
	s.loose_len = sizeof(unknown);
	fa_world_say(&w, &s);
	CU_ASSERT_EQUAL(fa_core_violations(w.fa)->total, 0);
	s = say_to(&a);
	s.spoil_fa_ha = true;
	fa_world_say(&w, &s);
	CU_ASSERT_EQUAL(fa_world_notes(&w, NOTE_SECURITY), 1);
	CU_ASSERT_EQUAL(fa_core_violations(w.fa)->total, 1);
	CU_ASSERT_EQUAL(fa_core_violations(w.fa)->ring[0].spi, SPI_FA_HA);
	CU_ASSERT_EQUAL(fa_world_counter(&w, "reply-unmatched"), 1);
	CU_ASSERT_EQUAL(fa_world_counter(&w, "reply-unknown-extension"), 1);
	CU_ASSERT_EQUAL(fa_world_counter(&w, "replies"), 3);
	fa_world_end(&w);
}

static void unmatched_replies_are_dropped(void)
{
	const struct ask a = usual_ask();
	struct say s = usual_say();

	s.ident++;
	CU_ASSERT_EQUAL(heard_of(&a, &s), 255);
	s = usual_say();
	s.home = SIGNING_NODE;
	CU_ASSERT_EQUAL(heard_of(&a, &s), 255);
	s = usual_say();
	s.dst = IP(10, 9, 9, 9);
	CU_ASSERT_EQUAL(heard_of(&a, &s), 255);
	s = usual_say();
	s.ident ^= UINT64_C(0xffffffff00000000); /* a 133 carries another high word */
	s.code = MIP_HA_IDENT;
	CU_ASSERT_EQUAL(heard_of(&a, &s), MIP_HA_IDENT);
}

/* Nobody else may answer for an agent whose signature we cannot verify. */
static void an_acceptance_comes_from_the_agent_asked(void)
{
	const struct in_addr stranger = IP(10, 9, 9, 9);
	struct ask a = usual_ask();
	struct say s = usual_say();

	s.src = stranger;
	CU_ASSERT_EQUAL(heard_of(&a, &s), 255);
	s.fa_ha = 1; /* signed with a key of nobody */
	CU_ASSERT_EQUAL(heard_of(&a, &s), 255);
	s = usual_say();
	s.src = stranger;
	s.code = MIP_HA_UNKNOWN_HA; /* to a broadcast any home agent answers */
	CU_ASSERT_EQUAL(heard_of(&a, &s), MIP_HA_UNKNOWN_HA);

	a.home_agent = HOME_AGENT;
	s = say_to(&a);
	s.src = stranger; /* its signature tells who it is */
	CU_ASSERT_EQUAL(heard_of(&a, &s), 0);
	a.lifetime = 0;
	s = say_to(&a);
	s.src = stranger;
	s.fa_ha = 0;
	CU_ASSERT_EQUAL(heard_of(&a, &s), 255);
}

static void demands_the_agents_signature_when_shared(void)
{
	struct ask a = usual_ask();
	struct say s;

	a.home_agent = HOME_AGENT;
	s = say_to(&a);
	CU_ASSERT_EQUAL(heard_of(&a, &s), 0);
	s.spoil_fa_ha = true;
	CU_ASSERT_EQUAL(heard_of(&a, &s), 68);
	s = say_to(&a);
	s.fa_ha = 0;
	CU_ASSERT_EQUAL(heard_of(&a, &s), 68);
	s.fa_ha = 2;
	CU_ASSERT_EQUAL(heard_of(&a, &s), 68);
	s = say_to(&a);
	s.code = MIP_HA_MN_AUTH; /* denials too */
	s.fa_ha = 0;
	CU_ASSERT_EQUAL(heard_of(&a, &s), 68);
	s = say_to(&a);
	s.home_agent = OTHER_AGENT; /* no escape by another name */
	s.fa_ha = 0;
	CU_ASSERT_EQUAL(heard_of(&a, &s), 68);
}

/* AUTH-13: whom was asked does not matter when another, known, one answers. */
static void the_home_agent_of_a_reply_names_the_association(void)
{
	struct ask a = usual_ask();
	struct say s;

	a.home_agent = IP(10, 1, 0, 255); /* discovery */
	s = say_to(&a);
	s.home_agent = HOME_AGENT;
	s.code = MIP_HA_UNKNOWN_HA;
	CU_ASSERT_EQUAL(heard_of(&a, &s), 68);
	s.fa_ha = 1;
	CU_ASSERT_EQUAL(heard_of(&a, &s), MIP_HA_UNKNOWN_HA);
	s.spoil_fa_ha = true;
	CU_ASSERT_EQUAL(heard_of(&a, &s), 68);
}

/* T-06: what was asked decides, not what the Reply says of itself. */
static void a_deregistration_may_be_unsigned(void)
{
	struct ask a = usual_ask();
	struct say s;

	a.home_agent = HOME_AGENT;
	a.lifetime = 0;
	s = say_to(&a);
	s.fa_ha = 0;
	CU_ASSERT_EQUAL(heard_of(&a, &s), 0);
	s.fa_ha = 1;
	CU_ASSERT_EQUAL(heard_of(&a, &s), 0);
	s.spoil_fa_ha = true;
	CU_ASSERT_EQUAL(heard_of(&a, &s), 68);
	a.lifetime = 600;
	s = say_to(&a);
	s.lifetime = 0;
	s.fa_ha = 0;
	CU_ASSERT_EQUAL(heard_of(&a, &s), 68);
}

static void malformed_replies_are_denied(void)
{
	static const uint8_t cut[] = { 200, 50, 1 };
	static const uint8_t unknown[] = { 77, 0 };
	const struct ask a = usual_ask();
	struct say s = usual_say();

	s.loose = cut;
	s.loose_len = sizeof(cut);
	CU_ASSERT_EQUAL(heard_of(&a, &s), 71);
	s = usual_say();
	s.mn_ha = 0;
	CU_ASSERT_EQUAL(heard_of(&a, &s), 71);
	s = usual_say();
	s.home_agent = CARE_OF; /* a tunnel to ourselves */
	CU_ASSERT_EQUAL(heard_of(&a, &s), 71);
	s.home_agent = IP(224, 0, 0, 1);
	CU_ASSERT_EQUAL(heard_of(&a, &s), 71);
	s = usual_say();
	s.loose = unknown; /* GEN-10: not even that */
	s.loose_len = sizeof(unknown);
	CU_ASSERT_EQUAL(heard_of(&a, &s), 255);
}

static void every_truncation_is_survived(void)
{
	const struct ask a = usual_ask();
	const struct ask way = { .src = OTHER_AGENT,
				 .dst = CARE_OF,
				 .src_port = 434,
				 .ifindex = CORE,
				 .no_mac = true };
	const struct say s = usual_say();
	uint8_t bytes[512];
	struct fa_world w;
	size_t len;

	fa_world_open(&w);
	len = fa_build_say(&w, &s, bytes, sizeof(bytes));
	for (size_t n = 1; n < len; n++) {
		uint8_t *exact = exact_copy(bytes, n);

		fa_world_ask(&w, &a);
		fa_world_bytes(&w, &way, exact, n);
		CU_ASSERT_EQUAL(fa_core_visitor_count(w.fa), 0);
		free(exact);
	}
	CU_ASSERT_EQUAL(fa_world_counter(&w, "reply-short"), 19);
	fa_world_end(&w);
}

void suite_fa_reply(void)
{
	CU_pSuite s = CU_add_suite("fa_reply", NULL, NULL);

	CU_add_test(s, "an acceptance admits and is relayed",
		    an_acceptance_admits_and_is_relayed);
	CU_add_test(s, "the path comes before the reply",
		    the_path_comes_before_the_reply);
	CU_add_test(s, "flags choose the encapsulation",
		    flags_choose_the_encapsulation);
	CU_add_test(s, "the reply names the tunnel's end",
		    the_reply_names_the_tunnels_end);
	CU_add_test(s, "what is not signed for the node is removed",
		    what_is_not_signed_for_the_node_is_removed);
	CU_add_test(s, "a reply that cannot be carried is denied",
		    a_reply_that_cannot_be_carried_is_denied);
	CU_add_test(s, "what is dropped and refused is counted",
		    what_is_dropped_and_refused_is_counted);
	CU_add_test(s, "unmatched replies are dropped", unmatched_replies_are_dropped);
	CU_add_test(s, "an acceptance comes from the agent asked",
		    an_acceptance_comes_from_the_agent_asked);
	CU_add_test(s, "demands the agent's signature when shared",
		    demands_the_agents_signature_when_shared);
	CU_add_test(s, "the home agent of a reply names the association",
		    the_home_agent_of_a_reply_names_the_association);
	CU_add_test(s, "a deregistration may be unsigned",
		    a_deregistration_may_be_unsigned);
	CU_add_test(s, "malformed replies are denied", malformed_replies_are_denied);
	CU_add_test(s, "every truncation is survived", every_truncation_is_survived);
}
