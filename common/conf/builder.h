/* SPDX-License-Identifier: ISC */
/*
 * Start tags, attributes and end tags in, a struct and faults out: what a document
 * means by a schema, without XML's own rules (xml.h).
 */
#ifndef COMMON_CONF_BUILDER_H
#define COMMON_CONF_BUILDER_H

#include "common/conf/faults.h"
#include "common/conf/schema.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CONF_DIR_MAX = 4096 };

/* An element that is open. */
struct conf_frame {
	const struct conf_element *element;
	void *object;
	int line;
	uint64_t given; /* bit n: row n of the element */
	unsigned counts[CONF_CHILDREN_MAX];
};

struct conf_builder {
	struct conf_faults *faults;
	const struct conf_element *root;
	void *out;
	char dir[CONF_DIR_MAX]; /* where relative key files are */
	struct conf_frame stack[CONF_DEPTH_MAX];
	unsigned depth;
	unsigned unknown; /* open elements in and with an unknown one */
	bool has_root;
	bool no_memory;
	bool has_keys; /* in the document itself */
};

void conf_builder_init(struct conf_builder *b, const struct conf_element *root,
		       void *out, struct conf_faults *faults);

/* True if the element may stand here; then its attributes follow, and `ready`. */
bool conf_builder_start(struct conf_builder *b, const char *name, int line);
void conf_builder_attr(struct conf_builder *b, const char *name, const char *value,
		       size_t len, int line);
void conf_builder_ready(struct conf_builder *b);

/* An element that is passed over with all that is in it. */
void conf_builder_pass_over(struct conf_builder *b);

void conf_builder_text(struct conf_builder *b, int line);
void conf_builder_end(struct conf_builder *b);

/* The name of the innermost element that we know. */
const char *conf_builder_element(const struct conf_builder *b);

#endif
