/* SPDX-License-Identifier: ISC */
/*
 * A run as one JSON object.
 */
#include "mn-sim/report.h"

enum { PLOT_POINTS_MAX = 4000 }; /* of one flow, in the picture */

static double seconds(const struct scenario_result *r, instant_t t)
{
	return (double)instant_diff(t, r->started).ns / 1e9;
}

static double ms(duration_t d)
{
	return (double)d.ns / 1e6;
}

static json_t *summary_json(const struct scenario_result *r, const struct flow_log *log,
			    instant_t from, instant_t to)
{
	struct flow_summary s = flow_log_summary(log, from, to);

	return json_pack("{s:I,s:I,s:I,s:I,s:I,s:f,s:f,s:f}", "sent",
			 (json_int_t)s.sent, "received", (json_int_t)s.received, "lost",
			 (json_int_t)s.lost, "duplicated", (json_int_t)s.duplicated,
			 "reordered", (json_int_t)s.reordered, "longest-gap-ms",
			 ms(s.longest_gap), "gap-at", seconds(r, s.gap_from),
			 "median-delay-ms", ms(s.median_delay));
}

static json_t *move_json(const struct scenario_result *r, unsigned i)
{
	const struct move_result *m = &r->move[i];
	json_t *flows = json_object();
	json_t *o;

	for (unsigned f = 0; f < r->flows; f++)
		json_object_set_new(flows, r->flow[f].name,
				    summary_json(r, r->flow[f].log, m->at, m->until));
	o = json_pack("{s:s,s:f,s:f,s:b,s:o}", "place", m->label, "at",
		      seconds(r, m->at), "until", seconds(r, m->until), "registered",
		      (int)m->done, "flows", flows);
	if (o && i > 0 && m->done)
		json_object_set_new(o, "link-up-to-registered-ms",
				    json_real(ms(m->link_up_to_done)));
	return o;
}

/* [sent, number, received or null], thinned out to what a picture can show. */
static json_t *points_json(const struct scenario_result *r, const struct flow_log *log)
{
	size_t step = log->count / PLOT_POINTS_MAX + 1;
	json_t *points = json_array();

	for (size_t i = 0; i < log->count; i += step) {
		const struct flow_packet *p = &log->packet[i];
		json_t *received =
			p->copies ? json_real(seconds(r, p->received)) : json_null();

		json_array_append_new(points, json_pack("[f,I,o]", seconds(r, p->sent),
							(json_int_t)i, received));
	}
	return points;
}

static json_t *flow_json(const struct scenario_result *r, const struct flow_result *f)
{
	json_t *o =
		json_pack("{s:s,s:s,s:s,s:s,s:o,s:o}", "name", f->name, "kind",
			  f->is_replay ? "replay" : "udp", "from", f->from, "to", f->to,
			  "total", summary_json(r, f->log, r->started, r->ended),
			  "points", points_json(r, f->log));

	if (o && f->port)
		json_object_set_new(o, "port", json_integer(f->port));
	if (o && f->is_replay)
		json_object_set_new(o, "left-out",
				    json_integer((json_int_t)f->left_out));
	if (o && f->refused)
		json_object_set_new(o, "refused", json_integer((json_int_t)f->refused));
	return o;
}

/* [time, octets received so far], a point at most every 10 ms. */
static json_t *samples_json(const struct scenario_result *r,
			    const struct stream_result *s)
{
	json_t *points = json_array();
	double last = -1;

	for (size_t i = 0; i < s->samples; i++) {
		double at = seconds(r, s->sample[i].at);

		if (at - last < 0.01)
			continue;
		last = at;
		json_array_append_new(
			points,
			json_pack("[f,I]", at, (json_int_t)s->sample[i].octets));
	}
	return points;
}

static duration_t longest_silence(const struct stream_result *s)
{
	duration_t longest = { 0 };

	for (size_t i = 1; i < s->samples; i++) {
		duration_t d = instant_diff(s->sample[i].at, s->sample[i - 1].at);

		if (d.ns > longest.ns)
			longest = d;
	}
	return longest;
}

static json_t *stream_json(const struct scenario_result *r,
			   const struct stream_result *s)
{
	json_t *o = json_pack(
		"{s:s,s:s,s:s,s:I,s:I,s:b,s:b,s:s,s:i,s:f,s:o}", "name", s->name,
		"from", s->from, "to", s->to, "sent", (json_int_t)s->sum.sent,
		"received", (json_int_t)s->sum.received, "one-connection",
		(int)s->sum.connected, "intact", (int)s->sum.intact, "sha256",
		s->sum.digest, "retransmits", (int)s->sum.retransmits, "longest-gap-ms",
		ms(longest_silence(s)), "points", samples_json(r, s));

	if (o && s->sum.error)
		json_object_set_new(o, "errno", json_integer(s->sum.error));
	return o;
}

static json_t *captures_json(const struct scenario_config *c)
{
	json_t *names = json_array();

	for (unsigned i = 0; i < c->capture_count; i++)
		json_array_append_new(names, json_string(c->capture[i].file));
	return names;
}

json_t *report_json(const struct scenario_result *r)
{
	json_t *moves = json_array(), *flows = json_array(), *streams = json_array();

	for (unsigned i = 0; i < r->moves; i++)
		json_array_append_new(moves, move_json(r, i));
	for (unsigned i = 0; i < r->flows; i++)
		json_array_append_new(flows, flow_json(r, &r->flow[i]));
	for (unsigned i = 0; i < r->streams; i++)
		json_array_append_new(streams, stream_json(r, &r->stream[i]));
	return json_pack("{s:s,s:s,s:b,s:b,s:f,s:o,s:o,s:o,s:o}", "name",
			 r->config->name, "title", r->config->title, "passed",
			 (int)scenario_passed(r), "interrupted", (int)r->interrupted,
			 "duration", seconds(r, r->ended), "moves", moves, "flows",
			 flows, "streams", streams, "captures",
			 captures_json(r->config));
}
