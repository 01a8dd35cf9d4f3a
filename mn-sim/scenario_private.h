/* SPDX-License-Identifier: ISC */
/*
 * The scenario engine's own state, for the files that make it up.
 */
#ifndef MN_SIM_SCENARIO_PRIVATE_H
#define MN_SIM_SCENARIO_PRIVATE_H

#include "common/base/timers.h"
#include "common/io/loop.h"
#include "mn-sim/cable.h"
#include "mn-sim/capture.h"
#include "mn-sim/ctl_client.h"
#include "mn-sim/live.h"
#include "mn-sim/replay.h"
#include "mn-sim/scenario.h"
#include "mn-sim/tunnel_view.h"
#include "mn-sim/udp_flow.h"

enum {
	STATUS_TEXT = 768,
	STATE_TEXT = 64,
	OTHER_JOBS = 3, /* status, live view, end */
};

struct job {
	struct timer timer;
	/* Returns when to run again, INSTANT_NEVER for not any more. */
	instant_t (*run)(struct scenario *s, unsigned index, instant_t now);
	unsigned index;
};

struct watched {
	struct scenario *scenario;
	const struct scenario_watch *config;
	struct ctl_client *events, *polls;
	unsigned answering;             /* which question's answer comes in */
	struct tunnel_view coming;      /* rows of the answers so far */
	char tunnels[TUNNEL_VIEW_TEXT]; /* as of the last whole answer */
};

struct scenario {
	const struct scenario_config *config;
	struct loop *loop;
	struct loop_watch *sigint, *sigterm;
	struct timers timers;
	struct job *job;
	unsigned jobs;
	struct live live;
	struct cable *cable;
	struct udp_flow **udp;
	struct tcp_flow **tcp;
	struct replay **replay;
	struct capture **capture;
	struct watched *watched;

	instant_t started, senders_end;
	unsigned moves_done; /* moves made, the start included */
	double link_up_time; /* by the node's clock, since the last move; 0: none */
	char node_state[STATE_TEXT]; /* as of the last poll */
	struct move_result *move;
	struct flow_result *flow;
	struct stream_result *stream;
	bool asked; /* for the status line; it is shown next */
	bool interrupted;
	int error;
};

/* What the loop and the control sockets call (scenario.c). */
void scenario_on_deadline(void *scenario);
void scenario_on_signal(void *scenario);
void scenario_on_event(void *watched, const json_t *row);
void scenario_on_poll(void *watched, const json_t *row);

#endif
