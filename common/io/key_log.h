/* SPDX-License-Identifier: ISC */
/*
 * The key log: every key of ESP that comes into use, a line each, in the form of
 * Wireshark's and tshark's table esp_sa, so that a capture can be read.  Nothing else
 * writes a key anywhere.
 */
#ifndef COMMON_IO_KEY_LOG_H
#define COMMON_IO_KEY_LOG_H

#include "common/tunnel/esp_sa.h"

struct key_log;

/*
 * Append to the file, made with mode 0600.  0 or -errno: -ELOOP for a symbolic link,
 * -EPERM for a file that is another user's, open to others, or no regular one.
 */
int key_log_open(struct key_log **out, const char *path);
void key_log_close(struct key_log *log);

/* One association, its packets being from `from` to `to`.  0 or -errno. */
int key_log_write(struct key_log *log, const struct esp_sa_spec *sa,
		  struct in_addr from, struct in_addr to);

#endif
