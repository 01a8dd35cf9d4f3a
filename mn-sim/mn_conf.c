/* SPDX-License-Identifier: ISC */
/*
 * <mobile-node>: its rows, and what its parts must be among each other.
 */
#include "mn-sim/mn_conf.h"

#include "common/conf/protect.h"
#include "common/conf/shared.h"

static const struct conf_element control = CONF_CONTROL("/run/sojourn/mn-sim.sock");
static const struct conf_element tun =
	CONF_TUN("mip-mn0",
		 "the node's own end of tunnels, when its care-of address is its own");

static const struct conf_attr colocated_rows[] = {
	CONF_ROW(colocated_config, addr, "address", CONF_HOST, .required = true,
		 .help = "care-of address of our own and its link's prefix length"),
	CONF_ROW(colocated_config, gateway, "gateway", CONF_ADDRESS, .required = true,
		 .help = "the router on that link"),
	CONF_ROW(colocated_config, broadcast_arp, "broadcast-arp", CONF_BOOL,
		 .def = "no",
		 .help = "broadcast for a router that does not answer the group"),
};

static void check_colocated(void *object, struct conf_check *k)
{
	const struct colocated_config *c = object;

	if (c->gateway.s_addr != INADDR_ANY && !ipv4_prefix_has(c->addr, c->gateway))
		conf_fault(k->faults, k->line, k->element, "gateway",
			   "is not on the link of address");
	if (c->gateway.s_addr != INADDR_ANY && c->gateway.s_addr == c->addr.addr.s_addr)
		conf_fault(k->faults, k->line, k->element, "gateway",
			   "is our own address");
}

static const struct conf_element colocated = {
	.name = "co-located",
	.help = "a care-of address of our own, used where no agent is heard",
	.attr = colocated_rows,
	.attr_count = CONF_COUNT(colocated_rows),
	.size = sizeof(struct colocated_config),
	.line = offsetof(struct colocated_config, line),
	.check = check_colocated,
};

static const struct conf_choice encapsulations[] = {
	{ "ipip", ENCAP_IPIP },
	{ "gre", ENCAP_GRE },
	{ "minimal", ENCAP_MINIMAL },
	{ 0 },
};

static const struct conf_attr rows[] = {
	CONF_ROW(mn_config, interface, "interface", CONF_INTERFACE, .required = true,
		 .help = "the interface that moves from link to link"),
	CONF_ROW(mn_config, home, "home-address", CONF_HOST, .required = true,
		 .help = "home address and the home network's prefix length"),
	CONF_ROW(mn_config, home_agent, "home-agent", CONF_ADDRESS,
		 .help = "the home agent; asked for at home if not given"),
	CONF_ROW(mn_config, home_gateway, "home-gateway", CONF_ADDRESS,
		 .help = "default router at home; the home agent if not given"),
	CONF_ROW(mn_config, lifetime, "lifetime", CONF_SECONDS, .def = "1800", .min = 1,
		 .max = 65535, .help = "lifetime to ask for; 65535 is for ever"),
	CONF_ROW(mn_config, encap, "encapsulation", CONF_CHOICE, .def = "ipip",
		 .choices = encapsulations, .help = "encapsulation to ask for"),
	CONF_ROW(mn_config, reverse_tunnel, "reverse-tunnel", CONF_BOOL, .def = "no",
		 .help = "ask for a reverse tunnel (T)"),
	CONF_ROW(mn_config, broadcasts, "broadcasts", CONF_BOOL, .def = "no",
		 .help = "ask for the home network's broadcasts (B)"),
	CONF_ROW(mn_config, simultaneous, "simultaneous", CONF_BOOL, .def = "no",
		 .help = "keep earlier bindings (S)"),
	CONF_ROW(mn_config, deregister_on_exit, "deregister-on-exit", CONF_BOOL,
		 .def = "yes", .help = "take all bindings back at the end"),
	CONF_PROTECTION_ROWS(mn_config, home_association.protection),
};

static const struct conf_child children[] = {
	CONF_ONE(mn_config, conf_log, common),
	CONF_ONE(mn_config, control, common),
	CONF_ONE(mn_config, tun, common),
	CONF_MANY(mn_config, conf_association, home_association.assoc,
		  home_association.assoc_count, 1, CONF_ASSOCIATIONS_MAX),
	CONF_MANY(mn_config, conf_foreign_agent, foreign_agent, foreign_agent_count, 0,
		  CONF_PEERS_MAX),
	{ .element = &colocated,
	  .keep = CONF_KEEP_IF,
	  .at = offsetof(struct mn_config, colocated),
	  .count = offsetof(struct mn_config, has_colocated),
	  .max = 1 },
	CONF_MANY(mn_config, conf_tunnel, common.tunnel, common.tunnel_count, 0,
		  CONF_TUNNELS_MAX),
	CONF_PROTECTION_CHILDREN(mn_config, common, conf_node_keying),
};

static void check_home(const struct mn_config *c, struct conf_check *k)
{
	if (c->home_agent.s_addr != INADDR_ANY &&
	    c->home_agent.s_addr == c->home.addr.s_addr)
		conf_fault(k->faults, k->line, k->element, "home-agent",
			   "is the home address");
	if (c->home_gateway.s_addr != INADDR_ANY &&
	    !ipv4_prefix_has(c->home, c->home_gateway))
		conf_fault(k->faults, k->line, k->element, "home-gateway",
			   "is not in the home network");
}

/* Only a node that is its own end of the tunnel has anything to protect. */
static void check_protection(struct mn_config *c, struct conf_check *k)
{
	struct peer_protection *p = &c->home_association.protection;
	const struct protected_config ends = mn_config_protected(c);

	conf_settle_protection(p, k);
	if (p->policy != PROTECT_OFF && !c->has_colocated)
		conf_warn(k->faults, k->line, k->element, "protection",
			  "is for a node with a co-located address only: elsewhere the "
			  "foreign agent is the end of the tunnel");
	if (p->policy != PROTECT_OFF && c->home_agent.s_addr == INADDR_ANY)
		conf_fault(k->faults, k->line, k->element, "protection",
			   "needs home-agent");
	conf_check_protection(k->faults, "mobile-node", &c->common, &ends);
}

static void check(void *object, struct conf_check *k)
{
	struct mn_config *c = object;

	c->home_association.addr = c->home_agent;
	c->home_association.line = k->line;
	check_home(c, k);
	conf_check_spis(k->faults, &c->home_association);
	conf_check_peers(k->faults, "foreign-agent", "address", c->foreign_agent,
			 c->foreign_agent_count);
	conf_check_common(k->faults, &c->common);
	check_protection(c, k);
}

const struct conf_element mn_config_schema = {
	.name = "mobile-node",
	.help = "a mobile node",
	.attr = rows,
	.attr_count = CONF_COUNT(rows),
	.child = children,
	.child_count = CONF_COUNT(children),
	.size = sizeof(struct mn_config),
	.line = CONF_NO_LINE,
	.check = check,
};
