/* SPDX-License-Identifier: ISC */
/*
 * ESP and carriers in the pipeline: who may send and receive what in clear, keys that
 * change under traffic, and that nothing gets larger than the path.
 */
#include "common/tunnel/pipeline.h"

#include "common/tunnel/encap_udp.h"
#include "common/tunnel/esp.h"
#include "common/tunnel/pipeline_private.h"
#include "common/tunnel/protect_private.h"

#include "tests/unit/alloc_count.h"
#include "tests/unit/esp_world.h"
#include "tests/unit/suites.h"

#include <CUnit/CUnit.h>

#include <string.h>

static const struct world_like required = { .encap = { .kind = ENCAP_GRE },
					    .policy = PROTECT_REQUIRED };

static bool gets_down(struct esp_world *w)
{
	return world_arrived(w, world_down(w, &(struct packet_like){ .size = 100 }));
}

static bool gets_up(struct esp_world *w)
{
	return world_arrived(w, world_up(w, &(struct packet_like){ .size = 100 }));
}

/* ---- policies ---- */

/* What the home agent has, and what its peer sends; what becomes of packets. */
static const struct policy_row {
	enum protect_policy policy;
	bool keyed;
	uint8_t out; /* protocol on the wire, 0: dropped */
	bool in_clear, in_esp;
} policy_rows[] = {
	{ PROTECT_OFF, false, PROTO_GRE, true, false },
	{ PROTECT_OFF, true, PROTO_GRE, true, true },
	{ PROTECT_PREFERRED, false, PROTO_GRE, true, false },
	{ PROTECT_PREFERRED, true, PROTO_ESP, true, true },
	{ PROTECT_REQUIRED, false, 0, false, false },
	{ PROTECT_REQUIRED, true, PROTO_ESP, false, true },
};

/* The foreign agent sends one packet, its own policy being that. */
static bool hears(struct esp_world *w, enum protect_policy peer)
{
	world_protect(w, &w->away, peer);
	return gets_up(w);
}

static void policies_hold_both_ways(void)
{
	for (unsigned i = 0; i < sizeof(policy_rows) / sizeof(policy_rows[0]); i++) {
		const struct policy_row *row = &policy_rows[i];
		struct esp_world w;

		world_open(&w, &required);
		world_protect(&w, &w.home, row->policy);
		if (row->keyed)
			world_keys(&w, ESP_AES_128_GCM);
		CU_ASSERT_EQUAL(world_sends_by(&w), row->out);
		CU_ASSERT_EQUAL(hears(&w, PROTECT_OFF), row->in_clear);
		CU_ASSERT_EQUAL(hears(&w, PROTECT_REQUIRED), row->in_esp);
		world_close(&w);
	}
}

static void each_refusal_is_counted(void)
{
	struct esp_world w;

	world_open(&w, &required);
	CU_ASSERT_FALSE(gets_down(&w));
	CU_ASSERT_EQUAL(world_drops(&w.home, "no-association"), 1);
	CU_ASSERT_EQUAL(world_view(&w.home).counts->no_association, 1);
	CU_ASSERT_FALSE(hears(&w, PROTECT_OFF));
	CU_ASSERT_EQUAL(world_drops(&w.home, "not-protected"), 1);
	CU_ASSERT_EQUAL(world_view(&w.home).counts->not_protected, 1);
	world_close(&w);
}

/* Not even by an ICMP error: who sends has nothing to do about it. */
static void without_an_association_nothing_is_said(void)
{
	const struct packet_like large = { .size = 4000, .fragment = IPV4_DF };
	struct esp_world w;

	world_open(&w, &required);
	CU_ASSERT_FALSE(world_arrived(&w, world_down(&w, &large)));
	CU_ASSERT_EQUAL(world_drops(&w.home, "no-association"), 1);
	CU_ASSERT_EQUAL(w.home.out.wire.count, 0);
	CU_ASSERT_EQUAL(counter_of(pipeline_packets(w.home.pl), "icmp-sent"), 0);
	world_close(&w);
}

static void what_goes_in_clear_by_preference_is_counted(void)
{
	struct esp_world w;

	world_open(&w, &required);
	world_protect(&w, &w.home, PROTECT_PREFERRED);
	CU_ASSERT_EQUAL(world_sends_by(&w), PROTO_GRE);
	CU_ASSERT_TRUE(hears(&w, PROTECT_OFF));
	CU_ASSERT_EQUAL(world_view(&w.home).counts->out_clear, 1);
	CU_ASSERT_EQUAL(world_view(&w.home).counts->in_clear, 1);
	world_close(&w);
}

/* Cleared, the ends are as if they had never been set. */
static void a_cleared_pair_goes_in_clear(void)
{
	struct esp_world w;

	world_open(&w, &required);
	world_keys(&w, ESP_AES_128_GCM);
	CU_ASSERT_TRUE(gets_down(&w) && gets_up(&w));
	CU_ASSERT_EQUAL(fwd_protect_clear(w.home.fwd, w.home.addr, w.home.peer), 0);
	CU_ASSERT_EQUAL(fwd_protect_clear(w.away.fwd, w.away.addr, w.away.peer), 0);
	CU_ASSERT_EQUAL(world_sends_by(&w), PROTO_GRE);
	CU_ASSERT_TRUE(gets_down(&w) && gets_up(&w));
	world_close(&w);
}

/* ---- all there is, all the way ---- */

static void check_world(const struct world_like *like, enum esp_algorithm a)
{
	struct esp_world w;

	world_open(&w, like);
	world_keys(&w, a);
	for (size_t size = 28; size < 1300; size += 71)
		world_check_both_ways(&w, size);
	world_close(&w);
}

static void every_tunnel_by_every_carrier_and_algorithm(void)
{
	static const enum carrier_kind carriers[] = { CARRIER_NONE, CARRIER_UDP };

	for (unsigned v = 0; v < ENCAP_VARIANTS; v++)
		for (unsigned c = 0; c < 2; c++)
			for (unsigned a = 0; a < ESP_ALGORITHM_COUNT; a++) {
				const struct world_like like = {
					.encap = encap_variant(v),
					.policy = PROTECT_REQUIRED,
					.esp = carriers[c]
				};

				check_world(&like, (enum esp_algorithm)a);
			}
}

static void sites_and_broadcasts_are_protected_too(void)
{
	const struct packet_like site = { .src = "10.8.0.1", .dst = "10.9.0.1" };
	const struct packet_like all = { .src = "198.51.100.9",
					 .dst = "198.51.100.255" };
	struct esp_world w;
	struct pkt_vec v;

	world_open(&w, &required);
	for (unsigned keyed = 0; keyed < 2; keyed++) {
		world_outbound(&w, &w.home, packet_like(&w.pool, &site));
		v = vec_of(packet_like(&w.pool, &all));
		pipeline_broadcast(w.home.pl, &v, prefix_of("198.51.100.0", 24),
				   &w.home.out);
		CU_ASSERT_EQUAL(w.home.out.wire.count, keyed * 2);
		for (struct pkt *p = w.home.out.wire.first; p; p = p->next)
			CU_ASSERT_EQUAL(pkt_ipv4(p)->protocol, PROTO_ESP);
		world_keys(&w, ESP_AES_128_GCM);
	}
	world_carry(&w, &w.home, &w.away);
	CU_ASSERT_EQUAL(w.away.out.kernel.count, 1);
	world_close(&w);
}

/* RFC 6040: what is marked on the ESP packet is marked on what was inside. */
static void marks_cross_esp_as_they_cross_tunnels(void)
{
	struct esp_world w;
	struct pkt *p;

	for (unsigned udp = 0; udp < 2; udp++) {
		struct world_like like = required;

		like.esp = udp ? CARRIER_UDP : CARRIER_NONE;
		world_open(&w, &like);
		world_keys(&w, ESP_AES_128_GCM);
		world_outbound(&w, &w.home,
			       world_to_node(&w, &(struct packet_like){ .tos = 0x2a }));
		p = w.home.out.wire.first;
		CU_ASSERT_EQUAL(pkt_ipv4(p)->tos, 0x2a);
		ipv4_set_tos(pkt_ipv4(p), 0x2b);
		world_carry(&w, &w.home, &w.away);
		CU_ASSERT_EQUAL(pkt_ipv4(w.away.out.link.first)->tos, 0x2b);
		world_outbound(&w, &w.home,
			       world_to_node(&w, &(struct packet_like){ .tos = 0x28 }));
		ipv4_set_tos(pkt_ipv4(w.home.out.wire.first), 0x2b);
		world_carry(&w, &w.home, &w.away);
		CU_ASSERT_EQUAL(world_drops(&w.away, "ecn"), 1);
		world_close(&w);
	}
}

/* ---- what is refused ---- */

/* One sealed packet of the home agent's, not delivered. */
static struct pkt *sealed(struct esp_world *w)
{
	world_outbound(w, &w->home, world_to_node(w, &(struct packet_like){ 0 }));
	return pkt_queue_pop(&w->home.out.wire);
}

static void spoil_spi(struct pkt *p)
{
	p->data[IPV4_HEADER] ^= 1;
}

static void spoil_source(struct pkt *p)
{
	pkt_ipv4(p)->src = addr_of("203.0.113.77");
	ipv4_seal(pkt_ipv4(p));
}

static void spoil_destination(struct pkt *p)
{
	pkt_ipv4(p)->dst = addr_of("203.0.113.77");
	ipv4_seal(pkt_ipv4(p));
}

static void spoil_inside(struct pkt *p)
{
	p->data[p->len - 20] ^= 1;
}

static void make_fragment(struct pkt *p)
{
	pkt_ipv4(p)->fragment = htons(IPV4_MF);
	ipv4_seal(pkt_ipv4(p));
}

static void cut_off(struct pkt *p)
{
	p->len = IPV4_HEADER + 3;
	pkt_ipv4(p)->length = htons((uint16_t)p->len);
	ipv4_seal(pkt_ipv4(p));
}

static const struct spoil_row {
	void (*spoil)(struct pkt *p);
	const char *why;
} spoil_rows[] = {
	{ spoil_spi, "esp-no-sa" },          { spoil_source, "esp-peer" },
	{ spoil_destination, "esp-no-sa" },  { spoil_inside, "esp-icv" },
	{ make_fragment, "outer-fragment" }, { cut_off, "esp-short" },
};

static void what_is_wrong_with_esp_has_its_reason(void)
{
	struct esp_world w;

	world_open(&w, &required);
	world_keys(&w, ESP_AES_128_GCM);
	for (unsigned i = 0; i < sizeof(spoil_rows) / sizeof(spoil_rows[0]); i++) {
		struct pkt *p = sealed(&w);
		uint64_t before = world_drops(&w.away, spoil_rows[i].why);

		spoil_rows[i].spoil(p);
		world_inbound(&w, &w.away, p);
		CU_ASSERT_EQUAL(world_drops(&w.away, spoil_rows[i].why), before + 1);
		CU_ASSERT_EQUAL(w.away.out.link.count, 0);
	}
	CU_ASSERT_TRUE(gets_down(&w));
	world_close(&w);
}

static void what_came_before_is_a_replay(void)
{
	struct esp_world w;
	struct pkt *p;

	world_open(&w, &required);
	world_keys(&w, ESP_AES_128_GCM);
	p = sealed(&w);
	world_inbound(&w, &w.away, pkt_clone(&w.pool, p));
	world_inbound(&w, &w.away, pkt_clone(&w.pool, p));
	CU_ASSERT_EQUAL(w.away.out.link.count, 1);
	CU_ASSERT_EQUAL(world_drops(&w.away, "esp-replay"), 1);
	pkt_give(&w.pool, p);
	world_close(&w);
}

/* Nothing inside ESP is opened twice: it carries tunnels and nothing else. */
static void a_dummy_is_no_packet(void)
{
	struct esp_world w;
	struct pkt *p;

	world_open(&w, &required);
	world_keys(&w, ESP_AES_128_GCM);
	p = pkt_take(&w.pool);
	esp_dummy(w.home.fwd->pairs->out, p, 300);
	world_inbound(&w, &w.away, p);
	CU_ASSERT_EQUAL(world_drops(&w.away, "esp-dummy"), 1);
	CU_ASSERT_EQUAL(w.away.out.link.count + w.away.out.kernel.count, 0);
	world_close(&w);
}

/* RFC 4301 5.2: the association says between whom, the tunnel for whom. */
static void what_comes_out_must_be_the_nodes(void)
{
	struct esp_world w;
	struct tunnel_ends ends;
	struct pkt_vec v;

	world_open(&w, &required);
	world_keys(&w, ESP_AES_128_GCM);
	ends = tunnel_ends(&w.like.encap);
	v = vec_of(packet_like(&w.pool, &(struct packet_like){ .src = "198.51.100.51",
							       .dst = "192.0.2.80" }));
	encap_push(&ends.far, &v);
	esp_push(w.away.fwd->pairs->out, &v);
	world_inbound(&w, &w.home, v.pkt[0]);
	CU_ASSERT_EQUAL(world_drops(&w.home, "spoofed"), 1);
	world_close(&w);
}

/* The association of one peer does not speak for another. */
static void an_association_is_of_its_own_ends_only(void)
{
	struct fwd_edit e = { .kind = FWD_BINDING_SET, .reverse = true };
	struct tunnel_ends ends;
	struct esp_world w;
	struct pkt_vec v;

	world_open(&w, &required);
	world_keys(&w, ESP_AES_128_GCM);
	e.home = addr_of("198.51.100.60");
	e.tunnel = (struct tunnel_spec){ .local = w.home.addr,
					 .remote = addr_of("203.0.113.2"),
					 .encap = w.like.encap };
	CU_ASSERT_EQUAL(fwd_apply(w.home.fwd, &e), 0);
	ends = tunnel_ends(&w.like.encap);
	v = vec_of(packet_like(&w.pool, &(struct packet_like){ .src = "198.51.100.60",
							       .dst = "192.0.2.80" }));
	encap_push(&ends.far, &v);
	esp_push(w.away.fwd->pairs->out, &v);
	world_inbound(&w, &w.home, v.pkt[0]);
	CU_ASSERT_EQUAL(world_drops(&w.home, "spoofed"), 1);
	CU_ASSERT_EQUAL(w.home.out.kernel.count, 0);
	world_close(&w);
}

static void an_outer_packet_of_ours_that_comes_back_is_dropped(void)
{
	struct esp_world w;

	for (unsigned udp = 0; udp < 2; udp++) {
		struct world_like like = required;

		like.esp = udp ? CARRIER_UDP : CARRIER_NONE;
		world_open(&w, &like);
		world_keys(&w, ESP_AES_128_GCM);
		world_outbound(&w, &w.home, sealed(&w));
		CU_ASSERT_EQUAL(world_drops(&w.home, "loop-outer"), 1);
		world_close(&w);
	}
}

/* ---- keys change ---- */

static void keys_change_under_traffic_and_nothing_is_lost(void)
{
	struct esp_world w;
	uint32_t old[2];

	world_open(&w, &required);
	old[0] = world_key(&w, &w.home, &w.away, ESP_AES_128_GCM);
	old[1] = world_key(&w, &w.away, &w.home, ESP_AES_128_GCM);
	for (unsigned round = 0; round < 200; round++) {
		struct pkt *late = sealed(&w);
		uint32_t down = w.next_spi++, up = w.next_spi++;
		enum esp_algorithm a = round % ESP_ALGORITHM_COUNT;

		world_key_in(&w.away, down, a);
		CU_ASSERT_TRUE(gets_down(&w) && gets_up(&w));
		world_key_out(&w.home, down, a);
		CU_ASSERT_TRUE(gets_down(&w) && gets_up(&w));
		world_key_in(&w.home, up, a);
		world_key_out(&w.away, up, a);
		CU_ASSERT_TRUE(gets_down(&w) && gets_up(&w));
		world_inbound(&w, &w.away, late); /* sealed with the old key */
		CU_ASSERT_TRUE(world_arrived(&w, pkt_queue_pop(&w.away.out.link)));
		CU_ASSERT_EQUAL(fwd_sa_in_del(w.away.fwd, w.away.addr, old[0]), 0);
		CU_ASSERT_EQUAL(fwd_sa_in_del(w.home.fwd, w.home.addr, old[1]), 0);
		old[0] = down;
		old[1] = up;
		CU_ASSERT_TRUE(gets_down(&w) && gets_up(&w));
	}
	CU_ASSERT_EQUAL(world_view(&w.home).in_count, 1);
	world_close(&w);
}

static void a_deleted_association_opens_nothing(void)
{
	struct esp_world w;
	struct pkt *p;
	uint32_t spi;

	world_open(&w, &required);
	spi = world_key(&w, &w.home, &w.away, ESP_AES_128_GCM);
	p = sealed(&w);
	CU_ASSERT_EQUAL(fwd_sa_in_del(w.away.fwd, w.away.addr, spi), 0);
	world_inbound(&w, &w.away, p);
	CU_ASSERT_EQUAL(world_drops(&w.away, "esp-no-sa"), 1);
	CU_ASSERT_EQUAL(fwd_sa_out_clear(w.home.fwd, w.home.addr, w.home.peer), 0);
	CU_ASSERT_FALSE(gets_down(&w));
	world_close(&w);
}

/* At the end of its numbers an association sends nothing, and nothing in clear. */
static void an_exhausted_association_is_silent(void)
{
	struct esp_world w;

	world_open(&w, &required);
	world_keys(&w, ESP_AES_128_GCM);
	w.home.fwd->pairs->out->next = UINT64_C(1) << 32;
	CU_ASSERT_FALSE(gets_down(&w));
	CU_ASSERT_EQUAL(world_drops(&w.home, "esp-exhausted"), 1);
	CU_ASSERT_EQUAL(w.home.out.wire.count, 0);
	world_close(&w);
}

/* ---- memory ---- */

static void exercise(struct esp_world *w)
{
	for (unsigned i = 0; i < 10; i++) {
		gets_down(w);
		gets_up(w);
		world_arrived(w, world_down(w, &(struct packet_like){ .size = 4000 }));
		world_clear(w);
	}
}

static void the_packet_path_takes_no_memory(void)
{
	for (unsigned a = 0; a < ESP_ALGORITHM_COUNT; a++) {
		struct world_like like = required;
		unsigned long before;
		struct esp_world w;

		like.esp = a % 2 ? CARRIER_UDP : CARRIER_NONE;
		world_open(&w, &like);
		world_keys(&w, (enum esp_algorithm)a);
		exercise(&w);
		before = alloc_count();
		exercise(&w);
		CU_ASSERT_EQUAL(alloc_count(), before);
		world_close(&w);
	}
}

void suite_pipeline_esp(void)
{
	CU_pSuite s = CU_add_suite("pipeline_esp", NULL, NULL);

	CU_ADD_TEST(s, policies_hold_both_ways);
	CU_ADD_TEST(s, each_refusal_is_counted);
	CU_ADD_TEST(s, without_an_association_nothing_is_said);
	CU_ADD_TEST(s, what_goes_in_clear_by_preference_is_counted);
	CU_ADD_TEST(s, a_cleared_pair_goes_in_clear);
	CU_ADD_TEST(s, every_tunnel_by_every_carrier_and_algorithm);
	CU_ADD_TEST(s, sites_and_broadcasts_are_protected_too);
	CU_ADD_TEST(s, marks_cross_esp_as_they_cross_tunnels);
	CU_ADD_TEST(s, what_is_wrong_with_esp_has_its_reason);
	CU_ADD_TEST(s, what_came_before_is_a_replay);
	CU_ADD_TEST(s, a_dummy_is_no_packet);
	CU_ADD_TEST(s, what_comes_out_must_be_the_nodes);
	CU_ADD_TEST(s, an_association_is_of_its_own_ends_only);
	CU_ADD_TEST(s, an_outer_packet_of_ours_that_comes_back_is_dropped);
	CU_ADD_TEST(s, keys_change_under_traffic_and_nothing_is_lost);
	CU_ADD_TEST(s, a_deleted_association_opens_nothing);
	CU_ADD_TEST(s, an_exhausted_association_is_silent);
	CU_ADD_TEST(s, the_packet_path_takes_no_memory);
}
