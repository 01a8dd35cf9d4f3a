/* SPDX-License-Identifier: ISC */
/*
 * TCP MSS clamping: find option 2 in a SYN, lower it, and set the checksum right
 * by the difference alone (RFC 1624), so that a broken segment stays broken.
 */
#include "common/tunnel/mss.h"

#include "common/base/bytes.h"
#include "common/wire/checksum.h"
#include "common/wire/tcp.h"

#include <stddef.h>

enum {
	OPTION_END = 0,
	OPTION_NOP = 1,
	OPTION_MSS = 2,
	OPTION_MSS_LEN = 4,
};

/* The TCP header with its options, if `p` is the start of a SYN; else empty. */
static struct reader syn_header(struct pkt *p)
{
	const struct ipv4 *ip = pkt_ipv4(p);
	struct reader none = { 0 };
	struct reader r = reader_over(p->data, p->len);
	struct reader look;
	uint8_t words, flags;

	if (ip->protocol != PROTO_TCP || ntohs(ip->fragment) & IPV4_OFFSET)
		return none;
	read_skip(&r, ipv4_header_len(ip));
	look = r;
	read_skip(&look, TCP_FLAGS_AT - 1);
	words = read_u8(&look) >> 4;
	flags = read_u8(&look);
	if (look.bad || !(flags & TCP_SYN) || words * 4 < TCP_HEADER)
		return none;
	return reader_split(&r, words * 4u);
}

/* Where in the header the two octets of the MSS are; 0 if nowhere. */
static size_t find_mss(struct reader header)
{
	const uint8_t *start = header.at;

	read_skip(&header, TCP_HEADER);
	while (reader_left(&header) > 0) {
		uint8_t kind = read_u8(&header);
		uint8_t len;

		if (kind == OPTION_END)
			break;
		if (kind == OPTION_NOP)
			continue;
		len = read_u8(&header);
		if (kind == OPTION_MSS && len == OPTION_MSS_LEN &&
		    reader_left(&header) >= 2)
			return (size_t)(header.at - start);
		if (len < 2)
			break;
		read_skip(&header, len - 2u);
	}
	return 0;
}

static uint16_t get16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

static void put16(uint8_t *at, uint16_t v)
{
	at[0] = (uint8_t)(v >> 8);
	at[1] = (uint8_t)v;
}

static uint16_t swapped(uint16_t v)
{
	return (uint16_t)(v << 8 | v >> 8);
}

/* Behind an odd number of octets both halves count in each other's place. */
static void set_mss(uint8_t *tcp, size_t at, uint16_t old_mss, uint16_t new_mss)
{
	uint8_t *checksum = tcp + TCP_CHECKSUM_AT;

	put16(tcp + at, new_mss);
	if (at % 2 != 0) {
		old_mss = swapped(old_mss);
		new_mss = swapped(new_mss);
	}
	put16(checksum, checksum_update(get16(checksum), old_mss, new_mss));
}

bool mss_clamp(struct pkt *p, uint16_t limit)
{
	struct reader header = syn_header(p);
	uint8_t *tcp = p->data + ipv4_header_len(pkt_ipv4(p));
	size_t at = header.at ? find_mss(header) : 0;
	uint16_t offered;

	if (at == 0)
		return false;
	offered = get16(tcp + at);
	if (offered <= limit)
		return false;
	set_mss(tcp, at, offered, limit);
	return true;
}
