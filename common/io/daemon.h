/* SPDX-License-Identifier: ISC */
/*
 * What a long-running program owes its surroundings: going to the background,
 * a pid file, saying that it is ready, and no keys in a core dump.
 */
#ifndef COMMON_IO_DAEMON_H
#define COMMON_IO_DAEMON_H

/* Keys must not reach the disk: no core dumps, no ptrace by others.  0 or -errno. */
int daemon_protect_memory(void);

/*
 * Become a background process in a session of its own.  The parent waits and
 * exits with what the child says through daemon_ready(): so a shell's $? is that
 * of the start.  Returns the pipe to give to daemon_ready(), or -errno.
 */
int daemon_background(void);

/*
 * The program serves: release the waiting parent (`pipe` of daemon_background,
 * or -1) and tell the service manager (NOTIFY_SOCKET), if there is one.
 */
void daemon_ready(int pipe);

/* The last tie to a terminal, once nothing more is to be said there. */
void daemon_close_stderr(void);

/* Tell the service manager that a clean stop or a reload has begun. */
void daemon_stopping(void);

/* Write our pid to `path`; 0 or -errno. */
int daemon_write_pid(const char *path);

#endif
