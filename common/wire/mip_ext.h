/* SPDX-License-Identifier: ISC */
/*
 * Extensions of registration messages (RFC 5944 1.8 to 1.11).
 *
 *   simple  Type(1) Length(1) Data              Length counts Data
 *   short   Type(1) Length(1) Subtype(1) Data   Length counts Subtype and Data
 *   long    Type(1) Subtype(1) Length(2) Data   Length counts Data
 *   pad     Type 0: a single octet
 *
 * Every type that we know, its form, the lengths it can have and its RFC are
 * rows of mip_ext.def.  A type under 128 that we do not use condemns the whole
 * message; one of 128 and more is skipped by its Length, and stays in the bytes
 * that a later authenticator covers.
 *
 * This number space is not that of ICMP router discovery (mip_advert.h).
 */
#ifndef COMMON_WIRE_MIP_EXT_H
#define COMMON_WIRE_MIP_EXT_H

#include "common/base/bytes.h"
#include "common/wire/mip_msg.h"

#include <stdbool.h>
#include <stdint.h>

enum mip_ext_form {
	MIP_EXT_PAD,
	MIP_EXT_SIMPLE,
	MIP_EXT_SHORT,
	MIP_EXT_LONG,
	MIP_EXT_CVSE, /* as long, but no subtype: its place is reserved (RFC 3115) */
};

enum mip_ext_type {
#define MIP_EXT(number, symbol, form, shortest, longest, name, rfc) symbol = number,
#include "common/wire/mip_ext.def"
};

enum {
	MIP_EXT_MAX = 32,         /* most extensions that we look at in one message */
	MIP_EXT_AUTH_MIN = 4 + 1, /* SPI and authenticator */
	MIP_EXT_AUTH_MAX = 4 + 64,
};

/* One extension; `start` to `data.end` is all of it as it stood in the message. */
struct mip_ext {
	uint8_t type;
	uint8_t subtype; /* of short and long forms */
	const uint8_t *start;
	struct reader data;
};

/* An authentication extension: 32, 33, 34 (RFC 5944 3.5.2 to 3.5.4). */
struct mip_auth_ext {
	uint8_t type;
	uint32_t spi;
	const uint8_t *start;         /* its Type octet */
	const uint8_t *authenticator; /* also the end of what it covers */
	size_t authenticator_len;
};

/*
 * The extensions of one message in their order, and of each kind of
 * authentication extension the first and how many there are.
 */
struct mip_ext_index {
	struct mip_ext ext[MIP_EXT_MAX];
	unsigned count;
	struct mip_auth_ext mn_ha, mn_fa, fa_ha;
	unsigned mn_ha_count, mn_fa_count, fa_ha_count;
};

/*
 * Read the next extension.  Returns MIP_FAULT_NONE and true in *more, or
 * MIP_FAULT_NONE and false at the end, or the fault.  Padding is skipped.
 *
 * With a fault out->type is the culprit.  After MIP_FAULT_EXTENSION for a type
 * that has a name the cursor stands behind it, so that who only shows a message
 * can read on.
 */
enum mip_fault mip_ext_next(struct reader *in, struct mip_ext *out, bool *more);

/* Index a whole list; the message is refused at the first fault. */
enum mip_fault mip_ext_index(struct reader extensions, struct mip_ext_index *out);

/* The first extension of a type, or NULL. */
const struct mip_ext *mip_ext_find(const struct mip_ext_index *ix, uint8_t type);

/* Write one simple extension; more than 255 octets of data spoil the writer. */
void mip_ext_write(struct writer *w, uint8_t type, const void *data, size_t len);

/* Stable name of a type, also of those that we know only by name; or NULL. */
const char *mip_ext_name(uint8_t type);

#endif
