/* SPDX-License-Identifier: ISC */
/*
 * Who is to go of a crowd: members that come and leave at random, against a list
 * that is looked through.
 */
#include "fa/crowd.h"

#include "common/base/rng.h"

#include <CUnit/CUnit.h>
#include <errno.h>

#include "tests/unit/suites.h"

enum { CROWD = 60 };

struct crowd_twin {
	struct crowd_member m[CROWD];
	int ifindex[CROWD];
	uint8_t station[CROWD];
	unsigned age[CROWD]; /* 0: no member */
};

/* Of how many members, counted by link alone with `station` 0. */
static unsigned fellows(const struct crowd_twin *w, int ifindex, uint8_t station)
{
	unsigned n = 0;

	for (unsigned i = 0; i < CROWD; i++)
		n += w->age[i] && w->ifindex[i] == ifindex &&
		     (!station || w->station[i] == station);
	return n;
}

static void check_first(const struct crowd_twin *w, const struct crowd_member *first)
{
	const size_t at = (size_t)(first - w->m);
	const unsigned of_link = fellows(w, w->ifindex[at], 0);
	const unsigned of_station = fellows(w, w->ifindex[at], w->station[at]);

	for (unsigned i = 0; i < CROWD; i++) {
		if (!w->age[i])
			continue;
		CU_ASSERT_TRUE(fellows(w, w->ifindex[i], 0) <= of_link);
		if (w->ifindex[i] != w->ifindex[at])
			continue;
		CU_ASSERT_TRUE(fellows(w, w->ifindex[i], w->station[i]) <
			       2 * of_station);
		if (w->station[i] == w->station[at])
			CU_ASSERT_TRUE(w->age[at] <= w->age[i]);
	}
}

static void the_crowd_agrees_with_its_twin(void)
{
	struct crowd_twin w = { 0 };
	struct rng_seeded seed;
	struct rng rng = rng_seeded_init(&seed, 4);
	struct crowd_member *first;
	struct crowd c;

	crowd_init(&c, CROWD);
	for (unsigned step = 1; step < 20000; step++) {
		const unsigned i = rng_below(&rng, CROWD);

		if (w.age[i]) {
			crowd_leave(&c, &w.m[i]);
			w.age[i] = 0;
		} else {
			w.ifindex[i] = 1 + (int)rng_below(&rng, 3);
			w.station[i] = (uint8_t)(1 + rng_below(&rng, 9));
			w.age[i] = step;
			CU_ASSERT_EQUAL(crowd_join(&c, &w.m[i], w.ifindex[i],
						   (struct mac){ { w.station[i] } }),
					0);
		}
		first = crowd_first_to_go(&c);
		CU_ASSERT_EQUAL(first == NULL, c.stations.used == 0);
		if (first)
			check_first(&w, first);
	}
	for (unsigned i = 0; i < CROWD; i++)
		crowd_leave(&c, &w.m[i]);
	CU_ASSERT_EQUAL(c.stations.used + c.links.used, 0);
	CU_ASSERT_PTR_NULL(crowd_first_to_go(&c));
	crowd_fini(&c);
}

static void a_crowd_is_as_large_as_it_may_be(void)
{
	const struct mac mac = { { 2 } }, other = { { 4 } };
	struct crowd_member m[3] = { 0 };
	struct crowd c;

	crowd_init(&c, 1);
	CU_ASSERT_PTR_NULL(crowd_first_to_go(&c));
	CU_ASSERT_EQUAL(crowd_join(&c, &m[0], 1, mac), 0);
	CU_ASSERT_EQUAL(crowd_join(&c, &m[1], 1, mac), 0);
	CU_ASSERT_EQUAL(crowd_join(&c, &m[2], 1, other), -ENOMEM);
	CU_ASSERT_EQUAL(crowd_join(&c, &m[2], 2, mac), -ENOMEM);
	crowd_leave(&c, &m[2]); /* it is in none */
	crowd_limit(&c, 2);
	CU_ASSERT_EQUAL(crowd_join(&c, &m[2], 2, mac), 0);
	CU_ASSERT_PTR_EQUAL(crowd_first_to_go(&c), &m[0]);
	for (unsigned i = 0; i < 3; i++)
		crowd_leave(&c, &m[i]);
	crowd_fini(&c);
}

void suite_crowd(void)
{
	CU_pSuite s = CU_add_suite("crowd", NULL, NULL);

	CU_ADD_TEST(s, the_crowd_agrees_with_its_twin);
	CU_ADD_TEST(s, a_crowd_is_as_large_as_it_may_be);
}
