/* SPDX-License-Identifier: ISC */
/* What the foreign agent answers to Requests itself, and what it drops in silence. */
#include "tests/unit/fa_world.h"

#include "common/security/auth.h"
#include "fa/denial.h"

#include <CUnit/CUnit.h>

#include "tests/unit/hex.h"
#include "tests/unit/suites.h"

/* What went to the home agent, or NULL. */
static const struct effect_udp *relayed(const struct fa_world *w)
{
	const struct effect *e = fa_world_effect(w, EFFECT_SEND_UDP, 0);

	return e ? &e->udp : NULL;
}

/* FA-REG-17, FA-REG-18. */
static void a_denial_goes_back_where_it_came_from(void)
{
	struct ask a = usual_ask();
	struct fa_world w;
	struct heard h;

	fa_world_open(&w);
	a.care_of = IP(10, 9, 9, 9);
	a.ifindex = VISIT2;
	fa_world_ask(&w, &a);
	h = fa_world_heard(&w);
	CU_ASSERT_EQUAL(h.rp.home.s_addr, a.home.s_addr);
	CU_ASSERT_EQUAL(h.rp.home_agent.s_addr, a.home_agent.s_addr);
	CU_ASSERT_EQUAL(h.rp.ident, a.ident);
	CU_ASSERT_EQUAL(h.rp.lifetime, a.lifetime);
	CU_ASSERT_EQUAL(h.ix.count, 0);
	CU_ASSERT_EQUAL(h.ifindex, VISIT2);
	CU_ASSERT_TRUE(mac_equal(h.mac, a.mac));
	CU_ASSERT_EQUAL(h.udp.src.s_addr, a.dst.s_addr);
	CU_ASSERT_EQUAL(h.udp.dst.s_addr, a.home.s_addr);
	CU_ASSERT_EQUAL(h.udp.src_port, 434);
	CU_ASSERT_EQUAL(h.udp.dst_port, a.src_port);

	fa_world_pass(&w, duration_s(1));
	a.dst = ALL_AGENTS_IP;
	a.home.s_addr = a.src.s_addr = 0;
	fa_world_ask(&w, &a);
	h = fa_world_heard(&w);
	CU_ASSERT_EQUAL(h.udp.src.s_addr, OUR_ADDRESS2.s_addr);
	CU_ASSERT_EQUAL(h.udp.dst.s_addr, htonl(INADDR_BROADCAST));
	fa_world_end(&w);
}

static void a_denial_is_signed_when_shared(void)
{
	struct ask a = signing_ask();
	struct fa_world w;
	struct heard h;

	fa_world_open(&w);
	a.lifetime = 9999;
	fa_world_ask(&w, &a);
	h = fa_world_heard(&w);
	CU_ASSERT_EQUAL(h.code, 69);
	CU_ASSERT_EQUAL(
		auth_verify(w.keys, SA_MN_FA, SIGNING_NODE, h.message, &h.ix, NULL),
		AUTH_OK);
	fa_world_end(&w);
}

/* FA-REG-13. */
static void one_denial_a_second_for_a_node(void)
{
	struct ask a = usual_ask(), b = usual_ask();
	struct fa_world w;

	fa_world_open(&w);
	a.lifetime = 9999;
	b.lifetime = 9999;
	b.home = IP(10, 1, 0, 77);
	fa_world_ask(&w, &a);
	CU_ASSERT_EQUAL(fa_world_heard(&w).code, 69);
	fa_world_ask(&w, &a);
	CU_ASSERT_FALSE(fa_world_heard(&w).any);
	fa_world_ask(&w, &b);
	CU_ASSERT_EQUAL(fa_world_heard(&w).code, 69);
	fa_world_pass(&w, duration_ms(999));
	fa_world_ask(&w, &a);
	CU_ASSERT_FALSE(fa_world_heard(&w).any);
	fa_world_pass(&w, duration_ms(1));
	fa_world_ask(&w, &a);
	CU_ASSERT_EQUAL(fa_world_heard(&w).code, 69);
	CU_ASSERT_EQUAL(fa_world_counter(&w, "denials-held-back"), 2);
	CU_ASSERT_EQUAL(fa_world_counter(&w, "reply-fa-lifetime-too-long"), 3);
	fa_world_end(&w);
}

/* RT-02: from however many nodes. */
static void one_denial_a_second_for_distance(void)
{
	struct ask a = usual_ask();
	struct fa_world w;

	fa_world_open(&w);
	a.flags |= MIP_FLAG_T;
	a.ttl = 254;
	fa_world_ask(&w, &a);
	CU_ASSERT_EQUAL(fa_world_heard(&w).code, 76);
	a.home = IP(10, 1, 0, 77);
	fa_world_ask(&w, &a);
	CU_ASSERT_FALSE(fa_world_heard(&w).any);
	a.ttl = 255;
	a.lifetime = 9999;
	fa_world_ask(&w, &a); /* others are not held back with them */
	CU_ASSERT_EQUAL(fa_world_heard(&w).code, 69);
	a.home = IP(10, 1, 0, 78);
	a.ttl = 254;
	a.lifetime = 600;
	fa_world_pass(&w, duration_ms(999));
	fa_world_ask(&w, &a);
	CU_ASSERT_FALSE(fa_world_heard(&w).any);
	fa_world_pass(&w, duration_ms(1));
	fa_world_ask(&w, &a);
	CU_ASSERT_EQUAL(fa_world_heard(&w).code, 76);
	fa_world_end(&w);
}

/* However many nodes were denied before. */
static void denials_are_forgotten_again(void)
{
	struct ask a = usual_ask();
	struct fa_world w;

	fa_world_open(&w);
	a.lifetime = 9999;
	for (uint32_t i = 0; i < 3 * DENIAL_NODES; i++) {
		a.home.s_addr = htonl(0x0a010000 + i);
		if (i % DENIAL_NODES == 0)
			fa_world_pass(&w, duration_s(1));
		fa_world_ask(&w, &a);
	}
	CU_ASSERT_EQUAL(fa_world_counter(&w, "denials-held-back"), 0);
	a.home.s_addr = htonl(0x0a990000); /* more than the table holds: silence */
	fa_world_ask(&w, &a);
	CU_ASSERT_FALSE(fa_world_heard(&w).any);
	fa_world_end(&w);
}

/* Nothing but a counter. */
static void is_dropped(const struct ask *a, const char *counter)
{
	struct fa_world w;

	fa_world_open(&w);
	fa_world_ask(&w, a);
	CU_ASSERT_FALSE(fa_world_heard(&w).any);
	CU_ASSERT_PTR_NULL(relayed(&w));
	CU_ASSERT_EQUAL(fa_world_counter(&w, counter), 1);
	CU_ASSERT_EQUAL(fa_world_pending(&w), 0);
	fa_world_end(&w);
}

static void drops_in_silence(void)
{
	static const uint8_t unknown[] = { 77, 0 };
	struct ask a = usual_ask();

	a.loose = unknown;
	a.loose_len = sizeof(unknown);
	is_dropped(&a, "request-unknown-extension");
	a = usual_ask();
	a.no_mac = true;
	is_dropped(&a, "request-not-from-served-link");
	a = usual_ask();
	a.mac = MAC_BROADCAST;
	is_dropped(&a, "request-not-from-served-link");
	a = usual_ask();
	a.ifindex = CORE;
	is_dropped(&a, "request-not-from-served-link");
	a = usual_ask();
	a.dst = OTHER_AGENT; /* on its way past us */
	is_dropped(&a, "request-not-to-us");
}

static void drops_what_is_no_message(void)
{
	const struct ask way = usual_ask();
	uint8_t bytes[MIP_MESSAGE_MAX + 1] = { MIP_TYPE_REQUEST };
	struct fa_world w;
	size_t len;

	fa_world_open(&w);
	fa_world_bytes(&w, &way, bytes, 0);
	fa_world_bytes(&w, &way, "\x07", 1);
	CU_ASSERT_EQUAL(fa_world_counter(&w, "message-type-unknown"), 2);
	fa_world_bytes(&w, &way, bytes, sizeof(bytes));
	CU_ASSERT_EQUAL(fa_world_counter(&w, "message-too-long"), 1);

	len = fa_build_ask(&w, &way, bytes, sizeof(bytes));
	for (size_t n = 1; n < len; n++) {
		uint8_t *exact = exact_copy(bytes, n);

		fa_world_bytes(&w, &way, exact, n);
		CU_ASSERT_PTR_NULL(relayed(&w));
		CU_ASSERT_TRUE(n >= 24 || !fa_world_heard(&w).any);
		free(exact);
	}
	CU_ASSERT_EQUAL(fa_world_counter(&w, "request-short"), 23);
	fa_world_end(&w);
}

static void drops_what_comes_from_port_0(void)
{
	struct ask a = usual_ask();
	struct fa_world w;

	fa_world_open(&w);
	a.src_port = 0;
	fa_world_ask(&w, &a);
	CU_ASSERT_PTR_NULL(relayed(&w));
	CU_ASSERT_FALSE(fa_world_heard(&w).any);
	CU_ASSERT_EQUAL(fa_world_counter(&w, "request-source-port"), 1);
	a.src_port = 1;
	fa_world_ask(&w, &a);
	CU_ASSERT_PTR_NOT_NULL(relayed(&w));
	fa_world_end(&w);
}

static void limits_each_station(void)
{
	struct ask a = usual_ask();
	struct fa_world w;

	fa_world_config(&w);
	w.config.common.source_rate = 1;
	w.config.common.source_burst = 2;
	fa_world_start(&w);
	for (unsigned i = 0; i < 3; i++, a.ident++)
		fa_world_ask(&w, &a);
	CU_ASSERT_PTR_NULL(relayed(&w));
	CU_ASSERT_EQUAL(fa_world_counter(&w, "request-rate"), 1);
	/* Not by the address that it takes. */
	a.src = IP(10, 1, 0, 99);
	fa_world_ask(&w, &a);
	CU_ASSERT_PTR_NULL(relayed(&w));
	a.mac = OTHER_MAC;
	fa_world_ask(&w, &a);
	CU_ASSERT_PTR_NOT_NULL(relayed(&w));
	fa_world_end(&w);
}

/* A neighbour that takes the station's address, too, does not know its SPI. */
static void a_node_with_a_key_is_heard_all_the_same(void)
{
	struct ask a = usual_ask(), flood;
	struct fa_world w;

	fa_world_config(&w);
	w.config.common.source_rate = 1;
	w.config.common.source_burst = 2;
	fa_world_start(&w);
	a.home = a.src = SIGNING_NODE;
	flood = a;
	flood.mn_fa = 0;
	for (unsigned i = 0; i < 20; i++, flood.ident++)
		fa_world_ask(&w, &flood);
	CU_ASSERT_EQUAL(fa_world_counter(&w, "request-rate"), 18);
	a.mn_fa = 1;
	fa_world_ask(&w, &a);
	CU_ASSERT_PTR_NOT_NULL(relayed(&w));
	fa_world_end(&w);
}

/* A copy by another station gets neither the pending place nor an answer. */
static void another_station_cannot_send_it_again(void)
{
	struct ask a = usual_ask(), copy;
	struct fa_world w;

	fa_world_open(&w);
	copy = a;
	copy.mac = OTHER_MAC;
	fa_world_ask(&w, &a);
	fa_world_ask(&w, &copy);
	CU_ASSERT_PTR_NULL(relayed(&w));
	fa_world_register(&w, &a);
	fa_world_ask(&w, &copy);
	CU_ASSERT_PTR_NULL(relayed(&w));
	CU_ASSERT_EQUAL(fa_world_counter(&w, "request-copied"), 2);
	copy.ident++; /* its own: the home agent will decide */
	fa_world_ask(&w, &copy);
	CU_ASSERT_PTR_NOT_NULL(relayed(&w));
	fa_world_end(&w);
}

void suite_fa_answer(void)
{
	CU_pSuite s = CU_add_suite("fa_answer", NULL, NULL);

	CU_add_test(s, "a denial goes back where the request came from",
		    a_denial_goes_back_where_it_came_from);
	CU_add_test(s, "a denial is signed when shared",
		    a_denial_is_signed_when_shared);
	CU_add_test(s, "one denial a second for a node",
		    one_denial_a_second_for_a_node);
	CU_add_test(s, "one denial a second for distance",
		    one_denial_a_second_for_distance);
	CU_add_test(s, "denials are forgotten again", denials_are_forgotten_again);
	CU_add_test(s, "drops in silence", drops_in_silence);
	CU_add_test(s, "drops what is no message", drops_what_is_no_message);
	CU_add_test(s, "drops what comes from port 0", drops_what_comes_from_port_0);
	CU_add_test(s, "limits each station", limits_each_station);
	CU_add_test(s, "a node with a key is heard all the same",
		    a_node_with_a_key_is_heard_all_the_same);
	CU_add_test(s, "another station cannot send it again",
		    another_station_cannot_send_it_again);
}
