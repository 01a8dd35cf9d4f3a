/* SPDX-License-Identifier: ISC */
/*
 * One UDP socket for all care-of addresses: the source of each message is ancillary
 * data (IP_PKTINFO), so a prefix of them costs no descriptor each.
 */
#define _GNU_SOURCE
#include "mn-sim/swarm_socket.h"

#include "common/io/sock_opt.h"
#include "common/wire/mip_msg.h"
#include "mn-sim/swarm_flow.h"

#include <errno.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	BUFFER = 32 << 20, /* a million Replies may be late together */
	CONTROL = CMSG_SPACE(sizeof(struct in_pktinfo)),
	IN_CONTROL = CMSG_SPACE(sizeof(struct timespec)),
	/* One octet more than any registration tells which are too long. */
	DATAGRAM_MAX = MIP_MESSAGE_MAX + 1,
};

struct slot {
	struct sockaddr_in from;
	struct iovec in_iov;
	uint8_t in[DATAGRAM_MAX];
	_Alignas(struct cmsghdr) uint8_t control[CONTROL];
	_Alignas(struct cmsghdr) uint8_t in_control[IN_CONTROL];
};

struct swarm_socket {
	int fd;
	struct sockaddr_in home_agent;
	uint64_t refused;
	int error;
	bool segments;
	struct mmsghdr in[SWARM_BATCH], out[SWARM_BATCH]; /* out: one a run */
	struct iovec iov[SWARM_BATCH];                    /* one a message */
	struct slot slot[SWARM_BATCH];
};

static void lay_out(struct swarm_socket *s)
{
	for (unsigned i = 0; i < SWARM_BATCH; i++) {
		struct slot *slot = &s->slot[i];

		slot->in_iov = (struct iovec){ slot->in, sizeof(slot->in) };
		s->in[i].msg_hdr = (struct msghdr){ .msg_name = &slot->from,
						    .msg_iov = &slot->in_iov,
						    .msg_iovlen = 1,
						    .msg_control = slot->in_control };
		s->out[i].msg_hdr =
			(struct msghdr){ .msg_name = &s->home_agent,
					 .msg_namelen = sizeof(s->home_agent),
					 .msg_control = slot->control,
					 .msg_controllen = CONTROL };
		*CMSG_FIRSTHDR(&s->out[i].msg_hdr) =
			(struct cmsghdr){ .cmsg_level = IPPROTO_IP,
					  .cmsg_type = IP_PKTINFO,
					  .cmsg_len =
						  CMSG_LEN(sizeof(struct in_pktinfo)) };
	}
}

int swarm_socket_open(struct swarm_socket **out, struct in_addr home_agent, uint8_t ttl)
{
	struct swarm_socket *s = calloc(1, sizeof(*s));
	const int hops = ttl, on = 1;
	int error;

	if (!s)
		return -ENOMEM;
	s->home_agent = (struct sockaddr_in){ .sin_family = AF_INET,
					      .sin_port = htons(MIP_PORT),
					      .sin_addr = home_agent };
	s->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (s->fd < 0 ||
	    setsockopt(s->fd, IPPROTO_IP, IP_TTL, &hops, sizeof(hops)) != 0 ||
	    setsockopt(s->fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on)) != 0) {
		error = -errno;
		swarm_socket_close(s);
		return error;
	}
	sock_receive_room(s->fd, BUFFER);
	sock_send_room(s->fd, BUFFER);
	lay_out(s);
	*out = s;
	return 0;
}

void swarm_socket_close(struct swarm_socket *s)
{
	if (!s)
		return;
	if (s->fd >= 0)
		close(s->fd);
	free(s);
}

int swarm_socket_fd(const struct swarm_socket *s)
{
	return s->fd;
}

int swarm_socket_segments(struct swarm_socket *s, uint16_t len)
{
	const int size = len;

	if (setsockopt(s->fd, IPPROTO_UDP, UDP_SEGMENT, &size, sizeof(size)) != 0)
		return -errno;
	s->segments = true;
	return 0;
}

/* How many of the batch go together from `first` on: from one address. */
static unsigned run_of(const struct swarm_socket *s, const struct swarm_batch *batch,
		       unsigned first)
{
	unsigned n = 1;

	while (s->segments && first + n < batch->count &&
	       batch->at[first + n].place == batch->at[first].place)
		n++;
	return n;
}

static void prepare(struct swarm_socket *s, struct msghdr *out, unsigned first,
		    unsigned count, struct in_addr from)
{
	const struct in_pktinfo info = { .ipi_spec_dst = from };

	out->msg_iov = &s->iov[first];
	out->msg_iovlen = count;
	memcpy(CMSG_DATA(CMSG_FIRSTHDR(out)), &info, sizeof(info));
}

/* One header a run; returns how many. */
static unsigned prepare_runs(struct swarm_socket *s, const struct swarm *swarm,
			     const struct swarm_batch *batch, unsigned first)
{
	unsigned runs = 0, count;

	for (unsigned i = first; i < batch->count; i++) {
		const struct swarm_message *m = &batch->at[i];

		s->iov[i] = (struct iovec){ (void *)(uintptr_t)m->bytes, m->len };
	}
	for (; first < batch->count; first += count) {
		count = run_of(s, batch, first);
		prepare(s, &s->out[runs++].msg_hdr, first, count,
			swarm_care_of(swarm, batch->at[first].place));
	}
	return runs;
}

unsigned swarm_socket_send(struct swarm_socket *s, const struct swarm *swarm,
			   const struct swarm_batch *batch, unsigned first)
{
	const unsigned runs = prepare_runs(s, swarm, batch, first);
	unsigned done = 0;

	while (done < runs) {
		int n = sendmmsg(s->fd, s->out + done, runs - done, 0);

		if (n >= 0) {
			done += (unsigned)n;
		} else if (errno == EAGAIN || errno == ENOBUFS || errno == EINTR) {
			break;
		} else {
			s->error = errno;
			s->refused += s->out[done].msg_hdr.msg_iovlen;
			done++;
		}
	}
	for (unsigned i = 0; i < done; i++)
		first += (unsigned)s->out[i].msg_hdr.msg_iovlen;
	return first;
}

unsigned swarm_socket_recv(struct swarm_socket *s, swarm_received_fn *fn, void *arg)
{
	int n;

	for (unsigned i = 0; i < SWARM_BATCH; i++) {
		s->in[i].msg_hdr.msg_namelen = sizeof(s->slot[i].from);
		s->in[i].msg_hdr.msg_controllen = IN_CONTROL;
	}
	n = recvmmsg(s->fd, s->in, SWARM_BATCH, MSG_DONTWAIT, NULL);
	for (int i = 0; i < n; i++)
		fn(arg, reader_over(s->slot[i].in, s->in[i].msg_len),
		   s->slot[i].from.sin_addr, swarm_stamp(&s->in[i].msg_hdr));
	return n > 0 ? (unsigned)n : 0;
}

uint64_t swarm_socket_refused(const struct swarm_socket *s, int *error)
{
	*error = s->error;
	return s->refused;
}
