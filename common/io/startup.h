/* SPDX-License-Identifier: ISC */
/*
 * Start-up as a table of named steps, undone in reverse.
 *
 * A step that fails says why as an errno and, if it likes, in a sentence of its
 * own; what came before it is undone, and the caller has one message to show.
 */
#ifndef COMMON_IO_STARTUP_H
#define COMMON_IO_STARTUP_H

#include <stddef.h>

enum { STARTUP_TEXT = 512 };

struct startup_fault {
	const char *step; /* name of the step that failed */
	int error;        /* positive errno, 0 if none */
	char detail[160]; /* what it was about: a path, an interface; may be "" */
};

struct startup_step {
	const char *name; /* what it does: "open the registration socket" */
	int (*start)(void *arg, struct startup_fault *fault); /* 0 or -errno */
	void (*stop)(void *arg);                              /* may be NULL */
	const char *(*advice)(int error); /* what to do about it; may be NULL */
};

/*
 * Run the steps in order.  Returns 0, or -errno of the step that failed, after
 * undoing those before it; *fault is then filled in.
 */
int startup_run(const struct startup_step *steps, size_t count, void *arg,
		struct startup_fault *fault);

/* Undo all of them, last first. */
void startup_undo(const struct startup_step *steps, size_t count, void *arg);

/* The fault as one line: step, detail, error, advice. */
const char *startup_fault_text(const struct startup_step *steps, size_t count,
			       const struct startup_fault *fault,
			       char text[STARTUP_TEXT]);

/* Fill in fault->detail and return `error` unchanged: return startup_fail(...). */
int startup_fail(struct startup_fault *fault, int error, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
