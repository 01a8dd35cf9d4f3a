/* SPDX-License-Identifier: ISC */
/*
 * Where to be: at home when the home agent is heard, else with a foreign agent,
 * else at a co-located address of our own if there is one (RFC 5944 2.4, 3.1).
 *
 * We move when the agent in use falls silent for its lifetime, when another
 * network's prefix is heard instead, when the home agent is heard, and when the
 * link was down; an ICMP Redirect moves nobody (RFC 5944 3.6).
 */
#include "mn-sim/mn_private.h"
#include "common/wire/icmp.h"

enum {
	/* So long three solicitations have gone unanswered. */
	COLOCATED_WAIT_MS = 3000,
};

#define ALL_AGENTS ((struct in_addr){ htonl(0xe000000b) }) /* 224.0.0.11 */
static const struct mac all_agents_mac = { { 0x01, 0x00, 0x5e, 0x00, 0x00, 0x0b } };

static bool is_home(const struct mn_core *mn, const struct agent_heard *a)
{
	if (!(a->flags & ADVERT_FLAG_H))
		return false;
	return a->addr.s_addr == mn->home_agent.s_addr ||
	       ipv4_prefix_has(mn->config.home, a->addr);
}

/*
 * A foreign agent that takes us: B means no further visitors (RFC 5944 2.1.1), but
 * those that it has may register again.
 */
static bool takes_us(const struct agent_heard *a, instant_t now)
{
	return (a->flags & ADVERT_FLAG_F) && a->care_of_count > 0 &&
	       ipv4_is_unicast(a->care_of[0]) &&
	       (!(a->flags & ADVERT_FLAG_B) || instant_before(now, a->serves_until));
}

static bool usable(const struct mn_core *mn, const struct agent_heard *a, instant_t now)
{
	if (!agent_fresh(a, now) || instant_before(now, a->avoid_until))
		return false;
	return is_home(mn, a) || takes_us(a, now);
}

/* Home before all, then who was heard last. */
static bool better(const struct mn_core *mn, const struct agent_heard *a,
		   const struct agent_heard *b)
{
	if (!b || is_home(mn, a) != is_home(mn, b))
		return !b || is_home(mn, a);
	return instant_before(b->heard_at, a->heard_at);
}

static struct agent_heard *pick(struct mn_core *mn, instant_t now)
{
	struct agent_heard *best = NULL;

	for (unsigned i = 0; i < MOVE_AGENTS_MAX; i++) {
		struct agent_heard *a = &mn->agents.at[i];

		if (usable(mn, a, now) && better(mn, a, best))
			best = a;
	}
	return best;
}

static bool registration_required(const struct mn_core *mn, instant_t now)
{
	for (unsigned i = 0; i < MOVE_AGENTS_MAX; i++)
		if (agent_fresh(&mn->agents.at[i], now) &&
		    (mn->agents.at[i].flags & ADVERT_FLAG_R))
			return true;
	return false;
}

void mn_stop_searching(struct mn_core *mn)
{
	mn->due[MN_TIMER_SOLICIT] = INSTANT_NEVER;
	mn->due[MN_TIMER_COLOCATED] = INSTANT_NEVER;
}

void mn_forget_registration(struct mn_core *mn)
{
	mn->bound = false;
	mn->reverse = false;
	mn->cleared = false;
	mn->granted = 0;
	mn->expires_at = INSTANT_NEVER;
	mn->asked.open = false;
	mn->due[MN_TIMER_EXPIRE] = INSTANT_NEVER;
	mn->due[MN_TIMER_REQUEST] = INSTANT_NEVER;
	mn->due[MN_TIMER_GRATUITOUS] = INSTANT_NEVER;
}

/* A new point of attachment: what the last one taught us is void. */
static void attach(struct mn_core *mn, enum mn_place place, struct agent_heard *agent,
		   struct now now, struct effect_list *fx)
{
	mn_forget_registration(mn);
	mn_stop_searching(mn);
	mn->terms = (struct mn_terms){ 0 };
	mn->place = place;
	mn->agent = agent;
	mn->lost = false;
	mn->gateway_known = false;
	mn->gateway_asked = 0;
	mn->care_of = (struct in_addr){ 0 };
	if (place == MN_FOREIGN_AGENT)
		mn->care_of = agent->care_of[0];
	else if (place == MN_COLOCATED)
		mn->care_of = mn->config.colocated.addr.addr;
	mn_count(mn, MN_MOVES);
	effect_note(fx, mn_note(mn, NOTE_MOVED));
	mn_ask_here(mn, now, fx);
}

static void attach_to(struct mn_core *mn, struct agent_heard *agent, struct now now,
		      struct effect_list *fx)
{
	attach(mn, is_home(mn, agent) ? MN_HOME : MN_FOREIGN_AGENT, agent, now, fx);
}

void mn_detach(struct mn_core *mn, struct effect_list *fx)
{
	mn_forget_registration(mn);
	mn->place = MN_NOWHERE;
	mn->agent = NULL;
	mn->lost = false;
	mn->care_of = (struct in_addr){ 0 };
	mn_settle(mn, mn_new_txn(mn), fx);
}

/* Soliciting (RFC 5944 2.2, 2.4): to all mobility agents, not beyond the link. */
static void send_solicitation(struct mn_core *mn, struct effect_list *fx)
{
	struct effect *e = effect_add(fx, EFFECT_SEND_LINK, 0, mn->config.home.addr);
	struct writer w = writer_over(e->frame.bytes, sizeof(e->frame.bytes));
	const struct ipv4_fields ip = {
		.src = mn->config.home.addr,
		.dst = ALL_AGENTS,
		.protocol = PROTO_ICMP,
		.ttl = 1,
	};
	uint8_t *header = write_room(&w, IPV4_HEADER);
	struct writer message = w;

	message.start = message.at;
	mip_solicit_encode(&message);
	ipv4_build(header, &ip, writer_len(&message));
	e->frame.ifindex = mn->ifindex;
	e->frame.to = all_agents_mac;
	e->frame.len = (uint16_t)(IPV4_HEADER + writer_len(&message));
}

void mn_solicit(struct mn_core *mn, struct now now, struct effect_list *fx)
{
	if (!mn->up)
		return;
	send_solicitation(mn, fx);
	mn_count(mn, MN_SOLICITS);
	effect_note(fx, mn_note(mn, NOTE_SOLICIT_SENT));
	mn->due[MN_TIMER_SOLICIT] = solicitor_sent(&mn->solicitor, now.mono, &mn->rng);
}

static void wait_for_colocated(struct mn_core *mn, instant_t now)
{
	mn->due[MN_TIMER_COLOCATED] = instant_add(now, duration_ms(COLOCATED_WAIT_MS));
}

void mn_search(struct mn_core *mn, struct now now, struct effect_list *fx)
{
	instant_t first = solicitor_first(&mn->solicitor, now.mono);

	if (mn->config.has_colocated &&
	    (mn->place == MN_NOWHERE || mn->place == MN_FOREIGN_AGENT))
		wait_for_colocated(mn, now.mono);
	mn->due[MN_TIMER_SOLICIT] = first;
	if (instant_due(first, now.mono))
		mn_solicit(mn, now, fx);
}

void mn_look_around(struct mn_core *mn, struct now now, struct effect_list *fx)
{
	struct agent_heard *known = pick(mn, now.mono);

	if (known)
		attach_to(mn, known, now, fx);
	else
		mn_search(mn, now, fx);
}

/*
 * RFC 5944 3.1: directly with the home agent, unless an agent here forbids it, for as
 * long as it is heard.
 */
void mn_use_colocated(struct mn_core *mn, struct now now, struct effect_list *fx)
{
	if (!mn->config.has_colocated || mn->place == MN_HOME ||
	    mn->place == MN_COLOCATED)
		return;
	if (pick(mn, now.mono) || registration_required(mn, now.mono))
		wait_for_colocated(mn, now.mono);
	else
		attach(mn, MN_COLOCATED, NULL, now, fx);
}

/*
 * The agent in use is heard no more.  At home, and while a registration still
 * runs, everything stays as it is until somebody else is heard: the agent may
 * only be restarting.
 */
void mn_on_silence(struct mn_core *mn, struct now now, struct effect_list *fx)
{
	struct agent_heard *other = pick(mn, now.mono);

	mn->lost = true;
	mn_count(mn, MN_AGENTS_LOST);
	effect_note(fx, mn_note(mn, NOTE_AGENT_LOST));
	if (other) {
		attach_to(mn, other, now, fx);
		return;
	}
	if (mn->place == MN_FOREIGN_AGENT && !mn->bound)
		mn_detach(mn, fx);
	mn_search(mn, now, fx);
}

bool mn_try_elsewhere(struct mn_core *mn, instant_t avoid_until, struct now now,
		      struct effect_list *fx)
{
	struct agent_heard *denier = mn->agent;
	struct agent_heard *other;
	bool own = mn->config.has_colocated && !registration_required(mn, now.mono);

	if (mn->place != MN_FOREIGN_AGENT)
		return false;
	denier->avoid_until = avoid_until;
	other = pick(mn, now.mono);
	if (other)
		attach_to(mn, other, now, fx);
	else if (own)
		attach(mn, MN_COLOCATED, NULL, now, fx);
	else
		denier->avoid_until = now.mono; /* there is only this one */
	return other || own;
}

/* RFC 5944 2.4.4: it has forgotten its visitors. */
static void on_restart(struct mn_core *mn, struct now now, struct effect_list *fx)
{
	mn_count(mn, MN_AGENTS_REBOOTED);
	effect_note(fx, mn_note(mn, NOTE_AGENT_REBOOTED));
	if (mn->place != MN_FOREIGN_AGENT)
		return;
	mn_forget_registration(mn);
	mn_ask_here(mn, now, fx);
}

/* Our care-of address is not among those it advertises any more. */
static void on_care_of_withdrawn(struct mn_core *mn, struct now now,
				 struct effect_list *fx)
{
	mn_forget_registration(mn);
	if (takes_us(mn->agent, now.mono))
		attach_to(mn, mn->agent, now, fx);
	else
		mn_on_silence(mn, now, fx);
}

static void on_current(struct mn_core *mn, enum agent_news news, struct now now,
		       struct effect_list *fx)
{
	bool at_home = mn->place == MN_HOME;

	if (news == AGENT_LEFT || at_home != is_home(mn, mn->agent)) {
		if (!mn->lost)
			mn_on_silence(mn, now, fx);
		return;
	}
	mn->lost = false;
	mn_stop_searching(mn);
	if (!at_home && !agent_offers(mn->agent, mn->care_of)) {
		on_care_of_withdrawn(mn, now, fx);
		return;
	}
	if (news == AGENT_REBOOTED)
		on_restart(mn, now, fx);
}

static bool prefers(const struct mn_core *mn, const struct agent_heard *a,
		    instant_t now)
{
	if (!usable(mn, a, now))
		return false;
	if (!mn->agent || mn->lost)
		return true;
	if (is_home(mn, a) && mn->place != MN_HOME)
		return true;
	return agents_moved(mn->agent, a, now);
}

static void on_news(struct mn_core *mn, struct agent_heard *who, enum agent_news news,
		    struct now now, struct effect_list *fx)
{
	if (news == AGENT_NEW || (news == AGENT_REBOOTED && who != mn->agent)) {
		struct note n = mn_note(mn, NOTE_ADVERT_HEARD);

		n.agent = who->addr;
		n.care_of = who->care_of_count ? who->care_of[0] : n.care_of;
		n.lifetime = who->registration_lifetime;
		effect_note(fx, n);
	}
	if (who == mn->agent)
		on_current(mn, news, now, fx);
	else if (news != AGENT_LEFT && prefers(mn, who, now.mono))
		attach_to(mn, who, now, fx);
}

/* From a neighbour on our link: advertisements leave with TTL 1 (RFC 5944 2.1). */
static bool is_local(const struct mn_core *mn, const struct icmp_datagram *dg)
{
	return dg->ifindex == mn->ifindex && dg->ttl == 1 && dg->has_mac &&
	       mac_is_unicast(dg->mac) && !mac_equal(dg->mac, mn->mac) &&
	       ipv4_is_unicast(dg->src) &&
	       dg->src.s_addr != mn->config.home.addr.s_addr;
}

void mn_on_advert(struct mn_core *mn, const struct icmp_datagram *dg, struct now now,
		  struct effect_list *fx)
{
	struct mip_advert advert;
	struct agent_heard *who;
	enum agent_news news;

	if (!mn->up || !is_local(mn, dg) ||
	    mip_advert_decode(dg->message, &advert) != ADVERT_OK || !advert.mobility) {
		mn_count(mn, MN_ADVERTS_REFUSED);
		return;
	}
	mn_count(mn, MN_ADVERTS);
	news = agents_hear(&mn->agents, &advert, dg->src, dg->mac, now.mono, mn->agent,
			   &who);
	on_news(mn, who, news, now, fx);
}
