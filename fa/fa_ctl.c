/* SPDX-License-Identifier: ISC */
/*
 * show visitors, show pending, clear visitor, and the foreign agent's part of
 * show status.
 */
#include "fa/fa_ctl.h"

#include "common/ctl/json.h"
#include "common/ctl/server.h"
#include "common/io/host.h"
#include "common/shell/agent_shell.h"
#include "common/wire/mip_msg.h"
#include "fa/fa_core.h"
#include "fa/pending.h"
#include "fa/visitor.h"

struct listing {
	struct ctl_reply *reply;
	const struct links *links;
	struct now now;
};

/* Who asked for what, and where it stands. */
static void set_registration(json_t *row, const struct listing *l,
			     const struct registration *rq)
{
	const struct link *link = links_by_index(l->links, rq->ifindex);

	json_set_addr(row, "home", rq->home);
	json_set_addr(row, "home-agent", rq->home_agent);
	json_set_addr(row, "care-of", rq->care_of);
	if (link)
		json_object_set_new(row, "interface", json_string(link->name));
	json_object_set_new(row, "mac", json_mac(rq->mac));
	json_object_set_new(row, "lifetime", json_integer(rq->lifetime));
	json_object_set_new(row, "ident", json_hex64(rq->ident));
	json_object_set_new(row, "reverse-tunnel",
			    json_boolean((rq->flags & MIP_FLAG_T) != 0));
}

static void show_visitor(void *arg, const struct visitor_entry *v)
{
	const struct listing *l = arg;
	json_t *row = json_object();

	set_registration(row, l, &v->visit.rq);
	json_object_set_new(row, "state",
			    json_string(visitor_state_name(visitor_state(v))));
	json_object_set_new(row, "lifetime", json_integer(v->visit.granted));
	json_object_set_new(row, "remaining",
			    json_seconds_left(v->visit.expires, l->now.mono));
	if (v->visit.path.tunnelled)
		json_set_encap(row, &v->visit.path.tunnel.encap);
	ctl_reply_row(l->reply, row);
}

static void show_pending(void *arg, const struct pending_registration *p)
{
	const struct listing *l = arg;
	json_t *row = json_object();

	set_registration(row, l, &p->rq);
	json_object_set_new(row, "remaining",
			    json_seconds_left(p->closes, l->now.mono));
	ctl_reply_row(l->reply, row);
}

static void answer_visitors(void *agent, const char *argument, struct ctl_reply *reply)
{
	struct listing l = { reply, agent_shell_links(agent), host_now() };

	(void)argument;
	fa_core_each_visitor(agent_shell_core(agent), show_visitor, &l);
}

static void answer_pending(void *agent, const char *argument, struct ctl_reply *reply)
{
	struct listing l = { reply, agent_shell_links(agent), host_now() };

	(void)argument;
	fa_core_each_pending(agent_shell_core(agent), show_pending, &l);
}

static unsigned clear(void *core, struct in_addr home, struct now now,
		      struct effect_list *fx)
{
	return fa_core_clear_visitor(core, home, now, fx);
}

static void answer_clear(void *agent, const char *argument, struct ctl_reply *reply)
{
	agent_answer_clear(agent, "visitor", clear, argument, reply);
}

static const struct ctl_request requests[] = {
	{ "show visitors", NULL, "mobile nodes that are registered through us",
	  answer_visitors },
	{ "show pending", NULL, "registrations that no home agent has answered yet",
	  answer_pending },
	{ "clear visitor", "ADDR", "forget a visitor", answer_clear },
	{ NULL, NULL, NULL, NULL },
};

const struct ctl_request *fa_ctl_requests(void)
{
	return requests;
}

void fa_ctl_status(const void *core, const void *config, struct now now, json_t *object)
{
	const struct fa_config *c = config;

	(void)now;
	json_set_addr(object, "care-of", c->care_of);
	json_set_count(object, "visitors", fa_core_visitor_count(core));
	json_set_count(object, "max-visitors", c->max_visitors);
	json_set_count(object, "pending", fa_core_pending_count(core));
	json_set_count(object, "max-pending", c->max_pending);
}
