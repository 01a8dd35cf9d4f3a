/* SPDX-License-Identifier: ISC */
/*
 * Security associations of ESP between two ends (RFC 4301 4.4.2): one way each, one
 * SPI, one key.  All tunnels between the two ends share them; esp.h works with them.
 *
 * Several threads may work with one at once, each as a lane of its own: they share
 * its numbers, its window and its counters, and have a cipher each.  It is made, unmade
 * and read while none of them does.
 *
 * The structs are open because the packet path reads them; write to no field from
 * outside esp.c and esp_sa.c.
 */
#ifndef COMMON_TUNNEL_ESP_SA_H
#define COMMON_TUNNEL_ESP_SA_H

#include "common/base/rng.h"
#include "common/base/secret.h"
#include "common/security/esp_cipher.h"
#include "common/tunnel/replay_window.h"

#include <netinet/in.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	ESP_SPI_MIN = 256, /* 0 is never sent, 1 to 255 are reserved (RFC 4303 2.1) */
	ESP_TFC_MAX = 4096,
	ESP_PACKET_MOST = 1500, /* unless told otherwise */
};

struct esp_sa_spec {
	uint32_t spi;                 /* host order */
	struct in_addr local, remote; /* ends of the outer packet, as we see them */
	enum esp_algorithm algorithm;
	const struct secret *material; /* esp_key_material_len octets; copied */
	bool esn;                      /* alike at both ends (RFC 4303 2.2.1) */
	/*
	 * Keys given by hand, that outlive the numbers: AEAD is refused, because its
	 * nonces would come again (RFC 8221 3); numbers may cycle, and the peer's
	 * are checked only if there is a window (RFC 4303 3.3.3).
	 */
	bool manual;
	uint16_t window; /* inbound, 64 to 4096; 0 for manual keys without esn only */
	/* Outbound: an IPv4 packet inside is padded to a multiple; 0: not. */
	uint16_t tfc;
	const struct esp_engine *engine; /* of the cipher; NULL: OpenSSL's */
	unsigned lanes;                  /* how many threads may use it; 0: one */
};

/* Why no association can be made of it, as a text to show; NULL if one can. */
const char *esp_sa_out_fault(const struct esp_sa_spec *spec);
const char *esp_sa_in_fault(const struct esp_sa_spec *spec);

/* Packets through it and octets of their payloads: what is behind the outer header. */
struct esp_sa_counts {
	uint64_t packets;
	uint64_t octets;
	uint64_t dummies; /* of the packets */
};

struct esp_sa_out {
	uint32_t spi;
	struct in_addr local, remote;
	enum esp_algorithm algorithm;
	bool esn;
	uint16_t tfc;
	/*
	 * The largest ESP packet, outer header and all, that TFC padding makes, so
	 * that it never needs a fragment; a larger packet goes without: the path MTU
	 * (less the carrier), by esp_sa_out_fit().
	 */
	size_t packet_most;

	uint64_t next;   /* sequence number of the next packet, from 1 */
	uint64_t last;   /* the last there may be (RFC 4303 3.3.3) */
	uint64_t blocks; /* that the key has left (see esp_algorithm_info) */
	uint16_t next_dummy_id;
	struct esp_sa_counts counts;
	uint64_t exhausted; /* packets refused because the numbers or key ran out */
	unsigned lanes;
	struct esp_cipher *cipher[]; /* one a lane */
};

struct esp_sa_in {
	uint32_t spi;
	struct in_addr local, remote;
	enum esp_algorithm algorithm;
	bool esn;
	bool replay_checked;
	pthread_mutex_t mutex;       /* of the window */
	struct replay_window window; /* its `top`: the highest number, checked or not */

	struct esp_sa_counts counts; /* of what was authentic and well made */
	uint64_t replays;
	uint64_t bad_icvs;
	uint64_t bad_insides; /* padding or next header; the sender's fault */
	unsigned lanes;
	struct esp_cipher *cipher[]; /* one a lane */
};

/*
 * `rng` is read now, for IVs, and not kept.  NULL when the spec has a fault, when
 * out of memory, or when the library refuses.
 */
struct esp_sa_out *esp_sa_out_new(const struct esp_sa_spec *spec,
				  const struct rng *rng);

/* The largest packet that padding makes; any thread may say so. */
void esp_sa_out_fit(struct esp_sa_out *sa, size_t packet_most);
void esp_sa_out_free(struct esp_sa_out *sa); /* keys are wiped; NULL is fine */

struct esp_sa_in *esp_sa_in_new(const struct esp_sa_spec *spec);
void esp_sa_in_free(struct esp_sa_in *sa);

#endif
