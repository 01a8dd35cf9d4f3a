/* SPDX-License-Identifier: ISC */
/*
 * Engines: who computes the transforms of esp_cipher.h.  That of OpenSSL serves every
 * algorithm everywhere.  That of the Intel Multi-Buffer Crypto for IPsec Library
 * serves the AEADs with one call a packet, where the library was there when this was
 * built and the processor has what it needs.
 *
 * Another engine than OpenSSL's is trusted only after its self-test: published
 * vectors, and the same octets as OpenSSL at many lengths.
 */
#ifndef COMMON_SECURITY_ESP_ENGINE_H
#define COMMON_SECURITY_ESP_ENGINE_H

#include "common/security/esp_cipher.h"

enum { ESP_NONCE_LEN = 12, ESP_AAD_MAX = 12 };

/* A packet, taken apart alike for every engine. */
struct esp_parts {
	const uint8_t *packet; /* SPI first; HMACs cover it up to the ICV */
	const uint8_t *iv;
	uint8_t *body; /* worked on in place */
	size_t len;    /* of the body */
	uint8_t *icv;
	/* SPI and sequence number, as wide as it is (RFC 4106 5, RFC 7634 2.1). */
	size_t aad_len;
	uint8_t aad[ESP_AAD_MAX];
	uint8_t nonce[ESP_NONCE_LEN]; /* of AEAD: salt and IV */
};

struct esp_engine;

/* A key is used in one direction and by one thread at a time. */
struct esp_engine_ops {
	const char *name;
	bool (*serves)(enum esp_algorithm a);
	/* Of esp_key_material_len() octets; NULL when out of memory or refused. */
	void *(*key_new)(const struct esp_engine *e, enum esp_algorithm a,
			 const uint8_t *material, bool encrypt);
	void (*key_free)(void *key); /* and wipe it */
	bool (*seal)(void *key, const struct esp_parts *p);
	/* False: the ICV is wrong, and the body may be anything. */
	bool (*open)(void *key, const struct esp_parts *p);
};

struct esp_engine {
	const struct esp_engine_ops *ops;
	void *manager; /* what key_new() needs; keys outlive it */
};

enum esp_engine_wish { ESP_ENGINE_AUTO, ESP_ENGINE_OPENSSL, ESP_ENGINE_IPSEC_MB };

bool esp_engine_wish_by_name(const char *name, enum esp_engine_wish *out);

/* Why ipsec-mb does not serve. */
enum esp_engine_fault {
	ESP_ENGINE_OK, /* it does, or was not asked for */
	ESP_ENGINE_ABSENT,
	ESP_ENGINE_PROCESSOR,
	ESP_ENGINE_NO_MEMORY,
	ESP_ENGINE_DIFFERS, /* it failed the self-test: nobody should trust it */
};

const char *esp_engine_fault_text(enum esp_engine_fault f);

/* The fastest that can be trusted; OpenSSL's whenever there is a fault. */
enum esp_engine_fault esp_engine_init(struct esp_engine *e, enum esp_engine_wish wish);
void esp_engine_fini(struct esp_engine *e);

/* The self-test of every algorithm that this engine serves. */
bool esp_engine_test(const struct esp_engine *e);

/* esp_openssl.c */
const struct esp_engine *esp_openssl(void);

/* esp_ipsec_mb.c, or esp_ipsec_mb_absent.c: open the library, untested yet. */
enum esp_engine_fault esp_ipsec_mb_open(struct esp_engine *e);
void esp_ipsec_mb_close(struct esp_engine *e);

#endif
