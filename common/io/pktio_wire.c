/* SPDX-License-Identifier: ISC */
/*
 * Out on the wire: one raw socket (raw(7)) takes packets of all kinds with their
 * headers; of UDP carriers, what can go in runs does (udp_runs.h). Each way keeps the
 * order, and what waits for the first has left when something takes the second.
 */
#define _GNU_SOURCE
#include "common/io/pktio.h"

#include "common/io/sock_opt.h"
#include "common/io/udp_runs.h"
#include "common/tunnel/encap_udp.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

enum { BUFFER = 1 << 20 };

/* Packets that wait for the raw socket. */
struct singles {
	unsigned count;
	struct pkt *p[PKT_VEC_MAX];
};

static void send_singles(struct pktio *io, struct singles *s,
			 const struct pktio_refusal *r)
{
	struct iovec iov[PKT_VEC_MAX];
	struct mmsghdr m[PKT_VEC_MAX];
	struct sockaddr_in to[PKT_VEC_MAX];

	for (unsigned i = 0; i < s->count; i++) {
		carrier_complete(s->p[i]);
		to[i] = (struct sockaddr_in){ .sin_family = AF_INET,
					      .sin_addr = pkt_ipv4(s->p[i])->dst };
		iov[i] = (struct iovec){ s->p[i]->data, s->p[i]->len };
		m[i] = (struct mmsghdr){ .msg_hdr = { .msg_name = &to[i],
						      .msg_namelen = sizeof(to[i]),
						      .msg_iov = &iov[i],
						      .msg_iovlen = 1 } };
	}
	pktio_send_batch(io, s->p, m, s->count, r);
	s->count = 0;
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
		memcpy(s->p, run, count * sizeof(*run));
		s->count = count;
		send_singles(io, s, r);
		return;
	}
	for (unsigned i = 0; i < count; i++)
		if (error == 0)
			pkt_give(io->pool, run[i]);
		else
			r->refused(r->arg, run[i], -error);
}

static void send_handful(struct pktio *io, struct pkt **p, unsigned count,
			 const struct pktio_refusal *r)
{
	struct singles s = { .count = 0 };
	struct pkt *run[UDP_RUN_MAX];

	for (unsigned i = 0; i < count; i++) {
		unsigned n;

		if (!p[i])
			continue; /* has gone in a run */
		n = udp_runs_gather(io->runs, p + i, count - i, run);
		if (n == 0)
			s.p[s.count++] = p[i];
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

int pktio_wire_open(struct pktio *io, struct udp_runs *runs)
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
	io->ops = &wire_ops;
	return 0;
}
