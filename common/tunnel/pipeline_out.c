/* SPDX-License-Identifier: ISC */
/*
 * Into tunnels. A packet that is larger than its tunnel carries is fragmented
 * before it is encapsulated, rather than after (RFC 2003 5.1); if it must not
 * be, it is dropped and its sender told: RFC 2003 5 would send it on as well,
 * but its outer header has DF set, so it would only die later.
 */
#include "common/tunnel/pipeline.h"
#include "common/tunnel/pipeline_private.h"

#include "common/tunnel/fwd_judge.h"
#include "common/tunnel/mss.h"
#include "common/tunnel/protect_private.h"
#include "common/wire/icmp.h"

#include <string.h>

/* ---- making it fit ---- */

static bool has_df(const struct pkt *p)
{
	return ntohs(pkt_ipv4_of(p)->fragment) & IPV4_DF;
}

static void clamp(struct pipeline *pl, struct pkt *p, uint16_t inner_mtu)
{
	uint16_t how = p->tunnel->spec.encap.mss_clamp;

	if (how != 0 && mss_clamp(p, mss_limit(how, inner_mtu)))
		pl->packets[PACKET_MSS_CLAMPED]++;
}

static void refuse_too_big(struct pipeline *pl, struct pkt *p, uint16_t mtu)
{
	pipeline_answer(pl, p, p->tunnel->spec.local, ICMP_UNREACHABLE,
			ICMP_CODE_TOO_BIG, mtu);
	counter_add(&p->tunnel->counts.out_dropped, 1);
	pipeline_drop(pl, p, DROP_TOO_BIG);
}

/* ESP is required and there is no association: not even an ICMP error is due. */
static void refuse_clear(struct pipeline *pl, struct pkt *p)
{
	counter_add(&p->tunnel->path->pair->counts.no_association, 1);
	counter_add(&p->tunnel->counts.out_dropped, 1);
	pipeline_drop(pl, p, DROP_NO_ASSOCIATION);
}

/* Whether fragments of the packet could take its tunnel at all. */
static bool takes_fragments(const struct tunnel *t)
{
	return t->spec.encap.kind != ENCAP_MINIMAL || t->spec.encap.minimal_fallback;
}

static void stage_fragments(struct pipeline *pl, struct pkt *p)
{
	struct tunnel *t = p->tunnel;

	if (t->spec.encap.kind == ENCAP_MINIMAL)
		p->encap = &t->fallback;
	pipeline_fragment(pl, p, tunnel_inner_mtu(t, p->encap, pl->now.mono),
			  &pl->staged);
}

/*
 * Whether the path has something to settle with the next packet that takes it: an
 * error is owed to its sender, or it is time to try a larger MTU.
 */
static bool has_to_settle(const struct pipeline *pl, const struct tunnel_path *path)
{
	return path->owes || mtu_is_old(&path->mtu, pl->now.mono);
}

/* Who mirrors the table does not see the time. */
static void forget_mtu(struct pipeline *pl, struct tunnel_path *path)
{
	if (!mtu_is_old(&path->mtu, pl->now.mono))
		return;
	mtu_forget(&path->mtu);
	fwd_path_changed(pl->fwd, path);
}

static void settle(struct pipeline *pl, struct tunnel_path *path, const struct pkt *p)
{
	forget_mtu(pl, path);
	if (path->owes)
		relay_owed(pl, path, p);
}

void pipeline_stage(struct pipeline *pl, struct pkt *p, struct tunnel *t)
{
	uint16_t mtu;

	p->tunnel = t;
	if (protect_way(t->path) == PROTECT_WAY_NONE) {
		refuse_clear(pl, p);
		return;
	}
	if (pl->alone)
		settle(pl, protect_on_wire(t->path), p);
	p->encap = tunnel_encap_for(t, pkt_ipv4(p));
	mtu = tunnel_inner_mtu_for(t, p->encap, pkt_ipv4(p), pl->now.mono);
	clamp(pl, p, mtu);
	if (p->len <= mtu)
		pkt_queue_add(&pl->staged, p);
	else if (has_df(p))
		refuse_too_big(pl, p, mtu);
	else if (takes_fragments(t))
		stage_fragments(pl, p);
	else
		pkt_queue_add(&pl->staged, p); /* the outer packet will be cut */
}

/* ---- onto the wire ---- */

static void account_out(struct pipeline *pl, const struct pkt *p)
{
	counter_add(&p->tunnel->counts.out_packets, 1);
	counter_add(&p->tunnel->counts.out_octets, p->len);
	pl->packets[PACKET_ENCAPSULATED]++;
}

/*
 * The path carries less than the 68 octets that every tunnel must, or less than
 * routers are believed to (mtu.h): outer fragments are all that is left, if the
 * inner packet allows them.
 */
static void allow_fragments(struct pkt *p)
{
	size_t overhead = p->encap->ops->overhead(&p->encap->spec);
	struct ipv4 inner;

	if (p->encap->spec.kind == ENCAP_MINIMAL || !has_df(p))
		return;
	memcpy(&inner, p->data + overhead, sizeof(inner));
	if (ntohs(inner.fragment) & IPV4_DF)
		return;
	pkt_ipv4(p)->fragment &= htons((uint16_t)~IPV4_DF);
	ipv4_seal(pkt_ipv4(p));
}

/*
 * Before ESP hides it: whether the outer packet may be cut. What ESP is given is
 * never a fragment; what it makes may become some.
 */
static void judge_df(struct pipeline *pl, struct pkt *p)
{
	size_t header = ipv4_header_len(pkt_ipv4(p));
	struct tunnel_path *wire = protect_on_wire(p->tunnel->path);

	if (p->len > tunnel_outer_most(p->tunnel, header, pl->now.mono) ||
	    mtu_is_narrow(&wire->mtu, pl->now.mono))
		allow_fragments(p);
}

static void put_on_wire(struct pipeline *pl, struct pkt *p)
{
	uint16_t mtu = mtu_now(&protect_on_wire(p->tunnel->path)->mtu, pl->now.mono);
	const bool cut = p->len > mtu && !has_df(p);

	account_out(pl, p);
	if (cut || !pl->config.leave_unsummed)
		carrier_complete(p);
	if (cut)
		pipeline_fragment(pl, p, mtu, &pl->out->wire);
	else
		pkt_queue_add(&pl->out->wire, p);
}

static void push_part(struct pipeline *pl, struct pkt_vec *part)
{
	struct encap *e = part->pkt[0]->encap;

	if (e->spec.gre_sequence)
		pipeline_take_turn(pl);
	encap_push(e, part);
}

static void push_vector(struct pipeline *pl, struct pkt_vec *v)
{
	for (unsigned i = 0; i < v->count; i++)
		v->pkt[i]->part = v->pkt[i]->encap;
	pipeline_part(pl, v, push_part);
	for (unsigned i = 0; i < v->count; i++)
		if (!v->pkt[i]->drop)
			judge_df(pl, v->pkt[i]);
	pipeline_seal(pl, v);
	for (unsigned i = 0; i < v->count; i++) {
		struct pkt *p = v->pkt[i];

		if (!p->drop) {
			put_on_wire(pl, p);
			continue;
		}
		counter_add(&p->tunnel->counts.out_dropped, 1);
		pipeline_drop(pl, p, p->drop);
	}
}

void pipeline_push_staged(struct pipeline *pl)
{
	while (pl->staged.count > 0) {
		struct pkt_vec v = { .now = pl->now, .lane = pl->config.lane };

		while (!pkt_vec_full(&v) && pl->staged.count > 0)
			pkt_vec_add(&v, pkt_queue_pop(&pl->staged));
		push_vector(pl, &v);
	}
}

/* ---- which tunnel ---- */

static bool is_tunnelled(const struct ipv4 *ip)
{
	return ip->protocol == PROTO_IPIP || ip->protocol == PROTO_GRE ||
	       ip->protocol == PROTO_MINIMAL;
}

/* The destination of what a tunnel packet carries; 0 if it is none, or unsound. */
static struct in_addr inner_destination(const struct pkt *p)
{
	const struct ipv4 *ip = pkt_ipv4_of(p);
	struct reader in = reader_over(p->data, p->len);
	struct in_addr nowhere = { 0 };
	struct minimal_header minimal;
	struct gre_header gre;

	read_skip(&in, ipv4_header_len(ip));
	if (ip->protocol == PROTO_MINIMAL)
		return minimal_decode(in, &minimal) ? nowhere : minimal.dst;
	if (ip->protocol == PROTO_GRE) {
		if (gre_decode(in, &gre))
			return nowhere;
		read_skip(&in, gre.len);
	} else if (ip->protocol != PROTO_IPIP) {
		return nowhere;
	}
	read_skip(&in, offsetof(struct ipv4, dst));
	return read_addr(&in);
}

/*
 * RFC 5944 4.2.3: tunnelled to the node's home address by the node itself, from
 * the care-of address that we would send it to.
 */
static bool is_recursion(const struct pkt *p, const struct fwd_way *way)
{
	const struct ipv4 *ip = pkt_ipv4_of(p);

	if (!way->home || !is_tunnelled(ip) ||
	    inner_destination(p).s_addr != ip->dst.s_addr)
		return false;
	for (unsigned i = 0; i < way->count; i++)
		if (way->tunnel[i]->spec.remote.s_addr == ip->src.s_addr)
			return true;
	return false;
}

/* RFC 2003 3.2. Of several tunnels only those are left out that would loop. */
static void leave_out_exits(struct fwd_way *way, struct in_addr src)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < way->count; i++)
		if (way->tunnel[i]->spec.remote.s_addr != src.s_addr)
			way->tunnel[kept++] = way->tunnel[i];
	if (kept == 0 && way->count > 0)
		way->why = DROP_LOOP_EXIT;
	way->count = kept;
}

/* Ports of UDP first: most of it is no tunnel's. */
static bool may_be_carrier(const struct pipeline *pl, const struct pkt *p)
{
	const struct carrier_ports *ports = &pl->config.ports;
	struct reader udp = reader_over(p->data, p->len);
	uint16_t dst;

	read_skip(&udp, ipv4_header_len(pkt_ipv4_of(p)) + 2);
	dst = read_u16(&udp);
	return dst == ports->esp || dst == ports->gre || dst == ports->mip;
}

static bool is_outer_of_ours(const struct pipeline *pl, const struct pkt *p)
{
	const struct ipv4 *ip = pkt_ipv4_of(p);

	if (is_tunnelled(ip))
		return fwd_by_path(pl->fwd, ip->src, ip->dst, ip->protocol) != NULL;
	if (ip->protocol == PROTO_ESP)
		return protect_by_ends(pl->fwd, ip->src, ip->dst) != NULL;
	return ip->protocol == PROTO_UDP && may_be_carrier(pl, p) &&
	       relay_path(pl, reader_over(p->data, p->len)) != NULL;
}

/* Our machine's routing knows no way to a visitor but the one by its home. */
static const struct fwd_visitor *is_said_to(const struct pipeline *pl,
					    const struct ipv4 *ip)
{
	const struct fwd_visitor *v = fwd_by_visitor(pl->fwd, ip->dst);

	return v && pipeline_owns(pl, ip->src) ? v : NULL;
}

static struct fwd_way judge(struct pipeline *pl, struct pkt *p)
{
	struct fwd_way way = { .why = p->drop ? p->drop : pkt_check(p) };
	const struct ipv4 *ip = pkt_ipv4(p);
	const struct fwd_visitor *said_to;
	struct icmp_message error;

	if (way.why)
		return way;
	if (ip->ttl == 0)
		return (struct fwd_way){ .why = DROP_TTL_ZERO };
	if (pl->config.guard_sources && pipeline_owns(pl, ip->src))
		return (struct fwd_way){ .why = DROP_LOOP_SOURCE };
	if (is_outer_of_ours(pl, p))
		return (struct fwd_way){ .why = DROP_LOOP_OUTER };
	said_to = is_said_to(pl, ip);
	if (said_to)
		return (struct fwd_way){ .visitor = said_to };
	way = fwd_way_in(pl->fwd, ip->src, ip->dst);
	if (way.why == DROP_SITE_SOURCE && icmp_open(p->data, p->len, &error))
		way = fwd_way_of_error(pl->fwd, &error);
	if (is_recursion(p, &way))
		return (struct fwd_way){ .why = DROP_RECURSION };
	leave_out_exits(&way, ip->src);
	return way;
}

/* From this machine itself, which has crossed no router: its TTL stays. */
static void deliver(struct pipeline *pl, struct pkt *p, const struct fwd_visitor *v)
{
	const uint16_t mtu = pipeline_link_mtu(pl, v->ifindex);

	if (p->len <= mtu || !has_df(p)) {
		pipeline_to_link(pl, p, v);
		return;
	}
	pipeline_answer(pl, p, v->tunnel->spec.local, ICMP_UNREACHABLE,
			ICMP_CODE_TOO_BIG, mtu);
	pipeline_drop(pl, p, DROP_TOO_BIG);
}

static void stage_on(struct pipeline *pl, struct pkt *p, const struct fwd_way *way)
{
	for (unsigned i = 1; i < way->count; i++) {
		struct pkt *copy = pipeline_copy(pl, p);

		if (copy)
			pipeline_stage(pl, copy, way->tunnel[i]);
	}
	pipeline_stage(pl, p, way->tunnel[0]);
}

static bool must_go_alone(const struct pipeline *pl, const struct fwd_way *way)
{
	for (unsigned i = 0; i < way->count && !pl->alone; i++)
		if (has_to_settle(pl, protect_on_wire(way->tunnel[i]->path)))
			return true;
	return false;
}

static void take_way(struct pipeline *pl, struct pkt *p, const struct fwd_way *way)
{
	if (way->why)
		pipeline_drop(pl, p, way->why);
	else if (way->visitor)
		deliver(pl, p, way->visitor);
	else if (must_go_alone(pl, way))
		pkt_queue_add(&pl->apart, p);
	else
		stage_on(pl, p, way);
}

/*
 * What comes out of one large segment after the first packet has the same headers, but
 * for lengths and numbers, and goes the same way.
 */
static void take_in(struct pipeline *pl, const struct pkt_vec *in)
{
	struct fwd_way way;

	for (unsigned i = 0; i < in->count; i++) {
		struct pkt *p = in->pkt[i];

		if (i == 0 || !p->later)
			way = judge(pl, p);
		take_way(pl, p, &way);
	}
}

/* What was found for them may be gone by now, so they are judged again. */
static void take_in_apart(struct pipeline *pl, struct now now, struct pipeline_out *out)
{
	struct pkt *p;

	pipeline_hold(pl, now, out);
	while ((p = pkt_queue_pop(&pl->apart))) {
		struct fwd_way way = judge(pl, p);

		take_way(pl, p, &way);
	}
	pipeline_push_staged(pl);
	pipeline_release(pl);
}

void pipeline_outbound(struct pipeline *pl, struct pkt_vec *in,
		       struct pipeline_out *out)
{
	pipeline_enter(pl, in->now, out);
	pl->packets[PACKET_OUTBOUND] += in->count;
	take_in(pl, in);
	in->count = 0;
	pipeline_push_staged(pl);
	pipeline_leave(pl);
	if (pl->apart.count > 0)
		take_in_apart(pl, in->now, out);
}
