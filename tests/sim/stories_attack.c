/* SPDX-License-Identifier: ISC */
/*
 * Stories of what others do on purpose.
 */
#include "common/wire/udp.h"
#include "tests/sim/story.h"

#include <string.h>

void story_replay(struct world *w)
{
	struct captured away, home;

	world_start(w);
	EXPECT(w, story_visit(w, MN0, SEG_VISIT0, duration_s(5)));
	away = w->last_request;
	EXPECT(w, story_go_home(w, MN0, duration_s(5)));
	home = w->last_request;
	world_run(w, duration_s(1));
	network_replay(&w->node[HA], &away); /* to have the node's packets sent away */
	world_run(w, duration_s(1));
	EXPECT(w, world_bindings(w, MN0) == 0);
	EXPECT(w, story_visit(w, MN0, SEG_VISIT0 + 1, duration_s(5)));
	network_replay(&w->node[HA], &home); /* to cut it off */
	network_replay(&w->node[HA], &away);
	world_run(w, duration_s(20));
	network_replay(&w->node[HA], &home);
	network_replay(&w->node[HA], &away);
	world_run(w, duration_s(1));
	EXPECT(w, world_bindings(w, MN0) == 1);
	EXPECT(w, world_reaches(w, MN0));
	EXPECT(w, world_status(w, MN0).clock_offset.ns == 0);
}

/* A Request on its way that is kept from arriving. */
struct thief {
	uint8_t type;
	bool stolen;
	struct captured loot;
};

static bool steal(struct world *w, void *arg, uint8_t *packet, size_t *len)
{
	struct thief *t = arg;
	struct udp_packet udp;

	(void)w;
	if (t->stolen || udp_open(packet, *len, false, &udp) != UDP_OK ||
	    mip_message_type(reader_over(udp.payload, udp.len)) != t->type)
		return true;
	t->stolen = true;
	t->loot = (struct captured){ .len = udp.len, .src = udp.src, .dst = udp.dst };
	memcpy(t->loot.bytes, udp.payload, udp.len);
	return false;
}

static void each_bit_changed(struct world *w, struct node *to, struct captured *c)
{
	for (size_t bit = 0; bit < c->len * 8; bit++) {
		c->bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		network_replay(to, c);
		c->bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	world_run(w, duration_ms(50));
}

void story_altered_requests(struct world *w)
{
	struct thief thief = { .type = MIP_TYPE_REQUEST };

	w->tap = steal;
	w->tap_arg = &thief;
	world_start(w);
	world_move(w, MN0, SEG_VISIT0 + 1);
	world_run(w, duration_ms(500));
	EXPECT(w, thief.stolen);
	each_bit_changed(w, &w->node[HA], &thief.loot);
	EXPECT(w, w->accepted_count == 0 && world_bindings(w, MN0) == 0);
	/* The true one does it, so it was not the timestamp that kept them out. */
	network_replay(&w->node[HA], &thief.loot);
	world_run(w, duration_ms(50));
	EXPECT(w, world_bindings(w, MN0) == 1);
	w->tap = NULL;
	EXPECT(w, world_run_until(w, MN0, MN_REGISTERED, duration_s(10)));
}

void story_altered_replies(struct world *w)
{
	struct thief thief = { .type = MIP_TYPE_REPLY };

	w->tap = steal;
	w->tap_arg = &thief;
	world_start(w);
	world_move(w, MN0, SEG_VISIT0);
	world_run(w, duration_ms(500));
	EXPECT(w, thief.stolen);
	each_bit_changed(w, &w->node[FA0], &thief.loot);
	EXPECT(w, world_visitors(w, FA0) == 0);
	EXPECT(w, world_status(w, MN0).state == MN_REGISTERING);
	w->tap = NULL;
	EXPECT(w, world_run_until(w, MN0, MN_REGISTERED, duration_s(70)));
	EXPECT(w, world_reaches(w, MN0));
}

/* The second node says it were the first, but has only its own key. */
void story_impostor(struct world *w)
{
	struct mn_config *c = &w->node[MN0 + 1].config.mn;

	c->home.addr = world_home_of(MN0);
	world_start(w);
	EXPECT(w, story_visit(w, MN0, SEG_VISIT0 + 1, duration_s(5)));
	EXPECT(w, !story_visit(w, MN0 + 1, SEG_VISIT0 + 2, duration_s(20)));
	EXPECT(w, world_visitors(w, FA0 + 2) == 0);
	EXPECT(w, world_reaches(w, MN0));
	/* Nor on the same link, next to it. */
	EXPECT(w, !story_visit(w, MN0 + 1, SEG_VISIT0 + 1, duration_s(70)));
	EXPECT(w, world_bindings(w, MN0) == 1);
	EXPECT(w, world_status(w, MN0).state == MN_REGISTERED);
	EXPECT(w, world_arrives(w, CN, world_home_of(MN0)) == 1);
}
