/* SPDX-License-Identifier: ISC */
/*
 * Every packet size from 20 to 9,000 octets through a whole protected tunnel and back
 * out, octet for octet: every algorithm by every engine that serves it, every mode,
 * every carrier; each algorithm, mode and carrier with numbers of 32 and of 64 bits.
 */
#include "common/security/esp_engine.h"
#include "common/tunnel/pipeline.h"
#include "common/wire/ipv4.h"

#include "tests/unit/esp_world.h"
#include "tests/unit/suites.h"

#include <CUnit/CUnit.h>

#include <stdio.h>
#include <string.h>

enum {
	SIZE_LEAST = IPV4_HEADER,
	SIZE_MOST = 9000,
	SIZES = SIZE_MOST - SIZE_LEAST + 1,
	JUMBO = 9216, /* of every link, what is put around the packet included */
};

static const struct mode {
	const char *name;
	enum encap_kind kind;
} modes[] = {
	{ "tunnel mode", ENCAP_IPIP },
	{ "GRE in transport mode", ENCAP_GRE },
};

static const struct carrier {
	const char *name;
	enum carrier_kind kind;
	uint8_t protocol; /* on the wire */
} carriers[] = {
	{ "raw", CARRIER_NONE, PROTO_ESP },
	{ "UDP", CARRIER_UDP, PROTO_UDP },
};

enum {
	MODES = sizeof(modes) / sizeof(modes[0]),
	CARRIERS = sizeof(carriers) / sizeof(carriers[0]),
};

/* One cell of the table; where it fails is told once. */
struct cell {
	const struct esp_engine *engine;
	enum esp_algorithm algorithm;
	const struct mode *mode;
	const struct carrier *carrier;
	bool esn;
};

static void expect(const struct cell *c, size_t size, bool good)
{
	char text[160];

	if (good)
		return;
	snprintf(text, sizeof(text), "%s by %s, %s, %s, %s: %zu octets",
		 esp_algorithm_info(c->algorithm)->name, c->engine->ops->name,
		 c->mode->name, c->carrier->name, c->esn ? "ESN" : "32 bits", size);
	CU_FAIL(text);
	printf("# %s\n", text);
}

static uint8_t payload[SIZE_MOST];

static int fill_payload(void)
{
	for (size_t i = 0; i < sizeof(payload); i++)
		payload[i] = (uint8_t)(i * 7 + i / 251);
	return 0;
}

static struct pkt *packet_of_size(struct esp_world *w, size_t size)
{
	struct pkt *p = world_to_node(
		w, &(struct packet_like){ .size = IPV4_HEADER, .tos = 0x28 });

	p->len = size;
	memcpy(p->data + IPV4_HEADER, payload, size - IPV4_HEADER);
	pkt_ipv4(p)->length = htons((uint16_t)size);
	ipv4_seal(pkt_ipv4(p));
	return p;
}

/* What came to the node is what was sent, but that a router passed it on. */
static bool is_as_sent(struct esp_world *w, struct pkt *got, size_t size)
{
	struct pkt *sent = packet_of_size(w, size);
	bool same;

	ipv4_set_ttl(pkt_ipv4(sent), pkt_ipv4(sent)->ttl - 1);
	same = packet_is(got, sent->data, sent->len);
	pkt_give(&w->pool, sent);
	return same;
}

static struct pkt_vec burst(struct esp_world *w, size_t from, size_t to)
{
	struct pkt_vec v = { .now = w->now };

	while (from < to)
		pkt_vec_add(&v, packet_of_size(w, from++));
	return v;
}

/* What is on the wire, as the peer reads it; nothing but ESP may be there. */
static struct pkt_vec wire_of(struct esp_world *w, const struct cell *c, size_t size)
{
	struct pkt_vec v = { .now = w->now };
	struct pkt *p;

	while (v.count < PKT_VEC_MAX && (p = pkt_queue_pop(&w->home.out.wire))) {
		expect(c, size + v.count,
		       pkt_ipv4(p)->protocol == c->carrier->protocol);
		pkt_vec_add(&v, p);
	}
	return v;
}

static void check_sizes(struct esp_world *w, const struct cell *c, size_t from,
			size_t to)
{
	struct pkt_vec v = burst(w, from, to);

	pipeline_outbound(w->home.pl, &v, &w->home.out);
	v = wire_of(w, c, from);
	pipeline_inbound(w->away.pl, &v, &w->away.out);
	for (size_t size = from; size < to; size++) {
		struct pkt *got = pkt_queue_pop(&w->away.out.link);

		expect(c, size, got && is_as_sent(w, got, size));
		pkt_give(&w->pool, got);
	}
	expect(c, to, w->home.out.wire.count + w->away.out.link.count == 0);
}

static void check_cell(const struct cell *c)
{
	const struct world_like like = { .encap = { .kind = c->mode->kind,
						    .mtu = JUMBO },
					 .policy = PROTECT_REQUIRED,
					 .esp = c->carrier->kind };
	struct esp_world w;

	world_open(&w, &like);
	w.link_mtu = JUMBO;
	w.home.engine = w.away.engine = c->engine;
	w.home.esn = w.away.esn = c->esn;
	world_key(&w, &w.home, &w.away, c->algorithm);
	for (size_t size = SIZE_LEAST; size <= SIZE_MOST; size += PKT_VEC_MAX) {
		size_t end = size + PKT_VEC_MAX;

		check_sizes(&w, c, size, end <= SIZE_MOST ? end : SIZE_MOST + 1);
	}
	CU_ASSERT_EQUAL(world_view(&w.home).out->counts.packets, SIZES);
	CU_ASSERT_EQUAL(world_view(&w.away).in[0]->counts.packets, SIZES);
	world_close(&w);
}

static void check_algorithm(const struct esp_engine *engine, enum esp_algorithm a)
{
	for (unsigned m = 0; m < MODES; m++)
		for (unsigned c = 0; c < CARRIERS; c++)
			check_cell(&(struct cell){ engine, a, &modes[m], &carriers[c],
						   (m + c) % 2 == 1 });
}

static void every_algorithm_mode_carrier_and_size(void)
{
	for (unsigned a = 0; a < ESP_ALGORITHM_COUNT; a++)
		check_algorithm(esp_openssl(), (enum esp_algorithm)a);
}

static void the_same_by_the_faster_engine(void)
{
	struct esp_engine fast;

	if (esp_engine_init(&fast, ESP_ENGINE_IPSEC_MB) == ESP_ENGINE_OK)
		for (unsigned a = 0; a < ESP_ALGORITHM_COUNT; a++)
			if (fast.ops->serves((enum esp_algorithm)a))
				check_algorithm(&fast, (enum esp_algorithm)a);
	esp_engine_fini(&fast);
}

void suite_esp_sizes(void)
{
	CU_pSuite s = CU_add_suite("esp_sizes", fill_payload, NULL);

	CU_ADD_TEST(s, every_algorithm_mode_carrier_and_size);
	CU_ADD_TEST(s, the_same_by_the_faster_engine);
}
