/* SPDX-License-Identifier: ISC */
/*
 * Probes of site tunnels (probe.h) as packets: echo requests (RFC 792) inside them.
 *
 *     asked             from                        to
 *     the other end     our end of the tunnel       its other end
 *     an address        an address of ours inside   that address
 *
 * The ends themselves as inner addresses mean the tunnel and nothing in the networks
 * that it joins; their echo is answered here.  Other systems have no reason to send the
 * answer through the tunnel; of them an address is asked, which is anybody's to answer.
 *
 * A question has a number and a cookie of the tunnel's own.  An answer that has both,
 * out of that tunnel, from whom was asked to who asked, is taken here; all other echoes
 * go the way of all packets.
 */
#include "common/tunnel/pipeline.h"
#include "common/tunnel/pipeline_private.h"

#include "common/tunnel/protect_private.h"
#include "common/wire/icmp.h"

/* The largest echo that is looked at; ours have 36 octets. */
enum { COOKIE = 8, PROBE_MOST = 128 };

/* ---- asking ---- */

/* Small enough for every tunnel, and it has no sender to be told anything. */
static void stage(struct pipeline *pl, struct tunnel *t, const struct icmp_echo *e)
{
	struct pkt *p = pkt_take(pl->config.pool);

	if (!p) {
		pl->drops.by[DROP_NO_BUFFER]++;
		return;
	}
	p->len = icmp_echo_build(p->data, pkt_room(p), e);
	p->tunnel = t;
	p->encap = &t->encap;
	pkt_queue_add(&pl->staged, p);
}

static uint32_t identify(const struct probe *p, uint16_t number)
{
	return (uint32_t)(p->cookie & 0xffff) << 16 | number;
}

static void ask(struct pipeline *pl, struct fwd_site *site)
{
	const struct probe *p = &site->probe;
	uint8_t cookie[COOKIE];
	struct writer w = writer_over(cookie, sizeof(cookie));

	write_u64(&w, p->cookie);
	pl->packets[PACKET_PROBE_SENT]++;
	stage(pl, site->tunnel,
	      &(struct icmp_echo){ .src = p->from,
				   .dst = p->to,
				   .rest = identify(p, p->sent),
				   .body = cookie,
				   .body_len = sizeof(cookie) });
}

static void choose_ends(const struct pipeline *pl, struct fwd_site *site)
{
	const struct tunnel_spec *ends = &site->tunnel->spec;
	struct probe *p = &site->probe;

	p->from = ends->local;
	p->to = ends->remote;
	if (p->spec.kind != PROBE_ADDRESS)
		return;
	p->to = p->spec.address;
	p->from.s_addr = 0;
	if (pl->config.inside)
		p->from = pl->config.inside(pl->config.arg, site->local,
					    site->local_count);
}

static void tell(struct pipeline *pl, const struct tunnel *t, enum probe_change change)
{
	struct tunnel_news news = { .event = TUNNEL_ALIVE };

	if (change == PROBE_SAME)
		return;
	if (change == PROBE_DEAD) {
		news.event = TUNNEL_DEAD;
		news.blocked = t->site->probe.blocked;
	}
	pipeline_tell(pl, t, news);
}

static void look(struct pipeline *pl, struct fwd_site *site)
{
	const struct tunnel *t = site->tunnel;
	struct probe_look look = {
		.packets = t->counts.in_packets,
		.blocked = protect_way(t->path) == PROTECT_WAY_NONE,
	};
	enum probe_change change;
	bool wanted;

	choose_ends(pl, site);
	look.mute = site->probe.from.s_addr == 0;
	change = probe_due(&site->probe, &look, &pl->config.rng, pl->now.mono, &wanted);
	if (wanted)
		ask(pl, site);
	tell(pl, t, change);
}

instant_t pipeline_probes(struct pipeline *pl, struct now now, struct pipeline_out *out)
{
	instant_t next = INSTANT_NEVER;

	pipeline_hold(pl, now, out);
	list_each(it, after, &pl->fwd->sites) {
		struct fwd_site *site = container_of(it, struct fwd_site, in_sites);

		probe_set(&site->probe, &site->probe_spec, &pl->config.rng, now.mono);
		if (instant_due(site->probe.next, now.mono))
			look(pl, site);
		next = instant_min(next, site->probe.next);
	}
	pipeline_push_staged(pl);
	pipeline_release(pl);
	return next;
}

/* ---- being asked, and answers ---- */

static bool is_between(const struct icmp_message *m, struct in_addr src,
		       struct in_addr dst)
{
	return m->src.s_addr == src.s_addr && m->dst.s_addr == dst.s_addr;
}

/* Who asks lives. */
static void echo(struct pipeline *pl, struct tunnel *t, const struct icmp_message *m)
{
	probe_heard(&t->site->probe, pl->now.mono);
	if (protect_way(t->path) == PROTECT_WAY_NONE)
		return;
	if (!bucket_take(&pl->echo_limit, pl->now.mono)) {
		pl->packets[PACKET_PROBE_LIMITED]++;
		return;
	}
	pl->packets[PACKET_PROBE_ECHOED]++;
	stage(pl, t,
	      &(struct icmp_echo){ .src = m->dst,
				   .dst = m->src,
				   .is_reply = true,
				   .rest = m->rest,
				   .body = m->body,
				   .body_len = m->body_len });
}

static bool is_answer(const struct probe *p, const struct icmp_message *m)
{
	struct reader body = reader_over(m->body, m->body_len);

	return m->type == ICMP_ECHO_REPLY_ && p->counts.sent > 0 &&
	       is_between(m, p->to, p->from) && m->rest >> 16 == identify(p, 0) >> 16 &&
	       reader_left(&body) == COOKIE && read_u64(&body) == p->cookie;
}

static void take_answer(struct pipeline *pl, struct tunnel *t,
			const struct icmp_message *m)
{
	struct probe *p = &t->site->probe;
	const uint64_t late = p->counts.late;
	enum probe_change change = probe_answered(p, (uint16_t)m->rest, pl->now.mono);

	pl->packets[p->counts.late == late ? PACKET_PROBE_ANSWERED
					   : PACKET_PROBE_LATE]++;
	tell(pl, t, change);
}

static bool take(struct pipeline *pl, struct tunnel *t, const struct icmp_message *m)
{
	if (m->type == ICMP_ECHO_REQUEST &&
	    is_between(m, t->spec.remote, t->spec.local))
		echo(pl, t, m);
	else if (is_answer(&t->site->probe, m))
		take_answer(pl, t, m);
	else
		return false;
	return true;
}

bool pipeline_take_probe(struct pipeline *pl, struct pkt *p)
{
	struct icmp_message m;
	bool taken;

	if (p->len > PROBE_MOST || pkt_ipv4(p)->protocol != PROTO_ICMP ||
	    !icmp_open(p->data, p->len, &m))
		return false;
	pipeline_take_turn(pl);
	taken = take(pl, p->tunnel, &m);
	if (taken)
		pkt_give(pl->config.pool, p);
	return taken;
}
