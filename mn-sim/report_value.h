/* SPDX-License-Identifier: ISC */
/*
 * Values out of a run's JSON object, where what is missing is empty or 0, and how
 * text of the run is put into markup.
 */
#ifndef MN_SIM_REPORT_VALUE_H
#define MN_SIM_REPORT_VALUE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

const char *value_text(const json_t *object, const char *key);
long long value_integer(const json_t *object, const char *key);
double value_number(const json_t *object, const char *key);
bool value_holds(const json_t *object, const char *key);

/* Labels of the configuration, harmless in HTML and SVG, in attributes as well. */
void value_put_escaped(FILE *out, const char *text);

#endif
