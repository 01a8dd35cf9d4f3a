/* SPDX-License-Identifier: ISC */
/*
 * Questions that all three programs ask of their configuration.
 */
#include "common/agent/config.h"
#include "common/wire/mip_msg.h"

#include <errno.h>
#include <stdlib.h>

enum { ESP_PORT = 4500 }; /* of UDP (RFC 3948 2) */

static int by_addr(const void *a, const void *b)
{
	const struct peer_config *const *x = a, *const *y = b;
	uint32_t ax = ntohl((*x)->addr.s_addr), ay = ntohl((*y)->addr.s_addr);

	return ax < ay ? -1 : ax > ay;
}

int peer_index_init(struct peer_index *x, const struct peer_config *peers,
		    unsigned count)
{
	*x = (struct peer_index){ .at = calloc(count + 1u, sizeof(*x->at)) };
	if (!x->at)
		return -ENOMEM;
	for (unsigned i = 0; i < count; i++)
		if (peer_is_protected(&peers[i]))
			x->at[x->count++] = &peers[i];
	qsort(x->at, x->count, sizeof(*x->at), by_addr);
	return 0;
}

void peer_index_fini(struct peer_index *x)
{
	free(x->at);
	*x = (struct peer_index){ 0 };
}

const struct peer_config *peer_index_find(const struct peer_index *x,
					  struct in_addr addr)
{
	const struct peer_config key = { .addr = addr }, *wanted = &key;
	const struct peer_config **found =
		bsearch(&wanted, x->at, x->count, sizeof(*x->at), by_addr);

	return found ? *found : NULL;
}

static const struct tunnel_config *tunnel_for(const struct common_config *c,
					      struct in_addr peer)
{
	const struct tunnel_config *any = NULL;

	for (unsigned i = 0; i < c->tunnel_count; i++) {
		const struct tunnel_config *t = &c->tunnel[i];

		if (t->peer.s_addr == INADDR_ANY)
			any = any ? any : t;
		else if (t->peer.s_addr == peer.s_addr)
			return t;
	}
	return any;
}

struct carrier_spec config_carrier(enum carrier_kind wanted, enum encap_kind kind)
{
	if (wanted == CARRIER_NONE)
		return (struct carrier_spec){ .kind = CARRIER_NONE };
	return (struct carrier_spec){ .kind = kind == ENCAP_GRE ? CARRIER_UDP
								: CARRIER_MIP };
}

/* What the rows of <tunnel> have for defaults. */
static const struct tunnel_config plain_tunnel = {
	.encap.minimal_fallback = true,
	.encap.fast_path = FAST_PATH_AUTO,
};

enum encap_fast config_fast_path(const struct common_config *c)
{
	enum encap_fast most =
		c->tunnel_count == 0 ? plain_tunnel.encap.fast_path : FAST_PATH_OFF;

	for (unsigned i = 0; i < c->tunnel_count; i++)
		if (c->tunnel[i].encap.fast_path > most)
			most = c->tunnel[i].encap.fast_path;
	return most;
}

struct tunnel_spec config_tunnel_for(const struct common_config *c,
				     struct in_addr local, struct in_addr remote,
				     enum encap_kind kind)
{
	const struct tunnel_config *t = tunnel_for(c, remote);
	struct tunnel_spec spec = { .local = local, .remote = remote };

	if (!t)
		t = &plain_tunnel;
	spec.encap = t->encap;
	spec.encap.kind = kind;
	spec.carrier = config_carrier(t->carrier, kind);
	return spec;
}

static const struct esp_config *esp_for(const struct common_config *c,
					struct in_addr peer)
{
	const struct esp_config *any = NULL;

	for (unsigned i = 0; i < c->esp_count; i++) {
		const struct esp_config *e = &c->esp[i];

		if (e->peer.s_addr == INADDR_ANY)
			any = any ? any : e;
		else if (e->peer.s_addr == peer.s_addr)
			return e;
	}
	return any;
}

struct esp_config config_esp_for(const struct common_config *c, struct in_addr peer)
{
	const struct esp_config *e = esp_for(c, peer);
	/* What the rows of <esp> have for defaults. */
	const struct esp_config plain = {
		.algorithm = ESP_AES_128_GCM,
		.carrier = CARRIER_UDP,
		.port = ESP_PORT,
		.esn = true,
		.window = 1024,
		.rekey_seconds = 3600,
		.rekey_octets = UINT64_C(68719476736),
		.rekey_packets = UINT64_C(1000000000),
		.reauthenticate_seconds = 28800,
		.dead_after = duration_s(30),
	};

	return e ? *e : plain;
}

uint16_t config_esp_port(const struct common_config *c)
{
	for (unsigned i = 0; i < c->esp_count; i++)
		if (c->esp[i].carrier == CARRIER_UDP)
			return c->esp[i].port;
	for (unsigned i = 0; i < c->manual_count; i++)
		if (c->manual[i].carrier == CARRIER_UDP)
			return c->manual[i].port;
	return ESP_PORT;
}

enum encap_kind config_encap_kind(uint8_t request_flags)
{
	if (request_flags & MIP_FLAG_G)
		return ENCAP_GRE;
	if (request_flags & MIP_FLAG_M)
		return ENCAP_MINIMAL;
	return ENCAP_IPIP;
}
