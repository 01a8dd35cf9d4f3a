/* SPDX-License-Identifier: ISC */
/*
 * Delivery on visited links: whole IPv4 packets to a link-layer address, past
 * routing and ARP, so that nothing about a visitor stands in the kernel.
 */
#define _GNU_SOURCE
#include "common/io/pktio.h"

#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <string.h>
#include <sys/socket.h>

static unsigned line_up(struct pkt_queue *q, struct pkt **p, struct mmsghdr *m,
			struct iovec *iov, struct sockaddr_ll *to)
{
	unsigned n = 0;

	for (; n < PKT_VEC_MAX && (p[n] = pkt_queue_pop(q)); n++) {
		to[n] = (struct sockaddr_ll){ .sll_family = AF_PACKET,
					      .sll_protocol = htons(ETHERTYPE_IP),
					      .sll_ifindex = p[n]->ifindex,
					      .sll_halen = MAC_LEN };
		memcpy(to[n].sll_addr, p[n]->mac.octet, MAC_LEN);
		iov[n] = (struct iovec){ p[n]->data, p[n]->len };
		m[n] = (struct mmsghdr){ .msg_hdr = { .msg_name = &to[n],
						      .msg_namelen = sizeof(to[n]),
						      .msg_iov = &iov[n],
						      .msg_iovlen = 1 } };
	}
	return n;
}

static void send_packets(struct pktio *io, struct pkt_queue *q,
			 const struct pktio_refusal *r)
{
	struct pkt *p[PKT_VEC_MAX];
	struct iovec iov[PKT_VEC_MAX];
	struct mmsghdr m[PKT_VEC_MAX];
	struct sockaddr_ll to[PKT_VEC_MAX];
	unsigned n;

	while ((n = line_up(q, p, m, iov, to)) > 0)
		pktio_send_batch(io, p, m, n, r);
}

static const struct pktio_ops packet_ops = { "packet", NULL, send_packets };

int pktio_packet_open(struct pktio *io)
{
	/* Protocol 0: this socket receives nothing. */
	io->fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (io->fd < 0)
		return -errno;
	io->ops = &packet_ops;
	return 0;
}
