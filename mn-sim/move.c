/* SPDX-License-Identifier: ISC */
/*
 * Agents heard, movement and the pace of solicitations.
 */
#include "mn-sim/move.h"

#include <string.h>

enum {
	SEQUENCE_RESTART = 256, /* numbers below are used only after a start */
	SOLICIT_FAST = 3,       /* this many a second apart, then backoff */
	SOLICIT_INTERVAL_MS = 1000,
	SOLICIT_MAX_MS = 64000,   /* RFC 5944 2.4: at least a minute */
	SOLICIT_JITTER_SHARE = 4, /* up to a quarter later, never sooner */
	ADVERTS_A_LIFETIME = 3,   /* RFC 5944 2.1 */
};

static struct agent_heard *find(struct agents *agents, struct in_addr from,
				struct mac mac)
{
	for (unsigned i = 0; i < MOVE_AGENTS_MAX; i++) {
		struct agent_heard *a = &agents->at[i];

		if (a->known && a->addr.s_addr == from.s_addr && mac_equal(a->mac, mac))
			return a;
	}
	return NULL;
}

/* A free entry, or the one that ran out first, or will. */
static struct agent_heard *make_room(struct agents *agents,
				     const struct agent_heard *keep)
{
	struct agent_heard *oldest = NULL;

	for (unsigned i = 0; i < MOVE_AGENTS_MAX; i++) {
		struct agent_heard *a = &agents->at[i];

		if (!a->known)
			return a;
		if (a == keep)
			continue;
		if (!oldest || instant_before(a->expires_at, oldest->expires_at))
			oldest = a;
	}
	return oldest;
}

/* The prefix of the link: that of the router address it speaks from, else the first. */
static void note_prefix(struct agent_heard *a, const struct mip_advert *advert)
{
	unsigned at = 0;

	a->has_prefix = advert->prefix_count > 0 && advert->router_count > 0;
	if (!a->has_prefix)
		return;
	for (unsigned i = 0; i < advert->router_count; i++)
		if (advert->router[i].s_addr == a->addr.s_addr)
			at = i;
	if (at >= advert->prefix_count)
		at = 0;
	a->prefix = (struct ipv4_prefix){ .addr = advert->router[at],
					  .len = advert->prefix_len[at] };
}

static void describe(struct agent_heard *a, const struct mip_advert *advert,
		     instant_t now)
{
	a->sequence = advert->sequence;
	a->registration_lifetime = advert->registration_lifetime;
	a->flags = advert->flags;
	a->care_of_count = advert->care_of_count;
	memcpy(a->care_of, advert->care_of, sizeof(a->care_of));
	note_prefix(a, advert);
	a->lifetime = duration_s(advert->lifetime);
	a->heard_at = now;
	a->expires_at = instant_add(now, a->lifetime);
}

/*
 * RFC 5944 2.4.4.  A number that fell but is 256 or more rolled over.  Judged
 * also when the agent was silent for a while: it may have restarted then.
 */
static bool restarted(const struct agent_heard *a, uint16_t sequence)
{
	return sequence < a->sequence && sequence < SEQUENCE_RESTART;
}

enum agent_news agents_hear(struct agents *agents, const struct mip_advert *advert,
			    struct in_addr from, struct mac mac, instant_t now,
			    const struct agent_heard *keep, struct agent_heard **who)
{
	struct agent_heard *a = find(agents, from, mac);
	enum agent_news news = AGENT_AGAIN;

	if (!a) {
		a = make_room(agents, keep);
		*a = (struct agent_heard){ .known = true, .addr = from, .mac = mac };
		news = AGENT_NEW;
	} else if (restarted(a, advert->sequence)) {
		news = AGENT_REBOOTED;
	} else if (!agent_fresh(a, now)) {
		news = AGENT_NEW;
	}
	if (news == AGENT_REBOOTED)
		a->serves_until = (instant_t){ 0 };
	describe(a, advert, now);
	*who = a;
	return advert->lifetime == 0 ? AGENT_LEFT : news;
}

void agents_unhear(struct agents *agents)
{
	for (unsigned i = 0; i < MOVE_AGENTS_MAX; i++) {
		agents->at[i].expires_at = (instant_t){ 0 };
		agents->at[i].avoid_until = (instant_t){ 0 };
	}
}

void agents_unserve(struct agents *agents)
{
	for (unsigned i = 0; i < MOVE_AGENTS_MAX; i++)
		agents->at[i].serves_until = (instant_t){ 0 };
}

bool agent_offers(const struct agent_heard *a, struct in_addr care_of)
{
	for (unsigned i = 0; i < a->care_of_count; i++)
		if (a->care_of[i].s_addr == care_of.s_addr)
			return true;
	return false;
}

static bool prefixes_differ(struct ipv4_prefix a, struct ipv4_prefix b)
{
	return a.len != b.len || !ipv4_prefix_has(a, b.addr);
}

static bool missed_its_turn(const struct agent_heard *a, instant_t now)
{
	duration_t turn = { a->lifetime.ns / ADVERTS_A_LIFETIME };

	return instant_before(instant_add(a->heard_at, turn), now);
}

bool agents_moved(const struct agent_heard *current, const struct agent_heard *heard,
		  instant_t now)
{
	return current->has_prefix && heard->has_prefix &&
	       prefixes_differ(current->prefix, heard->prefix) &&
	       missed_its_turn(current, now);
}

void solicitor_reset(struct solicitor *s)
{
	s->sent = 0;
	s->interval = duration_ms(SOLICIT_INTERVAL_MS);
}

instant_t solicitor_first(const struct solicitor *s, instant_t now)
{
	instant_t soonest;

	if (!s->ever)
		return now;
	soonest = instant_add(s->last, s->sent >= SOLICIT_FAST
					       ? s->interval
					       : duration_ms(SOLICIT_INTERVAL_MS));
	return instant_before(soonest, now) ? now : soonest;
}

/* Random, as RFC 5944 2.4 demands; only ever later, so that the rate is kept. */
static duration_t with_jitter(duration_t nominal, const struct rng *rng)
{
	int64_t ms = duration_to_ms(nominal);
	uint32_t span = (uint32_t)(ms / SOLICIT_JITTER_SHARE);

	return duration_ms(ms + rng_below(rng, span));
}

instant_t solicitor_sent(struct solicitor *s, instant_t now, const struct rng *rng)
{
	s->ever = true;
	s->last = now;
	s->sent++;
	if (s->sent < SOLICIT_FAST)
		s->interval = duration_ms(SOLICIT_INTERVAL_MS);
	else if (duration_to_ms(s->interval) * 2 <= SOLICIT_MAX_MS)
		s->interval.ns *= 2;
	return instant_add(now, with_jitter(s->interval, rng));
}
