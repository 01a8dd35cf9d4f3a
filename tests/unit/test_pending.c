/* SPDX-License-Identifier: ISC */
/* Pending registrations: matching, limits, ends; and against a naive twin. */
#include "fa/pending.h"

#include "common/base/rng.h"
#include "common/wire/mip_msg.h"

#include <CUnit/CUnit.h>

#include "tests/unit/suites.h"

struct bench {
	struct timers timers;
	struct pending_table t;
	instant_t now;
};

static void begin(struct bench *b, uint32_t limit, uint32_t per_node)
{
	*b = (struct bench){ .now = { 1000 } };
	timers_init(&b->timers);
	pending_init(&b->t, &b->timers, 7, limit, per_node);
}

static void end(struct bench *b)
{
	pending_fini(&b->t);
	timers_fini(&b->timers);
}

static struct registration request(uint8_t node, uint64_t ident)
{
	return (struct registration){
		.home = { htonl(0x0a010000u + node) },
		.ident = ident,
		.lifetime = 600,
		.mac = { { 2, 0, 0, 0, 0, node } },
	};
}

static struct pending_registration *open_one(struct bench *b, uint8_t node,
					     uint64_t ident)
{
	const struct registration rq = request(node, ident);

	return pending_open(&b->t, &rq, b->now, duration_s(8));
}

static void matches_by_home_and_low_word(void)
{
	const uint64_t ident = UINT64_C(0xe8fe6f8012345678);
	struct bench b;
	struct pending_registration *p;

	begin(&b, 8, 5);
	p = open_one(&b, 1, ident);
	CU_ASSERT_PTR_NOT_NULL_FATAL(p);
	CU_ASSERT_PTR_EQUAL(pending_match(&b.t, p->rq.home, ident), p);
	CU_ASSERT_PTR_EQUAL(
		pending_match(&b.t, p->rq.home, ident ^ UINT64_C(0xff00000000)), p);
	CU_ASSERT_PTR_NULL(pending_match(&b.t, p->rq.home, ident + 1));
	CU_ASSERT_PTR_NULL(pending_match(&b.t, request(2, 0).home, ident));
	pending_close(&b.t, p);
	CU_ASSERT_PTR_NULL(pending_match(&b.t, request(1, 0).home, ident));
	end(&b);
}

static void ends_with_timeout_or_lifetime(void)
{
	struct bench b;
	struct registration rq = request(1, 1);
	struct pending_registration *p;

	begin(&b, 8, 5);
	p = pending_open(&b.t, &rq, b.now, duration_s(8));
	CU_ASSERT_EQUAL(p->closes.ns, instant_add(b.now, duration_s(8)).ns);
	CU_ASSERT_FALSE(p->outlived);
	CU_ASSERT_EQUAL(timers_next(&b.timers).ns, p->closes.ns);
	CU_ASSERT_EQUAL(p->timer.kind, 7);

	rq.ident = 2;
	rq.lifetime = 3;
	p = pending_open(&b.t, &rq, b.now, duration_s(8));
	CU_ASSERT_EQUAL(p->closes.ns, instant_add(b.now, duration_s(3)).ns);
	CU_ASSERT_TRUE(p->outlived);

	rq.ident = 3;
	rq.lifetime = 0;
	p = pending_open(&b.t, &rq, b.now, duration_s(8));
	CU_ASSERT_EQUAL(p->closes.ns, instant_add(b.now, duration_s(8)).ns);
	CU_ASSERT_FALSE(p->outlived);

	pending_clear(&b.t);
	CU_ASSERT_TRUE(instant_is_never(timers_next(&b.timers)));
	end(&b);
}

static void a_retransmission_replaces(void)
{
	struct bench b;
	struct pending_registration *p;

	begin(&b, 8, 1);
	CU_ASSERT_PTR_NOT_NULL(open_one(&b, 1, 1));
	b.now = instant_add(b.now, duration_s(5));
	p = open_one(&b, 1, 1);
	CU_ASSERT_PTR_NOT_NULL_FATAL(p);
	CU_ASSERT_EQUAL(pending_count(&b.t), 1);
	CU_ASSERT_EQUAL(p->closes.ns, instant_add(b.now, duration_s(8)).ns);
	CU_ASSERT_PTR_NULL(open_one(&b, 1, 2));
	end(&b);
}

static void holds_both_limits(void)
{
	struct bench b;

	begin(&b, 4, 2);
	CU_ASSERT_PTR_NOT_NULL(open_one(&b, 1, 1));
	CU_ASSERT_PTR_NOT_NULL(open_one(&b, 1, 2));
	CU_ASSERT_PTR_NULL(open_one(&b, 1, 3));
	CU_ASSERT_PTR_NOT_NULL(open_one(&b, 2, 1));
	CU_ASSERT_PTR_NOT_NULL(open_one(&b, 3, 1));
	CU_ASSERT_PTR_NULL(open_one(&b, 4, 1));

	pending_close(&b.t, pending_match(&b.t, request(1, 0).home, 1));
	CU_ASSERT_PTR_NOT_NULL(open_one(&b, 4, 1));
	CU_ASSERT_PTR_NULL(open_one(&b, 1, 1));
	pending_close(&b.t, pending_match(&b.t, request(4, 0).home, 1));
	CU_ASSERT_PTR_NOT_NULL(open_one(&b, 1, 1));

	pending_limit(&b.t, 6, 3);
	CU_ASSERT_PTR_NOT_NULL(open_one(&b, 1, 3));
	CU_ASSERT_PTR_NOT_NULL(open_one(&b, 4, 1));
	CU_ASSERT_PTR_NULL(open_one(&b, 5, 1));
	pending_limit(&b.t, 1, 1);
	CU_ASSERT_EQUAL(pending_count(&b.t), 6);
	CU_ASSERT_PTR_NULL(open_one(&b, 5, 1));
	end(&b);
}

/* A neighbour that uses a node's home address does not use up the node's share. */
static void another_station_has_its_own_share(void)
{
	struct bench b;
	struct registration rq = request(1, 1);

	begin(&b, 8, 1);
	CU_ASSERT_PTR_NOT_NULL(pending_open(&b.t, &rq, b.now, duration_s(8)));
	rq.ident = 2;
	rq.mac.octet[0] = 4;
	CU_ASSERT_PTR_NOT_NULL(pending_open(&b.t, &rq, b.now, duration_s(8)));
	rq.ident = 3;
	CU_ASSERT_FALSE(pending_has_room(&b.t, &rq));
	end(&b);
}

/* Far more nodes than there is room for, one after the other. */
static void gives_back_what_it_took(void)
{
	struct bench b;

	begin(&b, 3, 1);
	for (unsigned i = 0; i < 200; i++) {
		struct pending_registration *p = open_one(&b, (uint8_t)i, i);

		CU_ASSERT_PTR_NOT_NULL_FATAL(p);
		pending_close(&b.t, p);
	}
	end(&b);
}

/* ---- a table that strangers fill ---- */

enum { FLOODED = 2, OTHER_LINK = 3 };

/* In the name of any node, from any station on a link. */
static bool ask(struct bench *b, int ifindex, uint32_t station, uint32_t name,
		bool proven)
{
	struct registration rq = {
		.home = { htonl(name) },
		.ident = 1,
		.lifetime = 600,
		.ifindex = ifindex,
		.proven = proven,
	};

	for (unsigned i = 0; i < 4; i++)
		rq.mac.octet[2 + i] = (uint8_t)(station >> 8 * i);
	(void)pending_make_room(&b->t, &rq);
	return pending_open(&b->t, &rq, b->now, duration_s(8)) != NULL;
}

static bool is_pending(const struct bench *b, uint32_t name)
{
	return pending_match(&b->t, (struct in_addr){ htonl(name) }, 1) != NULL;
}

static void a_station_in_many_names_makes_room_itself(void)
{
	struct bench b;

	begin(&b, 16, 5);
	CU_ASSERT_TRUE(ask(&b, FLOODED, 1, 1, false));
	for (uint32_t n = 100; n < 500; n++)
		CU_ASSERT_TRUE(ask(&b, FLOODED, 9, n, false));
	CU_ASSERT_EQUAL(pending_count(&b.t), 16);
	for (uint32_t n = 2; n <= 7; n++)
		CU_ASSERT_TRUE(ask(&b, FLOODED, n, n, false));
	for (uint32_t n = 500; n < 900; n++)
		CU_ASSERT_TRUE(ask(&b, FLOODED, 9, n, false));
	for (uint32_t n = 1; n <= 7; n++)
		CU_ASSERT_TRUE(is_pending(&b, n));
	/* The latest of its own are there. */
	CU_ASSERT_TRUE(is_pending(&b, 899) && is_pending(&b, 898));
	CU_ASSERT_EQUAL(pending_count(&b.t), 16);
	end(&b);
}

/* Then nobody on the link can be told from it; but each stays for a while. */
static void of_many_stations_the_oldest_makes_room(void)
{
	struct bench b;
	uint32_t n;

	begin(&b, 16, 5);
	for (n = 100; n < 400; n++)
		CU_ASSERT_TRUE(ask(&b, FLOODED, n, n, false));
	CU_ASSERT_TRUE(ask(&b, FLOODED, 1, 1, false));
	for (; n < 400 + 15; n++)
		CU_ASSERT_TRUE(ask(&b, FLOODED, n, n, false));
	CU_ASSERT_TRUE(is_pending(&b, 1));
	CU_ASSERT_TRUE(ask(&b, FLOODED, n, n, false));
	CU_ASSERT_FALSE(is_pending(&b, 1));
	end(&b);
}

static void other_links_keep_their_share(void)
{
	struct bench b;

	begin(&b, 16, 5);
	for (uint32_t n = 100; n < 200; n++)
		CU_ASSERT_TRUE(ask(&b, FLOODED, n, n, false));
	for (uint32_t n = 1; n <= 7; n++)
		CU_ASSERT_TRUE(ask(&b, OTHER_LINK, n, n, false));
	for (uint32_t n = 200; n < 900; n++)
		CU_ASSERT_TRUE(ask(&b, FLOODED, n, n, false));
	for (uint32_t n = 1; n <= 7; n++)
		CU_ASSERT_TRUE(is_pending(&b, n));
	end(&b);
}

static void who_is_proven_stays(void)
{
	struct bench b;

	begin(&b, 16, 5);
	for (uint32_t n = 1; n <= 15; n++)
		CU_ASSERT_TRUE(ask(&b, FLOODED, 1, n, true));
	for (uint32_t n = 100; n < 200; n++)
		CU_ASSERT_TRUE(ask(&b, FLOODED, n, n, false));
	for (uint32_t n = 1; n <= 15; n++)
		CU_ASSERT_TRUE(is_pending(&b, n));
	CU_ASSERT_TRUE(ask(&b, FLOODED, 1, 16, true));
	CU_ASSERT_FALSE(ask(&b, FLOODED, 2, 100, false)); /* nobody is left to go */
	CU_ASSERT_FALSE(ask(&b, FLOODED, 1, 17, true));
	CU_ASSERT_EQUAL(pending_count(&b.t), 16);
	end(&b);
}

/* The twin: the same rules, over a plain array. */
enum { TWIN_NODES = 4, TWIN_IDENTS = 6, TWIN_LIMIT = 9, TWIN_PER_NODE = 3 };

struct twin {
	bool open[TWIN_NODES][TWIN_IDENTS];
};

static unsigned twin_of_node(const struct twin *t, unsigned node)
{
	unsigned n = 0;

	for (unsigned i = 0; i < TWIN_IDENTS; i++)
		n += t->open[node][i];
	return n;
}

static unsigned twin_count(const struct twin *t)
{
	unsigned n = 0;

	for (unsigned i = 0; i < TWIN_NODES; i++)
		n += twin_of_node(t, i);
	return n;
}

static bool twin_open(struct twin *t, unsigned node, unsigned ident)
{
	if (!t->open[node][ident] &&
	    (twin_count(t) >= TWIN_LIMIT || twin_of_node(t, node) >= TWIN_PER_NODE))
		return false;
	t->open[node][ident] = true;
	return true;
}

static void behaves_like_its_twin(void)
{
	struct rng_seeded seed;
	struct rng rng = rng_seeded_init(&seed, 42);
	struct twin twin = { 0 };
	struct bench b;

	begin(&b, TWIN_LIMIT, TWIN_PER_NODE);
	for (int step = 0; step < 20000; step++) {
		const uint32_t node = rng_below(&rng, TWIN_NODES);
		const uint32_t ident = rng_below(&rng, TWIN_IDENTS);
		const struct registration rq = request((uint8_t)node, ident);
		struct pending_registration *p = pending_match(&b.t, rq.home, ident);

		CU_ASSERT_EQUAL(p != NULL, twin.open[node][ident]);
		if (rng_below(&rng, 3) > 0) {
			CU_ASSERT_EQUAL(open_one(&b, (uint8_t)node, ident) != NULL,
					twin_open(&twin, node, ident));
		} else if (p) {
			pending_close(&b.t, p);
			twin.open[node][ident] = false;
		}
		CU_ASSERT_EQUAL(pending_count(&b.t), twin_count(&twin));
	}
	end(&b);
}

void suite_pending(void)
{
	CU_pSuite s = CU_add_suite("pending", NULL, NULL);

	CU_add_test(s, "matches by home address and low word of Identification",
		    matches_by_home_and_low_word);
	CU_add_test(s, "ends with the timeout or the lifetime asked for",
		    ends_with_timeout_or_lifetime);
	CU_add_test(s, "a retransmission replaces", a_retransmission_replaces);
	CU_add_test(s, "holds both limits", holds_both_limits);
	CU_add_test(s, "another station has its own share",
		    another_station_has_its_own_share);
	CU_add_test(s, "gives back what it took", gives_back_what_it_took);
	CU_add_test(s, "a station in many names makes room itself",
		    a_station_in_many_names_makes_room_itself);
	CU_add_test(s, "of many stations the oldest makes room",
		    of_many_stations_the_oldest_makes_room);
	CU_add_test(s, "other links keep their share", other_links_keep_their_share);
	CU_add_test(s, "who is proven stays", who_is_proven_stays);
	CU_add_test(s, "behaves like its twin", behaves_like_its_twin);
}
