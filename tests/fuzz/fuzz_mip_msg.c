/* SPDX-License-Identifier: ISC */
/*
 * Any bytes as a registration message: what is decoded lies within the input and
 * can be encoded again, the index agrees with the walk, the text is one line.
 */
#include "common/wire/mip_ext.h"
#include "common/wire/mip_msg.h"
#include "common/wire/mip_text.h"

#include "tests/fuzz/fuzz.h"

static void check_auth(const struct mip_auth_ext *a, unsigned count,
		       const struct mip_ext_index *ix)
{
	const struct mip_ext *e = count ? mip_ext_find(ix, a->type) : NULL;

	if (count == 0)
		return;
	PROMISE(e && e->start == a->start);
	PROMISE(a->authenticator == a->start + 6);
	PROMISE(a->authenticator + a->authenticator_len == e->data.end);
	PROMISE(a->authenticator_len >= 1 && a->authenticator_len <= 64);
}

static void check_index(struct reader extensions)
{
	const uint8_t *at = extensions.at;
	struct mip_ext_index ix;
	enum mip_fault fault = mip_ext_index(extensions, &ix);

	PROMISE(fault < MIP_FAULT_COUNT && ix.count <= MIP_EXT_MAX);
	for (unsigned i = 0; i < ix.count; i++) {
		const struct mip_ext *e = &ix.ext[i];

		PROMISE(e->start >= at && e->data.at > e->start);
		PROMISE(e->data.end >= e->data.at && e->data.end <= extensions.end);
		PROMISE(!e->data.bad && *e->start == e->type);
		at = e->data.end;
	}
	check_auth(&ix.mn_ha, ix.mn_ha_count, &ix);
	check_auth(&ix.mn_fa, ix.mn_fa_count, &ix);
	check_auth(&ix.fa_ha, ix.fa_ha_count, &ix);
}

static void check_request(struct reader in)
{
	uint8_t back[MIP_REQUEST_LEN];
	struct writer w = writer_over(back, sizeof(back));
	struct mip_request rq;

	if (mip_request_decode(in, &rq) != MIP_FAULT_NONE)
		return;
	mip_request_encode(&w, &rq);
	PROMISE(!w.bad && memcmp(back, in.at, sizeof(back)) == 0);
	PROMISE(rq.extensions.at == in.at + sizeof(back));
	check_index(rq.extensions);
}

static void check_reply(struct reader in)
{
	uint8_t back[MIP_REPLY_LEN];
	struct writer w = writer_over(back, sizeof(back));
	struct mip_reply rp;

	if (mip_reply_decode(in, &rp) != MIP_FAULT_NONE)
		return;
	mip_reply_encode(&w, &rp);
	PROMISE(!w.bad && memcmp(back, in.at, sizeof(back)) == 0);
	PROMISE(rp.extensions.at == in.at + sizeof(back));
	check_index(rp.extensions);
}

static void check_text(struct reader in)
{
	char text[MIP_TEXT_MAX], small[16];

	mip_message_text(in, text, sizeof(text));
	PROMISE(strlen(text) < sizeof(text));
	for (const char *c = text; *c; c++)
		PROMISE(*c >= ' ' && *c <= '~');
	mip_message_text(in, small, sizeof(small));
	PROMISE(strncmp(small, text, strlen(small)) == 0);
}

void fuzz_mip_msg(const uint8_t *data, size_t size)
{
	struct reader in = reader_over(data, size);

	check_request(in);
	check_reply(in);
	check_index(in);
	check_text(in);
}
