/* SPDX-License-Identifier: ISC */
/*
 * Why a packet went no further, from one table (drop.def): the enum, stable
 * names for people and programs, and a set of counters.
 */
#ifndef COMMON_TUNNEL_DROP_H
#define COMMON_TUNNEL_DROP_H

#include "common/base/counters.h"
#include "common/wire/ipv4.h"

#include <stdint.h>

enum drop_reason {
	DROP_NONE,
#define COUNTER(symbol, name, help) symbol,
#include "common/tunnel/drop.def"
#undef COUNTER
	DROP_COUNT
};

const char *drop_name(enum drop_reason r); /* "none", "no-tunnel", ... */
const char *drop_text(enum drop_reason r);

/* What ipv4_check() said about a packet, or about the one inside it. */
enum drop_reason drop_of_ipv4(enum ipv4_fault fault);
enum drop_reason drop_of_inner(enum ipv4_fault fault);

/* Counts by reason; the first, DROP_NONE, stays 0. */
struct drop_counts {
	uint64_t by[DROP_COUNT];
};

struct counter_set drop_counter_set(struct drop_counts *counts);

#endif
