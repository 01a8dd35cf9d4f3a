/* SPDX-License-Identifier: ISC */
/*
 * UDP as fast as one core gives it, and a count of what arrives.
 *
 *   udpflood send ADDRESS PORT OCTETS SECONDS [ADDRESSES]
 *   udpflood receive ADDRESS PORT SECONDS
 *
 * Both print "packets seconds": sent, and from the first to the last call; received,
 * and from the first to the last arrival.  The receiver ends after SECONDS, or on
 * SIGTERM.  Datagrams go one by one into sendmmsg(), without segmentation offload: what
 * an application sends that knows of none.  With ADDRESSES, each goes to any of so many
 * from ADDRESS on.
 */
#define _GNU_SOURCE /* sendmmsg(), recvmmsg() */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 64, MAX_OCTETS = 1472, BUFFER_OCTETS = 8 << 20, POLL_MS = 50 };

struct batch {
	struct mmsghdr messages[BATCH];
	struct iovec parts[BATCH];
	unsigned char octets[BATCH][MAX_OCTETS];
	struct sockaddr_in to[BATCH];
};

/* Where to: any of `addresses` from `first` on; 0: that one, by a connected socket. */
struct aim {
	struct sockaddr_in first;
	uint32_t addresses;
};

static volatile sig_atomic_t stopped;

static void stop(int sig)
{
	(void)sig;
	stopped = 1;
}

static double seconds_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static int complain(const char *what)
{
	fprintf(stderr, "udpflood: %s: %s\n", what, strerror(errno));
	return 1;
}

static void batch_init(struct batch *b, size_t octets)
{
	memset(b, 0, sizeof(*b));
	for (int i = 0; i < BATCH; i++) {
		b->parts[i] = (struct iovec){ b->octets[i], octets };
		b->messages[i].msg_hdr.msg_iov = &b->parts[i];
		b->messages[i].msg_hdr.msg_iovlen = 1;
	}
}

static int open_socket(int buffer_option)
{
	int size = BUFFER_OCTETS, s = socket(AF_INET, SOCK_DGRAM, 0);

	if (s >= 0)
		setsockopt(s, SOL_SOCKET, buffer_option, &size, sizeof(size));
	return s;
}

/* A full queue or a receiver that is not there yet costs this batch, not the run. */
static int is_passing(int error)
{
	return error == EAGAIN || error == ENOBUFS || error == ECONNREFUSED ||
	       error == EINTR;
}

static uint32_t any_below(uint32_t bound)
{
	static uint64_t state = 1;

	state = state * 6364136223846793005u + 1442695040888963407u; /* Knuth's MMIX */
	return (uint32_t)((state >> 32) * bound >> 32);
}

static void batch_aim(struct batch *b, const struct aim *at)
{
	for (int i = 0; at->addresses && i < BATCH; i++) {
		b->to[i] = at->first;
		b->to[i].sin_addr.s_addr = htonl(ntohl(at->first.sin_addr.s_addr) +
						 any_below(at->addresses));
		b->messages[i].msg_hdr.msg_name = &b->to[i];
		b->messages[i].msg_hdr.msg_namelen = sizeof(b->to[i]);
	}
}

static int send_flood(const struct aim *at, size_t octets, double seconds)
{
	static struct batch b;
	const struct sockaddr *first = (const struct sockaddr *)&at->first;
	int s = open_socket(SO_SNDBUFFORCE);
	unsigned long packets = 0;
	double start, now;

	if (s < 0)
		return complain("socket");
	if (at->addresses == 0 && connect(s, first, sizeof(at->first)) != 0)
		return complain("connect");
	batch_init(&b, octets);
	start = now = seconds_now();
	while (!stopped && now - start < seconds) {
		int sent;

		batch_aim(&b, at);
		sent = sendmmsg(s, b.messages, BATCH, 0);
		if (sent < 0 && !is_passing(errno))
			return complain("sendmmsg");
		packets += sent > 0 ? (unsigned long)sent : 0;
		now = seconds_now();
	}
	printf("%lu %.6f\n", packets, now - start);
	close(s);
	return 0;
}

static int receive_flood(const struct sockaddr_in *at, double seconds)
{
	static struct batch b;
	int s = open_socket(SO_RCVBUFFORCE);
	unsigned long packets = 0;
	double end = seconds_now() + seconds, first = 0, last = 0;

	if (s < 0 || bind(s, (const struct sockaddr *)at, sizeof(*at)))
		return complain("bind");
	batch_init(&b, MAX_OCTETS);
	while (!stopped && seconds_now() < end) {
		struct pollfd ready = { s, POLLIN, 0 };
		int got;

		if (poll(&ready, 1, POLL_MS) <= 0)
			continue;
		got = recvmmsg(s, b.messages, BATCH, MSG_DONTWAIT, NULL);
		if (got <= 0)
			continue;
		last = seconds_now();
		first = packets ? first : last;
		packets += (unsigned long)got;
	}
	printf("%lu %.6f\n", packets, last - first);
	close(s);
	return 0;
}

static int usage(void)
{
	fputs("usage: udpflood send ADDRESS PORT OCTETS SECONDS [ADDRESSES]\n"
	      "       udpflood receive ADDRESS PORT SECONDS\n",
	      stderr);
	return 2;
}

int main(int argc, char **argv)
{
	struct sigaction on_term = { .sa_handler = stop };
	struct aim at = { .first = { .sin_family = AF_INET } };
	long octets;

	sigaction(SIGTERM, &on_term, NULL);
	sigaction(SIGINT, &on_term, NULL);
	if (argc < 5 || inet_pton(AF_INET, argv[2], &at.first.sin_addr) != 1)
		return usage();
	at.first.sin_port = htons((uint16_t)strtol(argv[3], NULL, 10));
	if (argc == 5 && strcmp(argv[1], "receive") == 0)
		return receive_flood(&at.first, strtod(argv[4], NULL));
	octets = strtol(argv[4], NULL, 10);
	if (argc == 7)
		at.addresses = (uint32_t)strtoul(argv[6], NULL, 10);
	if (argc < 6 || argc > 7 || strcmp(argv[1], "send") || octets < 1 ||
	    octets > MAX_OCTETS)
		return usage();
	return send_flood(&at, (size_t)octets, strtod(argv[5], NULL));
}
