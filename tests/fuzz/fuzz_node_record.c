/* SPDX-License-Identifier: ISC */
/*
 * Any bytes as a record of the home agent's store: what is decoded can be encoded
 * again, to the same bytes.  Then with a checksum that is right, restored by an
 * agent: its bindings are sound, now and when time goes on.
 */
#include "tests/fuzz/fuzz.h"
#include "tests/unit/ha_bench.h"

#include "common/wire/checksum.h"
#include "ha/node_record.h"

enum { CHECKSUM_AT = 2 };

static void check_codec(struct reader in)
{
	uint8_t back[NODE_RECORD_MAX];
	struct writer w = writer_over(back, sizeof(back));
	struct node_record r;

	if (node_record_decode(in, &r) != RECORD_OK)
		return;
	PROMISE(r.count <= BINDINGS_PER_NODE_MAX);
	node_record_encode(&w, &r);
	PROMISE(!w.bad && writer_len(&w) == reader_left(&in));
	for (unsigned i = 0; i < r.count; i++) /* the octet of no meaning */
		if (in.at[NODE_RECORD_HEAD + (i + 1) * NODE_RECORD_BINDING - 1] != 0)
			return;
	/* A sum of zero has two forms. */
	back[CHECKSUM_AT] = in.at[CHECKSUM_AT];
	back[CHECKSUM_AT + 1] = in.at[CHECKSUM_AT + 1];
	PROMISE(memcmp(back, in.at, writer_len(&w)) == 0);
}

/* As the edge does at a start: the record, then all that is to be kept. */
static void restore(struct reader in)
{
	struct ha_bench b;

	hb_open(&b);
	PROMISE(b.ha);
	(void)hw_remember(&b.world, hb_addr(HB_NODE), in.at, reader_left(&in));
	hb_restart(&b, duration_s(1));
	PROMISE(!hb_fault(&b));
	hb_wait(&b, duration_s(400));
	PROMISE(!hb_fault(&b));
	hb_restart(&b, duration_s(1));
	PROMISE(!hb_fault(&b));
	hb_stop(&b);
}

void fuzz_node_record(const uint8_t *data, size_t size)
{
	uint8_t bytes[EFFECT_RECORD_MAX];

	check_codec(reader_over(data, size));
	if (size < NODE_RECORD_HEAD || size > sizeof(bytes))
		return;
	memcpy(bytes, data, size);
	bytes[CHECKSUM_AT] = bytes[CHECKSUM_AT + 1] = 0;
	checksum_write(bytes, size, CHECKSUM_AT);
	check_codec(reader_over(bytes, size));
	restore(reader_over(bytes, size));
}
