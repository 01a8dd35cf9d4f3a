/* SPDX-License-Identifier: ISC */
/*
 * The live view of a scenario: a line an event, and once a second where the
 * node is and what flows and tunnels carry.
 *
 * Events of several programs come on several sockets.  They are held for a
 * moment and shown in the order of their own times, causes before effects.
 */
#ifndef MN_SIM_LIVE_H
#define MN_SIM_LIVE_H

#include "common/base/clock.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

enum { LIVE_HELD_MAX = 256, LIVE_HOLD_MS = 50 };

struct live_line {
	double time; /* Unix seconds */
	const char *program;
	json_t *event; /* ours */
};

struct live {
	bool quiet;
	bool terminal;    /* the status line is written over itself */
	bool status_open; /* a status line is on the screen */
	double started;   /* Unix seconds */
	struct live_line held[LIVE_HELD_MAX];
	size_t held_count;
};

void live_init(struct live *l, bool quiet);
void live_fini(struct live *l);

/* Times are shown from now on. */
void live_start(struct live *l);

/* What the scenario itself does. */
void live_say(struct live *l, const char *text);

/* An event of `program` (which must stay), as its control socket sent it. */
void live_event(struct live *l, const char *program, const json_t *event);

/* Show what has been held long enough; live_flush_all shows the rest too. */
void live_flush(struct live *l);
void live_flush_all(struct live *l);

/* One line, without a line feed. */
void live_status(struct live *l, const char *text);
void live_end(struct live *l);

#endif
