/* SPDX-License-Identifier: ISC */
/* Packet buffers, vectors, queues; the table of drop reasons. */
#include "common/tunnel/pkt.h"

#include "common/tunnel/drop.h"
#include "common/tunnel/pkt_vec.h"

#include "tests/unit/packets.h"
#include "tests/unit/suites.h"

#include <CUnit/CUnit.h>

#include <string.h>

static struct pkt_pool pool;

static int open_pool(void)
{
	return pkt_pool_init(&pool, 4);
}

static int close_pool(void)
{
	size_t used = pool.used;

	pkt_pool_fini(&pool);
	return used != 0;
}

static void takes_as_many_as_there_are(void)
{
	struct pkt *p[4];

	for (unsigned i = 0; i < 4; i++) {
		p[i] = pkt_take(&pool);
		CU_ASSERT_PTR_NOT_NULL_FATAL(p[i]);
		CU_ASSERT_EQUAL(p[i]->len, 0);
		CU_ASSERT_EQUAL(p[i]->data, p[i]->room + PKT_HEADROOM);
		CU_ASSERT_TRUE(pkt_room(p[i]) >= IPV4_MAX);
	}
	CU_ASSERT_PTR_NULL(pkt_take(&pool));
	pkt_give(&pool, p[2]);
	CU_ASSERT_PTR_EQUAL(pkt_take(&pool), p[2]);
	for (unsigned i = 0; i < 4; i++)
		pkt_give(&pool, p[i]);
	pkt_give(&pool, NULL);
	CU_ASSERT_EQUAL(pool.used, 0);
}

/* What was read into is read into again, whatever was given back since. */
static void takes_the_same_ones_for_large_reads(void)
{
	struct pkt *large = pkt_take_large(&pool), *other = pkt_take(&pool);

	pkt_give(&pool, large);
	pkt_give(&pool, other);
	CU_ASSERT_PTR_EQUAL(pkt_take(&pool), other);
	CU_ASSERT_PTR_EQUAL(pkt_take_large(&pool), large);
	pkt_give(&pool, other);
	pkt_give(&pool, large);
}

/* Either way takes what the other one had before it says that there is none. */
static void takes_all_either_way(void)
{
	struct pkt *p[4], *q[4];

	for (unsigned i = 0; i < 4; i++)
		CU_ASSERT_PTR_NOT_NULL_FATAL(p[i] = pkt_take_large(&pool));
	CU_ASSERT_PTR_NULL(pkt_take_large(&pool));
	for (unsigned i = 0; i < 4; i++)
		pkt_give(&pool, p[i]);
	for (unsigned i = 0; i < 4; i++) {
		CU_ASSERT_PTR_NOT_NULL_FATAL(q[i] = pkt_take(&pool));
		CU_ASSERT_FALSE(q[i]->large);
	}
	for (unsigned i = 0; i < 4; i++)
		pkt_give(&pool, q[i]);
	CU_ASSERT_PTR_NOT_NULL_FATAL(p[0] = pkt_take_large(&pool));
	CU_ASSERT_TRUE(p[0]->large);
	CU_ASSERT_PTR_NOT_NULL_FATAL(q[0] = pkt_clone(&pool, p[0]));
	CU_ASSERT_FALSE(q[0]->large);
	pkt_give(&pool, p[0]);
	pkt_give(&pool, q[0]);
	CU_ASSERT_EQUAL(pool.used, 0);
}

static void forgets_what_a_packet_was(void)
{
	struct pkt *p = pkt_take(&pool);

	p->drop = DROP_ECN;
	p->ifindex = 7;
	p->len = 99;
	p->data += 20;
	pkt_give(&pool, p);
	p = pkt_take(&pool);
	CU_ASSERT_EQUAL(p->drop, DROP_NONE);
	CU_ASSERT_EQUAL(p->ifindex, 0);
	CU_ASSERT_EQUAL(p->len, 0);
	CU_ASSERT_EQUAL(p->data, p->room + PKT_HEADROOM);
	pkt_give(&pool, p);
}

static void keeps_buffers_off_one_cache_line(void)
{
	CU_ASSERT_NOT_EQUAL(sizeof(struct pkt) % 4096, 0);
}

static void refuses_impossible_pools(void)
{
	struct pkt_pool none;

	CU_ASSERT_NOT_EQUAL(pkt_pool_init(&none, 0), 0);
	CU_ASSERT_NOT_EQUAL(pkt_pool_init(&none, SIZE_MAX), 0);
}

static void pushes_into_the_headroom_only(void)
{
	struct pkt *p = packet_like(&pool, &(struct packet_like){ .size = 60 });
	uint8_t *data = p->data;

	CU_ASSERT_PTR_EQUAL(pkt_push(p, 24), data - 24);
	CU_ASSERT_EQUAL(p->len, 84);
	CU_ASSERT_PTR_NULL(pkt_push(p, PKT_HEADROOM - 23));
	CU_ASSERT_PTR_EQUAL(pkt_push(p, PKT_HEADROOM - 24), p->room);
	CU_ASSERT_PTR_NULL(pkt_push(p, 1));
	CU_ASSERT_TRUE(pkt_pull(p, PKT_HEADROOM));
	CU_ASSERT_PTR_EQUAL(p->data, data);
	CU_ASSERT_FALSE(pkt_pull(p, 61));
	CU_ASSERT_EQUAL(p->len, 60);
	CU_ASSERT_TRUE(pkt_pull(p, 60));
	CU_ASSERT_EQUAL(p->len, 0);
	pkt_give(&pool, p);
}

static void pushes_no_packet_past_65535(void)
{
	struct pkt *p = packet_like(&pool, &(struct packet_like){ .size = 65516 });

	CU_ASSERT_PTR_NULL(pkt_push(p, 20));
	CU_ASSERT_PTR_NOT_NULL(pkt_push(p, 19));
	pkt_give(&pool, p);
}

static void clones_bytes_and_delivery(void)
{
	struct pkt *p = packet_like(&pool, &(struct packet_like){ .size = 300 });
	struct pkt *c;

	(void)pkt_push(p, 8);
	memset(p->data, 0xee, 8);
	p->ifindex = 3;
	p->mac.octet[5] = 9;
	c = pkt_clone(&pool, p);
	CU_ASSERT_PTR_NOT_NULL_FATAL(c);
	CU_ASSERT_TRUE(packet_is(c, p->data, 308));
	CU_ASSERT_EQUAL(c->data - c->room, p->data - p->room);
	CU_ASSERT_EQUAL(c->ifindex, 3);
	CU_ASSERT_EQUAL(c->mac.octet[5], 9);
	pkt_give(&pool, p);
	pkt_give(&pool, c);
}

static void clones_nothing_from_an_empty_pool(void)
{
	struct pkt *p[4];

	for (unsigned i = 0; i < 4; i++)
		p[i] = packet_like(&pool, &(struct packet_like){ 0 });
	CU_ASSERT_PTR_NULL(pkt_clone(&pool, p[0]));
	for (unsigned i = 0; i < 4; i++)
		pkt_give(&pool, p[i]);
}

static void check_cuts_padding(void)
{
	struct pkt *p = packet_like(&pool, &(struct packet_like){ .size = 40 });

	p->len = 46;
	CU_ASSERT_EQUAL(pkt_check(p), DROP_NONE);
	CU_ASSERT_EQUAL(p->len, 40);
	pkt_trim(p, 41);
	CU_ASSERT_EQUAL(p->len, 40);
	pkt_trim(p, 39);
	CU_ASSERT_EQUAL(pkt_check(p), DROP_IPV4_LENGTH);
	CU_ASSERT_EQUAL(pkt_check_inner(p), DROP_INNER_LENGTH);
	pkt_give(&pool, p);
}

static void queue_keeps_order(void)
{
	struct pkt_queue q = { 0 };
	struct pkt *p[3];

	CU_ASSERT_PTR_NULL(pkt_queue_pop(&q));
	for (unsigned i = 0; i < 3; i++) {
		p[i] = pkt_take(&pool);
		pkt_queue_add(&q, p[i]);
	}
	CU_ASSERT_EQUAL(q.count, 3);
	CU_ASSERT_PTR_EQUAL(pkt_queue_pop(&q), p[0]);
	CU_ASSERT_PTR_EQUAL(queue_at(&q, 1), p[2]);
	pkt_queue_add(&q, p[0]);
	CU_ASSERT_PTR_EQUAL(pkt_queue_pop(&q), p[1]);
	CU_ASSERT_PTR_EQUAL(pkt_queue_pop(&q), p[2]);
	CU_ASSERT_PTR_EQUAL(pkt_queue_pop(&q), p[0]);
	CU_ASSERT_EQUAL(q.count, 0);
	pkt_queue_add(&q, p[1]);
	pkt_queue_add(&q, p[2]);
	pkt_queue_give(&pool, &q);
	pkt_give(&pool, p[0]);
	CU_ASSERT_EQUAL(pool.used, 0);
	CU_ASSERT_PTR_NULL(q.first);
}

static bool is_stable_name(const char *name)
{
	return *name &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(name);
}

static void every_reason_has_a_name_of_its_own(void)
{
	CU_ASSERT_STRING_EQUAL(drop_name(DROP_NONE), "none");
	CU_ASSERT_STRING_EQUAL(drop_name(DROP_COUNT), "none");
	for (int r = DROP_NONE + 1; r < DROP_COUNT; r++) {
		CU_ASSERT_TRUE(is_stable_name(drop_name((enum drop_reason)r)));
		CU_ASSERT_TRUE(strlen(drop_text((enum drop_reason)r)) > 10);
		for (int s = DROP_NONE; s < r; s++)
			CU_ASSERT_STRING_NOT_EQUAL(drop_name((enum drop_reason)r),
						   drop_name((enum drop_reason)s));
	}
}

static void counters_are_by_reason(void)
{
	struct drop_counts counts = { 0 };
	struct counter_set set = drop_counter_set(&counts);

	counts.by[DROP_SEND] = 5;
	CU_ASSERT_STRING_EQUAL(set.group, "drop");
	CU_ASSERT_EQUAL(set.count, DROP_COUNT - 1);
	CU_ASSERT_EQUAL(counter_of(set, "send"), 5);
	CU_ASSERT_EQUAL(counter_sum(set), 5);
}

static void every_ipv4_fault_is_a_reason(void)
{
	for (int f = IPV4_OK + 1; f <= IPV4_BAD_CHECKSUM; f++) {
		enum drop_reason outer = drop_of_ipv4((enum ipv4_fault)f);
		enum drop_reason inner = drop_of_inner((enum ipv4_fault)f);

		CU_ASSERT_NOT_EQUAL(outer, DROP_NONE);
		CU_ASSERT_EQUAL(strncmp(drop_name(outer), "ipv4-", 5), 0);
		CU_ASSERT_EQUAL(strncmp(drop_name(inner), "inner-", 6), 0);
		CU_ASSERT_STRING_EQUAL(drop_name(outer) + 5, drop_name(inner) + 6);
	}
	CU_ASSERT_EQUAL(drop_of_ipv4(IPV4_OK), DROP_NONE);
	CU_ASSERT_EQUAL(drop_of_inner(IPV4_OK), DROP_NONE);
}

void suite_pkt(void)
{
	CU_pSuite s = CU_add_suite("pkt", open_pool, close_pool);

	CU_ADD_TEST(s, takes_as_many_as_there_are);
	CU_ADD_TEST(s, takes_the_same_ones_for_large_reads);
	CU_ADD_TEST(s, takes_all_either_way);
	CU_ADD_TEST(s, forgets_what_a_packet_was);
	CU_ADD_TEST(s, keeps_buffers_off_one_cache_line);
	CU_ADD_TEST(s, refuses_impossible_pools);
	CU_ADD_TEST(s, pushes_into_the_headroom_only);
	CU_ADD_TEST(s, pushes_no_packet_past_65535);
	CU_ADD_TEST(s, clones_bytes_and_delivery);
	CU_ADD_TEST(s, clones_nothing_from_an_empty_pool);
	CU_ADD_TEST(s, check_cuts_padding);
	CU_ADD_TEST(s, queue_keeps_order);
	CU_ADD_TEST(s, every_reason_has_a_name_of_its_own);
	CU_ADD_TEST(s, counters_are_by_reason);
	CU_ADD_TEST(s, every_ipv4_fault_is_a_reason);
}
