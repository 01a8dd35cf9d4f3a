/* SPDX-License-Identifier: ISC */
/*
 * One tunnel: its key, its encapsulations, and how much fits into it.
 */
#include "common/tunnel/tunnel.h"

#include "common/tunnel/encap_udp.h"
#include "common/tunnel/fwd_private.h"
#include "common/tunnel/protect_private.h"

#include <string.h>

bool tunnel_spec_equal(const struct tunnel_spec *a, const struct tunnel_spec *b)
{
	return a->local.s_addr == b->local.s_addr &&
	       a->remote.s_addr == b->remote.s_addr &&
	       encap_spec_equal(&a->encap, &b->encap) &&
	       a->carrier.kind == b->carrier.kind &&
	       a->carrier.local_port == b->carrier.local_port &&
	       a->carrier.remote_port == b->carrier.remote_port;
}

const char *tunnel_name(const struct tunnel *t)
{
	return t->site ? t->site->name : NULL;
}

const struct probe *tunnel_probe(const struct tunnel *t)
{
	return t->site ? &t->site->probe : NULL;
}

enum probe_state tunnel_state(const struct tunnel *t)
{
	if (protect_way(t->path) == PROTECT_WAY_NONE)
		return PROBE_DOWN;
	return t->site ? t->site->probe.state : PROBE_UNKNOWN;
}

const char *tunnel_use_name(enum tunnel_use u)
{
	static const char *const names[TUNNEL_USES] = { [TUNNEL_BINDING] = "binding",
							[TUNNEL_VISITOR] = "visitor",
							[TUNNEL_OWN] = "own",
							[TUNNEL_SITE] = "site" };

	return u < TUNNEL_USES ? names[u] : "unknown";
}

struct outer_key tunnel_key(const struct tunnel_spec *spec)
{
	bool keyed = spec->encap.kind == ENCAP_GRE && spec->encap.gre_key;
	uint16_t port = spec->carrier.remote_port;

	return (struct outer_key){ .local = spec->local,
				   .remote = spec->remote,
				   .gre_key = keyed ? spec->encap.gre_key_in : 0,
				   .protocol = encap_protocol(spec->encap.kind),
				   .has_gre_key = keyed,
				   .port = carrier_is_bound(spec->carrier.kind)
						   ? (port ? port : CARRIER_PORT_MIP)
						   : 0,
				   .carrier = (uint32_t)spec->carrier.kind };
}

/* The same ends by IP-in-IP, which every agent accepts (RFC 5944 4.1). */
static struct encap_spec fallback_spec(const struct encap_spec *spec)
{
	struct encap_spec ipip = *spec;

	ipip.kind = ENCAP_IPIP;
	return ipip;
}

void tunnel_init(struct tunnel *t, const struct tunnel_spec *spec)
{
	struct encap_spec ipip = fallback_spec(&spec->encap);

	memset(t, 0, sizeof(*t));
	t->spec = *spec;
	encap_init(&t->encap, spec->local, spec->remote, &spec->encap);
	encap_init(&t->fallback, spec->local, spec->remote, &ipip);
}

void tunnel_reconfigure(struct tunnel *t, const struct tunnel_spec *spec)
{
	struct encap_spec ipip = fallback_spec(&spec->encap);

	t->spec = *spec;
	encap_reconfigure(&t->encap, &spec->encap);
	encap_reconfigure(&t->fallback, &ipip);
	if (!t->path)
		return;
	mtu_set_most(&t->path->mtu, spec->encap.mtu);
	if (t->path->pair)
		mtu_set_most(&t->path->pair->wire.mtu, spec->encap.mtu);
}

struct encap *tunnel_encap_for(struct tunnel *t, const struct ipv4 *inner)
{
	if (t->spec.encap.kind == ENCAP_MINIMAL && t->spec.encap.minimal_fallback &&
	    ipv4_is_fragment(inner))
		return &t->fallback;
	return &t->encap;
}

size_t tunnel_outer_most(const struct tunnel *t, size_t header, instant_t now)
{
	size_t mtu = mtu_now(&protect_on_wire(t->path)->mtu, now);
	size_t carrier = carrier_overhead(t->spec.carrier.kind);

	if (protect_way(t->path) == PROTECT_WAY_ESP)
		return protect_carries(t->path->pair, header, mtu);
	return mtu > carrier ? mtu - carrier : 0;
}

static uint16_t inner_mtu(const struct tunnel *t, const struct encap *e, size_t header,
			  instant_t now)
{
	size_t most = tunnel_outer_most(t, header, now);
	size_t overhead = e->ops->overhead(&e->spec);

	/* Every IPv4 node takes 68 octets whole (RFC 791 3.2). */
	if (most < overhead + IPV4_MTU_MIN)
		return IPV4_MTU_MIN;
	return (uint16_t)(most - overhead);
}

uint16_t tunnel_inner_mtu(const struct tunnel *t, const struct encap *e, instant_t now)
{
	return inner_mtu(t, e, IPV4_HEADER, now);
}

uint16_t tunnel_inner_mtu_for(const struct tunnel *t, const struct encap *e,
			      const struct ipv4 *inner, instant_t now)
{
	bool kept = e->spec.kind == ENCAP_MINIMAL;

	return inner_mtu(t, e, kept ? ipv4_header_len(inner) : IPV4_HEADER, now);
}
