/* SPDX-License-Identifier: ISC */
/*
 * A ring of the last security violations.  Entry number n of all that ever
 * were lies at n modulo the size, so the running total is the only index.
 */
#include "common/agent/violations.h"

void violations_add(struct violations *v, const struct violation *one)
{
	v->ring[v->total % VIOLATIONS_MAX] = *one;
	v->total++;
}

void violations_each(const struct violations *v,
		     void (*visit)(void *arg, const struct violation *one), void *arg)
{
	uint64_t first = v->total > VIOLATIONS_MAX ? v->total - VIOLATIONS_MAX : 0;

	for (uint64_t n = first; n < v->total; n++)
		visit(arg, &v->ring[n % VIOLATIONS_MAX]);
}
