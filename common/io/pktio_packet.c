/* SPDX-License-Identifier: ISC */
/*
 * Delivery on visited links: whole IPv4 packets to a link-layer address, past
 * routing and ARP, so that nothing about a visitor stands in the kernel. Packets of
 * one flow go as one large segment, which the device or the kernel's last step cuts.
 */
#define _GNU_SOURCE
#include "common/io/pktio.h"

#include "common/agent/links.h"
#include "common/io/sock_batch.h"
#include "common/io/sock_opt.h"

#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <string.h>
#include <sys/socket.h>

enum {
	BUFFER = 4 << 20,
	PIECES = 2 * PKT_VEC_MAX /* a run of n > 1 has n + 2, one packet has 2 */
};

/* What goes before the packet, in the order of the wire. */
struct frame {
	struct segment_meta meta;
	uint8_t ethernet[ETHER_HDR_LEN];
	uint8_t header[SEGMENT_HEADER_MAX];
};

enum { BEFORE = sizeof(struct segment_meta) + ETHER_HDR_LEN };

struct batch {
	struct segment_run run[PKT_VEC_MAX];
	struct frame frame[PKT_VEC_MAX];
	struct sockaddr_ll to[PKT_VEC_MAX];
	struct mmsghdr message[PKT_VEC_MAX];
	struct iovec iov[PIECES];
};

static void write_ethernet(const struct pktio *io, const struct pkt *p, uint8_t *at)
{
	const struct link *link = links_by_index(io->links, p->ifindex);
	const struct mac from = link ? link->mac : (struct mac){ 0 };
	const uint16_t type = htons(ETHERTYPE_IP);

	memcpy(at, p->mac.octet, MAC_LEN);
	memcpy(at + MAC_LEN, from.octet, MAC_LEN);
	memcpy(at + ETHER_HDR_LEN - sizeof(type), &type, sizeof(type));
}

/* The nth run as a message, from that piece on; returns how many pieces it has. */
static unsigned line_up(const struct pktio *io, struct batch *b, unsigned nth,
			struct iovec *iov)
{
	const struct pkt *p = b->run[nth].packets.first;
	struct frame *f = &b->frame[nth];
	unsigned pieces = segment_gather(&b->run[nth], &f->meta, f->header, iov + 1);

	if (f->meta.kind != SEGMENT_NONE) { /* where the frame begins, not the packet */
		f->meta.header_len += ETHER_HDR_LEN;
		f->meta.checksum_start += ETHER_HDR_LEN;
	}
	write_ethernet(io, p, f->ethernet);
	iov[0] = (struct iovec){ f, BEFORE };
	b->to[nth] = (struct sockaddr_ll){ .sll_family = AF_PACKET,
					   .sll_protocol = htons(ETHERTYPE_IP),
					   .sll_ifindex = p->ifindex };
	b->message[nth] =
		(struct mmsghdr){ .msg_hdr = { .msg_name = &b->to[nth],
					       .msg_namelen = sizeof(b->to[nth]),
					       .msg_iov = iov,
					       .msg_iovlen = 1 + pieces } };
	return 1 + pieces;
}

/* One of its packets alone, in the place of the run. */
static void send_alone(struct pktio *io, struct batch *b, unsigned nth, struct pkt *p,
		       const struct pktio_refusal *r)
{
	struct iovec iov[2];

	b->run[nth].packets = (struct pkt_queue){ 0 };
	pkt_queue_add(&b->run[nth].packets, p);
	line_up(io, b, nth, iov);
	if (sendmsg(io->fd, &b->message[nth].msg_hdr, MSG_DONTWAIT) < 0)
		r->refused(r->arg, p, errno);
	else
		pkt_give(io->pool, p);
}

/* What was refused as a segment may yet go packet by packet. */
static void on_refused(struct pktio *io, struct batch *b, unsigned nth, int error,
		       const struct pktio_refusal *r)
{
	struct pkt_queue q = b->run[nth].packets;
	struct pkt *p;

	if (q.count == 1) {
		r->refused(r->arg, q.first, error);
		return;
	}
	while ((p = pkt_queue_pop(&q)))
		send_alone(io, b, nth, p, r);
}

static void on_sent(struct pktio *io, struct segment_run *run)
{
	if (run->packets.count > 1)
		counter_add(&io->counts->by[IO_SEGMENTS_MADE], 1);
	pkt_queue_give(io->pool, &run->packets);
}

static void send_runs(struct pktio *io, struct batch *b, unsigned runs,
		      const struct pktio_refusal *r)
{
	unsigned done = 0;
	int error;

	while (done < runs) {
		unsigned gone =
			sock_send_batch(io->fd, b->message + done, runs - done, &error);

		for (; gone > 0; gone--)
			on_sent(io, &b->run[done++]);
		if (error != 0)
			on_refused(io, b, done++, error, r);
	}
}

static void send_packets(struct pktio *io, struct pkt_queue *q,
			 const struct pktio_refusal *r)
{
	struct batch b;
	unsigned runs;

	while ((runs = segment_join(q, io->joins, b.run)) > 0) {
		unsigned pieces = 0;

		for (unsigned i = 0; i < runs; i++)
			pieces += line_up(io, &b, i, b.iov + pieces);
		send_runs(io, &b, runs, r);
	}
}

static const struct pktio_ops packet_ops = { "packet", NULL, send_packets };

static int prepare(struct pktio *io)
{
	/* A segment takes as much of it as its packets would. */
	sock_send_room(io->fd, BUFFER);
	return sock_set(io->fd, SOL_PACKET, PACKET_VNET_HDR, 1);
}

int pktio_packet_open(struct pktio *io, const struct links *links)
{
	int error;

	/* Protocol 0: this socket receives nothing. */
	io->fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (io->fd < 0)
		return -errno;
	error = prepare(io);
	if (error != 0) {
		pktio_close(io);
		return error;
	}
	io->links = links;
	io->joins = SEGMENT_JOIN_TCP | SEGMENT_JOIN_UDP;
	io->ops = &packet_ops;
	return 0;
}
