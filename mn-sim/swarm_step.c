/* SPDX-License-Identifier: ISC */
/*
 * The text of a step.
 */
#include "mn-sim/swarm_step.h"

#include <stdlib.h>
#include <string.h>

static const char *const op_names[SWARM_OPS] = {
	[SWARM_REGISTER] = "register",
	[SWARM_RENEW] = "renew",
	[SWARM_ROAM] = "roam",
	[SWARM_DEREGISTER] = "deregister",
};

const char *swarm_op_name(enum swarm_op op)
{
	return op_names[op];
}

/* Digits at *at, from 1 to `max`, and past them. */
static bool take_number(const char **at, uint32_t max, uint32_t *out)
{
	unsigned long long v = 0;
	const char *from = *at;

	for (; **at >= '0' && **at <= '9' && v <= max; (*at)++)
		v = v * 10 + (unsigned)(**at - '0');
	*out = (uint32_t)v;
	return *at > from && v >= 1 && v <= max;
}

static const char *take_op(const char **at, uint32_t default_rate,
			   struct swarm_step *out)
{
	size_t len = strspn(*at, "abcdefghijklmnopqrstuvwxyz");
	uint32_t rate = default_rate;
	unsigned op = 0;

	while (op < SWARM_OPS &&
	       (strlen(op_names[op]) != len || strncmp(op_names[op], *at, len) != 0))
		op++;
	if (op == SWARM_OPS)
		return "register, renew, roam or deregister is wanted";
	if (out->rate[op])
		return "the same twice";
	*at += len;
	if (**at == '@') {
		(*at)++;
		if (!take_number(at, SWARM_RATE_MAX, &rate))
			return "a rate is 1 to 10000000 a second";
	}
	out->rate[op] = rate;
	return NULL;
}

const char *swarm_step_parse(const char *text, uint32_t default_rate,
			     struct swarm_step *out)
{
	const char *at = text, *wrong;
	unsigned ops = 1;
	uint32_t seconds;

	*out = (struct swarm_step){ 0 };
	wrong = take_op(&at, default_rate, out);
	for (; !wrong && *at == '+'; ops++) {
		at++;
		wrong = take_op(&at, default_rate, out);
	}
	if (wrong)
		return wrong;
	if (*at == '/') {
		at++;
		if (!take_number(&at, SWARM_SECONDS_MAX, &seconds))
			return "after / there are seconds, 1 to 86400";
		out->length = duration_s(seconds);
	}
	if (*at)
		return "not OP[@RATE][+OP[@RATE]...][/SECONDS]";
	if (ops > 1 && out->length.ns == 0)
		return "several at once need a time: /SECONDS";
	return NULL;
}
