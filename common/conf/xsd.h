/* SPDX-License-Identifier: ISC */
/*
 * The XSD of a set of schemas, for editors and for whoever validates without us.
 * It is made from the rows; configs/sojourn.xsd is its output.
 *
 * It accepts what the rows accept, but for what needs more than one place to
 * judge (a missing child, a duplicate, a subnet that overlaps another).
 */
#ifndef COMMON_CONF_XSD_H
#define COMMON_CONF_XSD_H

#include "common/conf/schema.h"

void conf_xsd_print(const struct conf_element *const *roots, unsigned count, FILE *to);

#endif
