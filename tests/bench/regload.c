/* SPDX-License-Identifier: ISC */
/*
 * Registration Requests at full speed, and the server to hold a home agent against.
 *
 *   regload load  --to A --from A [--nodes N] [--home A] [--care-ofs N] [--seconds S]
 *                 [--window W | --rate R] [--join]
 *   regload serve --to A
 *
 * `load` signs every Request before it starts (HMAC-MD5, RFC 5944 3.5.1), so that the
 * time measured is the server's, and keeps W of them in flight or sends R a second.
 * With --join every node registers for the first time, once; without, nodes drawn at
 * random renew what they have.  The agent's tolerance of timestamps must cover the
 * run.  Latency counts from a node's last Request, so let there be more nodes than
 * Requests in flight.  `serve` is the least that a server can do: it receives, checks
 * one HMAC, signs one answer, and sends, in batches; no table, no judgement.
 *
 * Nothing here is shared with the programs that it measures.
 */
#define _GNU_SOURCE
#define OPENSSL_SUPPRESS_DEPRECATED
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <openssl/md5.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	BATCH = 64,
	FIXED = 24, /* of a Request; a Reply has 20 */
	REPLY = 20,
	COVERED = 6, /* type, length and SPI of the extension */
	MAC = 16,
	REQUEST_LEN = FIXED + COVERED + MAC,
	REPLY_LEN = REPLY + COVERED + MAC,
	PORT = 434,
	SPI = 256,
	FLAG_G = 0x08,
	BUFFER = 32 << 20,
	HISTOGRAM = 1 << 20, /* microseconds */
	LOST_S = 1,
};

/* The key of every node, as tests/bench/registrations.py writes it. */
static const uint8_t key[16] = "bench key 123456";

struct request {
	uint8_t bytes[REQUEST_LEN];
};

struct options {
	struct in_addr to, from, home;
	uint32_t nodes, care_ofs;
	double seconds;
	uint32_t window;
	double rate;
	bool join;
};

struct load {
	const struct options *options;
	int fd;
	struct request *request;
	double *sent_at; /* by node */
	size_t count, next;
	uint64_t answered, in_flight, lost;
	uint64_t code[256];
	uint32_t *histogram;
};

static volatile sig_atomic_t stopped;

static void on_signal(int number)
{
	(void)number;
	stopped = 1;
}

static double seconds_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static uint64_t ntp_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return ((uint64_t)t.tv_sec + UINT64_C(2208988800)) << 32 |
	       ((uint64_t)t.tv_nsec << 32) / 1000000000;
}

/* ---- HMAC-MD5 with the key's two blocks done beforehand (RFC 2104) ---- */

static MD5_CTX inner, outer;

static void hmac_key(void)
{
	uint8_t pad[64];

	for (unsigned i = 0; i < sizeof(pad); i++)
		pad[i] = (i < sizeof(key) ? key[i] : 0) ^ 0x36;
	MD5_Init(&inner);
	MD5_Update(&inner, pad, sizeof(pad));
	for (unsigned i = 0; i < sizeof(pad); i++)
		pad[i] ^= 0x36 ^ 0x5c;
	MD5_Init(&outer);
	MD5_Update(&outer, pad, sizeof(pad));
}

static void hmac(const uint8_t *bytes, size_t len, uint8_t out[MAC])
{
	MD5_CTX c = inner;

	MD5_Update(&c, bytes, len);
	MD5_Final(out, &c);
	c = outer;
	MD5_Update(&c, out, MAC);
	MD5_Final(out, &c);
}

/* ---- messages ---- */

static void put32(uint8_t *at, uint32_t value)
{
	value = htonl(value);
	memcpy(at, &value, sizeof(value));
}

static uint32_t get32(const uint8_t *at)
{
	uint32_t value;

	memcpy(&value, at, sizeof(value));
	return ntohl(value);
}

static void sign(uint8_t *message, size_t len)
{
	message[len] = 32; /* mobile-home authentication */
	message[len + 1] = 4 + MAC;
	put32(message + len + 2, SPI);
	hmac(message, len + COVERED, message + len + COVERED);
}

static void make_request(const struct options *o, uint32_t node, uint64_t ident,
			 struct request *out)
{
	uint8_t *m = out->bytes;

	memset(m, 0, FIXED);
	m[0] = 1;
	m[1] = FLAG_G;
	m[2] = 1800 >> 8;
	m[3] = 1800 & 0xff;
	put32(m + 4, ntohl(o->home.s_addr) + node);
	put32(m + 8, ntohl(o->to.s_addr));
	put32(m + 12,
	      o->care_ofs ? 0x0b000000u + node % o->care_ofs : ntohl(o->from.s_addr));
	put32(m + 16, (uint32_t)(ident >> 32));
	put32(m + 20, (uint32_t)ident);
	sign(m, FIXED);
}

/* Identifications rise by a quarter of a microsecond each: all are of now. */
static void make_requests(struct load *l)
{
	const struct options *o = l->options;
	const uint64_t start = ntp_now();
	uint32_t random = 12345;

	for (size_t i = 0; i < l->count; i++) {
		uint32_t node = (uint32_t)i;

		random = random * 1664525u + 1013904223u;
		if (!o->join)
			node = (uint32_t)((uint64_t)random * o->nodes >> 32);
		make_request(o, node, start + i * 1024, &l->request[i]);
	}
}

/* ---- sockets ---- */

struct batch {
	struct mmsghdr message[BATCH];
	struct iovec iov[BATCH];
	struct sockaddr_in peer[BATCH];
	uint8_t bytes[BATCH][256];
};

static void batch_prepare(struct batch *b)
{
	memset(b->message, 0, sizeof(b->message));
	for (unsigned i = 0; i < BATCH; i++) {
		b->iov[i] = (struct iovec){ b->bytes[i], sizeof(b->bytes[i]) };
		b->message[i].msg_hdr.msg_iov = &b->iov[i];
		b->message[i].msg_hdr.msg_iovlen = 1;
	}
}

static int open_socket(struct in_addr addr, uint16_t port)
{
	const struct sockaddr_in here = { .sin_family = AF_INET,
					  .sin_port = htons(port),
					  .sin_addr = addr };
	const int size = BUFFER;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	if (fd < 0 || bind(fd, (const struct sockaddr *)&here, sizeof(here)) != 0) {
		perror("regload");
		exit(EXIT_FAILURE);
	}
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
	return fd;
}

/* ---- the server ---- */

static unsigned answer(struct batch *b, unsigned count, uint64_t *bad)
{
	unsigned sent = 0;

	for (unsigned i = 0; i < count; i++) {
		uint8_t *m = b->bytes[i], mac[MAC], ident[8];

		hmac(m, FIXED + COVERED, mac);
		if (b->message[i].msg_len != REQUEST_LEN ||
		    memcmp(mac, m + FIXED + COVERED, MAC) != 0) {
			++*bad;
			continue;
		}
		memcpy(ident, m + 16, sizeof(ident));
		m[0] = 3;
		m[1] = 0;
		memcpy(m + 12, ident, sizeof(ident));
		sign(m, REPLY);
		b->iov[i].iov_len = REPLY_LEN;
		b->message[sent++].msg_hdr = b->message[i].msg_hdr;
	}
	return sent;
}

static int serve(const struct options *o)
{
	static struct batch b;
	struct pollfd p = { .fd = open_socket(o->to, PORT), .events = POLLIN };
	uint64_t bad = 0;

	while (!stopped) {
		int n, done = 0;

		poll(&p, 1, 100);
		batch_prepare(&b);
		for (unsigned i = 0; i < BATCH; i++) {
			b.message[i].msg_hdr.msg_name = &b.peer[i];
			b.message[i].msg_hdr.msg_namelen = sizeof(b.peer[i]);
		}
		n = recvmmsg(p.fd, b.message, BATCH, MSG_DONTWAIT, NULL);
		n = n > 0 ? (int)answer(&b, (unsigned)n, &bad) : 0;
		while (done < n) {
			int k = sendmmsg(p.fd, b.message + done, (unsigned)(n - done),
					 0);

			done += k > 0 ? k : 1;
		}
	}
	fprintf(stderr, "bad=%llu\n", (unsigned long long)bad);
	return EXIT_SUCCESS;
}

/* ---- the load ---- */

static void send_some(struct load *l, struct batch *b, size_t count, double now)
{
	int n;

	if (count > l->count - l->next)
		count = l->count - l->next;
	if (count > BATCH)
		count = BATCH;
	for (size_t i = 0; i < count; i++) {
		struct request *rq = &l->request[l->next + i];

		b->iov[i] = (struct iovec){ rq->bytes, REQUEST_LEN };
		l->sent_at[get32(rq->bytes + 4) - ntohl(l->options->home.s_addr)] = now;
	}
	n = count > 0 ? sendmmsg(l->fd, b->message, (unsigned)count, 0) : 0;
	if (n > 0) {
		l->next += (size_t)n;
		l->in_flight += (uint64_t)n;
	}
}

static void take_reply(struct load *l, const uint8_t *m, double now)
{
	uint32_t node = get32(m + 4) - ntohl(l->options->home.s_addr);
	double us;

	if (m[0] != 3 || node >= l->options->nodes)
		return;
	us = (now - l->sent_at[node]) * 1e6;
	l->histogram[us < HISTOGRAM - 1 ? (size_t)us : HISTOGRAM - 1]++;
	l->code[m[1]]++;
	l->answered++;
	if (l->in_flight > 0)
		l->in_flight--;
}

static unsigned receive_some(struct load *l, struct batch *b, double now)
{
	int n = recvmmsg(l->fd, b->message, BATCH, MSG_DONTWAIT, NULL);

	for (int i = 0; i < n; i++)
		if (b->message[i].msg_len >= REPLY_LEN)
			take_reply(l, b->bytes[i], now);
	return n > 0 ? (unsigned)n : 0;
}

static size_t due(const struct load *l, double elapsed)
{
	const struct options *o = l->options;
	double should;

	if (o->rate <= 0)
		return o->window > l->in_flight ? o->window - l->in_flight : 0;
	should = elapsed * o->rate;
	return should > (double)l->next ? (size_t)(should - (double)l->next) : 0;
}

static double run(struct load *l)
{
	static struct batch out, in;
	const struct options *o = l->options;
	double start = seconds_now(), now = start, heard = start;

	batch_prepare(&out);
	batch_prepare(&in);
	for (unsigned i = 0; i < BATCH; i++) {
		out.peer[i] = (struct sockaddr_in){ .sin_family = AF_INET,
						    .sin_port = htons(PORT),
						    .sin_addr = o->to };
		out.message[i].msg_hdr.msg_name = &out.peer[i];
		out.message[i].msg_hdr.msg_namelen = sizeof(out.peer[i]);
	}
	while (!stopped && (o->join ? l->answered + l->lost < l->count
				    : now - start < o->seconds)) {
		size_t count = due(l, now - start);

		if (count >= (o->rate > 0 ? 1 : BATCH / 2) || l->in_flight == 0)
			send_some(l, &out, count, now);
		now = seconds_now();
		if (receive_some(l, &in, now) > 0)
			heard = now;
		else if (now - heard > LOST_S) {
			l->lost += l->in_flight;
			l->in_flight = 0;
			heard = now;
		}
		if (l->next == l->count && l->in_flight == 0)
			break;
	}
	return now - start;
}

static unsigned percentile(const struct load *l, double share)
{
	uint64_t sum = 0, wanted = (uint64_t)((double)l->answered * share);

	for (unsigned us = 0; us < HISTOGRAM; us++) {
		sum += l->histogram[us];
		if (sum >= wanted && sum > 0)
			return us;
	}
	return 0;
}

static void report(const struct load *l, double seconds)
{
	uint64_t accepted = l->code[0] + l->code[1];

	printf("{\"seconds\": %.3f, \"answers\": %llu, \"accepted\": %llu, "
	       "\"lost\": %llu, \"rate\": %.0f, \"p50_us\": %u, \"p99_us\": %u, "
	       "\"p999_us\": %u, \"codes\": {",
	       seconds, (unsigned long long)l->answered, (unsigned long long)accepted,
	       (unsigned long long)l->lost, (double)l->answered / seconds,
	       percentile(l, 0.5), percentile(l, 0.99), percentile(l, 0.999));
	for (unsigned i = 0, n = 0; i < 256; i++)
		if (l->code[i])
			printf("%s\"%u\": %llu", n++ ? ", " : "", i,
			       (unsigned long long)l->code[i]);
	printf("}}\n");
}

static int load(const struct options *o)
{
	struct load l = { .options = o };
	double most = o->rate > 0 ? o->rate : 400000;

	l.count = o->join ? o->nodes : (size_t)(o->seconds * most);
	l.request = calloc(l.count, sizeof(*l.request));
	l.sent_at = calloc(o->nodes, sizeof(*l.sent_at));
	l.histogram = calloc(HISTOGRAM, sizeof(*l.histogram));
	if (!l.request || !l.sent_at || !l.histogram) {
		fprintf(stderr, "regload: out of memory\n");
		return EXIT_FAILURE;
	}
	make_requests(&l);
	l.fd = open_socket(o->from, 0);
	report(&l, run(&l));
	return EXIT_SUCCESS;
}

static struct in_addr address(const char *text)
{
	struct in_addr a;

	if (inet_pton(AF_INET, text, &a) != 1) {
		fprintf(stderr, "regload: %s is no address\n", text);
		exit(EXIT_FAILURE);
	}
	return a;
}

static void parse(int argc, char **argv, struct options *o)
{
	static const struct option names[] = {
		{ "to", 1, NULL, 't' },       { "from", 1, NULL, 'f' },
		{ "home", 1, NULL, 'h' },     { "nodes", 1, NULL, 'n' },
		{ "care-ofs", 1, NULL, 'c' }, { "seconds", 1, NULL, 's' },
		{ "window", 1, NULL, 'w' },   { "rate", 1, NULL, 'r' },
		{ "join", 0, NULL, 'j' },     { 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", names, NULL)) != -1) {
		switch (c) {
		case 't':
			o->to = address(optarg);
			break;
		case 'f':
			o->from = address(optarg);
			break;
		case 'h':
			o->home = address(optarg);
			break;
		case 'n':
			o->nodes = (uint32_t)strtoul(optarg, NULL, 0);
			break;
		case 'c':
			o->care_ofs = (uint32_t)strtoul(optarg, NULL, 0);
			break;
		case 's':
			o->seconds = strtod(optarg, NULL);
			break;
		case 'w':
			o->window = (uint32_t)strtoul(optarg, NULL, 0);
			break;
		case 'r':
			o->rate = strtod(optarg, NULL);
			break;
		case 'j':
			o->join = true;
			break;
		default:
			exit(2);
		}
	}
}

int main(int argc, char **argv)
{
	struct options o = {
		.home = address("10.128.0.1"), .nodes = 1, .seconds = 2, .window = 512
	};

	if (argc < 2)
		return 2;
	signal(SIGTERM, on_signal);
	signal(SIGINT, on_signal);
	hmac_key();
	parse(argc - 1, argv + 1, &o);
	return strcmp(argv[1], "serve") == 0 ? serve(&o) : load(&o);
}
