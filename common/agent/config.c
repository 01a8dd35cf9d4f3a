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

struct encap_spec config_encap_for(const struct common_config *c, struct in_addr peer,
				   enum encap_kind kind)
{
	const struct tunnel_config *t = tunnel_for(c, peer);
	/* What the rows of <tunnel> have for defaults. */
	const struct encap_spec plain = { .minimal_fallback = true };
	struct encap_spec spec = t ? t->encap : plain;

	spec.kind = kind;
	return spec;
}

enum encap_kind config_encap_kind(uint8_t request_flags)
{
	if (request_flags & MIP_FLAG_G)
		return ENCAP_GRE;
	if (request_flags & MIP_FLAG_M)
		return ENCAP_MINIMAL;
	return ENCAP_IPIP;
}
