/* SPDX-License-Identifier: ISC */
/*
 * The scenario engine: jobs on a queue of deadlines, one loop, one clock.
 *
 * Every flow, stream and replay is a job that runs again and again; a move is a
 * job that runs once.  Events come from the agents' control sockets; those of
 * the mobile node tell when a move is answered.
 */
#include "mn-sim/scenario_private.h"

#include "common/base/list.h"
#include "common/io/host.h"
#include "mn-sim/report_value.h"

#include <stdio.h>
#include <string.h>

enum {
	TCP_TICK_MS = 5,
	STATUS_MS = 1000,
	ANSWER_MS = 50,        /* for an agent to tell what its tunnels carry */
	DRAIN_MS = 500,        /* for what is still on its way at the end */
	STREAM_END_MS = 15000, /* for a stream to end in order */
};

static instant_t after(const struct scenario *s, duration_t d)
{
	return instant_add(s->started, d);
}

/* --- jobs --------------------------------------------------------------- */

static instant_t run_udp(struct scenario *s, unsigned i, instant_t now)
{
	(void)now;
	if (!instant_before(now, s->senders_end))
		return INSTANT_NEVER;
	udp_flow_send(s->udp[i]);
	return instant_add(s->job[i].timer.at, s->config->udp[i].interval);
}

static instant_t run_tcp(struct scenario *s, unsigned i, instant_t now)
{
	if (!instant_before(now, s->senders_end)) {
		tcp_flow_finish(s->tcp[i]);
		return INSTANT_NEVER;
	}
	tcp_flow_tick(s->tcp[i]);
	return instant_add(now, duration_ms(TCP_TICK_MS));
}

static instant_t run_replay(struct scenario *s, unsigned i, instant_t now)
{
	if (!instant_before(now, s->senders_end))
		return INSTANT_NEVER;
	return replay_send_due(s->replay[i], s->started, now);
}

static const char *current_place(const struct scenario *s)
{
	return s->move[s->moves_done - 1].label;
}

static void say_move(struct scenario *s, const char *from)
{
	char text[3 * SCENARIO_LABEL_MAX];

	snprintf(text, sizeof(text), "=== the node moves: %s -> %s", from,
		 current_place(s));
	live_say(&s->live, text);
}

static instant_t stop_if_failed(struct scenario *s, int rc)
{
	if (rc == 0)
		return INSTANT_NEVER;
	s->error = rc;
	live_say(&s->live, strerror(-rc));
	loop_stop(s->loop);
	return INSTANT_NEVER;
}

static void begin_move(struct scenario *s, unsigned i, instant_t now)
{
	const char *from = current_place(s);

	s->move[i].until = now;
	s->move[i + 1].at = now;
	s->move[i + 1].done = *s->config->move[i].expect == '\0';
	s->moves_done = i + 2;
	s->link_up_time = 0;
	say_move(s, from);
}

/* Twice: the cable is pulled out, and after a while plugged in elsewhere. */
static instant_t run_move(struct scenario *s, unsigned i, instant_t now)
{
	const struct scenario_move *m = &s->config->move[i];
	int rc;

	if (s->moves_done == i + 2)
		return stop_if_failed(s, cable_plug(s->cable, m->to));
	begin_move(s, i, now);
	rc = cable_pull(s->cable);
	if (rc < 0 || !*m->to)
		return stop_if_failed(s, rc);
	return instant_add(now, m->unplugged);
}

static size_t add_flow_text(char *text, size_t room, const char *name,
			    const struct flow_log *log)
{
	size_t got = 0;
	int n;

	for (size_t i = 0; i < log->count; i++)
		got += log->packet[i].copies > 0;
	n = snprintf(text, room, "%s %zu/%zu  ", name, got, log->count);
	return n < 0 ? 0 : (size_t)n;
}

static void make_status(const struct scenario *s, char *text, size_t room)
{
	const struct scenario_config *c = s->config;
	size_t at = 0;

	at += (size_t)snprintf(text, room, "%s, %s | ", current_place(s),
			       s->node_state);
	for (unsigned i = 0; i < c->udp_count && at < room; i++)
		at += add_flow_text(text + at, room - at, c->udp[i].name,
				    udp_flow_log(s->udp[i]));
	for (unsigned i = 0; i < c->tcp_count && at < room; i++)
		at += (size_t)snprintf(
			text + at, room - at, "%s %.1f MB  ", c->tcp[i].name,
			(double)tcp_flow_summary(s->tcp[i]).received / 1e6);
	for (unsigned i = 0; i < c->watch_count && at < room; i++)
		if (*s->watched[i].tunnels)
			at += (size_t)snprintf(text + at, room - at, "| %s",
					       s->watched[i].tunnels);
}

/* What an agent is asked, and what is done with the rows of its answer. */
struct question {
	const char *request;
	void (*take)(struct watched *w, const json_t *row);
	void (*taken)(struct watched *w); /* or NULL */
};

static void take_state(struct watched *w, const json_t *row)
{
	const char *care_of = value_text(row, "care-of");

	snprintf(w->scenario->node_state, STATE_TEXT, "%s%s%s",
		 value_text(row, "state"), *care_of ? " " : "", care_of);
}

static void take_protection(struct watched *w, const json_t *row)
{
	tunnel_view_protection(&w->coming, row);
}

static void take_association(struct watched *w, const json_t *row)
{
	tunnel_view_association(&w->coming, row);
}

static void take_tunnel(struct watched *w, const json_t *row)
{
	tunnel_view_tunnel(&w->coming, row);
}

static void tunnels_taken(struct watched *w)
{
	memcpy(w->tunnels, w->coming.text, sizeof(w->tunnels));
	tunnel_view_init(&w->coming);
}

static const struct question questions[] = {
	{ "show status", take_state, NULL },
	{ "show protection", take_protection, NULL },
	{ "show associations", take_association, NULL },
	{ "show tunnels", take_tunnel, tunnels_taken },
};

enum { QUESTIONS = sizeof(questions) / sizeof(questions[0]) };

/* The first is for the node, the others for whose tunnels are shown. */
static bool is_asked(const struct watched *w, unsigned question)
{
	return question == 0 ? w->config->node : w->config->tunnels;
}

static void ask_for_status(struct scenario *s)
{
	for (unsigned i = 0; i < s->config->watch_count; i++)
		for (unsigned q = 0; q < QUESTIONS; q++)
			if (is_asked(&s->watched[i], q))
				(void)ctl_client_ask(s->watched[i].polls,
						     questions[q].request);
}

/* Answers come in the order of the questions, each with a last row. */
void scenario_on_poll(void *arg, const json_t *row)
{
	struct watched *w = arg;
	const struct question *q;

	while (!is_asked(w, w->answering))
		w->answering = (w->answering + 1) % QUESTIONS;
	q = &questions[w->answering];
	if (!json_object_get(row, "end") && !json_object_get(row, "error")) {
		q->take(w, row);
		return;
	}
	if (q->taken)
		q->taken(w);
	w->answering = (w->answering + 1) % QUESTIONS;
}

/* By turns: ask for what the status line needs, and show it. */
static instant_t run_status(struct scenario *s, unsigned i, instant_t now)
{
	char text[STATUS_TEXT];

	(void)i;
	s->asked = !s->asked;
	if (s->asked) {
		ask_for_status(s);
		return instant_add(now, duration_ms(ANSWER_MS));
	}
	make_status(s, text, sizeof(text));
	live_status(&s->live, text);
	return instant_add(now, duration_ms(STATUS_MS - ANSWER_MS));
}

static instant_t run_flush(struct scenario *s, unsigned i, instant_t now)
{
	(void)i;
	live_flush(&s->live);
	return instant_add(now, duration_ms(LIVE_HOLD_MS));
}

/* After the senders: until every stream has ended, or it has had its time. */
static instant_t run_end(struct scenario *s, unsigned i, instant_t now)
{
	bool done = true;

	(void)i;
	for (unsigned t = 0; t < s->config->tcp_count; t++)
		done = done && tcp_flow_done(s->tcp[t]);
	if (!done && instant_before(now, instant_add(s->senders_end,
						     duration_ms(STREAM_END_MS))))
		return instant_add(now, duration_ms(DRAIN_MS / 5));
	loop_stop(s->loop);
	return INSTANT_NEVER;
}

static void arm(struct scenario *s)
{
	loop_set_deadline(s->loop, timers_next(&s->timers), host_now().mono);
}

void scenario_on_deadline(void *arg)
{
	struct scenario *s = arg;
	instant_t now = host_now().mono;
	struct timer *t;

	while ((t = timers_take_due(&s->timers, now))) {
		struct job *j = container_of(t, struct job, timer);
		instant_t again = j->run(s, j->index, now);

		if (!instant_is_never(again) &&
		    timers_set(&s->timers, &j->timer, again) < 0)
			loop_stop(s->loop);
	}
	arm(s);
}

static int add_job(struct scenario *s, unsigned index, instant_t at,
		   instant_t (*run)(struct scenario *, unsigned, instant_t))
{
	struct job *j = &s->job[s->jobs++];

	j->run = run;
	j->index = index;
	return timers_set(&s->timers, &j->timer, at);
}

/* The flows' jobs come first: run_udp finds its own by index. */
static int add_jobs(struct scenario *s)
{
	const struct scenario_config *c = s->config;
	int rc = 0;

	for (unsigned i = 0; i < c->udp_count && rc == 0; i++)
		rc = add_job(s, i, s->started, run_udp);
	for (unsigned i = 0; i < c->tcp_count && rc == 0; i++)
		rc = add_job(s, i, s->started, run_tcp);
	for (unsigned i = 0; i < c->replay_count && rc == 0; i++)
		rc = add_job(s, i, s->started, run_replay);
	for (unsigned i = 0; i < c->move_count && rc == 0; i++)
		rc = add_job(s, i, after(s, c->move[i].at), run_move);
	if (rc == 0)
		rc = add_job(s, 0, after(s, duration_ms(STATUS_MS / 2)), run_status);
	if (rc == 0)
		rc = add_job(s, 0, s->started, run_flush);
	if (rc == 0)
		rc = add_job(s, 0, instant_add(s->senders_end, duration_ms(DRAIN_MS)),
			     run_end);
	return rc;
}

/* --- events ------------------------------------------------------------- */

static void node_event(struct scenario *s, const char *name, double time)
{
	struct move_result *m = &s->move[s->moves_done - 1];
	const struct scenario_move *config =
		s->moves_done > 1 ? &s->config->move[s->moves_done - 2] : NULL;

	if (strcmp(name, "link-up") == 0)
		s->link_up_time = time;
	if (!config || m->done || s->link_up_time == 0 ||
	    strcmp(name, config->expect) != 0)
		return;
	m->done = true;
	m->link_up_to_done = (duration_t){ (int64_t)((time - s->link_up_time) * 1e9) };
}

void scenario_on_event(void *arg, const json_t *row)
{
	struct watched *w = arg;
	struct scenario *s = w->scenario;
	const char *name = json_string_value(json_object_get(row, "event"));

	if (!name)
		return;
	live_event(&s->live, w->config->name, row);
	if (w->config->node && s->moves_done)
		node_event(s, name, json_real_value(json_object_get(row, "time")));
}

void scenario_on_signal(void *arg)
{
	struct scenario *s = arg;

	s->interrupted = true;
	loop_stop(s->loop);
}

/* --- the result --------------------------------------------------------- */

static void set_flow(struct flow_result *to, const char *name, const char *from,
		     const char *end, const struct flow_log *log)
{
	snprintf(to->name, sizeof(to->name), "%s", name);
	snprintf(to->from, sizeof(to->from), "%s", from);
	snprintf(to->to, sizeof(to->to), "%s", end);
	to->log = log;
}

static unsigned collect_flows(struct scenario *s)
{
	const struct scenario_config *c = s->config;
	unsigned n = 0;

	for (unsigned i = 0; i < c->udp_count; i++, n++) {
		set_flow(&s->flow[n], c->udp[i].name, c->udp[i].from, c->udp[i].to,
			 udp_flow_log(s->udp[i]));
		s->flow[n].port = c->udp[i].port;
		s->flow[n].refused = udp_flow_refused(s->udp[i]);
	}
	for (unsigned i = 0; i < c->replay_count; i++, n++) {
		struct replay_counts counts = replay_counts(s->replay[i]);

		set_flow(&s->flow[n], c->replay[i].name, c->replay[i].from,
			 c->replay[i].to, replay_log(s->replay[i]));
		s->flow[n].is_replay = true;
		s->flow[n].left_out = counts.not_ipv4 + counts.too_long;
	}
	return n;
}

static void collect_streams(struct scenario *s)
{
	const struct scenario_config *c = s->config;

	for (unsigned i = 0; i < c->tcp_count; i++) {
		struct stream_result *r = &s->stream[i];

		snprintf(r->name, sizeof(r->name), "%s", c->tcp[i].name);
		snprintf(r->from, sizeof(r->from), "%s", c->tcp[i].from);
		snprintf(r->to, sizeof(r->to), "%s", c->tcp[i].to);
		r->sum = tcp_flow_summary(s->tcp[i]);
		r->sample = tcp_flow_samples(s->tcp[i], &r->samples);
	}
}

static void collect(struct scenario *s, struct scenario_result *r)
{
	collect_streams(s);
	s->move[s->moves_done - 1].until = s->senders_end;
	*r = (struct scenario_result){
		.config = s->config,
		.started = s->started,
		.ended = s->senders_end,
		.move = s->move,
		.moves = s->moves_done,
		.flow = s->flow,
		.flows = collect_flows(s),
		.stream = s->stream,
		.streams = s->config->tcp_count,
		.interrupted = s->interrupted,
	};
}

int scenario_run(struct scenario *s, struct scenario_result *result)
{
	int rc;

	s->started = host_now().mono;
	s->senders_end = after(s, s->config->duration);
	s->move[0].at = s->started;
	s->move[0].done = true;
	s->moves_done = 1;
	live_start(&s->live);
	live_say(&s->live, s->config->title);
	rc = add_jobs(s);
	if (rc < 0)
		return rc;
	arm(s);
	rc = loop_run(s->loop);
	live_end(&s->live);
	collect(s, result);
	return rc < 0 ? rc : s->error;
}

/* A flow lives while at least something arrives of what was sent at each place. */
static bool flow_lived(const struct scenario_result *r, const struct flow_result *f)
{
	for (unsigned i = 0; i < r->moves; i++) {
		struct flow_summary s =
			flow_log_summary(f->log, r->move[i].at, r->move[i].until);

		if (s.sent > 0 && s.received == 0)
			return false;
	}
	return true;
}

bool scenario_passed(const struct scenario_result *r)
{
	bool passed = !r->interrupted && r->moves == r->config->move_count + 1;

	for (unsigned i = 0; i < r->moves; i++)
		passed = passed && r->move[i].done;
	for (unsigned i = 0; i < r->flows; i++)
		passed = passed && flow_lived(r, &r->flow[i]);
	for (unsigned i = 0; i < r->streams; i++)
		passed = passed && r->stream[i].sum.intact;
	return passed;
}
