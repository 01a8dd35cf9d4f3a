/* SPDX-License-Identifier: ISC */
/*
 * What all directions of the pipeline share: life, counters, ICMP errors of our
 * own, fragments, and the parting of vectors by tunnel.
 */
#include "common/tunnel/pipeline.h"
#include "common/tunnel/pipeline_private.h"

#include "common/tunnel/encap_udp.h"
#include "common/wire/icmp.h"

#include <stdlib.h>
#include <string.h>

enum { ICMP_RATE = 100, ICMP_BURST = 50, SPOOFED_RATE = 1, SPOOFED_BURST = 5 };

/* Probes of others that are answered: more than the most site tunnels have of them. */
enum { ECHO_RATE = 2000, ECHO_BURST = 2000 };

enum { LINK_MTU = 1500 };

static const struct counter_row packet_rows[] = {
#define COUNTER COUNTER_ROW
#include "common/tunnel/packet.def"
#undef COUNTER
};

struct pipeline *pipeline_new(struct fwd *fwd, const struct pipeline_config *config)
{
	struct pipeline *pl = calloc(1, sizeof(*pl));

	if (!pl)
		return NULL;
	pl->fwd = fwd;
	pl->config = *config;
	pl->config.ports = carrier_ports(config->ports);
	pl->nested_id = 1;
	bucket_init(&pl->icmp_limit, config->icmp_rate ? config->icmp_rate : ICMP_RATE,
		    config->icmp_burst ? config->icmp_burst : ICMP_BURST,
		    (instant_t){ 0 });
	bucket_init(&pl->spoofed_limit, SPOOFED_RATE, SPOOFED_BURST, (instant_t){ 0 });
	bucket_init(&pl->echo_limit, ECHO_RATE, ECHO_BURST, (instant_t){ 0 });
	return pl;
}

void pipeline_free(struct pipeline *pl)
{
	free(pl);
}

struct counter_set pipeline_drops(struct pipeline *pl)
{
	return drop_counter_set(&pl->drops);
}

struct counter_set pipeline_packets(struct pipeline *pl)
{
	return (struct counter_set){ .group = "packet",
				     .rows = packet_rows,
				     .values = pl->packets,
				     .count = PACKET_COUNTERS };
}

void pipeline_drop(struct pipeline *pl, struct pkt *p, enum drop_reason why)
{
	pl->drops.by[why]++;
	pkt_give(pl->config.pool, p);
}

void pipeline_drop_all(struct pipeline *pl, struct pkt_queue *q, enum drop_reason why)
{
	struct pkt *p;

	if (q->count == 0)
		return;
	fwd_enter(pl->fwd);
	while ((p = pkt_queue_pop(q)))
		pipeline_drop(pl, p, why);
	fwd_leave(pl->fwd);
}

void pipeline_out_give(struct pipeline *pl, struct pipeline_out *out)
{
	pkt_queue_give(pl->config.pool, &out->wire);
	pkt_queue_give(pl->config.pool, &out->kernel);
	pkt_queue_give(pl->config.pool, &out->link);
}

void pipeline_enter(struct pipeline *pl, struct now now, struct pipeline_out *out)
{
	pl->now = now;
	pl->out = out;
	pl->memo = (struct pipeline_memo){ .tunnel = NULL };
	fwd_enter(pl->fwd);
}

void pipeline_leave(struct pipeline *pl)
{
	fwd_leave(pl->fwd);
	if (!pl->config.ordered)
		pipeline_sent(pl);
}

void pipeline_take_turn(struct pipeline *pl)
{
	if (!pl->in_turn)
		fwd_take_turn(pl->fwd);
	pl->in_turn = true;
}

void pipeline_sent(struct pipeline *pl)
{
	if (pl->in_turn)
		fwd_end_turn(pl->fwd);
	pl->in_turn = false;
}

void pipeline_hold(struct pipeline *pl, struct now now, struct pipeline_out *out)
{
	pl->now = now;
	pl->out = out;
	fwd_hold(pl->fwd);
	pl->alone = true;
}

void pipeline_release(struct pipeline *pl)
{
	pl->alone = false;
	fwd_release(pl->fwd);
	if (!pl->config.ordered)
		pipeline_sent(pl);
}

void pipeline_tell(const struct pipeline *pl, const struct tunnel *t,
		   struct tunnel_news news)
{
	if (!pl->config.tell)
		return;
	if (t->site)
		memcpy(news.name, t->site->name, sizeof(news.name));
	news.local = t->spec.local;
	news.remote = t->spec.remote;
	news.encap = t->spec.encap.kind;
	pl->config.tell(pl->config.tell_arg, &news);
}

bool pipeline_owns(const struct pipeline *pl, struct in_addr a)
{
	return pl->config.owns && pl->config.owns(pl->config.arg, a);
}

struct pkt *pipeline_copy(struct pipeline *pl, const struct pkt *p)
{
	struct pkt *copy = pkt_clone(pl->config.pool, p);

	if (copy)
		pl->packets[PACKET_COPIED]++;
	else
		pl->drops.by[DROP_NO_BUFFER]++;
	return copy;
}

/* ---- ICMP errors of our own ---- */

bool pipeline_may_send_icmp(struct pipeline *pl)
{
	if (bucket_take(&pl->icmp_limit, pl->now.mono))
		return true;
	pl->packets[PACKET_ICMP_LIMITED]++;
	return false;
}

/*
 * The kernel has no route to a visitor but the one home, from where it would
 * come back through the tunnel; so a visitor gets it on its link.
 */
void pipeline_send_icmp(struct pipeline *pl, struct pkt *icmp)
{
	const struct fwd_visitor *v = fwd_by_visitor(pl->fwd, pkt_ipv4(icmp)->dst);

	pl->packets[PACKET_ICMP_SENT]++;
	if (!v) {
		pkt_queue_add(&pl->out->wire, icmp);
		return;
	}
	icmp->ifindex = v->ifindex;
	icmp->mac = v->mac;
	pkt_queue_add(&pl->out->link, icmp);
}

struct pkt *pipeline_error(struct pipeline *pl, const struct pkt *p, struct in_addr src,
			   uint8_t type, uint8_t code, uint32_t rest)
{
	struct pkt *icmp;

	if (pl->silent || p->later || !icmp_may_answer(p->data, p->len) ||
	    !pipeline_may_send_icmp(pl))
		return NULL;
	icmp = pkt_take(pl->config.pool);
	if (!icmp) {
		pl->drops.by[DROP_NO_BUFFER]++;
		return NULL;
	}
	icmp->len = icmp_error_build(icmp->data, pkt_room(icmp), src, type, code, rest,
				     p->data, p->len);
	if (icmp->len > 0)
		return icmp;
	pkt_give(pl->config.pool, icmp);
	return NULL;
}

void pipeline_answer(struct pipeline *pl, const struct pkt *p, struct in_addr src,
		     uint8_t type, uint8_t code, uint32_t rest)
{
	struct pkt *icmp = pipeline_error(pl, p, src, type, code, rest);

	if (icmp)
		pipeline_send_icmp(pl, icmp);
}

/* ---- fragments ---- */

struct fragmenting {
	struct pipeline *pl;
	const struct pkt *whole;
	struct pkt_queue *to;
};

static void emit_fragment(void *arg, const uint8_t *bytes, size_t len)
{
	struct fragmenting *f = arg;
	struct pkt *p = pkt_take(f->pl->config.pool);

	if (!p) {
		f->pl->drops.by[DROP_NO_BUFFER]++;
		return;
	}
	memcpy(p->data, bytes, len);
	p->len = len;
	p->tunnel = f->whole->tunnel;
	p->encap = f->whole->encap;
	p->ifindex = f->whole->ifindex;
	p->mac = f->whole->mac;
	pkt_queue_add(f->to, p);
}

void pipeline_fragment(struct pipeline *pl, struct pkt *p, size_t mtu,
		       struct pkt_queue *to)
{
	struct fragmenting f = { .pl = pl, .whole = p, .to = to };

	if (ipv4_fragment(p->data, p->len, mtu, emit_fragment, &f) == 0) {
		pipeline_drop(pl, p, DROP_TOO_BIG);
		return;
	}
	pl->packets[PACKET_FRAGMENTED]++;
	pkt_give(pl->config.pool, p);
}

/* ---- to a visitor ---- */

uint16_t pipeline_link_mtu(const struct pipeline *pl, int ifindex)
{
	uint16_t mtu = 0;

	if (pl->config.link_mtu)
		mtu = pl->config.link_mtu(pl->config.arg, ifindex);
	return mtu ? mtu : LINK_MTU;
}

void pipeline_to_link(struct pipeline *pl, struct pkt *p, const struct fwd_visitor *v)
{
	uint16_t mtu = pipeline_link_mtu(pl, v->ifindex);

	p->ifindex = v->ifindex;
	p->mac = v->mac;
	pl->packets[PACKET_TO_LINK]++;
	if (p->len > mtu)
		pipeline_fragment(pl, p, mtu, &pl->out->link);
	else
		pkt_queue_add(&pl->out->link, p);
}

/* ---- parting ---- */

/* Take the packets of one part from `at` on; mark them in `done`. */
static void gather(const struct pkt_vec *v, unsigned at, uint64_t *done,
		   struct pkt_vec *part)
{
	for (unsigned i = at; i < v->count; i++) {
		struct pkt *p = v->pkt[i];

		if (p->drop || p->part != v->pkt[at]->part)
			continue;
		*done |= UINT64_C(1) << i;
		pkt_vec_add(part, p);
	}
}

/* Packets of a burst mostly share a tunnel, so this is one pass in practice. */
void pipeline_part(struct pipeline *pl, struct pkt_vec *v,
		   void (*stage)(struct pipeline *pl, struct pkt_vec *part))
{
	uint64_t done = 0;

	_Static_assert(PKT_VEC_MAX <= 64, "one bit a packet");
	for (unsigned i = 0; i < v->count; i++) {
		struct pkt_vec part; /* its places are filled as far as they count */

		if (v->pkt[i]->drop || !v->pkt[i]->part || done >> i & 1)
			continue;
		part.now = v->now;
		part.lane = v->lane;
		part.count = 0;
		gather(v, i, &done, &part);
		stage(pl, &part);
	}
}
