/* SPDX-License-Identifier: ISC */
/*
 * Path MTU: lowered by what routers tell, to the floor at least, and by ourselves,
 * to 68 at least; forgotten after ten minutes.
 */
#include "common/tunnel/mtu.h"

#include "tests/unit/suites.h"

#include <CUnit/CUnit.h>

static instant_t at_s(int64_t s)
{
	return instant_add((instant_t){ 0 }, duration_s(s));
}

static struct path_mtu path(uint16_t most)
{
	struct path_mtu m;

	mtu_init(&m, most);
	return m;
}

static void begins_as_configured(void)
{
	struct path_mtu usual = path(0), jumbo = path(9000), tiny = path(20);

	CU_ASSERT_EQUAL(mtu_now(&usual, at_s(0)), 1500);
	CU_ASSERT_EQUAL(mtu_now(&jumbo, at_s(0)), 9000);
	CU_ASSERT_EQUAL(mtu_now(&tiny, at_s(0)), 68);
}

static void learns_what_is_lower(void)
{
	struct path_mtu m = path(1500);

	CU_ASSERT_TRUE(mtu_learn(&m, 1400, at_s(1)));
	CU_ASSERT_EQUAL(mtu_now(&m, at_s(2)), 1400);
	CU_ASSERT_FALSE(mtu_learn(&m, 1450, at_s(3)));
	CU_ASSERT_EQUAL(mtu_now(&m, at_s(3)), 1400);
	CU_ASSERT_FALSE(mtu_learn(&m, 9000, at_s(3)));
	CU_ASSERT_TRUE(mtu_learn(&m, 1300, at_s(4)));
	CU_ASSERT_EQUAL(mtu_now(&m, at_s(4)), 1300);
}

static void never_below_68(void)
{
	struct path_mtu m = path(1500);

	CU_ASSERT_EQUAL(mtu_told(1, 1500), 68);
	CU_ASSERT_TRUE(mtu_learn_here(&m, mtu_told(1, 1500), at_s(1)));
	CU_ASSERT_EQUAL(mtu_now(&m, at_s(1)), 68);
	CU_ASSERT_FALSE(mtu_learn_here(&m, mtu_told(0, 10), at_s(1)));
	CU_ASSERT_EQUAL(mtu_now(&m, at_s(1)), 68);
}

static void routers_lower_it_to_the_floor_only(void)
{
	struct path_mtu m = path(1500), small = path(500);

	CU_ASSERT_TRUE(mtu_learn(&m, 68, at_s(1)));
	CU_ASSERT_EQUAL(mtu_now(&m, at_s(1)), MTU_FLOOR);
	CU_ASSERT_TRUE(mtu_is_narrow(&m, at_s(1)));
	CU_ASSERT_FALSE(mtu_learn(&m, 300, at_s(101)));
	CU_ASSERT_EQUAL(mtu_now(&m, at_s(700)), MTU_FLOOR);
	CU_ASSERT_TRUE(mtu_is_narrow(&m, at_s(700)));
	CU_ASSERT_FALSE(mtu_is_narrow(&m, at_s(701)));
	CU_ASSERT_EQUAL(mtu_now(&m, at_s(701)), 1500);

	CU_ASSERT_TRUE(mtu_learn(&m, MTU_FLOOR, at_s(800)));
	CU_ASSERT_FALSE(mtu_is_narrow(&m, at_s(800)));

	/* What was configured lower stays. */
	CU_ASSERT_FALSE(mtu_learn(&small, 300, at_s(1)));
	CU_ASSERT_EQUAL(mtu_now(&small, at_s(1)), 500);
	CU_ASSERT_TRUE(mtu_is_narrow(&small, at_s(1)));
	CU_ASSERT_FALSE(mtu_is_narrow(&small, at_s(601)));
}

static void our_own_link_is_believed_below_the_floor(void)
{
	struct path_mtu m = path(1500);

	CU_ASSERT_TRUE(mtu_learn_here(&m, 296, at_s(1)));
	CU_ASSERT_EQUAL(mtu_now(&m, at_s(1)), 296);
	CU_ASSERT_FALSE(mtu_learn(&m, 400, at_s(2)));
	CU_ASSERT_FALSE(mtu_is_narrow(&m, at_s(2)));
	CU_ASSERT_FALSE(mtu_learn(&m, 100, at_s(2)));
	CU_ASSERT_TRUE(mtu_is_narrow(&m, at_s(2)));
	CU_ASSERT_EQUAL(mtu_now(&m, at_s(2)), 296);
}

static void old_routers_mean_the_next_plateau(void)
{
	static const uint16_t table[][2] = {
		{ 65535, 32000 }, { 32001, 32000 }, { 32000, 17914 }, { 9000, 8166 },
		{ 4353, 4352 },   { 2002, 1492 },   { 1500, 1492 },   { 1492, 1006 },
		{ 1006, 508 },    { 508, 296 },     { 296, 68 },      { 69, 68 },
		{ 68, 68 },       { 0, 68 },
	};

	for (unsigned i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		CU_ASSERT_EQUAL(mtu_told(0, table[i][0]), table[i][1]);
}

static void forgets_after_ten_minutes(void)
{
	struct path_mtu m = path(1500);

	(void)mtu_learn(&m, 1400, at_s(100));
	CU_ASSERT_EQUAL(mtu_now(&m, at_s(699)), 1400);
	CU_ASSERT_EQUAL(mtu_now(&m, at_s(700)), 1500);
	CU_ASSERT_EQUAL(mtu_now(&m, at_s(9999)), 1500);
}

static void told_again_it_remembers_longer(void)
{
	struct path_mtu m = path(1500);

	(void)mtu_learn(&m, 1400, at_s(0));
	CU_ASSERT_FALSE(mtu_learn(&m, 1400, at_s(500)));
	CU_ASSERT_EQUAL(mtu_now(&m, at_s(1099)), 1400);
	CU_ASSERT_EQUAL(mtu_now(&m, at_s(1100)), 1500);
}

static void another_configuration_applies_at_once(void)
{
	struct path_mtu m = path(1500);

	mtu_set_most(&m, 1400);
	CU_ASSERT_EQUAL(mtu_now(&m, at_s(0)), 1400);
	mtu_set_most(&m, 9000);
	CU_ASSERT_EQUAL(mtu_now(&m, at_s(0)), 9000);
	(void)mtu_learn(&m, 1300, at_s(0));
	mtu_set_most(&m, 1500);
	CU_ASSERT_EQUAL(mtu_now(&m, at_s(0)), 1300);
	mtu_set_most(&m, 1200);
	CU_ASSERT_EQUAL(mtu_now(&m, at_s(0)), 1200);
	mtu_set_most(&m, 0);
	CU_ASSERT_EQUAL(mtu_now(&m, at_s(0)), 1500);
}

void suite_mtu(void)
{
	CU_pSuite s = CU_add_suite("mtu", NULL, NULL);

	CU_ADD_TEST(s, begins_as_configured);
	CU_ADD_TEST(s, learns_what_is_lower);
	CU_ADD_TEST(s, never_below_68);
	CU_ADD_TEST(s, routers_lower_it_to_the_floor_only);
	CU_ADD_TEST(s, our_own_link_is_believed_below_the_floor);
	CU_ADD_TEST(s, old_routers_mean_the_next_plateau);
	CU_ADD_TEST(s, forgets_after_ten_minutes);
	CU_ADD_TEST(s, told_again_it_remembers_longer);
	CU_ADD_TEST(s, another_configuration_applies_at_once);
}
