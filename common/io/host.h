/* SPDX-License-Identifier: ISC */
/*
 * The machine's own clocks and random source, as the values that pure code is
 * handed.
 */
#ifndef COMMON_IO_HOST_H
#define COMMON_IO_HOST_H

#include "common/base/clock.h"
#include "common/base/rng.h"

#include <stdbool.h>

/*
 * Both clocks, read one after the other.  The instant comes from CLOCK_BOOTTIME,
 * so that lifetimes run on while the machine sleeps.
 */
struct now host_now(void);

/* The system's generator; never fails, ends the program if the kernel has none. */
struct rng host_rng(void);

/* Give the tables a hash key of their own; before any of them is filled. */
void host_seed_tables(void);

/*
 * Whether something keeps the wall clock right (NTP, PTP).  Timestamps of
 * registrations are compared with it (RFC 5944 5.7.1).
 */
bool host_clock_is_kept(void);

/* Whether this module of the kernel is there, loaded or built in. */
bool host_has_module(const char *name);

#endif
