/* SPDX-License-Identifier: ISC */
/*
 * The control protocol's request line (pure): words separated by blanks, found
 * in a table of requests.
 *
 *   request   show bindings\n
 *   reply     one JSON object a line, then {"end":true,"count":N}
 *             or {"error":"text"}, always the last line
 */
#ifndef COMMON_CTL_REQUEST_H
#define COMMON_CTL_REQUEST_H

#include <stddef.h>

enum { CTL_LINE_MAX = 256 };

struct ctl_reply;

/* One request that a program understands. */
struct ctl_request {
	const char *words;    /* "clear binding" */
	const char *argument; /* what follows, for help: "ADDR"; NULL if nothing may */
	const char *help;
	void (*answer)(void *agent, const char *argument, struct ctl_reply *reply);
};

/*
 * Find the request that `line` makes in `table` (ended by an entry without
 * words).  *argument is what follows the words, "" if nothing.  On failure NULL,
 * and why in `error` (static text).  `line` is changed: blanks are folded.
 */
const struct ctl_request *ctl_request_parse(char *line, const struct ctl_request *table,
					    const char **argument, const char **error);

#endif
