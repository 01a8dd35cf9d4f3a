/* SPDX-License-Identifier: ISC */
/*
 * Where random bytes come from.  A core is made with a `struct rng`; the
 * daemons give it the system's generator (common/io/host.h), simulations and
 * fuzzers the seeded one here.
 */
#ifndef COMMON_BASE_RNG_H
#define COMMON_BASE_RNG_H

#include <stddef.h>
#include <stdint.h>

struct rng {
	void (*fill)(void *state, void *bytes, size_t len);
	void *state;
};

/* A repeatable generator (SplitMix64).  Never for keys. */
struct rng_seeded {
	uint64_t state;
};

struct rng rng_seeded_init(struct rng_seeded *g, uint64_t seed);

static inline void rng_fill(const struct rng *r, void *bytes, size_t len)
{
	r->fill(r->state, bytes, len);
}

uint32_t rng_u32(const struct rng *r);
uint64_t rng_u64(const struct rng *r);

/* Uniform in [0, bound); 0 if bound is 0. */
uint32_t rng_below(const struct rng *r, uint32_t bound);

#endif
