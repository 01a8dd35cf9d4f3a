/* SPDX-License-Identifier: ISC */
/* The system call says how many have gone, and of the first refused why if none has. */
#define _GNU_SOURCE
#include "common/io/sock_batch.h"

#include <errno.h>
#include <sys/socket.h>

unsigned sock_send_batch(int fd, struct mmsghdr *m, unsigned count, int *error)
{
	unsigned done = 0;

	*error = 0;
	while (done < count) {
		int n = sendmmsg(fd, m + done, count - done, MSG_DONTWAIT);

		if (n > 0) {
			done += (unsigned)n;
		} else if (errno != EINTR) {
			*error = errno;
			return done;
		}
	}
	return done;
}
