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
	KEYS_S = 160,  /* longer than any pause of keying, and a dead peer's time */
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
	enum random_kind kind;
	unsigned dies_at; /* an agent: before this effect of keying */
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

/* A node whose packets would come back in clear is not admitted: all tunnel back. */
static void tunnel_both_ways(struct world *w, int fa)
{
	w->node[HA].config.ha.reverse_tunnel = true;
	w->node[fa].config.fa.reverse_tunnel = true;
	for (int mn = MN0; mn < MN0 + (int)w->mobile_nodes; mn++)
		w->node[mn].config.mn.reverse_tunnel = true;
}

static void vary_protection(struct world *w, int fa)
{
	struct esp_setup s =
		esp_setup_usual(dice(w, 4) ? PROTECT_REQUIRED : PROTECT_PREFERRED);

	if (dice(w, 4) == 0)
		return;
	s.algorithm = (enum esp_algorithm)dice(w, ESP_NULL_SHA256);
	s.carrier = dice(w, 2) ? CARRIER_UDP : CARRIER_NONE;
	s.esn = dice(w, 2);
	s.window = (uint16_t)(64 + dice(w, 4033));
	s.rekey = duration_s(1 + dice(w, 20));
	s.rekey_packets = dice(w, 2) ? 1 + dice(w, 10) : 0;
	s.reauthenticate = duration_s(10 + dice(w, 60));
	world_protect(w, fa, &s);
	if (s.policy == PROTECT_REQUIRED)
		tunnel_both_ways(w, fa);
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

/* Troubles of ESP. */

static int some_agent(struct world *w)
{
	return FA0 + (int)dice(w, FOREIGN_AGENTS);
}

static void change_keys(struct chaos *c)
{
	const int fa = some_agent(&c->w);

	if (c->w.esp[fa - FA0].policy == PROTECT_OFF)
		return;
	world_rekey(&c->w, fa, fa);
	if (dice(&c->w, 2))
		world_rekey(&c->w, HA, fa);
}

static void cut(struct chaos *c)
{
	streams_cut(&c->w.streams, c->w.now);
}

static void part(struct chaos *c)
{
	c->w.streams.parted = !c->w.streams.parted;
}

static void die_silently(struct chaos *c)
{
	c->w.silent = !c->w.silent;
	restart(c);
}

static void talk_long(struct chaos *c)
{
	for (unsigned i = 0; i < 20; i++) {
		talk(c);
		world_run(&c->w, duration_ms(dice(&c->w, 100)));
	}
}

static void attack_sealed(struct chaos *c)
{
	for (unsigned i = 0; i < 10; i++) {
		world_replay_sealed(&c->w);
		world_replay_altered(&c->w);
		world_forge_clear(&c->w, some_agent(&c->w), some_node(&c->w));
	}
}

static void slow_streams(struct chaos *c)
{
	c->w.streams.delay_ms = 1 + dice(&c->w, 400);
	c->w.cloud.alter = dice(&c->w, 200);
}

/* Before some effect of keying, soon. */
static void strike(struct world *w, struct node *n, unsigned nth)
{
	const unsigned *at = w->key_step_arg;

	if (nth == *at)
		n->keys.dying = true;
}

static void die_soon(struct chaos *c)
{
	struct world *w = &c->w;

	c->dies_at = dice(w, 30);
	w->key_steps = 0;
	w->key_step = strike;
	w->key_step_arg = &c->dies_at;
	change_keys(c);
}

static void revive(struct world *w)
{
	for (int i = HA; i < ROUTER; i++)
		if (!w->node[i].core && !agent_start(&w->node[i]))
			world_break(w, "%s does not start again", w->node[i].name);
}

static void trouble(struct chaos *c)
{
	static void (*const kinds[])(struct chaos *) = {
		move,          move,         move,     drift, change_weather, restart,
		refuse,        set_clock,    talk,     talk,  attack,         attack,
		change_keys,   change_keys,  cut,      part,  die_silently,   talk_long,
		attack_sealed, slow_streams, die_soon,
	};
	enum { CLEAR = 12, ALL = sizeof(kinds) / sizeof(kinds[0]) };

	kinds[dice(&c->w, c->kind == RANDOM_CLEAR ? CLEAR : ALL)](c);
}

/* Peace. */

/*
 * A foreign agent whose kernel refused its routes offers no tunnel back until its
 * operator starts it again, and where ESP is required admits nobody without.
 */
static void start_refused_again(struct world *w)
{
	for (int fa = FA0; fa < ROUTER; fa++)
		if (w->esp[fa - FA0].policy == PROTECT_REQUIRED &&
		    w->node[fa].failed_at.ns >= 0)
			world_restart(w, fa);
}

static void make_peace(struct world *w)
{
	const struct impairment calm = { 0, 0, duration_ms(1), duration_ms(1), 0 };

	w->links = w->cloud = calm;
	for (int i = 0; i < NODES; i++) {
		w->node[i].fail_permille = 0;
		w->node[i].fail_next = -1;
	}
	w->streams.parted = false;
	w->streams.delay_ms = 10;
	w->key_step = NULL;
	revive(w);
	start_refused_again(w);
	world_run(w, duration_s(KEYS_S));
	for (int fa = FA0; fa < ROUTER; fa++)
		if (w->esp[fa - FA0].policy != PROTECT_OFF && !world_is_keyed(w, fa))
			world_break(w, "no keys with %s", w->node[fa].name);
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
		revive(&c->w);
		overhear(c);
	}
	make_peace(&c->w);
	all_are_back(&c->w);
	if (!c->w.broken[0])
		world_stop(&c->w);
}

bool random_world(uint64_t seed, enum random_kind kind, bool verbose,
		  struct random_result *result)
{
	struct chaos *c = calloc(1, sizeof(*c));

	if (!c)
		abort();
	world_init(&c->w, seed, 1 + (unsigned)(seed % MOBILE_NODES));
	c->w.verbose = verbose;
	c->kind = kind;
	vary(&c->w);
	for (int fa = FA0; kind == RANDOM_PROTECTED && fa < ROUTER; fa++)
		vary_protection(&c->w, fa);
	live(c);
	*result = (struct random_result){ .hash = c->w.hash, .steps = c->w.steps };
	snprintf(result->broken, sizeof(result->broken), "%s", c->w.broken);
	world_fini(&c->w);
	free(c);
	return !result->broken[0];
}
