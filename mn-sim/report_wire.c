/* SPDX-License-Identifier: ISC */
/*
 * Captures of several runs are searched for packets that all of them have.
 *
 * The text of a numbered flow depends on nothing but flow and number: what is found
 * under the same two in two runs are the same octets, sent by the same end, once
 * through one tunnel and once through the other.
 */
#include "mn-sim/report_wire.h"

#include "common/base/bytes.h"
#include "common/wire/ipv4.h"
#include "mn-sim/report_value.h"
#include "mn-sim/wire_keys.h"
#include "mn-sim/wire_view.h"

#include <pcap/pcap.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_ROOM = 1024, ETHERNET_HEADER = 14, ETHERTYPE_IPV4 = 0x0800 };

struct seen {
	uint32_t flow;
	uint64_t number;
	long long frame; /* from 1, as readers of captures count */
};

/* A run's capture, and the flows' packets in it. */
struct recording {
	json_t *run;
	const char *name;
	char path[PATH_ROOM], keys_path[PATH_ROOM];
	struct wire_keys *keys; /* or NULL */
	struct seen *seen;
	size_t count, room;
};

/* --- frames ------------------------------------------------------------- */

struct frame {
	long long number;
	const uint8_t *packet; /* a sound IPv4 packet */
	size_t len;
};

static bool is_packet(const struct pcap_pkthdr *header, const unsigned char *bytes,
		      struct frame *out)
{
	struct reader in = reader_over(bytes, header->caplen);
	const uint8_t *packet;
	size_t left;

	read_skip(&in, ETHERNET_HEADER - 2);
	if (read_u16(&in) != ETHERTYPE_IPV4 || in.bad)
		return false;
	left = reader_left(&in);
	packet = read_bytes(&in, left);
	out->packet = packet;
	return ipv4_check(packet, left, &out->len) == IPV4_OK;
}

/* Hand every IPv4 packet of the capture to `take`, as long as that wants more. */
static void each_frame(const char *path,
		       bool (*take)(void *arg, const struct frame *frame), void *arg)
{
	char error[PCAP_ERRBUF_SIZE];
	pcap_t *file = pcap_open_offline(path, error);
	struct frame frame = { 0 };
	struct pcap_pkthdr *header;
	const unsigned char *bytes;
	bool more = file && pcap_datalink(file) == DLT_EN10MB;

	while (more && pcap_next_ex(file, &header, &bytes) == 1) {
		frame.number++;
		if (is_packet(header, bytes, &frame))
			more = take(arg, &frame);
	}
	if (file)
		pcap_close(file);
}

/* --- which packets there are -------------------------------------------- */

static bool flow_of(struct recording *r, const struct frame *f, struct seen *out)
{
	struct wire_view view;
	const uint8_t *packet = f->packet;
	size_t len = f->len;

	wire_view_make(&view, packet, len);
	if (r->keys && view.parts > 0 &&
	    view.part[view.parts - 1].kind == WIRE_SEALED) {
		packet = wire_keys_open(r->keys, packet, len, &len);
		if (!packet)
			return false;
		wire_view_make(&view, packet, len);
	}
	return wire_view_flow(&view, packet, &out->flow, &out->number);
}

static bool note_frame(void *arg, const struct frame *f)
{
	struct recording *r = arg;
	struct seen seen = { .frame = f->number };

	if (!flow_of(r, f, &seen))
		return true;
	if (r->count == r->room) {
		size_t room = r->room ? 2 * r->room : 1024;
		struct seen *more = realloc(r->seen, room * sizeof(*more));

		if (!more)
			return false;
		r->seen = more;
		r->room = room;
	}
	r->seen[r->count++] = seen;
	return true;
}

static const struct seen *find_seen(const struct recording *r, const struct seen *like)
{
	for (size_t i = 0; i < r->count; i++)
		if (r->seen[i].flow == like->flow && r->seen[i].number == like->number)
			return &r->seen[i];
	return NULL;
}

/* --- one of them, as JSON ----------------------------------------------- */

static json_t *hex_json(const uint8_t *bytes, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	char *text = malloc(2 * len + 1);
	json_t *o;

	if (!text)
		return NULL;
	for (size_t i = 0; i < len; i++) {
		text[2 * i] = digits[bytes[i] >> 4];
		text[2 * i + 1] = digits[bytes[i] & 15];
	}
	o = json_stringn(text, 2 * len);
	free(text);
	return o;
}

static json_t *parts_json(const uint8_t *packet, size_t len)
{
	struct wire_view view;
	json_t *parts = json_array();

	wire_view_make(&view, packet, len);
	for (unsigned i = 0; i < view.parts; i++) {
		const struct wire_part *p = &view.part[i];

		json_array_append_new(parts,
				      json_pack("{s:s,s:I,s:I,s:s}", "kind",
						wire_part_name(p->kind), "from",
						(json_int_t)p->from, "length",
						(json_int_t)p->len, "text", p->text));
	}
	return parts;
}

struct wanted {
	const struct recording *recording;
	const struct seen *seen;
	const char *flow;
	json_t *found;
};

static bool take_wanted(void *arg, const struct frame *f)
{
	struct wanted *w = arg;

	if (f->number != w->seen->frame)
		return true;
	w->found = json_pack("{s:s,s:I,s:s,s:I,s:o,s:o}", "flow", w->flow, "number",
			     (json_int_t)w->seen->number, "capture", w->recording->name,
			     "frame", (json_int_t)f->number, "octets",
			     hex_json(f->packet, f->len), "parts",
			     parts_json(f->packet, f->len));
	return false;
}

/* A flow is known on the wire by its port. */
static const char *flow_name(const json_t *run, uint32_t port)
{
	size_t i;
	json_t *flow;

	json_array_foreach(json_object_get(run, "flows"), i, flow)
		if (value_integer(flow, "port") == port)
			return value_text(flow, "name");
	return NULL;
}

static void show(struct recording *r, const struct seen *like)
{
	struct wanted w = { .recording = r, .seen = find_seen(r, like) };
	json_t *wire = json_object_get(r->run, "wire");

	w.flow = flow_name(r->run, like->flow);
	if (!w.seen || !w.flow)
		return;
	each_frame(r->path, take_wanted, &w);
	if (!w.found)
		return;
	if (!wire) {
		wire = json_array();
		json_object_set_new(r->run, "wire", wire);
	}
	json_array_append_new(wire, w.found);
}

/* --- the runs ----------------------------------------------------------- */

/* Those where nothing was recorded have no say. */
static bool all_have(const struct recording *r, size_t count, const struct seen *like)
{
	for (size_t i = 0; i < count; i++)
		if (r[i].count > 0 && !find_seen(&r[i], like))
			return false;
	return true;
}

static bool is_chosen(const struct seen *chosen, size_t count, uint32_t flow)
{
	for (size_t i = 0; i < count; i++)
		if (chosen[i].flow == flow)
			return true;
	return false;
}

enum { FLOWS_MAX = 16 };

/* Of each flow the first packet that everyone has. */
static void choose(struct recording *r, size_t count)
{
	const struct recording *model = r;
	struct seen chosen[FLOWS_MAX];
	size_t flows = 0;

	while (model < r + count && model->count == 0)
		model++;
	if (model == r + count)
		return;
	for (size_t i = 0; i < model->count && flows < FLOWS_MAX; i++) {
		const struct seen *s = &model->seen[i];

		if (!is_chosen(chosen, flows, s->flow) && all_have(r, count, s))
			chosen[flows++] = *s;
	}
	for (size_t f = 0; f < flows; f++)
		for (size_t i = 0; i < count; i++)
			show(&r[i], &chosen[f]);
}

/* The run's first capture; NAME.pcap and, if there is one, NAME.keys. */
static bool find_files(struct recording *r, const char *dir)
{
	size_t stem;

	r->name = json_string_value(
		json_array_get(json_object_get(r->run, "captures"), 0));
	if (!r->name)
		return false;
	stem = strlen(r->name);
	if (stem > 5 && strcmp(r->name + stem - 5, ".pcap") == 0)
		stem -= 5;
	return snprintf(r->path, PATH_ROOM, "%s/%s", dir, r->name) < PATH_ROOM &&
	       snprintf(r->keys_path, PATH_ROOM, "%s/%.*s.keys", dir, (int)stem,
			r->name) < PATH_ROOM;
}

static void read_recording(struct recording *r, const char *dir)
{
	if (!find_files(r, dir))
		return;
	if (wire_keys_read(&r->keys, r->keys_path) < 0)
		r->keys = NULL;
	each_frame(r->path, note_frame, r);
	wire_keys_free(r->keys);
}

void report_wire_add(json_t *runs, const char *dir)
{
	size_t count = json_array_size(runs), i;
	struct recording *r = calloc(count, sizeof(*r));
	json_t *run;

	if (!r)
		return;
	json_array_foreach(runs, i, run) {
		r[i].run = run;
		read_recording(&r[i], dir);
	}
	choose(r, count);
	for (i = 0; i < count; i++)
		free(r[i].seen);
	free(r);
}
