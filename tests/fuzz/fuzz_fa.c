/* SPDX-License-Identifier: ISC */
/*
 * Any octets as what happens to a foreign agent: datagrams from both sides, ICMP,
 * time, a system that refuses, links, reloads.  Events and promises are in
 * tests/unit/fa_storm.c.
 */
#include "tests/fuzz/fuzz.h"
#include "tests/unit/fa_storm.h"

void fuzz_fa(const uint8_t *data, size_t size)
{
	struct fa_storm_report report;
	const char *broken = fa_storm(data, size, &report);

	if (broken)
		fprintf(stderr, "broken: %s\n", broken);
	PROMISE(!broken);
}
