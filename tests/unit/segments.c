/* SPDX-License-Identifier: ISC */
/* Large segments for tests. */
#include "tests/unit/segments.h"

#include "common/wire/checksum.h"
#include "common/wire/udp.h"

#include <CUnit/CUnit.h>

#include <string.h>

uint16_t get16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

void put16(uint8_t *at, size_t v)
{
	at[0] = (uint8_t)(v >> 8);
	at[1] = (uint8_t)v;
}

uint32_t get32(const uint8_t *at)
{
	return (uint32_t)get16(at) << 16 | get16(at + 2);
}

uint16_t transport_sum(const struct pkt *p)
{
	const struct ipv4 *ip = pkt_ipv4_of(p);
	size_t header = ipv4_header_len(ip);
	uint16_t len = (uint16_t)(p->len - header);
	uint32_t sum = checksum_pseudo(ip->src, ip->dst, ip->protocol, len);

	return checksum_fold(checksum_add(sum, p->data + header, len));
}

/* What the kernel leaves in the field: the folded sum of the pseudo header. */
static uint16_t pseudo_sum(const struct pkt *p)
{
	const struct ipv4 *ip = pkt_ipv4_of(p);
	uint16_t len = (uint16_t)(p->len - ipv4_header_len(ip));

	return (uint16_t)~checksum_fold(
		checksum_pseudo(ip->src, ip->dst, ip->protocol, len));
}

struct large large_tcp(struct pkt_pool *pool, size_t payload, uint16_t size,
		       uint8_t flags, size_t ip_options)
{
	const size_t ip = IPV4_HEADER + ip_options;
	struct packet_like like = { .protocol = PROTO_TCP,
				    .size = ip + SEGMENT_TCP_LEN + payload,
				    .options = ip_options,
				    .fragment = IPV4_DF };
	struct pkt *p = packet_like(pool, &like);
	uint8_t *tcp = p->data + ip;

	tcp[TCP_WORDS_AT] = SEGMENT_TCP_LEN / 4 << 4;
	tcp[TCP_FLAGS_AT] = flags;
	put16(tcp + TCP_CHECKSUM_AT, pseudo_sum(p));
	return (struct large){
		.p = p,
		.header = ip + SEGMENT_TCP_LEN,
		.meta = { .flags = SEGMENT_PARTIAL,
			  .kind = SEGMENT_TCP,
			  .size = size,
			  .checksum_start = (uint16_t)ip,
			  .checksum_offset = TCP_CHECKSUM_AT },
	};
}

struct large large_udp(struct pkt_pool *pool, size_t payload, uint16_t size)
{
	struct packet_like like = { .size = IPV4_HEADER + UDP_HEADER + payload };
	struct pkt *p = packet_like(pool, &like);

	put16(p->data + IPV4_HEADER + UDP_LENGTH_AT, UDP_HEADER + payload);
	put16(p->data + IPV4_HEADER + UDP_CHECKSUM_AT, pseudo_sum(p));
	return (struct large){
		.p = p,
		.header = IPV4_HEADER + UDP_HEADER,
		.meta = { .flags = SEGMENT_PARTIAL,
			  .kind = SEGMENT_UDP,
			  .size = size,
			  .checksum_start = IPV4_HEADER,
			  .checksum_offset = UDP_CHECKSUM_AT },
	};
}

void large_cut(struct pkt_pool *pool, struct large l, struct pkt_queue *q)
{
	struct segment_cut cut;
	bool more;

	segment_cut(&cut, l.p, &l.meta);
	do {
		struct pkt_vec v = { .count = 0 };

		more = segment_split(&cut, pool, &v);
		CU_ASSERT_FATAL(v.count > 0);
		for (unsigned i = 0; i < v.count; i++)
			pkt_queue_add(q, v.pkt[i]);
	} while (more);
}

void segment_leave_open(struct pkt *p)
{
	ipv4_seal(pkt_ipv4(p));
	put16(p->data + ipv4_header_len(pkt_ipv4(p)) + TCP_CHECKSUM_AT, pseudo_sum(p));
}

void segment_seal(struct pkt *p)
{
	const bool tcp = pkt_ipv4(p)->protocol == PROTO_TCP;
	uint8_t *field = p->data + ipv4_header_len(pkt_ipv4(p)) +
			 (tcp ? TCP_CHECKSUM_AT : UDP_CHECKSUM_AT);

	ipv4_seal(pkt_ipv4(p));
	put16(field, 0);
	put16(field, transport_sum(p));
}
