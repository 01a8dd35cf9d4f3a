/* SPDX-License-Identifier: ISC */
/*
 * A netlink socket, mostly of routes: a request and its acknowledgement, an answer, a
 * dump, and the stream of what changes.
 */
#ifndef COMMON_IO_NETLINK_H
#define COMMON_IO_NETLINK_H

#include <libmnl/libmnl.h>
#include <stddef.h>
#include <stdint.h>

enum { NETLINK_BUFFER = 32768, NETLINK_REQUEST = 1024 };

struct netlink {
	struct mnl_socket *socket;
	uint32_t port;
	uint32_t sequence;
};

/* `groups` is a mask of RTMGRP_*; 0 for a socket that only asks.  0 or -errno. */
int netlink_open(struct netlink *nl, uint32_t groups);
void netlink_close(struct netlink *nl);

/* The same for another family of netlink(7), which only asks. */
int netlink_open_bus(struct netlink *nl, int bus);

/* Send and wait for the kernel's acknowledgement: 0, or -errno as it said. */
int netlink_ask(struct netlink *nl, struct nlmsghdr *request);

/* Send a request for one thing, or a dump, and call `each` for every message of the
 * answer. */
typedef void netlink_fn(void *arg, const struct nlmsghdr *message);
int netlink_get(struct netlink *nl, struct nlmsghdr *request, netlink_fn *each,
		void *arg);
int netlink_dump(struct netlink *nl, struct nlmsghdr *request, netlink_fn *each,
		 void *arg);

/*
 * Read what has changed, without waiting.  0 when there is no more; -ENOBUFS
 * when the kernel had to leave something out; else -errno.
 */
int netlink_follow(struct netlink *nl, netlink_fn *each, void *arg);

/* The attributes after a fixed header of `header` octets, by type up to `max`. */
void netlink_attributes(const struct nlmsghdr *message, size_t header,
			const struct nlattr **by_type, unsigned max);

#endif
