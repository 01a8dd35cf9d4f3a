/* SPDX-License-Identifier: ISC */
/*
 * Two ends of a pair of security associations for tests of ESP: what the near one
 * seals, the far one opens.
 */
#ifndef TESTS_UNIT_ESP_ENDS_H
#define TESTS_UNIT_ESP_ENDS_H

#include "common/tunnel/esp.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ESP_NEAR "198.51.100.1" /* as in packets.h */
#define ESP_FAR  "203.0.113.1"

enum { ESP_SPI = 0x1234 };

struct esp_like {
	enum esp_algorithm algorithm;
	bool esn, manual;
	uint16_t window; /* 0: 64, unless manual */
	uint16_t tfc;
};

struct esp_ends {
	struct esp_sa_out *out;
	struct esp_sa_in *in;
};

struct esp_ends esp_ends(const struct esp_like *like);
struct esp_ends esp_ends_in_lanes(const struct esp_like *like, unsigned lanes);
void esp_ends_fini(struct esp_ends *e);

/* One whose key, SPI and last number are given: numbers go on behind `top`. */
struct esp_sa_in *esp_in_of_hex(enum esp_algorithm a, bool esn, const char *material,
				uint32_t spi, uint64_t top);

void esp_push_one(struct esp_sa_out *sa, struct pkt *p);
void esp_pull_one(struct esp_sa_in *sa, struct pkt *p);

/* A packet from near to far, as a tunnel would hand it over. */
struct pkt *esp_outer(struct pkt_pool *pool, uint8_t protocol, size_t size);

/* An authentic packet with any body: whole blocks, padding and next header in it. */
struct pkt *esp_forged(struct pkt_pool *pool, struct esp_sa_out *sa, const void *body,
		       size_t len);

#endif
