/* SPDX-License-Identifier: ISC */
/*
 * Internet checksum. The ones' complement sum does not care in which byte order
 * the words are added (RFC 1071 1 (B)), so bytes are loaded as the machine
 * likes them, 64 bits at a time, and only the result is turned round.
 */
#include "common/wire/checksum.h"

#include <string.h>

static uint32_t fold16(uint64_t sum)
{
	sum = (sum >> 32) + (sum & UINT32_MAX);
	sum = (sum >> 32) + (sum & UINT32_MAX);
	sum = (sum >> 16) + (sum & 0xffff);
	sum = (sum >> 16) + (sum & 0xffff);
	return (uint32_t)sum;
}

/* Whole words of 64 bits; halves are added apart, so no carry is lost. */
static uint64_t sum_words(const uint8_t *at, size_t words)
{
	uint64_t even = 0, odd = 0, word;

	for (; words > 0; words--, at += sizeof(word)) {
		memcpy(&word, at, sizeof(word));
		even += word & UINT32_MAX;
		odd += word >> 32;
	}
	return even + odd;
}

/* The same, and copy them. */
static uint64_t copy_words(uint8_t *to, const uint8_t *at, size_t words)
{
	uint64_t even = 0, odd = 0, word;

	for (; words > 0; words--, at += sizeof(word), to += sizeof(word)) {
		memcpy(&word, at, sizeof(word));
		memcpy(to, &word, sizeof(word));
		even += word & UINT32_MAX;
		odd += word >> 32;
	}
	return even + odd;
}

/* The octets behind the whole words, with zeros behind them. */
static uint64_t sum_rest(const uint8_t *at, size_t rest)
{
	uint64_t last = 0;

	if (rest)
		memcpy(&last, at, rest);
	return (last & UINT32_MAX) + (last >> 32);
}

static uint32_t add_native(uint32_t sum, uint64_t native)
{
	return fold16((uint64_t)sum + ntohs((uint16_t)fold16(native)));
}

uint32_t checksum_add(uint32_t sum, const void *bytes, size_t len)
{
	const uint8_t *at = bytes;
	size_t rest = len % sizeof(uint64_t);
	uint64_t native = sum_words(at, len / sizeof(uint64_t));

	return add_native(sum, native + sum_rest(at + len - rest, rest));
}

uint32_t checksum_copy(uint32_t sum, void *to, const void *from, size_t len)
{
	const uint8_t *at = from;
	uint8_t *copy = to;
	size_t rest = len % sizeof(uint64_t);
	uint64_t native = copy_words(copy, at, len / sizeof(uint64_t));

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
