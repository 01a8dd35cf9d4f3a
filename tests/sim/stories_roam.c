/* SPDX-License-Identifier: ISC */
/*
 * Stories of roaming: agents, addresses of one's own, home.
 */
#include "tests/sim/story.h"

static const enum encap_kind kinds[] = { ENCAP_IPIP, ENCAP_MINIMAL, ENCAP_GRE };

bool story_visit(struct world *w, int mn, int segment, duration_t most)
{
	world_move(w, mn, segment);
	return world_run_until(w, mn, MN_REGISTERED, most);
}

bool story_go_home(struct world *w, int mn, duration_t most)
{
	world_move(w, mn, SEG_HOME);
	return world_run_until(w, mn, MN_AT_HOME, most);
}

/* Each of the ways to tunnel; `segment` is where. */
static void by_every_tunnel(struct world *w, int segment)
{
	world_start(w);
	for (unsigned i = 0; i < 6; i++) {
		struct mn_config *c = &w->node[MN0].config.mn;

		c->encap = kinds[i / 2];
		c->reverse_tunnel = i % 2;
		world_restart(w, MN0);
		EXPECT(w, story_visit(w, MN0, segment, duration_s(5)));
		world_run(w, duration_ms(50));
		EXPECT(w, world_bindings(w, MN0) == 1);
		EXPECT(w, world_reaches(w, MN0));
		EXPECT(w, world_reaches(w, MN0));
	}
}

void story_foreign_agent(struct world *w)
{
	by_every_tunnel(w, SEG_VISIT0);
	EXPECT(w, world_visitors(w, FA0) == 1);
	EXPECT(w, w->node[FA0].fwd != NULL);
}

void story_co_located(struct world *w)
{
	w->node[MN0].config.mn.has_colocated = true;
	by_every_tunnel(w, SEG_LAN);
	EXPECT(w, world_status(w, MN0).place == MN_COLOCATED);
	EXPECT(w, world_status(w, MN0).care_of.s_addr == world_own_care_of(MN0).s_addr);
}

void story_handoff(struct world *w)
{
	static const int path[] = { 0, 1, 2, 1, 0, 2 };

	world_start(w);
	for (unsigned i = 0; i < 6; i++)
		for (int mn = MN0; mn < MN0 + 2; mn++) {
			int fa = (path[i] + mn) % FOREIGN_AGENTS;
			struct mn_status s;

			EXPECT(w, story_visit(w, mn, SEG_VISIT0 + fa, duration_s(2)));
			s = world_status(w, mn);
			EXPECT(w, instant_diff(s.registered_at, s.link_up_at).ns <
					  duration_ms(50).ns);
			EXPECT(w, s.care_of.s_addr == world_care_of(FA0 + fa).s_addr);
			EXPECT(w, s.requests_sent == 1);
			EXPECT(w, world_reaches(w, mn));
			EXPECT(w, world_bindings(w, mn) == 1);
			world_run(w,
				  duration_s(2)); /* so that it may solicit at once */
		}
}

static bool settled_at(struct world *w, int fa, duration_t most)
{
	world_run(w, most);
	return world_status(w, MN0).state == MN_REGISTERED &&
	       world_status(w, MN0).care_of.s_addr == world_care_of(fa).s_addr;
}

void story_drift(struct world *w)
{
	world_start(w);
	EXPECT(w, story_visit(w, MN0, SEG_VISIT0, duration_s(5)));
	world_run(w, duration_s(5));
	world_drift(w, MN0, SEG_VISIT0 + 1);
	EXPECT(w, settled_at(w, FA0 + 1, duration_ms(2500)));
	EXPECT(w, world_reaches(w, MN0));
	/* An agent that tells no prefix is found when the other has been silent. */
	world_kill(w, FA0 + 2);
	w->node[FA0 + 2].config.advert.prefix_lengths = false;
	world_restart(w, FA0 + 2);
	world_drift(w, MN0, SEG_VISIT0 + 2);
	EXPECT(w, settled_at(w, FA0 + 2, duration_ms(5000)));
	EXPECT(w, world_reaches(w, MN0));
}

void story_home(struct world *w)
{
	struct in_addr home = world_home_of(MN0);

	world_start(w);
	for (unsigned round = 0; round < 2; round++) {
		EXPECT(w, story_go_home(w, MN0, duration_s(5)));
		world_run(w, duration_s(1));
		EXPECT(w, world_bindings(w, MN0) == 0);
		EXPECT(w,
		       world_arrives(w, HOST, home) == 1); /* and learns who has it */
		EXPECT(w, world_arrives(w, MN0, w->node[HOST].iface[0].addr.addr) == 1);
		EXPECT(w, world_reaches(w, MN0));
		EXPECT(w, story_visit(w, MN0, SEG_VISIT0 + 1, duration_s(5)));
		world_run(w, duration_s(1));
		EXPECT(w, world_arrives(w, HOST, home) == 1);
		EXPECT(w, world_arrives(w, MN0, w->node[HOST].iface[0].addr.addr) == 1);
		EXPECT(w, world_reaches(w, MN0));
		world_run(w, duration_s(40)); /* the host has forgotten, and asks */
		EXPECT(w, world_arrives(w, HOST, home) == 1);
	}
}

void story_simultaneous(struct world *w)
{
	w->node[MN0].config.mn.simultaneous = true;
	world_start(w);
	EXPECT(w, story_visit(w, MN0, SEG_VISIT0, duration_s(5)));
	EXPECT(w, story_visit(w, MN0, SEG_VISIT0 + 1, duration_s(5)));
	EXPECT(w, world_bindings(w, MN0) == 2);
	EXPECT(w, world_visitors(w, FA0) == 1 && world_visitors(w, FA0 + 1) == 1);
	EXPECT(w, world_reaches(w, MN0)); /* the other copy finds nobody on its link */
	world_drift(w, MN0, SEG_VISIT0);
	EXPECT(w, world_arrives(w, CN, world_home_of(MN0)) == 1);
	EXPECT(w, story_go_home(w, MN0, duration_s(5)));
	EXPECT(w, world_bindings(w, MN0) == 0);
}

void story_broadcasts(struct world *w)
{
	struct in_addr all = world_addr(10, 1, 0, 255);

	w->node[MN0].config.mn.broadcasts = true;
	w->node[MN0].config.mn.has_colocated = true;
	world_start(w);
	for (unsigned i = 0; i < 2; i++) {
		EXPECT(w, story_visit(w, MN0, i ? SEG_LAN : SEG_VISIT0, duration_s(5)));
		world_run(w, duration_s(1));
		EXPECT(w, world_arrives(w, HOST, all) == 1);
	}
	w->node[MN0].config.mn.broadcasts = false;
	world_restart(w, MN0);
	EXPECT(w, story_visit(w, MN0, SEG_VISIT0, duration_s(5)));
	EXPECT(w, world_arrives(w, HOST, all) == 0);
}

void story_discovery(struct world *w)
{
	w->node[MN0].config.mn.home_agent.s_addr = INADDR_ANY;
	w->node[MN0].config.mn.has_colocated = true;
	world_start(w);
	for (int fa = 0; fa < 2; fa++) {
		EXPECT(w, story_visit(w, MN0, SEG_VISIT0 + fa, duration_s(5)));
		EXPECT(w, world_status(w, MN0).home_agent.s_addr ==
				  w->node[HA].iface[0].addr.addr.s_addr);
		EXPECT(w, world_reaches(w, MN0));
		world_restart(w, MN0);
	}
	EXPECT(w, story_visit(w, MN0, SEG_LAN, duration_s(10)));
	EXPECT(w, world_reaches(w, MN0));
	world_restart(w, MN0);
	EXPECT(w, story_go_home(w, MN0, duration_s(10)));
	EXPECT(w, world_reaches(w, MN0));
}

void story_sessions(struct world *w)
{
	w->node[MN0].config.mn.deregister_on_exit = true;
	world_start(w);
	EXPECT(w, story_visit(w, MN0, SEG_VISIT0, duration_s(5)));
	EXPECT(w, story_visit(w, MN0 + 1, SEG_VISIT0, duration_s(5)));
	EXPECT(w, story_go_home(w, MN0 + 2, duration_s(5)));
	world_run(w, duration_s(90));
	EXPECT(w, world_visitors(w, FA0) == 2);
	EXPECT(w, w->accepted_count > 4); /* both were renewed */
}
