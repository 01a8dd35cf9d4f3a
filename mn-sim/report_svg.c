/* SPDX-License-Identifier: ISC */
/*
 * The picture of a run: one band a flow, packet numbers over time.  A packet
 * that arrived is a dot where it arrived, one that was lost a mark where it was
 * sent; vertical lines are the moves.  Streams are a line of octets over time.
 * Below, a panel a move shows the moments around it at a larger scale: a band
 * lasts seconds, the gap milliseconds.
 */
#include "mn-sim/report.h"
#include "mn-sim/report_value.h"

#include <stdbool.h>

enum {
	WIDTH = 960,
	LEFT = 126,
	RIGHT = 20,
	TOP = 34,
	BAND = 120,
	BAND_GAP = 26,
	BOTTOM = 36,
	ZOOM = 150,    /* height of a panel */
	ZOOM_TOP = 52, /* from the axis to the panels */
	ZOOM_GAP = 16,
};

struct frame {
	FILE *out;
	double duration;
	int height; /* of all bands */
};

static double x_of(const struct frame *f, double seconds)
{
	return LEFT + seconds / f->duration * (WIDTH - LEFT - RIGHT);
}

static void draw_axis(const struct frame *f)
{
	int step = f->duration > 60 ? 10 : f->duration > 30 ? 5 : 1;

	for (int t = 0; t <= (int)f->duration; t += step)
		fprintf(f->out,
			"<line class=\"grid\" x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" "
			"y2=\"%d\"/>"
			"<text class=\"tick\" x=\"%.1f\" y=\"%d\">%d s</text>\n",
			x_of(f, t), TOP, x_of(f, t), TOP + f->height, x_of(f, t),
			TOP + f->height + 16, t);
}

static void draw_moves(const struct frame *f, const json_t *moves)
{
	size_t i;
	json_t *move;

	json_array_foreach(moves, i, move) {
		double at = value_number(move, "at");
		double took = value_number(move, "link-up-to-registered-ms");

		if (i > 0)
			fprintf(f->out,
				"<rect class=\"handoff\" x=\"%.1f\" y=\"%d\" "
				"width=\"%.2f\" height=\"%d\"/>\n"
				"<line class=\"move\" x1=\"%.1f\" y1=\"%d\" "
				"x2=\"%.1f\" "
				"y2=\"%d\"/>\n",
				x_of(f, at), TOP, x_of(f, took / 1000) - LEFT,
				f->height, x_of(f, at), TOP - 6, x_of(f, at),
				TOP + f->height);
		fprintf(f->out, "<text class=\"place\" x=\"%.1f\" y=\"%d\">",
			x_of(f, at) + 4, TOP - 10);
		value_put_escaped(f->out, value_text(move, "place"));
		fprintf(f->out, "</text>\n");
	}
}

static void draw_band(const struct frame *f, int y, const char *name, const char *from,
		      const char *to)
{
	fprintf(f->out,
		"<rect class=\"band\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"/>\n"
		"<text class=\"name\" x=\"8\" y=\"%d\">",
		LEFT, y, WIDTH - LEFT - RIGHT, BAND, y + 18);
	value_put_escaped(f->out, name);
	fprintf(f->out, "</text><text class=\"ends\" x=\"8\" y=\"%d\">from ", y + 34);
	value_put_escaped(f->out, from);
	fprintf(f->out, "</text><text class=\"ends\" x=\"8\" y=\"%d\">to ", y + 48);
	value_put_escaped(f->out, to);
	fprintf(f->out, "</text>\n");
}

static void draw_points(const struct frame *f, int y, const json_t *flow)
{
	const json_t *points = json_object_get(flow, "points");
	double total = json_number_value(
		json_object_get(json_object_get(flow, "total"), "sent"));
	size_t i;
	json_t *p;

	json_array_foreach(points, i, p) {
		const json_t *received = json_array_get(p, 2);
		bool lost = json_is_null(received);
		double t = json_number_value(lost ? json_array_get(p, 0) : received);
		double n = json_number_value(json_array_get(p, 1));
		double py = y + BAND - 3 - n / (total > 1 ? total : 1) * (BAND - 6);

		if (t > f->duration)
			continue;
		if (lost)
			fprintf(f->out, "<path class=\"lost\" d=\"M%.1f %.1fv6\"/>",
				x_of(f, t), py - 3);
		else
			fprintf(f->out,
				"<circle class=\"got\" cx=\"%.1f\" cy=\"%.1f\" "
				"r=\"1\"/>",
				x_of(f, t), py);
	}
	fprintf(f->out, "\n");
}

static void draw_stream(const struct frame *f, int y, const json_t *stream)
{
	double total = value_number(stream, "sent");
	size_t i;
	json_t *p;

	fprintf(f->out, "<polyline class=\"stream\" points=\"");
	json_array_foreach(json_object_get(stream, "points"), i, p) {
		double t = json_number_value(json_array_get(p, 0));
		double n = json_number_value(json_array_get(p, 1));

		if (t <= f->duration)
			fprintf(f->out, "%.1f,%.1f ", x_of(f, t),
				y + BAND - 3 -
					n / (total > 0 ? total : 1) * (BAND - 6));
	}
	fprintf(f->out, "\"/>\n");
}

/* The longest silence of any flow after a move, in seconds. */
static double longest_gap(const json_t *move)
{
	double longest = 0;
	const char *name;
	json_t *summary;

	json_object_foreach(json_object_get(move, "flows"), name, summary) {
		double gap = value_number(summary, "longest-gap-ms");

		if (gap / 1e3 > longest)
			longest = gap / 1e3;
	}
	return longest;
}

/* One panel: `span` seconds from `start` on, at (x, y), `width` wide. */
struct panel {
	FILE *out;
	double start, span;
	double x, y, width, row; /* row: height of one flow */
};

static void draw_panel_flow(const struct panel *p, double y, const json_t *flow)
{
	double low = 0, high = 0;
	bool any = false;
	size_t i;
	json_t *point;

	json_array_foreach(json_object_get(flow, "points"), i, point) {
		double sent = json_number_value(json_array_get(point, 0));

		if (sent < p->start || sent > p->start + p->span)
			continue;
		high = json_number_value(json_array_get(point, 1));
		low = any ? low : high;
		any = true;
	}
	json_array_foreach(json_object_get(flow, "points"), i, point) {
		const json_t *received = json_array_get(point, 2);
		bool lost = json_is_null(received);
		double n = json_number_value(json_array_get(point, 1));
		double t =
			json_number_value(lost ? json_array_get(point, 0) : received);
		double px = p->x + (t - p->start) / p->span * p->width;
		double py =
			y + p->row - 6 - (n - low) / (high - low + 1) * (p->row - 12);

		if (t < p->start || t > p->start + p->span || n < low || n > high)
			continue;
		if (lost)
			fprintf(p->out, "<path class=\"lost\" d=\"M%.1f %.1fv6\"/>", px,
				py - 3);
		else
			fprintf(p->out,
				"<circle class=\"got\" cx=\"%.1f\" cy=\"%.1f\" "
				"r=\"1.6\"/>",
				px, py);
	}
	fprintf(p->out, "\n");
}

static void draw_panel_frame(const struct panel *p, const json_t *move, double gap)
{
	fprintf(p->out,
		"<rect class=\"band\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" "
		"height=\"%d\"/>\n"
		"<text class=\"place\" x=\"%.1f\" y=\"%.1f\">",
		p->x, p->y, p->width, ZOOM, p->x + 4, p->y - 8);
	value_put_escaped(p->out, value_text(move, "place"));
	fprintf(p->out, ": longest gap %.0f ms</text>\n", gap * 1e3);
	fprintf(p->out, "<text class=\"tick\" x=\"%.1f\" y=\"%.1f\">%.0f ms</text>\n",
		p->x + p->width / 2, p->y + ZOOM + 14, p->span * 1e3);
}

static void draw_panel(const struct frame *f, const json_t *run, const json_t *move,
		       double x, double width)
{
	const json_t *flows = json_object_get(run, "flows");
	double at = value_number(move, "at");
	double gap = longest_gap(move);
	struct panel p = {
		.out = f->out,
		.start = at - gap / 2 - 0.02,
		.span = 2 * gap + 0.04,
		.x = x,
		.y = TOP + f->height + ZOOM_TOP,
		.width = width,
		.row = (double)ZOOM / (double)json_array_size(flows),
	};
	double move_x = x + (at - p.start) / p.span * width;
	size_t i;
	json_t *flow;

	draw_panel_frame(&p, move, gap);
	fprintf(f->out,
		"<line class=\"move\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" "
		"y2=\"%.1f\"/>\n",
		move_x, p.y, move_x, p.y + ZOOM);
	json_array_foreach(flows, i, flow)
		draw_panel_flow(&p, p.y + (double)i * p.row, flow);
}

static void draw_panels(const struct frame *f, const json_t *run)
{
	const json_t *moves = json_object_get(run, "moves");
	double count = (double)json_array_size(moves) - 1;
	double width = (WIDTH - LEFT - RIGHT - (count - 1) * ZOOM_GAP) / count;
	size_t i;
	json_t *move;

	fprintf(f->out,
		"<text class=\"name\" x=\"8\" y=\"%d\">around moves</text>"
		"<text class=\"ends\" x=\"8\" y=\"%d\">same flows,</text>"
		"<text class=\"ends\" x=\"8\" y=\"%d\">larger scale</text>\n",
		TOP + f->height + ZOOM_TOP + 18, TOP + f->height + ZOOM_TOP + 34,
		TOP + f->height + ZOOM_TOP + 48);
	json_array_foreach(moves, i, move)
		if (i > 0)
			draw_panel(f, run, move,
				   LEFT + ((double)i - 1) * (width + ZOOM_GAP), width);
}

/* Whether there is something to show at a larger scale. */
static bool has_panels(const json_t *run)
{
	return json_array_size(json_object_get(run, "moves")) > 1 &&
	       json_array_size(json_object_get(run, "flows")) > 0;
}

static void draw_bands(const struct frame *f, const json_t *list, int *y,
		       void (*draw)(const struct frame *, int, const json_t *))
{
	size_t i;
	json_t *one;

	json_array_foreach(list, i, one) {
		draw_band(f, *y, value_text(one, "name"), value_text(one, "from"),
			  value_text(one, "to"));
		draw(f, *y, one);
		*y += BAND + BAND_GAP;
	}
}

void report_svg(FILE *out, const json_t *run)
{
	const json_t *flows = json_object_get(run, "flows");
	const json_t *streams = json_object_get(run, "streams");
	int bands = (int)(json_array_size(flows) + json_array_size(streams));
	struct frame f = {
		.out = out,
		.duration = value_number(run, "duration"),
		.height = bands * (BAND + BAND_GAP) - BAND_GAP,
	};
	int y = TOP;

	if (f.duration <= 0 || bands == 0)
		return;
	fprintf(out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" "
		"role=\"img\">\n",
		WIDTH,
		TOP + f.height + BOTTOM + (has_panels(run) ? ZOOM_TOP + ZOOM : 0));
	draw_axis(&f);
	draw_bands(&f, flows, &y, draw_points);
	draw_bands(&f, streams, &y, draw_stream);
	draw_moves(&f, json_object_get(run, "moves"));
	if (has_panels(run))
		draw_panels(&f, run);
	fprintf(out, "</svg>\n");
}
