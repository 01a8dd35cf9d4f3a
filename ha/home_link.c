/* SPDX-License-Identifier: ISC */
/*
 * Proxy and gratuitous ARP on the home link (RFC 5944 4.6, RFC 826; the number
 * of announcements and the pace of defence are those of RFC 5227 1.1).
 *
 * Gratuitous ARP is sent in the Request form: hosts that keep an entry for the
 * address update it by either form, and Requests are what RFC 5227 announces
 * with.
 */
#include "ha/home_link.h"

#include "ha/binding.h"
#include "ha/ha_config.h"

#include <string.h>

enum {
	ANNOUNCE_COUNT = 2,
	ANNOUNCE_INTERVAL_S = 2,
	/* Long enough for a returning node to get its deregistration through. */
	CLAIM_GRACE_S = 2,
	DEFEND_INTERVAL_S = 10,
};

static void copy_link(struct home_link *l, const struct link *from)
{
	l->ifindex = from->ifindex;
	l->up = from->up;
	l->mac = from->mac;
}

void home_link_init(struct home_link *l, const struct home_network *config,
		    const struct links *links)
{
	*l = (struct home_link){ .prefix = config->prefix,
				 .broadcasts = config->broadcasts != 0 };
	memcpy(l->interface, config->interface, sizeof(l->interface));
	(void)home_link_update(l, links);
}

bool home_link_update(struct home_link *l, const struct links *links)
{
	const struct link *link;
	struct home_link before = *l;

	if (home_link_is_virtual(l))
		return false;
	l->ifindex = 0;
	l->up = false;
	link = links_by_name(links, l->interface);
	if (link)
		copy_link(l, link);
	if (!home_link_can_send(l))
		return false;
	return !home_link_can_send(&before) || before.ifindex != l->ifindex ||
	       !mac_equal(before.mac, l->mac);
}

static void send_gratuitous(const struct home_link *l, const struct home_node *n,
			    struct mac mac, uint32_t txn, struct effect_list *fx)
{
	struct effect *e = effect_add(fx, EFFECT_SEND_ARP, txn, n->home);

	e->arp = (struct effect_arp){
		.ifindex = l->ifindex,
		.to = MAC_BROADCAST,
		.arp = arp_gratuitous(n->home, mac, ARP_REQUEST),
	};
}

/* Spread `mac` `count` times more, from `when`. */
static void plan_announcements(struct home_node *n, struct mac mac, unsigned count,
			       struct timers *timers, instant_t when)
{
	n->presence->announced = mac;
	n->presence->announcements_left = count;
	/* Without memory for the timer there are fewer announcements, that is all. */
	if (timers_set(timers, &n->presence->announce, when) < 0)
		n->presence->announcements_left = 0;
}

static void stop_announcing(struct home_node *n, struct timers *timers)
{
	n->presence->announcements_left = 0;
	timers_cancel(timers, &n->presence->announce);
	timers_cancel(timers, &n->presence->defend);
}

/* Announce now, and again. */
static void announce(const struct home_link *l, struct home_node *n, struct mac mac,
		     uint32_t txn, struct timers *timers, instant_t now,
		     struct effect_list *fx)
{
	send_gratuitous(l, n, mac, txn, fx);
	plan_announcements(n, mac, ANNOUNCE_COUNT - 1, timers,
			   instant_add(now, duration_s(ANNOUNCE_INTERVAL_S)));
}

void home_link_leaving(const struct home_link *l, struct home_node *n, uint32_t txn,
		       struct timers *timers, instant_t now, struct effect_list *fx)
{
	if (home_link_is_virtual(l))
		return;
	stop_announcing(n, timers);
	if (home_link_can_send(l))
		announce(l, n, l->mac, txn, timers, now, fx);
	n->presence->proxied = true;
}

void home_link_gone(struct home_node *n, struct timers *timers)
{
	if (!n->presence)
		return;
	stop_announcing(n, timers);
	n->presence->proxied = false;
}

void home_link_returned(const struct home_link *l, struct home_node *n, struct mac mac,
			struct timers *timers, instant_t now, struct effect_list *fx)
{
	home_link_gone(n, timers);
	if (n->presence && home_link_can_send(l) && mac_is_unicast(mac))
		announce(l, n, mac, 0, timers, now, fx);
}

void home_link_resume(const struct home_link *l, struct home_node *n,
		      struct timers *timers, instant_t when)
{
	if (home_node_is_proxied(n))
		plan_announcements(n, l->mac, ANNOUNCE_COUNT, timers, when);
}

void home_link_restored(const struct home_link *l, struct home_node *n,
			struct timers *timers, instant_t when)
{
	if (home_link_is_virtual(l))
		return;
	n->presence->proxied = true;
	home_link_resume(l, n, timers, when);
}

bool home_link_announce(const struct home_link *l, struct home_node *n,
			struct timers *timers, instant_t now, struct effect_list *fx)
{
	struct home_presence *p = n->presence;

	if (p->announcements_left == 0 || !home_link_can_send(l))
		return false;
	send_gratuitous(l, n, p->announced, 0, fx);
	p->announcements_left--;
	if (p->announcements_left > 0)
		plan_announcements(n, p->announced, p->announcements_left, timers,
				   instant_add(now, duration_s(ANNOUNCE_INTERVAL_S)));
	return true;
}

void home_link_answer(const struct home_link *l, struct in_addr home,
		      const struct arp_frame *frame, struct effect_list *fx)
{
	struct effect *e = effect_add(fx, EFFECT_SEND_ARP, 0, home);

	e->arp = (struct effect_arp){
		.ifindex = l->ifindex,
		.to = frame->from,
		.arp = arp_answer(&frame->arp, l->mac),
	};
}

/*
 * A probe for the address (sender 0.0.0.0) is answered like any Request, so that
 * nobody takes it.  A Request for its own sender is an announcement, and a claim.
 */
enum home_arp home_link_on_arp(const struct home_link *l, const struct home_node *n,
			       const struct arp_frame *frame, struct effect_list *fx)
{
	const struct arp_message *arp = &frame->arp;

	if (!home_node_is_proxied(n) || frame->ifindex != l->ifindex ||
	    !home_link_can_send(l) || mac_equal(arp->sender_mac, l->mac) ||
	    !mac_is_unicast(frame->from))
		return HOME_ARP_NONE;
	if (arp->sender.s_addr == n->home.s_addr)
		return HOME_ARP_CLAIMED;
	if (arp->op != ARP_REQUEST || arp->target.s_addr != n->home.s_addr)
		return HOME_ARP_NONE;
	home_link_answer(l, n->home, frame, fx);
	return HOME_ARP_ANSWERED;
}

void home_link_claimed(struct home_node *n, struct timers *timers, instant_t now)
{
	struct home_presence *p = n->presence;
	instant_t when = instant_add(now, duration_s(CLAIM_GRACE_S));
	instant_t earliest = instant_add(p->defended, duration_s(DEFEND_INTERVAL_S));

	if (timer_is_set(&p->defend))
		return;
	if (p->defended.ns != 0 && instant_before(when, earliest))
		when = earliest;
	/* Without memory for the timer this claim goes undefended; the next may not. */
	(void)timers_set(timers, &p->defend, when);
}

void home_link_defend(const struct home_link *l, struct home_node *n, instant_t now,
		      struct effect_list *fx)
{
	n->presence->defended = now;
	if (home_link_can_send(l))
		send_gratuitous(l, n, l->mac, 0, fx);
}
