/* SPDX-License-Identifier: ISC */
/*
 * What around the agent would keep it from working well: said once, at the start.
 */
#include "common/shell/agent_private.h"

#include "common/io/host.h"

static void warn_forwarding(struct agent_shell *s, const char *link)
{
	if (!links_by_name(&s->links, link) || sysctl_forwards(link))
		return;
	log_say(s->log, NOTE_WARN,
		"interface=%s does not forward packets; do: sysctl -w "
		"net.ipv4.ip_forward=1",
		link);
}

/* An advertisement comes from an address of the link (RFC 1256 3). */
static void warn_address(struct agent_shell *s, const char *name)
{
	const struct link *link = links_by_name(&s->links, name);

	if (link && link->addr_count == 0)
		log_say(s->log, NOTE_WARN,
			"interface=%s has no IPv4 address; nothing is advertised on it "
			"until it has one",
			name);
}

/* Strict: the kernel drops what mobile nodes send, whose addresses are foreign. */
static void warn_filter(struct agent_shell *s, const char *link)
{
	if (!links_by_name(&s->links, link) || sysctl_rp_filter(link) != 1)
		return;
	log_say(s->log, NOTE_WARN,
		"interface=%s has a strict reverse-path filter; "
		"do: sysctl -w net.ipv4.conf.%s.rp_filter=2",
		link, link);
}

static void warn_module(struct agent_shell *s, const char *what, const char *modules)
{
	log_say(s->log, NOTE_WARN,
		"the kernel has %s tunnels of its own and answers packets of ours with "
		"ICMP port unreachable; do: modprobe -r %s; or drop that ICMP, see "
		"CAVEATS in %s(8)",
		what, modules, s->program->name);
}

/*
 * A kernel with tunnels of its own answers a packet that is in none of them with an
 * ICMP error, although our raw socket has taken it, and the other end believes it.
 * The demultiplexer of GRE alone (module gre) keeps silent.
 */
static void warn_modules(struct agent_shell *s)
{
	/* Built into the kernel, tunnel4 is not listed. */
	if (host_has_module("tunnel4") || host_has_module("ipip"))
		warn_module(s, "IP-in-IP", "ipip sit xfrm4_tunnel tunnel4");
	if (host_has_module("ip_gre"))
		warn_module(s, "GRE", "ip_gre");
}

void agent_warn_links(struct agent_shell *s)
{
	if (s->links.left_out && !s->left_out)
		log_say(s->log, NOTE_WARN,
			"there are more than %d interfaces, or more than %d addresses "
			"on one of them; those beyond are not seen",
			LINKS_MAX, LINK_ADDRS_MAX);
	s->left_out = s->links.left_out;
}

void agent_warn(struct agent_shell *s)
{
	struct served_link list[SERVED_LINKS_MAX];
	unsigned count = s->program->config.served(s->config, list, SERVED_LINKS_MAX);

	if (!host_clock_is_kept())
		log_say(s->log, NOTE_WARN,
			"the clock is not synchronised; registrations whose timestamps "
			"differ too much are refused (code 133) until the node has "
			"adjusted");
	warn_modules(s);
	agent_warn_links(s);
	if (!s->program->router)
		return;
	warn_forwarding(s, agent_common(s)->tun);
	for (unsigned i = 0; i < count; i++) {
		warn_forwarding(s, list[i].name);
		warn_filter(s, list[i].name);
		warn_address(s, list[i].name);
	}
}
