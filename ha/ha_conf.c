/* SPDX-License-Identifier: ISC */
/*
 * <home-agent>: its rows, and what its parts must be among each other.
 */
#include "ha/ha_conf.h"

#include "common/conf/protect.h"
#include "common/conf/shared.h"
#include "ha/binding.h"

#include <stdlib.h>
#include <string.h>

static const struct conf_element control = CONF_CONTROL("/run/sojourn/mip-ha.sock");
static const struct conf_element tun =
	CONF_TUN("mip-ha0", "the device through which packets enter and leave tunnels");

static const struct conf_choice syncs[] = {
	{ "second", STORE_SYNC_SECOND },
	{ "batch", STORE_SYNC_BATCH },
	{ NULL, 0 },
};

static const struct conf_attr store_rows[] = {
	CONF_ROW(store_config, path, "path", CONF_PATH,
		 .def = "/var/lib/sojourn/mip-ha",
		 .help = "the folder; it is made if it is not there"),
	CONF_ROW(store_config, sync, "sync", CONF_CHOICE, .def = "second",
		 .choices = syncs,
		 .help = "written through to the disk every second, or at every batch, "
			 "before anything is answered"),
};

static const struct conf_element store = {
	.name = "store",
	.help = "where bindings and Identifications outlive the agent; without one "
		"they do not",
	.attr = store_rows,
	.attr_count = CONF_COUNT(store_rows),
	.size = sizeof(struct store_config),
	.line = CONF_NO_LINE,
};

static const struct conf_choice broadcasts[] = {
	{ "yes", IPV4_BROADCAST_ALL },
	{ "no", IPV4_BROADCAST_NONE },
	{ "directed", IPV4_BROADCAST_DIRECTED },
	{ "limited", IPV4_BROADCAST_LIMITED },
	{ NULL, 0 },
};

static const struct conf_attr network_rows[] = {
	CONF_ROW(home_network, prefix, "prefix", CONF_NETWORK, .required = true,
		 .help = "the network that home addresses are from"),
	CONF_ROW(home_network, interface, "interface", CONF_INTERFACE,
		 .help = "its link; without one the network is virtual, nobody is at "
			 "home"),
	CONF_ROW(home_network, broadcasts, "broadcasts", CONF_CHOICE, .def = "yes",
		 .choices = broadcasts,
		 .help = "forward its broadcasts to nodes that ask (B): all, none, "
			 "those to the network's own broadcast address, or those to "
			 "255.255.255.255"),
};

static const struct conf_element home_network = {
	.name = "home-network",
	.help = "a network that is home to mobile nodes",
	.attr = network_rows,
	.attr_count = CONF_COUNT(network_rows),
	.size = sizeof(struct home_network),
	.line = offsetof(struct home_network, line),
};

static const struct conf_attr rows[] = {
	CONF_ROW(ha_config, address, "address", CONF_ADDRESS, .required = true,
		 .help = "our address: the Home Agent field that we answer to, and our "
			 "end "
			 "of tunnels"),
	CONF_ROW(
		ha_config, max_lifetime, "max-lifetime", CONF_SECONDS, .def = "1800",
		.min = 1, .max = 65535,
		.help = "longest registration; longer ones are cut, 65535 is for ever"),
	CONF_ROW(ha_config, max_bindings, "max-bindings", CONF_NUMBER, .def = "100000",
		 .min = 1, .max = 10000000, .help = "bindings of all nodes together"),
	CONF_ROW(ha_config, bindings_per_node, "bindings-per-node", CONF_NUMBER,
		 .def = "4", .min = 1, .max = BINDINGS_PER_NODE_MAX,
		 .help = "simultaneous bindings of one node"),
	CONF_ROW(ha_config, simultaneous, "simultaneous", CONF_BOOL, .def = "yes",
		 .help = "allow simultaneous bindings (S); no: answer with code 1"),
	CONF_ROW(ha_config, reverse_tunnel, "reverse-tunnel", CONF_BOOL, .def = "yes",
		 .help = "offer reverse tunnels (T); no: deny with 137"),
	CONF_ROW(ha_config, reverse_tunnel_required, "reverse-tunnel-required",
		 CONF_BOOL, .def = "no",
		 .help = "deny with 138 who does not ask for one"),
	CONF_ROW(ha_config, gre, "gre", CONF_BOOL, .def = "yes",
		 .help = "offer GRE (G); no: deny with 139"),
	CONF_ROW(ha_config, minimal, "minimal", CONF_BOOL, .def = "yes",
		 .help = "offer minimal encapsulation (M); no: deny with 139"),
};

static const struct conf_child children[] = {
	CONF_ONE(ha_config, conf_log, common),
	CONF_ONE(ha_config, control, common),
	CONF_ONE(ha_config, tun, common),
	CONF_ONE(ha_config, conf_limits, common),
	{ .element = &store,
	  .keep = CONF_KEEP_IF,
	  .at = offsetof(struct ha_config, store),
	  .count = offsetof(struct ha_config, has_store),
	  .max = 1 },
	CONF_MANY(ha_config, home_network, network, network_count, 0, CONF_SITES_MAX),
	CONF_MANY(ha_config, conf_advertise, advert, advert_count, 0, CONF_LINKS_MAX),
	CONF_MANY(ha_config, conf_home_node, node, node_count, 0, CONF_PEERS_MAX),
	CONF_MANY(ha_config, conf_peer_agent, foreign_agent, foreign_agent_count, 0,
		  CONF_PEERS_MAX),
	CONF_MANY(ha_config, conf_tunnel, common.tunnel, common.tunnel_count, 0,
		  CONF_TUNNELS_MAX),
	CONF_MANY(ha_config, conf_site_tunnel, common.site, common.site_count, 0,
		  CONF_SITES_MAX),
	CONF_PROTECTION_CHILDREN(ha_config, common, conf_keying),
};

static void check_offers(const struct ha_config *c, struct conf_check *k)
{
	if (c->reverse_tunnel_required && !c->reverse_tunnel)
		conf_fault(k->faults, k->line, k->element, "reverse-tunnel-required",
			   "needs reverse-tunnel=\"yes\"");
	for (unsigned i = 0; i < c->advert_count; i++)
		if (c->advert[i].registration_required)
			conf_warn(k->faults, c->advert[i].line, "advertise",
				  "registration-required",
				  "is for foreign agents; left out");
}

static void check_networks(const struct ha_config *c, struct conf_faults *f)
{
	struct conf_mark *marks = calloc(c->network_count + 1, sizeof(*marks));

	if (!marks) {
		conf_fault(f, 0, NULL, NULL, "out of memory");
		return;
	}
	for (unsigned i = 0; i < c->network_count; i++)
		marks[i] =
			(struct conf_mark){ c->network[i].prefix, c->network[i].line };
	conf_check_disjoint(f, "home-network", "prefix", marks, c->network_count);
	free(marks);
}

static const struct home_network *network_of(const struct ha_config *c,
					     struct in_addr a)
{
	for (unsigned i = 0; i < c->network_count; i++)
		if (ipv4_prefix_has(c->network[i].prefix, a))
			return &c->network[i];
	return NULL;
}

/* The first and the last address of a link belong to nobody (RFC 1122 3.2.1.3). */
static bool is_edge_of(const struct home_network *n, struct in_addr a)
{
	return n->prefix.len < 31 &&
	       (a.s_addr == n->prefix.addr.s_addr ||
		a.s_addr == ipv4_prefix_broadcast(n->prefix).s_addr);
}

static void check_node(const struct ha_config *c, const struct peer_config *node,
		       struct conf_faults *f)
{
	const struct home_network *n = network_of(c, node->addr);
	char text[INET_ADDRSTRLEN];

	if (node->addr.s_addr == INADDR_ANY) /* told already */
		return;
	ipv4_text(node->addr, text);
	if (!n)
		conf_fault(f, node->line, "node", "home-address",
			   "%s is in no home-network", text);
	else if (is_edge_of(n, node->addr))
		conf_fault(f, node->line, "node", "home-address",
			   "%s is the network's own or its broadcast address", text);
	if (node->addr.s_addr == c->address.s_addr)
		conf_fault(f, node->line, "node", "home-address",
			   "%s is the home agent's own", text);
}

static bool is_home_link(const struct ha_config *c, const char *interface)
{
	for (unsigned i = 0; i < c->network_count; i++)
		if (strcmp(c->network[i].interface, interface) == 0)
			return true;
	return false;
}

static void check_adverts(const struct ha_config *c, struct conf_faults *f)
{
	conf_check_adverts(f, c->advert, c->advert_count);
	for (unsigned i = 0; i < c->advert_count; i++)
		if (!is_home_link(c, c->advert[i].interface))
			conf_warn(f, c->advert[i].line, "advertise", "interface",
				  "%s is the link of no home-network: nothing to "
				  "advertise",
				  c->advert[i].interface);
}

static void check(void *object, struct conf_check *k)
{
	struct ha_config *c = object;
	const struct protected_config ends = ha_config_protected(c);

	if (!c->simultaneous)
		c->bindings_per_node = 1;
	check_offers(c, k);
	check_networks(c, k->faults);
	check_adverts(c, k->faults);
	for (unsigned i = 0; i < c->node_count; i++)
		check_node(c, &c->node[i], k->faults);
	conf_check_peers(k->faults, "node", "home-address", c->node, c->node_count);
	conf_check_peers(k->faults, "peer-agent", "address", c->foreign_agent,
			 c->foreign_agent_count);
	conf_check_common(k->faults, &c->common);
	conf_check_protection(k->faults, "peer-agent", &c->common, &ends);
}

const struct conf_element ha_config_schema = {
	.name = "home-agent",
	.help = "a home agent",
	.attr = rows,
	.attr_count = CONF_COUNT(rows),
	.child = children,
	.child_count = CONF_COUNT(children),
	.size = sizeof(struct ha_config),
	.line = CONF_NO_LINE,
	.check = check,
};
