/* SPDX-License-Identifier: ISC */
/*
 * Changes to the kernel's routing, as the effects ask for them: routes, rules,
 * neighbours, addresses.
 *
 * All of it carries our protocol number, so that it can be told from what an
 * operator made.  What we add we remember, and what is still there at the end
 * is removed.  What a predecessor left in a crash rtnl_sweep.h finds by it.
 */
#ifndef COMMON_IO_RTNL_EDIT_H
#define COMMON_IO_RTNL_EDIT_H

#include "common/agent/effect.h"
#include "common/agent/links.h"

/* rtm_protocol of routes, and the like of rules, neighbours and addresses. */
enum { RTPROT_SOJOURN = 143 };

struct rtnl_edit;

int rtnl_edit_open(struct rtnl_edit **out); /* 0 or -errno */

/* Removes what is still there of ours. */
void rtnl_edit_close(struct rtnl_edit *e);

/* Rules, and routes that lead nowhere, that are not removed but left to a successor. */
enum rtnl_legacy {
	RTNL_LEAVE_NONE,
	RTNL_LEAVE_INHERITED, /* those that a predecessor has left */
	RTNL_LEAVE_ALL
};
void rtnl_edit_leave(struct rtnl_edit *e, enum rtnl_legacy what);

/* What EFFECT_DEV_TUN means. */
void rtnl_edit_set_tun(struct rtnl_edit *e, int ifindex);

/*
 * All return 0 or -errno.  Adding what we added before replaces it; adding what
 * somebody else has is refused with -EEXIST (an address: left to its owner).
 * Removing what is gone already is no error.
 */
int rtnl_edit_route(struct rtnl_edit *e, const struct effect_route *route);
int rtnl_edit_rule(struct rtnl_edit *e, const struct effect_rule *rule);
int rtnl_edit_neighbour(struct rtnl_edit *e, const struct effect_neighbour *neighbour);
int rtnl_edit_address(struct rtnl_edit *e, const struct effect_address *address);

/*
 * Add again what the TUN device had of ours: the kernel forgets routes when a
 * device goes down.  Returns how many additions failed.
 */
unsigned rtnl_edit_repeat(struct rtnl_edit *e);

/*
 * To the kernel a rule names its link.  Have the rules of links that have another name
 * now name that, whatever it is.  Returns how many could not be changed.
 */
unsigned rtnl_edit_follow(struct rtnl_edit *e, const struct links *links);

/* Bring a device up, with this MTU.  0 or -errno. */
int rtnl_edit_link_up(struct rtnl_edit *e, int ifindex, uint16_t mtu);

#endif
