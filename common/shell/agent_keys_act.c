/* SPDX-License-Identifier: ISC */
/*
 * Effects of keying as calls of the edges, and what comes of them: reports back to
 * keying, events for the core, lines in the log, violations.
 */
#include "common/shell/agent_keys.h"

#include "common/io/host.h"

#include <errno.h>
#include <string.h>

/* A keying that answers every failure with another attempt is not heard for ever. */
enum { ROUNDS_MAX = 16 };

static void log_key(struct agent_shell *s, const struct esp_sa_spec *sa,
		    struct in_addr from, struct in_addr to)
{
	int error = s->keys->log ? key_log_write(s->keys->log, sa, from, to) : 0;

	if (error != 0 && !s->keys->log_fails)
		log_say(s->log, NOTE_WARN, "keys are missing in the key log: %s",
			strerror(-error));
	s->keys->log_fails = error != 0;
}

static struct esp_sa_spec sa_spec(const struct agent_shell *s,
				  const struct keying_effect *e)
{
	return (struct esp_sa_spec){
		.spi = e->sa.spi,
		.local = e->pair.local,
		.remote = e->pair.remote,
		.algorithm = e->sa.algorithm,
		.material = &e->sa.material,
		.esn = e->sa.esn,
		.engine = &s->keys->engine,
	};
}

static int act_in_add(struct agent_shell *s, const struct keying_effect *e)
{
	const struct keyed_pair *p = agent_keys_pair(s->keys, e->pair);
	struct esp_sa_spec spec = sa_spec(s, e);
	int error = 0;

	if (!p || p->manual)
		return -ENOENT;
	spec.window = p->esp.window;
	if (e->sa.carrier == KEY_CARRIER_UDP)
		error = datapath_receive(s->data, s->loop, DATAPATH_ESP_UDP);
	if (error == 0)
		error = fwd_sa_in_add(datapath_fwd(s->data), &spec);
	if (error == 0)
		log_key(s, &spec, spec.remote, spec.local);
	return error;
}

/* The peer says what ESP travels in, and to which port. */
static struct carrier_spec agreed_carrier(const struct keyed_pair *p,
					  const struct keying_sa *sa)
{
	if (sa->carrier != KEY_CARRIER_UDP)
		return (struct carrier_spec){ .kind = CARRIER_NONE };
	return (struct carrier_spec){ CARRIER_UDP, p->esp.port, sa->port };
}

static int act_out_set(struct agent_shell *s, const struct keying_effect *e)
{
	struct keyed_pair *p = agent_keys_pair(s->keys, e->pair);
	struct rng rng = host_rng();
	struct esp_sa_spec spec = sa_spec(s, e);
	int error;

	if (!p || p->manual)
		return -ENOENT;
	spec.tfc = p->esp.tfc;
	p->carrier = agreed_carrier(p, &e->sa);
	p->agreed = true;
	error = agent_keys_shield(s, p);
	if (error == 0)
		error = fwd_sa_out_set(datapath_fwd(s->data), &spec, &rng);
	if (error != 0)
		return error;
	p->soft_spi = e->sa.spi;
	p->soft_octets = e->sa.soft_octets;
	p->soft_packets = e->sa.soft_packets;
	p->soft_told = false;
	log_key(s, &spec, spec.local, spec.remote);
	return 0;
}

/* Key and integrity key, one behind the other. */
static int join(const struct secret *key, const struct secret *integrity,
		struct secret *out)
{
	uint8_t both[ESP_MATERIAL_MAX];
	int error;

	if (key->len + integrity->len > sizeof(both))
		return -EINVAL;
	if (key->len > 0)
		memcpy(both, key->bytes, key->len);
	if (integrity->len > 0)
		memcpy(both + key->len, integrity->bytes, integrity->len);
	error = secret_init(out, both, key->len + integrity->len);
	secret_wipe(both, sizeof(both));
	return error;
}

static int manual_in(struct agent_shell *s, const struct keyed_pair *p,
		     struct esp_sa_spec spec)
{
	struct secret material;
	int error = join(&p->manual->key_in, &p->manual->integrity_in, &material);

	if (error != 0)
		return error;
	spec.spi = p->manual->spi_in;
	spec.material = &material;
	error = fwd_sa_in_add(datapath_fwd(s->data), &spec);
	if (error == 0)
		log_key(s, &spec, spec.remote, spec.local);
	secret_fini(&material);
	return error;
}

static int manual_out(struct agent_shell *s, const struct keyed_pair *p,
		      struct esp_sa_spec spec)
{
	struct rng rng = host_rng();
	struct secret material;
	int error = join(&p->manual->key_out, &p->manual->integrity_out, &material);

	if (error != 0)
		return error;
	spec.spi = p->manual->spi_out;
	spec.material = &material;
	error = fwd_sa_out_set(datapath_fwd(s->data), &spec, &rng);
	if (error == 0)
		log_key(s, &spec, spec.local, spec.remote);
	secret_fini(&material);
	return error;
}

/* Without a window: numbers begin again with the daemon (RFC 4303 3.3.3). */
int agent_keys_manual(struct agent_shell *s, struct keyed_pair *p)
{
	const struct esp_sa_spec spec = { .local = p->ends.local,
					  .remote = p->ends.remote,
					  .algorithm = p->manual->algorithm,
					  .manual = true,
					  .engine = &s->keys->engine };
	int error = manual_in(s, p, spec);

	return error ? error : manual_out(s, p, spec);
}

/* Keys given by hand have taken the place of those that were agreed on. */
static void act_out_clear(struct agent_shell *s, const struct keying_effect *e)
{
	const struct keyed_pair *p = agent_keys_pair(s->keys, e->pair);

	if (p && p->manual)
		return;
	(void)fwd_sa_out_clear(datapath_fwd(s->data), e->pair.local, e->pair.remote);
}

static void tell_core(struct agent_shell *s, const struct keying_effect *e, bool stands)
{
	if (s->core)
		s->program->core.protection(s->core, e->pair.remote, stands, s->now,
					    &s->fx);
}

/* Somebody was not who he should be. */
static bool is_violation(enum key_fault f)
{
	return f == KEY_FAULT_WRONG_KEY || f == KEY_FAULT_IDENTITY ||
	       f == KEY_FAULT_CERTIFICATE || f == KEY_FAULT_UNKNOWN_ADDRESS ||
	       f == KEY_FAULT_NOT_TLS || f == KEY_FAULT_RECORD;
}

static void act_note(struct agent_shell *s, const struct keying_effect *e)
{
	static const enum note_kind kinds[KEYING_NOTE_COUNT] = {
		[KEYING_NOTE_UP] = NOTE_KEYS_AGREED,
		[KEYING_NOTE_DOWN] = NOTE_KEYS_LOST,
		[KEYING_NOTE_REKEYED] = NOTE_KEYS_CHANGED,
		[KEYING_NOTE_FAILED] = NOTE_KEYS_FAILED,
		[KEYING_NOTE_REFUSED] = NOTE_KEYS_REFUSED,
	};
	const enum key_fault fault = e->note.fault;
	const struct note note = {
		.kind = kinds[e->note.kind],
		.local = e->pair.local,
		.remote = e->pair.remote,
		.generation = e->note.generation,
		.reason = fault != KEY_OK ? key_fault_text(fault) : NULL,
		.detail = e->note.detail,
	};

	if (is_violation(fault))
		violations_add(&s->violations,
			       &(struct violation){ .ntp = s->now.ntp,
						    .source = e->pair.remote,
						    .reason = key_fault_text(fault) });
	log_note(s->log, &note, &s->links, s->now);
}

static void act(struct agent_shell *s, const struct keying_effect *e)
{
	struct agent_keys *k = s->keys;
	struct fwd *f = datapath_fwd(s->data);

	switch (e->kind) {
	case KEYING_CONNECT:
		key_sock_connect(k->sock, e->stream, e->pair.local, e->pair.remote);
		break;
	case KEYING_SEND:
		key_sock_send(k->sock, e->stream, e->bytes.at, e->bytes.len);
		break;
	case KEYING_CLOSE:
		key_sock_end(k->sock, e->stream);
		break;
	case KEYING_SA_IN_ADD:
		keying_done(k->keying, e, -act_in_add(s, e), s->now, &k->spare);
		break;
	case KEYING_SA_IN_DEL:
		(void)fwd_sa_in_del(f, e->pair.local, e->sa.spi);
		break;
	case KEYING_SA_OUT_SET:
		keying_done(k->keying, e, -act_out_set(s, e), s->now, &k->spare);
		break;
	case KEYING_SA_OUT_CLEAR:
		act_out_clear(s, e);
		break;
	case KEYING_PEER_UP:
		tell_core(s, e, true);
		break;
	case KEYING_PEER_DOWN:
		tell_core(s, e, false);
		break;
	case KEYING_NOTE:
		act_note(s, e);
		break;
	case KEYING_EFFECT_COUNT:
		break;
	}
}

static void swap_lists(struct agent_keys *k)
{
	const struct keying_effects done = k->fx;

	k->fx = k->spare;
	k->spare = done;
}

/* What comes of effects goes into `spare`, which is the next round's list. */
void agent_keys_run(struct agent_shell *s)
{
	struct agent_keys *k = s->keys;

	for (unsigned round = 0; round < ROUNDS_MAX; round++) {
		if (k->fx.count == 0 && !k->fx.overflow)
			return;
		for (size_t i = 0; i < k->fx.count; i++)
			act(s, &k->fx.at[i]);
		if (k->fx.overflow)
			keying_overflow(k->keying, s->now, &k->spare);
		keying_effects_clear(&k->fx);
		swap_lists(k);
	}
}
