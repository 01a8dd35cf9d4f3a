/* SPDX-License-Identifier: ISC */
/*
 * The mobile node as a program: its core and configuration, and the interface
 * that it roams with, for the shell that all agents share.
 */
#include "mn-sim/mn_node.h"

#include "common/ctl/json.h"
#include "common/shell/agent_core.h"
#include "common/shell/agent_shell.h"
#include "mn-sim/mn_conf.h"
#include "mn-sim/mn_core.h"

#include <string.h>

AGENT_CORE_FUNCTIONS(mn);

static void mn_arp(void *core, const struct arp_frame *frame, struct now now,
		   struct effect_list *fx)
{
	mn_core_arp(core, frame, now, fx);
}

static struct protected_config protects(const void *config)
{
	return mn_config_protected(config);
}

static const struct common_config *common(const void *config)
{
	const struct mn_config *c = config;

	return &c->common;
}

/*
 * Replies may come for the home address while no interface has it, so what is
 * not for an address of ours is looked at too.
 */
static unsigned served(const void *config, struct served_link *to, unsigned room)
{
	const struct mn_config *c = config;

	if (room == 0)
		return 0;
	*to = (struct served_link){
		.sock = { .arp = true, .transit = true, .redirects = true },
	};
	memcpy(to->name, c->interface, sizeof(to->name));
	return 1;
}

static size_t max_entries(const void *config)
{
	const struct mn_config *c = config;

	return 8 + c->common.site_count;
}

static void status(const void *core, const void *config, struct now now, json_t *o)
{
	const struct mn_status s = mn_core_status(core);

	(void)config;
	json_object_set_new(o, "place", json_string(mn_place_name(s.place)));
	json_object_set_new(o, "state", json_string(mn_state_name(s.state)));
	json_set_addr(o, "home", s.home);
	json_set_addr(o, "home-agent", s.home_agent);
	json_set_addr(o, "agent", s.agent);
	json_set_addr(o, "care-of", s.care_of);
	json_object_set_new(o, "lifetime", json_integer(s.granted));
	if (s.granted != 0 && !instant_is_never(s.expires_at))
		json_object_set_new(o, "remaining",
				    json_seconds_left(s.expires_at, now.mono));
	json_object_set_new(o, "reverse-tunnel", json_boolean(s.reverse));
	json_object_set_new(o, "requests", json_integer(s.requests_sent));
	json_object_set_new(o, "last-code", json_integer(s.last_code));
	json_object_set_new(o, "clock-offset-ms",
			    json_integer(duration_to_ms(s.clock_offset)));
	json_set_count(o, "moves", s.moves);
}

static const struct agent_program program = {
	.name = "mn-sim",
	.command = "mn-sim node",
	.summary = "A mobile node of Mobile IPv4 on an interface of this machine:\n"
		   "finds agents, registers where it is, keeps its home address.",
	.default_config = "/etc/sojourn/mn.xml",
	.core = { AGENT_CORE_OPS(mn), .arp = mn_arp },
	.config = { .schema = &mn_config_schema,
		    .common = common,
		    .protects = protects,
		    .served = served,
		    .max_entries = max_entries },
	.status = status,
};

int mn_node_main(int argc, char **argv)
{
	return agent_shell_main(&program, argc, argv);
}
