/* SPDX-License-Identifier: ISC */
/*
 * Packets into large segments. Of each flow one run is open, the one that its last
 * packet went into; a table of slots by hash finds it. Two flows that share a slot
 * close each other's runs, which costs a segment and harms nothing.
 *
 * Whoever gets a segment completes its checksum and so believes the payload: that is
 * why each packet's own is verified first, and one that is wrong goes on alone.
 */
#include "common/tunnel/segment.h"

#include "common/base/bytes.h"
#include "common/wire/checksum.h"
#include "common/wire/tcp.h"
#include "common/wire/udp.h"

enum { SLOT_BITS = 7, SLOTS = 1 << SLOT_BITS, PORTS = 4 };

/* What joining needs to know of a packet. */
struct look {
	size_t header; /* octets before the payload; 0: it goes alone */
	size_t payload;
	uint32_t sequence;
	bool last; /* PSH: nothing may follow */
};

/* ---- looking ---- */

static struct look look_at_tcp(const struct pkt *p)
{
	struct reader in = reader_over(p->data, p->len);
	struct look l = { 0 };
	uint8_t words, flags;

	read_skip(&in, IPV4_HEADER + TCP_SEQUENCE_AT);
	l.sequence = read_u32(&in);
	read_skip(&in, TCP_WORDS_AT - TCP_ACK_AT);
	words = read_u8(&in) >> 4;
	flags = read_u8(&in);
	if (in.bad || words * 4u < TCP_HEADER ||
	    (flags | TCP_PSH) != (TCP_ACK | TCP_PSH))
		return (struct look){ 0 };
	if (p->len <= IPV4_HEADER + words * 4u)
		return (struct look){ 0 };
	l.header = IPV4_HEADER + words * 4u;
	l.payload = p->len - l.header;
	l.last = flags & TCP_PSH;
	return l;
}

/* Without a checksum (RFC 768) a segment could not say so of its packets. */
static struct look look_at_udp(const struct pkt *p)
{
	struct reader in = reader_over(p->data, p->len);
	uint16_t length, checksum;

	read_skip(&in, IPV4_HEADER + UDP_LENGTH_AT);
	length = read_u16(&in);
	checksum = read_u16(&in);
	if (in.bad || checksum == 0 || length <= UDP_HEADER ||
	    p->len != (size_t)IPV4_HEADER + length)
		return (struct look){ 0 };
	return (struct look){ .header = IPV4_HEADER + UDP_HEADER,
			      .payload = (size_t)length - UDP_HEADER };
}

static struct look look_at(const struct pkt *p, unsigned kinds)
{
	const struct ipv4 *ip = pkt_ipv4_of(p);

	if (ipv4_header_len(ip) != IPV4_HEADER || ip->fragment & ~htons(IPV4_DF) ||
	    p->len != ntohs(ip->length))
		return (struct look){ 0 };
	if (ip->protocol == PROTO_TCP && kinds & SEGMENT_JOIN_TCP)
		return look_at_tcp(p);
	if (ip->protocol == PROTO_UDP && kinds & SEGMENT_JOIN_UDP)
		return look_at_udp(p);
	return (struct look){ 0 };
}

/* Addresses and ports; those that are not of its flow may share it. */
static unsigned slot_of(const struct pkt *p)
{
	const struct ipv4 *ip = pkt_ipv4_of(p);
	struct reader in = reader_over(p->data, p->len);
	uint32_t mix;

	read_skip(&in, ipv4_header_len(ip));
	mix = ip->src.s_addr ^ (ip->dst.s_addr << 16 | ip->dst.s_addr >> 16);
	mix ^= read_u32(&in) ^ ip->protocol;
	return mix * UINT32_C(0x9e3779b1) >> (32 - SLOT_BITS);
}

/* ---- judging ---- */

static bool is_sound(const struct pkt *p)
{
	const struct ipv4 *ip = pkt_ipv4_of(p);
	const size_t len = p->len - IPV4_HEADER;
	uint32_t sum = checksum_pseudo(ip->src, ip->dst, ip->protocol, (uint16_t)len);

	return checksum_fold(checksum_add(sum, p->data + IPV4_HEADER, len)) == 0;
}

static bool same_way(const struct pkt *a, const struct pkt *b)
{
	return a->ifindex == b->ifindex &&
	       memcmp(&a->mac, &b->mac, sizeof(a->mac)) == 0;
}

/* `b` is the nth packet from `a` on. */
static bool ipv4_continues(const struct pkt *a, const struct pkt *b, size_t nth)
{
	const struct ipv4 *x = pkt_ipv4_of(a), *y = pkt_ipv4_of(b);

	return x->src.s_addr == y->src.s_addr && x->dst.s_addr == y->dst.s_addr &&
	       x->protocol == y->protocol && x->tos == y->tos && x->ttl == y->ttl &&
	       x->fragment == y->fragment &&
	       (uint16_t)(ntohs(x->id) + nth) == ntohs(y->id);
}

/* Acknowledgement, length, window and what is behind the checksum, options too. */
static bool tcp_alike(const uint8_t *a, const uint8_t *b, size_t header)
{
	const size_t behind = TCP_CHECKSUM_AT + sizeof(uint16_t);

	return memcmp(a + TCP_ACK_AT, b + TCP_ACK_AT, TCP_FLAGS_AT - TCP_ACK_AT) == 0 &&
	       memcmp(a + TCP_WINDOW_AT, b + TCP_WINDOW_AT, sizeof(uint16_t)) == 0 &&
	       memcmp(a + behind, b + behind, header - behind) == 0;
}

static bool transport_continues(const struct segment_run *run, const struct pkt *p,
				const struct look *l)
{
	const uint8_t *a = run->packets.first->data + IPV4_HEADER;
	const uint8_t *b = p->data + IPV4_HEADER;
	struct reader in = reader_over(a, TCP_ACK_AT);

	if (memcmp(a, b, PORTS) != 0)
		return false;
	if (pkt_ipv4_of(p)->protocol == PROTO_UDP)
		return true;
	read_skip(&in, TCP_SEQUENCE_AT);
	return read_u32(&in) + (uint32_t)(run->len - run->header) == l->sequence &&
	       tcp_alike(a, b, run->header - IPV4_HEADER);
}

static bool continues(const struct segment_run *run, const struct pkt *p,
		      const struct look *l)
{
	const struct pkt *first = run->packets.first;

	return !run->closed && run->header == l->header && l->payload <= run->size &&
	       run->len + l->payload <= IPV4_MAX && same_way(first, p) &&
	       ipv4_continues(first, p, run->packets.count) &&
	       transport_continues(run, p, l);
}

/* ---- joining ---- */

static void begin(struct segment_run *run, struct pkt *p, const struct look *l)
{
	*run = (struct segment_run){ .len = p->len,
				     .size = l->payload,
				     .header = l->header,
				     .closed = l->header == 0 || l->last };
	pkt_queue_add(&run->packets, p);
}

/* Sums are taken last: most packets that do not fit are known by their headers. */
static bool join_one(struct segment_run *run, struct pkt *p, const struct look *l)
{
	if (!continues(run, p, l))
		return false;
	run->sound = run->sound || is_sound(run->packets.first);
	if (!run->sound || !is_sound(p))
		return false;
	pkt_queue_add(&run->packets, p);
	run->len += l->payload;
	run->closed = l->last || l->payload < run->size;
	return true;
}

unsigned segment_join(struct pkt_queue *q, unsigned kinds,
		      struct segment_run run[PKT_VEC_MAX])
{
	uint8_t open[SLOTS] = { 0 }; /* number of the flow's run, from 1 on */
	unsigned runs = 0;
	struct pkt *p;

	for (unsigned n = 0; n < PKT_VEC_MAX && (p = pkt_queue_pop(q)); n++) {
		struct look l = look_at(p, kinds);
		unsigned slot = slot_of(p);

		if (open[slot] > 0 && join_one(&run[open[slot] - 1], p, &l))
			continue;
		begin(&run[runs++], p, &l);
		if (ipv4_is_fragment(pkt_ipv4(p)))
			memset(open, 0, sizeof(open)); /* it may be of any flow */
		else
			open[slot] = (uint8_t)runs;
	}
	return runs;
}

/* ---- gathering ---- */

static void put_u16(uint8_t *at, size_t value)
{
	struct writer w = writer_over(at, sizeof(uint16_t));

	write_u16(&w, (uint16_t)value);
}

/* The first packet's headers, for all; the checksum is that of the pseudo header. */
static void make_header(const struct segment_run *run, uint8_t *to)
{
	const struct pkt *last = run->packets.last;
	const size_t length = run->len - IPV4_HEADER;
	uint8_t *transport = to + IPV4_HEADER;
	struct ipv4 ip;
	uint32_t sum;

	memcpy(to, run->packets.first->data, run->header);
	memcpy(&ip, to, sizeof(ip));
	ip.length = htons((uint16_t)run->len);
	ipv4_seal(&ip);
	memcpy(to, &ip, sizeof(ip));
	sum = checksum_pseudo(ip.src, ip.dst, ip.protocol, (uint16_t)length);
	if (ip.protocol == PROTO_TCP) {
		transport[TCP_FLAGS_AT] |= last->data[IPV4_HEADER + TCP_FLAGS_AT];
		put_u16(transport + TCP_CHECKSUM_AT, (uint16_t)~checksum_fold(sum));
	} else {
		put_u16(transport + UDP_LENGTH_AT, length);
		put_u16(transport + UDP_CHECKSUM_AT, (uint16_t)~checksum_fold(sum));
	}
}

unsigned segment_gather(const struct segment_run *run, struct segment_meta *meta,
			uint8_t header[SEGMENT_HEADER_MAX],
			struct iovec piece[SEGMENT_PIECES])
{
	struct pkt *p = run->packets.first;
	bool tcp = pkt_ipv4(p)->protocol == PROTO_TCP;
	unsigned n = 0;

	*meta = (struct segment_meta){ .kind = SEGMENT_NONE };
	if (run->packets.count == 1) {
		piece[0] = (struct iovec){ p->data, p->len };
		return 1;
	}
	*meta = (struct segment_meta){
		.flags = SEGMENT_PARTIAL,
		.kind = tcp ? SEGMENT_TCP : SEGMENT_UDP,
		.header_len = (uint16_t)run->header,
		.size = (uint16_t)run->size,
		.checksum_start = IPV4_HEADER,
		.checksum_offset = tcp ? TCP_CHECKSUM_AT : UDP_CHECKSUM_AT,
	};
	make_header(run, header);
	piece[n++] = (struct iovec){ header, run->header };
	for (; p; p = p->next)
		piece[n++] =
			(struct iovec){ p->data + run->header, p->len - run->header };
	return n;
}
