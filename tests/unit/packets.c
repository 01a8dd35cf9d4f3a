/* SPDX-License-Identifier: ISC */
/* Packets for tests of the tunnel core. */
#include "tests/unit/packets.h"

#include <CUnit/CUnit.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

static struct pkt_pool suite_pool;

int packets_open(void)
{
	return pkt_pool_init(&suite_pool, PACKETS_MAX);
}

int packets_close(void)
{
	size_t used = suite_pool.used;

	pkt_pool_fini(&suite_pool);
	return used != 0;
}

struct pkt_pool *packets_pool(void)
{
	return &suite_pool;
}

struct in_addr addr_of(const char *text)
{
	struct in_addr a = { 0 };

	CU_ASSERT_FATAL(inet_pton(AF_INET, text, &a) == 1);
	return a;
}

struct ipv4_prefix prefix_of(const char *addr, unsigned len)
{
	return (struct ipv4_prefix){ .addr = addr_of(addr), .len = (uint8_t)len };
}

struct now packets_now(void)
{
	return (struct now){ .mono = { 30 * INT64_C(1000000000) } };
}

static void write_header(struct pkt *p, const struct packet_like *like)
{
	struct ipv4 *ip = pkt_ipv4(p);

	ipv4_build(p->data,
		   &(struct ipv4_fields){
			   .src = addr_of(like->src ? like->src : "192.0.2.80"),
			   .dst = addr_of(like->dst ? like->dst : "198.51.100.50"),
			   .protocol = like->protocol ? like->protocol : PROTO_UDP,
			   .ttl = like->ttl_zero ? 0 : (like->ttl ? like->ttl : 64),
			   .tos = like->tos,
			   .id = 0x1234,
		   },
		   p->len - IPV4_HEADER);
	ip->version_ihl = (uint8_t)(4 << 4 | (IPV4_HEADER + like->options) / 4);
	ip->fragment = htons(like->fragment);
	memset(p->data + IPV4_HEADER, 1, like->options);
	ipv4_seal(ip);
}

struct pkt *packet_like(struct pkt_pool *pool, const struct packet_like *like)
{
	struct pkt *p = pkt_take(pool);

	CU_ASSERT_FATAL(p != NULL);
	p->len = like->size ? like->size : 40;
	for (size_t i = 0; i < p->len; i++)
		p->data[i] = (uint8_t)(i * 7 + i / 251);
	write_header(p, like);
	return p;
}

struct pkt *packet_of_bytes(struct pkt_pool *pool, const void *bytes, size_t len)
{
	struct pkt *p = pkt_take(pool);

	CU_ASSERT_FATAL(p != NULL && len <= pkt_room(p));
	memcpy(p->data, bytes, len);
	p->len = len;
	return p;
}

struct pkt *packet_of_hex(struct pkt_pool *pool, const char *hex)
{
	struct hex h = hex_of(hex);

	return packet_of_bytes(pool, h.bytes, h.len);
}

bool packet_is(const struct pkt *p, const void *bytes, size_t len)
{
	return p->len == len && memcmp(p->data, bytes, len) == 0;
}

bool packet_sound(const struct pkt *p)
{
	size_t total;

	return ipv4_check(p->data, p->len, &total) == IPV4_OK && total == p->len;
}

struct pkt_vec vec_of(struct pkt *p)
{
	struct pkt_vec v = { .now = packets_now(), .count = 0 };

	pkt_vec_add(&v, p);
	return v;
}

void push_one(struct encap *e, struct pkt *p)
{
	struct pkt_vec v = vec_of(p);

	encap_push(e, &v);
}

void pull_one(struct encap *e, struct pkt *p)
{
	struct pkt_vec v = vec_of(p);

	encap_pull(e, &v);
}

struct pkt *queue_at(const struct pkt_queue *q, size_t n)
{
	struct pkt *p = q->first;

	while (p && n-- > 0)
		p = p->next;
	return p;
}

uint64_t counter_of(struct counter_set set, const char *name)
{
	for (size_t i = 0; i < set.count; i++)
		if (strcmp(set.rows[i].name, name) == 0)
			return set.values[i];
	CU_FAIL("no such counter");
	return 0;
}

uint64_t counter_sum(struct counter_set set)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < set.count; i++)
		sum += set.values[i];
	return sum;
}

/* 0 and 1 are IP-in-IP and minimal; the others GRE, its fields as bits. */
struct encap_spec encap_variant(unsigned n)
{
	unsigned fields = n - 2;

	if (n < 2)
		return (struct encap_spec){ .kind = n ? ENCAP_MINIMAL : ENCAP_IPIP };
	return (struct encap_spec){ .kind = ENCAP_GRE,
				    .gre_checksum = fields & 4,
				    .gre_key = fields & 2,
				    .gre_sequence = fields & 1,
				    .gre_key_in = 0xa01,
				    .gre_key_out = 0xa01 };
}

const char *encap_variant_name(unsigned n)
{
	static const char *const names[ENCAP_VARIANTS] = {
		"ipip",   "minimal", "gre",    "gre S",  "gre K",
		"gre KS", "gre C",   "gre CS", "gre CK", "gre CKS"
	};

	return names[n];
}

static const struct tunnel_vector golden[] = {
#define TUNNEL(name, kind, fields, number, id, outer) \
	{ name, kind, fields, number, id, outer },
#include "tests/vectors/tunnel.def"
#undef TUNNEL
};

size_t tunnel_vectors(void)
{
	return sizeof(golden) / sizeof(golden[0]);
}

const struct tunnel_vector *tunnel_vector(size_t n)
{
	return &golden[n];
}

const char *tunnel_inner_hex(void)
{
	return "45000028000100003f118f0ec0000250c633643213881770001467e768656c6c6f206d"
	       "6f62696c65";
}

struct hex tunnel_inner(void)
{
	return hex_of(tunnel_inner_hex());
}

struct tunnel_ends tunnel_ends(const struct encap_spec *spec)
{
	struct tunnel_ends e;

	encap_init(&e.near, addr_of("198.51.100.1"), addr_of("203.0.113.1"), spec);
	encap_init(&e.far, addr_of("203.0.113.1"), addr_of("198.51.100.1"), spec);
	return e;
}

struct tunnel_ends vector_ends(const struct tunnel_vector *v)
{
	struct encap_spec spec = { .kind = v->kind,
				   .gre_checksum = strchr(v->fields, 'C') != NULL,
				   .gre_key = strchr(v->fields, 'K') != NULL,
				   .gre_sequence = strchr(v->fields, 'S') != NULL,
				   .gre_key_in = 0x0a01,
				   .gre_key_out = 0x0a01,
				   .no_outer_df = true };
	struct tunnel_ends e = tunnel_ends(&spec);

	e.near.outer.next_id = v->id;
	e.near.sequence.next_out = v->number;
	return e;
}
