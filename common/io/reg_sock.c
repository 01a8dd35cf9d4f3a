/* SPDX-License-Identifier: ISC */
/*
 * The registration socket: batches in, with destination, interface and TTL from
 * ancillary data; batches out, with the sources that the core chose.
 */
#define _GNU_SOURCE
#include "common/io/reg_sock.h"

#include "common/io/sock_batch.h"
#include "common/io/sock_opt.h"
#include "common/wire/udp.h"

#include <errno.h>
#include <linux/filter.h>
#include <netinet/ip.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	BATCH = 64,
	/* One octet more than any registration tells which are too long. */
	DATAGRAM_MAX = MIP_MESSAGE_MAX + 1,
	CONTROL_MAX = CMSG_SPACE(sizeof(struct in_pktinfo)) + CMSG_SPACE(sizeof(int)),
	BUFFER = 4 << 20, /* of the kernel, each way */
	MIP_DATA = 4,     /* type of a tunnel data message */
	KEEP = 0x40000,
};

struct slot {
	struct sockaddr_in from;
	struct iovec iov;
	uint8_t bytes[DATAGRAM_MAX];
	_Alignas(struct cmsghdr) uint8_t control[CONTROL_MAX];
};

/* A message that waits to be sent; as much of `udp` as it is long. */
struct outgoing {
	uint32_t txn;
	struct in_addr home;
	struct sockaddr_in to;
	struct iovec iov;
	_Alignas(struct cmsghdr) uint8_t control[CONTROL_MAX];
	struct effect_udp udp;
};

struct reg_sock {
	int fd;
	struct io_counts *counts;
	struct mmsghdr message[BATCH];
	struct slot slot[BATCH];
	unsigned waiting;
	struct mmsghdr reply[BATCH];
	struct outgoing outgoing[BATCH];
};

static int prepare(int fd, uint16_t port)
{
	const struct sockaddr_in any = { .sin_family = AF_INET,
					 .sin_port = htons(port) };
	int error = sock_set(fd, IPPROTO_IP, IP_PKTINFO, 1);

	if (error == 0)
		error = sock_set(fd, IPPROTO_IP, IP_RECVTTL, 1);
	if (error == 0)
		error = sock_set(fd, SOL_SOCKET, SO_BROADCAST, 1);
	if (error == 0 && bind(fd, (const struct sockaddr *)&any, sizeof(any)) != 0)
		error = -errno;
	if (error != 0)
		return error;
	sock_receive_room(fd, BUFFER);
	sock_send_room(fd, BUFFER);
	return 0;
}

static void lay_out(struct reg_sock *s)
{
	for (unsigned i = 0; i < BATCH; i++) {
		struct slot *slot = &s->slot[i];
		struct outgoing *out = &s->outgoing[i];

		slot->iov = (struct iovec){ slot->bytes, sizeof(slot->bytes) };
		s->message[i].msg_hdr.msg_iov = &slot->iov;
		s->message[i].msg_hdr.msg_iovlen = 1;
		s->message[i].msg_hdr.msg_name = &slot->from;
		s->message[i].msg_hdr.msg_control = slot->control;
		s->reply[i].msg_hdr.msg_iov = &out->iov;
		s->reply[i].msg_hdr.msg_iovlen = 1;
		s->reply[i].msg_hdr.msg_name = &out->to;
		s->reply[i].msg_hdr.msg_namelen = sizeof(out->to);
		s->reply[i].msg_hdr.msg_control = out->control;
	}
}

int reg_sock_open(struct reg_sock **out, uint16_t port, struct io_counts *counts)
{
	struct reg_sock *s = calloc(1, sizeof(*s));
	int error;

	if (!s)
		return -ENOMEM;
	s->counts = counts;
	s->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	error = s->fd < 0 ? -errno : prepare(s->fd, port);
	if (error != 0) {
		reg_sock_close(s);
		return error;
	}
	lay_out(s);
	*out = s;
	return 0;
}

void reg_sock_close(struct reg_sock *s)
{
	if (!s)
		return;
	if (s->fd >= 0)
		close(s->fd);
	free(s);
}

/* A UDP socket's filter sees the UDP header first; what has no type is kept. */
int reg_sock_leave_data(struct reg_sock *s)
{
	struct sock_filter code[] = {
		/* 0 */ BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0),
		/* 1 */ BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, UDP_HEADER, 0, 2),
		/* 2 */ BPF_STMT(BPF_LD | BPF_B | BPF_ABS, UDP_HEADER),
		/* 3 */ BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, MIP_DATA, 1, 0),
		/* 4 */ BPF_STMT(BPF_RET | BPF_K, KEEP),
		/* 5 */ BPF_STMT(BPF_RET | BPF_K, 0),
	};
	const struct sock_fprog program = { sizeof(code) / sizeof(code[0]), code };
	const socklen_t size = sizeof(program);

	if (setsockopt(s->fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, size) != 0)
		return -errno;
	return 0;
}

int reg_sock_fd(const struct reg_sock *s)
{
	return s->fd;
}

/* Destination, interface and TTL; false without the first two. */
static bool read_control(struct msghdr *m, struct datagram *dg)
{
	bool found = false;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		struct in_pktinfo info;
		int ttl;

		if (c->cmsg_level != IPPROTO_IP)
			continue;
		if (c->cmsg_type == IP_PKTINFO) {
			memcpy(&info, CMSG_DATA(c), sizeof(info));
			dg->ifindex = info.ipi_ifindex;
			dg->dst = info.ipi_addr;
			found = true;
		} else if (c->cmsg_type == IP_TTL) {
			memcpy(&ttl, CMSG_DATA(c), sizeof(ttl));
			dg->ttl = (uint8_t)ttl;
		}
	}
	return found;
}

static void hand_on(struct reg_sock *s, unsigned i, const struct reg_sock_handlers *h)
{
	const struct slot *slot = &s->slot[i];
	struct mmsghdr *m = &s->message[i];
	struct datagram dg = {
		.payload = reader_over(slot->bytes, m->msg_len),
		.src = slot->from.sin_addr,
		.src_port = ntohs(slot->from.sin_port),
		.dst_port = MIP_PORT,
	};

	if (!read_control(&m->msg_hdr, &dg))
		counter_add(&s->counts->by[IO_UDP_NO_INFO], 1);
	else if (h->served(h->arg, dg.ifindex))
		s->counts->by[IO_UDP_SERVED_LINK]++;
	else if (m->msg_len > MIP_MESSAGE_MAX)
		s->counts->by[IO_UDP_OVERSIZED]++;
	else
		h->datagram(h->arg, &dg);
}

static void foresee(const struct reg_sock *s, unsigned count,
		    const struct reg_sock_handlers *h)
{
	for (unsigned pass = 0; pass < h->foresee_passes; pass++)
		for (unsigned i = 0; i < count; i++)
			h->foresee(h->arg,
				   reader_over(s->slot[i].bytes, s->message[i].msg_len),
				   pass);
}

void reg_sock_recv(struct reg_sock *s, const struct reg_sock_handlers *h)
{
	int n;

	for (unsigned i = 0; i < BATCH; i++) {
		s->message[i].msg_hdr.msg_namelen = sizeof(s->slot[i].from);
		s->message[i].msg_hdr.msg_controllen = sizeof(s->slot[i].control);
	}
	n = recvmmsg(s->fd, s->message, BATCH, MSG_DONTWAIT, NULL);
	if (n < 0 && errno != EAGAIN && errno != EINTR)
		s->counts->by[IO_UDP_ERROR]++;
	if (n > 1)
		foresee(s, (unsigned)n, h);
	for (int i = 0; i < n; i++)
		hand_on(s, (unsigned)i, h);
}

static void put_control(struct msghdr *m, struct cmsghdr **at, int type,
			const void *value, size_t len)
{
	struct cmsghdr *c = *at;

	c->cmsg_level = IPPROTO_IP;
	c->cmsg_type = type;
	c->cmsg_len = CMSG_LEN(len);
	memcpy(CMSG_DATA(c), value, len);
	*at = CMSG_NXTHDR(m, c);
}

/* The source that was chosen, and the TTL if it is not to be the usual one. */
static void put_source(struct msghdr *m, const struct effect_udp *u)
{
	struct in_pktinfo info = { .ipi_spec_dst = u->src };
	struct cmsghdr *c;
	int ttl = u->ttl;

	m->msg_controllen = ttl ? CONTROL_MAX : CMSG_LEN(sizeof(info));
	c = CMSG_FIRSTHDR(m);
	put_control(m, &c, IP_PKTINFO, &info, sizeof(info));
	if (ttl)
		put_control(m, &c, IP_TTL, &ttl, sizeof(ttl));
}

void reg_sock_put(struct reg_sock *s, const struct effect *e)
{
	struct msghdr *m = &s->reply[s->waiting].msg_hdr;
	struct outgoing *out = &s->outgoing[s->waiting++];
	const struct effect_udp *u = &e->udp;

	out->txn = e->txn;
	out->home = e->home;
	memcpy(&out->udp, u, offsetof(struct effect_udp, bytes) + u->len);
	out->to = (struct sockaddr_in){ .sin_family = AF_INET,
					.sin_port = htons(u->dst_port),
					.sin_addr = u->dst };
	out->iov = (struct iovec){ out->udp.bytes, u->len };
	put_source(m, u);
}

bool reg_sock_is_full(const struct reg_sock *s)
{
	return s->waiting == BATCH;
}

static void tell_unsent(const struct outgoing *out, int error, reg_sock_unsent *unsent,
			void *arg)
{
	struct effect e = { .kind = EFFECT_SEND_UDP,
			    .txn = out->txn,
			    .home = out->home };

	memcpy(&e.udp, &out->udp, offsetof(struct effect_udp, bytes) + out->udp.len);
	unsent(arg, &e, error);
}

void reg_sock_flush(struct reg_sock *s, reg_sock_unsent *unsent, void *arg)
{
	const unsigned count = s->waiting;
	unsigned done = 0;
	int error;

	while (done < count) {
		done += sock_send_batch(s->fd, s->reply + done, count - done, &error);
		if (error != 0)
			tell_unsent(&s->outgoing[done++], error, unsent, arg);
	}
	s->waiting = 0;
}
