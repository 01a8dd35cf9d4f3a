/* SPDX-License-Identifier: ISC */
/*
 * What the packet I/Os share: closing, and asking for a path's MTU.
 */
#define _GNU_SOURCE
#include "common/io/pktio.h"

#include "common/io/sock_batch.h"

#include <netinet/in.h>
#include <netinet/ip.h>
#include <sys/socket.h>
#include <unistd.h>

void pktio_init(struct pktio *io, struct pkt_pool *pool, struct io_counts *counts)
{
	*io = (struct pktio){ .fd = -1, .pool = pool, .counts = counts };
}

void pktio_close(struct pktio *io)
{
	if (io->fd >= 0)
		close(io->fd);
	io->fd = -1;
	pkt_give(io->pool, io->cut.whole);
	io->cut = (struct segment_cut){ 0 };
	pkt_queue_give(io->pool, &io->held);
	io->parted = 0;
	io->more = false;
}

void pktio_send_batch(struct pktio *io, struct pkt **p, struct mmsghdr *m,
		      unsigned count, const struct pktio_refusal *r)
{
	unsigned done = 0;
	int error;

	while (done < count) {
		unsigned gone = sock_send_batch(io->fd, m + done, count - done, &error);

		for (; gone > 0; gone--)
			pkt_give(io->pool, p[done++]);
		if (error != 0)
			r->refused(r->arg, p[done++], error);
	}
}

uint16_t pktio_path_mtu(struct in_addr dst)
{
	const struct sockaddr_in to = { .sin_family = AF_INET,
					.sin_port = htons(9),
					.sin_addr = dst };
	int mtu = 0, fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	socklen_t len = sizeof(mtu);

	if (fd < 0)
		return 0;
	/* Connecting a datagram socket looks the route up and sends nothing. */
	if (connect(fd, (const struct sockaddr *)&to, sizeof(to)) != 0 ||
	    getsockopt(fd, IPPROTO_IP, IP_MTU, &mtu, &len) != 0)
		mtu = 0;
	close(fd);
	return mtu > 0 && mtu <= UINT16_MAX ? (uint16_t)mtu : 0;
}
