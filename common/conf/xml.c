/* SPDX-License-Identifier: ISC */
/*
 * Reads a document as a stream of start tags and end tags (libxml2's SAX2
 * interface, fed in pieces), with a stack of the elements that are open.
 *
 * A fault does not end the reading, so that all are told at once; after a fault of
 * XML itself nothing more can be understood.  What is inside an unknown element
 * is passed over.
 */
#include "common/conf/xml.h"

#include "common/conf/value.h"

#include <libxml/SAX2.h>
#include <libxml/parser.h>

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define XSI_NAMESPACE "http://www.w3.org/2001/XMLSchema-instance"

enum { PIECE = 64 * 1024, VALUE_MAX = 1024 };

/* An element that is open. */
struct frame {
	const struct conf_element *element;
	void *object;
	int line;
	uint64_t given;
	unsigned counts[CONF_CHILDREN_MAX];
};

struct document {
	xmlParserCtxtPtr parser;
	struct conf_faults *faults;
	const struct conf_element *root;
	void *out;
	char dir[4096];
	struct frame stack[CONF_DEPTH_MAX];
	unsigned depth;
	unsigned unknown; /* open elements in and with an unknown one */
	bool has_root;
	bool no_memory;
	bool stopped;
	bool has_keys; /* in the document itself */
};

/* ---- lines ---- */

/*
 * The line of a place in the parser's buffer; of the end of the start tag when
 * the place is elsewhere.  The parser counts up to where it stands.
 */
static int line_at(const struct document *d, const void *place)
{
	const xmlChar *end = d->parser->input->cur;
	const xmlChar *at = place;
	int line = d->parser->input->line;

	if (at < d->parser->input->base || at > end)
		return line;
	for (; at < end; at++)
		line -= *at == '\n';
	return line;
}

/* A start tag begins at the last "<" behind us: values cannot hold one. */
static int line_of_tag(const struct document *d)
{
	const xmlChar *at = d->parser->input->cur;

	while (at > d->parser->input->base && *at != '<')
		at--;
	return line_at(d, at);
}

/* ---- attributes ---- */

/* As libxml2 hands them over, five pointers each. */
struct given_attr {
	const char *name;
	const char *prefix;
	const char *namespace;
	const char *value, *end;
};

static struct given_attr attr_of(const xmlChar **attributes, int i)
{
	const char **at = (const char **)(attributes + 5 * i);

	return (struct given_attr){ at[0], at[1], at[2], at[3], at[4] };
}

static const struct conf_attr *find_attr(const struct conf_element *e, const char *name)
{
	for (unsigned i = 0; i < e->attr_count; i++)
		if (strcmp(e->attr[i].name, name) == 0)
			return &e->attr[i];
	return NULL;
}

static void fault_unknown_attr(struct document *d, const struct frame *f,
			       const char *name, int line)
{
	const char *names[64];
	const char *near;

	for (unsigned i = 0; i < f->element->attr_count; i++)
		names[i] = f->element->attr[i].name;
	near = conf_nearest(name, names, f->element->attr_count);
	if (near)
		conf_fault(d->faults, line, f->element->name, name,
			   "no such attribute; \"%s\" is meant?", near);
	else
		conf_fault(d->faults, line, f->element->name, name,
			   "no such attribute");
}

static void set_attr(struct document *d, struct frame *f, const struct conf_attr *row,
		     const struct given_attr *given, int line)
{
	size_t len = (size_t)(given->end - given->value);
	char value[VALUE_MAX];
	struct conf_reason why;

	f->given |= UINT64_C(1) << (row - f->element->attr);
	d->has_keys |= row->type == CONF_KEY;
	if (len >= sizeof(value)) {
		conf_fault(d->faults, line, f->element->name, row->name,
			   "must have at most %d characters", VALUE_MAX - 1);
		return;
	}
	memcpy(value, given->value, len);
	value[len] = '\0';
	if (!conf_value_set(row, value, d->dir, f->object, &why))
		conf_fault(d->faults, line, f->element->name, row->name, "%s",
			   why.text);
	explicit_bzero(value, len);
}

static void read_attr(struct document *d, struct frame *f,
		      const struct given_attr *given)
{
	int line = line_at(d, given->value);
	const struct conf_attr *row = find_attr(f->element, given->name);

	/* Where an editor finds the XSD. */
	if (given->namespace && strcmp(given->namespace, XSI_NAMESPACE) == 0)
		return;
	if (given->namespace)
		conf_fault(d->faults, line, f->element->name, given->name,
			   "is in a namespace; ours have none");
	else if (!row)
		fault_unknown_attr(d, f, given->name, line);
	else
		set_attr(d, f, row, given, line);
}

static void check_required(struct document *d, const struct frame *f)
{
	for (unsigned i = 0; i < f->element->attr_count; i++) {
		const struct conf_attr *row = &f->element->attr[i];

		if (row->required && !(f->given >> i & 1))
			conf_fault(d->faults, f->line, f->element->name, row->name,
				   "is missing (%s)", row->help);
	}
}

/* ---- objects ---- */

static void *field_at(void *object, size_t offset)
{
	return (char *)object + offset;
}

static void stop(struct document *d)
{
	d->stopped = true;
	xmlStopParser(d->parser);
}

/* One more at the end of a growing array, which doubles at each power of two. */
static void *grow(struct document *d, const struct conf_child *c, void *parent)
{
	size_t size = c->element->size;
	unsigned count;
	char *array;

	memcpy(&array, field_at(parent, c->at), sizeof(array));
	memcpy(&count, field_at(parent, c->count), sizeof(count));
	if ((count & (count - 1)) == 0) {
		array = reallocarray(array, count ? 2 * (size_t)count : 1, size);
		if (!array) {
			d->no_memory = true;
			stop(d);
			return NULL;
		}
		memcpy(field_at(parent, c->at), &array, sizeof(array));
	}
	count++;
	memcpy(field_at(parent, c->count), &count, sizeof(count));
	return array + (count - 1) * size;
}

static void *next_fixed(const struct conf_child *c, void *parent)
{
	unsigned count;

	memcpy(&count, field_at(parent, c->count), sizeof(count));
	if (count >= c->max)
		return NULL;
	count++;
	memcpy(field_at(parent, c->count), &count, sizeof(count));
	return field_at(parent, c->at + (count - 1) * c->element->size);
}

/* The child's object, with its defaults. */
static void *child_object(struct document *d, const struct conf_child *c, void *parent)
{
	const bool there = true;
	void *object = NULL;

	switch (c->keep) {
	case CONF_KEEP_INSIDE:
		return field_at(parent,
				c->at); /* has its defaults since the parent's start */
	case CONF_KEEP_IF:
		memcpy(field_at(parent, c->count), &there, sizeof(there));
		object = field_at(parent, c->at);
		break;
	case CONF_KEEP_GROWING:
		object = grow(d, c, parent);
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

static void fault_unknown_child(struct document *d, const struct frame *f,
				const char *name, int line)
{
	const char *names[CONF_CHILDREN_MAX];
	const char *near;

	for (unsigned i = 0; i < f->element->child_count; i++)
		names[i] = f->element->child[i].element->name;
	near = conf_nearest(name, names, f->element->child_count);
	if (near)
		conf_fault(d->faults, line, name, NULL,
			   "no such element in %s; \"%s\" is meant?", f->element->name,
			   near);
	else
		conf_fault(d->faults, line, name, NULL, "no such element in %s",
			   f->element->name);
}

/* The element's object when it may stand here, else NULL and a fault. */
static void *open_child(struct document *d, struct frame *parent, const char *name,
			int line, const struct conf_element **element)
{
	const struct conf_child *c = find_child(parent->element, name);
	unsigned *count;

	if (!c) {
		fault_unknown_child(d, parent, name, line);
		return NULL;
	}
	count = &parent->counts[c - parent->element->child];
	if (*count == c->max) {
		conf_fault(d->faults, line, name, NULL,
			   "there may be at most %u in one %s", c->max,
			   parent->element->name);
		return NULL;
	}
	(*count)++;
	*element = c->element;
	return child_object(d, c, parent->object);
}

static void *open_root(struct document *d, const char *name, int line,
		       const struct conf_element **element)
{
	if (strcmp(name, d->root->name) != 0) {
		conf_fault(d->faults, line, name, NULL, "the document must be a %s",
			   d->root->name);
		return NULL;
	}
	d->has_root = true;
	*element = d->root;
	conf_defaults(d->root, d->out);
	return d->out;
}

static void put_line(const struct frame *f)
{
	if (f->element->line != CONF_NO_LINE)
		memcpy(field_at(f->object, f->element->line), &f->line,
		       sizeof(f->line));
}

/* The frame of an element that may stand here, pushed; NULL otherwise. */
static struct frame *push(struct document *d, const char *name)
{
	struct frame *f = &d->stack[d->depth];

	*f = (struct frame){ .line = line_of_tag(d) };
	f->object = d->depth == 0 ? open_root(d, name, f->line, &f->element)
				  : open_child(d, f - 1, name, f->line, &f->element);
	if (!f->object)
		return NULL;
	put_line(f);
	d->depth++;
	return f;
}

static void on_start(void *arg, const xmlChar *name, const xmlChar *prefix,
		     const xmlChar *uri, int namespaces, const xmlChar **declared,
		     int attributes, int defaulted, const xmlChar **given)
{
	struct document *d = arg;
	struct frame *f = NULL;

	(void)prefix, (void)namespaces, (void)declared, (void)defaulted;
	if (d->unknown == 0 && !d->stopped) {
		if (uri)
			conf_fault(d->faults, line_of_tag(d), (const char *)name, NULL,
				   "is in a namespace; ours have none");
		else
			f = push(d, (const char *)name);
	}
	if (!f) {
		d->unknown++;
		return;
	}
	for (int i = 0; i < attributes; i++) {
		struct given_attr attr = attr_of(given, i);

		read_attr(d, f, &attr);
	}
	check_required(d, f);
}

static void check_children(struct document *d, const struct frame *f)
{
	for (unsigned i = 0; i < f->element->child_count; i++) {
		const struct conf_child *c = &f->element->child[i];

		if (f->counts[i] < c->min)
			conf_fault(d->faults, f->line, f->element->name, NULL,
				   "has no %s in it (%s)", c->element->name,
				   c->element->help);
	}
}

static void on_end(void *arg, const xmlChar *name, const xmlChar *prefix,
		   const xmlChar *uri)
{
	struct document *d = arg;
	struct frame *f;

	(void)name, (void)prefix, (void)uri;
	if (d->unknown > 0) {
		d->unknown--;
		return;
	}
	if (d->stopped || d->depth == 0)
		return;
	f = &d->stack[--d->depth];
	check_children(d, f);
	if (f->element->check)
		f->element->check(f->object, &(struct conf_check){
						     .faults = d->faults,
						     .element = f->element->name,
						     .line = f->line,
						     .attr = f->element->attr,
						     .given = f->given,
					     });
}

static void on_text(void *arg, const xmlChar *text, int len)
{
	struct document *d = arg;
	int line = d->parser->input->line; /* of the text's end */
	int i = 0;

	while (i < len && isspace(text[i]))
		i++;
	if (i == len || d->unknown > 0 || d->depth == 0)
		return;
	for (; i < len; i++)
		line -= text[i] == '\n';
	conf_fault(d->faults, line, d->stack[d->depth - 1].element->name, NULL,
		   "text has no place here");
}

/* A document type could declare entities and name files: refused as a whole. */
static void on_doctype(void *arg, const xmlChar *name, const xmlChar *external,
		       const xmlChar *system)
{
	struct document *d = arg;

	(void)name, (void)external, (void)system;
	conf_fault(d->faults, d->parser->input->line, NULL, NULL,
		   "a document type may not be given");
	stop(d);
}

static void on_error(void *arg, xmlErrorPtr error)
{
	struct document *d = arg;
	const char *text = error->message ? error->message : "is not XML";

	if (d->stopped)
		return;
	if (error->code == XML_ERR_NO_MEMORY)
		d->no_memory = true;
	if (error->level >= XML_ERR_ERROR)
		conf_fault(d->faults, error->line, NULL, NULL, "%.*s",
			   (int)strcspn(text, "\n"), text);
}

/* What libxml2 would print it has told on_error already. */
__attribute__((format(printf, 2, 3))) static void on_print(void *arg,
							   const char *format, ...)
{
	(void)arg, (void)format;
}

/* ---- documents ---- */

static const xmlSAXHandler handler = {
	.initialized = XML_SAX2_MAGIC,
	.internalSubset = on_doctype,
	.startElementNs = on_start,
	.endElementNs = on_end,
	.characters = on_text,
	.cdataBlock = on_text,
	.serror = on_error,
};

static void put_dir(struct document *d, const char *path)
{
	const char *slash = strrchr(path, '/');

	if (slash)
		snprintf(d->dir, sizeof(d->dir), "%.*s", (int)(slash - path + 1), path);
}

static bool open_document(struct document *d, const char *name,
			  const struct conf_element *root, void *out,
			  struct conf_faults *faults)
{
	xmlSAXHandler sax = handler;

	*d = (struct document){ .faults = faults, .root = root, .out = out };
	put_dir(d, name);
	conf_faults_begin(faults, name);
	memset(out, 0, root->size);
	d->parser = xmlCreatePushParserCtxt(&sax, d, NULL, 0, name);
	if (!d->parser)
		return false;
	/*
	 * NOENT only makes values come whole ("&amp;" as "&"): there is no entity
	 * to expand without a document type.
	 */
	xmlCtxtUseOptions(d->parser, XML_PARSE_NONET | XML_PARSE_NOENT);
	/* Errors of conversion do not know the parser and would go to standard error. */
	xmlSetStructuredErrorFunc(d, on_error);
	xmlSetGenericErrorFunc(d, on_print);
	return true;
}

static void feed(struct document *d, const void *bytes, size_t len)
{
	const char *at = bytes;

	while (len > 0 && !d->stopped) {
		size_t piece = len < PIECE ? len : PIECE;

		xmlParseChunk(d->parser, at, (int)piece, 0);
		at += piece;
		len -= piece;
	}
}

static int result_of(const struct document *d, int error)
{
	if (d->no_memory)
		return -ENOMEM;
	if (error < 0)
		return error;
	return d->faults->faults > 0 ? -EINVAL : 0;
}

/* The parser can give up without a word, as on an encoding that it does not know. */
static void finish(struct document *d)
{
	bool whole;

	xmlParseChunk(d->parser, NULL, 0, 1);
	whole = d->parser->wellFormed && d->has_root && d->depth == 0;
	if (!whole && d->faults->faults == 0)
		conf_fault(d->faults, d->parser->input ? d->parser->input->line : 0,
			   NULL, NULL, "is not a whole XML document");
}

/* The end of the document, or of our patience with it. */
static int close_document(struct document *d, int error)
{
	int rc;

	if (error == 0 && !d->stopped)
		finish(d);
	xmlSetStructuredErrorFunc(NULL, NULL);
	xmlSetGenericErrorFunc(NULL, NULL);
	xmlFreeParserCtxt(d->parser);
	rc = result_of(d, error);
	if (rc == -ENOMEM)
		conf_fault(d->faults, 0, NULL, NULL, "out of memory");
	if (rc < 0 && d->has_root)
		conf_release(d->root, d->out);
	conf_faults_sort(d->faults);
	return rc;
}

int conf_xml_parse(const char *name, const void *bytes, size_t len,
		   const struct conf_element *root, void *out,
		   struct conf_faults *faults)
{
	struct document *d = calloc(1, sizeof(*d));
	int rc = -ENOMEM;

	if (d && open_document(d, name, root, out, faults)) {
		feed(d, bytes, len);
		rc = close_document(d, 0);
	}
	free(d);
	return rc;
}

/* All of the descriptor; 0 or -errno, told as a fault. */
static int feed_file(struct document *d, int fd)
{
	size_t total = 0;
	char *piece = malloc(PIECE);
	ssize_t n = 1;

	if (!piece)
		return -ENOMEM;
	while (n > 0 && !d->stopped) {
		n = read(fd, piece, PIECE);
		if (n <= 0)
			break;
		feed(d, piece, (size_t)n);
		total += (size_t)n;
		if (total > CONF_XML_SIZE_MAX) {
			n = -1;
			errno = EFBIG;
		}
	}
	n = n < 0 ? -errno : 0;
	explicit_bzero(piece, PIECE); /* keys may be in it */
	free(piece);
	if (n < 0)
		conf_fault(d->faults, 0, NULL, NULL, "cannot be read: %s",
			   strerror((int)-n));
	return (int)n;
}

static void warn_if_open_to_others(const struct document *d, int fd)
{
	struct stat st;

	if (d->has_keys && fstat(fd, &st) == 0 && (st.st_mode & (S_IRGRP | S_IROTH)))
		conf_warn(d->faults, 0, NULL, NULL,
			  "holds keys and others can read it; chmod 600 it");
}

int conf_xml_load(const char *path, const struct conf_element *root, void *out,
		  struct conf_faults *faults)
{
	struct document *d = calloc(1, sizeof(*d));
	int fd, rc = -ENOMEM;

	if (!d || !open_document(d, path, root, out, faults)) {
		free(d);
		return rc;
	}
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		rc = -errno;
		conf_fault(faults, 0, NULL, NULL, "cannot be opened: %s",
			   strerror(errno));
		rc = close_document(d, rc);
	} else {
		rc = feed_file(d, fd);
		warn_if_open_to_others(d, fd);
		rc = close_document(d, rc);
		close(fd);
	}
	free(d);
	return rc;
}
