/* SPDX-License-Identifier: ISC */
/*
 * A swarm on its socket: one thread that sends what is due, takes what comes, prints
 * a line every second, and keeps an account of each lap.
 */
#ifndef MN_SIM_SWARM_RUN_H
#define MN_SIM_SWARM_RUN_H

#include "mn-sim/swarm_options.h"
#include "mn-sim/swarm_report.h"

struct swarm_run;

/* `o` is kept.  0 or -errno. */
int swarm_run_open(struct swarm_run **out, const struct swarm_options *o);
void swarm_run_close(struct swarm_run *r); /* NULL is fine */

/*
 * Carry out a step until all of its Requests are answered or given up.  Returns its
 * account, in which `failed` are those that were not accepted within `within` of when
 * they were due; a `within` of 0 takes the late ones as good.
 */
struct swarm_lap swarm_run_lap(struct swarm_run *r, const char *text,
			       const struct swarm_step *step, duration_t within);

/* A signal has come: no further laps. */
bool swarm_run_is_over(const struct swarm_run *r);

struct swarm *swarm_run_swarm(struct swarm_run *r);
uint64_t swarm_run_refused(const struct swarm_run *r, int *error);

/* From Reply to first packet of watched moves, and how many saw none; or NULL. */
const struct swarm_histogram *swarm_run_handover(const struct swarm_run *r,
						 uint64_t *lost);
duration_t swarm_run_took(const struct swarm_run *r);

#endif
