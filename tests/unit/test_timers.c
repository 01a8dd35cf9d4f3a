/* SPDX-License-Identifier: ISC */
/* The queue of deadlines, against a plain array that is searched. */
#include "common/base/timers.h"

#include "common/base/rng.h"

#include <CUnit/CUnit.h>

#include "tests/unit/suites.h"

static void starts_empty(void)
{
	struct timers ts;
	struct timer t = { 0 };

	timers_init(&ts);
	CU_ASSERT_FALSE(timer_is_set(&t));
	CU_ASSERT_TRUE(instant_is_never(timers_next(&ts)));
	CU_ASSERT_PTR_NULL(timers_take_due(&ts, (instant_t){ INT64_MAX - 1 }));
	timers_cancel(&ts, &t);
	timers_fini(&ts);
}

static void equal_deadlines_come_in_the_order_set(void)
{
	struct timer t[40] = { 0 };
	struct timers ts;

	timers_init(&ts);
	for (int i = 0; i < 40; i++)
		CU_ASSERT_EQUAL(timers_set(&ts, &t[i], (instant_t){ 5 }), 0);
	/* Set again is set last. */
	CU_ASSERT_EQUAL(timers_set(&ts, &t[3], (instant_t){ 5 }), 0);
	for (int i = 0; i < 40; i++) {
		if (i != 3)
			CU_ASSERT_PTR_EQUAL(timers_take_due(&ts, (instant_t){ 5 }),
					    &t[i]);
	}
	CU_ASSERT_PTR_EQUAL(timers_take_due(&ts, (instant_t){ 5 }), &t[3]);
	CU_ASSERT_PTR_NULL(timers_take_due(&ts, (instant_t){ 5 }));
	timers_fini(&ts);
}

static void never_is_never_due(void)
{
	struct timers ts;
	struct timer a = { 0 }, b = { 0 };

	timers_init(&ts);
	timers_set(&ts, &a, INSTANT_NEVER);
	timers_set(&ts, &b, (instant_t){ 10 });
	CU_ASSERT_EQUAL(timers_next(&ts).ns, 10);
	CU_ASSERT_PTR_NULL(timers_take_due(&ts, (instant_t){ 9 }));
	CU_ASSERT_PTR_EQUAL(timers_take_due(&ts, (instant_t){ 10 }), &b);
	CU_ASSERT_FALSE(timer_is_set(&b));
	CU_ASSERT_PTR_NULL(timers_take_due(&ts, INSTANT_NEVER));
	CU_ASSERT_TRUE(timer_is_set(&a));
	timers_fini(&ts);
	CU_ASSERT_FALSE(timer_is_set(&a));
}

/* Put off again and again, it is not there before its time; nor does it hide others. */
static void one_that_is_put_off_waits(void)
{
	struct timer early = { 0 }, late = { 0 };
	struct timers ts;

	timers_init(&ts);
	timers_set(&ts, &early, (instant_t){ 10 });
	timers_set(&ts, &late, (instant_t){ 15 });
	for (int64_t at = 11; at <= 20; at++)
		timers_set(&ts, &early, (instant_t){ at });
	CU_ASSERT_EQUAL(timers_next(&ts).ns, 15);
	CU_ASSERT_PTR_NULL(timers_take_due(&ts, (instant_t){ 14 }));
	timers_set(&ts, &late, (instant_t){ 30 });
	CU_ASSERT_EQUAL(timers_next(&ts).ns, 20);
	timers_cancel(&ts, &early);
	CU_ASSERT_EQUAL(timers_next(&ts).ns, 30);
	CU_ASSERT_PTR_EQUAL(timers_take_due(&ts, (instant_t){ 30 }), &late);
	timers_fini(&ts);
}

/* The twin: what each timer was set to, and when. */
enum { TWINS = 60 };

struct twin {
	struct timer timer[TWINS];
	int64_t at[TWINS];
	uint64_t order[TWINS]; /* 0: not set */
	uint64_t sets;
};

static int twin_first(const struct twin *w)
{
	int first = -1;

	for (int i = 0; i < TWINS; i++) {
		if (!w->order[i])
			continue;
		if (first < 0 || w->at[i] < w->at[first] ||
		    (w->at[i] == w->at[first] && w->order[i] < w->order[first]))
			first = i;
	}
	return first;
}

static void twin_set(struct twin *w, struct timers *ts, int i, int64_t at)
{
	CU_ASSERT_EQUAL(timers_set(ts, &w->timer[i], (instant_t){ at }), 0);
	w->at[i] = at;
	w->order[i] = ++w->sets;
}

static void twin_take(struct twin *w, struct timers *ts, int64_t now)
{
	struct timer *t = timers_take_due(ts, (instant_t){ now });
	int first = twin_first(w);

	if (first < 0 || w->at[first] > now) {
		CU_ASSERT_PTR_NULL(t);
		return;
	}
	CU_ASSERT_PTR_EQUAL(t, &w->timer[first]);
	w->order[first] = 0;
}

static void twin_compare(const struct twin *w, const struct timers *ts)
{
	int first = twin_first(w);
	size_t set = 0;

	CU_ASSERT_EQUAL(timers_next(ts).ns, first < 0 ? INT64_MAX : w->at[first]);
	for (int i = 0; i < TWINS; i++) {
		CU_ASSERT_EQUAL(timer_is_set(&w->timer[i]), w->order[i] != 0);
		set += w->order[i] != 0;
	}
	CU_ASSERT_EQUAL(ts->count, set);
}

static void behaves_like_a_searched_array(void)
{
	struct twin w = { .sets = 0 };
	struct rng_seeded g;
	struct rng r = rng_seeded_init(&g, 20240229);
	struct timers ts;

	timers_init(&ts);
	for (int step = 0; step < 20000; step++) {
		int i = (int)rng_below(&r, TWINS);

		switch (rng_below(&r, 4)) {
		case 0:
		case 1:
			twin_set(&w, &ts, i, rng_below(&r, 50));
			break;
		case 2:
			timers_cancel(&ts, &w.timer[i]);
			w.order[i] = 0;
			break;
		case 3:
			twin_take(&w, &ts, rng_below(&r, 50));
			break;
		}
		twin_compare(&w, &ts);
	}
	timers_fini(&ts);
}

void suite_timers(void)
{
	CU_pSuite s = CU_add_suite("timers", NULL, NULL);

	CU_ADD_TEST(s, starts_empty);
	CU_ADD_TEST(s, equal_deadlines_come_in_the_order_set);
	CU_ADD_TEST(s, never_is_never_due);
	CU_ADD_TEST(s, one_that_is_put_off_waits);
	CU_ADD_TEST(s, behaves_like_a_searched_array);
}
