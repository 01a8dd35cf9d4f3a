/* SPDX-License-Identifier: ISC */
/*
 * One octet that says what follows: metadata and a packet from the kernel, which is
 * cut; or packets, each behind two octets of length, which are joined. Either way,
 * what was joined must be cut into the same packets again, octet by octet.
 */
#include "common/tunnel/segment.h"

#include "common/base/bytes.h"
#include "common/wire/checksum.h"
#include "common/wire/udp.h"

#include "tests/fuzz/fuzz.h"

enum { PACKETS = 1, GOOD_SUMS = 2, POOL = 2 * PKT_VEC_MAX + 4 };

/* A checksum that the zero of ones' complement may stand in, in two ways. */
static void unify_zero(struct pkt *p)
{
	uint8_t *field = p->data + IPV4_HEADER + TCP_CHECKSUM_AT;

	if (pkt_ipv4(p)->protocol == PROTO_TCP && field[0] == 0xff && field[1] == 0xff)
		field[0] = field[1] = 0;
}

static struct pkt *flatten(struct pkt_pool *pool, const struct segment_run *run,
			   struct segment_meta *meta)
{
	uint8_t header[SEGMENT_HEADER_MAX];
	struct iovec piece[SEGMENT_PIECES];
	unsigned n = segment_gather(run, meta, header, piece);
	struct pkt *p = pkt_take(pool);

	PROMISE(p != NULL && n <= SEGMENT_PIECES);
	for (unsigned i = 0; i < n; i++) {
		PROMISE(p->len + piece[i].iov_len <= pkt_room(p));
		memcpy(p->data + p->len, piece[i].iov_base, piece[i].iov_len);
		p->len += piece[i].iov_len;
	}
	PROMISE(p->len == run->len);
	return p;
}

static void check_run(struct pkt_pool *pool, struct segment_run *run)
{
	struct pkt_vec v = { .count = 0 };
	struct segment_meta meta;
	struct segment_cut cut;
	struct pkt *of;
	unsigned i = 0;

	segment_cut(&cut, flatten(pool, run, &meta), &meta);
	PROMISE(!segment_split(&cut, pool, &v));
	PROMISE(v.count == run->packets.count);
	for (of = run->packets.first; of; of = of->next, i++) {
		PROMISE(v.pkt[i]->drop == DROP_NONE && v.pkt[i]->len == of->len);
		if (run->packets.count > 1)
			unify_zero(of);
		PROMISE(memcmp(v.pkt[i]->data, of->data, of->len) == 0);
	}
	pkt_vec_give(pool, &v);
}

static void check_join(struct pkt_pool *pool, struct pkt_queue *q)
{
	struct segment_run run[PKT_VEC_MAX];
	size_t count = q->count, seen = 0;
	unsigned runs;

	while ((runs = segment_join(q, SEGMENT_JOIN_TCP | SEGMENT_JOIN_UDP, run)) > 0) {
		for (unsigned i = 0; i < runs; i++) {
			PROMISE(run[i].packets.count > 0);
			seen += run[i].packets.count;
			check_run(pool, &run[i]);
			pkt_queue_give(pool, &run[i].packets);
		}
	}
	PROMISE(seen == count);
}

/* ---- packets ---- */

static void seal(struct pkt *p)
{
	const struct ipv4 *ip = pkt_ipv4(p);
	const size_t start = ipv4_header_len(ip), len = p->len - start;
	const bool tcp = ip->protocol == PROTO_TCP;
	const size_t at = tcp ? TCP_CHECKSUM_AT : UDP_CHECKSUM_AT;
	uint8_t *field = p->data + start + at;
	struct writer w = writer_over(field, sizeof(uint16_t));
	uint32_t sum = checksum_pseudo(ip->src, ip->dst, ip->protocol, (uint16_t)len);

	if ((!tcp && ip->protocol != PROTO_UDP) || len < at + sizeof(uint16_t))
		return;
	write_u16(&w, 0);
	w = writer_over(field, sizeof(uint16_t));
	write_u16(&w, checksum_fold(checksum_add(sum, p->data + start, len)));
}

/* The next one, or NULL when there is none that all stages before would let pass. */
static struct pkt *next_packet(struct pkt_pool *pool, struct reader *in, bool good)
{
	struct reader bytes = reader_split(in, read_u16(in));
	struct pkt *p = bytes.bad ? NULL : pkt_take(pool);

	if (!p)
		return NULL;
	p->len = reader_left(&bytes);
	memcpy(p->data, bytes.at, p->len);
	if (p->len >= IPV4_HEADER && (p->data[0] & 15u) * 4u <= p->len &&
	    (p->data[0] & 15u) * 4u >= IPV4_HEADER)
		ipv4_seal(pkt_ipv4(p));
	if (pkt_check(p)) {
		pkt_give(pool, p);
		return NULL;
	}
	if (good)
		seal(p);
	return p;
}

static void fuzz_packets(struct pkt_pool *pool, struct reader in, bool good)
{
	struct pkt_queue q = { 0 };
	struct pkt *p;

	while (q.count < PKT_VEC_MAX && (p = next_packet(pool, &in, good)))
		pkt_queue_add(&q, p);
	check_join(pool, &q);
}

/* ---- metadata ---- */

/* What came out of one whole, by the vector: never more octets than it had. */
static void check_cut(struct pkt_pool *pool, struct pkt *whole,
		      const struct segment_meta *meta)
{
	const size_t most = whole->len;
	struct segment_cut cut;
	size_t payload = 0;
	bool more;

	segment_cut(&cut, whole, meta);
	do {
		struct pkt_vec v = { .count = 0 };
		struct pkt_queue q = { 0 };

		more = segment_split(&cut, pool, &v);
		PROMISE(v.count > 0 && more <= pkt_vec_full(&v));
		for (unsigned i = 0; i < v.count; i++) {
			struct pkt *p = v.pkt[i];
			bool cut_off = cut.transport > 0;

			PROMISE(p->len <= most);
			PROMISE(!p->drop || (v.count == 1 && !more));
			PROMISE(!cut_off || pkt_check(p) == DROP_NONE);
			payload += cut_off ? p->len - cut.header : 0;
			if (cut_off)
				pkt_queue_add(&q, p);
			else
				pkt_give(pool, p);
		}
		check_join(pool, &q);
	} while (more);
	PROMISE(cut.transport == 0 || cut.header + payload <= most);
	PROMISE(cut.transport == 0 || cut.header + payload == cut.next);
}

static void fuzz_metadata(struct pkt_pool *pool, struct reader in, bool good)
{
	struct segment_meta meta;
	const uint8_t *at = read_bytes(&in, sizeof(meta));
	struct pkt *whole = pkt_take(pool);

	PROMISE(whole != NULL);
	whole->len = reader_left(&in);
	if (!at || whole->len > pkt_room(whole)) {
		pkt_give(pool, whole);
		return;
	}
	memcpy(&meta, at, sizeof(meta));
	memcpy(whole->data, in.at, whole->len);
	if (good && whole->len >= IPV4_HEADER_MAX) {
		whole->data[0] = (uint8_t)(whole->data[0] | 5);
		ipv4_seal(pkt_ipv4(whole));
	}
	check_cut(pool, whole, &meta);
}

void fuzz_segment(const uint8_t *data, size_t size)
{
	struct reader in = reader_over(data, size);
	const uint8_t how = read_u8(&in);
	struct pkt_pool pool;

	if (pkt_pool_init(&pool, POOL) != 0)
		return;
	if (how & PACKETS)
		fuzz_packets(&pool, in, how & GOOD_SUMS);
	else
		fuzz_metadata(&pool, in, how & GOOD_SUMS);
	PROMISE(pool.used == 0);
	pkt_pool_fini(&pool);
}
