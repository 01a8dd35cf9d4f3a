/* SPDX-License-Identifier: ISC */
/*
 * Runs of datagrams: which packets may go together, and on loopback that they come
 * out as they went in, whether the other end takes them one by one or joined.
 */
#include "common/io/udp_runs.h"

#include "common/base/bytes.h"
#include "common/io/pktio.h"
#include "common/wire/udp.h"

#include "tests/unit/packets.h"
#include "tests/unit/segments.h"
#include "tests/unit/suites.h"

#include <CUnit/CUnit.h>

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	FROM = 4500,
	TO = 4600,
	HEADERS = IPV4_HEADER + UDP_HEADER,
	PEERS = 4,
	CHECKSUM_AT = 6
};

static struct pkt_pool pool;
static const struct pktio_share alone = { 0, 1 };
static struct io_counts counts;

/* A UDP packet of `size` octets in all, as an encapsulation makes it. */
static struct pkt *datagram(const char *src, const char *dst, uint16_t from,
			    uint16_t to, size_t size)
{
	const struct packet_like like = {
		.src = src, .dst = dst, .size = size, .fragment = IPV4_DF
	};
	struct pkt *p = packet_like(&pool, &like);
	struct writer w = writer_over(p->data + IPV4_HEADER, UDP_HEADER);

	write_u16(&w, from);
	write_u16(&w, to);
	write_u16(&w, (uint16_t)(size - IPV4_HEADER));
	write_u16(&w, 0);
	return p;
}

/* ---- gathering ---- */

struct one {
	char peer;       /* which of the destinations */
	uint16_t size;   /* of the packet */
	const char *odd; /* what it has that others do not, or NULL */
};

static struct pkt *made(const struct one *one)
{
	char dst[16];
	struct pkt *p;
	struct ipv4 *ip;
	bool port = one->odd && !strcmp(one->odd, "port");
	bool alien = one->odd && !strcmp(one->odd, "source port of nobody");

	snprintf(dst, sizeof(dst), "10.0.0.%u", (unsigned)one->peer);
	p = datagram("10.9.0.1", dst, alien ? FROM + 1 : FROM, port ? TO + 1 : TO,
		     one->size);
	ip = pkt_ipv4(p);
	if (!one->odd)
		return p;
	if (!strcmp(one->odd, "source"))
		ip->src.s_addr ^= htonl(4);
	else if (!strcmp(one->odd, "no DF"))
		ip->fragment = 0;
	else if (!strcmp(one->odd, "fragment"))
		ip->fragment = htons(IPV4_DF | IPV4_MF);
	else if (!strcmp(one->odd, "TOS"))
		ip->tos = 1;
	else if (!strcmp(one->odd, "TTL"))
		ip->ttl = 9;
	else if (!strcmp(one->odd, "options"))
		ip->version_ihl++;
	else if (!strcmp(one->odd, "protocol"))
		ip->protocol = PROTO_ESP;
	ipv4_seal(ip);
	return p;
}

/* Packets, and the indices of those that go with the first. */
static const struct {
	const char *what;
	struct one packets[8];
	const char *run;
} gathered[] = {
	{ "one alone", { { 'a', 100, NULL } }, "" },
	{ "equal ones",
	  { { 'a', 100, NULL }, { 'a', 100, NULL }, { 'a', 100, NULL } },
	  "012" },
	{ "a shorter one is the last",
	  { { 'a', 100, NULL }, { 'a', 60, NULL }, { 'a', 60, NULL } },
	  "01" },
	{ "a longer one is not of it",
	  { { 'a', 60, NULL },
	    { 'a', 60, NULL },
	    { 'a', 100, NULL },
	    { 'a', 60, NULL } },
	  "01" },
	{ "peers by turns",
	  { { 'a', 100, NULL },
	    { 'b', 90, NULL },
	    { 'a', 100, NULL },
	    { 'b', 90, NULL },
	    { 'a', 50, NULL } },
	  "024" },
	{ "another port to the same peer must not be overtaken",
	  { { 'a', 100, NULL }, { 'a', 100, "port" }, { 'a', 100, NULL } },
	  "" },
	{ "nor what may be cut",
	  { { 'a', 100, NULL },
	    { 'a', 100, NULL },
	    { 'a', 100, "no DF" },
	    { 'a', 100, NULL } },
	  "01" },
	{ "from another address", { { 'a', 99, NULL }, { 'a', 99, "source" } }, "" },
	{ "congestion marked", { { 'a', 99, NULL }, { 'a', 99, "TOS" } }, "" },
	{ "another TTL", { { 'a', 99, NULL }, { 'a', 99, "TTL" } }, "" },
	{ "no UDP", { { 'a', 99, NULL }, { 'a', 99, "protocol" } }, "" },
	{ "that may be cut", { { 'a', 99, "no DF" }, { 'a', 99, "no DF" } }, "" },
	{ "fragments", { { 'a', 99, "fragment" }, { 'a', 99, "fragment" } }, "" },
	{ "with options", { { 'a', 99, "options" }, { 'a', 99, "options" } }, "" },
	{ "from a port of nobody",
	  { { 'a', 99, "source port of nobody" },
	    { 'a', 99, "source port of nobody" } },
	  "" },
	{ "without payload", { { 'a', HEADERS, NULL }, { 'a', HEADERS, NULL } }, "" },
};

static void check_gathered(size_t row)
{
	const struct udp_runs r = { .sources = 1, .source = { { .port = FROM } } };
	struct pkt *p[8], *left[8], *run[UDP_RUN_MAX];
	unsigned count = 0, n;

	for (; count < 8 && gathered[row].packets[count].size; count++)
		left[count] = p[count] = made(&gathered[row].packets[count]);
	n = udp_runs_gather(&r, left, count, run);
	CU_ASSERT_EQUAL(n, strlen(gathered[row].run));
	if (n != strlen(gathered[row].run))
		printf("\n%s: %u\n", gathered[row].what, n);
	for (unsigned i = 0; i < n && i < strlen(gathered[row].run); i++) {
		unsigned which = (unsigned)(gathered[row].run[i] - '0');

		CU_ASSERT_PTR_EQUAL(run[i], p[which]);
		CU_ASSERT_PTR_NULL(left[which]);
	}
	for (unsigned i = 0; i < count; i++) {
		n -= left[i] == NULL;
		pkt_give(&pool, p[i]);
	}
	CU_ASSERT_EQUAL(n, 0);
}

static void only_packets_alike_go_together(void)
{
	for (size_t i = 0; i < sizeof(gathered) / sizeof(gathered[0]); i++)
		check_gathered(i);
}

static void a_run_has_its_limits(void)
{
	const struct udp_runs r = { .sources = 1, .source = { { .port = FROM } } };
	static const struct {
		size_t size;
		unsigned most;
	} rows[] = { { HEADERS + 1, UDP_RUN_MAX },
		     { HEADERS + 1472, UDP_RUN_OCTETS / 1472 },
		     { HEADERS + 40000, 0 } };
	struct pkt *p[UDP_RUN_MAX + 9], *run[UDP_RUN_MAX];

	for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
		unsigned n;

		for (unsigned i = 0; i < UDP_RUN_MAX + 9; i++)
			p[i] = datagram("10.9.0.1", "10.0.0.1", FROM, TO,
					rows[row].size);
		n = udp_runs_gather(&r, p, UDP_RUN_MAX + 9, run);
		CU_ASSERT_EQUAL(n, rows[row].most);
		for (unsigned i = 0; i < UDP_RUN_MAX + 9; i++)
			pkt_give(&pool, p[i]);
		for (unsigned i = 0; i < n; i++)
			pkt_give(&pool, run[i]);
	}
}

/* ---- on loopback ---- */

struct line {
	struct udp_runs runs;
	struct pktio wire, in;
	uint16_t from, to;
	int plain; /* a receiver that joins nothing, at another port */
	uint16_t plain_to;
	unsigned refused;
	int error;
};

static uint16_t port_of(int fd)
{
	struct sockaddr_in at;
	socklen_t len = sizeof(at);

	CU_ASSERT_EQUAL_FATAL(getsockname(fd, (struct sockaddr *)&at, &len), 0);
	return ntohs(at.sin_port);
}

static int bound(void)
{
	const struct sockaddr_in any = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	CU_ASSERT_FATAL(fd >= 0 &&
			bind(fd, (const struct sockaddr *)&any, sizeof(any)) == 0);
	return fd;
}

static uint16_t free_port(void)
{
	int fd = bound();
	uint16_t port = port_of(fd);

	close(fd);
	return port;
}

static void refused(void *arg, struct pkt *p, int error)
{
	struct line *l = arg;

	l->refused++;
	l->error = error;
	pkt_give(&pool, p);
}

/* False, with nothing open, for those who may not open raw sockets. */
static bool begin(struct line *l)
{
	int error;

	memset(l, 0, sizeof(*l));
	memset(&counts, 0, sizeof(counts));
	udp_runs_init(&l->runs);
	pktio_init(&l->wire, &pool, &counts);
	pktio_init(&l->in, &pool, &counts);
	error = pktio_wire_open(&l->wire, &l->runs, NULL);
	if (error != 0) {
		CU_ASSERT_EQUAL(error, -EPERM);
		return false;
	}
	l->from = free_port();
	CU_ASSERT_EQUAL(udp_runs_bind(&l->runs, l->from), 0);
	l->to = free_port();
	CU_ASSERT_EQUAL(pktio_udp_open(&l->in, l->to, alone), 0);
	l->plain = bound();
	l->plain_to = port_of(l->plain);
	return true;
}

static void end(struct line *l)
{
	pktio_close(&l->in);
	pktio_close(&l->wire);
	udp_runs_fini(&l->runs);
	close(l->plain);
	CU_ASSERT_EQUAL(pool.used, 0);
}

static void send_queue(struct line *l, struct pkt_queue *q)
{
	const struct pktio_refusal r = { refused, l };

	l->wire.ops->send(&l->wire, q, &r);
	CU_ASSERT_EQUAL(q->count, 0);
}

/* A packet of `size` with the number in its payload, at the end of the queue. */
static void add(const struct line *l, struct pkt_queue *q, const char *dst, size_t size,
		uint8_t number, bool df)
{
	struct pkt *p = datagram("127.0.0.1", dst, l->from, l->to, size);

	p->data[HEADERS] = number;
	if (!df)
		pkt_ipv4(p)->fragment = 0;
	ipv4_seal(pkt_ipv4(p));
	pkt_queue_add(q, p);
}

struct arrived {
	uint8_t number[300];
	size_t size[300];
	unsigned count;
};

/* What comes to 127.0.0.n, in out[n]; packets are sound, each with another number. */
static void receive(struct line *l, struct arrived out[PEERS])
{
	struct pollfd poll_in = { .fd = l->in.fd, .events = POLLIN };
	uint16_t last_id = 0;

	while (l->in.more || poll(&poll_in, 1, 50) == 1) {
		struct pkt_vec v = { .count = 0 };

		l->in.ops->recv(&l->in, &v);
		for (unsigned i = 0; i < v.count; i++) {
			struct pkt *p = v.pkt[i];
			struct arrived *a;
			struct udp_packet u;

			CU_ASSERT_TRUE(packet_sound(p));
			CU_ASSERT_EQUAL(udp_open(p->data, p->len, false, &u), UDP_OK);
			CU_ASSERT_NOT_EQUAL(pkt_ipv4(p)->id, last_id);
			last_id = pkt_ipv4(p)->id;
			CU_ASSERT_EQUAL(u.src_port, l->from);
			a = &out[ntohl(u.dst.s_addr) % PEERS];
			CU_ASSERT_FATAL(a->count < 300);
			a->size[a->count] = p->len;
			a->number[a->count++] = u.payload[0];
		}
		pkt_vec_give(&pool, &v);
	}
}

/* More than one read takes: nothing is lost, overtaken or left behind. */
static void a_stream_goes_and_comes_in_runs(void)
{
	struct arrived all[PEERS] = { 0 }, *a = &all[1];
	struct pkt_queue q = { 0 };
	struct line l;

	if (!begin(&l))
		return;
	for (unsigned i = 0; i < 200; i++)
		add(&l, &q, "127.0.0.1", i == 199 ? 40 : 1400, (uint8_t)i, true);
	send_queue(&l, &q);
	receive(&l, all);
	CU_ASSERT_EQUAL(a->count, 200);
	for (unsigned i = 0; i < a->count; i++) {
		CU_ASSERT_EQUAL(a->number[i], i);
		CU_ASSERT_EQUAL(a->size[i], i == 199 ? 40 : 1400);
	}
	CU_ASSERT_TRUE(counts.by[IO_UDP_IN_RUNS] >= 190);
	CU_ASSERT_TRUE(counts.by[IO_UDP_COALESCED] >= 190);
	end(&l);
}

/* What cannot go in runs keeps its place among what can. */
static void mixed_packets_keep_their_order(void)
{
	static const char *const peers[] = { "127.0.0.1", "127.0.0.2", "127.0.0.3" };
	struct arrived a[PEERS] = { 0 };
	struct pkt_queue q = { 0 };
	struct line l;

	if (!begin(&l))
		return;
	for (uint8_t i = 0; i < 60; i++)
		for (unsigned peer = 0; peer < 3; peer++)
			add(&l, &q, peers[peer], i % 7 == 6 ? 70 : 900u + i / 20, i,
			    i % 11 != 10);
	send_queue(&l, &q);
	CU_ASSERT_TRUE(counts.by[IO_UDP_IN_RUNS] > 90);
	CU_ASSERT_TRUE(counts.by[IO_UDP_IN_RUNS] < 180);
	receive(&l, a);
	for (unsigned peer = 1; peer <= 3; peer++) {
		CU_ASSERT_EQUAL(a[peer].count, 60);
		for (uint8_t i = 0; i < a[peer].count; i++)
			CU_ASSERT_EQUAL(a[peer].number[i], i);
	}
	end(&l);
}

/* Another system sees ordinary datagrams with a checksum, TOS and TTL as they were. */
static void each_datagram_is_whole(void)
{
	struct pkt_queue q = { 0 };
	struct line l;

	if (!begin(&l))
		return;
	for (uint8_t i = 0; i < 10; i++) {
		struct pkt *p =
			datagram("127.0.0.1", "127.0.0.1", l.from, l.plain_to, 100);

		p->data[HEADERS] = i;
		pkt_queue_add(&q, p);
	}
	send_queue(&l, &q);
	CU_ASSERT_EQUAL(counts.by[IO_UDP_IN_RUNS], 10);
	for (uint8_t i = 0; i < 10; i++) {
		uint8_t got[200];

		CU_ASSERT_EQUAL(recv(l.plain, got, sizeof(got), MSG_DONTWAIT),
				100 - HEADERS);
		CU_ASSERT_EQUAL(got[0], i);
	}
	end(&l);
}

/* The kernel writes the checksum of a run; one that goes alone has it from us. */
static void what_goes_alone_has_its_checksum(void)
{
	struct pkt_queue q = { 0 };
	struct pktio raw;
	struct pkt_vec v = { .count = 0 };
	struct udp_packet u;
	struct line l;

	if (!begin(&l))
		return;
	pktio_init(&raw, &pool, &counts);
	CU_ASSERT_EQUAL_FATAL(pktio_raw_open(&raw, PROTO_UDP, alone), 0);
	add(&l, &q, "127.0.0.1", 100, 1, true);
	q.first->unsummed = true;
	send_queue(&l, &q);
	raw.ops->recv(&raw, &v);
	for (unsigned i = 0; i < v.count; i++) {
		if (udp_open(v.pkt[i]->data, v.pkt[i]->len, true, &u) != UDP_OK ||
		    u.src_port != l.from)
			continue;
		CU_ASSERT_NOT_EQUAL(get16(v.pkt[i]->data + IPV4_HEADER + CHECKSUM_AT),
				    0);
		l.error++;
	}
	CU_ASSERT_EQUAL(l.error, 1);
	pkt_vec_give(&pool, &v);
	pktio_close(&raw);
	end(&l);
}

/* Each of the run is told of, with what the kernel said. */
static void every_refused_packet_is_told(void)
{
	struct pkt_queue q = { 0 };
	struct line l;

	if (!begin(&l))
		return;
	for (uint8_t i = 0; i < 3; i++)
		add(&l, &q, "255.255.255.255", 100, i, true);
	send_queue(&l, &q);
	CU_ASSERT_EQUAL(l.refused, 3);
	CU_ASSERT_EQUAL(l.error, EACCES);
	CU_ASSERT_EQUAL(counts.by[IO_UDP_IN_RUNS], 0);
	end(&l);
}

static int make_pool(void)
{
	return pkt_pool_init(&pool, PACKETS_MAX);
}

static int drop_pool(void)
{
	pkt_pool_fini(&pool);
	return 0;
}

void suite_udp_runs(void)
{
	CU_pSuite s = CU_add_suite("udp_runs", make_pool, drop_pool);

	CU_ADD_TEST(s, only_packets_alike_go_together);
	CU_ADD_TEST(s, a_run_has_its_limits);
	CU_ADD_TEST(s, a_stream_goes_and_comes_in_runs);
	CU_ADD_TEST(s, mixed_packets_keep_their_order);
	CU_ADD_TEST(s, each_datagram_is_whole);
	CU_ADD_TEST(s, what_goes_alone_has_its_checksum);
	CU_ADD_TEST(s, every_refused_packet_is_told);
}
