/* SPDX-License-Identifier: ISC */
/*
 * Walking, indexing and writing extensions (RFC 5944 1.8 to 1.11). Knows forms
 * and lengths from mip_ext.def; what an extension means is left to others.
 */
#include "common/wire/mip_ext.h"

enum { FIRST_SKIPPABLE = 128, TYPES = 256 };

struct ext_row {
	const char *name; /* NULL: we have never heard of it */
	enum mip_ext_form form;
	bool used;
	uint8_t shortest, longest;
};

static const struct ext_row ext_rows[TYPES] = {
#define MIP_EXT(number, symbol, form_, shortest_, longest_, name_, rfc) \
	[number] = { .name = name_,                                     \
		     .form = form_,                                     \
		     .used = true,                                      \
		     .shortest = shortest_,                             \
		     .longest = longest_ },
#define MIP_EXT_NAMED(number, form_, name_, rfc) \
	[number] = { .name = name_, .form = form_ },
#include "common/wire/mip_ext.def"
};

static enum mip_ext_form form_of(const struct ext_row *row)
{
	return row->name ? row->form : MIP_EXT_SIMPLE;
}

/* What follows the Type octet. */
static void read_body(struct reader *in, enum mip_ext_form form, struct mip_ext *out)
{
	switch (form) {
	case MIP_EXT_PAD: /* skipped before */
		break;
	case MIP_EXT_SIMPLE:
		out->data = reader_split(in, read_u8(in));
		break;
	case MIP_EXT_SHORT:
		out->data = reader_split(in, read_u8(in));
		out->subtype = read_u8(&out->data);
		break;
	case MIP_EXT_LONG:
		out->subtype = read_u8(in);
		out->data = reader_split(in, read_u16(in));
		break;
	case MIP_EXT_CVSE:
		read_skip(in, 1);
		out->data = reader_split(in, read_u16(in));
		break;
	}
}

static bool length_fits(const struct ext_row *row, const struct mip_ext *e)
{
	size_t len = reader_left(&e->data);

	return !e->data.bad && len >= row->shortest && len <= row->longest;
}

static void skip_padding(struct reader *in)
{
	while (reader_left(in) > 0 && *in->at == MIP_EXT_PADDING)
		read_skip(in, 1);
}

enum mip_fault mip_ext_next(struct reader *in, struct mip_ext *out, bool *more)
{
	const struct ext_row *row;

	skip_padding(in);
	*more = reader_left(in) > 0;
	if (!*more)
		return in->bad ? MIP_FAULT_SHORT : MIP_FAULT_NONE;

	*out = (struct mip_ext){ .start = in->at };
	out->type = read_u8(in);
	row = &ext_rows[out->type];
	read_body(in, form_of(row), out);
	if (!row->used && out->type < FIRST_SKIPPABLE)
		return MIP_FAULT_EXTENSION;
	if (in->bad)
		return MIP_FAULT_SHORT;
	if (row->used && !length_fits(row, out))
		return MIP_FAULT_LENGTH;
	return MIP_FAULT_NONE;
}

/* Keep the first of a kind and count them; its length has been checked. */
static void note_auth(struct mip_auth_ext *first, unsigned *count,
		      const struct mip_ext *e)
{
	struct reader data = e->data;

	if ((*count)++ > 0)
		return;
	first->type = e->type;
	first->start = e->start;
	first->spi = read_u32(&data);
	first->authenticator = data.at;
	first->authenticator_len = reader_left(&data);
}

static void index_add(struct mip_ext_index *ix, const struct mip_ext *e)
{
	ix->ext[ix->count++] = *e;
	if (e->type == MIP_EXT_MN_HA)
		note_auth(&ix->mn_ha, &ix->mn_ha_count, e);
	else if (e->type == MIP_EXT_MN_FA)
		note_auth(&ix->mn_fa, &ix->mn_fa_count, e);
	else if (e->type == MIP_EXT_FA_HA)
		note_auth(&ix->fa_ha, &ix->fa_ha_count, e);
}

enum mip_fault mip_ext_index(struct reader extensions, struct mip_ext_index *out)
{
	struct mip_ext e;
	enum mip_fault fault;
	bool more;

	out->count = out->mn_ha_count = out->mn_fa_count = out->fa_ha_count = 0;
	out->mn_ha = out->mn_fa = out->fa_ha = (struct mip_auth_ext){ 0 };
	for (;;) {
		fault = mip_ext_next(&extensions, &e, &more);
		if (fault != MIP_FAULT_NONE || !more)
			return fault;
		if (out->count == MIP_EXT_MAX)
			return MIP_FAULT_MANY;
		index_add(out, &e);
	}
}

const struct mip_ext *mip_ext_find(const struct mip_ext_index *ix, uint8_t type)
{
	for (unsigned i = 0; i < ix->count; i++) {
		if (ix->ext[i].type == type)
			return &ix->ext[i];
	}
	return NULL;
}

void mip_ext_write(struct writer *w, uint8_t type, const void *data, size_t len)
{
	if (len > UINT8_MAX) {
		w->bad = true;
		return;
	}
	write_u8(w, type);
	write_u8(w, (uint8_t)len);
	write_bytes(w, data, len);
}

const char *mip_ext_name(uint8_t type)
{
	return ext_rows[type].name;
}
