/* SPDX-License-Identifier: ISC */
/*
 * Write a capture file of messages as our codecs build them, for tshark to judge
 * (tests/interop/tshark_messages.sh): every kind that our agents send, between
 * made-up Ethernet addresses, one a frame.
 *
 * Frames are numbered from 1 in the order of the table at the end.
 */
#include "common/base/bytes.h"
#include "common/wire/arp.h"
#include "common/wire/icmp.h"
#include "common/wire/ipv4.h"
#include "common/wire/mip_advert.h"
#include "common/wire/mip_code.h"
#include "common/wire/mip_ext.h"
#include "common/wire/mip_msg.h"
#include "common/wire/udp.h"

#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>

enum { ETHER_HEADER = 14, ETHER_IPV4 = 0x0800, ETHER_ARP = 0x0806, FRAME_MAX = 2048 };

#define HOME          0xc6336432 /* 198.51.100.50 */
#define HOME_AGENT    0xc6336401 /* 198.51.100.1 */
#define FOREIGN_AGENT 0xcb007101 /* 203.0.113.1 */
#define CO_LOCATED    0xcb00714d /* 203.0.113.77 */
#define CORRESPONDENT 0xc0000250 /* 192.0.2.80 */
#define ALL_SYSTEMS   0xe0000001
#define ALL_AGENTS    0xe000000b

static const uint64_t ident = UINT64_C(0xe8fe6f8040000000); /* 2023-11-14 22:13:20.25 */

struct output {
	pcap_t *pcap;
	pcap_dumper_t *dumper;
	unsigned frames;
};

static struct in_addr addr(uint32_t host_order)
{
	return (struct in_addr){ htonl(host_order) };
}

static void die(const char *what)
{
	fprintf(stderr, "encode_messages: %s\n", what);
	exit(1);
}

static void write_frame(struct output *out, uint16_t ethertype, const void *packet,
			size_t len)
{
	static const uint8_t macs[12] = { 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1 };
	uint8_t frame[FRAME_MAX];
	struct writer w = writer_over(frame, sizeof(frame));
	struct pcap_pkthdr header = { .ts.tv_sec = 1700000000 + out->frames };

	write_bytes(&w, macs, sizeof(macs));
	write_u16(&w, ethertype);
	write_bytes(&w, packet, len);
	if (w.bad)
		die("frame too long");
	header.caplen = header.len = (bpf_u_int32)writer_len(&w);
	pcap_dump((u_char *)out->dumper, &header, frame);
	out->frames++;
}

static void write_udp(struct output *out, uint32_t src, uint32_t dst, uint16_t src_port,
		      uint16_t dst_port, const struct writer *message)
{
	const struct udp_packet p = { .src = addr(src),
				      .dst = addr(dst),
				      .src_port = src_port,
				      .dst_port = dst_port,
				      .ttl = 64,
				      .payload = message->start,
				      .len = writer_len(message) };
	uint8_t packet[FRAME_MAX];
	size_t len = udp_build(packet, sizeof(packet), &p, (uint16_t)(out->frames + 1));

	if (message->bad || len == 0)
		die("message too long");
	write_frame(out, ETHER_IPV4, packet, len);
}

/* Not a real authenticator: it is recognised by its octets. */
static void write_auth(struct writer *w, uint8_t type, uint32_t spi, uint8_t octet,
		       size_t len)
{
	uint8_t data[MIP_EXT_AUTH_MAX];
	struct writer d = writer_over(data, sizeof(data));

	write_u32(&d, spi);
	for (size_t i = 0; i < len; i++)
		write_u8(&d, octet);
	mip_ext_write(w, type, data, writer_len(&d));
}

static void request_co_located(struct output *out)
{
	const struct mip_request rq = {
		.flags = MIP_FLAG_D | MIP_FLAG_G | MIP_FLAG_T,
		.lifetime = 1800,
		.home = addr(HOME),
		.home_agent = addr(HOME_AGENT),
		.care_of = addr(CO_LOCATED),
		.ident = ident,
	};
	uint8_t room[MIP_MESSAGE_MAX];
	struct writer w = writer_over(room, sizeof(room));

	mip_request_encode(&w, &rq);
	mip_ext_write(&w, MIP_EXT_NAI, "mn1@example.org", 15);
	write_auth(&w, MIP_EXT_MN_HA, 0x1000, 0xa1, 16);
	write_udp(out, CO_LOCATED, HOME_AGENT, 40001, MIP_PORT, &w);
}

static void request_every_flag(struct output *out)
{
	const struct mip_request rq = {
		.flags = MIP_FLAG_S | MIP_FLAG_B | MIP_FLAG_M | MIP_FLAG_G | MIP_FLAG_T,
		.lifetime = MIP_LIFETIME_INFINITE,
		.home = addr(HOME),
		.home_agent = addr(HOME_AGENT),
		.care_of = addr(FOREIGN_AGENT),
		.ident = ident,
	};
	uint8_t room[MIP_MESSAGE_MAX];
	struct writer w = writer_over(room, sizeof(room));

	mip_request_encode(&w, &rq);
	write_auth(&w, MIP_EXT_MN_HA, 0x1001, 0xa2, 32);
	mip_ext_write(&w, MIP_EXT_DELIVERY, NULL, 0);
	mip_ext_write(&w, MIP_EXT_CHALLENGE, "\xde\xad\xbe\xef", 4);
	write_auth(&w, MIP_EXT_MN_FA, 0x2000, 0xb2, 16);
	write_auth(&w, MIP_EXT_FA_HA, 0x3000, 0xc2, 20);
	write_udp(out, FOREIGN_AGENT, HOME_AGENT, MIP_PORT, MIP_PORT, &w);
}

static void request_deregister(struct output *out)
{
	const struct mip_request rq = {
		.home = addr(HOME),
		.home_agent = addr(HOME_AGENT),
		.care_of = addr(HOME),
		.ident = ident,
	};
	uint8_t room[MIP_MESSAGE_MAX];
	struct writer w = writer_over(room, sizeof(room));

	mip_request_encode(&w, &rq);
	write_auth(&w, MIP_EXT_MN_HA, 0x1000, 0xa3, 16);
	write_udp(out, HOME, HOME_AGENT, 434, MIP_PORT, &w);
}

static void write_reply(struct output *out, uint8_t code, uint16_t lifetime)
{
	const struct mip_reply rp = { .code = code,
				      .lifetime = lifetime,
				      .home = addr(HOME),
				      .home_agent = addr(HOME_AGENT),
				      .ident = ident };
	uint8_t room[MIP_MESSAGE_MAX];
	struct writer w = writer_over(room, sizeof(room));

	mip_reply_encode(&w, &rp);
	write_auth(&w, MIP_EXT_MN_HA, 0x1000, 0xa4, 16);
	write_auth(&w, MIP_EXT_FA_HA, 0x3000, 0xc4, 16);
	write_udp(out, HOME_AGENT, FOREIGN_AGENT, MIP_PORT, MIP_PORT, &w);
}

static void reply_accepted(struct output *out)
{
	write_reply(out, MIP_ACCEPTED, 600);
}

static void reply_denied(struct output *out)
{
	write_reply(out, MIP_HA_IDENT, 0);
}

static void write_icmp(struct output *out, uint32_t dst, uint8_t ttl,
		       const struct writer *message)
{
	const struct ipv4_fields f = { .src = addr(FOREIGN_AGENT),
				       .dst = addr(dst),
				       .protocol = PROTO_ICMP,
				       .ttl = ttl };
	uint8_t packet[FRAME_MAX];
	struct writer w = writer_over(packet, sizeof(packet));
	uint8_t *header = write_room(&w, IPV4_HEADER);

	write_bytes(&w, message->start, writer_len(message));
	if (message->bad || w.bad)
		die("message too long");
	ipv4_build(header, &f, writer_len(message));
	write_frame(out, ETHER_IPV4, packet, writer_len(&w));
}

static void advert_foreign(struct output *out)
{
	const struct mip_advert a = {
		.code = ADVERT_CODE_NO_ROUTES,
		.lifetime = 30,
		.router_count = 2,
		.router = { addr(FOREIGN_AGENT), addr(FOREIGN_AGENT + 1) },
		.preference = { 0, -1 },
		.mobility = true,
		.sequence = 258,
		.registration_lifetime = 900,
		.flags = ADVERT_FLAG_R | ADVERT_FLAG_F | ADVERT_FLAG_M | ADVERT_FLAG_G |
			 ADVERT_FLAG_T,
		.care_of_count = 2,
		.care_of = { addr(FOREIGN_AGENT), addr(FOREIGN_AGENT + 2) },
		.prefix_count = 2,
		.prefix_len = { 24, 28 },
	};
	uint8_t room[ADVERT_LEN_MAX];
	struct writer w = writer_over(room, sizeof(room));

	mip_advert_encode(&w, &a);
	write_icmp(out, ALL_SYSTEMS, 1, &w);
}

/* Its prefix extension is odd, so that a padding octet ends it. */
static void advert_home(struct output *out)
{
	const struct mip_advert a = {
		.code = ADVERT_CODE_ROUTES,
		.lifetime = 1800,
		.router_count = 1,
		.router = { addr(HOME_AGENT) },
		.mobility = true,
		.sequence = 0,
		.registration_lifetime = 0xffff,
		.flags = ADVERT_FLAG_H | ADVERT_FLAG_B,
		.prefix_count = 1,
		.prefix_len = { 24 },
	};
	uint8_t room[ADVERT_LEN_MAX];
	struct writer w = writer_over(room, sizeof(room));

	mip_advert_encode(&w, &a);
	write_icmp(out, ALL_SYSTEMS, 1, &w);
}

static void solicitation(struct output *out)
{
	uint8_t room[SOLICIT_LEN];
	struct writer w = writer_over(room, sizeof(room));

	mip_solicit_encode(&w);
	write_icmp(out, ALL_AGENTS, 1, &w);
}

static size_t plain_packet(uint8_t *to, size_t room, size_t payload)
{
	static uint8_t bytes[FRAME_MAX * 2];
	const struct udp_packet p = { .src = addr(CORRESPONDENT),
				      .dst = addr(HOME),
				      .src_port = 40002,
				      .dst_port = 40003,
				      .ttl = 63,
				      .payload = bytes,
				      .len = payload };

	return udp_build(to, room, &p, 4242);
}

static void error_too_big(struct output *out)
{
	uint8_t packet[FRAME_MAX], error[FRAME_MAX];
	size_t len = plain_packet(packet, sizeof(packet), 1400);

	len = icmp_error_build(error, sizeof(error), addr(HOME_AGENT), ICMP_UNREACHABLE,
			       ICMP_CODE_TOO_BIG, 1372, packet, len);
	write_frame(out, ETHER_IPV4, error, len);
}

static void write_fragment(void *arg, const uint8_t *bytes, size_t len)
{
	write_frame(arg, ETHER_IPV4, bytes, len);
}

/* Three frames, of which the last one completes the datagram. */
static void fragments(struct output *out)
{
	uint8_t packet[FRAME_MAX * 2];
	size_t len = plain_packet(packet, sizeof(packet), 3000);

	if (ipv4_fragment(packet, len, 1200, write_fragment, out) != 3)
		die("fragments");
}

static void gratuitous(struct output *out, uint16_t op)
{
	const struct mac agent = { { 2, 0, 0, 0, 0, 1 } };
	const struct arp_message m = arp_gratuitous(addr(HOME), agent, op);
	uint8_t bytes[ARP_LEN];

	arp_encode(&m, bytes);
	write_frame(out, ETHER_ARP, bytes, sizeof(bytes));
}

static void gratuitous_request(struct output *out)
{
	gratuitous(out, ARP_REQUEST);
}

static void gratuitous_reply(struct output *out)
{
	gratuitous(out, ARP_REPLY);
}

static void proxy_answer(struct output *out)
{
	const struct arp_message request = { .op = ARP_REQUEST,
					     .sender_mac = { { 2, 0, 0, 0, 0, 20 } },
					     .sender = addr(0xc6336414),
					     .target = addr(HOME) };
	const struct mac agent = { { 2, 0, 0, 0, 0, 1 } };
	const struct arp_message m = arp_answer(&request, agent);
	uint8_t bytes[ARP_LEN];

	arp_encode(&m, bytes);
	write_frame(out, ETHER_ARP, bytes, sizeof(bytes));
}

static void (*const messages[])(struct output *) = {
	request_co_located, /* 1 */
	request_every_flag, /* 2 */
	request_deregister, /* 3 */
	reply_accepted,     /* 4 */
	reply_denied,       /* 5 */
	advert_foreign,     /* 6 */
	advert_home,        /* 7 */
	solicitation,       /* 8 */
	error_too_big,      /* 9 */
	gratuitous_request, /* 10 */
	gratuitous_reply,   /* 11 */
	proxy_answer,       /* 12 */
	fragments,          /* 13 to 15 */
};

int main(int argc, char **argv)
{
	struct output out = { .pcap = pcap_open_dead(DLT_EN10MB, FRAME_MAX) };

	if (argc != 2) {
		fprintf(stderr, "usage: encode_messages FILE\n");
		return 2;
	}
	if (!out.pcap)
		die("no memory");
	out.dumper = pcap_dump_open(out.pcap, argv[1]);
	if (!out.dumper)
		die(pcap_geterr(out.pcap));
	for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++)
		messages[i](&out);
	pcap_dump_close(out.dumper);
	pcap_close(out.pcap);
	return 0;
}
