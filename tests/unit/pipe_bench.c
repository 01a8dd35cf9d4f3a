/* SPDX-License-Identifier: ISC */
/* A pipeline on a bench. */
#include "tests/unit/pipe_bench.h"

#include "common/tunnel/fwd_private.h"

#include <CUnit/CUnit.h>

#include <string.h>

static bool owns(const void *arg, struct in_addr a)
{
	(void)arg;
	return a.s_addr == addr_of("198.51.100.1").s_addr;
}

static uint16_t link_mtu(const void *arg, int ifindex)
{
	const struct pipe_bench *b = arg;

	return ifindex == BENCH_LINK ? b->link_mtu : 0;
}

struct tunnel_spec bench_spec(const char *remote, struct encap_spec encap)
{
	return (struct tunnel_spec){ .local = addr_of("198.51.100.1"),
				     .remote = addr_of(remote),
				     .encap = encap };
}

void bench_edit(struct pipe_bench *b, const struct fwd_edit *edit)
{
	CU_ASSERT_EQUAL_FATAL(fwd_apply(b->fwd, edit), 0);
}

static void add(struct pipe_bench *b, enum fwd_edit_kind kind, const char *home,
		const char *remote, struct encap_spec encap, bool reverse)
{
	struct fwd_edit e = { .kind = kind,
			      .home = addr_of(home),
			      .tunnel = bench_spec(remote, encap),
			      .reverse = reverse,
			      .ifindex = BENCH_LINK,
			      .mac = { { 2, 0, 0, 0, 0, 9 } },
			      .agent = addr_of("198.51.100.1") };

	bench_edit(b, &e);
}

static void add_site(struct pipe_bench *b)
{
	struct fwd_edit e = { .kind = FWD_SITE_SET,
			      .tunnel = bench_spec(
				      "203.0.113.9",
				      (struct encap_spec){ .kind = ENCAP_GRE }),
			      .local_count = 1,
			      .remote_count = 1 };

	e.local_nets[0] = prefix_of("10.8.0.0", 16);
	e.remote_nets[0] = prefix_of("10.9.0.0", 16);
	bench_edit(b, &e);
}

static void fill(struct pipe_bench *b)
{
	const struct encap_spec gre = { .kind = ENCAP_GRE };
	const struct encap_spec ipip = { .kind = ENCAP_IPIP };
	const struct encap_spec keyed = encap_variant(5);
	const struct encap_spec minimal = { .kind = ENCAP_MINIMAL };
	const struct encap_spec fallback = { .kind = ENCAP_MINIMAL,
					     .minimal_fallback = true };

	add(b, FWD_BINDING_SET, "198.51.100.50", "203.0.113.1", gre, true);
	add(b, FWD_BINDING_SET, "198.51.100.51", "203.0.113.1", gre, false);
	add(b, FWD_BINDING_SET, "198.51.100.51", "203.0.113.2", ipip, true);
	add(b, FWD_BINDING_SET, "198.51.100.52", "203.0.113.3", fallback, true);
	add(b, FWD_BINDING_SET, "198.51.100.53", "203.0.113.4", keyed, true);
	add(b, FWD_BINDING_SET, "198.51.100.54", "203.0.113.5", minimal, true);
	add(b, FWD_VISITOR_SET, "10.1.0.20", "203.0.113.6", gre, true);
	add(b, FWD_VISITOR_SET, "10.1.0.21", "203.0.113.6", gre, false);
	add(b, FWD_OWN_SET, "192.0.2.200", "203.0.113.7", gre, true);
	add(b, FWD_OWN_SET, "192.0.2.201", "203.0.113.8", gre, false);
	add_site(b);
}

static void hear(void *arg, const struct tunnel_news *news)
{
	struct pipe_bench *b = arg;

	CU_ASSERT_EQUAL(news->event, TUNNEL_SPOOFED);
	b->spoofed++;
	b->news = *news;
}

static void open_with(struct pipe_bench *b, bool guard)
{
	struct pipeline_config config = { .pool = &b->pool,
					  .owns = owns,
					  .link_mtu = link_mtu,
					  .arg = b,
					  .tell = hear,
					  .tell_arg = b,
					  .guard_sources = guard };

	memset(b, 0, sizeof(*b));
	b->link_mtu = 1500;
	b->now = packets_now();
	CU_ASSERT_EQUAL_FATAL(pkt_pool_init(&b->pool, BENCH_POOL), 0);
	b->fwd = fwd_new(32, 32);
	b->pl = pipeline_new(b->fwd, &config);
	CU_ASSERT_PTR_NOT_NULL_FATAL(b->pl);
	fill(b);
}

void bench_open(struct pipe_bench *b)
{
	open_with(b, false);
}

void bench_open_guarded(struct pipe_bench *b)
{
	open_with(b, true);
}

void bench_close(struct pipe_bench *b)
{
	bench_clear(b);
	CU_ASSERT_EQUAL(b->pool.used, 0);
	pipeline_free(b->pl);
	fwd_free(b->fwd);
	pkt_pool_fini(&b->pool);
}

struct tunnel *bench_tunnel(struct pipe_bench *b, const struct tunnel_spec *spec)
{
	struct outer_key key = tunnel_key(spec);
	struct tunnel *t = fwd_by_outer(b->fwd, &key);

	CU_ASSERT_PTR_NOT_NULL_FATAL(t);
	return t;
}

static struct pkt_vec vec_at(const struct pipe_bench *b, struct pkt *p)
{
	struct pkt_vec v = vec_of(p);

	v.now = b->now;
	return v;
}

void bench_outbound(struct pipe_bench *b, struct pkt *p)
{
	struct pkt_vec v = vec_at(b, p);

	pipeline_outbound(b->pl, &v, &b->out);
	CU_ASSERT_EQUAL(v.count, 0);
}

void bench_inbound(struct pipe_bench *b, struct pkt *p)
{
	struct pkt_vec v = vec_at(b, p);

	pipeline_inbound(b->pl, &v, &b->out);
	CU_ASSERT_EQUAL(v.count, 0);
}

void bench_broadcast(struct pipe_bench *b, struct pkt *p)
{
	struct pkt_vec v = vec_at(b, p);

	pipeline_broadcast(b->pl, &v, prefix_of("198.51.100.0", 24), &b->out);
	CU_ASSERT_EQUAL(v.count, 0);
}

void bench_icmp(struct pipe_bench *b, struct pkt *p)
{
	struct pkt_vec v = vec_at(b, p);

	pipeline_icmp(b->pl, &v, &b->out);
	CU_ASSERT_EQUAL(v.count, 0);
}

void bench_clear(struct pipe_bench *b)
{
	pipeline_out_give(b->pl, &b->out);
}

size_t bench_came_out(const struct pipe_bench *b)
{
	return b->out.wire.count + b->out.kernel.count + b->out.link.count;
}

uint64_t bench_drops(struct pipe_bench *b, const char *reason)
{
	return counter_of(pipeline_drops(b->pl), reason);
}

uint64_t bench_count(struct pipe_bench *b, const char *counter)
{
	return counter_of(pipeline_packets(b->pl), counter);
}

struct pkt *bench_from_peer(struct pipe_bench *b, const struct tunnel_spec *spec,
			    const struct packet_like *like)
{
	struct encap peer;
	struct pkt *p = packet_like(&b->pool, like);

	encap_init(&peer, spec->remote, spec->local, &spec->encap);
	push_one(&peer, p);
	CU_ASSERT_EQUAL(p->drop, DROP_NONE);
	return p;
}

struct pkt *bench_at_peer(struct pipe_bench *b, const struct tunnel_spec *spec)
{
	struct encap peer;
	struct pkt *p = pkt_queue_pop(&b->out.wire);

	if (!p)
		return NULL;
	encap_init(&peer, spec->remote, spec->local, &spec->encap);
	CU_ASSERT_EQUAL(pkt_ipv4(p)->dst.s_addr, spec->remote.s_addr);
	pull_one(&peer, p);
	if (!p->drop)
		return p;
	CU_FAIL("the peer would drop it");
	pkt_give(&b->pool, p);
	return NULL;
}
