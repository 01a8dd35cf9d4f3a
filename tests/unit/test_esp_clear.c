/* SPDX-License-Identifier: ISC */
/*
 * Where ESP is required nothing is ever in clear: random packets of every kind from
 * every side, in every state of the associations, and after each the same questions
 * of all that came out. Deterministic: a failure names its seed.
 */
#define _GNU_SOURCE
#include "common/tunnel/pipeline.h"

#include "common/tunnel/encap_udp.h"
#include "common/tunnel/esp.h"
#include "common/tunnel/fwd_private.h"
#include "common/tunnel/protect_private.h"
#include "common/wire/icmp.h"
#include "common/wire/udp.h"

#include "tests/unit/esp_world.h"
#include "tests/unit/suites.h"

#include <CUnit/CUnit.h>

#include <stdio.h>
#include <string.h>

enum { WORLDS = 60, STEPS = 400, SIDES = 2, KEPT = 8, MARK_LEN = 12 };

/* Stands in the payload of every packet that an end sends, or seems to send. */
static const char *const marks[SIDES] = { "from home to", "from abroad " };

struct run {
	struct esp_world w;
	struct rng_seeded state;
	struct rng rng;
	unsigned seed;
	struct pkt *kept[KEPT]; /* of the wire, to be replayed and altered */
};

static uint32_t below(struct run *r, uint32_t bound)
{
	return rng_below(&r->rng, bound);
}

static struct esp_side *some_side(struct run *r)
{
	return below(r, SIDES) ? &r->w.home : &r->w.away;
}

static unsigned number_of(const struct run *r, const struct esp_side *s)
{
	return s == &r->w.away;
}

static bool shows(const struct pkt *p, unsigned side)
{
	return memmem(p->data, p->len, marks[side], MARK_LEN) != NULL;
}

/* ---- what is asked ---- */

static bool is_sealed(const struct pkt *p)
{
	const struct ipv4 *ip = pkt_ipv4_of(p);
	struct reader r = reader_over(p->data, p->len);
	uint16_t src, dst;

	if (ip->protocol == PROTO_ESP)
		return true;
	if (ip->protocol != PROTO_UDP)
		return false;
	if (ntohs(ip->fragment) & IPV4_OFFSET)
		return true; /* of the ESP packet whose first part has been seen */
	read_skip(&r, ipv4_header_len(ip));
	src = read_u16(&r);
	dst = read_u16(&r);
	return src == CARRIER_PORT_ESP && dst == CARRIER_PORT_ESP;
}

/*
 * To the peer goes ESP and nothing else. Elsewhere go ICMP errors alone, back to who
 * has sent this side a packet in clear; of what came from the peer nothing is shown.
 */
static bool may_be_on_wire(const struct esp_side *s, const struct pkt *p,
			   const struct run *r)
{
	unsigned side = number_of(r, s);

	if (shows(p, !side))
		return false;
	if (pkt_ipv4_of(p)->dst.s_addr == s->peer.s_addr)
		return is_sealed(p) && !shows(p, side);
	return pkt_ipv4_of(p)->protocol == PROTO_ICMP;
}

static void complain(const struct run *r, unsigned step, const char *what)
{
	char text[120];

	snprintf(text, sizeof(text), "%s: world %u, step %u", what, r->seed, step);
	CU_FAIL(text);
	printf("# %s\n", text);
}

static void check_wire(struct run *r, const struct esp_side *s, unsigned step)
{
	for (const struct pkt *p = s->out.wire.first; p; p = p->next)
		if (!may_be_on_wire(s, p, r))
			complain(r, step, "in clear on the wire");
}

/* What an unauthenticated packet led to: nothing at all. */
static void check_nothing_came_out(struct run *r, const struct esp_side *s,
				   unsigned step)
{
	if (s->out.kernel.count + s->out.link.count > 0)
		complain(r, step, "not protected, and accepted");
}

/* ---- what happens ---- */

static const char *const addresses[] = {
	"198.51.100.50", "192.0.2.80",  "10.8.0.1",       "10.9.0.1",
	"198.51.100.1",  "203.0.113.1", "198.51.100.255", "10.1.2.3",
};

static const char *some_address(struct run *r)
{
	return addresses[below(r, sizeof(addresses) / sizeof(addresses[0]))];
}

static const uint8_t protocols[] = { PROTO_UDP, PROTO_ICMP, PROTO_TCP,     PROTO_IPIP,
				     PROTO_GRE, PROTO_ESP,  PROTO_MINIMAL, PROTO_NONE };

static uint8_t some_protocol(struct run *r)
{
	return protocols[below(r, sizeof(protocols))];
}

static uint16_t some_fragment(struct run *r)
{
	static const uint16_t fields[] = { 0, 0, IPV4_DF, IPV4_MF, 8, IPV4_MF | 20 };

	return fields[below(r, sizeof(fields) / sizeof(fields[0]))];
}

static struct pkt *marked(struct run *r, const struct packet_like *like, unsigned side)
{
	struct pkt *p = packet_like(&r->w.pool, like);
	size_t header = ipv4_header_len(pkt_ipv4(p));

	for (size_t at = header; at + MARK_LEN <= p->len; at += MARK_LEN)
		memcpy(p->data + at, marks[side], MARK_LEN);
	return p;
}

/* A packet of somebody's, often one that does go into the tunnel. */
static struct pkt *some_packet(struct run *r, unsigned side)
{
	struct packet_like like = { .protocol = some_protocol(r),
				    .ttl = (uint8_t)below(r, 4),
				    .tos = (uint8_t)below(r, 256),
				    .fragment = some_fragment(r),
				    .options = below(r, 5) ? 0 : below(r, 11) * 4 };

	like.src = some_address(r);
	like.dst = below(r, 3) ? "198.51.100.50" : some_address(r);
	like.size = 64 + (below(r, 4) ? below(r, 1500) : below(r, 9000));
	return marked(r, &like, side);
}

static void go_out(struct run *r)
{
	struct esp_side *s = some_side(r);

	world_outbound(&r->w, s, some_packet(r, number_of(r, s)));
}

static void broadcast(struct run *r)
{
	struct pkt_vec v = vec_of(some_packet(r, 0));

	pipeline_broadcast(r->w.home.pl, &v, prefix_of("198.51.100.0", 24),
			   &r->w.home.out);
}

/* By the tunnel as it would be without ESP, in or out of a carrier. */
static void come_in_clear(struct run *r, unsigned step)
{
	static const enum carrier_kind kinds[] = { CARRIER_NONE, CARRIER_NONE,
						   CARRIER_MIP, CARRIER_UDP };
	struct esp_side *s = some_side(r);
	struct carrier_spec carrier = { .kind = kinds[below(r, 4)] };
	struct encap_spec encap = encap_variant(below(r, ENCAP_VARIANTS));
	struct pkt *p = some_packet(r, !number_of(r, s));
	struct pkt_vec v = vec_of(p);
	struct encap peer;

	if (below(r, 2))
		encap = r->w.like.encap;
	if (encap.kind != ENCAP_GRE && carrier.kind == CARRIER_UDP)
		carrier.kind = CARRIER_MIP;
	encap_init(&peer, s->peer, s->addr, &encap);
	encap_push(&peer, &v);
	if (carrier.kind != CARRIER_NONE)
		carrier_push(&carrier, &v);
	carrier_complete(p);
	if (p->drop) {
		pkt_give(&r->w.pool, p);
		return;
	}
	pipeline_inbound(s->pl, &v, &s->out);
	check_nothing_came_out(r, s, step);
}

/* What was on the wire, altered anywhere: it is authentic no more. */
static void come_altered(struct run *r, unsigned step)
{
	struct pkt *p = r->kept[below(r, KEPT)];
	struct esp_side *s = some_side(r);
	size_t header;

	if (!p)
		return;
	p = pkt_clone(&r->w.pool, p);
	header = ipv4_header_len(pkt_ipv4(p));
	if (pkt_ipv4(p)->protocol == PROTO_UDP)
		header += UDP_HEADER; /* the peer's port is not asked for */
	if (header >= p->len) {
		pkt_give(&r->w.pool, p);
		return;
	}
	p->data[header + below(r, (uint32_t)(p->len - header))] ^=
		(uint8_t)(1 + below(r, 255));
	world_inbound(&r->w, s, p);
	check_nothing_came_out(r, s, step);
}

static void come_twice(struct run *r, unsigned step)
{
	struct pkt *p = r->kept[below(r, KEPT)];
	struct esp_side *s = some_side(r);

	if (!p)
		return;
	world_inbound(&r->w, s, pkt_clone(&r->w.pool, p));
	world_clear(&r->w);
	world_inbound(&r->w, s, pkt_clone(&r->w.pool, p));
	check_nothing_came_out(r, s, step);
}

static void be_told(struct run *r)
{
	static const uint8_t codes[] = { ICMP_CODE_TOO_BIG, ICMP_CODE_TOO_BIG,
					 ICMP_CODE_HOST, ICMP_CODE_NET };
	struct pkt *about = r->kept[below(r, KEPT)];
	struct pkt *icmp = pkt_take(&r->w.pool);
	struct esp_side *s = some_side(r);
	struct pkt *p =
		about ? pkt_clone(&r->w.pool, about) : some_packet(r, number_of(r, s));

	icmp->len = icmp_error_build(
		icmp->data, pkt_room(icmp), addr_of("203.0.113.254"), ICMP_UNREACHABLE,
		codes[below(r, sizeof(codes))], below(r, 1600), p->data, p->len);
	pkt_give(&r->w.pool, p);
	world_icmp(&r->w, s, icmp);
}

/* Associations come, go, are replaced, or come to their end. */
static void keys_change(struct run *r)
{
	struct esp_side *s = some_side(r);
	struct esp_side *other = s == &r->w.home ? &r->w.away : &r->w.home;
	struct protect_view v = world_view(s);

	switch (below(r, 6)) {
	case 0:
		(void)fwd_sa_out_clear(s->fwd, s->addr, s->peer);
		return;
	case 1:
		if (v.in_count > 0)
			(void)fwd_sa_in_del(s->fwd, s->addr, v.in[0]->spi);
		return;
	case 2:
		if (v.out)
			s->fwd->pairs->out->next = s->fwd->pairs->out->last;
		return;
	case 3:
		world_key_out(s, 0x70000000 + below(r, 1000), ESP_AES_128_GCM);
		return;
	default:
		if (world_view(other).in_count == PROTECT_SAS_IN)
			(void)fwd_sa_in_del(other->fwd, other->addr,
					    world_view(other).in[0]->spi);
		world_key(&r->w, s, other,
			  below(r, ESP_NULL_SHA256)); /* none in clear */
		return;
	}
}

static void keep_some(struct run *r, const struct esp_side *s)
{
	for (const struct pkt *p = s->out.wire.first; p; p = p->next) {
		unsigned at = below(r, KEPT);

		if (pkt_ipv4_of(p)->dst.s_addr != s->peer.s_addr)
			continue;
		pkt_give(&r->w.pool, r->kept[at]);
		r->kept[at] = pkt_clone(&r->w.pool, p);
	}
}

static void arrive(struct run *r)
{
	struct esp_side *s = some_side(r);

	world_carry(&r->w, s, s == &r->w.home ? &r->w.away : &r->w.home);
}

static void step(struct run *r, unsigned n)
{
	switch (below(r, 10)) {
	case 0:
		keys_change(r);
		break;
	case 1:
		broadcast(r);
		break;
	case 2:
		come_in_clear(r, n);
		break;
	case 3:
		come_altered(r, n);
		break;
	case 4:
		come_twice(r, n);
		break;
	case 5:
		be_told(r);
		break;
	default:
		go_out(r);
		break;
	}
	check_wire(r, &r->w.home, n);
	check_wire(r, &r->w.away, n);
	keep_some(r, &r->w.home);
	keep_some(r, &r->w.away);
	if (below(r, 2)) {
		arrive(r);
		check_wire(r, &r->w.home, n);
		check_wire(r, &r->w.away, n);
	}
	world_clear(&r->w);
	r->w.now.mono = instant_add(r->w.now.mono, duration_ms(below(r, 500)));
}

static struct world_like some_world(struct run *r)
{
	struct world_like like = { .encap = encap_variant(below(r, ENCAP_VARIANTS)),
				   .policy = PROTECT_REQUIRED,
				   .esp = below(r, 2) ? CARRIER_UDP : CARRIER_NONE };

	like.encap.minimal_fallback = below(r, 2);
	like.encap.no_outer_df = below(r, 2);
	like.encap.mtu = (uint16_t)(below(r, 3) ? 1500 : 68 + below(r, 600));
	if (below(r, 3) == 0)
		like.carrier.kind = CARRIER_MIP;
	return like;
}

static void nothing_is_ever_in_clear(void)
{
	static struct run r;

	for (unsigned seed = 1; seed <= WORLDS; seed++) {
		struct world_like like;

		memset(&r, 0, sizeof(r));
		r.seed = seed;
		r.rng = rng_seeded_init(&r.state, seed);
		like = some_world(&r);
		world_open(&r.w, &like);
		for (unsigned n = 0; n < STEPS; n++)
			step(&r, n);
		for (unsigned i = 0; i < KEPT; i++)
			pkt_give(&r.w.pool, r.kept[i]);
		world_close(&r.w);
	}
}

/* The test above is worth something only if packets do get through. */
static void the_worlds_do_carry_packets(void)
{
	uint64_t sealed = 0, opened = 0;

	for (unsigned seed = 1; seed <= 5; seed++) {
		struct run r = { .seed = seed };
		struct world_like like;

		r.rng = rng_seeded_init(&r.state, seed);
		like = some_world(&r);
		world_open(&r.w, &like);
		for (unsigned n = 0; n < STEPS; n++)
			step(&r, n);
		sealed += counter_of(pipeline_packets(r.w.home.pl), "encapsulated");
		opened += counter_of(pipeline_packets(r.w.home.pl), "to-kernel") +
			  counter_of(pipeline_packets(r.w.away.pl), "to-link");
		for (unsigned i = 0; i < KEPT; i++)
			pkt_give(&r.w.pool, r.kept[i]);
		world_close(&r.w);
	}
	CU_ASSERT_TRUE(sealed > 200 && opened > 50);
}

void suite_esp_clear(void)
{
	CU_pSuite s = CU_add_suite("esp_clear", NULL, NULL);

	CU_ADD_TEST(s, nothing_is_ever_in_clear);
	CU_ADD_TEST(s, the_worlds_do_carry_packets);
}
