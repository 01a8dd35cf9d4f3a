/* SPDX-License-Identifier: ISC */
/*
 * The configuration in and out of the tables, and events to whom they concern.
 */
#include "common/keying/keying_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What ended during the event may still have been looked at until here. */
static void finish(struct key_turn *t, struct key_peer *p)
{
	list_each(it, nx, &t->k->ended) {
		list_remove(it);
		key_session_free(container_of(it, struct key_session, link));
	}
	if (p)
		key_peer_arm(t, p);
}

/* Configuration. */

static int copy_text(char **to, const char *from)
{
	free(*to);
	*to = from ? strdup(from) : NULL;
	return from && !*to ? -ENOMEM : 0;
}

static int copy_certificates(struct keying *k, const struct tls_certificates *c)
{
	int error = copy_text(&k->chain, c->chain);

	secret_fini(&k->private_key);
	if (error == 0)
		error = copy_text(&k->authorities, c->chain ? c->authorities : NULL);
	if (error == 0 && c->chain)
		error = secret_copy(&k->private_key, c->private_key);
	return error;
}

static int copy_settings(struct keying *k, const struct keying_config *c)
{
	k->handshakes_max = c->handshakes_max ? c->handshakes_max : HANDSHAKES_MAX;
	k->grace = c->grace.ns > 0 ? c->grace : duration_s(GRACE_SECONDS);
	return copy_certificates(k, &c->certificates);
}

static int add_peer(struct key_turn *t, struct key_peer *p)
{
	struct keying *k = t->k;

	HASH_ADD(hh, k->peers, spec.pair, sizeof(p->spec.pair), p);
	if (!hashmap_added(p, hh)) {
		key_peer_free(k, p);
		return -ENOMEM;
	}
	if (timers_set(&k->timers, &p->timer, INSTANT_NEVER) < 0) {
		HASH_DELETE(hh, k->peers, p);
		key_peer_free(k, p);
		return -ENOMEM;
	}
	if (p->unusable != KEY_OK)
		key_peer_failed(t, p, p->unusable, NULL);
	key_peer_deadline(t, p); /* a first attempt may be due */
	finish(t, p);
	return 0;
}

static void remove_peer(struct key_turn *t, struct key_peer *p)
{
	key_peer_end(t, p, KEY_BYE_CHANGED, KEY_FAULT_CHANGED);
	finish(t, NULL);
	HASH_DELETE(hh, t->k->peers, p);
	key_peer_free(t->k, p);
}

/*
 * Standing keys go on under what is new; `with` is used up.  The name by which a
 * certificate is judged is the same, or we would not be here.
 */
static void carry_over(struct key_turn *t, struct key_peer *p, struct key_peer *with)
{
	const char *name = p->spec.name;
	struct tls_credentials *old = p->credentials;

	p->spec = with->spec;
	p->spec.name = name;
	memcpy(p->psks, with->psks, sizeof(p->psks));
	p->credentials = with->credentials;
	with->credentials = old;
	if (p->current)
		p->rekey_at = key_peer_shortened(t, p->spec.rekey);
	key_peer_free(t->k, with);
	key_peer_arm(t, p);
}

static int set_peer(struct key_turn *t, const struct keying_peer_spec *s)
{
	struct key_peer *old = key_peer_find(t->k, s->pair);
	struct key_peer *p = key_peer_new(t, s);

	if (!p)
		return -ENOMEM;
	if (old && key_spec_agrees(old, p)) {
		carry_over(t, old, p);
		return 0;
	}
	if (old)
		remove_peer(t, old);
	return add_peer(t, p);
}

int keying_peer_set(struct keying *k, const struct keying_peer_spec *s, struct now now,
		    struct keying_effects *fx)
{
	struct key_turn t = { k, now, fx };

	return k->stopped ? 0 : set_peer(&t, s);
}

void keying_peer_drop(struct keying *k, struct keying_pair pair, struct now now,
		      struct keying_effects *fx)
{
	struct key_turn t = { k, now, fx };
	struct key_peer *p = key_peer_find(k, pair);

	if (p)
		remove_peer(&t, p);
}

static bool is_named(const struct keying_config *c, struct keying_pair pair)
{
	for (size_t i = 0; i < c->peer_count; i++)
		if (memcmp(&c->peers[i].pair, &pair, sizeof(pair)) == 0)
			return true;
	return false;
}

static int set_all(struct key_turn *t, const struct keying_config *c)
{
	int error = 0;

	for (size_t i = 0; error == 0 && i < c->peer_count; i++)
		error = set_peer(t, &c->peers[i]);
	return error;
}

int keying_reconfigure(struct keying *k, const struct keying_config *c, struct now now,
		       struct keying_effects *fx)
{
	struct key_turn t = { k, now, fx };
	struct key_peer *p, *next;
	int error = copy_settings(k, c);

	if (error < 0 || k->stopped)
		return error;
	HASH_ITER(hh, k->peers, p, next) {
		if (!is_named(c, p->spec.pair))
			remove_peer(&t, p);
	}
	return set_all(&t, c);
}

struct keying *keying_new(const struct keying_config *c, struct rng rng, struct now now,
			  struct keying_effects *fx)
{
	struct keying *k = calloc(1, sizeof(*k));
	struct key_turn t = { k, now, fx };

	if (!k)
		return NULL;
	k->rng = rng;
	list_init(&k->ended);
	timers_init(&k->timers);
	k->instance = rng_u64(&k->rng);
	k->last_stream =
		rng_u32(&k->rng) >> 8; /* numbers of a former one are strange */
	if (copy_settings(k, c) < 0 || set_all(&t, c) < 0) {
		keying_free(k);
		return NULL;
	}
	return k;
}

void keying_free(struct keying *k)
{
	struct key_peer *p, *next;

	if (!k)
		return;
	HASH_ITER(hh, k->peers, p, next) {
		HASH_DELETE(hh, k->peers, p);
		key_peer_free(k, p);
	}
	timers_fini(&k->timers);
	free(k->chain);
	free(k->authorities);
	secret_fini(&k->private_key);
	free(k);
}

static void end_all(struct key_turn *t, enum key_bye bye, enum key_fault why)
{
	struct key_peer *p, *next;

	HASH_ITER(hh, t->k->peers, p, next) {
		key_peer_end(t, p, bye, why);
		finish(t, p);
	}
}

void keying_stop(struct keying *k, struct now now, struct keying_effects *fx)
{
	struct key_turn t = { k, now, fx };

	k->stopped = true;
	end_all(&t, KEY_BYE_STOPPING, KEY_FAULT_STOPPED);
}

void keying_overflow(struct keying *k, struct now now, struct keying_effects *fx)
{
	struct key_turn t = { k, now, fx };
	struct key_peer *p, *next;

	k->faults[KEY_FAULT_MEMORY]++;
	end_all(&t, KEY_BYE_CHANGED, KEY_FAULT_MEMORY);
	HASH_ITER(hh, k->peers, p, next) {
		if (p->unusable != KEY_OK || k->stopped)
			continue;
		p->next_attempt = instant_add(now.mono, duration_ms(BACKOFF_FIRST_MS));
		key_peer_arm(&t, p);
	}
}

/* Events of streams. */

/* At most once a minute: anybody can connect. */
static void refuse(struct key_turn *t, struct keying_pair pair, enum key_fault why)
{
	struct keying_effect *e;

	t->k->faults[why]++;
	if (instant_before(t->now.mono, t->k->stranger_noted_until)) {
		t->k->counts[KEYING_QUIET]++;
		return;
	}
	t->k->stranger_noted_until = instant_add(t->now.mono, duration_s(60));
	e = keying_effect_add(t->fx, KEYING_NOTE, pair, 0);
	if (e)
		e->note = (struct keying_note){ .kind = KEYING_NOTE_REFUSED,
						.fault = why };
}

static unsigned handshakes_of(const struct key_peer *p)
{
	unsigned n = 0;

	list_each(it, nx, &p->sessions) {
		const struct key_session *s =
			container_of(it, struct key_session, link);

		n += !s->ours && !s->open;
	}
	return n;
}

static unsigned sessions_of(const struct key_peer *p)
{
	unsigned n = 0;

	list_each(it, nx, &p->sessions)
		n++;
	return n;
}

/* One that is open and no longer current waits for a word that may never come. */
static void make_room(struct key_turn *t, struct key_peer *p)
{
	if (sessions_of(p) < SESSIONS_MAX)
		return;
	list_each(it, nx, &p->sessions) {
		struct key_session *s = container_of(it, struct key_session, link);

		if (s->open && s != p->current) {
			key_session_bye(t, s, KEY_BYE_SUPERSEDED, KEY_FAULT_SUPERSEDED);
			return;
		}
	}
}

static enum key_fault judge_newcomer(struct key_turn *t, struct key_peer *p)
{
	if (!p)
		return KEY_FAULT_UNKNOWN_ADDRESS;
	if (p->unusable != KEY_OK || t->k->stopped)
		return p->unusable != KEY_OK ? p->unusable : KEY_FAULT_STOPPED;
	if (handshakes_of(p) >= HANDSHAKES_A_PEER ||
	    t->k->handshakes >= t->k->handshakes_max)
		return KEY_FAULT_TOO_MANY;
	make_room(t, p);
	return sessions_of(p) < SESSIONS_MAX ? KEY_OK : KEY_FAULT_TOO_MANY;
}

uint32_t keying_accepted(struct keying *k, struct keying_pair pair, struct now now,
			 struct keying_effects *fx)
{
	struct key_turn t = { k, now, fx };
	struct key_peer *p = key_peer_find(k, pair);
	enum key_fault why = judge_newcomer(&t, p);
	struct key_session *s = why == KEY_OK ? key_session_new(&t, p, false) : NULL;
	uint32_t stream = s ? s->stream : 0;

	if (why == KEY_OK && !s)
		why = KEY_FAULT_MEMORY;
	if (why != KEY_OK)
		refuse(&t, pair, why);
	else if (key_session_begin(&t, s))
		k->counts[KEYING_ACCEPTS]++;
	finish(&t, p);
	return stream;
}

void keying_connected(struct keying *k, uint32_t stream, struct now now,
		      struct keying_effects *fx)
{
	struct key_turn t = { k, now, fx };
	struct key_session *s = key_session_find(k, stream);
	struct key_peer *p = s ? s->peer : NULL;

	if (!s || !s->ours || s->tls)
		return;
	key_session_begin(&t, s);
	finish(&t, p);
}

void keying_received(struct keying *k, uint32_t stream, const void *bytes, size_t len,
		     struct now now, struct keying_effects *fx)
{
	struct key_turn t = { k, now, fx };
	struct key_session *s = key_session_find(k, stream);
	struct key_peer *p = s ? s->peer : NULL;

	if (!s || !s->tls)
		return;
	key_session_receive(&t, s, bytes, len);
	finish(&t, p);
}

/* Static texts of what is usual; anything else is told by its class alone. */
static const char *error_text(int error)
{
	switch (error) {
	case ECONNREFUSED:
		return "connection refused";
	case ETIMEDOUT:
		return "timed out";
	case EHOSTUNREACH:
	case ENETUNREACH:
		return "no route";
	case ECONNRESET:
		return "reset by the peer";
	default:
		return NULL;
	}
}

void keying_closed(struct keying *k, uint32_t stream, int error, struct now now,
		   struct keying_effects *fx)
{
	struct key_turn t = { k, now, fx };
	struct key_session *s = key_session_find(k, stream);
	struct key_peer *p = s ? s->peer : NULL;

	if (!s)
		return;
	key_session_fail(&t, s, s->tls ? KEY_FAULT_CUT : KEY_FAULT_UNREACHABLE,
			 error_text(error));
	finish(&t, p);
}

/* Other events. */

void keying_done(struct keying *k, const struct keying_effect *e, int error,
		 struct now now, struct keying_effects *fx)
{
	struct key_turn t = { k, now, fx };
	struct key_peer *p = key_peer_find(k, e->pair);
	bool wanted = false;

	if (p && e->kind == KEYING_SA_IN_ADD)
		wanted = key_sa_in_done(&t, p, e->sa.spi, error);
	if (p && e->kind == KEYING_SA_OUT_SET)
		key_sa_out_done(&t, p, e->sa.spi, error);
	/* Its peer or its place went between the effect and this report. */
	if (e->kind == KEYING_SA_IN_ADD && error == 0 && !wanted)
		key_sa_delete(&t, e->pair, e->sa.spi);
	finish(&t, p);
}

void keying_soft_limit(struct keying *k, struct keying_pair pair, uint32_t spi,
		       struct now now, struct keying_effects *fx)
{
	struct key_turn t = { k, now, fx };
	struct key_peer *p = key_peer_find(k, pair);

	if (!p || p->outbound.spi != spi)
		return;
	/* Not at rest, or no place for another: soon, if it is not done by then. */
	if (!key_sa_rekey(&t, p))
		p->rekey_at =
			instant_min(p->rekey_at, instant_add(now.mono, duration_s(1)));
	finish(&t, p);
}

bool keying_rekey(struct keying *k, struct keying_pair pair, struct now now,
		  struct keying_effects *fx)
{
	struct key_turn t = { k, now, fx };
	struct key_peer *p = key_peer_find(k, pair);
	bool begun = p && key_sa_rekey(&t, p);

	finish(&t, p);
	return begun;
}

static struct key_peer *run_timer(struct key_turn *t, struct timer *due)
{
	struct key_session *s;
	struct key_peer *p;

	if (due->kind == TIMER_PEER) {
		p = container_of(due, struct key_peer, timer);
		key_peer_deadline(t, p);
		return p;
	}
	s = container_of(due, struct key_session, timer);
	p = s->peer;
	key_session_deadline(t, s);
	return p;
}

void keying_deadline(struct keying *k, struct now now, struct keying_effects *fx)
{
	struct key_turn t = { k, now, fx };
	struct timer *due;

	while ((due = timers_take_due(&k->timers, now.mono)) != NULL) {
		/* Keeps its place in the heap, so that arming it again cannot fail. */
		(void)timers_set(&k->timers, due, INSTANT_NEVER);
		finish(&t, run_timer(&t, due));
	}
}

instant_t keying_next_deadline(const struct keying *k)
{
	return timers_next(&k->timers);
}
