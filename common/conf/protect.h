/* SPDX-License-Identifier: ISC */
/*
 * The elements and attributes that concern ESP, and the checks of what is right
 * only together.
 */
#ifndef COMMON_CONF_PROTECT_H
#define COMMON_CONF_PROTECT_H

#include "common/agent/config.h"
#include "common/conf/schema.h"

/* Constant tables. */
extern const struct conf_element conf_esp;        /* esp_config */
extern const struct conf_element conf_manual_esp; /* manual_esp_config */
extern const struct conf_element conf_keying;     /* keying_options */

/* A node proves itself by its association, never by a certificate. */
extern const struct conf_element conf_node_keying; /* keying_options */

extern const struct conf_choice conf_protections[];
extern const struct conf_choice conf_policies[];

/* What a peer's element says of it; conf_settle_protection() goes with them. */
#define CONF_PROTECTION_ROWS(struct_, at_)                                        \
	CONF_ROW(struct_, at_.kind, "protection", CONF_CHOICE, .def = "none",     \
		 .choices = conf_protections,                                     \
		 .help = "how packets between it and us are protected"),          \
		CONF_ROW(struct_, at_.policy, "policy", CONF_CHOICE,              \
			 .choices = conf_policies,                                \
			 .help = "without keys: required drops, preferred sends " \
				 "in clear; off: no keys; required if not given")

void conf_settle_protection(struct peer_protection *p, struct conf_check *c);

/* The children of a program's root, `common_` being its struct common_config. */
#define CONF_PROTECTION_CHILDREN(struct_, common_, keying_)                     \
	CONF_ONE(struct_, keying_, common_.keying),                             \
		CONF_MANY(struct_, conf_esp, common_.esp, common_.esp_count, 0, \
			  CONF_TUNNELS_MAX),                                    \
		CONF_MANY(struct_, conf_manual_esp, common_.manual,             \
			  common_.manual_count, 0, CONF_SITES_MAX)

/* `element`: what agents are called. */
void conf_check_protection(struct conf_faults *f, const char *element,
			   const struct common_config *c,
			   const struct protected_config *p);

#endif
