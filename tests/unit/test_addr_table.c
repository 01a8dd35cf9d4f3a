/* SPDX-License-Identifier: ISC */
/* The table by address, against an array; and that no addition is dear. */
#include "common/base/addr_table.h"

#include "common/base/list.h"
#include "common/base/rng.h"

#include <CUnit/CUnit.h>

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "tests/unit/alloc_count.h"
#include "tests/unit/suites.h"

enum { KEYS = 700, MANY = 5000 };

struct item {
	struct addr_link link;
	bool in;
	unsigned seen;
};

static struct in_addr numbered(unsigned n)
{
	return (struct in_addr){ htonl(0x0a000000u + n) };
}

static struct item *item_of(struct addr_link *l)
{
	return container_of(l, struct item, link);
}

static void starts_empty(void)
{
	struct addr_table t = { 0 };

	CU_ASSERT_PTR_NULL(addr_table_find(&t, numbered(0)));
	CU_ASSERT_PTR_NULL(addr_table_first(&t));
	addr_table_fini(&t);
}

static void compare(const struct addr_table *t, struct item *items)
{
	size_t count = 0;

	addr_table_each(it, nx, t)
		item_of(it)->seen++;
	for (unsigned i = 0; i < KEYS; i++) {
		struct addr_link *found = addr_table_find(t, numbered(i));

		CU_ASSERT_PTR_EQUAL(found, items[i].in ? &items[i].link : NULL);
		CU_ASSERT_EQUAL(items[i].seen, items[i].in);
		items[i].seen = 0;
		count += items[i].in;
	}
	CU_ASSERT_EQUAL(t->count, count);
}

static void behaves_like_an_array(void)
{
	static struct item items[KEYS];
	struct addr_table t = { 0 };
	struct rng_seeded g;
	struct rng r = rng_seeded_init(&g, 20260101);

	for (unsigned step = 0; step < 6 * KEYS; step++) {
		unsigned i = rng_below(&r, KEYS);

		/* First more come than go, then more go. */
		if (!items[i].in && rng_below(&r, 6 * KEYS) > step / 2) {
			items[i].link.addr = numbered(i);
			CU_ASSERT_EQUAL(addr_table_add(&t, &items[i].link), 0);
			items[i].in = true;
		} else if (items[i].in && rng_below(&r, 3) == 0) {
			addr_table_remove(&t, &items[i].link);
			items[i].in = false;
		}
		if (step % 97 == 0)
			compare(&t, items);
	}
	compare(&t, items);
	addr_table_fini(&t);
}

static void all_can_go_while_they_are_visited(void)
{
	static struct item items[KEYS];
	struct addr_table t = { 0 };

	for (unsigned i = 0; i < KEYS; i++) {
		items[i].link.addr = numbered(i);
		CU_ASSERT_EQUAL(addr_table_add(&t, &items[i].link), 0);
	}
	addr_table_each(it, nx, &t)
		addr_table_remove(&t, it);
	CU_ASSERT_EQUAL(t.count, 0);
	CU_ASSERT_PTR_NULL(addr_table_first(&t));
	addr_table_fini(&t);
}

/* As many buckets as objects, and each addition makes one at most. */
static void grows_by_one(void)
{
	struct addr_link *links = calloc(MANY, sizeof(*links));
	struct addr_table t = { 0 };

	CU_ASSERT_PTR_NOT_NULL_FATAL(links);
	for (unsigned i = 0; i < MANY; i++) {
		links[i].addr = numbered(i);
		CU_ASSERT_EQUAL(addr_table_add(&t, &links[i]), 0);
		CU_ASSERT_EQUAL(t.buckets, i + 1);
	}
	for (unsigned i = 0; i < MANY; i++)
		CU_ASSERT_PTR_EQUAL(addr_table_find(&t, numbered(i)), &links[i]);
	addr_table_fini(&t);
	free(links);
}

static void without_memory_it_is_as_before(void)
{
	struct addr_link links[40] = { 0 };
	struct addr_table t = { 0 };

	if (!alloc_counted())
		return;
	for (unsigned i = 0; i < 40; i++) {
		links[i].addr = numbered(i);
		if (t.buckets == t.room) {
			alloc_fail_nth(1);
			CU_ASSERT_EQUAL(addr_table_add(&t, &links[i]), -ENOMEM);
			alloc_fail_nth(0);
			CU_ASSERT_PTR_NULL(addr_table_find(&t, numbered(i)));
			CU_ASSERT_EQUAL(t.count, i);
		}
		CU_ASSERT_EQUAL(addr_table_add(&t, &links[i]), 0);
	}
	addr_table_fini(&t);
}

void suite_addr_table(void)
{
	CU_pSuite s = CU_add_suite("addr_table", NULL, NULL);

	CU_ADD_TEST(s, starts_empty);
	CU_ADD_TEST(s, behaves_like_an_array);
	CU_ADD_TEST(s, all_can_go_while_they_are_visited);
	CU_ADD_TEST(s, grows_by_one);
	CU_ADD_TEST(s, without_memory_it_is_as_before);
}
