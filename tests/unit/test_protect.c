/* SPDX-License-Identifier: ISC */
/*
 * The table of pairs of ends: setting and clearing, associations by SPI, what is
 * refused, and that a refusal leaves all as it was.
 */
#include "common/tunnel/protect.h"

#include "common/tunnel/fwd_private.h"
#include "common/tunnel/protect_private.h"

#include "tests/unit/alloc_count.h"
#include "tests/unit/esp_world.h"
#include "tests/unit/suites.h"

#include <CUnit/CUnit.h>

#include <errno.h>
#include <stdio.h>

enum { TUNNELS = 4 };

static struct esp_side us;

static int open_table(void)
{
	us = (struct esp_side){ .addr = { htonl(0xc6336401) },
				.peer = { htonl(0xcb007101) },
				.fwd = fwd_new(TUNNELS, TUNNELS) };
	return us.fwd == NULL;
}

static int close_table(void)
{
	fwd_free(us.fwd);
	return 0;
}

static struct protect_spec spec_to(const char *remote, enum protect_policy policy)
{
	return (struct protect_spec){ .local = us.addr,
				      .remote = addr_of(remote),
				      .policy = policy };
}

static int set(const char *remote, enum protect_policy policy)
{
	const struct protect_spec spec = spec_to(remote, policy);

	return fwd_protect_set(us.fwd, &spec);
}

static int clear(const char *remote)
{
	return fwd_protect_clear(us.fwd, us.addr, addr_of(remote));
}

static int add_in(const char *remote, uint32_t spi)
{
	struct world_sa sa;

	world_sa(&sa, &us, spi, ESP_AES_128_GCM);
	sa.spec.remote = addr_of(remote);
	return fwd_sa_in_add(us.fwd, &sa.spec);
}

static int set_out(const char *remote, uint32_t spi)
{
	struct rng_seeded state;
	struct rng rng = rng_seeded_init(&state, spi);
	struct world_sa sa;

	world_sa(&sa, &us, spi, ESP_AES_128_GCM);
	sa.spec.remote = addr_of(remote);
	sa.spec.window = 0;
	return fwd_sa_out_set(us.fwd, &sa.spec, &rng);
}

static bool view(const char *remote, struct protect_view *v)
{
	return fwd_protect_view(us.fwd, us.addr, addr_of(remote), v);
}

#define PEER  "203.0.113.1"
#define OTHER "203.0.113.2"

/* ---- pairs ---- */

static void a_pair_is_set_seen_and_cleared(void)
{
	struct protect_view v;

	CU_ASSERT_FALSE(view(PEER, &v));
	CU_ASSERT_EQUAL(clear(PEER), -ENOENT);
	CU_ASSERT_EQUAL(set(PEER, PROTECT_REQUIRED), 0);
	CU_ASSERT_TRUE_FATAL(view(PEER, &v));
	CU_ASSERT_EQUAL(v.spec->policy, PROTECT_REQUIRED);
	CU_ASSERT_TRUE(!v.out && v.in_count == 0);
	CU_ASSERT_FALSE(view(OTHER, &v));
	CU_ASSERT_EQUAL(clear(PEER), 0);
	CU_ASSERT_FALSE(view(PEER, &v));
}

static void setting_again_keeps_associations(void)
{
	struct protect_view v;

	CU_ASSERT_EQUAL(set(PEER, PROTECT_REQUIRED), 0);
	CU_ASSERT_EQUAL(add_in(PEER, 0x1000), 0);
	CU_ASSERT_EQUAL(set_out(PEER, 0x2000), 0);
	CU_ASSERT_EQUAL(set(PEER, PROTECT_PREFERRED), 0);
	CU_ASSERT_TRUE_FATAL(view(PEER, &v));
	CU_ASSERT_EQUAL(v.spec->policy, PROTECT_PREFERRED);
	CU_ASSERT_TRUE(v.out && v.in_count == 1);
	CU_ASSERT_EQUAL(clear(PEER), 0);
}

static void a_carrier_that_esp_has_not_is_refused(void)
{
	struct protect_spec spec = spec_to(PEER, PROTECT_REQUIRED);
	struct protect_view v;

	spec.carrier.kind = CARRIER_MIP;
	CU_ASSERT_EQUAL(fwd_protect_set(us.fwd, &spec), -EINVAL);
	CU_ASSERT_FALSE(view(PEER, &v));
	spec.carrier.kind = CARRIER_UDP;
	CU_ASSERT_EQUAL(fwd_protect_set(us.fwd, &spec), 0);
	CU_ASSERT_EQUAL(clear(PEER), 0);
}

static void pairs_are_as_many_as_tunnels(void)
{
	char remote[16];

	for (unsigned i = 0; i <= TUNNELS; i++) {
		snprintf(remote, sizeof(remote), "203.0.113.%u", i + 10);
		CU_ASSERT_EQUAL(set(remote, PROTECT_REQUIRED),
				i < TUNNELS ? 0 : -ENOSPC);
	}
	fwd_reserve(us.fwd, TUNNELS + 1, TUNNELS + 1);
	CU_ASSERT_EQUAL(set(remote, PROTECT_REQUIRED), 0);
	for (unsigned i = 0; i <= TUNNELS; i++) {
		snprintf(remote, sizeof(remote), "203.0.113.%u", i + 10);
		CU_ASSERT_EQUAL(clear(remote), 0);
	}
}

static void names_are_those_of_the_configuration(void)
{
	CU_ASSERT_STRING_EQUAL(protect_policy_name(PROTECT_OFF), "off");
	CU_ASSERT_STRING_EQUAL(protect_policy_name(PROTECT_PREFERRED), "preferred");
	CU_ASSERT_STRING_EQUAL(protect_policy_name(PROTECT_REQUIRED), "required");
	CU_ASSERT_STRING_EQUAL(protect_policy_name(PROTECT_POLICY_COUNT), "unknown");
}

/* ---- associations ---- */

static void associations_need_a_pair(void)
{
	CU_ASSERT_EQUAL(add_in(PEER, 0x1000), -ENOENT);
	CU_ASSERT_EQUAL(set_out(PEER, 0x1000), -ENOENT);
	CU_ASSERT_EQUAL(fwd_sa_in_del(us.fwd, us.addr, 0x1000), -ENOENT);
	CU_ASSERT_EQUAL(fwd_sa_out_clear(us.fwd, us.addr, us.peer), -ENOENT);
	CU_ASSERT_EQUAL(set(PEER, PROTECT_REQUIRED), 0);
	CU_ASSERT_EQUAL(fwd_sa_out_clear(us.fwd, us.addr, us.peer), -ENOENT);
	CU_ASSERT_EQUAL(clear(PEER), 0);
}

static void a_specification_with_a_fault_is_refused(void)
{
	CU_ASSERT_EQUAL(set(PEER, PROTECT_REQUIRED), 0);
	CU_ASSERT_EQUAL(add_in(PEER, ESP_SPI_MIN - 1), -EINVAL);
	CU_ASSERT_EQUAL(set_out(PEER, 0), -EINVAL);
	CU_ASSERT_EQUAL(clear(PEER), 0);
}

/* An SPI is unique where it is received, whoever sends. */
static void an_spi_is_one_peers_only(void)
{
	CU_ASSERT_EQUAL(set(PEER, PROTECT_REQUIRED), 0);
	CU_ASSERT_EQUAL(set(OTHER, PROTECT_REQUIRED), 0);
	CU_ASSERT_EQUAL(add_in(PEER, 0x1000), 0);
	CU_ASSERT_EQUAL(add_in(PEER, 0x1000), -EEXIST);
	CU_ASSERT_EQUAL(add_in(OTHER, 0x1000), -EEXIST);
	CU_ASSERT_EQUAL(set_out(PEER, 0x1000), 0);
	CU_ASSERT_EQUAL(set_out(OTHER, 0x1000), 0);
	CU_ASSERT_EQUAL(clear(PEER), 0);
	CU_ASSERT_EQUAL(add_in(OTHER, 0x1000), 0);
	CU_ASSERT_EQUAL(clear(OTHER), 0);
}

static void several_receive_and_one_sends(void)
{
	struct protect_view v;

	CU_ASSERT_EQUAL(set(PEER, PROTECT_REQUIRED), 0);
	for (uint32_t i = 0; i <= PROTECT_SAS_IN; i++)
		CU_ASSERT_EQUAL(add_in(PEER, 0x1000 + i),
				i < PROTECT_SAS_IN ? 0 : -ENOSPC);
	CU_ASSERT_EQUAL(set_out(PEER, 0x2000), 0);
	CU_ASSERT_EQUAL(set_out(PEER, 0x2001), 0);
	CU_ASSERT_EQUAL(fwd_sa_in_del(us.fwd, us.addr, 0x1003), 0);
	CU_ASSERT_EQUAL(fwd_sa_in_del(us.fwd, us.addr, 0x1003), -ENOENT);
	CU_ASSERT_TRUE_FATAL(view(PEER, &v));
	CU_ASSERT_EQUAL(v.out->spi, 0x2001);
	CU_ASSERT_EQUAL(v.in_count, PROTECT_SAS_IN - 1);
	CU_ASSERT_EQUAL(v.in[0]->spi, 0x1000);
	CU_ASSERT_EQUAL(v.in[3]->spi, 0x1004);
	CU_ASSERT_EQUAL(clear(PEER), 0);
}

static void count_pairs(void *arg, const struct protect_view *v)
{
	unsigned *sum = arg;

	*sum += 1 + v->in_count * 10 + (v->out ? 100 : 0);
}

static void each_pair_is_shown(void)
{
	unsigned sum = 0;

	CU_ASSERT_EQUAL(set(PEER, PROTECT_REQUIRED), 0);
	CU_ASSERT_EQUAL(set(OTHER, PROTECT_PREFERRED), 0);
	CU_ASSERT_EQUAL(add_in(PEER, 0x1000), 0);
	CU_ASSERT_EQUAL(set_out(OTHER, 0x1000), 0);
	fwd_each_protect(us.fwd, count_pairs, &sum);
	CU_ASSERT_EQUAL(sum, 2 + 10 + 100);
	CU_ASSERT_EQUAL(clear(PEER), 0);
	CU_ASSERT_EQUAL(clear(OTHER), 0);
}

/* ---- tunnels ---- */

static struct fwd_edit visitor(enum carrier_kind carrier, uint16_t mtu)
{
	return (struct fwd_edit){ .kind = FWD_VISITOR_SET,
				  .home = { htonl(0x0a000001) },
				  .tunnel = {
					  .local = us.addr,
					  .remote = us.peer,
					  .encap = { .kind = ENCAP_GRE, .mtu = mtu },
					  .carrier = { .kind = carrier } } };
}

static const struct tunnel_path *path_of(const struct fwd_edit *e)
{
	const struct outer_key key = tunnel_key(&e->tunnel);
	const struct tunnel *t = fwd_by_outer(us.fwd, &key);

	CU_ASSERT_PTR_NOT_NULL_FATAL(t);
	return t->path;
}

static void drop_visitor(void)
{
	struct fwd_edit e = { .kind = FWD_VISITOR_CLEAR,
			      .home = { htonl(0x0a000001) } };

	CU_ASSERT_EQUAL(fwd_apply(us.fwd, &e), 0);
}

/* Whichever is first, the tunnel or the pair, they know of each other. */
static void tunnels_find_their_pair(void)
{
	struct protect_view v;

	for (unsigned kind = 0; kind < CARRIER_KIND_COUNT; kind++)
		for (unsigned first = 0; first < 2; first++) {
			struct fwd_edit e = visitor((enum carrier_kind)kind, 1300);

			if (first)
				CU_ASSERT_EQUAL(set(PEER, PROTECT_REQUIRED), 0);
			CU_ASSERT_EQUAL(fwd_apply(us.fwd, &e), 0);
			if (!first)
				CU_ASSERT_EQUAL(set(PEER, PROTECT_REQUIRED), 0);
			CU_ASSERT_EQUAL(protect_way(path_of(&e)), PROTECT_WAY_NONE);
			CU_ASSERT_TRUE(view(PEER, &v) && v.mtu == 1300);
			CU_ASSERT_EQUAL(clear(PEER), 0);
			CU_ASSERT_EQUAL(protect_way(path_of(&e)), PROTECT_WAY_CLEAR);
			drop_visitor();
		}
}

static void a_tunnel_that_goes_leaves_its_pair(void)
{
	struct fwd_edit e = visitor(CARRIER_NONE, 0);

	CU_ASSERT_EQUAL(set(PEER, PROTECT_REQUIRED), 0);
	CU_ASSERT_EQUAL(fwd_apply(us.fwd, &e), 0);
	drop_visitor();
	CU_ASSERT_TRUE(list_empty(&us.fwd->pairs->paths));
	CU_ASSERT_EQUAL(clear(PEER), 0);
}

static void gre_alone_goes_in_udp(void)
{
	struct fwd_edit e = visitor(CARRIER_UDP, 0);

	e.tunnel.encap.kind = ENCAP_IPIP;
	CU_ASSERT_EQUAL(fwd_apply(us.fwd, &e), -EINVAL);
	e.tunnel.encap.kind = ENCAP_MINIMAL;
	CU_ASSERT_EQUAL(fwd_apply(us.fwd, &e), -EINVAL);
	CU_ASSERT_EQUAL(fwd_tunnels(us.fwd), 0);
}

/* Nodes behind one address translator differ by port alone. */
static void tunnel_data_to_other_ports_are_other_tunnels(void)
{
	struct fwd_edit e = visitor(CARRIER_MIP, 0);

	CU_ASSERT_EQUAL(fwd_apply(us.fwd, &e), 0);
	e.tunnel.carrier.remote_port = 40000;
	e.home.s_addr = htonl(0x0a000002);
	CU_ASSERT_EQUAL(fwd_apply(us.fwd, &e), 0);
	CU_ASSERT_EQUAL(fwd_tunnels(us.fwd), 2);
	e.kind = FWD_VISITOR_CLEAR;
	CU_ASSERT_EQUAL(fwd_apply(us.fwd, &e), 0);
	drop_visitor();
}

/* ---- memory ---- */

/* All that must be there when memory runs out at any moment: what was there before. */
static void every_failure_leaves_the_table_whole(void)
{
	struct protect_view v;
	unsigned long n = 1;
	int error = -ENOMEM;

	if (!alloc_counted())
		return;
	CU_ASSERT_EQUAL(set(PEER, PROTECT_REQUIRED), 0);
	CU_ASSERT_EQUAL(set_out(PEER, 0x2000), 0);
	for (; error != 0 && n < 1000; n++) {
		alloc_fail_nth(n);
		error = set_out(PEER, 0x2001);
		alloc_fail_nth(0);
		CU_ASSERT_TRUE(view(PEER, &v) && v.out);
		CU_ASSERT_EQUAL(v.out->spi, error ? 0x2000 : 0x2001);
	}
	for (error = -ENOMEM, n = 1; error != 0 && n < 1000; n++) {
		alloc_fail_nth(n);
		error = add_in(PEER, 0x1000);
		alloc_fail_nth(0);
		CU_ASSERT_TRUE(view(PEER, &v));
		CU_ASSERT_EQUAL(v.in_count, error == 0);
	}
	CU_ASSERT_EQUAL(error, 0);
	CU_ASSERT_EQUAL(clear(PEER), 0);
}

void suite_protect(void)
{
	CU_pSuite s = CU_add_suite("protect", open_table, close_table);

	CU_ADD_TEST(s, a_pair_is_set_seen_and_cleared);
	CU_ADD_TEST(s, setting_again_keeps_associations);
	CU_ADD_TEST(s, a_carrier_that_esp_has_not_is_refused);
	CU_ADD_TEST(s, pairs_are_as_many_as_tunnels);
	CU_ADD_TEST(s, names_are_those_of_the_configuration);
	CU_ADD_TEST(s, associations_need_a_pair);
	CU_ADD_TEST(s, a_specification_with_a_fault_is_refused);
	CU_ADD_TEST(s, an_spi_is_one_peers_only);
	CU_ADD_TEST(s, several_receive_and_one_sends);
	CU_ADD_TEST(s, each_pair_is_shown);
	CU_ADD_TEST(s, tunnels_find_their_pair);
	CU_ADD_TEST(s, a_tunnel_that_goes_leaves_its_pair);
	CU_ADD_TEST(s, gre_alone_goes_in_udp);
	CU_ADD_TEST(s, tunnel_data_to_other_ports_are_other_tunnels);
	CU_ADD_TEST(s, every_failure_leaves_the_table_whole);
}
