/* SPDX-License-Identifier: ISC */
/* Cursors over bytes, and the small headers beside them: lists, instants, chance. */
#include "common/base/bytes.h"

#include "common/base/clock.h"
#include "common/base/list.h"
#include "common/base/rng.h"

#include <CUnit/CUnit.h>

#include "tests/unit/suites.h"

static const uint8_t sample[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 };

static void reads_in_network_order(void)
{
	struct reader r = reader_over(sample, sizeof(sample));

	CU_ASSERT_EQUAL(read_u8(&r), 1);
	CU_ASSERT_EQUAL(read_u16(&r), 0x0203);
	CU_ASSERT_EQUAL(read_u32(&r), 0x04050607);
	CU_ASSERT_EQUAL(reader_left(&r), 8);
	CU_ASSERT_EQUAL(read_u64(&r), UINT64_C(0x08090a0b0c0d0e0f));
	CU_ASSERT_EQUAL(reader_left(&r), 0);
	CU_ASSERT_FALSE(r.bad);
}

static void addresses_stay_in_network_order(void)
{
	struct reader r = reader_over("\xc6\x33\x64\x32", 4);

	CU_ASSERT_EQUAL(read_addr(&r).s_addr, htonl(0xc6336432));
	CU_ASSERT_FALSE(r.bad);
}

static void short_read_spoils_the_reader(void)
{
	for (size_t n = 0; n < 8; n++) {
		struct reader r = reader_over(sample, n);

		CU_ASSERT_EQUAL(read_u64(&r), 0);
		CU_ASSERT_TRUE(r.bad);
		CU_ASSERT_EQUAL(reader_left(&r), 0);
		CU_ASSERT_EQUAL(read_u8(&r), 0);
		CU_ASSERT_EQUAL(read_addr(&r).s_addr, 0);
		CU_ASSERT_PTR_NULL(read_bytes(&r, 0));
	}
}

static void split_is_a_cursor_of_its_own(void)
{
	struct reader r = reader_over(sample, 6);
	struct reader part = reader_split(&r, 4);

	CU_ASSERT_EQUAL(read_u32(&part), 0x01020304);
	read_skip(&part, 1);
	CU_ASSERT_TRUE(part.bad);
	CU_ASSERT_FALSE(r.bad);
	CU_ASSERT_EQUAL(read_u16(&r), 0x0506);
	CU_ASSERT_FALSE(r.bad);

	part = reader_split(&r, 0);
	CU_ASSERT_FALSE(part.bad);
	part = reader_split(&r, 1);
	CU_ASSERT_TRUE(part.bad);
	CU_ASSERT_TRUE(r.bad);
}

static void nothing_is_an_empty_message(void)
{
	struct reader r = reader_over(NULL, 0);
	struct writer w = writer_over(NULL, 0);

	CU_ASSERT_EQUAL(reader_left(&r), 0);
	read_skip(&r, SIZE_MAX);
	CU_ASSERT_TRUE(r.bad);
	write_u8(&w, 1);
	CU_ASSERT_TRUE(w.bad);
	CU_ASSERT_EQUAL(writer_len(&w), 0);
}

static void writes_what_reading_gives_back(void)
{
	uint8_t room[19];
	struct writer w = writer_over(room, sizeof(room));
	struct in_addr a = { htonl(0xcb007101) };
	struct reader r;

	write_u8(&w, 0xfe);
	write_u16(&w, 0xfedc);
	write_u32(&w, 0xfedcba98);
	write_u64(&w, UINT64_C(0xfedcba9876543210));
	write_addr(&w, a);
	CU_ASSERT_FALSE(w.bad);
	CU_ASSERT_EQUAL(writer_left(&w), 0);

	r = reader_over(room, writer_len(&w));
	CU_ASSERT_EQUAL(read_u8(&r), 0xfe);
	CU_ASSERT_EQUAL(read_u16(&r), 0xfedc);
	CU_ASSERT_EQUAL(read_u32(&r), 0xfedcba98);
	CU_ASSERT_EQUAL(read_u64(&r), UINT64_C(0xfedcba9876543210));
	CU_ASSERT_EQUAL(read_addr(&r).s_addr, a.s_addr);
}

static void full_writer_stays_bad(void)
{
	uint8_t room[4] = { 0, 0, 0, 0xaa };
	struct writer w = writer_over(room, 3);

	write_u16(&w, 0x0102);
	write_bytes(&w, sample, 2);
	CU_ASSERT_TRUE(w.bad);
	CU_ASSERT_EQUAL(writer_len(&w), 2);
	write_u8(&w, 3);
	CU_ASSERT_EQUAL(writer_len(&w), 2);
	CU_ASSERT_PTR_NULL(write_room(&w, 0));
	CU_ASSERT_EQUAL(room[2], 0);
	CU_ASSERT_EQUAL(room[3], 0xaa);
}

static void instants_saturate_at_never(void)
{
	instant_t soon = { INT64_MAX - 5 };

	CU_ASSERT_TRUE(instant_is_never(instant_add(soon, duration_s(1))));
	CU_ASSERT_TRUE(instant_is_never(instant_add(INSTANT_NEVER, duration_s(-1))));
	CU_ASSERT_FALSE(instant_due(INSTANT_NEVER, INSTANT_NEVER));
	CU_ASSERT_TRUE(instant_due(soon, soon));
	CU_ASSERT_TRUE(instant_before(soon, INSTANT_NEVER));
	CU_ASSERT_EQUAL(instant_min(INSTANT_NEVER, soon).ns, soon.ns);
	CU_ASSERT_EQUAL(instant_diff(soon, (instant_t){ 1 }).ns, INT64_MAX - 6);
}

static void lifetimes_round_up(void)
{
	CU_ASSERT_EQUAL(duration_to_s_up((duration_t){ -1 }), 0);
	CU_ASSERT_EQUAL(duration_to_s_up((duration_t){ 0 }), 0);
	CU_ASSERT_EQUAL(duration_to_s_up((duration_t){ 1 }), 1);
	CU_ASSERT_EQUAL(duration_to_s_up(duration_s(7)), 7);
	CU_ASSERT_EQUAL(duration_to_s_up((duration_t){ duration_s(7).ns + 1 }), 8);
	CU_ASSERT_EQUAL(duration_to_ms(duration_s(2)), 2000);
}

struct element {
	int value;
	struct list link;
};

static int sum_in_order(struct list *head)
{
	int digits = 0;

	list_each(it, nx, head)
		digits = digits * 10 + container_of(it, struct element, link)->value;
	return digits;
}

static void lists_keep_order_and_allow_removal(void)
{
	struct element e[3] = { { .value = 1 }, { .value = 2 }, { .value = 3 } };
	struct list head;

	list_init(&head);
	CU_ASSERT_TRUE(list_empty(&head));
	for (int i = 0; i < 3; i++)
		list_add_tail(&head, &e[i].link);
	CU_ASSERT_EQUAL(sum_in_order(&head), 123);
	list_remove(&e[1].link);
	list_remove(&e[1].link);
	CU_ASSERT_EQUAL(sum_in_order(&head), 13);
	list_each(it, nx, &head)
		list_remove(it);
	CU_ASSERT_TRUE(list_empty(&head));
}

static void same_seed_gives_same_numbers(void)
{
	struct rng_seeded a, b;
	struct rng x = rng_seeded_init(&a, 42), y = rng_seeded_init(&b, 42);

	for (int i = 0; i < 100; i++)
		CU_ASSERT_EQUAL(rng_u64(&x), rng_u64(&y));
	y = rng_seeded_init(&b, 43);
	CU_ASSERT_NOT_EQUAL(rng_u64(&x), rng_u64(&y));
}

/* The first numbers of SplitMix64 from 1234567, as its authors' program gives them. */
static void numbers_are_those_of_splitmix64(void)
{
	struct rng_seeded g;
	struct rng r = rng_seeded_init(&g, 1234567);

	CU_ASSERT_EQUAL(rng_u64(&r), UINT64_C(6457827717110365317));
	CU_ASSERT_EQUAL(rng_u64(&r), UINT64_C(3203168211198807973));
}

static void bounded_numbers_are_even(void)
{
	struct rng_seeded g;
	struct rng r = rng_seeded_init(&g, 7);
	unsigned seen[6] = { 0 };

	CU_ASSERT_EQUAL(rng_below(&r, 0), 0);
	CU_ASSERT_EQUAL(rng_below(&r, 1), 0);
	for (int i = 0; i < 6000; i++)
		seen[rng_below(&r, 6)]++;
	for (int i = 0; i < 6; i++)
		CU_ASSERT_TRUE(seen[i] > 850 && seen[i] < 1150);
	for (int i = 0; i < 100; i++)
		CU_ASSERT_TRUE(rng_below(&r, UINT32_MAX) < UINT32_MAX);
}

/* Taking the remainder alone would make the lower third twice as likely. */
static void large_bounds_are_even_too(void)
{
	struct rng_seeded g;
	struct rng r = rng_seeded_init(&g, 8);
	unsigned low = 0;

	for (int i = 0; i < 3000; i++)
		low += rng_below(&r, UINT32_C(3) << 30) < UINT32_C(1) << 30;
	CU_ASSERT_TRUE(low > 900 && low < 1100);
}

void suite_bytes(void)
{
	CU_pSuite s = CU_add_suite("bytes", NULL, NULL);

	CU_ADD_TEST(s, reads_in_network_order);
	CU_ADD_TEST(s, addresses_stay_in_network_order);
	CU_ADD_TEST(s, short_read_spoils_the_reader);
	CU_ADD_TEST(s, split_is_a_cursor_of_its_own);
	CU_ADD_TEST(s, nothing_is_an_empty_message);
	CU_ADD_TEST(s, writes_what_reading_gives_back);
	CU_ADD_TEST(s, full_writer_stays_bad);
	CU_ADD_TEST(s, instants_saturate_at_never);
	CU_ADD_TEST(s, lifetimes_round_up);
	CU_ADD_TEST(s, lists_keep_order_and_allow_removal);
	CU_ADD_TEST(s, same_seed_gives_same_numbers);
	CU_ADD_TEST(s, numbers_are_those_of_splitmix64);
	CU_ADD_TEST(s, bounded_numbers_are_even);
	CU_ADD_TEST(s, large_bounds_are_even_too);
}
