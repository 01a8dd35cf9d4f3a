/* SPDX-License-Identifier: ISC */
/* Pairs of security associations for tests of ESP. */
#include "tests/unit/esp_ends.h"

#include "common/base/bytes.h"

#include "tests/unit/hex.h"
#include "tests/unit/packets.h"

#include <CUnit/CUnit.h>

#include <string.h>

struct esp_ends esp_ends(const struct esp_like *like)
{
	return esp_ends_in_lanes(like, 1);
}

struct esp_ends esp_ends_in_lanes(const struct esp_like *like, unsigned lanes)
{
	uint8_t key[ESP_MATERIAL_MAX];
	struct secret material = { key, esp_key_material_len(like->algorithm) };
	struct esp_sa_spec spec = { .spi = ESP_SPI,
				    .local = addr_of(ESP_NEAR),
				    .remote = addr_of(ESP_FAR),
				    .algorithm = like->algorithm,
				    .material = &material,
				    .esn = like->esn,
				    .manual = like->manual,
				    .window = like->window,
				    .tfc = like->tfc,
				    .lanes = lanes };
	struct rng_seeded state;
	struct rng rng = rng_seeded_init(&state, 5);
	struct esp_ends e;

	for (size_t i = 0; i < sizeof(key); i++)
		key[i] = (uint8_t)(i * 11 + 3);
	if (!spec.window && !spec.manual)
		spec.window = REPLAY_WINDOW_MIN;
	e.out = esp_sa_out_new(&spec, &rng);
	spec.local = addr_of(ESP_FAR);
	spec.remote = addr_of(ESP_NEAR);
	e.in = esp_sa_in_new(&spec);
	CU_ASSERT_FATAL(e.out && e.in);
	return e;
}

void esp_ends_fini(struct esp_ends *e)
{
	esp_sa_out_free(e->out);
	esp_sa_in_free(e->in);
}

struct esp_sa_in *esp_in_of_hex(enum esp_algorithm a, bool esn, const char *material,
				uint32_t spi, uint64_t top)
{
	struct hex key = hex_of(material);
	const struct secret secret = { key.bytes, key.len };
	const struct esp_sa_spec spec = { .spi = spi,
					  .local = addr_of(ESP_FAR),
					  .remote = addr_of(ESP_NEAR),
					  .algorithm = a,
					  .material = &secret,
					  .esn = esn,
					  .window = REPLAY_WINDOW_MIN };
	struct esp_sa_in *sa = esp_sa_in_new(&spec);

	CU_ASSERT_PTR_NOT_NULL_FATAL(sa);
	sa->window.top = top;
	return sa;
}

void esp_push_one(struct esp_sa_out *sa, struct pkt *p)
{
	struct pkt_vec v = vec_of(p);

	esp_push(sa, &v);
}

void esp_pull_one(struct esp_sa_in *sa, struct pkt *p)
{
	struct pkt_vec v = vec_of(p);

	esp_pull(sa, &v);
}

struct pkt *esp_outer(struct pkt_pool *pool, uint8_t protocol, size_t size)
{
	return packet_like(pool, &(struct packet_like){ .src = ESP_NEAR,
							.dst = ESP_FAR,
							.protocol = protocol,
							.size = size });
}

struct pkt *esp_forged(struct pkt_pool *pool, struct esp_sa_out *sa, const void *body,
		       size_t len)
{
	const struct esp_algorithm_info *info = esp_algorithm_info(sa->algorithm);
	size_t head = ESP_HEADER + info->iv_len, esp = head + len + info->icv_len;
	struct pkt *p = esp_outer(pool, PROTO_ESP, IPV4_HEADER + esp);
	struct writer w = writer_over(p->data + IPV4_HEADER, esp);
	uint8_t *at = w.at;

	write_u32(&w, sa->spi);
	write_u32(&w, (uint32_t)sa->next);
	(void)esp_cipher_make_iv(sa->cipher[0], sa->next, write_room(&w, info->iv_len));
	write_bytes(&w, body, len);
	CU_ASSERT_EQUAL(esp_cipher_seal(sa->cipher[0], sa->next++, at, esp), 0);
	return p;
}
