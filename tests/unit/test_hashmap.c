/* SPDX-License-Identifier: ISC */
/* The keyed hash, and uthash with it against an array that is searched. */
#include "common/base/hashmap.h"

#include "common/base/rng.h"

#include <CUnit/CUnit.h>

#include <stdbool.h>
#include <string.h>

#include "tests/unit/suites.h"

static const uint8_t no_key[16];

/*
 * Low halves of SipHash-1-3 under the key 00 01 .. 0f over 00 01 ..; computed
 * with "openssl mac -macopt c-rounds:1 -macopt d-rounds:3 SIPHASH".
 */
static void hash_is_siphash_1_3(void)
{
	static const struct {
		size_t len;
		unsigned hash;
	} rows[] = {
		{ 0, 0x050fc4dc },  { 1, 0x7d57ca93 },  { 7, 0x9bb11140 },
		{ 8, 0x8d299a8e },  { 9, 0x6c063de4 },  { 15, 0x2a519956 },
		{ 16, 0x7d908b66 }, { 17, 0x63dbd80c },
	};
	uint8_t counting[17];

	for (uint8_t i = 0; i < sizeof(counting); i++)
		counting[i] = i;
	hashmap_set_key(counting);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CU_ASSERT_EQUAL(hashmap_hash(counting, rows[i].len), rows[i].hash);
	hashmap_set_key(no_key);
	/* As hash(b"abc") of a Python whose hash is not randomised. */
	CU_ASSERT_EQUAL(hashmap_hash("abc", 3), 0x042630f2);
}

struct item {
	uint32_t key;
	uint32_t second_key;
	int value;
	UT_hash_handle hh;
	UT_hash_handle hh2;
};

enum { KEYS = 400 };

static struct item *find(struct item *table, uint32_t key)
{
	struct item *it;

	HASH_FIND(hh, table, &key, sizeof(key), it);
	return it;
}

static struct item *find_second(struct item *table, uint32_t key)
{
	struct item *it;

	HASH_FIND(hh2, table, &key, sizeof(key), it);
	return it;
}

static void add(struct item **table, struct item **by_second, struct item *it)
{
	HASH_ADD(hh, *table, key, sizeof(it->key), it);
	CU_ASSERT_TRUE(hashmap_added(it, hh));
	HASH_ADD(hh2, *by_second, second_key, sizeof(it->second_key), it);
	CU_ASSERT_TRUE(hashmap_added(it, hh2));
}

/* Random adds and removals in two tables; `present` is the twin. */
static void behaves_like_a_searched_array(void)
{
	static struct item items[KEYS];
	bool present[KEYS] = { false };
	struct item *table = NULL, *by_second = NULL;
	struct rng_seeded g;
	struct rng r = rng_seeded_init(&g, 99);

	for (int step = 0; step < 20000; step++) {
		uint32_t i = rng_below(&r, KEYS);

		if (present[i]) {
			HASH_DELETE(hh, table, &items[i]);
			HASH_DELETE(hh2, by_second, &items[i]);
		} else {
			items[i] = (struct item){ .key = i, .second_key = ~i * 7 };
			add(&table, &by_second, &items[i]);
		}
		present[i] = !present[i];
		i = rng_below(&r, KEYS);
		CU_ASSERT_PTR_EQUAL(find(table, i), present[i] ? &items[i] : NULL);
		CU_ASSERT_PTR_EQUAL(find_second(by_second, ~i * 7),
				    present[i] ? &items[i] : NULL);
	}
	HASH_CLEAR(hh, table);
	HASH_CLEAR(hh2, by_second);
}

static void counts_and_visits_everything(void)
{
	static struct item items[KEYS];
	struct item *table = NULL, *it, *next;
	unsigned visited = 0;

	for (uint32_t i = 0; i < KEYS; i++) {
		items[i] = (struct item){ .key = i };
		HASH_ADD(hh, table, key, sizeof(items[i].key), &items[i]);
	}
	CU_ASSERT_EQUAL(HASH_COUNT(table), KEYS);
	HASH_ITER(hh, table, it, next) {
		HASH_DELETE(hh, table, it);
		visited++;
	}
	CU_ASSERT_EQUAL(visited, KEYS);
	CU_ASSERT_PTR_NULL(table);
}

void suite_hashmap(void)
{
	CU_pSuite s = CU_add_suite("hashmap", NULL, NULL);

	CU_ADD_TEST(s, hash_is_siphash_1_3);
	CU_ADD_TEST(s, behaves_like_a_searched_array);
	CU_ADD_TEST(s, counts_and_visits_everything);
}
