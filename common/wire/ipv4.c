/* SPDX-License-Identifier: ISC */
/*
 * IPv4 headers (RFC 791): judged, built, changed in place. Fragmenting, the only
 * long story among them, is in ipv4_fragment.c.
 */
#include "common/wire/ipv4.h"

#include "common/wire/checksum.h"

#include <arpa/inet.h>
#include <string.h>

enum ipv4_fault ipv4_check(const void *bytes, size_t len, size_t *total)
{
	struct ipv4 ip;
	size_t header;

	if (len < IPV4_HEADER)
		return IPV4_SHORT;
	memcpy(&ip, bytes, sizeof(ip));
	if (ip.version_ihl >> 4 != 4)
		return IPV4_VERSION;
	header = ipv4_header_len(&ip);
	if (header < IPV4_HEADER || header > len)
		return IPV4_HEADER_LEN;
	if (ntohs(ip.length) < header || ntohs(ip.length) > len)
		return IPV4_TOTAL_LEN;
	if (checksum_of(bytes, header) != 0)
		return IPV4_BAD_CHECKSUM;
	*total = ntohs(ip.length);
	return IPV4_OK;
}

const char *ipv4_fault_text(enum ipv4_fault f)
{
	switch (f) {
	case IPV4_OK:
		return "sound";
	case IPV4_SHORT:
		return "shorter than an IPv4 header";
	case IPV4_VERSION:
		return "not IP version 4";
	case IPV4_HEADER_LEN:
		return "impossible header length";
	case IPV4_TOTAL_LEN:
		return "impossible total length";
	case IPV4_BAD_CHECKSUM:
		return "wrong header checksum";
	}
	return "unknown";
}

void ipv4_seal(struct ipv4 *ip)
{
	ip->checksum = 0;
	ip->checksum = htons(checksum_of(ip, ipv4_header_len(ip)));
}

void ipv4_build(void *to, const struct ipv4_fields *f, size_t payload)
{
	struct ipv4 ip = {
		.version_ihl = 4 << 4 | IPV4_HEADER / 4,
		.tos = f->tos,
		.length = htons((uint16_t)(IPV4_HEADER + payload)),
		.id = htons(f->id),
		.fragment = htons(f->df ? IPV4_DF : 0),
		.ttl = f->ttl,
		.protocol = f->protocol,
		.src = f->src,
		.dst = f->dst,
	};

	ipv4_seal(&ip);
	memcpy(to, &ip, sizeof(ip));
}

static void reseal(struct ipv4 *ip, uint16_t old_word, uint16_t new_word)
{
	ip->checksum = htons(checksum_update(ntohs(ip->checksum), old_word, new_word));
}

void ipv4_set_ttl(struct ipv4 *ip, uint8_t ttl)
{
	reseal(ip, (uint16_t)(ip->ttl << 8 | ip->protocol),
	       (uint16_t)(ttl << 8 | ip->protocol));
	ip->ttl = ttl;
}

void ipv4_set_tos(struct ipv4 *ip, uint8_t tos)
{
	reseal(ip, (uint16_t)(ip->version_ihl << 8 | ip->tos),
	       (uint16_t)(ip->version_ihl << 8 | tos));
	ip->tos = tos;
}

bool ipv4_is_unicast(struct in_addr a)
{
	uint8_t first = (uint8_t)(ntohl(a.s_addr) >> 24);

	return first != 0 && first != 127 && first < 224;
}

const char *ipv4_text(struct in_addr a, char text[INET_ADDRSTRLEN])
{
	return inet_ntop(AF_INET, &a, text, INET_ADDRSTRLEN);
}
