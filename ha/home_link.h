/* SPDX-License-Identifier: ISC */
/*
 * What a home agent does with ARP on a home link, so that packets for a node
 * that is away come to the agent, and to the node again once it is back
 * (RFC 5944 4.6).
 *
 * Answering ARP is a state of the node's entry here, not of the kernel: the
 * kernel's own proxy ARP stays silent when both hosts are on one link, which is
 * exactly when a home agent must answer (RFC 1027 2.4).
 */
#ifndef HA_HOME_LINK_H
#define HA_HOME_LINK_H

#include "common/agent/datagram.h"
#include "common/agent/effect.h"
#include "common/agent/links.h"
#include "common/base/clock.h"
#include "common/base/timers.h"

#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

struct home_node;
struct home_network;

/* One home network at work.  Virtual ones have no interface and never ARP. */
struct home_link {
	struct ipv4_prefix prefix;
	char interface[IF_NAMESIZE]; /* "" for a virtual network */
	bool broadcasts;
	int ifindex; /* 0 while there is no such interface */
	bool up;
	struct mac mac;
};

/* What a home link knows of a node. */
struct home_presence {
	struct home_node *node;
	bool proxied; /* we answer ARP Requests for it */
	unsigned announcements_left;
	struct mac announced;  /* the address that announcements spread */
	struct timer announce; /* the next announcement */
	struct timer defend;   /* look again whether a claim was a conflict */
	instant_t defended;    /* when we last did; 0: never */
};

enum home_arp {
	HOME_ARP_NONE, /* not our business */
	HOME_ARP_ANSWERED,
	HOME_ARP_CLAIMED, /* somebody says the address is his; see home_link_claimed */
};

static inline bool home_link_is_virtual(const struct home_link *l)
{
	return l->interface[0] == '\0';
}

static inline bool home_link_can_send(const struct home_link *l)
{
	return l->up && l->ifindex != 0;
}

void home_link_init(struct home_link *l, const struct home_network *config,
		    const struct links *links);

/* Links changed.  True when others on it may have to be told of us again. */
bool home_link_update(struct home_link *l, const struct links *links);

/*
 * The node's first binding: a gratuitous ARP with our address, and ARP Requests
 * are answered from now on.  The announcement is repeated.
 */
void home_link_leaving(const struct home_link *l, struct home_node *n, uint32_t txn,
		       struct timers *timers, instant_t now, struct effect_list *fx);

/*
 * The node was away already when we started: ARP Requests are answered from now on;
 * announced it is at `when`, as there may be many.
 */
void home_link_restored(const struct home_link *l, struct home_node *n,
			struct timers *timers, instant_t when);

/* The last binding ended and nobody knows where the node is: answer no more. */
void home_link_gone(struct home_node *n, struct timers *timers);

/* The node is back, heard with this link-layer address: answer no more, announce it. */
void home_link_returned(const struct home_link *l, struct home_node *n, struct mac mac,
			struct timers *timers, instant_t now, struct effect_list *fx);

/* The link came back: announce a node that is away again, at `when`. */
void home_link_resume(const struct home_link *l, struct home_node *n,
		      struct timers *timers, instant_t when);

/* The node's announcement timer is due.  True if one was sent. */
bool home_link_announce(const struct home_link *l, struct home_node *n,
			struct timers *timers, instant_t now, struct effect_list *fx);

/*
 * An ARP message on the link whose target or sender is `n`; answer what is to be
 * answered.
 */
enum home_arp home_link_on_arp(const struct home_link *l, const struct home_node *n,
			       const struct arp_frame *frame, struct effect_list *fx);

/* Answer an ARP Request with the link's own address, whatever its target is. */
void home_link_answer(const struct home_link *l, struct in_addr home,
		      const struct arp_frame *frame, struct effect_list *fx);

/*
 * Somebody on the link uses the home address of a node that is away.  It may be
 * the node itself, which announces itself before it deregisters (RFC 5944 4.6),
 * so look again a little later.
 */
void home_link_claimed(struct home_node *n, struct timers *timers, instant_t now);

/* The look a little later: still away, so it was a conflict; announce once more. */
void home_link_defend(const struct home_link *l, struct home_node *n, instant_t now,
		      struct effect_list *fx);

#endif
