/* SPDX-License-Identifier: ISC */
/*
 * Token bucket on the monotonic clock: `burst` events at once, `rate` a second
 * in the long run.
 */
#ifndef COMMON_BASE_BUCKET_H
#define COMMON_BASE_BUCKET_H

#include "common/base/clock.h"

#include <stdbool.h>
#include <stdint.h>

struct bucket {
	int64_t credit; /* one event costs 10^9; a nanosecond earns `rate` */
	instant_t filled;
	uint32_t rate;
	uint32_t burst;
};

void bucket_init(struct bucket *b, uint32_t rate, uint32_t burst, instant_t now);

/* Take one token if there is one.  A rate of 0 never refills. */
bool bucket_take(struct bucket *b, instant_t now);

#endif
