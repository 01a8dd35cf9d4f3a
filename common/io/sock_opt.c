/* SPDX-License-Identifier: ISC */
/* Setting them: the one that needs a privilege first. */
#define _GNU_SOURCE
#include "common/io/sock_opt.h"

#include <errno.h>
#include <sys/socket.h>

int sock_set(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof(value)) == 0 ? 0 : -errno;
}

static void make_room(int fd, int forced, int plain, int octets)
{
	if (sock_set(fd, SOL_SOCKET, forced, octets) != 0)
		(void)sock_set(fd, SOL_SOCKET, plain, octets);
}

void sock_receive_room(int fd, int octets)
{
	make_room(fd, SO_RCVBUFFORCE, SO_RCVBUF, octets);
}

void sock_send_room(int fd, int octets)
{
	make_room(fd, SO_SNDBUFFORCE, SO_SNDBUF, octets);
}
