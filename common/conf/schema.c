/* SPDX-License-Identifier: ISC */
/*
 * Walks over a schema: defaults, release, the list of options; and near names.
 */
#include "common/conf/schema.h"

#include "common/base/secret.h"
#include "common/conf/value.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static void *field_at(void *object, size_t offset)
{
	return (char *)object + offset;
}

static void set_defaults(const struct conf_element *e, void *object)
{
	struct conf_reason why;

	for (unsigned i = 0; i < e->attr_count; i++) {
		const struct conf_attr *row = &e->attr[i];
		bool good =
			!row->def || conf_value_set(row, row->def, "", object, &why);

		assert(good); /* a default is a value; held by a test */
		(void)good;
	}
	for (unsigned i = 0; i < e->child_count; i++) {
		const struct conf_child *c = &e->child[i];

		if (c->keep == CONF_KEEP_INSIDE)
			set_defaults(c->element, field_at(object, c->at));
	}
}

void conf_defaults(const struct conf_element *e, void *object)
{
	memset(object, 0, e->size);
	set_defaults(e, object);
}

static void release(const struct conf_element *e, void *object);

static void release_growing(const struct conf_child *c, void *object)
{
	char *array;
	unsigned count;

	memcpy(&array, field_at(object, c->at), sizeof(array));
	memcpy(&count, field_at(object, c->count), sizeof(count));
	for (unsigned i = 0; i < count; i++)
		release(c->element, array + i * c->element->size);
	free(array);
}

static void release(const struct conf_element *e, void *object)
{
	for (unsigned i = 0; i < e->attr_count; i++)
		if (e->attr[i].type == CONF_KEY || e->attr[i].type == CONF_KEY_FILE)
			secret_fini(field_at(object, e->attr[i].offset));
	for (unsigned i = 0; i < e->child_count; i++) {
		const struct conf_child *c = &e->child[i];

		if (c->keep == CONF_KEEP_GROWING)
			release_growing(c, object);
		else if (c->keep != CONF_KEEP_FIXED)
			release(c->element, field_at(object, c->at));
	}
}

void conf_release(const struct conf_element *e, void *object)
{
	release(e, object);
	memset(object, 0, e->size);
}

bool conf_given(const struct conf_check *c, const char *attr)
{
	for (unsigned i = 0; c->given >> i; i++)
		if ((c->given >> i & 1) && strcmp(c->attr[i].name, attr) == 0)
			return true;
	return false;
}

/* Elements that were listed already. */
struct listed {
	const struct conf_element *element[64];
	unsigned count;
};

static bool is_listed(const struct listed *l, const struct conf_element *e)
{
	for (unsigned i = 0; i < l->count; i++)
		if (l->element[i] == e)
			return true;
	return false;
}

static void list_element(const struct conf_element *e, struct listed *l, FILE *to)
{
	if (is_listed(l, e) || l->count == sizeof(l->element) / sizeof(l->element[0]))
		return;
	l->element[l->count++] = e;
	for (unsigned i = 0; i < e->attr_count; i++)
		fprintf(to, "%s/@%s\n", e->name, e->attr[i].name);
	for (unsigned i = 0; i < e->child_count; i++)
		list_element(e->child[i].element, l, to);
}

void conf_list_options(const struct conf_element *root, FILE *to)
{
	struct listed l = { 0 };

	list_element(root, &l, to);
}

enum { NEAR_NAME_MAX = 32 };

static unsigned least(unsigned a, unsigned b, unsigned c)
{
	unsigned d = a < b ? a : b;

	return d < c ? d : c;
}

/* Insertions, deletions and replacements that lie between two names (Levenshtein). */
static unsigned distance(const char *a, const char *b)
{
	size_t len = strlen(b);
	unsigned row[NEAR_NAME_MAX + 1];

	if (len > NEAR_NAME_MAX || strlen(a) > NEAR_NAME_MAX)
		return NEAR_NAME_MAX;
	for (unsigned j = 0; j <= len; j++)
		row[j] = j;
	for (unsigned i = 1; a[i - 1]; i++) {
		unsigned diagonal = row[0];

		row[0] = i;
		for (unsigned j = 1; j <= len; j++) {
			unsigned above = row[j];

			row[j] = least(above + 1, row[j - 1] + 1,
				       diagonal + (a[i - 1] != b[j - 1]));
			diagonal = above;
		}
	}
	return row[len];
}

const char *conf_nearest(const char *name, const char *const *names, unsigned count)
{
	/* A third of the letters may be wrong. */
	unsigned best = (unsigned)strnlen(name, NEAR_NAME_MAX) / 3 + 1;
	const char *found = NULL;

	for (unsigned i = 0; i < count; i++) {
		unsigned d = distance(name, names[i]);

		if (d < best) {
			best = d;
			found = names[i];
		}
	}
	return found;
}
