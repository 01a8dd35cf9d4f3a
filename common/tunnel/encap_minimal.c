/* SPDX-License-Identifier: ISC */
/*
 * Minimal encapsulation (RFC 2004): the one IP header is changed to go to the
 * tunnel's exit, and what it was changed from follows it.
 *
 *      0               8               16
 *     +---------------+-+-------------+-------------------------------+
 *     | protocol      |S| reserved    | checksum of this header only  |
 *     +---------------+-+-------------+-------------------------------+
 *     | original destination                                          |
 *     +---------------------------------------------------------------+
 *     | original source, only if S                                    |
 *     +---------------------------------------------------------------+
 *
 * TTL, DSCP and ECN stay in the one header, so a fixed outer TTL or DSCP does
 * not apply here. Options stay too, before the forwarding header. A packet that
 * is a fragment already cannot go this way: at the exit its fragments could not
 * be told from those of the tunnel.
 */
#include "common/tunnel/encap_ops.h"

#include "common/wire/checksum.h"

#include <string.h>

static size_t minimal_overhead(const struct encap_spec *spec)
{
	(void)spec;
	return MINIMAL_LONG;
}

enum drop_reason minimal_decode(struct reader in, struct minimal_header *out)
{
	const uint8_t *start = in.at;
	uint8_t flags;

	*out = (struct minimal_header){ .protocol = read_u8(&in) };
	flags = read_u8(&in);
	read_skip(&in, 2);
	out->dst = read_addr(&in);
	out->has_source = flags & MINIMAL_SOURCE;
	out->len = MINIMAL_SHORT;
	if (out->has_source) {
		out->src = read_addr(&in);
		out->len = MINIMAL_LONG;
	}
	if (in.bad)
		return DROP_MINIMAL_SHORT;
	return checksum_of(start, out->len) == 0 ? DROP_NONE : DROP_MINIMAL_CHECKSUM;
}

/* The forwarding header for what `ip` says now. */
static void write_header(uint8_t *at, const struct ipv4 *ip, size_t len)
{
	struct writer w = writer_over(at, len);
	uint16_t sum;

	write_u8(&w, ip->protocol);
	write_u8(&w, len == MINIMAL_LONG ? MINIMAL_SOURCE : 0);
	write_u16(&w, 0);
	write_addr(&w, ip->dst);
	if (len == MINIMAL_LONG)
		write_addr(&w, ip->src);

	sum = checksum_of(at, len);
	w = writer_over(at + 2, 2);
	write_u16(&w, sum);
}

static void push_one(struct encap *e, struct pkt *p)
{
	const struct ipv4 *before = pkt_ipv4(p);
	size_t header = ipv4_header_len(before);
	size_t len =
		before->src.s_addr == e->local.s_addr ? MINIMAL_SHORT : MINIMAL_LONG;
	struct ipv4 *ip;

	if (ipv4_is_fragment(before)) {
		p->drop = DROP_MINIMAL_FRAGMENT;
		return;
	}
	if (!pkt_push(p, len)) {
		p->drop = DROP_NO_ROOM;
		return;
	}
	memmove(p->data, p->data + len, header);
	ip = pkt_ipv4(p);
	write_header(p->data + header, ip, len);
	ip->protocol = PROTO_MINIMAL;
	ip->src = e->local;
	ip->dst = e->remote;
	ip->length = htons((uint16_t)p->len);
	ipv4_seal(ip);
}

static void minimal_push(struct encap *e, struct pkt_vec *v)
{
	for (unsigned i = 0; i < v->count; i++)
		if (!v->pkt[i]->drop)
			push_one(e, v->pkt[i]);
}

/* Put the header back as it was, where the forwarding header ends. */
static void restore(struct pkt *p, const struct minimal_header *m)
{
	size_t header = ipv4_header_len(pkt_ipv4(p));
	struct ipv4 *ip;

	memmove(p->data + m->len, p->data, header);
	(void)pkt_pull(p, m->len);
	ip = pkt_ipv4(p);
	ip->protocol = m->protocol;
	ip->dst = m->dst;
	if (m->has_source)
		ip->src = m->src;
	ip->length = htons((uint16_t)p->len);
	ipv4_seal(ip);
}

static void pull_one(struct encap *e, struct pkt *p)
{
	const struct ipv4 *outer = pkt_ipv4(p);
	struct reader in = reader_over(p->data, p->len);
	struct minimal_header m;
	uint8_t tos = outer->tos;

	read_skip(&in, ipv4_header_len(outer));
	if (outer->protocol != PROTO_MINIMAL)
		p->drop = DROP_NO_TUNNEL;
	else if (ipv4_is_fragment(outer))
		p->drop = DROP_FRAGMENT;
	else
		p->drop = minimal_decode(in, &m);
	if (p->drop)
		return;
	restore(p, &m);
	encap_unwrapped(e, tos, p);
}

static void minimal_pull(struct encap *e, struct pkt_vec *v)
{
	for (unsigned i = 0; i < v->count; i++)
		if (!v->pkt[i]->drop)
			pull_one(e, v->pkt[i]);
}

const struct encap_ops *encap_minimal_ops(void)
{
	static const struct encap_ops ops = { .name = "minimal",
					      .protocol = PROTO_MINIMAL,
					      .overhead = minimal_overhead,
					      .push = minimal_push,
					      .pull = minimal_pull };

	return &ops;
}
