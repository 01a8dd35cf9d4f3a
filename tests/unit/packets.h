/* SPDX-License-Identifier: ISC */
/*
 * Packets for tests of the tunnel core: made from a description or from hex, kept
 * in one pool that must be full again at the end.
 */
#ifndef TESTS_UNIT_PACKETS_H
#define TESTS_UNIT_PACKETS_H

#include "common/base/clock.h"
#include "common/tunnel/encap_ops.h"
#include "common/tunnel/pkt_vec.h"

#include "tests/unit/hex.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PACKETS_MAX = 512 };

/*
 * The pool of a suite that needs no other, for CU_add_suite(): closing it fails unless
 * every packet is back.
 */
int packets_open(void);
int packets_close(void);
struct pkt_pool *packets_pool(void);

/* What a packet is to be; zeros give a UDP packet of 40 octets, TTL 64. */
struct packet_like {
	const char *src, *dst; /* NULL: 192.0.2.80, 198.51.100.50 */
	uint8_t protocol;      /* 0: UDP */
	size_t size;           /* of the whole; 0: 40 */
	uint8_t ttl;           /* 0: 64 */
	bool ttl_zero;
	uint8_t tos;
	uint16_t fragment; /* DF, MF, offset: host order */
	size_t options;    /* octets of options, NOPs; a multiple of 4 */
};

struct in_addr addr_of(const char *text);
struct ipv4_prefix prefix_of(const char *addr, unsigned len);

/* Half a minute after nothing. */
struct now packets_now(void);

/* A packet of the pool as described; its payload counts up. */
struct pkt *packet_like(struct pkt_pool *pool, const struct packet_like *like);
struct pkt *packet_of_bytes(struct pkt_pool *pool, const void *bytes, size_t len);
struct pkt *packet_of_hex(struct pkt_pool *pool, const char *hex);

bool packet_is(const struct pkt *p, const void *bytes, size_t len);
bool packet_sound(const struct pkt *p);

/* A vector of one. */
struct pkt_vec vec_of(struct pkt *p);

void push_one(struct encap *e, struct pkt *p);
void pull_one(struct encap *e, struct pkt *p);

/* The nth packet of a queue, or NULL. */
struct pkt *queue_at(const struct pkt_queue *q, size_t n);

/* The counter of that name; fails the test when there is none. */
uint64_t counter_of(struct counter_set set, const char *name);
uint64_t counter_sum(struct counter_set set);

/* Every way to write a packet into a tunnel: kinds and GRE fields. */
enum { ENCAP_VARIANTS = 10 };
struct encap_spec encap_variant(unsigned n);
const char *encap_variant_name(unsigned n);

/* The golden packets of tests/vectors/tunnel.def. */
struct tunnel_vector {
	const char *name;
	enum encap_kind kind;
	const char *fields; /* C, K, S */
	uint32_t number;
	uint16_t id;
	const char *outer;
};

size_t tunnel_vectors(void);
const struct tunnel_vector *tunnel_vector(size_t n);
const char *tunnel_inner_hex(void); /* what is in all of them */
struct hex tunnel_inner(void);

/* The near end, 198.51.100.1, and the far end, 203.0.113.1, of one tunnel. */
struct tunnel_ends {
	struct encap near, far;
};

struct tunnel_ends tunnel_ends(const struct encap_spec *spec);
struct tunnel_ends vector_ends(const struct tunnel_vector *v);

#endif
