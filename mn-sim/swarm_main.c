/* SPDX-License-Identifier: ISC */
/*
 * `mn-sim swarm`: carry out the steps, or look for the highest rate, and report.
 */
#include "mn-sim/swarm_main.h"

#include "mn-sim/swarm_run.h"
#include "mn-sim/swarm_search.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum {
	TRIALS_MAX = 64,
	FINDS_MAX = 99,
	LAPS_MAX = TRIALS_MAX * FINDS_MAX,
	ALL = 10000
};

struct account {
	struct swarm_lap lap[LAPS_MAX];
	unsigned laps;
	uint32_t found[FINDS_MAX];
	unsigned finds;
};

static void add_lap(struct account *a, struct swarm_lap lap)
{
	if (a->laps < LAPS_MAX)
		a->lap[a->laps++] = lap;
}

static bool is_tolerable(const struct swarm_options *o, uint64_t due, uint64_t failed)
{
	return failed * ALL <= due * o->failures;
}

/* ---- given steps ---- */

static void run_steps(struct swarm_run *r, const struct swarm_options *o,
		      struct account *a)
{
	for (unsigned i = 0; i < o->steps && !swarm_run_is_over(r); i++)
		add_lap(a, swarm_run_lap(r, o->text[i], &o->step[i], duration_s(0)));
}

/* ---- the highest rate ---- */

static bool try_rate(struct swarm_run *r, const struct swarm_options *o, uint32_t rate,
		     struct account *a)
{
	struct swarm_step step = { .length = o->trial };
	struct swarm_lap lap;

	step.rate[o->find] = rate;
	lap = swarm_run_lap(r, swarm_op_name(o->find), &step, o->timeout);
	lap.rate = rate;
	lap.worked = is_tolerable(o, lap.due, lap.failed);
	add_lap(a, lap);
	return lap.worked;
}

static void find_once(struct swarm_run *r, const struct swarm_options *o,
		      struct account *a)
{
	struct swarm_search search;

	swarm_search_start(&search, o->rate);
	while (!swarm_search_is_done(&search) && !swarm_run_is_over(r))
		swarm_search_tried(&search, try_rate(r, o, search.rate, a));
	if (!swarm_run_is_over(r))
		a->found[a->finds++] = search.good;
}

static void find_rate(struct swarm_run *r, const struct swarm_options *o,
		      struct account *a)
{
	struct swarm_step step = { .rate[SWARM_REGISTER] = o->rate };

	add_lap(a, swarm_run_lap(r, "register", &step, duration_s(0)));
	for (unsigned i = 0; i < o->repeat && !swarm_run_is_over(r); i++)
		find_once(r, o, a);
}

/* ---- */

static bool write_json(const char *path, struct swarm *s, const struct swarm_report *r)
{
	json_t *value = swarm_report_json(s, r);
	bool good =
		value && json_dump_file(value, path,
					JSON_INDENT(1) | JSON_REAL_PRECISION(9)) == 0;

	json_decref(value);
	if (!good)
		fprintf(stderr, "mn-sim swarm: %s: cannot be written\n", path);
	return good;
}

static bool report(struct swarm_run *r, const struct swarm_options *o,
		   struct account *a)
{
	struct swarm *s = swarm_run_swarm(r);
	const struct swarm_sum sum = swarm_sum(swarm_stats(s));
	struct rusage usage = { 0 };
	uint64_t lost = 0;
	int error = 0;
	struct swarm_report rep = {
		.lap = a->lap,
		.laps = a->laps,
		.found = a->found,
		.finds = a->finds,
		.took = swarm_run_took(r),
		.refused = swarm_run_refused(r, &error),
		.handover = swarm_run_handover(r, &lost),
	};

	getrusage(RUSAGE_SELF, &usage);
	rep.memory = usage.ru_maxrss;
	rep.handover_lost = lost;
	if (a->finds)
		rep.median = swarm_search_median(a->found, a->finds);
	swarm_report_table(stdout, s, &rep);
	if (rep.refused)
		fprintf(stderr, "mn-sim swarm: the kernel would not send: %s\n",
			strerror(error));
	if (o->json[0] && !write_json(o->json, s, &rep))
		return false;
	return o->find == SWARM_OPS ? is_tolerable(o, sum.due, sum.due - sum.accepted)
				    : rep.median > 0;
}

int swarm_main(int argc, char **argv)
{
	struct account *a = calloc(1, sizeof(*a));
	struct swarm_options o;
	struct swarm_run *r = NULL;
	int status = a ? swarm_options_read(argc, argv, &o) : EXIT_FAILURE, error;

	if (status >= 0) {
		free(a);
		return status;
	}
	status = EXIT_FAILURE;
	error = swarm_run_open(&r, &o);
	if (error < 0) {
		fprintf(stderr, "mn-sim swarm: %s\n", strerror(-error));
	} else {
		if (!o.quiet)
			swarm_report_head(stderr);
		if (o.find == SWARM_OPS)
			run_steps(r, &o, a);
		else
			find_rate(r, &o, a);
		if (report(r, &o, a) && !swarm_run_is_over(r))
			status = EXIT_SUCCESS;
	}
	swarm_run_close(r);
	swarm_options_fini(&o);
	free(a);
	return status;
}
