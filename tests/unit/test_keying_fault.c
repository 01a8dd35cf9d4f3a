/* SPDX-License-Identifier: ISC */
/* Peers that cannot or must not agree: why, how often it is told, and what is kept. */
#include "tests/unit/key_world.h"
#include <CUnit/CUnit.h>

#include "tests/unit/key_certificates.h"
#include "tests/unit/suites.h"

static void start(struct key_world *w)
{
	key_world_start(w, 0);
	key_world_start(w, 1);
}

/* An hour of it: never up, counted each time, told a few times. */
static void check_never(struct key_world *w, enum key_fault a, enum key_fault b)
{
	start(w);
	key_world_run(w, duration_s(3500));
	for (int i = 0; i < 2; i++) {
		CU_ASSERT_FALSE(w->node[i].up);
		CU_ASSERT_TRUE(w->node[i].failed <= 3);
		CU_ASSERT_TRUE(key_world_faults(w->node[i].k, i == 0 ? a : b) > 10);
	}
	key_world_end(w);
}

static uint8_t other_bytes[32] = "not the key that two agents had";
static const struct secret other_key = { other_bytes, sizeof(other_bytes) };

static void a_wrong_key(void)
{
	struct key_world *w = key_world_new(1);

	w->node[1].spec.keys[0].key = &other_key;
	check_never(w, KEY_FAULT_WRONG_KEY, KEY_FAULT_WRONG_KEY);
}

static void an_unknown_identity(void)
{
	struct key_world *w = key_world_new(2);

	w->node[1].spec.keys[0].spi++;
	check_never(w, KEY_FAULT_IDENTITY, KEY_FAULT_REFUSED);
}

static void no_common_algorithm(void)
{
	struct key_world *w = key_world_new(3);

	w->node[1].spec.algorithms[0] = ESP_AES_256_GCM;
	w->node[1].spec.algorithm_count = 1;
	check_never(w, KEY_FAULT_NO_COMMON_ALGORITHM, KEY_FAULT_NO_COMMON_ALGORITHM);
}

static struct authority ca, other_ca;
static struct certificate alice, bob, mallory;

static int make_certificates(void)
{
	authority_init(&ca);
	authority_init(&other_ca);
	certificate_init(&alice, &ca, "IP:192.0.2.1", 0);
	certificate_init(&bob, &ca, "IP:198.51.100.7", 0);
	certificate_init(&mallory, &other_ca, "IP:198.51.100.7", 0);
	return 0;
}

static int free_certificates(void)
{
	authority_fini(&ca);
	authority_fini(&other_ca);
	return 0;
}

static struct key_world *certified_world(const struct certificate *second)
{
	struct key_world *w = key_world_new(4);

	w->certificates[0] = certificates_of(&alice, &ca);
	w->certificates[1] = certificates_of(second, &ca);
	w->node[0].spec.key_count = w->node[1].spec.key_count = 0;
	return w;
}

static void certificates_do(void)
{
	struct key_world *w = certified_world(&bob);
	struct keying_status s;

	start(w);
	CU_ASSERT_TRUE(key_world_await_up(w, duration_s(2)));
	keying_status(w->node[0].k, w->node[0].spec.pair, &s);
	CU_ASSERT_TRUE(s.certificate);
	CU_ASSERT_STRING_EQUAL(s.suite, "TLS_AES_256_GCM_SHA384");
	key_world_end(w);
}

static void a_wrong_certificate(void)
{
	check_never(certified_world(&mallory), KEY_FAULT_CERTIFICATE,
		    KEY_FAULT_REFUSED);
}

/* Also keys that are replaced all the while, and the connection that agrees on them. */
static void what_cannot_be_proven_anew_ends(void)
{
	struct key_world *w = certified_world(&bob);
	const uint64_t two_years = (uint64_t)(2 * 365 * 86400) << 32;

	for (int i = 0; i < 2; i++) {
		w->node[i].spec.reauthenticate = duration_s(100);
		w->node[i].spec.rekey = duration_s(5);
	}
	start(w);
	CU_ASSERT_TRUE(key_world_await_up(w, duration_s(2)));
	w->now.ntp += two_years; /* and the certificates have expired */
	key_world_run(w, duration_s(127));
	CU_ASSERT_EQUAL(w->node[0].downs + w->node[1].downs, 0);
	CU_ASSERT_TRUE(w->node[0].rekeyed > 20 && key_world_is_up(w));
	CU_ASSERT_TRUE(key_world_faults(w->node[0].k, KEY_FAULT_CERTIFICATE) +
			       key_world_faults(w->node[1].k, KEY_FAULT_CERTIFICATE) >=
		       3);
	key_world_run(w, duration_s(4));
	CU_ASSERT(w->node[0].downs == 1 && w->node[1].downs == 1);
	key_world_run(w, duration_s(300));
	CU_ASSERT_FALSE(w->node[0].up || w->node[1].up);
	w->now.ntp -= two_years;
	CU_ASSERT_TRUE(key_world_await_up(w, duration_s(70)));
	key_world_end(w);
}

/* A change of settings. */

static struct key_world *world_that_is_up(uint64_t seed)
{
	struct key_world *w = key_world_new(seed);

	start(w);
	CU_ASSERT_TRUE(key_world_await_up(w, duration_s(10)));
	key_world_run(w, duration_s(15));
	return w;
}

static void limits_change_in_place(void)
{
	struct key_world *w = world_that_is_up(5);

	w->node[0].spec.rekey = duration_s(5);
	key_world_reconfigure(w, 0);
	key_world_run(w, duration_s(60));
	CU_ASSERT_TRUE(w->node[0].rekeyed >= 10);
	CU_ASSERT_EQUAL(w->node[0].downs + w->node[1].downs, 0);
	CU_ASSERT_EQUAL(w->node[0].ups, 1);
	key_world_end(w);
}

static void add_key(struct key_world *w, int node, uint32_t spi,
		    const struct secret *key)
{
	struct keying_peer_spec *s = &w->node[node].spec;

	s->keys[s->key_count++] = (struct keying_key){ SA_FA_HA, spi, key };
	key_world_reconfigure(w, node);
}

static void remove_first_key(struct key_world *w, int node)
{
	struct keying_peer_spec *s = &w->node[node].spec;

	s->keys[0] = s->keys[1];
	s->key_count = 1;
	key_world_reconfigure(w, node);
}

/* As an operator rolls a key: the new one everywhere, then the old one away. */
static void keys_are_rolled(void)
{
	struct key_world *w = world_that_is_up(6);

	add_key(w, 0, 2002, &other_key);
	add_key(w, 1, 2002, &other_key);
	key_world_run(w, duration_s(1));
	CU_ASSERT_EQUAL(w->node[0].downs + w->node[1].downs, 0);
	remove_first_key(w, 0); /* the one in use: what it opened ends */
	key_world_run(w, duration_ms(100));
	CU_ASSERT_EQUAL(w->node[0].downs, 1);
	remove_first_key(w, 1);
	CU_ASSERT_TRUE(key_world_await_up(w, duration_s(5)));
	key_world_end(w);
}

static void a_key_that_changes_ends_what_it_opened(void)
{
	struct key_world *w = world_that_is_up(7);

	w->node[0].spec.keys[0].key = &other_key;
	key_world_reconfigure(w, 0);
	key_world_run(w, duration_s(20));
	CU_ASSERT_FALSE(w->node[0].up || w->node[1].up);
	w->node[1].spec.keys[0].key = &other_key;
	key_world_reconfigure(w, 1);
	CU_ASSERT_TRUE(key_world_await_up(w, duration_s(120)));
	key_world_end(w);
}

static void a_peer_goes_and_comes(void)
{
	struct key_world *w = world_that_is_up(8);
	const struct keying_config none = { .peer_count = 0 };
	struct keying_effects fx;

	keying_effects_init(&fx);
	CU_ASSERT_EQUAL(keying_reconfigure(w->node[0].k, &none, w->now, &fx), 0);
	CU_ASSERT_TRUE(fx.count >= 5);
	CU_ASSERT_EQUAL(
		keying_accepted(w->node[0].k, w->node[0].spec.pair, w->now, &fx), 0);
	CU_ASSERT_EQUAL(key_world_faults(w->node[0].k, KEY_FAULT_UNKNOWN_ADDRESS), 1);
	CU_ASSERT_TRUE(instant_is_never(keying_next_deadline(w->node[0].k)));
	keying_effects_fini(&fx);
	key_world_end(w);
}

/* Configurations that cannot be. */

static enum key_fault check(struct keying_peer_spec *s, size_t n, int *which)
{
	const struct keying_config c = { .peers = s, .peer_count = n };

	return keying_check(&c, which);
}

static void faults_of_a_configuration_are_named(void)
{
	static const struct secret small = { other_bytes, 15 };
	struct key_world *w = key_world_new(9);
	struct keying_peer_spec s[2] = { w->node[0].spec, w->node[0].spec };
	int which;

	CU_ASSERT_EQUAL(check(s, 1, &which), KEY_OK);
	CU_ASSERT_EQUAL(check(s, 2, &which), KEY_FAULT_ADDRESS);
	CU_ASSERT_EQUAL(which, 1);
	s[0].keys[0].key = &small;
	CU_ASSERT_EQUAL(check(s, 1, &which), KEY_FAULT_SHORT_KEY);
	CU_ASSERT_EQUAL(which, 0);
	s[0].key_count = 0;
	CU_ASSERT_EQUAL(check(s, 1, &which), KEY_FAULT_NO_CREDENTIALS);
	s[1].dead_after = duration_s(0);
	CU_ASSERT_EQUAL(check(&s[1], 1, &which), KEY_FAULT_LIMITS);
	s[1].algorithm_count = 0;
	CU_ASSERT_EQUAL(check(&s[1], 1, &which), KEY_FAULT_NO_ALGORITHM);
	s[1].pair.remote = s[1].pair.local;
	CU_ASSERT_EQUAL(check(&s[1], 1, &which), KEY_FAULT_ADDRESS);
	key_world_end(w);
}

/* It is kept, idle, with the reason; the daemon goes on. */
static void what_cannot_be_is_idle(void)
{
	static const struct secret small = { other_bytes, 15 };
	struct key_world *w = key_world_new(10);
	struct keying_status s;

	w->node[0].spec.keys[0].key = &small;
	start(w);
	key_world_run(w, duration_s(100));
	CU_ASSERT_TRUE(keying_status(w->node[0].k, w->node[0].spec.pair, &s));
	CU_ASSERT_EQUAL(s.state, KEYING_IDLE);
	CU_ASSERT_EQUAL(s.fault, KEY_FAULT_SHORT_KEY);
	CU_ASSERT_EQUAL(w->node[0].fault, KEY_FAULT_SHORT_KEY);
	key_world_end(w);
}

void suite_keying_fault(void)
{
	CU_pSuite s =
		CU_add_suite("keying_fault", make_certificates, free_certificates);

	CU_ADD_TEST(s, a_wrong_key);
	CU_ADD_TEST(s, an_unknown_identity);
	CU_ADD_TEST(s, no_common_algorithm);
	CU_ADD_TEST(s, certificates_do);
	CU_ADD_TEST(s, a_wrong_certificate);
	CU_ADD_TEST(s, what_cannot_be_proven_anew_ends);
	CU_ADD_TEST(s, limits_change_in_place);
	CU_ADD_TEST(s, keys_are_rolled);
	CU_ADD_TEST(s, a_key_that_changes_ends_what_it_opened);
	CU_ADD_TEST(s, a_peer_goes_and_comes);
	CU_ADD_TEST(s, faults_of_a_configuration_are_named);
	CU_ADD_TEST(s, what_cannot_be_is_idle);
}
