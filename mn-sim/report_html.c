/* SPDX-License-Identifier: ISC */
/*
 * The page: every run with its picture and its table, nothing loaded from
 * elsewhere.
 */
#include "mn-sim/report.h"
#include "mn-sim/report_value.h"
#include "mn-sim/report_wire.h"

#include <string.h>

static const char head[] =
	"<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	"<meta name=\"viewport\" content=\"width=device-width\">\n"
	"<title>A mobile node roams</title>\n<style>\n"
	":root{color-scheme:light dark;--ink:#1c2430;--soft:#667;--line:#d5dae2;"
	"--band:#f6f8fb;--got:#1f6feb;--lost:#d1242f;--move:#9a6700;--hand:#ffb02040;"
	"--paper:#fff}\n"
	"@media(prefers-color-scheme:dark){:root{--ink:#e6e9ee;--soft:#9aa4b2;"
	"--line:#333c48;--band:#171c23;--got:#5aa2ff;--lost:#ff6b6b;--move:#e3b341;"
	"--hand:#e3b34133;--paper:#0e1217}}\n"
	"body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);"
	"background:var(--paper);max-width:1000px;margin:2em auto;padding:0 1em}\n"
	"h1{font-size:1.5em}h2{font-size:1.15em;margin-top:2em}\n"
	"table{border-collapse:collapse;font-variant-numeric:tabular-nums;width:100%;"
	"margin:1em 0;font-size:.93em}\n"
	"th,td{text-align:right;padding:.3em .6em;border-bottom:1px solid "
	"var(--line)}\n"
	"th:first-child,td:first-child{text-align:left}thead th{color:var(--soft);"
	"font-weight:600}\n"
	".bad{color:var(--lost);font-weight:600}.good{color:#1a7f37;font-weight:600}\n"
	"svg{width:100%;height:auto}\n"
	".band{fill:var(--band);fill-opacity:.7}.grid{stroke:var(--line);stroke-width:."
	"6}\n"
	".tick,.ends{fill:var(--soft);font-size:11px}.tick{text-anchor:middle}\n"
	".name{fill:var(--ink);font-size:13px;font-weight:600}\n"
	".place{fill:var(--move);font-size:12px;font-weight:600}\n"
	".move{stroke:var(--move);stroke-dasharray:3 3}.handoff{fill:var(--hand)}\n"
	".got{fill:var(--got)}.lost{stroke:var(--lost);stroke-width:1.2}\n"
	".stream{fill:none;stroke:var(--got);stroke-width:1.6}\n"
	".wire{display:grid;grid-template-columns:repeat(auto-fit,minmax(31em,1fr));"
	"gap:1em}figure{margin:0;min-width:0}\n"
	".dump{font:11px/1.45 ui-monospace,monospace;background:var(--band);"
	"padding:.7em;margin:.4em 0;overflow-x:auto;border-radius:4px}\n"
	".dump i{font-style:normal;color:var(--soft)}.parts{font-size:.85em;margin:0;"
	"padding:0;list-style:none}.parts b,.dump b{font-weight:inherit;color:#1c2430;"
	"padding:.1em 0}.parts b{padding:.1em .5em;border-radius:3px;"
	"margin-right:.4em}\n"
	".w-outer{background:#bcd7f7}.w-carrier{background:#d4c8f2}.w-tunnel{"
	"background:#f7e08a}.w-esp{background:#f9c48a}.w-inner{background:#b8e6bd}"
	".w-payload{background:#ffb8b3}.w-sealed{background:#c9ced6}\n"
	"</style>\n</head>\n<body>\n"
	"<h1>A mobile node roams, and its connections live on</h1>\n"
	"<p>Each dot is a packet of a numbered flow, where and when it arrived; a red "
	"mark is a packet that was lost. Dashed lines are moves; the shade after each "
	"lasts until the node is registered. A TCP stream is the line of its octets "
	"over time.</p>\n";

static void table_head(FILE *out, const json_t *flows)
{
	size_t i;
	json_t *flow;

	fputs("<table><thead><tr><th rowspan=\"2\">moved to</th><th rowspan=\"2\">link "
	      "up "
	      "to registered</th>",
	      out);
	json_array_foreach(flows, i, flow) {
		fputs("<th colspan=\"5\">", out);
		value_put_escaped(out, value_text(flow, "name"));
		fputs("</th>", out);
	}
	fputs("</tr><tr>", out);
	json_array_foreach(flows, i, flow)
		fputs("<th>sent</th><th>lost</th><th>dup</th><th>reord</th><th>gap</"
		      "th>",
		      out);
	fputs("</tr></thead><tbody>\n", out);
}

static void registered_cell(FILE *out, const json_t *move, size_t index)
{
	const json_t *took = json_object_get(move, "link-up-to-registered-ms");

	if (took)
		fprintf(out, "<td>%.0f ms</td>", json_number_value(took));
	else if (index == 0 || value_holds(move, "registered"))
		fputs("<td>&ndash;</td>", out);
	else
		fputs("<td class=\"bad\">never</td>", out);
}

static void flow_cells(FILE *out, const json_t *s)
{
	static const char *const keys[] = { "sent", "lost", "duplicated", "reordered" };

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		fprintf(out, "<td>%lld</td>", value_integer(s, keys[i]));
	fprintf(out, "<td>%.0f ms</td>", value_number(s, "longest-gap-ms"));
}

static void moves_table(FILE *out, const json_t *run)
{
	const json_t *flows = json_object_get(run, "flows");
	size_t i, f;
	json_t *move, *flow;

	table_head(out, flows);
	json_array_foreach(json_object_get(run, "moves"), i, move) {
		fputs("<tr><td>", out);
		value_put_escaped(out, value_text(move, "place"));
		fputs("</td>", out);
		registered_cell(out, move, i);
		json_array_foreach(flows, f, flow)
			flow_cells(out, json_object_get(json_object_get(move, "flows"),
							value_text(flow, "name")));
		fputs("</tr>\n", out);
	}
	fputs("</tbody></table>\n", out);
}

static void stream_line(FILE *out, const json_t *s)
{
	bool intact = value_holds(s, "intact");

	fputs("<p>TCP stream <b>", out);
	value_put_escaped(out, value_text(s, "name"));
	fprintf(out,
		"</b>: %.1f of %.1f MB arrived, <span class=\"%s\">%s</span>; longest "
		"pause %.0f ms; %lld segments sent again.<br><small>SHA-256 "
		"%s</small></p>\n",
		(double)json_integer_value(json_object_get(s, "received")) / 1e6,
		(double)json_integer_value(json_object_get(s, "sent")) / 1e6,
		intact ? "good" : "bad",
		intact ? "whole, one connection throughout" : "not whole",
		value_number(s, "longest-gap-ms"), value_integer(s, "retransmits"),
		value_text(s, "sha256"));
}

static void run_section(FILE *out, const json_t *run)
{
	bool passed = value_holds(run, "passed");
	size_t i;
	json_t *stream;

	fputs("<h2>", out);
	value_put_escaped(out, value_text(run, "title"));
	fprintf(out, " <span class=\"%s\">%s</span></h2>\n", passed ? "good" : "bad",
		passed ? "passed" : "failed");
	report_svg(out, run);
	moves_table(out, run);
	json_array_foreach(json_object_get(run, "streams"), i, stream)
		stream_line(out, stream);
}

void report_html(FILE *out, const json_t *runs)
{
	size_t i;
	json_t *run;

	fputs(head, out);
	if (report_wire_is_known(runs))
		fputs("<p>Below: <a href=\"#wire\">what an observer on the backbone "
		      "sees</a>.</p>\n",
		      out);
	json_array_foreach(runs, i, run)
		run_section(out, run);
	report_wire_html(out, runs);
	fputs("</body>\n</html>\n", out);
}
