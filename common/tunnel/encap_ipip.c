/* SPDX-License-Identifier: ISC */
/*
 * IP within IP (RFC 2003): an outer IPv4 header of protocol 4, and behind it the
 * packet as it was.
 */
#include "common/tunnel/encap_ops.h"

static size_t ipip_overhead(const struct encap_spec *spec)
{
	(void)spec;
	return IPV4_HEADER;
}

static void ipip_push(struct encap *e, struct pkt_vec *v)
{
	for (unsigned i = 0; i < v->count; i++)
		if (!v->pkt[i]->drop)
			outer_push(&e->outer, v->pkt[i], 0);
}

static void pull_one(struct encap *e, struct pkt *p)
{
	const struct ipv4 *outer = pkt_ipv4(p);
	uint8_t tos = outer->tos;

	if (outer->protocol != PROTO_IPIP || !pkt_pull(p, ipv4_header_len(outer)))
		p->drop = DROP_NO_TUNNEL;
	else
		encap_unwrapped(e, tos, p);
}

static void ipip_pull(struct encap *e, struct pkt_vec *v)
{
	for (unsigned i = 0; i < v->count; i++)
		if (!v->pkt[i]->drop)
			pull_one(e, v->pkt[i]);
}

const struct encap_ops *encap_ipip_ops(void)
{
	static const struct encap_ops ops = { .name = "ipip",
					      .protocol = PROTO_IPIP,
					      .overhead = ipip_overhead,
					      .push = ipip_push,
					      .pull = ipip_pull };

	return &ops;
}
