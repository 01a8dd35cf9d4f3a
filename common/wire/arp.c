/* SPDX-License-Identifier: ISC */
/* ARP for IPv4 over Ethernet (RFC 826), and the forms of RFC 5944 4.6. */
#include "common/wire/arp.h"

#include "common/base/bytes.h"

#include <stdio.h>

enum { HARDWARE_ETHERNET = 1, PROTOCOL_IPV4 = 0x0800, IPV4_LEN = 4 };

static struct mac read_mac(struct reader *r)
{
	struct mac m = { { 0 } };
	const uint8_t *b = read_bytes(r, MAC_LEN);

	if (b)
		memcpy(m.octet, b, MAC_LEN);
	return m;
}

bool arp_decode(const void *bytes, size_t len, struct arp_message *out)
{
	struct reader r = reader_over(bytes, len);
	bool ours = read_u16(&r) == HARDWARE_ETHERNET;

	ours &= read_u16(&r) == PROTOCOL_IPV4;
	ours &= read_u8(&r) == MAC_LEN;
	ours &= read_u8(&r) == IPV4_LEN;
	out->op = read_u16(&r);
	out->sender_mac = read_mac(&r);
	out->sender = read_addr(&r);
	out->target_mac = read_mac(&r);
	out->target = read_addr(&r);
	return ours && !r.bad;
}

void arp_encode(const struct arp_message *m, uint8_t to[ARP_LEN])
{
	struct writer w = writer_over(to, ARP_LEN);

	write_u16(&w, HARDWARE_ETHERNET);
	write_u16(&w, PROTOCOL_IPV4);
	write_u8(&w, MAC_LEN);
	write_u8(&w, IPV4_LEN);
	write_u16(&w, m->op);
	write_bytes(&w, m->sender_mac.octet, MAC_LEN);
	write_addr(&w, m->sender);
	write_bytes(&w, m->target_mac.octet, MAC_LEN);
	write_addr(&w, m->target);
}

struct arp_message arp_gratuitous(struct in_addr addr, struct mac mac, uint16_t op)
{
	struct arp_message m = {
		.op = op,
		.sender_mac = mac,
		.sender = addr,
		.target = addr,
	};

	/* RFC 5944 4.6: unused in a Request, repeated in a Reply. */
	if (op == ARP_REPLY)
		m.target_mac = mac;
	return m;
}

struct arp_message arp_answer(const struct arp_message *request, struct mac mac)
{
	return (struct arp_message){
		.op = ARP_REPLY,
		.sender_mac = mac,
		.sender = request->target,
		.target_mac = request->sender_mac,
		.target = request->sender,
	};
}

bool mac_equal(struct mac a, struct mac b)
{
	return memcmp(a.octet, b.octet, MAC_LEN) == 0;
}

bool mac_is_unicast(struct mac a)
{
	static const struct mac none;

	return (a.octet[0] & 1) == 0 && !mac_equal(a, none);
}

const char *mac_text(struct mac a, char text[MAC_TEXT_LEN])
{
	snprintf(text, MAC_TEXT_LEN, "%02x:%02x:%02x:%02x:%02x:%02x", a.octet[0],
		 a.octet[1], a.octet[2], a.octet[3], a.octet[4], a.octet[5]);
	return text;
}
