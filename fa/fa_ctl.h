/* SPDX-License-Identifier: ISC */
/*
 * What mip-fa answers on its control socket beyond what all agents do.
 */
#ifndef FA_FA_CTL_H
#define FA_FA_CTL_H

#include "common/base/clock.h"
#include "common/ctl/request.h"

#include <jansson.h>

/* A table ended by an entry without words; the agent is a struct agent_shell. */
const struct ctl_request *fa_ctl_requests(void);

/* The foreign agent's fields of `show status`. */
void fa_ctl_status(const void *core, const void *config, struct now now,
		   json_t *object);

#endif
