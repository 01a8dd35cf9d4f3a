/* SPDX-License-Identifier: ISC */
/*
 * A foreign agent in a storm: any octets as a sequence of things that happen to
 * it, and what must hold after each of them.  For the fuzzer, and with random
 * octets for the unit tests.
 */
#ifndef TESTS_UNIT_FA_STORM_H
#define TESTS_UNIT_FA_STORM_H

#include <stddef.h>
#include <stdint.h>

/* What happened, so that a test can tell that a storm was not a calm. */
struct fa_storm_report {
	unsigned relayed, admitted, expired, denied, failed;
};

/* NULL, or the first promise that was broken. */
const char *fa_storm(const uint8_t *octets, size_t len, struct fa_storm_report *report);

#endif
