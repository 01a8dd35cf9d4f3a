/* SPDX-License-Identifier: ISC */
/*
 * The last security violations that an agent saw, for `mipctl show violations`:
 * who, about whom, under which SPI and Identification, and why it failed
 * (RFC 5944 1.7 and 3.8.2.1 want them logged; RFC 2006 calls the table so).
 *
 * A ring of fixed size: a flood of forged messages costs no memory and pushes
 * out only what is older.  `total` goes on counting.
 */
#ifndef COMMON_AGENT_VIOLATIONS_H
#define COMMON_AGENT_VIOLATIONS_H

#include <netinet/in.h>
#include <stdint.h>

enum { VIOLATIONS_MAX = 64 };

struct violation {
	uint64_t ntp; /* when; wall clock, 64-bit NTP */
	struct in_addr source;
	struct in_addr home;
	uint32_t spi; /* 0: there was none */
	uint64_t ident;
	const char *reason; /* static text */
};

/* Zero-initialised is empty. */
struct violations {
	uint64_t total; /* ever added */
	struct violation ring[VIOLATIONS_MAX];
};

void violations_add(struct violations *v, const struct violation *one);

/* Those that are kept, oldest first. */
void violations_each(const struct violations *v,
		     void (*visit)(void *arg, const struct violation *one), void *arg);

#endif
