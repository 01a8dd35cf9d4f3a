/* SPDX-License-Identifier: ISC */
/*
 * A peer: when to connect to it, what becomes of the associations when connections
 * come and go, and what the log is told.
 *
 * A lost connection does not end the associations at once.  The peer may be well and
 * only TCP be cut; so they linger, until nothing has been heard of the peer for
 * `dead_after`, while a new connection is begun.  Only a peer that says farewell takes
 * them with it.
 *
 * Nor does a connection that stands keep them for ever.  When it is so old that both
 * ends must prove anew who they are, a new one is begun, and again as long as it fails;
 * a tenth of that age later all ends, whatever keys were replaced meanwhile.
 */
#include "common/keying/keying_private.h"

#include <arpa/inet.h>
#include <stdlib.h>

_Static_assert(KEY_FAULT_COUNT <= 64, "each fault has its bit in key_peer.noted");

struct key_peer *key_peer_find(const struct keying *k, struct keying_pair pair)
{
	struct key_peer *p;

	HASH_FIND(hh, k->peers, &pair, sizeof(pair), p);
	return p;
}

/* Only so that two ends which start together do not always meet halfway. */
static bool hesitates(struct keying_pair pair)
{
	return ntohl(pair.local.s_addr) > ntohl(pair.remote.s_addr);
}

static void init(struct key_peer *p, const struct keying_peer_spec *s)
{
	p->spec = *s;
	for (size_t i = 0; i < KEYING_PEER_KEYS_MAX; i++)
		p->spec.keys[i].key = NULL;
	list_init(&p->sessions);
	p->timer.kind = TIMER_PEER;
	p->next_attempt = p->linger_until = p->rekey_at = INSTANT_NEVER;
	p->reauthenticate_at = p->answer_by = p->proven_until = INSTANT_NEVER;
}

/* Where the name is a copy of our own. */
static bool own_name(struct key_peer *p)
{
	if (!p->spec.name)
		return true;
	p->spec.name = strdup(p->spec.name);
	return p->spec.name != NULL;
}

struct key_peer *key_peer_new(struct key_turn *t, const struct keying_peer_spec *s)
{
	struct key_peer *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	init(p, s);
	if (!own_name(p)) {
		free(p);
		return NULL;
	}
	key_peer_credentials(t->k, p, s);
	p->fault = p->unusable;
	if (p->unusable == KEY_OK)
		p->next_attempt = t->now.mono;
	if (p->unusable == KEY_OK && hesitates(s->pair))
		p->next_attempt = instant_add(
			t->now.mono, duration_ms(rng_below(&t->k->rng, CROSSING_MS)));
	return p;
}

void key_peer_free(struct keying *k, struct key_peer *p)
{
	list_each(it, nx, &p->sessions) {
		struct key_session *s = container_of(it, struct key_session, link);

		timers_cancel(&k->timers, &s->timer);
		HASH_DELETE(hh, k->by_stream, s);
		key_session_free(s);
	}
	timers_cancel(&k->timers, &p->timer);
	tls_credentials_free(p->credentials);
	secret_wipe(p->psks, sizeof(p->psks));
	free((char *)p->spec.name);
	free(p);
}

/* What the log is told. */

static void note(struct key_turn *t, struct key_peer *p, const struct keying_note *n)
{
	struct keying_effect *e =
		keying_effect_add(t->fx, KEYING_NOTE, p->spec.pair, 0);

	if (e)
		e->note = *n;
}

/*
 * Once of each kind, until keys have stood or an hour has passed: whoever can reach
 * our port from the peer's address could fill the log otherwise.
 */
static bool is_news(struct key_turn *t, struct key_peer *p, enum key_fault fault)
{
	const uint64_t bit = (uint64_t)1 << fault;

	if (p->noted == 0 || !instant_before(t->now.mono, p->noted_until)) {
		p->noted = 0;
		p->noted_until =
			instant_add(t->now.mono, duration_s(NOTED_AGAIN_SECONDS));
	}
	if (p->noted & bit)
		return false;
	p->noted |= bit;
	return true;
}

void key_peer_failed(struct key_turn *t, struct key_peer *p, enum key_fault fault,
		     const char *detail)
{
	t->k->faults[fault]++;
	p->failures++;
	p->fault = fault;
	p->detail = detail;
	if (!is_news(t, p, fault)) {
		t->k->counts[KEYING_QUIET]++;
		return;
	}
	note(t, p,
	     &(struct keying_note){
		     .kind = KEYING_NOTE_FAILED, .fault = fault, .detail = detail });
}

/* Time. */

instant_t key_peer_shortened(struct key_turn *t, duration_t d)
{
	const int64_t tenth = duration_to_ms(d) / 10;
	const uint32_t most = tenth > INT32_MAX ? INT32_MAX : (uint32_t)tenth;

	if (d.ns <= 0)
		return INSTANT_NEVER;
	d.ns -= duration_ms(rng_below(&t->k->rng, most + 1)).ns;
	return instant_add(t->now.mono, d);
}

/* What there is to prove anew, from when it is due. */
static duration_t time_to_prove(const struct key_peer *p)
{
	const duration_t tenth = { p->spec.reauthenticate.ns / 10 };
	const duration_t least = duration_s(PROOF_SECONDS);

	return tenth.ns < least.ns ? least : tenth;
}

void key_peer_proven(struct key_turn *t, struct key_peer *p)
{
	p->reauthenticate_at = key_peer_shortened(t, p->spec.reauthenticate);
	p->proven_until = INSTANT_NEVER;
	if (p->spec.reauthenticate.ns > 0)
		p->proven_until =
			instant_add(instant_add(t->now.mono, p->spec.reauthenticate),
				    time_to_prove(p));
}

/* Several tries in the time that there is, but not too many. */
static duration_t prove_again_after(const struct key_peer *p)
{
	const duration_t most = duration_ms(BACKOFF_MOST_MS);
	const duration_t part = { time_to_prove(p).ns / 4 };

	return part.ns < most.ns ? part : most;
}

/* Doubled each time, half of it at random. */
static duration_t backoff(struct key_turn *t, const struct key_peer *p)
{
	uint32_t most = BACKOFF_FIRST_MS;

	if (p->failures_in_row == 0)
		return duration_ms(rng_below(&t->k->rng, CROSSING_MS));
	for (unsigned i = 1; i < p->failures_in_row && most < BACKOFF_MOST_MS; i++)
		most *= 2;
	if (most > BACKOFF_MOST_MS)
		most = BACKOFF_MOST_MS;
	return duration_ms(most / 2 + rng_below(&t->k->rng, most / 2));
}

void key_peer_arm(struct key_turn *t, struct key_peer *p)
{
	instant_t next = instant_min(p->next_attempt, p->linger_until);

	next = instant_min(next, instant_min(p->rekey_at, p->reauthenticate_at));
	next = instant_min(next, instant_min(p->answer_by, key_sa_next_expiry(p)));
	next = instant_min(next, p->proven_until);
	/* Their places in the heap are theirs since they are there: it cannot fail. */
	(void)timers_set(&t->k->timers, &p->timer, next);
	list_each(it, nx, &p->sessions) {
		struct key_session *s = container_of(it, struct key_session, link);

		(void)timers_set(&t->k->timers, &s->timer, key_session_next(s));
	}
}

/* Connections. */

static struct key_session *find_session(const struct key_peer *p,
					bool (*is_such)(const struct key_session *s))
{
	list_each(it, nx, &p->sessions) {
		struct key_session *s = container_of(it, struct key_session, link);

		if (is_such(s))
			return s;
	}
	return NULL;
}

static bool is_open(const struct key_session *s)
{
	return s->open;
}

bool key_peer_is_open(const struct key_peer *p)
{
	return find_session(p, is_open) != NULL;
}

static bool is_attempt(const struct key_session *s)
{
	return s->ours && !s->open;
}

static void begin_attempt(struct key_turn *t, struct key_peer *p)
{
	struct key_session *s;

	p->next_attempt = INSTANT_NEVER;
	if (find_session(p, is_attempt))
		return;
	s = key_session_new(t, p, true);
	if (!s) {
		key_peer_failed(t, p, KEY_FAULT_MEMORY, NULL);
		p->failures_in_row++;
		p->next_attempt = instant_add(t->now.mono, backoff(t, p));
		return;
	}
	t->k->counts[KEYING_CONNECTS]++;
	keying_effect_add(t->fx, KEYING_CONNECT, p->spec.pair, s->stream);
}

static void forget_current(struct key_peer *p)
{
	p->current = NULL;
	p->rekey_at = p->answer_by = p->reauthenticate_at = INSTANT_NEVER;
}

static void end_superseded(struct key_turn *t, struct key_session *s)
{
	key_session_bye(t, s, KEY_BYE_SUPERSEDED, KEY_FAULT_SUPERSEDED);
}

/*
 * A peer that restarted knows nothing of its old connections.  Which of two is the
 * old one is told by which was begun first, at our end.  False: it is `s`.
 */
static bool end_stale(struct key_turn *t, struct key_peer *p, struct key_session *s)
{
	bool older = true;

	list_each(it, nx, &p->sessions) {
		struct key_session *o = container_of(it, struct key_session, link);

		if (o == s) {
			older = false;
		} else if (o->open && o->theirs.instance != s->theirs.instance) {
			struct key_session *stale = older ? o : s;

			t->k->faults[KEY_FAULT_RESTARTED]++;
			if (stale == p->current)
				forget_current(p);
			end_superseded(t, stale);
			if (stale == s)
				return false;
		}
	}
	return true;
}

/*
 * The leader keeps `s` alone.  The other end keeps what the leader may choose from:
 * all connections on which its HELLO has been sent.
 */
static void end_others(struct key_turn *t, struct key_peer *p, struct key_session *s)
{
	list_each(it, nx, &p->sessions) {
		struct key_session *o = container_of(it, struct key_session, link);

		if (o != s && (p->leader ? o->open || is_attempt(o)
					 : is_attempt(o) && !o->greeted))
			end_superseded(t, o);
	}
}

void key_peer_opened(struct key_turn *t, struct key_peer *p, struct key_session *s)
{
	p->next_attempt = p->linger_until = INSTANT_NEVER;
	if (!end_stale(t, p, s))
		return;
	p->leader = t->k->instance < s->theirs.instance;
	end_others(t, p, s);
	if (p->leader)
		key_sa_begin(t, s);
}

static bool was_steady(struct key_turn *t, const struct key_session *s)
{
	duration_t lived = instant_diff(t->now.mono, s->begun);

	return s->settled && lived.ns >= duration_s(STEADY_SECONDS).ns;
}

/* Nothing stands; what others tried and failed at does not change our own rhythm. */
static void plan_attempt(struct key_turn *t, struct key_peer *p,
			 const struct key_session *lost)
{
	if (find_session(p, is_attempt) || t->k->stopped)
		return;
	if (!lost->ours && !lost->open && !instant_is_never(p->next_attempt))
		return;
	p->failures_in_row = was_steady(t, lost) ? 0 : p->failures_in_row + 1;
	p->next_attempt = instant_add(t->now.mono, backoff(t, p));
}

void key_peer_lost(struct key_turn *t, struct key_peer *p, const struct key_session *s)
{
	if (s == p->current)
		forget_current(p);
	if (key_peer_is_open(p)) {
		/* Only a renewal of authentication failed: once more, later. */
		if (is_attempt(s) && p->current)
			p->reauthenticate_at =
				instant_add(t->now.mono, prove_again_after(p));
		return;
	}
	if (key_sa_any(p) && instant_is_never(p->linger_until))
		p->linger_until = instant_add(p->heard, p->spec.dead_after);
	plan_attempt(t, p, s);
}

/* Up and down. */

void key_peer_check_up(struct key_turn *t, struct key_peer *p)
{
	bool inbound = false;

	for (size_t i = 0; i < INBOUND_MAX; i++)
		inbound |= p->inbound[i].state == INBOUND_READY;
	if (p->up || !inbound || !p->outbound.set)
		return;
	p->up = true;
	t->k->counts[KEYING_UPS]++;
	keying_effect_add(t->fx, KEYING_PEER_UP, p->spec.pair, 0);
	note(t, p,
	     &(struct keying_note){ .kind = KEYING_NOTE_UP,
				    .generation = p->outbound.generation });
}

void key_peer_down(struct key_turn *t, struct key_peer *p, enum key_fault why)
{
	struct keying_effect *e;

	p->linger_until = p->proven_until = INSTANT_NEVER;
	if (p->up) {
		t->k->counts[KEYING_DOWNS]++;
		e = keying_effect_add(t->fx, KEYING_PEER_DOWN, p->spec.pair, 0);
		if (e)
			e->fault = why;
		note(t, p,
		     &(struct keying_note){ .kind = KEYING_NOTE_DOWN, .fault = why });
	}
	p->up = false;
	key_sa_clear(t, p);
}

void key_peer_end(struct key_turn *t, struct key_peer *p, enum key_bye bye,
		  enum key_fault why)
{
	list_each(it, nx, &p->sessions)
		key_session_bye(t, container_of(it, struct key_session, link), bye,
				why);
	forget_current(p);
	p->next_attempt = INSTANT_NEVER;
	key_peer_down(t, p, why);
}

/* Deadlines. */

static void rekey_when_due(struct key_turn *t, struct key_peer *p)
{
	if (!instant_due(p->rekey_at, t->now.mono))
		return;
	p->rekey_at = INSTANT_NEVER; /* the next generation sets it */
	if (!key_sa_rekey(t, p) && p->current)
		p->rekey_at = instant_add(t->now.mono, duration_s(1));
}

static void reauthenticate_when_due(struct key_turn *t, struct key_peer *p)
{
	if (!instant_due(p->reauthenticate_at, t->now.mono))
		return;
	p->reauthenticate_at = INSTANT_NEVER;
	begin_attempt(t, p);
}

static void give_up_when_due(struct key_turn *t, struct key_peer *p)
{
	if (!instant_due(p->answer_by, t->now.mono))
		return;
	p->answer_by = INSTANT_NEVER;
	if (p->current)
		key_session_fail(t, p->current, KEY_FAULT_NO_ANSWER, NULL);
}

/* Farewell: the peer's patience may be longer. */
static void end_when_unproven(struct key_turn *t, struct key_peer *p)
{
	if (!instant_due(p->proven_until, t->now.mono))
		return;
	key_peer_end(t, p, KEY_BYE_CHANGED, KEY_FAULT_UNPROVEN);
	p->failures_in_row++;
	p->next_attempt = instant_add(t->now.mono, backoff(t, p));
}

void key_peer_deadline(struct key_turn *t, struct key_peer *p)
{
	end_when_unproven(t, p);
	key_sa_expire(t, p);
	give_up_when_due(t, p);
	rekey_when_due(t, p);
	reauthenticate_when_due(t, p);
	if (instant_due(p->linger_until, t->now.mono))
		key_peer_down(t, p, KEY_FAULT_DEAD);
	if (instant_due(p->next_attempt, t->now.mono))
		begin_attempt(t, p);
}
