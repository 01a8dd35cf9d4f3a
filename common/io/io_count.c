/* SPDX-License-Identifier: ISC */
/*
 * The edge's counters by name.
 */
#include "common/io/io_count.h"

static const struct counter_row rows[] = {
#define COUNTER COUNTER_ROW
#include "common/io/io_count.def"
#undef COUNTER
};

struct counter_set io_counter_set(struct io_counts *counts)
{
	return (struct counter_set){
		.group = "edge", .rows = rows, .values = counts->by, .count = IO_COUNT
	};
}
