/* SPDX-License-Identifier: ISC */
/*
 * Several messages by one system call (sendmmsg(2)).
 */
#ifndef COMMON_IO_SOCK_BATCH_H
#define COMMON_IO_SOCK_BATCH_H

struct mmsghdr;

/*
 * Send in order, without waiting for room.  Returns how many have gone; with *error, a
 * positive errno, the one behind them was refused, else all have.
 */
unsigned sock_send_batch(int fd, struct mmsghdr *m, unsigned count, int *error);

#endif
