/* SPDX-License-Identifier: ISC */
/*
 * Questions that all three programs ask of their configuration.
 */
#include "common/agent/config.h"
#include "common/wire/mip_msg.h"

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

struct tunnel_spec config_tunnel_for(const struct common_config *c,
				     struct in_addr local, struct in_addr remote,
				     enum encap_kind kind)
{
	/* What the rows of <tunnel> have for defaults. */
	static const struct tunnel_config plain = { .encap.minimal_fallback = true };
	const struct tunnel_config *t = tunnel_for(c, remote);
	struct tunnel_spec spec = { .local = local, .remote = remote };

	if (!t)
		t = &plain;
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
		.port = 4500,
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
	return 4500;
}

enum encap_kind config_encap_kind(uint8_t request_flags)
{
	if (request_flags & MIP_FLAG_G)
		return ENCAP_GRE;
	if (request_flags & MIP_FLAG_M)
		return ENCAP_MINIMAL;
	return ENCAP_IPIP;
}
