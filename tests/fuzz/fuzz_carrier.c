/* SPDX-License-Identifier: ISC */
/*
 * One octet that says how, then any bytes: as a whole IPv4 packet with its header
 * checksum made good, or as what comes to one of the ports of UDP carriers; through
 * the carriers alone, and through a pipeline that requires ESP of its peers; as an
 * ICMP error to it; or as the payload of a tunnel, put into a carrier and taken out.
 *
 * What is dropped has a reason; what is not is sound, and goes in and out of the
 * carrier as it is. Where ESP is required nothing comes out. What lies behind the
 * packet in its buffer makes no difference.
 */
#include "common/tunnel/encap_udp.h"

#include "common/base/bytes.h"
#include "common/tunnel/pipeline.h"
#include "common/tunnel/protect.h"
#include "common/wire/udp.h"

#include "tests/fuzz/fuzz.h"

#include <arpa/inet.h>
#include <string.h>

enum { WHOLE, TO_ESP, TO_GRE, TO_MIP, AS_ICMP, ROUND_TRIP, WAYS };
enum { POOL = 128, TAIL = 64 };

static const char *const us = "198.51.100.1";
static const char *const peer = "203.0.113.1";

static struct in_addr addr(const char *text)
{
	struct in_addr a;

	PROMISE(inet_pton(AF_INET, text, &a) == 1);
	return a;
}

/* One pool for all runs: it is empty between them. */
static struct pkt_pool *the_pool(void)
{
	static struct pkt_pool pool;

	if (!pool.packets)
		PROMISE(pkt_pool_init(&pool, POOL) == 0);
	return &pool;
}

static bool is_sound(const struct pkt *p)
{
	size_t total;

	return ipv4_check(p->data, p->len, &total) == IPV4_OK && total == p->len;
}

/* ---- packets ---- */

static void fill(struct pkt *p, struct reader in, size_t room)
{
	p->len = reader_left(&in) < room ? reader_left(&in) : room;
	if (p->len)
		memcpy(p->data, in.at, p->len);
}

static struct pkt *whole(struct reader in)
{
	struct pkt *p = pkt_take(the_pool());
	size_t header;

	PROMISE(p);
	fill(p, in, pkt_room(p) - TAIL);
	header = p->len ? (p->data[0] & 15u) * 4 : 0;
	if (header >= IPV4_HEADER && header <= p->len)
		ipv4_seal(pkt_ipv4(p));
	return p;
}

/* With no checksum, so that the bytes get further. */
static struct pkt *to_port(struct reader in, uint16_t port)
{
	const size_t most = IPV4_MAX - IPV4_HEADER - UDP_HEADER - TAIL;
	struct ipv4_fields f = {
		.src = addr(peer), .dst = addr(us), .protocol = PROTO_UDP, .ttl = 9
	};
	struct pkt *p = pkt_take(the_pool());
	size_t len;
	struct writer w;

	PROMISE(p);
	fill(p, in, most);
	len = UDP_HEADER + p->len;
	PROMISE(pkt_push(p, IPV4_HEADER + UDP_HEADER));
	ipv4_build(p->data, &f, len);
	w = writer_over(p->data + IPV4_HEADER, UDP_HEADER);
	write_u16(&w, CARRIER_PORT_MIP);
	write_u16(&w, port);
	write_u16(&w, (uint16_t)len);
	write_u16(&w, 0);
	return p;
}

static struct pkt *packet(uint8_t way, struct reader in, uint8_t behind)
{
	static const uint16_t ports[] = { CARRIER_PORT_ESP, CARRIER_PORT_GRE,
					  CARRIER_PORT_MIP };
	struct pkt *p = way >= TO_ESP && way <= TO_MIP
				? to_port(in, ports[way - TO_ESP])
				: whole(in);

	memset(p->data + p->len, behind, TAIL);
	return p;
}

/* ---- through the carriers ---- */

static void check_pulled(const struct pkt *p)
{
	uint8_t protocol = pkt_ipv4_of(p)->protocol;

	PROMISE(is_sound(p));
	PROMISE(p->carrier == CARRIER_MIP
			? protocol == PROTO_IPIP || protocol == PROTO_GRE ||
				  protocol == PROTO_MINIMAL
			: protocol == PROTO_ESP || protocol == PROTO_GRE);
}

/* Out of a carrier, into one of its kind, and out again. */
static void check_again(struct pkt *p)
{
	const struct carrier_ports ports = carrier_ports((struct carrier_ports){ 0 });
	const struct carrier_spec spec = { .kind = p->carrier };
	struct pkt *before = pkt_clone(the_pool(), p);
	struct pkt_vec v = { .count = 0 };

	PROMISE(before);
	pkt_vec_add(&v, p);
	carrier_push(&spec, &v);
	carrier_complete(p);
	PROMISE(p->drop || is_sound(p));
	carrier_pull(&ports, &v);
	/* An SPI of 0 was refused before, so only a packet too large is dropped. */
	PROMISE(p->drop ||
		(p->len == before->len && memcmp(p->data, before->data, p->len) == 0));
	pkt_give(the_pool(), before);
}

static void through_carriers(uint8_t way, struct reader in)
{
	const struct carrier_ports ports = carrier_ports((struct carrier_ports){ 0 });
	struct pkt_vec v = { .count = 0 };
	struct pkt *p = packet(way, in, 0);

	p->drop = pkt_check(p);
	pkt_vec_add(&v, p);
	carrier_pull(&ports, &v);
	if (!p->drop && p->carrier != CARRIER_NONE) {
		check_pulled(p);
		check_again(p);
	}
	pkt_vec_give(the_pool(), &v);
}

/* The bytes as the payload of a tunnel. */
static void round_trip(struct reader in)
{
	static const struct {
		enum carrier_kind kind;
		uint8_t protocol;
	} carried[] = { { CARRIER_UDP, PROTO_GRE },
			{ CARRIER_MIP, PROTO_IPIP },
			{ CARRIER_MIP, PROTO_MINIMAL } };
	struct ipv4_fields f = { .src = addr(us), .dst = addr(peer), .ttl = 64 };

	for (unsigned i = 0; i < sizeof(carried) / sizeof(carried[0]); i++) {
		struct pkt *p = pkt_take(the_pool());

		PROMISE(p);
		fill(p, in, IPV4_MAX - IPV4_HEADER);
		f.protocol = carried[i].protocol;
		PROMISE(pkt_push(p, IPV4_HEADER));
		ipv4_build(p->data, &f, p->len - IPV4_HEADER);
		p->carrier = (uint8_t)carried[i].kind;
		check_again(p);
		pkt_give(the_pool(), p);
	}
}

/* ---- through a pipeline ---- */

struct world {
	struct fwd *fwd;
	struct pipeline *pl;
	struct pipeline_out out;
};

static void add_sa(struct world *w, uint32_t spi)
{
	uint8_t key[ESP_MATERIAL_MAX] = { 7 };
	const struct secret material = { key, esp_key_material_len(ESP_AES_128_GCM) };
	const struct esp_sa_spec spec = { .spi = spi,
					  .local = addr(us),
					  .remote = addr(peer),
					  .algorithm = ESP_AES_128_GCM,
					  .material = &material,
					  .window = 64 };

	PROMISE(fwd_sa_in_add(w->fwd, &spec) == 0);
}

static void open_world(struct world *w)
{
	const struct pipeline_config config = { .pool = the_pool() };
	const struct protect_spec protect = { .local = addr(us),
					      .remote = addr(peer),
					      .policy = PROTECT_REQUIRED,
					      .carrier = { .kind = CARRIER_UDP } };
	static const struct carrier_spec carriers[] = { { .kind = CARRIER_NONE },
							{ .kind = CARRIER_MIP } };

	memset(w, 0, sizeof(*w));
	w->fwd = fwd_new(8, 8);
	w->pl = pipeline_new(w->fwd, &config);
	PROMISE(w->fwd && w->pl);
	for (unsigned i = 0; i < 6; i++) {
		struct fwd_edit e = { .kind = FWD_BINDING_SET, .reverse = true };

		e.home.s_addr = htonl(0x0a000001);
		e.tunnel = (struct tunnel_spec){
			.local = addr(us),
			.remote = addr(peer),
			.encap = { .kind = (enum encap_kind)(i % ENCAP_KIND_COUNT) },
			.carrier = carriers[i % 2]
		};
		PROMISE(fwd_apply(w->fwd, &e) == 0);
	}
	PROMISE(fwd_protect_set(w->fwd, &protect) == 0);
	add_sa(w, 0x01010101);
}

static uint64_t counters(struct counter_set set)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < set.count; i++)
		sum = sum * 31 + set.values[i];
	return sum;
}

static void close_world(struct world *w)
{
	pipeline_out_give(w->pl, &w->out);
	pipeline_free(w->pl);
	fwd_free(w->fwd);
	PROMISE(the_pool()->used == 0);
}

static uint64_t through_pipeline(uint8_t way, struct reader in, uint8_t behind)
{
	struct pkt_vec v = { .now = { .mono = { INT64_C(5000000000) } } };
	struct world w;
	uint64_t sum;

	open_world(&w);
	pkt_vec_add(&v, packet(way, in, behind));
	if (way == AS_ICMP)
		pipeline_icmp(w.pl, &v, &w.out);
	else
		pipeline_inbound(w.pl, &v, &w.out);
	PROMISE(v.count == 0);
	/* Nobody knows the key. */
	PROMISE(w.out.wire.count + w.out.kernel.count + w.out.link.count == 0);
	sum = counters(pipeline_drops(w.pl)) + counters(pipeline_packets(w.pl));
	close_world(&w);
	return sum;
}

void fuzz_carrier(const uint8_t *data, size_t size)
{
	struct reader in = reader_over(data, size);
	uint8_t way = read_u8(&in) % WAYS;

	if (in.bad)
		return;
	if (way == ROUND_TRIP) {
		round_trip(in);
		return;
	}
	through_carriers(way, in);
	PROMISE(through_pipeline(way, in, 0x00) == through_pipeline(way, in, 0xff));
}
