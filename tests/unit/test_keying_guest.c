/* SPDX-License-Identifier: ISC */
/*
 * A keying alone among strangers, and with a guest that has the key but not the
 * manners: the test itself is the other end of its streams.
 */
#include "tests/unit/key_world.h"

#include <CUnit/CUnit.h>

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/suites.h"

struct lone {
	struct key_world *w;
	struct keying *k;
	struct keying_effects fx;
};

/* One keying, to whose streams the test itself is the other end. */
static struct lone lone_keying(uint64_t seed)
{
	struct lone l = { .w = key_world_new(seed) };

	key_world_start(l.w, 1);
	l.k = l.w->node[1].k;
	keying_effects_init(&l.fx);
	return l;
}

static void end_lone(struct lone *l)
{
	keying_effects_fini(&l->fx);
	key_world_end(l->w);
}

static uint32_t knock(struct lone *l)
{
	return keying_accepted(l->k, l->w->node[1].spec.pair, l->w->now, &l->fx);
}

static void strangers_are_not_let_in(void)
{
	struct lone l = lone_keying(11);
	struct keying_pair pair = l.w->node[1].spec.pair;

	inet_pton(AF_INET, "203.0.113.5", &pair.remote);
	for (int i = 0; i < 1000; i++)
		CU_ASSERT_EQUAL(keying_accepted(l.k, pair, l.w->now, &l.fx), 0);
	CU_ASSERT_EQUAL(l.fx.count, 1); /* one note */
	CU_ASSERT_EQUAL(l.fx.at[0].note.fault, KEY_FAULT_UNKNOWN_ADDRESS);
	CU_ASSERT_EQUAL(key_world_faults(l.k, KEY_FAULT_UNKNOWN_ADDRESS), 1000);
	end_lone(&l);
}

static void move_on(struct lone *l, int64_t seconds)
{
	l->w->now.mono = instant_add(l->w->now.mono, duration_s(seconds));
	keying_deadline(l->k, l->w->now, &l->fx);
}

static void handshakes_have_few_places(void)
{
	struct lone l = lone_keying(12);
	uint32_t first = knock(&l);

	CU_ASSERT_NOT_EQUAL(first, 0);
	CU_ASSERT_NOT_EQUAL(knock(&l), 0);
	CU_ASSERT_EQUAL(knock(&l), 0);
	CU_ASSERT_EQUAL(key_world_faults(l.k, KEY_FAULT_TOO_MANY), 1);
	keying_closed(l.k, first, ECONNRESET, l.w->now, &l.fx);
	CU_ASSERT_NOT_EQUAL(knock(&l), 0);
	CU_ASSERT_EQUAL(knock(&l), 0);
	move_on(&l, 11); /* who says nothing goes */
	CU_ASSERT_TRUE(key_world_faults(l.k, KEY_FAULT_TIMEOUT) >= 2);
	CU_ASSERT_NOT_EQUAL(knock(&l), 0);
	end_lone(&l);
}

static void garbage_ends_the_stream(void)
{
	struct lone l = lone_keying(13);
	uint32_t stream = knock(&l);

	keying_effects_clear(&l.fx);
	keying_received(l.k, stream, "GET / HTTP/1.0\r\n\r\n", 18, l.w->now, &l.fx);
	CU_ASSERT_EQUAL(l.fx.at[l.fx.count - 1].kind, KEYING_CLOSE);
	CU_ASSERT_EQUAL(l.fx.at[l.fx.count - 1].fault, KEY_FAULT_NOT_TLS);
	CU_ASSERT_EQUAL(key_world_faults(l.k, KEY_FAULT_NOT_TLS), 1);
	keying_received(l.k, stream, "more", 4, l.w->now, &l.fx); /* ignored */
	end_lone(&l);
}

/* A peer that has the key but not the manners. */

struct guest {
	struct lone l;
	struct tls *tls;
	uint32_t stream;
};

/* Carry out what concerns the guest; associations stand at once. */
static void serve(struct guest *g)
{
	while (g->l.fx.count > 0) {
		struct keying_effects next;

		keying_effects_init(&next);
		for (size_t i = 0; i < g->l.fx.count; i++) {
			const struct keying_effect *e = &g->l.fx.at[i];

			if (e->kind == KEYING_SEND && e->stream == g->stream)
				tls_receive(g->tls, e->bytes.at, e->bytes.len);
			keying_done(g->l.k, e, 0, g->l.w->now, &next);
		}
		keying_effects_fini(&g->l.fx);
		g->l.fx = next;
	}
}

static void speak(struct guest *g)
{
	const uint8_t *bytes;
	size_t len;

	while ((len = tls_to_send(g->tls, &bytes)) > 0) {
		keying_received(g->l.k, g->stream, bytes, len, g->l.w->now, &g->l.fx);
		tls_sent(g->tls);
		serve(g);
	}
}

static struct guest guest_of(uint64_t seed)
{
	struct guest g = { .l = lone_keying(seed) };
	const struct keying_peer_spec *s = &g.l.w->node[1].spec;
	const struct psk_source from = { s->keys[0].kind,
					 s->keys[0].spi,
					 s->keys[0].key,
					 { s->pair.local, s->pair.remote } };
	struct tls_credentials *c;
	struct psk psk;

	psk_derive(&from, &psk);
	c = tls_credentials_psk(&psk, 1);
	g.tls = tls_new(c, TLS_CLIENT, g.l.w->now.ntp);
	tls_credentials_free(c);
	g.stream = knock(&g.l);
	speak(&g);
	CU_ASSERT_TRUE(tls_is_open(g.tls));
	return g;
}

static void end_guest(struct guest *g)
{
	tls_free(g->tls);
	end_lone(&g->l);
}

static void say(struct guest *g, const struct key_msg *m)
{
	uint8_t bytes[KEY_MSG_MAX];
	struct writer w = writer_over(bytes, sizeof(bytes));

	key_msg_encode(&w, m);
	tls_write(g->tls, bytes, writer_len(&w));
	speak(g);
}

/* The guest leads: its instance is lower than any that is drawn. */
static const struct key_msg hello = { .type = KEY_MSG_HELLO,
				      .hello = { .version = KEY_MSG_VERSION,
						 .esn = true,
						 .algorithms = 1 << ESP_AES_128_GCM,
						 .instance = 1 } };

static struct key_msg ready_of(uint32_t generation)
{
	return (struct key_msg){ .type = KEY_MSG_READY,
				 .ready = { generation, 1000 + generation,
					    ESP_AES_128_GCM, true } };
}

static bool is_up(const struct guest *g)
{
	struct keying_status s;

	keying_status(g->l.k, g->l.w->node[1].spec.pair, &s);
	return s.state == KEYING_UP;
}

static void a_guest_with_manners_is_up(void)
{
	struct guest g = guest_of(14);
	struct key_msg m = ready_of(5);

	say(&g, &hello);
	say(&g, &m);
	CU_ASSERT_TRUE(is_up(&g));
	m = ready_of(6);
	say(&g, &m);
	CU_ASSERT_TRUE(is_up(&g));
	end_guest(&g);
}

struct rude_row {
	struct key_msg first, second; /* after HELLO and READY 5, unless `early` */
	bool early;
	enum key_fault fault;
};

static void what_is_out_of_turn_ends_it(void)
{
	const struct rude_row rows[] = {
		{ ready_of(1), { 0 }, true, KEY_FAULT_UNEXPECTED },
		{ { KEY_MSG_ALIVE, { .alive = KEY_ALIVE_PROBE } },
		  { 0 },
		  true,
		  KEY_FAULT_UNEXPECTED },
		{ hello, { 0 }, false, KEY_FAULT_UNEXPECTED },
		{ ready_of(5), { 0 }, false, KEY_FAULT_UNEXPECTED }, /* again */
		{ ready_of(4), { 0 }, false, KEY_FAULT_UNEXPECTED },
		{ ready_of(7), { 0 }, false, KEY_FAULT_UNEXPECTED },
		{ ready_of(6), ready_of(6), false, KEY_FAULT_UNEXPECTED },
		{ { KEY_MSG_USING, { .using_generation = 6 } },
		  { 0 },
		  false,
		  KEY_FAULT_UNEXPECTED },
		{ { KEY_MSG_READY, { .ready = { 6, 999, ESP_NULL_SHA256, true } } },
		  { 0 },
		  false,
		  KEY_FAULT_NOT_ALLOWED },
		{ { KEY_MSG_READY, { .ready = { 6, 999, ESP_AES_128_GCM, false } } },
		  { 0 },
		  false,
		  KEY_FAULT_NOT_ALLOWED },
		{ { KEY_MSG_BYE, { .bye = KEY_BYE_PROTOCOL } },
		  { 0 },
		  false,
		  KEY_FAULT_PROTOCOL },
		{ { KEY_MSG_BYE, { .bye = KEY_BYE_NOT_INSTALLED } },
		  { 0 },
		  false,
		  KEY_FAULT_NOT_INSTALLED },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct guest g = guest_of(15);
		const struct key_msg m = ready_of(5);

		if (!rows[i].early) {
			say(&g, &hello);
			say(&g, &m);
		}
		say(&g, &rows[i].first);
		if (rows[i].second.type)
			say(&g, &rows[i].second);
		CU_ASSERT_FALSE(is_up(&g));
		CU_ASSERT_EQUAL(key_world_faults(g.l.k, rows[i].fault), 1);
		end_guest(&g);
	}
}

static void rubbish_inside_ends_it(void)
{
	struct guest g = guest_of(16);

	tls_write(g.tls, "\x77\x77\x77", 3);
	speak(&g);
	CU_ASSERT_EQUAL(key_world_faults(g.l.k, KEY_FAULT_MESSAGE), 1);
	end_guest(&g);
}

/* Generation upon generation and never a word of using one: memory stays bounded. */
static void a_rush_of_generations_is_stopped(void)
{
	struct guest g = guest_of(17);

	say(&g, &hello);
	for (uint32_t i = 1; i < 100; i++) {
		const struct key_msg m = ready_of(i);

		say(&g, &m);
	}
	CU_ASSERT_FALSE(is_up(&g));
	CU_ASSERT_EQUAL(key_world_faults(g.l.k, KEY_FAULT_UNEXPECTED), 1);
	end_guest(&g);
}

/* An answer that never comes. */
static void silence_after_a_new_key_is_noticed(void)
{
	struct guest g = guest_of(18);
	const struct key_msg m = ready_of(1);

	say(&g, &hello);
	say(&g, &m);
	CU_ASSERT_TRUE(
		keying_rekey(g.l.k, g.l.w->node[1].spec.pair, g.l.w->now, &g.l.fx));
	serve(&g);
	move_on(&g.l, 10);
	CU_ASSERT_EQUAL(key_world_faults(g.l.k, KEY_FAULT_NO_ANSWER), 1);
	end_guest(&g);
}

static void texts_hold_no_key(void)
{
	struct guest g = guest_of(19);
	const struct key_msg m = ready_of(1);
	bool seen = false;

	say(&g, &hello);
	tls_write(g.tls, "", 0);
	{
		uint8_t bytes[KEY_MSG_MAX];
		struct writer w = writer_over(bytes, sizeof(bytes));
		const uint8_t *out;
		size_t len;

		key_msg_encode(&w, &m);
		tls_write(g.tls, bytes, writer_len(&w));
		len = tls_to_send(g.tls, &out);
		keying_received(g.l.k, g.stream, out, len, g.l.w->now, &g.l.fx);
	}
	for (size_t i = 0; i < g.l.fx.count; i++) {
		const struct keying_effect *e = &g.l.fx.at[i];
		char text[256], hex[9];

		keying_effect_describe(e, text, sizeof(text));
		if (e->kind != KEYING_SA_OUT_SET)
			continue;
		seen = true;
		for (int j = 0; j < 4; j++)
			snprintf(hex + 2 * j, 3, "%02x", e->sa.material.bytes[j]);
		CU_ASSERT_PTR_NULL(strstr(text, hex));
	}
	CU_ASSERT_TRUE(seen);
	end_guest(&g);
}

void suite_keying_guest(void)
{
	CU_pSuite s = CU_add_suite("keying_guest", NULL, NULL);

	CU_ADD_TEST(s, strangers_are_not_let_in);
	CU_ADD_TEST(s, handshakes_have_few_places);
	CU_ADD_TEST(s, garbage_ends_the_stream);
	CU_ADD_TEST(s, a_guest_with_manners_is_up);
	CU_ADD_TEST(s, what_is_out_of_turn_ends_it);
	CU_ADD_TEST(s, rubbish_inside_ends_it);
	CU_ADD_TEST(s, a_rush_of_generations_is_stopped);
	CU_ADD_TEST(s, silence_after_a_new_key_is_noticed);
	CU_ADD_TEST(s, texts_hold_no_key);
}
