/* SPDX-License-Identifier: ISC */
/*
 * Generic routing encapsulation of IPv4 (RFC 2784) with key and sequence number
 * (RFC 2890): outer IPv4 header of protocol 47, then
 *
 *      0 1 2 3 4                 13    16
 *     +-+-+-+-+-------------------+-----+-----------------------------+
 *     |C| |K|S|  ignored          | ver | protocol type 0x0800        |
 *     +-+-+-+-+-------------------+-----+-----------------------------+
 *     | checksum, if C                  | reserved, if C              |
 *     +---------------------------------+-----------------------------+
 *     | key, if K                                                     |
 *     +---------------------------------------------------------------+
 *     | sequence number, if S                                         |
 *     +---------------------------------------------------------------+
 *
 * Bits 1 and 4 are the routing flags of RFC 1701 and refused; the others that
 * are not named are ignored (erratum 3719 to RFC 2784).
 */
#include "common/tunnel/encap_ops.h"
#include "common/tunnel/segment.h"

#include "common/wire/checksum.h"

enum { GRE_BASE = 4, GRE_FIELD = 4 };

static size_t header_len(const struct encap_spec *spec)
{
	size_t fields = (size_t)spec->gre_checksum + spec->gre_key + spec->gre_sequence;

	return GRE_BASE + fields * GRE_FIELD;
}

static size_t gre_overhead(const struct encap_spec *spec)
{
	return IPV4_HEADER + header_len(spec);
}

static uint16_t flags_of(const struct encap_spec *spec)
{
	return (uint16_t)((spec->gre_checksum ? GRE_CHECKSUM : 0) |
			  (spec->gre_key ? GRE_KEY : 0) |
			  (spec->gre_sequence ? GRE_SEQUENCE : 0));
}

/* Fill in the header at the front of `p`; the checksum covers all of `p`. */
static void write_header(struct encap *e, struct pkt *p, size_t len)
{
	struct writer w = writer_over(p->data, len);
	uint16_t sum;

	write_u16(&w, flags_of(&e->spec));
	write_u16(&w, GRE_PROTO_IPV4);
	if (e->spec.gre_checksum)
		write_u32(&w, 0);
	if (e->spec.gre_key)
		write_u32(&w, e->spec.gre_key_out);
	if (e->spec.gre_sequence)
		write_u32(&w, e->sequence.next_out);
	if (!e->spec.gre_checksum)
		return;
	sum = checksum_of(p->data, p->len);
	w = writer_over(p->data + GRE_BASE, 2);
	write_u16(&w, sum);
}

static void push_one(struct encap *e, struct pkt *p)
{
	size_t len = header_len(&e->spec);

	/* Asked before anything is written, so that no number is used up in vain. */
	if (p->len + len + IPV4_HEADER > IPV4_MAX || !pkt_push(p, len)) {
		p->drop = DROP_NO_ROOM;
		return;
	}
	write_header(e, p, len);
	outer_push(&e->outer, p, len);
	if (!p->drop && e->spec.gre_sequence)
		e->sequence.next_out++;
}

static void gre_push(struct encap *e, struct pkt_vec *v)
{
	for (unsigned i = 0; i < v->count; i++)
		if (!v->pkt[i]->drop)
			push_one(e, v->pkt[i]);
}

enum drop_reason gre_decode(struct reader in, struct gre_header *out)
{
	size_t before = reader_left(&in);

	*out = (struct gre_header){ .flags = read_u16(&in) };
	out->protocol = read_u16(&in);
	if (in.bad)
		return DROP_GRE_SHORT;
	if ((out->flags & GRE_VERSION) != 0)
		return DROP_GRE_VERSION;
	if (out->flags & GRE_ROUTING)
		return DROP_GRE_FLAGS;
	if (out->flags & GRE_CHECKSUM) {
		out->checksum = read_u16(&in);
		read_skip(&in, 2);
	}
	if (out->flags & GRE_KEY)
		out->key = read_u32(&in);
	if (out->flags & GRE_SEQUENCE)
		out->sequence = read_u32(&in);
	out->len = before - reader_left(&in);
	if (in.bad)
		return DROP_GRE_SHORT;
	return out->protocol == GRE_PROTO_IPV4 ? DROP_NONE : DROP_GRE_PROTOCOL;
}

/*
 * Of packets that the kernel has merged, the checksum is the first one's.  The kernel
 * has found all of them right before (segment.h).
 */
static bool is_merged(struct reader payload)
{
	const size_t len = reader_left(&payload);
	size_t total;

	return ipv4_check(payload.at, len, &total) == IPV4_OK &&
	       segment_is_open((const struct ipv4 *)payload.at, total);
}

static bool is_checksum_right(struct reader in, const struct gre_header *gre)
{
	if (checksum_of(in.at, reader_left(&in)) == 0)
		return true;
	read_skip(&in, gre->len);
	return is_merged(in);
}

/* The header is sound, the checksum right and the key the peer's. */
static enum drop_reason judge(const struct encap *e, struct reader in,
			      struct gre_header *gre)
{
	enum drop_reason fault = gre_decode(in, gre);
	bool has_key = gre->flags & GRE_KEY;

	if (fault)
		return fault;
	if (gre->flags & GRE_CHECKSUM && !is_checksum_right(in, gre))
		return DROP_GRE_CHECKSUM;
	if (has_key != e->spec.gre_key || (has_key && gre->key != e->spec.gre_key_in))
		return DROP_BAD_KEY;
	return DROP_NONE;
}

/* A packet without a number is in order (RFC 2890 2.2). */
static bool is_late(struct encap *e, const struct gre_header *gre, instant_t now)
{
	if (!e->spec.gre_sequence || !(gre->flags & GRE_SEQUENCE))
		return false;
	return !gre_sequence_accept(&e->sequence, gre->sequence, now);
}

static void pull_one(struct encap *e, struct pkt *p, instant_t now)
{
	const struct ipv4 *outer = pkt_ipv4(p);
	struct reader in = reader_over(p->data, p->len);
	size_t header = ipv4_header_len(outer);
	uint8_t tos = outer->tos;
	struct gre_header gre;

	read_skip(&in, header);
	p->drop = outer->protocol == PROTO_GRE ? judge(e, in, &gre) : DROP_NO_TUNNEL;
	if (p->drop)
		return;
	(void)pkt_pull(p, header + gre.len);
	encap_unwrapped(e, tos, p);
	/* Last, so that a broken packet cannot move the window. */
	if (!p->drop && is_late(e, &gre, now))
		p->drop = DROP_GRE_LATE;
}

static void gre_pull(struct encap *e, struct pkt_vec *v)
{
	for (unsigned i = 0; i < v->count; i++)
		if (!v->pkt[i]->drop)
			pull_one(e, v->pkt[i], v->now.mono);
}

/*
 * Whoever cannot see our packets has to guess the key.  A router quotes at least
 * the eight octets that hold it, unless there is a checksum (RFC 792).
 */
static bool gre_is_quoted(const struct encap *e, struct reader shim)
{
	uint16_t flags = read_u16(&shim);
	uint16_t protocol = read_u16(&shim);
	uint32_t key;

	if (shim.bad || flags != flags_of(&e->spec) || protocol != GRE_PROTO_IPV4)
		return false;
	if (!e->spec.gre_key)
		return true;
	if (e->spec.gre_checksum)
		read_skip(&shim, GRE_FIELD);
	key = read_u32(&shim);
	return shim.bad ? e->spec.gre_checksum : key == e->spec.gre_key_out;
}

const struct encap_ops *encap_gre_ops(void)
{
	static const struct encap_ops ops = { .name = "gre",
					      .protocol = PROTO_GRE,
					      .overhead = gre_overhead,
					      .push = gre_push,
					      .pull = gre_pull,
					      .is_quoted = gre_is_quoted };

	return &ops;
}
