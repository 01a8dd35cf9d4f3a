/* SPDX-License-Identifier: ISC */
/*
 * The self-test of an engine: what is published (draft-mcgrew-gcm-test-01 4, RFC 7634
 * A), and that it and OpenSSL make the same octets, open each other's packets and
 * refuse wrong ones, at lengths around every block and batch of theirs.
 */
#include "common/security/esp_engine.h"

#include <stdlib.h>
#include <string.h>

enum { PACKET_MAX = 2048, LENGTH_STEP = 52 };

static const struct vector {
	enum esp_algorithm algorithm;
	bool esn;
	uint64_t sequence;
	const char *material, *head; /* SPI, low half of the number, IV */
	size_t len;                  /* of the body */
	const char *clear, *sealed;  /* and its ICV */
} vectors[] = {
	{
		.algorithm = ESP_AES_128_GCM,
		.esn = true,
		.sequence = UINT64_C(0x8765432100000000),
		.material = "\x4c\x80\xcd\xef\xbb\x5d\x10\xda\x90\x6a\xc7\x3c\x36\x13"
			    "\xa6\x34\x2e\x44\x3b\x68",
		.head = "\x00\x00\x43\x21\x00\x00\x00\x00\x49\x56\xed\x7e\x3b\x24"
			"\x4c\xfe",
		.len = 72,
		.clear = "\x45\x00\x00\x48\x69\x9a\x00\x00\x80\x11\x4d\xb7\xc0\xa8"
			 "\x01\x02\xc0\xa8\x01\x01\x0a\x9b\xf1\x56\x38\xd3\x01\x00"
			 "\x00\x01\x00\x00\x00\x00\x00\x00\x04\x5f\x73\x69\x70\x04"
			 "\x5f\x75\x64\x70\x03\x73\x69\x70\x09\x63\x79\x62\x65\x72"
			 "\x63\x69\x74\x79\x02\x64\x6b\x00\x00\x21\x00\x01\x01\x02"
			 "\x02\x01",
		.sealed = "\xfe\xcf\x53\x7e\x72\x9d\x5b\x07\xdc\x30\xdf\x52\x8d\xd2"
			  "\x2b\x76\x8d\x1b\x98\x73\x66\x96\xa6\xfd\x34\x85\x09\xfa"
			  "\x13\xce\xac\x34\xcf\xa2\x43\x6f\x14\xa3\xf3\xcf\x65\x92"
			  "\x5b\xf1\xf4\xa1\x3c\x5d\x15\xb2\x1e\x18\x84\xf5\xff\x62"
			  "\x47\xae\xab\xb7\x86\xb9\x3b\xce\x61\xbc\x17\xd7\x68\xfd"
			  "\x97\x32\x45\x90\x18\x14\x8f\x6c\xbe\x72\x2f\xd0\x47\x96"
			  "\x56\x2d\xfd\xb4",
	},
	{
		.algorithm = ESP_AES_256_GCM,
		.esn = true,
		.sequence = UINT64_C(0x156f3126dd0db99b),
		.material = "\xab\xbc\xcd\xde\xf0\x01\x12\x23\x34\x45\x56\x67\x78\x89"
			    "\x9a\xab\xab\xbc\xcd\xde\xf0\x01\x12\x23\x34\x45\x56\x67"
			    "\x78\x89\x9a\xab\x73\x61\x6c\x74",
		.head = "\x17\x40\x5e\x67\xdd\x0d\xb9\x9b\x61\x6e\x64\x01\x69\x76"
			"\x65\x63",
		.len = 40,
		.clear = "\x45\x08\x00\x28\x73\x2c\x00\x00\x40\x06\xe9\xf9\x0a\x01"
			 "\x06\x12\x0a\x01\x03\x8f\x06\xb8\x80\x23\xdd\x6b\xaf\xbe"
			 "\xcb\x71\x26\x02\x50\x10\x1f\x64\x6d\x54\x00\x01",
		.sealed = "\xf2\xd6\x9e\xcd\xbd\x5a\x0d\x5b\x8d\x5e\xf3\x8b\xad\x4d"
			  "\xa5\x8d\x1f\x27\x8f\xde\x98\xef\x67\x54\x9d\x52\x4a\x30"
			  "\x18\xd9\xa5\x7f\xf4\xd3\xa3\x1c\xe6\x73\x11\x9e\x45\x16"
			  "\x26\xc2\x41\x57\x71\xe3\xb7\xee\xbc\xa6\x14\xc8\x9b\x35",
	},
	{
		.algorithm = ESP_CHACHA20_POLY1305,
		.esn = false,
		.sequence = UINT64_C(0x5),
		.material = "\x80\x81\x82\x83\x84\x85\x86\x87\x88\x89\x8a\x8b\x8c\x8d"
			    "\x8e\x8f\x90\x91\x92\x93\x94\x95\x96\x97\x98\x99\x9a\x9b"
			    "\x9c\x9d\x9e\x9f\xa0\xa1\xa2\xa3",
		.head = "\x01\x02\x03\x04\x00\x00\x00\x05\x10\x11\x12\x13\x14\x15"
			"\x16\x17",
		.len = 88,
		.clear = "\x45\x00\x00\x54\xa6\xf2\x00\x00\x40\x01\xe7\x78\xc6\x33"
			 "\x64\x05\xc0\x00\x02\x05\x08\x00\x5b\x7a\x3a\x08\x00\x00"
			 "\x55\x3b\xec\x10\x00\x07\x36\x27\x08\x09\x0a\x0b\x0c\x0d"
			 "\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b"
			 "\x1c\x1d\x1e\x1f\x20\x21\x22\x23\x24\x25\x26\x27\x28\x29"
			 "\x2a\x2b\x2c\x2d\x2e\x2f\x30\x31\x32\x33\x34\x35\x36\x37"
			 "\x01\x02\x02\x04",
		.sealed = "\x24\x03\x94\x28\xb9\x7f\x41\x7e\x3c\x13\x75\x3a\x4f\x05"
			  "\x08\x7b\x67\xc3\x52\xe6\xa7\xfa\xb1\xb9\x82\xd4\x66\xef"
			  "\x40\x7a\xe5\xc6\x14\xee\x80\x99\xd5\x28\x44\xeb\x61\xaa"
			  "\x95\xdf\xab\x4c\x02\xf7\x2a\xa7\x1e\x7c\x4c\x4f\x64\xc9"
			  "\xbe\xfe\x2f\xac\xc6\x38\xe8\xf3\xcb\xec\x16\x3f\xac\x46"
			  "\x9b\x50\x27\x73\xf6\xfb\x94\xe6\x64\xda\x91\x65\xb8\x28"
			  "\x29\xf6\x41\xe0\x76\xaa\xa8\x26\x6b\x7f\xb0\xf7\xb1\x1b"
			  "\x36\x99\x07\xe1\xad\x43",
	},
};

enum { VECTORS = sizeof(vectors) / sizeof(vectors[0]) };

/* Contexts of both kinds and directions under one key; NULL where none was made. */
struct pair {
	struct esp_cipher *sealer[2], *opener[2]; /* of the engine, of OpenSSL */
};

static struct pair pair_of(const struct esp_engine *e, const struct esp_cipher_spec *s)
{
	const struct rng no_ivs = { 0 }; /* those of AEAD are numbers */
	struct esp_cipher_spec spec = *s;
	struct pair p;

	spec.engine = e;
	p.sealer[0] = esp_cipher_sealer(&spec, &no_ivs);
	p.opener[0] = esp_cipher_opener(&spec);
	spec.engine = NULL;
	p.sealer[1] = esp_cipher_sealer(&spec, &no_ivs);
	p.opener[1] = esp_cipher_opener(&spec);
	return p;
}

static bool is_made(const struct pair *p)
{
	return p->sealer[0] && p->opener[0] && p->sealer[1] && p->opener[1];
}

static void free_pair(struct pair *p)
{
	for (unsigned i = 0; i < 2; i++) {
		esp_cipher_free(p->sealer[i]);
		esp_cipher_free(p->opener[i]);
	}
}

/* -- What is published ------------------------------------------------------ */

static bool fits(const struct pair *p, const struct vector *v)
{
	enum { HEAD = ESP_HEADER + 8 };
	const size_t len = HEAD + v->len + ESP_ICV_LEN;
	uint8_t packet[HEAD + 128 + ESP_ICV_LEN];

	memcpy(packet, v->head, HEAD);
	memcpy(packet + HEAD, v->clear, v->len);
	return esp_cipher_seal(p->sealer[0], v->sequence, packet, len) == 0 &&
	       memcmp(packet + HEAD, v->sealed, v->len + ESP_ICV_LEN) == 0 &&
	       esp_cipher_open(p->opener[0], v->sequence, packet, len) &&
	       memcmp(packet + HEAD, v->clear, v->len) == 0;
}

static bool fits_vectors(const struct esp_engine *e)
{
	bool good = true;

	for (unsigned i = 0; good && i < VECTORS; i++) {
		const struct vector *v = &vectors[i];
		struct secret material;
		struct pair p;

		if (!e->ops->serves(v->algorithm))
			continue;
		if (secret_init(&material, v->material,
				esp_key_material_len(v->algorithm)) < 0)
			return false;
		p = pair_of(e, &(struct esp_cipher_spec){ .algorithm = v->algorithm,
							  .esn = v->esn,
							  .material = &material });
		good = is_made(&p) && fits(&p, v);
		free_pair(&p);
		secret_fini(&material);
	}
	return good;
}

/* -- Against OpenSSL -------------------------------------------------------- */

static void fill(uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		bytes[i] = (uint8_t)(i * 7 + i / 251 + len);
}

static bool agree_on(const struct pair *p, uint64_t number, size_t len)
{
	uint8_t clear[PACKET_MAX], sealed[2][PACKET_MAX], wrong[PACKET_MAX];
	const size_t head = ESP_HEADER + 8, body = len - head - ESP_ICV_LEN;
	bool good = true;

	fill(clear, len);
	for (unsigned i = 0; i < 2; i++) {
		memcpy(sealed[i], clear, len);
		good = good &&
		       esp_cipher_seal(p->sealer[i], number, sealed[i], len) == 0;
	}
	good = good && memcmp(sealed[0], sealed[1], len) == 0;
	memcpy(wrong, sealed[0], len);
	wrong[head + number % (len - head)] ^= 1;
	return good && !esp_cipher_open(p->opener[0], number, wrong, len) &&
	       esp_cipher_open(p->opener[0], number, sealed[1], len) &&
	       memcmp(sealed[1] + head, clear + head, body) == 0;
}

static bool agrees(const struct esp_engine *e, enum esp_algorithm a, bool esn)
{
	const size_t around = ESP_HEADER + 8 + ESP_ICV_LEN;
	uint8_t bytes[ESP_MATERIAL_MAX];
	const struct secret material = { bytes, esp_key_material_len(a) };
	struct pair p;
	bool good;

	fill(bytes, sizeof(bytes));
	p = pair_of(e, &(struct esp_cipher_spec){
			       .algorithm = a, .esn = esn, .material = &material });
	good = is_made(&p);
	for (size_t body = 4; good && around + body <= PACKET_MAX;
	     body += body < 300 ? 4 : LENGTH_STEP)
		good = agree_on(&p, UINT64_C(0x100000000) * body + body, around + body);
	free_pair(&p);
	return good;
}

/* Only AEADs: an engine that serves more has more to show. */
bool esp_engine_test(const struct esp_engine *e)
{
	bool good = fits_vectors(e);

	for (int i = 0; good && i < ESP_ALGORITHM_COUNT; i++) {
		enum esp_algorithm a = (enum esp_algorithm)i;

		if (e->ops->serves(a))
			good = esp_algorithm_info(a)->aead && agrees(e, a, false) &&
			       agrees(e, a, true);
	}
	return good;
}
