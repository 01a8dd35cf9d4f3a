/* SPDX-License-Identifier: ISC */
/*
 * Carriers in the pipeline: tunnels that have one of their own, what ESP makes of
 * that, and keepalives.
 */
#include "common/tunnel/pipeline.h"

#include "common/tunnel/encap_udp.h"

#include "tests/unit/esp_world.h"
#include "tests/unit/suites.h"

#include <CUnit/CUnit.h>

/* Tunnels with a carrier of their own and no ESP. */
static const struct carried_row {
	enum carrier_kind kind;
	enum encap_kind encap;
	uint16_t port;
} carried_rows[] = {
	{ CARRIER_UDP, ENCAP_GRE, CARRIER_PORT_GRE },
	{ CARRIER_MIP, ENCAP_IPIP, CARRIER_PORT_MIP },
	{ CARRIER_MIP, ENCAP_GRE, CARRIER_PORT_MIP },
	{ CARRIER_MIP, ENCAP_MINIMAL, CARRIER_PORT_MIP },
};

static struct world_like carried_like(const struct carried_row *row)
{
	return (struct world_like){ .encap = { .kind = row->encap },
				    .carrier = { .kind = row->kind } };
}

static uint16_t port_on_wire(const struct esp_side *s)
{
	const struct pkt *p = s->out.wire.first;
	struct reader r = reader_over(p->data, p->len);

	CU_ASSERT_EQUAL(pkt_ipv4_of(p)->protocol, PROTO_UDP);
	read_skip(&r, IPV4_HEADER + 2);
	return read_u16(&r);
}

static void tunnels_in_carriers_without_esp(void)
{
	for (unsigned i = 0; i < sizeof(carried_rows) / sizeof(carried_rows[0]); i++) {
		struct world_like like = carried_like(&carried_rows[i]);
		struct esp_world w;

		world_open(&w, &like);
		world_check_both_ways(&w, 300);
		world_outbound(&w, &w.home,
			       world_to_node(&w, &(struct packet_like){ 0 }));
		CU_ASSERT_EQUAL(port_on_wire(&w.home), carried_rows[i].port);
		world_close(&w);
	}
}

/* What is said to come in a carrier is not taken without, nor the reverse. */
static void a_tunnel_is_taken_only_by_its_carrier(void)
{
	for (unsigned i = 0; i < sizeof(carried_rows) / sizeof(carried_rows[0]); i++) {
		struct world_like with = carried_like(&carried_rows[i]), without = with;
		struct esp_world a, b;

		without.carrier.kind = CARRIER_NONE;
		world_open(&a, &with);
		world_open(&b, &without);
		world_outbound(&a, &a.home,
			       world_to_node(&a, &(struct packet_like){ 0 }));
		world_inbound(&b, &b.away, pkt_clone(&b.pool, a.home.out.wire.first));
		CU_ASSERT_EQUAL(world_drops(&b.away, "no-tunnel"), 1);
		world_outbound(&b, &b.home,
			       world_to_node(&b, &(struct packet_like){ 0 }));
		world_inbound(&a, &a.away, pkt_clone(&a.pool, b.home.out.wire.first));
		CU_ASSERT_EQUAL(world_drops(&a.away, "no-tunnel"), 1);
		world_close(&a);
		world_close(&b);
	}
}

/* RFC 3519 3.3: tunnel data comes from the port that it is sent to. */
static void tunnel_data_from_another_port_is_no_tunnels(void)
{
	const struct world_like like = { .carrier = { .kind = CARRIER_MIP } };
	const struct carrier_spec other = { CARRIER_MIP, 435, 434 };
	struct tunnel_ends ends = tunnel_ends(&like.encap);
	struct esp_world w;
	struct pkt_vec v;

	world_open(&w, &like);
	v = vec_of(world_to_node(&w, &(struct packet_like){ 0 }));
	encap_push(&ends.near, &v);
	carrier_push(&other, &v);
	carrier_complete(v.pkt[0]);
	world_inbound(&w, &w.away, v.pkt[0]);
	CU_ASSERT_EQUAL(world_drops(&w.away, "no-tunnel"), 1);
	world_close(&w);
}

/* A translator may change the port that ESP comes from: nothing is learned from it. */
static void esp_from_another_port_is_taken_and_not_answered_there(void)
{
	const struct world_like like = { .policy = PROTECT_REQUIRED,
					 .esp = CARRIER_UDP };
	struct esp_world w;
	struct pkt *p;

	world_open(&w, &like);
	world_keys(&w, ESP_AES_128_GCM);
	world_outbound(&w, &w.away, world_from_node(&w, &(struct packet_like){ 0 }));
	p = pkt_queue_pop(&w.away.out.wire);
	CU_ASSERT_PTR_NOT_NULL_FATAL(p);
	p->data[IPV4_HEADER] ^= 0x40; /* the checksum is 0: none (RFC 3948 2.1) */
	world_inbound(&w, &w.home, p);
	p = pkt_queue_pop(&w.home.out.kernel);
	CU_ASSERT_PTR_NOT_NULL(p);
	pkt_give(&w.pool, p);
	world_outbound(&w, &w.home, world_to_node(&w, &(struct packet_like){ 0 }));
	CU_ASSERT_EQUAL(port_on_wire(&w.home), CARRIER_PORT_ESP);
	world_close(&w);
}

/* RFC 3519 3.3: another next header than the tunnel's is dropped. */
static void tunnel_data_of_another_kind_is_no_tunnels(void)
{
	const struct world_like gre = { .encap = { .kind = ENCAP_GRE },
					.carrier = { .kind = CARRIER_MIP } };
	const struct world_like ipip = { .carrier = { .kind = CARRIER_MIP } };
	struct esp_world a, b;

	world_open(&a, &gre);
	world_open(&b, &ipip);
	world_outbound(&a, &a.home, world_to_node(&a, &(struct packet_like){ 0 }));
	world_inbound(&b, &b.away, pkt_clone(&b.pool, a.home.out.wire.first));
	CU_ASSERT_EQUAL(world_drops(&b.away, "no-tunnel"), 1);
	world_close(&a);
	world_close(&b);
}

/* In ESP a tunnel leaves its own carrier; by preference it has it until then. */
static void esp_takes_the_place_of_the_tunnels_carrier(void)
{
	for (unsigned i = 0; i < sizeof(carried_rows) / sizeof(carried_rows[0]); i++) {
		struct world_like like = carried_like(&carried_rows[i]);
		struct esp_world w;

		like.policy = PROTECT_PREFERRED;
		world_open(&w, &like);
		world_check_both_ways(&w, 200);
		world_keys(&w, ESP_AES_256_GCM);
		world_check_both_ways(&w, 200);
		CU_ASSERT_EQUAL(world_sends_by(&w), PROTO_ESP);
		world_close(&w);
	}
}

/* ---- keepalives ---- */

static const struct world_like required = { .encap = { .kind = ENCAP_GRE },
					    .policy = PROTECT_REQUIRED };

static instant_t keep(struct esp_world *w)
{
	return pipeline_keepalives(w->home.pl, w->now, &w->home.out);
}

static void a_silent_carrier_is_kept_alive(void)
{
	struct world_like like = required;
	struct esp_world w;
	instant_t next;

	like.esp = CARRIER_UDP;
	like.keepalive_s = 20;
	world_open(&w, &like);
	world_keys(&w, ESP_AES_128_GCM);
	world_check_both_ways(&w, 100);
	next = keep(&w);
	CU_ASSERT_EQUAL(w.home.out.wire.count, 0);
	CU_ASSERT_EQUAL(instant_diff(next, w.now.mono).ns, duration_s(20).ns);
	w.now.mono = next;
	next = keep(&w);
	CU_ASSERT_EQUAL(w.home.out.wire.count, 1);
	CU_ASSERT_EQUAL(instant_diff(next, w.now.mono).ns, duration_s(20).ns);
	CU_ASSERT_EQUAL(world_view(&w.home).counts->keepalives, 1);
	world_carry(&w, &w.home, &w.away);
	CU_ASSERT_EQUAL(world_drops(&w.away, "udp-keepalive"), 1);
	world_close(&w);
}

static void without_a_carrier_there_is_nothing_to_keep_alive(void)
{
	struct world_like like = required;
	struct esp_world w;

	like.keepalive_s = 20;
	world_open(&w, &like);
	CU_ASSERT_TRUE(instant_is_never(keep(&w)));
	CU_ASSERT_EQUAL(w.home.out.wire.count, 0);
	world_close(&w);
}

void suite_pipeline_carrier(void)
{
	CU_pSuite s = CU_add_suite("pipeline_carrier", NULL, NULL);

	CU_ADD_TEST(s, tunnels_in_carriers_without_esp);
	CU_ADD_TEST(s, a_tunnel_is_taken_only_by_its_carrier);
	CU_ADD_TEST(s, tunnel_data_from_another_port_is_no_tunnels);
	CU_ADD_TEST(s, esp_from_another_port_is_taken_and_not_answered_there);
	CU_ADD_TEST(s, tunnel_data_of_another_kind_is_no_tunnels);
	CU_ADD_TEST(s, esp_takes_the_place_of_the_tunnels_carrier);
	CU_ADD_TEST(s, a_silent_carrier_is_kept_alive);
	CU_ADD_TEST(s, without_a_carrier_there_is_nothing_to_keep_alive);
}
