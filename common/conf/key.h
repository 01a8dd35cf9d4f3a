/* SPDX-License-Identifier: ISC */
/*
 * Keys as text, `hex:001122...` or `text:...`, in an attribute or in a file that
 * only its owner can read.
 */
#ifndef COMMON_CONF_KEY_H
#define COMMON_CONF_KEY_H

#include "common/base/secret.h"
#include "common/conf/schema.h"

enum { CONF_KEY_MAX = 256 }; /* octets */

/* *key is set only on success; its owner frees it. */
bool conf_key_parse(const char *text, struct secret *key, struct conf_reason *why);

/* A relative path starts at `dir`. */
bool conf_key_read(const char *dir, const char *path, struct secret *key,
		   struct conf_reason *why);

#endif
