/* SPDX-License-Identifier: ISC */
/*
 * The anti-replay window by tables around its edges and the wraps, and against a twin
 * that remembers everything.
 */
#include "common/tunnel/replay_window.h"

#include "common/base/rng.h"

#include "tests/unit/suites.h"

#include <CUnit/CUnit.h>

#include <stdlib.h>
#include <string.h>

static const uint32_t sizes[] = { 64, 65, 127, 128, 129, 1000, 1024, 4095, 4096 };

enum { SIZES = sizeof(sizes) / sizeof(sizes[0]) };

static bool arrives(struct replay_window *w, uint64_t sequence)
{
	if (!replay_window_is_new(w, sequence))
		return false;
	replay_window_accept(w, sequence);
	return true;
}

static const struct {
	uint32_t window;
	uint64_t top;
	uint32_t low, high;
	bool right;
} halves[] = {
#define HIGH_HALF(...) { __VA_ARGS__ },
#define ARRIVAL(...)
#include "tests/vectors/replay_window.def"
#undef HIGH_HALF
#undef ARRIVAL
	/* Before 0 there is nothing to reach back to. */
	{ 64, 0, 0x00000001, 0, true },
	{ 64, 0, 0xffffffff, 0, true },
	{ 64, 62, 0xfffffff0, 0, true },
	/* The edge where the window stops reaching back. */
	{ 64, UINT64_C(0x10000003e), 0xffffffff, 0, false },
	{ 64, UINT64_C(0x10000003f), 0xffffffff, 1, true },
	{ 64, UINT64_C(0x10000003f), 0x00000000, 1, false },
	{ 4096, UINT64_C(0x100000ffe), 0xffffffff, 0, false },
	{ 4096, UINT64_C(0x100000fff), 0xffffffff, 1, true },
	/* After the last half comes the first, which is old. */
	{ 64, UINT64_C(0xfffffffffffffff0), 0x00000005, 0, false },
};

static void infers_the_high_half(void)
{
	for (size_t i = 0; i < sizeof(halves) / sizeof(halves[0]); i++) {
		struct replay_window w;
		uint64_t got;

		replay_window_init(&w, halves[i].window, true);
		w.top = halves[i].top;
		got = replay_window_infer(&w, halves[i].low);
		CU_ASSERT_EQUAL(got >> 32, halves[i].high);
		CU_ASSERT_EQUAL((uint32_t)got, halves[i].low);
		CU_ASSERT_EQUAL(got > w.top, halves[i].right);
	}
}

static void without_extended_numbers_the_high_half_is_0(void)
{
	struct replay_window w;

	replay_window_init(&w, 64, false);
	for (unsigned i = 0; i < 3; i++) {
		w.top = (uint32_t[]){ 0, 63, 0xffffffff }[i];
		CU_ASSERT_EQUAL(replay_window_infer(&w, 5), 5);
		CU_ASSERT_EQUAL(replay_window_infer(&w, 0xffffffff), 0xffffffff);
	}
}

enum verdict { TAKEN, OLD, BAD_ICV };

static const struct {
	uint64_t sequence;
	bool authentic;
	enum verdict verdict;
	uint64_t top;
} arrivals[] = {
#define HIGH_HALF(...)
#define ARRIVAL(...) { __VA_ARGS__ },
#include "tests/vectors/replay_window.def"
#undef HIGH_HALF
#undef ARRIVAL
};

static void judges_arrivals(void)
{
	struct replay_window w;

	replay_window_init(&w, 64, false);
	for (size_t i = 0; i < sizeof(arrivals) / sizeof(arrivals[0]); i++) {
		bool is_new = replay_window_is_new(&w, arrivals[i].sequence);

		CU_ASSERT_EQUAL(is_new, arrivals[i].verdict != OLD);
		if (is_new && arrivals[i].authentic)
			replay_window_accept(&w, arrivals[i].sequence);
		CU_ASSERT_EQUAL(w.top, arrivals[i].top);
	}
}

/* Of a window of any size, at any place of its words. */
static void its_edges_are_exact(void)
{
	for (unsigned i = 0; i < SIZES; i++) {
		uint32_t size = sizes[i];

		for (uint64_t top = size + 1; top < size + 200; top++) {
			struct replay_window w;

			replay_window_init(&w, size, false);
			CU_ASSERT_TRUE(arrives(&w, top));
			CU_ASSERT_FALSE(arrives(&w, top));
			CU_ASSERT_FALSE(arrives(&w, top - size));
			CU_ASSERT_TRUE(arrives(&w, top - size + 1));
			CU_ASSERT_FALSE(arrives(&w, top - size + 1));
			CU_ASSERT_TRUE(arrives(&w, top + 1));
			CU_ASSERT_FALSE(arrives(&w, top - size + 1));
			CU_ASSERT_TRUE(arrives(&w, top - 1));
		}
	}
}

/* A leap of any width forgets what it leaves behind, and only that. */
static void leaps_clear_what_they_pass(void)
{
	for (unsigned i = 0; i < SIZES; i++) {
		for (uint64_t leap = 1; leap < 3 * (uint64_t)sizes[i]; leap += 7) {
			struct replay_window w;
			uint64_t top = sizes[i] + 77, n;

			replay_window_init(&w, sizes[i], false);
			for (n = 1; n <= top; n++)
				CU_ASSERT_TRUE(arrives(&w, n));
			CU_ASSERT_TRUE(arrives(&w, top + leap));
			for (n = top + leap - sizes[i] + 1; n < top + leap; n++)
				CU_ASSERT_EQUAL(replay_window_is_new(&w, n), n > top);
		}
	}
}

static void numbers_go_on_over_the_wrap(void)
{
	for (unsigned i = 0; i < SIZES; i++) {
		struct replay_window w;
		uint64_t wrap = UINT64_C(1) << 32, n;

		replay_window_init(&w, sizes[i], true);
		CU_ASSERT_TRUE(arrives(&w, wrap - 300));
		for (n = wrap - 299; n < wrap + 300; n++) {
			CU_ASSERT_EQUAL(replay_window_infer(&w, (uint32_t)n), n);
			CU_ASSERT_TRUE(arrives(&w, n));
			CU_ASSERT_FALSE(arrives(&w, n));
		}
	}
}

/* What has come, one octet a number: slow and plain. */
struct twin {
	uint8_t *came;
	uint64_t top;
	uint32_t size;
};

static bool twin_arrives(struct twin *t, uint64_t n)
{
	if (n == 0 || n + t->size <= t->top || t->came[n])
		return false;
	t->came[n] = 1;
	if (n > t->top)
		t->top = n;
	return true;
}

enum { NUMBERS = 200000 };

/* Mostly on, sometimes back, seldom far ahead. */
static uint64_t next_number(const struct rng *rng, const struct twin *t)
{
	uint32_t what = rng_below(rng, 100);
	uint64_t back = rng_below(rng, 2 * t->size);

	if (what == 0)
		return t->top + rng_below(rng, 3 * t->size);
	if (what < 50)
		return t->top + 1 + rng_below(rng, 3);
	return back < t->top ? t->top - back : 0;
}

static void agrees_with_a_twin(void)
{
	for (unsigned i = 0; i < SIZES; i++) {
		struct rng_seeded state;
		struct rng rng = rng_seeded_init(&state, i);
		struct twin t = { calloc(1, NUMBERS), 0, sizes[i] };
		struct replay_window w;
		uint64_t n;

		CU_ASSERT_PTR_NOT_NULL_FATAL(t.came);
		replay_window_init(&w, sizes[i], true);
		while ((n = next_number(&rng, &t)) < NUMBERS) {
			CU_ASSERT_EQUAL(arrives(&w, n), twin_arrives(&t, n));
			CU_ASSERT_EQUAL(w.top, t.top);
		}
		free(t.came);
	}
}

void suite_replay_window(void)
{
	CU_pSuite s = CU_add_suite("replay_window", NULL, NULL);

	CU_ADD_TEST(s, infers_the_high_half);
	CU_ADD_TEST(s, without_extended_numbers_the_high_half_is_0);
	CU_ADD_TEST(s, judges_arrivals);
	CU_ADD_TEST(s, its_edges_are_exact);
	CU_ADD_TEST(s, leaps_clear_what_they_pass);
	CU_ADD_TEST(s, numbers_go_on_over_the_wrap);
	CU_ADD_TEST(s, agrees_with_a_twin);
}
