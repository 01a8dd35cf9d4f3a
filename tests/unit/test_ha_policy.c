/* SPDX-License-Identifier: ISC */
/*
 * What the home agent refuses although it is authentic, and by which code
 * (RFC 5944 3.8.2.3, RFC 3024 4.3.1); what it does not even look at; how it
 * tells of refusals.
 */
#include "tests/unit/ha_bench.h"

#include "common/base/ntp64.h"
#include "common/wire/mip_code.h"

#include <CUnit/CUnit.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/suites.h"

#define COA 0x0a000302u /* 10.0.3.2, the foreign agent that sends */

enum { SILENCE = -1 };

static struct ha_ask ask_over_fa(struct ha_bench *b)
{
	struct ha_ask a = hb_ask(b, HB_NODE, HB_FA);

	a.src = hb_addr(HB_FA);
	a.fa_spi = HB_FA_SPI;
	return a;
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

static void care_of_our_other(struct ha_bench *b, struct ha_ask *a)
{
	(void)b;
	a->rq.care_of = hb_addr(0x0a000102);
}

static void care_of_broadcast_home(struct ha_bench *b, struct ha_ask *a)
{
	(void)b;
	a->rq.care_of = hb_addr(0x0a0100ff);
}

static void care_of_broadcast_core(struct ha_bench *b, struct ha_ask *a)
{
	(void)b;
	a->rq.care_of = hb_addr(0x0a0001ff);
}

/* RFC 3021: no broadcast there, but the other end. */
static void care_of_far_end_core(struct ha_bench *b, struct ha_ask *a)
{
	struct link link = *links_by_index(&b->links, HB_CORE_IF);

	link.addr[0].len = 31;
	links_set(&b->links, &link);
	a->rq.care_of = hb_addr(0x0a000103);
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
	{ "subnet broadcast", to_subnet_broadcast, MIP_HA_UNKNOWN_HA,
	  HA_WHY_BROADCAST },
	{ "broadcast on link", to_broadcast_on_link, MIP_HA_UNKNOWN_HA,
	  HA_WHY_BROADCAST },
	{ "another agent", for_another_agent, MIP_HA_UNKNOWN_HA, HA_WHY_HOME_AGENT },
	{ "reserved, lenient", lenient_reserved, MIP_ACCEPTED, HA_ACCEPTED },
	{ "reserved r", strict_reserved_r, MIP_HA_BAD_REQUEST, HA_WHY_RESERVED },
	{ "reserved x", strict_reserved_x, MIP_HA_BAD_REQUEST, HA_WHY_RESERVED },
	{ "no network", from_no_network, MIP_HA_PROHIBITED, HA_WHY_HOME_ADDRESS },
	{ "care-of 0", care_of_zero, MIP_HA_BAD_REQUEST, HA_WHY_CARE_OF },
	{ "care-of multicast", care_of_multicast, MIP_HA_BAD_REQUEST, HA_WHY_CARE_OF },
	{ "care-of ours", care_of_ours, MIP_HA_BAD_REQUEST, HA_WHY_CARE_OF },
	{ "care-of ours on another link", care_of_our_other, MIP_HA_BAD_REQUEST,
	  HA_WHY_CARE_OF },
	{ "care-of all at home", care_of_broadcast_home, MIP_HA_BAD_REQUEST,
	  HA_WHY_CARE_OF },
	{ "care-of all on a link", care_of_broadcast_core, MIP_HA_BAD_REQUEST,
	  HA_WHY_CARE_OF },
	{ "care-of far end of a link", care_of_far_end_core, MIP_ACCEPTED,
	  HA_ACCEPTED },
	{ "care-of home", care_of_home, MIP_HA_BAD_REQUEST, HA_WHY_CARE_OF_HOME },
	{ "care-of other home", care_of_other_home, MIP_HA_PROHIBITED,
	  HA_WHY_CARE_OF_HOME },
	{ "no gre", no_gre, MIP_HA_ENCAPSULATION, HA_WHY_ENCAPSULATION },
	{ "no minimal", no_minimal, MIP_HA_ENCAPSULATION, HA_WHY_ENCAPSULATION },
	{ "no reverse", no_reverse, MIP_HA_NO_REVERSE, HA_WHY_NO_REVERSE },
	{ "no reverse, no gre", no_reverse_and_no_gre, MIP_HA_ENCAPSULATION,
	  HA_WHY_ENCAPSULATION },
	{ "only reverse", only_reverse, MIP_HA_REVERSE_MANDATORY,
	  HA_WHY_REVERSE_MANDATORY },
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
		CU_ASSERT_EQUAL(hb_count(&b, EFFECT_FORWARD) +
					hb_count(&b, EFFECT_ROUTE) +
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

/* A Reply to it could only fail to be sent. */
static void what_comes_from_port_0_is_dropped(void)
{
	struct ha_bench b;
	struct ha_ask a;

	hb_open(&b);
	a = hb_ask(&b, HB_NODE, COA);
	a.src_port = 0;
	CU_ASSERT_EQUAL(hb_send(&b, &a), SILENCE);
	CU_ASSERT_EQUAL(hb_counter(&b, HA_WHY_PORT), 1);
	a.src_port = 1;
	CU_ASSERT_EQUAL(hb_send(&b, &a), MIP_ACCEPTED);
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

	/* HA-RPY-02: the node itself always, though the link's prefix leave it out */
	hb_init(&b);
	for (unsigned i = 0; i < b.links.count; i++)
		b.links.link[i].addr[0].len = 32;
	hb_start(&b);
	a = hb_ask_home(&b, HB_NODE);
	CU_ASSERT_EQUAL(hb_send(&b, &a), MIP_ACCEPTED);
	CU_ASSERT_EQUAL(b.reply_effect.kind, EFFECT_SEND_LINK);
	hb_stop(&b);
}

void suite_ha_policy(void)
{
	CU_pSuite s = CU_add_suite("ha_policy", NULL, NULL);

	CU_add_test(s, "policy refuses by its code", policy_refuses_by_its_code);
	CU_add_test(s, "authentication comes before policy",
		    authentication_comes_before_policy);
	CU_add_test(s, "a broadcast is answered from our address",
		    a_broadcast_is_answered_from_our_address);
	CU_add_test(s, "two refusals: first one wins", two_refusals_first_one_wins);
	CU_add_test(s, "other messages are silence", other_messages_are_silence);
	CU_add_test(s, "passers-by are left alone", passers_by_are_left_alone);
	CU_add_test(s, "what comes from port 0 is dropped",
		    what_comes_from_port_0_is_dropped);
	CU_add_test(s, "one source cannot flood", one_source_cannot_flood);
	CU_add_test(s, "notes of strangers are bounded",
		    notes_of_strangers_are_bounded);
	CU_add_test(s, "violations say who and why", violations_say_who_and_why);
	CU_add_test(s, "only neighbours are answered on the link",
		    only_neighbours_are_answered_on_the_link);
}
