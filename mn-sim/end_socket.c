/* SPDX-License-Identifier: ISC */
/*
 * Sockets at the ends of a scenario.
 */
#include "mn-sim/end_socket.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

static int open_in(const char *netns, int type)
{
	int home, fd;
	int rc = netns_enter(netns, &home);

	if (rc < 0)
		return rc;
	fd = socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		fd = -errno;
	netns_leave(home);
	return fd;
}

int end_socket(const struct scenario_end *end, int type, uint16_t port)
{
	const struct sockaddr_in addr = { .sin_family = AF_INET,
					  .sin_port = htons(port),
					  .sin_addr = end->addr };
	int one = 1, fd = open_in(end->netns, type);

	if (fd < 0)
		return fd;
	/* The node's address may come a moment after us. */
	setsockopt(fd, IPPROTO_IP, IP_FREEBIND, &one, sizeof(one));
	if (type == SOCK_STREAM)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (const struct sockaddr *)&addr, sizeof(addr)) < 0) {
		int rc = -errno;

		close(fd);
		return rc;
	}
	return fd;
}
