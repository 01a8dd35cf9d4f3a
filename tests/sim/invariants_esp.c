/* SPDX-License-Identifier: ISC */
/*
 * What must hold of ESP between agents, judged by what is on the wire and by the keys
 * that were handed out, over the whole life of a world and of all who died in it:
 *
 *  - where ESP is required nothing but ESP and registrations goes between the two
 *    ends, and nothing that an application said can be read in it;
 *  - no key seals two packets with one nonce;
 *  - what comes out of a packet was sealed by the peer, exactly so, and comes once.
 */
#define _GNU_SOURCE
#include "common/base/hashmap.h"
#include "common/wire/mip_msg.h"
#include "common/wire/udp.h"
#include "tests/sim/world.h"

#include <stdlib.h>
#include <string.h>

/* The key that a node has for an SPI. */
struct held_key {
	struct {
		int node;
		uint32_t spi;
		bool sends;
	} id;
	enum esp_algorithm algorithm;
	uint8_t bytes[ESP_MATERIAL_MAX];
	UT_hash_handle hh;
};

/* A packet that was sealed: by what key and nonce, what it was, was it taken. */
struct sealed {
	struct {
		uint8_t key[ESP_MATERIAL_MAX];
		uint8_t iv[ESP_IV_MAX];
	} id;
	uint64_t digest;
	bool taken;
	UT_hash_handle hh;
};

static struct held_key *held(struct world *w, int node, uint32_t spi, bool sends)
{
	struct held_key want, *k;

	memset(&want, 0, sizeof(want));
	want.id.node = node;
	want.id.spi = spi;
	want.id.sends = sends;
	HASH_FIND(hh, w->held, &want.id, sizeof(want.id), k);
	return k;
}

static void hold(struct node *n, const struct keying_sa *sa, bool sends)
{
	struct world *w = n->w;
	struct held_key *k = held(w, n->id, sa->spi, sends);

	if (!k) {
		k = calloc(1, sizeof(*k));
		if (!k)
			abort();
		k->id.node = n->id;
		k->id.spi = sa->spi;
		k->id.sends = sends;
		HASH_ADD(hh, w->held, id, sizeof(k->id), k);
	}
	k->algorithm = sa->algorithm;
	memset(k->bytes, 0, sizeof(k->bytes));
	memcpy(k->bytes, sa->material.bytes, sa->material.len);
}

void invariant_sends_by(struct node *n, const struct keying_sa *sa)
{
	hold(n, sa, true);
}

void invariant_receives_by(struct node *n, const struct keying_sa *sa)
{
	hold(n, sa, false);
}

/* ESP as it is on the wire, without what it travels in. */

struct esp_view {
	const uint8_t *bytes;
	size_t len;
	uint32_t spi;
};

static bool is_esp_port(const uint8_t *udp)
{
	struct reader r = reader_over(udp, UDP_HEADER);
	uint16_t src = read_u16(&r), dst = read_u16(&r);

	return src == CARRIER_PORT_ESP && dst == CARRIER_PORT_ESP;
}

static bool open_esp(const uint8_t *bytes, size_t len, struct esp_view *out)
{
	const struct ipv4 *ip = (const struct ipv4 *)bytes;
	size_t head = ipv4_header_len(ip);
	struct reader r;

	if (ip->protocol == PROTO_UDP && len >= head + UDP_HEADER &&
	    is_esp_port(bytes + head))
		head += UDP_HEADER;
	else if (ip->protocol != PROTO_ESP)
		return false;
	r = reader_over(bytes + head, len - head);
	*out = (struct esp_view){ bytes + head, len - head, read_u32(&r) };
	return true;
}

bool esp_is_sealed(const uint8_t *bytes, size_t len)
{
	struct esp_view v;

	return open_esp(bytes, len, &v);
}

static uint64_t digest_of(const struct esp_view *v)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < v->len; i++)
		h = (h ^ v->bytes[i]) * UINT64_C(0x100000001b3);
	return h;
}

/* The packet that was sealed by that key and the nonce in this one; or NULL. */
static struct sealed *find_sealed(struct world *w, const struct held_key *k,
				  const struct esp_view *v, struct sealed *like)
{
	const size_t iv = esp_algorithm_info(k->algorithm)->iv_len;
	struct sealed *found;

	memset(like, 0, sizeof(*like));
	memcpy(like->id.key, k->bytes, sizeof(like->id.key));
	if (v->len < ESP_HEADER + iv)
		return NULL;
	memcpy(like->id.iv, v->bytes + ESP_HEADER, iv);
	HASH_FIND(hh, w->sealed, &like->id, sizeof(like->id), found);
	return found;
}

static void remember_sealed(struct world *w, const struct sealed *like,
			    const struct esp_view *v)
{
	struct sealed *s = malloc(sizeof(*s));

	if (!s)
		abort();
	*s = *like;
	s->digest = digest_of(v);
	HASH_ADD(hh, w->sealed, id, sizeof(s->id), s);
	w->sealed_count++;
}

/* What leaves. */

static bool is_registration(const uint8_t *bytes, size_t len)
{
	struct udp_packet udp;
	uint8_t type;

	if (udp_open(bytes, len, false, &udp) != UDP_OK ||
	    (udp.src_port != MIP_PORT && udp.dst_port != MIP_PORT))
		return false;
	type = mip_message_type(reader_over(udp.payload, udp.len));
	return type == MIP_TYPE_REQUEST || type == MIP_TYPE_REPLY;
}

/* The setup of the two ends that a packet names, if there is one. */
static const struct esp_setup *between(const struct world *w, const uint8_t *bytes)
{
	const struct ipv4 *ip = (const struct ipv4 *)bytes;
	const in_addr_t ha = w->node[HA].config.ha.address.s_addr;

	for (int fa = FA0; fa < ROUTER; fa++) {
		const in_addr_t care_of = world_care_of(fa).s_addr;

		if ((ip->src.s_addr == ha && ip->dst.s_addr == care_of) ||
		    (ip->src.s_addr == care_of && ip->dst.s_addr == ha))
			return &w->esp[fa - FA0];
	}
	return NULL;
}

static void check_clear(struct node *n, const uint8_t *bytes, size_t len)
{
	const struct esp_setup *s = between(n->w, bytes);

	if (!s || s->policy != PROTECT_REQUIRED)
		return;
	if (memmem(bytes, len, WORLD_WORDS, sizeof(WORLD_WORDS) - 1))
		world_break(n->w, "%s sends words that can be read", n->name);
	else if (!esp_is_sealed(bytes, len) && !is_registration(bytes, len))
		world_break(n->w, "%s sends in clear where ESP is required", n->name);
}

static void keep_for_attacks(struct world *w, const uint8_t *bytes, size_t len)
{
	struct overheard *o = &w->overheard[w->overheard_count++ % OVERHEARD];

	o->len = len;
	memcpy(o->bytes, bytes, len);
}

void invariant_leaves(struct node *n, const uint8_t *bytes, size_t len)
{
	struct world *w = n->w;
	const struct held_key *k;
	struct sealed like;
	struct esp_view v;

	check_clear(n, bytes, len);
	if (!open_esp(bytes, len, &v))
		return;
	k = held(w, n->id, v.spi, true);
	if (!k)
		world_break(w, "%s seals by a key that nobody gave it", n->name);
	else if (find_sealed(w, k, &v, &like))
		world_break(w, "%s seals by one key and nonce twice", n->name);
	else
		remember_sealed(w, &like, &v);
	keep_for_attacks(w, bytes, len);
}

/* What is taken. */

static void check_taken(struct node *n, const struct held_key *k,
			const struct esp_view *v)
{
	struct sealed like, *s = find_sealed(n->w, k, v, &like);

	if (!s)
		world_break(n->w, "%s takes what nobody has sealed", n->name);
	else if (s->digest != digest_of(v))
		world_break(n->w, "%s takes what was altered", n->name);
	else if (s->taken)
		world_break(n->w, "%s takes a packet twice", n->name);
	else
		s->taken = true;
}

void invariant_taken(struct node *n, const uint8_t *bytes, size_t len)
{
	const struct esp_setup *s = between(n->w, bytes);
	const struct held_key *k;
	struct esp_view v;

	if (open_esp(bytes, len, &v)) {
		k = held(n->w, n->id, v.spi, false);
		if (k)
			check_taken(n, k, &v);
		else
			world_break(n->w, "%s takes by a key that it never had",
				    n->name);
	} else if (s && s->policy == PROTECT_REQUIRED) {
		world_break(n->w, "%s takes in clear what ESP is required for",
			    n->name);
	}
}

void invariants_esp_fini(struct world *w)
{
	struct held_key *k, *next_key;
	struct sealed *s, *next;

	HASH_ITER(hh, w->held, k, next_key) {
		HASH_DELETE(hh, w->held, k);
		free(k);
	}
	HASH_ITER(hh, w->sealed, s, next) {
		HASH_DELETE(hh, w->sealed, s);
		free(s);
	}
}
