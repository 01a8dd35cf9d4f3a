/* SPDX-License-Identifier: ISC */
/*
 * The table at the end of a run.
 */
#include "mn-sim/report.h"

#include <string.h>

static const char *text_of(const json_t *o, const char *key)
{
	const char *text = json_string_value(json_object_get(o, key));

	return text ? text : "";
}

static long long integer_of(const json_t *o, const char *key)
{
	return (long long)json_integer_value(json_object_get(o, key));
}

static double number_of(const json_t *o, const char *key)
{
	return json_number_value(json_object_get(o, key));
}

static void print_registered(FILE *out, const json_t *move, size_t index)
{
	const json_t *took = json_object_get(move, "link-up-to-registered-ms");

	if (index == 0)
		fprintf(out, "%10s", "(start)");
	else if (took)
		fprintf(out, "%7.0f ms", json_number_value(took));
	else
		fprintf(out, "%10s",
			json_is_true(json_object_get(move, "registered")) ? "-"
									  : "NEVER");
}

static void print_move_flow(FILE *out, const json_t *s)
{
	fprintf(out, "  %6lld %5lld %4lld %4lld %7.0f ms", integer_of(s, "sent"),
		integer_of(s, "lost"), integer_of(s, "duplicated"),
		integer_of(s, "reordered"), number_of(s, "longest-gap-ms"));
}

static void print_moves_head(FILE *out, const json_t *flows)
{
	size_t i;
	json_t *flow;

	fprintf(out, "%-16s %10s", "", "link up to");
	json_array_foreach(flows, i, flow)
		fprintf(out, "  %-33s", text_of(flow, "name"));
	fprintf(out, "\n%-16s %10s", "moved to", "registered");
	json_array_foreach(flows, i, flow)
		fprintf(out, "  %6s %5s %4s %4s %10s", "sent", "lost", "dup", "reor",
			"gap");
	fprintf(out, "\n");
}

static void print_moves(FILE *out, const json_t *run)
{
	const json_t *flows = json_object_get(run, "flows");
	size_t i, f;
	json_t *move, *flow;

	print_moves_head(out, flows);
	json_array_foreach(json_object_get(run, "moves"), i, move) {
		const json_t *summaries = json_object_get(move, "flows");

		fprintf(out, "%-16s ", text_of(move, "place"));
		print_registered(out, move, i);
		json_array_foreach(flows, f, flow)
			print_move_flow(
				out, json_object_get(summaries, text_of(flow, "name")));
		fprintf(out, "\n");
	}
}

static void print_stream(FILE *out, const json_t *s)
{
	fprintf(out,
		"TCP %s, %s to %s: %.1f of %.1f MB arrived, %s; longest pause %.0f ms, "
		"%lld segments sent again\n",
		text_of(s, "name"), text_of(s, "from"), text_of(s, "to"),
		(double)integer_of(s, "received") / 1e6,
		(double)integer_of(s, "sent") / 1e6,
		json_is_true(json_object_get(s, "intact"))
			? "whole (SHA-256 equal), one connection throughout"
			: "NOT WHOLE",
		number_of(s, "longest-gap-ms"), integer_of(s, "retransmits"));
}

void report_text(FILE *out, const json_t *run)
{
	size_t i;
	json_t *stream;

	fprintf(out, "\n%s\n\n", text_of(run, "title"));
	print_moves(out, run);
	fprintf(out, "\n");
	json_array_foreach(json_object_get(run, "streams"), i, stream)
		print_stream(out, stream);
	fprintf(out, "%s: %s\n", text_of(run, "name"),
		json_is_true(json_object_get(run, "passed"))
			? "every move registered, every stream survived"
			: "FAILED");
}
