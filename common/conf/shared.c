/* SPDX-License-Identifier: ISC */
/*
 * Rows of the shared elements and the checks of one element by itself.  What
 * concerns several of them is in shared_check.c.
 */
#include "common/conf/shared.h"

#include "common/agent/effect.h"
#include "common/conf/protect.h"
#include "common/conf/value.h"

#include <string.h>

#define NS_PER_S INT64_C(1000000000)

enum { MS_PER_S = 1000 };

/* ---- <log>, <limits> ---- */

static const struct conf_choice levels[] = {
	{ "debug", NOTE_DEBUG },
	{ "info", NOTE_INFO },
	{ "warn", NOTE_WARN },
	{ 0 },
};

static const struct conf_choice sinks[] = {
	{ "stderr", LOG_TO_STDERR },
	{ "syslog", LOG_TO_SYSLOG },
	{ 0 },
};

static const struct conf_attr log_rows[] = {
	CONF_ROW(common_config, log_level, "level", CONF_CHOICE, .def = "info",
		 .choices = levels, .help = "least level of events that are logged"),
	CONF_ROW(common_config, log_to, "to", CONF_CHOICE, .def = "stderr",
		 .choices = sinks, .help = "where the log goes"),
};

const struct conf_element conf_log = {
	.name = "log",
	.help = "what is logged, and where",
	.attr = log_rows,
	.attr_count = CONF_COUNT(log_rows),
	.size = sizeof(struct common_config),
	.line = CONF_NO_LINE,
};

static const struct conf_attr limits_rows[] = {
	CONF_ROW(common_config, source_rate, "source-rate", CONF_NUMBER, .def = "100",
		 .max = 1000000,
		 .help = "registration messages a second from one source; "
			 "0: any number"),
	CONF_ROW(common_config, source_burst, "source-burst", CONF_NUMBER, .def = "200",
		 .min = 1, .max = 1000000, .help = "how many of them may come at once"),
	CONF_ROW(common_config, total_rate, "total-rate", CONF_NUMBER, .def = "40000",
		 .max = 10000000,
		 .help = "messages a second that are verified of all peers together, "
			 "and of all others; 0: any number"),
	CONF_ROW(common_config, strict_reserved_bits, "strict-reserved-bits", CONF_BOOL,
		 .def = "no",
		 .help = "refuse Requests whose r or x bit is set (codes 70, 134)"),
	CONF_ROW(common_config, workers, "workers", CONF_NUMBER, .def = "0", .max = 16,
		 .help = "threads for packets that the kernel does not forward by "
			 "itself; 0: one for each processor"),
};

const struct conf_element conf_limits = {
	.name = "limits",
	.help = "what is taken from strangers",
	.attr = limits_rows,
	.attr_count = CONF_COUNT(limits_rows),
	.size = sizeof(struct common_config),
	.line = CONF_NO_LINE,
};

/* ---- <association> ---- */

static const struct conf_choice algorithms[] = {
	{ "hmac-md5", AUTH_HMAC_MD5 },
	{ "hmac-sha1", AUTH_HMAC_SHA1 },
	{ "hmac-sha256", AUTH_HMAC_SHA256 },
	{ "keyed-md5", AUTH_KEYED_MD5 },
	{ 0 },
};

static const struct conf_attr association_rows[] = {
	CONF_ROW(assoc_config, spi, "spi", CONF_IDENT, .required = true, .min = 256,
		 .max = UINT32_MAX,
		 .help = "security parameter index; 0 to 255 are reserved"),
	CONF_ROW(assoc_config, algorithm, "algorithm", CONF_CHOICE, .def = "hmac-md5",
		 .choices = algorithms, .help = "how messages are authenticated"),
	CONF_ROW(assoc_config, key, "key", CONF_KEY,
		 .help = "the shared key, hex:00112233... or text:..."),
	CONF_ROW(assoc_config, key, "key-file", CONF_KEY_FILE,
		 .help = "a file with the key, readable by its owner only"),
	CONF_ROW(assoc_config, tolerance, "tolerance", CONF_DURATION, .def = "7",
		 .min = 100, .max = 3600 * MS_PER_S,
		 .help = "how far a timestamp may be from our clock"),
	CONF_ROW(assoc_config, accept_only, "accept-only", CONF_BOOL, .def = "no",
		 .help = "verify with it, but do not send with it"),
	CONF_ROW(assoc_config, spi_not_covered, "spi-covered", CONF_NOT, .def = "yes",
		 .help = "the authenticator covers the SPI; no for peers of RFC 2002"),
};

static void check_key_length(const struct assoc_config *a, struct conf_check *c)
{
	/* RFC 5944 5.1 asks for 128 bits at least. */
	if (a->key.len > 0 && a->key.len < 16)
		conf_warn(c->faults, c->line, c->element, "key",
			  "%zu octets are few; 16 at least are good", a->key.len);
}

static void check_association(void *object, struct conf_check *c)
{
	const struct assoc_config *a = object;
	bool key = conf_given(c, "key"), file = conf_given(c, "key-file");

	if (!key && !file)
		conf_fault(c->faults, c->line, c->element, "key",
			   "is missing (or key-file)");
	if (key && file)
		conf_fault(c->faults, c->line, c->element, "key-file",
			   "there is a key already");
	if (a->spi_not_covered && a->algorithm != AUTH_KEYED_MD5)
		conf_fault(c->faults, c->line, c->element, "spi-covered",
			   "no is for keyed-md5 only");
	/* RFC 5944 5.7.1: it should be more than 3 seconds. */
	if (a->tolerance.ns <= 3 * NS_PER_S)
		conf_warn(c->faults, c->line, c->element, "tolerance",
			  "3 seconds and less make clocks a nuisance");
	check_key_length(a, c);
}

const struct conf_element conf_association = {
	.name = "association",
	.help = "a mobility security association shared with the peer",
	.attr = association_rows,
	.attr_count = CONF_COUNT(association_rows),
	.size = sizeof(struct assoc_config),
	.line = offsetof(struct assoc_config, line),
	.check = check_association,
};

/* ---- <node>, <peer-agent>, <foreign-agent> ---- */

static const struct conf_child peer_children[] = {
	CONF_MANY(peer_config, conf_association, assoc, assoc_count, 1,
		  CONF_ASSOCIATIONS_MAX),
};

static void check_peer(void *object, struct conf_check *c)
{
	struct peer_config *p = object;

	conf_check_spis(c->faults, p);
	conf_settle_protection(&p->protection, c);
}

#define HOME_ADDRESS_ROW                                                            \
	CONF_ROW(peer_config, addr, "home-address", CONF_ADDRESS, .required = true, \
		 .help = "the node's home address")
#define AGENT_ADDRESS_ROW                                                      \
	CONF_ROW(peer_config, addr, "address", CONF_ADDRESS, .required = true, \
		 .help = "the agent's address")

static const struct conf_attr node_rows[] = {
	HOME_ADDRESS_ROW,
};

static const struct conf_attr home_node_rows[] = {
	HOME_ADDRESS_ROW,
	CONF_PROTECTION_ROWS(peer_config, protection),
};

static const struct conf_attr agent_rows[] = {
	AGENT_ADDRESS_ROW,
};

static const struct conf_attr peer_agent_rows[] = {
	AGENT_ADDRESS_ROW,
	CONF_PROTECTION_ROWS(peer_config, protection),
	CONF_ROW(peer_config, protection.name, "certificate-name", CONF_NAME,
		 .help = "its name in its certificate, if that has not its address"),
};

#define PEER_ELEMENT(name_, rows_, help_)                                       \
	{                                                                       \
		.name = name_, .help = help_, .attr = rows_,                    \
		.attr_count = CONF_COUNT(rows_), .child = peer_children,        \
		.child_count = CONF_COUNT(peer_children),                       \
		.size = sizeof(struct peer_config),                             \
		.line = offsetof(struct peer_config, line), .check = check_peer \
	}

const struct conf_element conf_node =
	PEER_ELEMENT("node", node_rows, "a mobile node and what is shared with it");
const struct conf_element conf_home_node = PEER_ELEMENT(
	"node", home_node_rows, "a mobile node and what is shared with it");
const struct conf_element conf_peer_agent =
	PEER_ELEMENT("peer-agent", peer_agent_rows, "an agent of the other kind");
const struct conf_element conf_foreign_agent =
	PEER_ELEMENT("foreign-agent", agent_rows, "a foreign agent that shares a key");

/* ---- <advertise> ---- */

static const struct conf_attr advertise_rows[] = {
	CONF_ROW(advert_config, interface, "interface", CONF_INTERFACE,
		 .required = true, .help = "the link to serve"),
	CONF_ROW(advert_config, max_interval, "max-interval", CONF_DURATION,
		 .def = "600", .min = 50, .max = 1800 * MS_PER_S,
		 .help = "longest time between advertisements"),
	CONF_ROW(
		advert_config, min_interval, "min-interval", CONF_DURATION, .min = 50,
		.max = 1800 * MS_PER_S,
		.help = "shortest time between them; 3/4 of max-interval if not given"),
	CONF_ROW(advert_config, lifetime, "lifetime", CONF_SECONDS, .min = 1,
		 .max = 9000,
		 .help = "how long an advertisement holds; 3 times max-interval if not "
			 "given"),
	CONF_ROW(
		advert_config, registration_lifetime, "registration-lifetime",
		CONF_SECONDS, .min = 1, .max = 65535,
		.help = "longest registration offered; the agent's max-lifetime if not "
			"given"),
	CONF_ROW(advert_config, on_solicitation_only, "solicited-only", CONF_BOOL,
		 .def = "no", .help = "advertise in answer to solicitations only"),
	CONF_ROW(advert_config, broadcast, "broadcast", CONF_BOOL, .def = "no",
		 .help = "send to 255.255.255.255 instead of 224.0.0.1"),
	CONF_ROW(advert_config, registration_required, "registration-required",
		 CONF_BOOL, .def = "no",
		 .help = "R: nodes register here even with an address of their own"),
	CONF_ROW(advert_config, routes, "routes", CONF_BOOL, .def = "no",
		 .help = "we also route ordinary traffic (ICMP code 0, else 16)"),
	CONF_ROW(advert_config, prefix_lengths, "prefix-lengths", CONF_BOOL,
		 .def = "yes", .help = "tell the prefix lengths of our addresses"),
};

static void set_unset_intervals(struct advert_config *a, const struct conf_check *c)
{
	int64_t three = (3 * a->max_interval.ns + NS_PER_S - 1) / NS_PER_S;

	if (!conf_given(c, "min-interval"))
		a->min_interval.ns = a->max_interval.ns / 4 * 3;
	if (!conf_given(c, "lifetime"))
		a->lifetime = (uint16_t)(three < 9000 ? three : 9000);
}

static void check_advertise(void *object, struct conf_check *c)
{
	struct advert_config *a = object;
	int64_t lifetime;

	set_unset_intervals(a, c);
	lifetime = a->lifetime * NS_PER_S;
	if (a->min_interval.ns > a->max_interval.ns)
		conf_fault(c->faults, c->line, c->element, "min-interval",
			   "is longer than max-interval");
	if (lifetime < a->max_interval.ns)
		conf_fault(c->faults, c->line, c->element, "lifetime",
			   "is shorter than max-interval");
	else if (lifetime < 3 * a->max_interval.ns)
		conf_warn(c->faults, c->line, c->element, "lifetime",
			  "is shorter than 3 times max-interval: a lost advertisement "
			  "looks like a lost agent");
	/* RFC 1256 4.1: 4 to 1800 seconds, and not under 3. */
	if (a->max_interval.ns < 4 * NS_PER_S)
		conf_warn(c->faults, c->line, c->element, "max-interval",
			  "under 4 seconds is for laboratories only");
	else if (a->min_interval.ns < 3 * NS_PER_S)
		conf_warn(c->faults, c->line, c->element, "min-interval",
			  "under 3 seconds is for laboratories only");
}

const struct conf_element conf_advertise = {
	.name = "advertise",
	.help = "agent advertisements on a link",
	.attr = advertise_rows,
	.attr_count = CONF_COUNT(advertise_rows),
	.size = sizeof(struct advert_config),
	.line = offsetof(struct advert_config, line),
	.check = check_advertise,
};

/* ---- <tunnel>, <site-tunnel> ---- */

static bool parse_gre_key(const char *text, void *field, struct conf_reason *why)
{
	struct encap_spec *spec = field;
	uint64_t key;

	if (!conf_parse_ident(text, &key) || key > UINT32_MAX)
		return conf_refuse(why, "\"%.40s\" is not a GRE key of 32 bits", text);
	spec->gre_key = true;
	spec->gre_key_out = (uint32_t)key;
	return true;
}

static bool parse_dscp(const char *text, void *field, struct conf_reason *why)
{
	struct encap_spec *spec = field;
	uint64_t value;

	if (strcmp(text, "copy") == 0) {
		spec->dscp = DSCP_UNIFORM;
		return true;
	}
	if (!conf_parse_number(text, &value) || value > 63)
		return conf_refuse(why, "must be copy or 0 to 63, not \"%.40s\"", text);
	spec->dscp = DSCP_PIPE;
	spec->dscp_value = (uint8_t)value;
	return true;
}

static bool parse_mss_clamp(const char *text, void *field, struct conf_reason *why)
{
	uint64_t value;
	uint16_t mss;

	if (strcmp(text, "no") == 0)
		value = 0;
	else if (strcmp(text, "auto") == 0)
		value = 1;
	else if (!conf_parse_number(text, &value) || value < 88 || value > 65495)
		return conf_refuse(
			why, "must be no, auto or 88 to 65495, not \"%.40s\"", text);
	mss = (uint16_t)value;
	memcpy(field, &mss, sizeof(mss));
	return true;
}

static const struct conf_special gre_key = {
	.parse = parse_gre_key,
	.pattern = "[0-9]{1,10}|0x[0-9A-Fa-f]{1,8}",
};

static const struct conf_special dscp = {
	.parse = parse_dscp,
	.pattern = "copy|[0-9]|[1-5][0-9]|6[0-3]",
};

static const struct conf_special mss_clamp = {
	.parse = parse_mss_clamp,
	.pattern = "no|auto|[0-9]{2,5}",
};

/* Options of an encapsulation, wherever a struct encap_spec stands. */
#define ENCAP_ROWS(struct_, encap_)                                                    \
	CONF_ROW(struct_, encap_, "gre-key", CONF_SPECIAL, .special = &gre_key,        \
		 .help = "key that we put into GRE, and demand"),                      \
		CONF_ROW(struct_, encap_.gre_key_in, "gre-key-in", CONF_IDENT,         \
			 .max = UINT32_MAX,                                            \
			 .help = "key that the peer must put, if it is another"),      \
		CONF_ROW(struct_, encap_.gre_sequence, "gre-sequence", CONF_BOOL,      \
			 .def = "no",                                                  \
			 .help = "number GRE packets and drop late ones"),             \
		CONF_ROW(struct_, encap_.gre_checksum, "gre-checksum", CONF_BOOL,      \
			 .def = "no", .help = "put a checksum into GRE"),              \
		CONF_ROW(struct_, encap_.minimal_fallback, "minimal-fallback",         \
			 CONF_BOOL, .def = "yes",                                      \
			 .help = "what minimal encapsulation cannot carry goes by "    \
				 "IP-in-IP"),                                          \
		CONF_ROW(struct_, encap_, "dscp", CONF_SPECIAL, .special = &dscp,      \
			 .def = "copy",                                                \
			 .help = "DSCP of the outer header: copy, or a value"),        \
		CONF_ROW(struct_, encap_.ttl, "ttl", CONF_NUMBER, .def = "64",         \
			 .min = 1, .max = 255, .help = "TTL of the outer header"),     \
		CONF_ROW(                                                              \
			struct_, encap_.no_outer_df, "outer-df", CONF_NOT,             \
			.def = "yes",                                                  \
			.help = "DF in the outer header always; no: as in the inner"), \
		CONF_ROW(struct_, encap_.mss_clamp, "mss-clamp", CONF_SPECIAL,         \
			 .special = &mss_clamp, .def = "no",                           \
			 .help = "largest TCP segment: no, auto (from the MTU), or "   \
				 "octets"),                                            \
		CONF_ROW(struct_, mtu, "mtu", CONF_NUMBER, .min = 576, .max = 65535,   \
			 .help = "MTU of the path; learned if not given")

static void settle_gre_keys(struct encap_spec *spec, struct conf_check *c)
{
	if (conf_given(c, "gre-key-in") && !spec->gre_key)
		conf_fault(c->faults, c->line, c->element, "gre-key-in",
			   "goes with gre-key only");
	if (!conf_given(c, "gre-key-in"))
		spec->gre_key_in = spec->gre_key_out;
}

static void check_tunnel(void *object, struct conf_check *c)
{
	settle_gre_keys(&((struct tunnel_config *)object)->encap, c);
}

static const struct conf_choice tunnel_carriers[] = {
	{ "none", CARRIER_NONE },
	{ "udp", CARRIER_UDP },
	{ 0 },
};

#define CARRIER_ROW(struct_, carrier_)                                     \
	CONF_ROW(struct_, carrier_, "carrier", CONF_CHOICE, .def = "none", \
		 .choices = tunnel_carriers,                               \
		 .help = "put packets into UDP, but for those that ESP protects")

static const struct conf_choice fast_paths[] = {
	{ "auto", FAST_PATH_AUTO },
	{ "off", FAST_PATH_OFF },
	{ "required", FAST_PATH_REQUIRED },
	{ 0 },
};

static const struct conf_attr tunnel_rows[] = {
	CONF_ROW(tunnel_config, peer, "peer", CONF_PEER, .def = "any",
		 .help = "the tunnel's other end, or any that has no row of its own"),
	ENCAP_ROWS(tunnel_config, encap),
	CARRIER_ROW(tunnel_config, carrier),
	CONF_ROW(tunnel_config, encap.fast_path, "fast-path", CONF_CHOICE,
		 .def = "auto", .choices = fast_paths,
		 .help = "the kernel forwards GRE and IP-in-IP by eBPF: auto, where it "
			 "can; off; or required"),
};

const struct conf_element conf_tunnel = {
	.name = "tunnel",
	.help = "how packets to an agent or node are encapsulated",
	.attr = tunnel_rows,
	.attr_count = CONF_COUNT(tunnel_rows),
	.size = sizeof(struct tunnel_config),
	.line = offsetof(struct tunnel_config, line),
	.check = check_tunnel,
};

static const struct conf_attr subnet_rows[] = {
	{ .name = "subnet",
	  .type = CONF_NETWORK,
	  .size = sizeof(struct ipv4_prefix),
	  .required = true,
	  .help = "a network, as 10.8.0.0/24" },
};

static const struct conf_element site_local = {
	.name = "local",
	.help = "a network on our side",
	.attr = subnet_rows,
	.attr_count = CONF_COUNT(subnet_rows),
	.size = sizeof(struct ipv4_prefix),
	.line = CONF_NO_LINE,
};

static const struct conf_element site_remote = {
	.name = "remote",
	.help = "a network on the other side",
	.attr = subnet_rows,
	.attr_count = CONF_COUNT(subnet_rows),
	.size = sizeof(struct ipv4_prefix),
	.line = CONF_NO_LINE,
};

static const struct conf_child site_children[] = {
	{ .element = &site_local,
	  .keep = CONF_KEEP_FIXED,
	  .at = offsetof(struct site_config, local_nets),
	  .count = offsetof(struct site_config, local_count),
	  .min = 1,
	  .max = FWD_SITE_PREFIXES },
	{ .element = &site_remote,
	  .keep = CONF_KEEP_FIXED,
	  .at = offsetof(struct site_config, remote_nets),
	  .count = offsetof(struct site_config, remote_count),
	  .min = 1,
	  .max = FWD_SITE_PREFIXES },
};

static const struct conf_choice encapsulations[] = {
	{ "gre", ENCAP_GRE },
	{ "ipip", ENCAP_IPIP },
	{ "minimal", ENCAP_MINIMAL },
	{ 0 },
};

static bool parse_probe(const char *text, void *field, struct conf_reason *why)
{
	struct probe_spec *spec = field;
	struct in_addr address = { 0 };

	if (strcmp(text, "peer") == 0)
		spec->kind = PROBE_PEER;
	else if (strcmp(text, "off") == 0)
		spec->kind = PROBE_OFF;
	else if (conf_parse_host(text, &address))
		spec->kind = PROBE_ADDRESS;
	else
		return conf_refuse(
			why, "must be peer, off or an address, not \"%.40s\"", text);
	spec->address = address;
	return true;
}

static const struct conf_special probe = {
	.parse = parse_probe,
	.pattern = "peer|off|([0-9]{1,3}\\.){3}[0-9]{1,3}",
};

static const struct conf_attr site_rows[] = {
	CONF_ROW(site_config, name, "name", CONF_NAME, .required = true,
		 .help = "what mipctl calls it"),
	CONF_ROW(site_config, tunnel.local, "local", CONF_ADDRESS, .required = true,
		 .help = "our end"),
	CONF_ROW(site_config, tunnel.remote, "remote", CONF_ADDRESS, .required = true,
		 .help = "the other end"),
	CONF_ROW(site_config, tunnel.encap.kind, "encapsulation", CONF_CHOICE,
		 .def = "gre", .choices = encapsulations, .help = "the encapsulation"),
	ENCAP_ROWS(site_config, tunnel.encap),
	CARRIER_ROW(site_config, tunnel.carrier.kind),
	CONF_ROW(site_config, probe, "probe", CONF_SPECIAL, .special = &probe,
		 .def = "peer",
		 .help = "who is asked whether the other end lives, when nothing comes "
			 "from it: the peer, if it is ours; an address in a remote "
			 "subnet; or off"),
	CONF_ROW(site_config, probe.dead_after, "dead-after", CONF_DURATION,
		 .def = "30", .min = 500, .max = 3600 * MS_PER_S,
		 .help = "silence after which it counts as dead"),
};

/* GRE's options for another encapsulation are a mistake, not a wish. */
static void check_site_options(const struct site_config *s, struct conf_check *c)
{
	static const char *const gre_only[] = { "gre-key", "gre-key-in", "gre-sequence",
						"gre-checksum" };

	for (unsigned i = 0; i < CONF_COUNT(gre_only); i++)
		if (s->tunnel.encap.kind != ENCAP_GRE && conf_given(c, gre_only[i]))
			conf_fault(c->faults, c->line, c->element, gre_only[i],
				   "is for encapsulation=\"gre\" only");
}

static bool overlap(struct ipv4_prefix a, struct ipv4_prefix b)
{
	return a.len < b.len ? ipv4_prefix_has(a, b.addr) : ipv4_prefix_has(b, a.addr);
}

static void check_site_nets(const struct site_config *s, struct conf_check *c)
{
	char text[INET_ADDRSTRLEN];

	for (unsigned i = 0; i < s->local_count; i++)
		for (unsigned j = 0; j < s->remote_count; j++)
			if (overlap(s->local_nets[i], s->remote_nets[j]))
				conf_fault(c->faults, c->line, c->element, NULL,
					   "%s/%u is on both sides",
					   ipv4_text(s->local_nets[i].addr, text),
					   s->local_nets[i].len);
}

/* It is reached through the tunnel, and nowhere else. */
static void check_site_probe(const struct site_config *s, struct conf_check *c)
{
	if (s->probe.kind != PROBE_ADDRESS)
		return;
	for (unsigned i = 0; i < s->remote_count; i++)
		if (ipv4_prefix_has(s->remote_nets[i], s->probe.address))
			return;
	conf_fault(c->faults, c->line, c->element, "probe", "is in no remote subnet");
}

static void check_site(void *object, struct conf_check *c)
{
	struct site_config *s = object;

	if (s->tunnel.local.s_addr != INADDR_ANY &&
	    s->tunnel.local.s_addr == s->tunnel.remote.s_addr)
		conf_fault(c->faults, c->line, c->element, "remote", "is our own end");
	check_site_options(s, c);
	settle_gre_keys(&s->tunnel.encap, c);
	s->tunnel.carrier =
		config_carrier(s->tunnel.carrier.kind, s->tunnel.encap.kind);
	check_site_nets(s, c);
	check_site_probe(s, c);
}

const struct conf_element conf_site_tunnel = {
	.name = "site-tunnel",
	.help = "joins two networks",
	.attr = site_rows,
	.attr_count = CONF_COUNT(site_rows),
	.child = site_children,
	.child_count = CONF_COUNT(site_children),
	.size = sizeof(struct site_config),
	.line = offsetof(struct site_config, line),
	.check = check_site,
};
