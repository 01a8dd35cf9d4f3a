/* SPDX-License-Identifier: ISC */
/*
 * The router of a link where the node is on its own: its link-layer address.
 *
 * A node that is away broadcasts no ARP (RFC 5944 4.2.1, 4.6), so the kernel must
 * not look for the router.  We ask for it, in the name of the care-of address, at the
 * group of all systems, which every host with IPv4 hears (RFC 1112 4), and pin the
 * answer; nothing leaves before.  Another may take its place: we listen to what the
 * router says of itself, and ask again now and then, as a kernel would.
 *
 * Not every router answers what came to a group.  The RFC knows no exception, so
 * broadcasting is the operator's to allow, for such a router alone; we say when it
 * is silent.
 */
#include "mn-sim/mn_private.h"

enum {
	AGAIN_S = 30,
	SILENT_TIMES = 3, /* asked so often in vain it does not hear the group */
};

/* 224.0.0.1 */
static const struct mac all_systems_mac = { { 0x01, 0x00, 0x5e, 0x00, 0x00, 0x01 } };

static bool may_broadcast(const struct mn_core *mn)
{
	return mn->config.colocated.broadcast_arp && mn->gateway_asked >= SILENT_TIMES;
}

static void note_silence(const struct mn_core *mn, struct effect_list *fx)
{
	struct note n = mn_note(mn, NOTE_GATEWAY_SILENT);

	n.agent = mn->config.colocated.gateway;
	effect_note(fx, n);
}

void mn_ask_gateway(struct mn_core *mn, struct now now, struct effect_list *fx)
{
	struct effect *e = effect_add(fx, EFFECT_SEND_ARP, 0, mn->config.home.addr);

	e->arp = (struct effect_arp){
		.ifindex = mn->ifindex,
		.to = may_broadcast(mn) ? MAC_BROADCAST : all_systems_mac,
		.arp = { .op = ARP_REQUEST,
			 .sender_mac = mn->mac,
			 .sender = mn->care_of,
			 .target = mn->config.colocated.gateway },
	};
	if (mn->gateway_asked++ == SILENT_TIMES && !mn->gateway_known)
		note_silence(mn, fx);
	mn_count(mn, MN_GATEWAY_ASKED);
	mn->due[MN_TIMER_GATEWAY] = instant_add(now.mono, duration_s(AGAIN_S));
}

/* While it is not known, asking is the Request's business. */
void mn_on_gateway_timer(struct mn_core *mn, struct now now, struct effect_list *fx)
{
	if (mn->place == MN_COLOCATED && mn->gateway_known)
		mn_ask_gateway(mn, now, fx);
}

static bool is_of_gateway(const struct mn_core *mn, const struct arp_frame *frame)
{
	return mn->place == MN_COLOCATED && frame->ifindex == mn->ifindex &&
	       frame->arp.sender.s_addr == mn->config.colocated.gateway.s_addr &&
	       mac_is_unicast(frame->from) &&
	       mac_equal(frame->from, frame->arp.sender_mac) &&
	       !mac_equal(frame->from, mn->mac);
}

void mn_hear_gateway(struct mn_core *mn, const struct arp_frame *frame, struct now now,
		     struct effect_list *fx)
{
	bool known = mn->gateway_known;

	if (!is_of_gateway(mn, frame))
		return;
	mn->gateway_asked = 0;
	if (known && mac_equal(frame->from, mn->gateway_mac))
		return;
	mn->gateway_known = true;
	mn->gateway_mac = frame->from;
	if (known)
		mn_settle(mn, mn_new_txn(mn), fx);
	else
		mn_ask_here(mn, now, fx);
}
