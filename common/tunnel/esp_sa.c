/* SPDX-License-Identifier: ISC */
/*
 * Security associations of ESP: judged, made, unmade.  What a packet does to them is
 * in esp.c.
 */
#include "common/tunnel/esp_sa.h"

#include <stdlib.h>

/* What is alike in both directions. */
static const char *fault_of(const struct esp_sa_spec *s)
{
	if (s->spi < ESP_SPI_MIN)
		return "an SPI under 256 is reserved";
	if ((unsigned)s->algorithm >= ESP_ALGORITHM_COUNT)
		return "no such algorithm";
	if (s->material->len != esp_key_material_len(s->algorithm))
		return "the key has not the length that the algorithm asks for";
	if (s->manual && esp_algorithm_info(s->algorithm)->aead)
		return "keys given by hand would use a nonce twice with this algorithm";
	return NULL;
}

const char *esp_sa_out_fault(const struct esp_sa_spec *s)
{
	if (s->tfc > ESP_TFC_MAX)
		return "packets are padded to a multiple of 4096 octets at most";
	return fault_of(s);
}

const char *esp_sa_in_fault(const struct esp_sa_spec *s)
{
	bool unchecked = s->manual && s->window == 0;

	if (unchecked && s->esn)
		return "extended sequence numbers need an anti-replay window";
	if (!unchecked &&
	    (s->window < REPLAY_WINDOW_MIN || s->window > REPLAY_WINDOW_MAX))
		return "an anti-replay window has 64 to 4096 packets";
	return fault_of(s);
}

static struct esp_cipher_spec cipher_of(const struct esp_sa_spec *s)
{
	return (struct esp_cipher_spec){ .algorithm = s->algorithm,
					 .esn = s->esn,
					 .material = s->material,
					 .engine = s->engine };
}

/*
 * The numbers of manual keys cycle on the wire, since only the low half is sent;
 * nothing would ever give such an association a new key.
 */
static uint64_t last_number(const struct esp_sa_spec *s)
{
	return s->esn || s->manual ? UINT64_MAX - 1 : UINT32_MAX;
}

static unsigned lanes_of(const struct esp_sa_spec *s)
{
	return s->lanes ? s->lanes : 1;
}

static void free_ciphers(struct esp_cipher **cipher, unsigned lanes)
{
	for (unsigned i = 0; i < lanes; i++)
		esp_cipher_free(cipher[i]);
}

/* The numbers of AEAD are its nonces, and IVs of CBC are random: one key does. */
static bool make_ciphers(struct esp_cipher **cipher, const struct esp_sa_spec *s,
			 const struct rng *rng)
{
	const struct esp_cipher_spec spec = cipher_of(s);

	for (unsigned i = 0; i < lanes_of(s); i++) {
		cipher[i] =
			rng ? esp_cipher_sealer(&spec, rng) : esp_cipher_opener(&spec);
		if (cipher[i])
			continue;
		free_ciphers(cipher, i);
		return false;
	}
	return true;
}

struct esp_sa_out *esp_sa_out_new(const struct esp_sa_spec *s, const struct rng *rng)
{
	struct esp_sa_out *sa;

	if (esp_sa_out_fault(s))
		return NULL;
	sa = malloc(sizeof(*sa) + lanes_of(s) * sizeof(*sa->cipher));
	if (!sa)
		return NULL;
	*sa = (struct esp_sa_out){
		.spi = s->spi,
		.local = s->local,
		.remote = s->remote,
		.algorithm = s->algorithm,
		.esn = s->esn,
		.tfc = s->tfc,
		.packet_most = ESP_PACKET_MOST,
		.next = 1,
		.last = last_number(s),
		.blocks = s->manual ? UINT64_MAX
				    : esp_algorithm_info(s->algorithm)->blocks_most,
		.next_dummy_id = 1,
		.lanes = lanes_of(s),
	};
	if (make_ciphers(sa->cipher, s, rng))
		return sa;
	free(sa);
	return NULL;
}

void esp_sa_out_fit(struct esp_sa_out *sa, size_t packet_most)
{
	__atomic_store_n(&sa->packet_most, packet_most, __ATOMIC_RELAXED);
}

void esp_sa_out_free(struct esp_sa_out *sa)
{
	if (sa)
		free_ciphers(sa->cipher, sa->lanes);
	free(sa);
}

struct esp_sa_in *esp_sa_in_new(const struct esp_sa_spec *s)
{
	struct esp_sa_in *sa;

	if (esp_sa_in_fault(s))
		return NULL;
	sa = malloc(sizeof(*sa) + lanes_of(s) * sizeof(*sa->cipher));
	if (!sa)
		return NULL;
	*sa = (struct esp_sa_in){
		.spi = s->spi,
		.local = s->local,
		.remote = s->remote,
		.algorithm = s->algorithm,
		.esn = s->esn,
		.replay_checked = s->window != 0,
		.lanes = lanes_of(s),
	};
	replay_window_init(&sa->window, s->window ? s->window : REPLAY_WINDOW_MIN,
			   s->esn);
	if (!make_ciphers(sa->cipher, s, NULL)) {
		free(sa);
		return NULL;
	}
	pthread_mutex_init(&sa->mutex, NULL);
	return sa;
}

void esp_sa_in_free(struct esp_sa_in *sa)
{
	if (!sa)
		return;
	free_ciphers(sa->cipher, sa->lanes);
	pthread_mutex_destroy(&sa->mutex);
	free(sa);
}
