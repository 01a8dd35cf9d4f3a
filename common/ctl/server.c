/* SPDX-License-Identifier: ISC */
/*
 * The control socket on libevent.  A reply is written into the client's output
 * buffer as the answer makes it, one line an object.
 */
#include "common/ctl/server.h"

#include "common/base/list.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* A client with that much unsent output gets no more answers until it has read. */
enum { CLIENTS_MAX = 32, BACKLOG_MAX = 256 * 1024 };

struct ctl_server {
	struct event_base *base;
	struct evconnlistener *listener;
	struct sockaddr_un addr;
	const struct ctl_request *requests;
	void *agent;
	struct list clients;
	struct client *serving; /* whose requests are being answered, or NULL */
	size_t client_count;
	size_t watcher_count;
};

struct client {
	struct list link;
	struct ctl_server *server;
	struct bufferevent *stream;
	bool watching;
	bool lost;  /* to be closed when its requests have been answered */
	bool ended; /* will say no more, but is still owed output */
};

struct ctl_reply {
	struct evbuffer *out;
	size_t rows;
	bool failed;
};

static void write_line(struct evbuffer *out, const json_t *object)
{
	char *text = json_dumps(object, JSON_COMPACT);

	if (text)
		evbuffer_add_printf(out, "%s\n", text);
	free(text);
}

void ctl_reply_row(struct ctl_reply *reply, json_t *object_take)
{
	if (!object_take)
		ctl_reply_error(reply, "out of memory");
	if (!reply->failed) {
		write_line(reply->out, object_take);
		reply->rows++;
	}
	json_decref(object_take);
}

void ctl_reply_error(struct ctl_reply *reply, const char *format, ...)
{
	json_t *object;
	va_list args;

	va_start(args, format);
	object = json_pack("{s:o}", "error", json_vsprintf(format, args));
	va_end(args);
	if (!reply->failed)
		write_line(reply->out, object);
	reply->failed = true;
	json_decref(object);
}

static void reply_end(struct ctl_reply *reply)
{
	json_t *end;

	if (reply->failed)
		return;
	end = json_pack("{s:b,s:I}", "end", 1, "count", (json_int_t)reply->rows);
	write_line(reply->out, end);
	json_decref(end);
}

static void client_close(struct client *c)
{
	if (c->watching)
		c->server->watcher_count--;
	c->server->client_count--;
	list_remove(&c->link);
	bufferevent_free(c->stream);
	free(c);
}

static void answer_help(const struct ctl_server *s, struct ctl_reply *reply)
{
	for (const struct ctl_request *r = s->requests; r->words; r++)
		ctl_reply_row(reply,
			      json_pack("{s:s,s:s,s:s}", "request", r->words,
					"argument", r->argument ? r->argument : "",
					"help", r->help));
	ctl_reply_row(reply, json_pack("{s:s,s:s,s:s}", "request", "watch", "argument",
				       "", "help", "show every event as it happens"));
}

static void start_watching(struct client *c)
{
	if (!c->watching)
		c->server->watcher_count++;
	c->watching = true;
}

static void answer_line(struct client *c, char *line)
{
	struct ctl_reply reply = { .out = bufferevent_get_output(c->stream) };
	const char *argument, *error;
	const struct ctl_request *r;

	if (strcmp(line, "watch") == 0) {
		start_watching(c);
		return;
	}
	if (strcmp(line, "help") == 0) {
		answer_help(c->server, &reply);
		reply_end(&reply);
		return;
	}
	r = ctl_request_parse(line, c->server->requests, &argument, &error);
	if (r)
		r->answer(c->server->agent, argument, &reply);
	else
		ctl_reply_error(&reply, "%s", error);
	reply_end(&reply);
}

static bool is_behind(const struct client *c)
{
	return evbuffer_get_length(bufferevent_get_output(c->stream)) > BACKLOG_MAX;
}

/* Stops where an answer had to be kept back, or cost the client its connection. */
static void answer_lines(struct client *c)
{
	struct evbuffer *in = bufferevent_get_input(c->stream);
	size_t len;
	char *line;

	while (!c->lost && !is_behind(c) &&
	       (line = evbuffer_readln(in, &len, EVBUFFER_EOL_CRLF))) {
		if (len == strlen(line) && len < CTL_LINE_MAX)
			answer_line(c, line);
		else
			evbuffer_add_printf(bufferevent_get_output(c->stream),
					    "{\"error\":\"malformed request\"}\n");
		free(line);
	}
}

static void serve(struct client *c)
{
	struct evbuffer *in = bufferevent_get_input(c->stream);

	c->server->serving = c;
	answer_lines(c);
	c->server->serving = NULL;
	if (c->lost || (!is_behind(c) && evbuffer_get_length(in) >= CTL_LINE_MAX))
		client_close(c);
	else if (is_behind(c))
		bufferevent_disable(c->stream, EV_READ);
	else
		bufferevent_enable(c->stream, EV_READ);
}

static void on_readable(struct bufferevent *stream, void *arg)
{
	(void)stream;
	serve(arg);
}

/* All output is gone: on with the requests that wait. */
static void on_written(struct bufferevent *stream, void *arg)
{
	struct client *c = arg;

	(void)stream;
	if (c->ended)
		client_close(c);
	else
		serve(c);
}

/* A client may close its side and still read what it asked for. */
static void on_closed(struct bufferevent *stream, short what, void *arg)
{
	struct client *c = arg;

	if (!(what & BEV_EVENT_EOF) || c->watching || c->ended ||
	    evbuffer_get_length(bufferevent_get_output(stream)) == 0) {
		client_close(c);
		return;
	}
	c->ended = true;
	bufferevent_disable(stream, EV_READ);
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd,
		      struct sockaddr *from, int from_len, void *arg)
{
	struct ctl_server *s = arg;
	struct client *c = s->client_count < CLIENTS_MAX ? calloc(1, sizeof(*c)) : NULL;

	(void)listener;
	(void)from;
	(void)from_len;
	if (c)
		c->stream = bufferevent_socket_new(s->base, fd, BEV_OPT_CLOSE_ON_FREE);
	if (!c || !c->stream) {
		free(c);
		close(fd);
		return;
	}
	c->server = s;
	list_add_tail(&s->clients, &c->link);
	s->client_count++;
	bufferevent_setcb(c->stream, on_readable, on_written, on_closed, c);
	bufferevent_setwatermark(c->stream, EV_READ, 0, 2 * CTL_LINE_MAX);
	bufferevent_enable(c->stream, EV_READ | EV_WRITE);
}

/* Make the directory that holds the socket; one level, as for /run/sojourn. */
static void make_directory(const char *path)
{
	char dir[sizeof(((struct sockaddr_un *)0)->sun_path)];
	char *slash;

	strcpy(dir, path);
	slash = strrchr(dir, '/');
	if (!slash || slash == dir)
		return;
	*slash = '\0';
	(void)mkdir(dir, 0755);
}

/* Whether somebody answers at the socket. */
static bool is_alive(const struct sockaddr_un *addr)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool alive;

	if (fd < 0)
		return false;
	alive = connect(fd, (const struct sockaddr *)addr, sizeof(*addr)) == 0;
	close(fd);
	return alive;
}

/* Remove a socket that a crash left; never anything that is not a socket. */
static int clear_path(const struct sockaddr_un *addr)
{
	struct stat st;

	if (lstat(addr->sun_path, &st) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(st.st_mode))
		return -EEXIST;
	if (is_alive(addr))
		return -EADDRINUSE;
	return unlink(addr->sun_path) < 0 ? -errno : 0;
}

static int open_listener(struct ctl_server *s)
{
	mode_t mask;
	int rc;

	make_directory(s->addr.sun_path);
	rc = clear_path(&s->addr);
	if (rc < 0)
		return rc;
	mask = umask(0177);
	errno = 0;
	s->listener = evconnlistener_new_bind(
		s->base, on_accept, s, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC,
		16, (struct sockaddr *)&s->addr, sizeof(s->addr));
	umask(mask);
	if (!s->listener)
		return errno ? -errno : -ENOMEM;
	return 0;
}

int ctl_server_open(struct ctl_server **out, struct event_base *base, const char *path,
		    const struct ctl_request *requests, void *agent)
{
	struct ctl_server *s;
	int rc;

	if (strlen(path) >= sizeof(s->addr.sun_path))
		return -ENAMETOOLONG;
	s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->base = base;
	s->requests = requests;
	s->agent = agent;
	list_init(&s->clients);
	s->addr.sun_family = AF_UNIX;
	strcpy(s->addr.sun_path, path);
	rc = open_listener(s);
	if (rc < 0) {
		free(s);
		return rc;
	}
	*out = s;
	return 0;
}

void ctl_server_close(struct ctl_server *s)
{
	if (!s)
		return;
	list_each(l, next, &s->clients) {
		struct client *c = container_of(l, struct client, link);

		/* What was answered but not sent yet, such as the answer to a stop. */
		(void)evbuffer_write(bufferevent_get_output(c->stream),
				     bufferevent_getfd(c->stream));
		client_close(c);
	}
	evconnlistener_free(s->listener);
	(void)unlink(s->addr.sun_path);
	free(s);
}

/* An event may come of the very request that is being answered. */
static void drop_watcher(struct ctl_server *s, struct client *c)
{
	if (c == s->serving)
		c->lost = true;
	else
		client_close(c);
}

void ctl_server_event(struct ctl_server *s, const json_t *object)
{
	list_each(l, next, &s->clients) {
		struct client *c = container_of(l, struct client, link);

		if (!c->watching)
			continue;
		if (is_behind(c))
			drop_watcher(s, c);
		else
			write_line(bufferevent_get_output(c->stream), object);
	}
}

size_t ctl_server_watchers(const struct ctl_server *s)
{
	return s ? s->watcher_count : 0;
}
