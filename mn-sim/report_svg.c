/* SPDX-License-Identifier: ISC */
/*
 * The picture of a run: one band a flow, packet numbers over time.  A packet
 * that arrived is a dot where it arrived, one that was lost a mark where it was
 * sent; vertical lines are the moves.  Streams are a line of octets over time.
 */
#include "mn-sim/report.h"

enum {
	WIDTH = 960,
	LEFT = 110,
	RIGHT = 20,
	TOP = 34,
	BAND = 120,
	BAND_GAP = 26,
	BOTTOM = 36,
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

/* Text from the run: labels of the configuration, escaped. */
static void put_text(FILE *out, const char *text)
{
	for (; text && *text; text++) {
		if (*text == '<')
			fputs("&lt;", out);
		else if (*text == '>')
			fputs("&gt;", out);
		else if (*text == '&')
			fputs("&amp;", out);
		else
			fputc(*text, out);
	}
}

static void draw_axis(const struct frame *f)
{
	int step = f->duration > 60 ? 10 : f->duration > 30 ? 5 : 1;

	for (int t = 0; t <= (int)f->duration; t += step)
		fprintf(f->out,
			"<line class=\"grid\" x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\"/>"
			"<text class=\"tick\" x=\"%.1f\" y=\"%d\">%d s</text>\n",
			x_of(f, t), TOP, x_of(f, t), TOP + f->height, x_of(f, t),
			TOP + f->height + 16, t);
}

static void draw_moves(const struct frame *f, const json_t *moves)
{
	size_t i;
	json_t *move;

	json_array_foreach(moves, i, move) {
		double at = json_number_value(json_object_get(move, "at"));
		double took = json_number_value(
			json_object_get(move, "link-up-to-registered-ms"));

		if (i > 0)
			fprintf(f->out,
				"<rect class=\"handoff\" x=\"%.1f\" y=\"%d\" "
				"width=\"%.2f\" height=\"%d\"/>\n"
				"<line class=\"move\" x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" "
				"y2=\"%d\"/>\n",
				x_of(f, at), TOP, x_of(f, took / 1000) - LEFT, f->height,
				x_of(f, at), TOP - 6, x_of(f, at), TOP + f->height);
		fprintf(f->out, "<text class=\"place\" x=\"%.1f\" y=\"%d\">",
			x_of(f, at) + 4, TOP - 10);
		put_text(f->out, json_string_value(json_object_get(move, "place")));
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
	put_text(f->out, name);
	fprintf(f->out, "</text><text class=\"ends\" x=\"8\" y=\"%d\">from ", y + 34);
	put_text(f->out, from);
	fprintf(f->out, "</text><text class=\"ends\" x=\"8\" y=\"%d\">to ", y + 48);
	put_text(f->out, to);
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
			fprintf(f->out, "<circle class=\"got\" cx=\"%.1f\" cy=\"%.1f\" "
					"r=\"1\"/>",
				x_of(f, t), py);
	}
	fprintf(f->out, "\n");
}

static void draw_stream(const struct frame *f, int y, const json_t *stream)
{
	double total = json_number_value(json_object_get(stream, "sent"));
	size_t i;
	json_t *p;

	fprintf(f->out, "<polyline class=\"stream\" points=\"");
	json_array_foreach(json_object_get(stream, "points"), i, p) {
		double t = json_number_value(json_array_get(p, 0));
		double n = json_number_value(json_array_get(p, 1));

		if (t <= f->duration)
			fprintf(f->out, "%.1f,%.1f ", x_of(f, t),
				y + BAND - 3 - n / (total > 0 ? total : 1) * (BAND - 6));
	}
	fprintf(f->out, "\"/>\n");
}

static void draw_bands(const struct frame *f, const json_t *list, int *y,
		       void (*draw)(const struct frame *, int, const json_t *))
{
	size_t i;
	json_t *one;

	json_array_foreach(list, i, one) {
		draw_band(f, *y, json_string_value(json_object_get(one, "name")),
			  json_string_value(json_object_get(one, "from")),
			  json_string_value(json_object_get(one, "to")));
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
		.duration = json_number_value(json_object_get(run, "duration")),
		.height = bands * (BAND + BAND_GAP) - BAND_GAP,
	};
	int y = TOP;

	if (f.duration <= 0 || bands == 0)
		return;
	fprintf(out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" "
		"role=\"img\">\n",
		WIDTH, TOP + f.height + BOTTOM);
	draw_axis(&f);
	draw_bands(&f, flows, &y, draw_points);
	draw_bands(&f, streams, &y, draw_stream);
	draw_moves(&f, json_object_get(run, "moves"));
	fprintf(out, "</svg>\n");
}
