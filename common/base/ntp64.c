/* SPDX-License-Identifier: ISC */
/*
 * 64-bit NTP time (RFC 5905 6). A fraction unit is 0.23 ns, so rounding to the
 * nearest makes nanoseconds survive the way there and back.
 */
#include "common/base/ntp64.h"

#define NS_PER_S INT64_C(1000000000)

/* Seconds from 1900-01-01 to 1970-01-01. */
#define NTP_UNIX_EPOCH UINT64_C(2208988800)

/* ns in [0, 10^9): below 2^32 even when rounded up. */
static uint64_t fraction_of_ns(int64_t ns)
{
	return (((uint64_t)ns << 32) + (uint64_t)NS_PER_S / 2) / (uint64_t)NS_PER_S;
}

static int64_t ns_of_fraction(uint32_t fraction)
{
	return (int64_t)(((uint64_t)fraction * (uint64_t)NS_PER_S +
			  (UINT64_C(1) << 31)) >>
			 32);
}

uint64_t ntp64_from_timespec(struct timespec ts)
{
	uint64_t seconds = (uint64_t)ts.tv_sec + NTP_UNIX_EPOCH;

	/* The shift drops the era: 2036-02-07 06:28:16 is 0. */
	return (seconds << 32) + fraction_of_ns(ts.tv_nsec);
}

duration_t ntp64_diff(uint64_t a, uint64_t b)
{
	uint64_t d = a - b;
	int64_t seconds = (int32_t)(d >> 32);

	return (duration_t){ seconds * NS_PER_S + ns_of_fraction((uint32_t)d) };
}

uint64_t ntp64_add(uint64_t t, duration_t d)
{
	int64_t seconds = d.ns / NS_PER_S;
	int64_t ns = d.ns % NS_PER_S;

	if (ns < 0) {
		seconds--;
		ns += NS_PER_S;
	}
	return t + ((uint64_t)seconds << 32) + fraction_of_ns(ns);
}
