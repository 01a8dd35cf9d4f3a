/* SPDX-License-Identifier: ISC */
/*
 * Parse one line of the control protocol.  It comes from a local user with
 * access to the socket, but is treated like any other input.
 */
#include "common/ctl/request.h"

#include <stdbool.h>
#include <string.h>

/* Fold runs of blanks to one space, trim both ends; false on other controls. */
static bool fold_blanks(char *line)
{
	char *to = line;

	for (const char *from = line; *from; from++) {
		unsigned char c = (unsigned char)*from;

		if (c == ' ' || c == '\t' || c == '\r') {
			if (to > line && to[-1] != ' ')
				*to++ = ' ';
		} else if (c < ' ' || c == 127) {
			return false;
		} else {
			*to++ = (char)c;
		}
	}
	if (to > line && to[-1] == ' ')
		to--;
	*to = '\0';
	return true;
}

/* What follows `words` in `line`, or NULL if it does not begin with them. */
static const char *after_words(const char *line, const char *words)
{
	size_t n = strlen(words);

	if (strncmp(line, words, n) != 0)
		return NULL;
	if (line[n] == '\0')
		return line + n;
	return line[n] == ' ' ? line + n + 1 : NULL;
}

const struct ctl_request *ctl_request_parse(char *line, const struct ctl_request *table,
					    const char **argument, const char **error)
{
	*argument = "";
	*error = "unknown request; try: help";
	if (!fold_blanks(line)) {
		*error = "control characters in the request";
		return NULL;
	}
	for (; table->words; table++) {
		const char *rest = after_words(line, table->words);

		if (!rest)
			continue;
		if (*rest && !table->argument) {
			*error = "this request takes no argument";
			return NULL;
		}
		if (!*rest && table->argument) {
			*error = "this request needs an argument";
			return NULL;
		}
		*argument = rest;
		return table;
	}
	return NULL;
}
