/* SPDX-License-Identifier: ISC */
/*
 * Keys as text, `hex:001122...` or `text:...`, in an attribute or in a file that
 * only its owner can read.
 */
#ifndef COMMON_CONF_KEY_H
#define COMMON_CONF_KEY_H

#include "common/base/secret.h"
#include "common/conf/schema.h"

enum { CONF_KEY_MAX = 256 /* octets */, CONF_FILE_NAME = 4096 };

/* *key is set only on success; its owner frees it. */
bool conf_key_parse(const char *text, struct secret *key, struct conf_reason *why);

/* A relative path starts at `dir`. */
bool conf_key_read(const char *dir, const char *path, struct secret *key,
		   struct conf_reason *why);

/*
 * Open a file that a configuration in the folder `dir` names `path`, and say its
 * whole name.  -1 and the reason if it cannot be read.
 */
int conf_file_open(const char *dir, const char *path, char whole[CONF_FILE_NAME],
		   struct conf_reason *why);

/* What an open file must be to be read; `path` is for the reason. */
bool conf_file_is_regular(int fd, const char *path, struct conf_reason *why);
bool conf_file_is_private(int fd, const char *path, struct conf_reason *why);

#endif
