/* SPDX-License-Identifier: ISC */
/*
 * Reads a document as a stream of start tags and end tags (libxml2's SAX2
 * interface, fed in pieces) and hands them to a builder.  After a fault of XML
 * itself nothing more can be understood.
 */
#include "common/conf/xml.h"

#include "common/conf/builder.h"

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

enum { PIECE = 64 * 1024 };

struct document {
	struct conf_builder builder;
	struct conf_faults *faults;
	xmlParserCtxtPtr parser;
	bool no_memory;
	bool stopped;
};

static void stop(struct document *d)
{
	d->stopped = true;
	xmlStopParser(d->parser);
}

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

/* ---- what the parser tells ---- */

/* As libxml2 hands attributes over, five pointers each. */
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

static void read_attr(struct document *d, const struct given_attr *given)
{
	int line = line_at(d, given->value);

	/* Where an editor finds the XSD. */
	if (given->namespace && strcmp(given->namespace, XSI_NAMESPACE) == 0)
		return;
	if (given->namespace)
		conf_fault(d->faults, line, conf_builder_element(&d->builder),
			   given->name, "is in a namespace; ours have none");
	else
		conf_builder_attr(&d->builder, given->name, given->value,
				  (size_t)(given->end - given->value), line);
}

static void on_start(void *arg, const xmlChar *name, const xmlChar *prefix,
		     const xmlChar *uri, int namespaces, const xmlChar **declared,
		     int attributes, int defaulted, const xmlChar **given)
{
	struct document *d = arg;
	int line = line_of_tag(d);

	(void)prefix, (void)namespaces, (void)declared, (void)defaulted;
	if (d->stopped)
		return;
	if (uri) {
		conf_fault(d->faults, line, (const char *)name, NULL,
			   "is in a namespace; ours have none");
		conf_builder_pass_over(&d->builder);
		return;
	}
	if (!conf_builder_start(&d->builder, (const char *)name, line)) {
		if (d->builder.no_memory)
			stop(d);
		return;
	}
	for (int i = 0; i < attributes; i++) {
		struct given_attr attr = attr_of(given, i);

		read_attr(d, &attr);
	}
	conf_builder_ready(&d->builder);
}

static void on_end(void *arg, const xmlChar *name, const xmlChar *prefix,
		   const xmlChar *uri)
{
	struct document *d = arg;

	(void)name, (void)prefix, (void)uri;
	if (!d->stopped)
		conf_builder_end(&d->builder);
}

static void on_text(void *arg, const xmlChar *text, int len)
{
	struct document *d = arg;
	int line = d->parser->input->line; /* of the text's end */
	int i = 0;

	while (i < len && isspace(text[i]))
		i++;
	if (i == len)
		return;
	for (; i < len; i++)
		line -= text[i] == '\n';
	conf_builder_text(&d->builder, line);
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

static void put_dir(struct conf_builder *b, const char *path)
{
	const char *slash = strrchr(path, '/');

	if (slash)
		snprintf(b->dir, sizeof(b->dir), "%.*s", (int)(slash - path + 1), path);
}

static bool open_document(struct document *d, const char *name,
			  const struct conf_element *root, void *out,
			  struct conf_faults *faults)
{
	xmlSAXHandler sax = handler;

	d->faults = faults;
	conf_builder_init(&d->builder, root, out, faults);
	put_dir(&d->builder, name);
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
	/* Conversion errors do not know the parser and would go to standard error. */
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
	if (d->no_memory || d->builder.no_memory)
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
	whole = d->parser->wellFormed && d->builder.has_root && d->builder.depth == 0;
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
	if (rc < 0 && d->builder.has_root)
		conf_release(d->builder.root, d->builder.out);
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

	if (d->builder.has_keys && fstat(fd, &st) == 0 &&
	    (st.st_mode & (S_IRGRP | S_IROTH)))
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
