/* SPDX-License-Identifier: ISC */
/*
 * The table of fast_packets.def as octets.
 */
#include "tests/netns/fast_packets.h"

#include "common/wire/checksum.h"
#include "common/wire/ipv4.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#define UDP                    "c000 0009 0018 0000 4142434445464748494a4b4c4d4e4f50"
#define TO(h)                  "4500002c 00010000 4011 0000 0a000902 0a0100" h UDP
#define FROM(h)                "4500002c 00010000 4011 0000 0a0700" h "0a000902" UDP
#define BACK(h)                "4502002c 00010000 4011 0000 0a0100" h "0a000902" UDP
#define INTO(h)                "4502002c 00010000 4011 0000 0a000902 0a0700" h UDP
#define OUTER(len, proto, src) "4502" len "00014000 40" proto "0000" src "0a000102"

static const struct fast_row table[] = {
#define PACKET(what, from, visitor, taken, ...) \
	{ .name = what,                         \
	  .link = from,                         \
	  .from_visitor = visitor,              \
	  .fast = taken,                        \
	  .hex = __VA_ARGS__ },
#include "tests/netns/fast_packets.def"
#undef PACKET
};

static size_t bytes_of(const char *hex, uint8_t *to)
{
	size_t digits = 0;
	char octet[3] = "";

	for (; *hex; hex++) {
		if (*hex == ' ')
			continue;
		octet[digits++ % 2] = *hex;
		if (digits % 2 == 0)
			to[digits / 2 - 1] = (uint8_t)strtoul(octet, NULL, 16);
	}
	return digits / 2;
}

/* The header's checksum, if there is a whole header of some length. */
static void seal(uint8_t *at, size_t len)
{
	size_t header = len > 0 ? (size_t)(at[0] & 15) * 4 : 0;
	uint16_t sum;

	if (header < IPV4_HEADER || header > len)
		return;
	at[10] = at[11] = 0;
	sum = htons(checksum_of(at, header));
	memcpy(at + 10, &sum, sizeof(sum));
}

/* Where the inner header stands, as a packet says of itself; 0: it has none. */
static size_t inner_at(const uint8_t *packet, size_t len)
{
	if (len < 32 || (packet[9] != PROTO_IPIP && packet[9] != PROTO_GRE))
		return 0;
	if (packet[9] == PROTO_IPIP)
		return IPV4_HEADER;
	return IPV4_HEADER + (packet[20] & 0x20 ? 8 : 4);
}

void fast_seal(uint8_t *packet, size_t len)
{
	size_t inner = inner_at(packet, len);

	if (inner > 0 && inner < len)
		seal(packet + inner, len - inner);
	seal(packet, len);
}

size_t fast_packet(const struct fast_row *row, uint8_t to[FRAME_MAX])
{
	size_t len = bytes_of(row->hex, to);

	fast_seal(to, len);
	return len;
}

size_t fast_rows(void)
{
	return sizeof(table) / sizeof(table[0]);
}

const struct fast_row *fast_row(size_t n)
{
	return &table[n];
}
