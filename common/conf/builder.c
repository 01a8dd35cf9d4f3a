/* SPDX-License-Identifier: ISC */
/*
 * Builds a struct with a stack of the elements that are open.  A fault does not end
 * it, so that all are told at once; what is inside an unknown element is passed
 * over.
 */
#include "common/conf/builder.h"

#include "common/conf/value.h"

#include <stdlib.h>
#include <string.h>

enum { VALUE_MAX = 1024 };

void conf_builder_init(struct conf_builder *b, const struct conf_element *root,
		       void *out, struct conf_faults *faults)
{
	*b = (struct conf_builder){ .faults = faults, .root = root, .out = out };
}

static struct conf_frame *top(struct conf_builder *b)
{
	return &b->stack[b->depth - 1];
}

const char *conf_builder_element(const struct conf_builder *b)
{
	return b->depth > 0 ? b->stack[b->depth - 1].element->name : b->root->name;
}

/* ---- attributes ---- */

static const struct conf_attr *find_attr(const struct conf_element *e, const char *name)
{
	for (unsigned i = 0; i < e->attr_count; i++)
		if (strcmp(e->attr[i].name, name) == 0)
			return &e->attr[i];
	return NULL;
}

static void fault_unknown_attr(struct conf_builder *b, const struct conf_element *e,
			       const char *name, int line)
{
	const char *names[64];
	const char *near;

	for (unsigned i = 0; i < e->attr_count; i++)
		names[i] = e->attr[i].name;
	near = conf_nearest(name, names, e->attr_count);
	if (near)
		conf_fault(b->faults, line, e->name, name,
			   "no such attribute; \"%s\" is meant?", near);
	else
		conf_fault(b->faults, line, e->name, name, "no such attribute");
}

static void set_attr(struct conf_builder *b, struct conf_frame *f,
		     const struct conf_attr *row, const char *text, int line)
{
	struct conf_reason why;

	if (!conf_value_set(row, text, b->dir, f->object, &why))
		conf_fault(b->faults, line, f->element->name, row->name, "%s",
			   why.text);
}

void conf_builder_attr(struct conf_builder *b, const char *name, const char *value,
		       size_t len, int line)
{
	struct conf_frame *f = top(b);
	const struct conf_attr *row = find_attr(f->element, name);
	char text[VALUE_MAX];

	if (!row) {
		fault_unknown_attr(b, f->element, name, line);
		return;
	}
	f->given |= UINT64_C(1) << (row - f->element->attr);
	b->has_keys |= row->type == CONF_KEY;
	if (len >= sizeof(text)) {
		conf_fault(b->faults, line, f->element->name, name,
			   "must have at most %d characters", VALUE_MAX - 1);
		return;
	}
	memcpy(text, value, len);
	text[len] = '\0';
	set_attr(b, f, row, text, line);
	explicit_bzero(text, len);
}

void conf_builder_ready(struct conf_builder *b)
{
	const struct conf_frame *f = top(b);

	for (unsigned i = 0; i < f->element->attr_count; i++) {
		const struct conf_attr *row = &f->element->attr[i];

		if (row->required && !(f->given >> i & 1))
			conf_fault(b->faults, f->line, f->element->name, row->name,
				   "is missing (%s)", row->help);
	}
}

/* ---- objects ---- */

static void *field_at(void *object, size_t offset)
{
	return (char *)object + offset;
}

/* One more at the end of a growing array, which doubles at each power of two. */
static void *grow(const struct conf_child *c, void *parent)
{
	size_t size = c->element->size;
	unsigned count;
	char *array;

	memcpy(&array, field_at(parent, c->at), sizeof(array));
	memcpy(&count, field_at(parent, c->count), sizeof(count));
	if ((count & (count - 1)) == 0) {
		array = reallocarray(array, count ? 2 * (size_t)count : 1, size);
		if (!array)
			return NULL;
		memcpy(field_at(parent, c->at), &array, sizeof(array));
	}
	memset(array + count * size, 0, size);
	count++;
	memcpy(field_at(parent, c->count), &count, sizeof(count));
	return array + (count - 1) * size;
}

/* The next of an array that has room for all there may be. */
static void *next_fixed(const struct conf_child *c, void *parent)
{
	unsigned count;

	memcpy(&count, field_at(parent, c->count), sizeof(count));
	count++;
	memcpy(field_at(parent, c->count), &count, sizeof(count));
	return field_at(parent, c->at + (count - 1) * c->element->size);
}

static void *mark_there(const struct conf_child *c, void *parent)
{
	const bool there = true;

	memcpy(field_at(parent, c->count), &there, sizeof(there));
	return field_at(parent, c->at);
}

/* The child's object, with its defaults; NULL when memory is short. */
static void *child_object(const struct conf_child *c, void *parent)
{
	void *object = NULL;

	switch (c->keep) {
	case CONF_KEEP_INSIDE: /* has its defaults since the parent's start */
		return field_at(parent, c->at);
	case CONF_KEEP_IF:
		object = mark_there(c, parent);
		break;
	case CONF_KEEP_GROWING:
		object = grow(c, parent);
		break;
	case CONF_KEEP_FIXED:
		object = next_fixed(c, parent);
		break;
	}
	if (object)
		conf_defaults(c->element, object);
	return object;
}

/* ---- elements ---- */

static const struct conf_child *find_child(const struct conf_element *e,
					   const char *name)
{
	for (unsigned i = 0; i < e->child_count; i++)
		if (strcmp(e->child[i].element->name, name) == 0)
			return &e->child[i];
	return NULL;
}

static void fault_unknown_child(struct conf_builder *b,
				const struct conf_element *parent, const char *name,
				int line)
{
	const char *names[CONF_CHILDREN_MAX];
	const char *near;

	for (unsigned i = 0; i < parent->child_count; i++)
		names[i] = parent->child[i].element->name;
	near = conf_nearest(name, names, parent->child_count);
	if (near)
		conf_fault(b->faults, line, name, NULL,
			   "no such element in %s; \"%s\" is meant?", parent->name,
			   near);
	else
		conf_fault(b->faults, line, name, NULL, "no such element in %s",
			   parent->name);
}

/* The element's object when it may stand here, else NULL and a fault. */
static void *open_child(struct conf_builder *b, struct conf_frame *parent,
			const char *name, struct conf_frame *f)
{
	const struct conf_child *c = find_child(parent->element, name);
	unsigned *count;
	void *object;

	if (!c) {
		fault_unknown_child(b, parent->element, name, f->line);
		return NULL;
	}
	count = &parent->counts[c - parent->element->child];
	if (*count == c->max) {
		conf_fault(b->faults, f->line, name, NULL,
			   "there may be at most %u in one %s", c->max,
			   parent->element->name);
		return NULL;
	}
	(*count)++;
	f->element = c->element;
	object = child_object(c, parent->object);
	b->no_memory |= !object;
	return object;
}

static void *open_root(struct conf_builder *b, const char *name, struct conf_frame *f)
{
	if (strcmp(name, b->root->name) != 0) {
		conf_fault(b->faults, f->line, name, NULL, "the document must be a %s",
			   b->root->name);
		return NULL;
	}
	b->has_root = true;
	f->element = b->root;
	conf_defaults(b->root, b->out);
	return b->out;
}

bool conf_builder_start(struct conf_builder *b, const char *name, int line)
{
	struct conf_frame *f = &b->stack[b->depth];

	if (b->unknown > 0) {
		b->unknown++;
		return false;
	}
	*f = (struct conf_frame){ .line = line };
	f->object =
		b->depth == 0 ? open_root(b, name, f) : open_child(b, f - 1, name, f);
	if (!f->object) {
		b->unknown++;
		return false;
	}
	if (f->element->line != CONF_NO_LINE)
		memcpy(field_at(f->object, f->element->line), &line, sizeof(line));
	b->depth++;
	return true;
}

void conf_builder_pass_over(struct conf_builder *b)
{
	b->unknown++;
}

void conf_builder_text(struct conf_builder *b, int line)
{
	if (b->unknown == 0 && b->depth > 0)
		conf_fault(b->faults, line, conf_builder_element(b), NULL,
			   "text has no place here");
}

static void check_children(struct conf_builder *b, const struct conf_frame *f)
{
	for (unsigned i = 0; i < f->element->child_count; i++) {
		const struct conf_child *c = &f->element->child[i];

		if (f->counts[i] < c->min)
			conf_fault(b->faults, f->line, f->element->name, NULL,
				   "has no %s in it (%s)", c->element->name,
				   c->element->help);
	}
}

void conf_builder_end(struct conf_builder *b)
{
	struct conf_frame *f;

	if (b->unknown > 0) {
		b->unknown--;
		return;
	}
	f = &b->stack[--b->depth];
	check_children(b, f);
	if (f->element->check)
		f->element->check(f->object, &(struct conf_check){
						     .faults = b->faults,
						     .element = f->element->name,
						     .line = f->line,
						     .attr = f->element->attr,
						     .given = f->given,
					     });
}
