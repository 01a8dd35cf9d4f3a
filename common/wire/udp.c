/* SPDX-License-Identifier: ISC */
/*
 * UDP in IPv4 (RFC 768). A checksum of zero says that there is none; a sum that
 * comes out as zero is sent as all ones.
 */
#include "common/wire/udp.h"

#include "common/base/bytes.h"
#include "common/wire/checksum.h"
#include "common/wire/ipv4.h"

/* `len` is at most 65535: it comes from a 16-bit field or from udp_build. */
static uint16_t udp_checksum(struct in_addr src, struct in_addr dst, const uint8_t *at,
			     size_t len)
{
	uint32_t sum = checksum_pseudo(src, dst, PROTO_UDP, (uint16_t)len);

	return checksum_fold(checksum_add(sum, at, len));
}

/* `segment` is what follows the IPv4 header; out->src and out->dst are known. */
static enum udp_fault open_segment(struct reader segment, bool checksum_done,
				   struct udp_packet *out)
{
	const uint8_t *start = segment.at;
	size_t room = reader_left(&segment);
	uint16_t length, checksum;

	out->src_port = read_u16(&segment);
	out->dst_port = read_u16(&segment);
	length = read_u16(&segment);
	checksum = read_u16(&segment);
	if (segment.bad || length < UDP_HEADER || length > room)
		return UDP_SHORT;
	out->payload = segment.at;
	out->len = length - (size_t)UDP_HEADER;
	if (checksum_done || checksum == 0)
		return UDP_OK;
	return udp_checksum(out->src, out->dst, start, length) == 0 ? UDP_OK
								    : UDP_BAD_CHECKSUM;
}

enum udp_fault udp_open(const void *bytes, size_t len, bool checksum_done,
			struct udp_packet *out)
{
	struct reader r;
	struct ipv4 ip;
	size_t total;

	if (ipv4_check(bytes, len, &total) != IPV4_OK)
		return UDP_BAD_IPV4;
	r = reader_over(bytes, total);
	memcpy(&ip, r.at, sizeof(ip));
	if (ip.protocol != PROTO_UDP || ipv4_is_fragment(&ip))
		return UDP_NOT_UDP;
	read_skip(&r, ipv4_header_len(&ip));
	*out = (struct udp_packet){ .src = ip.src, .dst = ip.dst, .ttl = ip.ttl };
	return open_segment(r, checksum_done, out);
}

/* Over pseudo header, header and payload; never zero, which would say "none". */
static uint16_t built_checksum(const struct udp_packet *p, uint16_t length)
{
	uint32_t sum = checksum_pseudo(p->src, p->dst, PROTO_UDP, length);
	uint16_t field;

	sum += (uint32_t)p->src_port + p->dst_port + length;
	field = checksum_fold(checksum_add(sum, p->payload, p->len));
	return field ? field : 0xffff;
}

size_t udp_build(void *to, size_t room, const struct udp_packet *p, uint16_t id)
{
	const struct ipv4_fields f = { .src = p->src,
				       .dst = p->dst,
				       .protocol = PROTO_UDP,
				       .ttl = p->ttl,
				       .id = id };
	struct writer w = writer_over(to, room);
	uint16_t length = (uint16_t)(UDP_HEADER + p->len);
	uint8_t *header = write_room(&w, IPV4_HEADER);

	if (!header || p->len > IPV4_MAX - IPV4_HEADER - UDP_HEADER)
		return 0;
	ipv4_build(header, &f, length);
	write_u16(&w, p->src_port);
	write_u16(&w, p->dst_port);
	write_u16(&w, length);
	write_u16(&w, built_checksum(p, length));
	write_bytes(&w, p->payload, p->len);
	return w.bad ? 0 : writer_len(&w);
}

void udp_finish(void *packet, size_t len)
{
	struct udp_packet p;
	struct writer w;

	if (udp_open(packet, len, true, &p) != UDP_OK)
		return;
	w = writer_over(packet, len);
	write_room(&w, (size_t)(p.payload - w.at) - UDP_HEADER + UDP_CHECKSUM_AT);
	write_u16(&w, built_checksum(&p, (uint16_t)(UDP_HEADER + p.len)));
}
