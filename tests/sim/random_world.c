/* SPDX-License-Identifier: ISC */
/*
 * Random worlds: nodes move, agents die, clocks jump, links lose, kernels
 * refuse, somebody replays and alters; the invariants hold after every step.
 * When peace comes everybody is registered again and packets go both ways,
 * each once.
 */
#include "tests/sim/random_world.h"
#include "tests/sim/world.h"

#include <stdlib.h>
#include <string.h>

enum {
	TROUBLES = 40,
	PEACE_S = 400, /* longer than any pause of a node after denials */
	CAPTURED = 16,
	CLOCK_JUMP_S = 4000,
};

struct chaos {
	struct world w;
	struct captured heard[CAPTURED]; /* Requests that were accepted */
	unsigned heard_count;
	uint64_t heard_accepted;
	struct in_addr last_home;
};

static unsigned dice(struct world *w, unsigned sides)
{
	return rng_below(&w->rng, sides);
}

static int some_node(struct world *w)
{
	return MN0 + (int)dice(w, w->mobile_nodes);
}

/* Configurations. */

static void vary_mobile_node(struct world *w, int mn)
{
	struct mn_config *c = &w->node[mn].config.mn;

	c->lifetime = (uint16_t)(10 + dice(w, 120));
	c->encap = (enum encap_kind)dice(w, ENCAP_KIND_COUNT);
	c->reverse_tunnel = dice(w, 2);
	c->broadcasts = dice(w, 4) == 0;
	c->has_colocated = dice(w, 2);
	c->deregister_on_exit = dice(w, 2);
	if (dice(w, 8) == 0)
		c->home_agent.s_addr = INADDR_ANY;
	w->node[mn].skew = duration_s((int64_t)dice(w, 20) - 10);
}

static void vary_foreign_agent(struct world *w, int fa)
{
	struct node_config *c = &w->node[fa].config;

	c->fa.max_lifetime = (uint16_t)(20 + dice(w, 200));
	c->fa.gre = dice(w, 4) != 0;
	c->fa.minimal = dice(w, 4) != 0;
	c->fa.reverse_tunnel = dice(w, 4) != 0;
	c->advert.prefix_lengths = dice(w, 4) != 0;
	c->advert.registration_lifetime = c->fa.max_lifetime;
}

static void vary(struct world *w)
{
	struct ha_config *ha = &w->node[HA].config.ha;

	ha->has_store = dice(w, 2);
	ha->bindings_per_node = 1 + dice(w, 4);
	ha->simultaneous = ha->bindings_per_node > 1;
	ha->gre = dice(w, 4) != 0;
	ha->reverse_tunnel = dice(w, 8) != 0;
	for (int fa = FA0; fa < ROUTER; fa++)
		vary_foreign_agent(w, fa);
	for (int mn = MN0; mn < MN0 + (int)w->mobile_nodes; mn++)
		vary_mobile_node(w, mn);
	if (dice(w, 8) == 0)
		w->ntp0 = UINT64_C(0xffffffc0) << 32;
}

/* Troubles. */

static int some_segment(struct world *w)
{
	return (int)dice(w, SEGMENTS + 1) - 1;
}

static void move(struct chaos *c)
{
	int mn = some_node(&c->w);

	world_move(&c->w, mn, some_segment(&c->w));
}

static void drift(struct chaos *c)
{
	int mn = some_node(&c->w);

	if (c->w.node[mn].iface[0].up)
		world_drift(&c->w, mn, SEG_VISIT0 + (int)dice(&c->w, FOREIGN_AGENTS));
}

static void change_weather(struct chaos *c)
{
	struct world *w = &c->w;
	struct impairment *line = dice(w, 2) ? &w->links : &w->cloud;

	line->loss = dice(w, 3) ? dice(w, 100) : dice(w, 600);
	line->duplicate = dice(w, 200);
	line->delay_min = duration_ms(1 + dice(w, 10));
	line->delay_max = duration_ms(duration_to_ms(line->delay_min) + dice(w, 300));
}

/*
 * A home agent that starts anew without a store knows only that older timestamps
 * than its start are old; those of nodes whose clocks are ahead could be taken again.
 */
static void start_anew(struct chaos *c, int node)
{
	world_restart(&c->w, node);
	if (node == HA && !c->w.node[HA].config.ha.has_store)
		memset(c->heard, 0, sizeof(c->heard));
}

static void restart(struct chaos *c)
{
	static const int who[] = { HA, FA0, FA0 + 1, FA0 + 2 };
	struct world *w = &c->w;

	start_anew(c, dice(w, 3) ? who[dice(w, 4)] : some_node(w));
}

static void refuse(struct chaos *c)
{
	static const int who[] = { HA, FA0, FA0 + 1, FA0 + 2 };
	struct world *w = &c->w;
	struct node *n = &w->node[dice(w, 2) ? who[dice(w, 4)] : some_node(w)];

	if (dice(w, 2))
		n->fail_next = (int)dice(w, EFFECT_NOTE);
	else
		n->fail_permille = dice(w, 3) ? 0 : dice(w, 300);
}

/*
 * A home agent whose clock is set back can take no timestamp of a node until
 * the clock is where it was (RFC 5944 5.7.1), unless it starts anew.
 */
static void set_clock(struct chaos *c)
{
	struct world *w = &c->w;
	struct node *n = &w->node[dice(w, 4) ? some_node(w) : HA];
	duration_t was = n->skew;

	n->skew = duration_s((int64_t)dice(w, CLOCK_JUMP_S) - CLOCK_JUMP_S / 2);
	if (n->id != HA || n->skew.ns >= was.ns)
		return;
	start_anew(c, HA);
	memset(c->heard, 0, sizeof(c->heard));
}

static void talk(struct chaos *c)
{
	struct world *w = &c->w;
	int mn = some_node(w);

	world_send(w, dice(w, 2) ? CN : HOST, world_home_of(mn));
	world_send(w, mn, w->node[CN].iface[0].addr.addr);
	world_send(w, mn, world_home_of(some_node(w)));
	world_send(w, HOST, world_addr(10, 1, 0, 255));
}

/* An old Request that was accepted, as it was or with a bit changed. */
static void attack(struct chaos *c)
{
	struct world *w = &c->w;
	struct captured *old = &c->heard[dice(w, CAPTURED)];
	size_t before = 0, after = 0;
	uint64_t accepted = w->accepted_count;
	size_t bit;

	if (old->len == 0)
		return;
	for (int mn = MN0; mn < MN0 + (int)w->mobile_nodes; mn++)
		before += world_bindings(w, mn);
	bit = dice(w, 2) ? dice(w, (uint32_t)old->len * 8) : SIZE_MAX;
	if (bit != SIZE_MAX)
		old->bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
	network_replay(&w->node[HA], old);
	if (bit != SIZE_MAX)
		old->bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
	for (int mn = MN0; mn < MN0 + (int)w->mobile_nodes; mn++)
		after += world_bindings(w, mn);
	if (before != after || w->accepted_count != accepted)
		world_break(w, "an old request was taken for a new one");
}

/* Keep what the home agent accepts for later. */
static void overhear(struct chaos *c)
{
	if (c->w.accepted_count == c->heard_accepted)
		return;
	c->heard_accepted = c->w.accepted_count;
	c->heard[c->heard_count++ % CAPTURED] = c->w.last_request;
}

static void trouble(struct chaos *c)
{
	static void (*const kinds[])(struct chaos *) = {
		move,   move,      move, drift, change_weather, restart,
		refuse, set_clock, talk, talk,  attack,         attack,
	};

	kinds[dice(&c->w, sizeof(kinds) / sizeof(kinds[0]))](c);
}

/* Peace. */

static void make_peace(struct world *w)
{
	const struct impairment calm = { 0, 0, duration_ms(1), duration_ms(1) };

	w->links = w->cloud = calm;
	for (int i = 0; i < NODES; i++) {
		w->node[i].fail_permille = 0;
		w->node[i].fail_next = -1;
	}
	for (int mn = MN0; mn < MN0 + (int)w->mobile_nodes; mn++)
		world_move(w, mn, (int)dice(w, SEG_LAN));
	world_run(w, duration_s(PEACE_S));
}

static void all_are_back(struct world *w)
{
	for (int mn = MN0; mn < MN0 + (int)w->mobile_nodes; mn++) {
		struct mn_status s = world_status(w, mn);
		const char *name = w->node[mn].name;

		if (s.state != MN_REGISTERED && s.state != MN_AT_HOME)
			world_break(w, "%s is still %s, last denied with %u", name,
				    mn_state_name(s.state), s.last_code);
		else if (!world_reaches(w, mn))
			world_break(w, "%s is %s but packets do not come once each way",
				    name, mn_state_name(s.state));
	}
}

static void live(struct chaos *c)
{
	world_start(&c->w);
	for (unsigned i = 0; i < TROUBLES && !c->w.broken[0]; i++) {
		trouble(c);
		world_run(&c->w, duration_ms(dice(&c->w, 4000)));
		overhear(c);
	}
	make_peace(&c->w);
	all_are_back(&c->w);
	if (!c->w.broken[0])
		world_stop(&c->w);
}

bool random_world(uint64_t seed, bool verbose, struct random_result *result)
{
	struct chaos *c = calloc(1, sizeof(*c));

	if (!c)
		abort();
	world_init(&c->w, seed, 1 + (unsigned)(seed % MOBILE_NODES));
	c->w.verbose = verbose;
	vary(&c->w);
	live(c);
	*result = (struct random_result){ .hash = c->w.hash, .steps = c->w.steps };
	snprintf(result->broken, sizeof(result->broken), "%s", c->w.broken);
	world_fini(&c->w);
	free(c);
	return !result->broken[0];
}
