/* SPDX-License-Identifier: ISC */
/* One tunnel: what tells it apart, how much fits into it, which encapsulation. */
#include "common/tunnel/tunnel.h"

#include "tests/unit/packets.h"
#include "tests/unit/suites.h"

#include <CUnit/CUnit.h>

#include <string.h>

static struct tunnel_spec spec_of(struct encap_spec encap)
{
	return (struct tunnel_spec){ .local = addr_of("198.51.100.1"),
				     .remote = addr_of("203.0.113.1"),
				     .encap = encap };
}

static bool same_key(const struct tunnel_spec *a, const struct tunnel_spec *b)
{
	struct outer_key x = tunnel_key(a), y = tunnel_key(b);

	return memcmp(&x, &y, sizeof(x)) == 0;
}

static void the_key_is_what_its_packets_show(void)
{
	struct tunnel_spec a = spec_of(encap_variant(4)), b = a;

	b.encap.gre_sequence = b.encap.gre_checksum = true;
	b.encap.gre_key_out = 99;
	b.encap.ttl = 9;
	CU_ASSERT_TRUE(same_key(&a, &b));
	CU_ASSERT_FALSE(tunnel_spec_equal(&a, &b));
	b = a;
	b.encap.gre_key_in = 99;
	CU_ASSERT_FALSE(same_key(&a, &b));
	b.encap.gre_key = false;
	CU_ASSERT_FALSE(same_key(&a, &b));
	b = a;
	b.local.s_addr++;
	CU_ASSERT_FALSE(same_key(&a, &b));
	b = a;
	b.remote.s_addr++;
	CU_ASSERT_FALSE(same_key(&a, &b));
	b = a;
	b.encap.kind = ENCAP_IPIP;
	CU_ASSERT_FALSE(same_key(&a, &b));
}

/* Keys belong to GRE: elsewhere they are not looked at. */
static void other_kinds_have_no_key(void)
{
	struct tunnel_spec a = spec_of((struct encap_spec){ .kind = ENCAP_IPIP }),
			   b = a;

	b.encap.gre_key = true;
	b.encap.gre_key_in = 7;
	CU_ASSERT_TRUE(same_key(&a, &b));
	CU_ASSERT_TRUE(tunnel_spec_equal(&a, &b));
}

static void inner_mtu_leaves_room_for_the_headers(void)
{
	for (unsigned n = 0; n < ENCAP_VARIANTS; n++) {
		struct tunnel_spec spec = spec_of(encap_variant(n));
		struct tunnel_path path = { 0 };
		struct tunnel t;

		mtu_init(&path.mtu, 1500);
		tunnel_init(&t, &spec);
		t.path = &path;
		CU_ASSERT_EQUAL(tunnel_inner_mtu(&t, &t.encap, packets_now().mono),
				1500 - encap_overhead(&spec.encap));
		CU_ASSERT_EQUAL(tunnel_inner_mtu(&t, &t.fallback, packets_now().mono),
				1480);
		(void)mtu_learn_here(&path.mtu, 80, packets_now().mono);
		CU_ASSERT_EQUAL(tunnel_inner_mtu(&t, &t.encap, packets_now().mono), 68);
	}
}

static const struct encap *encap_for(struct tunnel *t, uint16_t fragment)
{
	struct ipv4 ip = { .fragment = htons(fragment) };

	return tunnel_encap_for(t, &ip);
}

static void fragments_fall_back_where_that_is_allowed(void)
{
	struct tunnel_spec minimal =
		spec_of((struct encap_spec){ .kind = ENCAP_MINIMAL });
	struct tunnel t;

	tunnel_init(&t, &minimal);
	CU_ASSERT_PTR_EQUAL(encap_for(&t, 0), &t.encap);
	CU_ASSERT_PTR_EQUAL(encap_for(&t, IPV4_MF), &t.encap);
	minimal.encap.minimal_fallback = true;
	tunnel_init(&t, &minimal);
	CU_ASSERT_PTR_EQUAL(encap_for(&t, IPV4_DF), &t.encap);
	CU_ASSERT_PTR_EQUAL(encap_for(&t, IPV4_MF), &t.fallback);
	CU_ASSERT_PTR_EQUAL(encap_for(&t, 3), &t.fallback);
	CU_ASSERT_EQUAL(t.fallback.ops->protocol, PROTO_IPIP);
}

static void reconfiguring_keeps_the_numbers(void)
{
	struct tunnel_spec spec = spec_of(encap_variant(3));
	struct tunnel t;

	tunnel_init(&t, &spec);
	t.encap.sequence.next_out = 50;
	t.encap.sequence.last_in = 60;
	t.encap.outer.next_id = 70;
	t.counts.in_packets = 80;
	spec.encap.ttl = 9;
	spec.encap.gre_checksum = true;
	tunnel_reconfigure(&t, &spec);
	CU_ASSERT_EQUAL(t.encap.sequence.next_out, 50);
	CU_ASSERT_EQUAL(t.encap.sequence.last_in, 60);
	CU_ASSERT_EQUAL(t.encap.outer.next_id, 70);
	CU_ASSERT_EQUAL(t.counts.in_packets, 80);
	CU_ASSERT_EQUAL(t.encap.outer.header.ttl, 9);
	CU_ASSERT_EQUAL(t.encap.outer.header.protocol, PROTO_GRE);
	CU_ASSERT_TRUE(t.encap.spec.gre_checksum);
}

static void uses_have_names(void)
{
	CU_ASSERT_STRING_EQUAL(tunnel_use_name(TUNNEL_BINDING), "binding");
	CU_ASSERT_STRING_EQUAL(tunnel_use_name(TUNNEL_SITE), "site");
	CU_ASSERT_STRING_EQUAL(tunnel_use_name(TUNNEL_USES), "unknown");
}

void suite_tunnel(void)
{
	CU_pSuite s = CU_add_suite("tunnel", NULL, NULL);

	CU_ADD_TEST(s, the_key_is_what_its_packets_show);
	CU_ADD_TEST(s, other_kinds_have_no_key);
	CU_ADD_TEST(s, inner_mtu_leaves_room_for_the_headers);
	CU_ADD_TEST(s, fragments_fall_back_where_that_is_allowed);
	CU_ADD_TEST(s, reconfiguring_keeps_the_numbers);
	CU_ADD_TEST(s, uses_have_names);
}
