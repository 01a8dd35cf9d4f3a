/* SPDX-License-Identifier: ISC */
/*
 * A UDP socket for what goes out, and a raw socket for the tunnels' protocol.
 */
#define _GNU_SOURCE
#include "mn-sim/swarm_flow.h"

#include "common/base/bytes.h"
#include "common/wire/ipv4.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
	PORT_DISCARD = 9,
	INTERVAL_NS = 20000,
	PATIENCE_MS = 1000,
	PACKET_MAX = 256,
	BUFFER = 4 << 20,
	NS_PER_S = 1000000000,
	GRE_OPTIONS = 0xb000, /* checksum, key, sequence number: a word each */
	GRE_IPV4 = 0x0800,
	MINIMAL_DST = 4, /* offset of the original destination */
	IPV4_DST = 16,
};

struct swarm_flow {
	int out, in;
	enum encap_kind encap;
	struct in_addr home, care_of;
	instant_t sent; /* the last one */
	bool arrived, answered;
	instant_t first, reply; /* stamps */
	instant_t until;
	struct swarm_histogram handovers;
	uint64_t lost;
};

instant_t swarm_stamp(struct msghdr *m)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		struct timespec ts;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_TIMESTAMPNS)
			continue;
		memcpy(&ts, CMSG_DATA(c), sizeof(ts));
		return (instant_t){ (int64_t)ts.tv_sec * NS_PER_S + ts.tv_nsec };
	}
	return INSTANT_NEVER;
}

static int protocol_of(enum encap_kind encap)
{
	switch (encap) {
	case ENCAP_GRE:
		return PROTO_GRE;
	case ENCAP_MINIMAL:
		return PROTO_MINIMAL;
	default:
		return PROTO_IPIP;
	}
}

int swarm_flow_open(struct swarm_flow **out, enum encap_kind encap)
{
	const int on = 1, size = BUFFER;
	struct swarm_flow *f = calloc(1, sizeof(*f));
	int error;

	if (!f)
		return -ENOMEM;
	f->encap = encap;
	f->out = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	f->in = socket(AF_INET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC,
		       protocol_of(encap));
	if (f->out < 0 || f->in < 0 ||
	    setsockopt(f->in, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on)) != 0 ||
	    setsockopt(f->in, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) != 0) {
		error = -errno;
		swarm_flow_close(f);
		return error;
	}
	*out = f;
	return 0;
}

void swarm_flow_close(struct swarm_flow *f)
{
	if (!f)
		return;
	if (f->out >= 0)
		close(f->out);
	if (f->in >= 0)
		close(f->in);
	free(f);
}

/* Where the packet in the tunnel goes, behind the outer header; 0 if it is none. */
static struct in_addr inner_destination(struct reader in, enum encap_kind encap)
{
	uint16_t flags;

	if (encap == ENCAP_MINIMAL) {
		read_skip(&in, MINIMAL_DST);
		return read_addr(&in);
	}
	if (encap == ENCAP_GRE) {
		flags = read_u16(&in);
		if (read_u16(&in) != GRE_IPV4)
			return (struct in_addr){ 0 };
		read_skip(&in, 4 * (size_t)__builtin_popcount(flags & GRE_OPTIONS));
	}
	read_skip(&in, IPV4_DST);
	return read_addr(&in);
}

static bool is_ours(const struct swarm_flow *f, const uint8_t *packet, size_t len)
{
	struct reader in = reader_over(packet, len);
	struct ipv4 ip;
	size_t total;

	if (ipv4_check(packet, len, &total) != IPV4_OK)
		return false;
	memcpy(&ip, packet, sizeof(ip));
	read_skip(&in, ipv4_header_len(&ip));
	return ip.dst.s_addr == f->care_of.s_addr &&
	       inner_destination(in, f->encap).s_addr == f->home.s_addr;
}

/* Everything that has come; the first one counts. */
static void look(struct swarm_flow *f)
{
	_Alignas(struct cmsghdr) uint8_t control[CMSG_SPACE(sizeof(struct timespec))];
	uint8_t packet[PACKET_MAX];
	struct iovec iov = { packet, sizeof(packet) };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control };
	ssize_t n;

	do {
		m.msg_controllen = sizeof(control);
		n = recvmsg(f->in, &m, MSG_DONTWAIT);
		if (n > 0 && !f->arrived && is_ours(f, packet, (size_t)n)) {
			f->arrived = true;
			f->first = swarm_stamp(&m);
		}
	} while (n >= 0);
}

static void begin(struct swarm_flow *f, struct in_addr home, struct in_addr care_of)
{
	f->home = home;
	f->care_of = care_of;
	f->arrived = f->answered = false;
	f->sent = (instant_t){ 0 };
}

void swarm_flow_send(struct swarm_flow *f, struct in_addr home, struct in_addr care_of,
		     instant_t now)
{
	const struct sockaddr_in to = { .sin_family = AF_INET,
					.sin_port = htons(PORT_DISCARD),
					.sin_addr = home };
	static const char text[] = "handover";

	if (home.s_addr != f->home.s_addr || care_of.s_addr != f->care_of.s_addr)
		begin(f, home, care_of);
	look(f);
	if (f->arrived || instant_diff(now, f->sent).ns < INTERVAL_NS)
		return;
	f->sent = now;
	(void)sendto(f->out, text, sizeof(text), MSG_DONTWAIT,
		     (const struct sockaddr *)&to, sizeof(to));
}

void swarm_flow_answered(struct swarm_flow *f, instant_t stamp, instant_t now)
{
	f->answered = true;
	f->reply = stamp;
	f->until = instant_add(now, duration_ms(PATIENCE_MS));
}

bool swarm_flow_is_over(struct swarm_flow *f, instant_t now)
{
	if (!f->arrived && instant_before(now, f->until))
		return false;
	if (f->arrived)
		swarm_histogram_add(&f->handovers, instant_diff(f->first, f->reply));
	else
		f->lost++;
	f->home.s_addr = INADDR_ANY; /* the next one begins anew */
	return true;
}

const struct swarm_histogram *swarm_flow_handovers(const struct swarm_flow *f,
						   uint64_t *lost)
{
	*lost = f->lost;
	return &f->handovers;
}
