/* SPDX-License-Identifier: ISC */
/*
 * Generations of associations: chosen by the receiver, derived by both ends, the
 * new one in place before the old one goes.
 *
 *        A                                           B
 *   inbound g+1 installed
 *                 ---- READY g+1, SPI, algorithm --->
 *                                     outbound := A's g+1; inbound g+1 installed
 *                 <--- USING g+1 --------------------   A's older ones retire
 *                 <--- READY g+1, SPI, algorithm ----
 *   outbound := B's g+1
 *                 ---- USING g+1 ------------------->   B's older ones retire
 *
 * Both ends may begin; then two READYs of the same generation cross and answer each
 * other.  What retires lives on for a grace, for packets under way.
 *
 * Why no key is ever used by two senders or for two associations, so that no nonce
 * of AEAD, which is the sequence number, can come twice under one key:
 *
 *  - The key of an association is exported from the secrets of one TLS connection.
 *    Both ends put fresh random numbers and an ephemeral exchange into these; they
 *    are in memory only, there are no tickets, and they die with the connection.  So
 *    after a crash, a restart or a lost connection no key of before can be derived
 *    again, whatever a peer or an attacker repeats.
 *  - Within a connection, the exporter's context names the direction, so the two
 *    ends never send by one key; and the generation, which `adopted` lets only grow,
 *    so that a sender derives a key for sending at most once and hands it out in one
 *    KEYING_SA_OUT_SET.  A READY that comes twice is refused by the same test.
 *  - SPI and algorithm are in the context too: another SPI of the same generation,
 *    after a collision, is another key.
 *  - The data plane begins an association at sequence number 1 and never lets it
 *    cycle.
 */
#include "common/keying/keying_private.h"

#include <errno.h>

/* The sender of the direction began the connection, or took it. */
enum direction { FROM_CLIENT, FROM_SERVER };

static const char export_label[] = "EXPORTER-sojourn-esp";

/* What an association is made from. */
struct sa_choice {
	enum direction direction;
	uint32_t generation;
	uint32_t spi;
	enum esp_algorithm algorithm;
	bool esn;
};

static int derive(struct key_session *s, const struct sa_choice *c, struct secret *out)
{
	uint8_t context[16], material[ESP_MATERIAL_MAX];
	struct writer w = writer_over(context, sizeof(context));
	const size_t len = esp_key_material_len(c->algorithm);
	int error;

	write_u8(&w, KEY_MSG_VERSION);
	write_u32(&w, c->generation);
	write_u8(&w, (uint8_t)c->direction);
	write_u32(&w, c->spi);
	write_u8(&w, key_algorithm_number(c->algorithm));
	write_u8(&w, c->esn);
	error = tls_export(s->tls, export_label, context, writer_len(&w), material,
			   len);
	if (error == 0)
		error = secret_init(out, material, len);
	secret_wipe(material, sizeof(material));
	return error;
}

/* An effect that puts an association in use; false: it cannot be. */
static bool put_in_use(struct key_turn *t, struct key_session *s,
		       enum keying_effect_kind kind, const struct sa_choice *c)
{
	const struct key_peer *p = s->peer;
	struct secret material;
	struct keying_effect *e;

	if (derive(s, c, &material) < 0)
		return false;
	e = keying_effect_add(t->fx, kind, p->spec.pair, s->stream);
	if (!e) {
		secret_fini(&material);
		return false;
	}
	e->sa = (struct keying_sa){
		.spi = c->spi,
		.algorithm = c->algorithm,
		.esn = c->esn,
		.material = material,
		.generation = c->generation,
		.carrier = p->carrier,
		.port = p->carrier == KEY_CARRIER_UDP ? s->theirs.port : 0,
		.soft_octets = kind == KEYING_SA_OUT_SET ? p->spec.rekey_octets : 0,
		.soft_packets = kind == KEYING_SA_OUT_SET ? p->spec.rekey_packets : 0,
	};
	return true;
}

enum esp_algorithm key_sa_choose(const struct key_peer *p, key_algorithms_t theirs)
{
	for (size_t i = 0; i < p->spec.algorithm_count; i++)
		if (theirs & key_algorithm_bit(p->spec.algorithms[i]))
			return p->spec.algorithms[i];
	return ESP_ALGORITHM_COUNT;
}

/* Inbound. */

void key_sa_delete(struct key_turn *t, struct keying_pair pair, uint32_t spi)
{
	struct keying_effect *e = keying_effect_add(t->fx, KEYING_SA_IN_DEL, pair, 0);

	if (e)
		e->sa.spi = spi;
}

/*
 * One that is not reported on yet may prove to be somebody else's SPI: it is deleted,
 * if it then is ours, when the report comes (keying_done).
 */
static void delete_inbound(struct key_turn *t, struct key_peer *p,
			   struct key_inbound *in)
{
	if (in->state != INBOUND_ASKED)
		key_sa_delete(t, p->spec.pair, in->spi);
	*in = (struct key_inbound){ 0 };
}

static struct key_inbound *inbound_in(struct key_peer *p, enum inbound_state state)
{
	for (size_t i = 0; i < INBOUND_MAX; i++)
		if (p->inbound[i].state == state)
			return &p->inbound[i];
	return NULL;
}

static struct key_inbound *inbound_by_spi(struct key_peer *p, uint32_t spi)
{
	for (size_t i = 0; i < INBOUND_MAX; i++)
		if (p->inbound[i].state != INBOUND_NONE && p->inbound[i].spi == spi)
			return &p->inbound[i];
	return NULL;
}

/* The one to give up when there are too many: retiring before others, then by age. */
static struct key_inbound *least_needed(struct key_peer *p, const struct key_session *s)
{
	struct key_inbound *found = NULL;

	for (size_t i = 0; i < INBOUND_MAX; i++) {
		struct key_inbound *in = &p->inbound[i];

		if (in->state != INBOUND_RETIRING && in->stream == s->stream)
			continue;
		if (!found || in->state > found->state ||
		    (in->state == found->state && in->order < found->order))
			found = in;
	}
	return found;
}

static struct key_inbound *inbound_place(struct key_turn *t, struct key_session *s)
{
	struct key_inbound *in = inbound_in(s->peer, INBOUND_NONE);

	if (in)
		return in;
	in = least_needed(s->peer, s);
	if (in)
		delete_inbound(t, s->peer, in);
	return in;
}

/* RFC 4303 2.1: not one of the reserved. */
static uint32_t draw_spi(struct key_turn *t, struct key_peer *p)
{
	uint32_t spi;

	do
		spi = rng_u32(&t->k->rng);
	while (spi <= SPI_RESERVED_MAX || inbound_by_spi(p, spi));
	return spi;
}

static bool ask_inbound(struct key_turn *t, struct key_session *s,
			struct key_inbound *in)
{
	const struct sa_choice c = {
		.direction = s->ours ? FROM_SERVER : FROM_CLIENT,
		.generation = in->generation,
		.spi = in->spi = draw_spi(t, s->peer),
		.algorithm = in->algorithm,
		.esn = s->peer->esn,
	};

	if (put_in_use(t, s, KEYING_SA_IN_ADD, &c))
		return true;
	*in = (struct key_inbound){ 0 };
	key_session_reject(t, s, KEY_BYE_NOT_INSTALLED, KEY_FAULT_MEMORY);
	return false;
}

/* Begin a generation; it is announced when it stands. */
static void new_inbound(struct key_turn *t, struct key_session *s, uint32_t generation)
{
	struct key_peer *p = s->peer;
	struct key_inbound *in = inbound_place(t, s);

	if (!in || generation > GENERATION_MAX) {
		key_session_reject(t, s, KEY_BYE_PROTOCOL, KEY_FAULT_UNEXPECTED);
		return;
	}
	*in = (struct key_inbound){
		.state = INBOUND_ASKED,
		.generation = generation,
		.stream = s->stream,
		.order = ++p->order,
		.algorithm = key_sa_choose(p, s->theirs.algorithms),
		.retire_at = INSTANT_NEVER,
	};
	s->asked = generation;
	if (p->generation < generation)
		p->generation = generation;
	p->answer_by = instant_add(t->now.mono, duration_s(ANSWER_SECONDS));
	ask_inbound(t, s, in);
}

/* What both want of the two ways to number and to carry. */
static void agree(struct key_peer *p, struct key_session *s)
{
	p->current = s;
	p->esn = p->spec.esn && s->theirs.esn;
	p->carrier = p->spec.carrier == KEY_CARRIER_UDP ||
				     s->theirs.carrier == KEY_CARRIER_UDP
			     ? KEY_CARRIER_UDP
			     : KEY_CARRIER_RAW;
}

void key_sa_begin(struct key_turn *t, struct key_session *s)
{
	agree(s->peer, s);
	new_inbound(t, s, s->peer->generation + 1);
}

static bool is_at_rest(const struct key_session *s)
{
	return s->settled && s->asked == s->announced && s->asked == s->adopted;
}

bool key_sa_rekey(struct key_turn *t, struct key_peer *p)
{
	struct key_session *s = p->current;

	if (!s || !is_at_rest(s) || !inbound_in(p, INBOUND_NONE))
		return false;
	new_inbound(t, s, s->asked + 1);
	return true;
}

/* Both ways stand on this generation. */
static void check_settled(struct key_turn *t, struct key_session *s)
{
	struct key_peer *p = s->peer;
	struct keying_effect *e;

	if (s->ended || s->asked != s->announced || s->asked != s->adopted)
		return;
	p->answer_by = INSTANT_NEVER;
	p->keyed = t->now.mono;
	p->rekey_at = key_peer_shortened(t, p->spec.rekey);
	if (!s->settled) {
		s->settled = true;
		t->k->counts[KEYING_SETTLED]++;
		p->noted = 0;
		key_peer_proven(t, p);
		return;
	}
	t->k->counts[KEYING_REKEYS]++;
	p->rekeys++;
	e = keying_effect_add(t->fx, KEYING_NOTE, p->spec.pair, s->stream);
	if (e)
		e->note = (struct keying_note){ .kind = KEYING_NOTE_REKEYED,
						.generation = s->adopted };
}

static void announce(struct key_turn *t, struct key_session *s,
		     const struct key_inbound *in)
{
	const struct key_msg m = {
		.type = KEY_MSG_READY,
		.ready = {
			.generation = in->generation,
			.spi = in->spi,
			.algorithm = in->algorithm,
			.esn = s->peer->esn,
		},
	};

	s->announced = in->generation;
	key_session_send(t, s, &m);
}

/* Another SPI is another key: the one of before was announced to nobody. */
static void try_again(struct key_turn *t, struct key_session *s, struct key_inbound *in)
{
	t->k->faults[KEY_FAULT_SPI_TAKEN]++;
	in->tries++;
	ask_inbound(t, s, in);
}

static void inbound_failed(struct key_turn *t, struct key_session *s,
			   struct key_inbound *in, int error)
{
	if (s && error == EEXIST && in->tries < SPI_TRIES) {
		try_again(t, s, in);
		return;
	}
	*in = (struct key_inbound){ 0 };
	if (s)
		key_session_reject(t, s, KEY_BYE_NOT_INSTALLED,
				   KEY_FAULT_NOT_INSTALLED);
}

static void inbound_stands(struct key_turn *t, struct key_session *s,
			   struct key_inbound *in)
{
	in->state = INBOUND_READY;
	announce(t, s, in);
	check_settled(t, s);
	key_peer_check_up(t, s->peer);
}

bool key_sa_in_done(struct key_turn *t, struct key_peer *p, uint32_t spi, int error)
{
	struct key_inbound *in = inbound_by_spi(p, spi);
	struct key_session *s = in ? key_session_find(t->k, in->stream) : NULL;

	if (!in || in->state != INBOUND_ASKED)
		return false;
	if (error != 0) {
		inbound_failed(t, s, in, error);
		return true;
	}
	if (s)
		inbound_stands(t, s, in);
	else
		*in = (struct key_inbound){ 0 }; /* nobody was told of it */
	return s != NULL;
}

void key_sa_using(struct key_turn *t, struct key_session *s, uint32_t generation)
{
	struct key_peer *p = s->peer;
	const struct key_inbound *used = NULL;

	for (size_t i = 0; i < INBOUND_MAX; i++)
		if (p->inbound[i].state != INBOUND_NONE &&
		    p->inbound[i].stream == s->stream &&
		    p->inbound[i].generation == generation)
			used = &p->inbound[i];
	if (generation > s->announced) {
		key_session_reject(t, s, KEY_BYE_PROTOCOL, KEY_FAULT_UNEXPECTED);
		return;
	}
	for (size_t i = 0; used && i < INBOUND_MAX; i++) {
		struct key_inbound *in = &p->inbound[i];

		if (in->state != INBOUND_READY || in->order >= used->order)
			continue;
		in->state = INBOUND_RETIRING;
		in->retire_at = instant_add(t->now.mono, t->k->grace);
	}
}

instant_t key_sa_next_expiry(const struct key_peer *p)
{
	instant_t next = INSTANT_NEVER;

	for (size_t i = 0; i < INBOUND_MAX; i++)
		if (p->inbound[i].state == INBOUND_RETIRING)
			next = instant_min(next, p->inbound[i].retire_at);
	return next;
}

void key_sa_expire(struct key_turn *t, struct key_peer *p)
{
	for (size_t i = 0; i < INBOUND_MAX; i++) {
		if (p->inbound[i].state != INBOUND_RETIRING ||
		    !instant_due(p->inbound[i].retire_at, t->now.mono))
			continue;
		t->k->counts[KEYING_RETIRED]++;
		delete_inbound(t, p, &p->inbound[i]);
	}
}

/* Outbound. */

static bool is_allowed(const struct key_peer *p, const struct key_session *s,
		       const struct key_ready *r)
{
	const bool esn = p->spec.esn && s->theirs.esn;

	for (size_t i = 0; i < p->spec.algorithm_count; i++)
		if (p->spec.algorithms[i] == r->algorithm)
			return r->esn == esn;
	return false;
}

/* By a connection that is not the current one: only the leader moves from it. */
static bool is_newer(const struct key_peer *p, const struct key_session *s,
		     const struct key_ready *r)
{
	const struct key_outbound *out = &p->outbound;

	if (p->leader)
		return false;
	return out->instance != s->theirs.instance || r->generation > out->generation;
}

/* The next generation, or the answer to ours; never one that was adopted before. */
static bool is_in_turn(const struct key_session *s, const struct key_ready *r)
{
	return r->generation > s->adopted && r->generation >= s->asked &&
	       r->generation <= s->asked + 1;
}

static bool adopt(struct key_turn *t, struct key_session *s, const struct key_ready *r)
{
	struct key_peer *p = s->peer;
	const struct sa_choice c = {
		.direction = s->ours ? FROM_CLIENT : FROM_SERVER,
		.generation = r->generation,
		.spi = r->spi,
		.algorithm = r->algorithm,
		.esn = r->esn,
	};

	s->adopted = r->generation; /* before the key exists: never again */
	if (!put_in_use(t, s, KEYING_SA_OUT_SET, &c)) {
		key_session_reject(t, s, KEY_BYE_NOT_INSTALLED, KEY_FAULT_MEMORY);
		return false;
	}
	p->outbound = (struct key_outbound){
		.asked = true,
		.set = p->outbound.set,
		.spi = r->spi,
		.generation = r->generation,
		.stream = s->stream,
		.instance = s->theirs.instance,
		.algorithm = r->algorithm,
	};
	if (p->generation < r->generation)
		p->generation = r->generation;
	return true;
}

void key_sa_ready(struct key_turn *t, struct key_session *s, const struct key_ready *r)
{
	struct key_peer *p = s->peer;

	if (!is_allowed(p, s, r) || r->generation > GENERATION_MAX) {
		key_session_reject(t, s, KEY_BYE_PROTOCOL, KEY_FAULT_NOT_ALLOWED);
		return;
	}
	if (s == p->current) {
		if (!is_in_turn(s, r)) {
			key_session_reject(t, s, KEY_BYE_PROTOCOL,
					   KEY_FAULT_UNEXPECTED);
			return;
		}
	} else if (r->generation > s->adopted && is_newer(p, s, r)) {
		agree(p, s);
	} else {
		t->k->counts[KEYING_STALE]++;
		return;
	}
	if (!adopt(t, s, r))
		return;
	if (s->asked < r->generation)
		new_inbound(t, s, r->generation);
	else
		check_settled(t, s);
}

void key_sa_out_done(struct key_turn *t, struct key_peer *p, uint32_t spi, int error)
{
	struct key_outbound *out = &p->outbound;
	struct key_session *s = key_session_find(t->k, out->stream);
	const struct key_msg m = { .type = KEY_MSG_USING,
				   .using_generation = out->generation };

	if (!out->asked)
		return;
	if (out->spi != spi) { /* replaced since, but it was put in use */
		out->set |= error == 0;
		return;
	}
	out->asked = false;
	if (error != 0) {
		if (s)
			key_session_reject(t, s, KEY_BYE_NOT_INSTALLED,
					   KEY_FAULT_NOT_INSTALLED);
		return;
	}
	out->set = true;
	if (s)
		key_session_send(t, s, &m);
	key_peer_check_up(t, p);
}

/* Both. */

bool key_sa_any(const struct key_peer *p)
{
	for (size_t i = 0; i < INBOUND_MAX; i++)
		if (p->inbound[i].state != INBOUND_NONE)
			return true;
	return p->outbound.set || p->outbound.asked;
}

/* Sending stops first. */
void key_sa_clear(struct key_turn *t, struct key_peer *p)
{
	if (p->outbound.set || p->outbound.asked)
		keying_effect_add(t->fx, KEYING_SA_OUT_CLEAR, p->spec.pair, 0);
	p->outbound = (struct key_outbound){ 0 };
	for (size_t i = 0; i < INBOUND_MAX; i++)
		if (p->inbound[i].state != INBOUND_NONE)
			delete_inbound(t, p, &p->inbound[i]);
}
