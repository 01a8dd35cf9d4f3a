/* SPDX-License-Identifier: ISC */
/*
 * Proxy and gratuitous ARP on the home link (RFC 5944 4.6).
 */
#include "ha/home_link.h"

#include "ha/binding.h"
#include "ha/ha_config.h"

#include <CUnit/CUnit.h>
#include <string.h>

#include "tests/unit/suites.h"

enum { IFINDEX = 3 };

static const struct mac our_mac = { { 2, 0, 0, 0, 0, 1 } };
static const struct mac node_mac = { { 2, 0, 0, 0, 0, 10 } };
static const struct mac host_mac = { { 2, 0, 0, 0, 0, 2 } };

struct bench {
	struct timers timers;
	struct links links;
	struct home_link link;
	struct home_node node;
	struct home_presence presence;
	struct effect_list fx;
	instant_t now;
};

static struct in_addr addr(uint32_t a)
{
	return (struct in_addr){ htonl(a) };
}

#define NODE 0x0a01000au
#define HOST 0x0a010002u

static void set_link(struct bench *b, bool up, struct mac mac)
{
	const struct link l = {
		.ifindex = IFINDEX, .name = "home", .up = up, .mac = mac
	};

	CU_ASSERT_TRUE(links_set(&b->links, &l));
}

static void bench_open(struct bench *b, const char *interface)
{
	struct home_network n = { .prefix = { addr(0x0a010000), 24 } };

	memset(b, 0, sizeof(*b));
	strncpy(n.interface, interface, sizeof(n.interface) - 1);
	b->now = (instant_t){ INT64_C(7000000000) };
	b->node.home = addr(NODE);
	b->node.presence = &b->presence;
	b->presence.node = &b->node;
	b->presence.announce.kind = TIMER_ANNOUNCE;
	b->presence.defend.kind = TIMER_DEFEND;
	timers_init(&b->timers);
	effect_list_init(&b->fx);
	set_link(b, true, our_mac);
	home_link_init(&b->link, &n, &b->links);
}

static void bench_close(struct bench *b)
{
	timers_cancel(&b->timers, &b->presence.announce);
	timers_cancel(&b->timers, &b->presence.defend);
	timers_fini(&b->timers);
	effect_list_fini(&b->fx);
}

static void leave(struct bench *b)
{
	effect_list_clear(&b->fx);
	home_link_leaving(&b->link, &b->node, 9, &b->timers, b->now, &b->fx);
}

static bool is_announcement(const struct effect *e, struct mac mac)
{
	return e->kind == EFFECT_SEND_ARP && e->arp.ifindex == IFINDEX &&
	       mac_equal(e->arp.to, MAC_BROADCAST) &&
	       mac_equal(e->arp.arp.sender_mac, mac) &&
	       e->arp.arp.sender.s_addr == htonl(NODE) &&
	       e->arp.arp.target.s_addr == htonl(NODE);
}

/* Go to the next timer; its kind, or -1. */
static int step(struct bench *b)
{
	struct timer *t;

	effect_list_clear(&b->fx);
	if (instant_is_never(timers_next(&b->timers)))
		return -1;
	b->now = timers_next(&b->timers);
	t = timers_take_due(&b->timers, b->now);
	if (t->kind == TIMER_ANNOUNCE)
		home_link_announce(&b->link, &b->node, &b->timers, b->now, &b->fx);
	else
		home_link_defend(&b->link, &b->node, b->now, &b->fx);
	return t->kind;
}

static enum home_arp hear(struct bench *b, uint16_t op, struct mac from,
			  uint32_t sender, uint32_t target)
{
	const struct arp_frame f = {
		.arp = { op, from, addr(sender), { { 0 } }, addr(target) },
		.from = from,
		.ifindex = IFINDEX,
	};

	effect_list_clear(&b->fx);
	return home_link_on_arp(&b->link, &b->node, &f, &b->fx);
}

static void leaving_announces_us_twice(void)
{
	struct bench b;
	instant_t first;

	bench_open(&b, "home");
	leave(&b);
	first = b.now;
	CU_ASSERT_EQUAL_FATAL(b.fx.count, 1);
	CU_ASSERT_TRUE(is_announcement(&b.fx.at[0], our_mac));
	CU_ASSERT_EQUAL(b.fx.at[0].txn, 9);
	CU_ASSERT_TRUE(b.presence.proxied);
	CU_ASSERT_EQUAL(step(&b), TIMER_ANNOUNCE);
	CU_ASSERT_EQUAL(instant_diff(b.now, first).ns, duration_s(2).ns);
	CU_ASSERT_TRUE(b.fx.count == 1 && is_announcement(&b.fx.at[0], our_mac));
	CU_ASSERT_EQUAL(step(&b), -1);
	bench_close(&b);
}

static void returning_announces_the_node(void)
{
	struct bench b;

	bench_open(&b, "home");
	leave(&b);
	effect_list_clear(&b.fx);
	home_link_returned(&b.link, &b.node, node_mac, &b.timers, b.now, &b.fx);
	CU_ASSERT_FALSE(b.presence.proxied);
	CU_ASSERT_TRUE(b.fx.count == 1 && is_announcement(&b.fx.at[0], node_mac));
	CU_ASSERT_EQUAL(step(&b), TIMER_ANNOUNCE);
	CU_ASSERT_TRUE(b.fx.count == 1 && is_announcement(&b.fx.at[0], node_mac));
	CU_ASSERT_EQUAL(step(&b), -1);
	bench_close(&b);
}

/* A node that leaves again at once is not announced at home any more. */
static void leaving_again_ends_the_other_announcement(void)
{
	struct bench b;

	bench_open(&b, "home");
	home_link_returned(&b.link, &b.node, node_mac, &b.timers, b.now, &b.fx);
	leave(&b);
	CU_ASSERT_EQUAL(step(&b), TIMER_ANNOUNCE);
	CU_ASSERT_TRUE(b.fx.count == 1 && is_announcement(&b.fx.at[0], our_mac));
	CU_ASSERT_EQUAL(step(&b), -1);
	bench_close(&b);
}

static void expiry_announces_nothing(void)
{
	struct bench b;

	bench_open(&b, "home");
	leave(&b);
	effect_list_clear(&b.fx);
	home_link_gone(&b.node, &b.timers);
	CU_ASSERT_FALSE(b.presence.proxied);
	CU_ASSERT_EQUAL(b.fx.count, 0);
	CU_ASSERT_EQUAL(step(&b), -1);
	bench_close(&b);
}

static void requests_and_probes_are_answered(void)
{
	struct bench b;
	const struct arp_message *a;

	bench_open(&b, "home");
	leave(&b);
	CU_ASSERT_EQUAL(hear(&b, ARP_REQUEST, host_mac, HOST, NODE), HOME_ARP_ANSWERED);
	CU_ASSERT_EQUAL_FATAL(b.fx.count, 1);
	a = &b.fx.at[0].arp.arp;
	CU_ASSERT_TRUE(mac_equal(b.fx.at[0].arp.to, host_mac));
	CU_ASSERT_EQUAL(a->op, ARP_REPLY);
	CU_ASSERT_TRUE(mac_equal(a->sender_mac, our_mac));
	CU_ASSERT_EQUAL(a->sender.s_addr, htonl(NODE));
	CU_ASSERT_TRUE(mac_equal(a->target_mac, host_mac));
	CU_ASSERT_EQUAL(a->target.s_addr, htonl(HOST));
	CU_ASSERT_EQUAL(hear(&b, ARP_REQUEST, host_mac, 0, NODE), HOME_ARP_ANSWERED);
	CU_ASSERT_EQUAL(b.fx.count, 1);
	bench_close(&b);
}

static void nothing_else_is_answered(void)
{
	struct bench b;
	struct arp_frame f = {
		.arp = { ARP_REQUEST, host_mac, addr(HOST), { { 0 } }, addr(NODE) },
		.from = host_mac,
		.ifindex = IFINDEX + 1,
	};

	bench_open(&b, "home");
	/* at home */
	CU_ASSERT_EQUAL(hear(&b, ARP_REQUEST, host_mac, HOST, NODE), HOME_ARP_NONE);
	leave(&b);
	/* another address, a reply, ourselves, another link, a broken source */
	CU_ASSERT_EQUAL(hear(&b, ARP_REQUEST, host_mac, HOST, NODE + 1), HOME_ARP_NONE);
	CU_ASSERT_EQUAL(hear(&b, ARP_REPLY, host_mac, HOST, NODE), HOME_ARP_NONE);
	CU_ASSERT_EQUAL(hear(&b, ARP_REQUEST, our_mac, HOST, NODE), HOME_ARP_NONE);
	CU_ASSERT_EQUAL(hear(&b, ARP_REQUEST, MAC_BROADCAST, HOST, NODE),
			HOME_ARP_NONE);
	effect_list_clear(&b.fx);
	CU_ASSERT_EQUAL(home_link_on_arp(&b.link, &b.node, &f, &b.fx), HOME_ARP_NONE);
	CU_ASSERT_EQUAL(b.fx.count, 0);
	bench_close(&b);
}

static void claims_are_seen_in_any_form(void)
{
	struct bench b;

	bench_open(&b, "home");
	CU_ASSERT_EQUAL(hear(&b, ARP_REQUEST, node_mac, NODE, NODE), HOME_ARP_NONE);
	leave(&b);
	CU_ASSERT_EQUAL(hear(&b, ARP_REQUEST, node_mac, NODE, NODE), HOME_ARP_CLAIMED);
	CU_ASSERT_EQUAL(hear(&b, ARP_REPLY, node_mac, NODE, NODE), HOME_ARP_CLAIMED);
	CU_ASSERT_EQUAL(hear(&b, ARP_REQUEST, node_mac, NODE, HOST), HOME_ARP_CLAIMED);
	CU_ASSERT_EQUAL(b.fx.count, 0);
	/* our own announcement, heard again */
	CU_ASSERT_EQUAL(hear(&b, ARP_REQUEST, our_mac, NODE, NODE), HOME_ARP_NONE);
	bench_close(&b);
}

static void claims_are_defended_at_a_bounded_rate(void)
{
	struct bench b;
	instant_t first;

	bench_open(&b, "home");
	leave(&b);
	CU_ASSERT_EQUAL(step(&b), TIMER_ANNOUNCE);
	first = b.now;
	for (int i = 0; i < 100; i++)
		home_link_claimed(&b.node, &b.timers, b.now);
	CU_ASSERT_EQUAL(step(&b), TIMER_DEFEND);
	CU_ASSERT_EQUAL(instant_diff(b.now, first).ns, duration_s(2).ns);
	CU_ASSERT_TRUE(b.fx.count == 1 && is_announcement(&b.fx.at[0], our_mac));
	first = b.now;
	home_link_claimed(&b.node, &b.timers, b.now);
	CU_ASSERT_EQUAL(step(&b), TIMER_DEFEND);
	CU_ASSERT_EQUAL(instant_diff(b.now, first).ns, duration_s(10).ns);
	bench_close(&b);
}

/* The node's own gratuitous ARP comes before its deregistration. */
static void returning_drops_the_claim(void)
{
	struct bench b;

	bench_open(&b, "home");
	leave(&b);
	home_link_claimed(&b.node, &b.timers, b.now);
	home_link_gone(&b.node, &b.timers);
	CU_ASSERT_EQUAL(step(&b), -1);
	bench_close(&b);
}

static void a_link_that_is_down_hears_nothing(void)
{
	struct bench b;

	bench_open(&b, "home");
	set_link(&b, false, our_mac);
	CU_ASSERT_FALSE(home_link_update(&b.link, &b.links));
	leave(&b);
	CU_ASSERT_EQUAL(b.fx.count, 0);
	CU_ASSERT_TRUE(b.presence.proxied);
	CU_ASSERT_EQUAL(hear(&b, ARP_REQUEST, host_mac, HOST, NODE), HOME_ARP_NONE);
	set_link(&b, true, our_mac);
	CU_ASSERT_TRUE(home_link_update(&b.link, &b.links));
	CU_ASSERT_FALSE(home_link_update(&b.link, &b.links));
	home_link_resume(&b.link, &b.node, &b.timers, b.now);
	CU_ASSERT_EQUAL(step(&b), TIMER_ANNOUNCE);
	CU_ASSERT_EQUAL(step(&b), TIMER_ANNOUNCE);
	CU_ASSERT_TRUE(b.fx.count == 1 && is_announcement(&b.fx.at[0], our_mac));
	CU_ASSERT_EQUAL(step(&b), -1);
	bench_close(&b);
}

static void another_hardware_address_is_news(void)
{
	struct bench b;

	bench_open(&b, "home");
	set_link(&b, true, host_mac);
	CU_ASSERT_TRUE(home_link_update(&b.link, &b.links));
	links_remove(&b.links, IFINDEX);
	CU_ASSERT_FALSE(home_link_update(&b.link, &b.links));
	CU_ASSERT_FALSE(home_link_can_send(&b.link));
	bench_close(&b);
}

static void only_nodes_away_are_announced_again(void)
{
	struct bench b;

	bench_open(&b, "home");
	home_link_resume(&b.link, &b.node, &b.timers, b.now);
	CU_ASSERT_EQUAL(step(&b), -1);
	bench_close(&b);
}

static void virtual_networks_never_arp(void)
{
	struct bench b;

	bench_open(&b, "");
	CU_ASSERT_TRUE(home_link_is_virtual(&b.link));
	leave(&b);
	CU_ASSERT_EQUAL(b.fx.count, 0);
	CU_ASSERT_FALSE(b.presence.proxied);
	home_link_returned(&b.link, &b.node, node_mac, &b.timers, b.now, &b.fx);
	CU_ASSERT_EQUAL(b.fx.count, 0);
	CU_ASSERT_EQUAL(step(&b), -1);
	bench_close(&b);
}

void suite_home_link(void)
{
	CU_pSuite s = CU_add_suite("home_link", NULL, NULL);

	CU_add_test(s, "leaving announces us twice", leaving_announces_us_twice);
	CU_add_test(s, "returning announces the node", returning_announces_the_node);
	CU_add_test(s, "leaving again ends the other announcement",
		    leaving_again_ends_the_other_announcement);
	CU_add_test(s, "expiry announces nothing", expiry_announces_nothing);
	CU_add_test(s, "requests and probes are answered",
		    requests_and_probes_are_answered);
	CU_add_test(s, "nothing else is answered", nothing_else_is_answered);
	CU_add_test(s, "claims are seen in any form", claims_are_seen_in_any_form);
	CU_add_test(s, "claims are defended at a bounded rate",
		    claims_are_defended_at_a_bounded_rate);
	CU_add_test(s, "returning drops the claim", returning_drops_the_claim);
	CU_add_test(s, "a link that is down hears nothing",
		    a_link_that_is_down_hears_nothing);
	CU_add_test(s, "another hardware address is news",
		    another_hardware_address_is_news);
	CU_add_test(s, "only nodes away are announced again",
		    only_nodes_away_are_announced_again);
	CU_add_test(s, "virtual networks never arp", virtual_networks_never_arp);
}
