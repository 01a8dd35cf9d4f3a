/* SPDX-License-Identifier: ISC */
/*
 * The packet I/O interface: receive a vector, send a queue.  One descriptor
 * each; what is behind it, TUN, raw socket or packet socket, only the opener
 * knows.
 */
#ifndef COMMON_IO_PKTIO_H
#define COMMON_IO_PKTIO_H

#include "common/io/io_count.h"
#include "common/tunnel/segment.h"

#include <net/if.h>
#include <stdint.h>

struct links;
struct mmsghdr;
struct outer_ways;
struct pktio;
struct udp_runs;

/*
 * What may wait in a socket for us, as the kernel counts: half of this in packets, or
 * a few thousandths of a second of them.  More would not carry more, only later: a
 * sender of TCP fills whatever there is.
 */
enum { PKTIO_WAITING = 256 << 10 };

/* What becomes of a packet that the kernel refuses; the callee takes it over. */
struct pktio_refusal {
	void (*refused)(void *arg, struct pkt *p, int error);
	void *arg;
};

/*
 * Which one it is of those that share what comes: each gets whole flows, so that their
 * packets stay in order. `of` 1 shares with nobody. All that share are opened in order,
 * the first one first.
 */
struct pktio_share {
	unsigned nth, of;
};

struct pktio_ops {
	const char *name;

	/*
	 * Fill up `v` with what has come; packets are from the pool.  Sets `more`
	 * when something is left that the descriptor does not tell of.
	 */
	void (*recv)(struct pktio *io, struct pkt_vec *v);

	/* Send and give back everything in `q`, which is empty then. */
	void (*send)(struct pktio *io, struct pkt_queue *q,
		     const struct pktio_refusal *r);
};

struct pktio {
	const struct pktio_ops *ops;
	int fd;
	struct pkt_pool *pool; /* borrowed */
	struct io_counts *counts;
	unsigned joins;            /* what may be joined: SEGMENT_JOIN_* */
	bool more;                 /* call recv() again, readable or not */
	uint16_t port;             /* of a UDP socket, host order */
	uint16_t next_id;          /* of packets that it makes whole */
	const struct links *links; /* borrowed */
	struct segment_cut cut;    /* what is still to be read of a large segment */
	struct pkt_queue held;     /* datagrams that did not fit into the vector */
	size_t parted;             /* octets of the first one's that went into it */
	struct udp_runs *runs;     /* of the wire; borrowed */
	struct outer_ways *ways;   /* the same; or NULL */
};

/* Nothing open yet; comes before the openers below. */
void pktio_init(struct pktio *io, struct pkt_pool *pool, struct io_counts *counts);

/*
 * A TUN device called `name` (a "%d" in it is numbered by the kernel), which is
 * gone when closed.  Its packets are whole IPv4 packets; large segments and
 * checksums left to others stay between us and the kernel.  Returns 0 or -errno;
 * -EBUSY when there is such a device already.
 */
int pktio_tun_open(struct pktio *io, const char *name, struct pktio_share share,
		   int *ifindex);

/* Whole IPv4 packets of `protocol` to addresses of ours, fragments put together. */
int pktio_raw_open(struct pktio *io, uint8_t protocol, struct pktio_share share);

/*
 * Datagrams to that port of ours as whole IPv4 packets; -EADDRINUSE if it is taken.
 * Those that came as one, joined by the kernel or never parted by its sender, are
 * parted (UDP_GRO of udp(7)).
 */
int pktio_udp_open(struct pktio *io, uint16_t port, struct pktio_share share);

/*
 * Tunnel data messages of Mobile IP (RFC 3519 3.3) to that port, as whole IPv4
 * packets.  Whoever has bound the port gets them as well, unless filtered out.
 */
int pktio_mip_data_open(struct pktio *io, uint16_t port, struct pktio_share share);

/* Only the ICMP types that report errors. */
int pktio_icmp_open(struct pktio *io);

/*
 * Sends whole IPv4 packets, headers and all, by the kernel's routing; those of UDP
 * carriers by the handful where they can (udp_runs.h), and streams of the others past
 * the IP layer over `ways` (outer_way.h), if not NULL.
 */
int pktio_wire_open(struct pktio *io, struct udp_runs *runs, struct outer_ways *ways);

/*
 * Sends whole IPv4 packets to (pkt->ifindex, pkt->mac) without routing or ARP, from
 * the address that the link has in `links`, which is borrowed.
 */
int pktio_packet_open(struct pktio *io, const struct links *links);

/* Closing what is not open does nothing. */
void pktio_close(struct pktio *io);

/*
 * The MTU on the way to `dst` as the kernel knows it, 0 if it does not: for
 * packets refused as too large.
 */
uint16_t pktio_path_mtu(struct in_addr dst);

/*
 * For those that send by sendmmsg(2): the packets of `m`, one message each, are
 * sent and given back; one that is refused does not keep back those behind it.
 */
void pktio_send_batch(struct pktio *io, struct pkt **p, struct mmsghdr *m,
		      unsigned count, const struct pktio_refusal *r);

#endif
