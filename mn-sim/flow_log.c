/* SPDX-License-Identifier: ISC */
/*
 * The record of a numbered flow and what it tells about a span of time.
 */
#include "mn-sim/flow_log.h"

#include <errno.h>
#include <stdlib.h>

int flow_log_init(struct flow_log *log, size_t room)
{
	*log = (struct flow_log){ .room = room };
	log->packet = calloc(room ? room : 1, sizeof(*log->packet));
	return log->packet ? 0 : -ENOMEM;
}

void flow_log_fini(struct flow_log *log)
{
	free(log->packet);
	*log = (struct flow_log){ 0 };
}

int64_t flow_log_sent(struct flow_log *log, instant_t now)
{
	if (log->count == log->room)
		return -1;
	log->packet[log->count] = (struct flow_packet){
		.sent = now,
		.received = INSTANT_NEVER,
	};
	return (int64_t)log->count++;
}

void flow_log_received(struct flow_log *log, uint64_t number, instant_t now)
{
	struct flow_packet *p;

	if (number >= log->count) {
		log->foreign++;
		return;
	}
	p = &log->packet[number];
	if (p->copies < UINT16_MAX)
		p->copies++;
	if (p->copies > 1)
		return;
	p->received = now;
	p->reordered = number < log->highest;
	if (number >= log->highest)
		log->highest = number + 1;
}

static int compare_ns(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static int64_t median(int64_t *values, size_t count)
{
	if (count == 0)
		return 0;
	qsort(values, count, sizeof(*values), compare_ns);
	return values[count / 2];
}

static void consider_gap(struct flow_summary *out, int64_t from, int64_t to)
{
	if (to - from <= out->longest_gap.ns)
		return;
	out->longest_gap.ns = to - from;
	out->gap_from.ns = from;
}

/*
 * Arrivals sorted by time.  A gap is measured whole when it began before the
 * span, so that its length does not depend on where the span was cut.
 */
static void longest_gap(int64_t *arrival, size_t count, instant_t from, instant_t to,
			struct flow_summary *out)
{
	int64_t last = from.ns;

	qsort(arrival, count, sizeof(*arrival), compare_ns);
	for (size_t i = 0; i < count && arrival[i] < to.ns; i++) {
		if (arrival[i] >= from.ns)
			consider_gap(out, last, arrival[i]);
		last = arrival[i];
	}
	consider_gap(out, last, to.ns);
}

static void count_packet(const struct flow_packet *p, struct flow_summary *out)
{
	out->sent++;
	out->received += p->copies > 0;
	out->lost += p->copies == 0;
	out->duplicated += p->copies > 1;
	out->reordered += p->reordered;
}

struct flow_summary flow_log_summary(const struct flow_log *log, instant_t from,
				     instant_t to)
{
	struct flow_summary out = { 0 };
	int64_t *delay = calloc(log->count ? log->count : 1, sizeof(*delay));
	int64_t *arrival = calloc(log->count ? log->count : 1, sizeof(*arrival));
	size_t delays = 0, arrivals = 0;

	for (size_t i = 0; i < log->count; i++) {
		const struct flow_packet *p = &log->packet[i];
		bool inside = p->sent.ns >= from.ns && p->sent.ns < to.ns;

		if (inside)
			count_packet(p, &out);
		if (p->copies == 0)
			continue;
		if (arrival)
			arrival[arrivals++] = p->received.ns;
		if (inside && delay)
			delay[delays++] = p->received.ns - p->sent.ns;
	}
	out.median_delay.ns = median(delay, delays);
	longest_gap(arrival, arrivals, from, to, &out);
	free(delay);
	free(arrival);
	return out;
}
