/* SPDX-License-Identifier: ISC */
/*
 * Stories of ESP between agents, on a path that loses, copies, disorders and alters,
 * between agents that die; and of promises broken on purpose, to see that they are
 * kept watch over.  Each is told in worlds of its own.
 */
#include "tests/sim/story.h"

#include <stdlib.h>
#include <string.h>

enum {
	KEYS_S = 60, /* within so long there are keys again, whatever happened */
	STEPS_MOST = 200,
	CROSSINGS = 30,
	STORMS = 8,
};

/* A world with a node, and ESP required between the home agent and FA 0. */
static struct world *world_of(uint64_t seed, const struct esp_setup *setup)
{
	struct world *w = malloc(sizeof(*w));

	if (!w)
		abort();
	world_init(w, seed, 1);
	world_protect(w, FA0, setup);
	return w;
}

/* It ends in good order; what broke in it breaks the story. */
static void end_world(struct world *story, struct world *w, const char *where,
		      uint64_t seed)
{
	if (!w->broken[0])
		world_stop(w);
	if (w->broken[0])
		world_break(story, "%s, seed %llu: %s", where, (unsigned long long)seed,
			    w->broken);
	world_fini(w);
	free(w);
}

static void expect_keys(struct world *w)
{
	if (!world_await_keyed(w, FA0, duration_s(KEYS_S)))
		world_break(w, "no keys within %d s", KEYS_S);
}

static void visit(struct world *w)
{
	world_move(w, MN0, SEG_NONE);
	EXPECT(w, story_visit(w, MN0, SEG_VISIT0, duration_s(30)));
}

/* All is as it should be, and packets go both ways. */
static void expect_service(struct world *w)
{
	expect_keys(w);
	visit(w);
	EXPECT(w, world_reaches(w, MN0));
}

void story_esp(struct world *story)
{
	static const enum carrier_kind carriers[] = { CARRIER_NONE, CARRIER_UDP };

	for (unsigned n = 0; n < ESP_NULL_SHA256 * 2 * ENCAP_KIND_COUNT; n++) {
		struct esp_setup setup = esp_setup_usual(PROTECT_REQUIRED);
		struct world *w;

		setup.algorithm = (enum esp_algorithm)(n % ESP_NULL_SHA256);
		setup.carrier = carriers[n / ESP_NULL_SHA256 % 2];
		setup.esn = n % 2;
		w = world_of(n, &setup);
		w->node[MN0].config.mn.encap =
			(enum encap_kind)(n / ESP_NULL_SHA256 / 2);
		world_start(w);
		expect_service(w);
		EXPECT(w, w->sealed_count == 2);
		end_world(story, w, "esp", n);
	}
}

void story_esp_required(struct world *w)
{
	const struct esp_setup setup = esp_setup_usual(PROTECT_REQUIRED);

	world_protect(w, FA0, &setup);
	w->streams.parted = true;
	world_start(w);
	EXPECT(w, !story_visit(w, MN0, SEG_VISIT0, duration_s(30)));
	EXPECT(w, world_bindings(w, MN0) == 0 && world_visitors(w, FA0) == 0);
	EXPECT(w, world_arrives(w, CN, world_home_of(MN0)) == 0);
	EXPECT(w, story_visit(w, MN0, SEG_VISIT0 + 1, duration_s(10)));
	EXPECT(w, w->sealed_count == 0);
	w->streams.parted = false;
	world_run(w, duration_s(KEYS_S));
	expect_service(w);
	EXPECT(w, w->sealed_count > 0);
}

void story_esp_crossing(struct world *story)
{
	const struct esp_setup setup = esp_setup_usual(PROTECT_REQUIRED);

	for (uint64_t seed = 1; seed <= CROSSINGS; seed++) {
		struct world *w = world_of(seed, &setup);

		w->streams.delay_ms = 1 + rng_below(&w->rng, 200);
		world_start(w);
		if (seed % 3 == 0) {
			world_run(w, duration_ms(rng_below(&w->rng, 400)));
			world_restart(w, seed % 2 ? HA : FA0);
		}
		expect_service(w);
		world_run(w, duration_s(20));
		EXPECT(w, streams_between(&w->streams, HA, FA0) == 1);
		end_world(story, w, "crossing", seed);
	}
}

/*
 * A host of the home network and the node talk: in between there is the tunnel and
 * nothing else that loses or copies.  Returns the number of the first packet.
 */
static uint32_t talk(struct world *w, duration_t time, duration_t every,
		     void (*meanwhile)(struct world *w))
{
	const instant_t end = instant_add(w->now, time);
	const uint32_t first = w->packets;

	while (!w->broken[0] && instant_before(w->now, end)) {
		world_send(w, HOST, world_home_of(MN0));
		world_send(w, MN0, w->node[HOST].iface[0].addr.addr);
		if (meanwhile)
			meanwhile(w);
		world_run(w, every);
	}
	world_run(w, duration_s(2));
	return first;
}

/* How many of the packets since then came so often. */
static unsigned arrived(const struct world *w, uint32_t first, unsigned times)
{
	unsigned count = 0;

	for (uint32_t n = first; n < w->packets; n++)
		count += w->packet[n].received == times;
	return count;
}

/* Both ends at once, now and then. */
static void rekey_at_random(struct world *w)
{
	if (rng_below(&w->rng, 50) == 0)
		world_rekey(w, HA, FA0);
	if (rng_below(&w->rng, 50) == 0)
		world_rekey(w, FA0, FA0);
}

static void rekey_under_traffic(struct world *w)
{
	uint32_t first;

	world_start(w);
	expect_service(w);
	first = talk(w, duration_s(20), duration_ms(20), rekey_at_random);
	if (arrived(w, first, 1) != w->packets - first)
		world_break(w, "of %u packets only %u came once", w->packets - first,
			    arrived(w, first, 1));
	EXPECT(w, world_rekeys(w, FA0) > 15);
}

static struct world *rekeying_world(uint64_t seed)
{
	struct esp_setup setup = esp_setup_usual(PROTECT_REQUIRED);
	struct world *w;

	setup.rekey = duration_s(1);
	setup.rekey_packets = seed % 2 ? 0 : 30;
	setup.carrier = seed % 2 ? CARRIER_UDP : CARRIER_NONE;
	w = world_of(seed, &setup);
	w->cloud = (struct impairment){ .duplicate = 200,
					.alter = 0,
					.delay_min = duration_ms(1),
					.delay_max = duration_ms(150) };
	w->streams.delay_ms = 1 + rng_below(&w->rng, 100);
	return w;
}

void story_esp_rekey(struct world *story)
{
	for (uint64_t seed = 1; seed <= 4; seed++) {
		struct world *w = rekeying_world(seed);

		rekey_under_traffic(w);
		end_world(story, w, "rekey", seed);
	}
}

/* What happens before the nth effect of keying. */
struct blow {
	unsigned at;
	bool cut;    /* the connection ends; else the agent dies */
	bool silent; /* and nobody hears of it */
	bool rekey;  /* counted from a change of keys, not from the start */
	bool struck;
	int victim;
};

static void strike(struct world *w, struct node *n, unsigned nth)
{
	struct blow *b = w->key_step_arg;

	if (nth != b->at)
		return;
	b->struck = true;
	b->victim = n->id;
	if (b->cut)
		streams_cut(&w->streams, w->now);
	else
		n->keys.dying = true;
}

static void count_from_here(struct world *w, struct blow *b)
{
	w->key_step = strike;
	w->key_step_arg = b;
	w->key_steps = 0;
}

static void begin_rekey(struct world *w, struct blow *b)
{
	world_start(w);
	expect_service(w);
	count_from_here(w, b);
	world_rekey(w, HA, FA0);
	if (b->at % 2) /* and the other end at the same time */
		world_rekey(w, FA0, FA0);
}

static void survive(struct world *w, struct blow *b)
{
	w->silent = b->silent;
	if (b->rekey) {
		begin_rekey(w, b);
	} else {
		count_from_here(w, b);
		world_start(w);
	}
	(void)talk(w, duration_s(1), duration_ms(20), NULL);
	w->key_step = NULL;
	if (b->struck && !b->cut && !agent_start(&w->node[b->victim]))
		world_break(w, "%s does not start again", w->node[b->victim].name);
	(void)talk(w, duration_s(1), duration_ms(20), NULL);
	expect_service(w);
	world_run(w, duration_s(20));
	EXPECT(w, streams_between(&w->streams, HA, FA0) == 1);
}

/* At every step that there is, of both ends. */
static void strike_everywhere(struct world *story, struct blow b)
{
	const struct esp_setup setup = esp_setup_usual(PROTECT_REQUIRED);
	unsigned at = 0;

	do {
		struct world *w = world_of(at, &setup);

		b.at = at;
		b.struck = false;
		survive(w, &b);
		end_world(story, w,
			  b.cut      ? "cut"
			  : b.silent ? "silent death"
				     : "death",
			  at);
	} while (b.struck && !story->broken[0] && ++at < STEPS_MOST);
	EXPECT(story, at >= 8 && at < STEPS_MOST);
}

void story_esp_crash(struct world *story)
{
	strike_everywhere(story, (struct blow){ .silent = false });
	strike_everywhere(story, (struct blow){ .silent = true });
	strike_everywhere(story, (struct blow){ .cut = true });
}

void story_esp_crash_rekey(struct world *story)
{
	strike_everywhere(story, (struct blow){ .rekey = true });
	strike_everywhere(story, (struct blow){ .rekey = true, .silent = true });
	strike_everywhere(story, (struct blow){ .rekey = true, .cut = true });
}

static void attack(struct world *w)
{
	rekey_at_random(w);
	world_replay_sealed(w);
	world_replay_altered(w);
	world_forge_clear(w, FA0, MN0);
}

static void bear_bad_path(struct world *w)
{
	const struct impairment calm = w->cloud;
	uint32_t first;

	world_start(w);
	expect_service(w);
	w->cloud = (struct impairment){ .loss = 200,
					.duplicate = 200,
					.alter = 100,
					.delay_min = duration_ms(1),
					.delay_max = duration_ms(300) };
	first = talk(w, duration_s(20), duration_ms(20), attack);
	EXPECT(w, arrived(w, first, 1) > (w->packets - first) / 2);
	EXPECT(w, arrived(w, first, 0) + arrived(w, first, 1) == w->packets - first);
	w->cloud = calm;
	expect_service(w);
}

static struct world *bad_world(uint64_t seed)
{
	struct esp_setup setup = esp_setup_usual(PROTECT_REQUIRED);

	setup.rekey = duration_s(3);
	if (seed % 2)
		setup.carrier = CARRIER_NONE;
	return world_of(seed, &setup);
}

void story_esp_bad_path(struct world *story)
{
	for (uint64_t seed = 1; seed <= STORMS; seed++) {
		struct world *w = bad_world(seed);

		bear_bad_path(w);
		end_world(story, w, "bad path", seed);
	}
}

/* The home agent dies, and the tunnel is to be there again. */
static void come_back(struct world *w)
{
	world_start(w);
	expect_service(w);
	world_restart(w, HA);
	expect_service(w);
}

static const struct {
	enum sabotage fault;
	struct world *(*world)(uint64_t seed);
	void (*tell)(struct world *w);
	const char *noticed;
} sabotages[] = {
	{ SABOTAGE_SENDS_CLEAR, bad_world, bear_bad_path, "words that can be read" },
	{ SABOTAGE_TAKES_CLEAR, bad_world, bear_bad_path, "takes in clear" },
	{ SABOTAGE_TAKES_REPLAYS, bad_world, bear_bad_path, "takes a packet twice" },
	{ SABOTAGE_TAKES_ALTERED, bad_world, bear_bad_path, "was altered" },
	{ SABOTAGE_SAME_KEY, bad_world, bear_bad_path, "one key and nonce twice" },
	{ SABOTAGE_BREAKS_FIRST, rekeying_world, rekey_under_traffic, "came once" },
	{ SABOTAGE_GIVES_UP, bad_world, come_back, "no keys within" },
};

void story_esp_sabotage(struct world *story)
{
	for (unsigned i = 0; i < sizeof(sabotages) / sizeof(sabotages[0]); i++) {
		struct world *w = sabotages[i].world(2);

		w->sabotage = sabotages[i].fault;
		sabotages[i].tell(w);
		if (!strstr(w->broken, sabotages[i].noticed))
			world_break(story, "sabotage %d is not noticed: %s",
				    (int)sabotages[i].fault, w->broken);
		world_fini(w);
		free(w);
	}
}
