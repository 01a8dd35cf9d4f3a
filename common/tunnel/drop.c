/* SPDX-License-Identifier: ISC */
/*
 * Names, texts and counters of drop reasons, expanded from drop.def.
 */
#include "common/tunnel/drop.h"

static const struct counter_row rows[] = {
#define COUNTER COUNTER_ROW
#include "common/tunnel/drop.def"
#undef COUNTER
};

/* The row of a reason; NULL for DROP_NONE, which has none. */
static const struct counter_row *row_of(enum drop_reason r)
{
	return r > DROP_NONE && r < DROP_COUNT ? &rows[r - 1] : NULL;
}

const char *drop_name(enum drop_reason r)
{
	const struct counter_row *row = row_of(r);

	return row ? row->name : "none";
}

const char *drop_text(enum drop_reason r)
{
	const struct counter_row *row = row_of(r);

	return row ? row->help : "not dropped";
}

enum drop_reason drop_of_ipv4(enum ipv4_fault fault)
{
	switch (fault) {
	case IPV4_OK:
		return DROP_NONE;
	case IPV4_SHORT:
		return DROP_IPV4_SHORT;
	case IPV4_VERSION:
		return DROP_IPV4_VERSION;
	case IPV4_HEADER_LEN:
		return DROP_IPV4_HEADER;
	case IPV4_TOTAL_LEN:
		return DROP_IPV4_LENGTH;
	case IPV4_BAD_CHECKSUM:
		break;
	}
	return DROP_IPV4_CHECKSUM;
}

enum drop_reason drop_of_inner(enum ipv4_fault fault)
{
	switch (fault) {
	case IPV4_OK:
		return DROP_NONE;
	case IPV4_SHORT:
		return DROP_INNER_SHORT;
	case IPV4_VERSION:
		return DROP_INNER_VERSION;
	case IPV4_HEADER_LEN:
		return DROP_INNER_HEADER;
	case IPV4_TOTAL_LEN:
		return DROP_INNER_LENGTH;
	case IPV4_BAD_CHECKSUM:
		break;
	}
	return DROP_INNER_CHECKSUM;
}

struct counter_set drop_counter_set(struct drop_counts *counts)
{
	return (struct counter_set){ .group = "drop",
				     .rows = rows,
				     .values = counts->by + 1,
				     .count = DROP_COUNT - 1 };
}
