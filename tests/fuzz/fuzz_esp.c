/* SPDX-License-Identifier: ISC */
/*
 * One octet that says which association and how, then any bytes: as a packet of
 * protocol 50, as they are and with the header checksum made good; as the body of an
 * authentic one, from a peer that knows the key and means ill; or as the payload of a
 * tunnel, sealed and opened.
 *
 * What is dropped has a reason; what is not is sound.  Unless it is authentic nothing
 * moves the window, nothing is taken twice, and what lies behind the packet in its
 * buffer makes no difference.
 */
#include "common/tunnel/esp.h"

#include "common/base/bytes.h"

#include "tests/fuzz/fuzz.h"

#include <string.h>

enum { AS_IS, SEALED, AUTHENTIC, ROUND_TRIP, WAYS };
enum { POOL = 3, SPI = 0x01010101, BODY_MAX = 4096 };

/* How to use the bytes: of the first octet. */
struct plan {
	enum esp_algorithm algorithm;
	bool esn;
	unsigned way;
};

struct ends {
	struct esp_sa_out *out;
	struct esp_sa_in *in;
};

static struct pkt_pool *the_pool(void)
{
	static struct pkt_pool pool;

	if (!pool.packets)
		PROMISE(pkt_pool_init(&pool, POOL) == 0);
	return &pool;
}

static struct plan plan_of(uint8_t octet)
{
	return (struct plan){ .algorithm =
				      (enum esp_algorithm)(octet % ESP_ALGORITHM_COUNT),
			      .esn = octet / ESP_ALGORITHM_COUNT % 2,
			      .way = octet / ESP_ALGORITHM_COUNT / 2 % WAYS };
}

static struct ends open_ends(const struct plan *plan)
{
	uint8_t key[ESP_MATERIAL_MAX] = { 1, 2, 3 };
	const struct secret material = { key, esp_key_material_len(plan->algorithm) };
	struct esp_sa_spec spec = { .spi = SPI,
				    .local = { htonl(0xc6336401) },
				    .remote = { htonl(0xcb007101) },
				    .algorithm = plan->algorithm,
				    .material = &material,
				    .esn = plan->esn,
				    .window = 64,
				    .tfc = 100 };
	struct rng_seeded state;
	struct rng rng = rng_seeded_init(&state, 1);
	struct ends e;

	e.out = esp_sa_out_new(&spec, &rng);
	spec.remote = spec.local;
	spec.local = (struct in_addr){ htonl(0xcb007101) };
	e.in = esp_sa_in_new(&spec);
	PROMISE(e.out && e.in);
	return e;
}

static void close_ends(struct ends *e)
{
	esp_sa_out_free(e->out);
	esp_sa_in_free(e->in);
}

/* Behind the packet there is no end of `behind`. */
static struct pkt *packet(struct reader in, uint8_t behind)
{
	struct pkt *p = pkt_take(the_pool());

	PROMISE(p);
	p->len = reader_left(&in) < pkt_room(p) ? reader_left(&in) : pkt_room(p);
	if (p->len)
		memcpy(p->data, in.at, p->len);
	memset(p->data + p->len, behind, 128);
	return p;
}

/* A header of ours in front of the bytes. */
static void put_header(struct pkt *p, uint8_t protocol)
{
	const struct ipv4_fields fields = { .src = { htonl(0xc6336401) },
					    .dst = { htonl(0xcb007101) },
					    .protocol = protocol,
					    .ttl = 64 };
	size_t payload =
		p->len < IPV4_MAX - IPV4_HEADER ? p->len : IPV4_MAX - IPV4_HEADER;

	p->data -= IPV4_HEADER;
	p->len = payload + IPV4_HEADER;
	ipv4_build(p->data, &fields, payload);
}

static bool is_sound(const struct pkt *p)
{
	size_t total;

	return ipv4_check(p->data, p->len, &total) == IPV4_OK && total == p->len;
}

static void pull(struct esp_sa_in *sa, struct pkt *p)
{
	struct pkt_vec v = { .count = 1, .pkt = { p } };
	uint8_t protocol;

	esp_pull(sa, &v);
	if (p->drop)
		return;
	protocol = pkt_ipv4(p)->protocol;
	PROMISE(is_sound(p));
	PROMISE(protocol == PROTO_IPIP || protocol == PROTO_GRE ||
		protocol == PROTO_MINIMAL);
	PROMISE(pkt_ipv4(p)->src.s_addr == sa->remote.s_addr);
}

/* Bytes of a stranger: never authentic. */
static void hostile(struct ends *e, struct pkt *p, bool sealed)
{
	size_t header = p->len ? (p->data[0] & 15u) * 4 : 0;

	if (sealed && header >= IPV4_HEADER && header <= p->len) {
		pkt_ipv4(p)->protocol = PROTO_ESP;
		ipv4_seal(pkt_ipv4(p));
	}
	p->drop = pkt_check(p);
	pull(e->in, p);
	PROMISE(p->drop);
	PROMISE(e->in->window.top == 0 && e->in->counts.packets == 0);
}

/* Bytes of a peer as the body, cut to whole blocks. */
static void authentic(struct ends *e, struct pkt *p)
{
	const struct esp_algorithm_info *info = esp_algorithm_info(e->out->algorithm);
	size_t head = ESP_HEADER + info->iv_len, body = p->len;
	struct writer w;

	body = (body < BODY_MAX ? body : BODY_MAX) / info->block * info->block;
	p->data -= head;
	p->len = head + body + info->icv_len;
	w = writer_over(p->data, head);
	write_u32(&w, SPI);
	write_u32(&w, 1);
	PROMISE(esp_cipher_make_iv(e->out->cipher[0], 1, w.at) == 0);
	if (body)
		PROMISE(esp_cipher_seal(e->out->cipher[0], 1, p->data, p->len) == 0);
	put_header(p, PROTO_ESP);
	pull(e->in, p);
	PROMISE(e->in->window.top == (body ? 1 : 0));
}

static bool same(const struct pkt *a, const struct pkt *b)
{
	return a->len == b->len && memcmp(a->data, b->data, a->len) == 0;
}

/* What we seal comes out as it was, once. */
static void round_trip(struct ends *e, struct pkt *p)
{
	struct pkt_vec v = { .count = 1, .pkt = { p } };
	struct pkt *again, *before;

	put_header(p, PROTO_GRE);
	before = pkt_clone(the_pool(), p);
	PROMISE(before);
	esp_push(e->out, &v);
	if (p->drop) {
		PROMISE(p->drop == DROP_NO_ROOM);
		pkt_give(the_pool(), before);
		return;
	}
	PROMISE(is_sound(p));
	again = pkt_clone(the_pool(), p);
	pull(e->in, p);
	PROMISE(p->drop == DROP_NONE && same(p, before));
	pkt_give(the_pool(), before);
	pull(e->in, again);
	PROMISE(again->drop == DROP_ESP_REPLAY);
	pkt_give(the_pool(), again);
}

static uint64_t digest(const struct pkt *p)
{
	uint64_t sum = p->drop;

	for (size_t i = 0; !p->drop && i < p->len; i++)
		sum = sum * 31 + p->data[i];
	return sum;
}

static uint64_t run(const struct plan *plan, struct reader in, uint8_t behind)
{
	struct ends e = open_ends(plan);
	struct pkt *p = packet(in, behind);
	uint64_t sum;

	if (plan->way == AUTHENTIC)
		authentic(&e, p);
	else if (plan->way == ROUND_TRIP)
		round_trip(&e, p);
	else
		hostile(&e, p, plan->way == SEALED);
	sum = digest(p);
	pkt_give(the_pool(), p);
	PROMISE(the_pool()->used == 0);
	close_ends(&e);
	return sum;
}

void fuzz_esp(const uint8_t *data, size_t size)
{
	struct reader in = reader_over(data, size);
	const struct plan plan = plan_of(read_u8(&in));

	if (in.bad)
		return;
	PROMISE(run(&plan, in, 0x00) == run(&plan, in, 0xff));
}
