/* SPDX-License-Identifier: ISC */
/*
 * Internet checksum. The ones' complement sum does not care in which byte order
 * the words are added (RFC 1071 1 (B)), so bytes are loaded as the machine
 * likes them, a vector at a time, and only the result is turned round.
 */
#include "common/wire/checksum.h"

#include <stdbool.h>
#include <string.h>

static uint32_t fold16(uint64_t sum)
{
	sum = (sum >> 32) + (sum & UINT32_MAX);
	sum = (sum >> 32) + (sum & UINT32_MAX);
	sum = (sum >> 16) + (sum & 0xffff);
	sum = (sum >> 16) + (sum & 0xffff);
	return (uint32_t)sum;
}

/* Words of 64 bits that a processor with vectors adds at once, or in two steps. */
typedef uint64_t lanes __attribute__((vector_size(32)));

enum {
	WORD = sizeof(uint64_t),
	LANES = sizeof(lanes) / WORD,
	STRIDE = 2 * sizeof(lanes)
};

/* Halves of words are added apart, so no carry is lost. */
struct halves {
	lanes even, odd;
};

/* The same for processors that differ, so it is compiled for each. */
#define FOR_EACH_PROCESSOR static inline __attribute__((always_inline))

/* One vector; copied, too, where there is a `to`. */
FOR_EACH_PROCESSOR void add_lanes(struct halves *sum, uint8_t *to, const uint8_t *at)
{
	lanes words;

	memcpy(&words, at, sizeof(words));
	if (to)
		memcpy(to, &words, sizeof(words));
	sum->even += words & UINT32_MAX;
	sum->odd += words >> 32;
}

FOR_EACH_PROCESSOR uint64_t total(const struct halves *a, const struct halves *b)
{
	const lanes sum = a->even + a->odd + b->even + b->odd;
	uint64_t all = 0;

	for (unsigned i = 0; i < LANES; i++)
		all += sum[i];
	return all;
}

/*
 * Octets in multiples of two vectors. Two sums take turns, so that neither addition
 * waits for the one before.
 */
FOR_EACH_PROCESSOR uint64_t sum_vectors(uint8_t *to, const uint8_t *at, size_t len)
{
	struct halves a = { 0 }, b = { 0 };

	for (size_t i = 0; i < len; i += STRIDE) {
		add_lanes(&a, to ? to + i : NULL, at + i);
		add_lanes(&b, to ? to + i + sizeof(lanes) : NULL,
			  at + i + sizeof(lanes));
	}
	return total(&a, &b);
}

static uint64_t sum_usual(uint8_t *to, const uint8_t *at, size_t len)
{
	return to ? sum_vectors(to, at, len) : sum_vectors(NULL, at, len);
}

#if defined(__x86_64__) && defined(__GNUC__)

/* Vectors of 256 bits. */
__attribute__((target("avx2"))) static uint64_t sum_wide(uint8_t *to, const uint8_t *at,
							 size_t len)
{
	return to ? sum_vectors(to, at, len) : sum_vectors(NULL, at, len);
}

static bool is_wide(void)
{
	return __builtin_cpu_supports("avx2");
}
#else
#define sum_wide sum_usual

static bool is_wide(void)
{
	return false;
}
#endif

static uint64_t sum_many(uint8_t *to, const uint8_t *at, size_t len)
{
	if (len == 0)
		return 0;
	return is_wide() ? sum_wide(to, at, len) : sum_usual(to, at, len);
}

/* The octets behind them, an odd one as if a zero followed. */
static uint64_t sum_rest(const uint8_t *at, size_t len)
{
	uint64_t sum = 0, words;
	uint32_t word;
	uint16_t half = 0;

	for (; len >= sizeof(words); len -= sizeof(words), at += sizeof(words)) {
		memcpy(&words, at, sizeof(words));
		sum += (words & UINT32_MAX) + (words >> 32);
	}
	if (len >= sizeof(word)) {
		memcpy(&word, at, sizeof(word));
		sum += word;
		len -= sizeof(word);
		at += sizeof(word);
	}
	if (len >= sizeof(half)) {
		memcpy(&half, at, sizeof(half));
		sum += half;
		at += sizeof(half);
	}
	if (len % sizeof(half) == 0)
		return sum;
	half = 0;
	memcpy(&half, at, 1);
	return sum + half;
}

static uint32_t add_native(uint32_t sum, uint64_t native)
{
	return fold16((uint64_t)sum + ntohs((uint16_t)fold16(native)));
}

uint32_t checksum_add(uint32_t sum, const void *bytes, size_t len)
{
	const uint8_t *at = bytes;
	const size_t rest = len % STRIDE;
	const uint64_t native = sum_many(NULL, at, len - rest);

	return add_native(sum, native + sum_rest(at + len - rest, rest));
}

uint32_t checksum_copy(uint32_t sum, void *to, const void *from, size_t len)
{
	const uint8_t *at = from;
	uint8_t *copy = to;
	const size_t rest = len % STRIDE;
	const uint64_t native = sum_many(copy, at, len - rest);

	if (rest)
		memcpy(copy + len - rest, at + len - rest, rest);
	return add_native(sum, native + sum_rest(at + len - rest, rest));
}

uint32_t checksum_pseudo(struct in_addr src, struct in_addr dst, uint8_t proto,
			 uint16_t len)
{
	uint32_t s = ntohl(src.s_addr), d = ntohl(dst.s_addr);

	return (s >> 16) + (s & 0xffff) + (d >> 16) + (d & 0xffff) + proto + len;
}

uint16_t checksum_fold(uint32_t sum)
{
	return (uint16_t)~fold16(sum);
}

uint16_t checksum_update(uint16_t field, uint16_t old_word, uint16_t new_word)
{
	return checksum_fold((uint32_t)(uint16_t)~field + (uint16_t)~old_word +
			     new_word);
}

void checksum_write(uint8_t *message, size_t len, size_t offset)
{
	uint16_t field = 0;

	memcpy(message + offset, &field, sizeof(field));
	field = htons(checksum_of(message, len));
	memcpy(message + offset, &field, sizeof(field));
}

void checksum_complete(uint8_t *message, size_t len, size_t offset)
{
	uint16_t field = htons(checksum_of(message, len));

	if (field == 0)
		field = 0xffff;
	memcpy(message + offset, &field, sizeof(field));
}
