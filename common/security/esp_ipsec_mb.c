/* SPDX-License-Identifier: ISC */
/*
 * AEADs of ESP by the Intel Multi-Buffer Crypto for IPsec Library: its direct calls,
 * which work on one packet and hold no state of their own.  Its queues of several
 * packets at once would gain nothing for AES-GCM, which fills the processor by itself.
 *
 * A packet is decrypted in the pass that computes its ICV; what is wrong is wiped by
 * the caller.
 */
#include "common/security/esp_engine.h"

#define NO_COMPAT_IMB_API_053
#include <intel-ipsec-mb.h>

#include <stdlib.h>
#include <string.h>

enum { KEY_ALIGN = 64, CHACHA20_KEY = 32 };

#define NEEDED_FEATURES (IMB_FEATURE_AESNI | IMB_FEATURE_PCLMULQDQ)

/* Of AES-GCM: round keys, and powers of the hash key. */
struct gcm {
	_Alignas(KEY_ALIGN) struct gcm_key_data table;
	struct gcm_context_data context; /* of a packet; no need to begin it */
	aes_gcm_enc_dec_t run;
};

struct chacha20 {
	uint8_t key[CHACHA20_KEY];
	struct chacha20_poly1305_context_data context;
	chacha_poly_init_t init;
	chacha_poly_enc_dec_update_t update;
	chacha_poly_finalize_t finalize;
};

struct mb_key {
	void (*run)(struct mb_key *k, const struct esp_parts *p, uint8_t *icv);
	union {
		struct gcm gcm;
		struct chacha20 chacha20;
	};
};

static void run_gcm(struct mb_key *k, const struct esp_parts *p, uint8_t *icv)
{
	struct gcm *g = &k->gcm;

	g->run(&g->table, &g->context, p->body, p->body, p->len, p->nonce, p->aad,
	       p->aad_len, icv, ESP_ICV_LEN);
}

static void run_chacha20(struct mb_key *k, const struct esp_parts *p, uint8_t *icv)
{
	struct chacha20 *c = &k->chacha20;

	c->init(c->key, &c->context, p->nonce, p->aad, p->aad_len);
	c->update(c->key, &c->context, p->body, p->body, p->len);
	c->finalize(&c->context, icv, ESP_ICV_LEN);
}

static void key_gcm(struct mb_key *k, aes_gcm_pre_t expand, const uint8_t *key,
		    aes_gcm_enc_dec_t run)
{
	k->run = run_gcm;
	k->gcm.run = run;
	expand(key, &k->gcm.table);
}

static void key_chacha20(struct mb_key *k, const IMB_MGR *m, const uint8_t *key,
			 bool encrypt)
{
	struct chacha20 *c = &k->chacha20;

	k->run = run_chacha20;
	memcpy(c->key, key, sizeof(c->key));
	c->init = m->chacha20_poly1305_init;
	c->update = encrypt ? m->chacha20_poly1305_enc_update
			    : m->chacha20_poly1305_dec_update;
	c->finalize = m->chacha20_poly1305_finalize;
}

static bool serves(enum esp_algorithm a)
{
	return a == ESP_AES_128_GCM || a == ESP_AES_256_GCM ||
	       a == ESP_CHACHA20_POLY1305;
}

static void *key_new(const struct esp_engine *e, enum esp_algorithm a,
		     const uint8_t *material, bool encrypt)
{
	const IMB_MGR *m = e->manager;
	struct mb_key *k = aligned_alloc(_Alignof(struct mb_key), sizeof(*k));

	if (!k)
		return NULL;
	memset(k, 0, sizeof(*k));
	if (a == ESP_AES_128_GCM)
		key_gcm(k, m->gcm128_pre, material,
			encrypt ? m->gcm128_enc : m->gcm128_dec);
	else if (a == ESP_AES_256_GCM)
		key_gcm(k, m->gcm256_pre, material,
			encrypt ? m->gcm256_enc : m->gcm256_dec);
	else
		key_chacha20(k, m, material, encrypt);
	return k;
}

static void key_free(void *key)
{
	secret_wipe(key, sizeof(struct mb_key));
	free(key);
}

static bool seal(void *key, const struct esp_parts *p)
{
	struct mb_key *k = key;

	k->run(k, p, p->icv);
	return true;
}

static bool open_packet(void *key, const struct esp_parts *p)
{
	struct mb_key *k = key;
	uint8_t icv[ESP_ICV_LEN];

	k->run(k, p, icv);
	return secret_bytes_equal(icv, p->icv, sizeof(icv));
}

static const struct esp_engine_ops ops = {
	.name = "ipsec-mb",
	.serves = serves,
	.key_new = key_new,
	.key_free = key_free,
	.seal = seal,
	.open = open_packet,
};

enum esp_engine_fault esp_ipsec_mb_open(struct esp_engine *e)
{
	IMB_MGR *m = alloc_mb_mgr(0);

	if (!m)
		return ESP_ENGINE_NO_MEMORY;
	init_mb_mgr_auto(m, NULL);
	if ((m->features & NEEDED_FEATURES) != NEEDED_FEATURES ||
	    imb_get_errno(m) != 0) {
		free_mb_mgr(m);
		return ESP_ENGINE_PROCESSOR;
	}
	*e = (struct esp_engine){ &ops, m };
	return ESP_ENGINE_OK;
}

void esp_ipsec_mb_close(struct esp_engine *e)
{
	free_mb_mgr(e->manager);
}
