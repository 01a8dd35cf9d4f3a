/* SPDX-License-Identifier: ISC */
/*
 * Layer by layer from the outside (RFC 2003, 2004, 2784, 4303; in UDP: 3948, 8086,
 * 3519), until the payload or something sealed.
 */
#include "mn-sim/wire_view.h"

#include "common/tunnel/encap_ops.h"
#include "common/tunnel/encap_udp.h"
#include "common/wire/ipv4.h"
#include "mn-sim/flow_packet.h"

#include <inttypes.h>
#include <stdio.h>

enum {
	UDP_HEADER = 8,
	MIP_DATA_HEADER = 4,
	MIP_DATA = 4, /* type of a tunnel data message (RFC 3519 3.3) */
	ESP_CLEAR = 8,
	NOTHING = 256, /* instead of a protocol: no layer follows that we know */
};

static const char *const names[] = {
	[WIRE_OUTER] = "outer",   [WIRE_CARRIER] = "carrier",
	[WIRE_TUNNEL] = "tunnel", [WIRE_ESP] = "esp",
	[WIRE_INNER] = "inner",   [WIRE_PAYLOAD] = "payload",
	[WIRE_SEALED] = "sealed",
};

const char *wire_part_name(enum wire_part_kind kind)
{
	return names[kind];
}

/* What is being looked at: the view so far, and the octets behind it. */
struct walk {
	struct wire_view *view;
	struct reader in;
	size_t at;
	bool tunnelled; /* a tunnel's header has been passed */
};

/* The next `len` octets are of this kind; the text of the part is returned. */
static char *take(struct walk *w, enum wire_part_kind kind, size_t len)
{
	struct wire_part *p = &w->view->part[w->view->parts++];

	*p = (struct wire_part){ .kind = kind, .from = w->at, .len = len };
	read_skip(&w->in, len);
	w->at += len;
	return p->text;
}

static void take_rest(struct walk *w, enum wire_part_kind kind, const char *format)
{
	size_t left = reader_left(&w->in);

	if (left > 0)
		snprintf(take(w, kind, left), WIRE_TEXT_MAX, format, left);
}

static unsigned take_ipv4(struct walk *w)
{
	struct reader in = w->in;
	char src[INET_ADDRSTRLEN], dst[INET_ADDRSTRLEN];
	size_t len = (size_t)(read_u8(&in) & 15) * 4;
	uint8_t protocol;
	bool is_first;

	read_skip(&in, 5);
	is_first = (read_u16(&in) & IPV4_OFFSET) == 0;
	read_skip(&in, 1);
	protocol = read_u8(&in);
	read_skip(&in, 2);
	ipv4_text(read_addr(&in), src);
	ipv4_text(read_addr(&in), dst);
	if (in.bad || len < IPV4_HEADER || len > reader_left(&w->in))
		return NOTHING;
	snprintf(take(w, w->tunnelled ? WIRE_INNER : WIRE_OUTER, len), WIRE_TEXT_MAX,
		 "IPv4 from %s to %s, protocol %u", src, dst, protocol);
	return is_first ? protocol : NOTHING;
}

static unsigned take_gre(struct walk *w)
{
	struct gre_header gre;

	if (gre_decode(w->in, &gre) != DROP_NONE)
		return NOTHING;
	snprintf(take(w, WIRE_TUNNEL, gre.len), WIRE_TEXT_MAX,
		 "GRE, protocol 0x%04x (IPv4)%s", gre.protocol,
		 gre.flags & GRE_KEY ? ", with a key" : "");
	w->tunnelled = true;
	return PROTO_IPIP;
}

static unsigned take_minimal(struct walk *w)
{
	struct reader in = w->in;
	char dst[INET_ADDRSTRLEN];
	unsigned protocol = read_u8(&in);
	size_t len = read_u8(&in) & MINIMAL_SOURCE ? MINIMAL_LONG : MINIMAL_SHORT;

	read_skip(&in, 2);
	ipv4_text(read_addr(&in), dst);
	if (reader_left(&w->in) < len)
		return NOTHING;
	snprintf(take(w, WIRE_TUNNEL, len), WIRE_TEXT_MAX,
		 "minimal header: to %s, protocol %u", dst, protocol);
	w->tunnelled = true;
	return protocol;
}

/* Lengths of IV and ICV are known to those who have the key only. */
static unsigned take_esp(struct walk *w)
{
	struct reader in = w->in;
	uint32_t spi = read_u32(&in), sequence = read_u32(&in);

	if (in.bad)
		return NOTHING;
	snprintf(take(w, WIRE_ESP, ESP_CLEAR), WIRE_TEXT_MAX,
		 "ESP, SPI 0x%08" PRIx32 ", sequence number %" PRIu32, spi, sequence);
	take_rest(w, WIRE_SEALED, "%zu octets that only the far end can read");
	return NOTHING;
}

static unsigned take_inner_udp(struct walk *w, unsigned from, unsigned to)
{
	snprintf(take(w, WIRE_INNER, UDP_HEADER), WIRE_TEXT_MAX, "UDP from %u to %u",
		 from, to);
	take_rest(w, WIRE_PAYLOAD, "%zu octets of payload");
	return NOTHING;
}

/* The protocol inside the carrier of that port. */
static unsigned take_carrier(struct walk *w, unsigned port)
{
	struct reader in = w->in;
	size_t len = UDP_HEADER;
	unsigned protocol = NOTHING;

	read_skip(&in, UDP_HEADER);
	if (port == CARRIER_PORT_ESP) {
		protocol = PROTO_ESP;
	} else if (port == CARRIER_PORT_GRE) {
		protocol = PROTO_GRE;
	} else if (port == CARRIER_PORT_MIP && read_u8(&in) == MIP_DATA) {
		protocol = read_u8(&in);
		len += MIP_DATA_HEADER;
	}
	if (protocol == NOTHING || reader_left(&w->in) < len)
		return NOTHING;
	snprintf(take(w, WIRE_CARRIER, len), WIRE_TEXT_MAX, "UDP to port %u", port);
	return protocol;
}

static unsigned take_udp(struct walk *w)
{
	struct reader in = w->in;
	unsigned from = read_u16(&in), to = read_u16(&in);

	if (reader_left(&w->in) < UDP_HEADER)
		return NOTHING;
	return w->tunnelled ? take_inner_udp(w, from, to) : take_carrier(w, to);
}

static unsigned take_layer(struct walk *w, unsigned protocol)
{
	switch (protocol) {
	case PROTO_IPIP:
		w->tunnelled = w->view->parts > 0;
		return take_ipv4(w);
	case PROTO_GRE:
		return take_gre(w);
	case PROTO_MINIMAL:
		return take_minimal(w);
	case PROTO_ESP:
		return take_esp(w);
	case PROTO_UDP:
		return take_udp(w);
	default:
		return NOTHING;
	}
}

void wire_view_make(struct wire_view *out, const uint8_t *packet, size_t len)
{
	struct walk w = { .view = out, .in = reader_over(packet, len) };
	unsigned protocol = PROTO_IPIP;

	out->parts = 0;
	/* A layer takes two parts at most. */
	while (protocol != NOTHING && out->parts + 2 <= WIRE_PARTS_MAX)
		protocol = take_layer(&w, protocol);
}

bool wire_view_flow(const struct wire_view *view, const uint8_t *packet, uint32_t *flow,
		    uint64_t *number)
{
	const struct wire_part *last = view->part + view->parts;

	if (view->parts == 0)
		return false;
	last--;
	return last->kind == WIRE_PAYLOAD &&
	       flow_packet_read(reader_over(packet + last->from, last->len), flow,
				number);
}
