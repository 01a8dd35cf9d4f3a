/* SPDX-License-Identifier: ISC */
/*
 * The store of security associations.
 */
#include "common/security/sa.h"

#include "common/agent/associations.h"

#include <CUnit/CUnit.h>
#include <errno.h>
#include <stdlib.h>

#include "tests/unit/suites.h"

static uint8_t key_bytes[16] = { 1, 0, 2 };
static const struct secret key = { key_bytes, sizeof(key_bytes) };
static const struct secret no_key = { 0 };

static struct in_addr peer(unsigned n)
{
	return (struct in_addr){ htonl(0x0a000000 + n) };
}

static int add(struct sa_store *s, enum sa_kind kind, unsigned n, uint32_t spi)
{
	return sa_add(s,
		      &(struct sa_spec){
			      .kind = kind, .peer = peer(n), .spi = spi, .key = &key });
}

static int add_accept_only(struct sa_store *s, unsigned n, uint32_t spi)
{
	return sa_add(s, &(struct sa_spec){ .kind = SA_MN_HA,
					    .peer = peer(n),
					    .spi = spi,
					    .key = &key,
					    .accept_only = true });
}

static void refuses_what_cannot_be(void)
{
	struct sa_store *s = sa_store_new();

	CU_ASSERT_EQUAL(add(s, SA_MN_HA, 1, 0), -EINVAL);
	CU_ASSERT_EQUAL(add(s, SA_MN_HA, 1, SPI_RESERVED_MAX), -EINVAL);
	CU_ASSERT_EQUAL(sa_add(s, &(struct sa_spec){ .spi = 256, .key = &no_key }),
			-EINVAL);
	CU_ASSERT_EQUAL(add(s, SA_MN_HA, 1, SPI_RESERVED_MAX + 1), 0);
	CU_ASSERT_EQUAL(add(s, SA_MN_HA, 1, SPI_RESERVED_MAX + 1), -EEXIST);
	CU_ASSERT_EQUAL(add(s, SA_MN_HA, 1, UINT32_MAX), 0);
	sa_store_free(s);
}

static void keeps_kinds_peers_and_spis_apart(void)
{
	struct sa_store *s = sa_store_new();
	struct mip_sa *sa;

	CU_ASSERT_EQUAL(add(s, SA_MN_HA, 1, 1000), 0);
	CU_ASSERT_EQUAL(add(s, SA_MN_FA, 1, 1000), 0);
	CU_ASSERT_EQUAL(add(s, SA_MN_HA, 2, 1000), 0);
	CU_ASSERT_EQUAL(add(s, SA_MN_HA, 1, 1001), 0);

	sa = sa_find(s, SA_MN_HA, peer(1), 1001);
	CU_ASSERT_PTR_NOT_NULL_FATAL(sa);
	CU_ASSERT_EQUAL(sa->spi, 1001);
	CU_ASSERT_EQUAL(sa->peer.s_addr, peer(1).s_addr);
	CU_ASSERT_PTR_NOT_EQUAL(sa_find(s, SA_MN_HA, peer(1), 1000),
				sa_find(s, SA_MN_FA, peer(1), 1000));
	CU_ASSERT_PTR_NULL(sa_find(s, SA_MN_FA, peer(1), 1001));
	CU_ASSERT_PTR_NULL(sa_find(s, SA_MN_HA, peer(3), 1000));
	CU_ASSERT(sa_shared(s, SA_MN_FA, peer(1)));
	CU_ASSERT_FALSE(sa_shared(s, SA_MN_FA, peer(2)));
	sa_store_free(s);
}

/* How keys are rolled: the new one is accepted first, then sent with. */
static void sends_with_the_first_that_may(void)
{
	struct sa_store *s = sa_store_new();

	CU_ASSERT_EQUAL(add_accept_only(s, 1, 1000), 0);
	CU_ASSERT_PTR_NULL(sa_for_sending(s, SA_MN_HA, peer(1)));
	CU_ASSERT(sa_shared(s, SA_MN_HA, peer(1)));
	CU_ASSERT_EQUAL(add(s, SA_MN_HA, 1, 1001), 0);
	CU_ASSERT_EQUAL(add(s, SA_MN_HA, 1, 1002), 0);
	CU_ASSERT_EQUAL(sa_for_sending(s, SA_MN_HA, peer(1))->spi, 1001);
	CU_ASSERT_PTR_NULL(sa_for_sending(s, SA_MN_HA, peer(2)));
	sa_store_free(s);
}

static void remember(void *arg, const struct mip_sa *sa)
{
	uint32_t **at = arg;

	*(*at)++ = sa->spi;
}

static void visits_in_order_of_addition(void)
{
	struct sa_store *s = sa_store_new();
	uint32_t seen[4] = { 0 }, *at = seen;

	add(s, SA_MN_HA, 2, 400);
	add(s, SA_FA_HA, 1, 300);
	add(s, SA_MN_HA, 1, 500);
	sa_each(s, remember, &at);
	CU_ASSERT_EQUAL(seen[0], 400);
	CU_ASSERT_EQUAL(seen[1], 300);
	CU_ASSERT_EQUAL(seen[2], 500);
	CU_ASSERT_PTR_EQUAL(at, seen + 3);
	sa_store_free(s);
}

static void holds_many(void)
{
	struct sa_store *s = sa_store_new();

	for (unsigned n = 0; n < 5000; n++)
		CU_ASSERT_EQUAL(add(s, SA_MN_HA, n, 256 + n), 0);
	for (unsigned n = 0; n < 5000; n++)
		CU_ASSERT_PTR_NOT_NULL(sa_find(s, SA_MN_HA, peer(n), 256 + n));
	CU_ASSERT_PTR_NULL(sa_find(s, SA_MN_HA, peer(5000), 256));
	sa_store_free(s);
}

static void all_of_a_configuration_arrives(void)
{
	struct assoc_config assoc[] = {
		{ .spi = 256, .key = key, .tolerance = { 7 } },
		{ .spi = 257,
		  .algorithm = AUTH_KEYED_MD5,
		  .key = key,
		  .accept_only = true,
		  .spi_not_covered = true },
		{ .spi = 258, .key = key },
	};
	struct peer_config peers[] = {
		{ .addr = peer(1), .assoc = assoc, .assoc_count = 2 },
		{ .addr = peer(2), .assoc = assoc + 2, .assoc_count = 1 },
	};
	struct sa_store *s = sa_store_new();
	const struct mip_sa *first, *second;

	CU_ASSERT_EQUAL(associations_add(s, SA_FA_HA, peers, 2), 0);
	first = sa_find(s, SA_FA_HA, peer(1), 256);
	second = sa_find(s, SA_FA_HA, peer(1), 257);
	CU_ASSERT_FATAL(first && second && sa_find(s, SA_FA_HA, peer(2), 258));
	CU_ASSERT(first->tolerance.ns == 7 && !first->accept_only);
	CU_ASSERT(!first->spi_not_covered && second->spi_not_covered);
	CU_ASSERT(second->accept_only && second->algorithm == AUTH_KEYED_MD5);
	CU_ASSERT_EQUAL(associations_add(s, SA_FA_HA, peers, 1), -EEXIST);
	sa_store_free(s);
}

void suite_sa(void)
{
	CU_pSuite s = CU_add_suite("sa", NULL, NULL);

	CU_add_test(s, "refuses what cannot be", refuses_what_cannot_be);
	CU_add_test(s, "keeps kinds, peers and SPIs apart",
		    keeps_kinds_peers_and_spis_apart);
	CU_add_test(s, "sends with the first that may", sends_with_the_first_that_may);
	CU_add_test(s, "visits in order of addition", visits_in_order_of_addition);
	CU_add_test(s, "holds many", holds_many);
	CU_add_test(s, "all of a configuration arrives",
		    all_of_a_configuration_arrives);
}
