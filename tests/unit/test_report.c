/* SPDX-License-Identifier: ISC */
/*
 * What a report says of a run: names that scripts read, the table, the page.
 */
#include "mn-sim/report.h"

#include <CUnit/CUnit.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/suites.h"

struct run {
	struct scenario_config config;
	struct move_result move[2];
	struct flow_log log;
	struct flow_result flow;
	struct stream_result stream;
	struct scenario_move configured;
	struct scenario_result result;
};

static instant_t at_ms(int64_t ms)
{
	return (instant_t){ ms * 1000000 };
}

/* Two seconds, one move after the first; of 20 packets the 11th was lost. */
static void make_run(struct run *r)
{
	*r = (struct run){
		.config = { .name = "gre", .title = "a <b> & c", .move_count = 1 },
		.move = { { .label = "home", .until = at_ms(1000), .done = true },
			  { .label = "away",
			    .at = at_ms(1000),
			    .until = at_ms(2000),
			    .done = true,
			    .link_up_to_done = duration_ms(7) } },
		.stream = { .name = "tcp",
			    .sum = { .sent = 5, .received = 5, .intact = true } },
	};
	CU_ASSERT_EQUAL_FATAL(flow_log_init(&r->log, 20), 0);
	for (int i = 0; i < 20; i++)
		flow_log_sent(&r->log, at_ms(100 * i));
	for (int i = 0; i < 20; i++)
		if (i != 10)
			flow_log_received(&r->log, (uint64_t)i, at_ms(100 * i + 1));
	r->flow = (struct flow_result){ .name = "udp", .log = &r->log };
	r->config.move = &r->configured;
	r->result = (struct scenario_result){
		.config = &r->config,
		.ended = at_ms(2000),
		.move = r->move,
		.moves = 2,
		.flow = &r->flow,
		.flows = 1,
		.stream = &r->stream,
		.streams = 1,
	};
}

/* What `print` writes of `value`; the caller frees it. */
static char *printed(void (*print)(FILE *, const json_t *), const json_t *value)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	print(f, value);
	fclose(f);
	return text;
}

static void names_what_scripts_read(void)
{
	struct run r;
	json_t *run;
	const char *place;
	double took, gap;
	int lost_home, lost_away, passed;

	make_run(&r);
	run = report_json(&r.result);
	CU_ASSERT_EQUAL_FATAL(
		json_unpack(run, "{s:b,s:[{s:{s:{s:i}}},{s:s,s:f,s:{s:{s:i,s:f}}}]}",
			    "passed", &passed, "moves", "flows", "udp", "lost",
			    &lost_home, "place", &place, "link-up-to-registered-ms",
			    &took, "flows", "udp", "lost", &lost_away, "longest-gap-ms",
			    &gap),
		0);
	CU_ASSERT_TRUE(passed);
	CU_ASSERT_EQUAL(lost_home, 0);
	CU_ASSERT_EQUAL(lost_away, 1);
	CU_ASSERT_STRING_EQUAL(place, "away");
	CU_ASSERT_DOUBLE_EQUAL(took, 7.0, 0.001);
	CU_ASSERT_DOUBLE_EQUAL(gap, 200.0, 0.001);
	json_decref(run);
	flow_log_fini(&r.log);
}

static void a_run_fails_by_its_moves_and_streams(void)
{
	struct run r;

	make_run(&r);
	CU_ASSERT_TRUE(scenario_passed(&r.result));
	r.move[1].done = false;
	CU_ASSERT_FALSE(scenario_passed(&r.result));
	r.move[1].done = true;
	r.stream.sum.intact = false;
	CU_ASSERT_FALSE(scenario_passed(&r.result));
	r.stream.sum.intact = true;
	r.result.moves = 1; /* it ended before the move */
	CU_ASSERT_FALSE(scenario_passed(&r.result));
	r.result.moves = 2;
	r.result.interrupted = true;
	CU_ASSERT_FALSE(scenario_passed(&r.result));
	r.result.interrupted = false;
	for (int i = 10; i < 20; i++)
		r.log.packet[i].copies = 0; /* nothing arrived at the second place */
	CU_ASSERT_FALSE(scenario_passed(&r.result));
	flow_log_fini(&r.log);
}

static void the_table_shouts_what_failed(void)
{
	struct run r;
	json_t *run;
	char *text;

	make_run(&r);
	r.move[1].done = false;
	r.stream.sum.intact = false;
	run = report_json(&r.result);
	text = printed(report_text, run);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "NEVER"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "NOT WHOLE"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "gre: FAILED"));
	free(text);
	json_decref(run);
	flow_log_fini(&r.log);
}

static void the_page_stands_alone(void)
{
	struct run r;
	json_t *runs;
	char *text;

	make_run(&r);
	runs = json_pack("[o]", report_json(&r.result));
	text = printed(report_html, runs);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "a &lt;b&gt; &amp; c"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "class=\"lost\""));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "</svg>"));
	CU_ASSERT_PTR_NULL(strstr(text, "<script"));
	CU_ASSERT_PTR_NULL(strstr(text, "src="));
	free(text);
	json_decref(runs);
	flow_log_fini(&r.log);
}

void suite_report(void)
{
	CU_pSuite s = CU_add_suite("report", NULL, NULL);

	CU_add_test(s, "names what scripts read", names_what_scripts_read);
	CU_add_test(s, "a run fails by its moves and streams",
		    a_run_fails_by_its_moves_and_streams);
	CU_add_test(s, "the table shouts what failed", the_table_shouts_what_failed);
	CU_add_test(s, "the page stands alone", the_page_stands_alone);
}
