/* SPDX-License-Identifier: ISC */
/*
 * The core's own copy of its configuration, and the security associations that
 * come from it.
 */
#ifndef FA_FA_SETTINGS_H
#define FA_FA_SETTINGS_H

#include "common/security/sa.h"
#include "fa/fa_config.h"

struct fa_settings {
	struct fa_config config; /* arrays are ours; the peers live in `associations` */
	struct sa_store *associations;
};

/* 0; -ENOMEM; or what sa_add() says of an association.  On an error nothing is held. */
int fa_settings_init(struct fa_settings *s, const struct fa_config *config);
void fa_settings_fini(struct fa_settings *s);

#endif
