/* SPDX-License-Identifier: ISC */
/*
 * Streams for keying, on loopback and a port of the kernel's choice: one end talks
 * to itself.
 */
#include "common/io/key_sock.h"

#include <CUnit/CUnit.h>
#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/suites.h"

enum { OURS = 1, THEIRS = 2, ROOM = 200000 };

struct fixture {
	struct event_base *base;
	struct key_sock *ks;
	bool refuses;      /* what is offered */
	bool ends_at_once; /* what has connected */
	unsigned offered, connected, closed;
	uint32_t which; /* was closed first */
	int error;      /* and why */
	struct in_addr local, remote;
	size_t heard;
	uint8_t bytes[ROOM];
};

static void on_offered(void *arg, struct in_addr local, struct in_addr remote, int fd)
{
	struct fixture *f = arg;

	f->offered++;
	f->local = local;
	f->remote = remote;
	if (f->refuses)
		close(fd);
	else
		key_sock_take(f->ks, THEIRS, fd);
}

static void on_connected(void *arg, uint32_t stream)
{
	struct fixture *f = arg;

	CU_ASSERT_EQUAL(stream, OURS);
	f->connected++;
	if (f->ends_at_once)
		key_sock_end(f->ks, OURS);
}

static void on_received(void *arg, uint32_t stream, const void *bytes, size_t len)
{
	struct fixture *f = arg;

	CU_ASSERT_EQUAL(stream, THEIRS);
	CU_ASSERT_FATAL(len > 0 && f->heard + len <= ROOM);
	memcpy(f->bytes + f->heard, bytes, len);
	f->heard += len;
}

static void on_closed(void *arg, uint32_t stream, int error)
{
	struct fixture *f = arg;

	if (f->closed++ > 0)
		return;
	f->which = stream;
	f->error = error;
}

static struct in_addr host(uint32_t addr)
{
	return (struct in_addr){ htonl(addr) };
}

static void begin(struct fixture *f)
{
	const struct key_sock_handlers on = { on_offered, on_connected, on_received,
					      on_closed, f };

	signal(SIGPIPE, SIG_IGN);
	memset(f, 0, sizeof(*f));
	f->base = event_base_new();
	CU_ASSERT_PTR_NOT_NULL_FATAL(f->base);
	CU_ASSERT_EQUAL_FATAL(key_sock_open(&f->ks, f->base, 0, &on), 0);
}

static void end(struct fixture *f)
{
	key_sock_close(f->ks);
	event_base_free(f->base);
}

/* Until `count` is no longer `from`; two seconds at most. */
static void turn_until(struct fixture *f, const unsigned *count, unsigned from)
{
	const struct timeval nap = { .tv_usec = 10000 };

	for (unsigned i = 0; i < 200 && *count == from; i++) {
		event_base_loopexit(f->base, &nap);
		event_base_dispatch(f->base);
	}
}

static void turn(struct fixture *f)
{
	for (unsigned i = 0; i < 5; i++) {
		const struct timeval nap = { .tv_usec = 2000 };

		event_base_loopexit(f->base, &nap);
		event_base_dispatch(f->base);
	}
}

static void join(struct fixture *f)
{
	key_sock_connect(f->ks, OURS, host(0x7f000002), host(0x7f000001));
	CU_ASSERT_EQUAL(f->connected, 0); /* never from inside a call */
	turn_until(f, &f->connected, 0);
	turn_until(f, &f->offered, 0);
	CU_ASSERT_EQUAL_FATAL(f->connected, 1);
}

static void connects_from_our_address(void)
{
	struct fixture f;

	begin(&f);
	join(&f);
	CU_ASSERT_EQUAL(f.offered, 1);
	CU_ASSERT_EQUAL(f.remote.s_addr, htonl(0x7f000002));
	CU_ASSERT_EQUAL(f.local.s_addr, htonl(0x7f000001));
	end(&f);
}

static void bytes_come_in_order(void)
{
	static uint8_t sent[50000];
	struct fixture f;

	for (size_t i = 0; i < sizeof(sent); i++)
		sent[i] = (uint8_t)(i * 7 + i / 251);
	begin(&f);
	join(&f);
	for (size_t at = 0; at < sizeof(sent); at += 500)
		key_sock_send(f.ks, OURS, sent + at, 500);
	for (unsigned i = 0; i < 100 && f.heard < sizeof(sent); i++)
		turn(&f);
	CU_ASSERT_EQUAL(f.heard, sizeof(sent));
	CU_ASSERT_EQUAL(memcmp(f.bytes, sent, sizeof(sent)), 0);
	end(&f);
}

/* A last word arrives, and nothing is said of a stream that we ended. */
static void an_end_waits_for_what_was_said(void)
{
	struct fixture f;

	begin(&f);
	join(&f);
	key_sock_send(f.ks, OURS, "bye", 3);
	key_sock_end(f.ks, OURS);
	key_sock_send(f.ks, OURS, "more", 4);
	turn_until(&f, &f.closed, 0);
	CU_ASSERT_EQUAL(f.heard, 3);
	CU_ASSERT(f.closed == 1 && f.which == THEIRS && f.error == 0);
	key_sock_end(f.ks, OURS);
	end(&f);
}

static void a_handler_may_end_its_stream(void)
{
	struct fixture f;

	begin(&f);
	f.ends_at_once = true;
	join(&f);
	turn_until(&f, &f.closed, 0);
	CU_ASSERT(f.closed == 1 && f.which == THEIRS);
	end(&f);
}

static void what_cannot_be_is_told_later(void)
{
	struct fixture f;

	begin(&f);
	/* No address of this machine. */
	key_sock_connect(f.ks, OURS, host(0xc0000201), host(0x7f000001));
	CU_ASSERT_EQUAL(f.closed, 0);
	turn_until(&f, &f.closed, 0);
	CU_ASSERT(f.closed == 1 && f.which == OURS && f.error == EADDRNOTAVAIL);
	/* Ended before it is told: then it is not. */
	key_sock_connect(f.ks, OURS, host(0xc0000201), host(0x7f000001));
	key_sock_end(f.ks, OURS);
	turn(&f);
	CU_ASSERT_EQUAL(f.closed, 1);
	end(&f);
}

static void who_is_not_taken_is_closed(void)
{
	struct fixture f;

	begin(&f);
	f.refuses = true;
	join(&f);
	turn_until(&f, &f.closed, 0);
	CU_ASSERT(f.closed == 1 && f.which == OURS);
	end(&f);
}

/* A peer that does not read costs no more memory than this. */
static void what_waits_is_bounded(void)
{
	static uint8_t much[60000];
	struct fixture f;

	begin(&f);
	join(&f);
	key_sock_send(f.ks, OURS, much, sizeof(much));
	key_sock_send(f.ks, OURS, much, sizeof(much));
	turn_until(&f, &f.closed, 0);
	CU_ASSERT(f.which == OURS && f.error == ENOBUFS);
	end(&f);
}

static void a_port_is_taken_once(void)
{
	const struct key_sock_handlers none = { 0 };
	struct key_sock *second;
	struct fixture f;

	begin(&f);
	CU_ASSERT_EQUAL(key_sock_open(&second, f.base, key_sock_port(f.ks), &none),
			-EADDRINUSE);
	end(&f);
}

void suite_key_sock(void)
{
	CU_pSuite s = CU_add_suite("key_sock", NULL, NULL);

	CU_add_test(s, "connects from our address", connects_from_our_address);
	CU_add_test(s, "bytes come in order", bytes_come_in_order);
	CU_add_test(s, "an end waits for what was said",
		    an_end_waits_for_what_was_said);
	CU_add_test(s, "a handler may end its stream", a_handler_may_end_its_stream);
	CU_add_test(s, "what cannot be is told later", what_cannot_be_is_told_later);
	CU_add_test(s, "who is not taken is closed", who_is_not_taken_is_closed);
	CU_add_test(s, "what waits is bounded", what_waits_is_bounded);
	CU_add_test(s, "a port is taken once", a_port_is_taken_once);
}
