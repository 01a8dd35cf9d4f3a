/* SPDX-License-Identifier: ISC */
/*
 * The control socket: a Unix stream socket on the loop, mode 0600.  Reads
 * request lines, calls the table's answers, sends what they emit; `watch` keeps
 * a connection open and sends it every event.
 *
 * Bounded: so many clients, so long a line, so much unsent output. A client that
 * does not read what it asked for is not heard until it does; a watcher that does
 * not read is dropped.
 */
#ifndef COMMON_CTL_SERVER_H
#define COMMON_CTL_SERVER_H

#include "common/ctl/request.h"

#include <jansson.h>
#include <stddef.h>

struct event_base;
struct ctl_server;

/*
 * Open the socket at `path`, making its directory if need be.  A socket left by
 * a crash is replaced; one that still answers is not: -EADDRINUSE.  `requests`
 * is static and ended by an entry without words; "help" and "watch" are the
 * server's own.  Returns 0 or -errno.
 */
int ctl_server_open(struct ctl_server **out, struct event_base *base, const char *path,
		    const struct ctl_request *requests, void *agent);

/* Closes every connection and removes the socket. */
void ctl_server_close(struct ctl_server *s);

/* Send `object` (borrowed) to every watcher. */
void ctl_server_event(struct ctl_server *s, const json_t *object);
size_t ctl_server_watchers(const struct ctl_server *s);

/* For answers: one object a line; takes `object` over, NULL counts as no memory. */
void ctl_reply_row(struct ctl_reply *reply, json_t *object_take);

/* The reply is this error. */
void ctl_reply_error(struct ctl_reply *reply, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
