/* SPDX-License-Identifier: ISC */
/*
 * Named network namespaces, as iproute2 keeps them under /run/netns.
 */
#define _GNU_SOURCE
#include "mn-sim/netns.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATH_LEN = 128, NOWHERE_TO_RETURN = -1 };

int netns_enter(const char *name, int *home)
{
	char path[PATH_LEN];
	int there, rc = 0;

	*home = NOWHERE_TO_RETURN;
	if (!*name)
		return 0;
	if (strchr(name, '/') ||
	    snprintf(path, sizeof(path), "/run/netns/%s", name) >= (int)sizeof(path))
		return -EINVAL;
	there = open(path, O_RDONLY | O_CLOEXEC);
	if (there < 0)
		return -errno;
	*home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (*home < 0 || setns(there, CLONE_NEWNET) < 0)
		rc = -errno;
	close(there);
	if (rc < 0 && *home >= 0)
		close(*home);
	return rc;
}

void netns_leave(int home)
{
	if (home == NOWHERE_TO_RETURN)
		return;
	/* In a foreign namespace nothing we do next would be right. */
	if (setns(home, CLONE_NEWNET) < 0)
		abort();
	close(home);
}
