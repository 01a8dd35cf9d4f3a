/* SPDX-License-Identifier: ISC */
/*
 * IVs for CBC, that nobody can foretell (RFC 3602 3): AES-256 in counter mode over
 * zeros, under a key of its own that was drawn at random.  None comes twice.
 */
#ifndef COMMON_SECURITY_ESP_IV_H
#define COMMON_SECURITY_ESP_IV_H

#include "common/base/rng.h"

#include <stdint.h>

enum { ESP_IV_LEN = 16 };

struct esp_iv_source;

/* `rng` is read once.  NULL when out of memory or when the library refuses. */
struct esp_iv_source *esp_iv_source_new(const struct rng *rng);
void esp_iv_source_free(struct esp_iv_source *s);

/* -EIO if the library fails. */
int esp_iv_source_take(struct esp_iv_source *s, uint8_t iv[ESP_IV_LEN]);

#endif
