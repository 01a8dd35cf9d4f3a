/* SPDX-License-Identifier: ISC */
/* The ring of violations: order, and what a flood leaves. */
#include "common/agent/violations.h"

#include <CUnit/CUnit.h>

#include "tests/unit/suites.h"

struct seen {
	unsigned count;
	uint64_t first, last;
	unsigned disorder;
};

static void see(void *arg, const struct violation *v)
{
	struct seen *s = arg;

	if (s->count++ == 0)
		s->first = v->ident;
	else if (v->ident != s->last + 1)
		s->disorder++;
	s->last = v->ident;
}

static struct seen after(uint64_t total)
{
	struct violations v = { 0 };
	struct seen s = { 0 };

	for (uint64_t i = 0; i < total; i++)
		violations_add(&v, &(struct violation){ .ident = i, .reason = "test" });
	CU_ASSERT_EQUAL(v.total, total);
	violations_each(&v, see, &s);
	return s;
}

static void keeps_the_last_in_order(void)
{
	static const uint64_t totals[] = { 0, 1, 63, 64, 65, 128, 1000 };

	for (size_t i = 0; i < sizeof(totals) / sizeof(totals[0]); i++) {
		const uint64_t total = totals[i];
		const uint64_t kept = total < VIOLATIONS_MAX ? total : VIOLATIONS_MAX;
		struct seen s = after(total);

		CU_ASSERT_EQUAL(s.count, kept);
		CU_ASSERT_EQUAL(s.disorder, 0);
		CU_ASSERT_EQUAL(s.first, total - kept);
		CU_ASSERT_TRUE(total == 0 || s.last == total - 1);
	}
}

void suite_violations(void)
{
	CU_pSuite s = CU_add_suite("violations", NULL, NULL);

	CU_add_test(s, "keeps the last in order", keeps_the_last_in_order);
}
