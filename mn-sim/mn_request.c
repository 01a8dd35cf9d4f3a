/* SPDX-License-Identifier: ISC */
/*
 * Registration Requests: what they ask for, where they go, and their pace
 * (RFC 5944 3.1, 3.6.1, 3.6.3; RFC 3024 4.1).
 *
 * A Request is sent only after what it needs stands in the kernel: both are one
 * transaction.  Every one, also a retransmission, has an Identification of its
 * own (timestamps: RFC 5944 3.6.3).
 */
#include "common/base/ntp64.h"
#include "common/security/auth.h"
#include "common/security/ident.h"
#include "common/wire/udp.h"
#include "mn-sim/mn_private.h"

enum {
	LIFETIME_DEFAULT = 1800, /* RFC 5944 3.6.1.2, when nobody names one */
	TTL_REVERSE = 255,       /* RFC 3024 4.1.1 */
	TTL_USUAL = 64,
	PATIENCE_FIRST_MS = 1000,
	PATIENCE_MAX_MS = 64000, /* the lifetime bounds it too (RFC 5944 3.6.3) */
	GRATUITOUS_TIMES = 2,    /* besides the one before the Request */
	GRATUITOUS_INTERVAL_MS = 1000,
	WITHDRAW_PAUSE_S = 60,
};

static bool by_agent(const struct mn_core *mn)
{
	return mn->place == MN_FOREIGN_AGENT;
}

/* Not above what the agent accepts nor what a 69 told us (RFC 5944 3.6.1.2). */
uint16_t mn_lifetime_wanted(const struct mn_core *mn)
{
	uint16_t wanted = mn->config.lifetime ? mn->config.lifetime : LIFETIME_DEFAULT;
	uint16_t most = by_agent(mn) ? mn->agent->registration_lifetime : 0;

	if (most != 0 && wanted > most)
		wanted = most;
	if (mn->terms.lifetime_max != 0 && wanted > mn->terms.lifetime_max)
		wanted = mn->terms.lifetime_max;
	return wanted;
}

bool mn_reverse_wanted(const struct mn_core *mn)
{
	if (mn_config_requires_esp(&mn->config))
		return true;
	if (by_agent(mn) && !(mn->agent->flags & ADVERT_FLAG_T))
		return false;
	if (mn->terms.reverse)
		return true;
	return mn->config.reverse_tunnel && !mn->terms.no_reverse;
}

/* M and G only if whoever decapsulates can: we, or an agent that says so. */
enum encap_kind mn_encap_wanted(const struct mn_core *mn)
{
	enum encap_kind kind = mn->config.encap;

	if (mn->terms.plain)
		return ENCAP_IPIP;
	if (!by_agent(mn))
		return kind;
	if (kind == ENCAP_GRE && !(mn->agent->flags & ADVERT_FLAG_G))
		return ENCAP_IPIP;
	if (kind == ENCAP_MINIMAL && !(mn->agent->flags & ADVERT_FLAG_M))
		return ENCAP_IPIP;
	return kind;
}

static uint8_t encap_flag(enum encap_kind kind)
{
	switch (kind) {
	case ENCAP_GRE:
		return MIP_FLAG_G;
	case ENCAP_MINIMAL:
		return MIP_FLAG_M;
	default:
		return 0;
	}
}

static uint8_t flags_wanted(const struct mn_core *mn)
{
	uint8_t flags = encap_flag(mn_encap_wanted(mn));

	if (mn->config.simultaneous)
		flags |= MIP_FLAG_S;
	if (mn->config.broadcasts)
		flags |= MIP_FLAG_B;
	if (mn_reverse_wanted(mn))
		flags |= MIP_FLAG_T;
	if (mn->place == MN_COLOCATED)
		flags |= MIP_FLAG_D;
	return flags;
}

/*
 * Unknown, it is who advertises at home, or is asked for by the home network's
 * broadcast (RFC 5944 3.6.1.2).  Only an authentic Reply makes it known.
 */
struct in_addr mn_home_agent_field(const struct mn_core *mn)
{
	if (mn->home_agent.s_addr != INADDR_ANY)
		return mn->home_agent;
	if (mn->place == MN_HOME)
		return mn->agent->addr;
	return ipv4_prefix_broadcast(mn->config.home);
}

static uint64_t next_ident(struct mn_core *mn, struct now now)
{
	mn->last_ident = ident_next(now.ntp, mn->clock_offset, mn->last_ident,
				    rng_u32(&mn->rng));
	return mn->last_ident;
}

static struct mip_request request_for(struct mn_core *mn, enum mn_wish wish,
				      struct now now)
{
	struct mip_request rq = {
		.home = mn->config.home.addr,
		.home_agent = mn_home_agent_field(mn),
		.care_of = mn->care_of,
		.ident = next_ident(mn, now),
	};

	if (wish == MN_DEREGISTER)
		rq.care_of = mn->config.home.addr;
	if (wish != MN_REGISTER)
		return rq;
	rq.flags = flags_wanted(mn);
	rq.lifetime = mn_lifetime_wanted(mn);
	return rq;
}

/*
 * Fixed part, authentication for the home agent, then for the foreign agent if
 * one is shared (RFC 5944 3.6.1.3).  False if we have no association to sign
 * with, or no room.
 */
static bool encode(struct mn_core *mn, const struct mip_request *rq, struct writer *w)
{
	struct mip_sa *home = sa_for_sending(mn->associations, SA_MN_HA,
					     mn->config.home_association.addr);
	struct mip_sa *visited = NULL;

	if (by_agent(mn))
		visited = sa_for_sending(mn->associations, SA_MN_FA, mn->agent->addr);
	if (!home)
		return false;
	mip_request_encode(w, rq);
	auth_append(w, home);
	if (visited)
		auth_append(w, visited);
	return !w->bad;
}

/* Straight to the agent's link-layer address; no ARP (RFC 5944 3.6.1.1, 4.6). */
static void send_on_link(struct mn_core *mn, uint32_t txn, struct in_addr to,
			 const struct udp_packet *udp, struct effect_list *fx)
{
	struct effect *e = effect_add(fx, EFFECT_SEND_LINK, txn, mn->config.home.addr);
	struct udp_packet p = *udp;

	p.src = mn->config.home.addr;
	p.dst = to;
	e->frame.ifindex = mn->ifindex;
	e->frame.to = mn->agent->mac;
	e->frame.len = (uint16_t)udp_build(e->frame.bytes, sizeof(e->frame.bytes), &p,
					   (uint16_t)mn->last_ident);
}

static void send_from_care_of(struct mn_core *mn, uint32_t txn,
			      const struct udp_packet *udp, struct effect_list *fx)
{
	struct effect *e = effect_add(fx, EFFECT_SEND_UDP, txn, mn->config.home.addr);
	struct writer w = writer_over(e->udp.bytes, sizeof(e->udp.bytes));

	e->udp.src = mn->care_of;
	e->udp.dst = mn_home_agent_field(mn);
	e->udp.src_port = udp->src_port;
	e->udp.dst_port = udp->dst_port;
	e->udp.ttl = udp->ttl;
	write_bytes(&w, udp->payload, udp->len);
	e->udp.len = (uint16_t)writer_len(&w);
}

static void dispatch(struct mn_core *mn, uint32_t txn, const struct mip_request *rq,
		     const struct writer *w, struct effect_list *fx)
{
	const struct udp_packet udp = {
		.src_port = MIP_PORT,
		.dst_port = MIP_PORT,
		.ttl = rq->flags & MIP_FLAG_T ? TTL_REVERSE : TTL_USUAL,
		.payload = w->start,
		.len = writer_len(w),
	};

	switch (mn->place) {
	case MN_HOME:
		send_on_link(mn, txn, mn_home_agent_field(mn), &udp, fx);
		break;
	case MN_FOREIGN_AGENT:
		send_on_link(mn, txn, mn->agent->addr, &udp, fx);
		break;
	case MN_COLOCATED:
		send_from_care_of(mn, txn, &udp, fx);
		break;
	case MN_NOWHERE:
		break;
	}
}

static void remember(struct mn_core *mn, enum mn_wish wish,
		     const struct mip_request *rq, instant_t now)
{
	mn->asked = (struct mn_asked){
		.open = true,
		.wish = wish,
		.rq = *rq,
		.sent_at = now,
	};
	if (by_agent(mn))
		mn->asked.through = mn->agent->addr;
	mn->requests_sent++;
	mn_count(mn, MN_REQUESTS);
}

static void note_request(const struct mn_core *mn, const struct mip_request *rq,
			 struct effect_list *fx)
{
	struct note n = mn_note(mn, NOTE_REQUEST_SENT);

	n.care_of = rq->care_of;
	n.lifetime = rq->lifetime;
	n.ident = rq->ident;
	if (!by_agent(mn))
		n.agent = rq->home_agent;
	effect_note(fx, n);
}

void mn_gratuitous(struct mn_core *mn, uint32_t txn, struct effect_list *fx)
{
	struct effect *e = effect_add(fx, EFFECT_SEND_ARP, txn, mn->config.home.addr);

	e->arp = (struct effect_arp){
		.ifindex = mn->ifindex,
		.to = MAC_BROADCAST,
		.arp = arp_gratuitous(mn->config.home.addr, mn->mac, ARP_REQUEST),
	};
}

/* A few times, in parallel with the registration (RFC 5944 4.6). */
void mn_on_gratuitous_timer(struct mn_core *mn, struct now now, struct effect_list *fx)
{
	if (mn->place != MN_HOME || mn->gratuitous_left == 0)
		return;
	mn_gratuitous(mn, 0, fx);
	if (--mn->gratuitous_left > 0)
		mn->due[MN_TIMER_GRATUITOUS] =
			instant_add(now.mono, duration_ms(GRATUITOUS_INTERVAL_MS));
}

/* Kernel first, then gratuitous ARP when at home, then the Request (MN-21). */
static void emit(struct mn_core *mn, enum mn_wish wish, struct now now,
		 struct effect_list *fx)
{
	uint8_t bytes[MIP_MESSAGE_MAX];
	struct writer w = writer_over(bytes, sizeof(bytes));
	struct mip_request rq = request_for(mn, wish, now);
	uint32_t txn = mn_new_txn(mn);

	mn_settle(mn, txn, fx);
	if (mn->place == MN_HOME)
		mn_gratuitous(mn, txn, fx);
	if (!encode(mn, &rq, &w))
		return;
	dispatch(mn, txn, &rq, &w, fx);
	remember(mn, wish, &rq, now.mono);
	note_request(mn, &rq, fx);
}

static duration_t patience_max(const struct mn_core *mn)
{
	int64_t ms = (int64_t)mn_lifetime_wanted(mn) * 1000;

	return duration_ms(ms < PATIENCE_MAX_MS ? ms : PATIENCE_MAX_MS);
}

static void lose_patience(struct mn_core *mn)
{
	duration_t most = patience_max(mn);

	mn->patience.ns *= 2;
	if (mn->patience.ns > most.ns)
		mn->patience = most;
	if (mn->patience.ns < duration_ms(PATIENCE_FIRST_MS).ns)
		mn->patience = duration_ms(PATIENCE_FIRST_MS);
}

/* The last Request of all keeps no pace: there is nobody left to send it later. */
void mn_take_leave(struct mn_core *mn, struct now now, struct effect_list *fx)
{
	emit(mn, MN_DEREGISTER, now, fx);
}

/* There is no way to the home agent yet: ask for the router, and again later. */
static void ask_gateway_first(struct mn_core *mn, struct now now,
			      struct effect_list *fx)
{
	mn_settle(mn, mn_new_txn(mn), fx);
	mn_ask_gateway(mn, now, fx);
	mn->due[MN_TIMER_REQUEST] = instant_add(now.mono, mn->patience);
	lose_patience(mn);
}

/* One a second in the long run, a short burst aside (RFC 5944 3.6). */
void mn_ask(struct mn_core *mn, enum mn_wish wish, struct now now,
	    struct effect_list *fx)
{
	duration_t wait = mn->patience;

	if (mn->place == MN_COLOCATED && !mn->gateway_known) {
		ask_gateway_first(mn, now, fx);
		return;
	}
	/* Taking back follows an accepted Request, and then we pause. */
	if (wish != MN_WITHDRAW && !bucket_take(&mn->pace, now.mono)) {
		mn_count(mn, MN_REQUESTS_DELAYED);
		mn_settle(mn, mn_new_txn(mn), fx);
		wait = duration_ms(PATIENCE_FIRST_MS);
	} else {
		emit(mn, wish, now, fx);
	}
	if (wish == MN_WITHDRAW)
		wait = duration_s(WITHDRAW_PAUSE_S);
	mn->due[MN_TIMER_REQUEST] = instant_add(now.mono, wait);
}

void mn_ask_here(struct mn_core *mn, struct now now, struct effect_list *fx)
{
	if (mn->place == MN_NOWHERE)
		return;
	mn->patience = duration_ms(PATIENCE_FIRST_MS);
	mn->hasty = 0;
	if (mn->place == MN_HOME) {
		mn->gratuitous_left = GRATUITOUS_TIMES;
		mn->due[MN_TIMER_GRATUITOUS] =
			instant_add(now.mono, duration_ms(GRATUITOUS_INTERVAL_MS));
	}
	mn_ask(mn, mn->place == MN_HOME ? MN_DEREGISTER : MN_REGISTER, now, fx);
}

/* After a denial: double the wait, and no less than asked for. */
void mn_ask_later(struct mn_core *mn, duration_t at_least, struct now now)
{
	mn->asked.open = false;
	lose_patience(mn);
	if (mn->patience.ns < at_least.ns)
		mn->patience = at_least;
	mn->due[MN_TIMER_REQUEST] = instant_add(now.mono, mn->patience);
}

void mn_on_request_timer(struct mn_core *mn, struct now now, struct effect_list *fx)
{
	if (mn->place == MN_NOWHERE)
		return;
	if (mn->asked.open) {
		mn_count(mn, MN_REQUESTS_UNANSWERED);
		lose_patience(mn);
		if (mn->place == MN_COLOCATED) /* perhaps there is another router */
			mn_ask_gateway(mn, now, fx);
	}
	mn_ask(mn, mn->place == MN_HOME ? MN_DEREGISTER : MN_REGISTER, now, fx);
}
