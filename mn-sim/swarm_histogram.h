/* SPDX-License-Identifier: ISC */
/*
 * A histogram of durations in fixed memory, log-linear as HDR histograms are: every
 * power of two is cut into 128 buckets, so that a value read back is at most 1/128
 * above the one that was added.  The largest is kept as it is.
 */
#ifndef MN_SIM_SWARM_HISTOGRAM_H
#define MN_SIM_SWARM_HISTOGRAM_H

#include "common/base/clock.h"

#include <stdint.h>

enum {
	HISTOGRAM_CUT_BITS = 7,
	HISTOGRAM_BITS =
		43, /* up to 2^43 ns, more than two hours; longer counts as that */
	HISTOGRAM_BUCKETS = (HISTOGRAM_BITS - HISTOGRAM_CUT_BITS + 1)
			    << HISTOGRAM_CUT_BITS,
};

/* All zero is empty. */
struct swarm_histogram {
	uint64_t count;
	duration_t max;
	uint64_t bucket[HISTOGRAM_BUCKETS];
};

/* Negative durations count as 0. */
void swarm_histogram_add(struct swarm_histogram *h, duration_t d);
void swarm_histogram_merge(struct swarm_histogram *to,
			   const struct swarm_histogram *from);

/*
 * The duration that `share` of all that were added do not exceed, in parts of ten
 * thousand: 5000 is the median.  0 when it is empty.
 */
duration_t swarm_histogram_at(const struct swarm_histogram *h, unsigned share);

/* How many were not longer, within the width of a bucket. */
uint64_t swarm_histogram_within(const struct swarm_histogram *h, duration_t d);

#endif
