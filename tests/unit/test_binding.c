/* SPDX-License-Identifier: ISC */
/*
 * The table of mobile nodes and their bindings (RFC 5944 3.8.1).
 */
#include "ha/binding.h"

#include "common/wire/mip_msg.h"

#include <CUnit/CUnit.h>

#include "tests/unit/suites.h"

struct bench {
	struct timers timers;
	struct binding_table table;
	struct home_node *node;
};

static const instant_t start = { INT64_C(5000000000) };

static struct in_addr addr(uint32_t a)
{
	return (struct in_addr){ htonl(a) };
}

static void bench_open(struct bench *b, size_t limit)
{
	timers_init(&b->timers);
	binding_table_init(&b->table, &b->timers, limit);
	b->node = home_node_add(&b->table, addr(0x0a01000a), 0, 77);
	CU_ASSERT_PTR_NOT_NULL_FATAL(b->node);
}

static void bench_close(struct bench *b)
{
	binding_table_fini(&b->table);
	CU_ASSERT_TRUE(instant_is_never(timers_next(&b->timers)));
	timers_fini(&b->timers);
}

static struct mobility_binding *add(struct bench *b, uint32_t care_of,
				    instant_t expires)
{
	const struct mobility_binding values = { .home = b->node->home,
						 .care_of = addr(care_of),
						 .expires = expires };

	return binding_add(&b->table, b->node, &values);
}

static void a_renewal_keeps_its_place(void)
{
	struct mobility_binding values = { .home = addr(0x0a01000a),
					   .care_of = addr(3),
					   .ident = 5 };
	struct mobility_binding *one;
	struct bench b;

	bench_open(&b, 2);
	one = add(&b, 1, (instant_t){ 10 });
	add(&b, 2, (instant_t){ 50 });
	values.expires = (instant_t){ 90 };
	CU_ASSERT_PTR_EQUAL(binding_change(&b.table, b.node, one, &values), one);
	CU_ASSERT_PTR_EQUAL(binding_first(b.node), one);
	CU_ASSERT_PTR_NULL(binding_find(b.node, addr(1)));
	CU_ASSERT_PTR_EQUAL(binding_find(b.node, addr(3)), one);
	CU_ASSERT_EQUAL(one->ident, 5);
	CU_ASSERT_EQUAL(timers_next(&b.timers).ns, 50);
	values.expires = INSTANT_NEVER;
	CU_ASSERT_PTR_EQUAL(binding_change(&b.table, b.node, one, &values), one);
	CU_ASSERT_EQUAL(b.timers.count, 1);
	values.expires = (instant_t){ 20 };
	CU_ASSERT_PTR_EQUAL(binding_change(&b.table, b.node, one, &values), one);
	CU_ASSERT_EQUAL(timers_next(&b.timers).ns, 20);
	CU_ASSERT_EQUAL(b.node->binding_count, 2);
	bench_close(&b);
}

static void nodes_are_found_by_home_address(void)
{
	struct bench b;
	struct home_node *other;

	bench_open(&b, 4);
	CU_ASSERT_EQUAL(b.node->last_ident, 77);
	CU_ASSERT_PTR_EQUAL(home_node_find(&b.table, addr(0x0a01000a)), b.node);
	CU_ASSERT_PTR_NULL(home_node_find(&b.table, addr(0x0a01000b)));
	other = home_node_add(&b.table, addr(0x0a01000b), 0, 1);
	CU_ASSERT_PTR_EQUAL(home_node_find(&b.table, addr(0x0a01000b)), other);
	home_node_remove(&b.table, other);
	CU_ASSERT_PTR_NULL(home_node_find(&b.table, addr(0x0a01000b)));
	bench_close(&b);
}

static void bindings_keep_their_order(void)
{
	struct bench b;
	struct mobility_binding *one, *two;

	bench_open(&b, 4);
	CU_ASSERT_PTR_NULL(binding_first(b.node));
	one = add(&b, 1, INSTANT_NEVER);
	two = add(&b, 2, INSTANT_NEVER);
	CU_ASSERT_PTR_EQUAL(binding_first(b.node), one);
	CU_ASSERT_PTR_EQUAL(binding_find(b.node, addr(2)), two);
	CU_ASSERT_PTR_NULL(binding_find(b.node, addr(3)));
	CU_ASSERT_EQUAL(b.node->binding_count, 2);
	binding_remove(&b.table, b.node, one);
	CU_ASSERT_PTR_EQUAL(binding_first(b.node), two);
	CU_ASSERT_EQUAL(b.node->binding_count, 1);
	CU_ASSERT_EQUAL(binding_table_count(&b.table), 1);
	bench_close(&b);
}

static void each_has_its_timer(void)
{
	struct bench b;
	struct mobility_binding *late, *early, *never;

	bench_open(&b, 4);
	late = add(&b, 1, instant_add(start, duration_s(9)));
	early = add(&b, 2, instant_add(start, duration_s(3)));
	never = add(&b, 3, INSTANT_NEVER);
	CU_ASSERT_TRUE(timer_is_set(&late->expiry));
	CU_ASSERT_FALSE(timer_is_set(&never->expiry));
	CU_ASSERT_EQUAL(timers_next(&b.timers).ns, early->expires.ns);
	binding_remove(&b.table, b.node, early);
	CU_ASSERT_EQUAL(timers_next(&b.timers).ns, late->expires.ns);
	CU_ASSERT_EQUAL(late->expiry.kind, TIMER_EXPIRY);
	bench_close(&b);
}

static void full_is_full_until_one_leaves(void)
{
	struct bench b;

	bench_open(&b, 2);
	add(&b, 1, INSTANT_NEVER);
	CU_ASSERT_FALSE(binding_table_full(&b.table));
	add(&b, 2, INSTANT_NEVER);
	CU_ASSERT_TRUE(binding_table_full(&b.table));
	CU_ASSERT_PTR_NULL(add(&b, 3, INSTANT_NEVER));
	binding_remove(&b.table, b.node, binding_first(b.node));
	CU_ASSERT_FALSE(binding_table_full(&b.table));
	CU_ASSERT_PTR_NOT_NULL(add(&b, 3, INSTANT_NEVER));
	bench_close(&b);
}

/* What was taken out can always be put back. */
static void a_lower_limit_leaves_those_there(void)
{
	struct bench b;
	struct mobility_binding values;

	bench_open(&b, 3);
	add(&b, 1, INSTANT_NEVER);
	add(&b, 2, INSTANT_NEVER);
	binding_table_limit(&b.table, 1);
	CU_ASSERT_TRUE(binding_table_full(&b.table));
	values = *binding_first(b.node);
	binding_remove(&b.table, b.node, binding_first(b.node));
	CU_ASSERT_PTR_NOT_NULL(binding_add(&b.table, b.node, &values));
	binding_table_limit(&b.table, 5);
	for (uint32_t i = 3; i <= 5; i++)
		CU_ASSERT_PTR_NOT_NULL(add(&b, i, INSTANT_NEVER));
	CU_ASSERT_TRUE(binding_table_full(&b.table));
	bench_close(&b);
}

static void remaining_counts_up(void)
{
	struct mobility_binding m = { .expires =
					      instant_add(start, duration_ms(2500)) };

	CU_ASSERT_EQUAL(binding_remaining(&m, start), 3);
	CU_ASSERT_EQUAL(binding_remaining(&m, instant_add(start, duration_ms(500))), 2);
	CU_ASSERT_EQUAL(binding_remaining(&m, m.expires), 0);
	CU_ASSERT_EQUAL(binding_remaining(&m, instant_add(start, duration_s(9))), 0);
	m.expires = INSTANT_NEVER;
	CU_ASSERT_EQUAL(binding_remaining(&m, start), MIP_LIFETIME_INFINITE);
}

void suite_binding(void)
{
	CU_pSuite s = CU_add_suite("binding", NULL, NULL);

	CU_ADD_TEST(s, a_renewal_keeps_its_place);
	CU_add_test(s, "nodes are found by home address",
		    nodes_are_found_by_home_address);
	CU_add_test(s, "bindings keep their order", bindings_keep_their_order);
	CU_add_test(s, "each has its timer", each_has_its_timer);
	CU_add_test(s, "full is full until one leaves", full_is_full_until_one_leaves);
	CU_add_test(s, "a lower limit leaves those there",
		    a_lower_limit_leaves_those_there);
	CU_add_test(s, "remaining counts up", remaining_counts_up);
}
