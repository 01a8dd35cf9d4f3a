/* SPDX-License-Identifier: ISC */
/*
 * One attribute's text to one field's value.
 */
#ifndef COMMON_CONF_VALUE_H
#define COMMON_CONF_VALUE_H

#include "common/base/clock.h"
#include "common/conf/schema.h"

#include <netinet/in.h>

/*
 * Set the field of `row` in `object` from `text`.  False and a reason if it is no
 * such value; the field is then as before.  `dir` is where relative key files are
 * looked for.
 */
bool conf_value_set(const struct conf_attr *row, const char *text, const char *dir,
		    void *object, struct conf_reason *why);

/* Of use to specials. */
bool conf_parse_number(const char *text, uint64_t *out);
bool conf_parse_ident(const char *text, uint64_t *out);      /* also 0x... */
bool conf_parse_host(const char *text, struct in_addr *out); /* of one host */
bool conf_parse_duration(const char *text, duration_t *out);

/* Say why not; returns false. */
bool conf_refuse(struct conf_reason *why, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
