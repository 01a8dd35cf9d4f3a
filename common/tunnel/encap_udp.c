/* SPDX-License-Identifier: ISC */
/*
 * UDP carriers (RFC 3948, RFC 8086, RFC 3519 3.3). The outer header is moved, not
 * made: type of service, TTL, DF, identification and options are the tunnel's.
 *
 * ESP goes without a UDP checksum, since its own is better (RFC 3948 2.1); the
 * others carry one (RFC 8086 3.3.1). A checksum that is not zero is judged.
 */
#include "common/tunnel/encap_udp.h"

#include "common/tunnel/encap_ops.h"
#include "common/wire/checksum.h"
#include "common/wire/udp.h"

#include <string.h>

enum {
	MIP_DATA_HEADER = 4,
	MIP_DATA = 4, /* its type (RFC 3519 3.3) */
	KEEPALIVE = 0xff,
	CHECKSUM_AT = 6,
	FLOW_PORT_FIRST = 49906, /* of those from 49152 on (RFC 8086 3.1) */
	FLOW_PORT_STEP = 1024,
};

const char *carrier_name(enum carrier_kind k)
{
	static const char *const names[CARRIER_KIND_COUNT] = {
		[CARRIER_NONE] = "none", [CARRIER_UDP] = "udp", [CARRIER_MIP] = "mip"
	};

	return k < CARRIER_KIND_COUNT ? names[k] : "unknown";
}

static uint16_t port_or(uint16_t port, uint16_t usual)
{
	return port ? port : usual;
}

struct carrier_ports carrier_ports(struct carrier_ports wanted)
{
	return (struct carrier_ports){
		.esp = port_or(wanted.esp, CARRIER_PORT_ESP),
		.gre = port_or(wanted.gre, CARRIER_PORT_GRE),
		.mip = port_or(wanted.mip, CARRIER_PORT_MIP),
	};
}

size_t carrier_overhead(enum carrier_kind kind)
{
	switch (kind) {
	case CARRIER_UDP:
		return UDP_HEADER;
	case CARRIER_MIP:
		return UDP_HEADER + MIP_DATA_HEADER;
	case CARRIER_NONE:
	case CARRIER_KIND_COUNT:
		break;
	}
	return 0;
}

/* ---- ports ---- */

struct ports {
	uint16_t src, dst;
};

uint16_t carrier_flow_port(unsigned n)
{
	return (uint16_t)(FLOW_PORT_FIRST + n * FLOW_PORT_STEP);
}

static bool is_flow_port(uint16_t port)
{
	return port >= FLOW_PORT_FIRST &&
	       (port - FLOW_PORT_FIRST) % FLOW_PORT_STEP == 0;
}

/* Mix a word into a running hash, so that close words end far apart. */
static uint32_t mix(uint32_t hash, uint32_t word)
{
	hash = (hash ^ word) * UINT32_C(0x9e3779b1);
	return hash ^ hash >> 15;
}

/*
 * A port that packets of one flow share and those of others mostly do not, for
 * routers that spread load by ports (RFC 8086 3.1). Numbered packets are of one flow,
 * whatever is inside. `gre` is a view of the GRE header and the inner packet.
 */
static uint16_t flow_port(struct reader gre)
{
	struct gre_header header;
	struct ipv4 ip = { 0 };
	const uint8_t *at;
	uint32_t hash;

	if (gre_decode(gre, &header) || header.flags & GRE_SEQUENCE)
		return carrier_flow_port(0);
	read_skip(&gre, header.len);
	at = read_bytes(&gre, IPV4_HEADER);
	if (at)
		memcpy(&ip, at, sizeof(ip));
	hash = mix(mix(mix(0, ip.src.s_addr), ip.dst.s_addr), ip.protocol);
	if (!ipv4_is_fragment(&ip) && ipv4_header_len(&ip) >= IPV4_HEADER) {
		read_skip(&gre, ipv4_header_len(&ip) - IPV4_HEADER);
		if (ip.protocol == PROTO_UDP || ip.protocol == PROTO_TCP)
			hash = mix(hash, read_u32(&gre));
	}
	return carrier_flow_port(hash % CARRIER_FLOW_PORTS);
}

static struct ports ports_of(const struct carrier_spec *spec, const struct pkt *p)
{
	const struct ipv4 *ip = pkt_ipv4_of(p);
	struct reader payload = reader_over(p->data, p->len);

	if (spec->kind == CARRIER_MIP)
		return (struct ports){ port_or(spec->local_port, CARRIER_PORT_MIP),
				       port_or(spec->remote_port, CARRIER_PORT_MIP) };
	if (ip->protocol == PROTO_ESP)
		return (struct ports){ port_or(spec->local_port, CARRIER_PORT_ESP),
				       port_or(spec->remote_port, CARRIER_PORT_ESP) };
	read_skip(&payload, ipv4_header_len(ip));
	return (struct ports){ spec->local_port ? spec->local_port : flow_port(payload),
			       port_or(spec->remote_port, CARRIER_PORT_GRE) };
}

/* ---- in ---- */

static void push_one(const struct carrier_spec *spec, struct pkt *p)
{
	const struct ports ports = ports_of(spec, p);
	const uint8_t protocol = pkt_ipv4(p)->protocol;
	const size_t header = ipv4_header_len(pkt_ipv4(p));
	const size_t shim = carrier_overhead(spec->kind);
	struct ipv4 *ip;
	struct writer w;

	if (!pkt_push(p, shim)) {
		p->drop = DROP_NO_ROOM;
		return;
	}
	memmove(p->data, p->data + shim, header);
	ip = pkt_ipv4(p);
	ip->protocol = PROTO_UDP;
	ip->length = htons((uint16_t)p->len);
	ipv4_seal(ip);
	w = writer_over(p->data + header, shim);
	write_u16(&w, ports.src);
	write_u16(&w, ports.dst);
	write_u16(&w, (uint16_t)(p->len - header));
	write_u16(&w, 0);
	if (spec->kind == CARRIER_MIP)
		write_u32(&w, (uint32_t)MIP_DATA << 24 | (uint32_t)protocol << 16);
	p->unsummed = protocol != PROTO_ESP;
}

void carrier_push(const struct carrier_spec *spec, struct pkt_vec *v)
{
	for (unsigned i = 0; i < v->count; i++)
		if (!v->pkt[i]->drop)
			push_one(spec, v->pkt[i]);
}

static void write_checksum(struct pkt *p)
{
	const struct ipv4 *ip = pkt_ipv4_of(p);
	const size_t header = ipv4_header_len(ip), len = p->len - header;
	uint32_t sum = checksum_pseudo(ip->src, ip->dst, PROTO_UDP, (uint16_t)len);
	uint16_t field = checksum_fold(checksum_add(sum, p->data + header, len));
	struct writer w = writer_over(p->data + header + CHECKSUM_AT, 2);

	write_u16(&w, field ? field : 0xffff);
}

void carrier_complete(struct pkt *p)
{
	if (p->unsummed)
		write_checksum(p);
	p->unsummed = false;
}

void carrier_keepalive(const struct carrier_spec *spec, struct in_addr local,
		       struct in_addr remote, struct pkt *p)
{
	const struct ipv4_fields f = { .src = local,
				       .dst = remote,
				       .protocol = PROTO_UDP,
				       .ttl = OUTER_TTL,
				       .df = true };
	const size_t len = UDP_HEADER + 1;
	struct writer w = writer_over(p->data + IPV4_HEADER, len);

	ipv4_build(p->data, &f, len);
	write_u16(&w, port_or(spec->local_port, CARRIER_PORT_ESP));
	write_u16(&w, port_or(spec->remote_port, CARRIER_PORT_ESP));
	write_u16(&w, (uint16_t)len);
	write_u16(&w, 0);
	write_u8(&w, KEEPALIVE);
	p->len = IPV4_HEADER + len;
}

/* ---- out ---- */

/* A received UDP datagram: what it says, and what it is found to carry. */
struct carried {
	struct ports ports;
	struct reader payload;
	enum carrier_kind kind;
	uint8_t protocol;
};

static enum drop_reason open_udp(struct pkt *p, struct carried *c)
{
	const struct ipv4 *ip = pkt_ipv4(p);
	const size_t header = ipv4_header_len(ip);
	struct reader r = reader_over(p->data, p->len);
	const uint8_t *udp;
	uint16_t len, checksum;

	read_skip(&r, header);
	udp = r.at;
	c->ports.src = read_u16(&r);
	c->ports.dst = read_u16(&r);
	len = read_u16(&r);
	checksum = read_u16(&r);
	if (r.bad || len < UDP_HEADER || len > p->len - header)
		return DROP_UDP_SHORT;
	if (checksum != 0 &&
	    checksum_fold(checksum_add(
		    checksum_pseudo(ip->src, ip->dst, PROTO_UDP, len), udp, len)) != 0)
		return DROP_UDP_CHECKSUM;
	pkt_trim(p, header + len);
	c->payload = reader_over(r.at, len - (size_t)UDP_HEADER);
	return DROP_NONE;
}

/* RFC 3948 2: a marker of zeros for IKE, one octet for a keepalive, else the SPI. */
static enum drop_reason judge_esp(struct carried *c)
{
	struct reader r = c->payload;

	c->kind = CARRIER_UDP;
	c->protocol = PROTO_ESP;
	if (reader_left(&r) == 1 && r.at[0] == KEEPALIVE)
		return DROP_UDP_KEEPALIVE;
	if (read_u32(&r) != 0)
		return DROP_NONE;
	return r.bad ? DROP_UDP_SHORT : DROP_UDP_IKE;
}

static enum drop_reason judge_mip(struct carried *c)
{
	struct reader r = c->payload;
	uint8_t type = read_u8(&r);

	c->kind = CARRIER_MIP;
	c->protocol = read_u8(&r);
	read_skip(&r, 2); /* reserved, ignored */
	if (r.bad)
		return DROP_UDP_SHORT;
	if (type != MIP_DATA ||
	    (c->protocol != PROTO_IPIP && c->protocol != PROTO_GRE &&
	     c->protocol != PROTO_MINIMAL))
		return DROP_UDP_KIND;
	return DROP_NONE;
}

static enum drop_reason judge(const struct carrier_ports *ports, struct carried *c)
{
	if (c->ports.dst == ports->esp)
		return judge_esp(c);
	if (c->ports.dst == ports->mip)
		return judge_mip(c);
	if (c->ports.dst != ports->gre)
		return DROP_UDP_PORT;
	c->kind = CARRIER_UDP;
	c->protocol = PROTO_GRE;
	return DROP_NONE;
}

/* Put the header back where the carrier's end. */
static void restore(struct pkt *p, const struct carried *c)
{
	const size_t header = ipv4_header_len(pkt_ipv4(p));
	const size_t shim = carrier_overhead(c->kind);
	struct ipv4 *ip;

	memmove(p->data + shim, p->data, header);
	(void)pkt_pull(p, shim);
	ip = pkt_ipv4(p);
	ip->protocol = c->protocol;
	ip->length = htons((uint16_t)p->len);
	ipv4_seal(ip);
	p->carrier = (uint8_t)c->kind;
	p->carrier_port = c->ports.src;
}

static void pull_one(const struct carrier_ports *ports, struct pkt *p)
{
	struct carried c = { .kind = CARRIER_NONE };

	if (ipv4_is_fragment(pkt_ipv4(p)))
		p->drop = DROP_FRAGMENT;
	else
		p->drop = open_udp(p, &c);
	if (!p->drop)
		p->drop = judge(ports, &c);
	if (!p->drop)
		restore(p, &c);
}

void carrier_pull(const struct carrier_ports *ports, struct pkt_vec *v)
{
	for (unsigned i = 0; i < v->count; i++)
		if (!v->pkt[i]->drop && pkt_ipv4(v->pkt[i])->protocol == PROTO_UDP)
			pull_one(ports, v->pkt[i]);
}

/* ---- quoted by ICMP errors ---- */

static bool read_ports(struct reader *udp, struct ports *out)
{
	out->src = read_u16(udp);
	out->dst = read_u16(udp);
	return !udp->bad;
}

static bool is_between(const struct ports *p, const struct carrier_spec *spec,
		       uint16_t usual)
{
	return p->src == port_or(spec->local_port, usual) &&
	       p->dst == port_or(spec->remote_port, usual);
}

bool carrier_is_quoted(const struct carrier_spec *spec, struct reader udp)
{
	struct ports ports;

	if (!read_ports(&udp, &ports))
		return false;
	if (spec->kind == CARRIER_MIP)
		return is_between(&ports, spec, CARRIER_PORT_MIP);
	if (ports.dst != port_or(spec->remote_port, CARRIER_PORT_GRE))
		return false;
	return spec->local_port ? ports.src == spec->local_port
				: is_flow_port(ports.src);
}

bool carrier_quotes_esp(const struct carrier_spec *spec, struct reader udp)
{
	struct ports ports;

	return read_ports(&udp, &ports) && is_between(&ports, spec, CARRIER_PORT_ESP);
}
