/* SPDX-License-Identifier: ISC */
/*
 * Several threads in one forwarding table: each has packets, while another one edits
 * the table, re-keys, and reads it. Run it under the thread sanitizer, too.
 */
#include "common/tunnel/esp.h"
#include "common/tunnel/protect_private.h"

#include "tests/unit/esp_ends.h"
#include "tests/unit/esp_world.h"
#include "tests/unit/suites.h"

#include <CUnit/CUnit.h>

#include <pthread.h>
#include <string.h>

enum { THREADS = 4, ROUNDS = 300, VECTOR = 16, POOL = 256, KEPT_KEYS = 4 };

/* ---- one association ---- */

struct esp_lane {
	pthread_t thread;
	unsigned lane;
	struct esp_ends *ends;
	struct pkt_pool pool;
	const struct pkt *sealed; /* by others, to be opened */
	unsigned sealed_count;
	uint64_t number[ROUNDS];
	unsigned count; /* sealed, or opened */
};

static struct pkt_vec vec_in_lane(struct pkt *p, unsigned lane)
{
	struct pkt_vec v = vec_of(p);

	v.lane = lane;
	return v;
}

static void *seal(void *arg)
{
	struct esp_lane *l = arg;

	for (unsigned i = 0; i < ROUNDS; i++) {
		struct pkt *p = esp_outer(&l->pool, PROTO_IPIP, 100);
		struct pkt_vec v = vec_in_lane(p, l->lane);
		struct reader in;

		esp_push(l->ends->out, &v);
		in = reader_over(p->data + IPV4_HEADER + 4, 4);
		if (!p->drop)
			l->number[l->count++] = read_u32(&in);
		pkt_give(&l->pool, p);
	}
	return NULL;
}

static void open_ends(struct esp_ends *e, enum esp_algorithm a)
{
	struct esp_like like = { .algorithm = a };

	*e = esp_ends_in_lanes(&like, THREADS);
}

static void run_lanes(struct esp_lane *l, void *(*run)(void *arg))
{
	for (unsigned i = 0; i < THREADS; i++)
		CU_ASSERT_EQUAL_FATAL(pthread_create(&l[i].thread, NULL, run, &l[i]),
				      0);
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(l[i].thread, NULL);
}

static void begin_lanes(struct esp_lane *l, struct esp_ends *e)
{
	memset(l, 0, THREADS * sizeof(*l));
	for (unsigned i = 0; i < THREADS; i++) {
		l[i].lane = i;
		l[i].ends = e;
		CU_ASSERT_EQUAL_FATAL(pkt_pool_init(&l[i].pool, 8), 0);
	}
}

static void end_lanes(struct esp_lane *l)
{
	for (unsigned i = 0; i < THREADS; i++) {
		CU_ASSERT_EQUAL(l[i].pool.used, 0);
		pkt_pool_fini(&l[i].pool);
	}
}

/* Each number from 1 on is some thread's, up to the last there may be. */
static void check_numbers(const struct esp_lane *l, uint64_t last)
{
	static bool seen[THREADS * ROUNDS + 1];
	unsigned count = 0;

	memset(seen, 0, sizeof(seen));
	for (unsigned i = 0; i < THREADS; i++) {
		count += l[i].count;
		for (unsigned n = 0; n < l[i].count; n++) {
			CU_ASSERT_FATAL(l[i].number[n] >= 1 && l[i].number[n] <= last);
			CU_ASSERT_FALSE(seen[l[i].number[n]]);
			seen[l[i].number[n]] = true;
		}
	}
	CU_ASSERT_EQUAL(count, last);
}

static void no_two_threads_have_one_number(void)
{
	static const enum esp_algorithm algorithms[] = { ESP_AES_128_GCM,
							 ESP_AES_256_CBC_SHA256 };
	static struct esp_lane l[THREADS];
	struct esp_ends e;

	for (unsigned i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++) {
		open_ends(&e, algorithms[i]);
		begin_lanes(l, &e);
		run_lanes(l, seal);
		check_numbers(l, THREADS * ROUNDS);
		CU_ASSERT_EQUAL(e.out->counts.packets, THREADS * ROUNDS);
		end_lanes(l);
		esp_ends_fini(&e);
	}
}

/* Neither the last number nor the last block is had twice. */
static void what_is_used_up_is_used_up_for_all(void)
{
	static struct esp_lane l[THREADS];
	struct esp_ends e;

	open_ends(&e, ESP_AES_128_GCM);
	e.out->last = 500;
	begin_lanes(l, &e);
	run_lanes(l, seal);
	check_numbers(l, 500);
	CU_ASSERT_EQUAL(e.out->exhausted, THREADS * ROUNDS - 500);
	CU_ASSERT_EQUAL(e.out->next, 501);
	end_lanes(l);
	esp_ends_fini(&e);

	open_ends(&e, ESP_AES_128_GCM);
	e.out->blocks = 1000; /* of 6 a packet */
	begin_lanes(l, &e);
	run_lanes(l, seal);
	check_numbers(l, 166);
	CU_ASSERT_EQUAL(e.out->blocks, 1000 - 166 * 6);
	end_lanes(l);
	esp_ends_fini(&e);
}

static void *open_copies(void *arg)
{
	struct esp_lane *l = arg;

	for (unsigned i = 0; i < l->sealed_count; i++) {
		struct pkt *p = pkt_clone(&l->pool, &l->sealed[i]);
		struct pkt_vec v = vec_in_lane(p, l->lane);

		esp_pull(l->ends->in, &v);
		l->count += !p->drop;
		pkt_give(&l->pool, p);
	}
	return NULL;
}

/* Every thread has a copy of every packet; one of them is not a replay. */
static void each_number_is_accepted_once(void)
{
	enum { SEALED = 200 };
	static struct esp_lane l[THREADS];
	static struct pkt sealed[SEALED];
	struct esp_ends e;
	unsigned accepted = 0;

	open_ends(&e, ESP_AES_128_GCM);
	begin_lanes(l, &e);
	for (unsigned i = 0; i < SEALED; i++) {
		struct pkt *p = esp_outer(&l[0].pool, PROTO_IPIP, 100);

		esp_push_one(e.out, p);
		memcpy(&sealed[i], p, sizeof(*p));
		sealed[i].data = sealed[i].room + (p->data - p->room);
		pkt_give(&l[0].pool, p);
	}
	for (unsigned i = 0; i < THREADS; i++) {
		l[i].sealed = sealed;
		l[i].sealed_count = SEALED;
	}
	run_lanes(l, open_copies);
	for (unsigned i = 0; i < THREADS; i++)
		accepted += l[i].count;
	/* A thread that was left behind by more than the window has only replays. */
	CU_ASSERT_EQUAL(accepted + e.in->replays, THREADS * SEALED);
	CU_ASSERT_EQUAL(accepted, e.in->counts.packets);
	CU_ASSERT_EQUAL(accepted, SEALED);
	end_lanes(l);
	esp_ends_fini(&e);
}

/* ---- one table ---- */

struct table_lane {
	pthread_t thread;
	struct now now;
	struct pkt_pool pool;
	struct pipeline *home, *away;
	uint64_t sent, arrived;
};

static uint16_t link_mtu(const void *arg, int ifindex)
{
	(void)arg;
	(void)ifindex;
	return 1500;
}

static struct pipeline *lane_of(struct esp_side *s, struct pkt_pool *pool,
				unsigned lane)
{
	const struct pipeline_config config = { .pool = pool,
						.link_mtu = link_mtu,
						.lane = lane };
	struct pipeline *pl = pipeline_new(s->fwd, &config);

	CU_ASSERT_PTR_NOT_NULL_FATAL(pl);
	return pl;
}

static void fill(struct table_lane *l, struct pkt_vec *v)
{
	static const char *const to[] = { "198.51.100.50", "10.9.1.1",
					  "198.51.100.60" };

	v->now = l->now;
	v->count = 0;
	for (unsigned i = 0; i < VECTOR; i++)
		pkt_vec_add(v,
			    packet_like(&l->pool,
					&(struct packet_like){
						.src = i % 3 == 1 ? "10.8.1.1" : NULL,
						.dst = to[i % 3] }));
}

/* What the home agent's lane has sent, into the foreign agent's. */
static void *relay(void *arg)
{
	struct table_lane *l = arg;
	struct pipeline_out out = { 0 }, there = { 0 };
	struct pkt_vec v;

	for (unsigned i = 0; i < ROUNDS; i++) {
		fill(l, &v);
		pipeline_outbound(l->home, &v, &out);
		l->sent += out.wire.count;
		v.count = 0;
		v.now = l->now;
		while (out.wire.count > 0)
			pkt_vec_add(&v, pkt_queue_pop(&out.wire));
		pipeline_inbound(l->away, &v, &there);
		l->arrived += there.link.count + there.kernel.count;
		pipeline_out_give(l->home, &out);
		pipeline_out_give(l->away, &there);
	}
	return NULL;
}

/* Another node comes and goes. */
static void flap(struct esp_world *w, bool there)
{
	struct fwd_edit e = { .home = addr_of("198.51.100.60"), .ifindex = WORLD_LINK };

	e.tunnel = (struct tunnel_spec){ .local = w->home.addr,
					 .remote = w->home.peer,
					 .encap = w->like.encap };
	e.kind = there ? FWD_BINDING_SET : FWD_BINDING_CLEAR;
	(void)fwd_apply(w->home.fwd, &e);
	e.tunnel.local = w->away.addr;
	e.tunnel.remote = w->away.peer;
	e.kind = there ? FWD_VISITOR_SET : FWD_VISITOR_CLEAR;
	(void)fwd_apply(w->away.fwd, &e);
}

/* Old keys are kept for what is on its way. */
static void rekey(struct esp_world *w, unsigned round)
{
	uint32_t spi = world_key(w, &w->home, &w->away, ESP_AES_128_GCM);

	if (round >= KEPT_KEYS)
		CU_ASSERT_EQUAL(
			fwd_sa_in_del(w->away.fwd, w->away.addr, spi - KEPT_KEYS), 0);
}

static void add_packets(void *arg, const struct tunnel *t)
{
	uint64_t *sum = arg;

	*sum += t->counts.out_packets;
}

static uint64_t tunnelled(struct esp_side *s)
{
	uint64_t sum = 0;

	fwd_hold(s->fwd);
	fwd_each_tunnel(s->fwd, add_packets, &sum);
	fwd_release(s->fwd);
	return sum;
}

static void edit_while_packets_go(struct esp_world *w, bool esp)
{
	for (unsigned i = 0; i < ROUNDS; i++) {
		flap(w, i % 2 == 0);
		if (esp && i % 10 == 0)
			rekey(w, i / 10);
		(void)tunnelled(&w->home);
	}
	flap(w, true);
}

static void check_table(const struct world_like *like, bool esp)
{
	static struct table_lane l[THREADS];
	uint64_t sent = 0, arrived = 0;
	struct esp_world w;

	world_open(&w, like);
	fwd_set_lanes(w.home.fwd, THREADS);
	fwd_set_lanes(w.away.fwd, THREADS);
	if (esp)
		world_keys(&w, ESP_AES_128_GCM);
	w.next_spi = 0x2000;
	memset(l, 0, sizeof(l));
	for (unsigned i = 0; i < THREADS; i++) {
		l[i].now = w.now;
		CU_ASSERT_EQUAL_FATAL(pkt_pool_init(&l[i].pool, POOL), 0);
		l[i].home = lane_of(&w.home, &l[i].pool, i);
		l[i].away = lane_of(&w.away, &l[i].pool, i);
	}
	for (unsigned i = 0; i < THREADS; i++)
		CU_ASSERT_EQUAL_FATAL(pthread_create(&l[i].thread, NULL, relay, &l[i]),
				      0);
	edit_while_packets_go(&w, esp);
	for (unsigned i = 0; i < THREADS; i++) {
		pthread_join(l[i].thread, NULL);
		sent += l[i].sent;
		arrived += l[i].arrived;
		CU_ASSERT_EQUAL(l[i].pool.used, 0);
		pipeline_free(l[i].home);
		pipeline_free(l[i].away);
		pkt_pool_fini(&l[i].pool);
	}
	/* Two of three are of those who stay; of the third, those sent while known. */
	CU_ASSERT(sent >= (uint64_t)THREADS * ROUNDS * VECTOR * 2 / 3);
	CU_ASSERT(arrived >= (uint64_t)THREADS * ROUNDS * (VECTOR * 2 / 3));
	CU_ASSERT(arrived <= sent);
	world_close(&w);
}

static void packets_go_while_the_table_changes(void)
{
	const struct world_like like = { .encap = { .kind = ENCAP_GRE } };

	check_table(&like, false);
}

static void packets_go_in_esp_while_keys_change(void)
{
	const struct world_like like = { .encap = { .kind = ENCAP_GRE },
					 .policy = PROTECT_REQUIRED };

	check_table(&like, true);
}

void suite_lanes(void)
{
	CU_pSuite s = CU_add_suite("lanes", packets_open, packets_close);

	CU_ADD_TEST(s, no_two_threads_have_one_number);
	CU_ADD_TEST(s, what_is_used_up_is_used_up_for_all);
	CU_ADD_TEST(s, each_number_is_accepted_once);
	CU_ADD_TEST(s, packets_go_while_the_table_changes);
	CU_ADD_TEST(s, packets_go_in_esp_while_keys_change);
}
