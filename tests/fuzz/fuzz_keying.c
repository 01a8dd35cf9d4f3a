/* SPDX-License-Identifier: ISC */
/*
 * Any octets where a peer's would be: as messages inside TLS; as the beginning of a
 * stream that a keying takes, in pieces; and as what follows a handshake with the
 * right key, inside TLS and instead of it.
 *
 * The first octet chooses the piece, the rest is the stream.  A keying that was told
 * of a fault closes the stream, keeps what it holds bounded, and goes on.
 */
#include "common/keying/keying_private.h"

#include <arpa/inet.h>

#include "tests/fuzz/fuzz.h"

static uint8_t key_bytes[] = "a key that two agents share";
static const struct secret key = { key_bytes, sizeof(key_bytes) };

struct stage {
	struct keying *k;
	struct keying_pair pair;
	struct keying_effects fx;
	struct rng_seeded seed;
	struct now now;
	uint32_t stream;
	bool closed;
	struct tls *tls; /* the other end, once it has the key */
};

static void check_messages(struct reader in)
{
	struct key_msg m;

	while (key_msg_decode(&in, &m) == KEY_OK) {
		uint8_t bytes[KEY_MSG_MAX];
		struct writer w = writer_over(bytes, sizeof(bytes));
		struct reader again;
		struct key_msg n;

		key_msg_encode(&w, &m);
		PROMISE(!w.bad);
		again = reader_over(bytes, writer_len(&w));
		PROMISE(key_msg_decode(&again, &n) == KEY_OK);
		PROMISE(n.type == m.type && reader_left(&again) == 0);
	}
}

static void carry_out(struct stage *s)
{
	while (s->fx.count > 0) {
		struct keying_effects next;

		keying_effects_init(&next);
		for (size_t i = 0; i < s->fx.count; i++) {
			const struct keying_effect *e = &s->fx.at[i];

			if (e->kind == KEYING_SEND && e->stream == s->stream && s->tls)
				tls_receive(s->tls, e->bytes.at, e->bytes.len);
			if (e->kind == KEYING_CLOSE && e->stream == s->stream)
				s->closed = true;
			keying_done(s->k, e, 0, s->now, &next);
		}
		keying_effects_fini(&s->fx);
		s->fx = next;
	}
}

static void open_stage(struct stage *s)
{
	struct keying_peer_spec spec = {
		.keys = { { SA_FA_HA, 300, &key } },
		.key_count = 1,
		.algorithms = { ESP_AES_128_GCM },
		.algorithm_count = 1,
		.dead_after = duration_s(30),
	};
	const struct keying_config c = { .peers = &spec, .peer_count = 1 };

	*s = (struct stage){ .now.mono.ns = 1 };
	inet_pton(AF_INET, "192.0.2.1", &spec.pair.local);
	inet_pton(AF_INET, "192.0.2.2", &spec.pair.remote);
	s->pair = spec.pair;
	keying_effects_init(&s->fx);
	s->k = keying_new(&c, rng_seeded_init(&s->seed, 1), s->now, &s->fx);
	PROMISE(s->k);
	carry_out(s);
	s->stream = keying_accepted(s->k, s->pair, s->now, &s->fx);
	PROMISE(s->stream != 0);
}

/* Time passes, too: nothing stays due, and it can be left at any point. */
static void close_stage(struct stage *s)
{
	carry_out(s);
	PROMISE(s->k->handshakes <= 1);
	s->now.mono = instant_add(s->now.mono, duration_s(100));
	keying_deadline(s->k, s->now, &s->fx);
	carry_out(s);
	PROMISE(!instant_due(keying_next_deadline(s->k), s->now.mono));
	keying_stop(s->k, s->now, &s->fx);
	carry_out(s);
	PROMISE(key_session_find(s->k, s->stream) == NULL);
	tls_free(s->tls);
	keying_free(s->k);
	keying_effects_fini(&s->fx);
}

static void give(struct stage *s, const uint8_t *bytes, size_t len)
{
	keying_received(s->k, s->stream, bytes, len, s->now, &s->fx);
	carry_out(s);
}

static void give_pieces(struct stage *s, const uint8_t *data, size_t size, size_t piece)
{
	for (size_t at = 0; at < size && !s->closed; at += piece)
		give(s, data + at, size - at < piece ? size - at : piece);
}

static void speak(struct stage *s)
{
	const uint8_t *bytes;
	size_t len;

	while ((len = tls_to_send(s->tls, &bytes)) > 0) {
		keying_received(s->k, s->stream, bytes, len, s->now, &s->fx);
		tls_sent(s->tls);
		carry_out(s);
	}
}

static void shake_hands(struct stage *s)
{
	const struct psk_source from = {
		SA_FA_HA, 300, &key, { s->pair.local, s->pair.remote }
	};
	struct tls_credentials *c;
	struct psk psk;

	PROMISE(psk_derive(&from, &psk) == KEY_OK);
	c = tls_credentials_psk(&psk, 1);
	PROMISE(c);
	s->tls = tls_new(c, TLS_CLIENT, 0);
	tls_credentials_free(c);
	PROMISE(s->tls);
	speak(s);
	PROMISE(tls_is_open(s->tls));
}

static void speak_pieces(struct stage *s, const uint8_t *data, size_t size,
			 size_t piece)
{
	for (size_t at = 0; at < size && !s->closed; at += piece) {
		tls_write(s->tls, data + at, size - at < piece ? size - at : piece);
		speak(s);
	}
}

void fuzz_keying(const uint8_t *data, size_t size)
{
	struct stage s;
	size_t piece;

	check_messages(reader_over(data, size));
	if (size < 2)
		return;
	piece = 1 + data[0];
	open_stage(&s);
	switch (data[0] % 3) {
	case 0:
		give_pieces(&s, data + 1, size - 1, piece);
		break;
	case 1:
		shake_hands(&s);
		give_pieces(&s, data + 1, size - 1, piece);
		break;
	default:
		shake_hands(&s);
		speak_pieces(&s, data + 1, size - 1, piece);
		break;
	}
	close_stage(&s);
}
