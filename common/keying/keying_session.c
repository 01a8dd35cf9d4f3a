/* SPDX-License-Identifier: ISC */
/*
 * One connection with a peer: bytes to TLS and back, messages, silence, the end.
 *
 * Everything that a peer can do wrong ends here, with a named fault and the
 * connection closed; what it means for the associations is the peer's affair
 * (keying_peer.c).
 */
#include "common/keying/keying_private.h"

#include <stdlib.h>

/* Until it is open, one that came from outside takes one of few places. */
static bool takes_place(const struct key_session *s)
{
	return !s->ours && !s->open;
}

struct key_session *key_session_find(const struct keying *k, uint32_t stream)
{
	struct key_session *s;

	HASH_FIND(hh, k->by_stream, &stream, sizeof(stream), s);
	return s;
}

static uint32_t next_stream(struct keying *k)
{
	do
		k->last_stream++;
	while (k->last_stream == 0 || key_session_find(k, k->last_stream));
	return k->last_stream;
}

struct key_session *key_session_new(struct key_turn *t, struct key_peer *p, bool ours)
{
	struct key_session *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->stream = next_stream(t->k);
	s->peer = p;
	s->ours = ours;
	s->begun = s->heard = s->probed = t->now.mono;
	s->give_up = instant_add(t->now.mono, duration_s(HANDSHAKE_SECONDS));
	s->timer.kind = TIMER_SESSION;
	HASH_ADD(hh, t->k->by_stream, stream, sizeof(s->stream), s);
	if (!hashmap_added(s, hh)) {
		free(s);
		return NULL;
	}
	if (timers_set(&t->k->timers, &s->timer, s->give_up) < 0) {
		HASH_DELETE(hh, t->k->by_stream, s);
		free(s);
		return NULL;
	}
	list_add_tail(&p->sessions, &s->link);
	t->k->handshakes += takes_place(s);
	return s;
}

void key_session_free(struct key_session *s)
{
	tls_free(s->tls);
	free(s);
}

static void flush(struct key_turn *t, struct key_session *s)
{
	const uint8_t *bytes;
	size_t len = s->tls ? tls_to_send(s->tls, &bytes) : 0;
	struct keying_effect *e;
	uint8_t *copy;

	if (len == 0)
		return;
	copy = malloc(len);
	e = copy ? keying_effect_add(t->fx, KEYING_SEND, s->peer->spec.pair, s->stream)
		 : NULL;
	if (e) {
		memcpy(copy, bytes, len);
		e->bytes.at = copy;
		e->bytes.len = len;
	} else {
		t->fx->overflow = true;
		free(copy);
	}
	tls_sent(s->tls);
}

void key_session_send(struct key_turn *t, struct key_session *s,
		      const struct key_msg *m)
{
	uint8_t bytes[KEY_MSG_MAX];
	struct writer w = writer_over(bytes, sizeof(bytes));

	if (s->ended || !s->greeted)
		return;
	key_msg_encode(&w, m);
	/* It fails for want of memory alone; the silence that follows is noticed. */
	(void)tls_write(s->tls, bytes, writer_len(&w));
	flush(t, s);
}

/* Out of all tables; its memory lives on until the event is over. */
static void end(struct key_turn *t, struct key_session *s, enum key_fault why)
{
	struct keying_effect *e;

	flush(t, s);
	e = keying_effect_add(t->fx, KEYING_CLOSE, s->peer->spec.pair, s->stream);
	if (e)
		e->fault = why;
	t->k->handshakes -= takes_place(s);
	timers_cancel(&t->k->timers, &s->timer);
	HASH_DELETE(hh, t->k->by_stream, s);
	list_remove(&s->link);
	list_add_tail(&t->k->ended, &s->link);
	s->ended = true;
}

void key_session_bye(struct key_turn *t, struct key_session *s, enum key_bye bye,
		     enum key_fault why)
{
	const struct key_msg m = { .type = KEY_MSG_BYE, .bye = bye };

	if (s->ended)
		return;
	key_session_send(t, s, &m);
	if (s->tls)
		tls_close(s->tls);
	end(t, s, why);
}

void key_session_drop(struct key_turn *t, struct key_session *s, enum key_fault why)
{
	if (s->ended)
		return;
	end(t, s, why);
	key_peer_lost(t, s->peer, s);
}

void key_session_fail(struct key_turn *t, struct key_session *s, enum key_fault fault,
		      const char *detail)
{
	if (s->ended)
		return;
	/* A crossing start that its beginner gave up is no failure. */
	if (fault == KEY_FAULT_CUT && !s->open && key_peer_is_open(s->peer))
		t->k->faults[fault]++;
	else
		key_peer_failed(t, s->peer, fault, detail);
	key_session_drop(t, s, fault);
}

void key_session_reject(struct key_turn *t, struct key_session *s, enum key_bye bye,
			enum key_fault fault)
{
	const struct key_msg m = { .type = KEY_MSG_BYE, .bye = bye };

	key_session_send(t, s, &m);
	key_session_fail(t, s, fault, NULL);
}

bool key_session_begin(struct key_turn *t, struct key_session *s)
{
	s->tls = tls_new(s->peer->credentials, s->ours ? TLS_CLIENT : TLS_SERVER,
			 t->now.ntp);
	if (!s->tls) {
		key_session_fail(t, s, KEY_FAULT_MEMORY, NULL);
		return false;
	}
	flush(t, s);
	return true;
}

/* Messages. */

static key_algorithms_t allowed(const struct keying_peer_spec *spec)
{
	key_algorithms_t set = 0;

	for (size_t i = 0; i < spec->algorithm_count; i++)
		set |= key_algorithm_bit(spec->algorithms[i]);
	return set;
}

static void greet(struct key_turn *t, struct key_session *s)
{
	const struct keying_peer_spec *spec = &s->peer->spec;
	const struct key_msg m = {
		.type = KEY_MSG_HELLO,
		.hello = {
			.version = KEY_MSG_VERSION,
			.esn = spec->esn,
			.carrier = spec->carrier,
			.port = spec->port,
			.algorithms = allowed(spec),
			.instance = t->k->instance,
		},
	};

	s->greeted = true;
	t->k->counts[KEYING_HANDSHAKES]++;
	s->peer->handshakes++;
	key_session_send(t, s, &m);
}

static void on_hello(struct key_turn *t, struct key_session *s,
		     const struct key_hello *h)
{
	/* Our own number: we talk to ourselves. */
	if (s->open || h->instance == t->k->instance) {
		key_session_reject(t, s, KEY_BYE_PROTOCOL, KEY_FAULT_UNEXPECTED);
		return;
	}
	if (key_sa_choose(s->peer, h->algorithms) == ESP_ALGORITHM_COUNT) {
		key_session_reject(t, s, KEY_BYE_NO_ALGORITHM,
				   KEY_FAULT_NO_COMMON_ALGORITHM);
		return;
	}
	t->k->handshakes -= takes_place(s);
	s->theirs = *h;
	s->open = true;
	key_peer_opened(t, s->peer, s);
}

static void on_alive(struct key_turn *t, struct key_session *s, enum key_alive kind)
{
	const struct key_msg m = { .type = KEY_MSG_ALIVE, .alive = KEY_ALIVE_ANSWER };

	if (kind == KEY_ALIVE_PROBE)
		key_session_send(t, s, &m);
}

/* The peer has let its associations go, too: nothing is to be waited for. */
static void on_farewell(struct key_turn *t, struct key_session *s)
{
	struct key_peer *p = s->peer;
	const bool was_current = s == p->current;

	key_session_drop(t, s, KEY_FAULT_STOPPED);
	if (was_current)
		key_peer_down(t, p, KEY_FAULT_STOPPED);
}

static void on_bye(struct key_turn *t, struct key_session *s, enum key_bye bye)
{
	switch (bye) {
	case KEY_BYE_STOPPING:
	case KEY_BYE_CHANGED:
		on_farewell(t, s);
		break;
	case KEY_BYE_SUPERSEDED:
		key_session_drop(t, s, KEY_FAULT_SUPERSEDED);
		break;
	case KEY_BYE_NO_ALGORITHM:
		key_session_fail(t, s, KEY_FAULT_NO_COMMON_ALGORITHM, "says the peer");
		break;
	case KEY_BYE_NOT_INSTALLED:
		key_session_fail(t, s, KEY_FAULT_NOT_INSTALLED, "says the peer");
		break;
	default:
		key_session_fail(t, s, KEY_FAULT_PROTOCOL, "says the peer");
		break;
	}
}

static void on_message(struct key_turn *t, struct key_session *s,
		       const struct key_msg *m)
{
	s->heard = t->now.mono;
	/* Talk that leads to no keys does not keep old ones. */
	if (s == s->peer->current || !s->peer->up)
		s->peer->heard = t->now.mono;
	if (!s->open && m->type != KEY_MSG_HELLO && m->type != KEY_MSG_BYE) {
		key_session_reject(t, s, KEY_BYE_PROTOCOL, KEY_FAULT_UNEXPECTED);
		return;
	}
	switch (m->type) {
	case KEY_MSG_HELLO:
		on_hello(t, s, &m->hello);
		break;
	case KEY_MSG_READY:
		key_sa_ready(t, s, &m->ready);
		break;
	case KEY_MSG_USING:
		key_sa_using(t, s, m->using_generation);
		break;
	case KEY_MSG_ALIVE:
		on_alive(t, s, m->alive);
		break;
	case KEY_MSG_BYE:
		on_bye(t, s, m->bye);
		break;
	}
}

/* Whole messages from `in`; what is left of it is the beginning of one. */
static void take_messages(struct key_turn *t, struct key_session *s, struct reader *in)
{
	struct key_msg m;
	enum key_fault fault = KEY_OK;

	while (!s->ended && (fault = key_msg_decode(in, &m)) == KEY_OK)
		on_message(t, s, &m);
	if (!s->ended && fault != KEY_FAULT_CUT)
		key_session_reject(t, s, KEY_BYE_PROTOCOL, fault);
}

/* One piece of plaintext; false: there is no more, or the session is over. */
static bool take_piece(struct key_turn *t, struct key_session *s)
{
	uint8_t bytes[KEY_MSG_MAX + TLS_MESSAGE_MAX];
	size_t len;
	enum key_fault fault;
	struct reader in;

	memcpy(bytes, s->pending, s->pending_len);
	fault = tls_read(s->tls, bytes + s->pending_len, TLS_MESSAGE_MAX, &len);
	if (fault != KEY_OK) {
		key_session_fail(t, s, fault, tls_detail(s->tls));
		return false;
	}
	in = reader_over(bytes, s->pending_len + len);
	take_messages(t, s, &in);
	if (s->ended)
		return false;
	s->pending_len = reader_left(&in);
	memcpy(s->pending, in.at, s->pending_len);
	return len > 0;
}

void key_session_receive(struct key_turn *t, struct key_session *s, const void *bytes,
			 size_t len)
{
	enum key_fault fault = tls_receive(s->tls, bytes, len);

	if (fault != KEY_OK) {
		key_session_fail(t, s, fault, tls_detail(s->tls));
		return;
	}
	flush(t, s);
	if (!tls_is_open(s->tls))
		return;
	if (!s->greeted)
		greet(t, s);
	while (take_piece(t, s))
		;
	if (!s->ended)
		flush(t, s);
}

/* Silence. */

static duration_t probe_interval(const struct key_session *s)
{
	return (duration_t){ s->peer->spec.dead_after.ns / 3 };
}

static instant_t next_probe(const struct key_session *s)
{
	instant_t last = instant_before(s->heard, s->probed) ? s->probed : s->heard;

	return s->open ? instant_add(last, probe_interval(s)) : INSTANT_NEVER;
}

static instant_t dead_at(const struct key_session *s)
{
	return s->open ? instant_add(s->heard, s->peer->spec.dead_after)
		       : INSTANT_NEVER;
}

instant_t key_session_next(const struct key_session *s)
{
	instant_t next = instant_min(next_probe(s), dead_at(s));

	return s->settled ? next : instant_min(next, s->give_up);
}

void key_session_deadline(struct key_turn *t, struct key_session *s)
{
	const struct key_msg m = { .type = KEY_MSG_ALIVE, .alive = KEY_ALIVE_PROBE };

	if (!s->settled && instant_due(s->give_up, t->now.mono)) {
		key_session_fail(t, s, KEY_FAULT_TIMEOUT, NULL);
	} else if (instant_due(dead_at(s), t->now.mono)) {
		key_session_fail(t, s, KEY_FAULT_DEAD, NULL);
	} else if (instant_due(next_probe(s), t->now.mono)) {
		s->probed = t->now.mono;
		t->k->counts[KEYING_PROBES]++;
		key_session_send(t, s, &m);
	}
}
