/* SPDX-License-Identifier: ISC */
/* A home agent and a foreign agent with what protects the packets between them. */
#include "tests/unit/esp_world.h"

#include "common/tunnel/pipeline_private.h"

#include <CUnit/CUnit.h>

#include <string.h>

static uint16_t link_mtu(const void *arg, int ifindex)
{
	const struct esp_world *w = arg;

	return ifindex == WORLD_LINK ? w->link_mtu : 0;
}

static void edit(struct esp_world *w, struct esp_side *s, enum fwd_edit_kind kind)
{
	struct fwd_edit e = { .kind = kind,
			      .home = addr_of("198.51.100.50"),
			      .tunnel = { s->addr, s->peer, w->like.encap,
					  w->like.carrier },
			      .reverse = true,
			      .broadcasts = true,
			      .agent = s->addr,
			      .ifindex = WORLD_LINK,
			      .mac = { { 2, 0, 0, 0, 0, 9 } },
			      .local_count = 1,
			      .remote_count = 1,
			      .name = "branch",
			      .probe = w->like.probe };
	bool home = s == &w->home;

	e.local_nets[0] = prefix_of(home ? "10.8.0.0" : "10.9.0.0", 16);
	e.remote_nets[0] = prefix_of(home ? "10.9.0.0" : "10.8.0.0", 16);
	CU_ASSERT_EQUAL_FATAL(fwd_apply(s->fwd, &e), 0);
}

static void hear(void *arg, const struct tunnel_news *news)
{
	struct esp_side *s = arg;

	if (news->event == TUNNEL_SPOOFED)
		return;
	CU_ASSERT_STRING_EQUAL(news->name, "branch");
	s->alive += news->event == TUNNEL_ALIVE;
	s->dead += news->event == TUNNEL_DEAD;
}

/* The first host of the first of them. */
static struct in_addr inside(const void *arg, const struct ipv4_prefix *nets,
			     unsigned count)
{
	(void)arg;
	CU_ASSERT_EQUAL(count, 1);
	return (struct in_addr){ nets->addr.s_addr | htonl(1) };
}

static void side_open(struct esp_world *w, struct esp_side *s, const char *addr,
		      const char *peer)
{
	const struct pipeline_config config = {
		.pool = &w->pool,
		.link_mtu = link_mtu,
		.arg = w,
		.icmp_burst = 1000,
		.tell = hear,
		.tell_arg = s,
		.inside = inside,
		.rng = rng_seeded_init(&w->chance, 1),
	};

	s->addr = addr_of(addr);
	s->peer = addr_of(peer);
	s->fwd = fwd_new(16, 16);
	s->pl = pipeline_new(s->fwd, &config);
	CU_ASSERT_FATAL(s->fwd && s->pl);
	edit(w, s, s == &w->home ? FWD_BINDING_SET : FWD_VISITOR_SET);
	edit(w, s, FWD_SITE_SET);
	if (w->like.policy != PROTECT_OFF)
		world_protect(w, s, w->like.policy);
}

void world_open(struct esp_world *w, const struct world_like *like)
{
	memset(w, 0, sizeof(*w));
	w->like = *like;
	w->now = packets_now();
	w->next_spi = 0x1000;
	w->link_mtu = 1500;
	CU_ASSERT_EQUAL_FATAL(pkt_pool_init(&w->pool, WORLD_POOL), 0);
	side_open(w, &w->home, "198.51.100.1", "203.0.113.1");
	side_open(w, &w->away, "203.0.113.1", "198.51.100.1");
}

static void side_close(struct esp_side *s)
{
	pipeline_free(s->pl);
	fwd_free(s->fwd);
}

void world_clear(struct esp_world *w)
{
	pipeline_out_give(w->home.pl, &w->home.out);
	pipeline_out_give(w->away.pl, &w->away.out);
}

void world_close(struct esp_world *w)
{
	world_clear(w);
	CU_ASSERT_EQUAL(w->pool.used, 0);
	side_close(&w->home);
	side_close(&w->away);
	pkt_pool_fini(&w->pool);
}

void world_protect(struct esp_world *w, struct esp_side *s, enum protect_policy policy)
{
	const struct protect_spec spec = { .local = s->addr,
					   .remote = s->peer,
					   .policy = policy,
					   .carrier = { .kind = w->like.esp },
					   .keepalive_s = w->like.keepalive_s };

	CU_ASSERT_EQUAL_FATAL(fwd_protect_set(s->fwd, &spec), 0);
}

void world_sa(struct world_sa *sa, const struct esp_side *s, uint32_t spi,
	      enum esp_algorithm a)
{
	for (size_t i = 0; i < sizeof(sa->key); i++)
		sa->key[i] = (uint8_t)(i * 11 + spi);
	sa->material = (struct secret){ sa->key, esp_key_material_len(a) };
	sa->spec = (struct esp_sa_spec){ .spi = spi,
					 .local = s->addr,
					 .remote = s->peer,
					 .algorithm = a,
					 .material = &sa->material,
					 .esn = s->esn,
					 .window = 1024,
					 .engine = s->engine };
}

void world_key_in(struct esp_side *to, uint32_t spi, enum esp_algorithm a)
{
	struct world_sa sa;

	world_sa(&sa, to, spi, a);
	CU_ASSERT_EQUAL_FATAL(fwd_sa_in_add(to->fwd, &sa.spec), 0);
}

void world_key_out(struct esp_side *from, uint32_t spi, enum esp_algorithm a)
{
	struct rng_seeded state;
	struct rng rng = rng_seeded_init(&state, spi);
	struct world_sa sa;

	world_sa(&sa, from, spi, a);
	sa.spec.window = 0;
	CU_ASSERT_EQUAL_FATAL(fwd_sa_out_set(from->fwd, &sa.spec, &rng), 0);
}

uint32_t world_key(struct esp_world *w, struct esp_side *from, struct esp_side *to,
		   enum esp_algorithm a)
{
	uint32_t spi = w->next_spi++;

	world_key_in(to, spi, a);
	world_key_out(from, spi, a);
	return spi;
}

void world_keys(struct esp_world *w, enum esp_algorithm a)
{
	world_key(w, &w->home, &w->away, a);
	world_key(w, &w->away, &w->home, a);
}

static struct pkt_vec vec_now(const struct esp_world *w, struct pkt *p)
{
	struct pkt_vec v = vec_of(p);

	v.now = w->now;
	return v;
}

void world_outbound(struct esp_world *w, struct esp_side *s, struct pkt *p)
{
	struct pkt_vec v = vec_now(w, p);

	pipeline_outbound(s->pl, &v, &s->out);
}

void world_inbound(struct esp_world *w, struct esp_side *s, struct pkt *p)
{
	struct pkt_vec v = vec_now(w, p);

	pipeline_inbound(s->pl, &v, &s->out);
}

void world_icmp(struct esp_world *w, struct esp_side *s, struct pkt *p)
{
	struct pkt_vec v = vec_now(w, p);

	pipeline_icmp(s->pl, &v, &s->out);
}

void world_carry(struct esp_world *w, struct esp_side *from, struct esp_side *to)
{
	struct pkt *p;

	while ((p = pkt_queue_pop(&from->out.wire)))
		world_inbound(w, to, p);
}

struct pkt *world_to_node(struct esp_world *w, const struct packet_like *like)
{
	return packet_like(&w->pool, like);
}

struct pkt *world_from_node(struct esp_world *w, const struct packet_like *like)
{
	struct packet_like back = *like;

	back.src = "198.51.100.50";
	back.dst = "192.0.2.80";
	return packet_like(&w->pool, &back);
}

struct pkt *world_down(struct esp_world *w, const struct packet_like *like)
{
	world_outbound(w, &w->home, world_to_node(w, like));
	world_carry(w, &w->home, &w->away);
	return pkt_queue_pop(&w->away.out.link);
}

struct pkt *world_up(struct esp_world *w, const struct packet_like *like)
{
	world_outbound(w, &w->away, world_from_node(w, like));
	world_carry(w, &w->away, &w->home);
	return pkt_queue_pop(&w->home.out.kernel);
}

bool world_arrived(struct esp_world *w, struct pkt *p)
{
	bool there = p != NULL;

	pkt_give(&w->pool, p);
	return there;
}

void world_check_both_ways(struct esp_world *w, size_t size)
{
	const struct packet_like like = { .size = size, .tos = 0x28 };
	struct pkt *sent = world_to_node(w, &like), *got = world_down(w, &like);

	CU_ASSERT_FATAL(got != NULL);
	CU_ASSERT_EQUAL(pkt_ipv4(got)->ttl, pkt_ipv4(sent)->ttl - 1);
	ipv4_set_ttl(pkt_ipv4(got), pkt_ipv4(sent)->ttl);
	CU_ASSERT_TRUE(packet_is(got, sent->data, sent->len));
	pkt_give(&w->pool, sent);
	pkt_give(&w->pool, got);
	sent = world_from_node(w, &like);
	got = world_up(w, &like);
	CU_ASSERT_FATAL(got != NULL);
	CU_ASSERT_TRUE(packet_is(got, sent->data, sent->len));
	pkt_give(&w->pool, sent);
	pkt_give(&w->pool, got);
}

uint8_t world_sends_by(struct esp_world *w)
{
	struct pkt *p;
	uint8_t protocol = 0;

	world_outbound(w, &w->home, world_to_node(w, &(struct packet_like){ 0 }));
	p = pkt_queue_pop(&w->home.out.wire);
	if (p)
		protocol = pkt_ipv4(p)->protocol;
	pkt_give(&w->pool, p);
	return protocol;
}

struct protect_view world_view(const struct esp_side *s)
{
	struct protect_view v = { 0 };

	CU_ASSERT_TRUE_FATAL(fwd_protect_view(s->fwd, s->addr, s->peer, &v));
	return v;
}

uint64_t world_drops(const struct esp_side *s, const char *reason)
{
	return counter_of(pipeline_drops(s->pl), reason);
}

struct tunnel *world_tunnel(struct esp_world *w)
{
	const struct tunnel_spec spec = { w->home.addr, w->home.peer, w->like.encap,
					  w->like.carrier };
	const struct outer_key key = tunnel_key(&spec);
	struct tunnel *t = fwd_by_outer(w->home.fwd, &key);

	CU_ASSERT_PTR_NOT_NULL_FATAL(t);
	return t;
}

uint16_t world_inner_mtu(struct esp_world *w)
{
	struct tunnel *t = world_tunnel(w);

	return tunnel_inner_mtu(t, &t->encap, w->now.mono);
}

/* The size on the wire of one packet with DF of that size; 0: refused. */
size_t world_size_on_wire(struct esp_world *w, size_t inner)
{
	struct pkt *p;
	size_t len = 0;

	world_outbound(w, &w->home,
		       world_to_node(w, &(struct packet_like){ .size = inner,
							       .fragment = IPV4_DF }));
	p = pkt_queue_pop(&w->home.out.wire);
	CU_ASSERT_PTR_NOT_NULL_FATAL(p);
	if (pkt_ipv4(p)->protocol != PROTO_ICMP)
		len = p->len;
	pkt_give(&w->pool, p);
	return len;
}

void world_open_combination(struct esp_world *w, const struct world_combination *c,
			    uint16_t mtu)
{
	struct world_like like = c->like;

	like.encap.mtu = mtu;
	world_open(w, &like);
	if (c->esp)
		world_keys(w, c->algorithm);
}
