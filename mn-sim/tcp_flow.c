/* SPDX-License-Identifier: ISC */
/*
 * A TCP stream of octets that both sides can make: a repeatable generator.
 * What arrives is digested and compared with the digest of what was sent.
 */
#define _GNU_SOURCE
#include "mn-sim/tcp_flow.h"

#include "common/base/rng.h"
#include "common/io/host.h"
#include "common/security/crypto.h"
#include "mn-sim/end_socket.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	CHUNK = 16384,
	READS = 16, /* chunks read a turn of the loop */
	SAMPLES_MAX = 1 << 16,
	BURST_MS = 100, /* what may be caught up after a stall */
};

struct tcp_flow {
	struct loop *loop;
	int listen_fd, from_fd, to_fd;
	struct loop_watch *listen_watch, *to_watch;
	uint32_t rate;
	instant_t ticked;
	int64_t credit; /* octets */

	struct rng_seeded seeded;
	struct rng rng;
	uint8_t chunk[CHUNK]; /* made, and sent from `chunk_at` on */
	size_t chunk_at;
	struct crypto_digest *sent_digest, *received_digest;
	uint8_t sent_sum[DIGEST_LEN], received_sum[DIGEST_LEN];

	struct tcp_summary sum;
	bool finishing;
	struct tcp_sample *sample;
	size_t samples;
};

static void break_off(struct tcp_flow *f, int error)
{
	if (!f->sum.error)
		f->sum.error = error;
}

static void add_sample(struct tcp_flow *f)
{
	if (f->samples < SAMPLES_MAX)
		f->sample[f->samples++] =
			(struct tcp_sample){ host_now().mono, f->sum.received };
}

static void on_end(struct tcp_flow *f)
{
	f->sum.ended = true;
	crypto_digest_end(f->received_digest, f->received_sum);
	loop_unwatch(f->to_watch);
	f->to_watch = NULL;
}

static void on_data(void *arg)
{
	struct tcp_flow *f = arg;
	uint8_t buffer[CHUNK];

	for (int i = 0; i < READS; i++) {
		ssize_t n = recv(f->to_fd, buffer, sizeof(buffer), 0);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			break;
		if (n < 0) {
			break_off(f, errno);
			loop_unwatch(f->to_watch);
			f->to_watch = NULL;
			return;
		}
		if (n == 0) {
			on_end(f);
			return;
		}
		crypto_digest_add(f->received_digest, buffer, (size_t)n);
		f->sum.received += (uint64_t)n;
	}
	add_sample(f);
}

static void on_accept(void *arg)
{
	struct tcp_flow *f = arg;
	int fd = accept4(f->listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd < 0)
		return;
	if (f->to_fd >= 0) { /* one connection is all there is */
		close(fd);
		return;
	}
	f->to_fd = fd;
	f->sum.connected = true;
	f->to_watch = loop_watch_fd(f->loop, fd, on_data, f);
	if (!f->to_watch)
		break_off(f, ENOMEM);
}

static int open_ends(struct tcp_flow *f, const struct scenario_tcp *config,
		     const struct scenario_end *from, const struct scenario_end *to)
{
	struct sockaddr_in addr = { .sin_family = AF_INET,
				    .sin_port = htons(config->port),
				    .sin_addr = to->addr };

	f->listen_fd = end_socket(to, SOCK_STREAM, config->port);
	if (f->listen_fd < 0)
		return f->listen_fd;
	if (listen(f->listen_fd, 1) < 0)
		return -errno;
	f->from_fd = end_socket(from, SOCK_STREAM, 0);
	if (f->from_fd < 0)
		return f->from_fd;
	if (connect(f->from_fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 &&
	    errno != EINPROGRESS)
		return -errno;
	return 0;
}

static int prepare(struct tcp_flow *f)
{
	f->rng = rng_seeded_init(&f->seeded, f->rate);
	f->chunk_at = CHUNK;
	f->sent_digest = crypto_digest_new();
	f->received_digest = crypto_digest_new();
	f->sample = calloc(SAMPLES_MAX, sizeof(*f->sample));
	return f->sent_digest && f->received_digest && f->sample ? 0 : -ENOMEM;
}

int tcp_flow_open(struct tcp_flow **out, struct loop *loop,
		  const struct scenario_tcp *config, const struct scenario_end *from,
		  const struct scenario_end *to)
{
	struct tcp_flow *f = calloc(1, sizeof(*f));
	int rc;

	if (!f)
		return -ENOMEM;
	f->loop = loop;
	f->listen_fd = f->from_fd = f->to_fd = -1;
	f->rate = config->rate;
	f->ticked = host_now().mono;
	rc = prepare(f);
	if (rc == 0)
		rc = open_ends(f, config, from, to);
	if (rc == 0) {
		f->listen_watch = loop_watch_fd(loop, f->listen_fd, on_accept, f);
		rc = f->listen_watch ? 0 : -ENOMEM;
	}
	if (rc < 0) {
		tcp_flow_close(f);
		return rc;
	}
	*out = f;
	return 0;
}

static void close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

void tcp_flow_close(struct tcp_flow *f)
{
	if (!f)
		return;
	loop_unwatch(f->listen_watch);
	loop_unwatch(f->to_watch);
	close_fd(f->listen_fd);
	close_fd(f->from_fd);
	close_fd(f->to_fd);
	crypto_digest_free(f->sent_digest);
	crypto_digest_free(f->received_digest);
	free(f->sample);
	free(f);
}

/* Send from the current chunk; 0 when the socket takes no more. */
static size_t send_some(struct tcp_flow *f, size_t most)
{
	size_t left = CHUNK - f->chunk_at;
	ssize_t n;

	if (left > most)
		left = most;
	n = send(f->from_fd, f->chunk + f->chunk_at, left, MSG_NOSIGNAL);
	if (n < 0) {
		if (errno != EAGAIN && errno != EINTR && errno != ENOTCONN)
			break_off(f, errno);
		return 0;
	}
	crypto_digest_add(f->sent_digest, f->chunk + f->chunk_at, (size_t)n);
	f->chunk_at += (size_t)n;
	f->sum.sent += (uint64_t)n;
	return (size_t)n;
}

static void send_credit(struct tcp_flow *f)
{
	while (f->credit > 0 && !f->sum.error) {
		size_t n;

		if (f->chunk_at == CHUNK) {
			rng_fill(&f->rng, f->chunk, CHUNK);
			f->chunk_at = 0;
		}
		n = send_some(f, (size_t)f->credit);
		if (n == 0)
			return;
		f->credit -= (int64_t)n;
	}
}

void tcp_flow_tick(struct tcp_flow *f)
{
	instant_t now = host_now().mono;
	int64_t limit = (int64_t)f->rate * BURST_MS / 1000;

	f->credit +=
		instant_diff(now, f->ticked).ns / 1000 * (int64_t)f->rate / 1000000;
	f->ticked = now;
	if (f->credit > limit)
		f->credit = limit;
	if (!f->finishing)
		send_credit(f);
}

void tcp_flow_finish(struct tcp_flow *f)
{
	struct tcp_info info;
	socklen_t len = sizeof(info);

	if (f->finishing)
		return;
	f->finishing = true;
	crypto_digest_end(f->sent_digest, f->sent_sum);
	if (getsockopt(f->from_fd, IPPROTO_TCP, TCP_INFO, &info, &len) == 0)
		f->sum.retransmits = info.tcpi_total_retrans;
	if (shutdown(f->from_fd, SHUT_WR) < 0)
		break_off(f, errno);
}

bool tcp_flow_done(const struct tcp_flow *f)
{
	return f->sum.ended || f->sum.error;
}

struct tcp_summary tcp_flow_summary(const struct tcp_flow *f)
{
	struct tcp_summary s = f->sum;

	s.intact = s.ended && f->finishing && s.sent == s.received &&
		   memcmp(f->sent_sum, f->received_sum, DIGEST_LEN) == 0;
	for (int i = 0; i < DIGEST_LEN; i++)
		snprintf(s.digest + 2 * i, 3, "%02x", f->received_sum[i]);
	return s;
}

const struct tcp_sample *tcp_flow_samples(const struct tcp_flow *f, size_t *count)
{
	*count = f->samples;
	return f->sample;
}
