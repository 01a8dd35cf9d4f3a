/* SPDX-License-Identifier: ISC */
/*
 * Options of sockets (socket(7), ip(7)), as all that opens them sets them.
 */
#ifndef COMMON_IO_SOCK_OPT_H
#define COMMON_IO_SOCK_OPT_H

/* An option that is an integer.  0 or -errno. */
int sock_set(int fd, int level, int option, int value);

/*
 * Room for what waits to be read or sent, `octets` as setsockopt(2) counts them: past
 * the system's limit where we may, else up to it.
 */
void sock_receive_room(int fd, int octets);
void sock_send_room(int fd, int octets);

#endif
