/* SPDX-License-Identifier: ISC */
/* The made-up world of key_world.h. */
#include "tests/unit/key_world.h"

#include "tests/unit/key_plane.h"

#include <arpa/inet.h>
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

/*
 * The life of the receiver that announced it; 0 when it has left the connection since,
 * and may have gone down before we heard.
 */
static unsigned life_of_receiver(struct key_world *w, int node, uint32_t number)
{
	return streams_reach(&w->streams, node, number) ? w->node[!node].life : 0;
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
		streams_connect(&w->streams, node, !node, e->stream, w->now.mono);
		return 0;
	case KEYING_SEND:
		w->sent++;
		streams_send(&w->streams, node, e->stream, e->bytes.at, e->bytes.len,
			     w->now.mono);
		return 0;
	case KEYING_CLOSE:
		if (!streams_close(&w->streams, node, e->stream, w->now.mono))
			key_world_break(w, "a stream is closed that is not there",
					node);
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
			if (w->streams.full)
				key_world_break(w, "streams are too many or too full",
						node);
		}
		keying_effects_fini(fx);
		*fx = next;
	}
	keying_effects_fini(fx);
}

/* Streams. */

static bool listens(void *arg, int node)
{
	const struct key_world *w = arg;

	return w->node[node].k;
}

static void on_connected(void *arg, int node, uint32_t number)
{
	struct key_world *w = arg;
	struct keying_effects fx;

	keying_effects_init(&fx);
	keying_connected(w->node[node].k, number, w->now, &fx);
	carry_out(w, node, &fx);
}

static void on_accepted(void *arg, int node, int from, uint32_t *number)
{
	struct key_world *w = arg;
	struct keying_effects fx;

	(void)from;
	keying_effects_init(&fx);
	*number =
		keying_accepted(w->node[node].k, w->node[node].spec.pair, w->now, &fx);
	carry_out(w, node, &fx);
}

static void on_received(void *arg, int node, uint32_t number, const uint8_t *bytes,
			size_t len)
{
	struct key_world *w = arg;
	struct keying_effects fx;

	keying_effects_init(&fx);
	keying_received(w->node[node].k, number, bytes, len, w->now, &fx);
	carry_out(w, node, &fx);
}

static void on_closed(void *arg, int node, uint32_t number, int error)
{
	struct key_world *w = arg;
	struct keying_effects fx;

	keying_effects_init(&fx);
	trace(w, node, "stream ends");
	keying_closed(w->node[node].k, number, error, w->now, &fx);
	carry_out(w, node, &fx);
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
	const struct stream_users users = { listens,     on_connected, on_accepted,
					    on_received, on_closed,    w };

	memset(w, 0, sizeof(*w));
	w->chance = rng_seeded_init(&w->seed, seed);
	streams_init(&w->streams, &users, &w->chance);
	w->now.mono.ns = 1000000000;
	w->now.ntp = (uint64_t)(2208988800U + 1800000000U) << 32; /* January 2027 */
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
	streams_leave(&w->streams, node, reset, w->now.mono);
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
	streams_cut(&w->streams, w->now.mono);
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

/* The first of them to have a deadline, or -1 where a stream is before both. */
static int who_is_next(const struct key_world *w, instant_t *at)
{
	int who = -1;

	*at = INSTANT_NEVER;
	for (int i = 0; i < 2; i++) {
		instant_t next = w->node[i].k ? keying_next_deadline(w->node[i].k)
					      : INSTANT_NEVER;

		if (!instant_before(next, *at))
			continue;
		*at = next;
		who = i;
	}
	if (!instant_before(streams_next(&w->streams), *at))
		return who;
	*at = streams_next(&w->streams);
	return -1;
}

bool key_world_step(struct key_world *w, instant_t until)
{
	instant_t at;
	int who = who_is_next(w, &at);

	if (instant_before(until, at) || w->broken[0]) {
		move_time(w, until);
		return false;
	}
	move_time(w, at);
	if (who >= 0)
		on_deadline(w, who);
	else
		streams_step(&w->streams, at);
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
	return streams_between(&w->streams, 0, 1);
}
