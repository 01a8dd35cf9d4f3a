/* SPDX-License-Identifier: ISC */
/*
 * The Internet checksum, whole (RFC 1071) and updated in place (RFC 1624).
 * Sums are kept unfolded in 32 bits in host order of big-endian words;
 * `checksum_fold` gives the 16-bit field value in host order.
 */
#ifndef COMMON_WIRE_CHECKSUM_H
#define COMMON_WIRE_CHECKSUM_H

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>

/* Add bytes to a running sum; an odd length is padded, so only the last may be. */
uint32_t checksum_add(uint32_t sum, const void *bytes, size_t len);

/* The same, and copy the bytes `from` one place `to` another. */
uint32_t checksum_copy(uint32_t sum, void *to, const void *from, size_t len);

/* Sum of the pseudo header of UDP and TCP; `len` is that of the segment. */
uint32_t checksum_pseudo(struct in_addr src, struct in_addr dst, uint8_t proto,
			 uint16_t len);

/* The field value: the complement of the folded sum. */
uint16_t checksum_fold(uint32_t sum);

/* The field after one 16-bit word of what it covers changed (RFC 1624 eqn. 3). */
uint16_t checksum_update(uint16_t field, uint16_t old_word, uint16_t new_word);

/* Set the 16-bit field at `offset` to the checksum of the whole message. */
void checksum_write(uint8_t *message, size_t len, size_t offset);

/*
 * The same where the field holds a part of the sum already, as that of a pseudo
 * header.  A checksum of zero is written as all ones.
 */
void checksum_complete(uint8_t *message, size_t len, size_t offset);

static inline uint16_t checksum_of(const void *bytes, size_t len)
{
	return checksum_fold(checksum_add(0, bytes, len));
}

#endif
