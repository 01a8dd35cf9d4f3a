/* SPDX-License-Identifier: ISC */
/*
 * Raw IPv4 sockets (raw(7)) that receive: one for each tunnel protocol, which the
 * kernel hands whole packets, fragments put together.
 */
#define _GNU_SOURCE
#include "common/io/pktio.h"

#include "common/io/pktio_filter.h"
#include "common/io/sock_opt.h"

#include <errno.h>
#include <linux/icmp.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

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
		counter_add(&io->counts->by[IO_NO_BUFFER], 1);
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

/* They only receive. */
static const struct pktio_ops raw_ops = { "raw", recv_raw, NULL };

static int raw_socket(struct pktio *io, int protocol)
{
	io->fd = socket(AF_INET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
	if (io->fd < 0)
		return -errno;
	io->ops = &raw_ops;
	return 0;
}

int pktio_raw_open(struct pktio *io, uint8_t protocol, struct pktio_share share)
{
	int error = raw_socket(io, protocol);

	if (error == 0 && share.of > 1)
		error = pktio_filter_share(io->fd, protocol, share);
	if (error != 0) {
		pktio_close(io);
		return error;
	}
	sock_receive_room(io->fd, PKTIO_WAITING);
	return 0;
}

int pktio_icmp_open(struct pktio *io)
{
	struct icmp_filter filter = {
		.data = ~(1U << ICMP_DEST_UNREACH | 1U << ICMP_SOURCE_QUENCH |
			  1U << ICMP_TIME_EXCEEDED | 1U << ICMP_PARAMETERPROB)
	};
	int error = raw_socket(io, IPPROTO_ICMP);

	if (error != 0)
		return error;
	if (setsockopt(io->fd, SOL_RAW, ICMP_FILTER, &filter, sizeof(filter)) == 0)
		return 0;
	error = errno;
	pktio_close(io);
	return -error;
}
