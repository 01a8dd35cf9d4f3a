/* SPDX-License-Identifier: ISC */
/*
 * What a configuration may hold, as rows: an option is one row with its name,
 * field, type, range, default and a line of help; an element is its rows and
 * its children.  Reader, checks, the XSD and the list of options that the
 * manual pages are held against all come from them.
 *
 *   static const struct conf_attr log_rows[] = {
 *           CONF_ROW(common_config, log_level, "level", CONF_CHOICE, .def = "info",
 *                    .choices = levels, .help = "least level that is logged"),
 *   };
 */
#ifndef COMMON_CONF_SCHEMA_H
#define COMMON_CONF_SCHEMA_H

#include "common/conf/faults.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* How an attribute's text becomes a field, and what the field is. */
enum conf_type {
	CONF_BOOL,      /* bool: yes or no */
	CONF_NOT,       /* bool that says the contrary of the attribute */
	CONF_NUMBER,    /* uint8_t, uint16_t, uint32_t, uint64_t: decimal */
	CONF_IDENT,     /* uint32_t: decimal, or hexadecimal after 0x */
	CONF_SECONDS,   /* uint16_t, uint32_t: whole seconds, 1800 or 1800s */
	CONF_DURATION,  /* duration_t: 3, 0.75, 3s, 500ms; range in milliseconds */
	CONF_ADDRESS,   /* struct in_addr: a unicast address */
	CONF_PEER,      /* struct in_addr: the same, or any (0.0.0.0) */
	CONF_NETWORK,   /* struct ipv4_prefix: no bits beyond its length */
	CONF_HOST,      /* struct ipv4_prefix: an address on a link and its length */
	CONF_INTERFACE, /* char[IF_NAMESIZE] */
	CONF_NAME,      /* char[]: letters, digits, "-", "_", "." */
	CONF_TEXT,      /* char[]: one line */
	CONF_PATH,      /* char[]: a file name */
	CONF_FILE,      /* char[]: the whole name of a file that we can read */
	CONF_OWN_FILE,  /* the same, readable by its owner only */
	CONF_CHOICE,    /* int or enum: one of `choices` */
	CONF_KEY,       /* struct secret: hex:... or text:... */
	CONF_KEY_FILE,  /* struct secret: a file that holds the same */
	CONF_SPECIAL,   /* what `special` makes of it */
	CONF_TYPE_COUNT
};

struct conf_choice {
	const char *name; /* NULL ends the table */
	int value;
};

enum { CONF_REASON_MAX = 192 };

/* Why a text is no value. */
struct conf_reason {
	char text[CONF_REASON_MAX];
};

struct conf_special {
	bool (*parse)(const char *text, void *field, struct conf_reason *why);
	const char *pattern; /* XSD */
};

struct conf_attr {
	const char *name;
	enum conf_type type;
	size_t offset, size;
	bool required;
	const char *def;  /* as text; NULL: the field stays zero */
	int64_t min, max; /* of numbers and durations */
	const struct conf_choice *choices;
	const struct conf_special *special;
	const char *help;
};

#define CONF_ROW(struct_, field_, name_, type_, ...)                       \
	{                                                                  \
		.name = (name_), .type = (type_),                          \
		.offset = offsetof(struct struct_, field_),                \
		.size = sizeof(((struct struct_ *)0)->field_), __VA_ARGS__ \
	}

/* For a check at an element's end: the object, where, and which rows were given. */
struct conf_check {
	struct conf_faults *faults;
	const char *element;
	int line;
	const struct conf_attr *attr;
	uint64_t given; /* bit n: attr[n] */
};

bool conf_given(const struct conf_check *c, const char *attr);

struct conf_child;

struct conf_element {
	const char *name;
	const char *help;
	const struct conf_attr *attr; /* at most 64 */
	unsigned attr_count;
	const struct conf_child *child; /* at most CONF_CHILDREN_MAX */
	unsigned child_count;
	size_t size; /* of the object */
	size_t line; /* offset of an int for the line; CONF_NO_LINE */
	void (*check)(void *object, struct conf_check *c);
};

enum { CONF_CHILDREN_MAX = 16, CONF_DEPTH_MAX = 8 };
#define CONF_NO_LINE SIZE_MAX

enum conf_keep {
	CONF_KEEP_INSIDE,  /* part of the parent; has its defaults always */
	CONF_KEEP_IF,      /* part of the parent; `count` is a bool: it was there */
	CONF_KEEP_GROWING, /* `at` is a pointer to an array of ours, `count` unsigned */
	CONF_KEEP_FIXED,   /* `at` is an array with room for `max`, `count` unsigned */
};

struct conf_child {
	const struct conf_element *element;
	enum conf_keep keep;
	size_t at;
	size_t count;
	unsigned min, max; /* how many there may be */
};

/* Zero the object and set the defaults of its rows and of what is inside it. */
void conf_defaults(const struct conf_element *e, void *object);

/* Give back what reading allocated: arrays and keys.  The object is zero after it. */
void conf_release(const struct conf_element *e, void *object);

/* Each attribute once, as `element/@attribute`, a line each. */
void conf_list_options(const struct conf_element *root, FILE *to);

/* The name among `names` that is meant by a misspelt one, or NULL. */
const char *conf_nearest(const char *name, const char *const *names, unsigned count);

#endif
