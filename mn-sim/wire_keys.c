/* SPDX-License-Identifier: ISC */
/*
 * A line of the key log is an association here.  It does not say whether sequence
 * numbers had 64 bits; both are tried.
 */
#define _GNU_SOURCE
#include "mn-sim/wire_keys.h"

#include "common/tunnel/encap_udp.h"
#include "common/tunnel/esp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HEX_MAX = 2 * ESP_MATERIAL_MAX, KEYS_MAX = 4096, WINDOW = 4096 };

struct wire_key {
	uint32_t spi;
	struct esp_sa_in *sa[2]; /* without and with numbers of 64 bits */
};

struct wire_keys {
	struct wire_key *key;
	size_t count;
	struct pkt opened;
};

/* One line of the log, as text. */
struct line {
	char src[INET_ADDRSTRLEN], dst[INET_ADDRSTRLEN];
	unsigned spi;
	char cipher[HEX_MAX + 1], integrity[HEX_MAX + 1];
};

static size_t from_hex(const char *hex, uint8_t *to)
{
	size_t len = strlen(hex) / 2;

	for (size_t i = 0; i < len; i++)
		sscanf(hex + 2 * i, "%2hhx", &to[i]);
	return len;
}

/* The lengths tell the algorithms that have a line apart. */
static bool algorithm_of(size_t cipher_len, size_t integrity_len,
			 enum esp_algorithm *out)
{
	for (int i = 0; i < ESP_ALGORITHM_COUNT; i++) {
		enum esp_algorithm a = (enum esp_algorithm)i;
		const struct esp_algorithm_info *info = esp_algorithm_info(a);

		if (a == ESP_CHACHA20_POLY1305 || info->auth_len != integrity_len ||
		    info->key_len + info->salt_len != cipher_len)
			continue;
		*out = a;
		return true;
	}
	return false;
}

static bool spec_of(const struct line *l, struct secret *material,
		    struct esp_sa_spec *out)
{
	size_t cipher_len, integrity_len;

	if (strlen(l->cipher) + strlen(l->integrity) > HEX_MAX)
		return false;
	cipher_len = from_hex(l->cipher, material->bytes);
	integrity_len = from_hex(l->integrity, material->bytes + cipher_len);
	material->len = cipher_len + integrity_len;
	*out = (struct esp_sa_spec){ .spi = l->spi,
				     .material = material,
				     .window = WINDOW };
	return inet_pton(AF_INET, l->src, &out->remote) == 1 &&
	       inet_pton(AF_INET, l->dst, &out->local) == 1 &&
	       algorithm_of(cipher_len, integrity_len, &out->algorithm);
}

static void release(struct wire_key *key)
{
	esp_sa_in_free(key->sa[0]);
	esp_sa_in_free(key->sa[1]);
	*key = (struct wire_key){ 0 };
}

static void add_key(struct wire_keys *k, const struct line *l)
{
	uint8_t bytes[ESP_MATERIAL_MAX];
	struct secret material = { .bytes = bytes };
	struct wire_key *key = &k->key[k->count];
	struct esp_sa_spec spec;

	if (k->count < KEYS_MAX && spec_of(l, &material, &spec)) {
		key->spi = spec.spi;
		key->sa[0] = esp_sa_in_new(&spec);
		spec.esn = true;
		key->sa[1] = esp_sa_in_new(&spec);
		if (key->sa[0] && key->sa[1])
			k->count++;
		else
			release(key);
	}
	secret_wipe(bytes, sizeof(bytes));
}

static void read_lines(struct wire_keys *k, FILE *f)
{
	char *text = NULL;
	size_t room = 0;

	while (getline(&text, &room, f) > 0) {
		struct line l = { .integrity = "" };

		if (sscanf(text,
			   "\"IPv4\",\"%15[0-9.]\",\"%15[0-9.]\",\"0x%8x\","
			   "\"%*[^\"]\",\"0x%128[0-9a-f]\",\"%*[^\"]\","
			   "\"0x%128[0-9a-f]\"",
			   l.src, l.dst, &l.spi, l.cipher, l.integrity) >= 4)
			add_key(k, &l);
		secret_wipe(&l, sizeof(l));
	}
	if (text)
		secret_wipe(text, room);
	free(text);
}

int wire_keys_read(struct wire_keys **out, const char *path)
{
	struct wire_keys *k = calloc(1, sizeof(*k));
	FILE *f = fopen(path, "re");
	int error = f ? -ENOMEM : -errno;

	if (k)
		k->key = calloc(KEYS_MAX, sizeof(k->key[0]));
	if (!f || !k || !k->key) {
		wire_keys_free(k);
		if (f)
			fclose(f);
		return error;
	}
	read_lines(k, f);
	fclose(f);
	*out = k;
	return 0;
}

void wire_keys_free(struct wire_keys *k)
{
	if (!k)
		return;
	for (size_t i = 0; i < k->count; i++)
		release(&k->key[i]);
	free(k->key);
	free(k);
}

/* The recorded packet as it came, out of its carrier. */
static void put_packet(struct pkt *p, const uint8_t *packet, size_t len)
{
	const struct carrier_ports usual = carrier_ports((struct carrier_ports){ 0 });
	struct pkt_vec v = { .count = 1, .pkt = { p } };

	p->data = p->room + PKT_HEADROOM;
	p->len = len;
	p->drop = DROP_NONE;
	memcpy(p->data, packet, len);
	carrier_pull(&usual, &v);
}

const uint8_t *wire_keys_open(struct wire_keys *k, const uint8_t *packet, size_t len,
			      size_t *opened_len)
{
	struct pkt *p = &k->opened;
	struct pkt_vec v = { .count = 1, .pkt = { p } };
	uint32_t spi;

	for (size_t i = 0; i < 2 * k->count; i++) {
		struct wire_key *key = &k->key[i / 2];

		put_packet(p, packet, len);
		if (p->drop || !esp_spi_of(p, &spi))
			return NULL;
		if (spi != key->spi)
			continue;
		esp_pull(key->sa[i % 2], &v);
		*opened_len = p->len;
		if (!p->drop)
			return p->data;
	}
	return NULL;
}
