/* SPDX-License-Identifier: ISC */
/*
 * Payload of the packets of a numbered flow.
 */
#include "mn-sim/flow_packet.h"

#include <string.h>

enum { MAGIC = 0x534a4631 };

void flow_packet_write(uint8_t *to, size_t size, uint32_t flow, uint64_t number,
		       const char *text)
{
	struct writer w = writer_over(to, size);
	size_t len = strlen(text);

	write_u32(&w, MAGIC);
	write_u32(&w, flow);
	write_u64(&w, number);
	for (size_t i = FLOW_PACKET_HEADER; i < size; i++)
		write_u8(&w, len ? (uint8_t)text[(i - FLOW_PACKET_HEADER) % len] : 0);
}

bool flow_packet_read(struct reader in, uint32_t *flow, uint64_t *number)
{
	uint32_t magic = read_u32(&in);

	*flow = read_u32(&in);
	*number = read_u64(&in);
	return !in.bad && magic == MAGIC;
}
