/* SPDX-License-Identifier: ISC */
/*
 * A story: what somebody might tell of the protocol, played in the made-up
 * world and told as one TAP line.  stories.def lists them.
 */
#ifndef TESTS_SIM_STORY_H
#define TESTS_SIM_STORY_H

#include "tests/sim/world.h"

#define STORY(symbol, nodes, says) void story_##symbol(struct world *w);
#include "tests/sim/stories.def"
#undef STORY

#define EXPECT(w, condition)                                                           \
	do {                                                                           \
		if (!(condition))                                                      \
			world_break((w), "%s:%d: %s", __FILE__, __LINE__, #condition); \
	} while (0)

/* Move there and be registered within `most`; true if so. */
bool story_visit(struct world *w, int mn, int segment, duration_t most);
bool story_go_home(struct world *w, int mn, duration_t most);

#endif
