/* SPDX-License-Identifier: ISC */
/*
 * Documents of the programs in tests: read from text, faults as one string.
 */
#ifndef TESTS_UNIT_CONF_DOCS_H
#define TESTS_UNIT_CONF_DOCS_H

#include "common/conf/schema.h"

#include <stdbool.h>

enum { CONF_DOC_LINES = 8192 };

/* What reading gave; out is the caller's, of the root's size. */
struct conf_doc {
	int rc;
	unsigned faults, warnings;
	char lines[CONF_DOC_LINES]; /* without the file's name */
};

struct conf_doc conf_doc_read(const struct conf_element *root, const char *text,
			      void *out);

/* A document that must be refused with a fault that holds `want`. */
void conf_doc_refused(const struct conf_element *root, const char *text,
		      const char *want);

/* The same, with no other fault beside it. */
void conf_doc_refused_once(const struct conf_element *root, const char *text,
			   const char *want);

/* A document that must be good, with a warning that holds `want`. */
void conf_doc_warned(const struct conf_element *root, const char *text,
		     const char *want);

#endif
