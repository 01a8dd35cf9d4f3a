/* SPDX-License-Identifier: ISC */
/*
 * A flood on a visited link, by a station with any names and link-layer addresses,
 * fills the foreign agent's table of pending registrations: whether a node gets in
 * all the same, on virtual time.
 */
#include "tests/unit/fa_world.h"
#include "tests/unit/suites.h"

#include <CUnit/CUnit.h>
#include <string.h>

/* Requests of nodes that are not there, as many as come in `d` at `rate` a second. */
static void flood_link(struct fa_world *w, unsigned rate, bool spoof_stations,
		       duration_t d)
{
	const unsigned count = (unsigned)(d.ns * rate / duration_s(1).ns);
	struct ask a = usual_ask();

	a.home_agent = OTHER_AGENT;
	for (unsigned i = 0; i < count; i++) {
		a.ident++;
		a.home.s_addr = htonl(0x0b000000 + (uint32_t)(w->now.mono.ns / 1000));
		a.src = a.home;
		a.mac = OTHER_MAC;
		if (spoof_stations)
			memcpy(a.mac.octet + 2, &a.home, sizeof(a.home));
		fa_world_ask(w, &a);
		fa_world_pass(w, (duration_t){ duration_s(1).ns / rate });
	}
}

/* Whether the node gets in when its home agent answers after `rtt`. */
static bool gets_in(unsigned rate, bool spoof_stations, duration_t rtt)
{
	struct ask a = usual_ask();
	struct fa_world w;
	struct say s;
	bool in;

	fa_world_config(&w);
	w.config.max_pending = 1000;
	fa_world_start(&w);
	flood_link(&w, rate, spoof_stations, duration_s(1));
	a.ident += 1000000;
	fa_world_ask(&w, &a);
	flood_link(&w, rate, spoof_stations, rtt);
	s = say_to(&a);
	fa_world_say(&w, &s);
	in = fa_world_visitor(&w, a.home) != NULL;
	CU_ASSERT_TRUE(fa_world_pending(&w) <= 1000);
	CU_ASSERT_TRUE(fa_world_counter(&w, "pending-crowded-out") > 0);
	fa_world_end(&w);
	return in;
}

static void one_station_in_any_name_keeps_nobody_out(void)
{
	CU_ASSERT_TRUE(gets_in(5000, false, duration_s(2)));
	CU_ASSERT_TRUE(gets_in(1500, false, duration_s(7)));
}

static void many_stations_leave_time_for_a_reply(void)
{
	CU_ASSERT_TRUE(gets_in(5000, true, duration_ms(190)));
	CU_ASSERT_FALSE(gets_in(5000, true, duration_ms(210)));
	CU_ASSERT_TRUE(gets_in(1500, true, duration_ms(600)));
}

void suite_fa_flood(void)
{
	CU_pSuite s = CU_add_suite("fa_flood", NULL, NULL);

	CU_ADD_TEST(s, one_station_in_any_name_keeps_nobody_out);
	CU_ADD_TEST(s, many_stations_leave_time_for_a_reply);
}
