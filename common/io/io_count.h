/* SPDX-License-Identifier: ISC */
/*
 * Counters of what the edge left out or could not do, before or after a core
 * has seen it, and of what it did several at a time.
 */
#ifndef COMMON_IO_IO_COUNT_H
#define COMMON_IO_IO_COUNT_H

#include "common/base/counters.h"

#include <stdint.h>

enum io_count {
#define COUNTER(symbol, name, help) symbol,
#include "common/io/io_count.def"
#undef COUNTER
	IO_COUNT
};

struct io_counts {
	uint64_t by[IO_COUNT];
};

struct counter_set io_counter_set(struct io_counts *counts);

#endif
