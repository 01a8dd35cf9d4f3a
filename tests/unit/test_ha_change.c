/* SPDX-License-Identifier: ISC */
/*
 * A system that refuses, another configuration, and long random histories in which
 * the invariants of hb_fault() hold after every event.
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
#define COA3 0x0a000502u
#define HOST 0x0a010002u

static const struct mac host_mac = { { 2, 0, 0, 0, 0, 2 } };

static bool is_advert(const struct effect *e, struct mip_advert *out)
{
	return e && e->kind == EFFECT_SEND_LINK && e->frame.ifindex == HB_HOME_IF &&
	       mip_advert_decode(reader_over(e->frame.bytes + 20, e->frame.len - 20u),
				 out) == ADVERT_OK;
}

/* -- A system that refuses -------------------------------------------------- */

struct refusal {
	const char *what;
	int kind;
	unsigned after;
	bool moving; /* from COA to COA2, else a first binding */
	int code;
};

/* What cannot be done without is undone and denied; the rest is gone on with. */
static const struct refusal refusals[] = {
	{ "first: forwarding", EFFECT_FORWARD, 0, false, MIP_HA_RESOURCES },
	{ "first: route", EFFECT_ROUTE, 0, false, MIP_HA_RESOURCES },
	{ "first: announcement", EFFECT_SEND_ARP, 0, false, MIP_ACCEPTED },
	{ "first: reply", EFFECT_SEND_UDP, 0, false, -1 },
	{ "moving: forwarding", EFFECT_FORWARD, 0, true, MIP_HA_RESOURCES },
	{ "moving: reply", EFFECT_SEND_UDP, 0, true, -1 },
};

static void refusal_is_survived(const struct refusal *row)
{
	struct ha_bench b;
	struct ha_ask a;
	int code;
	bool accepted = row->code != MIP_HA_RESOURCES;

	hb_open(&b);
	if (row->moving)
		hb_register(&b, HB_NODE, COA, 0);
	a = hb_ask(&b, HB_NODE, COA2);
	b.fail = row->kind;
	b.fail_after = row->after;
	code = hb_send(&b, &a);
	if (code != row->code)
		printf("# %s: code %d\n", row->what, code);
	CU_ASSERT_EQUAL(code, row->code);
	CU_ASSERT_EQUAL(b.fail, -1);
	CU_ASSERT_EQUAL(b.reply_authentic, code >= 0);
	CU_ASSERT_EQUAL(hb_counter(&b, HA_EFFECTS_FAILED), 1);
	CU_ASSERT_PTR_NOT_NULL(hb_note(&b, NOTE_EFFECT_FAILED));
	CU_ASSERT_EQUAL(hb_binding(&b, HB_NODE, COA2) != NULL, accepted);
	CU_ASSERT_EQUAL(hb_binding(&b, HB_NODE, COA) != NULL, row->moving && !accepted);
	CU_ASSERT_EQUAL(hb_counter(&b, HA_UNDONE), !accepted);
	CU_ASSERT_EQUAL(hb_note(&b, row->moving ? NOTE_BINDING_MOVED
						: NOTE_BINDING_NEW) != NULL,
			accepted);
	SOUND(&b);
	/* the same Request again: the same answer, also if it had been lost */
	CU_ASSERT_EQUAL(hb_send(&b, &a), accepted ? MIP_ACCEPTED : MIP_HA_RESOURCES);
	SOUND(&b);
	/* and the next one finds everything in order */
	CU_ASSERT_EQUAL(hb_register(&b, HB_NODE, COA2, MIP_FLAG_G), MIP_ACCEPTED);
	SOUND(&b);
	hb_wait(&b, duration_s(400));
	SOUND(&b);
	CU_ASSERT_EQUAL(ha_core_binding_count(b.ha), 0);
	hb_stop(&b);
}

static void what_the_system_refuses_is_undone(void)
{
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
		refusal_is_survived(&refusals[i]);
}

static void fail_forward(struct ha_bench *b, const struct effect *e)
{
	struct effect failed = *e;

	effect_list_clear(&b->log);
	ha_core_failed(b->ha, &failed, 5, b->now, &b->log);
}

/* A tunnel that is gone already does not stop the others from going. */
static void a_tunnel_that_is_not_there_is_passed_over(void)
{
	struct ha_bench b;
	struct ha_ask a;

	hb_open(&b);
	hb_register(&b, HB_NODE, COA, 0);
	hb_register(&b, HB_NODE, COA2, MIP_FLAG_S);
	/* the kernel side loses the first */
	b.world.entry[0] = b.world.entry[--b.world.entry_count];
	a = hb_ask(&b, HB_NODE, COA3);
	CU_ASSERT_EQUAL(hb_send(&b, &a), MIP_ACCEPTED);
	CU_ASSERT_PTR_NOT_NULL(hb_note(&b, NOTE_EFFECT_FAILED));
	CU_ASSERT_EQUAL(b.world.entry_count, 1);
	CU_ASSERT_EQUAL(ha_core_binding_count(b.ha), 1);
	SOUND(&b);
	hb_stop(&b);
}

/* The edge carried out several events before it told of a failure. */
static void a_late_failure_drops_the_binding(void)
{
	struct ha_bench b;
	struct effect set;

	hb_open(&b);
	hb_register(&b, HB_NODE, COA, 0);
	set = *hb_effect(&b, EFFECT_FORWARD, 0);
	hb_register(&b, HB_NODE2, COA, 0);
	fail_forward(&b, &set);
	CU_ASSERT_PTR_NULL(hb_binding(&b, HB_NODE, COA));
	CU_ASSERT_PTR_NOT_NULL(hb_binding(&b, HB_NODE2, COA));
	CU_ASSERT_EQUAL(hb_count(&b, EFFECT_ROUTE), 1);
	/* once more, about nothing */
	fail_forward(&b, &set);
	CU_ASSERT_EQUAL(hb_count(&b, EFFECT_ROUTE), 0);
	hb_stop(&b);
}

/* When the list of effects has no memory to grow, nothing is promised. */
static void want_of_memory_is_denied(void)
{
	struct ha_bench b;
	struct ha_ask a;
	uint8_t bytes[MIP_MESSAGE_MAX];
	struct datagram dg = { .src_port = 1,
			       .dst_port = MIP_PORT,
			       .ifindex = HB_CORE_IF };

	hb_init(&b);
	b.config.has_store = false; /* nobody carries out what comes */
	hb_start(&b);
	hb_register(&b, HB_NODE, COA, 0);
	a = hb_ask(&b, HB_NODE, COA2);
	dg.payload = reader_over(bytes, hb_encode(&b, &a, bytes));
	dg.src = a.src;
	dg.dst = a.dst;
	effect_list_clear(&b.log);
	b.log.overflow = true;
	ha_core_datagram(b.ha, &dg, b.now, &b.log);
	CU_ASSERT_EQUAL(hb_count(&b, EFFECT_FORWARD), 0);
	CU_ASSERT_EQUAL_FATAL(hb_count(&b, EFFECT_SEND_UDP), 1);
	CU_ASSERT_EQUAL(hb_effect(&b, EFFECT_SEND_UDP, 0)->udp.bytes[1],
			MIP_HA_RESOURCES);
	CU_ASSERT_PTR_NOT_NULL(hb_binding(&b, HB_NODE, COA));
	SOUND(&b);
	hb_stop(&b);
}

/* -- Another configuration -------------------------------------------------- */

static void nothing_changed_changes_nothing(void)
{
	struct ha_bench b;

	hb_open(&b);
	hb_register(&b, HB_NODE, COA, 0);
	hb_register(&b, HB_FAR, COA, 0);
	CU_ASSERT_EQUAL(hb_reconfigure(&b), 0);
	CU_ASSERT_EQUAL(b.log.count, 0);
	CU_ASSERT_EQUAL(ha_core_binding_count(b.ha), 2);
	SOUND(&b);
	CU_ASSERT_EQUAL(hb_register(&b, HB_NODE, COA, 0), MIP_ACCEPTED);
	hb_stop(&b);
}

static void nodes_that_are_gone_are_unbound(void)
{
	struct ha_bench b;

	hb_open(&b);
	hb_register(&b, HB_NODE, COA, 0);
	hb_register(&b, HB_NODE2, COA, 0);
	b.config.node++; /* without the first */
	b.config.node_count--;
	CU_ASSERT_EQUAL(hb_reconfigure(&b), 0);
	CU_ASSERT_PTR_NULL(hb_node_of(&b, HB_NODE));
	CU_ASSERT_PTR_NOT_NULL(hb_binding(&b, HB_NODE2, COA));
	CU_ASSERT_EQUAL(hb_counter(&b, HA_CLEARED), 1);
	SOUND(&b);
	CU_ASSERT_EQUAL(hb_register(&b, HB_NODE, COA, 0), -1);
	hb_stop(&b);
}

/* A node that comes back later is not open to what was sent before. */
static void a_node_added_again_accepts_nothing_old(void)
{
	struct ha_bench b;
	struct ha_ask a;

	hb_open(&b);
	a = hb_ask(&b, HB_NODE, COA);
	hb_send(&b, &a);
	hb_wait(&b, duration_s(1));
	b.config.node++;
	b.config.node_count--;
	hb_reconfigure(&b);
	b.config.node--;
	b.config.node_count++;
	CU_ASSERT_EQUAL(hb_reconfigure(&b), 0);
	CU_ASSERT_EQUAL(hb_send(&b, &a), MIP_HA_IDENT);
	CU_ASSERT_EQUAL(hb_register(&b, HB_NODE, COA, 0), MIP_ACCEPTED);
	SOUND(&b);
	hb_stop(&b);
}

static void an_association_gone_ends_what_it_made(void)
{
	struct ha_bench b;
	struct ha_ask a;

	hb_open(&b);
	hb_register(&b, HB_NODE, COA, 0);
	a = hb_ask(&b, HB_NODE, COA2);
	a.spi = HB_SPI_NEW;
	a.rq.flags |= MIP_FLAG_S;
	CU_ASSERT_EQUAL(hb_send(&b, &a), MIP_ACCEPTED);
	b.node[0].assoc++; /* HB_SPI is retired */
	b.node[0].assoc_count--;
	CU_ASSERT_EQUAL(hb_reconfigure(&b), 0);
	CU_ASSERT_PTR_NULL(hb_binding(&b, HB_NODE, COA));
	CU_ASSERT_PTR_NOT_NULL(hb_binding(&b, HB_NODE, COA2));
	SOUND(&b);
	hb_stop(&b);
}

static void networks_come_and_go(void)
{
	struct ha_bench b;

	hb_open(&b);
	hb_register(&b, HB_NODE, COA, 0);
	hb_register(&b, HB_FAR, COA, 0);
	b.config.network_count = 1; /* the virtual one goes */
	CU_ASSERT_EQUAL(hb_reconfigure(&b), 0);
	CU_ASSERT_EQUAL(ha_core_binding_count(b.ha), 1);
	SOUND(&b);
	CU_ASSERT_EQUAL(hb_register(&b, HB_FAR, COA, 0), MIP_HA_PROHIBITED);
	b.config.network_count = 2;
	CU_ASSERT_EQUAL(hb_reconfigure(&b), 0);
	SOUND(&b);
	CU_ASSERT_EQUAL(hb_register(&b, HB_FAR, COA, 0), MIP_ACCEPTED);
	/* the link becomes virtual */
	memset(b.network[0].interface, 0, sizeof(b.network[0].interface));
	CU_ASSERT_EQUAL(hb_reconfigure(&b), 0);
	CU_ASSERT_PTR_NULL(hb_binding(&b, HB_NODE, COA));
	SOUND(&b);
	CU_ASSERT_EQUAL(hb_register(&b, HB_NODE, COA, 0), MIP_ACCEPTED);
	CU_ASSERT_EQUAL(hb_count(&b, EFFECT_SEND_ARP), 0);
	SOUND(&b);
	hb_stop(&b);
}

static void advertising_stops_with_its_element(void)
{
	struct ha_bench b;
	struct mip_advert ad;

	hb_open(&b);
	hb_wait(&b, duration_s(1));
	b.config.advert_count = 0;
	CU_ASSERT_EQUAL(hb_reconfigure(&b), 0);
	CU_ASSERT_TRUE(is_advert(hb_effect(&b, EFFECT_SEND_LINK, 0), &ad));
	CU_ASSERT_EQUAL(ad.lifetime, 0);
	CU_ASSERT_TRUE(instant_is_never(ha_core_next_deadline(b.ha)));
	b.config.advert_count = 1;
	CU_ASSERT_EQUAL(hb_reconfigure(&b), 0);
	CU_ASSERT_FALSE(instant_is_never(ha_core_next_deadline(b.ha)));
	hb_stop(&b);
}

static void other_limits_hold_from_now_on(void)
{
	struct ha_bench b;
	struct ha_ask a;

	hb_open(&b);
	hb_register(&b, HB_NODE, COA, 0);
	hb_register(&b, HB_NODE, COA2, MIP_FLAG_S);
	b.config.max_bindings = 1;
	b.config.max_lifetime = 60;
	b.config.bindings_per_node = 2;
	CU_ASSERT_EQUAL(hb_reconfigure(&b), 0);
	CU_ASSERT_EQUAL(ha_core_binding_count(b.ha), 2);
	CU_ASSERT_EQUAL(hb_register(&b, HB_NODE, COA3, MIP_FLAG_S), MIP_HA_TOO_MANY);
	CU_ASSERT_EQUAL(hb_register(&b, HB_NODE2, COA, 0), MIP_HA_RESOURCES);
	a = hb_ask(&b, HB_NODE, COA);
	a.rq.flags = MIP_FLAG_S;
	CU_ASSERT_EQUAL(hb_send(&b, &a), MIP_ACCEPTED);
	CU_ASSERT_EQUAL(b.reply.lifetime, 60);
	SOUND(&b);
	hb_stop(&b);
}

/* A configuration that cannot be taken leaves the old one at work. */
static void a_bad_configuration_is_refused_whole(void)
{
	struct ha_bench b;

	hb_open(&b);
	hb_register(&b, HB_NODE, COA, 0);
	b.node[3].addr = hb_addr(HB_COLOCATED);
	b.assoc[4].spi = 1; /* reserved */
	b.config.gre = false;
	CU_ASSERT_NOT_EQUAL(hb_reconfigure(&b), 0);
	CU_ASSERT_EQUAL(b.log.count, 0);
	CU_ASSERT_PTR_NULL(hb_node_of(&b, HB_COLOCATED));
	CU_ASSERT_EQUAL(hb_register(&b, HB_NODE, COA, MIP_FLAG_G), MIP_ACCEPTED);
	SOUND(&b);
	hb_stop(&b);
}

/* -- Random histories ------------------------------------------------------- */

static const uint32_t homes[] = { HB_NODE, HB_NODE2, HB_FAR, HB_STRAY, HOST };
static const uint32_t coas[] = { COA, COA2, COA3, HB_FA, HB_COLOCATED };

static uint32_t pick(const struct rng *r, const uint32_t *from, size_t count)
{
	return from[rng_below(r, (uint32_t)count)];
}

static bool one_in(const struct rng *r, uint32_t n)
{
	return rng_below(r, n) == 0;
}

static void random_request(struct ha_bench *b, const struct rng *r)
{
	static struct ha_ask last;
	uint32_t home = pick(r, homes, 5);
	struct ha_ask a =
		one_in(r, 4) ? hb_ask_home(b, home) : hb_ask(b, home, pick(r, coas, 5));

	if (!a.on_link) {
		a.rq.flags = (uint8_t)rng_u32(r);
		a.rq.lifetime = (uint16_t)(one_in(r, 5) ? 0 : rng_below(r, 100));
		a.src = a.rq.care_of;
		a.fa_spi =
			a.src.s_addr == htonl(HB_FA) && !one_in(r, 8) ? HB_FA_SPI : 0;
	}
	if (one_in(r, 10))
		a.rq.ident = rng_u64(r);
	if (one_in(r, 10))
		a.rq.lifetime = MIP_LIFETIME_INFINITE;
	if (one_in(r, 20))
		a.dst = hb_addr(0xffffffff);
	a.forged = one_in(r, 10);
	if (one_in(r, 10) && last.spi)
		a = last;
	last = a;
	hb_send(b, &a);
}

static void random_arp(struct ha_bench *b, const struct rng *r)
{
	hb_arp(b, one_in(r, 4) ? ARP_REPLY : ARP_REQUEST,
	       one_in(r, 2) ? hb_node_mac : host_mac, pick(r, homes, 5),
	       pick(r, homes, 5));
}

static void random_change(struct ha_bench *b, const struct rng *r)
{
	b->config.node_count = one_in(r, 2) ? HB_NODES : 1 + rng_below(r, HB_NODES);
	b->config.network_count = one_in(r, 2) ? 2 : rng_below(r, 3);
	b->config.advert_count = rng_below(r, 2);
	b->config.max_bindings = one_in(r, 2) ? 100 : rng_below(r, 5);
	b->config.simultaneous = !one_in(r, 3);
	b->config.max_lifetime = one_in(r, 3) ? MIP_LIFETIME_INFINITE : 80;
	CU_ASSERT_EQUAL(hb_reconfigure(b), 0);
}

/* Whatever fails is of a kind that leaves the model as it was. */
static void random_event(struct ha_bench *b, const struct rng *r)
{
	uint32_t what = rng_below(r, 100);

	b->fail = one_in(r, 10) ? (int)rng_below(r, EFFECT_KIND_COUNT) : -1;
	b->fail_after = 0;
	if (what >= 60)
		b->fail = -1;
	if (what < 60)
		random_request(b, r);
	else if (what < 75)
		hb_wait(b, duration_ms(rng_below(r, 40000)));
	else if (what < 90)
		random_arp(b, r);
	else if (what < 94)
		hb_link(b, one_in(r, 2) ? HB_HOME_IF : HB_CORE_IF, one_in(r, 2));
	else if (what < 97)
		hb_clear(b, pick(r, homes, 5));
	else if (what < 99)
		random_change(b, r);
	else
		hb_restart(b, duration_ms(rng_below(r, 40000)));
}

static bool lived(uint64_t seed, unsigned events)
{
	struct ha_bench b;
	struct rng_seeded g;
	struct rng r = rng_seeded_init(&g, seed);
	const char *fault = NULL;

	hb_open(&b);
	for (unsigned i = 0; i < events && !fault; i++) {
		random_event(&b, &r);
		hb_forget_orphans(&b);
		fault = hb_fault(&b);
		if (fault)
			printf("# seed %llu, event %u: %s\n", (unsigned long long)seed,
			       i, fault);
	}
	hb_stop(&b);
	return !fault;
}

static void random_histories_stay_sound(void)
{
	for (uint64_t seed = 1; seed <= 40; seed++)
		CU_ASSERT_TRUE(lived(seed, 500));
}

/* What it asks for is not done in silence either. */
static void a_node_that_cannot_be_answered_any_more(void)
{
	struct ha_bench b;
	struct ha_ask a;

	hb_open(&b);
	a = hb_ask(&b, HB_NODE2, COA);
	CU_ASSERT_EQUAL(hb_send(&b, &a), MIP_ACCEPTED);
	b.assoc[2].accept_only = true;
	CU_ASSERT_EQUAL(hb_reconfigure(&b), 0);
	a = hb_ask(&b, HB_NODE2, COA);
	a.rq.lifetime = 0;
	CU_ASSERT_EQUAL(hb_send(&b, &a), -1);
	CU_ASSERT_EQUAL(ha_core_binding_count(b.ha), 1); /* nor unbound */
	hb_stop(&b);
}

void suite_ha_change(void)
{
	CU_pSuite s = CU_add_suite("ha_change", NULL, NULL);

	CU_add_test(s, "what the system refuses is undone",
		    what_the_system_refuses_is_undone);
	CU_add_test(s, "a tunnel that is not there is passed over",
		    a_tunnel_that_is_not_there_is_passed_over);
	CU_add_test(s, "a late failure drops the binding",
		    a_late_failure_drops_the_binding);
	CU_add_test(s, "want of memory is denied", want_of_memory_is_denied);
	CU_add_test(s, "nothing changed changes nothing",
		    nothing_changed_changes_nothing);
	CU_add_test(s, "nodes that are gone are unbound",
		    nodes_that_are_gone_are_unbound);
	CU_add_test(s, "a node added again accepts nothing old",
		    a_node_added_again_accepts_nothing_old);
	CU_add_test(s, "an association gone ends what it made",
		    an_association_gone_ends_what_it_made);
	CU_add_test(s, "networks come and go", networks_come_and_go);
	CU_add_test(s, "advertising stops with its element",
		    advertising_stops_with_its_element);
	CU_add_test(s, "other limits hold from now on", other_limits_hold_from_now_on);
	CU_add_test(s, "a bad configuration is refused whole",
		    a_bad_configuration_is_refused_whole);
	CU_add_test(s, "a node that cannot be answered any more",
		    a_node_that_cannot_be_answered_any_more);
	CU_add_test(s, "random histories stay sound", random_histories_stay_sound);
}
