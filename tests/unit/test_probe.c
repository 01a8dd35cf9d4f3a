/* SPDX-License-Identifier: ISC */
/* Whether the other end lives: looks, questions and answers on a clock of our own. */
#include "common/tunnel/probe.h"

#include "tests/unit/packets.h"
#include "tests/unit/suites.h"

#include <CUnit/CUnit.h>

enum { DEAD_AFTER_S = 30, STEPS_MAX = 12 };

/* One prober, what has come for it, and the time. */
struct bench {
	struct probe probe;
	struct rng_seeded seed;
	struct rng rng;
	struct probe_look look;
	instant_t now;
	bool asked;
};

static struct probe_spec spec_of(enum probe_kind kind)
{
	return (struct probe_spec){ .kind = kind,
				    .address = { kind == PROBE_ADDRESS },
				    .dead_after = duration_s(DEAD_AFTER_S) };
}

static void begin(struct bench *b, enum probe_kind kind)
{
	const struct probe_spec spec = spec_of(kind);

	*b = (struct bench){ .now = { duration_s(1000).ns } };
	b->rng = rng_seeded_init(&b->seed, 7);
	probe_set(&b->probe, &spec, &b->rng, b->now);
}

static enum probe_change look(struct bench *b)
{
	b->now = b->probe.next;
	return probe_due(&b->probe, &b->look, &b->rng, b->now, &b->asked);
}

static enum probe_change answer(struct bench *b)
{
	return probe_answered(&b->probe, b->probe.sent, b->now);
}

/* What happens before a look, and what comes of it. */
enum happens { THE_END, NOTHING, PACKET, ANSWER, ASKED, BLOCKED, MUTE };

struct step {
	enum happens what;
	bool asks;
	enum probe_change change;
	enum probe_state state;
};

static const struct story {
	const char *name;
	enum probe_kind kind;
	struct step step[STEPS_MAX]; /* and the end */
} stories[] = {
	{ "an address never answers",
	  PROBE_ADDRESS,
	  { { NOTHING, true, PROBE_SAME, PROBE_UNKNOWN },
	    { NOTHING, true, PROBE_SAME, PROBE_UNKNOWN },
	    { NOTHING, true, PROBE_SAME, PROBE_UNKNOWN },
	    { NOTHING, true, PROBE_DEAD, PROBE_DOWN },
	    { NOTHING, true, PROBE_SAME, PROBE_DOWN },
	    { ANSWER, false, PROBE_ALIVE, PROBE_UP },
	    { NOTHING, true, PROBE_SAME, PROBE_UP } } },
	{ "an address answers, and dies",
	  PROBE_ADDRESS,
	  { { NOTHING, true, PROBE_SAME, PROBE_UNKNOWN },
	    { ANSWER, false, PROBE_ALIVE, PROBE_UP },
	    { NOTHING, true, PROBE_SAME, PROBE_UP },
	    { NOTHING, true, PROBE_SAME, PROBE_UP },
	    { NOTHING, true, PROBE_SAME, PROBE_UP },
	    { NOTHING, true, PROBE_DEAD, PROBE_DOWN },
	    { PACKET, false, PROBE_ALIVE, PROBE_UP } } },
	{ "one answer of three is enough",
	  PROBE_ADDRESS,
	  { { PACKET, false, PROBE_ALIVE, PROBE_UP },
	    { NOTHING, true, PROBE_SAME, PROBE_UP },
	    { NOTHING, true, PROBE_SAME, PROBE_UP },
	    { NOTHING, true, PROBE_SAME, PROBE_UP },
	    { ANSWER, false, PROBE_SAME, PROBE_UP },
	    { NOTHING, true, PROBE_SAME, PROBE_UP },
	    { NOTHING, true, PROBE_SAME, PROBE_UP },
	    { NOTHING, true, PROBE_SAME, PROBE_UP },
	    { NOTHING, true, PROBE_DEAD, PROBE_DOWN } } },
	{ "a peer that cannot answer is not dead when it is silent",
	  PROBE_PEER,
	  { { NOTHING, true, PROBE_SAME, PROBE_UNKNOWN },
	    { PACKET, true, PROBE_ALIVE, PROBE_UP },
	    { PACKET, true, PROBE_SAME, PROBE_UP },
	    { NOTHING, false, PROBE_SAME, PROBE_UP },
	    { NOTHING, false, PROBE_SAME, PROBE_UP },
	    { NOTHING, false, PROBE_SAME, PROBE_UNKNOWN },
	    { NOTHING, false, PROBE_SAME, PROBE_UNKNOWN },
	    { PACKET, false, PROBE_SAME, PROBE_UP },
	    { ASKED, true, PROBE_SAME, PROBE_UP },
	    { ANSWER, false, PROBE_SAME, PROBE_UP } } },
	{ "a peer that has answered is",
	  PROBE_PEER,
	  { { NOTHING, true, PROBE_SAME, PROBE_UNKNOWN },
	    { ANSWER, false, PROBE_ALIVE, PROBE_UP },
	    { PACKET, false, PROBE_SAME, PROBE_UP },
	    { NOTHING, true, PROBE_SAME, PROBE_UP },
	    { NOTHING, true, PROBE_SAME, PROBE_UP },
	    { NOTHING, true, PROBE_SAME, PROBE_UP },
	    { NOTHING, true, PROBE_DEAD, PROBE_DOWN } } },
	{ "back without an answer, it may be another system",
	  PROBE_PEER,
	  { { NOTHING, true, PROBE_SAME, PROBE_UNKNOWN },
	    { ANSWER, false, PROBE_ALIVE, PROBE_UP },
	    { NOTHING, true, PROBE_SAME, PROBE_UP },
	    { NOTHING, true, PROBE_SAME, PROBE_UP },
	    { NOTHING, true, PROBE_SAME, PROBE_UP },
	    { NOTHING, true, PROBE_DEAD, PROBE_DOWN },
	    { PACKET, true, PROBE_ALIVE, PROBE_UP },
	    { NOTHING, true, PROBE_SAME, PROBE_UP },
	    { NOTHING, true, PROBE_SAME, PROBE_UP },
	    { NOTHING, false, PROBE_SAME, PROBE_UNKNOWN } } },
	{ "nobody is asked",
	  PROBE_OFF,
	  { { NOTHING, false, PROBE_SAME, PROBE_UNKNOWN },
	    { PACKET, false, PROBE_ALIVE, PROBE_UP },
	    { NOTHING, false, PROBE_SAME, PROBE_UP },
	    { NOTHING, false, PROBE_SAME, PROBE_UP },
	    { NOTHING, false, PROBE_SAME, PROBE_UNKNOWN } } },
	{ "there is no address to ask from",
	  PROBE_ADDRESS,
	  { { PACKET, false, PROBE_ALIVE, PROBE_UP },
	    { MUTE, false, PROBE_SAME, PROBE_UP },
	    { MUTE, false, PROBE_SAME, PROBE_UP },
	    { MUTE, false, PROBE_SAME, PROBE_UNKNOWN },
	    { NOTHING, true, PROBE_SAME, PROBE_UNKNOWN } } },
	{ "without its association nothing passes, which is known at once",
	  PROBE_PEER,
	  { { PACKET, true, PROBE_ALIVE, PROBE_UP },
	    { BLOCKED, false, PROBE_DEAD, PROBE_DOWN },
	    { BLOCKED, false, PROBE_SAME, PROBE_DOWN },
	    { PACKET, true, PROBE_ALIVE, PROBE_UP } } },
	{ "but a start takes its time",
	  PROBE_PEER,
	  { { BLOCKED, false, PROBE_SAME, PROBE_UNKNOWN },
	    { BLOCKED, false, PROBE_SAME, PROBE_UNKNOWN },
	    { BLOCKED, false, PROBE_DEAD, PROBE_DOWN } } },
};

static void happen(struct bench *b, enum happens what, enum probe_change *change)
{
	*change = what == ANSWER ? answer(b) : PROBE_SAME;
	if (what == ASKED)
		probe_heard(&b->probe, b->now);
	b->look.packets += what == PACKET;
	b->look.blocked = what == BLOCKED;
	b->look.mute = what == MUTE;
}

static void stories_end_as_they_should(void)
{
	for (unsigned i = 0; i < sizeof(stories) / sizeof(stories[0]); i++) {
		struct bench b;

		begin(&b, stories[i].kind);
		for (unsigned n = 0; stories[i].step[n].what != THE_END; n++) {
			const struct step *want = &stories[i].step[n];
			enum probe_change before, after;

			happen(&b, want->what, &before);
			after = look(&b);
			CU_ASSERT_EQUAL(before != PROBE_SAME ? before : after,
					want->change);
			CU_ASSERT_EQUAL(b.asked, want->asks);
			CU_ASSERT_EQUAL(b.probe.state, want->state);
			if (b.asked != want->asks || b.probe.state != want->state)
				printf("  %s, look %u\n", stories[i].name, n);
		}
	}
}

/* From the last packet to the news, wherever between two looks it came. */
static void death_is_noticed_in_time(void)
{
	for (int64_t after_ms = 1; after_ms < 5400; after_ms += 100) {
		const int64_t shortest = (PROBE_MISSES + 1) * DEAD_AFTER_S * 900 / 5;
		struct bench b;
		instant_t last;
		int64_t took_ms;

		begin(&b, PROBE_ADDRESS);
		look(&b);
		answer(&b);
		last = instant_add(b.now, duration_ms(after_ms));
		b.look.packets++;
		while (look(&b) != PROBE_DEAD)
			;
		took_ms = duration_to_ms(instant_diff(b.now, last));
		CU_ASSERT(took_ms <= DEAD_AFTER_S * 1000);
		CU_ASSERT(took_ms >= shortest - 1);
	}
}

/* Gateways that begin at once drift apart; and the first look is soon. */
static void looks_are_jittered(void)
{
	const int64_t whole = DEAD_AFTER_S * 1000 / 5;
	int64_t least = whole, most = 0;
	struct bench b;

	begin(&b, PROBE_ADDRESS);
	CU_ASSERT(instant_diff(b.probe.next, b.now).ns < duration_s(1).ns);
	for (unsigned i = 0; i < 1000; i++) {
		int64_t ms;

		look(&b);
		ms = duration_to_ms(instant_diff(b.probe.next, b.now));
		least = ms < least ? ms : least;
		most = ms > most ? ms : most;
	}
	CU_ASSERT(least >= whole * 9 / 10 && least < whole * 92 / 100);
	CU_ASSERT(most <= whole && most > whole * 98 / 100);
}

static void only_a_question_that_waits_has_an_answer(void)
{
	struct bench b;
	uint16_t first;

	begin(&b, PROBE_ADDRESS);
	CU_ASSERT_EQUAL(answer(&b), PROBE_SAME); /* nothing was asked */
	look(&b);
	first = b.probe.sent;
	CU_ASSERT_EQUAL(probe_answered(&b.probe, (uint16_t)(first + 1), b.now),
			PROBE_SAME);
	CU_ASSERT_EQUAL(b.probe.counts.late, 2);
	look(&b);
	look(&b);
	CU_ASSERT_EQUAL(probe_answered(&b.probe, first, b.now), PROBE_ALIVE);
	CU_ASSERT_EQUAL(b.probe.counts.answered, 1);
	for (unsigned i = 0; i < 1000; i++) /* a flood of it is no life */
		CU_ASSERT_EQUAL(probe_answered(&b.probe, first, b.now), PROBE_SAME);
	CU_ASSERT_EQUAL(b.probe.counts.late, 1002);
	CU_ASSERT_EQUAL(b.probe.counts.answered, 1);
	look(&b); /* the answer was life */
	for (unsigned i = 0; i < PROBE_MISSES + 1; i++)
		look(&b);
	CU_ASSERT_EQUAL(b.probe.state, PROBE_DOWN);
	CU_ASSERT_EQUAL(probe_answered(&b.probe, (uint16_t)(first + 2), b.now),
			PROBE_SAME); /* too many have been asked since */
	CU_ASSERT_EQUAL(b.probe.state, PROBE_DOWN);
}

/* Other systems are not asked for ever what they cannot answer; but now and then. */
static void who_never_answers_is_asked_rarely(void)
{
	struct bench b;

	begin(&b, PROBE_PEER);
	for (unsigned i = 0; i < 1000; i++) {
		b.look.packets += i % 7 == 0;
		look(&b);
	}
	CU_ASSERT(b.probe.counts.sent >= 95 && b.probe.counts.sent <= 105);
	look(&b);
	CU_ASSERT_EQUAL(probe_answered(&b.probe, b.probe.sent, b.now), PROBE_SAME);
	look(&b);
	look(&b);
	CU_ASSERT_TRUE(b.asked); /* as often as any other, from now on */
	look(&b);
	CU_ASSERT_TRUE(b.asked);
}

/* Numbers begin anywhere, and go round. */
static void numbers_go_round(void)
{
	struct bench b;

	begin(&b, PROBE_ADDRESS);
	for (unsigned i = 0; i < 70000; i++) {
		look(&b);
		if (i % 3 == 0 && b.asked)
			answer(&b);
		CU_ASSERT(b.probe.state != PROBE_DOWN);
		if (b.probe.state == PROBE_DOWN)
			return;
	}
	CU_ASSERT_EQUAL(b.probe.counts.late, 0);
}

static void what_is_known_outlives_a_reload(void)
{
	struct probe_spec spec = spec_of(PROBE_ADDRESS);
	struct bench b;
	uint64_t cookie;

	begin(&b, PROBE_ADDRESS);
	look(&b);
	answer(&b);
	cookie = b.probe.cookie;
	probe_set(&b.probe, &spec, &b.rng, b.now);
	CU_ASSERT_EQUAL(b.probe.cookie, cookie);
	spec.dead_after = duration_s(5);
	probe_set(&b.probe, &spec, &b.rng, b.now);
	CU_ASSERT_NOT_EQUAL(b.probe.cookie, cookie);
	CU_ASSERT_EQUAL(b.probe.state, PROBE_UP);
	CU_ASSERT_EQUAL(look(&b), PROBE_SAME);
	CU_ASSERT_EQUAL(b.probe.state, PROBE_UP);
}

void suite_probe(void)
{
	CU_pSuite s = CU_add_suite("probe", NULL, NULL);

	CU_ADD_TEST(s, stories_end_as_they_should);
	CU_ADD_TEST(s, death_is_noticed_in_time);
	CU_ADD_TEST(s, looks_are_jittered);
	CU_ADD_TEST(s, only_a_question_that_waits_has_an_answer);
	CU_ADD_TEST(s, who_never_answers_is_asked_rarely);
	CU_ADD_TEST(s, numbers_go_round);
	CU_ADD_TEST(s, what_is_known_outlives_a_reload);
}
