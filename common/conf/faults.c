/* SPDX-License-Identifier: ISC */
/*
 * The list of faults: grows up to its bound, is sorted by line at the end.
 */
#include "common/conf/faults.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { FAULT_TEXT_MAX = 512 };

void conf_faults_init(struct conf_faults *f)
{
	*f = (struct conf_faults){ 0 };
}

void conf_faults_fini(struct conf_faults *f)
{
	for (unsigned i = 0; i < f->kept; i++)
		free(f->at[i].text);
	free(f->at);
	free(f->file);
	conf_faults_init(f);
}

void conf_faults_begin(struct conf_faults *f, const char *file)
{
	conf_faults_fini(f);
	f->file = strdup(file);
}

/* Doubles when the count is a power of two. */
static bool has_room(struct conf_faults *f)
{
	struct conf_fault *at;

	if (f->kept == CONF_FAULTS_MAX)
		return false;
	if ((f->kept & (f->kept - 1)) != 0)
		return true;
	at = reallocarray(f->at, f->kept ? 2 * (size_t)f->kept : 1,
			  sizeof(struct conf_fault));
	if (!at)
		return false;
	f->at = at;
	return true;
}

static void keep(struct conf_faults *f, struct conf_fault fault, const char *text)
{
	fault.text = strdup(text);
	if (!fault.text)
		return;
	if (!has_room(f)) {
		free(fault.text);
		return;
	}
	f->at[f->kept++] = fault;
}

/* "element/@attribute: " or as much of it as there is. */
static size_t put_place(char *text, const char *element, const char *attr)
{
	int n;

	if (!element)
		return 0;
	n = snprintf(text, FAULT_TEXT_MAX, "%s%s%s: ", element, attr ? "/@" : "",
		     attr ? attr : "");
	return n < FAULT_TEXT_MAX ? (size_t)n : FAULT_TEXT_MAX - 1;
}

static void add(struct conf_faults *f, struct conf_fault fault, const char *element,
		const char *attr, const char *format, va_list args)
{
	char text[FAULT_TEXT_MAX];
	size_t len = put_place(text, element, attr);

	if (fault.warning)
		f->warnings++;
	else
		f->faults++;
	vsnprintf(text + len, sizeof(text) - len, format, args);
	keep(f, fault, text);
}

void conf_fault(struct conf_faults *f, int line, const char *element, const char *attr,
		const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add(f, (struct conf_fault){ .line = line }, element, attr, format, args);
	va_end(args);
}

void conf_warn(struct conf_faults *f, int line, const char *element, const char *attr,
	       const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add(f, (struct conf_fault){ .line = line, .warning = true }, element, attr,
	    format, args);
	va_end(args);
}

static int by_line(const void *a, const void *b)
{
	const struct conf_fault *x = a, *y = b;

	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	return strcmp(x->text, y->text);
}

void conf_faults_sort(struct conf_faults *f)
{
	if (f->kept > 1)
		qsort(f->at, f->kept, sizeof(f->at[0]), by_line);
}

const char *conf_fault_text(const struct conf_faults *f, unsigned i, char *text,
			    size_t size)
{
	const struct conf_fault *fault = &f->at[i];
	const char *kind = fault->warning ? "warning: " : "";
	const char *file = f->file ? f->file : "?";

	if (fault->line > 0)
		snprintf(text, size, "%s:%d: %s%s", file, fault->line, kind,
			 fault->text);
	else
		snprintf(text, size, "%s: %s%s", file, kind, fault->text);
	return text;
}

void conf_faults_print(const struct conf_faults *f, FILE *to)
{
	char line[FAULT_TEXT_MAX + 256];

	for (unsigned i = 0; i < f->kept; i++)
		fprintf(to, "%s\n", conf_fault_text(f, i, line, sizeof(line)));
	if (f->faults + f->warnings > f->kept)
		fprintf(to, "%s: %u more\n", f->file ? f->file : "?",
			f->faults + f->warnings - f->kept);
}
