/* SPDX-License-Identifier: ISC */
/* Visitors: the table, and every (state, event) pair of their life. */
#include "fa/visitor.h"

#include "common/base/rng.h"

#include <CUnit/CUnit.h>

#include "tests/unit/suites.h"

struct bench {
	struct timers timers;
	struct visitor_table t;
};

static void begin(struct bench *b, uint32_t limit)
{
	*b = (struct bench){ 0 };
	timers_init(&b->timers);
	visitor_init(&b->t, &b->timers, 3, limit);
}

static void end(struct bench *b)
{
	visitor_fini(&b->t);
	timers_fini(&b->timers);
}

static struct in_addr node(uint32_t n)
{
	return (struct in_addr){ htonl(0x0a010000u + n) };
}

static struct visit until(int64_t ns)
{
	return (struct visit){ .expires = { ns } };
}

static void admits_finds_forgets(void)
{
	const struct visit visit = until(5000);
	struct bench b;
	struct visitor_entry *v;

	begin(&b, 4);
	CU_ASSERT_PTR_NULL(visitor_find(&b.t, node(1)));
	v = visitor_admit(&b.t, node(1));
	CU_ASSERT_PTR_NOT_NULL_FATAL(v);
	CU_ASSERT_EQUAL(visitor_set(&b.t, v, &visit), 0);
	CU_ASSERT_PTR_EQUAL(visitor_find(&b.t, node(1)), v);
	CU_ASSERT_EQUAL(timers_next(&b.timers).ns, 5000);
	CU_ASSERT_EQUAL(v->timer.kind, 3);
	visitor_forget(&b.t, v);
	CU_ASSERT_PTR_NULL(visitor_find(&b.t, node(1)));
	CU_ASSERT_TRUE(instant_is_never(timers_next(&b.timers)));
	end(&b);
}

static void an_infinite_lifetime_has_no_deadline(void)
{
	const struct visit finite = until(5000);
	const struct visit infinite = { .expires = INSTANT_NEVER };
	struct bench b;
	struct visitor_entry *v;

	begin(&b, 4);
	v = visitor_admit(&b.t, node(1));
	CU_ASSERT_EQUAL(visitor_set(&b.t, v, &infinite), 0);
	CU_ASSERT_TRUE(instant_is_never(timers_next(&b.timers)));
	CU_ASSERT_EQUAL(visitor_set(&b.t, v, &finite), 0);
	CU_ASSERT_EQUAL(timers_next(&b.timers).ns, 5000);
	CU_ASSERT_EQUAL(visitor_set(&b.t, v, &infinite), 0);
	CU_ASSERT_TRUE(instant_is_never(timers_next(&b.timers)));
	end(&b);
}

static void full_is_a_result(void)
{
	struct bench b;

	begin(&b, 2);
	CU_ASSERT_PTR_NOT_NULL(visitor_admit(&b.t, node(1)));
	CU_ASSERT_FALSE(visitor_is_full(&b.t));
	CU_ASSERT_PTR_NOT_NULL(visitor_admit(&b.t, node(2)));
	CU_ASSERT_TRUE(visitor_is_full(&b.t));
	CU_ASSERT_PTR_NULL(visitor_admit(&b.t, node(3)));
	visitor_limit(&b.t, 3);
	CU_ASSERT_PTR_NOT_NULL(visitor_admit(&b.t, node(3)));
	visitor_limit(&b.t, 1);
	CU_ASSERT_EQUAL(visitor_count(&b.t), 3);
	CU_ASSERT_PTR_NULL(visitor_admit(&b.t, node(4)));
	end(&b);
}

static void count(void *arg, const struct visitor_entry *v)
{
	size_t *n = arg;

	(void)v;
	(*n)++;
}

static void behaves_like_its_twin(void)
{
	enum { NODES = 12, LIMIT = 7 };
	struct rng_seeded seed;
	struct rng rng = rng_seeded_init(&seed, 7);
	bool there[NODES] = { false };
	size_t alive = 0, seen;
	struct bench b;

	begin(&b, LIMIT);
	for (int step = 0; step < 10000; step++) {
		const uint32_t n = rng_below(&rng, NODES);
		struct visitor_entry *v = visitor_find(&b.t, node(n));

		CU_ASSERT_EQUAL(v != NULL, there[n]);
		if (v) {
			visitor_forget(&b.t, v);
			there[n] = false;
			alive--;
		} else if (visitor_admit(&b.t, node(n))) {
			there[n] = true;
			alive++;
		} else {
			CU_ASSERT_EQUAL(alive, LIMIT);
		}
		CU_ASSERT_EQUAL(visitor_count(&b.t), alive);
	}
	seen = 0;
	visitor_each(&b.t, count, &seen);
	CU_ASSERT_EQUAL(seen, alive);
	end(&b);
}

/* What each pair does, written again; -1 is "ignored". */
static const int expected[VISITOR_STATE_COUNT][VISITOR_EVENT_COUNT][2] = {
	[VISITOR_ABSENT] = {
		[VISITOR_REQUEST_HEARD] = { VISITOR_NOTHING, VISITOR_ABSENT },
		[VISITOR_REPLY_ACCEPTS] = { VISITOR_ADMIT, VISITOR_ACTIVE },
		[VISITOR_REPLY_DEREGISTERS] = { VISITOR_RELAY, VISITOR_ABSENT },
		[VISITOR_REPLY_ELSEWHERE] = { VISITOR_RELAY, VISITOR_ABSENT },
		[VISITOR_REPLY_DENIES] = { VISITOR_RELAY, VISITOR_ABSENT },
		[VISITOR_LIFETIME_OVER] = { -1, -1 },
		[VISITOR_WITHDRAWN] = { -1, -1 },
		[VISITOR_AGENT_STOPS] = { -1, -1 },
	},
	[VISITOR_ACTIVE] = {
		[VISITOR_REQUEST_HEARD] = { VISITOR_NOTHING, VISITOR_ACTIVE },
		[VISITOR_REPLY_ACCEPTS] = { VISITOR_RENEW, VISITOR_ACTIVE },
		[VISITOR_REPLY_DEREGISTERS] = { VISITOR_LEAVE, VISITOR_ABSENT },
		[VISITOR_REPLY_ELSEWHERE] = { VISITOR_RELAY, VISITOR_ACTIVE },
		[VISITOR_REPLY_DENIES] = { VISITOR_RELAY, VISITOR_ACTIVE },
		[VISITOR_LIFETIME_OVER] = { VISITOR_EXPIRE, VISITOR_ABSENT },
		[VISITOR_WITHDRAWN] = { VISITOR_WITHDRAW, VISITOR_ABSENT },
		[VISITOR_AGENT_STOPS] = { VISITOR_WITHDRAW, VISITOR_ABSENT },
	},
	[VISITOR_HELD] = {
		[VISITOR_REQUEST_HEARD] = { VISITOR_HOLD_ON, VISITOR_HELD },
		[VISITOR_REPLY_ACCEPTS] = { VISITOR_RENEW, VISITOR_ACTIVE },
		[VISITOR_REPLY_DEREGISTERS] = { VISITOR_RELAY, VISITOR_HELD },
		[VISITOR_REPLY_ELSEWHERE] = { VISITOR_RELAY, VISITOR_HELD },
		[VISITOR_REPLY_DENIES] = { VISITOR_RELAY, VISITOR_HELD },
		[VISITOR_LIFETIME_OVER] = { VISITOR_LET_GO, VISITOR_ABSENT },
		[VISITOR_WITHDRAWN] = { VISITOR_LET_GO, VISITOR_ABSENT },
		[VISITOR_AGENT_STOPS] = { VISITOR_LET_GO, VISITOR_ABSENT },
	},
};

static void every_pair_of_state_and_event(void)
{
	for (int s = 0; s < VISITOR_STATE_COUNT; s++) {
		for (int e = 0; e < VISITOR_EVENT_COUNT; e++) {
			const struct visitor_rule *r = visitor_rule(
				(enum visitor_state)s, (enum visitor_event)e);

			CU_ASSERT_EQUAL(r ? (int)r->action : -1, expected[s][e][0]);
			CU_ASSERT_EQUAL(r ? (int)r->next : -1, expected[s][e][1]);
		}
	}
}

static void states_and_events_have_names(void)
{
	CU_ASSERT_STRING_EQUAL(visitor_state_name(VISITOR_ACTIVE), "active");
	CU_ASSERT_STRING_EQUAL(visitor_event_name(VISITOR_REPLY_DENIES),
			       "reply-denies");
	for (int s = 0; s < VISITOR_STATE_COUNT; s++)
		CU_ASSERT_PTR_NOT_NULL(visitor_state_name((enum visitor_state)s));
	for (int e = 0; e < VISITOR_EVENT_COUNT; e++)
		CU_ASSERT_PTR_NOT_NULL(visitor_event_name((enum visitor_event)e));
}

void suite_visitor(void)
{
	CU_pSuite s = CU_add_suite("visitor", NULL, NULL);

	CU_add_test(s, "admits, finds, forgets", admits_finds_forgets);
	CU_add_test(s, "an infinite lifetime has no deadline",
		    an_infinite_lifetime_has_no_deadline);
	CU_add_test(s, "full is a result", full_is_a_result);
	CU_add_test(s, "behaves like its twin", behaves_like_its_twin);
	CU_add_test(s, "every pair of state and event", every_pair_of_state_and_event);
	CU_add_test(s, "states and events have names", states_and_events_have_names);
}
