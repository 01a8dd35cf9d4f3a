/* SPDX-License-Identifier: ISC */
/*
 * The table at the end of a run.
 */
#include "mn-sim/report.h"
#include "mn-sim/report_value.h"

#include <string.h>

static void print_registered(FILE *out, const json_t *move, size_t index)
{
	const json_t *took = json_object_get(move, "link-up-to-registered-ms");

	if (index == 0)
		fprintf(out, "%10s", "(start)");
	else if (took)
		fprintf(out, "%7.0f ms", json_number_value(took));
	else
		fprintf(out, "%10s", value_holds(move, "registered") ? "-" : "NEVER");
}

static void print_move_flow(FILE *out, const json_t *s)
{
	fprintf(out, "  %6lld %5lld %4lld %4lld %7.0f ms", value_integer(s, "sent"),
		value_integer(s, "lost"), value_integer(s, "duplicated"),
		value_integer(s, "reordered"), value_number(s, "longest-gap-ms"));
}

static void print_moves_head(FILE *out, const json_t *flows)
{
	size_t i;
	json_t *flow;

	fprintf(out, "%-16s %10s", "", "link up to");
	json_array_foreach(flows, i, flow)
		fprintf(out, "  %-33s", value_text(flow, "name"));
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

		fprintf(out, "%-16s ", value_text(move, "place"));
		print_registered(out, move, i);
		json_array_foreach(flows, f, flow)
			print_move_flow(out, json_object_get(summaries,
							     value_text(flow, "name")));
		fprintf(out, "\n");
	}
}

static void print_stream(FILE *out, const json_t *s)
{
	fprintf(out,
		"TCP %s, %s to %s: %.1f of %.1f MB arrived, %s; longest pause %.0f ms, "
		"%lld segments sent again\n",
		value_text(s, "name"), value_text(s, "from"), value_text(s, "to"),
		(double)value_integer(s, "received") / 1e6,
		(double)value_integer(s, "sent") / 1e6,
		value_holds(s, "intact")
			? "whole (SHA-256 equal), one connection throughout"
			: "NOT WHOLE",
		value_number(s, "longest-gap-ms"), value_integer(s, "retransmits"));
}

void report_text(FILE *out, const json_t *run)
{
	size_t i;
	json_t *stream;

	fprintf(out, "\n%s\n\n", value_text(run, "title"));
	print_moves(out, run);
	fprintf(out, "\n");
	json_array_foreach(json_object_get(run, "streams"), i, stream)
		print_stream(out, stream);
	fprintf(out, "%s: %s\n", value_text(run, "name"),
		value_holds(run, "passed")
			? "every move registered, every stream survived"
			: "FAILED");
}
