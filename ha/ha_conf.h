/* SPDX-License-Identifier: ISC */
/*
 * The home agent's options: rows, checks, and reading them from a file.
 */
#ifndef HA_HA_CONF_H
#define HA_HA_CONF_H

#include "common/conf/faults.h"
#include "common/conf/schema.h"
#include "ha/ha_config.h"

#include <stdio.h>

/* The rows of <home-agent>; the object is struct ha_config. */
const struct conf_element *ha_config_schema(void);

/*
 * Read a file.  Returns 0, or a negative errno and the reasons in `faults`; then
 * *out owns nothing.  Warnings may be there in any case.
 */
int ha_config_load(const char *path, struct ha_config *out, struct conf_faults *faults);
void ha_config_free(struct ha_config *config);

/* Every option as `element/@attribute`, one a line. */
void ha_config_list_options(FILE *to);

#endif
