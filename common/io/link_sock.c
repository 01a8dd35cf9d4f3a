/* SPDX-License-Identifier: ISC */
/*
 * Packet sockets (packet(7)) of the SOCK_DGRAM kind: the kernel writes and
 * removes the Ethernet header.  IPv4 and ARP have a socket each, so that the
 * filter for one does not run for the other, and nothing that goes out is seen.
 *
 * The socket for IPv4 is bound to all protocols, and its filter takes IPv4 alone.
 * The kernel shows a packet to such sockets before its own IPv4 sees it, and has
 * it back when the filter refuses it; with one bound to IPv4 it would copy every
 * packet of the link beforehand, those that it forwards with all their octets.
 */
#define _GNU_SOURCE
#include "common/io/link_sock.h"

#include "common/io/link_filter.h"
#include "common/io/sock_batch.h"
#include "common/wire/udp.h"

#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BATCH = 64, FRAME_MAX = 9216 };

/* Where one is received. */
struct slot {
	struct sockaddr_ll from;
	struct iovec iov;
	uint8_t bytes[FRAME_MAX];
	_Alignas(struct cmsghdr)
		uint8_t control[CMSG_SPACE(sizeof(struct tpacket_auxdata))];
};

/* One that waits to be sent; as much of `frame` as it is long. */
struct outgoing {
	uint32_t txn;
	struct in_addr home;
	struct sockaddr_ll to;
	struct iovec iov;
	struct effect_frame frame;
};

struct link_sock {
	int ifindex;
	int ip_fd;
	int arp_fd;
	struct link_sock_config config;
	struct io_counts *counts;
	struct mmsghdr message[BATCH];
	struct slot slot[BATCH];
	unsigned waiting;
	struct mmsghdr sending[BATCH];
	struct outgoing outgoing[BATCH];
};

/* A frame as it was received. */
struct frame {
	uint8_t *bytes;
	size_t len;
	struct mac from;
	uint8_t type;       /* PACKET_HOST, PACKET_BROADCAST, ... */
	bool checksum_done; /* the kernel vouches for it, or it is open */
	bool checksum_open; /* left to a card that it never came to */
};

/* 224.0.0.1 all systems, 224.0.0.2 all routers, 224.0.0.11 all mobility agents. */
static const uint8_t groups[] = { 1, 2, 11 };

static int join_group(int fd, int ifindex, uint8_t last_octet)
{
	struct packet_mreq m = { .mr_ifindex = ifindex,
				 .mr_type = PACKET_MR_MULTICAST,
				 .mr_alen = MAC_LEN,
				 .mr_address = { 0x01, 0x00, 0x5e, 0, 0, last_octet } };
	const socklen_t size = sizeof(m);

	return setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &m, size) ? -errno : 0;
}

static int join_groups(int fd, int ifindex)
{
	int error = 0;

	for (size_t i = 0; i < sizeof(groups) && error == 0; i++)
		error = join_group(fd, ifindex, groups[i]);
	return error;
}

static int bind_to(int fd, int ifindex, uint16_t protocol)
{
	const struct sockaddr_ll where = { .sll_family = AF_PACKET,
					   .sll_protocol = htons(protocol),
					   .sll_ifindex = ifindex };

	if (bind(fd, (const struct sockaddr *)&where, sizeof(where)) != 0)
		return -errno;
	return 0;
}

/* A socket that hears nothing until it is bound: the filter comes first. */
static int deaf_socket(void)
{
	int fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	return fd < 0 ? -errno : fd;
}

static int open_ip(struct link_sock *s)
{
	const int on = 1;
	int error;

	s->ip_fd = deaf_socket();
	if (s->ip_fd < 0)
		return s->ip_fd;
	if (setsockopt(s->ip_fd, SOL_PACKET, PACKET_AUXDATA, &on, sizeof(on)) != 0 ||
	    setsockopt(s->ip_fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof(on)) !=
		    0)
		return -errno;
	error = link_filter_attach(s->ip_fd, s->config.broadcasts, s->config.redirects);
	if (error == 0)
		error = join_groups(s->ip_fd, s->ifindex);
	return error ? error : bind_to(s->ip_fd, s->ifindex, ETH_P_ALL);
}

static int open_arp(struct link_sock *s)
{
	if (!s->config.arp)
		return 0;
	s->arp_fd = deaf_socket();
	if (s->arp_fd < 0)
		return s->arp_fd;
	return bind_to(s->arp_fd, s->ifindex, ETHERTYPE_ARP);
}

static void lay_out(struct link_sock *s)
{
	for (unsigned i = 0; i < BATCH; i++) {
		struct slot *slot = &s->slot[i];
		struct outgoing *out = &s->outgoing[i];

		slot->iov = (struct iovec){ slot->bytes, sizeof(slot->bytes) };
		s->message[i].msg_hdr = (struct msghdr){ .msg_name = &slot->from,
							 .msg_iov = &slot->iov,
							 .msg_iovlen = 1,
							 .msg_control = slot->control };
		s->sending[i].msg_hdr = (struct msghdr){ .msg_name = &out->to,
							 .msg_namelen = sizeof(out->to),
							 .msg_iov = &out->iov,
							 .msg_iovlen = 1 };
	}
}

int link_sock_open(struct link_sock **out, int ifindex,
		   const struct link_sock_config *c, struct io_counts *counts)
{
	struct link_sock *s = calloc(1, sizeof(*s));
	int error;

	if (!s)
		return -ENOMEM;
	s->ifindex = ifindex;
	s->ip_fd = s->arp_fd = -1;
	s->config = *c;
	s->counts = counts;
	lay_out(s);
	error = open_ip(s);
	if (error == 0)
		error = open_arp(s);
	if (error != 0) {
		link_sock_close(s);
		return error;
	}
	*out = s;
	return 0;
}

void link_sock_close(struct link_sock *s)
{
	if (!s)
		return;
	if (s->ip_fd >= 0)
		close(s->ip_fd);
	if (s->arp_fd >= 0)
		close(s->arp_fd);
	free(s);
}

int link_sock_ifindex(const struct link_sock *s)
{
	return s->ifindex;
}

int link_sock_ip_fd(const struct link_sock *s)
{
	return s->ip_fd;
}

int link_sock_arp_fd(const struct link_sock *s)
{
	return s->arp_fd;
}

/* What the kernel knows of the checksum: bits of tpacket_auxdata. */
static unsigned packet_status(struct msghdr *m)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		struct tpacket_auxdata aux;

		if (c->cmsg_level != SOL_PACKET || c->cmsg_type != PACKET_AUXDATA)
			continue;
		memcpy(&aux, CMSG_DATA(c), sizeof(aux));
		return aux.tp_status;
	}
	return 0;
}

/* As many as there are, at most a batch; they stand until the next are received. */
static unsigned receive(struct link_sock *s, int fd)
{
	int n;

	for (unsigned i = 0; i < BATCH; i++) {
		s->message[i].msg_hdr.msg_namelen = sizeof(s->slot[i].from);
		s->message[i].msg_hdr.msg_controllen = sizeof(s->slot[i].control);
	}
	n = recvmmsg(fd, s->message, BATCH, MSG_DONTWAIT | MSG_TRUNC, NULL);
	/* A link that goes down says so once; rtnetlink tells the rest. */
	if (n < 0 && errno != EAGAIN && errno != EINTR && errno != ENETDOWN)
		s->counts->by[IO_LINK_ERROR]++;
	return n > 0 ? (unsigned)n : 0;
}

static struct frame frame_at(struct link_sock *s, unsigned i)
{
	const unsigned status = packet_status(&s->message[i].msg_hdr);
	struct slot *slot = &s->slot[i];
	struct frame f = { .bytes = slot->bytes,
			   .len = s->message[i].msg_len,
			   .type = slot->from.sll_pkttype,
			   .checksum_done = status & (TP_STATUS_CSUMNOTREADY |
						      TP_STATUS_CSUM_VALID),
			   .checksum_open = status & TP_STATUS_CSUMNOTREADY };

	memcpy(f.from.octet, slot->from.sll_addr, MAC_LEN);
	return f;
}

static bool is_for_us(const struct link_sock *s, const struct links *links,
		      struct in_addr dst)
{
	const struct link *link;

	if (s->config.transit || ipv4_is_multicast(dst) ||
	    dst.s_addr == INADDR_BROADCAST || links_owns(links, dst))
		return true;
	link = links_by_index(links, s->ifindex);
	for (unsigned i = 0; link && i < link->addr_count; i++)
		if (ipv4_prefix_broadcast(link->addr[i]).s_addr == dst.s_addr)
			return true;
	return false;
}

static void hand_on_udp(struct link_sock *s, const struct frame *f,
			const struct link_sock_handlers *h)
{
	struct udp_packet udp;
	struct datagram dg;

	if (udp_open(f->bytes, f->len, f->checksum_done, &udp) != UDP_OK) {
		s->counts->by[IO_LINK_BAD_UDP]++;
		return;
	}
	if (udp.dst_port != MIP_PORT)
		return; /* a broadcast of another kind */
	if (!is_for_us(s, h->links, udp.dst)) {
		s->counts->by[IO_LINK_TRANSIT]++;
		return;
	}
	dg = (struct datagram){ .payload = reader_over(udp.payload, udp.len),
				.src = udp.src,
				.dst = udp.dst,
				.src_port = udp.src_port,
				.dst_port = udp.dst_port,
				.ttl = udp.ttl,
				.ifindex = s->ifindex,
				.has_mac = true,
				.mac = f->from };
	if (udp.len > MIP_MESSAGE_MAX)
		s->counts->by[IO_UDP_OVERSIZED]++;
	else
		h->datagram(h->arg, &dg);
}

/* `ip` is the sound header of the frame's packet of `total` octets. */
static void hand_on_icmp(struct link_sock *s, const struct frame *f,
			 const struct ipv4 *ip, size_t total,
			 const struct link_sock_handlers *h)
{
	struct icmp_datagram dg = { .message = reader_over(f->bytes, total),
				    .src = ip->src,
				    .dst = ip->dst,
				    .ttl = ip->ttl,
				    .ifindex = s->ifindex,
				    .has_mac = true,
				    .mac = f->from };

	read_skip(&dg.message, ipv4_header_len(ip));
	h->icmp(h->arg, &dg);
}

/* From a virtual machine next door: it is we who send it on over real links. */
static void hand_on_broadcast(struct link_sock *s, const struct frame *f, size_t total,
			      const struct link_sock_handlers *h)
{
	if (f->checksum_open)
		udp_finish(f->bytes, total);
	h->broadcast(h->arg, s->ifindex, f->bytes, total);
}

static void hand_on_ip(struct link_sock *s, const struct frame *f,
		       const struct link_sock_handlers *h)
{
	struct ipv4 ip;
	size_t total;

	if (ipv4_check(f->bytes, f->len, &total) != IPV4_OK) {
		s->counts->by[IO_LINK_BAD_IPV4]++;
		return;
	}
	memcpy(&ip, f->bytes, sizeof(ip));
	if (s->config.broadcasts && f->type == PACKET_BROADCAST)
		hand_on_broadcast(s, f, total, h);
	if (ipv4_is_fragment(&ip))
		return; /* nobody fragments a registration; nor a solicitation */
	if (ip.protocol == PROTO_UDP)
		hand_on_udp(s, f, h);
	else if (ip.protocol == PROTO_ICMP)
		hand_on_icmp(s, f, &ip, total, h);
}

void link_sock_recv_ip(struct link_sock *s, const struct link_sock_handlers *h)
{
	const unsigned count = receive(s, s->ip_fd);

	for (unsigned i = 0; i < count; i++) {
		const struct frame f = frame_at(s, i);

		if (f.len > FRAME_MAX)
			s->counts->by[IO_LINK_OVERSIZED]++;
		else
			hand_on_ip(s, &f, h);
	}
}

void link_sock_recv_arp(struct link_sock *s, const struct link_sock_handlers *h)
{
	const unsigned count = receive(s, s->arp_fd);

	for (unsigned i = 0; i < count; i++) {
		const struct frame f = frame_at(s, i);
		struct arp_frame arp = { .from = f.from,
					 .unicast = f.type == PACKET_HOST,
					 .ifindex = s->ifindex };

		if (f.type == PACKET_OTHERHOST)
			continue;
		if (f.len > FRAME_MAX || !arp_decode(f.bytes, f.len, &arp.arp))
			s->counts->by[IO_LINK_BAD_ARP]++;
		else
			h->arp(h->arg, &arp);
	}
}

static struct sockaddr_ll station(const struct link_sock *s, struct mac mac,
				  uint16_t protocol)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET,
				  .sll_protocol = htons(protocol),
				  .sll_ifindex = s->ifindex,
				  .sll_halen = MAC_LEN };

	memcpy(to.sll_addr, mac.octet, MAC_LEN);
	return to;
}

void link_sock_put_frame(struct link_sock *s, const struct effect *e)
{
	struct outgoing *out = &s->outgoing[s->waiting++];
	const struct effect_frame *f = &e->frame;

	out->txn = e->txn;
	out->home = e->home;
	memcpy(&out->frame, f, offsetof(struct effect_frame, bytes) + f->len);
	out->to = station(s, f->to, ETHERTYPE_IP);
	out->iov = (struct iovec){ out->frame.bytes, f->len };
}

bool link_sock_is_full(const struct link_sock *s)
{
	return s->waiting == BATCH;
}

static void tell_unsent(const struct outgoing *out, int error, link_sock_unsent *unsent,
			void *arg)
{
	struct effect e = { .kind = EFFECT_SEND_LINK,
			    .txn = out->txn,
			    .home = out->home };

	memcpy(&e.frame, &out->frame,
	       offsetof(struct effect_frame, bytes) + out->frame.len);
	unsent(arg, &e, error);
}

void link_sock_flush(struct link_sock *s, link_sock_unsent *unsent, void *arg)
{
	const unsigned count = s->waiting;
	unsigned done = 0;
	int error;

	while (done < count) {
		done += sock_send_batch(s->ip_fd, s->sending + done, count - done,
					&error);
		if (error != 0)
			tell_unsent(&s->outgoing[done++], error, unsent, arg);
	}
	s->waiting = 0;
}

int link_sock_send_arp(struct link_sock *s, const struct effect_arp *a)
{
	const struct sockaddr_ll to = station(s, a->to, ETHERTYPE_ARP);
	uint8_t bytes[ARP_LEN];

	arp_encode(&a->arp, bytes);
	if (sendto(s->ip_fd, bytes, sizeof(bytes), MSG_DONTWAIT,
		   (const struct sockaddr *)&to, sizeof(to)) < 0)
		return -errno;
	return 0;
}
