/* SPDX-License-Identifier: ISC */
/*
 * ICMP errors about packets that came in ESP (RFC 4301 6.2): back in ESP to whoever
 * sent the packet, so that path MTU discovery works and nobody else reads the quote.
 */
#include "common/wire/icmp.h"

#include "common/tunnel/esp.h"
#include "common/tunnel/pipeline_private.h"
#include "common/tunnel/protect_private.h"

#include "tests/unit/esp_world.h"
#include "tests/unit/suites.h"

#include <CUnit/CUnit.h>

static const struct world_like required = { .encap = { .kind = ENCAP_GRE },
					    .policy = PROTECT_REQUIRED };

/* What the foreign agent says of the packet, at the home agent's way out. */
static struct icmp_message answered(struct esp_world *w)
{
	struct icmp_message m = { .type = 255 };
	struct pkt *icmp;

	CU_ASSERT_EQUAL_FATAL(w->away.out.wire.count, 1);
	CU_ASSERT_EQUAL(pkt_ipv4(w->away.out.wire.first)->protocol, PROTO_ESP);
	world_carry(w, &w->away, &w->home);
	icmp = pkt_queue_pop(&w->home.out.kernel);
	CU_ASSERT_PTR_NOT_NULL_FATAL(icmp);
	CU_ASSERT_TRUE(icmp_open(icmp->data, icmp->len, &m));
	CU_ASSERT_EQUAL(m.src.s_addr, w->away.addr.s_addr);
	CU_ASSERT_EQUAL(m.dst.s_addr, addr_of("192.0.2.80").s_addr);
	pkt_give(&w->pool, icmp);
	world_clear(w);
	return m;
}

/* RFC 4301 6.2: it quotes the packet, so that it takes the way that the packet came. */
static void errors_about_what_came_in_esp_go_back_in_esp(void)
{
	struct icmp_message m;
	struct esp_world w;

	world_open(&w, &required);
	world_keys(&w, ESP_AES_128_GCM);
	w.link_mtu = 100;
	CU_ASSERT_FALSE(
		world_arrived(&w, world_down(&w, &(struct packet_like){ .ttl = 1 })));
	m = answered(&w);
	CU_ASSERT_EQUAL(m.type, ICMP_TIME_EXCEEDED_);
	CU_ASSERT_FALSE(world_arrived(
		&w, world_down(&w, &(struct packet_like){ .size = 400,
							  .fragment = IPV4_DF })));
	m = answered(&w);
	CU_ASSERT(m.type == ICMP_UNREACHABLE && m.code == ICMP_CODE_TOO_BIG);
	CU_ASSERT_EQUAL(m.rest, 100);
	CU_ASSERT_EQUAL(world_drops(&w.away, "ttl-expired"), 1);
	CU_ASSERT_EQUAL(world_drops(&w.away, "too-big"), 1);
	world_close(&w);
}

/* It would go in clear, whatever the policy lets. */
static void without_an_association_nobody_hears_of_it(void)
{
	struct world_like like = required;
	struct esp_world w;

	for (unsigned preferred = 0; preferred < 2; preferred++) {
		like.policy = preferred ? PROTECT_PREFERRED : PROTECT_REQUIRED;
		world_open(&w, &like);
		(void)world_key(&w, &w.home, &w.away, ESP_AES_128_GCM);
		CU_ASSERT_FALSE(world_arrived(
			&w, world_down(&w, &(struct packet_like){ .ttl = 1 })));
		CU_ASSERT_EQUAL(world_drops(&w.away, "ttl-expired"), 1);
		CU_ASSERT_EQUAL(w.away.out.wire.count, 0);
		world_close(&w);
	}
}

/* An error by `teller` about a packet `from` to `to`. */
static struct pkt *error_about(struct esp_world *w, const char *from, const char *to,
			       struct in_addr teller, uint8_t type)
{
	const struct packet_like like = { .src = from, .dst = to };
	struct pkt *about = packet_like(&w->pool, &like), *icmp = pkt_take(&w->pool);

	icmp->len = icmp_error_build(icmp->data, pkt_room(icmp), teller, type, 0, 0,
				     about->data, about->len);
	CU_ASSERT_NOT_EQUAL_FATAL(icmp->len, 0);
	pkt_give(&w->pool, about);
	return icmp;
}

/* Out of the tunnel at the home agent; in ESP or, if its policy lets it, in clear. */
static void from_the_tunnel(struct esp_world *w, struct pkt *p, bool in_esp)
{
	struct tunnel_ends ends = tunnel_ends(&w->like.encap);
	struct pkt_vec v = vec_of(p);

	encap_push(&ends.far, &v);
	if (in_esp)
		esp_push(w->away.fwd->pairs->out, &v);
	world_inbound(w, &w->home, v.pkt[0]);
}

/* RFC 4301 6.2: what it quotes must have gone into this tunnel; who says it is free. */
static void errors_come_out_for_what_went_in(void)
{
	static const struct {
		const char *from, *to, *teller;
		uint8_t type;
		bool passes;
	} rows[] = {
		{ "192.0.2.80", "198.51.100.50", "203.0.113.1", 3, true },
		{ "192.0.2.80", "198.51.100.50", "203.0.113.77", 11, true },
		{ "192.0.2.80", "198.51.100.50", "203.0.113.1", 5, false },
		{ "192.0.2.80", "198.51.100.51", "203.0.113.1", 3, false },
		{ "192.0.2.80", "192.0.2.81", "203.0.113.1", 3, false },
		{ "10.8.0.1", "10.9.0.1", "203.0.113.1", 3, true },
		{ "10.7.0.1", "10.9.0.1", "203.0.113.1", 3, false },
	};
	struct esp_world w;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		world_open(&w, &required);
		world_keys(&w, ESP_AES_128_GCM);
		from_the_tunnel(&w,
				error_about(&w, rows[i].from, rows[i].to,
					    addr_of(rows[i].teller), rows[i].type),
				true);
		CU_ASSERT_EQUAL(w.home.out.kernel.count, rows[i].passes);
		CU_ASSERT_EQUAL(world_drops(&w.home, "spoofed"), !rows[i].passes);
		world_close(&w);
	}
}

/* Anybody could have sent it. */
static void errors_that_came_in_clear_do_not_come_out(void)
{
	struct world_like like = required;
	struct esp_world w;

	like.policy = PROTECT_PREFERRED;
	world_open(&w, &like);
	from_the_tunnel(&w,
			error_about(&w, "192.0.2.80", "198.51.100.50", w.away.addr, 3),
			false);
	CU_ASSERT_EQUAL(world_drops(&w.home, "spoofed"), 1);
	world_close(&w);
}

/* A gateway's own error, from an address of the gateway that is not its site's. */
static void errors_about_site_packets_go_back_too(void)
{
	struct esp_world w;

	for (unsigned fits = 0; fits < 2; fits++) {
		world_open(&w, &required);
		world_keys(&w, ESP_AES_128_GCM);
		world_outbound(&w, &w.home,
			       error_about(&w, "10.9.0.1",
					   fits ? "10.8.0.1" : "10.7.0.1", w.home.addr,
					   3));
		CU_ASSERT_EQUAL(w.home.out.wire.count, fits);
		world_carry(&w, &w.home, &w.away);
		CU_ASSERT_EQUAL(w.away.out.kernel.count, fits);
		world_close(&w);
	}
}

void suite_esp_errors(void)
{
	CU_pSuite s = CU_add_suite("esp_errors", NULL, NULL);

	CU_ADD_TEST(s, errors_about_what_came_in_esp_go_back_in_esp);
	CU_ADD_TEST(s, without_an_association_nobody_hears_of_it);
	CU_ADD_TEST(s, errors_come_out_for_what_went_in);
	CU_ADD_TEST(s, errors_that_came_in_clear_do_not_come_out);
	CU_ADD_TEST(s, errors_about_site_packets_go_back_too);
}
