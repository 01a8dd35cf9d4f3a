/* SPDX-License-Identifier: ISC */
/*
 * Reads a file that LMDB has written and anything may have happened to since.
 *
 * LMDB believes what its file says: damage ends whoever reads it.  So a child process
 * does, and what it tells is judged here.
 */
#ifndef COMMON_IO_STORE_READ_H
#define COMMON_IO_STORE_READ_H

#include "common/base/bytes.h"

#include <netinet/in.h>
#include <stddef.h>

/* An entry of every store, beside the records; its key is no address. */
#define STORE_MARK "sojourn"

typedef void store_visit(void *arg, struct in_addr key, struct reader record);

/*
 * Have every record of the store at `path`.  Returns 0; -ENOENT if there is no file;
 * -EBADMSG if that was not all of it, or it is no store of ours; another -errno.
 * *count is how many there were.
 */
int store_read(const char *path, store_visit *visit, void *arg, size_t *count);

#endif
