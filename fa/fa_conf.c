/* SPDX-License-Identifier: ISC */
/*
 * <foreign-agent>: its rows, and what its parts must be among each other.
 */
#include "fa/fa_conf.h"

#include "common/conf/protect.h"
#include "common/conf/shared.h"

enum { MS_PER_S = 1000 };

static const struct conf_element control = CONF_CONTROL("/run/sojourn/mip-fa.sock");
static const struct conf_element tun =
	CONF_TUN("mip-fa0", "the device through which packets enter tunnels");

static const struct conf_attr rows[] = {
	CONF_ROW(fa_config, care_of, "care-of-address", CONF_ADDRESS, .required = true,
		 .help = "the care-of address that we offer, and our end of tunnels"),
	CONF_ROW(fa_config, max_lifetime, "max-lifetime", CONF_SECONDS, .def = "1800",
		 .min = 1, .max = 65535,
		 .help = "longest registration; longer Requests are denied with 69"),
	CONF_ROW(fa_config, max_visitors, "max-visitors", CONF_NUMBER, .def = "10000",
		 .min = 1, .max = 10000000,
		 .help = "visitors at once; then we advertise B and deny with 66"),
	CONF_ROW(fa_config, max_pending, "max-pending", CONF_NUMBER, .def = "1000",
		 .min = 1, .max = 1000000,
		 .help = "Requests relayed and not yet answered, of all nodes"),
	CONF_ROW(fa_config, pending_per_node, "pending-per-node", CONF_NUMBER,
		 .def = "5", .min = 1, .max = 1000, .help = "the same, of one node"),
	CONF_ROW(fa_config, pending_timeout, "pending-timeout", CONF_DURATION,
		 .def = "8", .min = 100, .max = 600 * MS_PER_S,
		 .help = "how long a Reply is waited for; then 78 is sent"),
	CONF_ROW(fa_config, reverse_tunnel, "reverse-tunnel", CONF_BOOL, .def = "yes",
		 .help = "offer reverse tunnels (T); no: deny with 74"),
	CONF_ROW(fa_config, reverse_tunnel_required, "reverse-tunnel-required",
		 CONF_BOOL, .def = "no",
		 .help = "deny with 75 who does not ask for one"),
	CONF_ROW(fa_config, gre, "gre", CONF_BOOL, .def = "yes",
		 .help = "offer GRE (G); no: deny with 72"),
	CONF_ROW(fa_config, minimal, "minimal", CONF_BOOL, .def = "yes",
		 .help = "offer minimal encapsulation (M); no: deny with 72"),
	CONF_ROW(fa_config, any_home_agent, "any-home-agent", CONF_BOOL, .def = "yes",
		 .help = "relay also to home agents that share no key with us"),
};

static const struct conf_child children[] = {
	CONF_ONE(fa_config, conf_log, common),
	CONF_ONE(fa_config, control, common),
	CONF_ONE(fa_config, tun, common),
	CONF_ONE(fa_config, conf_limits, common),
	CONF_MANY(fa_config, conf_advertise, advert, advert_count, 0, CONF_LINKS_MAX),
	CONF_MANY(fa_config, conf_node, node, node_count, 0, CONF_PEERS_MAX),
	CONF_MANY(fa_config, conf_peer_agent, home_agent, home_agent_count, 0,
		  CONF_PEERS_MAX),
	CONF_MANY(fa_config, conf_tunnel, common.tunnel, common.tunnel_count, 0,
		  CONF_TUNNELS_MAX),
	CONF_MANY(fa_config, conf_site_tunnel, common.site, common.site_count, 0,
		  CONF_SITES_MAX),
	CONF_PROTECTION_CHILDREN(fa_config, common, conf_keying),
};

static void check_offers(const struct fa_config *c, struct conf_check *k)
{
	if (c->reverse_tunnel_required && !c->reverse_tunnel)
		conf_fault(k->faults, k->line, k->element, "reverse-tunnel-required",
			   "needs reverse-tunnel=\"yes\"");
	if (!c->any_home_agent && c->home_agent_count == 0)
		conf_warn(k->faults, k->line, k->element, "any-home-agent",
			  "no, and there is no peer-agent: nobody can register");
	if (c->advert_count == 0)
		conf_warn(k->faults, k->line, k->element, NULL,
			  "has no advertise: no link is served");
	/* RFC 5944 3.7.1: more than 7 seconds. */
	if (c->pending_timeout.ns <= duration_s(7).ns)
		conf_warn(k->faults, k->line, k->element, "pending-timeout",
			  "7 seconds and less are for laboratories only");
	if (c->pending_per_node > c->max_pending)
		conf_warn(k->faults, k->line, k->element, "pending-per-node",
			  "is more than max-pending");
}

static void check(void *object, struct conf_check *k)
{
	struct fa_config *c = object;
	const struct protected_config ends = fa_config_protected(c);

	check_offers(c, k);
	conf_check_adverts(k->faults, c->advert, c->advert_count);
	conf_check_peers(k->faults, "node", "home-address", c->node, c->node_count);
	conf_check_peers(k->faults, "peer-agent", "address", c->home_agent,
			 c->home_agent_count);
	conf_check_common(k->faults, &c->common);
	conf_check_protection(k->faults, "peer-agent", &c->common, &ends);
}

const struct conf_element fa_config_schema = {
	.name = "foreign-agent",
	.help = "a foreign agent",
	.attr = rows,
	.attr_count = CONF_COUNT(rows),
	.child = children,
	.child_count = CONF_COUNT(children),
	.size = sizeof(struct fa_config),
	.line = CONF_NO_LINE,
	.check = check,
};
