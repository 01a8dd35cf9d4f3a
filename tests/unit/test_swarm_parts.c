/* SPDX-License-Identifier: ISC */
/*
 * What a swarm is made of: its histogram against sorted values, its paces, the text
 * of its steps, and the search for the highest rate.
 */
#include "mn-sim/swarm_histogram.h"
#include "mn-sim/swarm_pace.h"
#include "mn-sim/swarm_search.h"
#include "mn-sim/swarm_step.h"

#include <CUnit/CUnit.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/suites.h"

enum { VALUES = 20000, NS_PER_S = 1000000000 };

static duration_t ns(int64_t n)
{
	return (duration_t){ n };
}

/* ---- histogram ---- */

static int by_value(const void *a, const void *b)
{
	const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* Of any size from nanoseconds to an hour. */
static int64_t some_duration(const struct rng *rng)
{
	return (int64_t)(rng_u64(rng) >> (22 + rng_below(rng, 42)));
}

static void percentiles_are_those_of_sorted_values(void)
{
	static const unsigned share[] = { 1, 5000, 9000, 9900, 9990, 10000 };
	struct rng_seeded seed;
	const struct rng rng = rng_seeded_init(&seed, 4);
	struct swarm_histogram *h = calloc(1, sizeof(*h));
	int64_t *value = calloc(VALUES, sizeof(*value));

	CU_ASSERT_TRUE_FATAL(h && value);
	for (unsigned i = 0; i < VALUES; i++) {
		value[i] = some_duration(&rng);
		swarm_histogram_add(h, ns(value[i]));
	}
	qsort(value, VALUES, sizeof(*value), by_value);
	for (unsigned i = 0; i < sizeof(share) / sizeof(share[0]); i++) {
		const unsigned rank = (VALUES * share[i] + 9999) / 10000;
		const int64_t exact = value[rank - 1];
		const int64_t told = swarm_histogram_at(h, share[i]).ns;

		CU_ASSERT_TRUE(told >= exact);
		CU_ASSERT_TRUE(told <= exact + exact / 128);
	}
	CU_ASSERT_EQUAL(h->max.ns, value[VALUES - 1]);
	CU_ASSERT_EQUAL(h->count, VALUES);
	free(value);
	free(h);
}

static void every_edge_of_a_bucket_is_in_it(void)
{
	struct swarm_histogram *h = calloc(1, sizeof(*h));

	CU_ASSERT_PTR_NOT_NULL_FATAL(h);
	for (unsigned bits = 0; bits < HISTOGRAM_BITS; bits++)
		for (int64_t d = -1; d <= 1; d++) {
			const int64_t v = (INT64_C(1) << bits) + d;

			memset(h, 0, sizeof(*h));
			swarm_histogram_add(h, ns(v));
			swarm_histogram_add(h,
					    ns(INT64_MAX)); /* so that v is not max */
			CU_ASSERT_TRUE(swarm_histogram_at(h, 5000).ns >= v);
			CU_ASSERT_TRUE(swarm_histogram_at(h, 5000).ns <= v + v / 128);
			CU_ASSERT_EQUAL(swarm_histogram_within(h, ns(v)), 1);
		}
	free(h);
}

static void odd_durations_have_their_place(void)
{
	struct swarm_histogram *h = calloc(2, sizeof(*h));

	CU_ASSERT_PTR_NOT_NULL_FATAL(h);
	CU_ASSERT_EQUAL(swarm_histogram_at(h, 9900).ns, 0);
	swarm_histogram_add(h, ns(-5));
	CU_ASSERT_EQUAL(swarm_histogram_at(h, 10000).ns, 0);
	swarm_histogram_add(h, ns(INT64_MAX));
	CU_ASSERT_EQUAL(h->max.ns, INT64_MAX);
	swarm_histogram_add(h + 1, ns(77));
	swarm_histogram_merge(h + 1, h);
	CU_ASSERT_EQUAL(h[1].count, 3);
	CU_ASSERT_EQUAL(swarm_histogram_at(h + 1, 5000).ns, 77);
	CU_ASSERT_EQUAL(swarm_histogram_within(h + 1, ns(77)), 2);
	CU_ASSERT_EQUAL(swarm_histogram_within(h + 1, ns(76)), 1);
	free(h);
}

/* ---- pace ---- */

static void even_instants_do_not_drift(void)
{
	static const uint32_t rates[] = {
		1, 3, 7, 999, 30000, 1234567, SWARM_RATE_MAX
	};
	struct swarm_pace p;

	for (unsigned i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		swarm_pace_start(&p, rates[i], (instant_t){ 500 });
		CU_ASSERT_EQUAL(p.next.ns, 500);
		for (uint32_t n = 0; n < rates[i]; n++) {
			const int64_t before = p.next.ns;

			swarm_pace_step(&p);
			CU_ASSERT_TRUE(p.next.ns > before);
			CU_ASSERT_TRUE(p.next.ns - before <= NS_PER_S / rates[i] + 1);
		}
		CU_ASSERT_EQUAL(p.next.ns, NS_PER_S + 500);
	}
}

/* Mean and deviation of an exponential distribution are the same. */
static void by_chance_gaps_are_exponential(void)
{
	struct rng_seeded seed;
	struct swarm_pace p;
	double sum = 0, squares = 0;
	int64_t before = 0;

	swarm_pace_start_poisson(&p, 1000, (instant_t){ 0 }, rng_seeded_init(&seed, 1));
	for (unsigned i = 0; i < VALUES; i++) {
		const double gap = (double)(p.next.ns - before) / 1e6;

		CU_ASSERT_TRUE(gap >= 0);
		sum += gap;
		squares += gap * gap;
		before = p.next.ns;
		swarm_pace_step(&p);
	}
	CU_ASSERT_DOUBLE_EQUAL(sum / VALUES, 1, 0.03);
	CU_ASSERT_DOUBLE_EQUAL(squares / VALUES, 2, 0.1);
}

static void a_rate_of_nothing_is_never(void)
{
	struct rng_seeded seed;
	struct swarm_pace p;

	swarm_pace_start(&p, 0, (instant_t){ 5 });
	CU_ASSERT_TRUE(instant_is_never(p.next));
	swarm_pace_start_poisson(&p, 0, (instant_t){ 5 }, rng_seeded_init(&seed, 1));
	CU_ASSERT_TRUE(instant_is_never(p.next));
	swarm_pace_start(&p, 5, (instant_t){ 5 });
	swarm_pace_end(&p);
	CU_ASSERT_TRUE(instant_is_never(p.next));
}

/* ---- steps ---- */

static void steps_are_read(void)
{
	struct swarm_step s;

	CU_ASSERT_PTR_NULL(swarm_step_parse("register", 700, &s));
	CU_ASSERT_EQUAL(s.rate[SWARM_REGISTER], 700);
	CU_ASSERT_EQUAL(s.rate[SWARM_RENEW] + s.rate[SWARM_ROAM], 0);
	CU_ASSERT_EQUAL(s.length.ns, 0);
	CU_ASSERT_PTR_NULL(swarm_step_parse("deregister@10000000", 1, &s));
	CU_ASSERT_EQUAL(s.rate[SWARM_DEREGISTER], 10000000);
	CU_ASSERT_PTR_NULL(swarm_step_parse("renew@20000+roam+register@3/30", 5, &s));
	CU_ASSERT_EQUAL(s.rate[SWARM_RENEW], 20000);
	CU_ASSERT_EQUAL(s.rate[SWARM_ROAM], 5);
	CU_ASSERT_EQUAL(s.rate[SWARM_REGISTER], 3);
	CU_ASSERT_EQUAL(s.length.ns, duration_s(30).ns);
}

static void other_texts_are_not(void)
{
	static const char *const wrong[] = {
		"",
		"jump",
		"renew@",
		"renew@0",
		"renew@-1",
		"renew@1.5",
		"renew@+5",
		"renew@10000001",
		"renew/",
		"renew/0",
		"renew/86401",
		"renew/5s",
		"renew+renew/5",
		"renew+roam",
		"renew+/5",
		"+renew/5",
		"renew@5@6",
		"renew/5/6",
		"renewal",
		"Renew",
		"renew@99999999999999999999",
		"renew ",
		"renew/5+roam",
	};
	struct swarm_step s;

	for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		CU_ASSERT_PTR_NOT_NULL(swarm_step_parse(wrong[i], 100, &s));
}

/* ---- search ---- */

/* What an agent that serves up to `most` a second is found to serve. */
static uint32_t found(uint32_t most, uint32_t first, unsigned *trials)
{
	struct swarm_search s;

	swarm_search_start(&s, first);
	for (*trials = 0; !swarm_search_is_done(&s) && *trials < 100; ++*trials)
		swarm_search_tried(&s, s.rate <= most);
	return s.good;
}

static void the_highest_rate_is_found(void)
{
	static const uint32_t most[] = { 1,     2,     3,      50,      999,    1000,
					 12345, 28000, 200000, 3000000, 9999999 };
	unsigned trials;

	for (unsigned i = 0; i < sizeof(most) / sizeof(most[0]); i++)
		for (uint32_t first = 1; first <= 1000000; first *= 10) {
			const uint32_t rate = found(most[i], first, &trials);

			CU_ASSERT_TRUE(rate <= most[i]);
			CU_ASSERT_TRUE(most[i] - rate <= 1 + most[i] / 50);
			CU_ASSERT_TRUE(trials < 45);
		}
	CU_ASSERT_EQUAL(found(0, 1000, &trials), 0);
	CU_ASSERT_EQUAL(found(UINT32_MAX, 1000, &trials), SWARM_RATE_MAX);
}

static void the_median_is_the_middle_one(void)
{
	uint32_t odd[] = { 9, 1, 5 }, even[] = { 8, 2, 4, 6 }, one[] = { 7 };

	CU_ASSERT_EQUAL(swarm_search_median(odd, 3), 5);
	CU_ASSERT_EQUAL(swarm_search_median(even, 4), 4);
	CU_ASSERT_EQUAL(swarm_search_median(one, 1), 7);
}

void suite_swarm_parts(void)
{
	CU_pSuite s = CU_add_suite("swarm_parts", NULL, NULL);

	CU_add_test(s, "percentiles are those of sorted values",
		    percentiles_are_those_of_sorted_values);
	CU_add_test(s, "every edge of a bucket is in it",
		    every_edge_of_a_bucket_is_in_it);
	CU_add_test(s, "odd durations have their place",
		    odd_durations_have_their_place);
	CU_add_test(s, "even instants do not drift", even_instants_do_not_drift);
	CU_add_test(s, "by chance, gaps are exponential",
		    by_chance_gaps_are_exponential);
	CU_add_test(s, "a rate of nothing is never", a_rate_of_nothing_is_never);
	CU_add_test(s, "steps are read", steps_are_read);
	CU_add_test(s, "other texts are not", other_texts_are_not);
	CU_add_test(s, "the highest rate is found", the_highest_rate_is_found);
	CU_add_test(s, "the median is the middle one", the_median_is_the_middle_one);
}
