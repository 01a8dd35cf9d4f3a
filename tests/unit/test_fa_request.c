/* SPDX-License-Identifier: ISC */
/* Registration Requests at the foreign agent: relayed, denied, dropped. */
#include "tests/unit/fa_world.h"

#include "common/security/auth.h"
#include "common/wire/mip_code.h"

#include <CUnit/CUnit.h>

#include "tests/unit/hex.h"
#include "tests/unit/suites.h"

#define MESSAGE(symbol, hex) static const char symbol[] = hex;
#include "tests/vectors/registration.def"
#undef MESSAGE

/* What went to the home agent, or NULL. */
static const struct effect_udp *relayed(const struct fa_world *w)
{
	const struct effect *e = fa_world_effect(w, EFFECT_SEND_UDP, 0);

	return e ? &e->udp : NULL;
}

/* One Request in a world of its own: the code it is denied with, 255 if none. */
static uint8_t denial_of(const struct ask *a)
{
	struct fa_world w;
	struct heard h;

	fa_world_open(&w);
	fa_world_ask(&w, a);
	h = fa_world_heard(&w);
	CU_ASSERT_EQUAL(h.any, relayed(&w) == NULL);
	CU_ASSERT_EQUAL(fa_world_pending(&w), relayed(&w) != NULL);
	fa_world_end(&w);
	return h.code;
}

static void relays_what_the_node_signed(void)
{
	static const uint8_t covered[] = { 131, 3, 'm', 'n', '1', 0 };
	static const uint8_t loose[] = { 132, 4, 1, 2, 3, 4, 200, 0 };
	struct ask a = usual_ask();
	uint8_t bytes[512];
	struct fa_world w;
	size_t signed_len;

	fa_world_open(&w);
	a.covered = covered;
	a.covered_len = sizeof(covered);
	signed_len = fa_build_ask(&w, &a, bytes, sizeof(bytes));
	a.loose = loose;
	a.loose_len = sizeof(loose);
	fa_world_ask(&w, &a);
	CU_ASSERT_PTR_NOT_NULL_FATAL(relayed(&w));
	CU_ASSERT_EQUAL(relayed(&w)->src.s_addr, CARE_OF.s_addr);
	CU_ASSERT_EQUAL(relayed(&w)->dst.s_addr, OTHER_AGENT.s_addr);
	CU_ASSERT_EQUAL(relayed(&w)->src_port, 434);
	CU_ASSERT_EQUAL(relayed(&w)->dst_port, 434);
	CU_ASSERT_EQUAL_FATAL(relayed(&w)->len, signed_len);
	CU_ASSERT_EQUAL(memcmp(relayed(&w)->bytes, bytes, signed_len), 0);
	CU_ASSERT_EQUAL(fa_world_effects(&w, EFFECT_FORWARD), 0);
	CU_ASSERT_FALSE(fa_world_heard(&w).any);
	CU_ASSERT_EQUAL(fa_world_counter(&w, "requests"), 1);
	CU_ASSERT_EQUAL(fa_world_counter(&w, "requests-relayed"), 1);
	CU_ASSERT_EQUAL(fa_world_notes(&w, NOTE_REQUEST_RELAYED), 1);
	fa_world_end(&w);
}

/* With our signature it would be longer than a message may be. */
static void denies_what_it_cannot_carry(void)
{
	struct ask a = usual_ask();
	uint8_t covered[MIP_MESSAGE_MAX - 24 - 22 - 10];

	fa_world_fill(covered, sizeof(covered));
	a.covered = covered;
	a.covered_len = sizeof(covered);
	CU_ASSERT_EQUAL(denial_of(&a), 255);
	a.home_agent = HOME_AGENT;
	CU_ASSERT_EQUAL(denial_of(&a), 66);
}

/* The last authentication for the home agent ends what is relayed. */
static void relays_through_the_last_of_several(void)
{
	struct ask a = usual_ask();
	uint8_t bytes[512];
	struct fa_world w;

	fa_world_open(&w);
	a.mn_ha = 2;
	CU_ASSERT_EQUAL(fa_build_ask(&w, &a, bytes, sizeof(bytes)), 24 + 44);
	fa_world_ask(&w, &a);
	CU_ASSERT_PTR_NOT_NULL_FATAL(relayed(&w));
	CU_ASSERT_EQUAL(relayed(&w)->len, 24 + 44);
	fa_world_end(&w);
}

static bool has_good_fa_ha(struct fa_world *w, const struct effect_udp *udp)
{
	struct reader message = reader_over(udp->bytes, udp->len);
	struct mip_ext_index ix;
	struct mip_request rq;

	if (mip_request_decode(message, &rq) || mip_ext_index(rq.extensions, &ix))
		return false;
	return auth_verify(w->keys, SA_FA_HA, HOME_AGENT, message, &ix, NULL) ==
	       AUTH_OK;
}

static void signs_for_a_home_agent_it_knows(void)
{
	struct ask a = usual_ask();
	struct fa_world w;

	fa_world_open(&w);
	a.home_agent = HOME_AGENT;
	fa_world_ask(&w, &a);
	CU_ASSERT_PTR_NOT_NULL_FATAL(relayed(&w));
	CU_ASSERT_TRUE(has_good_fa_ha(&w, relayed(&w)));
	CU_ASSERT_EQUAL(relayed(&w)->len, 24 + 22 + 22);
	fa_world_end(&w);
}

/* AUTH-12: not on a deregistration, not for a care-of address that is not ours. */
static void does_not_sign_where_it_must_not(void)
{
	struct ask a = usual_ask();
	struct fa_world w;

	fa_world_open(&w);
	a.home_agent = HOME_AGENT;
	a.lifetime = 0;
	fa_world_ask(&w, &a);
	CU_ASSERT_PTR_NOT_NULL_FATAL(relayed(&w));
	CU_ASSERT_EQUAL(relayed(&w)->len, 24 + 22);

	a.ident++;
	a.lifetime = 600;
	a.flags = MIP_FLAG_D;
	a.care_of = IP(10, 2, 0, 77);
	fa_world_ask(&w, &a);
	CU_ASSERT_PTR_NOT_NULL_FATAL(relayed(&w));
	CU_ASSERT_EQUAL(relayed(&w)->len, 24 + 22);
	fa_world_end(&w);
}

/*
 * The golden Request, with 130, 132 and 33 after the node's authentication.  We
 * do not offer that delivery style, so T is cleared and the flags with it; what
 * is relayed must still end where the node's signature ends.
 */
static void the_golden_request_is_cut_where_signed(void)
{
	struct hex h = hex_of(visiting_request);
	struct ask way = usual_ask();
	struct fa_world w;

	fa_world_open(&w);
	fa_core_free(w.fa);
	w.links.link[2].addr[0].addr = IP(203, 0, 113, 1);
	w.config.care_of = IP(203, 0, 113, 1);
	fa_world_start(&w);
	h.bytes[1] = MIP_FLAG_G;
	fa_world_bytes(&w, &way, h.bytes, h.len);
	CU_ASSERT_PTR_NOT_NULL_FATAL(relayed(&w));
	CU_ASSERT_EQUAL(relayed(&w)->len, 24 + 22);
	CU_ASSERT_EQUAL(memcmp(relayed(&w)->bytes, h.bytes, 24 + 22), 0);
	fa_world_end(&w);
}

static void denies_poorly_formed(void)
{
	static const uint8_t cut[] = { 200, 50, 1 };
	static const uint8_t wrong_length[] = { 33, 2, 0, 0 };
	struct ask a = usual_ask();

	CU_ASSERT_EQUAL(denial_of(&a), 255);
	a.mn_ha = 0;
	CU_ASSERT_EQUAL(denial_of(&a), 70);
	a = usual_ask();
	a.loose = cut;
	a.loose_len = sizeof(cut);
	CU_ASSERT_EQUAL(denial_of(&a), 70);
	a.loose = wrong_length;
	a.loose_len = sizeof(wrong_length);
	CU_ASSERT_EQUAL(denial_of(&a), 70);
	a = usual_ask();
	a.home = IP(224, 1, 2, 3);
	CU_ASSERT_EQUAL(denial_of(&a), 70);
}

/* T-02: r and x are ignored, unless told otherwise. */
static void reserved_bits_by_configuration(void)
{
	struct ask a = usual_ask();
	struct fa_world w;

	a.flags |= MIP_FLAG_r | MIP_FLAG_x;
	CU_ASSERT_EQUAL(denial_of(&a), 255);
	fa_world_config(&w);
	w.config.common.strict_reserved_bits = true;
	fa_world_start(&w);
	fa_world_ask(&w, &a);
	CU_ASSERT_EQUAL(fa_world_heard(&w).code, 70);
	fa_world_end(&w);
}

static void denies_care_of_addresses_it_does_not_offer(void)
{
	struct ask a = usual_ask();
	struct fa_world w;

	a.care_of = IP(10, 9, 9, 9);
	CU_ASSERT_EQUAL(denial_of(&a), 77);
	a.lifetime = 0; /* giving it up is relayed */
	CU_ASSERT_EQUAL(denial_of(&a), 255);
	a = usual_ask();
	a.flags |= MIP_FLAG_D; /* the node cannot decapsulate at our address */
	CU_ASSERT_EQUAL(denial_of(&a), 77);

	a = usual_ask(); /* configured, but on none of our links */
	fa_world_config(&w);
	w.config.care_of = IP(10, 0, 7, 7);
	fa_world_start(&w);
	a.care_of = w.config.care_of;
	fa_world_ask(&w, &a);
	CU_ASSERT_EQUAL(fa_world_heard(&w).code, 77);
	fa_world_end(&w);
}

static void denies_long_lifetimes_with_its_own(void)
{
	struct ask a = usual_ask();
	struct fa_world w;
	struct heard h;

	fa_world_open(&w);
	a.lifetime = 1801;
	fa_world_ask(&w, &a);
	h = fa_world_heard(&w);
	CU_ASSERT_EQUAL(h.code, 69);
	CU_ASSERT_EQUAL(h.rp.lifetime, 1800);
	fa_world_end(&w);
	a.lifetime = 1800;
	CU_ASSERT_EQUAL(denial_of(&a), 255);
	a.lifetime = MIP_LIFETIME_INFINITE;
	CU_ASSERT_EQUAL(denial_of(&a), 69);
}

static void demands_the_nodes_signature_when_shared(void)
{
	struct ask a = signing_ask();

	CU_ASSERT_EQUAL(denial_of(&a), 255);
	a.spoil_mn_fa = true;
	CU_ASSERT_EQUAL(denial_of(&a), 67);
	a = signing_ask();
	a.mn_fa = 0;
	CU_ASSERT_EQUAL(denial_of(&a), 67);
	a.mn_fa = 2;
	CU_ASSERT_EQUAL(denial_of(&a), 67);
	a = usual_ask(); /* not shared: nobody's authenticator does no harm */
	a.mn_fa = 1;
	CU_ASSERT_EQUAL(denial_of(&a), 255);
}

static void one_violation(void *arg, const struct violation *v)
{
	*(struct violation *)arg = *v;
}

static void records_failed_authentication(void)
{
	struct violation seen = { 0 };
	struct ask a = signing_ask();
	struct fa_world w;

	fa_world_open(&w);
	a.spoil_mn_fa = true;
	fa_world_ask(&w, &a);
	CU_ASSERT_EQUAL(fa_core_violations(w.fa)->total, 1);
	violations_each(fa_core_violations(w.fa), one_violation, &seen);
	CU_ASSERT_EQUAL(seen.home.s_addr, SIGNING_NODE.s_addr);
	CU_ASSERT_EQUAL(seen.spi, SPI_MN_FA);
	CU_ASSERT_EQUAL(seen.ident, a.ident);
	CU_ASSERT_STRING_EQUAL(seen.reason, auth_result_text(AUTH_MISMATCH));
	fa_world_end(&w);
}

static void never_relays_to_itself(void)
{
	struct ask a = usual_ask();

	a.home_agent = OUR_ADDRESS;
	CU_ASSERT_EQUAL(denial_of(&a), 116);
	a.home_agent = CARE_OF;
	CU_ASSERT_EQUAL(denial_of(&a), 116);
	a.lifetime = 0;
	CU_ASSERT_EQUAL(denial_of(&a), 116);
	a.home_agent = IP(255, 255, 255, 255);
	CU_ASSERT_EQUAL(denial_of(&a), 116);
	a.home_agent = IP(0, 0, 0, 0);
	CU_ASSERT_EQUAL(denial_of(&a), 116);
	a.home_agent = IP(10, 1, 0, 255); /* discovery by directed broadcast */
	CU_ASSERT_EQUAL(denial_of(&a), 255);
}

static uint8_t denial_with(void (*change)(struct fa_config *), const struct ask *a)
{
	struct fa_world w;
	uint8_t code;

	fa_world_config(&w);
	change(&w.config);
	fa_world_start(&w);
	fa_world_ask(&w, a);
	code = fa_world_heard(&w).code;
	CU_ASSERT_EQUAL(code == 255, relayed(&w) != NULL);
	fa_world_end(&w);
	return code;
}

static void no_gre_nor_minimal(struct fa_config *c)
{
	c->gre = c->minimal = false;
}

static void denies_encapsulations_it_does_not_offer(void)
{
	struct ask a = usual_ask();

	a.flags = MIP_FLAG_G;
	CU_ASSERT_EQUAL(denial_with(no_gre_nor_minimal, &a), 72);
	a.flags = MIP_FLAG_M;
	CU_ASSERT_EQUAL(denial_with(no_gre_nor_minimal, &a), 72);
	a.flags = 0;
	CU_ASSERT_EQUAL(denial_with(no_gre_nor_minimal, &a), 255);
	a.flags = MIP_FLAG_G; /* nothing is asked of us by these two */
	a.lifetime = 0;
	CU_ASSERT_EQUAL(denial_with(no_gre_nor_minimal, &a), 255);
	a = usual_ask();
	a.flags = MIP_FLAG_G | MIP_FLAG_D;
	a.care_of = IP(10, 2, 0, 77);
	CU_ASSERT_EQUAL(denial_with(no_gre_nor_minimal, &a), 255);
}

static void no_reverse(struct fa_config *c)
{
	c->reverse_tunnel = false;
}

static void reverse_required(struct fa_config *c)
{
	c->reverse_tunnel_required = true;
}

static void nothing_at_all(struct fa_config *c)
{
	c->gre = c->reverse_tunnel = false;
}

/* RT-03: 72, then 79, then 76, and last 74; or 75 without T. */
static void judges_reverse_tunnels_in_order(void)
{
	struct ask a = usual_ask();

	a.flags |= MIP_FLAG_T;
	a.ttl = 255;
	CU_ASSERT_EQUAL(denial_of(&a), 255);
	CU_ASSERT_EQUAL(denial_with(no_reverse, &a), 74);
	a.ttl = 254;
	CU_ASSERT_EQUAL(denial_of(&a), 76);
	CU_ASSERT_EQUAL(denial_with(no_reverse, &a), 76);
	a.dst = ALL_AGENTS_IP; /* T-03 */
	a.ttl = 1;
	CU_ASSERT_EQUAL(denial_of(&a), 76);
	a.delivery = true;
	CU_ASSERT_EQUAL(denial_of(&a), 79);
	CU_ASSERT_EQUAL(denial_with(nothing_at_all, &a), 72);
	a = usual_ask();
	CU_ASSERT_EQUAL(denial_with(reverse_required, &a), 75);
	a.delivery = true; /* without T it means nothing */
	CU_ASSERT_EQUAL(denial_of(&a), 255);
	a.lifetime = 0;
	CU_ASSERT_EQUAL(denial_with(reverse_required, &a), 255);
}

static void no_room_for_visitors(struct fa_config *c)
{
	c->max_visitors = 0;
}

static void denies_for_want_of_room(void)
{
	struct ask a = usual_ask();
	struct fa_world w;

	CU_ASSERT_EQUAL(denial_with(no_room_for_visitors, &a), 66);
	a.lifetime = 0;
	CU_ASSERT_EQUAL(denial_with(no_room_for_visitors, &a), 255);

	fa_world_open(&w);
	a = usual_ask();
	for (unsigned i = 0; i < 5; i++, a.ident++)
		fa_world_ask(&w, &a);
	CU_ASSERT_EQUAL(fa_world_pending(&w), 5);
	fa_world_ask(&w, &a);
	CU_ASSERT_EQUAL(fa_world_heard(&w).code, 66);
	CU_ASSERT_EQUAL(fa_world_pending(&w), 5);
	a.ident--; /* sent again: takes its own place */
	fa_world_ask(&w, &a);
	CU_ASSERT_PTR_NOT_NULL(relayed(&w));
	CU_ASSERT_EQUAL(fa_world_pending(&w), 5);
	fa_world_end(&w);
}

static void only_known_agents(struct fa_config *c)
{
	c->any_home_agent = false;
}

static void denies_what_is_prohibited(void)
{
	struct ask a = usual_ask();

	CU_ASSERT_EQUAL(denial_with(only_known_agents, &a), 65);
	a.home_agent = HOME_AGENT;
	CU_ASSERT_EQUAL(denial_with(only_known_agents, &a), 255);
	a.home = OUR_ADDRESS;
	CU_ASSERT_EQUAL(denial_of(&a), 65);
	a.home.s_addr = 0;
	CU_ASSERT_EQUAL(denial_of(&a), 96);
}

void suite_fa_request(void)
{
	CU_pSuite s = CU_add_suite("fa_request", NULL, NULL);

	CU_add_test(s, "relays what the node signed", relays_what_the_node_signed);
	CU_add_test(s, "denies what it cannot carry", denies_what_it_cannot_carry);
	CU_add_test(s, "relays through the last of several",
		    relays_through_the_last_of_several);
	CU_add_test(s, "signs for a home agent it knows",
		    signs_for_a_home_agent_it_knows);
	CU_add_test(s, "does not sign where it must not",
		    does_not_sign_where_it_must_not);
	CU_add_test(s, "the golden request is cut where signed",
		    the_golden_request_is_cut_where_signed);
	CU_add_test(s, "denies poorly formed requests", denies_poorly_formed);
	CU_add_test(s, "reserved bits by configuration",
		    reserved_bits_by_configuration);
	CU_add_test(s, "denies care-of addresses it does not offer",
		    denies_care_of_addresses_it_does_not_offer);
	CU_add_test(s, "denies long lifetimes with its own",
		    denies_long_lifetimes_with_its_own);
	CU_add_test(s, "demands the node's signature when shared",
		    demands_the_nodes_signature_when_shared);
	CU_add_test(s, "records failed authentication", records_failed_authentication);
	CU_add_test(s, "never relays to itself", never_relays_to_itself);
	CU_add_test(s, "denies encapsulations it does not offer",
		    denies_encapsulations_it_does_not_offer);
	CU_add_test(s, "judges reverse tunnels in order",
		    judges_reverse_tunnels_in_order);
	CU_add_test(s, "denies for want of room", denies_for_want_of_room);
	CU_add_test(s, "denies what is prohibited", denies_what_is_prohibited);
}
