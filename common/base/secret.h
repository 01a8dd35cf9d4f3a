/* SPDX-License-Identifier: ISC */
/*
 * Key bytes.  Owned, wiped when freed, compared in constant time, never
 * printed: there is no function here that turns a secret into text.
 */
#ifndef COMMON_BASE_SECRET_H
#define COMMON_BASE_SECRET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct secret {
	uint8_t *bytes;
	size_t len;
};

/* Copy `len` bytes.  Returns 0 or -ENOMEM. */
int secret_init(struct secret *s, const void *bytes, size_t len);
int secret_copy(struct secret *to, const struct secret *from);
void secret_fini(struct secret *s);

/* Overwrite memory in a way the compiler keeps. */
void secret_wipe(void *bytes, size_t len);

/* Constant time in the contents (not in the lengths). */
bool secret_equal(const struct secret *a, const struct secret *b);
bool secret_bytes_equal(const void *a, const void *b, size_t len);

#endif
