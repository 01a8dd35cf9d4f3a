/* SPDX-License-Identifier: ISC */
/*
 * Security associations from a configuration into a core's store.
 */
#ifndef COMMON_AGENT_ASSOCIATIONS_H
#define COMMON_AGENT_ASSOCIATIONS_H

#include "common/agent/config.h"
#include "common/security/sa.h"

/* All that are shared with these peers.  0 or -errno; then some may be there. */
int associations_add(struct sa_store *store, enum sa_kind kind,
		     const struct peer_config *peers, unsigned count);

#endif
