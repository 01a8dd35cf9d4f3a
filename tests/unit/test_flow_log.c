/* SPDX-License-Identifier: ISC */
/*
 * What the record of a numbered flow tells: loss, duplicates, order, gaps.
 */
#include "mn-sim/flow_log.h"

#include <CUnit/CUnit.h>

#include "tests/unit/suites.h"

static instant_t at_ms(int64_t ms)
{
	return (instant_t){ ms * 1000000 };
}

/* Packets 0 to 9, one every 10 ms from 1000 ms on; each arrives 1 ms later but
 * 3 (lost), 5 (twice) and 7 (after 8). */
static void fill(struct flow_log *log)
{
	static const int arrivals[] = { 0, 1, 2, 4, 5, 5, 6, 8, 7, 9 };

	CU_ASSERT_EQUAL_FATAL(flow_log_init(log, 10), 0);
	for (int i = 0; i < 10; i++)
		CU_ASSERT_EQUAL(flow_log_sent(log, at_ms(1000 + 10 * i)), i);
	for (int i = 0; i < 10; i++)
		flow_log_received(log, (uint64_t)arrivals[i], at_ms(1001 + 10 * i));
}

static void counts_loss_duplicates_and_order(void)
{
	struct flow_log log;
	struct flow_summary s;

	fill(&log);
	s = flow_log_summary(&log, at_ms(1000), at_ms(1100));
	CU_ASSERT_EQUAL(s.sent, 10);
	CU_ASSERT_EQUAL(s.received, 9);
	CU_ASSERT_EQUAL(s.lost, 1);
	CU_ASSERT_EQUAL(s.duplicated, 1);
	CU_ASSERT_EQUAL(s.reordered, 1);
	flow_log_fini(&log);
}

static void counts_by_when_it_was_sent(void)
{
	struct flow_log log;
	struct flow_summary s;

	fill(&log);
	s = flow_log_summary(&log, at_ms(1020), at_ms(1040));
	CU_ASSERT_EQUAL(s.sent, 2);
	CU_ASSERT_EQUAL(s.lost, 1);
	CU_ASSERT_EQUAL(s.duplicated, 0);
	flow_log_fini(&log);
}

static void measures_a_gap_whole(void)
{
	struct flow_log log;
	struct flow_summary s;

	CU_ASSERT_EQUAL_FATAL(flow_log_init(&log, 4), 0);
	for (int i = 0; i < 4; i++)
		flow_log_sent(&log, at_ms(100 * i));
	flow_log_received(&log, 0, at_ms(10));
	flow_log_received(&log, 1, at_ms(110));
	flow_log_received(&log, 3, at_ms(510));

	/* The cut at 200 does not shorten the silence from 110 to 510. */
	s = flow_log_summary(&log, at_ms(200), at_ms(600));
	CU_ASSERT_EQUAL(duration_to_ms(s.longest_gap), 400);
	CU_ASSERT_EQUAL(s.gap_from.ns, at_ms(110).ns);

	/* Silence up to the end counts. */
	s = flow_log_summary(&log, at_ms(0), at_ms(2000));
	CU_ASSERT_EQUAL(duration_to_ms(s.longest_gap), 1490);
	flow_log_fini(&log);
}

static void a_dead_flow_is_one_gap(void)
{
	struct flow_log log;
	struct flow_summary s;

	CU_ASSERT_EQUAL_FATAL(flow_log_init(&log, 2), 0);
	flow_log_sent(&log, at_ms(0));
	s = flow_log_summary(&log, at_ms(0), at_ms(700));
	CU_ASSERT_EQUAL(s.lost, 1);
	CU_ASSERT_EQUAL(duration_to_ms(s.longest_gap), 700);
	CU_ASSERT_EQUAL(s.median_delay.ns, 0);
	flow_log_fini(&log);
}

static void refuses_what_was_never_sent(void)
{
	struct flow_log log;

	CU_ASSERT_EQUAL_FATAL(flow_log_init(&log, 1), 0);
	flow_log_received(&log, 0, at_ms(1));
	CU_ASSERT_EQUAL(log.foreign, 1);
	CU_ASSERT_EQUAL(flow_log_sent(&log, at_ms(2)), 0);
	CU_ASSERT_EQUAL(flow_log_sent(&log, at_ms(3)), -1);
	flow_log_received(&log, UINT64_MAX, at_ms(4));
	CU_ASSERT_EQUAL(log.foreign, 2);
	flow_log_fini(&log);
}

void suite_flow_log(void)
{
	CU_pSuite s = CU_add_suite("flow_log", NULL, NULL);

	CU_add_test(s, "counts loss, duplicates and order",
		    counts_loss_duplicates_and_order);
	CU_add_test(s, "counts by when it was sent", counts_by_when_it_was_sent);
	CU_add_test(s, "measures a gap whole", measures_a_gap_whole);
	CU_add_test(s, "a dead flow is one gap", a_dead_flow_is_one_gap);
	CU_add_test(s, "refuses what was never sent", refuses_what_was_never_sent);
}
