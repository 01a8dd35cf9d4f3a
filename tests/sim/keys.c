/* SPDX-License-Identifier: ISC */
/*
 * Effects of keying on the forwarding tables of the made-up world, as those of
 * common/shell/agent_keys_act.c on real ones; streams between its agents.
 */
#include "common/security/esp_engine.h"
#include "tests/sim/world.h"

#include <stdlib.h>
#include <string.h>

enum { ROUNDS_MAX = 16, TEXT = 256, PORT = CARRIER_PORT_ESP };

struct esp_setup esp_setup_usual(enum protect_policy policy)
{
	return (struct esp_setup){ .policy = policy,
				   .algorithm = ESP_AES_128_GCM,
				   .carrier = CARRIER_UDP,
				   .esn = true,
				   .window = 1024,
				   .rekey = duration_s(3600),
				   .reauthenticate = duration_s(8 * 3600),
				   .dead_after = duration_s(30) };
}

/* Who is where. */

static const struct esp_setup *setup_of(const struct world *w, int fa)
{
	return &w->esp[fa - FA0];
}

static bool is_protected(const struct node *n, int fa)
{
	return setup_of(n->w, fa)->policy != PROTECT_OFF &&
	       (n->id == HA || n->id == fa);
}

static struct keying_pair pair_of(const struct node *n, int fa)
{
	const struct in_addr ha = n->w->node[HA].config.ha.address;
	const struct in_addr care_of = world_care_of(fa);

	if (n->id == HA)
		return (struct keying_pair){ ha, care_of };
	return (struct keying_pair){ care_of, ha };
}

/* The foreign agent that a pair of ends is about. */
static int fa_of(const struct node *n, struct keying_pair p)
{
	for (int fa = FA0; fa < ROUTER; fa++)
		if (pair_of(n, fa).local.s_addr == p.local.s_addr &&
		    pair_of(n, fa).remote.s_addr == p.remote.s_addr)
			return fa;
	abort();
}

static int peer_of(const struct node *n, int fa)
{
	return n->id == HA ? fa : HA;
}

static struct peer_config *config_of(struct world *w, int node, int fa)
{
	struct node_config *c = &w->node[node].config;

	for (unsigned i = 0; i < PEERS; i++)
		if (c->peer[i].addr.s_addr == pair_of(&w->node[node], fa).remote.s_addr)
			return &c->peer[i];
	abort();
}

void world_protect(struct world *w, int fa, const struct esp_setup *setup)
{
	const struct peer_protection p = { .kind = PROTECTION_ESP,
					   .policy = setup->policy };

	world_share_key(w, fa);
	w->esp[fa - FA0] = *setup;
	config_of(w, HA, fa)->protection = p;
	config_of(w, fa, fa)->protection = p;
}

/* The forwarding table. */

static enum protect_policy policy_told(const struct node *n, int fa)
{
	if (n->w->sabotage == SABOTAGE_SENDS_CLEAR)
		return PROTECT_OFF;
	if (n->w->sabotage == SABOTAGE_TAKES_CLEAR)
		return PROTECT_PREFERRED;
	return setup_of(n->w, fa)->policy;
}

static int shield(struct node *n, int fa, struct carrier_spec carrier)
{
	const struct keying_pair p = pair_of(n, fa);
	const struct protect_spec spec = { .local = p.local,
					   .remote = p.remote,
					   .policy = policy_told(n, fa),
					   .carrier = carrier };

	return fwd_protect_set(n->fwd, &spec);
}

static struct carrier_spec carrier_of(bool udp, uint16_t remote)
{
	if (!udp)
		return (struct carrier_spec){ .kind = CARRIER_NONE };
	return (struct carrier_spec){ CARRIER_UDP, PORT, remote };
}

bool keys_protect(struct node *n)
{
	n->keys = (struct keys){ 0 };
	keying_effects_init(&n->keys.fx);
	keying_effects_init(&n->keys.spare);
	for (int fa = FA0; fa < ROUTER; fa++) {
		const bool udp = setup_of(n->w, fa)->carrier == CARRIER_UDP;

		if (is_protected(n, fa) && shield(n, fa, carrier_of(udp, PORT)) != 0)
			return false;
	}
	return true;
}

static struct esp_sa_spec spec_of(const struct keying_effect *e)
{
	return (struct esp_sa_spec){ .spi = e->sa.spi,
				     .local = e->pair.local,
				     .remote = e->pair.remote,
				     .algorithm = e->sa.algorithm,
				     .material = &e->sa.material,
				     .esn = e->sa.esn };
}

static struct protect_view view_of(const struct node *n, struct keying_pair p)
{
	struct protect_view v = { 0 };

	(void)fwd_protect_view(n->fwd, p.local, p.remote, &v);
	return v;
}

/* What is broken on purpose, of associations that receive. */
static void sabotage_in(struct node *n, const struct keying_effect *e)
{
	struct protect_view v = view_of(n, e->pair);

	for (unsigned i = 0; i < v.in_count; i++) {
		/* Nobody but tests writes to what belongs to the table. */
		struct esp_sa_in *sa = (struct esp_sa_in *)v.in[i];

		if (n->w->sabotage == SABOTAGE_TAKES_REPLAYS)
			sa->replay_checked = false;
		else if (n->w->sabotage == SABOTAGE_BREAKS_FIRST &&
			 sa->spi != e->sa.spi)
			(void)fwd_sa_in_del(n->fwd, e->pair.local, sa->spi);
	}
}

/* One key for each sender, for ever. */
static void sabotage_key(struct keying_effect *e, int sender)
{
	memset(e->sa.material.bytes, 'a' + sender, e->sa.material.len);
}

/* AEAD by counters opens as it seals, and nothing is judged. */
static void *liars_key(const struct esp_engine *e, enum esp_algorithm a,
		       const uint8_t *material, bool encrypt)
{
	(void)e;
	(void)encrypt;
	return esp_openssl()->ops->key_new(esp_openssl(), a, material, true);
}

static const struct esp_engine *liar(void)
{
	static struct esp_engine_ops ops;
	static const struct esp_engine engine = { .ops = &ops };

	ops = *esp_openssl()->ops;
	ops.key_new = liars_key;
	ops.open = ops.seal;
	return &engine;
}

static int act_in_add(struct node *n, struct keying_effect *e)
{
	const int fa = fa_of(n, e->pair);
	struct esp_sa_spec spec;
	int error;

	if (n->w->sabotage == SABOTAGE_SAME_KEY)
		sabotage_key(e, peer_of(n, fa));
	spec = spec_of(e);
	spec.window = setup_of(n->w, fa)->window;
	if (n->w->sabotage == SABOTAGE_TAKES_ALTERED)
		spec.engine = liar();
	error = fwd_sa_in_add(n->fwd, &spec);
	if (error == 0) {
		invariant_receives_by(n, &e->sa);
		sabotage_in(n, e);
	}
	return error;
}

static int act_out_set(struct node *n, struct keying_effect *e)
{
	const int fa = fa_of(n, e->pair);
	struct rng rng = n->w->rng;
	struct esp_sa_spec spec;
	int error;

	if (n->w->sabotage == SABOTAGE_SAME_KEY)
		sabotage_key(e, n->id);
	spec = spec_of(e);
	error = shield(n, fa, carrier_of(e->sa.carrier == KEY_CARRIER_UDP, e->sa.port));
	if (error == 0)
		error = fwd_sa_out_set(n->fwd, &spec, &rng);
	if (error != 0)
		return error;
	invariant_sends_by(n, &e->sa);
	n->keys.soft[fa - FA0] = e->sa.soft_packets;
	n->keys.soft_spi[fa - FA0] = e->sa.spi;
	return 0;
}

/* Effects of keying. */

static void act_connect(struct node *n, const struct keying_effect *e)
{
	struct world *w = n->w;

	if (w->sabotage == SABOTAGE_GIVES_UP && w->keyed_once)
		return;
	streams_connect(&w->streams, n->id, peer_of(n, fa_of(n, e->pair)), e->stream,
			w->now);
}

static void tell_core(struct node *n, const struct keying_effect *e)
{
	n->w->keyed_once = true;
	agent_protection(n, e->pair.remote, e->kind == KEYING_PEER_UP);
}

static void act(struct node *n, struct keying_effect *e)
{
	struct keys *k = &n->keys;
	struct world *w = n->w;
	const struct now now = world_now_of(n);

	switch (e->kind) {
	case KEYING_CONNECT:
		act_connect(n, e);
		break;
	case KEYING_SEND:
		streams_send(&w->streams, n->id, e->stream, e->bytes.at, e->bytes.len,
			     w->now);
		break;
	case KEYING_CLOSE:
		(void)streams_close(&w->streams, n->id, e->stream, w->now);
		break;
	case KEYING_SA_IN_ADD:
		keying_done(k->keying, e, -act_in_add(n, e), now, &k->spare);
		break;
	case KEYING_SA_IN_DEL:
		(void)fwd_sa_in_del(n->fwd, e->pair.local, e->sa.spi);
		break;
	case KEYING_SA_OUT_SET:
		keying_done(k->keying, e, -act_out_set(n, e), now, &k->spare);
		break;
	case KEYING_SA_OUT_CLEAR:
		(void)fwd_sa_out_clear(n->fwd, e->pair.local, e->pair.remote);
		break;
	case KEYING_PEER_UP:
	case KEYING_PEER_DOWN:
		tell_core(n, e);
		break;
	case KEYING_NOTE:
	case KEYING_EFFECT_COUNT:
		break;
	}
}

/* The story may have it die before this one. */
static bool lives_to(struct node *n, const struct keying_effect *e)
{
	struct world *w = n->w;
	char text[TEXT];

	world_trace(w, "%s %s", n->name, keying_effect_describe(e, text, sizeof(text)));
	if (e->kind != KEYING_NOTE && w->key_step)
		w->key_step(w, n, w->key_steps++);
	return !n->keys.dying;
}

static bool run_round(struct node *n)
{
	struct keys *k = &n->keys;

	for (size_t i = 0; i < k->fx.count; i++) {
		if (!lives_to(n, &k->fx.at[i]))
			return false;
		act(n, &k->fx.at[i]);
	}
	if (k->fx.overflow)
		keying_overflow(k->keying, world_now_of(n), &k->spare);
	return true;
}

/* What comes of effects goes into `spare`, which is the next round's list. */
static void keys_run(struct node *n)
{
	struct keys *k = &n->keys;

	for (unsigned round = 0; round < ROUNDS_MAX && k->fx.count > 0; round++) {
		struct keying_effects done;

		if (!run_round(n))
			return;
		keying_effects_clear(&k->fx);
		done = k->fx;
		k->fx = k->spare;
		k->spare = done;
	}
	agent_perform(n);
}

/* Life. */

static struct keying_peer_spec peer_spec(const struct node *n, int fa)
{
	const struct esp_setup *s = setup_of(n->w, fa);
	const struct peer_config *c = config_of(n->w, n->id, fa);

	return (struct keying_peer_spec){
		.pair = pair_of(n, fa),
		.keys = { { SA_FA_HA, c->assoc[0].spi, &c->assoc[0].key } },
		.key_count = 1,
		.algorithms = { s->algorithm },
		.algorithm_count = 1,
		.esn = s->esn,
		.carrier =
			s->carrier == CARRIER_UDP ? KEY_CARRIER_UDP : KEY_CARRIER_RAW,
		.port = PORT,
		.rekey = s->rekey,
		.rekey_packets = s->rekey_packets,
		.reauthenticate = s->reauthenticate,
		.dead_after = s->dead_after,
	};
}

bool keys_start(struct node *n)
{
	struct keying_peer_spec peers[KEYED_AGENTS];
	struct keying_config c = { .peers = peers };
	struct rng rng;

	for (int fa = FA0; fa < ROUTER; fa++)
		if (is_protected(n, fa))
			peers[c.peer_count++] = peer_spec(n, fa);
	if (c.peer_count == 0)
		return true;
	rng = rng_seeded_init(&n->keys.seed, rng_u64(&n->w->rng));
	n->keys.keying = keying_new(&c, rng, world_now_of(n), &n->keys.fx);
	if (!n->keys.keying)
		return false;
	keys_run(n);
	return true;
}

void keys_stop(struct node *n)
{
	if (!n->keys.keying)
		return;
	keying_stop(n->keys.keying, world_now_of(n), &n->keys.fx);
	keys_run(n);
	for (int fa = FA0; fa < ROUTER; fa++) {
		struct protect_view v = view_of(n, pair_of(n, fa));

		if (v.out || v.in_count > 0)
			world_break(n->w, "%s leaves associations", n->name);
	}
}

void keys_kill(struct node *n)
{
	keying_free(n->keys.keying);
	keying_effects_fini(&n->keys.fx);
	keying_effects_fini(&n->keys.spare);
	n->keys = (struct keys){ 0 };
	streams_leave(&n->w->streams, n->id, !n->w->silent, n->w->now);
}

instant_t keys_next(const struct node *n)
{
	return n->keys.keying ? keying_next_deadline(n->keys.keying) : INSTANT_NEVER;
}

void keys_deadline(struct node *n)
{
	keying_deadline(n->keys.keying, world_now_of(n), &n->keys.fx);
	keys_run(n);
}

static void look_at_limit(struct node *n, int fa)
{
	struct keys *k = &n->keys;
	const struct keying_pair p = pair_of(n, fa);
	const struct protect_view v = view_of(n, p);

	if (k->soft[fa - FA0] == 0 || !v.out || v.out->spi != k->soft_spi[fa - FA0] ||
	    v.out->counts.packets < k->soft[fa - FA0])
		return;
	k->soft[fa - FA0] = 0;
	keying_soft_limit(k->keying, p, v.out->spi, world_now_of(n), &k->fx);
	keys_run(n);
}

void keys_after_step(struct world *w)
{
	for (int i = 0; i < ROUTER; i++) {
		struct node *n = &w->node[i];

		for (int fa = FA0; fa < ROUTER && n->keys.keying; fa++)
			if (is_protected(n, fa) && !n->keys.dying)
				look_at_limit(n, fa);
		if (n->keys.dying)
			world_kill(w, i);
	}
	if (w->streams.full)
		world_break(w, "more is sent than streams take");
}

/* Streams. */

static bool listens(void *arg, int machine)
{
	struct world *w = arg;

	return w->node[machine].keys.keying != NULL;
}

static void on_connected(void *arg, int machine, uint32_t number)
{
	struct world *w = arg;
	struct node *n = &w->node[machine];

	keying_connected(n->keys.keying, number, world_now_of(n), &n->keys.fx);
	keys_run(n);
}

static void on_accepted(void *arg, int machine, int from, uint32_t *number)
{
	struct world *w = arg;
	struct node *n = &w->node[machine];
	const int fa = n->id == HA ? from : n->id;

	*number = keying_accepted(n->keys.keying, pair_of(n, fa), world_now_of(n),
				  &n->keys.fx);
	keys_run(n);
}

static void on_received(void *arg, int machine, uint32_t number, const uint8_t *bytes,
			size_t len)
{
	struct world *w = arg;
	struct node *n = &w->node[machine];
	uint8_t *exact = malloc(len);

	if (!exact)
		abort();
	memcpy(exact, bytes, len);
	keying_received(n->keys.keying, number, exact, len, world_now_of(n),
			&n->keys.fx);
	free(exact);
	keys_run(n);
}

static void on_closed(void *arg, int machine, uint32_t number, int error)
{
	struct world *w = arg;
	struct node *n = &w->node[machine];

	keying_closed(n->keys.keying, number, error, world_now_of(n), &n->keys.fx);
	keys_run(n);
}

void keys_init_streams(struct world *w)
{
	const struct stream_users users = { listens,     on_connected, on_accepted,
					    on_received, on_closed,    w };

	streams_init(&w->streams, &users, &w->rng);
}

/* Questions. */

static bool receives(const struct node *to, int fa, uint32_t spi)
{
	const struct protect_view v = view_of(to, pair_of(to, fa));

	for (unsigned i = 0; i < v.in_count; i++)
		if (v.in[i]->spi == spi)
			return true;
	return false;
}

static bool is_heard(struct world *w, int from, int to, int fa)
{
	const struct node *n = &w->node[from];
	const struct protect_view v = view_of(n, pair_of(n, fa));

	return v.out && receives(&w->node[to], fa, v.out->spi);
}

bool world_is_keyed(struct world *w, int fa)
{
	return w->node[HA].keys.keying && w->node[fa].keys.keying &&
	       is_heard(w, HA, fa, fa) && is_heard(w, fa, HA, fa);
}

bool world_await_keyed(struct world *w, int fa, duration_t most)
{
	const instant_t end = instant_add(w->now, most);

	while (!w->broken[0] && !world_is_keyed(w, fa) && instant_before(w->now, end))
		world_run(w, duration_ms(100));
	return world_is_keyed(w, fa);
}

void world_rekey(struct world *w, int node, int fa)
{
	struct node *n = &w->node[node];

	if (!n->keys.keying)
		return;
	(void)keying_rekey(n->keys.keying, pair_of(n, fa), world_now_of(n),
			   &n->keys.fx);
	keys_run(n);
	keys_after_step(w);
}

uint64_t world_rekeys(struct world *w, int fa)
{
	const struct node *n = &w->node[HA];
	struct keying_status s;

	if (!n->keys.keying || !keying_status(n->keys.keying, pair_of(n, fa), &s))
		return 0;
	return s.rekeys;
}
