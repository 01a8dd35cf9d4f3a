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
#include "common/tunnel/protect_private.h"
#include "common/tunnel/segment.h"
#include "common/wire/icmp.h"

#include <string.h>

/* ---- which tunnel ---- */

static struct outer_key key_of(const struct pkt *p)
{
	const struct ipv4 *ip = pkt_ipv4_of(p);
	const enum carrier_kind carrier = p->pair ? CARRIER_NONE : p->carrier;

	return (struct outer_key){ .local = ip->dst,
				   .remote = ip->src,
				   .protocol = ip->protocol,
				   .port = carrier_is_bound(carrier) ? p->carrier_port
								     : 0,
				   .carrier = (uint32_t)carrier };
}

static enum drop_reason found(struct pkt *p, struct tunnel *t, struct encap *e)
{
	p->tunnel = t;
	p->encap = e;
	p->part = e;
	return pipeline_judge_way(p, t);
}

static bool differs_in_carrier(const struct outer_key *a, const struct outer_key *b)
{
	return a->protocol == b->protocol && a->has_gre_key == b->has_gre_key &&
	       a->gre_key == b->gre_key;
}

/* In ESP a tunnel leaves the carrier that it has in clear. */
static struct tunnel *by_key_in_esp(const struct protect_pair *pair,
				    const struct outer_key *key)
{
	list_each(it, next, &pair->paths) {
		struct tunnel_path *path =
			container_of(it, struct tunnel_path, of_pair);

		list_each(at, after, &path->tunnels) {
			struct tunnel *t = container_of(at, struct tunnel, on_path);

			if (differs_in_carrier(&t->key, key))
				return t;
		}
	}
	return NULL;
}

static struct tunnel *look_up(const struct pipeline *pl, const struct pkt *p,
			      const struct outer_key *key)
{
	struct tunnel *t = fwd_by_outer(pl->fwd, key);

	return t || !p->pair ? t : by_key_in_esp(p->pair, key);
}

static struct tunnel *by_key(struct pipeline *pl, const struct pkt *p,
			     const struct outer_key *key)
{
	struct pipeline_memo *m = &pl->memo;

	if (m->tunnel && m->pair == p->pair && memcmp(&m->key, key, sizeof(*key)) == 0)
		return m->tunnel;
	m->tunnel = look_up(pl, p, key);
	m->pair = p->pair;
	m->key = *key;
	return m->tunnel;
}

static bool is_known_path(const struct pipeline *pl, const struct outer_key *key)
{
	const struct path_key path = { .local = key->local,
				       .remote = key->remote,
				       .protocol = key->protocol,
				       .carrier = (uint16_t)key->carrier };

	return fwd_by_path_key(pl->fwd, &path) != NULL;
}

/* Another key between ends that we know is worth a reason of its own. */
static enum drop_reason find_gre(struct pipeline *pl, struct pkt *p)
{
	const struct ipv4 *ip = pkt_ipv4(p);
	struct reader in = reader_over(p->data, p->len);
	struct outer_key key = key_of(p);
	struct gre_header gre;
	enum drop_reason fault;
	struct tunnel *t;

	read_skip(&in, ipv4_header_len(ip));
	fault = gre_decode(in, &gre);
	if (fault)
		return fault;
	key.has_gre_key = (gre.flags & GRE_KEY) != 0;
	key.gre_key = gre.key;
	t = by_key(pl, p, &key);
	if (t)
		return found(p, t, &t->encap);
	return is_known_path(pl, &key) ? DROP_BAD_KEY : DROP_NO_TUNNEL;
}

/* IP-in-IP also comes from the peer of a minimal tunnel, for fragments. */
static enum drop_reason find_ipip(struct pipeline *pl, struct pkt *p)
{
	struct outer_key key = key_of(p);
	struct tunnel *t = by_key(pl, p, &key);

	if (t)
		return found(p, t, &t->encap);
	key.protocol = PROTO_MINIMAL;
	t = by_key(pl, p, &key);
	if (t && t->spec.encap.minimal_fallback)
		return found(p, t, &t->fallback);
	return DROP_NO_TUNNEL;
}

static enum drop_reason find_minimal(struct pipeline *pl, struct pkt *p)
{
	struct outer_key key = key_of(p);
	struct tunnel *t = by_key(pl, p, &key);

	return t ? found(p, t, &t->encap) : DROP_NO_TUNNEL;
}

static enum drop_reason judge_outer(struct pkt *p)
{
	enum drop_reason fault = pkt_check(p);

	p->part = NULL;
	p->pair = NULL;
	p->carrier = CARRIER_NONE;
	p->ecn_odd = false;
	if (fault)
		return fault;
	return ipv4_is_fragment(pkt_ipv4(p)) ? DROP_FRAGMENT : DROP_NONE;
}

static enum drop_reason find_tunnel(struct pipeline *pl, struct pkt *p)
{
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

/*
 * An error quotes the packet.  About one that came in ESP it goes back in ESP, to the
 * other end, which sends it on to where the packet came from (RFC 4301 6.2); without
 * an association nobody hears of it.
 */
static void tell_source(struct pipeline *pl, const struct pkt *p, uint8_t type,
			uint8_t code, uint32_t rest)
{
	struct tunnel *t = p->tunnel;
	struct pkt *icmp;

	if (!p->pair) {
		pipeline_answer(pl, p, t->spec.local, type, code, rest);
	} else if (protect_way(t->path) == PROTECT_WAY_ESP) {
		icmp = pipeline_error(pl, p, t->spec.local, type, code, rest);
		if (icmp)
			pipeline_stage(pl, icmp, t);
	}
}

/* Forwarding as a router does it (RFC 5944 4.2.2): TTL, then size. */
static void deliver(struct pipeline *pl, struct pkt *p, const struct fwd_visitor *v)
{
	struct ipv4 *ip = pkt_ipv4(p);
	uint16_t mtu = pipeline_link_mtu(pl, v->ifindex);

	if (ip->ttl <= 1) {
		tell_source(pl, p, ICMP_TIME_EXCEEDED_, 0, 0);
		pipeline_drop(pl, p, DROP_TTL_EXPIRED);
		return;
	}
	if (p->len > mtu && ntohs(ip->fragment) & IPV4_DF) {
		tell_source(pl, p, ICMP_UNREACHABLE, ICMP_CODE_TOO_BIG, mtu);
		pipeline_drop(pl, p, DROP_TOO_BIG);
		return;
	}
	ipv4_set_ttl(ip, (uint8_t)(ip->ttl - 1));
	pipeline_to_link(pl, p, v);
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
	counter_add(&p->tunnel->counts.in_packets, 1);
	counter_add(&p->tunnel->counts.in_octets, p->len);
	clamp(pl, p);
	if (v) {
		deliver(pl, p, v);
		return;
	}
	pl->packets[PACKET_TO_KERNEL]++;
	pkt_queue_add(&pl->out->kernel, p);
}

/*
 * The largest packet that goes on whole.  What was merged came by a path of that size,
 * and its packets were no larger.
 */
static size_t most_of(const struct pipeline *pl, const struct pkt *p,
		      const struct fwd_visitor *v)
{
	size_t most = tunnel_inner_mtu(p->tunnel, p->encap, pl->now.mono);
	size_t link = v ? pipeline_link_mtu(pl, v->ifindex) : most;

	return link < most ? link : most;
}

/* Its pieces are known to the pipeline as the whole was. */
static void let_out_cut(struct pipeline *pl, struct segment_cut *cut,
			const struct fwd_visitor *v)
{
	struct tunnel *t = cut->whole->tunnel;
	struct encap *e = cut->whole->encap;
	struct protect_pair *pair = cut->whole->pair;
	struct pkt_vec pieces;
	bool more;

	do {
		pieces.count = 0;
		more = segment_split(cut, pl->config.pool, &pieces);
		for (unsigned i = 0; i < pieces.count; i++) {
			struct pkt *p = pieces.pkt[i];

			p->tunnel = t;
			p->encap = e;
			p->pair = pair;
			let_out(pl, p, v);
		}
	} while (more && pieces.count > 0);
	if (more)
		pipeline_drop(pl, cut->whole, DROP_NO_BUFFER);
}

/* As it was before the kernel merged it: what comes after knows ordinary packets. */
static void let_out_closed(struct pipeline *pl, struct pkt *p,
			   const struct fwd_visitor *v)
{
	struct segment_meta meta;
	struct segment_cut cut;

	if (!segment_is_open(pkt_ipv4(p), p->len)) {
		let_out(pl, p, v);
		return;
	}
	meta = segment_open_meta(p, most_of(pl, p, v));
	pl->packets[PACKET_MERGED]++;
	segment_cut(&cut, p, &meta);
	let_out_cut(pl, &cut, v);
}

static void tell_spoofed(struct pipeline *pl, const struct pkt *p)
{
	if (bucket_take(&pl->spoofed_limit, pl->now.mono))
		pipeline_tell(pl, p->tunnel,
			      (struct tunnel_news){ .event = TUNNEL_SPOOFED,
						    .inner = pkt_ipv4_of(p)->src });
}

/* Its sender need not be one whom the tunnel is for: any router may have to say it. */
static bool is_error_back(const struct pipeline *pl, const struct pkt *p)
{
	struct icmp_message m;

	return p->pair && icmp_open(p->data, p->len, &m) &&
	       fwd_sent_what_is_quoted(pl->fwd, p->tunnel, &m);
}

static struct fwd_exit way_out(struct pipeline *pl, const struct tunnel *t,
			       const struct ipv4 *inner)
{
	struct pipeline_memo *m = &pl->memo;

	if (m->out_of == t && m->src.s_addr == inner->src.s_addr &&
	    m->dst.s_addr == inner->dst.s_addr)
		return m->exit;
	m->out_of = t;
	m->src = inner->src;
	m->dst = inner->dst;
	m->exit = fwd_way_out(pl->fwd, t, inner);
	return m->exit;
}

static void finish(struct pipeline *pl, struct pkt *p)
{
	struct fwd_exit way = { .why = p->drop };

	if (!way.why && p->tunnel->site && pipeline_take_probe(pl, p))
		return;
	if (!way.why)
		way = way_out(pl, p->tunnel, pkt_ipv4(p));
	if (way.why && !p->drop && is_error_back(pl, p))
		way = (struct fwd_exit){ .why = DROP_NONE };
	if (!way.why) {
		let_out_closed(pl, p, way.visitor);
		return;
	}
	if (p->tunnel)
		counter_add(&p->tunnel->counts.in_dropped, 1);
	if (way.why == DROP_SPOOFED)
		tell_spoofed(pl, p);
	pipeline_drop(pl, p, way.why);
}

/* What the sequence saw is kept in it; count what this part adds to it. */
static void pull_numbered(struct pipeline *pl, struct encap *e, struct pkt_vec *part)
{
	uint64_t gaps, restarts;

	pipeline_take_turn(pl);
	gaps = e->sequence.gaps;
	restarts = e->sequence.restarts;
	encap_pull(e, part);
	pl->packets[PACKET_GRE_GAP] += e->sequence.gaps - gaps;
	pl->packets[PACKET_GRE_RESTART] += e->sequence.restarts - restarts;
}

static void pull_part(struct pipeline *pl, struct pkt_vec *part)
{
	struct encap *e = part->pkt[0]->encap;

	if (e->spec.gre_sequence)
		pull_numbered(pl, e, part);
	else
		encap_pull(e, part);
	for (unsigned i = 0; i < part->count; i++)
		pl->packets[PACKET_ECN_ODD] += part->pkt[i]->ecn_odd;
}

void pipeline_inbound(struct pipeline *pl, struct pkt_vec *in, struct pipeline_out *out)
{
	pipeline_enter(pl, in->now, out);
	pl->packets[PACKET_INBOUND] += in->count;
	in->lane = pl->config.lane;
	for (unsigned i = 0; i < in->count; i++)
		in->pkt[i]->drop = judge_outer(in->pkt[i]);
	pipeline_unseal(pl, in);
	for (unsigned i = 0; i < in->count; i++)
		if (!in->pkt[i]->drop)
			in->pkt[i]->drop = find_tunnel(pl, in->pkt[i]);
	pipeline_part(pl, in, pull_part);
	for (unsigned i = 0; i < in->count; i++)
		finish(pl, in->pkt[i]);
	in->count = 0;
	pipeline_push_staged(pl); /* errors that go back */
	pipeline_leave(pl);
}
