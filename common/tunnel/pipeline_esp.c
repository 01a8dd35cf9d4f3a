/* SPDX-License-Identifier: ISC */
/*
 * ESP and UDP carriers around the tunnels: on after a packet has been encapsulated,
 * off before its tunnel is looked for. Both sides of a policy are held here, and
 * nowhere else: what may leave in clear, and what may have come in clear.
 */
#include "common/tunnel/pipeline.h"
#include "common/tunnel/pipeline_private.h"

#include "common/tunnel/encap_udp.h"
#include "common/tunnel/esp.h"
#include "common/tunnel/protect_private.h"

/* ---- out ---- */

static struct protect_pair *pair_of(const struct pkt *p)
{
	return p->tunnel->path->pair;
}

/*
 * Tunnels number their outer packets each for itself. In ESP they are all of one
 * protocol, so those that may be cut are numbered again; of minimal encapsulation
 * the number is the inner packet's.
 */
static void number(struct protect_pair *pair, struct pkt *p)
{
	struct ipv4 *ip = pkt_ipv4(p);

	if (ntohs(ip->fragment) & IPV4_DF || ip->protocol == PROTO_MINIMAL)
		return;
	ip->id = htons(outer_take_id(&pair->next_id));
	ipv4_seal(ip);
}

/* Packets between one pair of ends. */
static void protect_part(struct pipeline *pl, struct pkt_vec *part)
{
	struct protect_pair *pair = pair_of(part->pkt[0]);
	uint16_t mtu = mtu_now(&pair->wire.mtu, pl->now.mono);

	for (unsigned i = 0; i < part->count; i++)
		number(pair, part->pkt[i]);
	esp_sa_out_fit(pair->out, mtu - carrier_overhead(pair->spec.carrier.kind));
	esp_push(pair->out, part);
	if (pair->spec.carrier.kind != CARRIER_NONE)
		carrier_push(&pair->spec.carrier, part);
	__atomic_store_n(&pair->sent.ns, pl->now.mono.ns, __ATOMIC_RELAXED);
}

/* Packets of one tunnel that has a carrier of its own. */
static void carry_part(struct pipeline *pl, struct pkt_vec *part)
{
	(void)pl;
	carrier_push(&part->pkt[0]->tunnel->spec.carrier, part);
}

static bool has_carrier(const struct pkt *p)
{
	return p->tunnel->spec.carrier.kind != CARRIER_NONE;
}

/* Name what the packet is to go into, or why it must not go. */
static void name_seal(struct pkt *p)
{
	struct protect_pair *pair = pair_of(p);

	p->part = NULL;
	switch (protect_way(p->tunnel->path)) {
	case PROTECT_WAY_ESP:
		p->part = pair;
		return;
	case PROTECT_WAY_NONE:
		p->drop = DROP_NO_ASSOCIATION;
		counter_add(&pair->counts.no_association, 1);
		return;
	case PROTECT_WAY_CLEAR:
		break;
	}
	if (pair)
		counter_add(&pair->counts.out_clear, 1);
}

static void name_carrier(struct pkt *p)
{
	bool clear = p->part == NULL;

	p->part = clear && has_carrier(p) ? p->tunnel : NULL;
}

void pipeline_seal(struct pipeline *pl, struct pkt_vec *v)
{
	for (unsigned i = 0; i < v->count; i++)
		if (!v->pkt[i]->drop)
			name_seal(v->pkt[i]);
	pipeline_part(pl, v, protect_part);
	for (unsigned i = 0; i < v->count; i++)
		name_carrier(v->pkt[i]);
	pipeline_part(pl, v, carry_part);
}

/* ---- in ---- */

/* Its association by SPI; the addresses must be those that it stands between. */
static enum drop_reason find_association(const struct pipeline *pl, struct pkt *p)
{
	struct protect_sa *sa;
	uint32_t spi;

	if (!esp_spi_of(p, &spi))
		return DROP_ESP_SHORT;
	sa = protect_by_spi(pl->fwd, pkt_ipv4(p)->dst, spi);
	if (!sa)
		return DROP_ESP_NO_SA;
	if (pkt_ipv4(p)->src.s_addr != sa->pair->key.remote.s_addr)
		return DROP_ESP_PEER;
	p->part = sa;
	p->pair = sa->pair;
	return DROP_NONE;
}

static void open_part(struct pipeline *pl, struct pkt_vec *part)
{
	const struct protect_sa *sa = part->pkt[0]->part;

	(void)pl;
	esp_pull(sa->sa, part);
}

void pipeline_unseal(struct pipeline *pl, struct pkt_vec *v)
{
	carrier_pull(&pl->config.ports, v);
	for (unsigned i = 0; i < v->count; i++) {
		struct pkt *p = v->pkt[i];

		if (!p->drop && pkt_ipv4(p)->protocol == PROTO_ESP)
			p->drop = find_association(pl, p);
	}
	pipeline_part(pl, v, open_part);
}

enum drop_reason pipeline_judge_way(const struct pkt *p, const struct tunnel *t)
{
	struct protect_pair *pair = t->path->pair;

	/* Out of ESP its ends are those of the association (esp.h). */
	if (p->pair || !pair)
		return DROP_NONE;
	if (pair->spec.policy == PROTECT_REQUIRED) {
		counter_add(&pair->counts.not_protected, 1);
		return DROP_NOT_PROTECTED;
	}
	counter_add(&pair->counts.in_clear, 1);
	return DROP_NONE;
}

/* ---- keepalives ---- */

static void keep_alive(struct pipeline *pl, struct protect_pair *pair, instant_t *next)
{
	struct pkt *p;
	instant_t due;

	if (pair->spec.keepalive_s == 0 || pair->spec.carrier.kind != CARRIER_UDP ||
	    pair->spec.policy == PROTECT_OFF)
		return;
	due = instant_add(pair->sent, duration_s(pair->spec.keepalive_s));
	if (instant_due(due, pl->now.mono)) {
		p = pkt_take(pl->config.pool);
		if (!p)
			return;
		carrier_keepalive(&pair->spec.carrier, pair->key.local,
				  pair->key.remote, p);
		pkt_queue_add(&pl->out->wire, p);
		pair->counts.keepalives++;
		pair->sent = pl->now.mono;
		due = instant_add(pair->sent, duration_s(pair->spec.keepalive_s));
	}
	if (instant_before(due, *next))
		*next = due;
}

instant_t pipeline_keepalives(struct pipeline *pl, struct now now,
			      struct pipeline_out *out)
{
	instant_t next = INSTANT_NEVER;

	pipeline_hold(pl, now, out);
	for (struct protect_pair *pair = pl->fwd->pairs; pair; pair = pair->hh.next)
		keep_alive(pl, pair, &next);
	pipeline_release(pl);
	return next;
}
