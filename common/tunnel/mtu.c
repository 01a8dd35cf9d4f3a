/* SPDX-License-Identifier: ISC */
/*
 * Path MTU soft state (RFC 1191 3, 6.3, 7.1). Lowered at once, never under 68,
 * raised only by forgetting after ten minutes, which keeps the five that the RFC
 * asks for at least.
 */
#include "common/tunnel/mtu.h"

#include "common/wire/ipv4.h"

static const uint16_t plateaus[] = { 32000, 17914, 8166, 4352, 2002,
				     1492,  1006,  508,  296,  IPV4_MTU_MIN };

/* The largest usual MTU under `length`. */
static uint16_t plateau_below(uint16_t length)
{
	for (unsigned i = 0; i < sizeof(plateaus) / sizeof(plateaus[0]); i++)
		if (plateaus[i] < length)
			return plateaus[i];
	return IPV4_MTU_MIN;
}

static uint16_t at_least_minimum(uint16_t mtu)
{
	return mtu < IPV4_MTU_MIN ? IPV4_MTU_MIN : mtu;
}

void mtu_init(struct path_mtu *m, uint16_t most)
{
	most = at_least_minimum(most ? most : MTU_DEFAULT);
	*m = (struct path_mtu){ .most = most, .mtu = most, .forget = INSTANT_NEVER };
}

void mtu_set_most(struct path_mtu *m, uint16_t most)
{
	bool learned = m->mtu < m->most;

	m->most = at_least_minimum(most ? most : MTU_DEFAULT);
	if (!learned || m->mtu > m->most)
		m->mtu = m->most;
}

uint16_t mtu_now(struct path_mtu *m, instant_t now)
{
	if (instant_due(m->forget, now)) {
		m->mtu = m->most;
		m->forget = INSTANT_NEVER;
	}
	return m->mtu;
}

bool mtu_learn(struct path_mtu *m, uint16_t next_hop, uint16_t length, instant_t now)
{
	uint16_t told = at_least_minimum(next_hop ? next_hop : plateau_below(length));
	bool lower = told < mtu_now(m, now);

	if (lower)
		m->mtu = told;
	/* Told again what is known: still true. */
	if (m->mtu == told && m->mtu < m->most)
		m->forget = instant_add(now, duration_s(MTU_FORGET_S));
	return lower;
}
