/* SPDX-License-Identifier: ISC */
/*
 * The table of links.
 */
#include "common/agent/links.h"

#include <CUnit/CUnit.h>
#include <stdio.h>

#include "tests/unit/suites.h"

static struct link link_of(int ifindex, const char *name, uint32_t addr)
{
	struct link l = {
		.ifindex = ifindex,
		.up = true,
		.addr_count = addr ? 1 : 0,
		.addr = { { { htonl(addr) }, 24 } },
	};

	snprintf(l.name, sizeof(l.name), "%s", name);
	return l;
}

static void set(struct links *l, int ifindex, const char *name, uint32_t addr)
{
	struct link link = link_of(ifindex, name, addr);

	CU_ASSERT(links_set(l, &link));
}

static void finds_by_index_and_name(void)
{
	struct links l = { 0 };

	set(&l, 3, "home", 0x0a010001);
	set(&l, 7, "core", 0x0a000102);
	CU_ASSERT_STRING_EQUAL(links_by_index(&l, 7)->name, "core");
	CU_ASSERT_EQUAL(links_by_name(&l, "home")->ifindex, 3);
	CU_ASSERT_PTR_NULL(links_by_index(&l, 8));
	CU_ASSERT_PTR_NULL(links_by_name(&l, "hom"));
	CU_ASSERT_PTR_NULL(links_by_name(&l, "home2"));
}

static void knows_its_own_addresses(void)
{
	struct links l = { 0 };

	set(&l, 3, "home", 0x0a010001);
	set(&l, 4, "bare", 0);
	CU_ASSERT(links_owns(&l, (struct in_addr){ htonl(0x0a010001) }));
	CU_ASSERT_FALSE(links_owns(&l, (struct in_addr){ htonl(0x0a010002) }));
	CU_ASSERT_FALSE(links_owns(&l, (struct in_addr){ 0 }));
	CU_ASSERT_EQUAL(
		links_own_in(&l, (struct ipv4_prefix){ { htonl(0x0a010000) }, 16 })
			.s_addr,
		htonl(0x0a010001));
	CU_ASSERT_EQUAL(
		links_own_in(&l, (struct ipv4_prefix){ { htonl(0x0a020000) }, 16 })
			.s_addr,
		0);
}

static void replaces_and_removes(void)
{
	struct links l = { 0 };

	set(&l, 3, "home", 0x0a010001);
	set(&l, 4, "core", 0x0a000001);
	set(&l, 3, "renamed", 0x0a010009);
	CU_ASSERT_EQUAL(l.count, 2);
	CU_ASSERT_PTR_NULL(links_by_name(&l, "home"));
	CU_ASSERT_PTR_NOT_NULL(links_by_name(&l, "renamed"));
	links_remove(&l, 3);
	links_remove(&l, 99);
	CU_ASSERT_EQUAL(l.count, 1);
	CU_ASSERT_PTR_NULL(links_by_index(&l, 3));
	CU_ASSERT_PTR_NOT_NULL(links_by_index(&l, 4));
}

static void full_is_a_result(void)
{
	struct links l = { 0 };
	struct link one = link_of(1000, "more", 0);

	for (int i = 1; i <= LINKS_MAX; i++)
		set(&l, i, "x", 0);
	CU_ASSERT_FALSE(l.left_out);
	CU_ASSERT_FALSE(links_set(&l, &one));
	CU_ASSERT(l.left_out);
	CU_ASSERT_EQUAL(l.count, LINKS_MAX);
	set(&l, LINKS_MAX, "there already", 0);
	links_remove(&l, 5);
	CU_ASSERT(links_set(&l, &one));
}

void suite_links(void)
{
	CU_pSuite s = CU_add_suite("links", NULL, NULL);

	CU_add_test(s, "finds by index and name", finds_by_index_and_name);
	CU_add_test(s, "knows its own addresses", knows_its_own_addresses);
	CU_add_test(s, "replaces and removes", replaces_and_removes);
	CU_add_test(s, "full is a result", full_is_a_result);
}
