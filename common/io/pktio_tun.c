/* SPDX-License-Identifier: ISC */
/*
 * A TUN device (tuntap.rst of the kernel): one packet a read, one a write.
 *
 * No offload is asked for, so the kernel cuts large segments and completes
 * checksums before a packet reaches us.
 */
#include "common/io/pktio.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static void recv_tun(struct pktio *io, struct pkt_vec *v)
{
	while (!pkt_vec_full(v)) {
		struct pkt *p = pkt_take(io->pool);
		ssize_t n;

		if (!p) {
			io->counts->by[IO_NO_BUFFER]++;
			return;
		}
		n = read(io->fd, p->data, pkt_room(p));
		if (n <= 0) {
			pkt_give(io->pool, p);
			return;
		}
		p->len = (size_t)n;
		pkt_vec_add(v, p);
	}
}

static void send_tun(struct pktio *io, struct pkt_queue *q,
		     const struct pktio_refusal *r)
{
	struct pkt *p;

	while ((p = pkt_queue_pop(q))) {
		if (write(io->fd, p->data, p->len) < 0)
			r->refused(r->arg, p, errno);
		else
			pkt_give(io->pool, p);
	}
}

static const struct pktio_ops tun_ops = { "tun", recv_tun, send_tun };

int pktio_tun_open(struct pktio *io, const char *name, int *ifindex)
{
	struct ifreq rq = { .ifr_flags = IFF_TUN | IFF_NO_PI };
	int error;

	io->fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (io->fd < 0)
		return -errno;
	strncpy(rq.ifr_name, name, sizeof(rq.ifr_name) - 1);
	if (ioctl(io->fd, TUNSETIFF, &rq) != 0) {
		error = errno;
		pktio_close(io);
		return -error;
	}
	*ifindex = (int)if_nametoindex(rq.ifr_name);
	io->ops = &tun_ops;
	return 0;
}
