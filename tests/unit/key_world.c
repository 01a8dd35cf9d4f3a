/* SPDX-License-Identifier: ISC */
/* The made-up world of key_world.h. */
#include "tests/unit/key_world.h"

#include "tests/unit/key_plane.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

const uint8_t world_key_bytes[32] = "an association of two agents...";

static struct secret association = { (uint8_t *)world_key_bytes, 32 };

static void trace(struct key_world *w, int node, const char *text)
{
	for (const char *c = text; *c; c++)
		w->trace = (w->trace ^ (uint8_t)*c) * 1099511628211ULL;
	w->trace += (uint64_t)w->now.mono.ns + (uint64_t)node;
	if (w->verbose)
		printf("# %8lld.%03lld %c %s\n",
		       (long long)(w->now.mono.ns / 1000000000),
		       (long long)(w->now.mono.ns / 1000000 % 1000), 'A' + node, text);
}

static instant_t later(struct key_world *w)
{
	return instant_add(w->now.mono,
			   duration_ms(1 + rng_below(&w->chance, w->delay_ms)));
}

/* Streams. */

static struct world_stream *stream_of(struct key_world *w, int node, uint32_t number)
{
	for (size_t i = 0; i < WORLD_STREAMS; i++) {
		struct world_stream *s = &w->stream[i];

		if (s->used && s->number[node] == number &&
		    s->life[node] == w->node[node].life)
			return s;
	}
	return NULL;
}

static void connect_stream(struct key_world *w, int node, uint32_t number)
{
	for (size_t i = 0; i < WORLD_STREAMS; i++) {
		struct world_stream *s = &w->stream[i];

		if (s->used)
			continue;
		memset(s, 0, sizeof(*s));
		s->used = true;
		s->client = node;
		s->number[node] = number;
		s->life[node] = w->node[node].life;
		s->connect_at = later(w);
		s->accept_at = INSTANT_NEVER;
		s->to[0].ready = s->to[1].ready = INSTANT_NEVER;
		return;
	}
	key_world_break(w, "too many streams", node);
}

static void put_in_flight(struct key_world *w, int node, const struct keying_effect *e)
{
	struct world_stream *s = stream_of(w, node, e->stream);
	struct world_flight *f = s ? &s->to[!node] : NULL;

	w->sent++;
	if (!f || f->fin)
		return;
	if (e->bytes.len > WORLD_FLIGHT - f->len) {
		key_world_break(w, "more is sent than a stream takes", node);
		return;
	}
	memcpy(f->bytes + f->len, e->bytes.at, e->bytes.len);
	f->len += e->bytes.len;
	if (instant_is_never(f->ready))
		f->ready = later(w);
}

/* `node` will not hear of it again; the other end hears after what is in flight. */
static void end_stream(struct key_world *w, struct world_stream *s, int node)
{
	s->to[node].told = true;
	s->to[!node].fin = true;
	if (instant_is_never(s->to[!node].ready))
		s->to[!node].ready = later(w);
}

static void close_stream(struct key_world *w, int node, uint32_t number)
{
	struct world_stream *s = stream_of(w, node, number);

	if (!s)
		key_world_break(w, "a stream is closed that is not there", node);
	else
		end_stream(w, s, node);
}

/*
 * The life of the receiver that announced it; 0 when it has left the connection since,
 * and may have gone down before we heard.
 */
static unsigned life_of_receiver(struct key_world *w, int node, uint32_t number)
{
	const struct world_stream *s = stream_of(w, node, number);

	return s && !s->to[!node].told ? s->life[!node] : 0;
}

/* Effects. */

static void take_note(struct world_node *n, const struct keying_note *note)
{
	n->notes++;
	n->rekeyed += note->kind == KEYING_NOTE_REKEYED;
	if (note->kind == KEYING_NOTE_FAILED || note->kind == KEYING_NOTE_REFUSED) {
		n->failed++;
		n->fault = note->fault;
		n->detail = note->detail;
	}
}

static void set_up(struct key_world *w, int node, bool up)
{
	struct world_node *n = &w->node[node];

	if (n->up == up)
		key_world_break(w, "up or down is told twice", node);
	n->up = up;
	n->ups += up;
	n->downs += !up;
}

static int perform(struct key_world *w, int node, const struct keying_effect *e)
{
	struct world_node *n = &w->node[node];

	switch (e->kind) {
	case KEYING_CONNECT:
		connect_stream(w, node, e->stream);
		return 0;
	case KEYING_SEND:
		put_in_flight(w, node, e);
		return 0;
	case KEYING_CLOSE:
		close_stream(w, node, e->stream);
		return 0;
	case KEYING_SA_IN_ADD:
		return key_plane_add(w, node, &e->sa);
	case KEYING_SA_IN_DEL:
		key_plane_delete(w, node, e->sa.spi);
		return 0;
	case KEYING_SA_OUT_SET:
		return key_plane_set(w, node, &e->sa,
				     life_of_receiver(w, node, e->stream));
	case KEYING_SA_OUT_CLEAR:
		n->out.used = false;
		return 0;
	case KEYING_PEER_UP:
	case KEYING_PEER_DOWN:
		set_up(w, node, e->kind == KEYING_PEER_UP);
		return 0;
	case KEYING_NOTE:
		take_note(n, &e->note);
		return 0;
	default:
		return 0;
	}
}

static bool is_reported(const struct keying_effect *e)
{
	return e->kind == KEYING_SA_IN_ADD || e->kind == KEYING_SA_OUT_SET;
}

/* Carry out a list; what the reports on it lead to is carried out after it. */
static void carry_out(struct key_world *w, int node, struct keying_effects *fx)
{
	while (fx->count > 0) {
		struct keying_effects next;

		keying_effects_init(&next);
		for (size_t i = 0; i < fx->count; i++) {
			char text[256];
			int error = perform(w, node, &fx->at[i]);

			trace(w, node,
			      keying_effect_describe(&fx->at[i], text, sizeof(text)));
			if (is_reported(&fx->at[i]))
				keying_done(w->node[node].k, &fx->at[i], error, w->now,
					    &next);
		}
		keying_effects_fini(fx);
		*fx = next;
	}
	keying_effects_fini(fx);
}

/* Nodes. */

static struct keying_config config_of(const struct key_world *w, int node)
{
	return (struct keying_config){ .peers = &w->node[node].spec,
				       .peer_count = 1,
				       .certificates = w->certificates[node] };
}

static struct in_addr address(const char *text)
{
	struct in_addr a;

	inet_pton(AF_INET, text, &a);
	return a;
}

static void init_spec(struct keying_peer_spec *s, const char *local, const char *remote)
{
	*s = (struct keying_peer_spec){
		.pair = { address(local), address(remote) },
		.keys = { { SA_FA_HA, 1001, &association } },
		.key_count = 1,
		.algorithms = { ESP_AES_128_GCM, ESP_CHACHA20_POLY1305 },
		.algorithm_count = 2,
		.esn = true,
		.carrier = KEY_CARRIER_UDP,
		.port = 4500,
		.rekey = duration_s(3600),
		.reauthenticate = duration_s(8 * 3600),
		.dead_after = duration_s(30),
	};
}

void key_world_init(struct key_world *w, uint64_t seed)
{
	memset(w, 0, sizeof(*w));
	w->chance = rng_seeded_init(&w->seed, seed);
	w->now.mono.ns = 1000000000;
	w->now.ntp = (uint64_t)(2208988800U + 1800000000U) << 32; /* January 2027 */
	w->delay_ms = 10;
	init_spec(&w->node[0].spec, "192.0.2.1", "198.51.100.7");
	init_spec(&w->node[1].spec, "198.51.100.7", "192.0.2.1");
}

void key_world_fini(struct key_world *w)
{
	struct world_key *key, *next;

	for (int i = 0; i < 2; i++)
		keying_free(w->node[i].k);
	HASH_ITER(hh, w->keys, key, next) {
		HASH_DELETE(hh, w->keys, key);
		free(key);
	}
}

void key_world_start(struct key_world *w, int node)
{
	struct world_node *n = &w->node[node];
	const struct keying_config c = config_of(w, node);
	struct keying_effects fx;

	keying_effects_init(&fx);
	n->life++;
	trace(w, node, "starts");
	n->k = keying_new(&c, rng_seeded_init(&n->seed, rng_u64(&w->chance)), w->now,
			  &fx);
	if (!n->k)
		abort();
	carry_out(w, node, &fx);
}

static void forget(struct world_node *n)
{
	keying_free(n->k);
	n->k = NULL;
	n->up = false;
	n->out.used = false;
	memset(n->in, 0, sizeof(n->in));
}

void key_world_stop(struct key_world *w, int node)
{
	struct world_node *n = &w->node[node];
	struct keying_effects fx;

	keying_effects_init(&fx);
	trace(w, node, "stops");
	keying_stop(n->k, w->now, &fx);
	carry_out(w, node, &fx);
	for (size_t i = 0; i < WORLD_INBOUND; i++)
		if (n->in[i].used)
			key_world_break(w, "something is left after the end", node);
	if (n->out.used || n->up)
		key_world_break(w, "something is left after the end", node);
	forget(n);
}

void key_world_crash(struct key_world *w, int node, bool reset)
{
	trace(w, node, reset ? "crashes" : "falls silent");
	forget(&w->node[node]);
	for (size_t i = 0; i < WORLD_STREAMS; i++) {
		struct world_stream *s = &w->stream[i];

		if (!s->used || !s->number[node] || s->life[node] != w->node[node].life)
			continue;
		s->to[node].told = true;
		if (reset)
			end_stream(w, s, node);
	}
}

void key_world_reconfigure(struct key_world *w, int node)
{
	const struct keying_config c = config_of(w, node);
	struct keying_effects fx;

	keying_effects_init(&fx);
	if (keying_reconfigure(w->node[node].k, &c, w->now, &fx) < 0)
		abort();
	carry_out(w, node, &fx);
}

void key_world_rekey(struct key_world *w, int node)
{
	struct keying_effects fx;

	keying_effects_init(&fx);
	keying_rekey(w->node[node].k, w->node[node].spec.pair, w->now, &fx);
	carry_out(w, node, &fx);
}

void key_world_overflow(struct key_world *w, int node)
{
	struct keying_effects fx;

	keying_effects_init(&fx);
	keying_overflow(w->node[node].k, w->now, &fx);
	carry_out(w, node, &fx);
}

void key_world_soft_limit(struct key_world *w, int node)
{
	struct world_node *n = &w->node[node];
	struct keying_effects fx;

	keying_effects_init(&fx);
	if (n->out.used)
		keying_soft_limit(n->k, n->spec.pair, n->out.spi, w->now, &fx);
	carry_out(w, node, &fx);
}

void key_world_cut(struct key_world *w)
{
	for (size_t i = 0; i < WORLD_STREAMS; i++)
		for (int n = 0; w->stream[i].used && n < 2; n++) {
			w->stream[i].to[n].fin = true;
			w->stream[i].to[n].len = 0;
			w->stream[i].to[n].ready = w->now.mono;
		}
}

/* Events. */

static bool lives(const struct key_world *w, const struct world_stream *s, int node)
{
	return w->node[node].k && s->life[node] == w->node[node].life;
}

static void tell_closed(struct key_world *w, struct world_stream *s, int node,
			int error)
{
	struct keying_effects fx;

	s->to[node].told = true;
	s->to[node].ready = INSTANT_NEVER;
	if (!lives(w, s, node) || !s->number[node])
		return;
	keying_effects_init(&fx);
	trace(w, node, "stream ends");
	keying_closed(w->node[node].k, s->number[node], error, w->now, &fx);
	carry_out(w, node, &fx);
}

/* The stream stands at the client; the server hears of it a little later. */
static void on_connect(struct key_world *w, struct world_stream *s)
{
	const int c = s->client;
	struct keying_effects fx;

	s->connect_at = INSTANT_NEVER;
	if (s->to[c].told || !lives(w, s, c)) {
		s->used = false;
		return;
	}
	if (w->parted || !w->node[!c].k) {
		tell_closed(w, s, c, ECONNREFUSED);
		s->used = false;
		return;
	}
	s->life[!c] = w->node[!c].life;
	s->accept_at = later(w);
	keying_effects_init(&fx);
	keying_connected(w->node[c].k, s->number[c], w->now, &fx);
	carry_out(w, c, &fx);
}

static void on_accept(struct key_world *w, struct world_stream *s)
{
	const int node = !s->client;
	struct keying_effects fx;
	uint32_t number;

	s->accept_at = INSTANT_NEVER;
	if (!lives(w, s, node)) {
		end_stream(w, s, node);
		return;
	}
	keying_effects_init(&fx);
	number = keying_accepted(w->node[node].k, w->node[node].spec.pair, w->now, &fx);
	s->number[node] = number;
	if (number == 0)
		end_stream(w, s, node);
	carry_out(w, node, &fx);
}

static void on_piece(struct key_world *w, struct world_stream *s, int node)
{
	struct world_flight *f = &s->to[node];
	size_t len = f->len;
	uint8_t *piece;
	struct keying_effects fx;

	if (!w->whole && len > 1)
		len = 1 + rng_below(&w->chance, (uint32_t)len);
	piece = malloc(len);
	if (!piece)
		abort();
	memcpy(piece, f->bytes, len);
	f->len -= len;
	memmove(f->bytes, f->bytes + len, f->len);
	f->ready = f->len > 0 || f->fin ? later(w) : INSTANT_NEVER;
	keying_effects_init(&fx);
	if (lives(w, s, node) && !f->told)
		keying_received(w->node[node].k, s->number[node], piece, len, w->now,
				&fx);
	free(piece);
	carry_out(w, node, &fx);
}

static void on_flight(struct key_world *w, struct world_stream *s, int node)
{
	struct world_flight *f = &s->to[node];

	if (f->len > 0 && !f->told)
		on_piece(w, s, node);
	else if (f->fin && !f->told)
		tell_closed(w, s, node, ECONNRESET);
	else
		f->ready = INSTANT_NEVER;
}

/* Nothing moves while the two are parted, nor before it is accepted. */
static instant_t flight_at(const struct key_world *w, const struct world_stream *s,
			   int node)
{
	if (w->parted || (!s->number[node] && node != s->client && !s->to[node].told))
		return INSTANT_NEVER;
	return s->to[node].ready;
}

struct event {
	instant_t at;
	struct world_stream *stream; /* NULL: a deadline of `node` */
	int node;
	void (*on)(struct key_world *w, struct world_stream *s);
};

static void earlier(struct event *e, instant_t at, struct event other)
{
	if (!instant_before(at, e->at))
		return;
	*e = other;
	e->at = at;
}

static void look_at_stream(struct key_world *w, struct world_stream *s, struct event *e)
{
	if (s->to[0].told && s->to[1].told)
		s->used = false;
	if (!s->used)
		return;
	earlier(e, s->connect_at, (struct event){ .stream = s, .on = on_connect });
	earlier(e, s->accept_at, (struct event){ .stream = s, .on = on_accept });
	for (int i = 0; i < 2; i++)
		earlier(e, flight_at(w, s, i),
			(struct event){ .stream = s, .node = i });
}

static struct event next_event(struct key_world *w)
{
	struct event e = { .at = INSTANT_NEVER };

	for (int i = 0; i < 2; i++)
		if (w->node[i].k)
			earlier(&e, keying_next_deadline(w->node[i].k),
				(struct event){ .node = i });
	for (size_t i = 0; i < WORLD_STREAMS; i++)
		look_at_stream(w, &w->stream[i], &e);
	return e;
}

static void on_deadline(struct key_world *w, int node)
{
	struct keying_effects fx;

	keying_effects_init(&fx);
	keying_deadline(w->node[node].k, w->now, &fx);
	if (instant_due(keying_next_deadline(w->node[node].k), w->now.mono))
		key_world_break(w, "a deadline stays due", node);
	carry_out(w, node, &fx);
}

static void move_time(struct key_world *w, instant_t to)
{
	if (instant_before(w->now.mono, to)) {
		w->now.ntp += (uint64_t)(to.ns - w->now.mono.ns) * 4; /* about */
		w->now.mono = to;
	}
}

bool key_world_step(struct key_world *w, instant_t until)
{
	struct event e = next_event(w);

	if (instant_before(until, e.at) || w->broken[0]) {
		move_time(w, until);
		return false;
	}
	move_time(w, e.at);
	if (!e.stream)
		on_deadline(w, e.node);
	else if (e.on)
		e.on(w, e.stream);
	else
		on_flight(w, e.stream, e.node);
	key_plane_judge(w, 0);
	key_plane_judge(w, 1);
	return true;
}

void key_world_run(struct key_world *w, duration_t d)
{
	const instant_t until = instant_add(w->now.mono, d);

	while (key_world_step(w, until))
		;
}

bool key_world_is_up(const struct key_world *w)
{
	for (int i = 0; i < 2; i++)
		if (!w->node[i].k || !w->node[i].up || !key_plane_receives(w, i))
			return false;
	return true;
}

bool key_world_await_up(struct key_world *w, duration_t d)
{
	const instant_t until = instant_add(w->now.mono, d);

	while (!key_world_is_up(w) && key_world_step(w, until))
		;
	return key_world_is_up(w);
}

unsigned key_world_streams(const struct key_world *w)
{
	unsigned n = 0;

	for (size_t i = 0; i < WORLD_STREAMS; i++)
		n += w->stream[i].used && !w->stream[i].to[0].told &&
		     !w->stream[i].to[1].told;
	return n;
}
