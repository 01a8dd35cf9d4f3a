/* SPDX-License-Identifier: ISC */
/*
 * Records of nodes, to bytes and back.  They come from a disk, which is trusted no
 * more than a network.
 */
#include "ha/node_record.h"

#include "common/wire/checksum.h"

#include <assert.h>

enum { CHECKSUM_AT = 2 };

static void encode_binding(struct writer *w, const struct binding_record *b)
{
	write_addr(w, b->care_of);
	write_addr(w, b->source);
	write_addr(w, b->agent);
	write_u32(w, b->spi);
	write_u64(w, b->ident);
	write_u64(w, b->since);
	write_u64(w, b->expires);
	write_u16(w, b->lifetime);
	write_u8(w, b->flags);
	write_u8(w, 0);
}

void node_record_encode(struct writer *w, const struct node_record *r)
{
	uint8_t *start = w->at;

	assert(r->count <= BINDINGS_PER_NODE_MAX);
	write_u8(w, NODE_RECORD_VERSION);
	write_u8(w, (uint8_t)r->count);
	write_u16(w, 0);
	write_addr(w, r->home);
	write_u64(w, r->last_ident);
	for (unsigned i = 0; i < r->count; i++)
		encode_binding(w, &r->binding[i]);
	if (!w->bad)
		checksum_write(start, (size_t)(w->at - start), CHECKSUM_AT);
}

static struct binding_record decode_binding(struct reader *in)
{
	struct binding_record b;

	b.care_of = read_addr(in);
	b.source = read_addr(in);
	b.agent = read_addr(in);
	b.spi = read_u32(in);
	b.ident = read_u64(in);
	b.since = read_u64(in);
	b.expires = read_u64(in);
	b.lifetime = read_u16(in);
	b.flags = read_u8(in);
	read_skip(in, 1);
	return b;
}

enum record_fault node_record_decode(struct reader in, struct node_record *out)
{
	const struct reader whole = in;
	uint8_t version = read_u8(&in);

	out->count = read_u8(&in);
	read_skip(&in, sizeof(uint16_t)); /* the checksum */
	out->home = read_addr(&in);
	out->last_ident = read_u64(&in);

	if (in.bad)
		return RECORD_LENGTH;
	if (version != NODE_RECORD_VERSION)
		return RECORD_VERSION;
	if (out->count > BINDINGS_PER_NODE_MAX ||
	    reader_left(&in) != out->count * (size_t)NODE_RECORD_BINDING)
		return RECORD_LENGTH;
	if (checksum_of(whole.at, reader_left(&whole)) != 0)
		return RECORD_DAMAGED;
	for (unsigned i = 0; i < out->count; i++)
		out->binding[i] = decode_binding(&in);
	return RECORD_OK;
}
