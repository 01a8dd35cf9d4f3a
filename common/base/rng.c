/* SPDX-License-Identifier: ISC */
/*
 * Numbers out of a random source, and the repeatable source: SplitMix64
 * (Steele, Lea and Flood, 2014).
 */
#include "common/base/rng.h"

#include <string.h>

static uint64_t splitmix64(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static void seeded_fill(void *state, void *bytes, size_t len)
{
	struct rng_seeded *g = state;
	uint8_t *at = bytes;

	while (len > 0) {
		uint64_t word = splitmix64(&g->state);
		size_t part = len < sizeof(word) ? len : sizeof(word);

		memcpy(at, &word, part);
		at += part;
		len -= part;
	}
}

struct rng rng_seeded_init(struct rng_seeded *g, uint64_t seed)
{
	g->state = seed;
	return (struct rng){ .fill = seeded_fill, .state = g };
}

uint32_t rng_u32(const struct rng *r)
{
	uint32_t v;

	rng_fill(r, &v, sizeof(v));
	return v;
}

uint64_t rng_u64(const struct rng *r)
{
	uint64_t v;

	rng_fill(r, &v, sizeof(v));
	return v;
}

uint32_t rng_below(const struct rng *r, uint32_t bound)
{
	uint32_t uneven, v;

	if (bound == 0)
		return 0;
	/* 2^32 mod bound: values under it would make the low results likelier. */
	uneven = (UINT32_MAX - bound + 1) % bound;
	do {
		v = rng_u32(r);
	} while (v < uneven);
	return v % bound;
}
