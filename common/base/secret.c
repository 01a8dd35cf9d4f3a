/* SPDX-License-Identifier: ISC */
/*
 * Key bytes: copied in, wiped on the way out, compared without a branch on what
 * they are.
 */
#include "common/base/secret.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int secret_init(struct secret *s, const void *bytes, size_t len)
{
	*s = (struct secret){ 0 };
	if (len == 0)
		return 0;
	s->bytes = malloc(len);
	if (!s->bytes)
		return -ENOMEM;
	memcpy(s->bytes, bytes, len);
	s->len = len;
	return 0;
}

int secret_copy(struct secret *to, const struct secret *from)
{
	return secret_init(to, from->bytes, from->len);
}

void secret_fini(struct secret *s)
{
	if (s->bytes)
		secret_wipe(s->bytes, s->len);
	free(s->bytes);
	*s = (struct secret){ 0 };
}

void secret_wipe(void *bytes, size_t len)
{
	explicit_bzero(bytes, len);
}

bool secret_equal(const struct secret *a, const struct secret *b)
{
	return a->len == b->len && secret_bytes_equal(a->bytes, b->bytes, a->len);
}

bool secret_bytes_equal(const void *a, const void *b, size_t len)
{
	const volatile uint8_t *x = a;
	const volatile uint8_t *y = b;
	uint8_t different = 0;

	for (size_t i = 0; i < len; i++)
		different |= x[i] ^ y[i];
	return different == 0;
}
