/* SPDX-License-Identifier: ISC */
/*
 * Somebody on the path between two agents: repeats, alters and makes up packets.
 */
#include "common/wire/udp.h"
#include "tests/sim/world.h"

#include <string.h>

enum { ROOM = 256, TTL = 64, GRE_LEN = 4, TEST_PORT = 7777 };

static void bring(struct world *w, const uint8_t *bytes, size_t len)
{
	struct node *n = network_reached_by(w, ((const struct ipv4 *)bytes)->dst);

	if (n && n->core)
		network_inject(n, bytes, len);
}

static const struct overheard *some_overheard(struct world *w)
{
	uint64_t kept = w->overheard_count < OVERHEARD ? w->overheard_count : OVERHEARD;

	return kept ? &w->overheard[rng_below(&w->rng, (uint32_t)kept)] : NULL;
}

void world_replay_sealed(struct world *w)
{
	const struct overheard *o = some_overheard(w);

	if (o)
		bring(w, o->bytes, o->len);
}

void world_replay_altered(struct world *w)
{
	const struct overheard *o = some_overheard(w);
	const size_t head = IPV4_HEADER + UDP_HEADER;
	uint8_t bytes[FRAME_MAX];

	if (!o || o->len <= head)
		return;
	memcpy(bytes, o->bytes, o->len);
	bytes[head + rng_below(&w->rng, (uint32_t)(o->len - head))] ^=
		(uint8_t)(1u << rng_below(&w->rng, 8));
	bring(w, bytes, o->len);
}

/* What such a node and a correspondent would say to each other. */
static size_t make_inner(struct world *w, int to, int mn, uint8_t *bytes)
{
	static const uint8_t words[] = WORLD_WORDS;
	const struct in_addr node = world_home_of(mn);
	const struct in_addr other = w->node[CN].iface[0].addr.addr;
	const struct udp_packet udp = { .src = to == HA ? node : other,
					.dst = to == HA ? other : node,
					.src_port = TEST_PORT,
					.dst_port = TEST_PORT,
					.ttl = TTL,
					.payload = words,
					.len = sizeof(words) };

	return udp_build(bytes, ROOM, &udp, 7);
}

void world_forge_clear(struct world *w, int fa, int mn)
{
	static const uint8_t gre[GRE_LEN] = { 0, 0, 8, 0 };
	const struct in_addr ha = w->node[HA].config.ha.address;
	const int to = rng_below(&w->rng, 2) ? HA : fa;
	const size_t head = rng_below(&w->rng, 2) ? GRE_LEN : 0;
	const struct ipv4_fields outer = { .src = to == HA ? world_care_of(fa) : ha,
					   .dst = to == HA ? ha : world_care_of(fa),
					   .protocol = head ? PROTO_GRE : PROTO_IPIP,
					   .ttl = TTL };
	uint8_t bytes[2 * ROOM];
	size_t len;

	if (w->esp[fa - FA0].policy != PROTECT_REQUIRED)
		return; /* it might be taken, and rightly so */
	len = make_inner(w, to, mn, bytes + IPV4_HEADER + head);
	ipv4_build(bytes, &outer, head + len);
	memcpy(bytes + IPV4_HEADER, gre, head);
	bring(w, bytes, IPV4_HEADER + head + len);
}
