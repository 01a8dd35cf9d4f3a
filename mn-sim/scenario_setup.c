/* SPDX-License-Identifier: ISC */
/*
 * Open what a scenario needs, and close it: the ends' sockets, captures, control
 * connections, the cable, the tables that the result is made of.
 */
#include "mn-sim/scenario_private.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct scenario_end *find_end(const struct scenario_config *c,
					   const char *name)
{
	for (unsigned i = 0; i < c->end_count; i++)
		if (strcmp(c->end[i].name, name) == 0)
			return &c->end[i];
	return NULL;
}

struct failure {
	char *text;
	size_t size;
};

static int fail(struct failure f, int rc, const char *what, const char *name)
{
	char detail[256];

	if (rc < 0) {
		snprintf(detail, sizeof(detail), "%s",
			 *f.text ? f.text : strerror(-rc));
		snprintf(f.text, f.size, "%s %s: %s", what, name, detail);
	}
	return rc;
}

static int open_flows(struct scenario *s, struct failure f)
{
	const struct scenario_config *c = s->config;
	int rc = 0;

	for (unsigned i = 0; i < c->udp_count && rc == 0; i++) {
		size_t packets = (size_t)(c->duration.ns / c->udp[i].interval.ns) + 1;

		rc = udp_flow_open(&s->udp[i], s->loop, &c->udp[i],
				   find_end(c, c->udp[i].from),
				   find_end(c, c->udp[i].to), packets);
		fail(f, rc, "udp", c->udp[i].name);
	}
	for (unsigned i = 0; i < c->tcp_count && rc == 0; i++) {
		rc = tcp_flow_open(&s->tcp[i], s->loop, &c->tcp[i],
				   find_end(c, c->tcp[i].from),
				   find_end(c, c->tcp[i].to));
		fail(f, rc, "tcp", c->tcp[i].name);
	}
	for (unsigned i = 0; i < c->replay_count && rc == 0; i++) {
		rc = replay_open(&s->replay[i], s->loop, &c->replay[i],
				 find_end(c, c->replay[i].from),
				 find_end(c, c->replay[i].to), f.text, f.size);
		fail(f, rc, "replay", c->replay[i].file);
	}
	return rc;
}

static int open_watch(struct scenario *s, struct watched *w,
		      const struct scenario_watch *config)
{
	int rc;

	w->scenario = s;
	w->config = config;
	rc = ctl_client_open(&w->events, s->loop, config->control, scenario_on_event,
			     w);
	if (rc == 0)
		rc = ctl_client_ask(w->events, "watch");
	if (rc == 0 && (config->tunnels || config->node))
		rc = ctl_client_open(&w->polls, s->loop, config->control,
				     scenario_on_poll, w);
	return rc;
}

static int open_observers(struct scenario *s, const char *dir, struct failure f)
{
	const struct scenario_config *c = s->config;
	int rc = 0;

	for (unsigned i = 0; i < c->capture_count && rc == 0; i++) {
		rc = capture_open(&s->capture[i], s->loop, &c->capture[i], dir, f.text,
				  f.size);
		fail(f, rc, "capture", c->capture[i].file);
	}
	for (unsigned i = 0; i < c->watch_count && rc == 0; i++) {
		rc = open_watch(s, &s->watched[i], &c->watch[i]);
		fail(f, rc, "control socket of", c->watch[i].name);
	}
	if (rc == 0 && c->move_count) {
		rc = cable_open(&s->cable, c->cable_netns, c->cable);
		fail(f, rc, "cable", c->cable);
	}
	return rc;
}

static int open_loop(struct scenario *s)
{
	s->loop = loop_new();
	if (!s->loop || loop_on_deadline(s->loop, scenario_on_deadline, s) < 0)
		return -ENOMEM;
	s->sigint = loop_watch_signal(s->loop, SIGINT, scenario_on_signal, s);
	s->sigterm = loop_watch_signal(s->loop, SIGTERM, scenario_on_signal, s);
	return s->sigint && s->sigterm ? 0 : -ENOMEM;
}

static void *table(size_t count, size_t size)
{
	return calloc(count + 1, size);
}

static int make_tables(struct scenario *s)
{
	const struct scenario_config *c = s->config;
	unsigned flows = c->udp_count + c->replay_count;

	s->udp = table(c->udp_count, sizeof(*s->udp));
	s->tcp = table(c->tcp_count, sizeof(*s->tcp));
	s->replay = table(c->replay_count, sizeof(*s->replay));
	s->capture = table(c->capture_count, sizeof(*s->capture));
	s->watched = table(c->watch_count, sizeof(*s->watched));
	s->move = table(c->move_count, sizeof(*s->move));
	s->flow = table(flows, sizeof(*s->flow));
	s->stream = table(c->tcp_count, sizeof(*s->stream));
	s->job = table(flows + c->tcp_count + c->move_count + OTHER_JOBS,
		       sizeof(*s->job));
	if (!s->udp || !s->tcp || !s->replay || !s->capture || !s->watched ||
	    !s->move || !s->flow || !s->stream || !s->job)
		return -ENOMEM;
	for (unsigned i = 0; i < c->move_count; i++)
		memcpy(s->move[i + 1].label, c->move[i].label, SCENARIO_LABEL_MAX);
	memcpy(s->move[0].label, c->start_label, SCENARIO_LABEL_MAX);
	return 0;
}

int scenario_open(struct scenario **out, const struct scenario_config *config,
		  const char *dir, bool quiet, char *error, size_t error_size)
{
	struct failure f = { error, error_size };
	struct scenario *s = calloc(1, sizeof(*s));
	int rc;

	*error = '\0';
	if (!s)
		return -ENOMEM;
	s->config = config;
	timers_init(&s->timers);
	live_init(&s->live, quiet);
	live_start(&s->live);
	snprintf(s->node_state, sizeof(s->node_state), "ready");
	rc = make_tables(s);
	if (rc == 0)
		rc = fail(f, open_loop(s), "event", "loop");
	if (rc == 0)
		rc = open_flows(s, f);
	if (rc == 0)
		rc = open_observers(s, dir, f);
	if (rc < 0) {
		scenario_close(s);
		return rc;
	}
	*out = s;
	return 0;
}

static void close_all(struct scenario *s)
{
	const struct scenario_config *c = s->config;

	for (unsigned i = 0; s->udp && i < c->udp_count; i++)
		udp_flow_close(s->udp[i]);
	for (unsigned i = 0; s->tcp && i < c->tcp_count; i++)
		tcp_flow_close(s->tcp[i]);
	for (unsigned i = 0; s->replay && i < c->replay_count; i++)
		replay_close(s->replay[i]);
	for (unsigned i = 0; s->capture && i < c->capture_count; i++)
		capture_close(s->capture[i]);
	for (unsigned i = 0; s->watched && i < c->watch_count; i++) {
		ctl_client_close(s->watched[i].events);
		ctl_client_close(s->watched[i].polls);
	}
}

void scenario_close(struct scenario *s)
{
	if (!s)
		return;
	close_all(s);
	cable_close(s->cable);
	loop_unwatch(s->sigint);
	loop_unwatch(s->sigterm);
	loop_free(s->loop);
	live_fini(&s->live);
	timers_fini(&s->timers);
	free(s->udp);
	free(s->tcp);
	free(s->replay);
	free(s->capture);
	free(s->watched);
	free(s->move);
	free(s->flow);
	free(s->stream);
	free(s->job);
	free(s);
}
