/* SPDX-License-Identifier: ISC */
/*
 * What a mirror of the forwarding table is told, and what of it is called simple: every
 * option, use and event that a tunnel has to leave it for, and come back from.
 */
#include "common/tunnel/fwd_simple.h"

#include "common/tunnel/fwd_private.h"
#include "common/tunnel/protect.h"

#include "tests/unit/packets.h"
#include "tests/unit/suites.h"

#include <CUnit/CUnit.h>

enum { ROOM = 8 };

/* A mirror that keeps nothing but the last word. */
struct heard {
	struct fwd *fwd;
	unsigned told;
	bool tunnel;  /* there is one that is simple */
	bool binding; /* of `home` */
	bool visitor;
};

static const char *const home = "10.1.0.10";
static struct heard mirror;

static void on_binding(void *arg, struct in_addr which)
{
	struct simple_binding b;

	(void)arg;
	CU_ASSERT_EQUAL(which.s_addr, addr_of(home).s_addr);
	mirror.binding = fwd_simple_binding(mirror.fwd, which, &b);
	mirror.told++;
}

static void on_visitor(void *arg, struct in_addr which)
{
	struct simple_visitor v;

	(void)arg;
	mirror.visitor = fwd_simple_visitor(mirror.fwd, which, &v);
	mirror.told++;
}

static void on_tunnel(void *arg, const struct tunnel *t, bool gone)
{
	(void)arg;
	mirror.tunnel = !gone && fwd_simple_tunnel(t);
	mirror.told++;
}

static const struct fwd_mirror told = { .binding = on_binding,
					.visitor = on_visitor,
					.tunnel = on_tunnel };

static int open_table(void)
{
	mirror = (struct heard){ .fwd = fwd_new(ROOM, ROOM) };
	if (mirror.fwd)
		fwd_mirror(mirror.fwd, &told);
	return mirror.fwd == NULL;
}

static int close_table(void)
{
	fwd_free(mirror.fwd);
	return 0;
}

static struct fwd_edit edit_to(enum fwd_edit_kind kind, const char *remote)
{
	return (struct fwd_edit){ .kind = kind,
				  .home = addr_of(home),
				  .tunnel = {
					  .local = addr_of("192.0.2.1"),
					  .remote = addr_of(remote),
					  .encap = { .kind = ENCAP_GRE,
						     .fast_path = FAST_PATH_AUTO } } };
}

static void apply(const struct fwd_edit *edit)
{
	CU_ASSERT_EQUAL(fwd_apply(mirror.fwd, edit), 0);
}

static void set(enum fwd_edit_kind kind, const char *remote)
{
	const struct fwd_edit edit = edit_to(kind, remote);

	apply(&edit);
}

static void options_decide(void)
{
	const struct fwd_edit plain = edit_to(FWD_BINDING_SET, "203.0.113.1");
	const struct fwd_edit clear = edit_to(FWD_BINDING_CLEAR, "203.0.113.1");
	struct fwd_edit odd[7];

	for (unsigned i = 0; i < 7; i++)
		odd[i] = plain;
	odd[0].tunnel.encap.gre_sequence = true;
	odd[1].tunnel.encap.gre_checksum = true;
	odd[2].tunnel.encap.no_outer_df = true;
	odd[3].tunnel.encap.mss_clamp = 1;
	odd[4].tunnel.encap.fast_path = FAST_PATH_OFF;
	odd[5].tunnel.carrier.kind = CARRIER_UDP;
	odd[6].tunnel.encap.kind = ENCAP_MINIMAL;
	apply(&plain);
	CU_ASSERT_TRUE(mirror.tunnel && mirror.binding);
	/* The first five are the same tunnel, told otherwise. */
	for (unsigned i = 0; i < 5; i++) {
		apply(&odd[i]);
		CU_ASSERT_FALSE(mirror.tunnel);
		apply(&plain);
		CU_ASSERT_TRUE(mirror.tunnel);
	}
	apply(&clear);
	CU_ASSERT_FALSE(mirror.tunnel || mirror.binding);
	for (unsigned i = 5; i < 7; i++) {
		apply(&odd[i]);
		CU_ASSERT_FALSE(mirror.tunnel);
		odd[i].kind = FWD_BINDING_CLEAR;
		apply(&odd[i]);
	}
}

static void the_same_again_is_not_told(void)
{
	unsigned before;

	set(FWD_BINDING_SET, "203.0.113.1");
	before = mirror.told;
	set(FWD_BINDING_SET, "203.0.113.1");
	CU_ASSERT_EQUAL(mirror.told, before + 1); /* the binding, not the tunnel */
	set(FWD_BINDING_CLEAR, "203.0.113.1");
}

static void a_second_binding_ends_it(void)
{
	set(FWD_BINDING_SET, "203.0.113.1");
	set(FWD_BINDING_SET, "203.0.113.2");
	CU_ASSERT_FALSE(mirror.binding);
	set(FWD_BINDING_CLEAR, "203.0.113.1");
	CU_ASSERT_TRUE(mirror.binding);
	set(FWD_BINDING_CLEAR, "203.0.113.2");
	CU_ASSERT_FALSE(mirror.binding);
}

static void visitors_come_and_go(void)
{
	set(FWD_VISITOR_SET, "203.0.113.1");
	CU_ASSERT_TRUE(mirror.visitor && mirror.tunnel);
	set(FWD_VISITOR_SET, "203.0.113.2");
	CU_ASSERT_TRUE(mirror.visitor && mirror.tunnel);
	set(FWD_VISITOR_CLEAR, "203.0.113.2");
	CU_ASSERT_FALSE(mirror.visitor || mirror.tunnel);
}

static void other_users_end_it(void)
{
	set(FWD_BINDING_SET, "203.0.113.1");
	set(FWD_OWN_SET, "203.0.113.1");
	CU_ASSERT_FALSE(mirror.tunnel);
	set(FWD_OWN_CLEAR, "203.0.113.1");
	CU_ASSERT_TRUE(mirror.tunnel);
	set(FWD_BINDING_CLEAR, "203.0.113.1");
}

static void protection_ends_it(void)
{
	struct protect_spec esp = { .local = addr_of("192.0.2.1"),
				    .remote = addr_of("203.0.113.1"),
				    .policy = PROTECT_PREFERRED };

	set(FWD_BINDING_SET, "203.0.113.1");
	CU_ASSERT_EQUAL(fwd_protect_set(mirror.fwd, &esp), 0);
	CU_ASSERT_FALSE(mirror.tunnel);
	esp.policy = PROTECT_OFF;
	CU_ASSERT_EQUAL(fwd_protect_set(mirror.fwd, &esp), 0);
	CU_ASSERT_TRUE(mirror.tunnel);
	esp.policy = PROTECT_REQUIRED;
	CU_ASSERT_EQUAL(fwd_protect_set(mirror.fwd, &esp), 0);
	CU_ASSERT_FALSE(mirror.tunnel);
	/* One that is made under a policy never was. */
	set(FWD_BINDING_CLEAR, "203.0.113.1");
	set(FWD_BINDING_SET, "203.0.113.1");
	CU_ASSERT_FALSE(mirror.tunnel);
	CU_ASSERT_EQUAL(fwd_protect_clear(mirror.fwd, esp.local, esp.remote), 0);
	CU_ASSERT_TRUE(mirror.tunnel);
	set(FWD_BINDING_CLEAR, "203.0.113.1");
}

static void a_new_mirror_hears_all_of_it(void)
{
	fwd_mirror(mirror.fwd, NULL);
	set(FWD_BINDING_SET, "203.0.113.1");
	set(FWD_VISITOR_SET, "203.0.113.2");
	mirror.told = 0;
	CU_ASSERT_FALSE(mirror.binding || mirror.visitor);
	fwd_mirror(mirror.fwd, &told);
	CU_ASSERT_EQUAL(mirror.told, 4);
	CU_ASSERT_TRUE(mirror.binding && mirror.visitor && mirror.tunnel);
	set(FWD_BINDING_CLEAR, "203.0.113.1");
	set(FWD_VISITOR_CLEAR, "203.0.113.2");
}

void suite_fwd_simple(void)
{
	CU_pSuite s = CU_add_suite("fwd_simple", open_table, close_table);

	CU_ADD_TEST(s, options_decide);
	CU_ADD_TEST(s, the_same_again_is_not_told);
	CU_ADD_TEST(s, a_second_binding_ends_it);
	CU_ADD_TEST(s, visitors_come_and_go);
	CU_ADD_TEST(s, other_users_end_it);
	CU_ADD_TEST(s, protection_ends_it);
	CU_ADD_TEST(s, a_new_mirror_hears_all_of_it);
}
