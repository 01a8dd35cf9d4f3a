/* SPDX-License-Identifier: ISC */
/*
 * Site tunnels in the forwarding table: prefixes and their sites, also against a
 * list that looks at everything.
 */
#include "common/tunnel/fwd.h"

#include "common/base/rng.h"
#include "common/tunnel/fwd_judge.h"

#include "tests/unit/packets.h"
#include "tests/unit/suites.h"

#include <CUnit/CUnit.h>

#include <errno.h>
#include <string.h>

enum { SITES = 6 };

static struct in_addr numbered(uint32_t n)
{
	return (struct in_addr){ htonl(0x0a000000 + n) };
}

static struct tunnel_spec site_spec(unsigned n)
{
	return (struct tunnel_spec){ .local = addr_of("198.51.100.1"),
				     .remote = numbered(0x10000 + n),
				     .encap = { .kind = ENCAP_GRE } };
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
	struct tunnel_spec spec = site_spec(n);
	struct outer_key key = tunnel_key(&spec);

	return fwd_by_outer(f, &key);
}

static void apply(struct fwd *f, const struct fwd_edit *e, int want)
{
	CU_ASSERT_EQUAL(fwd_apply(f, e), want);
}

static struct fwd_edit site_edit(unsigned tunnel, const char *remote, unsigned len)
{
	struct fwd_edit e = { .kind = FWD_SITE_SET,
			      .tunnel = site_spec(tunnel),
			      .local_count = 1,
			      .remote_count = 1 };

	e.local_nets[0] = prefix_of("10.8.0.0", 16);
	e.remote_nets[0] = prefix_of(remote, len);
	return e;
}

static const struct tunnel *site_way(const struct fwd *f, const char *dst)
{
	struct fwd_way way = fwd_way_in(f, addr_of("10.8.1.1"), addr_of(dst));

	return way.count ? way.tunnel[0] : NULL;
}

static void the_longest_prefix_wins(void)
{
	struct fwd *f = fwd_new(10, 10);
	struct fwd_edit e = site_edit(0, "0.0.0.0", 0);

	apply(f, &e, 0);
	e = site_edit(1, "10.9.0.0", 16);
	apply(f, &e, 0);
	e = site_edit(2, "10.9.9.9", 32);
	apply(f, &e, 0);
	CU_ASSERT_PTR_EQUAL(site_way(f, "8.8.8.8"), tunnel_of(f, 0));
	CU_ASSERT_PTR_EQUAL(site_way(f, "10.9.1.1"), tunnel_of(f, 1));
	CU_ASSERT_PTR_EQUAL(site_way(f, "10.9.9.9"), tunnel_of(f, 2));
	e.kind = FWD_SITE_CLEAR;
	apply(f, &e, 0);
	CU_ASSERT_PTR_EQUAL(site_way(f, "10.9.9.9"), tunnel_of(f, 1));
	fwd_free(f);
}

static void one_subnet_has_one_site(void)
{
	struct fwd *f = fwd_new(10, 10);
	struct fwd_edit a = site_edit(0, "10.9.0.0", 16);
	struct fwd_edit b = site_edit(1, "10.7.0.0", 16);

	apply(f, &a, 0);
	b.remote_count = 2;
	b.remote_nets[1] = prefix_of("10.9.3.4", 16); /* the same once masked */
	apply(f, &b, -EEXIST);
	CU_ASSERT_EQUAL(tunnels_in(f), 1);
	CU_ASSERT_PTR_NULL(site_way(f, "10.7.1.1"));
	b.remote_count = 1;
	apply(f, &b, 0);
	b.remote_count = 2;
	apply(f, &b, -EEXIST);
	CU_ASSERT_PTR_EQUAL(site_way(f, "10.7.1.1"), tunnel_of(f, 1));
	CU_ASSERT_PTR_EQUAL(site_way(f, "10.9.1.1"), tunnel_of(f, 0));
	fwd_free(f);
}

static void setting_a_site_replaces_its_subnets(void)
{
	struct fwd *f = fwd_new(10, 10);
	struct fwd_edit e = site_edit(0, "10.9.0.0", 16);

	e.remote_count = 2;
	e.remote_nets[1] = prefix_of("10.7.0.0", 16);
	apply(f, &e, 0);
	e.remote_nets[0] = prefix_of("10.6.0.0", 24);
	e.local_nets[0] = prefix_of("10.8.1.0", 24);
	apply(f, &e, 0);
	CU_ASSERT_PTR_NULL(site_way(f, "10.9.1.1"));
	CU_ASSERT_PTR_NOT_NULL(site_way(f, "10.7.1.1"));
	CU_ASSERT_PTR_NOT_NULL(site_way(f, "10.6.0.1"));
	CU_ASSERT_EQUAL(fwd_way_in(f, addr_of("10.8.2.1"), addr_of("10.7.1.1")).why,
			DROP_SITE_SOURCE);
	CU_ASSERT_EQUAL(tunnel_of(f, 0)->uses[TUNNEL_SITE], 1);
	e.kind = FWD_SITE_CLEAR;
	apply(f, &e, 0);
	CU_ASSERT_EQUAL(tunnels_in(f), 0);
	CU_ASSERT_PTR_NULL(site_way(f, "10.7.1.1"));
	fwd_free(f);
}

static void impossible_subnets_are_refused(void)
{
	struct fwd *f = fwd_new(10, 10);
	struct fwd_edit e = site_edit(0, "10.9.0.0", 33);

	apply(f, &e, -EINVAL);
	e = site_edit(0, "10.9.0.0", 16);
	e.remote_count = 0;
	apply(f, &e, -EINVAL);
	e.remote_count = FWD_SITE_PREFIXES + 1;
	apply(f, &e, -EINVAL);
	e.remote_count = 1;
	e.local_count = 0;
	apply(f, &e, -EINVAL);
	CU_ASSERT_EQUAL(tunnels_in(f), 0);
	fwd_free(f);
}

/* The longest of a list that has the address. */
static int naive_site(const struct ipv4_prefix *nets, struct in_addr dst)
{
	int best = -1;

	for (int i = 0; i < SITES * 4; i++)
		if (nets[i].len <= 32 && ipv4_prefix_has(nets[i], dst) &&
		    (best < 0 || nets[i].len > nets[best].len))
			best = i;
	return best < 0 ? -1 : best / 4;
}

static bool listed(const struct ipv4_prefix *nets, unsigned count, struct ipv4_prefix p)
{
	for (unsigned i = 0; i < count; i++)
		if (nets[i].len == p.len && ipv4_prefix_has(nets[i], p.addr))
			return true;
	return false;
}

static struct ipv4_prefix random_prefix(const struct rng *rng)
{
	return (struct ipv4_prefix){ .addr = numbered(rng_below(rng, 1 << 12)),
				     .len = (uint8_t)(20 + rng_below(rng, 13)) };
}

static void random_prefixes_agree_with_a_list(void)
{
	struct ipv4_prefix nets[SITES * 4];
	struct rng_seeded seeded;
	struct rng rng = rng_seeded_init(&seeded, 7);
	struct fwd *f = fwd_new(10, SITES);

	for (unsigned i = 0; i < SITES * 4; i++)
		do
			nets[i] = random_prefix(&rng);
		while (listed(nets, i, nets[i]));
	for (unsigned n = 0; n < SITES; n++) {
		struct fwd_edit e = site_edit(n, "10.9.0.0", 16);

		e.local_nets[0] = prefix_of("10.8.1.1", 32);
		e.remote_count = 4;
		memcpy(e.remote_nets, nets + n * 4, 4 * sizeof(nets[0]));
		apply(f, &e, 0);
	}
	for (uint32_t n = 0; n < 1 << 12; n++) {
		struct fwd_site *s = fwd_by_site(f, numbered(n));
		int want = naive_site(nets, numbered(n));

		CU_ASSERT_PTR_EQUAL(s ? s->tunnel : NULL,
				    want < 0 ? NULL : tunnel_of(f, (unsigned)want));
	}
	fwd_free(f);
}

static void hear_name(void *arg, const struct tunnel *t, bool in_use)
{
	unsigned *heard = arg;

	CU_ASSERT_PTR_NOT_NULL_FATAL(tunnel_name(t));
	CU_ASSERT_STRING_EQUAL(tunnel_name(t), "branch");
	heard[in_use]++;
}

/* Whoever is told of a tunnel, that it comes or goes, can say what it is called. */
static void a_site_has_its_name_to_the_end(void)
{
	struct fwd *f = fwd_new(32, 32);
	struct fwd_edit e = site_edit(0, "10.9.0.0", 24);
	unsigned heard[2] = { 0 };

	fwd_watch(f, hear_name, heard);
	strcpy(e.name, "branch");
	apply(f, &e, 0);
	strcpy(e.name, "other");
	apply(f, &e, 0);
	CU_ASSERT_STRING_EQUAL(tunnel_name(tunnel_of(f, 0)), "other");
	strcpy(e.name, "branch");
	apply(f, &e, 0);
	e.kind = FWD_SITE_CLEAR;
	apply(f, &e, 0);
	CU_ASSERT(heard[true] == 1 && heard[false] == 1);
	fwd_free(f);
}

void suite_fwd_site(void)
{
	CU_pSuite s = CU_add_suite("fwd_site", NULL, NULL);

	CU_ADD_TEST(s, the_longest_prefix_wins);
	CU_ADD_TEST(s, one_subnet_has_one_site);
	CU_ADD_TEST(s, setting_a_site_replaces_its_subnets);
	CU_ADD_TEST(s, impossible_subnets_are_refused);
	CU_ADD_TEST(s, random_prefixes_agree_with_a_list);
	CU_ADD_TEST(s, a_site_has_its_name_to_the_end);
}
