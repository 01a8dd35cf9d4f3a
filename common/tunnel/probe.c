/* SPDX-License-Identifier: ISC */
/*
 * The states of a probe: what came, what was missed, and what follows from it.
 */
#include "common/tunnel/probe.h"

/*
 * The last packet may have come just after a look, and the first question goes when a
 * look finds nothing: so many looks after it the other end is dead.
 */
enum { LOOKS = PROBE_MISSES + 2, NS_PER_US = 1000, FIRST_LOOK_US = 1000000 };

/* So many looks pass between questions to who has never answered. */
enum { RARELY = 10 };

const char *probe_state_name(enum probe_state s)
{
	static const char *const names[PROBE_STATES] = {
		[PROBE_UNKNOWN] = "unknown", [PROBE_UP] = "up", [PROBE_DOWN] = "down"
	};

	return s < PROBE_STATES ? names[s] : "unknown";
}

static duration_t between_looks(const struct probe *p)
{
	return (duration_t){ p->spec.dead_after.ns / LOOKS };
}

/* Gateways that start together do not go on together. */
static instant_t next_look(const struct probe *p, const struct rng *rng, instant_t now)
{
	const int64_t whole = between_looks(p).ns;
	const uint32_t tenth_us = (uint32_t)(whole / 10 / NS_PER_US);
	const int64_t less = (int64_t)rng_below(rng, tenth_us) * NS_PER_US;

	return instant_add(now, (duration_t){ whole - less });
}

/* Soon, but not all tunnels at once. */
static instant_t first_look(const struct probe *p, const struct rng *rng, instant_t now)
{
	const int64_t whole_us = between_looks(p).ns / NS_PER_US;
	const uint32_t most =
		whole_us < FIRST_LOOK_US ? (uint32_t)whole_us : (uint32_t)FIRST_LOOK_US;

	return instant_add(now,
			   (duration_t){ (int64_t)rng_below(rng, most) * NS_PER_US });
}

bool probe_spec_equal(const struct probe_spec *a, const struct probe_spec *b)
{
	return a->kind == b->kind && a->address.s_addr == b->address.s_addr &&
	       a->dead_after.ns == b->dead_after.ns;
}

void probe_set(struct probe *p, const struct probe_spec *spec, const struct rng *rng,
	       instant_t now)
{
	if (p->next.ns != 0 && probe_spec_equal(&p->spec, spec))
		return;
	p->spec = *spec;
	p->answers = false;
	p->waiting = false;
	p->misses = 0;
	p->in_vain = 0;
	p->cookie = rng_u64(rng);
	p->sent = p->answered = (uint16_t)rng_u32(rng);
	p->next = first_look(p, rng, now);
}

/* Whether silence says that it is dead. */
static bool silence_tells(const struct probe *p)
{
	return !p->mute && (p->spec.kind == PROBE_ADDRESS ||
			    (p->spec.kind == PROBE_PEER && p->answers));
}

/* It is asked in vain, for all we know. */
static bool is_in_vain(const struct probe *p)
{
	return p->spec.kind == PROBE_PEER && !p->answers && p->in_vain >= PROBE_MISSES;
}

/* A tunnel that falls silent and speaks again is no news if it was never down. */
static enum probe_change settle(struct probe *p, enum probe_state state)
{
	p->state = state;
	if (state == PROBE_UNKNOWN || state == p->told)
		return PROBE_SAME;
	p->told = state;
	return state == PROBE_UP ? PROBE_ALIVE : PROBE_DEAD;
}

static void hear(struct probe *p, instant_t now)
{
	p->misses = 0;
	p->waiting = false;
	p->heard = now;
}

/*
 * Back without an answer: it may be another system now, whose silence says nothing
 * before it has answered.
 */
static enum probe_change on_life(struct probe *p, instant_t now)
{
	if (p->state == PROBE_DOWN) {
		p->answers = false;
		p->in_vain = 0;
	}
	hear(p, now);
	return settle(p, PROBE_UP);
}

static void count_miss(struct probe *p)
{
	if (p->waiting)
		p->counts.missed++;
	if (p->blocked && p->state == PROBE_UP)
		p->misses = PROBE_MISSES;
	else if (p->misses < PROBE_MISSES &&
		 (p->waiting || p->blocked || p->mute || is_in_vain(p) ||
		  p->spec.kind == PROBE_OFF))
		p->misses++;
}

static enum probe_change on_silence(struct probe *p)
{
	count_miss(p);
	if (p->misses < PROBE_MISSES)
		return PROBE_SAME;
	return settle(p, p->blocked || silence_tells(p) ? PROBE_DOWN : PROBE_UNKNOWN);
}

static bool shall_ask(struct probe *p, bool came)
{
	if (p->spec.kind == PROBE_OFF || p->blocked || p->mute)
		return false;
	if (came && silence_tells(p))
		return false;
	return !is_in_vain(p) || ++p->rested >= RARELY;
}

static void ask_now(struct probe *p)
{
	p->rested = 0;
	p->in_vain += !is_in_vain(p);
	p->waiting = true;
	p->counts.sent++;
	p->sent++;
	if ((uint16_t)(p->sent - p->answered) > PROBE_MISSES)
		p->answered = (uint16_t)(p->sent - PROBE_MISSES);
}

enum probe_change probe_due(struct probe *p, const struct probe_look *look,
			    const struct rng *rng, instant_t now, bool *ask)
{
	const bool came = (p->life || look->packets != p->seen) && !look->blocked;
	enum probe_change change;

	if (p->mute && !look->mute)
		p->misses = 0; /* looks that could not ask */
	p->seen = look->packets;
	p->life = false;
	p->blocked = look->blocked;
	p->mute = look->mute;
	p->next = next_look(p, rng, now);
	change = came ? on_life(p, now) : on_silence(p);
	p->waiting = false;
	*ask = shall_ask(p, came);
	if (*ask)
		ask_now(p);
	return change;
}

enum probe_change probe_answered(struct probe *p, uint16_t number, instant_t now)
{
	const uint16_t ahead = (uint16_t)(number - p->answered);

	if (ahead == 0 || ahead > (uint16_t)(p->sent - p->answered)) {
		p->counts.late++;
		return PROBE_SAME;
	}
	p->answered = number;
	p->counts.answered++;
	p->answers = true;
	p->in_vain = 0;
	p->life = true;
	hear(p, now);
	return settle(p, PROBE_UP);
}

void probe_heard(struct probe *p, instant_t now)
{
	p->life = true;
	p->in_vain = 0;
	p->heard = now;
}
