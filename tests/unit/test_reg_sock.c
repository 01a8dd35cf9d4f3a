/* SPDX-License-Identifier: ISC */
/* The registration socket, on loopback and a port of the kernel's choice. */
#include "common/io/reg_sock.h"

#include <CUnit/CUnit.h>
#include <errno.h>
#include <net/if.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "tests/unit/suites.h"

enum { KEPT_MAX = 64 };

struct heard {
	bool serve; /* the link is said to be served */
	unsigned count;
	size_t len[KEPT_MAX];
	struct datagram last;
	uint8_t first_octet;
	unsigned foreseen[2]; /* by pass, of the last batch */
	unsigned handed_before;
};

struct fixture {
	struct io_counts counts;
	struct reg_sock *sock;
	uint16_t port;
	struct heard heard;
};

static bool served(void *arg, int ifindex)
{
	const struct heard *h = arg;

	(void)ifindex;
	return h->serve;
}

static void on_datagram(void *arg, const struct datagram *dg)
{
	struct heard *h = arg;

	h->last = *dg;
	h->first_octet = reader_left(&dg->payload) ? *dg->payload.at : 0;
	if (h->count < KEPT_MAX)
		h->len[h->count++] = reader_left(&dg->payload);
}

/* Each pass over all of them, before any is handed on. */
static void on_foresee(void *arg, struct reader message, unsigned pass)
{
	struct heard *h = arg;

	(void)message;
	CU_ASSERT_EQUAL(h->count, h->handed_before);
	CU_ASSERT_TRUE(pass == 0 ? h->foreseen[1] == 0 : h->foreseen[0] > 0);
	h->foreseen[pass]++;
}

static void begin(struct fixture *f)
{
	struct sockaddr_in at;
	socklen_t len = sizeof(at);

	memset(f, 0, sizeof(*f));
	CU_ASSERT_EQUAL_FATAL(reg_sock_open(&f->sock, 0, &f->counts), 0);
	CU_ASSERT_EQUAL_FATAL(
		getsockname(reg_sock_fd(f->sock), (struct sockaddr *)&at, &len), 0);
	f->port = ntohs(at.sin_port);
}

static void end(struct fixture *f)
{
	reg_sock_close(f->sock);
}

static void on_unsent(void *arg, const struct effect *e, int error)
{
	int *last = arg;

	CU_ASSERT_EQUAL(e->kind, EFFECT_SEND_UDP);
	CU_ASSERT_EQUAL(e->txn, 7);
	*last = error;
}

/* One message, alone; 0 or -errno. */
static int send_one(struct fixture *f, const struct effect_udp *u)
{
	struct effect e = { .kind = EFFECT_SEND_UDP, .txn = 7 };
	int error = 0;

	e.udp = *u;
	reg_sock_put(f->sock, &e);
	reg_sock_flush(f->sock, on_unsent, &error);
	return -error;
}

/* To ourselves, from and to 127.0.0.x. */
static int send_self(struct fixture *f, size_t len, uint8_t ttl, uint8_t octet)
{
	static struct effect_udp u;

	u = (struct effect_udp){ .src = { htonl(INADDR_LOOPBACK + 1) },
				 .dst = { htonl(INADDR_LOOPBACK) },
				 .dst_port = f->port,
				 .ttl = ttl,
				 .len = (uint16_t)len };
	memset(u.bytes, octet, sizeof(u.bytes));
	return send_one(f, &u);
}

static void receive(struct fixture *f)
{
	const struct reg_sock_handlers h = { .served = served,
					     .datagram = on_datagram,
					     .foresee = on_foresee,
					     .foresee_passes = 2,
					     .arg = &f->heard };
	struct pollfd p = { .fd = reg_sock_fd(f->sock), .events = POLLIN };

	CU_ASSERT_EQUAL(poll(&p, 1, 1000), 1);
	f->heard.handed_before = f->heard.count;
	memset(f->heard.foreseen, 0, sizeof(f->heard.foreseen));
	reg_sock_recv(f->sock, &h);
}

static void a_datagram_comes_with_its_way_here(void)
{
	struct fixture f;

	begin(&f);
	CU_ASSERT_EQUAL(send_self(&f, 24, 7, 0x5a), 0);
	receive(&f);
	CU_ASSERT_EQUAL(f.heard.count, 1);
	CU_ASSERT_EQUAL(f.heard.len[0], 24);
	CU_ASSERT_EQUAL(f.heard.first_octet, 0x5a);
	CU_ASSERT_EQUAL(ntohl(f.heard.last.src.s_addr), INADDR_LOOPBACK + 1);
	CU_ASSERT_EQUAL(ntohl(f.heard.last.dst.s_addr), INADDR_LOOPBACK);
	CU_ASSERT_EQUAL(f.heard.last.src_port, f.port);
	CU_ASSERT_EQUAL(f.heard.last.dst_port, MIP_PORT);
	CU_ASSERT_EQUAL(f.heard.last.ttl, 7);
	CU_ASSERT_EQUAL(f.heard.last.ifindex, (int)if_nametoindex("lo"));
	CU_ASSERT_FALSE(f.heard.last.has_mac);
	end(&f);
}

static void a_batch_comes_in_order(void)
{
	struct fixture f;

	begin(&f);
	for (size_t len = 0; len < 20; len++)
		CU_ASSERT_EQUAL(send_self(&f, len, 0, 1), 0);
	receive(&f);
	CU_ASSERT_EQUAL(f.heard.count, 20);
	for (size_t len = 0; len < 20; len++)
		CU_ASSERT_EQUAL(f.heard.len[len], len);
	end(&f);
}

/* Past what an effect can carry. */
static void send_plain(struct fixture *f, size_t len)
{
	static const uint8_t bytes[2 * MIP_MESSAGE_MAX];
	const struct sockaddr_in to = { .sin_family = AF_INET,
					.sin_port = htons(f->port),
					.sin_addr = { htonl(INADDR_LOOPBACK) } };

	CU_ASSERT_EQUAL(sendto(reg_sock_fd(f->sock), bytes, len, 0,
			       (const struct sockaddr *)&to, sizeof(to)),
			(ssize_t)len);
}

static void the_longest_registration_passes_and_no_longer_one(void)
{
	struct fixture f;

	begin(&f);
	send_plain(&f, MIP_MESSAGE_MAX - 1);
	send_plain(&f, MIP_MESSAGE_MAX);
	send_plain(&f, MIP_MESSAGE_MAX + 1);
	send_plain(&f, MIP_MESSAGE_MAX + 2);
	send_plain(&f, 2 * MIP_MESSAGE_MAX);
	receive(&f);
	CU_ASSERT_EQUAL(f.heard.count, 2);
	CU_ASSERT_EQUAL(f.heard.len[1], MIP_MESSAGE_MAX);
	CU_ASSERT_EQUAL(f.counts.by[IO_UDP_OVERSIZED], 3);
	end(&f);
}

static void served_links_are_left_to_others(void)
{
	struct fixture f;

	begin(&f);
	f.heard.serve = true;
	CU_ASSERT_EQUAL(send_self(&f, 24, 0, 1), 0);
	receive(&f);
	CU_ASSERT_EQUAL(f.heard.count, 0);
	CU_ASSERT_EQUAL(f.counts.by[IO_UDP_SERVED_LINK], 1);
	end(&f);
}

static void a_taken_port_is_told(void)
{
	struct io_counts counts = { .by = { 0 } };
	struct reg_sock *second = NULL;
	struct fixture f;

	begin(&f);
	CU_ASSERT_EQUAL(reg_sock_open(&second, f.port, &counts), -EADDRINUSE);
	CU_ASSERT_PTR_NULL(second);
	end(&f);
}

/* One that the system refuses keeps none of the others back. */
static void messages_wait_and_go_together(void)
{
	struct effect e = { .kind = EFFECT_SEND_UDP, .txn = 7 };
	struct fixture f;
	int error = 0;

	begin(&f);
	for (unsigned i = 0; i < 5; i++) {
		e.udp = (struct effect_udp){ .dst = { htonl(INADDR_LOOPBACK) },
					     .dst_port = f.port,
					     .len = (uint16_t)(i + 1) };
		e.udp.src.s_addr = htonl(i == 2 ? 0xc0000201 : INADDR_LOOPBACK);
		CU_ASSERT_FALSE(reg_sock_is_full(f.sock));
		reg_sock_put(f.sock, &e);
	}
	reg_sock_flush(f.sock, on_unsent, &error);
	CU_ASSERT_NOT_EQUAL(error, 0);
	receive(&f);
	CU_ASSERT_EQUAL_FATAL(f.heard.count, 4);
	CU_ASSERT(f.heard.len[0] == 1 && f.heard.len[1] == 2 && f.heard.len[2] == 4);
	CU_ASSERT(f.heard.foreseen[0] == 4 && f.heard.foreseen[1] == 4);
	end(&f);
}

static void it_says_when_there_is_no_room_for_another(void)
{
	struct effect e = { .kind = EFFECT_SEND_UDP,
			    .txn = 7,
			    .udp = { .dst = { htonl(INADDR_LOOPBACK) }, .len = 1 } };
	unsigned count = 0;
	struct fixture f;
	int error = 0;

	begin(&f);
	e.udp.dst_port = f.port;
	for (; !reg_sock_is_full(f.sock) && count < 1000; count++)
		reg_sock_put(f.sock, &e);
	CU_ASSERT_EQUAL(count, 64);
	reg_sock_flush(f.sock, on_unsent, &error);
	CU_ASSERT_FALSE(reg_sock_is_full(f.sock));
	CU_ASSERT_EQUAL(error, 0);
	end(&f);
}

static void a_source_that_is_not_ours_is_refused(void)
{
	struct effect_udp u = { .src = { htonl(0xc0000201) },
				.dst = { htonl(INADDR_LOOPBACK) },
				.dst_port = 9,
				.len = 1 };
	struct fixture f;

	begin(&f);
	CU_ASSERT_TRUE(send_one(&f, &u) < 0);
	end(&f);
}

/* Tunnel data, that is type 4; what is too short to have a type is still told. */
static void data_is_left_to_others(void)
{
	struct fixture f;

	begin(&f);
	CU_ASSERT_EQUAL(reg_sock_leave_data(f.sock), 0);
	CU_ASSERT_EQUAL(send_self(&f, 24, 0, 4), 0);
	CU_ASSERT_EQUAL(send_self(&f, 1, 0, 4), 0);
	CU_ASSERT_EQUAL(send_self(&f, 0, 0, 4), 0);
	CU_ASSERT_EQUAL(send_self(&f, 24, 0, 1), 0);
	receive(&f);
	CU_ASSERT_EQUAL_FATAL(f.heard.count, 2);
	CU_ASSERT_TRUE(f.heard.len[0] == 0 && f.heard.len[1] == 24);
	CU_ASSERT_EQUAL(f.heard.first_octet, 1);
	end(&f);
}

void suite_reg_sock(void)
{
	CU_pSuite s = CU_add_suite("reg_sock", NULL, NULL);

	CU_ADD_TEST(s, a_datagram_comes_with_its_way_here);
	CU_ADD_TEST(s, a_batch_comes_in_order);
	CU_ADD_TEST(s, the_longest_registration_passes_and_no_longer_one);
	CU_ADD_TEST(s, served_links_are_left_to_others);
	CU_ADD_TEST(s, a_taken_port_is_told);
	CU_ADD_TEST(s, messages_wait_and_go_together);
	CU_ADD_TEST(s, it_says_when_there_is_no_room_for_another);
	CU_ADD_TEST(s, a_source_that_is_not_ours_is_refused);
	CU_ADD_TEST(s, data_is_left_to_others);
}
