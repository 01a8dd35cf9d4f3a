/* SPDX-License-Identifier: ISC */
/*
 * Two keyings in random weather: crashes, cuts, silence, new keys, new settings and
 * failing data planes at random times; afterwards, with everything healed, they are
 * up.  The seed is in the message; KEYING_SEED=n tells that one alone, event by event,
 * and KEYING_STORMS=n plays so many.
 */
#include "tests/unit/key_world.h"

#include <CUnit/CUnit.h>

#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/suites.h"

enum { STORMS = 60, BLOWS = 60 };

static void change_settings(struct key_world *w, int node)
{
	struct keying_peer_spec *s = &w->node[node].spec;

	switch (rng_below(&w->chance, 4)) {
	case 0:
		s->rekey = duration_s(1 + rng_below(&w->chance, 60));
		break;
	case 1:
		s->esn = !s->esn;
		break;
	case 2:
		s->carrier = s->carrier == KEY_CARRIER_RAW ? KEY_CARRIER_UDP
							   : KEY_CARRIER_RAW;
		break;
	default:
		s->reauthenticate = duration_s(10 + rng_below(&w->chance, 60));
		break;
	}
	key_world_reconfigure(w, node);
}

static void restart(struct key_world *w, int node, uint32_t how)
{
	if (how == 0)
		key_world_stop(w, node);
	else
		key_world_crash(w, node, how == 1);
	key_world_run(w, duration_ms(rng_below(&w->chance, 100) *
				     rng_below(&w->chance, 500)));
	key_world_start(w, node);
}

static void blow(struct key_world *w)
{
	const int node = (int)rng_below(&w->chance, 2);

	switch (rng_below(&w->chance, 9)) {
	case 0:
		restart(w, node, rng_below(&w->chance, 3));
		break;
	case 1:
		key_world_cut(w);
		break;
	case 2:
		w->streams.parted = !w->streams.parted;
		break;
	case 3:
		change_settings(w, node);
		break;
	case 4:
		key_world_soft_limit(w, node);
		break;
	case 5:
		w->streams.delay_ms = 1 + rng_below(&w->chance, 400);
		break;
	default:
		key_world_rekey(w, node);
		if (rng_below(&w->chance, 2))
			key_world_rekey(w, !node);
		break;
	}
}

static void calm(struct key_world *w)
{
	w->streams.parted = false;
	w->streams.delay_ms = 10;
	w->taken_in = w->broken_in = 0;
}

/* A few events, or some time. */
static void wait(struct key_world *w)
{
	unsigned steps = rng_below(&w->chance, 30);

	if (rng_below(&w->chance, 4) == 0)
		key_world_run(w, duration_ms(rng_below(&w->chance, 60000)));
	while (steps-- > 0)
		key_world_step(w, instant_add(w->now.mono, duration_s(1)));
}

static bool storm(uint64_t seed, bool verbose, unsigned *keys)
{
	static struct key_world w;
	bool good;

	key_world_init(&w, seed);
	w.verbose = verbose;
	w.taken_in = rng_below(&w.chance, 2) * 10;
	w.broken_in = rng_below(&w.chance, 2) * 20;
	key_world_start(&w, 0);
	key_world_start(&w, 1);
	for (unsigned i = 0; i < BLOWS && !w.broken[0]; i++) {
		wait(&w);
		blow(&w);
	}
	calm(&w);
	/* What had just begun may be waited for: a handshake and the longest pause. */
	key_world_run(&w, duration_s(100));
	good = key_world_await_up(&w, duration_s(60)) && !w.broken[0];
	if (!good)
		printf("# seed %u: %s\n", (unsigned)seed,
		       w.broken[0] ? w.broken : "they do not come up again");
	*keys += w.key_count;
	key_world_fini(&w);
	return good;
}

static void promises_are_kept_in_any_storm(void)
{
	const char *one = getenv("KEYING_SEED");
	const char *many = getenv("KEYING_STORMS");
	const uint64_t storms = many ? strtoull(many, NULL, 0) : STORMS;
	unsigned keys = 0;

	if (one) {
		CU_ASSERT_TRUE(storm(strtoull(one, NULL, 0), true, &keys));
		return;
	}
	for (uint64_t seed = 0; seed < storms; seed++)
		CU_ASSERT_TRUE(storm(seed, false, &keys));
	printf("# %u keys to send by\n", keys);
	CU_ASSERT_TRUE(keys > 20 * storms);
}

void suite_keying_storm(void)
{
	CU_pSuite s = CU_add_suite("keying_storm", NULL, NULL);

	CU_add_test(s, "promises are kept in any storm",
		    promises_are_kept_in_any_storm);
}
