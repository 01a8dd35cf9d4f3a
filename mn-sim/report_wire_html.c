/* SPDX-License-Identifier: ISC */
/*
 * The same packet in every run, side by side: its octets and characters, coloured by
 * what they are, and what each part says to who has no key.
 */
#include "mn-sim/report_value.h"
#include "mn-sim/report_wire.h"

#include <ctype.h>
#include <string.h>

enum { ROW = 16, ROWS_MAX = 14 };

static const char intro[] =
	"<h2 id=\"wire\">What an observer on the backbone sees</h2>\n"
	"<p>One packet of a flow, with the same words in each run, as it was recorded "
	"between the agents. Without ESP, whoever is on the path sees who talks to "
	"whom, reads every word, and could change it. With ESP it sees which two "
	"agents talk, which key they use (SPI), the packet's number and its size; it "
	"cannot read the rest, or change it, or send it again.</p>\n";

/* One packet, with its octets looked up by number. */
struct dump {
	FILE *out;
	const char *hex;
	size_t len;
	const json_t *parts;
};

static const char *kind_at(const struct dump *d, size_t at)
{
	size_t i;
	json_t *part;

	json_array_foreach(d->parts, i, part) {
		size_t from = (size_t)value_integer(part, "from");

		if (at >= from && at - from < (size_t)value_integer(part, "length"))
			return value_text(part, "kind");
	}
	return "";
}

static int digit(char c)
{
	return isdigit((unsigned char)c) ? c - '0' : c - 'a' + 10;
}

static void put_octet(const struct dump *d, size_t at, bool first)
{
	fprintf(d->out, "%s%.2s", first ? "" : " ", d->hex + 2 * at);
}

static void put_character(const struct dump *d, size_t at, bool first)
{
	int c = digit(d->hex[2 * at]) << 4 | digit(d->hex[2 * at + 1]);
	char text[2] = { (char)c, '\0' };

	(void)first;
	if (c >= ' ' && c <= '~')
		value_put_escaped(d->out, text);
	else
		fputs("\xc2\xb7", d->out); /* a dot in the middle */
}

/* Neighbours of one kind are in one colour, the space between them as well. */
static void put_row(const struct dump *d, size_t from, size_t to,
		    void (*put)(const struct dump *d, size_t at, bool first))
{
	const char *kind = NULL;

	for (size_t at = from; at < to; at++) {
		const char *next = kind_at(d, at);
		bool same = kind && strcmp(kind, next) == 0;

		if (!same) {
			fputs(kind ? "</b>" : "", d->out);
			fputs(kind && put == put_octet ? " " : "", d->out);
			fprintf(d->out, "<b class=\"w-%s\">", next);
		}
		put(d, at, !same);
		kind = next;
	}
	fputs("</b>", d->out);
}

static void put_dump(const struct dump *d)
{
	size_t shown = d->len > ROW * ROWS_MAX ? ROW * ROWS_MAX : d->len;

	fputs("<pre class=\"dump\">", d->out);
	for (size_t from = 0; from < shown; from += ROW) {
		size_t to = from + ROW < shown ? from + ROW : shown;

		fprintf(d->out, "<i>%04zx</i>  ", from);
		put_row(d, from, to, put_octet);
		fprintf(d->out, "%*s", (int)(3 * (from + ROW - to) + 2), "");
		put_row(d, from, to, put_character);
		fputc('\n', d->out);
	}
	if (shown < d->len)
		fprintf(d->out, "<i>      and %zu octets more</i>\n", d->len - shown);
	fputs("</pre>\n", d->out);
}

static void put_parts(FILE *out, const json_t *parts)
{
	size_t i;
	json_t *part;

	fputs("<ul class=\"parts\">\n", out);
	json_array_foreach(parts, i, part) {
		fprintf(out, "<li><b class=\"w-%s\">%s</b>", value_text(part, "kind"),
			value_text(part, "kind"));
		value_put_escaped(out, value_text(part, "text"));
		fputs("</li>\n", out);
	}
	fputs("</ul>\n", out);
}

static bool is_sealed(const json_t *packet)
{
	const json_t *parts = json_object_get(packet, "parts");
	const json_t *last = json_array_get(parts, json_array_size(parts) - 1);

	return strcmp(value_text(last, "kind"), "sealed") == 0;
}

static void put_packet(FILE *out, const json_t *run, const json_t *packet)
{
	const char *hex = value_text(packet, "octets");
	struct dump d = {
		.out = out,
		.hex = hex,
		.len = strlen(hex) / 2,
		.parts = json_object_get(packet, "parts"),
	};
	bool sealed = is_sealed(packet);

	fputs("<figure><figcaption><b>", out);
	value_put_escaped(out, value_text(run, "name"));
	fprintf(out, "</b>, %zu octets: <span class=\"%s\">%s</span><br><small>", d.len,
		sealed ? "good" : "bad",
		sealed ? "only the far end can read it" : "anyone can read it");
	value_put_escaped(out, value_text(packet, "capture"));
	fprintf(out, ", frame %lld</small></figcaption>\n",
		value_integer(packet, "frame"));
	put_dump(&d);
	put_parts(out, d.parts);
	fputs("</figure>\n", out);
}

static const json_t *packet_of(const json_t *run, const char *flow)
{
	size_t i;
	json_t *packet;

	json_array_foreach(json_object_get(run, "wire"), i, packet)
		if (strcmp(value_text(packet, "flow"), flow) == 0)
			return packet;
	return NULL;
}

static void put_flow(FILE *out, const json_t *runs, const json_t *model)
{
	const char *flow = value_text(model, "flow");
	size_t i;
	json_t *run;

	fputs("<h3>", out);
	value_put_escaped(out, flow);
	fprintf(out, ", packet %lld</h3>\n<div class=\"wire\">\n",
		value_integer(model, "number"));
	json_array_foreach(runs, i, run) {
		const json_t *packet = packet_of(run, flow);

		if (packet)
			put_packet(out, run, packet);
	}
	fputs("</div>\n", out);
}

/* Of the first run that has any; the others have the same packets. */
static const json_t *find_wire(const json_t *runs)
{
	size_t i;
	json_t *run;

	json_array_foreach(runs, i, run)
		if (json_object_get(run, "wire"))
			return json_object_get(run, "wire");
	return NULL;
}

bool report_wire_is_known(const json_t *runs)
{
	return find_wire(runs) != NULL;
}

void report_wire_html(FILE *out, const json_t *runs)
{
	const json_t *wire = find_wire(runs);
	size_t i;
	json_t *packet;

	if (!wire)
		return;
	fputs(intro, out);
	json_array_foreach(wire, i, packet)
		put_flow(out, runs, packet);
}
