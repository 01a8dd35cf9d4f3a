/* SPDX-License-Identifier: ISC */
/*
 * The schedule and the content of agent advertisements (RFC 5944 2.1, 2.3;
 * RFC 1256 4.3), on virtual time.
 */
#include "common/agent/advert.h"
#include "common/wire/icmp.h"
#include "common/wire/ipv4.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/suites.h"

enum { IFINDEX = 3 };

static const struct mac node_mac = { { 2, 0, 0, 0, 0, 9 } };
static const struct mac group_mac = { { 1, 0, 0x5e, 0, 0, 1 } };

/* An advertiser on one link, with the time and what it has sent. */
struct bench {
	struct rng_seeded seed;
	struct links links;
	struct advert_config config;
	struct advert_service service;
	struct advertiser a;
	instant_t now;
	struct effect_list fx;
};

static struct in_addr addr(uint32_t a)
{
	return (struct in_addr){ htonl(a) };
}

static void set_link(struct bench *b, bool up)
{
	struct link link = {
		.ifindex = IFINDEX,
		.name = "home",
		.up = up,
		.mac = { { 2, 0, 0, 0, 0, 1 } },
		.addr_count = 1,
		.addr = { { addr(0x0a010001), 24 } },
	};

	CU_ASSERT(links_set(&b->links, &link));
}

static void bench_config(struct bench *b)
{
	b->config = (struct advert_config){
		.interface = "home",
		.min_interval = duration_s(450),
		.max_interval = duration_s(600),
		.lifetime = 1800,
		.prefix_lengths = true,
	};
	b->service = (struct advert_service){
		.flags = ADVERT_FLAG_F | ADVERT_FLAG_G | ADVERT_FLAG_T,
		.max_lifetime = 1000,
		.care_of_count = 1,
		.care_of = { addr(0x0a000202) },
	};
}

static void bench_start(struct bench *b)
{
	struct rng rng = rng_seeded_init(&b->seed, 42);

	b->now = (instant_t){ 0 };
	set_link(b, true);
	effect_list_init(&b->fx);
	advertiser_init(&b->a, &b->config, rng, &b->links, b->now);
}

/* Go to the next deadline; the time that passed. */
static duration_t step(struct bench *b)
{
	instant_t from = b->now;

	CU_ASSERT_FALSE_FATAL(instant_is_never(advertiser_next(&b->a)));
	b->now = advertiser_next(&b->a);
	effect_list_clear(&b->fx);
	advertiser_due(&b->a, &b->service, &b->links, b->now, &b->fx);
	return instant_diff(b->now, from);
}

/* The frame just sent, or NULL. */
static const struct effect_frame *sent(const struct bench *b)
{
	for (size_t i = 0; i < b->fx.count; i++)
		if (b->fx.at[i].kind == EFFECT_SEND_LINK)
			return &b->fx.at[i].frame;
	return NULL;
}

/* Open the frame as a receiver would. */
static struct mip_advert opened(const struct effect_frame *f, struct ipv4 *ip)
{
	struct mip_advert m = { 0 };
	size_t total = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	CU_ASSERT_EQUAL(ipv4_check(f->bytes, f->len, &total), IPV4_OK);
	CU_ASSERT_EQUAL(total, f->len);
	memcpy(ip, f->bytes, sizeof(*ip));
	CU_ASSERT_EQUAL(ip->protocol, PROTO_ICMP);
	CU_ASSERT_EQUAL(ip->ttl, 1);
	CU_ASSERT_EQUAL(
		mip_advert_decode(
			reader_over(f->bytes + IPV4_HEADER, f->len - IPV4_HEADER), &m),
		ADVERT_OK);
	return m;
}

static struct mip_advert step_and_open(struct bench *b)
{
	struct ipv4 ip;

	step(b);
	return opened(sent(b), &ip);
}

static void says_what_it_is_told(void)
{
	struct bench b = { 0 };
	struct mip_advert m;
	struct ipv4 ip;

	bench_config(&b);
	bench_start(&b);
	step(&b);
	m = opened(sent(&b), &ip);
	CU_ASSERT_EQUAL(ip.src.s_addr, htonl(0x0a010001));
	CU_ASSERT_EQUAL(ip.dst.s_addr, htonl(0xe0000001));
	CU_ASSERT(mac_equal(sent(&b)->to, group_mac));
	CU_ASSERT_EQUAL(sent(&b)->ifindex, IFINDEX);
	CU_ASSERT_EQUAL(m.code, ADVERT_CODE_NO_ROUTES);
	CU_ASSERT_EQUAL(m.lifetime, 1800);
	CU_ASSERT_EQUAL(m.router_count, 1);
	CU_ASSERT_EQUAL(m.router[0].s_addr, htonl(0x0a010001));
	CU_ASSERT_EQUAL(m.prefix_count, 1);
	CU_ASSERT_EQUAL(m.prefix_len[0], 24);
	CU_ASSERT(m.mobility);
	CU_ASSERT_EQUAL(m.flags, ADVERT_FLAG_F | ADVERT_FLAG_G | ADVERT_FLAG_T);
	CU_ASSERT_EQUAL(m.registration_lifetime, 1000);
	CU_ASSERT_EQUAL(m.care_of_count, 1);
	CU_ASSERT_EQUAL(m.care_of[0].s_addr, htonl(0x0a000202));
	effect_list_fini(&b.fx);
}

static void options_show_in_the_message(void)
{
	struct bench b = { 0 };
	struct mip_advert m;
	struct ipv4 ip;

	bench_config(&b);
	b.config.broadcast = true;
	b.config.routes = true;
	b.config.registration_required = true;
	b.config.registration_lifetime = 60;
	b.config.prefix_lengths = false;
	bench_start(&b);
	step(&b);
	m = opened(sent(&b), &ip);
	CU_ASSERT_EQUAL(ip.dst.s_addr, htonl(INADDR_BROADCAST));
	CU_ASSERT(mac_equal(sent(&b)->to, MAC_BROADCAST));
	CU_ASSERT_EQUAL(m.code, ADVERT_CODE_ROUTES);
	CU_ASSERT(m.flags & ADVERT_FLAG_R);
	CU_ASSERT_EQUAL(m.registration_lifetime, 60);
	CU_ASSERT_EQUAL(m.prefix_count, 0);
	effect_list_fini(&b.fx);
}

static void flags_that_go_only_with_f(void)
{
	struct bench b = { 0 };
	struct mip_advert m;

	bench_config(&b);
	b.config.registration_required = true;
	b.service.flags = ADVERT_FLAG_H | ADVERT_FLAG_B;
	bench_start(&b);
	m = step_and_open(&b);
	CU_ASSERT_EQUAL(m.flags, ADVERT_FLAG_H);
	CU_ASSERT_EQUAL(m.care_of_count, 0);

	b.service.flags = ADVERT_FLAG_F | ADVERT_FLAG_B;
	m = step_and_open(&b);
	CU_ASSERT_EQUAL(m.flags, ADVERT_FLAG_F | ADVERT_FLAG_B | ADVERT_FLAG_R);

	b.service.care_of_count = 0; /* neither H nor F: nothing to say */
	step(&b);
	CU_ASSERT_PTR_NULL(sent(&b));
	effect_list_fini(&b.fx);
}

static void the_first_three_follow_closely(void)
{
	struct bench b = { 0 };

	bench_config(&b);
	bench_start(&b);
	CU_ASSERT_EQUAL(step(&b).ns, 0);
	CU_ASSERT(step(&b).ns <= duration_s(16).ns);
	CU_ASSERT(step(&b).ns <= duration_s(16).ns);
	for (int i = 0; i < 100; i++) {
		duration_t d = step(&b);

		CU_ASSERT(d.ns >= duration_s(450).ns && d.ns <= duration_s(600).ns);
	}
	effect_list_fini(&b.fx);
}

static void intervals_spread_over_their_range(void)
{
	struct bench b = { 0 };
	int64_t least = INT64_MAX, most = 0;

	bench_config(&b);
	b.config.min_interval = duration_ms(200);
	b.config.max_interval = duration_ms(300);
	bench_start(&b);
	step(&b);
	for (int i = 0; i < 1000; i++) {
		int64_t ns = step(&b).ns;

		least = ns < least ? ns : least;
		most = ns > most ? ns : most;
	}
	CU_ASSERT(least >= duration_ms(200).ns && least < duration_ms(205).ns);
	CU_ASSERT(most <= duration_ms(300).ns && most > duration_ms(295).ns);
	effect_list_fini(&b.fx);
}

static void the_sequence_passes_from_ffff_to_256(void)
{
	struct bench b = { 0 };

	bench_config(&b);
	bench_start(&b);
	for (unsigned i = 0; i <= 0xffff; i++)
		CU_ASSERT_EQUAL(step_and_open(&b).sequence, i);
	CU_ASSERT_EQUAL(step_and_open(&b).sequence, 256);
	CU_ASSERT_EQUAL(step_and_open(&b).sequence, 257);
	effect_list_fini(&b.fx);
}

static void solicit(struct bench *b, struct in_addr src, bool has_mac)
{
	struct icmp_datagram from = {
		.src = src,
		.ifindex = IFINDEX,
		.has_mac = has_mac,
		.mac = node_mac,
	};

	effect_list_clear(&b->fx);
	advertiser_solicited(&b->a, &b->service, &b->links, &from, b->now, &b->fx);
}

static void answers_the_asking_node_at_once(void)
{
	struct bench b = { 0 };
	struct ipv4 ip;
	instant_t planned;

	bench_config(&b);
	bench_start(&b);
	step(&b);
	planned = advertiser_next(&b.a);
	solicit(&b, addr(0xc0000263), true); /* any source will do */
	CU_ASSERT_EQUAL(opened(sent(&b), &ip).sequence, 1);
	CU_ASSERT_EQUAL(ip.dst.s_addr, htonl(0xc0000263));
	CU_ASSERT(mac_equal(sent(&b)->to, node_mac));
	solicit(&b, addr(0), true);
	CU_ASSERT_EQUAL(opened(sent(&b), &ip).sequence, 2);
	CU_ASSERT_EQUAL(ip.dst.s_addr, htonl(0xe0000001));
	CU_ASSERT(mac_equal(sent(&b)->to, node_mac));
	CU_ASSERT_EQUAL(advertiser_next(&b.a).ns, planned.ns);
	effect_list_fini(&b.fx);
}

static void without_a_mac_all_are_answered_soon(void)
{
	struct bench b = { 0 };

	bench_config(&b);
	bench_start(&b);
	for (int i = 0; i < 3; i++)
		step(&b);
	b.now = instant_add(b.now, duration_s(100));
	solicit(&b, addr(0), false);
	CU_ASSERT_PTR_NULL(sent(&b));
	CU_ASSERT(instant_diff(advertiser_next(&b.a), b.now).ns <= duration_s(2).ns);
	step(&b);
	CU_ASSERT(mac_equal(sent(&b)->to, group_mac));
	effect_list_fini(&b.fx);
}

/* A thousand solicitations in a second, of either kind. */
static void many_solicitations_are_limited(void)
{
	struct bench b = { 0 };
	unsigned unicast = 0, to_all = 0;

	bench_config(&b);
	bench_start(&b);
	for (int i = 0; i < 3; i++)
		step(&b);
	for (int ms = 0; ms < 1000; ms++) {
		b.now = instant_add(b.now, duration_ms(1));
		solicit(&b, addr(0), true);
		unicast += sent(&b) != NULL;
		effect_list_clear(&b.fx);
		advertiser_due(&b.a, &b.service, &b.links, b.now, &b.fx);
		to_all += sent(&b) != NULL;
	}
	CU_ASSERT(unicast >= 20 && unicast <= 30);
	CU_ASSERT_EQUAL(to_all, 0); /* the last was less than 3 s ago */
	CU_ASSERT(instant_diff(advertiser_next(&b.a), b.now).ns <= duration_s(3).ns);
	effect_list_fini(&b.fx);
}

static void only_when_asked(void)
{
	struct bench b = { 0 };

	bench_config(&b);
	b.config.on_solicitation_only = true;
	bench_start(&b);
	CU_ASSERT(instant_is_never(advertiser_next(&b.a)));
	solicit(&b, addr(0), true);
	CU_ASSERT_PTR_NOT_NULL(sent(&b));
	CU_ASSERT(instant_is_never(advertiser_next(&b.a)));
	solicit(&b, addr(0), false);
	CU_ASSERT_FALSE(instant_is_never(advertiser_next(&b.a)));
	step(&b);
	CU_ASSERT_PTR_NOT_NULL(sent(&b));
	CU_ASSERT(instant_is_never(advertiser_next(&b.a)));
	effect_list_fini(&b.fx);
}

static void follows_the_link(void)
{
	struct bench b = { 0 };

	bench_config(&b);
	bench_start(&b);
	step(&b);
	set_link(&b, false);
	advertiser_links(&b.a, &b.links, b.now);
	CU_ASSERT(instant_is_never(advertiser_next(&b.a)));
	solicit(&b, addr(0), true);
	CU_ASSERT_PTR_NULL(sent(&b));

	set_link(&b, true);
	advertiser_links(&b.a, &b.links, b.now);
	CU_ASSERT_EQUAL(advertiser_next(&b.a).ns, b.now.ns);
	CU_ASSERT_EQUAL(step_and_open(&b).sequence, 1); /* not from 0 again */
	links_remove(&b.links, IFINDEX);
	advertiser_links(&b.a, &b.links, b.now);
	CU_ASSERT(instant_is_never(advertiser_next(&b.a)));
	CU_ASSERT_EQUAL(b.a.ifindex, 0);

	/* It took its visitors along: those who return are told by 0. */
	set_link(&b, true);
	advertiser_links(&b.a, &b.links, b.now);
	CU_ASSERT_EQUAL(step_and_open(&b).sequence, 0);
	effect_list_fini(&b.fx);
}

static void another_link_change_does_not_disturb(void)
{
	struct bench b = { 0 };
	struct link other = { .ifindex = 9, .name = "core", .up = true };
	instant_t planned;

	bench_config(&b);
	bench_start(&b);
	step(&b);
	planned = advertiser_next(&b.a);
	CU_ASSERT(links_set(&b.links, &other));
	advertiser_links(&b.a, &b.links, b.now);
	CU_ASSERT_EQUAL(advertiser_next(&b.a).ns, planned.ns);
	effect_list_fini(&b.fx);
}

static void the_last_word_has_lifetime_zero(void)
{
	struct bench b = { 0 };
	struct mip_advert m;
	struct ipv4 ip;

	bench_config(&b);
	bench_start(&b);
	step(&b);
	effect_list_clear(&b.fx);
	advertiser_stop(&b.a, &b.service, &b.links, &b.fx);
	m = opened(sent(&b), &ip);
	CU_ASSERT_EQUAL(m.lifetime, 0);
	CU_ASSERT_EQUAL(ip.dst.s_addr, htonl(0xe0000001));
	CU_ASSERT(instant_is_never(advertiser_next(&b.a)));
	effect_list_fini(&b.fx);
}

static void a_new_configuration_keeps_the_sequence(void)
{
	struct bench b = { 0 };

	bench_config(&b);
	bench_start(&b);
	step(&b);
	b.config.lifetime = 9;
	advertiser_configure(&b.a, &b.config, &b.links, b.now);
	CU_ASSERT_EQUAL(advertiser_next(&b.a).ns, b.now.ns);
	CU_ASSERT_EQUAL(step_and_open(&b).sequence, 1);
	CU_ASSERT_EQUAL(step_and_open(&b).lifetime, 9);
	effect_list_fini(&b.fx);
}

void suite_advert(void)
{
	CU_pSuite s = CU_add_suite("advert", NULL, NULL);

	CU_add_test(s, "says what it is told", says_what_it_is_told);
	CU_add_test(s, "options show in the message", options_show_in_the_message);
	CU_add_test(s, "flags that go only with F", flags_that_go_only_with_f);
	CU_add_test(s, "the first three follow closely",
		    the_first_three_follow_closely);
	CU_add_test(s, "intervals spread over their range",
		    intervals_spread_over_their_range);
	CU_add_test(s, "the sequence passes from 0xffff to 256",
		    the_sequence_passes_from_ffff_to_256);
	CU_add_test(s, "answers the asking node at once",
		    answers_the_asking_node_at_once);
	CU_add_test(s, "without a link-layer source all are answered soon",
		    without_a_mac_all_are_answered_soon);
	CU_add_test(s, "many solicitations are limited",
		    many_solicitations_are_limited);
	CU_add_test(s, "only when asked", only_when_asked);
	CU_add_test(s, "follows the link", follows_the_link);
	CU_add_test(s, "another link's change does not disturb",
		    another_link_change_does_not_disturb);
	CU_add_test(s, "the last word has lifetime zero",
		    the_last_word_has_lifetime_zero);
	CU_add_test(s, "a new configuration keeps the sequence",
		    a_new_configuration_keeps_the_sequence);
}
