/* SPDX-License-Identifier: ISC */
/*
 * The live view of a scenario: a line an event, and once a second where the
 * node is and what flows and tunnels carry.
 */
#ifndef MN_SIM_LIVE_H
#define MN_SIM_LIVE_H

#include "common/base/clock.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct live {
	bool quiet;
	bool terminal;    /* the status line is written over itself */
	bool status_open; /* a status line is on the screen */
	instant_t started;
};

void live_init(struct live *l, bool quiet);
void live_start(struct live *l, instant_t now);

/* What the scenario itself does. */
void live_say(struct live *l, instant_t now, const char *text);

/* An event of `program`, as its control socket sent it. */
void live_event(struct live *l, instant_t now, const char *program, const json_t *event);

/* One line, without a line feed. */
void live_status(struct live *l, instant_t now, const char *text);
void live_end(struct live *l);

#endif
