/* SPDX-License-Identifier: ISC */
/* Two keyings over made-up streams: every dialogue that matters, one by one. */
#include "tests/unit/key_world.h"

#include <CUnit/CUnit.h>

#include <stdio.h>

#include "tests/unit/suites.h"

static struct key_world *world_that_is_up(uint64_t seed)
{
	struct key_world *w = key_world_new(seed);

	key_world_start(w, 0);
	key_world_start(w, 1);
	CU_ASSERT_TRUE(key_world_await_up(w, duration_s(60)));
	key_world_run(w, duration_s(15));
	return w;
}

static struct keying_status status_of(const struct key_world *w, int node)
{
	struct keying_status s = { 0 };

	CU_ASSERT_TRUE(keying_status(w->node[node].k, w->node[node].spec.pair, &s));
	return s;
}

static uint64_t counter(const struct key_world *w, int node, const char *name)
{
	struct counter_set sets[2];

	keying_counters(w->node[node].k, sets, 2);
	for (unsigned i = 0; i < 2; i++)
		for (size_t j = 0; j < sets[i].count; j++)
			if (strcmp(sets[i].rows[j].name, name) == 0)
				return sets[i].values[j];
	CU_FAIL("no such counter");
	return 0;
}

static void settles(void)
{
	for (uint64_t seed = 0; seed < 20; seed++) {
		struct key_world *w = world_that_is_up(seed);
		struct keying_status a = status_of(w, 0), b = status_of(w, 1);

		CU_ASSERT_EQUAL(key_world_streams(w), 1);
		CU_ASSERT_EQUAL(a.state, KEYING_UP);
		CU_ASSERT_EQUAL(a.spi_in, b.spi_out);
		CU_ASSERT_EQUAL(b.spi_in, a.spi_out);
		CU_ASSERT_EQUAL(a.generation, b.generation);
		CU_ASSERT_NOT_EQUAL(a.began, b.began);
		CU_ASSERT_EQUAL(w->node[0].ups, 1);
		key_world_end(w);
	}
}

static void a_late_one_is_up_at_once(void)
{
	struct key_world *w = key_world_new(3);

	key_world_start(w, 0);
	key_world_run(w, duration_s(500));
	CU_ASSERT_EQUAL(status_of(w, 0).state, KEYING_WAITING);
	CU_ASSERT_EQUAL(status_of(w, 0).fault, KEY_FAULT_UNREACHABLE);
	CU_ASSERT_EQUAL(w->node[0].failed, 1); /* told once, tried often */
	CU_ASSERT_TRUE(counter(w, 0, "connects") > 8);
	CU_ASSERT_TRUE(counter(w, 0, "connects") < 25);
	key_world_start(w, 1);
	CU_ASSERT_TRUE(key_world_await_up(w, duration_s(1)));
	key_world_end(w);
}

static void check_generation(struct key_world *w, uint32_t generation)
{
	for (int i = 0; i < 2; i++) {
		CU_ASSERT_EQUAL(status_of(w, i).generation, generation);
		CU_ASSERT_EQUAL(w->node[i].downs, 0);
	}
	CU_ASSERT_TRUE(key_world_is_up(w));
	CU_ASSERT_EQUAL(key_world_streams(w), 1);
}

static void keys_change_when_either_wants(void)
{
	struct key_world *w = world_that_is_up(4);
	const uint32_t g = status_of(w, 0).generation;

	key_world_rekey(w, 0);
	key_world_run(w, duration_s(1));
	check_generation(w, g + 1);
	key_world_rekey(w, 1);
	key_world_run(w, duration_s(1));
	check_generation(w, g + 2);
	key_world_rekey(w, 0);
	key_world_rekey(w, 1); /* they cross */
	key_world_run(w, duration_s(1));
	check_generation(w, g + 3);
	key_world_soft_limit(w, 0);
	key_world_soft_limit(w, 0); /* told twice, done once */
	key_world_run(w, duration_s(1));
	check_generation(w, g + 4);
	CU_ASSERT_EQUAL(counter(w, 0, "rekeys"), 4);
	CU_ASSERT_EQUAL(w->node[1].rekeyed, 4);
	key_world_end(w);
}

static unsigned inbound_count(const struct world_node *n)
{
	unsigned count = 0;

	for (size_t i = 0; i < WORLD_INBOUND; i++)
		count += n->in[i].used;
	return count;
}

/* More in a grace than have a place: some wait, or old ones go before their time. */
static void generations_may_follow_fast(void)
{
	struct key_world *w = world_that_is_up(6);
	const uint32_t g = status_of(w, 0).generation;

	for (unsigned i = 0; i < 4 * KEYING_INBOUND_MAX; i++) {
		key_world_rekey(w, i % 2);
		key_world_run(w, duration_ms(100));
		CU_ASSERT_TRUE(inbound_count(&w->node[0]) <= KEYING_INBOUND_MAX);
	}
	CU_ASSERT_TRUE(status_of(w, 0).generation >= g + KEYING_INBOUND_MAX - 1);
	key_world_soft_limit(w, 0); /* no place now, and not forgotten */
	key_world_run(w, duration_s(8));
	CU_ASSERT_TRUE(status_of(w, 0).generation >= g + KEYING_INBOUND_MAX);
	CU_ASSERT_EQUAL(w->node[0].downs + w->node[1].downs, 0);
	CU_ASSERT_EQUAL(counter(w, 0, "not-installed"), 0);
	key_world_end(w);
}

static void old_ones_live_for_a_grace(void)
{
	struct key_world *w = world_that_is_up(5);

	key_world_rekey(w, 0);
	key_world_run(w, duration_s(2));
	CU_ASSERT_EQUAL(inbound_count(&w->node[0]), 2);
	CU_ASSERT_EQUAL(inbound_count(&w->node[1]), 2);
	key_world_run(w, duration_s(6));
	CU_ASSERT_EQUAL(inbound_count(&w->node[0]), 1);
	CU_ASSERT_EQUAL(inbound_count(&w->node[1]), 1);
	CU_ASSERT_EQUAL(counter(w, 0, "retired"), 1);
	key_world_end(w);
}

static void a_new_key_each_second(void)
{
	struct key_world *w = key_world_new(6);

	w->node[0].spec.rekey = w->node[1].spec.rekey = duration_s(1);
	w->streams.delay_ms = 50;
	key_world_start(w, 0);
	key_world_start(w, 1);
	CU_ASSERT_TRUE(key_world_await_up(w, duration_s(10)));
	key_world_run(w, duration_s(1200));
	CU_ASSERT_TRUE(counter(w, 0, "rekeys") > 1000);
	CU_ASSERT_EQUAL(counter(w, 0, "handshakes"), counter(w, 1, "handshakes"));
	CU_ASSERT_EQUAL(counter(w, 0, "settled"), 1);
	CU_ASSERT_EQUAL(w->node[0].downs + w->node[1].downs, 0);
	CU_ASSERT_TRUE(inbound_count(&w->node[0]) < 10);
	key_world_end(w);
}

/* Slower than the keys change: one change is waited for before the next begins. */
static void a_slow_stream_slows_the_change(void)
{
	struct key_world *w = key_world_new(7);

	w->node[0].spec.rekey = w->node[1].spec.rekey = duration_s(1);
	w->streams.delay_ms = 1000;
	w->streams.whole = true;
	key_world_start(w, 0);
	key_world_start(w, 1);
	CU_ASSERT_TRUE(key_world_await_up(w, duration_s(100)));
	key_world_run(w, duration_s(600));
	CU_ASSERT_TRUE(counter(w, 0, "rekeys") > 100);
	CU_ASSERT_EQUAL(w->node[0].downs + w->node[1].downs, 0);
	key_world_end(w);
}

static void authentication_is_renewed(void)
{
	struct key_world *w = key_world_new(8);

	w->node[0].spec.reauthenticate = duration_s(60);
	w->node[1].spec.reauthenticate = duration_s(60);
	key_world_start(w, 0);
	key_world_start(w, 1);
	key_world_run(w, duration_s(1200));
	CU_ASSERT_TRUE(counter(w, 0, "settled") >= 19);
	CU_ASSERT_TRUE(key_world_is_up(w));
	CU_ASSERT_EQUAL(w->node[0].downs + w->node[1].downs, 0);
	CU_ASSERT_EQUAL(w->node[0].failed + w->node[1].failed, 0);
	CU_ASSERT_EQUAL(key_world_streams(w), 1);
	key_world_end(w);
}

static void quiet_peers_ask_and_are_alive(void)
{
	struct key_world *w = world_that_is_up(9);

	key_world_run(w, duration_s(3000));
	CU_ASSERT_TRUE(counter(w, 0, "probes") + counter(w, 1, "probes") > 250);
	CU_ASSERT_TRUE(counter(w, 0, "probes") + counter(w, 1, "probes") < 650);
	CU_ASSERT_EQUAL(counter(w, 0, "handshakes"), 1);
	check_generation(w, status_of(w, 0).generation);
	key_world_end(w);
}

/* Whatever happens to TCP alone costs no packet. */
static void a_cut_stream_leaves_the_keys(void)
{
	struct key_world *w = world_that_is_up(10);

	key_world_cut(w);
	key_world_run(w, duration_ms(1));
	CU_ASSERT_EQUAL(status_of(w, 0).state, KEYING_LINGERING);
	key_world_run(w, duration_s(5));
	CU_ASSERT_EQUAL(status_of(w, 0).state, KEYING_UP);
	CU_ASSERT_TRUE(key_world_is_up(w));
	CU_ASSERT_EQUAL(w->node[0].downs + w->node[1].downs, 0);
	key_world_end(w);
}

static void a_dead_peer_is_noticed(void)
{
	struct key_world *w = world_that_is_up(11);

	key_world_crash(w, 1, false);
	key_world_run(w, duration_s(15));
	CU_ASSERT_TRUE(w->node[0].up);
	key_world_run(w, duration_s(20));
	CU_ASSERT_FALSE(w->node[0].up);
	CU_ASSERT_FALSE(w->node[0].out.used);
	CU_ASSERT_EQUAL(inbound_count(&w->node[0]), 0);
	CU_ASSERT_EQUAL(counter(w, 0, "dead-peer"), 1);
	key_world_start(w, 1);
	CU_ASSERT_TRUE(key_world_await_up(w, duration_s(1)));
	key_world_end(w);
}

static void a_farewell_takes_the_keys_along(void)
{
	struct key_world *w = world_that_is_up(12);

	key_world_stop(w, 1);
	key_world_run(w, duration_ms(200));
	CU_ASSERT_FALSE(w->node[0].up);
	CU_ASSERT_FALSE(w->node[0].out.used);
	key_world_start(w, 1);
	CU_ASSERT_TRUE(key_world_await_up(w, duration_s(1)));
	key_world_stop(w, 0);
	key_world_stop(w, 1);
	key_world_end(w);
}

/* Both agents stand up within a second, or what the loss of one costs. */
static void fall_at(unsigned step, int node, bool reset)
{
	struct key_world *w = key_world_new(100 + step);
	bool up;

	w->streams.delay_ms = 20;
	key_world_start(w, 0);
	key_world_start(w, 1);
	for (unsigned i = 0; i < step; i++)
		key_world_step(w, instant_add(w->now.mono, duration_s(1)));
	key_world_crash(w, node, reset);
	key_world_run(w, duration_ms(300));
	key_world_start(w, node);
	up = key_world_await_up(w, duration_s(5));
	if (!up)
		printf("# step %u, node %d, %s\n", step, node,
		       reset ? "reset" : "silent");
	CU_ASSERT_TRUE(up);
	key_world_run(w, duration_s(120));
	CU_ASSERT_TRUE(key_world_is_up(w));
	CU_ASSERT_EQUAL(key_world_streams(w), 1);
	key_world_end(w);
}

static void a_crash_at_any_step_is_overcome(void)
{
	for (unsigned step = 0; step < 70; step++)
		for (int node = 0; node < 2; node++) {
			fall_at(step, node, true);
			fall_at(step, node, false);
		}
}

/* All begins again, without a key of before, whatever was lost. */
static void a_lost_effect_at_any_step_is_overcome(void)
{
	for (unsigned step = 0; step < 70; step++) {
		struct key_world *w = key_world_new(500 + step);

		key_world_start(w, 0);
		key_world_start(w, 1);
		for (unsigned i = 0; i < step; i++)
			key_world_step(w, instant_add(w->now.mono, duration_s(1)));
		key_world_overflow(w, step % 2);
		CU_ASSERT_FALSE(w->node[step % 2].up);
		CU_ASSERT_FALSE(w->node[step % 2].out.used);
		CU_ASSERT_TRUE(key_world_await_up(w, duration_s(10)));
		key_world_run(w, duration_s(60));
		CU_ASSERT_TRUE(key_world_is_up(w));
		CU_ASSERT_EQUAL(key_world_streams(w), 1);
		CU_ASSERT_EQUAL(counter(w, step % 2, "no-memory"), 1);
		key_world_end(w);
	}
}

static void a_cut_at_any_step_is_overcome(void)
{
	for (unsigned step = 0; step < 70; step++) {
		struct key_world *w = key_world_new(300 + step);

		key_world_start(w, 0);
		key_world_start(w, 1);
		for (unsigned i = 0; i < step; i++)
			key_world_step(w, instant_add(w->now.mono, duration_s(1)));
		key_world_cut(w);
		CU_ASSERT_TRUE(key_world_await_up(w, duration_s(10)));
		key_world_run(w, duration_s(60));
		CU_ASSERT_TRUE(key_world_is_up(w));
		key_world_end(w);
	}
}

/* A peer that comes back before its loss was noticed takes the old one's place. */
static void a_restart_replaces_the_old_connection(void)
{
	for (int node = 0; node < 2; node++) {
		struct key_world *w = world_that_is_up(13);

		key_world_crash(w, node, false);
		key_world_start(w, node);
		CU_ASSERT_TRUE(key_world_await_up(w, duration_s(1)));
		key_world_run(w, duration_s(60));
		CU_ASSERT_EQUAL(key_world_streams(w), 1);
		CU_ASSERT_EQUAL(counter(w, !node, "restarted"), 1);
		CU_ASSERT_EQUAL(w->node[!node].downs, 0);
		key_world_end(w);
	}
}

static void the_same_seed_tells_the_same(void)
{
	uint64_t trace[2];

	for (int i = 0; i < 2; i++) {
		struct key_world *w = world_that_is_up(14);

		key_world_rekey(w, 0);
		key_world_cut(w);
		key_world_run(w, duration_s(100));
		trace[i] = w->trace;
		key_world_end(w);
	}
	CU_ASSERT_EQUAL(trace[0], trace[1]);
}

static void a_wish_of_either_is_met(void)
{
	struct key_world *w = key_world_new(15);
	struct keying_status a;

	w->node[0].spec.carrier = KEY_CARRIER_RAW;
	w->node[1].spec.esn = false;
	w->node[1].spec.algorithms[0] = ESP_AES_256_GCM;
	w->node[1].spec.algorithms[1] = ESP_CHACHA20_POLY1305;
	key_world_start(w, 0);
	key_world_start(w, 1);
	CU_ASSERT_TRUE(key_world_await_up(w, duration_s(2)));
	a = status_of(w, 0);
	CU_ASSERT_EQUAL(a.carrier, KEY_CARRIER_UDP);
	CU_ASSERT_EQUAL(status_of(w, 1).carrier, KEY_CARRIER_UDP);
	CU_ASSERT_FALSE(a.esn);
	CU_ASSERT_EQUAL(a.algorithm_in, ESP_CHACHA20_POLY1305);
	CU_ASSERT_EQUAL(a.algorithm_out, ESP_CHACHA20_POLY1305);
	key_world_end(w);
}

static void every_algorithm_gets_its_material(void)
{
	for (enum esp_algorithm a = 0; a < ESP_ALGORITHM_COUNT; a++) {
		struct key_world *w = key_world_new(16 + a);

		for (int i = 0; i < 2; i++) {
			w->node[i].spec.algorithms[0] = a;
			w->node[i].spec.algorithm_count = 1;
			key_world_start(w, i);
		}
		CU_ASSERT_TRUE(key_world_await_up(w, duration_s(2)));
		CU_ASSERT_EQUAL(w->node[0].out.algorithm, a);
		CU_ASSERT_EQUAL(w->node[0].out.key_len, esp_key_material_len(a));
		key_world_end(w);
	}
}

static void a_taken_spi_is_chosen_again(void)
{
	struct key_world *w = key_world_new(30);

	w->taken_in = 50;
	w->node[0].spec.rekey = w->node[1].spec.rekey = duration_s(10);
	key_world_start(w, 0);
	key_world_start(w, 1);
	CU_ASSERT_TRUE(key_world_await_up(w, duration_s(2)));
	key_world_run(w, duration_s(1000));
	CU_ASSERT_TRUE(counter(w, 0, "spi-taken") > 10);
	CU_ASSERT_EQUAL(w->node[0].downs + w->node[1].downs, 0);
	key_world_end(w);
}

void suite_keying(void)
{
	CU_pSuite s = CU_add_suite("keying", NULL, NULL);

	CU_add_test(s, "two agents settle on one connection", settles);
	CU_add_test(s, "a late one is up at once", a_late_one_is_up_at_once);
	CU_add_test(s, "keys change when either wants", keys_change_when_either_wants);
	CU_add_test(s, "generations may follow fast", generations_may_follow_fast);
	CU_add_test(s, "old ones live for a grace", old_ones_live_for_a_grace);
	CU_add_test(s, "a new key each second", a_new_key_each_second);
	CU_add_test(s, "a slow stream slows the change",
		    a_slow_stream_slows_the_change);
	CU_add_test(s, "authentication is renewed", authentication_is_renewed);
	CU_add_test(s, "quiet peers ask and are alive", quiet_peers_ask_and_are_alive);
	CU_add_test(s, "a cut stream leaves the keys", a_cut_stream_leaves_the_keys);
	CU_add_test(s, "a dead peer is noticed", a_dead_peer_is_noticed);
	CU_add_test(s, "a farewell takes the keys along",
		    a_farewell_takes_the_keys_along);
	CU_add_test(s, "a crash at any step is overcome",
		    a_crash_at_any_step_is_overcome);
	CU_add_test(s, "a cut at any step is overcome", a_cut_at_any_step_is_overcome);
	CU_add_test(s, "a lost effect at any step is overcome",
		    a_lost_effect_at_any_step_is_overcome);
	CU_add_test(s, "a restart replaces the old connection",
		    a_restart_replaces_the_old_connection);
	CU_add_test(s, "the same seed tells the same", the_same_seed_tells_the_same);
	CU_add_test(s, "a wish of either is met", a_wish_of_either_is_met);
	CU_add_test(s, "every algorithm gets its material",
		    every_algorithm_gets_its_material);
	CU_add_test(s, "a taken spi is chosen again", a_taken_spi_is_chosen_again);
}
