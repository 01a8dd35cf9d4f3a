/* SPDX-License-Identifier: ISC */
/*
 * Which ends a tunnel may lead to now: where ESP is required, those with whom its
 * associations stand.  The forwarding table drops what may not go in clear; a core
 * asks here, so that it promises no tunnel that would drop everything.
 */
#ifndef COMMON_AGENT_GUARD_H
#define COMMON_AGENT_GUARD_H

#include "common/agent/config.h"

#include <netinet/in.h>
#include <stdbool.h>

struct guard;

/* NULL when out of memory. */
struct guard *guard_new(void);
void guard_free(struct guard *g);

/*
 * The agents that the configuration protects, instead of those that were; what was
 * told of ends stays.  0, or -ENOMEM and nothing has changed.
 */
int guard_configure(struct guard *g, const struct protected_config *p);

/* Associations with `remote` stand, or not any more.  0 or -ENOMEM. */
int guard_tell(struct guard *g, struct in_addr remote, bool stands);

/* Whether associations with it stand. */
bool guard_stands(const struct guard *g, struct in_addr remote);

/* Whether tunnels to this agent must have it. */
bool guard_requires(const struct guard *g, struct in_addr agent);

/* Whether there is any such agent. */
bool guard_requires_any(const struct guard *g);

/* Whether a tunnel to it may be: ESP is not required, or stands. */
bool guard_lets(const struct guard *g, struct in_addr agent);

/*
 * An end that belongs to one alone, such as a node's own address: nobody else's keys or
 * policy may take the place of the owner's.  0; -EEXIST: it is another's; -ENOMEM.
 */
int guard_own(struct guard *g, struct in_addr end, struct in_addr owner);
void guard_disown(struct guard *g, struct in_addr end);
bool guard_may_own(const struct guard *g, struct in_addr end, struct in_addr owner);

#endif
