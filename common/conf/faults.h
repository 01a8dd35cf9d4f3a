/* SPDX-License-Identifier: ISC */
/*
 * What is wrong with a configuration, all of it at once, as lines
 * `file:line: element/@attribute: reason`, in the order of the file.
 *
 * A fault keeps the configuration from being used; a warning does not.
 */
#ifndef COMMON_CONF_FAULTS_H
#define COMMON_CONF_FAULTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum { CONF_FAULTS_MAX = 1000 }; /* lines kept; the rest are only counted */

struct conf_fault {
	int line; /* 0: of the file as a whole */
	bool warning;
	char *text; /* from the element on */
};

struct conf_faults {
	char *file;
	struct conf_fault *at;
	unsigned kept;
	unsigned faults, warnings; /* also those not kept */
};

void conf_faults_init(struct conf_faults *f);
void conf_faults_fini(struct conf_faults *f);

/* Forget what was found and begin a new file. */
void conf_faults_begin(struct conf_faults *f, const char *file);

/*
 * Add one.  `element` and `attr` may be NULL.  When memory is short it is
 * counted all the same.
 */
void conf_fault(struct conf_faults *f, int line, const char *element, const char *attr,
		const char *format, ...) __attribute__((format(printf, 5, 6)));
void conf_warn(struct conf_faults *f, int line, const char *element, const char *attr,
	       const char *format, ...) __attribute__((format(printf, 5, 6)));

/* Into the order of the file. */
void conf_faults_sort(struct conf_faults *f);

/* One line into `text`; returns `text`. */
const char *conf_fault_text(const struct conf_faults *f, unsigned i, char *text,
			    size_t size);
void conf_faults_print(const struct conf_faults *f, FILE *to);

#endif
