/* SPDX-License-Identifier: ISC */
/*
 * Values of a run, for the table, the page and the picture.
 */
#include "mn-sim/report_value.h"

const char *value_text(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

long long value_integer(const json_t *object, const char *key)
{
	return (long long)json_integer_value(json_object_get(object, key));
}

double value_number(const json_t *object, const char *key)
{
	return json_number_value(json_object_get(object, key));
}

bool value_holds(const json_t *object, const char *key)
{
	return json_is_true(json_object_get(object, key));
}

static const char *entity_of(char c)
{
	switch (c) {
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '&':
		return "&amp;";
	case '"':
		return "&quot;";
	default:
		return NULL;
	}
}

void value_put_escaped(FILE *out, const char *text)
{
	for (; *text; text++) {
		const char *entity = entity_of(*text);

		if (entity)
			fputs(entity, out);
		else
			fputc(*text, out);
	}
}
