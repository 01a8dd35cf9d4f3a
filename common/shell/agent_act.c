/* SPDX-License-Identifier: ISC */
/*
 * Effects as calls of the edges, one function a kind.
 *
 * Messages wait for the end of the batch that is being handled: then what has
 * been put into the store is committed, once, and they are sent together.  So they
 * never go before what they announce.  Nor must what comes after them be done before
 * they are on their way, where that could change their way: an address, a route, ARP.
 */
#include "common/shell/agent_private.h"

#include "common/io/host.h"
#include "common/tunnel/tunnel.h"

#include <errno.h>
#include <string.h>

enum {
	FAILURES_PER_SECOND = 5,
	FAILURES_AT_ONCE = 50,
	MESSAGES_PER_SECOND = 20,
	MESSAGES_AT_ONCE = 100,
};

static int act_forward(void *arg, const struct effect *e)
{
	struct agent_shell *s = arg;
	int error = fwd_apply(datapath_fwd(s->data), &e->forward);

	if (error == 0 && e->forward.kind == FWD_SITE_SET)
		datapath_probe(s->data);
	return error == -ENOENT ? 0 : error; /* it is gone, as it should be */
}

static struct note tunnel_note(enum note_kind kind, const struct tunnel *t)
{
	return (struct note){ .kind = kind,
			      .name = tunnel_name(t),
			      .local = t->spec.local,
			      .remote = t->spec.remote,
			      .encapsulation = encap_name(t->spec.encap.kind) };
}

static void on_tunnel(void *arg, const struct tunnel *t, bool in_use)
{
	struct agent_shell *s = arg;
	const struct note n =
		tunnel_note(in_use ? NOTE_TUNNEL_UP : NOTE_TUNNEL_DOWN, t);

	log_note(s->log, &n, &s->links, s->now);
}

static const char *why_dead(const struct tunnel_news *news)
{
	return news->blocked ? "no association, and ESP is required"
			     : "no answer to probes";
}

void agent_on_news(void *shell, const struct tunnel_news *news)
{
	static const enum note_kind kinds[] = {
		[TUNNEL_SPOOFED] = NOTE_TUNNEL_SPOOFED, /* RFC 3024 4.3.2 */
		[TUNNEL_ALIVE] = NOTE_TUNNEL_ALIVE,
		[TUNNEL_DEAD] = NOTE_TUNNEL_DEAD,
	};
	struct agent_shell *s = shell;
	const struct note n = {
		.kind = kinds[news->event],
		.name = news->name[0] ? news->name : NULL,
		.local = news->local,
		.remote = news->remote,
		.encapsulation = encap_name(news->encap),
		.source = news->inner,
		.reason = news->event == TUNNEL_DEAD ? why_dead(news) : NULL,
	};

	log_note(s->log, &n, &s->links, host_now());
}

static int act_route(void *arg, const struct effect *e)
{
	struct agent_shell *s = arg;

	agent_send_messages(s);
	return rtnl_edit_route(s->edit, &e->route);
}

/* What waits to be sent is none of the packets of rules: visitors get frames. */
static int act_rule(void *arg, const struct effect *e)
{
	struct agent_shell *s = arg;

	return rtnl_edit_rule(s->edit, &e->rule);
}

static int act_neighbour(void *arg, const struct effect *e)
{
	struct agent_shell *s = arg;

	agent_send_messages(s);
	return rtnl_edit_neighbour(s->edit, &e->neighbour);
}

static int act_address(void *arg, const struct effect *e)
{
	struct agent_shell *s = arg;

	agent_send_messages(s);
	return rtnl_edit_address(s->edit, &e->address);
}

/*
 * What the kernel must leave on a foreign link: answering ARP for the home address,
 * asking in its name (RFC 5944 4.6), and following redirects (4.2.1), which it does
 * where the setting of the link or that of all links allows it.
 */
static const struct {
	bool all_links;
	const char *key;
	int value;
} away[] = {
	{ false, "arp_ignore", ARP_IGNORE_ALL },
	{ false, "arp_announce", ARP_ANNOUNCE_BEST },
	{ false, "accept_redirects", 0 },
	{ true, "accept_redirects", 0 },
};

static int act_arp_policy(void *arg, const struct effect *e)
{
	struct agent_shell *s = arg;
	const struct link *link = links_by_index(&s->links, e->arp_policy.ifindex);
	int error = link ? 0 : -ENODEV;

	agent_send_messages(s);
	for (size_t i = 0; error == 0 && i < sizeof(away) / sizeof(away[0]); i++) {
		const char *where = away[i].all_links ? "all" : link->name;

		if (e->arp_policy.answer)
			error = sysctl_restore_link(&s->sysctls, where, away[i].key);
		else
			error = sysctl_set_link(&s->sysctls, where, away[i].key,
						away[i].value);
	}
	return error;
}

static int act_remember(void *arg, const struct effect *e)
{
	struct agent_shell *s = arg;

	store_put(s->store, e->home, e->record.bytes, e->record.len);
	return 0; /* its failures are no reason to refuse anything */
}

static int act_protect(void *arg, const struct effect *e)
{
	agent_send_messages(arg);
	return agent_keys_node(arg, &e->protect, e->home);
}

static int act_send_arp(void *arg, const struct effect *e)
{
	const struct served *v = agent_served_find(arg, e->arp.ifindex);

	agent_send_messages(arg);
	return v ? link_sock_send_arp(v->sock, &e->arp) : -ENODEV;
}

static int act_send_udp(void *arg, const struct effect *e)
{
	struct agent_shell *s = arg;

	if (reg_sock_is_full(s->reg))
		agent_send_messages(s);
	reg_sock_put(s->reg, e);
	return 0;
}

static int act_send_link(void *arg, const struct effect *e)
{
	struct agent_shell *s = arg;
	const struct served *v = agent_served_find(s, e->frame.ifindex);

	if (!v)
		return -ENODEV;
	if (link_sock_is_full(v->sock))
		agent_send_messages(s);
	link_sock_put_frame(v->sock, e);
	return 0;
}

static int act_note(void *arg, const struct effect *e)
{
	struct agent_shell *s = arg;

	log_note(s->log, &e->note, &s->links, s->now);
	return 0;
}

static void on_failed(void *arg, const struct effect *e, int error,
		      struct effect_list *fx)
{
	struct agent_shell *s = arg;
	char text[256];

	/* Strangers can cause failures: a Reply to an address that has no route. */
	if (bucket_take(&s->failures, s->now.mono))
		log_say(s->log, NOTE_WARN, "%s: %s",
			effect_describe(e, text, sizeof(text)), strerror(error));
	s->program->core.failed(s->core, e, error, s->now, fx);
}

static void on_unsent(void *arg, const struct effect *e, int error)
{
	struct agent_shell *s = arg;

	s->counts.by[IO_EFFECT_FAILED]++;
	on_failed(s, e, error, &s->unsent);
}

void agent_send_messages(struct agent_shell *s)
{
	store_commit(s->store, s->now.mono);
	reg_sock_flush(s->reg, on_unsent, s);
	agent_served_flush(s, on_unsent);
}

void agent_act_init(struct agent_shell *s)
{
	fwd_watch(datapath_fwd(s->data), on_tunnel, s);
	bucket_init(&s->failures, FAILURES_PER_SECOND, FAILURES_AT_ONCE, s->now.mono);
	bucket_init(&s->messages, MESSAGES_PER_SECOND, MESSAGES_AT_ONCE, s->now.mono);
	s->actor = (struct effect_actor){
		.act = {
			[EFFECT_FORWARD] = act_forward,
			[EFFECT_ROUTE] = act_route,
			[EFFECT_RULE] = act_rule,
			[EFFECT_NEIGHBOUR] = act_neighbour,
			[EFFECT_ADDRESS] = act_address,
			[EFFECT_ARP_POLICY] = act_arp_policy,
			[EFFECT_REMEMBER] = act_remember,
			[EFFECT_PROTECT] = act_protect,
			[EFFECT_SEND_ARP] = act_send_arp,
			[EFFECT_SEND_UDP] = act_send_udp,
			[EFFECT_SEND_LINK] = act_send_link,
			[EFFECT_NOTE] = act_note,
		},
		.failed = on_failed,
		.arg = s,
		.counts = &s->counts,
	};
}
