/* SPDX-License-Identifier: ISC */
/*
 * The mobile node's options: rows, checks, and reading them from a file.
 */
#ifndef MN_SIM_MN_CONF_H
#define MN_SIM_MN_CONF_H

#include "common/conf/faults.h"
#include "common/conf/schema.h"
#include "mn-sim/mn_config.h"

#include <stdio.h>

/* The rows of <mobile-node>; the object is struct mn_config. */
const struct conf_element *mn_config_schema(void);

/*
 * Read a file.  Returns 0, or a negative errno and the reasons in `faults`; then
 * *out owns nothing.  Warnings may be there in any case.
 */
int mn_config_load(const char *path, struct mn_config *out, struct conf_faults *faults);
void mn_config_free(struct mn_config *config);

/* Every option as `element/@attribute`, one a line. */
void mn_config_list_options(FILE *to);

#endif
