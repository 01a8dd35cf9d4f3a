/* SPDX-License-Identifier: ISC */
/*
 * The home agent as a program: its core and configuration, and the links that
 * it serves, for the shell that all agents share.
 */
#include "ha/ha_main.h"

#include "common/shell/agent_core.h"
#include "common/shell/agent_shell.h"
#include "ha/ha_conf.h"
#include "ha/ha_core.h"
#include "ha/ha_ctl.h"

#include <string.h>

AGENT_CORE_FUNCTIONS(ha);

static void ha_arp(void *core, const struct arp_frame *frame, struct now now,
		   struct effect_list *fx)
{
	ha_core_arp(core, frame, now, fx);
}

static const struct violations *ha_violations(const void *core)
{
	return ha_core_violations(core);
}

static void ha_foresee(const void *core, struct reader message, unsigned pass)
{
	ha_core_foresee(core, message, pass);
}

static bool ha_restore(void *core, struct reader record, struct now now,
		       struct effect_list *fx)
{
	return ha_core_restore(core, record, now, fx);
}

static void ha_each_record(const void *core, struct now now,
			   void (*visit)(void *arg, struct in_addr home,
					 const uint8_t *bytes, size_t len),
			   void *arg)
{
	ha_core_each_record(core, now, visit, arg);
}

static struct protected_config protects(const void *config)
{
	return ha_config_protected(config);
}

static const struct common_config *common(const void *config)
{
	const struct ha_config *c = config;

	return &c->common;
}

static const struct store_config *store(const void *config)
{
	const struct ha_config *c = config;

	return c->has_store ? &c->store : NULL;
}

/* The entry for link `name`, new or known; NULL when there is no room. */
static struct served_link *entry(struct served_link *to, unsigned *count, unsigned room,
				 const char *name)
{
	for (unsigned i = 0; i < *count; i++)
		if (strcmp(to[i].name, name) == 0)
			return &to[i];
	if (*count == room)
		return NULL;
	to[*count] = (struct served_link){ 0 };
	memcpy(to[*count].name, name, sizeof(to->name));
	return &to[(*count)++];
}

/* Home links, where ARP and broadcasts matter, and links that we advertise on. */
static unsigned served(const void *config, struct served_link *to, unsigned room)
{
	const struct ha_config *c = config;
	struct served_link *link;
	unsigned count = 0;

	for (unsigned i = 0; i < c->network_count; i++) {
		const struct home_network *n = &c->network[i];

		link = n->interface[0] ? entry(to, &count, room, n->interface) : NULL;
		if (!link)
			continue;
		link->sock.arp = true;
		link->sock.broadcasts = link->sock.broadcasts || n->broadcasts;
		link->home_network = n->prefix;
		link->broadcasts = n->broadcasts;
	}
	for (unsigned i = 0; i < c->advert_count; i++)
		entry(to, &count, room, c->advert[i].interface);
	return count;
}

static size_t max_entries(const void *config)
{
	const struct ha_config *c = config;

	/* A move sets the new binding before it clears the old one. */
	return c->max_bindings + c->common.site_count + 1;
}

static const struct agent_program program = {
	.name = "mip-ha",
	.command = "mip-ha",
	.summary = "The home agent of Mobile IPv4: keeps track of its mobile nodes,\n"
		   "takes up what is sent to them at home and tunnels it to where\n"
		   "they are.",
	.default_config = "/etc/sojourn/ha.xml",
	.router = true,
	.binds = true,
	.core = { AGENT_CORE_OPS(ha), .arp = ha_arp, .violations = ha_violations,
		  .foresee = ha_foresee, .foresee_passes = HA_FORESEE_PASSES,
		  .restore = ha_restore, .each_record = ha_each_record },
	.config = { .schema = &ha_config_schema,
		    .common = common,
		    .protects = protects,
		    .served = served,
		    .max_entries = max_entries,
		    .store = store },
	.status = ha_ctl_status,
	.requests = ha_ctl_requests,
};

int ha_main(int argc, char **argv)
{
	return agent_shell_main(&program, argc, argv);
}
