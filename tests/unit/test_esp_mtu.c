/* SPDX-License-Identifier: ISC */
/*
 * How much fits into a tunnel in ESP and carriers, to the octet; what is cut, and
 * where.
 */
#include "common/tunnel/pipeline.h"

#include "common/tunnel/encap_udp.h"
#include "common/tunnel/pipeline_private.h"
#include "common/tunnel/protect_private.h"
#include "common/wire/icmp.h"

#include "tests/unit/esp_world.h"
#include "tests/unit/suites.h"

#include <CUnit/CUnit.h>

#include <string.h>

enum { PATH_MTU = 1500, WIDE = 1600 };

/* Every combination of tunnel, carrier and algorithm. */
static void each_combination(void (*check)(const struct world_combination *c))
{
	struct world_combination c = { .esp = true };

	for (unsigned v = 0; v < ENCAP_VARIANTS; v++)
		for (unsigned udp = 0; udp < 2; udp++)
			for (unsigned a = 0; a < ESP_ALGORITHM_COUNT; a++) {
				c.like = (struct world_like){
					.encap = encap_variant(v),
					.policy = PROTECT_REQUIRED,
					.esp = udp ? CARRIER_UDP : CARRIER_NONE
				};
				c.algorithm = (enum esp_algorithm)a;
				check(&c);
			}
	c = (struct world_combination){ .esp = false };
	for (unsigned v = 0; v < ENCAP_VARIANTS; v++) {
		c.like.encap = encap_variant(v);
		c.like.carrier.kind = CARRIER_MIP;
		check(&c);
		c.like.carrier.kind = CARRIER_UDP;
		if (c.like.encap.kind == ENCAP_GRE)
			check(&c);
	}
}

/* ---- exactly what fits ---- */

static void set_mtu(struct esp_world *w, uint16_t mtu)
{
	mtu_set_most(&protect_on_wire(world_tunnel(w)->path)->mtu, mtu);
}

/* That far on either side of what fits on a path of `mtu`. */
static void check_around(struct esp_world *w, uint16_t mtu, size_t far)
{
	uint16_t most;

	set_mtu(w, mtu);
	most = world_inner_mtu(w);
	for (size_t size = most - far; size <= most; size++)
		CU_ASSERT_TRUE(world_size_on_wire(w, size) - 1 < mtu);
	for (size_t size = most + 1u; size <= most + far; size++)
		CU_ASSERT_EQUAL(world_size_on_wire(w, size), 0);
	/* One octet more would indeed have been too much. */
	set_mtu(w, WIDE);
	CU_ASSERT_TRUE(world_size_on_wire(w, most + 1u) > mtu);
}

/* Every remainder by the blocks of the ciphers. */
static void check_exact(const struct world_combination *c)
{
	struct esp_world w;

	world_open_combination(&w, c, PATH_MTU);
	check_around(&w, PATH_MTU, 40);
	for (uint16_t mtu = PATH_MTU - 16; mtu < PATH_MTU; mtu++)
		check_around(&w, mtu, 2);
	world_close(&w);
}

static void the_inner_mtu_is_exact(void)
{
	each_combination(check_exact);
}

static void the_sender_is_told_the_exact_mtu(void)
{
	const struct world_combination c = { .like = { .encap = { .kind = ENCAP_GRE },
						       .policy = PROTECT_REQUIRED,
						       .esp = CARRIER_UDP },
					     .esp = true,
					     .algorithm = ESP_AES_128_CBC_SHA256 };
	struct icmp_message m;
	struct esp_world w;
	struct pkt *p;

	world_open_combination(&w, &c, PATH_MTU);
	world_outbound(&w, &w.home,
		       world_to_node(&w, &(struct packet_like){ .size = 1500,
								.fragment = IPV4_DF }));
	p = w.home.out.wire.first;
	CU_ASSERT_TRUE_FATAL(p && icmp_open(p->data, p->len, &m));
	CU_ASSERT_EQUAL(m.code, ICMP_CODE_TOO_BIG);
	CU_ASSERT_EQUAL(m.rest, world_inner_mtu(&w));
	/* 1500 - 20 - 8 - 8 - 16 - 16 = 1432, of whole blocks 1424 - 2 - 4 of GRE */
	CU_ASSERT_EQUAL(m.rest, 1418);
	world_close(&w);
}

/* ---- what is cut, and where ---- */

static void check_wire(struct esp_world *w, size_t mtu)
{
	for (const struct pkt *p = w->home.out.wire.first; p; p = p->next)
		CU_ASSERT_TRUE(p->len <= mtu && packet_sound(p));
}

static size_t payloads(const struct pkt_queue *q)
{
	size_t sum = 0;

	for (const struct pkt *p = q->first; p; p = p->next)
		sum += p->len - IPV4_HEADER;
	return sum;
}

/* Cut before it is encapsulated (ESP-18): no outer packet is a fragment. */
static void check_cut(const struct world_combination *c)
{
	struct esp_world w;

	/* Minimal encapsulation carries no fragments; below. */
	if (c->like.encap.kind == ENCAP_MINIMAL)
		return;
	world_open_combination(&w, c, PATH_MTU);
	for (size_t size = 1360; size < 4600; size += size < 1500 ? 1 : 97) {
		world_outbound(
			&w, &w.home,
			world_to_node(&w, &(struct packet_like){ .size = size }));
		check_wire(&w, PATH_MTU);
		for (struct pkt *p = w.home.out.wire.first; p; p = p->next)
			CU_ASSERT_FALSE(ipv4_is_fragment(pkt_ipv4(p)));
		world_carry(&w, &w.home, &w.away);
		CU_ASSERT_EQUAL(payloads(&w.away.out.link), size - IPV4_HEADER);
		world_clear(&w);
	}
	world_close(&w);
}

static void large_packets_are_cut_before_esp(void)
{
	each_combination(check_cut);
}

/* Nothing is cut before: the ESP packet is, and its number is the pair's. */
static void minimal_packets_are_cut_after_esp(void)
{
	const struct world_combination c = {
		.like = { .encap = { .kind = ENCAP_MINIMAL },
			  .policy = PROTECT_REQUIRED },
		.esp = true
	};
	struct esp_world w;

	world_open_combination(&w, &c, PATH_MTU);
	world_outbound(&w, &w.home,
		       world_to_node(&w, &(struct packet_like){ .size = 2000 }));
	CU_ASSERT_EQUAL(w.home.out.wire.count, 2);
	check_wire(&w, PATH_MTU);
	for (struct pkt *p = w.home.out.wire.first; p; p = p->next)
		CU_ASSERT_TRUE(ipv4_is_fragment(pkt_ipv4(p)) &&
			       pkt_ipv4(p)->protocol == PROTO_ESP);
	world_close(&w);
}

/* Options stay in the one header of minimal encapsulation, outside ESP. */
static void options_outside_esp_are_counted_too(void)
{
	struct world_combination c = { .like = { .encap = { .kind = ENCAP_MINIMAL },
						 .policy = PROTECT_REQUIRED },
				       .esp = true };

	for (unsigned a = 0; a < ESP_ALGORITHM_COUNT; a++) {
		struct esp_world w;

		c.algorithm = (enum esp_algorithm)a;
		world_open_combination(&w, &c, PATH_MTU);
		for (size_t options = 0; options <= 40; options += 4)
			for (size_t size = 1380; size <= 1500; size++) {
				world_outbound(
					&w, &w.home,
					world_to_node(&w,
						      &(struct packet_like){
							      .size = size,
							      .options = options,
							      .fragment = IPV4_DF }));
				check_wire(&w, PATH_MTU);
				world_clear(&w);
			}
		world_close(&w);
	}
}

/* TFC padding fills up to the path MTU and not beyond. */
static void tfc_padding_fits_the_path(void)
{
	const struct world_combination c = {
		.like = { .policy = PROTECT_REQUIRED, .esp = CARRIER_UDP }, .esp = true
	};
	struct esp_world w;

	world_open_combination(&w, &c, 1300);
	w.home.fwd->pairs->out->tfc = 1024;
	for (size_t size = 28; size <= world_inner_mtu(&w); size++) {
		size_t len = world_size_on_wire(&w, size);

		CU_ASSERT_TRUE(len > 1000 && len <= 1300);
	}
	world_close(&w);
}

/* Less than every tunnel must carry: ESP packets are cut, if the inner one may be. */
static void on_the_narrowest_path_esp_packets_are_cut(void)
{
	const struct world_combination c = { .like = { .encap = { .kind = ENCAP_GRE },
						       .policy = PROTECT_REQUIRED,
						       .esp = CARRIER_UDP },
					     .esp = true,
					     .algorithm = ESP_AES_256_CBC_SHA256 };
	struct esp_world w;

	world_open_combination(&w, &c, 100);
	for (size_t size = 28; size < 300; size++) {
		world_outbound(
			&w, &w.home,
			world_to_node(&w, &(struct packet_like){ .size = size }));
		CU_ASSERT_TRUE(w.home.out.wire.count > 0);
		check_wire(&w, 100);
		world_clear(&w);
	}
	world_close(&w);
}

/* Fragments of one pair's tunnels never share a number. */
static void esp_packets_that_may_be_cut_are_numbered_by_pair(void)
{
	struct world_combination c = { .like = { .encap = { .kind = ENCAP_GRE,
							    .no_outer_df = true },
						 .policy = PROTECT_REQUIRED },
				       .esp = true };
	struct fwd_edit e = { .kind = FWD_BINDING_SET };
	struct esp_world w;

	world_open_combination(&w, &c, PATH_MTU);
	e.home = addr_of("198.51.100.60");
	e.tunnel = (struct tunnel_spec){ .local = w.home.addr, .remote = w.home.peer };
	e.tunnel.encap.no_outer_df = true;
	CU_ASSERT_EQUAL(fwd_apply(w.home.fwd, &e), 0);
	world_outbound(&w, &w.home, world_to_node(&w, &(struct packet_like){ 0 }));
	world_outbound(
		&w, &w.home,
		world_to_node(&w, &(struct packet_like){ .dst = "198.51.100.60" }));
	CU_ASSERT_EQUAL_FATAL(w.home.out.wire.count, 2);
	CU_ASSERT_NOT_EQUAL(pkt_ipv4(w.home.out.wire.first)->id,
			    pkt_ipv4(w.home.out.wire.last)->id);
	world_close(&w);
}

void suite_esp_mtu(void)
{
	CU_pSuite s = CU_add_suite("esp_mtu", NULL, NULL);

	CU_ADD_TEST(s, the_inner_mtu_is_exact);
	CU_ADD_TEST(s, the_sender_is_told_the_exact_mtu);
	CU_ADD_TEST(s, large_packets_are_cut_before_esp);
	CU_ADD_TEST(s, minimal_packets_are_cut_after_esp);
	CU_ADD_TEST(s, options_outside_esp_are_counted_too);
	CU_ADD_TEST(s, tfc_padding_fits_the_path);
	CU_ADD_TEST(s, on_the_narrowest_path_esp_packets_are_cut);
	CU_ADD_TEST(s, esp_packets_that_may_be_cut_are_numbered_by_pair);
}
