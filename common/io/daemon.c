/* SPDX-License-Identifier: ISC */
/*
 * Background, pid file and readiness.  The readiness protocol is one datagram
 * to the socket that NOTIFY_SOCKET names (sd_notify(3)), so no library is needed.
 */
#define _GNU_SOURCE
#include "common/io/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int daemon_protect_memory(void)
{
	const struct rlimit none = { 0, 0 };

	if (setrlimit(RLIMIT_CORE, &none) != 0)
		return -errno;
	return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 ? 0 : -errno;
}

/* The parent's end of the story: exit as the child's start went. */
static void wait_for_child(int pipe)
{
	uint8_t status = EXIT_FAILURE;

	if (read(pipe, &status, 1) != 1)
		status = EXIT_FAILURE; /* it ended without a word */
	_exit(status);
}

/* Nothing there any more: reads end, writes vanish. */
static void redirect_to_null(int first, int last)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0)
		return;
	for (int fd = first; fd <= last; fd++)
		dup2(null, fd);
	if (null > STDERR_FILENO)
		close(null);
}

void daemon_close_stderr(void)
{
	redirect_to_null(STDERR_FILENO, STDERR_FILENO);
}

int daemon_background(void)
{
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return -errno;
	pid = fork();
	if (pid < 0) {
		int error = errno;

		close(ends[0]);
		close(ends[1]);
		return -error;
	}
	if (pid > 0) {
		close(ends[1]);
		wait_for_child(ends[0]);
	}
	close(ends[0]);
	setsid();
	if (chdir("/") != 0) {
		int error = errno;

		close(ends[1]);
		return -error;
	}
	redirect_to_null(STDIN_FILENO, STDOUT_FILENO);
	return ends[1];
}

static void notify(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	size_t len = path ? strlen(path) : 0;
	socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
	int fd;

	if (len < 2 || len >= sizeof(to.sun_path) || (path[0] != '/' && path[0] != '@'))
		return;
	memcpy(to.sun_path, path, len);
	if (path[0] == '@') /* the abstract namespace */
		to.sun_path[0] = '\0';

	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	/* A manager that does not listen is no fault of ours. */
	(void)sendto(fd, state, strlen(state), MSG_NOSIGNAL,
		     (const struct sockaddr *)&to, size);
	close(fd);
}

void daemon_ready(int pipe)
{
	const uint8_t status = EXIT_SUCCESS;

	notify("READY=1");
	if (pipe < 0)
		return;
	/* A parent that was ended meanwhile needs no answer. */
	if (write(pipe, &status, 1) != 1)
		errno = 0;
	close(pipe);
}

void daemon_stopping(void)
{
	notify("STOPPING=1");
}

int daemon_write_pid(const char *path)
{
	FILE *f = fopen(path, "we");

	if (!f)
		return -errno;
	fprintf(f, "%ld\n", (long)getpid());
	return fclose(f) == 0 ? 0 : -errno;
}
