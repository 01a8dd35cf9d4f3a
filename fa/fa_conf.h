/* SPDX-License-Identifier: ISC */
/*
 * The foreign agent's options: rows, checks, and reading them from a file.
 */
#ifndef FA_FA_CONF_H
#define FA_FA_CONF_H

#include "common/conf/faults.h"
#include "common/conf/schema.h"
#include "fa/fa_config.h"

#include <stdio.h>

/* The rows of <foreign-agent>; the object is struct fa_config. */
const struct conf_element *fa_config_schema(void);

/*
 * Read a file.  Returns 0, or a negative errno and the reasons in `faults`; then
 * *out owns nothing.  Warnings may be there in any case.
 */
int fa_config_load(const char *path, struct fa_config *out, struct conf_faults *faults);
void fa_config_free(struct fa_config *config);

/* Every option as `element/@attribute`, one a line. */
void fa_config_list_options(FILE *to);

#endif
