/* SPDX-License-Identifier: ISC */
/*
 * Bucket n < 128 holds the value n.  Above, a value of e + 8 bits (e = 0, 1, ...) is
 * known by its upper eight: 128 buckets for each e, each 2^e wide.
 */
#include "mn-sim/swarm_histogram.h"

enum {
	CUTS = 1 << HISTOGRAM_CUT_BITS,
	SHARE_ALL = 10000,
};

static unsigned bucket_of(uint64_t ns)
{
	unsigned above;

	if (ns < CUTS)
		return (unsigned)ns;
	if (ns >> HISTOGRAM_BITS)
		return HISTOGRAM_BUCKETS - 1;
	above = 63 - (unsigned)__builtin_clzll(ns) - HISTOGRAM_CUT_BITS;
	return (above << HISTOGRAM_CUT_BITS) + (unsigned)(ns >> above);
}

/* The largest value that falls into it. */
static int64_t top_of(unsigned bucket)
{
	unsigned above = bucket >> HISTOGRAM_CUT_BITS;
	uint64_t cut = bucket % CUTS;

	if (above == 0)
		return (int64_t)cut;
	return (int64_t)(((CUTS + cut + 1) << (above - 1)) - 1);
}

void swarm_histogram_add(struct swarm_histogram *h, duration_t d)
{
	if (d.ns < 0)
		d.ns = 0;
	if (d.ns > h->max.ns)
		h->max = d;
	h->bucket[bucket_of((uint64_t)d.ns)]++;
	h->count++;
}

void swarm_histogram_merge(struct swarm_histogram *to,
			   const struct swarm_histogram *from)
{
	for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++)
		to->bucket[i] += from->bucket[i];
	to->count += from->count;
	if (from->max.ns > to->max.ns)
		to->max = from->max;
}

duration_t swarm_histogram_at(const struct swarm_histogram *h, unsigned share)
{
	uint64_t wanted = (h->count * share + SHARE_ALL - 1) / SHARE_ALL, seen = 0;
	duration_t d;

	for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
		seen += h->bucket[i];
		if (seen == 0 || seen < wanted)
			continue;
		d.ns = top_of(i);
		return d.ns < h->max.ns ? d : h->max;
	}
	return h->max;
}

uint64_t swarm_histogram_within(const struct swarm_histogram *h, duration_t d)
{
	const unsigned last = bucket_of((uint64_t)d.ns);
	uint64_t seen = 0;

	for (unsigned i = 0; i <= last; i++)
		seen += h->bucket[i];
	return seen;
}
