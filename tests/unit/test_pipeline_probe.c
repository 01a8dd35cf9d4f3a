/* SPDX-License-Identifier: ISC */
/*
 * Probes of site tunnels as packets: through every encapsulation, in clear and in ESP;
 * who answers, what is no answer, and that nothing of it gets out where it must not.
 */
#include "common/tunnel/pipeline.h"

#include "common/tunnel/pipeline_private.h"
#include "common/wire/checksum.h"
#include "common/wire/icmp.h"

#include "tests/unit/esp_world.h"
#include "tests/unit/suites.h"

#include <CUnit/CUnit.h>

#include <string.h>

static const struct world_like by_peer = { .encap = { .kind = ENCAP_GRE },
					   .probe = { .dead_after = { 5000000000 } } };
static const char target[] = "10.9.0.1", inside[] = "10.8.0.1";

/* The same, but that an address is asked. */
static struct world_like by_address(void)
{
	struct world_like like = by_peer;

	like.probe.kind = PROBE_ADDRESS;
	like.probe.address = addr_of(target);
	return like;
}

static const struct probe *probe_of(const struct esp_side *s)
{
	return &container_of(s->fwd->sites.next, struct fwd_site, in_sites)->probe;
}

static enum probe_state state_of(const struct esp_side *s)
{
	return tunnel_state(
		container_of(s->fwd->sites.next, struct fwd_site, in_sites)->tunnel);
}

/* The next look of that side, whose time comes. */
static void look(struct esp_world *w, struct esp_side *s)
{
	if (probe_of(s)->next.ns != 0)
		w->now.mono = probe_of(s)->next;
	(void)pipeline_probes(s->pl, w->now, &s->out);
}

/* The first look asks; it is some time after the site was set. */
static void first_look(struct esp_world *w, struct esp_side *s)
{
	look(w, s);
	look(w, s);
}

static uint64_t count(const struct esp_side *s, const char *name)
{
	return counter_of(pipeline_packets(s->pl), name);
}

static void both_ends_live(struct esp_world *w)
{
	first_look(w, &w->home);
	CU_ASSERT_EQUAL(w->home.out.wire.count, 1);
	world_carry(w, &w->home, &w->away);
	CU_ASSERT_EQUAL(w->away.out.kernel.count, 0);
	CU_ASSERT_EQUAL(w->away.out.wire.count, 1);
	world_carry(w, &w->away, &w->home);
	CU_ASSERT_EQUAL(w->home.out.kernel.count + w->home.out.wire.count, 0);
	CU_ASSERT_EQUAL(w->home.alive, 1);
	CU_ASSERT_EQUAL(state_of(&w->home), PROBE_UP);
	CU_ASSERT_EQUAL(count(&w->home, "probe-answered"), 1);
	CU_ASSERT_EQUAL(count(&w->away, "probe-echoed"), 1);
	CU_ASSERT_EQUAL(counter_sum(pipeline_drops(w->home.pl)), 0);
	CU_ASSERT_EQUAL(counter_sum(pipeline_drops(w->away.pl)), 0);
	first_look(w, &w->away); /* who was asked knows that the other lives */
	CU_ASSERT_EQUAL(w->away.alive, 1);
}

static void ends_answer_each_other(void)
{
	static const enum carrier_kind carriers[] = { CARRIER_NONE, CARRIER_UDP };

	for (unsigned n = 0; n < ENCAP_VARIANTS; n++) {
		for (unsigned esp = 0; esp < 3; esp++) {
			struct world_like like = by_peer;
			struct esp_world w;

			like.encap = encap_variant(n);
			like.policy = esp ? PROTECT_REQUIRED : PROTECT_OFF;
			like.esp = carriers[esp / 2];
			world_open(&w, &like);
			if (esp)
				world_keys(&w, ESP_AES_128_GCM);
			both_ends_live(&w);
			world_close(&w);
		}
	}
}

static void a_dead_end_is_told_once_and_asked_on(void)
{
	struct esp_world w;

	world_open(&w, &by_peer);
	both_ends_live(&w);
	world_clear(&w);
	for (unsigned i = 0; i < 20; i++)
		look(&w, &w.home); /* nothing is carried */
	CU_ASSERT_EQUAL(w.home.dead, 1);
	CU_ASSERT_EQUAL(state_of(&w.home), PROBE_DOWN);
	CU_ASSERT(w.home.out.wire.count >= 18);
	world_clear(&w);
	look(&w, &w.home);
	world_carry(&w, &w.home, &w.away);
	world_carry(&w, &w.away, &w.home);
	CU_ASSERT_EQUAL(w.home.alive, 2);
	CU_ASSERT_EQUAL(state_of(&w.home), PROBE_UP);
	world_close(&w);
}

/* What a host says to an echo request that it got. */
static struct pkt *host_answer(struct esp_world *w, struct pkt *request)
{
	struct pkt *p = pkt_take(&w->pool);
	struct icmp_message m;

	CU_ASSERT_FATAL(icmp_open(request->data, request->len, &m));
	CU_ASSERT_EQUAL(m.type, ICMP_ECHO_REQUEST);
	p->len = icmp_echo_build(p->data, pkt_room(p),
				 &(struct icmp_echo){ .src = m.dst,
						      .dst = m.src,
						      .is_reply = true,
						      .rest = m.rest,
						      .body = m.body,
						      .body_len = m.body_len });
	pkt_give(&w->pool, request);
	return p;
}

/* A question of the home side has come to the host that was asked. */
static struct pkt *asked_host(struct esp_world *w)
{
	first_look(w, &w->home);
	world_carry(w, &w->home, &w->away);
	CU_ASSERT_EQUAL_FATAL(w->away.out.kernel.count, 1);
	return pkt_queue_pop(&w->away.out.kernel);
}

static void any_host_answers(void)
{
	const struct world_like like = by_address();
	struct esp_world w;
	struct pkt *p;

	world_open(&w, &like);
	p = asked_host(&w);
	CU_ASSERT_EQUAL(pkt_ipv4(p)->src.s_addr, addr_of(inside).s_addr);
	CU_ASSERT_EQUAL(pkt_ipv4(p)->dst.s_addr, addr_of(target).s_addr);
	world_outbound(&w, &w.away, host_answer(&w, p));
	world_carry(&w, &w.away, &w.home);
	CU_ASSERT_EQUAL(w.home.out.kernel.count, 0); /* its answer is ours alone */
	CU_ASSERT_EQUAL(w.home.alive, 1);
	CU_ASSERT_EQUAL(state_of(&w.home), PROBE_UP);
	world_close(&w);
}

/* ---- what is no answer ---- */

/* Octet `at` of the answer is another; its checksums are right again. */
static void spoil(struct pkt *p, size_t at)
{
	p->data[at] ^= 1;
	p->data[IPV4_HEADER + 2] = p->data[IPV4_HEADER + 3] = 0;
	checksum_write(p->data + IPV4_HEADER, p->len - IPV4_HEADER, 2);
	ipv4_seal(pkt_ipv4(p));
}

static const struct spoiled {
	const char *what;
	size_t at;
	bool host; /* such an answer of a host goes on, as all packets do */
} spoiled_rows[] = {
	{ "the type", 20, true },
	{ "the identifier", 24, true },
	{ "the cookie", 28, true },
	{ "the end of the cookie", 35, true },
	{ "a source outside", 13, false },
	{ "another source", 15, true },
	{ "another destination", 19, true },
};

static void what_differs_is_no_answer(void)
{
	const struct world_like like = by_address();

	for (unsigned i = 0; i < sizeof(spoiled_rows) / sizeof(spoiled_rows[0]); i++) {
		const struct spoiled *row = &spoiled_rows[i];
		struct esp_world w;
		struct pkt *p;

		world_open(&w, &like);
		p = host_answer(&w, asked_host(&w));
		spoil(p, row->at);
		world_outbound(&w, &w.away, p);
		world_carry(&w, &w.away, &w.home);
		CU_ASSERT_EQUAL(w.home.out.kernel.count, row->host);
		CU_ASSERT_EQUAL(count(&w.home, "probe-answered"), 0);
		CU_ASSERT_EQUAL(w.home.alive, 0);
		world_close(&w);
	}
}

/* An answer out of an end's mouth, through the tunnel to us. */
static void answer_by_end(struct esp_world *w, size_t spoil_at)
{
	struct tunnel *t =
		container_of(w->away.fwd->sites.next, struct fwd_site, in_sites)
			->tunnel;
	struct pkt_vec v = { .count = 0 };
	struct pkt *p;

	world_carry(w, &w->home, &w->away);
	p = pkt_queue_pop(&w->away.out.wire);
	CU_ASSERT_PTR_NOT_NULL_FATAL(p);
	pkt_pull(p, p->len - 36); /* as it was inside */
	if (spoil_at)
		spoil(p, spoil_at);
	p->drop = DROP_NONE;
	pkt_vec_add(&v, p);
	encap_push(&t->encap, &v);
	world_inbound(w, &w->home, p);
}

static void an_end_that_answers_otherwise_is_not_heard(void)
{
	static const size_t at[] = { 20, 24, 28, 35, 15, 19 };

	for (unsigned i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		struct esp_world w;

		world_open(&w, &by_peer);
		first_look(&w, &w.home);
		answer_by_end(&w, at[i]);
		CU_ASSERT_EQUAL(w.home.out.kernel.count, 0);
		CU_ASSERT_EQUAL(w.home.alive, 0);
		CU_ASSERT_EQUAL(count(&w.home, "probe-answered"), 0);
		look(&w, &w.home);
		CU_ASSERT_EQUAL(state_of(&w.home), PROBE_UNKNOWN); /* nor was it life */
		world_close(&w);
	}
}

/* The right answer, but out of a tunnel that did not ask. */
static void another_tunnel_answers_for_itself_alone(void)
{
	const struct world_like like = by_address();
	struct fwd_edit other = { .kind = FWD_SITE_SET,
				  .local_count = 1,
				  .remote_count = 1,
				  .probe = like.probe };
	struct encap far;
	struct esp_world w;
	struct pkt *p;

	world_open(&w, &like);
	other.tunnel = (struct tunnel_spec){
		w.home.addr, addr_of("203.0.113.66"), { .kind = ENCAP_GRE }, { 0 }
	};
	other.local_nets[0] = prefix_of("10.8.0.0", 16);
	other.remote_nets[0] = prefix_of("10.66.0.0", 16);
	CU_ASSERT_EQUAL_FATAL(fwd_apply(w.home.fwd, &other), 0);
	p = host_answer(&w, asked_host(&w));
	encap_init(&far, other.tunnel.remote, other.tunnel.local, &other.tunnel.encap);
	push_one(&far, p);
	world_inbound(&w, &w.home, p);
	CU_ASSERT_EQUAL(world_drops(&w.home, "site-inner"), 1);
	CU_ASSERT_EQUAL(w.home.alive, 0);
	CU_ASSERT_EQUAL(w.home.out.kernel.count, 0);
	world_close(&w);
}

static void a_flood_of_answers_is_one(void)
{
	struct esp_world w;
	struct pkt *p;

	world_open(&w, &by_peer);
	first_look(&w, &w.home);
	world_carry(&w, &w.home, &w.away);
	p = pkt_queue_pop(&w.away.out.wire);
	for (unsigned i = 0; i < 1000; i++)
		world_inbound(&w, &w.home, pkt_clone(&w.pool, p));
	pkt_give(&w.pool, p);
	CU_ASSERT_EQUAL(w.home.alive, 1);
	CU_ASSERT_EQUAL(count(&w.home, "probe-answered"), 1);
	CU_ASSERT_EQUAL(count(&w.home, "probe-late"), 999);
	CU_ASSERT_EQUAL(w.home.out.wire.count + w.home.out.kernel.count, 0);
	world_close(&w);
}

/* ---- being asked ---- */

static void a_flood_of_questions_is_answered_to_a_limit(void)
{
	struct esp_world w;
	struct pkt *p;

	world_open(&w, &by_peer);
	first_look(&w, &w.home);
	p = pkt_queue_pop(&w.home.out.wire);
	for (unsigned i = 0; i < 10000; i++) {
		world_inbound(&w, &w.away, pkt_clone(&w.pool, p));
		pkt_queue_give(&w.pool, &w.away.out.wire);
	}
	pkt_give(&w.pool, p);
	CU_ASSERT(count(&w.away, "probe-echoed") < 5000);
	CU_ASSERT_EQUAL(count(&w.away, "probe-echoed") +
				count(&w.away, "probe-limited"),
			10000);
	world_close(&w);
}

static void large_echoes_are_none_of_ours(void)
{
	struct esp_world w;
	struct packet_like like = { .src = "203.0.113.1",
				    .dst = "198.51.100.1",
				    .protocol = PROTO_ICMP,
				    .size = 600 };
	struct encap far;
	struct pkt *p;

	world_open(&w, &by_peer);
	p = packet_like(&w.pool, &like);
	p->data[20] = ICMP_ECHO_REQUEST;
	p->data[21] = 0;
	spoil(p, 100);
	encap_init(&far, w.away.addr, w.home.addr, &by_peer.encap);
	push_one(&far, p);
	world_inbound(&w, &w.home, p);
	CU_ASSERT_EQUAL(w.home.out.wire.count, 0);
	CU_ASSERT_EQUAL(counter_sum(pipeline_drops(w.home.pl)), 1);
	world_close(&w);
}

/* ---- never in clear ---- */

static void without_an_association_nobody_asks_or_answers(void)
{
	struct world_like like = by_peer;
	struct esp_world w;

	like.policy = PROTECT_REQUIRED;
	world_open(&w, &like);
	for (unsigned i = 0; i < 20; i++)
		look(&w, &w.home);
	CU_ASSERT_EQUAL(w.home.out.wire.count, 0);
	CU_ASSERT_EQUAL(count(&w.home, "probe-sent"), 0);
	CU_ASSERT_EQUAL(w.home.dead, 1);
	world_protect(&w, &w.away, PROTECT_OFF);
	first_look(&w, &w.away); /* the other asks in clear */
	CU_ASSERT_EQUAL(w.away.out.wire.count, 1);
	world_carry(&w, &w.away, &w.home);
	CU_ASSERT_EQUAL(world_drops(&w.home, "not-protected"), 1);
	CU_ASSERT_EQUAL(w.home.out.wire.count, 0);
	CU_ASSERT_EQUAL(w.home.alive, 0);
	world_close(&w);
}

void suite_pipeline_probe(void)
{
	CU_pSuite s = CU_add_suite("pipeline_probe", NULL, NULL);

	CU_ADD_TEST(s, ends_answer_each_other);
	CU_ADD_TEST(s, a_dead_end_is_told_once_and_asked_on);
	CU_ADD_TEST(s, any_host_answers);
	CU_ADD_TEST(s, what_differs_is_no_answer);
	CU_ADD_TEST(s, an_end_that_answers_otherwise_is_not_heard);
	CU_ADD_TEST(s, another_tunnel_answers_for_itself_alone);
	CU_ADD_TEST(s, a_flood_of_answers_is_one);
	CU_ADD_TEST(s, a_flood_of_questions_is_answered_to_a_limit);
	CU_ADD_TEST(s, large_echoes_are_none_of_ours);
	CU_ADD_TEST(s, without_an_association_nobody_asks_or_answers);
}
