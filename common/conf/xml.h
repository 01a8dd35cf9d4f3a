/* SPDX-License-Identifier: ISC */
/*
 * An XML document to a struct, through the rows of a schema; the only door to
 * libxml2.  Nothing is fetched, no document type and no entities are taken, the
 * size is bounded, and the document is read as a stream.
 */
#ifndef COMMON_CONF_XML_H
#define COMMON_CONF_XML_H

#include "common/conf/faults.h"
#include "common/conf/schema.h"

#include <stddef.h>

enum { CONF_XML_SIZE_MAX = 256 * 1024 * 1024 };

/*
 * Fill in `out`, an object of `root`.  Returns 0, or -EINVAL when there are
 * faults, -ENOMEM, or what opening or reading the file gave; then *out is zero and
 * owns nothing.  Warnings may be there in any case.
 */
int conf_xml_load(const char *path, const struct conf_element *root, void *out,
		  struct conf_faults *faults);

/* The same from memory; `name` stands for the file. */
int conf_xml_parse(const char *name, const void *bytes, size_t len,
		   const struct conf_element *root, void *out,
		   struct conf_faults *faults);

#endif
