/* SPDX-License-Identifier: ISC */
/*
 * What ICMP errors about ESP packets and carriers teach, and what is not believed.
 */
#include "common/tunnel/pipeline.h"

#include "common/tunnel/encap_udp.h"
#include "common/tunnel/pipeline_private.h"
#include "common/tunnel/protect_private.h"
#include "common/wire/checksum.h"
#include "common/wire/icmp.h"

#include "tests/unit/esp_world.h"
#include "tests/unit/suites.h"

#include <CUnit/CUnit.h>

#include <string.h>

enum { PATH_MTU = 1500, QUOTE_AT = IPV4_HEADER + 8 };

/*
 * A router's error about a packet of the wire, of which it quotes `octets`; one of
 * them, if not 0, is another than it was.
 */
struct error_like {
	uint8_t code;
	uint16_t mtu;
	size_t octets, spoiled;
};

static struct pkt *error_about(struct esp_world *w, const struct pkt *p,
			       const struct error_like *like)
{
	struct pkt *icmp = pkt_take(&w->pool);

	CU_ASSERT_PTR_NOT_NULL_FATAL(icmp);
	icmp->len = icmp_error_build(icmp->data, pkt_room(icmp),
				     addr_of("203.0.113.254"), ICMP_UNREACHABLE,
				     like->code, like->mtu, p->data, p->len);
	CU_ASSERT_TRUE(icmp->len > 0);
	pkt_trim(icmp, QUOTE_AT + like->octets);
	if (like->spoiled)
		icmp->data[QUOTE_AT + like->spoiled] ^= 1;
	memset(icmp->data + IPV4_HEADER + 2, 0, 2);
	checksum_write(icmp->data + IPV4_HEADER, icmp->len - IPV4_HEADER, 2);
	pkt_ipv4(icmp)->length = htons((uint16_t)icmp->len);
	ipv4_seal(pkt_ipv4(icmp));
	return icmp;
}

static void too_big(struct esp_world *w, const struct pkt *p, uint16_t mtu,
		    size_t octets)
{
	const struct error_like like = { ICMP_CODE_TOO_BIG, mtu, octets, 0 };

	world_icmp(w, &w->home, error_about(w, p, &like));
}

static struct pkt *on_wire(struct esp_world *w)
{
	world_outbound(w, &w->home,
		       world_to_node(w, &(struct packet_like){ .size = 1000,
							       .fragment = IPV4_DF }));
	return pkt_queue_pop(&w->home.out.wire);
}

static const struct learn_row {
	const char *what;
	bool udp;
	size_t octets; /* quoted */
	size_t spoil;  /* this octet; 0: none */
	uint16_t learned;
} learn_rows[] = {
	{ "ESP, eight octets", false, 28, 0, 1000 },
	{ "ESP, all of it", false, 500, 0, 1000 },
	{ "ESP of another SPI", false, 28, 23, PATH_MTU },
	{ "ESP to somebody else", false, 28, 19, PATH_MTU },
	{ "ESP cut off", false, 23, 0, PATH_MTU },
	{ "UDP, eight octets", true, 28, 0, MTU_FLOOR_UNPROVEN },
	{ "UDP and SPI", true, 36, 0, 1000 },
	{ "UDP from another port", true, 28, 21, PATH_MTU },
	{ "UDP to another port", true, 28, 23, PATH_MTU },
	{ "UDP with another SPI", true, 36, 31, PATH_MTU },
};

static void errors_about_esp_are_believed_by_spi_and_port(void)
{
	for (unsigned i = 0; i < sizeof(learn_rows) / sizeof(learn_rows[0]); i++) {
		const struct learn_row *row = &learn_rows[i];
		struct world_combination c = { .like = { .encap = { .kind = ENCAP_GRE },
							 .policy = PROTECT_REQUIRED },
					       .esp = true };
		struct error_like like = { ICMP_CODE_TOO_BIG, 1000, 0, 0 };
		struct esp_world w;
		struct pkt *p;

		c.like.esp = row->udp ? CARRIER_UDP : CARRIER_NONE;
		world_open_combination(&w, &c, PATH_MTU);
		p = on_wire(&w);
		like.octets = row->octets;
		like.spoiled = row->spoil;
		world_icmp(&w, &w.home, error_about(&w, p, &like));
		if (world_view(&w.home).mtu != row->learned)
			CU_FAIL(row->what);
		CU_ASSERT_EQUAL(w.home.out.wire.count, 0);
		pkt_give(&w.pool, p);
		world_close(&w);
	}
}

/* Errors about ESP in UDP that quote its ports and no more, which anybody knows. */
static const struct unproven_row {
	const char *what;
	size_t size; /* of the inner packet */
	uint8_t code;
	uint16_t told, learned;
} unproven_rows[] = {
	{ "as a narrow link says it", 1420, ICMP_CODE_TOO_BIG, 1400, 1400 },
	{ "the floor", 1420, ICMP_CODE_TOO_BIG, 1280, 1280 },
	{ "less than the floor", 1420, ICMP_CODE_TOO_BIG, 576, 1280 },
	{ "what fitted", 1000, ICMP_CODE_TOO_BIG, 1400, PATH_MTU },
	{ "host unreachable", 1420, ICMP_CODE_HOST, 0, PATH_MTU },
};

static void errors_without_an_spi_are_believed_little(void)
{
	for (unsigned i = 0; i < sizeof(unproven_rows) / sizeof(unproven_rows[0]);
	     i++) {
		const struct unproven_row *row = &unproven_rows[i];
		const struct error_like like = { row->code, row->told, 28, 0 };
		const struct world_combination c = {
			.like = { .encap = { .kind = ENCAP_GRE },
				  .policy = PROTECT_REQUIRED,
				  .esp = CARRIER_UDP },
			.esp = true
		};
		const bool believed = row->learned != PATH_MTU;
		struct esp_world w;
		struct pkt *p;

		world_open_combination(&w, &c, PATH_MTU);
		world_outbound(&w, &w.home,
			       world_to_node(&w, &(struct packet_like){
							 .size = row->size,
							 .fragment = IPV4_DF }));
		p = pkt_queue_pop(&w.home.out.wire);
		CU_ASSERT_PTR_NOT_NULL_FATAL(p);
		world_icmp(&w, &w.home, error_about(&w, p, &like));
		if (world_view(&w.home).mtu != row->learned ||
		    world_drops(&w.home, "icmp-unproven") != !believed)
			CU_FAIL(row->what);
		/* Nor is anything owed to the next sender. */
		world_outbound(&w, &w.home,
			       world_to_node(&w, &(struct packet_like){ 0 }));
		CU_ASSERT_EQUAL(w.home.out.wire.count, 1);
		pkt_give(&w.pool, p);
		world_close(&w);
	}
}

/* Longer than anything that we send by now. */
static void an_unproven_error_must_be_about_what_we_send(void)
{
	const struct world_combination c = { .like = { .encap = { .kind = ENCAP_GRE },
						       .policy = PROTECT_REQUIRED,
						       .esp = CARRIER_UDP },
					     .esp = true };
	const struct packet_like large = { .size = 1420, .fragment = IPV4_DF };
	struct esp_world w;
	struct pkt *p;

	world_open_combination(&w, &c, PATH_MTU);
	world_outbound(&w, &w.home, world_to_node(&w, &large));
	p = pkt_queue_pop(&w.home.out.wire);
	CU_ASSERT_PTR_NOT_NULL_FATAL(p);
	too_big(&w, p, 1400, 36);
	CU_ASSERT_EQUAL(world_view(&w.home).mtu, 1400);
	too_big(&w, p, 1300, 28);
	CU_ASSERT_EQUAL(world_view(&w.home).mtu, 1400);
	CU_ASSERT_EQUAL(world_drops(&w.home, "icmp-unproven"), 1);
	pkt_give(&w.pool, p);
	world_close(&w);
}

static void what_is_learned_holds_for_the_pair_and_is_forgotten(void)
{
	const struct world_combination c = { .like = { .encap = { .kind = ENCAP_GRE },
						       .policy = PROTECT_REQUIRED },
					     .esp = true };
	struct esp_world w;
	struct pkt *p;
	uint16_t before;

	world_open_combination(&w, &c, PATH_MTU);
	before = world_inner_mtu(&w);
	p = on_wire(&w);
	too_big(&w, p, 1200, 28);
	CU_ASSERT_EQUAL(world_inner_mtu(&w), before - 300);
	CU_ASSERT_EQUAL(world_size_on_wire(&w, before - 299u), 0);
	w.now.mono = instant_add(w.now.mono, duration_s(MTU_FORGET_S));
	CU_ASSERT_EQUAL(world_inner_mtu(&w), before);
	pkt_give(&w.pool, p);
	world_close(&w);
}

/* What the old key sealed may still be on its way when the key changes. */
static void the_last_spi_is_still_believed(void)
{
	const struct world_combination c = { .like = { .encap = { .kind = ENCAP_GRE },
						       .policy = PROTECT_REQUIRED },
					     .esp = true };
	struct pkt *first, *second;
	struct esp_world w;

	world_open_combination(&w, &c, PATH_MTU);
	first = on_wire(&w);
	world_keys(&w, ESP_AES_128_GCM);
	second = on_wire(&w);
	world_keys(&w, ESP_AES_128_GCM);
	too_big(&w, first, 1200, 28);
	CU_ASSERT_EQUAL(world_view(&w.home).mtu, PATH_MTU);
	too_big(&w, second, 1200, 28);
	CU_ASSERT_EQUAL(world_view(&w.home).mtu, 1200);
	pkt_give(&w.pool, first);
	pkt_give(&w.pool, second);
	world_close(&w);
}

/* Where all goes in ESP, an error about a packet in clear is a forgery. */
static void errors_about_packets_in_clear_are_forged(void)
{
	struct world_combination c = { .like = { .encap = { .kind = ENCAP_GRE } } };
	struct esp_world w;
	struct pkt *p;

	world_open_combination(&w, &c, PATH_MTU);
	p = on_wire(&w);
	world_protect(&w, &w.home, PROTECT_REQUIRED);
	world_key_out(&w.home, 0x1000, ESP_AES_128_GCM);
	too_big(&w, p, 1000, 600);
	CU_ASSERT_EQUAL(world_drops(&w.home, "icmp-unknown"), 1);
	CU_ASSERT_EQUAL(world_view(&w.home).mtu, PATH_MTU);
	CU_ASSERT_EQUAL(w.home.out.wire.count, 0);
	pkt_give(&w.pool, p);
	world_close(&w);
}

/* Nobody can read whose packet it was: the next one to send is told. */
static void unreachables_about_esp_are_owed(void)
{
	const struct world_combination c = { .like = { .encap = { .kind = ENCAP_GRE },
						       .policy = PROTECT_REQUIRED },
					     .esp = true };
	const struct error_like unreachable = { ICMP_CODE_HOST, 0, 300, 0 };
	struct icmp_message m;
	struct esp_world w;
	struct pkt *p;

	world_open_combination(&w, &c, PATH_MTU);
	p = on_wire(&w);
	world_icmp(&w, &w.home, error_about(&w, p, &unreachable));
	CU_ASSERT_EQUAL(w.home.out.wire.count, 0);
	world_outbound(&w, &w.home, world_to_node(&w, &(struct packet_like){ 0 }));
	CU_ASSERT_EQUAL_FATAL(w.home.out.wire.count, 2);
	CU_ASSERT_TRUE_FATAL(
		icmp_open(w.home.out.wire.first->data, w.home.out.wire.first->len, &m));
	CU_ASSERT_EQUAL(m.code, ICMP_CODE_HOST);
	CU_ASSERT_EQUAL(m.dst.s_addr, addr_of("192.0.2.80").s_addr);
	pkt_give(&w.pool, p);
	world_close(&w);
}

static void the_kernels_refusal_of_esp_is_learned(void)
{
	struct world_combination c = { .like = { .encap = { .kind = ENCAP_GRE },
						 .policy = PROTECT_REQUIRED },
				       .esp = true };

	for (unsigned udp = 0; udp < 2; udp++) {
		struct esp_world w;

		c.like.esp = udp ? CARRIER_UDP : CARRIER_NONE;
		world_open_combination(&w, &c, PATH_MTU);
		pipeline_too_big(w.home.pl, on_wire(&w), 700, w.now, &w.home.out);
		CU_ASSERT_EQUAL(world_view(&w.home).mtu, 700);
		world_close(&w);
	}
}

/* In a carrier without ESP the error is read, and its sender told. */
static void errors_about_carriers_are_relayed(void)
{
	static const struct {
		enum carrier_kind kind;
		enum encap_kind encap;
		uint16_t told; /* of 1000 */
	} rows[] = { { CARRIER_UDP, ENCAP_GRE, 1000 - 20 - 8 - 4 },
		     { CARRIER_MIP, ENCAP_IPIP, 1000 - 20 - 12 },
		     { CARRIER_MIP, ENCAP_GRE, 1000 - 20 - 12 - 4 },
		     { CARRIER_MIP, ENCAP_MINIMAL, 1000 - 12 - 12 } };

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct world_combination c = {
			.like = { .encap = { .kind = rows[i].encap },
				  .carrier = { .kind = rows[i].kind } }
		};
		struct icmp_message m = { 0 };
		struct esp_world w;
		struct pkt *p;

		world_open_combination(&w, &c, PATH_MTU);
		p = on_wire(&w);
		too_big(&w, p, 1000, 500);
		CU_ASSERT_EQUAL(world_inner_mtu(&w), rows[i].told);
		CU_ASSERT_EQUAL_FATAL(w.home.out.wire.count, 1);
		CU_ASSERT_TRUE(icmp_open(w.home.out.wire.first->data,
					 w.home.out.wire.first->len, &m));
		CU_ASSERT_EQUAL(m.rest, rows[i].told);
		CU_ASSERT_EQUAL(m.dst.s_addr, addr_of("192.0.2.80").s_addr);
		pkt_give(&w.pool, p);
		world_close(&w);
	}
}

void suite_esp_learn(void)
{
	CU_pSuite s = CU_add_suite("esp_learn", NULL, NULL);

	CU_ADD_TEST(s, errors_about_esp_are_believed_by_spi_and_port);
	CU_ADD_TEST(s, errors_without_an_spi_are_believed_little);
	CU_ADD_TEST(s, an_unproven_error_must_be_about_what_we_send);
	CU_ADD_TEST(s, what_is_learned_holds_for_the_pair_and_is_forgotten);
	CU_ADD_TEST(s, the_last_spi_is_still_believed);
	CU_ADD_TEST(s, errors_about_packets_in_clear_are_forged);
	CU_ADD_TEST(s, unreachables_about_esp_are_owed);
	CU_ADD_TEST(s, the_kernels_refusal_of_esp_is_learned);
	CU_ADD_TEST(s, errors_about_carriers_are_relayed);
}
