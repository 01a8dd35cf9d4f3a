/* SPDX-License-Identifier: ISC */
/*
 * Of which path the first octets of an outer packet are: for ICMP errors, which
 * quote them, for what the kernel refused to send, and for what came back to us.
 *
 * Nothing proves an ICMP error, so it must quote all that a stranger who does not
 * see our packets would have to guess: flags and key of GRE, ports of a carrier, the
 * SPI of ESP (RFC 4301 8.2.1). A path whose packets go in ESP is never quoted in
 * clear.
 */
#include "common/tunnel/pipeline.h"
#include "common/tunnel/pipeline_private.h"

#include "common/tunnel/protect_private.h"
#include "common/wire/udp.h"

#include <string.h>

bool relay_read_outer(struct reader *r, struct ipv4 *ip)
{
	const uint8_t *at = read_bytes(r, IPV4_HEADER);

	if (!at)
		return false;
	memcpy(ip, at, sizeof(*ip));
	if (ip->version_ihl >> 4 != 4 || ipv4_header_len(ip) < IPV4_HEADER)
		return false;
	read_skip(r, ipv4_header_len(ip) - IPV4_HEADER);
	return !r->bad;
}

/* What is quoted behind a carrier is judged as far as it goes. */
static bool is_of_tunnel(const struct tunnel *t, struct reader shim)
{
	if (t->spec.carrier.kind == CARRIER_NONE)
		return encap_is_quoted(&t->encap, shim);
	if (!carrier_is_quoted(&t->spec.carrier, shim))
		return false;
	read_skip(&shim, carrier_overhead(t->spec.carrier.kind));
	return reader_left(&shim) == 0 || encap_is_quoted(&t->encap, shim);
}

static struct tunnel_path *clear_path(const struct pipeline *pl,
				      const struct path_key *key, struct reader shim)
{
	struct tunnel_path *path = fwd_by_path_key(pl->fwd, key);

	if (!path || protect_way(path) != PROTECT_WAY_CLEAR)
		return NULL;
	list_each(it, next, &path->tunnels)
		if (is_of_tunnel(container_of(it, struct tunnel, on_path), shim))
			return path;
	return NULL;
}

/* What was sent just before the keys changed may still be quoted. */
static bool is_our_spi(const struct protect_pair *pair, uint32_t spi)
{
	if (pair->out && pair->out->spi == spi)
		return true;
	return spi != 0 && pair->last_spi == spi;
}

static struct tunnel_path *esp_path(struct protect_pair *pair, struct reader esp)
{
	uint32_t spi = read_u32(&esp);

	return pair && !esp.bad && is_our_spi(pair, spi) ? &pair->wire : NULL;
}

/* Of ESP in UDP a quote may end before the SPI; relay_quotes_spi() tells. */
static struct tunnel_path *esp_udp_path(struct protect_pair *pair, struct reader udp)
{
	if (!pair || pair->spec.carrier.kind != CARRIER_UDP ||
	    !carrier_quotes_esp(&pair->spec.carrier, udp))
		return NULL;
	read_skip(&udp, UDP_HEADER);
	if (!udp.bad && reader_left(&udp) == 0)
		return &pair->wire;
	return esp_path(pair, udp);
}

static struct tunnel_path *udp_path(const struct pipeline *pl, const struct ipv4 *ip,
				    struct reader udp)
{
	static const struct {
		uint8_t protocol, carrier;
	} carried[] = { { PROTO_GRE, CARRIER_UDP },
			{ PROTO_IPIP, CARRIER_MIP },
			{ PROTO_GRE, CARRIER_MIP },
			{ PROTO_MINIMAL, CARRIER_MIP } };
	struct tunnel_path *path =
		esp_udp_path(protect_by_ends(pl->fwd, ip->src, ip->dst), udp);

	for (unsigned i = 0; !path && i < sizeof(carried) / sizeof(carried[0]); i++) {
		const struct path_key key = { .local = ip->src,
					      .remote = ip->dst,
					      .protocol = carried[i].protocol,
					      .carrier = carried[i].carrier };

		path = clear_path(pl, &key, udp);
	}
	return path;
}

struct tunnel_path *relay_path(const struct pipeline *pl, struct reader quoted)
{
	struct path_key key = { .carrier = CARRIER_NONE };
	struct ipv4 ip;

	if (!relay_read_outer(&quoted, &ip))
		return NULL;
	if (ip.protocol == PROTO_UDP)
		return udp_path(pl, &ip, quoted);
	if (ip.protocol == PROTO_ESP)
		return esp_path(protect_by_ends(pl->fwd, ip.src, ip.dst), quoted);
	key.local = ip.src;
	key.remote = ip.dst;
	key.protocol = ip.protocol;
	return clear_path(pl, &key, quoted);
}

bool relay_quotes_spi(const struct tunnel_path *path, struct reader quoted)
{
	struct ipv4 ip;

	if (path->key.protocol != PROTO_ESP || !relay_read_outer(&quoted, &ip) ||
	    ip.protocol != PROTO_UDP)
		return true;
	read_skip(&quoted, UDP_HEADER);
	return !quoted.bad && reader_left(&quoted) > 0;
}
