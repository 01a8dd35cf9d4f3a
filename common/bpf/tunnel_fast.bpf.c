/* SPDX-License-Identifier: ISC OR GPL-2.0-only */
/*
 * Simple tunnels in the kernel: GRE with or without a key (RFC 2784, 2890) and IP in
 * IP (RFC 2003), at the ingress of every Ethernet-like link (tc, clsact).
 *
 * It only takes packets that are right in every respect, and whose way the kernel's
 * own routing confirms.  It drops nothing and answers nothing: whatever is unusual
 * goes on to the kernel's stack as if this programme were not there, and through it
 * to the daemon, which knows what to do and counts it.  So every judgement here is
 * either that of common/tunnel/pipeline_in.c and pipeline_out.c or a stricter one.
 *
 *     into a tunnel     dst is a home address, or src a visitor's
 *       sender's route  back over this link (a reverse-path filter)
 *       route           leads into the daemon's TUN
 *       outer route     gives link and next hop; the kernel's neighbours the rest
 *     out of a tunnel   outer header and key are those of a tunnel
 *       inner dst       a visitor of it: onto its link
 *       inner src       a binding with a reverse tunnel: as routing from TUN goes
 *
 * Large segments stay whole; they are judged by what they will be on the wire.  So do
 * checksums that the sender left open: hardware completes both.  Over a virtual link
 * they arrive as they are, and a socket is not told; so only a tunnel whose other end
 * is said to take them is entered over such a link.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/pkt_cls.h>
#include <stdbool.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "common/bpf/tunnel_fast.h"
#include "common/bpf/tunnel_fast_packet.bpf.h"
#include "common/bpf/tunnel_fast_route.bpf.h"

enum {
	PROTOCOL_MINIMAL = 55,
	DONT_FRAGMENT = 0x4000,
	DSCP = 0xfc,
	ECN = 3,
	GRE_KEY = 0x2000,
	GRE_BASE = 4,
	GRE_KEYED = 8,
	LENGTH_MOST = 65535,
};

#define AT_IP ETH_HLEN

/* What a packet is after a lookup: taken, or left alone. */
#define LEAVE TC_ACT_UNSPEC

/* ---- maps ---- */

/*
 * As large as the daemon says.  Entries of home addresses are made beforehand, which
 * takes less than the allocator would round up to; of tunnels there are mostly few.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, __be32);
	__type(value, struct fast_binding);
} bindings SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, __be32);
	__type(value, struct fast_visitor);
} visitors SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1);
	__type(key, struct fast_tunnel_key);
	__type(value, struct fast_tunnel);
} tunnels SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, FAST_LINKS);
	__type(key, __u32);
	__type(value, struct fast_link);
} links SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, FAST_COUNTS);
	__type(key, __u32);
	__type(value, __u64);
} counts SEC(".maps");

volatile __u32 tun; /* index of the daemon's device */

static __always_inline void count(enum fast_count what)
{
	__u32 at = what;
	__u64 *n = bpf_map_lookup_elem(&counts, &at);

	if (n)
		*n += 1;
}

static __always_inline int leave(enum fast_count why)
{
	count(why);
	return LEAVE;
}

static __always_inline bool is_link(__u32 ifindex)
{
	return bpf_map_lookup_elem(&links, &ifindex) != NULL;
}

/* ---- into a tunnel ---- */

static __always_inline __u32 shim_of(const struct fast_tunnel_key *key)
{
	if (key->protocol != IPPROTO_GRE)
		return 0;
	return key->keyed ? GRE_KEYED : GRE_BASE;
}

static __always_inline __u16 path_mtu(const struct fast_tunnel *t)
{
	if (t->forget != 0 && bpf_ktime_get_ns() >= t->forget)
		return t->most;
	return t->mtu;
}

struct gre {
	__be16 flags;
	__be16 protocol;
	__be32 key;
};

/* Outer header and GRE header as they stand one behind the other. */
struct outer {
	struct iphdr ip;
	struct gre gre;
};

static __always_inline void write_outer(struct outer *o, const struct iphdr *inner,
					const struct fast_tunnel_key *key,
					const struct fast_tunnel *t, __u16 id)
{
	o->ip = (struct iphdr){
		.version = 4,
		.ihl = 5,
		.tos = t->uniform ? inner->tos : t->tos | (inner->tos & ECN),
		.tot_len = bpf_htons(bpf_ntohs(inner->tot_len) + sizeof(o->ip) +
				     shim_of(key)),
		.id = bpf_htons(id),
		.frag_off = bpf_htons(DONT_FRAGMENT),
		.ttl = t->ttl,
		.protocol = key->protocol,
		.saddr = key->local,
		.daddr = key->remote,
	};
	o->ip.check = ~header_sum(&o->ip);
	o->gre = (struct gre){ .flags = key->keyed ? bpf_htons(GRE_KEY) : 0,
			       .protocol = bpf_htons(ETH_P_IP),
			       .key = t->key_out };
}

static __always_inline long make_room(struct __sk_buff *skb, __u32 len, __u8 protocol)
{
	__u64 flags = BPF_F_ADJ_ROOM_FIXED_GSO | BPF_F_ADJ_ROOM_ENCAP_L3_IPV4;

	if (protocol == IPPROTO_GRE)
		flags |= BPF_F_ADJ_ROOM_ENCAP_L4_GRE;
	return bpf_skb_adjust_room(skb, len, BPF_ADJ_ROOM_MAC, flags);
}

/* Lengths are constants each time, since the verifier wants to know them. */
static __always_inline long put_outer(struct __sk_buff *skb, const struct outer *o,
				      __u32 shim)
{
	if (shim == 0)
		return bpf_skb_store_bytes(skb, AT_IP, o, sizeof(o->ip),
					   BPF_F_RECOMPUTE_CSUM);
	if (shim == GRE_BASE)
		return bpf_skb_store_bytes(skb, AT_IP, o, sizeof(o->ip) + GRE_BASE,
					   BPF_F_RECOMPUTE_CSUM);
	return bpf_skb_store_bytes(skb, AT_IP, o, sizeof(*o), BPF_F_RECOMPUTE_CSUM);
}

static __always_inline int encapsulate(struct __sk_buff *skb, struct iphdr *ip,
				       const struct fast_tunnel_key *key,
				       struct fast_tunnel *t, const struct wire *w,
				       const struct route *way)
{
	__u32 shim = shim_of(key), header = sizeof(*ip) + shim;
	struct outer outer;
	__u64 before;

	if (make_room(skb, header, key->protocol) != 0)
		return leave(FAST_UP_KERNEL);
	/* Numbers go on from packet to packet, those within a segment included. */
	before = __sync_fetch_and_add(&t->out_packets, w->packets);
	__sync_fetch_and_add(&t->out_octets, w->octets + w->packets * header);
	write_outer(&outer, ip, key, t, (__u16)(before + 1));
	hop(ip, ip->tos);
	if (put_outer(skb, &outer, shim) != 0 ||
	    bpf_skb_store_bytes(skb, AT_IP + header, ip, sizeof(*ip), 0) != 0)
		return TC_ACT_SHOT; /* the room is there, so this cannot be */
	count(FAST_ENCAPSULATED);
	return send(way);
}

/* Small frames are padded, and the padding is no part of the packet. */
static __always_inline bool cut_padding(struct __sk_buff *skb, const struct iphdr *ip)
{
	__u32 len = AT_IP + bpf_ntohs(ip->tot_len);

	if (skb->len <= len || skb->gso_size != 0)
		return true;
	return bpf_skb_change_tail(skb, len, 0) == 0;
}

/* The packet itself is one that may go into this tunnel (RFC 2003 3, 5.1). */
static __always_inline int judge_entry(struct __sk_buff *skb, const struct iphdr *ip,
				       const struct fast_tunnel_key *key,
				       const struct fast_tunnel *t, struct wire *w)
{
	__u32 header = sizeof(*ip) + shim_of(key);

	if (!is_header(ip) || !cut_padding(skb, ip) ||
	    bpf_ntohs(ip->tot_len) != skb->len - AT_IP)
		return FAST_UP_UNSOUND;
	if (is_fragment(ip))
		return FAST_UP_FRAGMENT;
	if (ip->ttl <= 1)
		return FAST_UP_TTL;
	if (!is_host(ip->saddr) || !is_host(ip->daddr) || ip->saddr == key->remote ||
	    ip->protocol == PROTOCOL_MINIMAL)
		return FAST_UP_ADDRESS;
	if (!on_wire(skb, AT_IP, ip, w) || w->most + header > path_mtu(t) ||
	    bpf_ntohs(ip->tot_len) + header > LENGTH_MOST)
		return FAST_UP_SIZE;
	return 0;
}

/* The kernel's routing would hand it to the daemon. */
static __always_inline int judge_way_in(struct __sk_buff *skb, const struct iphdr *ip,
					const struct wire *w, bool visitor)
{
	const struct route *r;

	/* A visitor is known by its station; the way to its address is by its home. */
	if (!visitor && !came_right(skb, ip))
		return FAST_UP_SENDER;
	r = way(skb, skb->ifindex, ip, w->most);
	return r && r->ifindex == tun ? 0 : FAST_UP_ROUTE;
}

/* And take what the daemon sends. */
static __always_inline int judge_way_out(struct __sk_buff *skb,
					 const struct fast_tunnel_key *key,
					 const struct fast_tunnel *t,
					 const struct wire *w, const struct route **out)
{
	const struct iphdr outer = { .saddr = key->local,
				     .daddr = key->remote,
				     .protocol = key->protocol };
	const struct route *r =
		way(skb, IFINDEX_LO, &outer, w->most + sizeof(outer) + shim_of(key));
	const struct fast_link *link;

	if (!r)
		return FAST_UP_ROUTE;
	link = bpf_map_lookup_elem(&links, &r->ifindex);
	if (!link)
		return FAST_UP_ROUTE;
	*out = r;
	return link->is_virtual && !t->open ? FAST_UP_VIRTUAL : 0;
}

/* The frame comes from the visitor's link and station (RFC 3024 5.1). */
static __always_inline bool is_from(struct __sk_buff *skb, const struct fast_visitor *v)
{
	__u8 mac[FAST_MAC], differs = 0;

	if (skb->ifindex != v->ifindex ||
	    bpf_skb_load_bytes(skb, FAST_MAC, mac, sizeof(mac)) != 0)
		return false;
	for (int i = 0; i < FAST_MAC; i++)
		differs |= mac[i] ^ v->mac[i];
	return differs == 0;
}

static __always_inline int into_tunnel(struct __sk_buff *skb, struct iphdr *ip)
{
	const struct fast_binding *b = bpf_map_lookup_elem(&bindings, &ip->daddr);
	const struct fast_visitor *v = NULL;
	const struct fast_tunnel_key *key;
	const struct route *way;
	struct fast_tunnel *t;
	struct wire w = { 0 };
	int why;

	if (!b) {
		v = bpf_map_lookup_elem(&visitors, &ip->saddr);
		if (!v || !v->reverse)
			return LEAVE;
	}
	key = b ? &b->tunnel : &v->tunnel;
	t = bpf_map_lookup_elem(&tunnels, key);
	if (!t)
		return LEAVE;
	if (v && !is_from(skb, v))
		return leave(FAST_UP_VISITOR);
	why = judge_entry(skb, ip, key, t, &w);
	if (why == 0)
		why = judge_way_in(skb, ip, &w, v != NULL);
	if (why == 0)
		why = judge_way_out(skb, key, t, &w, &way);
	if (why != 0)
		return leave(why);
	return encapsulate(skb, ip, key, t, &w, way);
}

/* ---- out of a tunnel ---- */

/* Octets between outer and inner header, and the key there; -1: nothing simple. */
static __always_inline int read_shim(struct __sk_buff *skb, const struct iphdr *outer,
				     struct fast_tunnel_key *key)
{
	struct gre gre;

	if (outer->protocol == IPPROTO_IPIP)
		return 0;
	if (bpf_skb_load_bytes(skb, AT_IP + sizeof(*outer), &gre, sizeof(gre)) != 0 ||
	    gre.protocol != bpf_htons(ETH_P_IP))
		return -1;
	if (gre.flags == 0)
		return GRE_BASE;
	if (gre.flags != bpf_htons(GRE_KEY))
		return -1;
	key->keyed = 1;
	key->key_in = gre.key;
	return GRE_KEYED;
}

/* RFC 6040 4.2, for the pairs of marks that a standard path gives; -1: another. */
static __always_inline int ecn_out(__u8 inner, __u8 outer)
{
	inner &= ECN;
	outer &= ECN;
	if (outer == 0 || inner == outer)
		return inner;
	if (outer == ECN)
		return inner == 0 ? -1 : ECN;
	/* One ECT outside, another mark inside: of those ECT(0) becomes ECT(1). */
	if (inner == 2)
		return outer;
	return inner == ECN && outer == 2 ? ECN : -1;
}

static __always_inline bool same_tunnel(const struct fast_tunnel_key *a,
					const struct fast_tunnel_key *b)
{
	return a->local == b->local && a->remote == b->remote &&
	       a->key_in == b->key_in && a->protocol == b->protocol &&
	       a->keyed == b->keyed;
}

static __always_inline long take_room(struct __sk_buff *skb, int len)
{
	return bpf_skb_adjust_room(skb, -len, BPF_ADJ_ROOM_MAC,
				   BPF_F_ADJ_ROOM_FIXED_GSO);
}

/* What is known of a packet that leaves a tunnel. */
struct exit {
	struct iphdr ip; /* inner */
	int header;      /* octets before it, without that of the link */
	__u8 tos;
	struct wire w;
};

static __always_inline long decapsulate(struct __sk_buff *skb, struct exit *x,
					struct fast_tunnel *t)
{
	if (take_room(skb, x->header) != 0)
		return -1;
	__sync_fetch_and_add(&t->in_packets, x->w.packets);
	__sync_fetch_and_add(&t->in_octets, x->w.octets);
	hop(&x->ip, x->tos);
	return bpf_skb_store_bytes(skb, AT_IP, &x->ip, sizeof(x->ip), 0);
}

/* Onto the visitor's link, to its station (RFC 5944 4.2.2). */
static __always_inline int to_link(struct __sk_buff *skb, struct exit *x,
				   struct fast_tunnel *t, const struct fast_visitor *v)
{
	const struct fast_link *link = bpf_map_lookup_elem(&links, &v->ifindex);
	struct ethhdr eth = { .h_proto = bpf_htons(ETH_P_IP) };
	__u32 mtu = 0;

	if (!link)
		return leave(FAST_UP_ROUTE);
	if (bpf_check_mtu(skb, v->ifindex, &mtu, 0, 0) < 0 || x->w.most > mtu)
		return leave(FAST_UP_SIZE);
	if (decapsulate(skb, x, t) != 0)
		return leave(FAST_UP_KERNEL);
	__builtin_memcpy(eth.h_dest, v->mac, FAST_MAC);
	__builtin_memcpy(eth.h_source, link->mac, FAST_MAC);
	if (bpf_skb_store_bytes(skb, 0, &eth, sizeof(eth), 0) != 0)
		return TC_ACT_SHOT;
	count(FAST_TO_LINK);
	return bpf_redirect(v->ifindex, 0);
}

/* As routing sends on what comes from the daemon's device. */
static __always_inline int to_kernel(struct __sk_buff *skb, struct exit *x,
				     struct fast_tunnel *t)
{
	const struct route *r;

	if (!is_host(x->ip.daddr))
		return leave(FAST_UP_ADDRESS);
	r = way(skb, tun, &x->ip, x->w.most);
	if (!r || !is_link(r->ifindex))
		return leave(FAST_UP_ROUTE);
	if (decapsulate(skb, x, t) != 0)
		return leave(FAST_UP_KERNEL);
	count(FAST_TO_KERNEL);
	return send(r);
}

/* The outer packet is for us, and came from where its sender is. */
static __always_inline int judge_outer(struct __sk_buff *skb, const struct iphdr *ip)
{
	const struct route *r;

	if (!is_sound(ip, skb->len - AT_IP))
		return FAST_UP_UNSOUND;
	if (!came_right(skb, ip))
		return FAST_UP_SENDER;
	/* Addresses of our own are not forwarded; without the device nothing is. */
	r = route(skb, tun, ip, 0);
	return r && is_end(r) ? 0 : FAST_UP_ROUTE;
}

static __always_inline int judge_inner(struct __sk_buff *skb, const struct iphdr *outer,
				       const struct fast_tunnel *t, struct exit *x)
{
	int ecn = ecn_out(x->ip.tos, outer->tos);
	__u32 at = AT_IP + x->header;

	if (!is_sound(&x->ip, skb->len - at))
		return FAST_UP_UNSOUND;
	if (is_fragment(&x->ip))
		return FAST_UP_FRAGMENT;
	if (x->ip.ttl <= 1)
		return FAST_UP_TTL;
	if (x->ip.daddr == outer->saddr)
		return FAST_UP_ADDRESS;
	if (ecn < 0)
		return FAST_UP_ECN;
	if (!on_wire(skb, at, &x->ip, &x->w))
		return FAST_UP_SIZE;
	x->tos = ((t->uniform ? outer->tos : x->ip.tos) & DSCP) | ecn;
	return 0;
}

static __always_inline int let_out(struct __sk_buff *skb,
				   const struct fast_tunnel_key *key,
				   struct fast_tunnel *t, struct exit *x)
{
	const struct fast_visitor *v = bpf_map_lookup_elem(&visitors, &x->ip.daddr);
	const struct fast_binding *b;

	if (v && same_tunnel(&v->tunnel, key))
		return to_link(skb, x, t, v);
	b = bpf_map_lookup_elem(&bindings, &x->ip.saddr);
	if (b && b->reverse && same_tunnel(&b->tunnel, key))
		return to_kernel(skb, x, t);
	return leave(FAST_UP_INNER);
}

static __always_inline int out_of_tunnel(struct __sk_buff *skb, struct iphdr *ip)
{
	struct fast_tunnel_key key = { .local = ip->daddr,
				       .remote = ip->saddr,
				       .protocol = ip->protocol };
	struct exit x = { 0 };
	struct fast_tunnel *t;
	int shim, why;

	if (*(__u8 *)ip != PLAIN_HEADER || is_fragment(ip))
		return LEAVE;
	shim = read_shim(skb, ip, &key);
	t = shim < 0 ? NULL : bpf_map_lookup_elem(&tunnels, &key);
	if (!t)
		return LEAVE;
	x.header = sizeof(*ip) + shim;
	if (bpf_skb_load_bytes(skb, AT_IP + x.header, &x.ip, sizeof(x.ip)) != 0)
		return leave(FAST_UP_UNSOUND);
	why = judge_outer(skb, ip);
	if (why == 0)
		why = judge_inner(skb, ip, t, &x);
	return why ? leave(why) : let_out(skb, &key, t, &x);
}

SEC("tc")
int mip_fast(struct __sk_buff *skb)
{
	struct iphdr ip;

	if (skb->protocol != bpf_htons(ETH_P_IP) || skb->pkt_type != PACKET_HOST ||
	    skb->vlan_present)
		return LEAVE;
	if (bpf_skb_load_bytes(skb, AT_IP, &ip, sizeof(ip)) != 0)
		return LEAVE;
	if (ip.protocol == IPPROTO_GRE || ip.protocol == IPPROTO_IPIP)
		return out_of_tunnel(skb, &ip);
	return into_tunnel(skb, &ip);
}

/* As the kernel's helpers ask it; the licence of the text is above. */
char licence[] SEC("license") = "Dual BSD/GPL";
