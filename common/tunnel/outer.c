/* SPDX-License-Identifier: ISC */
/*
 * Outer headers. No option of the inner header is copied (RFC 2003 3.1). DF is
 * set so that path MTU discovery works (5.1), unless the operator wants it only
 * where the inner packet has it. An identification of 0 is left out, because a
 * raw socket would replace it.
 */
#include "common/tunnel/outer.h"

#include "common/tunnel/ecn.h"

#include <string.h>

enum { DSCP_FIELD = 0xfc };

void outer_init(struct outer *o, struct in_addr src, struct in_addr dst,
		const struct encap_spec *spec)
{
	*o = (struct outer){
		.header = { .version_ihl = 4 << 4 | IPV4_HEADER / 4,
			    .tos = (uint8_t)(spec->dscp_value << 2 & DSCP_FIELD),
			    .ttl = spec->ttl ? spec->ttl : OUTER_TTL,
			    .src = src,
			    .dst = dst },
		.next_id = 1,
		.uniform = spec->dscp == DSCP_UNIFORM,
		.df_copied = spec->no_outer_df,
	};
}

uint16_t outer_take_id(uint16_t *next)
{
	uint16_t id;

	do {
		id = __atomic_fetch_add(next, 1, __ATOMIC_RELAXED);
	} while (id == 0);
	return id;
}

static uint8_t tos_for(const struct outer *o, uint8_t inner)
{
	if (o->uniform)
		return inner;
	return (uint8_t)(o->header.tos | (inner & IPV4_ECN));
}

void outer_push(struct outer *o, struct pkt *p, size_t shim)
{
	struct ipv4 header = o->header;
	struct ipv4 inner;
	uint8_t *at;

	memcpy(&inner, p->data + shim, sizeof(inner));
	at = pkt_push(p, IPV4_HEADER);
	if (!at) {
		p->drop = DROP_NO_ROOM;
		return;
	}
	header.tos = tos_for(o, inner.tos);
	header.length = htons((uint16_t)p->len);
	header.id = htons(outer_take_id(&o->next_id));
	header.fragment =
		o->df_copied ? inner.fragment & htons(IPV4_DF) : htons(IPV4_DF);
	ipv4_seal(&header);
	memcpy(at, &header, sizeof(header));
}

bool outer_merge(const struct outer *o, uint8_t outer_tos, struct pkt *p)
{
	struct ipv4 *inner = pkt_ipv4(p);
	struct ecn_exit ecn = ecn_at_exit(inner->tos, outer_tos);
	uint8_t dscp = (o->uniform ? outer_tos : inner->tos) & DSCP_FIELD;
	uint8_t tos = dscp | ecn.ecn;

	if (ecn.drop)
		p->drop = DROP_ECN;
	else if (tos != inner->tos)
		ipv4_set_tos(inner, tos);
	return ecn.odd;
}
