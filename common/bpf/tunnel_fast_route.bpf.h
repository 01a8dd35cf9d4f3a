/* SPDX-License-Identifier: ISC OR GPL-2.0-only */
/*
 * Where the kernel's routing leads a packet.
 *
 * Asking it is the dearest part of a packet's way (half a microsecond with a few
 * rules), and three questions are asked about each.  So an answer is remembered for
 * ROUTE_AGE, on the processor that asked; nobody needs to say that routing has changed,
 * and nothing outlives the daemon or a route that it came from by more than that.  The
 * neighbour is not part of an answer: the kernel keeps that itself.
 */
#ifndef COMMON_BPF_TUNNEL_FAST_ROUTE_BPF_H
#define COMMON_BPF_TUNNEL_FAST_ROUTE_BPF_H

#include <linux/bpf.h>
#include <linux/ip.h>
#include <stdbool.h>

#include <bpf/bpf_helpers.h>

enum {
	FAMILY_INET = 2,
	IFINDEX_LO = 1, /* where the kernel's own packets are said to come from */
	ROUTE_AGE = 10 * 1000000, /* nanoseconds */
	ROUTES = 4096,            /* remembered on a processor; a power of two */
};

/* What routing goes by. */
struct route_key {
	__u32 from; /* link */
	__be32 src, dst;
	__u8 protocol, tos;
	__u16 zero;
};

struct route {
	struct route_key key;
	__s32 result; /* BPF_FIB_LKUP_RET_ */
	__u32 ifindex;
	__be32 next;
	__u32 len;   /* this much was asked for */
	__u64 until; /* on the coarse monotonic clock; 0: nothing is here */
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, ROUTES);
	__type(key, __u32);
	__type(value, struct route);
} routes SEC(".maps");

/* Two flows at one place take it from each other, and are slower for that. */
static __always_inline struct route *place_of(const struct route_key *key)
{
	__u64 mixed = ((__u64)key->src << 32 | key->dst) ^
		      ((__u64)key->from << 16 | key->protocol << 8 | key->tos);
	__u32 at;

	mixed = (mixed ^ mixed >> 32) * 0x9e3779b97f4a7c15;
	at = (mixed >> 48) % ROUTES;
	return bpf_map_lookup_elem(&routes, &at);
}

static __always_inline bool same_key(const struct route_key *a,
				     const struct route_key *b)
{
	return a->from == b->from && a->src == b->src && a->dst == b->dst &&
	       a->protocol == b->protocol && a->tos == b->tos;
}

static __always_inline void ask_kernel(struct __sk_buff *skb,
				       const struct route_key *key, __u32 len,
				       struct route *r)
{
	struct bpf_fib_lookup fib = { .family = FAMILY_INET,
				      .l4_protocol = key->protocol,
				      .tot_len = len,
				      .ifindex = key->from,
				      .tos = key->tos,
				      .ipv4_src = key->src,
				      .ipv4_dst = key->dst };

	r->key = *key;
	r->len = len;
	r->result = bpf_fib_lookup(skb, &fib, sizeof(fib), 0);
	if (fib.family != FAMILY_INET)
		r->result = BPF_FIB_LKUP_RET_UNSUPP_LWT; /* by IPv6: RFC 5549 */
	r->ifindex = fib.ifindex;
	r->next = fib.ipv4_dst;
}

static __always_inline bool is_way(const struct route *r)
{
	/* A next hop that the kernel has still to ask for is one all the same. */
	return r->result == BPF_FIB_LKUP_RET_SUCCESS ||
	       r->result == BPF_FIB_LKUP_RET_NO_NEIGH;
}

/* An address of our own, or none that anybody has. */
static __always_inline bool is_end(const struct route *r)
{
	return r->result == BPF_FIB_LKUP_RET_NOT_FWDED;
}

/*
 * Where a packet of `len` octets that comes from the link `from` goes; NULL where even
 * that cannot be said.  Good until the next question.
 */
static __always_inline const struct route *route(struct __sk_buff *skb, __u32 from,
						 const struct iphdr *ip, __u32 len)
{
	const struct route_key key = { .from = from,
				       .src = ip->saddr,
				       .dst = ip->daddr,
				       .protocol = ip->protocol,
				       .tos = ip->tos };
	struct route *r = place_of(&key);
	__u64 now = bpf_ktime_get_coarse_ns();

	if (!r)
		return NULL;
	if (now < r->until && same_key(&r->key, &key) && len <= r->len)
		return r;
	ask_kernel(skb, &key, len, r);
	/* No other answer lets a packet pass, and a shorter one may get another. */
	r->until = is_way(r) || is_end(r) ? now + ROUTE_AGE : 0;
	return r;
}

/* The way of a packet of `len` octets from the link `from`, or NULL. */
static __always_inline const struct route *way(struct __sk_buff *skb, __u32 from,
					       const struct iphdr *ip, __u32 len)
{
	const struct route *r = route(skb, from, ip, len);

	return r && is_way(r) ? r : NULL;
}

/*
 * Answers to the sender would leave by the link that the packet came from: what a
 * strict reverse-path filter asks, and an address of our own never passes.
 */
static __always_inline bool came_right(struct __sk_buff *skb, const struct iphdr *ip)
{
	const struct iphdr back = { .saddr = ip->daddr, .daddr = ip->saddr };
	const struct route *r = way(skb, IFINDEX_LO, &back, 0);

	return r && r->ifindex == skb->ifindex;
}

static __always_inline int send(const struct route *r)
{
	struct bpf_redir_neigh next = { .nh_family = FAMILY_INET, .ipv4_nh = r->next };

	return bpf_redirect_neigh(r->ifindex, &next, sizeof(next), 0);
}

#endif
