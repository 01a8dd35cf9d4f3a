/* SPDX-License-Identifier: ISC */
/*
 * A client of a control socket: lines of JSON in, objects out.
 */
#include "mn-sim/ctl_client.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { LINE_ROOM = 16384, REQUEST_MAX = 256 };

struct ctl_client {
	struct loop_watch *watch;
	int fd;
	ctl_row_fn *on_row;
	void *arg;
	char line[LINE_ROOM];
	size_t len;
	bool overlong; /* reading over the rest of a line that did not fit */
};

static void take_line(struct ctl_client *c, const char *text, size_t len)
{
	json_t *row = json_loadb(text, len, 0, NULL);

	if (json_is_object(row))
		c->on_row(c->arg, row);
	json_decref(row);
}

/* Hand over the whole lines in the buffer and move the rest to its front. */
static void take_lines(struct ctl_client *c)
{
	char *start = c->line, *end;
	size_t left = c->len;

	while ((end = memchr(start, '\n', left))) {
		if (!c->overlong)
			take_line(c, start, (size_t)(end - start));
		c->overlong = false;
		left -= (size_t)(end + 1 - start);
		start = end + 1;
	}
	memmove(c->line, start, left);
	c->len = left;
	if (c->len == LINE_ROOM) {
		c->overlong = true;
		c->len = 0;
	}
}

static void on_readable(void *arg)
{
	struct ctl_client *c = arg;
	ssize_t n = recv(c->fd, c->line + c->len, LINE_ROOM - c->len, MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) { /* the agent is gone; what it told us stays */
		loop_unwatch(c->watch);
		c->watch = NULL;
		return;
	}
	c->len += (size_t)n;
	take_lines(c);
}

static int connect_to(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd;

	if (strlen(path) >= sizeof(addr.sun_path))
		return -ENAMETOOLONG;
	strcpy(addr.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0) {
		int error = errno;

		close(fd);
		return -error;
	}
	return fd;
}

int ctl_client_open(struct ctl_client **out, struct loop *loop, const char *path,
		    ctl_row_fn *on_row, void *arg)
{
	struct ctl_client *c = calloc(1, sizeof(*c));

	if (!c)
		return -ENOMEM;
	c->on_row = on_row;
	c->arg = arg;
	c->fd = connect_to(path);
	if (c->fd < 0) {
		int rc = c->fd;

		free(c);
		return rc;
	}
	c->watch = loop_watch_fd(loop, c->fd, on_readable, c);
	if (!c->watch) {
		ctl_client_close(c);
		return -ENOMEM;
	}
	*out = c;
	return 0;
}

void ctl_client_close(struct ctl_client *c)
{
	if (!c)
		return;
	loop_unwatch(c->watch);
	close(c->fd);
	free(c);
}

int ctl_client_ask(struct ctl_client *c, const char *request)
{
	char line[REQUEST_MAX];
	int len = snprintf(line, sizeof(line), "%s\n", request);

	if (len < 0 || len >= (int)sizeof(line))
		return -EINVAL;
	return send(c->fd, line, (size_t)len, MSG_NOSIGNAL) == len ? 0 : -EIO;
}
