/* SPDX-License-Identifier: ISC */
/*
 * The foreign agent as a program: its core and configuration, and the links
 * that it serves, for the shell that all agents share.
 */
#include "fa/fa_main.h"

#include "common/shell/agent_core.h"
#include "common/shell/agent_shell.h"
#include "fa/fa_conf.h"
#include "fa/fa_core.h"
#include "fa/fa_ctl.h"

#include <string.h>

AGENT_CORE_FUNCTIONS(fa);

static const struct violations *fa_violations(const void *core)
{
	return fa_core_violations(core);
}

static struct protected_config protects(const void *config)
{
	return fa_config_protected(config);
}

static const struct common_config *common(const void *config)
{
	const struct fa_config *c = config;

	return &c->common;
}

/* The links that we advertise on are those where visitors are. */
static unsigned served(const void *config, struct served_link *to, unsigned room)
{
	const struct fa_config *c = config;
	unsigned count = 0;

	for (unsigned i = 0; i < c->advert_count && count < room; i++) {
		to[count] = (struct served_link){ 0 };
		memcpy(to[count++].name, c->advert[i].interface, sizeof(to->name));
	}
	return count;
}

static size_t max_entries(const void *config)
{
	const struct fa_config *c = config;

	/* A visitor takes its new tunnel before it leaves the old one. */
	return c->max_visitors + c->common.site_count + 1;
}

static const struct agent_program program = {
	.name = "mip-fa",
	.command = "mip-fa",
	.summary = "The foreign agent of Mobile IPv4: lets visiting mobile nodes\n"
		   "register through it, and is the end of the tunnels to them.",
	.default_config = "/etc/sojourn/fa.xml",
	.router = true,
	.core = { AGENT_CORE_OPS(fa), .violations = fa_violations },
	.config = { .schema = &fa_config_schema,
		    .common = common,
		    .protects = protects,
		    .served = served,
		    .max_entries = max_entries },
	.status = fa_ctl_status,
	.requests = fa_ctl_requests,
};

int fa_main(int argc, char **argv)
{
	return agent_shell_main(&program, argc, argv);
}
