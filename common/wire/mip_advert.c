/* SPDX-License-Identifier: ISC */
/*
 * Agent Advertisement and Agent Solicitation (RFC 5944 2.1, 2.2; RFC 1256 3).
 *
 *   0 type=9 | 1 code | 2 checksum | 4 addresses | 5 entry size | 6 lifetime
 *   8 router address(4), preference(4), ...
 *     16 | 6+4N | sequence(2) | lifetime(2) | flags(2) | care-of address(4) ...
 *     19 | N    | prefix length of each router address ...
 */
#include "common/wire/mip_advert.h"

#include "common/wire/checksum.h"
#include "common/wire/icmp.h"

#include <assert.h>

enum {
	EXT_PADDING = 0,
	EXT_MOBILITY = 16,
	EXT_PREFIXES = 19,
	EXT_FIRST_SKIPPABLE = 128,

	MOBILITY_LEN = 6, /* without care-of addresses */
	ENTRY_WORDS = 2,  /* of a router: address and preference */
	CHECKSUM_AT = 2,
	PREFIX_LEN_MAX = 32,
};

const char *advert_fault_text(enum advert_fault f)
{
	static const char *const texts[ADVERT_FAULT_COUNT] = {
		[ADVERT_OK] = "sound",
		[ADVERT_SHORT] = "cut off",
		[ADVERT_TYPE] = "another type or code of message",
		[ADVERT_BAD_CHECKSUM] = "wrong ICMP checksum",
		[ADVERT_ENTRY_SIZE] = "impossible address entry size",
		[ADVERT_EXTENSION] = "unknown or malformed extension",
	};

	return f < ADVERT_FAULT_COUNT ? texts[f] : "unknown";
}

/* Entries longer than ours are read over to their end (RFC 1256 5.2). */
static void read_routers(struct reader *in, unsigned count, unsigned words,
			 struct mip_advert *out)
{
	for (unsigned i = 0; i < count; i++) {
		struct reader entry = reader_split(in, words * 4);

		if (out->router_count == ADVERT_ROUTERS_MAX)
			continue;
		out->router[out->router_count] = read_addr(&entry);
		out->preference[out->router_count] = (int32_t)read_u32(&entry);
		out->router_count++;
	}
}

static enum advert_fault read_mobility(struct reader data, struct mip_advert *out)
{
	size_t len = reader_left(&data);

	if (out->mobility || len < MOBILITY_LEN || (len - MOBILITY_LEN) % 4 != 0)
		return ADVERT_EXTENSION;
	out->mobility = true;
	out->sequence = read_u16(&data);
	out->registration_lifetime = read_u16(&data);
	out->flags = read_u16(&data);
	while (reader_left(&data) > 0 && out->care_of_count < ADVERT_CARE_OF_MAX)
		out->care_of[out->care_of_count++] = read_addr(&data);
	return ADVERT_OK;
}

/* One octet for each of the `routers` that the message lists (RFC 5944 2.1.2). */
static enum advert_fault read_prefixes(struct reader data, unsigned routers,
				       struct mip_advert *out)
{
	if (out->prefix_count || reader_left(&data) != routers)
		return ADVERT_EXTENSION;
	while (reader_left(&data) > 0) {
		uint8_t len = read_u8(&data);

		if (len > PREFIX_LEN_MAX)
			return ADVERT_EXTENSION;
		if (out->prefix_count < ADVERT_ROUTERS_MAX)
			out->prefix_len[out->prefix_count++] = len;
	}
	return ADVERT_OK;
}

static enum advert_fault read_extension(struct reader *in, unsigned routers,
					struct mip_advert *out)
{
	uint8_t type = read_u8(in);
	struct reader data;

	if (type == EXT_PADDING)
		return ADVERT_OK;
	data = reader_split(in, read_u8(in));
	if (in->bad)
		return ADVERT_SHORT;
	if (type == EXT_MOBILITY)
		return read_mobility(data, out);
	if (type == EXT_PREFIXES)
		return read_prefixes(data, routers, out);
	return type < EXT_FIRST_SKIPPABLE ? ADVERT_EXTENSION : ADVERT_OK;
}

static enum advert_fault read_list(struct reader in, unsigned routers, unsigned words,
				   struct mip_advert *out)
{
	enum advert_fault fault = ADVERT_OK;

	/* An Agent Advertisement may list no router (RFC 5944 2.1). */
	if (routers > 0 && words < ENTRY_WORDS)
		return ADVERT_ENTRY_SIZE;
	read_routers(&in, routers, words, out);
	if (in.bad)
		return ADVERT_SHORT;
	while (fault == ADVERT_OK && reader_left(&in) > 0)
		fault = read_extension(&in, routers, out);
	return fault;
}

static bool code_is_known(uint8_t code)
{
	return code == ADVERT_CODE_ROUTES || code == ADVERT_CODE_NO_ROUTES;
}

enum advert_fault mip_advert_decode(struct reader in, struct mip_advert *out)
{
	const struct reader whole = in;
	uint8_t type = read_u8(&in);
	uint8_t routers, words;

	*out = (struct mip_advert){ .code = read_u8(&in) };
	read_skip(&in, 2);
	routers = read_u8(&in);
	words = read_u8(&in);
	out->lifetime = read_u16(&in);
	if (in.bad)
		return ADVERT_SHORT;
	if (type != ICMP_ROUTER_ADVERT || !code_is_known(out->code))
		return ADVERT_TYPE;
	if (checksum_of(whole.at, reader_left(&whole)) != 0)
		return ADVERT_BAD_CHECKSUM;
	return read_list(in, routers, words, out);
}

static void write_mobility(struct writer *w, const struct mip_advert *a)
{
	write_u8(w, EXT_MOBILITY);
	write_u8(w, (uint8_t)(MOBILITY_LEN + 4 * a->care_of_count));
	write_u16(w, a->sequence);
	write_u16(w, a->registration_lifetime);
	write_u16(w, a->flags);
	for (unsigned i = 0; i < a->care_of_count; i++)
		write_addr(w, a->care_of[i]);
}

static void write_prefixes(struct writer *w, const struct mip_advert *a)
{
	write_u8(w, EXT_PREFIXES);
	write_u8(w, (uint8_t)a->prefix_count);
	write_bytes(w, a->prefix_len, a->prefix_count);
}

static void write_routers(struct writer *w, const struct mip_advert *a)
{
	for (unsigned i = 0; i < a->router_count; i++) {
		write_addr(w, a->router[i]);
		write_u32(w, (uint32_t)a->preference[i]);
	}
}

void mip_advert_encode(struct writer *w, const struct mip_advert *a)
{
	const size_t before = writer_len(w);

	assert(a->router_count <= ADVERT_ROUTERS_MAX);
	assert(a->care_of_count <= ADVERT_CARE_OF_MAX);
	assert(a->prefix_count == 0 || a->prefix_count == a->router_count);

	write_u8(w, ICMP_ROUTER_ADVERT);
	write_u8(w, a->code);
	write_u16(w, 0);
	write_u8(w, (uint8_t)a->router_count);
	write_u8(w, ENTRY_WORDS);
	write_u16(w, a->lifetime);
	write_routers(w, a);
	if (a->mobility)
		write_mobility(w, a);
	if (a->prefix_count)
		write_prefixes(w, a);
	/* Some receivers insist on an even length (RFC 5944 2.1.3). */
	if ((writer_len(w) - before) % 2 != 0)
		write_u8(w, EXT_PADDING);
	if (!w->bad)
		checksum_write(w->start + before, writer_len(w) - before, CHECKSUM_AT);
}

enum advert_fault mip_solicit_decode(struct reader in)
{
	const struct reader whole = in;
	uint8_t type = read_u8(&in);
	uint8_t code = read_u8(&in);

	read_skip(&in, SOLICIT_LEN - 2);
	if (in.bad)
		return ADVERT_SHORT;
	if (type != ICMP_ROUTER_SOLICIT || code != 0)
		return ADVERT_TYPE;
	return checksum_of(whole.at, reader_left(&whole)) == 0 ? ADVERT_OK
							       : ADVERT_BAD_CHECKSUM;
}

void mip_solicit_encode(struct writer *w)
{
	uint8_t *message = write_room(w, SOLICIT_LEN);

	if (!message)
		return;
	memset(message, 0, SOLICIT_LEN);
	message[0] = ICMP_ROUTER_SOLICIT;
	checksum_write(message, SOLICIT_LEN, CHECKSUM_AT);
}
