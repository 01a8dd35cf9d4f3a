/* SPDX-License-Identifier: ISC */
/*
 * The table of encapsulations and what is common to them.
 */
#include "common/tunnel/encap.h"
#include "common/tunnel/encap_ops.h"

#include <strings.h>

const struct encap_ops *encap_ops_of(enum encap_kind kind)
{
	switch (kind) {
	case ENCAP_MINIMAL:
		return encap_minimal_ops();
	case ENCAP_GRE:
		return encap_gre_ops();
	case ENCAP_IPIP:
	case ENCAP_KIND_COUNT:
		break;
	}
	return encap_ipip_ops();
}

const char *encap_name(enum encap_kind k)
{
	return encap_ops_of(k)->name;
}

bool encap_by_name(const char *name, enum encap_kind *out)
{
	for (unsigned k = 0; k < ENCAP_KIND_COUNT; k++) {
		if (strcasecmp(encap_name((enum encap_kind)k), name) != 0)
			continue;
		*out = (enum encap_kind)k;
		return true;
	}
	return false;
}

uint8_t encap_protocol(enum encap_kind k)
{
	return encap_ops_of(k)->protocol;
}

size_t encap_overhead(const struct encap_spec *spec)
{
	size_t most = encap_ops_of(spec->kind)->overhead(spec);

	/* Fragments of a minimal tunnel may go by the longer header. */
	if (spec->kind == ENCAP_MINIMAL && spec->minimal_fallback)
		most = encap_ipip_ops()->overhead(spec);
	return most;
}

static bool gre_equal(const struct encap_spec *a, const struct encap_spec *b)
{
	if (a->gre_key != b->gre_key || a->gre_sequence != b->gre_sequence ||
	    a->gre_checksum != b->gre_checksum)
		return false;
	return !a->gre_key ||
	       (a->gre_key_out == b->gre_key_out && a->gre_key_in == b->gre_key_in);
}

bool encap_spec_equal(const struct encap_spec *a, const struct encap_spec *b)
{
	if (a->kind != b->kind)
		return false;
	if (a->kind == ENCAP_MINIMAL)
		return a->minimal_fallback == b->minimal_fallback;
	return a->kind != ENCAP_GRE || gre_equal(a, b);
}

void encap_init(struct encap *e, struct in_addr local, struct in_addr remote,
		const struct encap_spec *spec)
{
	*e = (struct encap){ .local = local, .remote = remote };
	gre_sequence_init(&e->sequence);
	encap_reconfigure(e, spec);
}

void encap_reconfigure(struct encap *e, const struct encap_spec *spec)
{
	uint16_t next_id = e->outer.next_id;

	e->ops = encap_ops_of(spec->kind);
	e->spec = *spec;
	outer_init(&e->outer, e->local, e->remote, spec);
	e->outer.header.protocol = e->ops->protocol;
	if (next_id != 0)
		e->outer.next_id = next_id;
}

void encap_unwrapped(struct encap *e, uint8_t outer_tos, struct pkt *p)
{
	p->drop = pkt_check_inner(p);
	if (p->drop)
		return;
	if (pkt_ipv4(p)->ttl == 0)
		p->drop = DROP_TTL_ZERO;
	else if (outer_merge(&e->outer, outer_tos, p))
		p->ecn_odd = true;
}
