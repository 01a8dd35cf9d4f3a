/* SPDX-License-Identifier: ISC */
/*
 * The foreign agent's options: rows, and what must hold between them.
 */
#ifndef FA_FA_CONF_H
#define FA_FA_CONF_H

#include "common/conf/schema.h"
#include "fa/fa_config.h"

/* The rows of <foreign-agent>; the object is struct fa_config. */
extern const struct conf_element fa_config_schema;

#endif
