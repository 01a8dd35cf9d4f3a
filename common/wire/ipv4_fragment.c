/* SPDX-License-Identifier: ISC */
/*
 * Fragmentation (RFC 791 3.2). Every fragment but the last carries a multiple of
 * 8 octets. The first keeps the header as it is; the others carry only the
 * options whose copy bit is set, so their header may be shorter. What is cut
 * may be a fragment itself: its offset and its MF bit are carried on.
 */
#include "common/wire/ipv4.h"

#include "common/base/bytes.h"
#include "common/wire/checksum.h"

enum { OPTION_END = 0, OPTION_NOP = 1, OPTION_COPIED = 0x80 };

struct cut {
	struct ipv4 fixed; /* first 20 octets of every fragment, as in the original */
	struct reader options;
	struct reader payload;
	uint16_t offset; /* of the next fragment, in octets */
	bool more_after; /* MF of the original */
};

/* The options with the copy bit, padded to whole words. A broken list ends there. */
static void write_copied(struct writer *w, struct reader options)
{
	while (reader_left(&options) > 0) {
		const uint8_t *start = options.at;
		uint8_t type = read_u8(&options);
		uint8_t len;

		if (type == OPTION_END)
			break;
		if (type == OPTION_NOP)
			continue;
		len = read_u8(&options);
		if (len < 2 || !read_bytes(&options, len - 2u))
			break;
		if (type & OPTION_COPIED)
			write_bytes(w, start, len);
	}
	while (writer_len(w) % 4 != 0)
		write_u8(w, OPTION_END);
}

/* Complete the header that `w` holds, put the next `take` octets behind it. */
static void write_fragment(struct cut *c, struct writer *w, size_t take)
{
	const size_t header = writer_len(w);
	const bool more = c->more_after || take < reader_left(&c->payload);
	struct ipv4 ip = c->fixed;

	ip.version_ihl = (uint8_t)(4 << 4 | header / 4);
	ip.length = htons((uint16_t)(header + take));
	ip.fragment = htons((uint16_t)((more ? IPV4_MF : 0) | c->offset / 8));
	memcpy(w->start, &ip, sizeof(ip));
	checksum_write(w->start, header, offsetof(struct ipv4, checksum));
	c->offset = (uint16_t)(c->offset + take);
	write_bytes(w, read_bytes(&c->payload, take), take);
}

/* As many octets as the next fragment may carry behind a header of that length. */
static size_t cut_size(const struct cut *c, size_t header, size_t mtu)
{
	size_t left = reader_left(&c->payload);

	return left <= mtu - header ? left : (mtu - header) / 8 * 8;
}

/* False if the packet is unsound, or would reach past what an offset can say. */
static bool cut_init(struct cut *c, const uint8_t *in, size_t len)
{
	struct reader r;
	uint16_t fragment;
	size_t total;

	if (ipv4_check(in, len, &total) != IPV4_OK)
		return false;
	r = reader_over(in, total);
	memcpy(&c->fixed, read_bytes(&r, IPV4_HEADER), IPV4_HEADER);
	c->options = reader_split(&r, ipv4_header_len(&c->fixed) - IPV4_HEADER);
	c->payload = r;
	fragment = ntohs(c->fixed.fragment);
	c->offset = (uint16_t)((fragment & IPV4_OFFSET) * 8);
	c->more_after = fragment & IPV4_MF;
	return c->offset + reader_left(&r) <= IPV4_MAX;
}

unsigned ipv4_fragment(const uint8_t *in, size_t len, size_t mtu,
		       void (*emit)(void *arg, const uint8_t *bytes, size_t len),
		       void *arg)
{
	uint8_t room[IPV4_MAX];
	unsigned count = 0;
	struct cut c;

	if (!cut_init(&c, in, len))
		return 0;
	if (ntohs(c.fixed.length) <= mtu) {
		emit(arg, in, ntohs(c.fixed.length));
		return 1;
	}
	if (ntohs(c.fixed.fragment) & IPV4_DF || mtu < ipv4_header_len(&c.fixed) + 8)
		return 0;
	do {
		struct writer w = writer_over(room, sizeof(room));

		write_bytes(&w, &c.fixed, sizeof(c.fixed));
		if (count == 0)
			write_bytes(&w, c.options.at, reader_left(&c.options));
		else
			write_copied(&w, c.options);
		write_fragment(&c, &w, cut_size(&c, writer_len(&w), mtu));
		emit(arg, room, writer_len(&w));
		count++;
	} while (reader_left(&c.payload) > 0);
	return count;
}
