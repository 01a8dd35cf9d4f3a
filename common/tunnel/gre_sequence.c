/* SPDX-License-Identifier: ISC */
/*
 * GRE sequence numbers (RFC 2890 2.2), modulo 2^32:
 *
 *     ... last-2^31+1 ........ last | last+1 | last+2 ........ last+2^31 ...
 *     |--------- late: drop --------| next   |------- gap: accept -------|
 *
 * Nothing is buffered to fill a gap: that is an option of the RFC, and TCP and
 * most real-time traffic are better off with the packet at once.
 */
#include "common/tunnel/encap_ops.h"

enum { NEXT = 1 };

static const uint32_t FURTHEST = UINT32_C(1) << 31;

/* Whether number b lies after a, by less than half the circle. */
static bool is_ahead(uint32_t a, uint32_t b)
{
	return b != a && b - a <= FURTHEST;
}

static bool quiet_since(const struct gre_sequence *s, instant_t now)
{
	return instant_diff(now, s->accepted).ns >= duration_s(GRE_QUIET_S).ns;
}

/* Count a late number; true when it tells that the peer has begun again. */
static bool is_restart(struct gre_sequence *s, uint32_t number, instant_t now)
{
	if (s->late_run > 0 && is_ahead(s->last_late, number))
		s->late_run++;
	else
		s->late_run = 1;
	s->last_late = number;
	return s->late_run >= GRE_LATE_RUN || quiet_since(s, now);
}

bool gre_sequence_accept(struct gre_sequence *s, uint32_t number, instant_t now)
{
	if (!s->heard) {
		s->heard = true;
	} else if (is_ahead(s->last_in, number)) {
		if (number - s->last_in != NEXT)
			s->gaps++;
	} else {
		if (!is_restart(s, number, now))
			return false;
		s->restarts++;
	}
	s->last_in = number;
	s->late_run = 0;
	s->accepted = now;
	return true;
}

void gre_sequence_init(struct gre_sequence *s)
{
	*s = (struct gre_sequence){ .last_in = UINT32_MAX };
}
