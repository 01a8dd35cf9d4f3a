/* SPDX-License-Identifier: ISC */
/*
 * Figures of a swarm as text and as JSON.
 */
#include "mn-sim/swarm_report.h"

#include "common/wire/mip_code.h"

#include <inttypes.h>

enum { NS_PER_MS = 1000000, SHARES = 4 };

static const struct {
	unsigned share;
	const char *name;
} shares[SHARES] = {
	{ 5000, "p50" },
	{ 9000, "p90" },
	{ 9900, "p99" },
	{ 9990, "p99.9" },
};

struct swarm_sum swarm_sum(const struct swarm_stats *s)
{
	struct swarm_sum sum = { 0 };

	for (unsigned i = 0; i < SWARM_OPS; i++) {
		sum.due += s->op[i].due;
		sum.accepted += s->op[i].accepted;
		sum.denied += s->op[i].denied;
		sum.lost += s->op[i].lost;
		sum.unsent += s->op[i].unsent;
	}
	return sum;
}

const char *swarm_time_text(duration_t d, char text[SWARM_TIME_TEXT])
{
	const double us = (double)d.ns / 1000;

	if (us < 1000)
		snprintf(text, SWARM_TIME_TEXT, "%.0f us", us);
	else if (us < 1e5)
		snprintf(text, SWARM_TIME_TEXT, "%.2f ms", us / 1e3);
	else
		snprintf(text, SWARM_TIME_TEXT, "%.2f s", us / 1e6);
	return text;
}

void swarm_report_head(FILE *to)
{
	fprintf(to, "%7s  %-20s %8s %9s %7s %6s %7s %9s %9s %9s %9s %10s\n", "time",
		"step", "due/s", "accepted", "denied", "lost", "unsent", "p50", "p99",
		"max", "in flight", "registered");
}

void swarm_report_line(FILE *to, const char *step, duration_t since_start,
		       duration_t since_last, struct swarm *s,
		       const struct swarm_sum *last)
{
	struct swarm_stats *stats = swarm_stats(s);
	const struct swarm_sum sum = swarm_sum(stats);
	const double seconds = (double)since_last.ns / 1e9;
	char p50[SWARM_TIME_TEXT], p99[SWARM_TIME_TEXT], max[SWARM_TIME_TEXT];

	fprintf(to,
		"%5.1f s  %-20s %8.0f %9.0f %7" PRIu64 " %6" PRIu64 " %7" PRIu64
		" %9s %9s %9s %9" PRIu32 " %10" PRIu32 "\n",
		(double)since_start.ns / 1e9, step,
		(double)(sum.due - last->due) / seconds,
		(double)(sum.accepted - last->accepted) / seconds,
		sum.denied - last->denied, sum.lost - last->lost,
		sum.unsent - last->unsent,
		swarm_time_text(swarm_histogram_at(&stats->second, 5000), p50),
		swarm_time_text(swarm_histogram_at(&stats->second, 9900), p99),
		swarm_time_text(stats->second.max, max), swarm_in_flight(s),
		swarm_registered(s));
}

/* ---- the table ---- */

static void print_latency(FILE *to, const struct swarm_histogram *h)
{
	char text[SWARM_TIME_TEXT];

	for (unsigned i = 0; i < SHARES; i++)
		fprintf(to, " %9s",
			swarm_time_text(swarm_histogram_at(h, shares[i].share), text));
	fprintf(to, " %9s\n", swarm_time_text(h->max, text));
}

static void print_ops(FILE *to, const struct swarm_stats *s)
{
	fprintf(to, "%-11s %10s %10s %8s %8s %8s %9s %9s %9s %9s %9s\n", "", "due",
		"accepted", "denied", "lost", "unsent", "p50", "p90", "p99", "p99.9",
		"max");
	for (unsigned i = 0; i < SWARM_OPS; i++) {
		const struct swarm_op_stats *op = &s->op[i];

		if (op->due == 0)
			continue;
		fprintf(to,
			"%-11s %10" PRIu64 " %10" PRIu64 " %8" PRIu64 " %8" PRIu64
			" %8" PRIu64,
			swarm_op_name(i), op->due, op->accepted, op->denied, op->lost,
			op->unsent);
		print_latency(to, &op->latency);
	}
	fprintf(to, "%-61s", "sent later than due");
	print_latency(to, &s->behind);
}

static void print_codes(FILE *to, const struct swarm_stats *s)
{
	const char *comma = "";

	fprintf(to, "Replies: ");
	for (unsigned i = 0; i < 256; i++) {
		if (s->code[i] == 0)
			continue;
		fprintf(to, "%s%s (%u) %" PRIu64, comma, mip_code_name((uint8_t)i), i,
			s->code[i]);
		comma = ", ";
	}
	fprintf(to,
		"%s late %" PRIu64 "; left out: malformed %" PRIu64
		", unmatched %" PRIu64 ", unauthentic %" PRIu64 "\n",
		*comma ? ";" : "none;", s->late, s->malformed, s->unmatched,
		s->unauthentic);
}

static void print_laps(FILE *to, const struct swarm_report *r)
{
	char p50[SWARM_TIME_TEXT], p99[SWARM_TIME_TEXT], behind[SWARM_TIME_TEXT];

	for (unsigned i = 0; i < r->laps; i++) {
		const struct swarm_lap *l = &r->lap[i];

		fprintf(to,
			"%-20s %8" PRIu32 " %9.3f s %10" PRIu64 " of %" PRIu64
			", %s, p99 %s, sent late %s%s\n",
			l->text, l->rate, (double)l->took.ns / 1e9, l->accepted, l->due,
			swarm_time_text(l->median, p50), swarm_time_text(l->p99, p99),
			swarm_time_text(l->behind, behind),
			l->rate == 0 ? ""
			: l->worked  ? ": works"
				     : ": fails");
	}
}

static void print_handover(FILE *to, const struct swarm_report *r)
{
	if (!r->handover)
		return;
	fprintf(to, "Reply to first packet, %" PRIu64 " moves, %" PRIu64 " without%*s",
		r->handover->count, r->handover_lost, 8, "");
	print_latency(to, r->handover);
}

static void print_finds(FILE *to, const struct swarm_report *r)
{
	if (r->finds == 0)
		return;
	fprintf(to, "Highest rate, sorted:");
	for (unsigned i = 0; i < r->finds; i++)
		fprintf(to, " %" PRIu32, r->found[i]);
	fprintf(to, "; median %" PRIu32 " a second\n", r->median);
}

void swarm_report_table(FILE *to, struct swarm *s, const struct swarm_report *r)
{
	const struct swarm_stats *stats = swarm_stats(s);

	print_laps(to, r);
	print_ops(to, stats);
	fprintf(to,
		"Requests: %" PRIu64 ", of which sent again %" PRIu64
		", refused by the kernel %" PRIu64 "\n",
		stats->requests, stats->retransmitted, r->refused);
	print_handover(to, r);
	print_codes(to, stats);
	fprintf(to, "Registered: %" PRIu32 "; took %.3f s; memory %ld KiB\n",
		swarm_registered(s), (double)r->took.ns / 1e9, r->memory);
	print_finds(to, r);
}

/* ---- JSON: times in milliseconds ---- */

static json_t *milliseconds(duration_t d)
{
	return json_real((double)d.ns / NS_PER_MS);
}

static json_t *count(uint64_t n)
{
	return json_integer((json_int_t)n);
}

static json_t *latency_json(const struct swarm_histogram *h)
{
	json_t *o = json_object();

	for (unsigned i = 0; i < SHARES; i++)
		json_object_set_new(
			o, shares[i].name,
			milliseconds(swarm_histogram_at(h, shares[i].share)));
	json_object_set_new(o, "max", milliseconds(h->max));
	return o;
}

static json_t *ops_json(const struct swarm_stats *s)
{
	json_t *ops = json_object();

	for (unsigned i = 0; i < SWARM_OPS; i++) {
		const struct swarm_op_stats *op = &s->op[i];

		json_object_set_new(
			ops, swarm_op_name(i),
			json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "due",
				  count(op->due), "accepted", count(op->accepted),
				  "denied", count(op->denied), "lost", count(op->lost),
				  "unsent", count(op->unsent), "latency-ms",
				  latency_json(&op->latency)));
	}
	return ops;
}

static json_t *codes_json(const struct swarm_stats *s)
{
	json_t *codes = json_object();

	for (unsigned i = 0; i < 256; i++)
		if (s->code[i])
			json_object_set_new(codes, mip_code_name((uint8_t)i),
					    count(s->code[i]));
	return codes;
}

static json_t *laps_json(const struct swarm_report *r)
{
	json_t *laps = json_array();

	for (unsigned i = 0; i < r->laps; i++) {
		const struct swarm_lap *l = &r->lap[i];
		json_t *lap = json_pack(
			"{s:s, s:f, s:o, s:o, s:o, s:o, s:o, s:o}", "step", l->text,
			"seconds", (double)l->took.ns / 1e9, "due", count(l->due),
			"accepted", count(l->accepted), "failed", count(l->failed),
			"p50-ms", milliseconds(l->median), "p99-ms",
			milliseconds(l->p99), "sent-late-p99-ms",
			milliseconds(l->behind));

		if (l->rate) {
			json_object_set_new(lap, "rate", count(l->rate));
			json_object_set_new(lap, "worked", json_boolean(l->worked));
		}
		json_array_append_new(laps, lap);
	}
	return laps;
}

static void add_finds(json_t *to, const struct swarm_report *r)
{
	json_t *rates = json_array();

	for (unsigned i = 0; i < r->finds; i++)
		json_array_append_new(rates, count(r->found[i]));
	json_object_set_new(to, "rates", rates);
	json_object_set_new(to, "rate", count(r->median));
}

static void add_counts(json_t *to, const struct swarm_stats *s)
{
	const struct {
		const char *name;
		uint64_t value;
	} counts[] = {
		{ "requests", s->requests },   { "retransmitted", s->retransmitted },
		{ "late", s->late },           { "malformed", s->malformed },
		{ "unmatched", s->unmatched }, { "unauthentic", s->unauthentic },
		{ "resyncs", s->resyncs },
	};

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		json_object_set_new(to, counts[i].name, count(counts[i].value));
}

json_t *swarm_report_json(struct swarm *s, const struct swarm_report *r)
{
	const struct swarm_stats *stats = swarm_stats(s);
	json_t *o = json_object();

	json_object_set_new(o, "seconds", json_real((double)r->took.ns / 1e9));
	json_object_set_new(o, "memory-kib", json_integer(r->memory));
	json_object_set_new(o, "registered", count(swarm_registered(s)));
	json_object_set_new(o, "refused", count(r->refused));
	add_counts(o, stats);
	json_object_set_new(o, "operations", ops_json(stats));
	json_object_set_new(o, "replies", codes_json(stats));
	json_object_set_new(o, "sent-late-ms", latency_json(&stats->behind));
	json_object_set_new(o, "steps", laps_json(r));
	if (r->handover) {
		json_object_set_new(o, "handovers", count(r->handover->count));
		json_object_set_new(o, "handovers-lost", count(r->handover_lost));
		json_object_set_new(o, "handover-ms", latency_json(r->handover));
	}
	if (r->finds)
		add_finds(o, r);
	return o;
}
