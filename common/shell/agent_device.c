/* SPDX-License-Identifier: ISC */
/*
 * The tunnel device after the start. It is an interface like others: an operator
 * can set it down, which costs it its routes, or remove it. When it is up again
 * it gets back what it had; one that was removed is made again.
 */
#include "common/shell/agent_private.h"

#include <string.h>

enum { TUN_MTU = 1500 };

/* No IPv6 of its own, and no reverse-path check: inner sources come from anywhere. */
static void tune(const char *tun)
{
	int all = 0;

	sysctl_disable_ipv6(tun);
	sysctl_get_link("all", "rp_filter", &all);
	sysctl_put_link(tun, "rp_filter", all ? 2 : 0);
}

int agent_device_up(struct agent_shell *s)
{
	int tun = datapath_tun(s->data);

	tune(agent_common(s)->tun);
	rtnl_edit_set_tun(s->edit, tun);
	s->device_up = true;
	return rtnl_edit_link_up(s->edit, tun, TUN_MTU);
}

void agent_device_see(struct agent_shell *s)
{
	const struct link *tun = links_by_index(&s->links, datapath_tun(s->data));

	if (s->device_up && (!tun || !tun->up)) {
		s->device_up = false;
		log_say(s->log, NOTE_WARN, "tun=%s is %s: nothing is tunnelled",
			agent_common(s)->tun, tun ? "down" : "gone");
	}
}

/* Without a device there is nothing left to do but to end. */
static void make_again(struct agent_shell *s)
{
	int error = datapath_reopen(s->data);

	if (error == 0)
		error = agent_device_up(s);
	if (error == 0)
		error = agent_links_load(s);
	if (error == 0)
		return;
	log_say(s->log, NOTE_WARN, "tun=%s cannot be made again: %s",
		agent_common(s)->tun, strerror(-error));
	s->failed = true;
	loop_stop(s->loop);
}

static void say_served(struct agent_shell *s)
{
	unsigned failed = rtnl_edit_repeat(s->edit);

	if (failed == 0)
		log_say(s->log, NOTE_INFO, "tun=%s is up again", agent_common(s)->tun);
	else
		log_say(s->log, NOTE_WARN, "tun=%s is up again, without %u routes",
			agent_common(s)->tun, failed);
}

void agent_device_mend(struct agent_shell *s)
{
	const struct link *tun = links_by_index(&s->links, datapath_tun(s->data));

	if (s->device_up || s->failed)
		return;
	if (!tun)
		make_again(s);
	else if (!tun->up)
		return;
	s->device_up = true;
	if (!s->failed)
		say_served(s);
}

/* Whether tunnels of one of these kinds go in UDP. */
static bool is_carried(const struct common_config *c, enum carrier_kind kind)
{
	for (unsigned i = 0; i < c->tunnel_count; i++)
		if (c->tunnel[i].carrier != CARRIER_NONE)
			return true; /* the node chooses the encapsulation */
	for (unsigned i = 0; i < c->site_count; i++)
		if (c->site[i].tunnel.carrier.kind == kind)
			return true;
	return false;
}

int agent_device_carriers(struct agent_shell *s)
{
	const struct common_config *c = agent_common(s);
	int error = 0;

	if (is_carried(c, CARRIER_UDP))
		error = datapath_receive(s->data, s->loop, DATAPATH_GRE_UDP);
	if (error == 0 && is_carried(c, CARRIER_MIP))
		error = datapath_receive(s->data, s->loop, DATAPATH_MIP_DATA);
	return error;
}
