/* SPDX-License-Identifier: ISC */
/*
 * A TUN device (tuntap.rst of the kernel): one packet a read, one a write, each behind
 * the metadata of virtio, so that both may be large segments.
 *
 * We tell the kernel that it need not segment nor complete checksums for us, as far as
 * it has heard of that; then it does so only on the way out, where a device cannot.
 */
#include "common/io/pktio.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

/* In Linux since 6.2, both together or none. */
#ifndef TUN_F_USO4
#define TUN_F_USO4 0x20
#define TUN_F_USO6 0x40
#endif

_Static_assert(sizeof(struct segment_meta) == sizeof(struct virtio_net_hdr),
	       "read and written as they are");

/* One packet and its metadata; false when there is none. */
static bool read_one(struct pktio *io, struct pkt *p)
{
	struct segment_meta meta;
	struct iovec iov[] = { { &meta, sizeof(meta) }, { p->data, pkt_room(p) } };
	ssize_t n = readv(io->fd, iov, 2);

	if (n < (ssize_t)sizeof(meta))
		return false;
	p->len = (size_t)n - sizeof(meta);
	if (p->len > iov[1].iov_len)
		p->len = iov[1].iov_len;
	segment_cut(&io->cut, p, &meta);
	if (io->cut.transport > 0)
		counter_add(&io->counts->by[IO_SEGMENTS_CUT], 1);
	return true;
}

/*
 * Never more than one segment beyond what fits in the vector is taken from the kernel,
 * so that a burst waits in the device's queue and not for buffers.
 */
static void recv_tun(struct pktio *io, struct pkt_vec *v)
{
	io->more = segment_split(&io->cut, io->pool, v);
	while (!io->more && !pkt_vec_full(v)) {
		struct pkt *p = pkt_take_large(io->pool);

		if (!p) {
			counter_add(&io->counts->by[IO_NO_BUFFER], 1);
			return;
		}
		if (!read_one(io, p)) {
			pkt_give(io->pool, p);
			return;
		}
		io->more = segment_split(&io->cut, io->pool, v);
	}
}

static bool write_run(struct pktio *io, const struct segment_run *run)
{
	struct segment_meta meta;
	uint8_t header[SEGMENT_HEADER_MAX];
	struct iovec iov[1 + SEGMENT_PIECES];
	unsigned pieces = segment_gather(run, &meta, header, iov + 1);

	iov[0] = (struct iovec){ &meta, sizeof(meta) };
	return writev(io->fd, iov, 1 + (int)pieces) >= 0;
}

/* Each of its packets alone; so are those of a segment that was refused. */
static void write_packets(struct pktio *io, struct pkt_queue *q,
			  const struct pktio_refusal *r)
{
	struct pkt *p;

	while ((p = pkt_queue_pop(q))) {
		struct segment_meta none = { .kind = SEGMENT_NONE };
		struct iovec iov[] = { { &none, sizeof(none) }, { p->data, p->len } };

		if (writev(io->fd, iov, 2) < 0)
			r->refused(r->arg, p, errno);
		else
			pkt_give(io->pool, p);
	}
}

static void send_tun(struct pktio *io, struct pkt_queue *q,
		     const struct pktio_refusal *r)
{
	struct segment_run run[PKT_VEC_MAX];
	unsigned runs;

	while ((runs = segment_join(q, io->joins, run)) > 0) {
		for (unsigned i = 0; i < runs; i++) {
			if (run[i].packets.count > 1 && write_run(io, &run[i])) {
				counter_add(&io->counts->by[IO_SEGMENTS_MADE], 1);
				pkt_queue_give(io->pool, &run[i].packets);
			}
			write_packets(io, &run[i].packets, r);
		}
	}
}

static const struct pktio_ops tun_ops = { "tun", recv_tun, send_tun };

/*
 * As much as the kernel knows of; without all of it packets come as on any link.
 * Returns what it takes joined.
 */
static unsigned offer_offloads(int fd)
{
	const unsigned tcp = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO_ECN;

	if (ioctl(fd, TUNSETOFFLOAD, tcp | TUN_F_USO4 | TUN_F_USO6) == 0)
		return SEGMENT_JOIN_TCP | SEGMENT_JOIN_UDP;
	return ioctl(fd, TUNSETOFFLOAD, tcp) == 0 ? SEGMENT_JOIN_TCP : 0;
}

/*
 * The first makes the device, and nobody else may have made it. Of several queues the
 * kernel chooses one for each flow, that which last had a packet of it.
 */
static short flags_of(struct pktio_share share)
{
	const unsigned flags = IFF_TUN | IFF_NO_PI | IFF_VNET_HDR;

	return (short)(flags | (share.of > 1 ? IFF_MULTI_QUEUE : 0) |
		       (share.nth == 0 ? IFF_TUN_EXCL : 0));
}

int pktio_tun_open(struct pktio *io, const char *name, struct pktio_share share,
		   int *ifindex)
{
	struct ifreq rq = { .ifr_flags = flags_of(share) };
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
	io->joins = offer_offloads(io->fd);
	*ifindex = (int)if_nametoindex(rq.ifr_name);
	io->ops = &tun_ops;
	return 0;
}
