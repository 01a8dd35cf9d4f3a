/* SPDX-License-Identifier: ISC */
/*
 * ICMP errors and echo (RFC 792), and when an error may be sent at all (RFC 1122
 * 3.2.2, RFC 1812 4.3.2).
 */
#include "common/wire/icmp.h"

#include "common/base/bytes.h"
#include "common/wire/checksum.h"
#include "common/wire/ipv4.h"

enum {
	ICMP_HEADER = 8,
	ICMP_QUENCH = 4,
	ICMP_PARAMETER = 12,

	ERROR_QUOTE = 548, /* makes the whole error 576 octets (RFC 1812 4.3.2.3) */
	OWN_TTL = 64,
	OWN_TOS = 6 << 5, /* internetwork control (RFC 1812 4.3.2.5) */
};

/* The header of a sound packet, and a cursor over what it carries. */
static bool open_ipv4(const void *bytes, size_t len, struct ipv4 *ip,
		      struct reader *payload)
{
	size_t total;

	if (ipv4_check(bytes, len, &total) != IPV4_OK)
		return false;
	*payload = reader_over(bytes, total);
	memcpy(ip, payload->at, sizeof(*ip));
	read_skip(payload, ipv4_header_len(ip));
	return true;
}

bool icmp_is_error(uint8_t type)
{
	return type == ICMP_UNREACHABLE || type == ICMP_QUENCH ||
	       type == ICMP_REDIRECT_ || type == ICMP_TIME_EXCEEDED_ ||
	       type == ICMP_PARAMETER;
}

static bool is_too_big(uint8_t type, uint8_t code)
{
	return type == ICMP_UNREACHABLE && code == ICMP_CODE_TOO_BIG;
}

bool icmp_open(const void *bytes, size_t len, struct icmp_message *out)
{
	struct reader r;
	struct ipv4 ip;

	if (!open_ipv4(bytes, len, &ip, &r))
		return false;
	if (ip.protocol != PROTO_ICMP || ipv4_is_fragment(&ip) ||
	    checksum_of(r.at, reader_left(&r)) != 0)
		return false;
	*out = (struct icmp_message){ .src = ip.src, .dst = ip.dst };
	out->type = read_u8(&r);
	out->code = read_u8(&r);
	read_skip(&r, 2);
	out->rest = read_u32(&r);
	out->body = r.at;
	out->body_len = reader_left(&r);
	/* RFC 1191 4 uses the low half; RFC 4884 gave the high one a meaning. */
	if (is_too_big(out->type, out->code))
		out->rest &= 0xffff;
	return !r.bad;
}

/* About errors no error is sent, nor about ICMP that is too short to tell. */
static bool is_icmp_error(const struct ipv4 *ip, struct reader payload)
{
	if (ip->protocol != PROTO_ICMP)
		return false;
	return reader_left(&payload) == 0 || icmp_is_error(read_u8(&payload));
}

bool icmp_may_answer(const void *packet, size_t len)
{
	struct reader r;
	struct ipv4 ip;

	if (!open_ipv4(packet, len, &ip, &r))
		return false;
	if (ntohs(ip.fragment) & IPV4_OFFSET)
		return false;
	if (!ipv4_is_unicast(ip.src) || ipv4_is_multicast(ip.dst) ||
	    ip.dst.s_addr == htonl(INADDR_BROADCAST))
		return false;
	return !is_icmp_error(&ip, r);
}

/* How much of the offending packet is quoted; it has passed ipv4_check. */
static size_t quote_len(const void *offending)
{
	struct ipv4 ip;
	size_t total;

	memcpy(&ip, offending, sizeof(ip));
	total = ntohs(ip.length);
	return total < ERROR_QUOTE ? total : ERROR_QUOTE;
}

static struct in_addr source_of(const void *packet)
{
	struct ipv4 ip;

	memcpy(&ip, packet, sizeof(ip));
	return ip.src;
}

/* Octets of a message, its checksum still zero. */
static void write_message(struct writer *w, uint8_t type, uint8_t code, uint32_t rest,
			  const void *body, size_t len)
{
	write_u8(w, type);
	write_u8(w, code);
	write_u16(w, 0);
	write_u32(w, rest);
	write_bytes(w, body, len);
}

/*
 * Checksum and IPv4 header for the message that has been written behind the room for
 * that header.  An atomic datagram (RFC 6864 4.1): it needs no identification.
 */
static size_t finish(const struct writer *w, struct in_addr src, struct in_addr dst)
{
	const struct ipv4_fields f = { .src = src,
				       .dst = dst,
				       .protocol = PROTO_ICMP,
				       .ttl = OWN_TTL,
				       .tos = OWN_TOS,
				       .df = true };
	const size_t len = writer_len(w);

	if (w->bad)
		return 0;
	checksum_write(w->start + IPV4_HEADER, len - IPV4_HEADER, 2);
	ipv4_build(w->start, &f, len - IPV4_HEADER);
	return len;
}

size_t icmp_error_build(void *to, size_t room, struct in_addr src, uint8_t type,
			uint8_t code, uint32_t rest, const void *offending,
			size_t offending_len)
{
	struct writer w = writer_over(to, room);

	if (!icmp_may_answer(offending, offending_len))
		return 0;
	(void)write_room(&w, IPV4_HEADER);
	write_message(&w, type, code, rest, offending, quote_len(offending));
	return finish(&w, src, source_of(offending));
}

size_t icmp_echo_build(void *to, size_t room, const struct icmp_echo *e)
{
	struct writer w = writer_over(to, room);

	(void)write_room(&w, IPV4_HEADER);
	write_message(&w, e->is_reply ? ICMP_ECHO_REPLY_ : ICMP_ECHO_REQUEST, 0,
		      e->rest, e->body, e->body_len);
	return finish(&w, e->src, e->dst);
}
