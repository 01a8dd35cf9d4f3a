/* SPDX-License-Identifier: ISC */
/*
 * UDP_SEGMENT sends. What the header of the packets says beyond their addresses goes
 * along as control messages; DF is an option of the socket.
 */
#define _GNU_SOURCE
#include "common/io/udp_runs.h"

#include "common/io/sock_opt.h"
#include "common/tunnel/pkt.h"
#include "common/wire/udp.h"

#include <errno.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	HEADERS = IPV4_HEADER + UDP_HEADER,
	PLAIN_HEADER = 4 << 4 | IPV4_HEADER / 4, /* version 4, no options */
	BUFFER = 1 << 20,
	CONTROL_MAX = CMSG_SPACE(sizeof(struct in_pktinfo)) +
		      2 * CMSG_SPACE(sizeof(int)) + /* TOS and TTL */
		      CMSG_SPACE(sizeof(uint16_t)),
};

/* ---- sockets ---- */

void udp_runs_init(struct udp_runs *r)
{
	*r = (struct udp_runs){ .sources = 0 };
}

void udp_runs_fini(struct udp_runs *r)
{
	for (unsigned i = 0; i < r->sources; i++)
		if (r->source[i].ours)
			close(r->source[i].fd);
	r->sources = 0;
}

/* 0, or -errno where the kernel knows no runs. */
static int add_source(struct udp_runs *r, int fd, uint16_t port, bool ours)
{
	/* A segment size of 0 is none: it only shows whether there may be one. */
	int error = sock_set(fd, IPPROTO_UDP, UDP_SEGMENT, 0);

	if (error == 0)
		error = sock_set(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DO);
	if (error == 0 && r->sources == UDP_RUNS_SOURCES)
		error = -ENOSPC;
	if (error != 0)
		return error;
	sock_send_room(fd, BUFFER);
	r->source[r->sources++] = (struct udp_source){ fd, port, ours };
	return 0;
}

void udp_runs_lend(struct udp_runs *r, int fd, uint16_t port)
{
	(void)add_source(r, fd, port, false);
}

/* Before it is bound, so that nothing ever waits in it. */
static int receive_nothing(int fd)
{
	struct sock_filter code[] = { BPF_STMT(BPF_RET | BPF_K, 0) };
	const struct sock_fprog program = { 1, code };

	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) !=
	    0)
		return -errno;
	return 0;
}

int udp_runs_bind(struct udp_runs *r, uint16_t port)
{
	const struct sockaddr_in any = { .sin_family = AF_INET,
					 .sin_port = htons(port) };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int error;

	if (fd < 0)
		return -errno;
	error = receive_nothing(fd);
	if (error == 0 && bind(fd, (const struct sockaddr *)&any, sizeof(any)) != 0)
		error = -errno;
	if (error == 0)
		error = add_source(r, fd, port, true);
	if (error != 0)
		close(fd);
	return error;
}

/* ---- gathering ---- */

struct ports {
	uint16_t src, dst; /* network order */
};

static struct ports ports_of(const struct pkt *p)
{
	struct ports ports;

	memcpy(&ports, p->data + IPV4_HEADER, sizeof(ports));
	return ports;
}

static int source_of(const struct udp_runs *r, const struct pkt *p)
{
	const uint16_t port = ntohs(ports_of(p).src);

	for (unsigned i = 0; i < r->sources; i++)
		if (r->source[i].port == port)
			return r->source[i].fd;
	return -1;
}

/* Whether the kernel would write this header. */
static bool is_plain(const struct pkt *p)
{
	const struct ipv4 *ip = pkt_ipv4_of(p);

	return p->len > HEADERS && ip->version_ihl == PLAIN_HEADER && ip->ttl > 0 &&
	       ip->protocol == PROTO_UDP && ip->fragment == htons(IPV4_DF);
}

static bool is_same_way(const struct pkt *a, const struct pkt *b)
{
	return pkt_ipv4_of(a)->dst.s_addr == pkt_ipv4_of(b)->dst.s_addr;
}

/* Of two packets to one destination. */
static bool is_same_flow(const struct pkt *a, const struct pkt *b)
{
	const struct ipv4 *x = pkt_ipv4_of(a), *y = pkt_ipv4_of(b);
	const struct ports i = ports_of(a), j = ports_of(b);

	return x->src.s_addr == y->src.s_addr && x->tos == y->tos && x->ttl == y->ttl &&
	       i.src == j.src && i.dst == j.dst;
}

static unsigned gather(struct pkt **p, unsigned count, struct pkt **run)
{
	const struct pkt *first = p[0];
	const unsigned room = UDP_RUN_OCTETS / (unsigned)(first->len - HEADERS);
	const unsigned most = room < UDP_RUN_MAX ? room : UDP_RUN_MAX;
	unsigned n = 1;

	run[0] = p[0];
	for (unsigned i = 1; i < count && n < most; i++) {
		if (!p[i] || !is_same_way(p[i], first))
			continue;
		if (!is_plain(p[i]) || !is_same_flow(p[i], first) ||
		    p[i]->len > first->len)
			break;
		run[n++] = p[i];
		p[i] = NULL;
		if (run[n - 1]->len < first->len)
			break; /* only the last one may be shorter */
	}
	return n;
}

unsigned udp_runs_gather(const struct udp_runs *r, struct pkt **p, unsigned count,
			 struct pkt *run[UDP_RUN_MAX])
{
	unsigned n;

	if (r->sources == 0 || !is_plain(p[0]) || source_of(r, p[0]) < 0)
		return 0;
	n = gather(p, count, run);
	if (n < 2)
		return 0;
	p[0] = NULL;
	return n;
}

/* ---- sending ---- */

static struct cmsghdr *put(struct msghdr *m, struct cmsghdr *at, int level, int type,
			   const void *value, size_t len)
{
	at = at ? CMSG_NXTHDR(m, at) : CMSG_FIRSTHDR(m);
	at->cmsg_level = level;
	at->cmsg_type = type;
	at->cmsg_len = CMSG_LEN(len);
	memcpy(CMSG_DATA(at), value, len);
	return at;
}

static void put_control(struct msghdr *m, const struct pkt *first)
{
	const struct ipv4 *ip = pkt_ipv4_of(first);
	const struct in_pktinfo from = { .ipi_spec_dst = ip->src };
	const uint16_t segment = (uint16_t)(first->len - HEADERS);
	const int tos = ip->tos, ttl = ip->ttl;
	struct cmsghdr *c;

	c = put(m, NULL, IPPROTO_IP, IP_PKTINFO, &from, sizeof(from));
	c = put(m, c, IPPROTO_IP, IP_TOS, &tos, sizeof(tos));
	c = put(m, c, IPPROTO_IP, IP_TTL, &ttl, sizeof(ttl));
	put(m, c, IPPROTO_UDP, UDP_SEGMENT, &segment, sizeof(segment));
}

int udp_runs_send(const struct udp_runs *r, struct pkt *const *run, unsigned count)
{
	_Alignas(struct cmsghdr) uint8_t control[CONTROL_MAX] = { 0 };
	struct iovec iov[UDP_RUN_MAX];
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = ports_of(run[0]).dst,
				  .sin_addr = pkt_ipv4_of(run[0])->dst };
	struct msghdr m = { .msg_name = &to,
			    .msg_namelen = sizeof(to),
			    .msg_iov = iov,
			    .msg_iovlen = count,
			    .msg_control = control,
			    .msg_controllen = sizeof(control) };

	put_control(&m, run[0]);
	for (unsigned i = 0; i < count; i++)
		iov[i] =
			(struct iovec){ run[i]->data + HEADERS, run[i]->len - HEADERS };
	while (sendmsg(source_of(r, run[0]), &m, MSG_DONTWAIT) < 0)
		if (errno != EINTR)
			return -errno;
	return 0;
}
