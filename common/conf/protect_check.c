/* SPDX-License-Identifier: ISC */
/*
 * Checks of ESP across elements: who is protected has keys, nobody has two kinds of
 * them, and nothing is said about those who are not protected.
 */
#include "common/conf/protect.h"

#include "common/conf/shared.h"
#include "common/tunnel/encap_udp.h"

#include <stdlib.h>

/* What an association's key must have to be a secret from which others are made. */
enum { PSK_KEY_MIN = 16 };

/* What is looked at. */
struct checked {
	const char *element; /* what agents are called */
	const struct common_config *common;
	struct protected_config ends;
};

/* A key that is missing or could not be read is a fault of its own, told already. */
static bool has_every_key(const struct peer_config *p)
{
	for (unsigned i = 0; i < p->assoc_count; i++)
		if (p->assoc[i].key.len == 0)
			return false;
	return true;
}

/* The longest key among those of its associations that we send with. */
static size_t longest_key(const struct peer_config *p)
{
	size_t longest = 0;

	for (unsigned i = 0; i < p->assoc_count; i++)
		if (!p->assoc[i].accept_only && p->assoc[i].key.len > longest)
			longest = p->assoc[i].key.len;
	return longest;
}

static void check_keys(struct conf_faults *f, const char *element,
		       const struct peer_config *p)
{
	size_t longest = longest_key(p);

	if (!peer_is_protected(p) || !has_every_key(p) || longest >= PSK_KEY_MIN)
		return;
	if (longest > 0)
		conf_fault(f, p->line, element, "protection",
			   "its association has a key of %zu octets; %d at least are "
			   "needed to make keys for ESP from",
			   longest, PSK_KEY_MIN);
	else
		conf_fault(f, p->line, element, "protection",
			   "there is no key to prove who it is: no association to "
			   "send with, and no certificate");
}

/* Certificates are for agents; a node proves itself by its association. */
static void check_peers_keys(struct conf_faults *f, const struct checked *p)
{
	for (unsigned i = 0; i < p->ends.agent_count; i++)
		if (!p->common->keying.certified)
			check_keys(f, p->element, &p->ends.agent[i]);
	for (unsigned i = 0; i < p->ends.node_count; i++)
		check_keys(f, "node", &p->ends.node[i]);
}

static void check_names(struct conf_faults *f, const struct checked *p)
{
	for (unsigned i = 0; i < p->ends.agent_count; i++)
		if (p->ends.agent[i].protection.name[0] && !p->common->keying.certified)
			conf_fault(f, p->ends.agent[i].line, p->element,
				   "certificate-name",
				   "goes with certificates only (keying)");
}

static void check_not_own(struct conf_faults *f, const struct checked *p)
{
	const struct in_addr own = p->ends.local;

	for (unsigned i = 0; own.s_addr != 0 && i < p->ends.agent_count; i++)
		if (peer_is_protected(&p->ends.agent[i]) &&
		    p->ends.agent[i].addr.s_addr == own.s_addr)
			conf_fault(f, p->ends.agent[i].line, p->element, "address",
				   "is our own end");
	for (unsigned i = 0; own.s_addr != 0 && i < p->common->manual_count; i++)
		if (p->common->manual[i].peer.s_addr == own.s_addr)
			conf_fault(f, p->common->manual[i].line, "manual-esp", "peer",
				   "is our own end");
}

static void check_manual(struct conf_faults *f, const struct checked *p,
			 const struct peer_index *agents)
{
	const struct manual_esp_config *all = p->common->manual;

	for (unsigned i = 0; i < p->common->manual_count; i++) {
		const struct peer_config *agent = peer_index_find(agents, all[i].peer);

		if (agent)
			conf_fault(f, all[i].line, "manual-esp", "peer",
				   "has keys by the association in line %d already",
				   agent->line);
		for (unsigned j = 0; j < i; j++) {
			if (all[i].peer.s_addr == all[j].peer.s_addr)
				conf_fault(f, all[i].line, "manual-esp", "peer",
					   "is that of line %d already", all[j].line);
			if (all[i].spi_in == all[j].spi_in)
				conf_fault(f, all[i].line, "manual-esp", "spi-in",
					   "is that of line %d already", all[j].line);
		}
	}
}

static bool has_manual(const struct common_config *c, struct in_addr peer)
{
	for (unsigned i = 0; i < c->manual_count; i++)
		if (c->manual[i].peer.s_addr == peer.s_addr)
			return true;
	return false;
}

/* What is between such sites goes nowhere when we are killed, not out in clear. */
static void settle_sites(const struct checked *p, const struct peer_index *agents)
{
	for (unsigned i = 0; i < p->common->site_count; i++) {
		struct site_config *s = &p->common->site[i];
		const struct peer_config *a = peer_index_find(agents, s->tunnel.remote);

		s->required = has_manual(p->common, s->tunnel.remote) ||
			      (a && a->protection.policy == PROTECT_REQUIRED);
	}
}

/* Associations stand between our address and the peer's, and no others. */
static void check_sites(struct conf_faults *f, const struct checked *p,
			const struct peer_index *agents)
{
	char text[INET_ADDRSTRLEN];

	for (unsigned i = 0; i < p->common->site_count; i++) {
		const struct site_config *s = &p->common->site[i];

		if (s->tunnel.local.s_addr == p->ends.local.s_addr ||
		    (!peer_index_find(agents, s->tunnel.remote) &&
		     !has_manual(p->common, s->tunnel.remote)))
			continue;
		conf_fault(f, s->line, "site-tunnel", "local",
			   "must be %s: that is where what we share with the other end "
			   "for ESP ends",
			   ipv4_text(p->ends.local, text));
	}
}

static void check_esp_once(struct conf_faults *f, const struct common_config *c)
{
	struct conf_mark *marks = calloc(c->esp_count + 1u, sizeof(*marks));

	if (!marks) {
		conf_fault(f, 0, NULL, NULL, "out of memory");
		return;
	}
	for (unsigned i = 0; i < c->esp_count; i++)
		marks[i] = (struct conf_mark){ .prefix = { c->esp[i].peer, 32 },
					       .line = c->esp[i].line };
	conf_check_disjoint(f, "esp", "peer", marks, c->esp_count);
	free(marks);
}

/* Where nodes are served, a row may be for the address that one comes to. */
static void check_esp_peers(struct conf_faults *f, const struct checked *p,
			    const struct peer_index *agents)
{
	const struct esp_config *all = p->common->esp;

	for (unsigned i = 0; i < p->common->esp_count; i++)
		if (all[i].peer.s_addr != INADDR_ANY && p->ends.node_count == 0 &&
		    !peer_index_find(agents, all[i].peer))
			conf_warn(f, all[i].line, "esp", "peer",
				  "is none of those with protection=\"esp\"");
}

static uint16_t udp_port(const struct esp_config *e)
{
	return e->carrier == CARRIER_UDP ? e->port : 0;
}

static void check_port(struct conf_faults *f, const char *element, int line,
		       uint16_t port, uint16_t *common)
{
	/* RFC 5944 3.2 and 3519: registrations; RFC 8086: GRE in UDP. */
	if (port == CARRIER_PORT_MIP || port == CARRIER_PORT_GRE)
		conf_fault(f, line, element, "port", "%u has another use", port);
	else if (port != 0 && *common != 0 && port != *common)
		conf_fault(f, line, element, "port",
			   "must be %u as elsewhere: all of ESP comes in at one port",
			   *common);
	else if (port != 0)
		*common = port;
}

static void check_ports(struct conf_faults *f, const struct common_config *c)
{
	uint16_t common = 0;

	for (unsigned i = 0; i < c->esp_count; i++)
		check_port(f, "esp", c->esp[i].line, udp_port(&c->esp[i]), &common);
	for (unsigned i = 0; i < c->manual_count; i++)
		check_port(f, "manual-esp", c->manual[i].line,
			   c->manual[i].carrier == CARRIER_UDP ? c->manual[i].port : 0,
			   &common);
}

void conf_check_protection(struct conf_faults *f, const char *element,
			   const struct common_config *c,
			   const struct protected_config *ends)
{
	const struct checked all = { element, c, *ends };
	struct peer_index agents;

	if (peer_index_init(&agents, ends->agent, ends->agent_count) != 0) {
		conf_fault(f, 0, NULL, NULL, "out of memory");
		return;
	}
	check_peers_keys(f, &all);
	check_names(f, &all);
	check_not_own(f, &all);
	check_manual(f, &all, &agents);
	check_sites(f, &all, &agents);
	settle_sites(&all, &agents);
	check_esp_once(f, c);
	check_esp_peers(f, &all, &agents);
	check_ports(f, c);
	peer_index_fini(&agents);
}
