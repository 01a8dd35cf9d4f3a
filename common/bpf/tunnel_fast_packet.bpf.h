/* SPDX-License-Identifier: ISC OR GPL-2.0-only */
/*
 * What the programme asks of one packet, whatever the tunnel: is its header sound, and
 * what will it be on the wire.
 */
#ifndef COMMON_BPF_TUNNEL_FAST_PACKET_BPF_H
#define COMMON_BPF_TUNNEL_FAST_PACKET_BPF_H

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <stdbool.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

enum {
	PLAIN_HEADER = 0x45, /* version 4, no options */
	FRAGMENT = 0x3fff,
	TCP_OFFSET = 12, /* of the octet that begins with the header's length */
	UDP_HEADER = 8,
};

/* ---- headers ---- */

static __always_inline __u16 fold(__u64 sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (__u16)sum;
}

static __always_inline __u16 header_sum(const struct iphdr *ip)
{
	const __u32 *word = (const void *)ip;

	return fold((__u64)word[0] + word[1] + word[2] + word[3] + word[4]);
}

static __always_inline bool is_header(const struct iphdr *ip)
{
	return *(const __u8 *)ip == PLAIN_HEADER && header_sum(ip) == 0xffff &&
	       bpf_ntohs(ip->tot_len) >= sizeof(*ip);
}

/* A header of the usual form on exactly `len` octets. */
static __always_inline bool is_sound(const struct iphdr *ip, __u32 len)
{
	return is_header(ip) && bpf_ntohs(ip->tot_len) == len;
}

static __always_inline bool is_fragment(const struct iphdr *ip)
{
	return ip->frag_off & bpf_htons(FRAGMENT);
}

/* An address that a host can have, beyond this machine. */
static __always_inline bool is_host(__be32 addr)
{
	__u8 first = bpf_ntohl(addr) >> 24;

	return first != 0 && first != 127 && first < 224;
}

/* One hop, and another type of service (RFC 1624). */
static __always_inline void hop(struct iphdr *ip, __u8 tos)
{
	ip->ttl--;
	ip->tos = tos;
	ip->check = 0;
	ip->check = ~header_sum(ip);
}

/*
 * Octets of IP and transport header of a packet that will be cut into segments; 0 if
 * that cannot be said.
 */
static __always_inline __u32 segment_header(struct __sk_buff *skb, __u32 at,
					    const struct iphdr *ip)
{
	__u8 offset;

	if (ip->protocol == IPPROTO_UDP)
		return sizeof(*ip) + UDP_HEADER;
	if (ip->protocol != IPPROTO_TCP ||
	    bpf_skb_load_bytes(skb, at + sizeof(*ip) + TCP_OFFSET, &offset, 1) != 0)
		return 0;
	return sizeof(*ip) + (offset >> 4) * 4;
}

/* What a packet will be on the wire. */
struct wire {
	__u32 packets;
	__u32 octets; /* of all */
	__u32 most;   /* of one */
	__u32 header; /* octets that each of them repeats */
};

/* The packet `ip`, which stands at `at`; false if nothing can be said. */
static __always_inline bool on_wire(struct __sk_buff *skb, __u32 at,
				    const struct iphdr *ip, struct wire *w)
{
	__u32 len = bpf_ntohs(ip->tot_len), size = skb->gso_size, header;

	if (size == 0) {
		*w = (struct wire){ .packets = 1, .octets = len, .most = len };
		return true;
	}
	header = segment_header(skb, at, ip);
	if (header == 0 || len <= header)
		return false;
	w->header = header;
	w->packets = (len - header + size - 1) / size;
	w->octets = len + (w->packets - 1) * header;
	w->most = header + size < len ? header + size : len;
	return true;
}

#endif
