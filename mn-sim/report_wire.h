/* SPDX-License-Identifier: ISC */
/*
 * What an observer on the way saw: of each numbered flow one packet, the same one in
 * every run, as it stands in the run's capture.
 */
#ifndef MN_SIM_REPORT_WIRE_H
#define MN_SIM_REPORT_WIRE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/*
 * Add "wire" to each run that has such packets in a capture in `dir`:
 *
 *     [{"flow", "number", "capture", "frame", "octets": hex,
 *       "parts": [{"kind", "from", "length", "text"}]}]
 *
 * Packets in ESP are found with the keys next to the capture, NAME.keys to NAME.pcap;
 * what is shown of them is what was on the wire.
 */
void report_wire_add(json_t *runs, const char *dir);

/* Whether a run has "wire". */
bool report_wire_is_known(const json_t *runs);

/* The page's section about it, side by side; nothing when no run has any. */
void report_wire_html(FILE *out, const json_t *runs);

#endif
