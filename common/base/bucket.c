/* SPDX-License-Identifier: ISC */
/*
 * Token bucket. The credit is counted in units of which an event costs 10^9 and
 * a nanosecond earns `rate`, so no rate suffers from rounding. A clock that
 * steps back earns nothing and costs nothing.
 */
#include "common/base/bucket.h"

#define EVENT_COST INT64_C(1000000000)

static int64_t bucket_room(const struct bucket *b)
{
	return (int64_t)b->burst * EVENT_COST - b->credit;
}

static void bucket_fill(struct bucket *b, instant_t now)
{
	int64_t elapsed = instant_diff(now, b->filled).ns;

	if (elapsed <= 0 || b->rate == 0)
		return;
	b->filled = now;
	/* Compared by division: the product may not fit. */
	if (elapsed > bucket_room(b) / b->rate)
		b->credit += bucket_room(b);
	else
		b->credit += elapsed * b->rate;
}

void bucket_init(struct bucket *b, uint32_t rate, uint32_t burst, instant_t now)
{
	*b = (struct bucket){ .credit = (int64_t)burst * EVENT_COST,
			      .filled = now,
			      .rate = rate,
			      .burst = burst };
}

bool bucket_take(struct bucket *b, instant_t now)
{
	bucket_fill(b, now);
	if (b->credit < EVENT_COST)
		return false;
	b->credit -= EVENT_COST;
	return true;
}
