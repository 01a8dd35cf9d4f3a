/* SPDX-License-Identifier: ISC */
/*
 * Path MTU soft state (RFC 1191 3, 6.3, 7.1). Lowered at once, by routers to no
 * less than the floor and by ourselves to no less than 68, raised only by
 * forgetting after ten minutes, which keeps the five that the RFC asks for at
 * least.
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

bool mtu_is_old(const struct path_mtu *m, instant_t now)
{
	return instant_due(m->forget, now);
}

void mtu_forget(struct path_mtu *m)
{
	m->mtu = m->most;
	m->narrow = false;
	m->forget = INSTANT_NEVER;
}

uint16_t mtu_now(const struct path_mtu *m, instant_t now)
{
	return mtu_is_old(m, now) ? m->most : m->mtu;
}

bool mtu_is_narrow(const struct path_mtu *m, instant_t now)
{
	return m->narrow && !mtu_is_old(m, now);
}

uint16_t mtu_told(uint16_t next_hop, uint16_t length)
{
	return at_least_minimum(next_hop ? next_hop : plateau_below(length));
}

static void remember(struct path_mtu *m, instant_t now)
{
	m->forget = instant_add(now, duration_s(MTU_FORGET_S));
}

bool mtu_learn_here(struct path_mtu *m, uint16_t told, instant_t now)
{
	bool lower = told < mtu_now(m, now);

	if (mtu_is_old(m, now))
		mtu_forget(m);
	if (lower)
		m->mtu = told;
	/* Told again what is known: still true. */
	if (m->mtu == told && m->mtu < m->most)
		remember(m, now);
	return lower;
}

static bool learn_down_to(struct path_mtu *m, uint16_t floor, uint16_t told,
			  instant_t now)
{
	if (told >= floor)
		return mtu_learn_here(m, told, now);
	if (mtu_now(m, now) <= told)
		return false;
	if (mtu_is_old(m, now))
		mtu_forget(m);
	m->narrow = true;
	remember(m, now);
	return m->mtu > floor && mtu_learn_here(m, floor, now);
}

bool mtu_learn(struct path_mtu *m, uint16_t told, instant_t now)
{
	return learn_down_to(m, MTU_FLOOR, told, now);
}

bool mtu_learn_unproven(struct path_mtu *m, uint16_t told, instant_t now)
{
	return learn_down_to(m, MTU_FLOOR_UNPROVEN, told, now);
}
