/* SPDX-License-Identifier: ISC */
/*
 * show bindings, clear binding, and the home agent's part of show status.
 */
#include "ha/ha_ctl.h"

#include "common/ctl/json.h"
#include "common/ctl/server.h"
#include "common/io/host.h"
#include "common/shell/agent_shell.h"
#include "common/wire/mip_msg.h"
#include "ha/binding.h"
#include "ha/ha_core.h"

struct listing {
	struct ctl_reply *reply;
	struct now now;
};

static void show_binding(void *arg, const struct mobility_binding *b)
{
	const struct listing *l = arg;
	json_t *row = json_object();

	json_set_addr(row, "home", b->home);
	json_set_addr(row, "care-of", b->care_of);
	json_set_addr(row, "source", b->source);
	json_object_set_new(row, "lifetime", json_integer(b->lifetime));
	json_object_set_new(row, "remaining",
			    json_seconds_left(b->expires, l->now.mono));
	json_object_set_new(row, "spi", json_hex32(b->spi));
	json_object_set_new(row, "ident", json_hex64(b->ident));
	json_object_set_new(row, "co-located",
			    json_boolean((b->flags & MIP_FLAG_D) != 0));
	json_object_set_new(row, "reverse-tunnel",
			    json_boolean((b->flags & MIP_FLAG_T) != 0));
	json_object_set_new(row, "broadcasts", json_boolean(b->broadcasts));
	json_set_encap(row, &b->tunnel.encap);
	ctl_reply_row(l->reply, row);
}

static void answer_bindings(void *agent, const char *argument, struct ctl_reply *reply)
{
	struct listing l = { reply, host_now() };

	(void)argument;
	ha_core_each_binding(agent_shell_core(agent), show_binding, &l);
}

static unsigned clear(void *core, struct in_addr home, struct now now,
		      struct effect_list *fx)
{
	return ha_core_clear_binding(core, home, now, fx);
}

static void answer_clear(void *agent, const char *argument, struct ctl_reply *reply)
{
	agent_answer_clear(agent, "binding", clear, argument, reply);
}

static const struct ctl_request requests[] = {
	{ "show bindings", NULL, "mobility bindings: who is away, and where",
	  answer_bindings },
	{ "clear binding", "ADDR", "drop all mobility bindings of a home address",
	  answer_clear },
	{ NULL, NULL, NULL, NULL },
};

const struct ctl_request *ha_ctl_requests(void)
{
	return requests;
}

static json_t *home_networks(const struct ha_config *c)
{
	json_t *prefixes = json_array();

	for (unsigned i = 0; i < c->network_count; i++)
		json_array_append_new(prefixes, json_prefix(c->network[i].prefix));
	return prefixes;
}

void ha_ctl_status(const void *core, const void *config, struct now now, json_t *object)
{
	const struct ha_config *c = config;

	(void)now;
	json_set_addr(object, "address", c->address);
	json_object_set_new(object, "home-networks", home_networks(c));
	json_set_count(object, "nodes", c->node_count);
	json_set_count(object, "bindings", ha_core_binding_count(core));
	json_set_count(object, "max-bindings", c->max_bindings);
}
