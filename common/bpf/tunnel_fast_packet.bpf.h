/* SPDX-License-Identifier: ISC OR GPL-2.0-only */
/*
 * What the programme asks of one packet, whatever the tunnel: is its header sound, what
 * will it be on the wire, and where does the kernel's routing lead it.
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
	FAMILY_INET = 2,
	IFINDEX_LO = 1,      /* where the kernel's own packets are said to come from */
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

/* ---- the kernel's routing ---- */

/* Where a packet that comes from the link `from` would go; a BPF_FIB_LKUP_RET_. */
static __always_inline long route(struct __sk_buff *skb, struct bpf_fib_lookup *fib,
				  __u32 from, const struct iphdr *ip, __u32 len)
{
	__builtin_memset(fib, 0, sizeof(*fib));
	fib->family = FAMILY_INET;
	fib->l4_protocol = ip->protocol;
	fib->tot_len = len;
	fib->ifindex = from;
	fib->tos = ip->tos;
	fib->ipv4_src = ip->saddr;
	fib->ipv4_dst = ip->daddr;
	return bpf_fib_lookup(skb, fib, sizeof(*fib), 0);
}

/* A next hop that the kernel has still to ask for is one all the same. */
static __always_inline bool is_way(long result)
{
	return result == BPF_FIB_LKUP_RET_SUCCESS ||
	       result == BPF_FIB_LKUP_RET_NO_NEIGH;
}

/*
 * Answers to the sender would leave by the link that the packet came from: what a
 * strict reverse-path filter asks, and an address of our own never passes.
 */
static __always_inline bool came_right(struct __sk_buff *skb, const struct iphdr *ip)
{
	const struct iphdr back = { .saddr = ip->daddr, .daddr = ip->saddr };
	struct bpf_fib_lookup fib;

	return is_way(route(skb, &fib, IFINDEX_LO, &back, 0)) &&
	       fib.ifindex == skb->ifindex;
}

static __always_inline int send(const struct bpf_fib_lookup *fib)
{
	struct bpf_redir_neigh next = { .nh_family = FAMILY_INET,
					.ipv4_nh = fib->ipv4_dst };

	return bpf_redirect_neigh(fib->ifindex, &next, sizeof(next), 0);
}

#endif
