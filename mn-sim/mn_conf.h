/* SPDX-License-Identifier: ISC */
/*
 * The mobile node's options: rows, and what must hold between them.
 */
#ifndef MN_SIM_MN_CONF_H
#define MN_SIM_MN_CONF_H

#include "common/conf/schema.h"
#include "mn-sim/mn_config.h"

/* The rows of <mobile-node>; the object is struct mn_config. */
extern const struct conf_element mn_config_schema;

#endif
