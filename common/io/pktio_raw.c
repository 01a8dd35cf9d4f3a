/* SPDX-License-Identifier: ISC */
/*
 * Raw IPv4 sockets (raw(7)): one for each tunnel protocol in, which the kernel
 * hands whole packets, fragments put together; one for all of them out, which
 * takes packets with their headers.
 */
#define _GNU_SOURCE
#include "common/io/pktio.h"

#include <errno.h>
#include <linux/icmp.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

enum { BUFFER = 4 << 20 };

/* Take packets for a whole vector; returns how many there are. */
static unsigned take_packets(struct pktio *io, struct pkt **p, struct mmsghdr *m,
			     struct iovec *iov, unsigned want)
{
	unsigned n = 0;

	for (; n < want && (p[n] = pkt_take(io->pool)); n++) {
		iov[n] = (struct iovec){ p[n]->data, pkt_room(p[n]) };
		m[n] = (struct mmsghdr){ .msg_hdr = { .msg_iov = &iov[n],
						      .msg_iovlen = 1 } };
	}
	if (n < want)
		io->counts->by[IO_NO_BUFFER]++;
	return n;
}

static void recv_raw(struct pktio *io, struct pkt_vec *v)
{
	struct pkt *p[PKT_VEC_MAX];
	struct iovec iov[PKT_VEC_MAX];
	struct mmsghdr m[PKT_VEC_MAX];
	unsigned n = take_packets(io, p, m, iov, PKT_VEC_MAX - v->count);
	int got = recvmmsg(io->fd, m, n, MSG_DONTWAIT, NULL);

	for (unsigned i = 0; i < n; i++) {
		if ((int)i >= got) {
			pkt_give(io->pool, p[i]);
			continue;
		}
		p[i]->len = m[i].msg_len;
		pkt_vec_add(v, p[i]);
	}
}

/* The next packets of the queue as messages to their own destinations. */
static unsigned line_up(struct pkt_queue *q, struct pkt **p, struct mmsghdr *m,
			struct iovec *iov, struct sockaddr_in *to)
{
	unsigned n = 0;

	for (; n < PKT_VEC_MAX && (p[n] = pkt_queue_pop(q)); n++) {
		to[n] = (struct sockaddr_in){ .sin_family = AF_INET,
					      .sin_addr = pkt_ipv4(p[n])->dst };
		iov[n] = (struct iovec){ p[n]->data, p[n]->len };
		m[n] = (struct mmsghdr){ .msg_hdr = { .msg_name = &to[n],
						      .msg_namelen = sizeof(to[n]),
						      .msg_iov = &iov[n],
						      .msg_iovlen = 1 } };
	}
	return n;
}

static void send_wire(struct pktio *io, struct pkt_queue *q,
		      const struct pktio_refusal *r)
{
	struct pkt *p[PKT_VEC_MAX];
	struct iovec iov[PKT_VEC_MAX];
	struct mmsghdr m[PKT_VEC_MAX];
	struct sockaddr_in to[PKT_VEC_MAX];
	unsigned n;

	while ((n = line_up(q, p, m, iov, to)) > 0)
		pktio_send_batch(io, p, m, n, r);
}

/* These sockets only receive, the one below only sends. */
static const struct pktio_ops raw_ops = { "raw", recv_raw, NULL };
static const struct pktio_ops wire_ops = { "wire", NULL, send_wire };

static int raw_socket(struct pktio *io, int protocol, const struct pktio_ops *ops)
{
	io->fd = socket(AF_INET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
	if (io->fd < 0)
		return -errno;
	io->ops = ops;
	return 0;
}

static void enlarge(int fd, int force, int plain)
{
	const int size = BUFFER;

	if (setsockopt(fd, SOL_SOCKET, force, &size, sizeof(size)) != 0)
		setsockopt(fd, SOL_SOCKET, plain, &size, sizeof(size));
}

int pktio_raw_open(struct pktio *io, uint8_t protocol)
{
	int error = raw_socket(io, protocol, &raw_ops);

	if (error == 0)
		enlarge(io->fd, SO_RCVBUFFORCE, SO_RCVBUF);
	return error;
}

int pktio_icmp_open(struct pktio *io)
{
	struct icmp_filter filter = {
		.data = ~(1U << ICMP_DEST_UNREACH | 1U << ICMP_SOURCE_QUENCH |
			  1U << ICMP_TIME_EXCEEDED | 1U << ICMP_PARAMETERPROB)
	};
	int error = raw_socket(io, IPPROTO_ICMP, &raw_ops);

	if (error != 0)
		return error;
	if (setsockopt(io->fd, SOL_RAW, ICMP_FILTER, &filter, sizeof(filter)) == 0)
		return 0;
	error = errno;
	pktio_close(io);
	return -error;
}

int pktio_wire_open(struct pktio *io)
{
	const int on = 1;
	int error = raw_socket(io, IPPROTO_RAW, &wire_ops);

	if (error != 0)
		return error;
	enlarge(io->fd, SO_SNDBUFFORCE, SO_SNDBUF);
	if (setsockopt(io->fd, IPPROTO_IP, IP_HDRINCL, &on, sizeof(on)) == 0)
		return 0;
	error = errno;
	pktio_close(io);
	return -error;
}
