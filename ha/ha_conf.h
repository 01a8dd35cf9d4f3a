/* SPDX-License-Identifier: ISC */
/*
 * The home agent's options: rows, and what must hold between them.
 */
#ifndef HA_HA_CONF_H
#define HA_HA_CONF_H

#include "common/conf/schema.h"
#include "ha/ha_config.h"

/* The rows of <home-agent>; the object is struct ha_config. */
extern const struct conf_element ha_config_schema;

#endif
