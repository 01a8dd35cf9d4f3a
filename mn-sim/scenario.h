/* SPDX-License-Identifier: ISC */
/*
 * Run a scenario: traffic between the ends, moves by the clock, the agents'
 * events as they come; and what came of it.
 */
#ifndef MN_SIM_SCENARIO_H
#define MN_SIM_SCENARIO_H

#include "mn-sim/flow_log.h"
#include "mn-sim/scenario_config.h"
#include "mn-sim/tcp_flow.h"

#include <stdbool.h>
#include <stddef.h>

/* One move and what the node did about it. */
struct move_result {
	char label[SCENARIO_LABEL_MAX];
	instant_t at;               /* the cable was plugged in */
	instant_t until;            /* the next move, or the end */
	bool done;                  /* the expected event came */
	duration_t link_up_to_done; /* from the node's link-up to that event */
};

struct flow_result {
	char name[CONF_NAME_MAX];
	char from[CONF_NAME_MAX], to[CONF_NAME_MAX];
	const struct flow_log *log;
	uint16_t port; /* of a numbered flow, which is known by it on the wire */
	uint64_t refused;
	bool is_replay;
	size_t left_out; /* packets of a replayed file that were not sent */
};

struct stream_result {
	char name[CONF_NAME_MAX];
	char from[CONF_NAME_MAX], to[CONF_NAME_MAX];
	struct tcp_summary sum;
	const struct tcp_sample *sample;
	size_t samples;
};

struct scenario_result {
	const struct scenario_config *config;
	instant_t started, ended;
	struct move_result *move; /* as many as in the configuration, plus the start */
	unsigned moves;
	struct flow_result *flow;
	unsigned flows;
	struct stream_result *stream;
	unsigned streams;
	bool interrupted;
};

struct scenario;

/*
 * Open every socket, capture and control connection.  On failure the reason is
 * in `error`.  0 or -errno.
 */
int scenario_open(struct scenario **out, const struct scenario_config *config,
		  const char *dir, bool quiet, char *error, size_t error_size);
void scenario_close(struct scenario *s);

/* Run to the end.  The result lives as long as the scenario.  0 or -errno. */
int scenario_run(struct scenario *s, struct scenario_result *result);

/*
 * Every move was answered, every stream arrived whole, and no flow was dead at any
 * place.
 */
bool scenario_passed(const struct scenario_result *r);

#endif
