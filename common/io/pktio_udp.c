/* SPDX-License-Identifier: ISC */
/*
 * UDP sockets of the carriers: datagrams made whole IPv4 packets again, so that the
 * stages behind see the same whatever they came through. The kernel has judged the
 * checksum, so that there is none in what we make.
 *
 * A socket tells type of service and TTL of the header but not its identification
 * nor DF. Only minimal encapsulation in ESP in UDP needs them, which keeps its inner
 * packet's in the outer header: that one gets a number of ours, with which it can
 * still be cut.
 *
 * The kernel hands over several datagrams of one flow and size as one, joined on
 * their way in or never parted since their sender's udp_runs.h; here each becomes a
 * packet of its own.
 *
 * Tunnel data of Mobile IP shares its port with registrations. A raw socket with a
 * filter takes it past the registration socket, so that neither waits behind the
 * other.
 */
#define _GNU_SOURCE
#include "common/io/pktio.h"

#include "common/base/bytes.h"
#include "common/io/pktio_filter.h"
#include "common/io/sock_opt.h"
#include "common/wire/ipv4.h"
#include "common/wire/udp.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <string.h>
#include <sys/socket.h>

enum {
	HEADERS = IPV4_HEADER + UDP_HEADER,
	MIP_DATA = 4, /* type of a tunnel data message (RFC 3519 3.3) */
	CONTROL_MAX = CMSG_SPACE(sizeof(struct in_pktinfo)) +
		      3 * CMSG_SPACE(sizeof(int)), /* TOS, TTL, size of parts */

	/* Read at once. Each may be a vector's worth of datagrams, so they are few. */
	HANDFUL = 8,
};

struct slot {
	struct sockaddr_in from;
	struct iovec iov;
	_Alignas(struct cmsghdr) uint8_t control[CONTROL_MAX];
};

static void line_up(struct pkt *p, struct slot *slot, struct msghdr *m)
{
	slot->iov = (struct iovec){ p->data, pkt_room(p) };
	*m = (struct msghdr){ .msg_name = &slot->from,
			      .msg_namelen = sizeof(slot->from),
			      .msg_iov = &slot->iov,
			      .msg_iovlen = 1,
			      .msg_control = slot->control,
			      .msg_controllen = sizeof(slot->control) };
}

/*
 * What the kernel tells of the header, and in `part` how large each datagram is of
 * those that came as one; false without the destination.
 */
static bool read_control(struct msghdr *m, struct ipv4_fields *f, int *part)
{
	bool found = false;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		struct in_pktinfo info;
		int ttl;

		if (c->cmsg_level == IPPROTO_UDP && c->cmsg_type == UDP_GRO)
			memcpy(part, CMSG_DATA(c), sizeof(*part));
		if (c->cmsg_level != IPPROTO_IP)
			continue;
		if (c->cmsg_type == IP_PKTINFO) {
			memcpy(&info, CMSG_DATA(c), sizeof(info));
			f->dst = info.ipi_addr;
			found = true;
		} else if (c->cmsg_type == IP_TOS) {
			f->tos = *CMSG_DATA(c);
		} else if (c->cmsg_type == IP_TTL) {
			memcpy(&ttl, CMSG_DATA(c), sizeof(ttl));
			f->ttl = (uint8_t)ttl;
		}
	}
	return found;
}

static uint16_t take_id(struct pktio *io)
{
	if (++io->next_id == 0)
		io->next_id = 1;
	return io->next_id;
}

/* Put the headers back in front; false if they cannot be told. */
static bool make_whole(struct pktio *io, struct pkt *p, struct slot *slot,
		       struct msghdr *m)
{
	struct ipv4_fields f = { .src = slot->from.sin_addr,
				 .protocol = PROTO_UDP,
				 .id = take_id(io) };
	size_t payload = p->len, datagram = payload + UDP_HEADER;
	struct writer w;
	uint8_t *at;
	int part = 0;

	if (!read_control(m, &f, &part))
		return false;
	if (part > 0 && (size_t)part < payload)
		p->part_len = (uint16_t)part;
	at = pkt_push(p, HEADERS);
	if (!at)
		return false;
	ipv4_build(at, &f, datagram);
	w = writer_over(at + IPV4_HEADER, UDP_HEADER);
	write_u16(&w, ntohs(slot->from.sin_port));
	write_u16(&w, io->port);
	write_u16(&w, (uint16_t)datagram);
	write_u16(&w, 0);
	return true;
}

/* Read a handful, which is held; returns how many there were. */
static unsigned fetch(struct pktio *io)
{
	struct pkt *p[HANDFUL];
	struct slot slot[HANDFUL];
	struct mmsghdr m[HANDFUL];
	unsigned n = 0;
	int got;

	for (; n < HANDFUL && (p[n] = pkt_take_large(io->pool)); n++)
		line_up(p[n], &slot[n], &m[n].msg_hdr);
	if (n < HANDFUL)
		counter_add(&io->counts->by[IO_NO_BUFFER], 1);
	got = recvmmsg(io->fd, m, n, MSG_DONTWAIT, NULL);
	for (unsigned i = 0; i < n; i++) {
		if ((int)i < got) {
			p[i]->len = m[i].msg_len;
			if (make_whole(io, p[i], &slot[i], &m[i].msg_hdr)) {
				pkt_queue_add(&io->held, p[i]);
				continue;
			}
			counter_add(&io->counts->by[IO_UDP_NO_INFO], 1);
		}
		pkt_give(io->pool, p[i]);
	}
	return got > 0 ? (unsigned)got : 0;
}

/* Write the lengths that it has now, and a number of its own. */
static void rewrite(struct pktio *io, struct pkt *p)
{
	struct ipv4 *ip = pkt_ipv4(p);
	struct writer w = writer_over(p->data + IPV4_HEADER + 4, 2);

	ip->length = htons((uint16_t)p->len);
	ip->id = htons(take_id(io));
	ipv4_seal(ip);
	write_u16(&w, (uint16_t)(p->len - IPV4_HEADER));
}

static void give_first(struct pktio *io)
{
	pkt_give(io->pool, pkt_queue_pop(&io->held));
	io->parted = 0;
}

/* The next datagram of those that came in one, copied out of it; NULL: no buffer. */
static struct pkt *part_next(struct pktio *io, const struct pkt *p)
{
	const size_t left = p->len - HEADERS - io->parted;
	const size_t len = left < p->part_len ? left : p->part_len;
	struct pkt *next = pkt_take(io->pool);

	if (!next)
		return NULL;
	next->len = HEADERS + len;
	memcpy(next->data, p->data, HEADERS);
	memcpy(next->data + HEADERS, p->data + HEADERS + io->parted, len);
	rewrite(io, next);
	io->parted += len;
	return next;
}

/* The next datagram of what is held, or NULL. */
static struct pkt *next_held(struct pktio *io)
{
	const struct pkt *p = io->held.first;
	struct pkt *next;

	if (!p || p->part_len == 0)
		return pkt_queue_pop(&io->held);
	next = part_next(io, p);
	if (next)
		counter_add(&io->counts->by[IO_UDP_COALESCED], 1);
	else
		counter_add(&io->counts->by[IO_NO_BUFFER], 1);
	if (!next || io->parted == p->len - HEADERS)
		give_first(io);
	return next;
}

static void take_held(struct pktio *io, struct pkt_vec *v)
{
	struct pkt *p;

	while (!pkt_vec_full(v) && (p = next_held(io)))
		pkt_vec_add(v, p);
}

static void recv_udp(struct pktio *io, struct pkt_vec *v)
{
	unsigned got = HANDFUL;

	take_held(io, v);
	while (!pkt_vec_full(v) && got == HANDFUL) {
		got = fetch(io);
		take_held(io, v);
	}
	io->more = io->held.count > 0;
}

static const struct pktio_ops udp_ops = { "udp", recv_udp, NULL };

/*
 * The first binds the port as if for itself, so that it hears of others that have it,
 * and then lets those in that come after it. The kernel deals out by addresses and
 * ports.
 */
static int bind_shared(int fd, uint16_t port, struct pktio_share share)
{
	const struct sockaddr_in any = { .sin_family = AF_INET,
					 .sin_port = htons(port) };
	int error = 0;

	if (share.nth > 0)
		error = sock_set(fd, SOL_SOCKET, SO_REUSEPORT, 1);
	if (error == 0 && bind(fd, (const struct sockaddr *)&any, sizeof(any)) != 0)
		error = -errno;
	if (error == 0 && share.nth == 0 && share.of > 1)
		error = sock_set(fd, SOL_SOCKET, SO_REUSEPORT, 1);
	return error;
}

static int prepare(int fd, uint16_t port, struct pktio_share share)
{
	int error = sock_set(fd, IPPROTO_IP, IP_PKTINFO, 1);

	if (error == 0)
		error = sock_set(fd, IPPROTO_IP, IP_RECVTOS, 1);
	if (error == 0)
		error = sock_set(fd, IPPROTO_IP, IP_RECVTTL, 1);
	sock_receive_room(fd, PKTIO_WAITING);
	(void)sock_set(fd, IPPROTO_UDP, UDP_GRO, 1); /* where the kernel can */
	return error ? error : bind_shared(fd, port, share);
}

int pktio_udp_open(struct pktio *io, uint16_t port, struct pktio_share share)
{
	int error;

	io->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (io->fd < 0)
		return -errno;
	error = prepare(io->fd, port, share);
	if (error != 0) {
		pktio_close(io);
		return error;
	}
	io->port = port;
	io->ops = &udp_ops;
	return 0;
}

int pktio_mip_data_open(struct pktio *io, uint16_t port, struct pktio_share share)
{
	const struct pktio_share all = { 0, 1 };
	int error = pktio_raw_open(io, PROTO_UDP, all);

	if (error != 0)
		return error;
	error = pktio_filter_udp(io->fd, port, MIP_DATA, share);
	if (error != 0)
		pktio_close(io);
	return error;
}
