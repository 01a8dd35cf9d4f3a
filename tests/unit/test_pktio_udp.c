/* SPDX-License-Identifier: ISC */
/* The sockets of UDP carriers, on loopback and ports of the kernel's choice. */
#include "common/io/pktio.h"

#include "common/base/bytes.h"
#include "common/tunnel/encap_udp.h"
#include "common/wire/udp.h"

#include "tests/unit/packets.h"
#include "tests/unit/suites.h"

#include <CUnit/CUnit.h>

#include <errno.h>
#include <netinet/ip.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LARGEST = IPV4_MAX - IPV4_HEADER - UDP_HEADER, TOS = 0xb9, TTL = 9 };

static const struct pktio_share alone = { 0, 1 };

struct fixture {
	struct pkt_pool pool;
	struct io_counts counts;
	struct pktio io;
	uint16_t port;
	int sender; /* at 127.0.0.2 */
	uint16_t from;
};

static uint16_t port_of(int fd)
{
	struct sockaddr_in at;
	socklen_t len = sizeof(at);

	CU_ASSERT_EQUAL_FATAL(getsockname(fd, (struct sockaddr *)&at, &len), 0);
	return ntohs(at.sin_port);
}

/* A UDP socket at that address, on a port that nobody has. */
static int bound_at(uint32_t addr)
{
	const struct sockaddr_in at = { .sin_family = AF_INET,
					.sin_addr = { htonl(addr) } };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	CU_ASSERT_FATAL(fd >= 0 &&
			bind(fd, (const struct sockaddr *)&at, sizeof(at)) == 0);
	return fd;
}

static void begin(struct fixture *f)
{
	const int tos = TOS, ttl = TTL, room = 4 << 20;
	int free_port = bound_at(INADDR_ANY);

	memset(f, 0, sizeof(*f));
	f->port = port_of(free_port);
	close(free_port);
	CU_ASSERT_EQUAL_FATAL(pkt_pool_init(&f->pool, 200), 0);
	pktio_init(&f->io, &f->pool, &f->counts);
	f->sender = bound_at(INADDR_LOOPBACK + 1);
	f->from = port_of(f->sender);
	CU_ASSERT_EQUAL(setsockopt(f->sender, IPPROTO_IP, IP_TOS, &tos, sizeof(tos)),
			0);
	CU_ASSERT_EQUAL(setsockopt(f->sender, IPPROTO_IP, IP_TTL, &ttl, sizeof(ttl)),
			0);
	(void)setsockopt(f->sender, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
}

static void end(struct fixture *f)
{
	pktio_close(&f->io);
	close(f->sender);
	CU_ASSERT_EQUAL(f->pool.used, 0);
	pkt_pool_fini(&f->pool);
}

static void send_to(struct fixture *f, uint16_t port, const void *bytes, size_t len)
{
	const struct sockaddr_in to = { .sin_family = AF_INET,
					.sin_port = htons(port),
					.sin_addr = { htonl(INADDR_LOOPBACK) } };

	CU_ASSERT_EQUAL(sendto(f->sender, bytes, len, 0, (const struct sockaddr *)&to,
			       sizeof(to)),
			(ssize_t)len);
}

/* What has come, after a moment if nothing has. */
static struct pkt_vec receive(struct fixture *f, int wait_ms)
{
	struct pollfd p = { .fd = f->io.fd, .events = POLLIN };
	struct pkt_vec v = { .count = 0 };

	if (poll(&p, 1, wait_ms) == 1)
		f->io.ops->recv(&f->io, &v);
	return v;
}

static void a_datagram_becomes_a_whole_packet(void)
{
	static const uint8_t payload[] = { 0, 0, 1, 0, 0, 0, 0, 1, 0xaa };
	struct carrier_ports ports = { .gre = 4754, .mip = 434 };
	struct udp_packet u;
	struct fixture f;
	struct pkt_vec v;

	begin(&f);
	CU_ASSERT_EQUAL_FATAL(pktio_udp_open(&f.io, f.port, alone), 0);
	send_to(&f, f.port, payload, sizeof(payload));
	v = receive(&f, 1000);
	CU_ASSERT_EQUAL_FATAL(v.count, 1);
	CU_ASSERT_TRUE(packet_sound(v.pkt[0]));
	CU_ASSERT_EQUAL(udp_open(v.pkt[0]->data, v.pkt[0]->len, false, &u), UDP_OK);
	CU_ASSERT_EQUAL(ntohl(u.src.s_addr), INADDR_LOOPBACK + 1);
	CU_ASSERT_EQUAL(ntohl(u.dst.s_addr), INADDR_LOOPBACK);
	CU_ASSERT_TRUE(u.src_port == f.from && u.dst_port == f.port);
	CU_ASSERT_TRUE(u.ttl == TTL && pkt_ipv4(v.pkt[0])->tos == TOS);
	CU_ASSERT_TRUE(u.len == sizeof(payload) &&
		       memcmp(u.payload, payload, sizeof(payload)) == 0);
	ports.esp = f.port;
	carrier_pull(&ports, &v);
	CU_ASSERT_EQUAL(v.pkt[0]->drop, DROP_NONE);
	CU_ASSERT_EQUAL(pkt_ipv4(v.pkt[0])->protocol, PROTO_ESP);
	pkt_vec_give(&f.pool, &v);
	end(&f);
}

static void every_size_arrives(void)
{
	static const size_t sizes[] = { 0, 1, 1472, 9000, LARGEST };
	static uint8_t payload[LARGEST];
	struct fixture f;

	begin(&f);
	CU_ASSERT_EQUAL_FATAL(pktio_udp_open(&f.io, f.port, alone), 0);
	for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct pkt_vec v;

		send_to(&f, f.port, payload, sizes[i]);
		v = receive(&f, 1000);
		CU_ASSERT_EQUAL_FATAL(v.count, 1);
		CU_ASSERT_TRUE(packet_sound(v.pkt[0]));
		CU_ASSERT_EQUAL(v.pkt[0]->len, IPV4_HEADER + UDP_HEADER + sizes[i]);
		pkt_vec_give(&f.pool, &v);
	}
	end(&f);
}

/* In order, a vector at a time, and numbered so that they could be cut. */
static void a_burst_comes_in_vectors(void)
{
	struct pkt_vec v[2];
	struct fixture f;

	begin(&f);
	CU_ASSERT_EQUAL_FATAL(pktio_udp_open(&f.io, f.port, alone), 0);
	for (uint8_t i = 0; i < PKT_VEC_MAX + 10; i++)
		send_to(&f, f.port, &i, 1);
	v[0] = receive(&f, 1000);
	v[1] = receive(&f, 1000);
	CU_ASSERT_EQUAL(v[0].count, PKT_VEC_MAX);
	CU_ASSERT_EQUAL_FATAL(v[1].count, 10);
	CU_ASSERT_EQUAL(v[1].pkt[9]->data[IPV4_HEADER + UDP_HEADER], PKT_VEC_MAX + 9);
	CU_ASSERT_NOT_EQUAL(pkt_ipv4(v[1].pkt[0])->id, pkt_ipv4(v[1].pkt[1])->id);
	CU_ASSERT_NOT_EQUAL(pkt_ipv4(v[0].pkt[0])->id, 0);
	pkt_vec_give(&f.pool, &v[0]);
	pkt_vec_give(&f.pool, &v[1]);
	end(&f);
}

static void a_taken_port_is_told(void)
{
	struct fixture f;

	begin(&f);
	CU_ASSERT_EQUAL(pktio_udp_open(&f.io, f.from, alone), -EADDRINUSE);
	CU_ASSERT_TRUE(f.io.fd < 0);
	end(&f);
}

/* Those of one program do; another that comes as the first is told as ever. */
static void several_share_a_port(void)
{
	const struct pktio_share first = { 0, 2 }, second = { 1, 2 };
	struct pktio other, stranger;
	struct fixture f;

	begin(&f);
	pktio_init(&other, &f.pool, &f.counts);
	pktio_init(&stranger, &f.pool, &f.counts);
	CU_ASSERT_EQUAL(pktio_udp_open(&f.io, f.from, first), -EADDRINUSE);
	CU_ASSERT_EQUAL_FATAL(pktio_udp_open(&f.io, f.port, first), 0);
	CU_ASSERT_EQUAL_FATAL(pktio_udp_open(&other, f.port, second), 0);
	CU_ASSERT_EQUAL(pktio_udp_open(&stranger, f.port, first), -EADDRINUSE);
	CU_ASSERT_EQUAL(pktio_udp_open(&stranger, f.port, alone), -EADDRINUSE);
	pktio_close(&other);
	end(&f);
}

static void without_buffers_it_is_counted(void)
{
	struct fixture f;
	struct pkt_vec v;
	struct pkt *all[200];

	begin(&f);
	CU_ASSERT_EQUAL_FATAL(pktio_udp_open(&f.io, f.port, alone), 0);
	for (unsigned i = 0; i < 200; i++)
		all[i] = pkt_take(&f.pool);
	send_to(&f, f.port, "x", 1);
	v = receive(&f, 1000);
	CU_ASSERT_EQUAL(v.count, 0);
	CU_ASSERT_EQUAL(f.counts.by[IO_NO_BUFFER], 1);
	for (unsigned i = 0; i < 200; i++)
		pkt_give(&f.pool, all[i]);
	v = receive(&f, 1000);
	CU_ASSERT_EQUAL(v.count, 1);
	pkt_vec_give(&f.pool, &v);
	end(&f);
}

/* RFC 3519: of port 434 the data alone, whole packets; registrations stay. */
static void tunnel_data_is_told_from_registrations(void)
{
	static const uint8_t data[] = { 4, 4, 0, 0, 0x45 };
	static const uint8_t registration[] = { 1, 4, 0, 0, 0x45 };
	struct fixture f;
	struct pkt_vec v;
	int error, other;

	begin(&f);
	other = bound_at(INADDR_LOOPBACK);
	error = pktio_mip_data_open(&f.io, f.port, alone);
	if (error == 0) {
		send_to(&f, f.port, registration, sizeof(registration));
		send_to(&f, f.port, data, 0);
		send_to(&f, port_of(other), data, sizeof(data));
		send_to(&f, f.port, data, sizeof(data));
		v = receive(&f, 1000);
		CU_ASSERT_EQUAL_FATAL(v.count, 1);
		CU_ASSERT_TRUE(packet_sound(v.pkt[0]));
		CU_ASSERT_EQUAL(v.pkt[0]->len, IPV4_HEADER + UDP_HEADER + sizeof(data));
		CU_ASSERT_EQUAL(v.pkt[0]->data[IPV4_HEADER + UDP_HEADER], 4);
		pkt_vec_give(&f.pool, &v);
	} else {
		CU_ASSERT_EQUAL(error, -EPERM); /* not for everybody */
	}
	close(other);
	end(&f);
}

void suite_pktio_udp(void)
{
	CU_pSuite s = CU_add_suite("pktio_udp", NULL, NULL);

	CU_ADD_TEST(s, a_datagram_becomes_a_whole_packet);
	CU_ADD_TEST(s, every_size_arrives);
	CU_ADD_TEST(s, a_burst_comes_in_vectors);
	CU_ADD_TEST(s, a_taken_port_is_told);
	CU_ADD_TEST(s, several_share_a_port);
	CU_ADD_TEST(s, without_buffers_it_is_counted);
	CU_ADD_TEST(s, tunnel_data_is_told_from_registrations);
}
