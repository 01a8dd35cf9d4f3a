/* SPDX-License-Identifier: ISC */
/*
 * ICMP errors about outer packets, turned into what the sender of the inner
 * packet should hear (RFC 2003 4 and 5):
 *
 *     from inside the tunnel              to the inner source
 *     fragmentation needed (3/4)          3/4 with the MTU less the outer header
 *     host unreachable (3/1)              3/1
 *     net, protocol unreachable (3/0, 2)  3/1 for a home address, else 3/0
 *     prohibited (3/9, 3/10, 3/13)        as net unreachable
 *     time exceeded on the way (11/0)     3/1
 *     port unreachable, source route, redirect, source quench, parameter: nothing
 *
 * An error is believed only about a path that a tunnel of ours takes (relay_path.c),
 * and passed on only if the packet it quotes would go that way. Routers may quote as
 * little as 8 octets behind the outer header, and of ESP more could not be read; then
 * the error is kept and given to the next sender whose packet takes the path.
 *
 * A too-big message of less than MTU_FLOOR changes nothing for others (mtu.h), but
 * the sender of the packet that it quotes hears what it tells: DF of the inner
 * packet is for the sender to lift (RFC 2003 3.1).
 */
#include "common/tunnel/pipeline.h"
#include "common/tunnel/pipeline_private.h"

#include "common/tunnel/fwd_judge.h"
#include "common/wire/checksum.h"
#include "common/wire/icmp.h"
#include "common/wire/udp.h"

#include <string.h>

enum {
	QUOTE_MAX = 548, /* of the inner packet; RFC 1812 4.3.2.3 */
	OWE_S = 30,
	ICMP_HEADER = 8,
	ICMP_TTL = 64,
	ICMP_TOS = 6 << 5, /* internetwork control, RFC 1812 4.3.2.5 */

	CODE_NET_PROHIBITED = 9,
	CODE_HOST_PROHIBITED = 10,
	CODE_PROHIBITED = 13,
	CODE_IN_TRANSIT = 0, /* of time exceeded */
};

/* The inner packet as far as an error quotes it. */
struct quote {
	size_t overhead; /* what encapsulation had added; 0: not enough to tell */
	size_t len;
	uint8_t bytes[QUOTE_MAX];
};

/* ---- reading quotes ---- */

static void take_rest(struct quote *q, struct reader *r)
{
	size_t room = sizeof(q->bytes) - q->len;
	size_t left = reader_left(r) < room ? reader_left(r) : room;
	const uint8_t *at = read_bytes(r, left);

	if (at && left)
		memcpy(q->bytes + q->len, at, left);
	q->len += left;
}

/* What the header was before minimal encapsulation changed it. */
static void quote_minimal(struct quote *q, struct reader r, const struct ipv4 *outer)
{
	struct minimal_header m;
	struct ipv4 ip = *outer;

	if (minimal_decode(r, &m))
		return;
	read_skip(&r, m.len);
	ip.version_ihl = 4 << 4 | IPV4_HEADER / 4;
	ip.protocol = m.protocol;
	ip.dst = m.dst;
	if (m.has_source)
		ip.src = m.src;
	ip.length = htons((uint16_t)(ntohs(outer->length) - m.len));
	ipv4_seal(&ip);
	memcpy(q->bytes, &ip, sizeof(ip));
	q->len = sizeof(ip);
	q->overhead = m.len;
	take_rest(q, &r);
}

/* What the outer header was before it was put into its carrier of `shim` octets. */
static void uncarry(struct reader *r, struct ipv4 *outer,
		    const struct tunnel_path *path, size_t shim)
{
	struct reader carrier = reader_split(r, shim);

	outer->length = htons((uint16_t)(ntohs(outer->length) - shim));
	outer->protocol = (uint8_t)path->key.protocol;
	if (path->key.carrier != CARRIER_MIP)
		return;
	read_skip(&carrier, UDP_HEADER + 1);
	outer->protocol = read_u8(&carrier);
	r->bad |= carrier.bad;
}

/* Of ESP nothing can be told. */
static void quote_inner(struct reader quoted, const struct tunnel_path *path,
			struct quote *q)
{
	size_t shim = carrier_overhead(path->key.carrier);
	struct gre_header gre = { 0 };
	struct ipv4 outer;

	q->overhead = q->len = 0;
	if (path->key.protocol == PROTO_ESP || !relay_read_outer(&quoted, &outer))
		return;
	if (shim)
		uncarry(&quoted, &outer, path, shim);
	if (outer.protocol == PROTO_MINIMAL) {
		quote_minimal(q, quoted, &outer);
		q->overhead += q->overhead ? shim : 0;
		return;
	}
	if (outer.protocol == PROTO_GRE && gre_decode(quoted, &gre))
		return;
	read_skip(&quoted, gre.len);
	q->overhead = ipv4_header_len(&outer) + shim + gre.len;
	take_rest(q, &quoted);
}

/* The inner header, if it is quoted whole and sound. */
static bool inner_header(const struct quote *q, struct ipv4 *ip)
{
	if (q->len < IPV4_HEADER)
		return false;
	memcpy(ip, q->bytes, sizeof(*ip));
	return ip->version_ihl >> 4 == 4 && ipv4_header_len(ip) >= IPV4_HEADER &&
	       ipv4_header_len(ip) <= q->len &&
	       checksum_of(q->bytes, ipv4_header_len(ip)) == 0;
}

/* ---- writing errors ---- */

/* RFC 1122 3.2.2, of what is known of the packet. */
static bool may_answer(const struct quote *q, const struct ipv4 *ip)
{
	size_t header = ipv4_header_len(ip);

	if (ntohs(ip->fragment) & IPV4_OFFSET || !ipv4_is_unicast(ip->src) ||
	    ipv4_is_multicast(ip->dst) || ip->dst.s_addr == htonl(INADDR_BROADCAST))
		return false;
	if (ip->protocol != PROTO_ICMP)
		return true;
	return q->len > header && !icmp_is_error(q->bytes[header]);
}

static size_t write_error(void *to, const struct ipv4_fields *f, uint8_t code,
			  uint32_t rest, const struct quote *q)
{
	struct writer w = writer_over(to, IPV4_HEADER + ICMP_HEADER + QUOTE_MAX);
	uint8_t *header = write_room(&w, IPV4_HEADER);
	uint8_t *message = w.at;
	struct writer sum = writer_over(message + 2, 2);
	size_t len;

	write_u8(&w, ICMP_UNREACHABLE);
	write_u8(&w, code);
	write_u16(&w, 0);
	write_u32(&w, rest);
	write_bytes(&w, q->bytes, q->len);
	len = writer_len(&w) - IPV4_HEADER;
	write_u16(&sum, checksum_of(message, len));
	ipv4_build(header, f, len);
	return writer_len(&w);
}

static void tell_sender(struct pipeline *pl, const struct tunnel_path *path,
			const struct quote *q, uint8_t code, uint32_t rest)
{
	struct ipv4_fields f = { .src = path->key.local,
				 .protocol = PROTO_ICMP,
				 .ttl = ICMP_TTL,
				 .tos = ICMP_TOS,
				 .df = true };
	struct pkt *icmp;
	struct ipv4 ip;

	if (!inner_header(q, &ip) || !may_answer(q, &ip) || !pipeline_may_send_icmp(pl))
		return;
	icmp = pkt_take(pl->config.pool);
	if (!icmp) {
		pl->drops.by[DROP_NO_BUFFER]++;
		return;
	}
	f.dst = ip.src;
	icmp->len = write_error(icmp->data, &f, code, rest, q);
	pipeline_send_icmp(pl, icmp);
}

/* ---- judging ---- */

/* Whether the quoted packet is one that would take the path. */
static bool takes_path(const struct pipeline *pl, const struct tunnel_path *path,
		       const struct quote *q, struct fwd_way *way)
{
	struct ipv4 ip;

	*way = (struct fwd_way){ .count = 0 };
	if (!inner_header(q, &ip))
		return false;
	*way = fwd_way_in(pl->fwd, ip.src, ip.dst);
	for (unsigned i = 0; i < way->count; i++)
		if (way->tunnel[i]->path == path)
			return true;
	return false;
}

typedef bool mtu_learn_fn(struct path_mtu *m, uint16_t told, instant_t now);

/*
 * An outer packet of which these octets are known was too big: learn, and tell the
 * sender of the inner one.
 */
static void relay_too_big(struct pipeline *pl, struct tunnel_path *path,
			  struct reader quoted, uint16_t next_hop, mtu_learn_fn *learn)
{
	struct fwd_way way;
	struct ipv4 outer = { 0 };
	struct ipv4 inner;
	struct quote q;
	uint16_t told, now;

	quote_inner(quoted, path, &q);
	(void)relay_read_outer(&quoted, &outer);
	told = mtu_told(next_hop, ntohs(outer.length));
	if (learn(&path->mtu, told, pl->now.mono))
		pl->packets[PACKET_MTU_LOWERED]++;
	fwd_path_changed(pl->fwd, path);
	/* With DF clear the next packets are cut here; the sender need not know. */
	if (!takes_path(pl, path, &q, &way) || !inner_header(&q, &inner) ||
	    !(ntohs(inner.fragment) & IPV4_DF))
		return;
	now = mtu_now(&path->mtu, pl->now.mono);
	now = told < now ? told : now;
	if (now < q.overhead + IPV4_MTU_MIN)
		now = (uint16_t)(q.overhead + IPV4_MTU_MIN);
	tell_sender(pl, path, &q, ICMP_CODE_TOO_BIG, (uint32_t)(now - q.overhead));
}

/* True, and the code of an unreachable, for errors that are passed on. */
static bool code_to_tell(const struct icmp_message *m, bool at_home, uint8_t *code)
{
	if (m->type == ICMP_TIME_EXCEEDED_) {
		*code = ICMP_CODE_HOST;
		return m->code == CODE_IN_TRANSIT;
	}
	if (m->type != ICMP_UNREACHABLE)
		return false;
	switch (m->code) {
	case ICMP_CODE_HOST:
		*code = ICMP_CODE_HOST;
		return true;
	case ICMP_CODE_NET:
	case ICMP_CODE_PROTOCOL:
	case CODE_NET_PROHIBITED:
	case CODE_HOST_PROHIBITED:
	case CODE_PROHIBITED:
		*code = at_home ? ICMP_CODE_HOST : ICMP_CODE_NET;
		return true;
	default:
		return false;
	}
}

static void owe(struct pipeline *pl, struct tunnel_path *path, uint8_t code)
{
	path->owes = true;
	path->owed_code = code;
	path->owes_until = instant_add(pl->now.mono, duration_s(OWE_S));
	fwd_path_changed(pl->fwd, path);
}

void relay_owed(struct pipeline *pl, struct tunnel_path *path, const struct pkt *p)
{
	path->owes = false;
	fwd_path_changed(pl->fwd, path);
	if (!instant_due(path->owes_until, pl->now.mono))
		pipeline_answer(pl, p, path->key.local, ICMP_UNREACHABLE,
				path->owed_code, 0);
}

static enum drop_reason relay_unreachable(struct pipeline *pl, struct tunnel_path *path,
					  const struct icmp_message *m,
					  struct reader quoted)
{
	struct fwd_way way;
	struct quote q;
	bool known;
	uint8_t code;

	quote_inner(quoted, path, &q);
	known = takes_path(pl, path, &q, &way);
	if (!code_to_tell(m, way.home != NULL, &code))
		return DROP_ICMP_IGNORED;
	if (known)
		tell_sender(pl, path, &q, code, 0);
	else if (q.len < IPV4_HEADER)
		owe(pl, path, code);
	else
		return DROP_ICMP_UNKNOWN;
	return DROP_NONE;
}

/*
 * About ESP in UDP of which only the ports are quoted, which anybody could guess: a
 * path may be narrower if we could have sent the packet and it was too long for it,
 * and nothing else is believed (RFC 4301 6, 8.2.1).
 */
static enum drop_reason relay_unproven(struct pipeline *pl, struct tunnel_path *path,
				       const struct icmp_message *m,
				       struct reader quoted)
{
	struct ipv4 outer = { 0 };
	uint16_t length, told;

	(void)relay_read_outer(&quoted, &outer);
	length = ntohs(outer.length);
	told = mtu_told((uint16_t)m->rest, length);
	if (m->type != ICMP_UNREACHABLE || m->code != ICMP_CODE_TOO_BIG ||
	    length <= told || length > mtu_now(&path->mtu, pl->now.mono))
		return DROP_ICMP_UNPROVEN;
	if (mtu_learn_unproven(&path->mtu, told, pl->now.mono))
		pl->packets[PACKET_MTU_LOWERED]++;
	return DROP_NONE;
}

static enum drop_reason relay(struct pipeline *pl, const struct pkt *p)
{
	struct icmp_message m;
	struct tunnel_path *path;
	struct reader quoted;

	if (!icmp_open(p->data, p->len, &m))
		return DROP_ICMP_UNSOUND;
	if (!icmp_is_error(m.type))
		return DROP_ICMP_IGNORED;
	quoted = reader_over(m.body, m.body_len);
	path = relay_path(pl, quoted);
	if (!path)
		return DROP_ICMP_UNKNOWN;
	path->icmp_errors++;
	pl->packets[PACKET_ICMP_HEARD]++;
	if (!relay_quotes_spi(path, quoted))
		return relay_unproven(pl, path, &m, quoted);
	if (m.type != ICMP_UNREACHABLE || m.code != ICMP_CODE_TOO_BIG)
		return relay_unreachable(pl, path, &m, quoted);
	relay_too_big(pl, path, quoted, (uint16_t)m.rest, mtu_learn);
	return DROP_NONE;
}

void pipeline_icmp(struct pipeline *pl, struct pkt_vec *in, struct pipeline_out *out)
{
	pipeline_hold(pl, in->now, out);
	for (unsigned i = 0; i < in->count; i++) {
		enum drop_reason why = relay(pl, in->pkt[i]);

		if (why)
			pl->drops.by[why]++;
	}
	pipeline_release(pl);
	pkt_vec_give(pl->config.pool, in);
}

void pipeline_too_big(struct pipeline *pl, struct pkt *p, uint16_t mtu, struct now now,
		      struct pipeline_out *out)
{
	struct reader bytes = reader_over(p->data, p->len);
	struct tunnel_path *path;

	pipeline_hold(pl, now, out);
	path = relay_path(pl, bytes);
	if (path)
		relay_too_big(pl, path, bytes, mtu, mtu_learn_here);
	pipeline_drop(pl, p, DROP_TOO_BIG);
	pipeline_release(pl);
}
