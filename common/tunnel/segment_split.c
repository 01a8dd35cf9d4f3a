/* SPDX-License-Identifier: ISC */
/*
 * Large segments into packets. The checksum of each packet is that of the whole with
 * another length in its pseudo header, completed over what is copied: so it is wrong
 * where the whole's was, and the payload is touched once.
 */
#include "common/tunnel/segment.h"

#include "common/base/bytes.h"
#include "common/wire/checksum.h"
#include "common/wire/tcp.h"
#include "common/wire/udp.h"

/* ---- what the metadata say ---- */

/* Where the transport header has its checksum, and how long it is; 0: cut off. */
struct transport {
	size_t header;
	size_t checksum;
};

static struct transport tcp_of(struct reader in)
{
	uint8_t words;

	read_skip(&in, TCP_WORDS_AT);
	words = read_u8(&in) >> 4;
	read_skip(&in, TCP_HEADER - TCP_WORDS_AT - 1);
	if (!in.bad && words * 4u > TCP_HEADER)
		read_skip(&in, words * 4u - TCP_HEADER);
	if (in.bad || words * 4u < TCP_HEADER)
		return (struct transport){ 0 };
	return (struct transport){ words * 4u, TCP_CHECKSUM_AT };
}

static struct transport udp_of(struct reader in)
{
	size_t len = reader_left(&in);
	uint16_t length;

	read_skip(&in, UDP_LENGTH_AT);
	length = read_u16(&in);
	read_skip(&in, UDP_HEADER - UDP_LENGTH_AT - sizeof(length));
	if (in.bad || length != len)
		return (struct transport){ 0 };
	return (struct transport){ UDP_HEADER, UDP_CHECKSUM_AT };
}

static struct transport transport_of(const struct pkt *p, uint8_t protocol)
{
	const struct ipv4 *ip = pkt_ipv4_of(p);
	struct reader in = reader_over(p->data, p->len);

	read_skip(&in, ipv4_header_len(ip));
	if (ip->protocol != protocol || ipv4_is_fragment(ip))
		return (struct transport){ 0 };
	return protocol == PROTO_TCP ? tcp_of(in) : udp_of(in);
}

static enum drop_reason judge_segment(struct segment_cut *c,
				      const struct segment_meta *m, uint8_t protocol)
{
	const size_t start = ipv4_header_len(pkt_ipv4(c->whole));
	const struct transport t = transport_of(c->whole, protocol);

	if (t.header == 0)
		return DROP_SEGMENT_HEADER;
	if (m->size == 0)
		return DROP_SEGMENT_SIZE;
	if (!(m->flags & SEGMENT_PARTIAL) || m->checksum_start != start ||
	    m->checksum_offset != t.checksum)
		return DROP_SEGMENT_CHECKSUM;
	c->transport = start;
	c->header = start + t.header;
	c->next = c->header;
	c->size = m->size;
	return DROP_NONE;
}

/* No segment, but its checksum was left to whoever sends it on. */
static enum drop_reason complete(struct pkt *p, const struct segment_meta *m)
{
	struct reader in = reader_over(p->data, p->len);

	read_skip(&in, m->checksum_start);
	if (m->checksum_start < ipv4_header_len(pkt_ipv4(p)) ||
	    reader_left(&in) < m->checksum_offset + sizeof(uint16_t))
		return DROP_SEGMENT_CHECKSUM;
	checksum_complete(p->data + m->checksum_start, reader_left(&in),
			  m->checksum_offset);
	return DROP_NONE;
}

static enum drop_reason judge(struct segment_cut *c, const struct segment_meta *m)
{
	enum drop_reason why;

	if (m->kind == SEGMENT_NONE && !(m->flags & SEGMENT_PARTIAL))
		return DROP_NONE;
	why = pkt_check(c->whole);
	if (why)
		return why;
	switch (m->kind) {
	case SEGMENT_NONE:
		return complete(c->whole, m);
	case SEGMENT_TCP:
	case SEGMENT_TCP | SEGMENT_ECN:
		return judge_segment(c, m, PROTO_TCP);
	case SEGMENT_UDP:
		return judge_segment(c, m, PROTO_UDP);
	default:
		return DROP_SEGMENT_KIND;
	}
}

void segment_cut(struct segment_cut *c, struct pkt *whole, const struct segment_meta *m)
{
	*c = (struct segment_cut){ .whole = whole };
	whole->drop = judge(c, m);
}

/* ---- what was merged without metadata ---- */

bool segment_is_open(const struct ipv4 *ip, size_t len)
{
	struct reader in = reader_over(ip, len);
	uint16_t pseudo, field;

	if (ip->protocol != PROTO_TCP || ipv4_is_fragment(ip))
		return false;
	read_skip(&in, ipv4_header_len(ip));
	pseudo = checksum_fold(checksum_pseudo(ip->src, ip->dst, PROTO_TCP,
					       (uint16_t)reader_left(&in)));
	read_skip(&in, TCP_CHECKSUM_AT);
	field = read_u16(&in);
	return !in.bad && (field ^ pseudo) == UINT16_MAX;
}

/* Nothing is cut into packets that would be more header than payload. */
struct segment_meta segment_open_meta(const struct pkt *p, size_t most)
{
	const size_t start = ipv4_header_len(pkt_ipv4_of(p));
	const size_t header = transport_of(p, PROTO_TCP).header;
	struct segment_meta meta = { .flags = SEGMENT_PARTIAL,
				     .checksum_start = (uint16_t)start,
				     .checksum_offset = TCP_CHECKSUM_AT };

	if (header > 0 && p->len > most && most >= 2 * (start + header)) {
		meta.kind = SEGMENT_TCP;
		meta.size = (uint16_t)(most - start - header);
	}
	return meta;
}

/* ---- packets ---- */

static void put_u16(uint8_t *at, size_t value)
{
	struct writer w = writer_over(at, sizeof(uint16_t));

	write_u16(&w, (uint16_t)value);
}

static void put_tcp(const struct segment_cut *c, uint8_t *tcp, size_t payload)
{
	const size_t before = c->next - c->header;
	struct reader r = reader_over(tcp + TCP_SEQUENCE_AT, sizeof(uint32_t));
	struct writer w = writer_over(tcp + TCP_SEQUENCE_AT, sizeof(uint32_t));

	write_u32(&w, read_u32(&r) + (uint32_t)before);
	if (before > 0)
		tcp[TCP_FLAGS_AT] &= (uint8_t)~TCP_CWR;
	if (c->next + payload < c->whole->len)
		tcp[TCP_FLAGS_AT] &= (uint8_t) ~(TCP_FIN | TCP_PSH);
}

/*
 * The sum that the field stands for once the pseudo header has the new length, with
 * the field itself taken out; all of the transport header is added to it later.
 */
static uint32_t begin_sum(const struct segment_cut *c, uint8_t *field, size_t length)
{
	const size_t old_length = c->whole->len - c->transport;
	struct reader r = reader_over(field, sizeof(uint16_t));
	uint32_t sum = read_u16(&r);

	put_u16(field, 0);
	return sum + (uint16_t)~old_length + (uint32_t)length;
}

/* RFC 768: a UDP checksum of zero would say that there is none. */
static void put_checksum(uint8_t *field, uint32_t sum, uint8_t protocol)
{
	uint16_t value = checksum_fold(sum);

	put_u16(field, value == 0 && protocol == PROTO_UDP ? 0xffff : value);
}

static void put_ipv4(const struct segment_cut *c, struct pkt *p)
{
	struct ipv4 *ip = pkt_ipv4(p);
	const size_t nth = (c->next - c->header) / c->size;

	ip->length = htons((uint16_t)p->len);
	ip->id = htons((uint16_t)(ntohs(ip->id) + nth));
	ipv4_seal(ip);
}

/* The next packet into `p`, which is empty. */
static void cut_one(struct segment_cut *c, struct pkt *p)
{
	const size_t left = c->whole->len - c->next;
	const size_t payload = left < c->size ? left : c->size;
	const size_t header = c->header - c->transport;
	const uint8_t protocol = pkt_ipv4(c->whole)->protocol;
	uint8_t *transport = p->data + c->transport, *field;
	uint32_t sum;

	memcpy(p->data, c->whole->data, c->header);
	p->len = c->header + payload;
	p->later = c->next > c->header;
	put_ipv4(c, p);
	if (protocol == PROTO_TCP) {
		field = transport + TCP_CHECKSUM_AT;
		put_tcp(c, transport, payload);
	} else {
		field = transport + UDP_CHECKSUM_AT;
		put_u16(transport + UDP_LENGTH_AT, header + payload);
	}
	sum = begin_sum(c, field, header + payload);
	sum = checksum_add(sum, transport, header);
	sum = checksum_copy(sum, transport + header, c->whole->data + c->next, payload);
	put_checksum(field, sum, protocol);
	c->next += payload;
}

bool segment_split(struct segment_cut *c, struct pkt_pool *pool, struct pkt_vec *v)
{
	if (c->whole && c->transport == 0 && !pkt_vec_full(v)) {
		pkt_vec_add(v, c->whole);
		c->whole = NULL;
	}
	while (c->whole && !pkt_vec_full(v)) {
		struct pkt *p = pkt_take(pool);

		if (!p)
			break;
		cut_one(c, p);
		pkt_vec_add(v, p);
		if (c->next < c->whole->len)
			continue;
		pkt_give(pool, c->whole);
		c->whole = NULL;
	}
	return c->whole != NULL;
}
