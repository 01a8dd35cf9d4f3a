/* SPDX-License-Identifier: ISC */
/*
 * Rows as an XML Schema 1.0: a complex type an element, used wherever the element
 * stands; simple types in place, with the row's range and its line of help.
 */
#include "common/conf/xsd.h"

#include <inttypes.h>
#include <string.h>

enum { TYPES_MAX = 64, OCCURS_COUNTED_MAX = 100 };

#define OCTET    "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
#define ADDRESS  "(" OCTET "\\.){3}" OCTET
#define PREFIX   ADDRESS "/(3[0-2]|[12]?[0-9])"
#define DURATION "[0-9]+(\\.[0-9]+)?(s|ms)?"

/* An element's type; the root tells apart elements of one name. */
struct type {
	const struct conf_element *element;
	const struct conf_element *root;
};

struct types {
	struct type at[TYPES_MAX];
	unsigned count;
};

static void put_escaped(const char *text, FILE *to)
{
	for (; *text; text++) {
		if (*text == '&')
			fputs("&amp;", to);
		else if (*text == '<')
			fputs("&lt;", to);
		else if (*text == '"')
			fputs("&quot;", to);
		else
			fputc(*text, to);
	}
}

static void put_indent(unsigned depth, FILE *to)
{
	fprintf(to, "%*s", (int)(2 * depth), "");
}

static void put_help(unsigned depth, const char *help, FILE *to)
{
	put_indent(depth, to);
	fputs("<xs:annotation><xs:documentation>", to);
	put_escaped(help, to);
	fputs("</xs:documentation></xs:annotation>\n", to);
}

static void put_facet(const char *facet, const char *value, FILE *to)
{
	fprintf(to, "          <xs:%s value=\"", facet);
	put_escaped(value, to);
	fputs("\"/>\n", to);
}

static void put_number_facet(const char *facet, int64_t value, FILE *to)
{
	fprintf(to, "          <xs:%s value=\"%" PRId64 "\"/>\n", facet, value);
}

static const char *pattern_of(const struct conf_attr *row)
{
	switch (row->type) {
	case CONF_NUMBER:
		return "[0-9]+";
	case CONF_IDENT:
		return "[0-9]+|0x[0-9A-Fa-f]+";
	case CONF_SECONDS:
	case CONF_DURATION:
		return DURATION;
	case CONF_ADDRESS:
		return ADDRESS;
	case CONF_PEER:
		return "any|" ADDRESS;
	case CONF_NETWORK:
	case CONF_HOST:
		return PREFIX;
	case CONF_INTERFACE:
		return "[!-.0-9;-~]+";
	case CONF_NAME:
		return "[A-Za-z0-9._\\-]+";
	case CONF_KEY:
		return "hex:([0-9A-Fa-f]{2})+|text:.+";
	case CONF_SPECIAL:
		return row->special->pattern;
	default:
		return NULL;
	}
}

static bool is_string(const struct conf_attr *row)
{
	return row->type == CONF_INTERFACE || row->type == CONF_NAME ||
	       row->type == CONF_TEXT || row->type == CONF_PATH;
}

/* Their whole names may be longer than what is written. */
static bool is_file(const struct conf_attr *row)
{
	return row->type == CONF_KEY_FILE || row->type == CONF_FILE ||
	       row->type == CONF_OWN_FILE;
}

/* The least that holds the row's range. */
static const char *base_of(const struct conf_attr *row)
{
	if (row->type != CONF_NUMBER)
		return "string";
	return row->max > UINT32_MAX ? "unsignedLong" : "unsignedInt";
}

static void put_enumeration(const struct conf_attr *row, FILE *to)
{
	if (row->type == CONF_BOOL || row->type == CONF_NOT) {
		put_facet("enumeration", "yes", to);
		put_facet("enumeration", "no", to);
	}
	if (row->type == CONF_CHOICE)
		for (const struct conf_choice *c = row->choices; c->name; c++)
			put_facet("enumeration", c->name, to);
}

static void put_range(const struct conf_attr *row, FILE *to)
{
	if (row->type == CONF_NUMBER) {
		put_number_facet("minInclusive", row->min, to);
		put_number_facet("maxInclusive", row->max, to);
	}
	if (is_string(row) || is_file(row))
		put_number_facet("minLength", 1, to);
	if (is_string(row))
		put_number_facet("maxLength", (int64_t)row->size - 1, to);
}

static void put_simple_type(const struct conf_attr *row, FILE *to)
{
	const char *pattern = pattern_of(row);

	fprintf(to,
		"      <xs:simpleType>\n"
		"        <xs:restriction base=\"xs:%s\">\n",
		base_of(row));
	if (pattern)
		put_facet("pattern", pattern, to);
	put_enumeration(row, to);
	put_range(row, to);
	fputs("        </xs:restriction>\n      </xs:simpleType>\n", to);
}

static void put_attr(const struct conf_attr *row, FILE *to)
{
	fprintf(to, "    <xs:attribute name=\"%s\"", row->name);
	if (row->required)
		fputs(" use=\"required\"", to);
	if (row->def) {
		fputs(" default=\"", to);
		put_escaped(row->def, to);
		fputs("\"", to);
	}
	fputs(">\n", to);
	put_help(3, row->help, to);
	put_simple_type(row, to);
	fputs("    </xs:attribute>\n", to);
}

/* "association"; "mobile-node.control" where others have another control. */
static void put_type_name(const struct types *all, const struct conf_element *e,
			  FILE *to)
{
	const struct type *own = NULL;
	bool shared_name = false;

	for (unsigned i = 0; i < all->count; i++) {
		if (all->at[i].element == e)
			own = &all->at[i];
		else if (strcmp(all->at[i].element->name, e->name) == 0)
			shared_name = true;
	}
	if (own && shared_name && own->root != e)
		fprintf(to, "%s.", own->root->name);
	fputs(e->name, to);
}

static void put_occurs(const struct conf_child *c, FILE *to)
{
	fprintf(to, " minOccurs=\"%u\"", c->min);
	if (c->max > OCCURS_COUNTED_MAX)
		fputs(" maxOccurs=\"unbounded\"", to);
	else
		fprintf(to, " maxOccurs=\"%u\"", c->max);
}

static void put_child(const struct types *all, const struct conf_child *c, bool counted,
		      FILE *to)
{
	fprintf(to, "      <xs:element name=\"%s\" type=\"", c->element->name);
	put_type_name(all, c->element, to);
	fputs("\"", to);
	if (counted)
		put_occurs(c, to);
	fputs("/>\n", to);
}

/* Children of one kind are counted; of several, they come in any order. */
static void put_children(const struct types *all, const struct conf_element *e,
			 FILE *to)
{
	bool counted = e->child_count == 1;

	if (e->child_count == 0)
		return;
	fputs(counted ? "    <xs:sequence>\n"
		      : "    <xs:choice minOccurs=\"0\" maxOccurs=\"unbounded\">\n",
	      to);
	for (unsigned i = 0; i < e->child_count; i++)
		put_child(all, &e->child[i], counted, to);
	fputs(counted ? "    </xs:sequence>\n" : "    </xs:choice>\n", to);
}

static void put_complex_type(const struct types *all, const struct conf_element *e,
			     FILE *to)
{
	fputs("\n  <xs:complexType name=\"", to);
	put_type_name(all, e, to);
	fputs("\">\n", to);
	put_help(2, e->help, to);
	put_children(all, e, to);
	for (unsigned i = 0; i < e->attr_count; i++)
		put_attr(&e->attr[i], to);
	fputs("  </xs:complexType>\n", to);
}

static bool is_known(const struct types *all, const struct conf_element *e)
{
	for (unsigned i = 0; i < all->count; i++)
		if (all->at[i].element == e)
			return true;
	return false;
}

static void collect(struct types *all, const struct conf_element *e,
		    const struct conf_element *root)
{
	if (is_known(all, e) || all->count == TYPES_MAX)
		return;
	all->at[all->count++] = (struct type){ e, root };
	for (unsigned i = 0; i < e->child_count; i++)
		collect(all, e->child[i].element, root);
}

void conf_xsd_print(const struct conf_element *const *roots, unsigned count, FILE *to)
{
	struct types all = { 0 };

	for (unsigned i = 0; i < count; i++)
		collect(&all, roots[i], roots[i]);
	fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	      "<!-- Made from the programs' own rows of options; do not edit. -->\n"
	      "<xs:schema xmlns:xs=\"http://www.w3.org/2001/XMLSchema\">\n\n",
	      to);
	for (unsigned i = 0; i < count; i++)
		fprintf(to, "  <xs:element name=\"%s\" type=\"%s\"/>\n", roots[i]->name,
			roots[i]->name);
	for (unsigned i = 0; i < all.count; i++)
		put_complex_type(&all, all.at[i].element, to);
	fputs("</xs:schema>\n", to);
}
