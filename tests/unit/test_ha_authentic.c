/* SPDX-License-Identifier: ISC */
/*
 * Who is believed: duplicates and replay (RFC 5944 5.7), authentication of the
 * node and of the foreign agent (3.8.2.1).
 */
#include "tests/unit/ha_bench.h"

#include "common/base/ntp64.h"
#include "common/wire/mip_code.h"
#include "common/wire/mip_ext.h"

#include <CUnit/CUnit.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/suites.h"

#define COA  0x0a000302u /* 10.0.3.2, the foreign agent that sends */
#define COA2 0x0a000402u

enum { SILENCE = -1 };

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
	CU_ASSERT_EQUAL(
		memcmp(first.udp.bytes, b.reply_effect.udp.bytes, first.udp.len), 0);
	CU_ASSERT_EQUAL(hb_binding(&b, HB_NODE, COA)->expires.ns, expires.ns);
	CU_ASSERT_EQUAL(hb_count(&b, EFFECT_FORWARD) + hb_count(&b, EFFECT_SEND_ARP),
			0);
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
	mip_reply_decode(reader_over(b.reply_effect.udp.bytes, b.reply_effect.udp.len),
			 &rp);
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
	mip_reply_decode(reader_over(b.reply_effect.udp.bytes, b.reply_effect.udp.len),
			 &rp);
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

/* GEN-11. */
static void what_is_not_understood_is_covered_all_the_same(void)
{
	static const uint8_t skippable[] = { 200, 3, 1, 2, 3 };
	struct ha_bench b;
	struct ha_ask a;
	uint8_t bytes[MIP_MESSAGE_MAX];
	size_t len;

	hb_open(&b);
	a = hb_ask(&b, HB_NODE, COA);
	a.extra = skippable;
	a.extra_len = sizeof(skippable);
	len = hb_encode(&b, &a, bytes);
	bytes[MIP_REQUEST_LEN + 4] ^= 1;
	CU_ASSERT_EQUAL(hb_send_bytes(&b, &a, bytes, len), MIP_HA_MN_AUTH);
	bytes[MIP_REQUEST_LEN + 4] ^= 1;
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
	struct mip_ext_index ix;
	struct mip_reply rp;

	hb_open(&b);
	a = ask_over_fa(&b);
	CU_ASSERT_EQUAL(hb_send(&b, &a), MIP_ACCEPTED);
	CU_ASSERT_TRUE(b.reply_authentic && b.reply_has_fa);
	/* AUTH-10: for the node first */
	mip_reply_decode(reader_over(b.reply_effect.udp.bytes, b.reply_effect.udp.len),
			 &rp);
	mip_ext_index(rp.extensions, &ix);
	CU_ASSERT_EQUAL(ix.count, 2);
	CU_ASSERT_EQUAL(ix.ext[0].type, MIP_EXT_MN_HA);
	CU_ASSERT_EQUAL(ix.ext[1].type, MIP_EXT_FA_HA);
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

/* It cannot sign for an agent that it does not know yet; the answer names us. */
static void a_foreign_agent_may_ask_for_any_home_agent(void)
{
	struct ha_bench b;
	struct ha_ask a;

	hb_open(&b);
	a = ask_over_fa(&b);
	a.fa_spi = 0;
	a.rq.home_agent = a.dst = hb_addr(0x0a0100ff);
	CU_ASSERT_EQUAL(hb_send(&b, &a), MIP_HA_UNKNOWN_HA);
	CU_ASSERT_EQUAL(b.reply.home_agent.s_addr, htonl(HB_HA));
	CU_ASSERT_TRUE(b.reply_authentic && b.reply_has_fa);
	a = ask_over_fa(&b);
	a.fa_forged = true; /* a signature that is there is verified */
	a.dst = hb_addr(0x0a0100ff);
	CU_ASSERT_EQUAL(hb_send(&b, &a), MIP_HA_FA_AUTH);
	hb_stop(&b);
}

/* AUTH-13: not the care-of address. */
static void the_source_of_a_request_names_the_foreign_agent(void)
{
	struct ha_bench b;
	struct ha_ask a;

	hb_open(&b);
	a = ask_over_fa(&b);
	a.rq.care_of = hb_addr(COA2);
	CU_ASSERT_EQUAL(hb_send(&b, &a), MIP_ACCEPTED);
	CU_ASSERT_TRUE(b.reply_has_fa && b.reply_authentic);
	a = hb_ask(&b, HB_NODE, HB_FA);
	CU_ASSERT_EQUAL(hb_send(&b, &a), MIP_ACCEPTED);
	CU_ASSERT_FALSE(b.reply_has_fa);
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

/* RFC 5944 3.5.4: what a foreign agent passes on, but may not sign. */
static void a_colocated_node_passes_through_unsigned(void)
{
	struct ha_bench b;
	struct ha_ask a;

	hb_open(&b);
	a = ask_over_fa(&b);
	a.fa_spi = 0;
	a.rq.flags |= MIP_FLAG_D;
	a.rq.care_of = hb_addr(HB_COLOCATED);
	CU_ASSERT_EQUAL(hb_send(&b, &a), MIP_ACCEPTED);
	a = ask_over_fa(&b);
	a.fa_spi = 0;
	a.rq.flags |= MIP_FLAG_D; /* but it is the agent's own address */
	CU_ASSERT_EQUAL(hb_send(&b, &a), MIP_HA_FA_AUTH);
	hb_stop(&b);
}

void suite_ha_authentic(void)
{
	CU_pSuite s = CU_add_suite("ha_authentic", NULL, NULL);

	CU_add_test(s, "a duplicate gets the same reply",
		    a_duplicate_gets_the_same_reply);
	CU_add_test(s, "a denied duplicate is denied again",
		    a_denied_duplicate_is_denied_again);
	CU_add_test(s, "the same identification otherwise is 133",
		    the_same_identification_otherwise_is_133);
	CU_add_test(s, "a duplicate of an ended binding is 133",
		    a_duplicate_of_an_ended_binding_is_133);
	CU_add_test(s, "an older identification is 133",
		    an_older_identification_is_133);
	CU_add_test(s, "the tolerance is that of the association",
		    the_tolerance_is_that_of_the_association);
	CU_add_test(s, "nothing from before the start is accepted",
		    nothing_from_before_the_start_is_accepted);
	CU_add_test(s, "registration goes on past 2036",
		    registration_goes_on_past_2036);
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
	CU_add_test(s, "every changed bit changes nothing",
		    every_changed_bit_changes_nothing);
	CU_add_test(s, "what is not understood is covered all the same",
		    what_is_not_understood_is_covered_all_the_same);
	CU_add_test(s, "every truncation is silence", every_truncation_is_silence);
	CU_add_test(s, "an authentic foreign agent is answered so",
		    an_authentic_foreign_agent_is_answered_so);
	CU_add_test(s, "a foreign agent we know must prove itself",
		    a_foreign_agent_we_know_must_prove_itself);
	CU_add_test(s, "a foreign agent may ask for any home agent",
		    a_foreign_agent_may_ask_for_any_home_agent);
	CU_add_test(s, "the source of a request names the foreign agent",
		    the_source_of_a_request_names_the_foreign_agent);
	CU_add_test(s, "a strange foreign agent is silence",
		    a_strange_foreign_agent_is_silence);
	CU_add_test(s, "deregistering needs no foreign agent",
		    deregistering_needs_no_foreign_agent);
	CU_add_test(s, "a co-located node passes through unsigned",
		    a_colocated_node_passes_through_unsigned);
}
