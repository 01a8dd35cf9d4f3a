/* SPDX-License-Identifier: ISC */
/*
 * Hexadecimal text as bytes: how the files of tests/vectors become messages.
 */
#ifndef TESTS_UNIT_HEX_H
#define TESTS_UNIT_HEX_H

#include "common/base/bytes.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { HEX_MAX = 2048 };

struct hex {
	uint8_t bytes[HEX_MAX];
	size_t len;
};

static inline struct hex hex_of(const char *text)
{
	struct hex h = { .len = strlen(text) / 2 };

	for (size_t i = 0; i < h.len && i < HEX_MAX; i++) {
		const char digits[3] = { text[2 * i], text[2 * i + 1], '\0' };

		h.bytes[i] = (uint8_t)strtoul(digits, NULL, 16);
	}
	return h;
}

static inline struct reader hex_reader(const struct hex *h)
{
	return reader_over(h->bytes, h->len);
}

/* A copy in memory of exactly its size, so that the sanitizers see an over-read. */
static inline uint8_t *exact_copy(const void *bytes, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);

	if (!copy)
		abort();
	if (len)
		memcpy(copy, bytes, len);
	return copy;
}

static inline void flip_bit(uint8_t *bytes, size_t bit)
{
	bytes[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
}

#endif
