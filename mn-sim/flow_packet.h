/* SPDX-License-Identifier: ISC */
/*
 * What a packet of a numbered UDP flow carries: which flow and which packet it is,
 * and a text for whoever can read it.
 *
 *     0 magic(4) | 4 flow(4) | 8 number(8) | 16 the text, again and again
 */
#ifndef MN_SIM_FLOW_PACKET_H
#define MN_SIM_FLOW_PACKET_H

#include "common/base/bytes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FLOW_PACKET_HEADER = 16 };

/* Fill `size` octets, a header at least; "" is zeros.  The same again for the same. */
void flow_packet_write(uint8_t *to, size_t size, uint32_t flow, uint64_t number,
		       const char *text);

/* Whether it is one, and which. */
bool flow_packet_read(struct reader in, uint32_t *flow, uint64_t *number);

#endif
