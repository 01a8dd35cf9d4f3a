/* SPDX-License-Identifier: ISC */
/*
 * Packet sockets on the links that the configuration names.  A link may be
 * missing, go, and come back under another index; its socket follows.
 */
#include "common/shell/agent_private.h"

#include <string.h>

static void close_one(struct served *v)
{
	loop_unwatch(v->ip_watch);
	loop_unwatch(v->arp_watch);
	link_sock_close(v->sock);
	v->sock = NULL;
	v->ip_watch = v->arp_watch = NULL;
}

static void on_broadcast(void *arg, int ifindex, const uint8_t *packet, size_t len)
{
	struct agent_shell *s = arg;
	const struct served *v = agent_served_find(s, ifindex);
	struct ipv4 ip;

	memcpy(&ip, packet, sizeof(ip)); /* link_sock.c has checked the header */
	if (ipv4_broadcast_kind(v->link.home_network, ip.dst) & v->link.broadcasts)
		datapath_broadcast(s->data, v->link.home_network, packet, len);
}

static struct link_sock_handlers handlers(struct served *v)
{
	return (struct link_sock_handlers){ .datagram = agent_on_datagram,
					    .icmp = agent_on_icmp,
					    .arp = agent_on_arp,
					    .broadcast = on_broadcast,
					    .arg = v->shell,
					    .links = &v->shell->links };
}

static void on_ip(void *arg)
{
	struct served *v = arg;
	const struct link_sock_handlers h = handlers(v);
	struct agent_shell *s = v->shell;
	struct now now;

	agent_shell_begin(s, &now);
	link_sock_recv_ip(v->sock, &h);
	agent_shell_done(s);
}

static void on_arp(void *arg)
{
	struct served *v = arg;
	const struct link_sock_handlers h = handlers(v);

	link_sock_recv_arp(v->sock, &h);
}

static void open_one(struct served *v, const struct link *link)
{
	struct agent_shell *s = v->shell;
	struct link_sock_config *config = &v->link.sock;
	int error = link_sock_open(&v->sock, link->ifindex, config, &s->counts);
	int arp;

	if (error != 0) {
		v->sock = NULL;
		log_say(s->log, NOTE_WARN, "interface=%s cannot be served: %s",
			link->name, strerror(-error));
		return;
	}
	arp = link_sock_arp_fd(v->sock);
	v->ip_watch = loop_watch_fd(s->loop, link_sock_ip_fd(v->sock), on_ip, v);
	v->arp_watch = arp < 0 ? NULL : loop_watch_fd(s->loop, arp, on_arp, v);
}

static void refresh_one(struct served *v)
{
	const struct link *link = links_by_name(&v->shell->links, v->link.name);

	if (v->sock && (!link || link->ifindex != link_sock_ifindex(v->sock))) {
		log_say(v->shell->log, NOTE_WARN, "interface=%s is gone", v->link.name);
		close_one(v);
	}
	if (!v->sock && link)
		open_one(v, link);
}

void agent_served_refresh(struct agent_shell *s)
{
	for (unsigned i = 0; i < SERVED_LINKS_MAX; i++)
		if (s->served[i].link.name[0])
			refresh_one(&s->served[i]);
}

void agent_served_flush(struct agent_shell *s, link_sock_unsent *unsent)
{
	for (unsigned i = 0; i < s->served_end; i++)
		if (s->served[i].sock)
			link_sock_flush(s->served[i].sock, unsent, s);
}

void agent_served_close(struct agent_shell *s)
{
	for (unsigned i = 0; i < SERVED_LINKS_MAX; i++)
		close_one(&s->served[i]);
	memset(s->served, 0, sizeof(s->served));
	s->served_end = 0;
}

/* The place of a link in use, or with "" one that is free; NULL if there is none. */
static struct served *place_of(struct agent_shell *s, const char *name)
{
	for (unsigned i = 0; i < SERVED_LINKS_MAX; i++)
		if (strcmp(s->served[i].link.name, name) == 0)
			return &s->served[i];
	return NULL;
}

static bool same_link(const struct served_link *a, const struct served_link *b)
{
	return strcmp(a->name, b->name) == 0 && a->sock.arp == b->sock.arp &&
	       a->sock.broadcasts == b->sock.broadcasts &&
	       a->sock.transit == b->sock.transit && a->broadcasts == b->broadcasts &&
	       a->home_network.addr.s_addr == b->home_network.addr.s_addr &&
	       a->home_network.len == b->home_network.len;
}

static void add_one(struct agent_shell *s, const struct served_link *link)
{
	struct served *v = place_of(s, link->name);

	if (v && same_link(&v->link, link))
		return;
	if (!v)
		v = place_of(s, "");
	if (!v) {
		log_say(s->log, NOTE_WARN, "interface=%s cannot be served: %s",
			link->name, "there are too many");
		return;
	}
	close_one(v);
	*v = (struct served){ .link = *link, .shell = s };
	if (v >= s->served + s->served_end)
		s->served_end = (unsigned)(v - s->served) + 1;
	if (!links_by_name(&s->links, link->name))
		log_say(s->log, NOTE_WARN,
			"interface=%s is not there; it is served when it comes",
			link->name);
	refresh_one(v);
}

void agent_served_add(struct agent_shell *s)
{
	struct served_link list[SERVED_LINKS_MAX];
	unsigned count = s->program->config.served(s->config, list, SERVED_LINKS_MAX);

	for (unsigned i = 0; i < count; i++)
		add_one(s, &list[i]);
}

void agent_served_prune(struct agent_shell *s)
{
	struct served_link list[SERVED_LINKS_MAX];
	unsigned count = s->program->config.served(s->config, list, SERVED_LINKS_MAX);

	for (unsigned i = 0; i < SERVED_LINKS_MAX; i++) {
		struct served *v = &s->served[i];
		bool wanted = false;

		for (unsigned j = 0; j < count; j++)
			wanted = wanted || same_link(&v->link, &list[j]);
		if (wanted || !v->link.name[0])
			continue;
		close_one(v);
		memset(v, 0, sizeof(*v));
	}
}

struct served *agent_served_find(struct agent_shell *s, int ifindex)
{
	for (unsigned i = 0; i < s->served_end; i++)
		if (s->served[i].sock &&
		    link_sock_ifindex(s->served[i].sock) == ifindex)
			return &s->served[i];
	return NULL;
}
