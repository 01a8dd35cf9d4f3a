/* SPDX-License-Identifier: ISC */
/*
 * The Identification field with timestamps (RFC 5944 5.7.1).
 *
 * The home agent accepts one that is near its own clock and later than every
 * one it accepted from this node; otherwise it answers 133 with its own clock
 * in the high word.  A duplicate of the last accepted Request is neither: its
 * stored Reply is sent again (CONFORMANCE T-27).
 */
#ifndef COMMON_SECURITY_IDENT_H
#define COMMON_SECURITY_IDENT_H

#include "common/base/clock.h"

#include <stdint.h>

enum ident_verdict {
	IDENT_FRESH,
	IDENT_DUPLICATE, /* equal to the last accepted */
	IDENT_OLD,       /* earlier than the last accepted */
	IDENT_SKEWED,    /* further from our clock than the tolerance */
};

/*
 * `last` is the Identification of the last accepted Request, 0 for none.
 * Exactly the tolerance away still counts as near.
 */
enum ident_verdict ident_judge(uint64_t received, uint64_t last, uint64_t clock,
			       duration_t tolerance);

/*
 * The clock to hold a node's timestamps against: ours, unless it was set back.  A
 * last accepted timestamp further ahead of our clock than the tolerance tells so;
 * then it goes on from there, or the node would be locked out until our clock has
 * caught up.
 */
uint64_t ident_clock(uint64_t clock, uint64_t last, duration_t tolerance);

/* That of a denial with code 133: our clock's seconds, the Request's low word. */
uint64_t ident_resync(uint64_t received, uint64_t clock);

/*
 * The node's next Identification: its clock with its offset, `random` in the
 * low bits that a clock does not know, and later than `last` (RPL-03, RPL-04).
 * `last` is 0 for none, also right after a denial with 133 has set us back.
 * Never 0.
 */
uint64_t ident_next(uint64_t clock, duration_t offset, uint64_t last, uint32_t random);

/* The offset that makes our clock agree with a 133 Reply's high word; 0 if it does. */
duration_t ident_offset(uint64_t reply, uint64_t clock);

#endif
