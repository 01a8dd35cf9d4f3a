/* SPDX-License-Identifier: ISC */
/*
 * TCP connections between agents, over which they agree on keys for ESP: a listener,
 * and streams that whoever uses this has numbered.
 *
 * Nothing is reported from inside a call: failures too come later, from the loop.
 * Bounded: what is read at once, what waits to be sent, how long a stream that was
 * closed may still be sending.
 */
#ifndef COMMON_IO_KEY_SOCK_H
#define COMMON_IO_KEY_SOCK_H

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>

struct event_base;
struct key_sock;

struct key_sock_handlers {
	/* A connection came: to be taken (key_sock_take) or closed by the callee. */
	void (*offered)(void *arg, struct in_addr local, struct in_addr remote, int fd);
	void (*connected)(void *arg, uint32_t stream);
	void (*received)(void *arg, uint32_t stream, const void *bytes, size_t len);
	/* It ended (error 0), failed, or could not be opened: a positive errno. */
	void (*closed)(void *arg, uint32_t stream, int error);
	void *arg;
};

/* Listen on `port` at all our addresses.  0 or -errno; -EADDRINUSE if it is taken. */
int key_sock_open(struct key_sock **out, struct event_base *base, uint16_t port,
		  const struct key_sock_handlers *handlers);

/* What waits to be sent is sent as far as the kernel takes it now. */
void key_sock_close(struct key_sock *ks);

/* The port that it listens on. */
uint16_t key_sock_port(const struct key_sock *ks);

/* Have `stream` go to `remote`, from our address `local`. */
void key_sock_connect(struct key_sock *ks, uint32_t stream, struct in_addr local,
		      struct in_addr remote);

/* Take what was offered as `stream`. */
void key_sock_take(struct key_sock *ks, uint32_t stream, int fd);

/* Bytes are copied.  A stream that has too many is closed, with ENOBUFS. */
void key_sock_send(struct key_sock *ks, uint32_t stream, const void *bytes, size_t len);

/* Close it after what it was to send; nothing more is reported of it. */
void key_sock_end(struct key_sock *ks, uint32_t stream);

#endif
