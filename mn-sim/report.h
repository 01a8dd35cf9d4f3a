/* SPDX-License-Identifier: ISC */
/*
 * What a scenario gave, for people and for scripts.
 *
 * A run is first put into one JSON object (report_json), with stable names; the
 * table and the page are made from such objects, so that runs made one after
 * the other, of different tunnels, come together in one report.
 */
#ifndef MN_SIM_REPORT_H
#define MN_SIM_REPORT_H

#include "mn-sim/scenario.h"

#include <jansson.h>
#include <stdio.h>

/*
 * {"name", "title", "passed", "moves":[...], "flows":[...], "streams":[...],
 * "captures":[...]}; "wire" comes to it later (report_wire.h).
 * Times are seconds from the start of the run.  NULL when out of memory.
 */
json_t *report_json(const struct scenario_result *r);

/* The table at the end of a run. */
void report_text(FILE *out, const json_t *run);

/* A self-contained page with a picture of every run, and what was on the wire. */
void report_html(FILE *out, const json_t *runs);

/* One picture: packet numbers over time, the moves marked. */
void report_svg(FILE *out, const json_t *run);

#endif
