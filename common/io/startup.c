/* SPDX-License-Identifier: ISC */
/*
 * Runs a table of start-up steps and undoes them in reverse.
 */
#include "common/io/startup.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void startup_undo(const struct startup_step *steps, size_t count, void *arg)
{
	while (count-- > 0)
		if (steps[count].stop)
			steps[count].stop(arg);
}

int startup_run(const struct startup_step *steps, size_t count, void *arg,
		struct startup_fault *fault)
{
	*fault = (struct startup_fault){ 0 };
	for (size_t i = 0; i < count; i++) {
		int error = steps[i].start(arg, fault);

		if (error == 0)
			continue;
		fault->step = steps[i].name;
		fault->error = -error;
		startup_undo(steps, i, arg);
		return error;
	}
	return 0;
}

static const char *advice_for(const struct startup_step *steps, size_t count,
			      const struct startup_fault *fault)
{
	for (size_t i = 0; i < count; i++)
		if (steps[i].name == fault->step && steps[i].advice)
			return steps[i].advice(fault->error);
	return NULL;
}

const char *startup_fault_text(const struct startup_step *steps, size_t count,
			       const struct startup_fault *fault,
			       char text[STARTUP_TEXT])
{
	const char *advice = advice_for(steps, count, fault);

	snprintf(text, STARTUP_TEXT, "cannot %s%s%s: %s%s%s", fault->step,
		 fault->detail[0] ? ": " : "", fault->detail, strerror(fault->error),
		 advice ? "; " : "", advice ? advice : "");
	return text;
}

int startup_fail(struct startup_fault *fault, int error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(fault->detail, sizeof(fault->detail), format, args);
	va_end(args);
	return error;
}
