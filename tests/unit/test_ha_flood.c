/* SPDX-License-Identifier: ISC */
/*
 * A flood in the name of a foreign agent that shares a key with the home agent, on
 * virtual time and from a seed: the work it makes is bounded, and what the foreign
 * agent relays meanwhile gets through.
 *
 * Whoever floods from elsewhere does not see the SPIs in use; guessed right, they
 * make the worst of it.
 */
#include "common/agent/admit.h"
#include "common/wire/mip_code.h"

#include "tests/unit/ha_bench.h"
#include "tests/unit/suites.h"

#include <CUnit/CUnit.h>

enum { COA = 0x0a000203, GUESSED = 0x777, SOURCE_RATE = 100 };

struct flood {
	struct ha_bench b;
	struct ha_ask as;
	uint8_t bytes[MIP_MESSAGE_MAX];
	size_t len;
	unsigned rate; /* a second */
	uint64_t sent;
	struct rng_seeded seed;
	struct rng rng;
};

static struct ha_ask ask_by_peer(struct ha_bench *b, uint32_t home)
{
	struct ha_ask a = hb_ask(b, home, COA);

	a.src = hb_addr(HB_FA);
	a.fa_spi = HB_FA_SPI;
	return a;
}

static void flood_begin(struct flood *f, unsigned rate, uint32_t spi, uint32_t fa_spi)
{
	*f = (struct flood){ .rate = rate };
	f->rng = rng_seeded_init(&f->seed, 20261123);
	hb_init(&f->b);
	f->b.config.common.source_rate = SOURCE_RATE;
	f->b.config.common.source_burst = 2 * SOURCE_RATE;
	f->b.config.common.total_rate = ADMIT_RATE;
	hb_start(&f->b);
	f->as = ask_by_peer(&f->b, HB_NODE);
	f->as.spi = spi;
	f->as.fa_spi = fa_spi;
	f->as.forged = f->as.fa_forged = true;
	f->len = hb_encode(&f->b, &f->as, f->bytes);
}

/* Let it go on; the gaps between its messages vary as those of a queue do. */
static void flood_on(struct flood *f, duration_t d)
{
	const instant_t end = instant_add(f->b.now.mono, d);
	const uint32_t gap = 2000000000u / f->rate;

	while (instant_before(f->b.now.mono, end)) {
		(void)hb_send_bytes(&f->b, &f->as, f->bytes, f->len);
		f->sent++;
		hb_wait(&f->b, (duration_t){ 1 + rng_below(&f->rng, gap) });
	}
}

/* How many times a node's authenticator was worked out and was wrong. */
static uint64_t wasted(const struct flood *f)
{
	return sa_find(ha_core_associations(f->b.ha), SA_MN_HA, hb_addr(HB_NODE),
		       HB_SPI)
		->failures;
}

/* Requests of the other node in the midst of it, one every 10 ms; those accepted. */
static unsigned accepted_in(struct flood *f, unsigned tries)
{
	unsigned accepted = 0;

	for (unsigned i = 0; i < tries; i++) {
		struct ha_ask a;

		flood_on(f, duration_ms(10));
		a = ask_by_peer(&f->b, HB_NODE2);
		accepted += hb_send(&f->b, &a) == MIP_ACCEPTED;
	}
	return accepted;
}

static void without_the_spis_it_reaches_nothing(void)
{
	struct flood f;

	flood_begin(&f, 100000, GUESSED, GUESSED);
	CU_ASSERT_EQUAL(accepted_in(&f, 100), 100);
	CU_ASSERT_TRUE(f.sent > 90000);
	CU_ASSERT_EQUAL(wasted(&f), 0);
	hb_stop(&f.b);

	/* One of the two is no better. */
	flood_begin(&f, 100000, HB_SPI, GUESSED);
	CU_ASSERT_EQUAL(accepted_in(&f, 100), 100);
	CU_ASSERT_TRUE(wasted(&f) <= 2 * SOURCE_RATE + SOURCE_RATE * 11 / 10);
	hb_stop(&f.b);
}

static void what_we_can_verify_keeps_nobody_out(void)
{
	struct flood f;

	flood_begin(&f, ADMIT_RATE * 3 / 4, HB_SPI, HB_FA_SPI);
	CU_ASSERT_EQUAL(accepted_in(&f, 100), 100);
	hb_stop(&f.b);
}

/* Two and a half times what we verify: two tries of five get through. */
static void beyond_it_work_is_bounded_and_tries_get_through(void)
{
	unsigned accepted;
	struct flood f;

	flood_begin(&f, ADMIT_RATE * 5 / 2, HB_SPI, HB_FA_SPI);
	flood_on(&f, duration_ms(500));
	accepted = accepted_in(&f, 200);
	CU_ASSERT_TRUE(accepted > 200 * 3 / 10);
	CU_ASSERT_TRUE(accepted < 200 * 6 / 10);
	CU_ASSERT_TRUE(f.sent > 6 * ADMIT_RATE);
	CU_ASSERT_TRUE(wasted(&f) <= ADMIT_RATE / ADMIT_BURST_SHARE +
					     ADMIT_RATE * 5 / 2 + 2 * SOURCE_RATE +
					     SOURCE_RATE * 5 / 2);
	hb_stop(&f.b);
}

/* RFC 5944 3.6.3: a second, then twice as long each time. */
static bool registers(struct flood *f, unsigned tries)
{
	duration_t pause = duration_s(1);

	while (tries-- > 0) {
		struct ha_ask a = ask_by_peer(&f->b, HB_NODE2);

		if (hb_send(&f->b, &a) == MIP_ACCEPTED)
			return true;
		/* The rest of a pause is like its beginning. */
		flood_on(f, duration_ms(20));
		hb_wait(&f->b, (duration_t){ pause.ns - duration_ms(220).ns });
		flood_on(f, duration_ms(200));
		pause.ns *= 2;
	}
	return false;
}

static void nodes_that_try_again_get_in(void)
{
	unsigned in = 0;
	struct flood f;

	flood_begin(&f, ADMIT_RATE * 5 / 2, HB_SPI, HB_FA_SPI);
	for (unsigned i = 0; i < 20; i++) {
		flood_on(&f, duration_ms(200));
		in += registers(&f, 6);
	}
	CU_ASSERT_TRUE(in >= 18);
	hb_stop(&f.b);
}

void suite_ha_flood(void)
{
	CU_pSuite s = CU_add_suite("ha_flood", NULL, NULL);

	CU_ADD_TEST(s, without_the_spis_it_reaches_nothing);
	CU_ADD_TEST(s, what_we_can_verify_keeps_nobody_out);
	CU_ADD_TEST(s, beyond_it_work_is_bounded_and_tries_get_through);
	CU_ADD_TEST(s, nodes_that_try_again_get_in);
}
