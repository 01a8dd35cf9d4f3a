/* SPDX-License-Identifier: ISC */
/*
 * Registration Replies: judge, then act on the code (RFC 5944 3.6.2).
 *
 * Nothing of a Reply is used before it was found to answer our latest Request
 * and, unless a foreign agent made it, to be signed by the home agent: that
 * holds for the clock of a 133 and the address of a 136 as well.
 */
#include "common/security/auth.h"
#include "common/security/ident.h"
#include "common/wire/mip_code.h"
#include "mn-sim/mn_private.h"

enum {
	HASTY_MAX = 3,             /* retries at once before patience sets in */
	BUSY_PAUSE_S = 4,          /* then doubled: it is for the agent to recover */
	HOPELESS_PAUSE_S = 60,     /* only an operator can help */
	ELSEWHERE_S = 300,         /* how long an agent that denied us is passed over */
	CODE_OLD_INVALID_HA = 194, /* as RFC 5944 prints 116 (erratum 3116) */
	CODE_GATEWAY_FIRST = 193,  /* RFC 5944 6.4: of gateway foreign agents */
	CODE_GATEWAY_LAST = 200,

	/* Renewal: after this many tenths of the lifetime, and up to one more. */
	RENEW_TENTHS = 6,
};

struct received {
	struct reader message;
	struct in_addr from;
	struct mip_reply rp;
	struct mip_ext_index ix;
};

enum fault {
	REPLY_GOOD,
	REPLY_MALFORMED,
	REPLY_UNMATCHED,
	REPLY_FA_AUTH,
	REPLY_HA_AUTH
};

/* Denials that a foreign agent makes, which only it may sign (RFC 5944 6.4). */
static bool made_by_agent(uint8_t code)
{
	return mip_code_is_fa_denial(code) ||
	       (code >= CODE_GATEWAY_FIRST && code <= CODE_GATEWAY_LAST);
}

/* RFC 5944 3.6.2.1: the low word, of the latest Request to that agent. */
static bool answers(const struct mn_asked *asked, const struct received *r)
{
	if (!asked->open || r->rp.home.s_addr != asked->rq.home.s_addr ||
	    (uint32_t)r->rp.ident != (uint32_t)asked->rq.ident)
		return false;
	return !made_by_agent(r->rp.code) || (asked->through.s_addr != INADDR_ANY &&
					      r->from.s_addr == asked->through.s_addr);
}

static enum fault decode(const struct datagram *dg, struct received *out)
{
	out->message = dg->payload;
	out->from = dg->src;
	if (mip_reply_decode(dg->payload, &out->rp) != MIP_FAULT_NONE ||
	    mip_ext_index(out->rp.extensions, &out->ix) != MIP_FAULT_NONE)
		return REPLY_MALFORMED;
	return REPLY_GOOD;
}

static enum fault judge(struct mn_core *mn, const struct received *r,
			enum auth_result *auth)
{
	struct in_addr through = mn->asked.through;

	if (!answers(&mn->asked, r))
		return REPLY_UNMATCHED;
	if (through.s_addr != INADDR_ANY &&
	    sa_shared(mn->associations, SA_MN_FA, through)) {
		*auth = auth_verify(mn->associations, SA_MN_FA, through, r->message,
				    &r->ix, NULL);
		if (*auth != AUTH_OK)
			return REPLY_FA_AUTH;
	}
	if (made_by_agent(r->rp.code))
		return REPLY_GOOD;
	*auth = auth_verify(mn->associations, SA_MN_HA,
			    mn->config.home_association.addr, r->message, &r->ix, NULL);
	return *auth == AUTH_OK ? REPLY_GOOD : REPLY_HA_AUTH;
}

/* Silently, towards the sender. */
static void discard(struct mn_core *mn, const struct received *r, enum fault fault,
		    enum auth_result auth, struct effect_list *fx)
{
	static const enum mn_counter counter_of[] = {
		[REPLY_MALFORMED] = MN_REPLIES_MALFORMED,
		[REPLY_UNMATCHED] = MN_REPLIES_UNMATCHED,
		[REPLY_FA_AUTH] = MN_REPLIES_FA_AUTH,
		[REPLY_HA_AUTH] = MN_REPLIES_HA_AUTH,
	};
	bool forged = fault == REPLY_FA_AUTH || fault == REPLY_HA_AUTH;
	struct note n = mn_note(mn, forged ? NOTE_SECURITY : NOTE_REPLY_DISCARDED);

	mn_count(mn, counter_of[fault]);
	n.source = r->from;
	n.reason = "malformed";
	if (fault != REPLY_MALFORMED) {
		n.reason = forged ? auth_result_text(auth) : "answers no request";
		n.has_code = true;
		n.code = r->rp.code;
		n.ident = r->rp.ident;
	}
	if (fault == REPLY_HA_AUTH)
		n.spi = r->ix.mn_ha.spi;
	else if (fault == REPLY_FA_AUTH)
		n.spi = r->ix.mn_fa.spi;
	effect_note(fx, n);
}

static struct note note_reply(const struct mn_core *mn, enum note_kind kind,
			      const struct received *r)
{
	struct note n = mn_note(mn, kind);

	n.source = r->from;
	n.has_code = true;
	n.code = r->rp.code;
	n.ident = r->rp.ident;
	if (n.agent.s_addr == INADDR_ANY)
		n.agent = r->rp.home_agent;
	return n;
}

/*
 * Try again now that we know how.  A home agent whose answers never satisfy is
 * asked ever more slowly.
 */
static void ask_hastily(struct mn_core *mn, struct now now, struct effect_list *fx)
{
	mn->asked.open = false;
	if (mn->hasty++ >= HASTY_MAX) {
		mn_ask_later(mn, duration_s(0), now);
		return;
	}
	mn_ask(mn, mn->asked.wish, now, fx);
}

/* Elsewhere if there is an elsewhere, else here and later. */
static void give_way(struct mn_core *mn, int64_t pause_s, struct now now,
		     struct effect_list *fx)
{
	instant_t avoid_until = instant_add(now.mono, duration_s(ELSEWHERE_S));

	mn->asked.open = false;
	if (made_by_agent(mn->last_code) && mn_try_elsewhere(mn, avoid_until, now, fx))
		return;
	mn_ask_later(mn, duration_s(pause_s), now);
}

/* T-28: the clock is taken over only after the authenticator was found right. */
static void take_over_clock(struct mn_core *mn, const struct received *r,
			    struct now now, struct effect_list *fx)
{
	mn->clock_offset = ident_offset(r->rp.ident, now.ntp);
	mn->last_ident = 0; /* none of ours counts at the home agent's clock */
	mn_count(mn, MN_RESYNCS);
	effect_note(fx, note_reply(mn, NOTE_CLOCK_ADJUSTED, r));
	ask_hastily(mn, now, fx);
}

/* Code 69: its Lifetime field is what the agent accepts (RFC 5944 3.6.2.3). */
static void shorten(struct mn_core *mn, const struct received *r, struct now now,
		    struct effect_list *fx)
{
	if (r->rp.lifetime == 0 || r->rp.lifetime >= mn->asked.rq.lifetime) {
		give_way(mn, HOPELESS_PAUSE_S, now, fx);
		return;
	}
	mn->terms.lifetime_max = r->rp.lifetime;
	ask_hastily(mn, now, fx);
}

/* Code 136: the Home Agent field has a unicast address to use (RFC 5944 3.6.2.3). */
static void learn_home_agent(struct mn_core *mn, const struct received *r,
			     struct now now, struct effect_list *fx)
{
	struct in_addr told = r->rp.home_agent;

	if (!ipv4_is_unicast(told) || told.s_addr == mn->asked.rq.home_agent.s_addr) {
		mn_ask_later(mn, duration_s(HOPELESS_PAUSE_S), now);
		return;
	}
	mn->home_agent = told;
	ask_hastily(mn, now, fx);
}

static void without_encapsulation(struct mn_core *mn, struct now now,
				  struct effect_list *fx)
{
	if (!(mn->asked.rq.flags & (MIP_FLAG_M | MIP_FLAG_G))) {
		give_way(mn, HOPELESS_PAUSE_S, now, fx);
		return;
	}
	mn->terms.plain = true;
	ask_hastily(mn, now, fx);
}

/* 74 and 137; from old agents also 70 and 134 (RFC 3024 3.4). */
static void without_reverse(struct mn_core *mn, struct now now, struct effect_list *fx)
{
	if (!(mn->asked.rq.flags & MIP_FLAG_T) || mn_config_requires_esp(&mn->config)) {
		give_way(mn, HOPELESS_PAUSE_S, now, fx);
		return;
	}
	mn->terms.reverse = false;
	mn->terms.no_reverse = true;
	ask_hastily(mn, now, fx);
}

static void with_reverse(struct mn_core *mn, struct now now, struct effect_list *fx)
{
	mn->terms.reverse = true;
	mn->terms.no_reverse = false;
	if ((mn->asked.rq.flags & MIP_FLAG_T) || !mn_reverse_wanted(mn)) {
		give_way(mn, HOPELESS_PAUSE_S, now, fx);
		return;
	}
	ask_hastily(mn, now, fx);
}

/*
 * Every Reply of a home agent names it (RFC 5944 3.8.3.2).  A foreign agent that
 * shares a key with it cannot sign what goes to a broadcast address, so what
 * comes back then is 132 instead of 136.
 */
static bool tells_home_agent(const struct mn_core *mn, const struct received *r)
{
	return mn->home_agent.s_addr == INADDR_ANY && !made_by_agent(r->rp.code) &&
	       r->rp.code != MIP_HA_IDENT;
}

static void on_denied(struct mn_core *mn, const struct received *r, struct now now,
		      struct effect_list *fx)
{
	mn_count(mn, made_by_agent(r->rp.code) ? MN_DENIED_FA : MN_DENIED_HA);
	effect_note(fx, note_reply(mn, NOTE_DENIED, r));
	/* Full, and we are none of those it has. */
	if (r->rp.code == MIP_FA_RESOURCES && mn->agent)
		mn->agent->serves_until = now.mono;
	if (tells_home_agent(mn, r)) {
		learn_home_agent(mn, r, now, fx);
		return;
	}
	switch ((unsigned)r->rp.code) {
	case MIP_HA_IDENT:
		take_over_clock(mn, r, now, fx);
		break;
	case MIP_FA_LIFETIME:
		shorten(mn, r, now, fx);
		break;
	case MIP_HA_UNKNOWN_HA:
		learn_home_agent(mn, r, now, fx);
		break;
	case MIP_FA_ENCAPSULATION:
	case MIP_HA_ENCAPSULATION:
		without_encapsulation(mn, now, fx);
		break;
	case MIP_FA_NO_REVERSE:
	case MIP_HA_NO_REVERSE:
	case MIP_FA_BAD_REQUEST:
	case MIP_HA_BAD_REQUEST:
		without_reverse(mn, now, fx);
		break;
	case MIP_FA_REVERSE_MANDATORY:
	case MIP_HA_REVERSE_MANDATORY:
		with_reverse(mn, now, fx);
		break;
	case MIP_FA_PROHIBITED:
	case MIP_FA_MN_AUTH:
	case MIP_FA_INVALID_HA:
	case CODE_OLD_INVALID_HA:
	case MIP_HA_PROHIBITED:
	case MIP_HA_FA_AUTH:
	case MIP_HA_TOO_MANY:
		give_way(mn, HOPELESS_PAUSE_S, now, fx);
		break;
	default:
		/*
		 * Also 131: since its Reply was authentic, the home agent has our
		 * key, and what it refused was altered on the way.
		 */
		give_way(mn, BUSY_PAUSE_S, now, fx);
		break;
	}
}

/* In time for several tries, and not all nodes of an agent at once. */
static instant_t renewal_time(struct mn_core *mn, instant_t now)
{
	int64_t tenth = (int64_t)mn->granted * 1000 / 10;
	int64_t ms = tenth * RENEW_TENTHS + rng_below(&mn->rng, (uint32_t)tenth);
	instant_t at = instant_add(mn->asked.sent_at, duration_ms(ms));
	instant_t soonest = instant_add(now, duration_s(1));

	return instant_before(at, soonest) ? soonest : at;
}

/* The smaller lifetime, counted from when we sent (RFC 5944 3.6.2.2). */
static uint16_t granted(const struct mn_core *mn, const struct received *r)
{
	uint16_t asked = mn->asked.rq.lifetime;

	return r->rp.lifetime < asked ? r->rp.lifetime : asked;
}

static instant_t end_of(const struct mn_core *mn, uint16_t lifetime)
{
	if (lifetime == MIP_LIFETIME_INFINITE)
		return INSTANT_NEVER;
	return instant_add(mn->asked.sent_at, duration_s(lifetime));
}

static void run_for(struct mn_core *mn, uint16_t lifetime, instant_t now)
{
	mn->bound = true;
	if (mn->place == MN_FOREIGN_AGENT)
		mn->agent->serves_until = end_of(mn, lifetime);
	mn->granted = lifetime;
	mn->expires_at = end_of(mn, lifetime);
	mn->due[MN_TIMER_EXPIRE] = mn->expires_at;
	mn->due[MN_TIMER_REQUEST] = instant_is_never(mn->expires_at)
					    ? INSTANT_NEVER
					    : renewal_time(mn, now);
}

static void reward(struct mn_core *mn)
{
	mn->patience = duration_s(1);
	mn->hasty = 0;
	solicitor_reset(&mn->solicitor);
}

static void on_registered(struct mn_core *mn, const struct received *r, struct now now,
			  struct effect_list *fx)
{
	struct note n;

	/* Nothing, or nothing any more: it came too late. */
	if (!instant_before(now.mono, end_of(mn, granted(mn, r)))) {
		mn_ask_later(mn, duration_s(BUSY_PAUSE_S), now);
		return;
	}
	if (!mn->bound)
		mn->registered_at = now.mono;
	mn->reverse = mn->asked.rq.flags & MIP_FLAG_T;
	run_for(mn, granted(mn, r), now.mono);
	reward(mn);
	mn_count(mn, MN_ACCEPTED);
	n = note_reply(mn, NOTE_REGISTERED, r);
	n.lifetime = mn->granted;
	effect_note(fx, n);
}

static void on_deregistered(struct mn_core *mn, const struct received *r,
			    struct now now, struct effect_list *fx)
{
	mn->cleared = true;
	mn->registered_at = now.mono;
	mn->due[MN_TIMER_REQUEST] = INSTANT_NEVER;
	reward(mn);
	mn_count(mn, MN_DEREGISTERED);
	effect_note(fx, note_reply(mn, NOTE_DEREGISTERED, r));
}

/*
 * RFC 4636 5: the home agent accepted, but the foreign agent says that it will
 * not serve us: take the binding back.
 */
static void take_back(struct mn_core *mn, uint8_t status, const struct received *r,
		      struct now now, struct effect_list *fx)
{
	struct note n = note_reply(mn, NOTE_DENIED, r);

	n.code = status;
	n.reason = "foreign agent error";
	mn->last_code = status;
	mn_count(mn, MN_DENIED_FA);
	effect_note(fx, n);
	mn_forget_registration(mn);
	mn_ask(mn, MN_WITHDRAW, now, fx);
}

static bool agent_error(const struct mn_core *mn, const struct received *r,
			uint8_t *status)
{
	const struct mip_ext *e = mip_ext_find(&r->ix, MIP_EXT_FA_ERROR);
	struct reader data;

	if (!e || mn->asked.through.s_addr == INADDR_ANY)
		return false;
	data = e->data;
	*status = read_u8(&data);
	return *status != 0;
}

/* Codes 0 and 1 are one and the same success (CONFORMANCE T-05). */
static void on_accepted(struct mn_core *mn, const struct received *r, struct now now,
			struct effect_list *fx)
{
	uint8_t status;

	mn->asked.open = false;
	if (ipv4_is_unicast(r->rp.home_agent))
		mn->home_agent = r->rp.home_agent;
	if (mn->asked.wish == MN_DEREGISTER)
		on_deregistered(mn, r, now, fx);
	else if (mn->asked.wish == MN_REGISTER && agent_error(mn, r, &status))
		take_back(mn, status, r, now, fx);
	else if (mn->asked.wish == MN_REGISTER)
		on_registered(mn, r, now, fx);
	mn_settle(mn, mn_new_txn(mn), fx);
}

void mn_on_reply(struct mn_core *mn, const struct datagram *dg, struct now now,
		 struct effect_list *fx)
{
	enum auth_result auth = AUTH_OK;
	struct received r;
	enum fault fault;

	mn_count(mn, MN_REPLIES);
	fault = decode(dg, &r);
	if (fault == REPLY_GOOD)
		fault = judge(mn, &r, &auth);
	if (fault != REPLY_GOOD) {
		discard(mn, &r, fault, auth, fx);
		return;
	}
	mn->last_code = r.rp.code;
	if (mip_code_is_success(r.rp.code))
		on_accepted(mn, &r, now, fx);
	else
		on_denied(mn, &r, now, fx);
}
