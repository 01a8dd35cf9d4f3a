/* SPDX-License-Identifier: ISC */
/*
 * The mobile node's Requests and what it makes of Replies (RFC 5944 3.6).
 */
#include "common/base/ntp64.h"
#include "common/wire/mip_code.h"
#include "tests/unit/mn_bench.h"

#include <CUnit/CUnit.h>

#include "tests/unit/suites.h"

static bool same(struct in_addr a, struct in_addr b)
{
	return a.s_addr == b.s_addr;
}

static void visit_with(struct bench *b, uint16_t flags)
{
	struct mip_advert a = bench_visited_advert(10);

	a.flags = flags;
	bench_start(b);
	bench_link(b, true);
	bench_hear(b, &a, BENCH_VISITED);
}

/* On the visited link, a Request just sent to its agent. */
static void visit(struct bench *b)
{
	visit_with(b, bench_visited_advert(0).flags);
}

/* Where no agent is heard, a Request just sent from our own care-of address. */
static void stand_alone(struct bench *b)
{
	b->config.has_colocated = true;
	b->config.colocated.addr = (struct ipv4_prefix){ BENCH_OWN, 24 };
	b->config.colocated.gateway = BENCH_GATEWAY;
	bench_start(b);
	bench_link(b, true);
	bench_run(b, duration_s(3));
}

static void deny(struct bench *b, uint8_t code, uint16_t lifetime)
{
	const struct bench_answer a = { .code = code,
					.lifetime = lifetime,
					.unsigned_ = true };

	bench_answer(b, &a);
}

static void through_an_agent(void)
{
	struct bench b;

	bench_init(&b);
	b.config.reverse_tunnel = true;
	b.config.encap = ENCAP_GRE;
	visit(&b);
	CU_ASSERT_EQUAL(b.asked, 1);
	CU_ASSERT(same(b.rq_src, BENCH_HOME) && same(b.rq_dst, BENCH_VISITED));
	CU_ASSERT(mac_equal(b.rq_mac, bench_mac(BENCH_VISITED)));
	CU_ASSERT_EQUAL(b.rq_ttl, 255);
	CU_ASSERT_EQUAL(b.rq.flags, MIP_FLAG_T | MIP_FLAG_G);
	CU_ASSERT_EQUAL(b.rq.lifetime, 300);
	CU_ASSERT(same(b.rq.care_of, BENCH_CARE_OF));
	CU_ASSERT(same(b.rq.home_agent, BENCH_HOME_AGENT));
	CU_ASSERT(b.rq_arp_silent);
	CU_ASSERT(!b.rq_signed_for_agent);
	bench_fini(&b);
}

static void only_what_the_agent_offers(void)
{
	struct bench b;

	bench_init(&b);
	b.config.reverse_tunnel = true;
	b.config.encap = ENCAP_MINIMAL;
	b.config.lifetime = 0; /* 1800 by default, 600 by the agent */
	visit_with(&b, ADVERT_FLAG_F | ADVERT_FLAG_G);
	CU_ASSERT_EQUAL(b.rq.flags, 0);
	CU_ASSERT_EQUAL(b.rq.lifetime, 600);
	CU_ASSERT(b.rq_ttl != 255);
	bench_fini(&b);
}

static void co_located(void)
{
	struct bench b;

	bench_init(&b);
	b.config.reverse_tunnel = true;
	b.config.simultaneous = true;
	b.config.broadcasts = true;
	b.config.encap = ENCAP_MINIMAL;
	stand_alone(&b);
	CU_ASSERT_EQUAL(b.asked, 1);
	CU_ASSERT_EQUAL(b.solicited, 3);
	CU_ASSERT(same(b.rq_src, BENCH_OWN) && same(b.rq_dst, BENCH_HOME_AGENT));
	CU_ASSERT_EQUAL(b.rq_ttl, 255);
	CU_ASSERT_EQUAL(b.rq.flags,
			MIP_FLAG_S | MIP_FLAG_B | MIP_FLAG_D | MIP_FLAG_M | MIP_FLAG_T);
	CU_ASSERT(same(b.rq.care_of, BENCH_OWN));
	bench_fini(&b);
}

static void at_home_it_deregisters(void)
{
	struct mip_advert a = bench_home_advert(1);
	struct bench b;

	bench_init(&b);
	b.config.reverse_tunnel = true;
	bench_start(&b);
	bench_link(&b, true);
	bench_hear(&b, &a, BENCH_HOME_AGENT);
	CU_ASSERT_EQUAL(b.asked, 1);
	CU_ASSERT_EQUAL(b.rq.lifetime, 0);
	CU_ASSERT_EQUAL(b.rq.flags, 0);
	CU_ASSERT(same(b.rq.care_of, BENCH_HOME));
	CU_ASSERT(same(b.rq_src, BENCH_HOME) && same(b.rq_dst, BENCH_HOME_AGENT));
	CU_ASSERT(!b.rq_arp_silent && b.gratuitous == 1);
	bench_reply(&b, MIP_ACCEPTED, 0);
	CU_ASSERT_EQUAL(bench_status(&b).state, MN_AT_HOME);
	bench_run(&b, duration_ms(2500));
	CU_ASSERT_EQUAL(b.gratuitous, 3);
	CU_ASSERT_EQUAL(b.asked, 1);
	bench_fini(&b);
}

static void unanswered_it_doubles_the_wait_and_renews_the_identification(void)
{
	static const int64_t wait_ms[] = { 1000,  2000,  4000,  8000,
					   16000, 32000, 64000, 64000 };
	struct mip_advert a = bench_visited_advert(11);
	struct bench b;

	a.lifetime = 9000;
	bench_init(&b);
	b.config.lifetime = 300;
	bench_start(&b);
	bench_link(&b, true);
	bench_hear(&b, &a, BENCH_VISITED);
	for (unsigned i = 0; i < sizeof(wait_ms) / sizeof(wait_ms[0]); i++) {
		uint64_t before = b.rq.ident;

		bench_run(&b, duration_ms(wait_ms[i] - 1));
		CU_ASSERT_EQUAL(b.asked, i + 1);
		bench_run(&b, duration_ms(1));
		CU_ASSERT_EQUAL(b.asked, i + 2);
		CU_ASSERT(ntp64_after(b.rq.ident, before));
	}
	bench_fini(&b);
}

static void the_smaller_lifetime_counts_from_sending(void)
{
	struct bench b;
	instant_t sent;

	bench_init(&b);
	visit(&b);
	sent = b.now.mono;
	bench_run(&b, duration_ms(500));
	bench_reply(&b, MIP_ACCEPTED, 100);
	CU_ASSERT_EQUAL(bench_status(&b).state, MN_REGISTERED);
	CU_ASSERT_EQUAL(bench_status(&b).granted, 100);
	CU_ASSERT(bench_status(&b).expires_at.ns ==
		  instant_add(sent, duration_s(100)).ns);
	CU_ASSERT(bench_status(&b).registered_at.ns == b.now.mono.ns);
	bench_fini(&b);

	bench_init(&b);
	visit(&b);
	bench_reply(&b, MIP_ACCEPTED_NO_SIMULTANEOUS, 5000);
	CU_ASSERT_EQUAL(bench_status(&b).granted, 300);
	bench_fini(&b);
}

/* Keep the visited agent fresh while time passes. */
static void live(struct bench *b, unsigned seconds)
{
	static uint16_t sequence = 300;

	while (seconds-- > 0) {
		struct mip_advert a = bench_visited_advert(sequence++);

		bench_run(b, duration_s(1));
		bench_hear(b, &a, BENCH_VISITED);
	}
}

static void it_renews_in_time(void)
{
	struct bench b;
	instant_t first;

	bench_init(&b);
	visit(&b);
	bench_reply(&b, MIP_ACCEPTED, 100);
	first = bench_status(&b).registered_at;
	live(&b, 59);
	CU_ASSERT_EQUAL(b.asked, 1);
	live(&b, 12);
	CU_ASSERT_EQUAL(bench_status(&b).state, MN_REGISTERED);
	CU_ASSERT(b.asked >= 2);
	bench_reply(&b, MIP_ACCEPTED, 100);
	CU_ASSERT(bench_status(&b).registered_at.ns == first.ns);
	live(&b, 40);
	CU_ASSERT_EQUAL(bench_status(&b).state, MN_REGISTERED);
	live(&b, 120);
	CU_ASSERT_EQUAL(bench_status(&b).state, MN_REGISTERING); /* ran out */
	CU_ASSERT_EQUAL(bench_counter(&b, "expired"), 1);
	bench_fini(&b);
}

static void for_ever_is_for_ever(void)
{
	struct bench b;
	struct mip_advert a = bench_visited_advert(1);

	bench_init(&b);
	b.config.lifetime = MIP_LIFETIME_INFINITE;
	a.registration_lifetime = MIP_LIFETIME_INFINITE;
	bench_start(&b);
	bench_link(&b, true);
	bench_hear(&b, &a, BENCH_VISITED);
	bench_reply(&b, MIP_ACCEPTED, MIP_LIFETIME_INFINITE);
	CU_ASSERT(instant_is_never(bench_status(&b).expires_at));
	bench_fini(&b);
}

static void a_reply_must_be_for_the_latest_request_and_signed(void)
{
	struct bench b;
	uint64_t first;

	bench_init(&b);
	visit(&b);
	first = b.rq.ident;
	bench_run(&b, duration_s(1));
	bench_answer(&b, &(struct bench_answer){ .lifetime = 9, .ident = first });
	bench_answer(&b,
		     &(struct bench_answer){ .lifetime = 9, .ident = b.rq.ident ^ 1 });
	CU_ASSERT_EQUAL(bench_counter(&b, "replies-unmatched"), 2);
	bench_answer(&b, &(struct bench_answer){ .lifetime = 9, .unsigned_ = true });
	bench_answer(&b, &(struct bench_answer){ .lifetime = 9, .corrupt = true });
	bench_answer(&b, &(struct bench_answer){ .lifetime = 9, .twice = true });
	bench_answer(&b, &(struct bench_answer){ .code = 130, .unsigned_ = true });
	bench_answer(&b, &(struct bench_answer){ .code = 50, .unsigned_ = true });
	CU_ASSERT_EQUAL(bench_counter(&b, "replies-home-agent-unauthentic"), 5);
	CU_ASSERT_EQUAL(b.notes[NOTE_SECURITY], 5);
	/* A foreign agent's denial from somebody else. */
	bench_answer(&b, &(struct bench_answer){ .code = 65,
						 .unsigned_ = true,
						 .from = BENCH_GATEWAY });
	CU_ASSERT_EQUAL(bench_counter(&b, "replies-unmatched"), 3);
	CU_ASSERT_EQUAL(bench_status(&b).state, MN_REGISTERING);
	bench_answer(&b, &(struct bench_answer){ .lifetime = 9 });
	CU_ASSERT_EQUAL(bench_status(&b).state, MN_REGISTERED);
	/* The same again answers nothing any more (T-27). */
	bench_answer(&b, &(struct bench_answer){ .lifetime = 200 });
	CU_ASSERT_EQUAL(bench_status(&b).granted, 9);
	bench_fini(&b);
}

static void with_the_agent_too_if_a_key_is_shared(void)
{
	struct bench b;

	bench_init(&b);
	b.visited = (struct peer_config){ .addr = BENCH_VISITED,
					  .assoc = &b.visited_assoc,
					  .assoc_count = 1 };
	b.config.foreign_agent = &b.visited;
	b.config.foreign_agent_count = 1;
	visit(&b);
	CU_ASSERT(b.rq_signed_for_agent);
	bench_answer(&b, &(struct bench_answer){ .lifetime = 9 });
	CU_ASSERT_EQUAL(bench_counter(&b, "replies-foreign-agent-unauthentic"), 1);
	deny(&b, MIP_FA_PROHIBITED, 0);
	CU_ASSERT_EQUAL(bench_counter(&b, "replies-foreign-agent-unauthentic"), 2);
	bench_answer(&b,
		     &(struct bench_answer){ .lifetime = 9, .for_agent_too = true });
	CU_ASSERT_EQUAL(bench_status(&b).state, MN_REGISTERED);
	bench_fini(&b);
}

static void identification_mismatch_moves_the_clock_once_authentic(void)
{
	struct bench b;
	uint64_t theirs;

	bench_init(&b);
	visit(&b);
	theirs = ntp64_add(b.now.ntp, duration_s(-5000));
	theirs = (theirs & ~UINT64_C(0xffffffff)) | ntp64_low(b.rq.ident);
	bench_answer(&b, &(struct bench_answer){ .code = MIP_HA_IDENT,
						 .ident = theirs,
						 .corrupt = true });
	CU_ASSERT(bench_status(&b).clock_offset.ns == 0);
	CU_ASSERT_EQUAL(b.asked, 1);
	bench_answer(&b,
		     &(struct bench_answer){ .code = MIP_HA_IDENT, .ident = theirs });
	CU_ASSERT_EQUAL(b.asked, 2); /* at once */
	CU_ASSERT(bench_status(&b).clock_offset.ns < duration_s(-4998).ns);
	CU_ASSERT(ntp64_diff(theirs, b.rq.ident).ns < duration_s(2).ns);
	bench_reply(&b, MIP_ACCEPTED, 300);
	CU_ASSERT_EQUAL(bench_status(&b).state, MN_REGISTERED);
	bench_fini(&b);
}

static void a_mismatch_that_never_ends_does_not_become_a_flood(void)
{
	struct bench b;

	bench_init(&b);
	visit(&b);
	for (unsigned i = 0; i < 60; i++) {
		struct mip_advert a = bench_visited_advert((uint16_t)(20 + i));

		bench_answer(&b, &(struct bench_answer){ .code = MIP_HA_IDENT });
		bench_run(&b, duration_s(1));
		bench_hear(&b, &a, BENCH_VISITED);
	}
	CU_ASSERT(b.asked < 12);
	bench_fini(&b);
}

static void lifetime_too_long_is_shortened(void)
{
	struct bench b;

	bench_init(&b);
	visit(&b);
	deny(&b, MIP_FA_LIFETIME, 120);
	CU_ASSERT_EQUAL(b.asked, 2);
	CU_ASSERT_EQUAL(b.rq.lifetime, 120);
	deny(&b, MIP_FA_LIFETIME, 120); /* that was not too long: nonsense */
	CU_ASSERT_EQUAL(b.asked, 2);
	bench_fini(&b);
}

static void the_home_agent_is_discovered(void)
{
	struct bench b;

	bench_init(&b);
	b.config.home_agent.s_addr = INADDR_ANY;
	visit(&b);
	CU_ASSERT(same(b.rq.home_agent, (struct in_addr){ htonl(0x0a0100ff) }));
	bench_answer(&b, &(struct bench_answer){ .code = MIP_HA_UNKNOWN_HA,
						 .home_agent = BENCH_HOME_AGENT,
						 .unsigned_ = true });
	CU_ASSERT_EQUAL(b.asked, 1);
	bench_answer(&b, &(struct bench_answer){ .code = MIP_HA_UNKNOWN_HA,
						 .home_agent = BENCH_HOME_AGENT });
	CU_ASSERT_EQUAL(b.asked, 2);
	CU_ASSERT(same(b.rq.home_agent, BENCH_HOME_AGENT));
	bench_reply(&b, MIP_ACCEPTED, 300);
	CU_ASSERT(same(bench_status(&b).home_agent, BENCH_HOME_AGENT));
	bench_fini(&b);

	bench_init(&b); /* one that only names itself again is not asked at once */
	visit(&b);
	bench_answer(&b, &(struct bench_answer){ .code = MIP_HA_UNKNOWN_HA });
	CU_ASSERT_EQUAL(b.asked, 1);
	bench_fini(&b);
}

static void what_is_unavailable_is_left_out(void)
{
	struct bench b;

	bench_init(&b);
	b.config.reverse_tunnel = true;
	b.config.encap = ENCAP_GRE;
	visit(&b);
	deny(&b, MIP_FA_ENCAPSULATION, 0);
	CU_ASSERT_EQUAL(b.rq.flags, MIP_FLAG_T);
	deny(&b, MIP_FA_BAD_REQUEST, 0); /* MN-24: an old agent's way to refuse T */
	CU_ASSERT_EQUAL(b.rq.flags, 0);
	CU_ASSERT_EQUAL(b.asked, 3);
	deny(&b, MIP_FA_BAD_REQUEST, 0);
	CU_ASSERT_EQUAL(b.asked, 3);
	bench_fini(&b);

	bench_init(&b);
	b.config.reverse_tunnel = true;
	visit(&b);
	bench_reply(&b, MIP_HA_NO_REVERSE, 0);
	CU_ASSERT_EQUAL(b.rq.flags, 0);
	bench_fini(&b);

	bench_init(&b);
	b.config.reverse_tunnel = true;
	visit(&b);
	deny(&b, MIP_FA_NO_REVERSE, 0);
	CU_ASSERT_EQUAL(b.rq.flags, 0);
	bench_fini(&b);

	bench_init(&b);
	b.config.reverse_tunnel = true;
	visit(&b);
	bench_reply(&b, MIP_HA_BAD_REQUEST, 0);
	CU_ASSERT_EQUAL(b.rq.flags, 0);
	bench_reply(&b, MIP_HA_REVERSE_MANDATORY, 0);
	CU_ASSERT_EQUAL(b.rq.flags, MIP_FLAG_T);
	bench_fini(&b);
}

/* How long until the next Request after a denial. */
static int64_t pause_after(uint8_t code)
{
	struct mip_advert a = bench_visited_advert(10);
	struct bench b;
	instant_t then;

	a.lifetime = 9000;
	bench_init(&b);
	bench_start(&b);
	bench_link(&b, true);
	bench_hear(&b, &a, BENCH_VISITED);
	then = b.now.mono;
	if (mip_code_is_ha_denial(code))
		bench_reply(&b, code, 5);
	else
		deny(&b, code, 5);
	for (unsigned i = 0; i < 600 && b.asked == 1; i++)
		bench_run(&b, duration_ms(500));
	CU_ASSERT_EQUAL(b.rq.lifetime, 300); /* FMT-07: 5 said nothing */
	then.ns = b.now.mono.ns - then.ns;
	bench_fini(&b);
	return then.ns / 1000000000;
}

static void denials_are_respected(void)
{
	CU_ASSERT_EQUAL(pause_after(MIP_FA_RESOURCES), 4);
	CU_ASSERT_EQUAL(pause_after(MIP_HA_RESOURCES), 4);
	CU_ASSERT_EQUAL(pause_after(MIP_FA_TIMEOUT), 4);
	CU_ASSERT_EQUAL(pause_after(MIP_FA_MN_AUTH), 60);
	CU_ASSERT_EQUAL(pause_after(MIP_HA_MN_AUTH), 4);
	CU_ASSERT_EQUAL(pause_after(MIP_HA_PROHIBITED), 60);
	CU_ASSERT_EQUAL(pause_after(MIP_FA_INVALID_HA), 60);
	CU_ASSERT_EQUAL(pause_after(194), 60); /* T-01 */
	CU_ASSERT_EQUAL(pause_after(91), 4);   /* unknown, by its range */
}

static void elsewhere_if_the_agent_denies(void)
{
	struct mip_advert a = bench_visited_advert(1);
	struct bench b;
	struct in_addr other = { htonl(0x0a020002) };

	bench_init(&b);
	visit(&b);
	a.router[0] = other;
	a.care_of[0] = other;
	bench_hear(&b, &a, other);
	CU_ASSERT_EQUAL(b.asked, 1);
	deny(&b, MIP_FA_RESOURCES, 0);
	CU_ASSERT_EQUAL(b.asked, 2);
	CU_ASSERT(same(b.rq_dst, other));
	bench_fini(&b);
}

static void a_success_that_the_agent_disowns_is_taken_back(void)
{
	struct bench b;

	bench_init(&b);
	visit(&b);
	bench_answer(&b, &(struct bench_answer){ .lifetime = 300, .fa_error = 68 });
	CU_ASSERT_EQUAL(b.asked, 2);
	CU_ASSERT_EQUAL(b.rq.lifetime, 0);
	CU_ASSERT(same(b.rq.care_of, BENCH_CARE_OF));
	CU_ASSERT_EQUAL(bench_status(&b).state, MN_REGISTERING);
	bench_fini(&b);
}

/* Three Requests have left at once: one more must, and then it pauses. */
static void and_at_once(void)
{
	struct bench b;

	bench_init(&b);
	visit(&b);
	for (unsigned i = 0; i < 2; i++) {
		bench_hear_visited(&b, 400);
		bench_hear_visited(&b, 0);
	}
	CU_ASSERT_EQUAL(b.asked, 3);
	bench_answer(&b, &(struct bench_answer){ .lifetime = 300, .fa_error = 68 });
	CU_ASSERT_EQUAL(b.asked, 4);
	CU_ASSERT_EQUAL(b.rq.lifetime, 0);
	bench_reply(&b, MIP_ACCEPTED, 0);
	for (unsigned s = 1; s < 60; s++) {
		bench_run(&b, duration_s(1));
		bench_hear_visited(&b, (uint16_t)s);
	}
	CU_ASSERT_EQUAL(b.asked, 4);
	bench_run(&b, duration_s(1));
	CU_ASSERT_EQUAL(b.asked, 5);
	bench_fini(&b);
}

/* Granted for no time, or for one that is over: nothing was granted. */
static void too_late_is_not_registered(void)
{
	struct bench b;

	bench_init(&b);
	visit(&b);
	bench_reply(&b, MIP_ACCEPTED, 0);
	CU_ASSERT_EQUAL(b.notes[NOTE_REGISTERED], 0);
	CU_ASSERT_EQUAL(bench_status(&b).state, MN_REGISTERING);
	bench_fini(&b);
}

static void no_more_than_one_a_second(void)
{
	struct bench b;

	bench_init(&b);
	bench_start(&b);
	for (unsigned i = 0; i < 100; i++) {
		struct mip_advert a = bench_visited_advert(5);

		bench_link(&b, true);
		bench_hear(&b, &a, BENCH_VISITED);
		bench_run(&b, duration_ms(50));
		bench_link(&b, false);
		bench_run(&b, duration_ms(50));
	}
	CU_ASSERT(b.asked <= 10 + 3);
	CU_ASSERT(b.solicited <= 11);
	bench_fini(&b);
}

/* What is not granted a tunnel would go as it is: it is not asked for otherwise. */
static void where_esp_is_required_so_is_a_reverse_tunnel(void)
{
	struct bench b;

	bench_init(&b);
	b.config.home_association.protection.policy = PROTECT_REQUIRED;
	visit(&b);
	CU_ASSERT_TRUE(b.rq.flags & MIP_FLAG_T);
	deny(&b, MIP_FA_NO_REVERSE, 0);
	CU_ASSERT_EQUAL(b.asked, 1);
	bench_fini(&b);
}

void suite_mn_request(void)
{
	CU_pSuite s = CU_add_suite("mn_request", NULL, NULL);

	CU_ADD_TEST(s, through_an_agent);
	CU_ADD_TEST(s, only_what_the_agent_offers);
	CU_ADD_TEST(s, co_located);
	CU_ADD_TEST(s, where_esp_is_required_so_is_a_reverse_tunnel);
	CU_ADD_TEST(s, at_home_it_deregisters);
	CU_ADD_TEST(s, unanswered_it_doubles_the_wait_and_renews_the_identification);
	CU_ADD_TEST(s, the_smaller_lifetime_counts_from_sending);
	CU_ADD_TEST(s, it_renews_in_time);
	CU_ADD_TEST(s, for_ever_is_for_ever);
	CU_ADD_TEST(s, a_reply_must_be_for_the_latest_request_and_signed);
	CU_ADD_TEST(s, with_the_agent_too_if_a_key_is_shared);
	CU_ADD_TEST(s, identification_mismatch_moves_the_clock_once_authentic);
	CU_ADD_TEST(s, a_mismatch_that_never_ends_does_not_become_a_flood);
	CU_ADD_TEST(s, lifetime_too_long_is_shortened);
	CU_ADD_TEST(s, the_home_agent_is_discovered);
	CU_ADD_TEST(s, what_is_unavailable_is_left_out);
	CU_ADD_TEST(s, denials_are_respected);
	CU_ADD_TEST(s, elsewhere_if_the_agent_denies);
	CU_ADD_TEST(s, a_success_that_the_agent_disowns_is_taken_back);
	CU_ADD_TEST(s, and_at_once);
	CU_ADD_TEST(s, too_late_is_not_registered);
	CU_ADD_TEST(s, no_more_than_one_a_second);
}
