/* SPDX-License-Identifier: ISC */
/* A foreign agent that runs out of memory, at every place where it asks for some. */
#include "tests/unit/alloc_count.h"
#include "tests/unit/fa_world.h"

#include <CUnit/CUnit.h>

#include "tests/unit/suites.h"

/* An accepting Reply went out only with the path of its visitor before it. */
static bool kept_its_word(const struct fa_world *w)
{
	const struct visitor_entry *v = fa_world_visitor(w, NODE);

	if (fa_world_heard(w).code != 0)
		return true;
	return v && fa_world_effects(w, EFFECT_FORWARD) == 1 &&
	       fa_world_place(w, EFFECT_FORWARD, 0) <
		       fa_world_place(w, EFFECT_SEND_LINK, 0);
}

static void live(struct fa_world *w, struct ask a)
{
	for (int i = 0; i < 2; i++) {
		fa_world_register(w, &a);
		CU_ASSERT_TRUE(kept_its_word(w));
		a.ident++;
		a.flags ^= MIP_FLAG_G; /* another path */
	}
	a.lifetime = 9999;
	fa_world_ask(w, &a);
	effect_list_clear(&w->fx);
	w->config.max_visitors++;
	fa_core_reconfigure(w->fa, &w->config, w->now, &w->fx);
	fa_world_pass(w, duration_s(700));
	CU_ASSERT_EQUAL(fa_core_visitor_count(w->fa), 0);
	CU_ASSERT_EQUAL(fa_world_pending(w), 0);
}

/* A life in which the nth wish for memory is not granted; how many there were. */
static unsigned long life_with_failure(unsigned long nth)
{
	const unsigned long before = alloc_count();
	unsigned long wishes;
	struct fa_world w;

	fa_world_config(&w);
	alloc_fail_nth(nth);
	w.fa = fa_core_new(&w.config, &w.links, rng_seeded_init(&w.seed, 1), w.now,
			   &w.fx);
	if (w.fa)
		live(&w, usual_ask());
	alloc_fail_nth(0);
	wishes = alloc_count() - before;
	fa_world_end(&w);
	return wishes;
}

static void lives_on_without_memory(void)
{
	alloc_fail_each(life_with_failure);
}

/* An effect list that cannot grow any more. */
static void without_memory_nothing_is_promised(void)
{
	const size_t full = SIZE_MAX / 2;
	struct ask a = usual_ask();
	uint8_t bytes[512];
	struct fa_world w;
	struct datagram dg = { .src = OTHER_AGENT, .dst = CARE_OF, .ifindex = CORE };

	if (!alloc_counted()) /* a sanitizer would end the program */
		return;
	fa_world_config(&w);
	fa_world_start(&w);
	for (size_t visitors = 0; visitors < 2; visitors++) {
		struct effect_list fx = { .count = full, .room = full };
		struct say s;

		a.flags = MIP_FLAG_M; /* another path */
		a.ident++;
		s = say_to(&a);
		fa_world_ask(&w, &a);
		dg.payload =
			reader_over(bytes, fa_build_say(&w, &s, bytes, sizeof(bytes)));
		fa_core_datagram(w.fa, &dg, w.now, &fx);
		CU_ASSERT_TRUE(fx.overflow);
		CU_ASSERT_EQUAL(fx.count, full);
		CU_ASSERT_EQUAL(fa_core_visitor_count(w.fa), visitors);
		CU_ASSERT_EQUAL(fa_world_pending(&w), 0);
		CU_ASSERT_EQUAL(fa_world_counter(&w, "reply-fa-resources"),
				1 + visitors);
		CU_ASSERT_TRUE(!visitors ||
			       fa_world_visitor(&w, NODE)->visit.rq.flags == 0);
		fa_world_pass(&w, duration_s(2));
		a.flags = 0;
		a.ident++;
		fa_world_register(&w, &a);
	}
	fa_world_end(&w);
}

/*
 * A list that has room for the path of a visitor, but not for the Reply: the path is
 * not left there alone.
 */
static unsigned long last_place_with_failure(unsigned long nth)
{
	const struct ask a = usual_ask();
	const struct say s = say_to(&a);
	struct datagram dg = { .src = OTHER_AGENT, .dst = CARE_OF, .ifindex = CORE };
	unsigned long wishes;
	struct effect_list fx;
	uint8_t bytes[512];
	struct fa_world w;
	size_t paths = 0;

	fa_world_open(&w);
	fa_world_ask(&w, &a);
	dg.payload = reader_over(bytes, fa_build_say(&w, &s, bytes, sizeof(bytes)));
	effect_list_init(&fx);
	do
		effect_note(&fx, (struct note){ .kind = NOTE_LINK_UP });
	while (fx.count + 1 < fx.room);
	wishes = alloc_count();
	alloc_fail_nth(nth);
	fa_core_datagram(w.fa, &dg, w.now, &fx);
	alloc_fail_nth(0);
	wishes = alloc_count() - wishes;
	for (size_t i = 0; i < fx.count; i++)
		paths += fx.at[i].kind == EFFECT_FORWARD;
	CU_ASSERT_EQUAL(paths, fa_core_visitor_count(w.fa));
	effect_list_fini(&fx);
	fa_world_end(&w);
	return wishes;
}

static void no_path_without_its_reply(void)
{
	const unsigned long wishes = last_place_with_failure(0);

	for (unsigned long nth = 1; nth <= wishes; nth++)
		last_place_with_failure(nth);
}

void suite_fa_memory(void)
{
	CU_pSuite s = CU_add_suite("fa_memory", NULL, NULL);

	CU_add_test(s, "lives on without memory", lives_on_without_memory);
	CU_add_test(s, "without memory nothing is promised",
		    without_memory_nothing_is_promised);
	CU_add_test(s, "no path without its reply", no_path_without_its_reply);
}
