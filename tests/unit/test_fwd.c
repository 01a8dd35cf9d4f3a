/* SPDX-License-Identifier: ISC */
/*
 * The forwarding table: single edits, full tables, and thousands of random edits
 * against a twin that is a list and looks at everything.
 */
#include "common/tunnel/fwd.h"

#include "common/base/rng.h"
#include "common/tunnel/fwd_judge.h"

#include "tests/unit/packets.h"
#include "tests/unit/suites.h"

#include <CUnit/CUnit.h>

#include <errno.h>
#include <string.h>

static struct in_addr numbered(uint32_t n)
{
	return (struct in_addr){ htonl(0x0a000000 + n) };
}

/* One of few tunnels, so that entries share them. */
static struct tunnel_spec tunnel_number(unsigned n)
{
	const enum encap_kind kinds[] = { ENCAP_IPIP, ENCAP_GRE, ENCAP_MINIMAL,
					  ENCAP_GRE };

	return (struct tunnel_spec){ .local = addr_of("198.51.100.1"),
				     .remote = numbered(0x10000 + n / 4),
				     .encap = { .kind = kinds[n % 4],
						.gre_key = n % 4 == 3,
						.gre_key_in = n,
						.gre_key_out = n } };
}

static struct fwd_edit edit_of(enum fwd_edit_kind kind, uint32_t home, unsigned tunnel)
{
	return (struct fwd_edit){ .kind = kind,
				  .home = numbered(home),
				  .tunnel = tunnel_number(tunnel) };
}

static void count_one(void *arg, const struct tunnel *t)
{
	CU_ASSERT_PTR_NOT_NULL(t->path);
	++*(unsigned *)arg;
}

static unsigned tunnels_in(const struct fwd *f)
{
	unsigned n = 0;

	fwd_each_tunnel(f, count_one, &n);
	return n;
}

static struct tunnel *tunnel_of(const struct fwd *f, unsigned n)
{
	struct tunnel_spec spec = tunnel_number(n);
	struct outer_key key = tunnel_key(&spec);

	return fwd_by_outer(f, &key);
}

static void apply(struct fwd *f, const struct fwd_edit *e, int want)
{
	CU_ASSERT_EQUAL(fwd_apply(f, e), want);
}

static void set(struct fwd *f, enum fwd_edit_kind kind, uint32_t home, unsigned tunnel)
{
	struct fwd_edit e = edit_of(kind, home, tunnel);

	apply(f, &e, 0);
}

/* ---- single edits ---- */

static void a_tunnel_lives_as_long_as_an_entry_uses_it(void)
{
	struct fwd *f = fwd_new(10, 10);

	set(f, FWD_BINDING_SET, 1, 0);
	set(f, FWD_BINDING_SET, 2, 0);
	set(f, FWD_VISITOR_SET, 3, 0);
	CU_ASSERT_EQUAL(tunnels_in(f), 1);
	CU_ASSERT_EQUAL(tunnel_of(f, 0)->uses[TUNNEL_BINDING], 2);
	CU_ASSERT_EQUAL(tunnel_of(f, 0)->uses[TUNNEL_VISITOR], 1);
	set(f, FWD_BINDING_CLEAR, 1, 0);
	set(f, FWD_VISITOR_CLEAR, 3, 9);
	CU_ASSERT_EQUAL(tunnels_in(f), 1);
	set(f, FWD_BINDING_CLEAR, 2, 0);
	CU_ASSERT_EQUAL(tunnels_in(f), 0);
	CU_ASSERT_PTR_NULL(tunnel_of(f, 0));
	fwd_free(f);
}

static void setting_again_changes_in_place(void)
{
	struct fwd *f = fwd_new(10, 10);
	struct fwd_edit e = edit_of(FWD_BINDING_SET, 1, 1);
	const struct fwd_home *h;

	apply(f, &e, 0);
	e.reverse = true;
	e.tunnel.encap.ttl = 99;
	apply(f, &e, 0);
	h = fwd_by_home(f, numbered(1));
	CU_ASSERT_EQUAL(h->count, 1);
	CU_ASSERT_TRUE(h->use[0].reverse);
	CU_ASSERT_EQUAL(h->use[0].tunnel->spec.encap.ttl, 99);
	CU_ASSERT_EQUAL(h->use[0].tunnel->uses[TUNNEL_BINDING], 1);
	fwd_free(f);
}

static void a_visitor_that_changes_tunnels_leaves_the_old_one(void)
{
	struct fwd *f = fwd_new(10, 10);

	set(f, FWD_VISITOR_SET, 1, 0);
	set(f, FWD_VISITOR_SET, 1, 1);
	CU_ASSERT_EQUAL(tunnels_in(f), 1);
	CU_ASSERT_PTR_NOT_NULL(tunnel_of(f, 1));
	fwd_free(f);
}

static void clearing_what_is_not_there_says_so(void)
{
	struct fwd *f = fwd_new(10, 10);
	struct fwd_edit e = edit_of(FWD_BINDING_CLEAR, 1, 0);

	apply(f, &e, -ENOENT);
	e.kind = FWD_VISITOR_CLEAR;
	apply(f, &e, -ENOENT);
	e.kind = FWD_OWN_CLEAR;
	apply(f, &e, -ENOENT);
	e.kind = FWD_SITE_CLEAR;
	apply(f, &e, -ENOENT);
	set(f, FWD_BINDING_SET, 1, 0);
	e = edit_of(FWD_BINDING_CLEAR, 1, 1);
	apply(f, &e, -ENOENT);
	fwd_free(f);
}

static void no_tunnel_named_clears_them_all(void)
{
	struct fwd *f = fwd_new(10, 10);
	struct fwd_edit e = { .kind = FWD_BINDING_CLEAR, .home = numbered(1) };

	for (unsigned n = 0; n < 5; n++)
		set(f, FWD_BINDING_SET, 1, n);
	apply(f, &e, 0);
	CU_ASSERT_EQUAL(tunnels_in(f), 0);
	CU_ASSERT_PTR_NULL(fwd_by_home(f, numbered(1)));
	fwd_free(f);
}

static void full_tables_refuse_and_stay_as_they_were(void)
{
	struct fwd *f = fwd_new(2, 9);
	struct fwd_edit e = edit_of(FWD_BINDING_SET, 1, 0);

	for (unsigned n = 0; n < FWD_TUNNELS_PER_HOME; n++)
		set(f, FWD_BINDING_SET, 1, n);
	e.tunnel = tunnel_number(8);
	apply(f, &e, -ENOSPC);
	CU_ASSERT_EQUAL(tunnels_in(f), 8);
	set(f, FWD_BINDING_SET, 2, 8);
	e = edit_of(FWD_BINDING_SET, 3, 8);
	apply(f, &e, -ENOSPC);
	CU_ASSERT_EQUAL(tunnel_of(f, 8)->uses[TUNNEL_BINDING], 1);
	e = edit_of(FWD_VISITOR_SET, 3, 9);
	apply(f, &e, -ENOSPC);
	CU_ASSERT_PTR_NULL(fwd_by_visitor(f, numbered(3)));
	set(f, FWD_VISITOR_SET, 3, 8);
	set(f, FWD_VISITOR_SET, 4, 8);
	e = edit_of(FWD_VISITOR_SET, 5, 8);
	apply(f, &e, -ENOSPC);
	CU_ASSERT_EQUAL(tunnel_of(f, 8)->uses[TUNNEL_VISITOR], 2);
	fwd_free(f);
}

static void full_tables_grow(void)
{
	struct fwd *f = fwd_new(1, 1);
	struct fwd_edit e = edit_of(FWD_BINDING_SET, 2, 1);

	set(f, FWD_BINDING_SET, 1, 0);
	set(f, FWD_VISITOR_SET, 1, 0);
	apply(f, &e, -ENOSPC);
	fwd_reserve(f, 40, 30);
	for (unsigned n = 0; n < 40; n++) {
		set(f, FWD_BINDING_SET, n, n % 30);
		set(f, FWD_VISITOR_SET, n, n % 30);
	}
	CU_ASSERT_EQUAL(tunnels_in(f), 30);
	e.home = numbered(40);
	apply(f, &e, -ENOSPC);
	fwd_reserve(f, 1, 1); /* never smaller */
	CU_ASSERT_PTR_NOT_NULL(fwd_by_home(f, numbered(39)));
	fwd_free(f);
}

struct heard {
	unsigned up, down;
	struct in_addr last; /* remote end */
};

static void hear(void *arg, const struct tunnel *t, bool in_use)
{
	struct heard *h = arg;

	h->up += in_use;
	h->down += !in_use;
	h->last = t->spec.remote;
}

static void expect_heard(const struct heard *h, unsigned up, unsigned down)
{
	CU_ASSERT_EQUAL(h->up, up);
	CU_ASSERT_EQUAL(h->down, down);
}

static void first_and_last_use_of_a_tunnel_are_told(void)
{
	struct fwd *f = fwd_new(4, 9);
	struct heard h = { 0 };

	fwd_watch(f, hear, &h);
	set(f, FWD_BINDING_SET, 1, 0);
	expect_heard(&h, 1, 0);
	CU_ASSERT_EQUAL(h.last.s_addr, tunnel_number(0).remote.s_addr);
	set(f, FWD_BINDING_SET, 1, 0);
	set(f, FWD_BINDING_SET, 2, 0);
	set(f, FWD_BINDING_CLEAR, 1, 0);
	expect_heard(&h, 1, 0);
	set(f, FWD_BINDING_CLEAR, 2, 0);
	expect_heard(&h, 1, 1);
	set(f, FWD_VISITOR_SET, 3, 1);
	set(f, FWD_VISITOR_SET, 3, 2);
	expect_heard(&h, 3, 2);
	CU_ASSERT_EQUAL(h.last.s_addr, tunnel_number(2).remote.s_addr);
	fwd_watch(f, NULL, NULL);
	set(f, FWD_VISITOR_CLEAR, 3, 2);
	expect_heard(&h, 3, 2);
	fwd_free(f);
}

/* An edit that fails makes a tunnel and takes it back: nobody needs to know. */
static void a_refused_edit_tells_of_no_tunnel(void)
{
	struct fwd *f = fwd_new(1, 9);
	struct fwd_edit e = edit_of(FWD_BINDING_SET, 2, 4);
	struct heard h = { 0 };

	set(f, FWD_BINDING_SET, 1, 0);
	fwd_watch(f, hear, &h);
	apply(f, &e, -ENOSPC);
	expect_heard(&h, 0, 0);
	set(f, FWD_BINDING_CLEAR, 1, 0);
	expect_heard(&h, 0, 1);
	fwd_free(f);
}

static void only_those_who_ask_are_among_the_broadcasts(void)
{
	struct fwd *f = fwd_new(10, 10);
	struct fwd_edit e = edit_of(FWD_BINDING_SET, 1, 0);

	apply(f, &e, 0);
	CU_ASSERT_TRUE(list_empty(&f->broadcasts));
	e.broadcasts = true;
	apply(f, &e, 0);
	apply(f, &e, 0);
	CU_ASSERT_FALSE(list_empty(&f->broadcasts));
	CU_ASSERT_PTR_EQUAL(f->broadcasts.next, f->broadcasts.prev);
	e.broadcasts = false;
	apply(f, &e, 0);
	CU_ASSERT_TRUE(list_empty(&f->broadcasts));
	e.broadcasts = true;
	apply(f, &e, 0);
	e.kind = FWD_BINDING_CLEAR;
	apply(f, &e, 0);
	CU_ASSERT_TRUE(list_empty(&f->broadcasts));
	fwd_free(f);
}

static void tunnels_of_one_path_share_what_is_known_of_it(void)
{
	struct fwd *f = fwd_new(10, 10);
	struct fwd_edit e = edit_of(FWD_BINDING_SET, 1, 3);

	apply(f, &e, 0);
	e.home = numbered(2);
	e.tunnel.encap.gre_key_in = 77;
	apply(f, &e, 0);
	CU_ASSERT_EQUAL(tunnels_in(f), 2);
	CU_ASSERT_PTR_NOT_EQUAL(tunnel_of(f, 3)->path->tunnels.next,
				tunnel_of(f, 3)->path->tunnels.prev);
	CU_ASSERT_PTR_EQUAL(fwd_by_path(f, e.tunnel.local, e.tunnel.remote, PROTO_GRE),
			    tunnel_of(f, 3)->path);
	e.kind = FWD_BINDING_CLEAR;
	apply(f, &e, 0);
	set(f, FWD_BINDING_CLEAR, 1, 3);
	CU_ASSERT_PTR_NULL(fwd_by_path(f, e.tunnel.local, e.tunnel.remote, PROTO_GRE));
	fwd_free(f);
}

static void an_unknown_edit_is_refused(void)
{
	struct fwd *f = fwd_new(10, 10);
	struct fwd_edit e = edit_of((enum fwd_edit_kind)99, 1, 0);

	apply(f, &e, -EINVAL);
	fwd_free(f);
	fwd_free(NULL);
}

/* ---- against a naive twin ---- */

enum { HOMES = 24, TUNNELS = 24, STEPS = 30000 };

struct twin_entry {
	bool there;
	bool reverse;
	unsigned tunnel;
};

/* bindings[h] are in the order in which they were made. */
struct twin {
	unsigned bound[HOMES];
	struct twin_entry bindings[HOMES][FWD_TUNNELS_PER_HOME];
	struct twin_entry visitors[HOMES];
};

static int twin_find(const struct twin *t, unsigned home, unsigned tunnel)
{
	for (unsigned i = 0; i < t->bound[home]; i++)
		if (t->bindings[home][i].tunnel == tunnel)
			return (int)i;
	return -1;
}

static int twin_bind(struct twin *t, unsigned home, unsigned tunnel, bool reverse)
{
	int at = twin_find(t, home, tunnel);

	if (at < 0 && t->bound[home] == FWD_TUNNELS_PER_HOME)
		return -ENOSPC;
	if (at < 0)
		at = (int)t->bound[home]++;
	t->bindings[home][at] = (struct twin_entry){ true, reverse, tunnel };
	return 0;
}

static int twin_unbind(struct twin *t, unsigned home, unsigned tunnel)
{
	int at = twin_find(t, home, tunnel);

	if (at < 0)
		return -ENOENT;
	t->bound[home]--;
	for (unsigned i = (unsigned)at; i < t->bound[home]; i++)
		t->bindings[home][i] = t->bindings[home][i + 1];
	return 0;
}

static int twin_visit(struct twin *t, unsigned home, unsigned tunnel, bool reverse)
{
	t->visitors[home] = (struct twin_entry){ true, reverse, tunnel };
	return 0;
}

static int twin_leave(struct twin *t, unsigned home)
{
	bool was = t->visitors[home].there;

	t->visitors[home].there = false;
	return was ? 0 : -ENOENT;
}

static void random_edit(struct fwd *f, struct twin *t, const struct rng *rng)
{
	static const enum fwd_edit_kind kinds[] = { FWD_BINDING_SET, FWD_BINDING_CLEAR,
						    FWD_VISITOR_SET,
						    FWD_VISITOR_CLEAR };
	unsigned home = rng_below(rng, HOMES), tunnel = rng_below(rng, TUNNELS);
	struct fwd_edit e = edit_of(kinds[rng_below(rng, 4)], home, tunnel);
	int want = 0;

	e.reverse = rng_below(rng, 2);
	e.broadcasts = rng_below(rng, 2);
	if (e.kind == FWD_BINDING_SET)
		want = twin_bind(t, home, tunnel, e.reverse);
	else if (e.kind == FWD_BINDING_CLEAR)
		want = twin_unbind(t, home, tunnel);
	else if (e.kind == FWD_VISITOR_SET)
		want = twin_visit(t, home, tunnel, e.reverse);
	else
		want = twin_leave(t, home);
	apply(f, &e, want);
}

static bool twin_uses(const struct twin *t, unsigned tunnel)
{
	for (unsigned h = 0; h < HOMES; h++) {
		if (t->visitors[h].there && t->visitors[h].tunnel == tunnel)
			return true;
		if (twin_find(t, h, tunnel) >= 0)
			return true;
	}
	return false;
}

static bool same_way_home(const struct fwd *f, const struct twin *t, unsigned home)
{
	struct fwd_way way = fwd_way_in(f, numbered(9999), numbered(home));

	if (way.count != t->bound[home])
		return false;
	for (unsigned i = 0; i < way.count; i++)
		if (way.tunnel[i] != tunnel_of(f, t->bindings[home][i].tunnel))
			return false;
	return way.why == (way.count ? DROP_NONE : DROP_NO_ROUTE);
}

static bool same_way_from_visitor(const struct fwd *f, const struct twin *t,
				  unsigned home)
{
	struct fwd_way way = fwd_way_in(f, numbered(home), numbered(9999));
	const struct twin_entry *v = &t->visitors[home];

	if (!v->there)
		return way.why == DROP_NO_ROUTE;
	if (!v->reverse)
		return way.why == DROP_NOT_REVERSE;
	return way.count == 1 && way.tunnel[0] == tunnel_of(f, v->tunnel);
}

/* An inner packet from home a to home b out of a tunnel. */
static bool same_way_out(const struct fwd *f, const struct twin *t, unsigned tunnel,
			 unsigned a, unsigned b)
{
	struct ipv4 inner = { .src = numbered(a), .dst = numbered(b) };
	const struct tunnel *through = tunnel_of(f, tunnel);
	const struct twin_entry *v = &t->visitors[b];
	int at = twin_find(t, a, tunnel);
	struct fwd_exit way;

	if (!through)
		return true;
	way = fwd_way_out(f, through, &inner);
	if (v->there && v->tunnel == tunnel)
		return way.visitor == fwd_by_visitor(f, inner.dst) && way.visitor;
	if (at >= 0 && t->bindings[a][at].reverse)
		return way.why == DROP_NONE && !way.visitor;
	return way.why == DROP_SPOOFED || way.why == DROP_NOT_VISITOR;
}

static void check_twin(const struct fwd *f, const struct twin *t)
{
	unsigned bad = 0;

	for (unsigned n = 0; n < TUNNELS; n++)
		bad += (tunnel_of(f, n) != NULL) != twin_uses(t, n);
	for (unsigned h = 0; h < HOMES; h++) {
		bad += !same_way_home(f, t, h);
		bad += !same_way_from_visitor(f, t, h);
		for (unsigned n = 0; n < TUNNELS; n++)
			bad += !same_way_out(f, t, n, h, (h + n) % HOMES);
	}
	CU_ASSERT_EQUAL(bad, 0);
}

static void random_edits_agree_with_a_naive_twin(void)
{
	struct rng_seeded seeded;
	struct rng rng = rng_seeded_init(&seeded, 20240611);
	struct fwd *f = fwd_new(HOMES, TUNNELS);
	struct twin t = { 0 };

	for (unsigned i = 0; i < STEPS; i++) {
		random_edit(f, &t, &rng);
		if (i % 50 == 0)
			check_twin(f, &t);
	}
	check_twin(f, &t);
	fwd_free(f);
}

void suite_fwd(void)
{
	CU_pSuite s = CU_add_suite("fwd", NULL, NULL);

	CU_ADD_TEST(s, a_tunnel_lives_as_long_as_an_entry_uses_it);
	CU_ADD_TEST(s, setting_again_changes_in_place);
	CU_ADD_TEST(s, a_visitor_that_changes_tunnels_leaves_the_old_one);
	CU_ADD_TEST(s, clearing_what_is_not_there_says_so);
	CU_ADD_TEST(s, no_tunnel_named_clears_them_all);
	CU_ADD_TEST(s, full_tables_refuse_and_stay_as_they_were);
	CU_ADD_TEST(s, full_tables_grow);
	CU_ADD_TEST(s, first_and_last_use_of_a_tunnel_are_told);
	CU_ADD_TEST(s, a_refused_edit_tells_of_no_tunnel);
	CU_ADD_TEST(s, only_those_who_ask_are_among_the_broadcasts);
	CU_ADD_TEST(s, tunnels_of_one_path_share_what_is_known_of_it);
	CU_ADD_TEST(s, an_unknown_edit_is_refused);
	CU_ADD_TEST(s, random_edits_agree_with_a_naive_twin);
}
