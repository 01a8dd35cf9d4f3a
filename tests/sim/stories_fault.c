/* SPDX-License-Identifier: ISC */
/*
 * Stories of what goes wrong: time, losses, restarts, full tables, systems that
 * refuse.
 */
#include "common/base/ntp64.h"
#include "common/wire/mip_code.h"
#include "common/wire/udp.h"
#include "tests/sim/story.h"

static bool visit_soon(struct world *w, int mn, int segment)
{
	return story_visit(w, mn, segment, duration_s(10));
}

void story_expiry(struct world *w)
{
	world_start(w);
	EXPECT(w, visit_soon(w, MN0, SEG_VISIT0));
	world_kill(w, MN0);
	world_run(w, duration_s(40));
	EXPECT(w, world_bindings(w, MN0) == 1 && world_visitors(w, FA0) == 1);
	world_run(w, duration_s(25));
	EXPECT(w, world_bindings(w, MN0) == 0 && world_visitors(w, FA0) == 0);
	EXPECT(w, world_arrives(w, CN, world_home_of(MN0)) == 0);
	EXPECT(w, w->in_flight < 20);
	world_restart(w, MN0);
	EXPECT(w, visit_soon(w, MN0, SEG_VISIT0));
	EXPECT(w, world_reaches(w, MN0));
}

struct loser {
	unsigned replies, lose;
};

/* Swallows the first Replies that the home agent sends into the cloud. */
static bool lose_replies(struct world *w, void *arg, uint8_t *packet, size_t *len)
{
	struct loser *l = arg;
	struct udp_packet udp;

	(void)w;
	if (udp_open(packet, *len, false, &udp) != UDP_OK || udp.src_port != MIP_PORT ||
	    mip_message_type(reader_over(udp.payload, udp.len)) != MIP_TYPE_REPLY)
		return true;
	return l->replies++ >= l->lose;
}

void story_lost_reply(struct world *w)
{
	struct loser loser = { .lose = 2 };
	struct mn_status s;

	w->tap = lose_replies;
	w->tap_arg = &loser;
	world_start(w);
	EXPECT(w, visit_soon(w, MN0, SEG_VISIT0));
	s = world_status(w, MN0);
	EXPECT(w, s.requests_sent == 3);
	EXPECT(w,
	       instant_diff(s.registered_at, s.link_up_at).ns < duration_ms(3100).ns);
	EXPECT(w, world_bindings(w, MN0) == 1);
	EXPECT(w, world_reaches(w, MN0));
	w->tap = NULL;
}

/* The last Request that the home agent accepted, once more. */
static void replay_last(struct world *w)
{
	network_replay(&w->node[HA], &w->last_request);
	world_run(w, duration_ms(100));
}

void story_duplicate(struct world *w)
{
	uint64_t accepted;

	world_start(w);
	EXPECT(w, visit_soon(w, MN0, SEG_VISIT0));
	accepted = w->accepted_count;
	world_run(w, duration_s(3));
	replay_last(w);
	EXPECT(w, w->accepted_count == accepted);
	EXPECT(w, world_counter(w, HA, "replies-resent") == 1);
	/* It has not made the binding last longer. */
	world_kill(w, MN0);
	world_run(w, duration_s(57));
	EXPECT(w, world_bindings(w, MN0) == 0);
}

void story_ha_restart(struct world *w)
{
	struct captured old;

	world_start(w);
	EXPECT(w, visit_soon(w, MN0, SEG_VISIT0));
	EXPECT(w, visit_soon(w, MN0 + 1, SEG_VISIT0 + 1));
	old = w->last_request;
	world_run(w, duration_s(2));
	world_restart(w, HA);
	EXPECT(w, world_bindings(w, MN0) == 0);
	w->last_request = old;
	replay_last(w);
	EXPECT(w, world_bindings(w, MN0) + world_bindings(w, MN0 + 1) == 0);
	world_run(w, duration_s(60));
	EXPECT(w, world_bindings(w, MN0) == 1 && world_bindings(w, MN0 + 1) == 1);
	EXPECT(w, world_reaches(w, MN0) && world_reaches(w, MN0 + 1));
}

/* A second in which nobody is at home, and then everything is as before. */
void story_ha_store(struct world *w)
{
	struct captured old;
	uint64_t accepted;

	w->node[HA].config.ha.has_store = true;
	world_start(w);
	EXPECT(w, visit_soon(w, MN0, SEG_VISIT0));
	EXPECT(w, visit_soon(w, MN0 + 1, SEG_VISIT0 + 1));
	old = w->last_request;
	EXPECT(w, visit_soon(w, MN0, SEG_VISIT0 + 2));
	accepted = w->accepted_count;
	world_kill(w, HA);
	world_run(w, duration_s(1));
	world_restart(w, HA);
	EXPECT(w, world_bindings(w, MN0) == 1 && world_bindings(w, MN0 + 1) == 1);
	EXPECT(w, world_reaches(w, MN0) && world_reaches(w, MN0 + 1));
	EXPECT(w, world_arrives(w, HOST, world_home_of(MN0)) == 1);
	replay_last(w);
	w->last_request = old;
	replay_last(w);
	EXPECT(w, world_counter(w, HA, "reply-ha-identification-mismatch") == 2);
	EXPECT(w, w->accepted_count == accepted); /* nor has anybody registered */
	world_kill(w, MN0);
	world_run(w, duration_s(60));
	EXPECT(w, world_bindings(w, MN0) == 0 && world_bindings(w, MN0 + 1) == 1);
	world_restart(w, HA);
	EXPECT(w, world_bindings(w, MN0) == 0 && world_bindings(w, MN0 + 1) == 1);
}

void story_fa_restart(struct world *w)
{
	world_start(w);
	EXPECT(w, visit_soon(w, MN0, SEG_VISIT0));
	EXPECT(w, visit_soon(w, MN0 + 1, SEG_VISIT0));
	world_run(w, duration_s(3));
	world_restart(w, FA0);
	EXPECT(w, world_visitors(w, FA0) == 0);
	world_run(w, duration_s(3));
	EXPECT(w, world_visitors(w, FA0) == 2);
	EXPECT(w, world_reaches(w, MN0) && world_reaches(w, MN0 + 1));
}

void story_clocks(struct world *w)
{
	w->node[MN0].skew = duration_s(3600);
	w->node[MN0 + 1].skew = duration_s(-3600);
	world_start(w);
	for (int mn = MN0; mn < MN0 + 2; mn++) {
		EXPECT(w, visit_soon(w, mn, SEG_VISIT0 + 1));
		EXPECT(w, world_status(w, mn).requests_sent == 2);
		EXPECT(w, world_counter(w, mn, "resynchronisations") == 1);
		EXPECT(w, world_reaches(w, mn));
	}
	world_run(w, duration_s(120));
	EXPECT(w, world_counter(w, MN0, "resynchronisations") == 1);
	/* The home agent's own clock is set, and everybody follows. */
	w->node[HA].skew = duration_s(100);
	world_run(w, duration_s(120));
	for (int mn = MN0; mn < MN0 + 2; mn++)
		EXPECT(w, world_status(w, mn).state == MN_REGISTERED);
}

void story_wrap(struct world *w)
{
	w->ntp0 = UINT64_C(0xffffffe0) << 32; /* 32 seconds before */
	world_start(w);
	EXPECT(w, visit_soon(w, MN0, SEG_VISIT0));
	for (unsigned i = 0; i < 3; i++) {
		world_run(w, duration_s(40));
		EXPECT(w, world_status(w, MN0).state == MN_REGISTERED);
		EXPECT(w, world_reaches(w, MN0));
	}
	EXPECT(w, world_counter(w, MN0, "resynchronisations") == 0);
	EXPECT(w, world_counter(w, MN0, "expired") == 0);
}

void story_full_home_agent(struct world *w)
{
	w->node[HA].config.ha.max_bindings = 2;
	world_start(w);
	EXPECT(w, visit_soon(w, MN0, SEG_VISIT0));
	EXPECT(w, visit_soon(w, MN0 + 1, SEG_VISIT0 + 1));
	EXPECT(w, !visit_soon(w, MN0 + 2, SEG_VISIT0 + 1));
	EXPECT(w, world_status(w, MN0 + 2).last_code == MIP_HA_RESOURCES);
	EXPECT(w, visit_soon(w, MN0, SEG_VISIT0 + 2)); /* a move takes no more room */
	EXPECT(w, story_go_home(w, MN0, duration_s(5)));
	EXPECT(w, world_run_until(w, MN0 + 2, MN_REGISTERED, duration_s(70)));
	EXPECT(w, world_reaches(w, MN0 + 2));
}

void story_full_foreign_agent(struct world *w)
{
	w->node[FA0].config.fa.max_visitors = 2;
	world_start(w);
	EXPECT(w, visit_soon(w, MN0, SEG_VISIT0));
	EXPECT(w, visit_soon(w, MN0 + 1, SEG_VISIT0));
	EXPECT(w, !visit_soon(w, MN0 + 2, SEG_VISIT0));
	world_run(w, duration_s(100)); /* those it has are renewed */
	EXPECT(w, world_visitors(w, FA0) == 2);
	EXPECT(w, world_reaches(w, MN0) && world_reaches(w, MN0 + 1));
	EXPECT(w, visit_soon(w, MN0, SEG_VISIT0 + 1));
	EXPECT(w, world_run_until(w, MN0 + 2, MN_REGISTERED, duration_s(140)));
}

/* Once refused, nothing accepted rests on it; and then it works after all. */
static void with_refusals(struct world *w, int node, const int *kinds, unsigned count)
{
	world_start(w);
	for (unsigned i = 0; i < count; i++) {
		EXPECT(w, story_go_home(w, MN0, duration_s(100)));
		world_run(w, duration_s(70)); /* the agent has forgotten it, too */
		w->node[node].fail_next = kinds[i];
		world_move(w, MN0, SEG_VISIT0);
		EXPECT(w, world_run_until(w, MN0, MN_REGISTERED, duration_s(30)));
		EXPECT(w, w->node[node].fail_next == -1);
		world_run(w, duration_s(10));
		EXPECT(w, world_reaches(w, MN0));
	}
}

void story_refused_home_agent(struct world *w)
{
	static const int kinds[] = { EFFECT_FORWARD, EFFECT_ROUTE };

	with_refusals(w, HA, kinds, 2);
}

void story_refused_foreign_agent(struct world *w)
{
	static const int kinds[] = { EFFECT_FORWARD, EFFECT_RULE };

	with_refusals(w, FA0, kinds, 2);
}

void story_refused_mobile_node(struct world *w)
{
	static const int kinds[] = { EFFECT_ROUTE, EFFECT_NEIGHBOUR,
				     EFFECT_ARP_POLICY };

	with_refusals(w, MN0, kinds, 3);
}

void story_bad_weather(struct world *w)
{
	w->links = (struct impairment){ 200, 100, duration_ms(1), duration_ms(40), 0 };
	w->cloud = (struct impairment){ 200, 100, duration_ms(5), duration_ms(200), 0 };
	world_start(w);
	for (unsigned round = 0; round < 3; round++) {
		for (int mn = MN0; mn < MN0 + 4; mn++)
			world_move(w, mn, SEG_VISIT0 + (int)(round + (unsigned)mn) % 3);
		world_run(w, duration_s(45));
		for (int mn = MN0; mn < MN0 + 4; mn++)
			EXPECT(w,
			       world_run_until(w, mn, MN_REGISTERED, duration_s(130)));
	}
	w->links.loss = w->cloud.loss = w->links.duplicate = w->cloud.duplicate = 0;
	world_run(w, duration_s(10));
	for (int mn = MN0; mn < MN0 + 4; mn++)
		EXPECT(w, world_reaches(w, mn));
}
