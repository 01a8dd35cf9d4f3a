/* SPDX-License-Identifier: ISC */
/*
 * How much fits into a tunnel in ESP and carriers, to the octet; what is cut, and
 * where; and what ICMP errors about ESP packets teach.
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

enum { PATH_MTU = 1500, WIDE = 1600 };

static struct tunnel *down_tunnel(struct esp_world *w)
{
	const struct tunnel_spec spec = { w->home.addr, w->home.peer, w->like.encap,
					  w->like.carrier };
	const struct outer_key key = tunnel_key(&spec);
	struct tunnel *t = fwd_by_outer(w->home.fwd, &key);

	CU_ASSERT_PTR_NOT_NULL_FATAL(t);
	return t;
}

static uint16_t inner_mtu(struct esp_world *w)
{
	struct tunnel *t = down_tunnel(w);

	return tunnel_inner_mtu(t, &t->encap, w->now.mono);
}

/* The size on the wire of one packet with DF of that size; 0: refused. */
static size_t size_on_wire(struct esp_world *w, size_t inner)
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

/* Every combination of tunnel, carrier and algorithm. */
struct combination {
	struct world_like like;
	bool esp;
	enum esp_algorithm algorithm;
};

static void each_combination(void (*check)(const struct combination *c))
{
	struct combination c = { .esp = true };

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
	c = (struct combination){ .esp = false };
	for (unsigned v = 0; v < ENCAP_VARIANTS; v++) {
		c.like.encap = encap_variant(v);
		c.like.carrier.kind = CARRIER_MIP;
		check(&c);
		c.like.carrier.kind = CARRIER_UDP;
		if (c.like.encap.kind == ENCAP_GRE)
			check(&c);
	}
}

static void open_combination(struct esp_world *w, const struct combination *c,
			     uint16_t mtu)
{
	struct world_like like = c->like;

	like.encap.mtu = mtu;
	world_open(w, &like);
	if (c->esp)
		world_keys(w, c->algorithm);
}

/* ---- exactly what fits ---- */

static void set_mtu(struct esp_world *w, uint16_t mtu)
{
	mtu_set_most(&protect_on_wire(down_tunnel(w)->path)->mtu, mtu);
}

/* That far on either side of what fits on a path of `mtu`. */
static void check_around(struct esp_world *w, uint16_t mtu, size_t far)
{
	uint16_t most;

	set_mtu(w, mtu);
	most = inner_mtu(w);
	for (size_t size = most - far; size <= most; size++)
		CU_ASSERT_TRUE(size_on_wire(w, size) - 1 < mtu);
	for (size_t size = most + 1u; size <= most + far; size++)
		CU_ASSERT_EQUAL(size_on_wire(w, size), 0);
	/* One octet more would indeed have been too much. */
	set_mtu(w, WIDE);
	CU_ASSERT_TRUE(size_on_wire(w, most + 1u) > mtu);
}

/* Every remainder by the blocks of the ciphers. */
static void check_exact(const struct combination *c)
{
	struct esp_world w;

	open_combination(&w, c, PATH_MTU);
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
	const struct combination c = { .like = { .encap = { .kind = ENCAP_GRE },
						 .policy = PROTECT_REQUIRED,
						 .esp = CARRIER_UDP },
				       .esp = true,
				       .algorithm = ESP_AES_128_CBC_SHA256 };
	struct icmp_message m;
	struct esp_world w;
	struct pkt *p;

	open_combination(&w, &c, PATH_MTU);
	world_outbound(&w, &w.home,
		       world_to_node(&w, &(struct packet_like){ .size = 1500,
								.fragment = IPV4_DF }));
	p = w.home.out.wire.first;
	CU_ASSERT_TRUE_FATAL(p && icmp_open(p->data, p->len, &m));
	CU_ASSERT_EQUAL(m.code, ICMP_CODE_TOO_BIG);
	CU_ASSERT_EQUAL(m.rest, inner_mtu(&w));
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
static void check_cut(const struct combination *c)
{
	struct esp_world w;

	/* Minimal encapsulation carries no fragments; below. */
	if (c->like.encap.kind == ENCAP_MINIMAL)
		return;
	open_combination(&w, c, PATH_MTU);
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
	const struct combination c = { .like = { .encap = { .kind = ENCAP_MINIMAL },
						 .policy = PROTECT_REQUIRED },
				       .esp = true };
	struct esp_world w;

	open_combination(&w, &c, PATH_MTU);
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
	struct combination c = { .like = { .encap = { .kind = ENCAP_MINIMAL },
					   .policy = PROTECT_REQUIRED },
				 .esp = true };

	for (unsigned a = 0; a < ESP_ALGORITHM_COUNT; a++) {
		struct esp_world w;

		c.algorithm = (enum esp_algorithm)a;
		open_combination(&w, &c, PATH_MTU);
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
	const struct combination c = {
		.like = { .policy = PROTECT_REQUIRED, .esp = CARRIER_UDP }, .esp = true
	};
	struct esp_world w;

	open_combination(&w, &c, 1300);
	w.home.fwd->pairs->out->tfc = 1024;
	for (size_t size = 28; size <= inner_mtu(&w); size++) {
		size_t len = size_on_wire(&w, size);

		CU_ASSERT_TRUE(len > 1000 && len <= 1300);
	}
	world_close(&w);
}

/* Less than every tunnel must carry: ESP packets are cut, if the inner one may be. */
static void on_the_narrowest_path_esp_packets_are_cut(void)
{
	const struct combination c = { .like = { .encap = { .kind = ENCAP_GRE },
						 .policy = PROTECT_REQUIRED,
						 .esp = CARRIER_UDP },
				       .esp = true,
				       .algorithm = ESP_AES_256_CBC_SHA256 };
	struct esp_world w;

	open_combination(&w, &c, 100);
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
	struct combination c = { .like = { .encap = { .kind = ENCAP_GRE,
						      .no_outer_df = true },
					   .policy = PROTECT_REQUIRED },
				 .esp = true };
	struct fwd_edit e = { .kind = FWD_BINDING_SET };
	struct esp_world w;

	open_combination(&w, &c, PATH_MTU);
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

/* ---- what is learned ---- */

enum { QUOTE_AT = IPV4_HEADER + 8 };

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
		struct combination c = { .like = { .encap = { .kind = ENCAP_GRE },
						   .policy = PROTECT_REQUIRED },
					 .esp = true };
		struct error_like like = { ICMP_CODE_TOO_BIG, 1000, 0, 0 };
		struct esp_world w;
		struct pkt *p;

		c.like.esp = row->udp ? CARRIER_UDP : CARRIER_NONE;
		open_combination(&w, &c, PATH_MTU);
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
		const struct combination c = { .like = { .encap = { .kind = ENCAP_GRE },
							 .policy = PROTECT_REQUIRED,
							 .esp = CARRIER_UDP },
					       .esp = true };
		const bool believed = row->learned != PATH_MTU;
		struct esp_world w;
		struct pkt *p;

		open_combination(&w, &c, PATH_MTU);
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
	const struct combination c = { .like = { .encap = { .kind = ENCAP_GRE },
						 .policy = PROTECT_REQUIRED,
						 .esp = CARRIER_UDP },
				       .esp = true };
	const struct packet_like large = { .size = 1420, .fragment = IPV4_DF };
	struct esp_world w;
	struct pkt *p;

	open_combination(&w, &c, PATH_MTU);
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
	const struct combination c = { .like = { .encap = { .kind = ENCAP_GRE },
						 .policy = PROTECT_REQUIRED },
				       .esp = true };
	struct esp_world w;
	struct pkt *p;
	uint16_t before;

	open_combination(&w, &c, PATH_MTU);
	before = inner_mtu(&w);
	p = on_wire(&w);
	too_big(&w, p, 1200, 28);
	CU_ASSERT_EQUAL(inner_mtu(&w), before - 300);
	CU_ASSERT_EQUAL(size_on_wire(&w, before - 299u), 0);
	w.now.mono = instant_add(w.now.mono, duration_s(MTU_FORGET_S));
	CU_ASSERT_EQUAL(inner_mtu(&w), before);
	pkt_give(&w.pool, p);
	world_close(&w);
}

/* What the old key sealed may still be on its way when the key changes. */
static void the_last_spi_is_still_believed(void)
{
	const struct combination c = { .like = { .encap = { .kind = ENCAP_GRE },
						 .policy = PROTECT_REQUIRED },
				       .esp = true };
	struct pkt *first, *second;
	struct esp_world w;

	open_combination(&w, &c, PATH_MTU);
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
	struct combination c = { .like = { .encap = { .kind = ENCAP_GRE } } };
	struct esp_world w;
	struct pkt *p;

	open_combination(&w, &c, PATH_MTU);
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
	const struct combination c = { .like = { .encap = { .kind = ENCAP_GRE },
						 .policy = PROTECT_REQUIRED },
				       .esp = true };
	const struct error_like unreachable = { ICMP_CODE_HOST, 0, 300, 0 };
	struct icmp_message m;
	struct esp_world w;
	struct pkt *p;

	open_combination(&w, &c, PATH_MTU);
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
	struct combination c = { .like = { .encap = { .kind = ENCAP_GRE },
					   .policy = PROTECT_REQUIRED },
				 .esp = true };

	for (unsigned udp = 0; udp < 2; udp++) {
		struct esp_world w;

		c.like.esp = udp ? CARRIER_UDP : CARRIER_NONE;
		open_combination(&w, &c, PATH_MTU);
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
		const struct combination c = {
			.like = { .encap = { .kind = rows[i].encap },
				  .carrier = { .kind = rows[i].kind } }
		};
		struct icmp_message m = { 0 };
		struct esp_world w;
		struct pkt *p;

		open_combination(&w, &c, PATH_MTU);
		p = on_wire(&w);
		too_big(&w, p, 1000, 500);
		CU_ASSERT_EQUAL(inner_mtu(&w), rows[i].told);
		CU_ASSERT_EQUAL_FATAL(w.home.out.wire.count, 1);
		CU_ASSERT_TRUE(icmp_open(w.home.out.wire.first->data,
					 w.home.out.wire.first->len, &m));
		CU_ASSERT_EQUAL(m.rest, rows[i].told);
		CU_ASSERT_EQUAL(m.dst.s_addr, addr_of("192.0.2.80").s_addr);
		pkt_give(&w.pool, p);
		world_close(&w);
	}
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
