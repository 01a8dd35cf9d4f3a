/* SPDX-License-Identifier: ISC */
/*
 * TCP connections between agents on libevent.  A stream that has been ended keeps
 * sending, deaf and without a number, until the peer has read it all or time is up:
 * a close at once would take back what the peer has not read yet.
 */
#include "common/io/key_sock.h"

#include "common/base/hashmap.h"
#include "common/base/list.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	LISTEN_BACKLOG = 128,
	CHUNK = 4096,       /* handed on at once */
	UNREAD_MAX = 16384, /* taken from the kernel before it is handed on */
	UNSENT_MAX = 65536,
	LEAVE_SECONDS = 2, /* that an ended stream may still be sending */
	LEAVING_MAX = 64,  /* such streams; a stranger could pile them up */
};

struct key_sock {
	struct event_base *base;
	struct evconnlistener *listener;
	uint16_t port;
	struct key_sock_handlers on;
	struct stream *streams; /* by number */
	struct list leaving;
	unsigned leaving_count;
};

struct stream {
	struct key_sock *sock;
	uint32_t number;
	struct bufferevent *io; /* NULL: it could not even be made */
	struct event *late;     /* reports `error`, or ends the leaving */
	bool connected;
	int error; /* to be reported, or 0 */
	struct list in_leaving;
	UT_hash_handle hh;
};

static struct stream *find(struct key_sock *ks, uint32_t number)
{
	struct stream *s;

	HASH_FIND(hh, ks->streams, &number, sizeof(number), s);
	return s;
}

static void dispose(struct stream *s)
{
	if (s->io)
		bufferevent_free(s->io);
	if (s->late)
		event_free(s->late);
	free(s);
}

/* Forget it, then say so. */
static void report_closed(struct stream *s, int error)
{
	struct key_sock *ks = s->sock;
	uint32_t number = s->number;

	HASH_DELETE(hh, ks->streams, s);
	dispose(s);
	ks->on.closed(ks->on.arg, number, error);
}

static void on_late(evutil_socket_t fd, short what, void *arg)
{
	struct stream *s = arg;

	(void)fd;
	(void)what;
	report_closed(s, s->error);
}

static void fail_later(struct stream *s, int error)
{
	const struct timeval at_once = { 0 };

	s->error = error;
	if (s->io)
		bufferevent_disable(s->io, EV_READ | EV_WRITE);
	evtimer_add(s->late, &at_once);
}

/* The handler may end the stream. */
static void on_readable(struct bufferevent *io, void *arg)
{
	struct stream *s = arg;
	struct key_sock *ks = s->sock;
	const uint32_t number = s->number;
	uint8_t bytes[CHUNK];
	size_t len;

	(void)io;
	for (; s && s->error == 0; s = find(ks, number)) {
		len = bufferevent_read(s->io, bytes, sizeof(bytes));
		if (len == 0)
			return;
		ks->on.received(ks->on.arg, number, bytes, len);
	}
}

static void on_event(struct bufferevent *io, short what, void *arg)
{
	struct stream *s = arg;
	int error = EVUTIL_SOCKET_ERROR();

	(void)io;
	if (s->error != 0)
		return;
	if (what & BEV_EVENT_CONNECTED) {
		s->connected = true;
		s->sock->on.connected(s->sock->on.arg, s->number);
	} else if (what & BEV_EVENT_EOF) {
		report_closed(s, 0);
	} else {
		report_closed(s, error ? error : ECONNRESET);
	}
}

static struct stream *stream_new(struct key_sock *ks, uint32_t number)
{
	struct stream *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->sock = ks;
	s->number = number;
	s->late = evtimer_new(ks->base, on_late, s);
	if (s->late)
		HASH_ADD(hh, ks->streams, number, sizeof(s->number), s);
	if (s->late && hashmap_added(s, hh))
		return s;
	dispose(s);
	return NULL;
}

/* Takes `fd` over. */
static bool open_stream(struct stream *s, int fd)
{
	s->io = bufferevent_socket_new(s->sock->base, fd,
				       BEV_OPT_CLOSE_ON_FREE | BEV_OPT_DEFER_CALLBACKS);
	if (!s->io) {
		close(fd);
		return false;
	}
	bufferevent_setcb(s->io, on_readable, NULL, on_event, s);
	bufferevent_setwatermark(s->io, EV_READ, 0, UNREAD_MAX);
	bufferevent_enable(s->io, EV_READ | EV_WRITE);
	return true;
}

/* Small records that wait for answers are not to be held back. */
static void hurry(int fd)
{
	const int on = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

/* A socket from our address, -errno if there cannot be one. */
static int socket_from(struct in_addr local)
{
	const struct sockaddr_in from = { .sin_family = AF_INET, .sin_addr = local };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int error;

	if (fd < 0)
		return -errno;
	hurry(fd);
	if (bind(fd, (const struct sockaddr *)&from, sizeof(from)) == 0)
		return fd;
	error = errno;
	close(fd);
	return -error;
}

/* 0 or a positive errno. */
static int begin(struct stream *s, struct in_addr local, struct in_addr remote)
{
	const struct sockaddr_in to = { .sin_family = AF_INET,
					.sin_port = htons(s->sock->port),
					.sin_addr = remote };
	int fd = socket_from(local);

	if (fd < 0)
		return -fd;
	if (!open_stream(s, fd))
		return ENOMEM;
	if (bufferevent_socket_connect(s->io, (const struct sockaddr *)&to,
				       (int)sizeof(to)) != 0)
		return errno ? errno : ENETUNREACH;
	return 0;
}

void key_sock_connect(struct key_sock *ks, uint32_t stream, struct in_addr local,
		      struct in_addr remote)
{
	struct stream *s = stream_new(ks, stream);
	int error;

	if (!s)
		return; /* nobody answers, as with a connection that is lost */
	error = begin(s, local, remote);
	if (error != 0)
		fail_later(s, error);
}

void key_sock_take(struct key_sock *ks, uint32_t stream, int fd)
{
	struct stream *s = stream_new(ks, stream);

	if (!s) {
		close(fd);
		return;
	}
	hurry(fd);
	s->connected = true;
	if (!open_stream(s, fd))
		fail_later(s, ENOMEM);
}

void key_sock_send(struct key_sock *ks, uint32_t stream, const void *bytes, size_t len)
{
	struct stream *s = find(ks, stream);

	if (!s || s->error != 0)
		return;
	if (evbuffer_get_length(bufferevent_get_output(s->io)) + len > UNSENT_MAX)
		fail_later(s, ENOBUFS);
	else if (bufferevent_write(s->io, bytes, len) != 0)
		fail_later(s, ENOMEM);
}

/* -- Leaving ---------------------------------------------------------------- */

/* A last word is short enough for the kernel to take it whole. */
static void flush(struct stream *s)
{
	struct evbuffer *out = s->io ? bufferevent_get_output(s->io) : NULL;

	if (!out || !s->connected || evbuffer_get_length(out) == 0)
		return;
	evbuffer_unfreeze(out, 1);
	evbuffer_write(out, bufferevent_getfd(s->io));
}

static void leave(struct stream *s)
{
	list_remove(&s->in_leaving);
	s->sock->leaving_count--;
	dispose(s);
}

static void on_left(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	leave(arg);
}

/* What still comes is of no interest, but a close with it unread would be rude. */
static void on_ignored(struct bufferevent *io, void *arg)
{
	struct evbuffer *in = bufferevent_get_input(io);

	(void)arg;
	evbuffer_drain(in, evbuffer_get_length(in));
}

static void on_sent(struct bufferevent *io, void *arg)
{
	(void)arg;
	shutdown(bufferevent_getfd(io), SHUT_WR);
}

static void on_leaving_event(struct bufferevent *io, short what, void *arg)
{
	(void)io;
	(void)what;
	leave(arg);
}

/* The one that has had the longest time goes. */
static void make_room(struct key_sock *ks)
{
	list_each(it, nx, &ks->leaving) {
		struct stream *oldest = container_of(it, struct stream, in_leaving);

		if (ks->leaving_count < LEAVING_MAX)
			return;
		flush(oldest);
		leave(oldest);
	}
}

static void begin_leaving(struct stream *s)
{
	const struct timeval at_most = { .tv_sec = LEAVE_SECONDS };

	make_room(s->sock);
	s->sock->leaving_count++;
	list_add_tail(&s->sock->leaving, &s->in_leaving);
	event_assign(s->late, s->sock->base, -1, 0, on_left, s);
	evtimer_add(s->late, &at_most);
	bufferevent_setcb(s->io, on_ignored, on_sent, on_leaving_event, s);
	bufferevent_setwatermark(s->io, EV_READ, 0, 0);
	if (evbuffer_get_length(bufferevent_get_output(s->io)) == 0)
		on_sent(s->io, s);
}

void key_sock_end(struct key_sock *ks, uint32_t stream)
{
	struct stream *s = find(ks, stream);

	if (!s)
		return;
	HASH_DELETE(hh, ks->streams, s);
	event_del(s->late);
	if (!s->connected || s->error != 0)
		dispose(s);
	else
		begin_leaving(s);
}

/* -- Listening -------------------------------------------------------------- */

static void on_accept(struct evconnlistener *l, evutil_socket_t fd,
		      struct sockaddr *from, int len, void *arg)
{
	struct key_sock *ks = arg;
	const struct sockaddr_in *peer = (const struct sockaddr_in *)(void *)from;
	struct sockaddr_in own;
	socklen_t own_len = sizeof(own);

	(void)l;
	if (len < (int)sizeof(*peer) ||
	    getsockname(fd, (struct sockaddr *)&own, &own_len) != 0) {
		close(fd);
		return;
	}
	ks->on.offered(ks->on.arg, own.sin_addr, peer->sin_addr, fd);
}

static int learn_port(struct key_sock *ks)
{
	struct sockaddr_in at;
	socklen_t len = sizeof(at);

	if (getsockname(evconnlistener_get_fd(ks->listener), (struct sockaddr *)&at,
			&len) != 0)
		return -errno;
	ks->port = ntohs(at.sin_port);
	return 0;
}

static int listen_on(struct key_sock *ks, uint16_t port)
{
	const struct sockaddr_in any = { .sin_family = AF_INET,
					 .sin_port = htons(port) };

	ks->listener = evconnlistener_new_bind(
		ks->base, on_accept, ks,
		LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_REUSEABLE,
		LISTEN_BACKLOG, (const struct sockaddr *)&any, (int)sizeof(any));
	if (!ks->listener)
		return errno ? -errno : -ENOMEM;
	return learn_port(ks);
}

int key_sock_open(struct key_sock **out, struct event_base *base, uint16_t port,
		  const struct key_sock_handlers *handlers)
{
	struct key_sock *ks = calloc(1, sizeof(*ks));
	int error;

	if (!ks)
		return -ENOMEM;
	ks->base = base;
	ks->on = *handlers;
	list_init(&ks->leaving);
	error = listen_on(ks, port);
	if (error != 0) {
		key_sock_close(ks);
		return error;
	}
	*out = ks;
	return 0;
}

void key_sock_close(struct key_sock *ks)
{
	struct stream *s, *next;

	if (!ks)
		return;
	HASH_ITER(hh, ks->streams, s, next) {
		HASH_DELETE(hh, ks->streams, s);
		flush(s);
		dispose(s);
	}
	list_each(it, nx, &ks->leaving) {
		s = container_of(it, struct stream, in_leaving);
		flush(s);
		leave(s);
	}
	if (ks->listener)
		evconnlistener_free(ks->listener);
	free(ks);
}

uint16_t key_sock_port(const struct key_sock *ks)
{
	return ks->port;
}
