/* SPDX-License-Identifier: ISC */
/* Counting allocations: in front of the C library's own functions. */
#include "tests/unit/alloc_count.h"

#include <CUnit/CUnit.h>
#include <malloc.h>
#include <stdlib.h> /* and __GLIBC__ with it */

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define OTHER_ALLOCATOR 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(__GLIBC__)
#define OTHER_ALLOCATOR 1
#endif

static unsigned long calls;
static unsigned long fails_at; /* 0: never */
static void (*watcher)(const void *bytes, size_t len);

unsigned long alloc_count(void)
{
	return calls;
}

void alloc_fail_nth(unsigned long n)
{
	fails_at = n ? calls + n : 0;
}

void alloc_watch_frees(void (*look)(const void *bytes, size_t len))
{
	watcher = look;
}

void alloc_fail_each(unsigned long (*life)(unsigned long nth))
{
	enum { FEW = 20, TOO_MANY = 20000 };
	unsigned long places;

	if (!alloc_counted())
		return;
	places = life(0);
	CU_ASSERT_TRUE(places > FEW && places < TOO_MANY);
	for (unsigned long nth = 1; nth <= places; nth++)
		life(nth);
}

#ifdef OTHER_ALLOCATOR

bool alloc_counted(void)
{
	return false;
}

#else

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);
void __libc_free(void *bytes);

void *malloc(size_t size);
void *calloc(size_t count, size_t size);
void *realloc(void *old, size_t size);
void free(void *bytes);

static bool fails(void)
{
	return ++calls == fails_at;
}

void *malloc(size_t size)
{
	return fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	return fails() ? NULL : __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
	return fails() ? NULL : __libc_realloc(old, size);
}

void free(void *bytes)
{
	void (*look)(const void *bytes, size_t len) = watcher;

	watcher = NULL; /* what it frees itself is of no interest */
	if (look && bytes)
		look(bytes, malloc_usable_size(bytes));
	if (look)
		watcher = look;
	__libc_free(bytes);
}

/* valgrind puts its own functions before these. */
bool alloc_counted(void)
{
	void *(*volatile call)(size_t size) = malloc;
	unsigned long before = calls;
	bool counted;

	free(call(1));
	counted = calls != before;
	calls = before;
	return counted;
}

#endif
