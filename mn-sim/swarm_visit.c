/* SPDX-License-Identifier: ISC */
/*
 * Whole Ethernet frames in and out of a packet socket (packet(7)), with a filter that
 * lets Registration Replies and advertisements in.
 */
#define _GNU_SOURCE
#include "mn-sim/swarm_visit.h"

#include "common/wire/arp.h"
#include "common/wire/icmp.h"
#include "common/wire/ipv4.h"
#include "common/wire/mip_msg.h"
#include "common/wire/udp.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	BUFFER = 32 << 20,
	FRAME_MAX = ETH_HLEN + IPV4_HEADER_MAX + UDP_HEADER + MIP_MESSAGE_MAX,
	OUT_MAX = ETH_HLEN + IPV4_HEADER + UDP_HEADER + SWARM_MESSAGE_MAX,
	CONTROL = CMSG_SPACE(sizeof(struct tpacket_auxdata)),
	TTL_REVERSE = 255, /* RFC 3024 4.1.1 */
	TTL_USUAL = 64,
	SOLICITATIONS = 5,
	SOLICIT_WAIT_MS = 1000,
	KEEP = 0x40000,
};

struct slot {
	struct iovec in_iov, out_iov;
	uint8_t in[FRAME_MAX], out[OUT_MAX];
	_Alignas(struct cmsghdr) uint8_t control[CONTROL];
};

struct swarm_visit {
	int fd;
	int ifindex;
	uint32_t place;
	struct swarm_agent agent;
	struct mac mac; /* the agent's */
	uint64_t refused;
	int error;
	struct mmsghdr in[SWARM_BATCH], out[SWARM_BATCH];
	struct slot slot[SWARM_BATCH];
};

/* ---- the socket ---- */

/* UDP to our port, and ICMP router advertisements. */
static int attach_filter(int fd)
{
	struct sock_filter code[] = {
		/*  0 */ BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 12), /* EtherType */
		/*  1 */ BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETHERTYPE_IP, 0, 9),
		/*  2 */ BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, ETH_HLEN),
		/*  3 */
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, ETH_HLEN + 9), /* protocol */
		/*  4 */ BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PROTO_UDP, 0, 2),
		/*  5 */ BPF_STMT(BPF_LD | BPF_H | BPF_IND, ETH_HLEN + 2), /* port */
		/*  6 */ BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, MIP_PORT, 3, 4),
		/*  7 */ BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PROTO_ICMP, 0, 3),
		/*  8 */ BPF_STMT(BPF_LD | BPF_B | BPF_IND, ETH_HLEN), /* its type */
		/*  9 */ BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ICMP_ROUTER_ADVERT, 0, 1),
		/* 10 */ BPF_STMT(BPF_RET | BPF_K, KEEP),
		/* 11 */ BPF_STMT(BPF_RET | BPF_K, 0),
	};
	const struct sock_fprog program = { sizeof(code) / sizeof(code[0]), code };

	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) !=
	    0)
		return -errno;
	return 0;
}

static int set(int fd, int level, int option, const void *value, socklen_t size)
{
	return setsockopt(fd, level, option, value, size) == 0 ? 0 : -errno;
}

static int prepare(struct swarm_visit *v)
{
	const struct packet_mreq all = { .mr_ifindex = v->ifindex,
					 .mr_type = PACKET_MR_PROMISC };
	const struct sockaddr_ll where = { .sll_family = AF_PACKET,
					   .sll_protocol = htons(ETH_P_IP),
					   .sll_ifindex = v->ifindex };
	const int on = 1, size = BUFFER;
	int error = attach_filter(v->fd);

	if (error == 0)
		error = set(v->fd, SOL_PACKET, PACKET_AUXDATA, &on, sizeof(on));
	if (error == 0)
		error = set(v->fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof(on));
	if (error == 0)
		error = set(v->fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &all,
			    sizeof(all));
	if (error == 0)
		error = set(v->fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	if (error == 0)
		error = set(v->fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
	if (error == 0 &&
	    bind(v->fd, (const struct sockaddr *)&where, sizeof(where)) != 0)
		error = -errno;
	return error;
}

static void lay_out(struct swarm_visit *v)
{
	for (unsigned i = 0; i < SWARM_BATCH; i++) {
		struct slot *slot = &v->slot[i];

		slot->in_iov = (struct iovec){ slot->in, sizeof(slot->in) };
		slot->out_iov.iov_base = slot->out;
		v->in[i].msg_hdr = (struct msghdr){ .msg_iov = &slot->in_iov,
						    .msg_iovlen = 1,
						    .msg_control = slot->control };
		v->out[i].msg_hdr =
			(struct msghdr){ .msg_iov = &slot->out_iov, .msg_iovlen = 1 };
	}
}

int swarm_visit_open(struct swarm_visit **out, const char *interface, uint32_t place)
{
	struct swarm_visit *v = calloc(1, sizeof(*v));
	int error;

	if (!v)
		return -ENOMEM;
	v->place = place;
	v->ifindex = (int)if_nametoindex(interface);
	/* It hears nothing until it is bound: the filter comes first. */
	v->fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (v->ifindex == 0)
		error = -ENODEV;
	else
		error = v->fd < 0 ? -errno : prepare(v);
	if (error < 0) {
		swarm_visit_close(v);
		return error;
	}
	lay_out(v);
	*out = v;
	return 0;
}

void swarm_visit_close(struct swarm_visit *v)
{
	if (!v)
		return;
	if (v->fd >= 0)
		close(v->fd);
	free(v);
}

int swarm_visit_fd(const struct swarm_visit *v)
{
	return v->fd;
}

/* ---- frames out ---- */

static struct mac mac_of(struct in_addr node)
{
	struct mac m = { { 0x02, 0x00 } }; /* locally administered */

	memcpy(m.octet + 2, &node.s_addr, sizeof(node.s_addr));
	return m;
}

static void write_ethernet(struct writer *w, struct mac to, struct mac from)
{
	write_bytes(w, to.octet, MAC_LEN);
	write_bytes(w, from.octet, MAC_LEN);
	write_u16(w, ETHERTYPE_IP);
}

static void put(struct swarm_visit *v, unsigned i, const struct swarm *swarm,
		const struct swarm_message *m)
{
	struct slot *slot = &v->slot[i];
	struct writer w = writer_over(slot->out, sizeof(slot->out));
	const struct in_addr home = swarm_home(swarm, m->node);
	const struct udp_packet udp = {
		.src = home,
		.dst = v->agent.addr,
		.src_port = MIP_PORT,
		.dst_port = MIP_PORT,
		.ttl = swarm_is_reverse(swarm) ? TTL_REVERSE : TTL_USUAL,
		.payload = m->bytes,
		.len = m->len,
	};

	write_ethernet(&w, v->mac, mac_of(home));
	slot->out_iov.iov_len =
		ETH_HLEN + udp_build(w.at, writer_left(&w), &udp, (uint16_t)m->node);
}

static unsigned count_here(const struct swarm_visit *v, const struct swarm_batch *batch,
			   unsigned first)
{
	unsigned n = 0;

	while (first + n < batch->count && batch->at[first + n].place == v->place)
		n++;
	return n;
}

unsigned swarm_visit_send(struct swarm_visit *v, const struct swarm *swarm,
			  const struct swarm_batch *batch, unsigned first)
{
	const unsigned count = count_here(v, batch, first);
	unsigned done = 0;

	for (unsigned i = 0; i < count; i++)
		put(v, i, swarm, &batch->at[first + i]);
	while (done < count) {
		int n = sendmmsg(v->fd, v->out + done, count - done, 0);

		if (n >= 0) {
			done += (unsigned)n;
		} else if (errno == EAGAIN || errno == ENOBUFS || errno == EINTR) {
			break;
		} else {
			v->error = errno;
			v->refused++;
			done++;
		}
	}
	return first + done;
}

uint64_t swarm_visit_refused(const struct swarm_visit *v, int *error)
{
	if (v->error)
		*error = v->error;
	return v->refused;
}

/* ---- frames in ---- */

/* Whether the kernel vouches for the checksum, or left it to a card that never came. */
static bool is_checked(struct msghdr *m)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		struct tpacket_auxdata aux;

		if (c->cmsg_level != SOL_PACKET || c->cmsg_type != PACKET_AUXDATA)
			continue;
		memcpy(&aux, CMSG_DATA(c), sizeof(aux));
		return aux.tp_status & (TP_STATUS_CSUMNOTREADY | TP_STATUS_CSUM_VALID);
	}
	return false;
}

static int receive(struct swarm_visit *v)
{
	for (unsigned i = 0; i < SWARM_BATCH; i++)
		v->in[i].msg_hdr.msg_controllen = CONTROL;
	return recvmmsg(v->fd, v->in, SWARM_BATCH, MSG_DONTWAIT, NULL);
}

unsigned swarm_visit_recv(struct swarm_visit *v, swarm_heard_fn *fn, void *arg)
{
	const int n = receive(v);
	struct udp_packet udp;

	for (int i = 0; i < n; i++) {
		const size_t len = v->in[i].msg_len;

		if (len > ETH_HLEN &&
		    udp_open(v->slot[i].in + ETH_HLEN, len - ETH_HLEN,
			     is_checked(&v->in[i].msg_hdr), &udp) == UDP_OK)
			fn(arg, v->place, reader_over(udp.payload, udp.len), udp.src);
	}
	return n > 0 ? (unsigned)n : 0;
}

/* ---- the agent ---- */

static int solicit(struct swarm_visit *v, struct in_addr node)
{
	static const struct mac all_routers = { { 0x01, 0x00, 0x5e, 0, 0, 2 } };
	const struct ipv4_fields ip = { .src = node,
					.dst = { htonl(INADDR_ALLRTRS_GROUP) },
					.protocol = PROTO_ICMP,
					.ttl = 1 };
	uint8_t frame[ETH_HLEN + IPV4_HEADER + SOLICIT_LEN];
	struct writer w = writer_over(frame, sizeof(frame));

	write_ethernet(&w, all_routers, mac_of(node));
	ipv4_build(write_room(&w, IPV4_HEADER), &ip, SOLICIT_LEN);
	mip_solicit_encode(&w);
	return send(v->fd, frame, sizeof(frame), 0) < 0 ? -errno : 0;
}

/* A frame with the advertisement of a foreign agent. */
static bool is_agent(struct swarm_visit *v, const uint8_t *frame, size_t len)
{
	struct reader in = reader_over(frame, len);
	struct mip_advert advert;
	struct ipv4 ip;
	size_t total;

	read_skip(&in, ETH_HLEN);
	if (in.bad || ipv4_check(in.at, reader_left(&in), &total) != IPV4_OK)
		return false;
	memcpy(&ip, in.at, sizeof(ip));
	in = reader_over(in.at, total);
	read_skip(&in, ipv4_header_len(&ip));
	if (ip.protocol != PROTO_ICMP || ipv4_is_fragment(&ip) ||
	    mip_advert_decode(in, &advert) != ADVERT_OK || !advert.mobility ||
	    !(advert.flags & ADVERT_FLAG_F) || advert.care_of_count == 0)
		return false;
	v->agent = (struct swarm_agent){ .addr = ip.src, .care_of = advert.care_of[0] };
	memcpy(v->mac.octet, frame + MAC_LEN, MAC_LEN);
	return true;
}

int swarm_visit_find_agent(struct swarm_visit *v, struct in_addr node,
			   struct swarm_agent *agent)
{
	struct pollfd fd = { .fd = v->fd, .events = POLLIN };

	for (unsigned asked = 0; asked < SOLICITATIONS; asked++) {
		int n = solicit(v, node);

		if (n < 0)
			return n;
		while (poll(&fd, 1, SOLICIT_WAIT_MS) > 0) {
			n = receive(v);
			for (int i = 0; i < n; i++) {
				if (!is_agent(v, v->slot[i].in, v->in[i].msg_len))
					continue;
				*agent = v->agent;
				return 0;
			}
		}
	}
	return -ETIMEDOUT;
}
