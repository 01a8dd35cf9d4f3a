/* SPDX-License-Identifier: ISC */
/*
 * The promise of effect.h: in order, and after a failure nothing more of the
 * same deed, and the core is told.
 */
#include "common/io/effects_run.h"

#include <CUnit/CUnit.h>
#include <errno.h>
#include <string.h>

#include "tests/unit/suites.h"

/*
 * Effects are notes and routes here; each is known by its home address, a small
 * number.  What was done is written down in order.
 */
struct edge {
	unsigned done[64];
	unsigned done_count;
	unsigned failed[64];
	unsigned failed_count;
	unsigned refuse; /* the effect with this number fails */
	unsigned then;   /* the core answers a failure with this one, 0: with none */
	bool for_ever;   /* the core answers with one that fails again */
};

static struct in_addr number(unsigned n)
{
	return (struct in_addr){ n };
}

static int act(void *arg, const struct effect *e)
{
	struct edge *edge = arg;

	if (e->home.s_addr == edge->refuse)
		return -ENOSPC;
	edge->done[edge->done_count++] = e->home.s_addr;
	return 0;
}

static void failed(void *arg, const struct effect *e, int error, struct effect_list *fx)
{
	struct edge *edge = arg;

	CU_ASSERT_EQUAL(error, ENOSPC);
	edge->failed[edge->failed_count++] = e->home.s_addr;
	if (edge->then)
		effect_add(fx, EFFECT_NOTE, 0, number(edge->then));
	if (edge->for_ever)
		effect_add(fx, EFFECT_NOTE, 0, number(edge->refuse));
}

struct run {
	struct edge edge;
	struct io_counts counts;
	struct effect_list fx, spare;
};

static void begin(struct run *r)
{
	memset(r, 0, sizeof(*r));
	effect_list_init(&r->fx);
	effect_list_init(&r->spare);
}

static void add(struct run *r, unsigned n, uint32_t txn)
{
	effect_add(&r->fx, EFFECT_ROUTE, txn, number(n));
}

static void perform(struct run *r)
{
	struct effect_actor actor = { .failed = failed,
				      .arg = &r->edge,
				      .counts = &r->counts };

	for (unsigned k = 0; k < EFFECT_KIND_COUNT; k++)
		actor.act[k] = act;
	effects_run(&actor, &r->fx, &r->spare);
	CU_ASSERT_EQUAL(r->fx.count, 0);
	CU_ASSERT_EQUAL(r->spare.count, 0);
	effect_list_fini(&r->fx);
	effect_list_fini(&r->spare);
}

static bool did(const struct run *r, const unsigned *expected, unsigned count)
{
	return r->edge.done_count == count &&
	       memcmp(r->edge.done, expected, count * sizeof(*expected)) == 0;
}

static void all_are_done_in_order(void)
{
	struct run r;

	begin(&r);
	for (unsigned n = 1; n <= 5; n++)
		add(&r, n, n % 2);
	perform(&r);
	CU_ASSERT_TRUE(did(&r, (unsigned[]){ 1, 2, 3, 4, 5 }, 5));
	CU_ASSERT_EQUAL(r.edge.failed_count, 0);
}

static void the_rest_of_a_failed_deed_is_left_out(void)
{
	struct run r;

	begin(&r);
	r.edge.refuse = 2;
	add(&r, 1, 7);
	add(&r, 2, 7);
	add(&r, 3, 7);
	add(&r, 4, 8);
	add(&r, 5, 7);
	add(&r, 6, 0);
	perform(&r);
	CU_ASSERT_TRUE(did(&r, (unsigned[]){ 1, 4, 6 }, 3));
	CU_ASSERT_EQUAL(r.edge.failed_count, 1);
	CU_ASSERT_EQUAL(r.edge.failed[0], 2);
	CU_ASSERT_EQUAL(r.counts.by[IO_EFFECT_FAILED], 1);
	CU_ASSERT_EQUAL(r.counts.by[IO_EFFECT_SKIPPED], 2);
}

static void an_effect_of_no_deed_fails_alone(void)
{
	struct run r;

	begin(&r);
	r.edge.refuse = 1;
	add(&r, 1, 0);
	add(&r, 2, 0);
	perform(&r);
	CU_ASSERT_TRUE(did(&r, (unsigned[]){ 2 }, 1));
	CU_ASSERT_EQUAL(r.edge.failed_count, 1);
}

static void what_the_core_answers_comes_after_the_list(void)
{
	struct run r;

	begin(&r);
	r.edge.refuse = 1;
	r.edge.then = 9;
	add(&r, 1, 7);
	add(&r, 2, 7);
	add(&r, 3, 8);
	perform(&r);
	CU_ASSERT_TRUE(did(&r, (unsigned[]){ 3, 9 }, 2));
}

static void a_core_that_never_gives_up_is_given_up(void)
{
	struct run r;

	begin(&r);
	r.edge.refuse = 1;
	r.edge.for_ever = true;
	add(&r, 1, 7);
	perform(&r);
	CU_ASSERT_EQUAL(r.edge.done_count, 0);
	CU_ASSERT_TRUE(r.edge.failed_count > 1 && r.edge.failed_count < 20);
}

static void an_empty_list_does_nothing(void)
{
	struct run r;

	begin(&r);
	perform(&r);
	CU_ASSERT_EQUAL(r.edge.done_count, 0);
}

void suite_effects_run(void)
{
	CU_pSuite s = CU_add_suite("effects_run", NULL, NULL);

	CU_ADD_TEST(s, all_are_done_in_order);
	CU_ADD_TEST(s, the_rest_of_a_failed_deed_is_left_out);
	CU_ADD_TEST(s, an_effect_of_no_deed_fails_alone);
	CU_ADD_TEST(s, what_the_core_answers_comes_after_the_list);
	CU_ADD_TEST(s, a_core_that_never_gives_up_is_given_up);
	CU_ADD_TEST(s, an_empty_list_does_nothing);
}
