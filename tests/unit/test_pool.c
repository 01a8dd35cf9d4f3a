/* SPDX-License-Identifier: ISC */
/* Pools: capacity, alignment, and objects that come back clean. */
#define _GNU_SOURCE
#include "common/base/pool.h"

#include <CUnit/CUnit.h>

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/unit/suites.h"

enum { CAPACITY = 100 };

static bool is_zero(const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (bytes[i])
			return false;
	}
	return true;
}

static void full_is_a_result(void)
{
	void *object[CAPACITY];
	struct pool p;

	pool_init(&p, 24, CAPACITY);
	for (int i = 0; i < CAPACITY; i++) {
		object[i] = pool_take(&p);
		CU_ASSERT_PTR_NOT_NULL_FATAL(object[i]);
		CU_ASSERT_EQUAL((uintptr_t)object[i] % _Alignof(max_align_t), 0);
		memset(object[i], 0xff, 24);
	}
	CU_ASSERT_PTR_NULL(pool_take(&p));
	CU_ASSERT_EQUAL(p.used, CAPACITY);
	pool_give(&p, object[17]);
	CU_ASSERT_PTR_EQUAL(pool_take(&p), object[17]);
	CU_ASSERT_PTR_NULL(pool_take(&p));
	pool_fini(&p);
}

static void objects_come_back_zeroed(void)
{
	struct pool p;
	uint8_t *a;

	pool_init(&p, 33, 1);
	a = pool_take(&p);
	CU_ASSERT_PTR_NOT_NULL_FATAL(a);
	CU_ASSERT_TRUE(is_zero(a, 33));
	memset(a, 0xff, 33);
	pool_give(&p, a);
	a = pool_take(&p);
	CU_ASSERT_PTR_NOT_NULL_FATAL(a);
	CU_ASSERT_TRUE(is_zero(a, 33));
	pool_fini(&p);
}

static void objects_do_not_overlap(void)
{
	uint8_t *object[CAPACITY];
	struct pool p;

	pool_init(&p, 5, CAPACITY);
	for (int i = 0; i < CAPACITY; i++) {
		object[i] = pool_take(&p);
		CU_ASSERT_PTR_NOT_NULL_FATAL(object[i]);
		memset(object[i], i, 5);
	}
	for (int i = 0; i < CAPACITY; i++) {
		CU_ASSERT_EQUAL(object[i][0], i);
		CU_ASSERT_EQUAL(object[i][4], i);
	}
	pool_fini(&p);
}

static void edges_of_capacity(void)
{
	struct pool p;

	pool_init(&p, 8, 0);
	CU_ASSERT_PTR_NULL(pool_take(&p));
	pool_fini(&p);

	/* More than memory could ever hold is a full pool, not an overflow. */
	pool_init(&p, SIZE_MAX / 2, SIZE_MAX);
	CU_ASSERT_PTR_NULL(pool_take(&p));
	pool_give(&p, NULL);
	CU_ASSERT_EQUAL(p.used, 0);
	pool_fini(&p);
}

static void finished_pool_is_empty(void)
{
	struct pool p;

	pool_init(&p, 8, CAPACITY);
	CU_ASSERT_PTR_NOT_NULL(pool_take(&p));
	pool_fini(&p);
	CU_ASSERT_PTR_NULL(pool_take(&p));
	pool_fini(&p);
}

/* A slab for a million bindings is a hundred megabytes: nobody waits for its pages. */
static void growing_leaves_memory_untouched(void)
{
	enum { SIZE = 64 << 10, FIRST = 16 };
	const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	unsigned char resident = 0;
	struct pool p;
	char *last = NULL;

	pool_init(&p, SIZE, CAPACITY);
	for (int i = 0; i <= FIRST; i++)
		last = pool_take(&p);
	CU_ASSERT_PTR_NOT_NULL_FATAL(last);
	last += (size_t)(FIRST / 2) * SIZE; /* still in the second slab */
	CU_ASSERT_EQUAL(mincore(last - (uintptr_t)last % page, 1, &resident), 0);
	CU_ASSERT_EQUAL(resident & 1, 0);
	pool_fini(&p);
}

void suite_pool(void)
{
	CU_pSuite s = CU_add_suite("pool", NULL, NULL);

	CU_ADD_TEST(s, full_is_a_result);
	CU_ADD_TEST(s, objects_come_back_zeroed);
	CU_ADD_TEST(s, objects_do_not_overlap);
	CU_ADD_TEST(s, edges_of_capacity);
	CU_ADD_TEST(s, finished_pool_is_empty);
	CU_ADD_TEST(s, growing_leaves_memory_untouched);
}
