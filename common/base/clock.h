/* SPDX-License-Identifier: ISC */
/*
 * Instants, durations and the time of an event, as types that the compiler
 * keeps apart.
 *
 * An instant_t is a point on the monotonic clock; a duration_t is a distance
 * between two.  Pure code never asks a clock: `struct now` is handed in, read
 * once per event by the edge, or made up by a simulation.
 */
#ifndef COMMON_BASE_CLOCK_H
#define COMMON_BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

typedef struct {
	int64_t ns;
} duration_t;

typedef struct {
	int64_t ns;
} instant_t;

/* The time of an event. */
struct now {
	instant_t mono; /* monotonic, origin unspecified */
	uint64_t ntp;   /* wall clock, 64-bit NTP format (see ntp64.h) */
};

/* Later than everything: "no deadline". */
#define INSTANT_NEVER ((instant_t){ INT64_MAX })

static inline duration_t duration_ms(int64_t ms)
{
	return (duration_t){ ms * 1000000 };
}

static inline duration_t duration_s(int64_t s)
{
	return (duration_t){ s * 1000000000 };
}

static inline int64_t duration_to_ms(duration_t d)
{
	return d.ns / 1000000;
}

/* Whole seconds, rounded up: a lifetime that has begun its last second is 1. */
static inline int64_t duration_to_s_up(duration_t d)
{
	return d.ns <= 0 ? 0 : (d.ns - 1) / 1000000000 + 1;
}

static inline bool instant_is_never(instant_t a)
{
	return a.ns == INT64_MAX;
}

static inline bool instant_before(instant_t a, instant_t b)
{
	return a.ns < b.ns;
}

/* True once `now` has reached `deadline`; INSTANT_NEVER is never due. */
static inline bool instant_due(instant_t deadline, instant_t now)
{
	return !instant_is_never(deadline) && deadline.ns <= now.ns;
}

/* Saturates: adding to INSTANT_NEVER, or past it, is INSTANT_NEVER. */
static inline instant_t instant_add(instant_t a, duration_t d)
{
	if (instant_is_never(a) || (d.ns > 0 && a.ns > INT64_MAX - d.ns))
		return INSTANT_NEVER;
	return (instant_t){ a.ns + d.ns };
}

static inline duration_t instant_diff(instant_t later, instant_t earlier)
{
	return (duration_t){ later.ns - earlier.ns };
}

static inline instant_t instant_min(instant_t a, instant_t b)
{
	return instant_before(a, b) ? a : b;
}

#endif
