/* SPDX-License-Identifier: ISC */
/*
 * The forwarding table when memory runs out: whichever allocation fails, the edit
 * says so, the table is as before, and the same edit works afterwards.
 */
#include "common/tunnel/fwd.h"

#include "common/tunnel/fwd_judge.h"
#include "common/tunnel/pipeline.h"

#include "tests/unit/alloc_count.h"
#include "tests/unit/packets.h"
#include "tests/unit/suites.h"

#include <CUnit/CUnit.h>

#include <errno.h>

enum { EDITS = 200 };

static struct in_addr numbered(uint32_t n)
{
	return (struct in_addr){ htonl(0x0a000000 + n) };
}

/* Enough of each that pools and hash tables grow more than once. */
static struct fwd_edit edit_number(unsigned n)
{
	static const enum fwd_edit_kind kinds[] = { FWD_BINDING_SET, FWD_VISITOR_SET,
						    FWD_SITE_SET, FWD_OWN_SET };
	struct fwd_edit e = { .kind = kinds[n % 4],
			      .home = numbered(n),
			      .local_count = 1,
			      .remote_count = 3 };

	e.tunnel = (struct tunnel_spec){ .local = numbered(0x10000),
					 .remote = numbered(0x20000 + n) };
	e.local_nets[0] = prefix_of("10.8.0.0", 16);
	for (unsigned i = 0; i < 3; i++)
		e.remote_nets[i] =
			(struct ipv4_prefix){ numbered(0x30000 + 4 * n + i), 32 };
	return e;
}

static void count_one(void *arg, const struct tunnel *t)
{
	(void)t;
	++*(unsigned *)arg;
}

static unsigned tunnels_in(const struct fwd *f)
{
	unsigned n = 0;

	fwd_each_tunnel(f, count_one, &n);
	return n;
}

static bool leads_somewhere(const struct fwd *f, const struct fwd_edit *e)
{
	return fwd_by_home(f, e->home) || fwd_by_visitor(f, e->home) ||
	       fwd_by_own(f, e->home) || fwd_by_site(f, e->remote_nets[0].addr) ||
	       fwd_by_site(f, e->remote_nets[2].addr);
}

/* Let each allocation of this edit fail in turn until it needs no more. */
static unsigned apply_with_failures(struct fwd *f, const struct fwd_edit *e,
				    unsigned done)
{
	unsigned failures = 0;

	for (unsigned long nth = 1;; nth++) {
		int err;

		alloc_fail_nth(nth);
		err = fwd_apply(f, e);
		alloc_fail_nth(0);
		if (err == 0)
			return failures;
		failures++;
		CU_ASSERT_EQUAL(err, -ENOMEM);
		CU_ASSERT_EQUAL(tunnels_in(f), done);
		CU_ASSERT_FALSE(leads_somewhere(f, e));
		if (nth > 50) {
			CU_FAIL("fails with memory enough");
			return failures;
		}
	}
}

static void every_allocation_may_fail(void)
{
	struct fwd *f = fwd_new(EDITS, EDITS);
	unsigned failures = 0;

	for (unsigned n = 0; n < EDITS; n++) {
		struct fwd_edit e = edit_number(n);

		failures += apply_with_failures(f, &e, n);
		CU_ASSERT_TRUE(leads_somewhere(f, &e));
		CU_ASSERT_EQUAL(tunnels_in(f), n + 1);
	}
	CU_ASSERT_TRUE(failures > 20 || !alloc_counted());
	for (unsigned n = 0; n < EDITS; n++)
		CU_ASSERT_TRUE(leads_somewhere(
			f, &(struct fwd_edit){ .home = edit_number(n).home,
					       .remote_nets = {
						       edit_number(n).remote_nets[0],
					       } }));
	fwd_free(f);
}

static void what_cannot_be_made_is_null(void)
{
	struct pipeline_config config = { .pool = NULL };

	if (!alloc_counted())
		return;
	alloc_fail_nth(1);
	CU_ASSERT_PTR_NULL(fwd_new(1, 1));
	alloc_fail_nth(1);
	CU_ASSERT_PTR_NULL(pipeline_new(NULL, &config));
	alloc_fail_nth(0);
}

void suite_fwd_memory(void)
{
	CU_pSuite s = CU_add_suite("fwd_memory", NULL, NULL);

	CU_ADD_TEST(s, every_allocation_may_fail);
	CU_ADD_TEST(s, what_cannot_be_made_is_null);
}
