/* SPDX-License-Identifier: ISC */
/*
 * Security associations: what none can be made of, what they hide of the traffic by
 * padding and dummies, and what there is without memory.
 */
#include "common/tunnel/esp_sa.h"

#include "common/tunnel/esp.h"

#include "tests/unit/alloc_count.h"
#include "tests/unit/esp_ends.h"
#include "tests/unit/hex.h"
#include "tests/unit/packets.h"
#include "tests/unit/suites.h"

#include <CUnit/CUnit.h>

#include <string.h>

/* ---- specs ---- */

/* How a spec differs from a sound one, and whether either direction takes it. */
static const struct difference {
	const char *what;
	uint32_t spi; /* 0: a good one */
	int algorithm;
	size_t longer; /* the key, than it should be */
	bool esn, manual;
	uint16_t window, tfc;
	bool out, in;
} differences[] = {
	{ "sound", .window = 64, .out = true, .in = true },
	{ "sound, large", .window = 4096, .tfc = 4096, .out = true, .in = true },
	{ "lowest SPI", .spi = 256, .window = 64, .out = true, .in = true },
	{ "highest SPI", .spi = UINT32_MAX, .window = 64, .out = true, .in = true },
	{ "reserved SPI", .spi = 255, .window = 64 },
	{ "SPI 1", .spi = 1, .window = 64 },
	{ "no such algorithm", .algorithm = ESP_ALGORITHM_COUNT, .window = 64 },
	{ "key too long", .longer = 1, .window = 64 },
	{ "no window", .out = true },
	{ "window too small", .window = 63, .out = true },
	{ "window too large", .window = 4097, .out = true },
	{ "too much padding", .window = 64, .tfc = 4097, .in = true },
	{ "manual GCM", .manual = true, .window = 64 },
	{ "manual ChaCha20", 0, ESP_CHACHA20_POLY1305, .manual = true },
	{ "manual CBC", 0, ESP_AES_128_CBC_SHA256, .manual = true, .out = true,
	  .in = true },
	{ "manual CBC with a window", 0, ESP_AES_256_CBC_SHA256, .manual = true,
	  .window = 128, .out = true, .in = true },
	{ "manual CBC, extended numbers", 0, ESP_AES_128_CBC_SHA256, .manual = true,
	  .esn = true, .out = true },
	{ "the same with a window", 0, ESP_AES_128_CBC_SHA256, .manual = true,
	  .esn = true, .window = 64, .out = true, .in = true },
	{ "manual NULL", 0, ESP_NULL_SHA256, .manual = true, .out = true, .in = true },
	{ "extended numbers", .esn = true, .window = 64, .out = true, .in = true },
};

static void check_spec(const struct esp_sa_spec *spec, const struct difference *d)
{
	struct rng_seeded state;
	struct rng rng = rng_seeded_init(&state, 1);
	struct esp_sa_out *out = esp_sa_out_new(spec, &rng);
	struct esp_sa_in *in = esp_sa_in_new(spec);

	CU_ASSERT_EQUAL(esp_sa_out_fault(spec) == NULL, d->out);
	CU_ASSERT_EQUAL(esp_sa_in_fault(spec) == NULL, d->in);
	CU_ASSERT_EQUAL(out != NULL, d->out);
	CU_ASSERT_EQUAL(in != NULL, d->in);
	if (in)
		CU_ASSERT_EQUAL(in->replay_checked, d->window != 0);
	esp_sa_out_free(out);
	esp_sa_in_free(in);
}

static void a_spec_is_judged(void)
{
	uint8_t key[ESP_MATERIAL_MAX + 1] = { 0 };

	for (size_t i = 0; i < sizeof(differences) / sizeof(differences[0]); i++) {
		const struct difference *d = &differences[i];
		enum esp_algorithm known = d->algorithm < ESP_ALGORITHM_COUNT
						   ? (enum esp_algorithm)d->algorithm
						   : ESP_AES_128_GCM;
		const struct secret material = { key, esp_key_material_len(known) +
							      d->longer };
		const struct esp_sa_spec spec = {
			.spi = d->spi ? d->spi : 0x1000,
			.local = addr_of(ESP_NEAR),
			.remote = addr_of(ESP_FAR),
			.algorithm = (enum esp_algorithm)d->algorithm,
			.material = &material,
			.esn = d->esn,
			.manual = d->manual,
			.window = d->window,
			.tfc = d->tfc,
		};

		check_spec(&spec, d);
	}
}

static void without_memory_there_is_none(void)
{
	uint8_t key[ESP_MATERIAL_MAX] = { 0 };

	for (int a = 0; a < ESP_ALGORITHM_COUNT && alloc_counted(); a++) {
		const struct secret material = { key, esp_key_material_len(
							      (enum esp_algorithm)a) };
		const struct esp_sa_spec spec = { .spi = 256,
						  .algorithm = (enum esp_algorithm)a,
						  .material = &material,
						  .window = 64 };
		struct rng_seeded state;
		struct rng rng = rng_seeded_init(&state, 1);

		for (unsigned long n = 1; n < 3; n++) {
			alloc_fail_nth(n);
			CU_ASSERT_PTR_NULL(esp_sa_out_new(&spec, &rng));
			alloc_fail_nth(n);
			CU_ASSERT_PTR_NULL(esp_sa_in_new(&spec));
		}
		alloc_fail_nth(0);
	}
	esp_sa_out_free(NULL);
	esp_sa_in_free(NULL);
}

/* ---- padding that hides lengths ---- */

static size_t sealed_len(struct esp_ends *e, uint8_t protocol, size_t size)
{
	struct pkt *p = esp_outer(packets_pool(), protocol, IPV4_HEADER + size);
	struct pkt *inner =
		packet_like(packets_pool(), &(struct packet_like){ .size = size });
	size_t len;

	memcpy(p->data + IPV4_HEADER, inner->data, size);
	pkt_give(packets_pool(), inner);
	inner = pkt_clone(packets_pool(), p);
	esp_push_one(e->out, p);
	CU_ASSERT_TRUE(!p->drop && packet_sound(p));
	len = p->len;
	esp_pull_one(e->in, p);
	CU_ASSERT_TRUE(!p->drop && packet_is(p, inner->data, inner->len));
	pkt_give(packets_pool(), inner);
	pkt_give(packets_pool(), p);
	return len;
}

static void traffic_padding_hides_the_length(void)
{
	for (int a = 0; a < ESP_ALGORITHM_COUNT; a++) {
		const struct esp_like like = { .algorithm = (enum esp_algorithm)a,
					       .tfc = 256 };
		struct esp_ends e = esp_ends(&like);
		size_t first = sealed_len(&e, PROTO_IPIP, 257);

		for (size_t size = 257; size <= 512; size++)
			CU_ASSERT_EQUAL(sealed_len(&e, PROTO_IPIP, size), first);
		CU_ASSERT_TRUE(sealed_len(&e, PROTO_IPIP, 256) < first);
		CU_ASSERT_TRUE(sealed_len(&e, PROTO_IPIP, 513) > first);
		esp_ends_fini(&e);
	}
}

/* Up to the path MTU all are padded to it; what is larger anyway stays as it is. */
static void traffic_padding_never_makes_a_fragment(void)
{
	for (int a = 0; a < ESP_ALGORITHM_COUNT; a++) {
		struct esp_like like = { .algorithm = (enum esp_algorithm)a,
					 .tfc = ESP_TFC_MAX };
		struct esp_ends e = esp_ends(&like), plain;
		size_t most = esp_payload_most(like.algorithm, 1400);

		like.tfc = 0;
		plain = esp_ends(&like);
		esp_sa_out_fit(e.out, 1400);
		for (size_t size = 28; size <= most + 200; size += 7) {
			size_t len = sealed_len(&e, PROTO_IPIP, size);

			if (size > most)
				CU_ASSERT_EQUAL(len,
						sealed_len(&plain, PROTO_IPIP, size));
			CU_ASSERT_TRUE(size > most || (len <= 1400 && len > 1400 - 16));
		}
		esp_ends_fini(&e);
		esp_ends_fini(&plain);
	}
}

/* Where no length inside would tell the padding from the payload. */
static void traffic_padding_is_for_whole_packets_only(void)
{
	struct esp_like like = { .algorithm = ESP_AES_128_GCM, .tfc = 1024 };
	struct esp_ends e = esp_ends(&like), plain;

	like.tfc = 0;
	plain = esp_ends(&like);
	for (size_t size = 28; size < 300; size++)
		CU_ASSERT_EQUAL(sealed_len(&e, PROTO_GRE, size),
				sealed_len(&plain, PROTO_GRE, size));
	esp_ends_fini(&e);
	esp_ends_fini(&plain);
}

/* Nothing of an earlier packet in the same buffer goes out with it. */
static void traffic_padding_holds_nothing(void)
{
	const struct esp_like like = { .algorithm = ESP_NULL_SHA256, .tfc = 1024 };
	struct esp_ends e = esp_ends(&like);
	struct pkt *p = packet_of_hex(packets_pool(), tunnel_vector(0)->outer);
	uint8_t *end = p->data + p->len;

	memset(end, 0x5a, 2000);
	esp_push_one(e.out, p);
	for (size_t i = 0; i < 1024 - 40; i++)
		CU_ASSERT_EQUAL(end[i], 0);
	pkt_give(packets_pool(), p);
	esp_ends_fini(&e);
}

/* ---- dummies ---- */

static void check_dummy(struct esp_ends *e, size_t size)
{
	size_t most = esp_payload_most(e->out->algorithm, size);
	uint64_t number = e->out->next;
	struct pkt *p = pkt_take(packets_pool());

	memset(p->data, 0x5a, 2000);
	esp_dummy(e->out, p, size);
	CU_ASSERT_TRUE(!p->drop && packet_sound(p));
	CU_ASSERT_TRUE(p->len <= size || most == 0);
	CU_ASSERT_TRUE(p->len + 16 > size);
	CU_ASSERT_EQUAL(pkt_ipv4(p)->protocol, PROTO_ESP);
	CU_ASSERT_EQUAL(pkt_ipv4(p)->src.s_addr, addr_of(ESP_NEAR).s_addr);
	CU_ASSERT_EQUAL(pkt_ipv4(p)->dst.s_addr, addr_of(ESP_FAR).s_addr);
	CU_ASSERT_NOT_EQUAL(pkt_ipv4(p)->id, 0);
	esp_pull_one(e->in, p);
	CU_ASSERT_EQUAL(p->drop, DROP_ESP_DUMMY);
	CU_ASSERT_EQUAL(e->in->window.top, number);
	pkt_give(packets_pool(), p);
}

static void dummies_are_made_and_dropped_without_fault(void)
{
	for (int a = 0; a < ESP_ALGORITHM_COUNT; a++) {
		const struct esp_like like = { .algorithm = (enum esp_algorithm)a };
		struct esp_ends e = esp_ends(&like);
		unsigned count = 0;

		e.out->next_dummy_id = UINT16_MAX - 20;
		for (size_t size = 0; size <= 1500; size += 13, count++)
			check_dummy(&e, size);
		CU_ASSERT_EQUAL(e.out->counts.dummies, count);
		CU_ASSERT_EQUAL(e.in->counts.dummies, count);
		CU_ASSERT_EQUAL(e.in->counts.packets, count);
		CU_ASSERT_EQUAL(e.in->counts.octets, e.out->counts.octets);
		CU_ASSERT_EQUAL(e.in->bad_insides, 0);
		esp_ends_fini(&e);
	}
}

static void dummies_hold_nothing(void)
{
	const struct esp_like like = { .algorithm = ESP_NULL_SHA256 };
	struct esp_ends e = esp_ends(&like);
	struct pkt *p = pkt_take(packets_pool());

	memset(p->data, 0x5a, 2000);
	esp_dummy(e.out, p, 1400);
	for (size_t i = 0; i < 1300; i++)
		CU_ASSERT_EQUAL(p->data[IPV4_HEADER + ESP_HEADER + i], 0);
	pkt_give(packets_pool(), p);
	esp_ends_fini(&e);
}

/* They use up numbers, and stop with them. */
static void dummies_end_with_the_numbers(void)
{
	const struct esp_like like = { .algorithm = ESP_AES_128_GCM };
	struct esp_ends e = esp_ends(&like);
	struct pkt *p = pkt_take(packets_pool());

	e.out->next = UINT64_C(1) << 32;
	esp_dummy(e.out, p, 200);
	CU_ASSERT_EQUAL(p->drop, DROP_ESP_EXHAUSTED);
	pkt_give(packets_pool(), p);
	esp_ends_fini(&e);
}

void suite_esp_sa(void)
{
	CU_pSuite s = CU_add_suite("esp_sa", packets_open, packets_close);

	CU_ADD_TEST(s, a_spec_is_judged);
	CU_ADD_TEST(s, without_memory_there_is_none);
	CU_ADD_TEST(s, traffic_padding_hides_the_length);
	CU_ADD_TEST(s, traffic_padding_never_makes_a_fragment);
	CU_ADD_TEST(s, traffic_padding_is_for_whole_packets_only);
	CU_ADD_TEST(s, traffic_padding_holds_nothing);
	CU_ADD_TEST(s, dummies_are_made_and_dropped_without_fault);
	CU_ADD_TEST(s, dummies_hold_nothing);
	CU_ADD_TEST(s, dummies_end_with_the_numbers);
}
