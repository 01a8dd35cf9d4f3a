/* SPDX-License-Identifier: ISC */
/*
 * What a swarm tells: a line every second, the table at the end, and the same as JSON.
 */
#ifndef MN_SIM_SWARM_REPORT_H
#define MN_SIM_SWARM_REPORT_H

#include "mn-sim/swarm.h"

#include <jansson.h>
#include <stdio.h>

/* A step that is over, or a trial of a rate. */
struct swarm_lap {
	const char *text; /* borrowed */
	uint32_t rate;    /* of a trial, else 0 */
	bool worked;      /* of a trial */
	duration_t took;
	uint64_t due, accepted, failed;
	duration_t median, p99; /* latency */
	duration_t behind;      /* 99 of 100 left no later than this */
};

struct swarm_report {
	const struct swarm_lap *lap;
	unsigned laps;
	const uint32_t *found; /* rates, one for each time it was looked for */
	unsigned finds;
	uint32_t median; /* of those */
	duration_t took;
	uint64_t refused;                       /* by the kernel */
	const struct swarm_histogram *handover; /* NULL: not watched */
	uint64_t handover_lost;                 /* moves after which nothing came */
	long memory;                            /* KiB, at most */
};

/* Sums of all operations. */
struct swarm_sum {
	uint64_t due, accepted, denied, lost, unsent;
};

struct swarm_sum swarm_sum(const struct swarm_stats *s);

/* A duration for people, at most 8 characters. */
enum { SWARM_TIME_TEXT = 16 };
const char *swarm_time_text(duration_t d, char text[SWARM_TIME_TEXT]);

/* `last` is the sum and number of requests at the line before, a second ago. */
void swarm_report_head(FILE *to);
void swarm_report_line(FILE *to, const char *step, duration_t since_start,
		       duration_t since_last, struct swarm *s,
		       const struct swarm_sum *last);

void swarm_report_table(FILE *to, struct swarm *s, const struct swarm_report *r);

/* A new object, or NULL when out of memory. */
json_t *swarm_report_json(struct swarm *s, const struct swarm_report *r);

#endif
