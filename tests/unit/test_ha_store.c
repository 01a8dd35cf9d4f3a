/* SPDX-License-Identifier: ISC */
/* What a home agent remembers, when, and what comes back of it after a restart. */
#include "tests/unit/ha_bench.h"

#include "common/base/ntp64.h"
#include "common/wire/mip_code.h"
#include "ha/node_record.h"

#include <CUnit/CUnit.h>

#include <stdlib.h>
#include <string.h>

#include "tests/unit/suites.h"

#define COA  HB_FA2
#define COA2 HB_COLOCATED

static void register_at(struct ha_bench *b, uint32_t home, uint32_t care_of,
			uint8_t flags)
{
	struct ha_ask a = hb_ask(b, home, care_of);

	a.rq.flags |= flags;
	CU_ASSERT_EQUAL(hb_send(b, &a), MIP_ACCEPTED);
}

static struct node_record stored(const struct ha_bench *b, uint32_t home)
{
	const struct effect_record *e = hw_stored(&b->world, home);
	struct node_record r = { 0 };

	CU_ASSERT_PTR_NOT_NULL_FATAL(e);
	CU_ASSERT_EQUAL(node_record_decode(reader_over(e->bytes, e->len), &r),
			RECORD_OK);
	return r;
}

/* Its effect comes before the answer. */
static bool remembered_first(const struct ha_bench *b)
{
	for (size_t i = 0; i < b->log.count; i++) {
		if (b->log.at[i].kind == EFFECT_REMEMBER)
			return true;
		if (b->log.at[i].kind == EFFECT_SEND_UDP ||
		    b->log.at[i].kind == EFFECT_SEND_LINK)
			return false;
	}
	return false;
}

static void what_is_used_up_is_remembered(void)
{
	struct ha_bench b;
	struct ha_ask a;

	hb_open(&b);
	CU_ASSERT_PTR_NULL(hw_stored(&b.world, HB_NODE));
	register_at(&b, HB_NODE, COA, 0);
	CU_ASSERT_TRUE(remembered_first(&b));
	CU_ASSERT_EQUAL(stored(&b, HB_NODE).last_ident, b.last_ident);
	CU_ASSERT_EQUAL(stored(&b, HB_NODE).count, 1);
	/* denied, but authentic */
	a = hb_ask(&b, HB_NODE, HB_NODE2);
	CU_ASSERT_EQUAL(hb_send(&b, &a), MIP_HA_PROHIBITED);
	CU_ASSERT_TRUE(remembered_first(&b));
	CU_ASSERT_EQUAL(stored(&b, HB_NODE).last_ident, b.last_ident);
	/* forged */
	a = hb_ask(&b, HB_NODE, COA);
	a.forged = true;
	hb_send(&b, &a);
	CU_ASSERT_EQUAL(hb_count(&b, EFFECT_REMEMBER), 0);
	/* taken back */
	a = hb_ask_home(&b, HB_NODE);
	CU_ASSERT_EQUAL(hb_send(&b, &a), MIP_ACCEPTED);
	CU_ASSERT_TRUE(remembered_first(&b));
	CU_ASSERT_EQUAL(stored(&b, HB_NODE).count, 0);
	SOUND(&b);
	hb_stop(&b);
}

static void what_ends_is_forgotten(void)
{
	struct ha_bench b;

	hb_open(&b);
	register_at(&b, HB_NODE, COA, 0);
	register_at(&b, HB_NODE2, COA, 0);
	register_at(&b, HB_FAR, COA, 0);
	hb_clear(&b, HB_NODE);
	CU_ASSERT_EQUAL(stored(&b, HB_NODE).count, 0);
	b.config.node_count = 1; /* HB_NODE2 and HB_FAR are nodes no more */
	CU_ASSERT_EQUAL(hb_reconfigure(&b), 0);
	CU_ASSERT_PTR_NULL(hw_stored(&b.world, HB_NODE2));
	SOUND(&b);
	register_at(&b, HB_NODE, COA, 0);
	hb_wait(&b, duration_s(301));
	CU_ASSERT_EQUAL(stored(&b, HB_NODE).count, 0);
	SOUND(&b);
	hb_stop(&b);
}

static void a_store_that_fails_denies_nothing(void)
{
	struct ha_bench b;

	hb_open(&b);
	b.fail = EFFECT_REMEMBER;
	register_at(&b, HB_NODE, COA, 0);
	CU_ASSERT_PTR_NOT_NULL(hb_note(&b, NOTE_BINDING_NEW));
	hb_forget_orphans(&b);
	SOUND(&b);
	hb_stop(&b);
}

static void without_a_store_nothing_is_written(void)
{
	struct ha_bench b;

	hb_init(&b);
	b.config.has_store = false;
	hb_start(&b);
	register_at(&b, HB_NODE, COA, 0);
	CU_ASSERT_EQUAL(b.world.stored_count, 0);
	/* A reload does not make one: the edge has opened none. */
	b.config.has_store = true;
	CU_ASSERT_EQUAL(hb_reconfigure(&b), 0);
	register_at(&b, HB_NODE, COA2, 0);
	CU_ASSERT_EQUAL(b.world.stored_count, 0);
	hb_stop(&b);
}

/* -- After a restart -------------------------------------------------------- */

static void bindings_come_back_as_they_were(void)
{
	struct mobility_binding before[3];
	struct ha_bench b;

	hb_open(&b);
	register_at(&b, HB_NODE, COA, MIP_FLAG_T | MIP_FLAG_B);
	register_at(&b, HB_NODE, COA2, MIP_FLAG_S | MIP_FLAG_D);
	register_at(&b, HB_FAR, COA, 0);
	before[0] = *hb_binding(&b, HB_NODE, COA);
	before[1] = *hb_binding(&b, HB_NODE, COA2);
	before[2] = *hb_binding(&b, HB_FAR, COA);
	hb_restart(&b, duration_s(100));
	SOUND(&b);
	CU_ASSERT_EQUAL(hb_counter(&b, HA_RESTORED), 3);
	CU_ASSERT_EQUAL(hb_counter(&b, HA_NOT_RESTORED), 0);
	for (unsigned i = 0; i < 3; i++) {
		const struct mobility_binding *was = &before[i];
		const struct mobility_binding *is = hb_binding(
			&b, ntohl(was->home.s_addr), ntohl(was->care_of.s_addr));

		CU_ASSERT_PTR_NOT_NULL_FATAL(is);
		CU_ASSERT_TRUE(tunnel_spec_equal(&is->tunnel, &was->tunnel));
		CU_ASSERT_EQUAL(is->broadcasts, was->broadcasts);
		CU_ASSERT_EQUAL(is->source.s_addr, was->source.s_addr);
		CU_ASSERT_TRUE(llabs(is->expires.ns - was->expires.ns) < 10);
		CU_ASSERT_TRUE(llabs(is->since.ns - was->since.ns) < 10);
	}
	hb_wait(&b, duration_s(201));
	CU_ASSERT_EQUAL(ha_core_binding_count(b.ha), 0);
	SOUND(&b);
	hb_stop(&b);
}

static void others_are_told_again(void)
{
	struct ha_bench b;

	hb_open(&b);
	register_at(&b, HB_NODE, COA, 0);
	register_at(&b, HB_NODE2, COA, 0);
	hb_restart(&b, duration_s(1));
	CU_ASSERT_PTR_NOT_NULL(hb_note(&b, NOTE_BINDING_RESTORED));
	hb_wait(&b, duration_ms(10));
	CU_ASSERT_EQUAL(hb_count(&b, EFFECT_SEND_ARP), 2);
	hb_arp(&b, ARP_REQUEST, hb_node_mac, 0x0a010002, HB_NODE);
	CU_ASSERT_EQUAL_FATAL(hb_count(&b, EFFECT_SEND_ARP), 1);
	CU_ASSERT_TRUE(mac_equal(hb_effect(&b, EFFECT_SEND_ARP, 0)->arp.arp.sender_mac,
				 hb_home_mac));
	hb_stop(&b);
}

static void replays_are_refused(void)
{
	struct ha_bench b;
	struct ha_ask old, last;

	hb_open(&b);
	old = hb_ask(&b, HB_NODE, COA2);
	CU_ASSERT_EQUAL(hb_send(&b, &old), MIP_ACCEPTED);
	last = hb_ask(&b, HB_NODE, COA);
	last.rq.ident =
		ntp64_add(last.rq.ident, duration_s(5)); /* its clock is ahead */
	CU_ASSERT_EQUAL(hb_send(&b, &last), MIP_ACCEPTED);
	b.last_ident = last.rq.ident;
	hb_restart(&b, duration_s(1));
	CU_ASSERT_EQUAL(hb_send(&b, &old), MIP_HA_IDENT);
	CU_ASSERT_EQUAL(hb_send(&b, &last), MIP_HA_IDENT);
	CU_ASSERT_PTR_NULL(hb_binding(&b, HB_NODE, COA2));
	register_at(&b, HB_NODE, COA2, 0);
	SOUND(&b);
	hb_stop(&b);
}

/* Its clock is behind, and it need not be told: what it sends is no replay. */
static void a_node_goes_on_where_it_was(void)
{
	struct ha_bench b;
	struct ha_ask a;

	hb_open(&b);
	a = hb_ask(&b, HB_NODE, COA);
	a.rq.ident = ntp64_add(a.rq.ident, duration_s(-5));
	CU_ASSERT_EQUAL(hb_send(&b, &a),
			MIP_HA_IDENT); /* from before the first start */
	hb_wait(&b, duration_s(6));
	a = hb_ask(&b, HB_NODE, COA);
	a.rq.ident = ntp64_add(a.rq.ident, duration_s(-5));
	CU_ASSERT_EQUAL(hb_send(&b, &a), MIP_ACCEPTED);
	hb_restart(&b, duration_s(1));
	a = hb_ask(&b, HB_NODE, COA);
	a.rq.ident = ntp64_add(a.rq.ident, duration_s(-5));
	CU_ASSERT_EQUAL(hb_send(&b, &a), MIP_ACCEPTED);
	/* One that had not been heard may have sent that before the start. */
	a = hb_ask(&b, HB_NODE2, COA);
	a.rq.ident = ntp64_add(a.rq.ident, duration_s(-5));
	CU_ASSERT_EQUAL(hb_send(&b, &a), MIP_HA_IDENT);
	hb_stop(&b);
}

static void time_ends_bindings_while_nobody_looks(void)
{
	struct ha_bench b;
	struct ha_ask a;

	hb_open(&b);
	register_at(&b, HB_NODE, COA, 0);
	b.config.max_lifetime = MIP_LIFETIME_INFINITE;
	CU_ASSERT_EQUAL(hb_reconfigure(&b), 0);
	a = hb_ask(&b, HB_NODE2, COA);
	a.rq.lifetime = MIP_LIFETIME_INFINITE;
	CU_ASSERT_EQUAL(hb_send(&b, &a), MIP_ACCEPTED);
	hb_restart(&b, duration_s(300));
	CU_ASSERT_PTR_NULL(hb_binding(&b, HB_NODE, COA));
	CU_ASSERT_PTR_NOT_NULL(hb_binding(&b, HB_NODE2, COA));
	CU_ASSERT_EQUAL(hb_counter(&b, HA_NOT_RESTORED), 1);
	CU_ASSERT_EQUAL(stored(&b, HB_NODE).count, 0); /* but its Identification */
	SOUND(&b);
	hb_stop(&b);
}

/* A wall clock that was set back makes no lifetime longer than it was granted. */
static void a_clock_set_back_makes_nothing_longer(void)
{
	struct ha_bench b;
	struct ha_ask a;

	hb_open(&b);
	register_at(&b, HB_NODE, COA, 0);
	b.now.ntp = ntp64_add(b.now.ntp, duration_s(-5000));
	b.last_ident = b.now.ntp;
	hb_restart(&b, duration_s(1));
	CU_ASSERT_EQUAL_FATAL(ha_core_binding_count(b.ha), 1);
	CU_ASSERT_EQUAL(binding_remaining(hb_binding(&b, HB_NODE, COA), b.now.mono),
			300);
	/* Nor does it lock the node out. */
	hb_wait(&b, duration_s(1));
	a = hb_ask(&b, HB_NODE, COA);
	CU_ASSERT_EQUAL(hb_send(&b, &a), MIP_ACCEPTED);
	hb_stop(&b);
}

static void a_node_that_is_gone_stays_away(void)
{
	struct ha_bench b;

	hb_open(&b);
	register_at(&b, HB_NODE, COA, 0);
	register_at(&b, HB_NODE2, COA, 0);
	b.config.node_count = 1;
	hb_restart(&b, duration_s(1));
	CU_ASSERT_EQUAL(ha_core_binding_count(b.ha), 1);
	CU_ASSERT_EQUAL(hb_counter(&b, HA_NOT_RESTORED), 1);
	SOUND(&b);
	hb_stop(&b);
}

/* Each change of the configuration alone keeps the binding away. */
static void the_configuration_has_the_last_word(void)
{
	for (unsigned change = 0; change < 5; change++) {
		struct ha_bench b;

		hb_open(&b);
		register_at(&b, HB_NODE, COA, 0);
		switch (change) {
		case 0: /* no home network */
			b.network[0].prefix.addr = hb_addr(0x0a020000);
			break;
		case 1: /* another key for it, under another SPI */
			b.node[0].assoc = &b.assoc[1];
			b.node[0].assoc_count = 1;
			break;
		case 2: /* another address of ours */
			b.config.address = hb_addr(0x0a010003);
			b.links.count = 0;
			break;
		case 3: /* the care-of address is now a home address */
			b.node[1].addr = hb_addr(COA);
			break;
		case 4: /* no room */
			b.config.max_bindings = 0;
			break;
		}
		hb_restart(&b, duration_s(1));
		CU_ASSERT_EQUAL(ha_core_binding_count(b.ha), 0);
		CU_ASSERT_EQUAL(hb_counter(&b, HA_NOT_RESTORED), 1);
		CU_ASSERT_TRUE(hb_node_of(&b, HB_NODE)->heard);
		SOUND(&b);
		hb_stop(&b);
	}
}

static void the_first_of_too_many_come_back(void)
{
	struct ha_bench b;

	hb_open(&b);
	register_at(&b, HB_NODE, COA, MIP_FLAG_S);
	register_at(&b, HB_NODE, COA2, MIP_FLAG_S);
	b.config.simultaneous = false;
	hb_restart(&b, duration_s(1));
	CU_ASSERT_PTR_NOT_NULL(hb_binding(&b, HB_NODE, COA));
	CU_ASSERT_PTR_NULL(hb_binding(&b, HB_NODE, COA2));
	SOUND(&b);
	hb_stop(&b);
}

static void what_is_no_record_is_counted(void)
{
	static const uint8_t noise[] = "anything but a record of ours";
	struct effect_list fx;
	struct ha_bench b;

	hb_open(&b);
	effect_list_init(&fx);
	CU_ASSERT_FALSE(
		ha_core_restore(b.ha, reader_over(noise, sizeof(noise)), b.now, &fx));
	CU_ASSERT_EQUAL(fx.count, 0);
	CU_ASSERT_EQUAL(hb_counter(&b, HA_BAD_RECORDS), 1);
	effect_list_fini(&fx);
	hb_stop(&b);
}

static void a_clean_end_forgets_nothing(void)
{
	struct effect_list fx;
	struct ha_bench b;

	hb_open(&b);
	register_at(&b, HB_NODE, COA, 0);
	effect_list_init(&fx);
	ha_core_stop(b.ha, b.now, &fx);
	for (size_t i = 0; i < fx.count; i++)
		CU_ASSERT_NOT_EQUAL(fx.at[i].kind, EFFECT_REMEMBER);
	effect_list_fini(&fx);
	hb_restart(&b, duration_s(1));
	CU_ASSERT_PTR_NOT_NULL(hb_binding(&b, HB_NODE, COA));
	SOUND(&b);
	hb_stop(&b);
}

void suite_ha_store(void)
{
	CU_pSuite s = CU_add_suite("ha_store", NULL, NULL);

	CU_add_test(s, "what is used up is remembered", what_is_used_up_is_remembered);
	CU_add_test(s, "what ends is forgotten", what_ends_is_forgotten);
	CU_add_test(s, "a store that fails denies nothing",
		    a_store_that_fails_denies_nothing);
	CU_add_test(s, "without a store nothing is written",
		    without_a_store_nothing_is_written);
	CU_add_test(s, "bindings come back as they were",
		    bindings_come_back_as_they_were);
	CU_add_test(s, "others are told again", others_are_told_again);
	CU_add_test(s, "replays are refused", replays_are_refused);
	CU_add_test(s, "a node goes on where it was", a_node_goes_on_where_it_was);
	CU_add_test(s, "time ends bindings while nobody looks",
		    time_ends_bindings_while_nobody_looks);
	CU_add_test(s, "a clock set back makes nothing longer",
		    a_clock_set_back_makes_nothing_longer);
	CU_add_test(s, "a node that is gone stays away",
		    a_node_that_is_gone_stays_away);
	CU_add_test(s, "the configuration has the last word",
		    the_configuration_has_the_last_word);
	CU_add_test(s, "the first of too many come back",
		    the_first_of_too_many_come_back);
	CU_add_test(s, "what is no record is counted", what_is_no_record_is_counted);
	CU_add_test(s, "a clean end forgets nothing", a_clean_end_forgets_nothing);
}
