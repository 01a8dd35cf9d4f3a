/* SPDX-License-Identifier: ISC */
/*
 * Timestamps as Identification (RFC 5944 5.7.1).  All comparisons are modulo
 * 2^64, so that registration goes on when NTP time wraps in 2036.
 */
#include "common/security/ident.h"
#include "common/base/ntp64.h"

/*
 * Low bits that ident_next makes random: 15 microseconds, which is about what
 * lies between reading the clock and sending, and nothing to the tolerance.
 */
#define RANDOM_BITS UINT64_C(0xffff)

static uint64_t join(uint64_t high_from, uint64_t low_from)
{
	return (high_from & ~UINT64_C(0xffffffff)) | ntp64_low(low_from);
}

enum ident_verdict ident_judge(uint64_t received, uint64_t last, uint64_t clock,
			       duration_t tolerance)
{
	duration_t ahead = ntp64_diff(received, clock);

	if (last != 0 && received == last)
		return IDENT_DUPLICATE;
	if (ahead.ns > tolerance.ns || ahead.ns < -tolerance.ns)
		return IDENT_SKEWED;
	if (last != 0 && !ntp64_after(received, last))
		return IDENT_OLD;
	return IDENT_FRESH;
}

uint64_t ident_clock(uint64_t clock, uint64_t last, duration_t tolerance)
{
	if (last == 0 || ntp64_diff(last, clock).ns <= tolerance.ns)
		return clock;
	/* A second later, so that a denial's whole seconds are later than `last`. */
	return ntp64_add(last, duration_s(1));
}

uint64_t ident_resync(uint64_t received, uint64_t clock)
{
	return join(clock, received);
}

uint64_t ident_next(uint64_t clock, duration_t offset, uint64_t last, uint32_t random)
{
	uint64_t salt = random & RANDOM_BITS;
	uint64_t next = (ntp64_add(clock, offset) & ~RANDOM_BITS) | salt;

	if (last != 0 && !ntp64_after(next, last))
		next = last + 1 + salt;
	return next != 0 ? next : 1; /* 0 is "none" */
}

/*
 * Only the seconds are the home agent's.  A clock in the same second agrees as far as
 * they tell, and is left alone: right after its start an agent denies what was signed
 * before.  Otherwise it was in the middle of them.
 */
duration_t ident_offset(uint64_t reply, uint64_t clock)
{
	if (reply >> 32 == clock >> 32)
		return duration_s(0);
	return ntp64_diff(join(reply, UINT64_C(1) << 31), clock);
}
