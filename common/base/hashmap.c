/* SPDX-License-Identifier: ISC */
/*
 * SipHash-1-3 (Aumasson and Bernstein, 2012) for hash tables: one round a word,
 * three at the end. Enough to keep strangers from choosing the bucket; not a
 * message authenticator.
 */
#include "common/base/hashmap.h"

#include <endian.h>
#include <string.h>

struct sip {
	uint64_t v0, v1, v2, v3;
};

/* The one mutable value of the pure ring: set once, before any table is filled. */
static uint64_t sip_key[2];

static uint64_t rotate(uint64_t x, unsigned bits)
{
	return x << bits | x >> (64 - bits);
}

static void sip_round(struct sip *s)
{
	s->v0 += s->v1;
	s->v1 = rotate(s->v1, 13) ^ s->v0;
	s->v0 = rotate(s->v0, 32);
	s->v2 += s->v3;
	s->v3 = rotate(s->v3, 16) ^ s->v2;
	s->v0 += s->v3;
	s->v3 = rotate(s->v3, 21) ^ s->v0;
	s->v2 += s->v1;
	s->v1 = rotate(s->v1, 17) ^ s->v2;
	s->v2 = rotate(s->v2, 32);
}

static void sip_word(struct sip *s, uint64_t word)
{
	s->v3 ^= word;
	sip_round(s);
	s->v0 ^= word;
}

/* A word as SipHash reads it: the first byte in the lowest place. */
static uint64_t load_word(const uint8_t *at)
{
	uint64_t word;

	memcpy(&word, at, sizeof(word));
	return le64toh(word);
}

/* The last word: what is left, under 8 bytes, and the low byte of the length. */
static uint64_t load_last(const uint8_t *at, size_t len)
{
	uint64_t word = (uint64_t)len << 56;

	for (size_t i = 0; i < len % 8; i++)
		word |= (uint64_t)at[i] << (8 * i);
	return word;
}

static struct sip sip_start(void)
{
	return (struct sip){
		.v0 = UINT64_C(0x736f6d6570736575) ^ sip_key[0],
		.v1 = UINT64_C(0x646f72616e646f6d) ^ sip_key[1],
		.v2 = UINT64_C(0x6c7967656e657261) ^ sip_key[0],
		.v3 = UINT64_C(0x7465646279746573) ^ sip_key[1],
	};
}

static uint64_t sip_finish(struct sip *s)
{
	s->v2 ^= 0xff;
	sip_round(s);
	sip_round(s);
	sip_round(s);
	return s->v0 ^ s->v1 ^ s->v2 ^ s->v3;
}

void hashmap_set_key(const uint8_t key[16])
{
	sip_key[0] = load_word(key);
	sip_key[1] = load_word(key + 8);
}

unsigned hashmap_hash(const void *key, size_t len)
{
	const uint8_t *at = key;
	struct sip s = sip_start();

	for (size_t words = len / 8; words > 0; words--, at += 8)
		sip_word(&s, load_word(at));
	sip_word(&s, load_last(at, len));
	return (unsigned)sip_finish(&s);
}
