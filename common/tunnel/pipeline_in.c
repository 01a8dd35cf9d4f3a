/* SPDX-License-Identifier: ISC */
/*
 * Out of tunnels. A packet is looked at only if source, destination, protocol
 * and key of its outer header are those of a tunnel; what comes out is let go
 * only if the tunnel may carry it (fwd_judge.c). Everything else is dropped in
 * silence: no ICMP for what was never ours (RFC 5944 4.2.2).
 */
#include "common/tunnel/pipeline.h"
#include "common/tunnel/pipeline_private.h"

#include "common/tunnel/fwd_judge.h"
#include "common/tunnel/mss.h"
#include "common/wire/icmp.h"

enum { LINK_MTU = 1500 };

/* ---- which tunnel ---- */

static struct outer_key key_of(const struct ipv4 *ip)
{
	return (struct outer_key){ .local = ip->dst,
				   .remote = ip->src,
				   .protocol = ip->protocol };
}

static enum drop_reason found(struct pkt *p, struct tunnel *t, struct encap *e)
{
	p->tunnel = t;
	p->encap = e;
	return DROP_NONE;
}

/* Another key between ends that we know is worth a reason of its own. */
static enum drop_reason find_gre(const struct pipeline *pl, struct pkt *p)
{
	const struct ipv4 *ip = pkt_ipv4(p);
	struct reader in = reader_over(p->data, p->len);
	struct outer_key key = key_of(ip);
	struct gre_header gre;
	enum drop_reason fault;
	struct tunnel *t;

	read_skip(&in, ipv4_header_len(ip));
	fault = gre_decode(in, &gre);
	if (fault)
		return fault;
	key.has_gre_key = (gre.flags & GRE_KEY) != 0;
	key.gre_key = gre.key;
	t = fwd_by_outer(pl->fwd, &key);
	if (t)
		return found(p, t, &t->encap);
	return fwd_by_path(pl->fwd, ip->dst, ip->src, PROTO_GRE) ? DROP_BAD_KEY
								 : DROP_NO_TUNNEL;
}

/* IP-in-IP also comes from the peer of a minimal tunnel, for fragments. */
static enum drop_reason find_ipip(const struct pipeline *pl, struct pkt *p)
{
	struct outer_key key = key_of(pkt_ipv4(p));
	struct tunnel *t = fwd_by_outer(pl->fwd, &key);

	if (t)
		return found(p, t, &t->encap);
	key.protocol = PROTO_MINIMAL;
	t = fwd_by_outer(pl->fwd, &key);
	if (t && t->spec.encap.minimal_fallback)
		return found(p, t, &t->fallback);
	return DROP_NO_TUNNEL;
}

static enum drop_reason find_minimal(const struct pipeline *pl, struct pkt *p)
{
	struct outer_key key = key_of(pkt_ipv4(p));
	struct tunnel *t = fwd_by_outer(pl->fwd, &key);

	return t ? found(p, t, &t->encap) : DROP_NO_TUNNEL;
}

static enum drop_reason find_tunnel(const struct pipeline *pl, struct pkt *p)
{
	enum drop_reason fault = pkt_check(p);

	if (fault)
		return fault;
	if (ipv4_is_fragment(pkt_ipv4(p)))
		return DROP_FRAGMENT;
	switch (pkt_ipv4(p)->protocol) {
	case PROTO_GRE:
		return find_gre(pl, p);
	case PROTO_IPIP:
		return find_ipip(pl, p);
	case PROTO_MINIMAL:
		return find_minimal(pl, p);
	default:
		return DROP_NO_TUNNEL;
	}
}

/* ---- to a visitor ---- */

static uint16_t link_mtu(const struct pipeline *pl, int ifindex)
{
	uint16_t mtu = 0;

	if (pl->config.link_mtu)
		mtu = pl->config.link_mtu(pl->config.arg, ifindex);
	return mtu ? mtu : LINK_MTU;
}

/* Forwarding as a router does it (RFC 5944 4.2.2): TTL, then size. */
static void deliver(struct pipeline *pl, struct pkt *p, const struct fwd_visitor *v)
{
	struct in_addr here = p->tunnel->spec.local;
	struct ipv4 *ip = pkt_ipv4(p);
	uint16_t mtu = link_mtu(pl, v->ifindex);

	if (ip->ttl <= 1) {
		pipeline_answer(pl, p, here, ICMP_TIME_EXCEEDED_, 0, 0);
		pipeline_drop(pl, p, DROP_TTL_EXPIRED);
		return;
	}
	if (p->len > mtu && ntohs(ip->fragment) & IPV4_DF) {
		pipeline_answer(pl, p, here, ICMP_UNREACHABLE, ICMP_CODE_TOO_BIG, mtu);
		pipeline_drop(pl, p, DROP_TOO_BIG);
		return;
	}
	ipv4_set_ttl(ip, (uint8_t)(ip->ttl - 1));
	p->ifindex = v->ifindex;
	p->mac = v->mac;
	pl->packets[PACKET_TO_LINK]++;
	if (p->len > mtu)
		pipeline_fragment(pl, p, mtu, &pl->out->link);
	else
		pkt_queue_add(&pl->out->link, p);
}

/* ---- the way out ---- */

static void clamp(struct pipeline *pl, struct pkt *p)
{
	struct tunnel *t = p->tunnel;
	uint16_t how = t->spec.encap.mss_clamp;

	if (how != 0 &&
	    mss_clamp(p, mss_limit(how, tunnel_inner_mtu(t, p->encap, pl->now.mono))))
		pl->packets[PACKET_MSS_CLAMPED]++;
}

static void let_out(struct pipeline *pl, struct pkt *p, const struct fwd_visitor *v)
{
	p->tunnel->counts.in_packets++;
	p->tunnel->counts.in_octets += p->len;
	clamp(pl, p);
	if (v) {
		deliver(pl, p, v);
		return;
	}
	pl->packets[PACKET_TO_KERNEL]++;
	pkt_queue_add(&pl->out->kernel, p);
}

static void finish(struct pipeline *pl, struct pkt *p)
{
	struct fwd_exit way = { .why = p->drop };

	if (!way.why)
		way = fwd_way_out(pl->fwd, p->tunnel, pkt_ipv4(p));
	if (!way.why) {
		let_out(pl, p, way.visitor);
		return;
	}
	if (p->tunnel)
		p->tunnel->counts.in_dropped++;
	pipeline_drop(pl, p, way.why);
}

/* What encapsulations saw is kept in them; count what this part adds to it. */
static void pull_part(struct pipeline *pl, struct encap *e, struct pkt_vec *part)
{
	uint64_t gaps = e->sequence.gaps;
	uint64_t restarts = e->sequence.restarts;
	uint64_t odd = e->ecn_odd;

	encap_pull(e, part);
	pl->packets[PACKET_GRE_GAP] += e->sequence.gaps - gaps;
	pl->packets[PACKET_GRE_RESTART] += e->sequence.restarts - restarts;
	pl->packets[PACKET_ECN_ODD] += e->ecn_odd - odd;
}

void pipeline_inbound(struct pipeline *pl, struct pkt_vec *in, struct pipeline_out *out)
{
	pl->now = in->now;
	pl->out = out;
	pl->packets[PACKET_INBOUND] += in->count;
	for (unsigned i = 0; i < in->count; i++)
		in->pkt[i]->drop = find_tunnel(pl, in->pkt[i]);
	pipeline_by_encap(pl, in, pull_part);
	for (unsigned i = 0; i < in->count; i++)
		finish(pl, in->pkt[i]);
	in->count = 0;
}
