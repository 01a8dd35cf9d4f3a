/* SPDX-License-Identifier: ISC */
/*
 * A packet as who watches the backbone sees it: which of its octets are what, as far
 * as can be told without a key.
 *
 *     outer IPv4 | UDP carrier | GRE or minimal | inner IPv4, UDP | payload
 *     outer IPv4 | UDP carrier | ESP: SPI, sequence | sealed
 */
#ifndef MN_SIM_WIRE_VIEW_H
#define MN_SIM_WIRE_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum wire_part_kind {
	WIRE_OUTER,
	WIRE_CARRIER,
	WIRE_TUNNEL,
	WIRE_ESP,
	WIRE_INNER,
	WIRE_PAYLOAD,
	WIRE_SEALED,
	WIRE_PART_KINDS
};

/* "outer", "carrier", ... */
const char *wire_part_name(enum wire_part_kind kind);

enum { WIRE_PARTS_MAX = 8, WIRE_TEXT_MAX = 96 };

struct wire_part {
	enum wire_part_kind kind;
	size_t from, len;
	char text[WIRE_TEXT_MAX]; /* what it says */
};

struct wire_view {
	struct wire_part part[WIRE_PARTS_MAX]; /* in order, without gaps */
	unsigned parts;
};

/* Any octets may come; what is not understood is left out of the view. */
void wire_view_make(struct wire_view *out, const uint8_t *packet, size_t len);

/* Which packet of which numbered flow is in a tunnel here, readable by anyone. */
bool wire_view_flow(const struct wire_view *view, const uint8_t *packet, uint32_t *flow,
		    uint64_t *number);

#endif
