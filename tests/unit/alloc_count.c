/* SPDX-License-Identifier: ISC */
/* Counting allocations: in front of the C library's own functions. */
#include "tests/unit/alloc_count.h"

#include <stddef.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define OTHER_ALLOCATOR 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || !defined(__GLIBC__)
#define OTHER_ALLOCATOR 1
#endif

static unsigned long calls;

unsigned long alloc_count(void)
{
	return calls;
}

#ifdef OTHER_ALLOCATOR

bool alloc_counted(void)
{
	return false;
}

#else

bool alloc_counted(void)
{
	return true;
}

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);

void *malloc(size_t size);
void *calloc(size_t count, size_t size);
void *realloc(void *old, size_t size);

void *malloc(size_t size)
{
	calls++;
	return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	calls++;
	return __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
	calls++;
	return __libc_realloc(old, size);
}

#endif
