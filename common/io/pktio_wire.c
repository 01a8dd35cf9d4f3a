/* SPDX-License-Identifier: ISC */
/*
 * Out on the wire: one raw socket (raw(7)) takes packets of all kinds with their
 * headers; of UDP carriers, what can go in runs does (udp_runs.h); and of the others,
 * those of streams go past the IP layer where they may (outer_way.h). What goes to one
 * destination leaves in its order.
 */
#define _GNU_SOURCE
#include "common/io/pktio.h"

#include "common/io/host.h"
#include "common/io/outer_way.h"
#include "common/io/sock_batch.h"
#include "common/io/sock_opt.h"
#include "common/io/udp_runs.h"
#include "common/tunnel/encap_udp.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

enum {
	BUFFER = 1 << 20,

	/* So many at once are part of a stream, for which it is worth asking a way. */
	STREAM = 4,
};

/*
 * Packets that wait for a socket: the raw one, or that which goes past the IP layer,
 * each over its way. Those to one destination that are in both begin in the first.
 */
struct singles {
	unsigned raw_count, past_count;
	struct pkt *raw[PKT_VEC_MAX];
	struct pkt *past[PKT_VEC_MAX];
	const struct outer_way *way[PKT_VEC_MAX];
};

static void send_raw(struct pktio *io, struct pkt **p, unsigned count,
		     const struct pktio_refusal *r)
{
	struct iovec iov[PKT_VEC_MAX];
	struct mmsghdr m[PKT_VEC_MAX];
	struct sockaddr_in to[PKT_VEC_MAX];

	for (unsigned i = 0; i < count; i++) {
		carrier_complete(p[i]);
		to[i] = (struct sockaddr_in){ .sin_family = AF_INET,
					      .sin_addr = pkt_ipv4(p[i])->dst };
		iov[i] = (struct iovec){ p[i]->data, p[i]->len };
		m[i] = (struct mmsghdr){ .msg_hdr = { .msg_name = &to[i],
						      .msg_namelen = sizeof(to[i]),
						      .msg_iov = &iov[i],
						      .msg_iovlen = 1 } };
	}
	pktio_send_batch(io, p, m, count, r);
}

/* To their neighbours; returns how many have gone, which are given back. */
static unsigned send_past(struct pktio *io, const struct singles *s)
{
	struct iovec iov[PKT_VEC_MAX][2];
	struct mmsghdr m[PKT_VEC_MAX];
	unsigned sent;
	int error;

	for (unsigned i = 0; i < s->past_count; i++) {
		const struct outer_way *way = s->way[i];
		struct pkt *p = s->past[i];

		carrier_complete(p);
		iov[i][0] = (struct iovec){ (void *)way->ethernet, ETHER_HDR_LEN };
		iov[i][1] = (struct iovec){ p->data, p->len };
		m[i] = (struct mmsghdr){ .msg_hdr = { .msg_name = (void *)&way->to,
						      .msg_namelen = sizeof(way->to),
						      .msg_iov = iov[i],
						      .msg_iovlen = 2 } };
	}
	sent = sock_send_batch(outer_ways_fd(io->ways), m, s->past_count, &error);
	for (unsigned i = 0; i < sent; i++)
		pkt_give(io->pool, s->past[i]);
	return sent;
}

/* What cannot go past the IP layer goes through it, where errors have their meaning. */
static void send_all_past(struct pktio *io, struct singles *s,
			  const struct pktio_refusal *r)
{
	unsigned gone = send_past(io, s);

	counter_add(&io->counts->by[IO_SENT_PAST], gone);
	if (gone == s->past_count)
		return;
	outer_ways_doubt(io->ways, pkt_ipv4(s->past[gone])->dst);
	send_raw(io, s->past + gone, s->past_count - gone, r);
}

static void send_singles(struct pktio *io, struct singles *s,
			 const struct pktio_refusal *r)
{
	if (s->raw_count > 0)
		send_raw(io, s->raw, s->raw_count, r);
	if (s->past_count > 0)
		send_all_past(io, s, r);
	s->raw_count = s->past_count = 0;
}

/* Each packet with a header that the kernel would leave as it is. */
static bool is_whole(const struct pkt *p, const struct outer_way *way)
{
	const struct ipv4 *ip = pkt_ipv4_of(p);

	return p->len <= way->mtu && ip->src.s_addr != 0 && ip->id != 0;
}

/* The time is looked up once for all that is at hand. */
static void send_single(struct pktio *io, struct pkt *p, bool stream, instant_t now,
			struct singles *s, const struct pktio_refusal *r)
{
	const struct outer_way *way = NULL;

	if (stream)
		way = outer_ways_find(io->ways, pkt_ipv4(p)->dst, now);
	if (way && !is_whole(p, way)) {
		send_singles(io, s, r);
		way = NULL;
	}
	if (!way) {
		s->raw[s->raw_count++] = p;
		return;
	}
	s->way[s->past_count] = way;
	s->past[s->past_count++] = p;
}

/* What the kernel says of the whole run, each of its packets may hear for itself. */
static bool goes_one_by_one(int error)
{
	return error == -EMSGSIZE || error == -EINVAL || error == -EIO;
}

static void send_run(struct pktio *io, struct pkt **run, unsigned count,
		     struct singles *s, const struct pktio_refusal *r)
{
	int error;

	send_singles(io, s, r);
	error = udp_runs_send(io->runs, run, count);
	if (goes_one_by_one(error)) {
		send_raw(io, run, count, r);
		return;
	}
	if (error == 0)
		counter_add(&io->counts->by[IO_UDP_IN_RUNS], count);
	for (unsigned i = 0; i < count; i++)
		if (error == 0)
			pkt_give(io->pool, run[i]);
		else
			r->refused(r->arg, run[i], -error);
}

static void send_handful(struct pktio *io, struct pkt **p, unsigned count,
			 const struct pktio_refusal *r)
{
	const bool stream = io->ways && count >= STREAM;
	const instant_t now = stream ? host_now().mono : (instant_t){ 0 };
	struct singles s;
	struct pkt *run[UDP_RUN_MAX];

	s.raw_count = s.past_count = 0;
	for (unsigned i = 0; i < count; i++) {
		unsigned n;

		if (!p[i])
			continue; /* has gone in a run */
		n = udp_runs_gather(io->runs, p + i, count - i, run);
		if (n == 0)
			send_single(io, p[i], stream, now, &s, r);
		else
			send_run(io, run, n, &s, r);
	}
	send_singles(io, &s, r);
}

static void send_wire(struct pktio *io, struct pkt_queue *q,
		      const struct pktio_refusal *r)
{
	struct pkt *p[PKT_VEC_MAX];

	while (q->first) {
		unsigned n = 0;

		while (n < PKT_VEC_MAX && (p[n] = pkt_queue_pop(q)))
			n++;
		send_handful(io, p, n, r);
	}
}

static const struct pktio_ops wire_ops = { "wire", NULL, send_wire };

int pktio_wire_open(struct pktio *io, struct udp_runs *runs, struct outer_ways *ways)
{
	int error;

	io->fd = socket(AF_INET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_RAW);
	if (io->fd < 0)
		return -errno;
	error = sock_set(io->fd, IPPROTO_IP, IP_HDRINCL, 1);
	if (error != 0) {
		pktio_close(io);
		return error;
	}
	sock_send_room(io->fd, BUFFER);
	io->runs = runs;
	io->ways = ways;
	io->ops = &wire_ops;
	return 0;
}
