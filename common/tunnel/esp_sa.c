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

struct esp_sa_out *esp_sa_out_new(const struct esp_sa_spec *s, const struct rng *rng)
{
	const struct esp_cipher_spec cipher = cipher_of(s);
	struct esp_sa_out *sa;

	if (esp_sa_out_fault(s))
		return NULL;
	sa = malloc(sizeof(*sa));
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
		.cipher = esp_cipher_sealer(&cipher, rng),
		.next = 1,
		.last = last_number(s),
		.blocks = s->manual ? UINT64_MAX
				    : esp_algorithm_info(s->algorithm)->blocks_most,
		.next_dummy_id = 1,
	};
	if (sa->cipher)
		return sa;
	esp_sa_out_free(sa);
	return NULL;
}

void esp_sa_out_free(struct esp_sa_out *sa)
{
	if (sa)
		esp_cipher_free(sa->cipher);
	free(sa);
}

struct esp_sa_in *esp_sa_in_new(const struct esp_sa_spec *s)
{
	const struct esp_cipher_spec cipher = cipher_of(s);
	struct esp_sa_in *sa;

	if (esp_sa_in_fault(s))
		return NULL;
	sa = malloc(sizeof(*sa));
	if (!sa)
		return NULL;
	*sa = (struct esp_sa_in){
		.spi = s->spi,
		.local = s->local,
		.remote = s->remote,
		.algorithm = s->algorithm,
		.esn = s->esn,
		.replay_checked = s->window != 0,
		.cipher = esp_cipher_opener(&cipher),
	};
	replay_window_init(&sa->window, s->window ? s->window : REPLAY_WINDOW_MIN,
			   s->esn);
	if (sa->cipher)
		return sa;
	esp_sa_in_free(sa);
	return NULL;
}

void esp_sa_in_free(struct esp_sa_in *sa)
{
	if (sa)
		esp_cipher_free(sa->cipher);
	free(sa);
}
