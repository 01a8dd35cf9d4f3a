/* SPDX-License-Identifier: ISC */
/*
 * The 64-bit NTP time that the Identification field carries (RFC 5905 6,
 * RFC 5944 5.7.1): the high word is seconds since 1900, the low word a binary
 * fraction.  The seconds wrap on 2036-02-07; comparisons here are modulo 2^64,
 * so registration goes on that day (CONFORMANCE RPL-15).
 */
#ifndef COMMON_BASE_NTP64_H
#define COMMON_BASE_NTP64_H

#include "common/base/clock.h"

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/* The wall clock as NTP time; a time before 1970 is not handed to us. */
uint64_t ntp64_from_timespec(struct timespec ts);

/* a - b, which must be less than 68 years apart either way. */
duration_t ntp64_diff(uint64_t a, uint64_t b);

/* t moved by d, which may be negative. */
uint64_t ntp64_add(uint64_t t, duration_t d);

static inline bool ntp64_after(uint64_t a, uint64_t b)
{
	return (int64_t)(a - b) > 0;
}

static inline uint32_t ntp64_high(uint64_t t)
{
	return (uint32_t)(t >> 32);
}

static inline uint32_t ntp64_low(uint64_t t)
{
	return (uint32_t)t;
}

#endif
