/* SPDX-License-Identifier: ISC */
/*
 * The requests of the control socket that all agents answer, and events for
 * those who watch.
 */
#include "config.h"

#include "common/shell/agent_private.h"

#include "common/ctl/json.h"
#include "common/ctl/show.h"
#include "common/io/host.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { COUNTER_SETS = 16, KEYING_COUNTER_SETS = 2 };

/* Of the links that the configuration names: those that are served now, or not. */
static json_t *served_names(const struct agent_shell *s, bool serving)
{
	json_t *names = json_array();

	for (unsigned i = 0; i < SERVED_LINKS_MAX; i++) {
		const struct served *v = &s->served[i];
		const struct link *link = links_by_name(&s->links, v->link.name);

		if (*v->link.name && (v->sock && link && link->up) == serving)
			json_array_append_new(names, json_string(v->link.name));
	}
	return names;
}

static void show_status(void *agent, const char *argument, struct ctl_reply *reply)
{
	struct agent_shell *s = agent;
	struct now now = host_now();
	duration_t up = instant_diff(now.mono, s->started);
	json_t *row =
		json_pack("{s:s,s:s,s:i,s:I,s:s,s:s}", "program", s->program->name,
			  "version", PACKAGE_VERSION, "pid", (int)getpid(), "uptime",
			  (json_int_t)(duration_to_ms(up) / 1000), "config",
			  s->options->config_path, "tun", agent_common(s)->tun);

	(void)argument;
	json_object_set_new(row, "clock-kept", json_boolean(host_clock_is_kept()));
	json_object_set_new(row, "links", served_names(s, true));
	json_object_set_new(row, "links-down", served_names(s, false));
	json_set_count(row, "workers", datapath_workers(s->data));
	json_object_set_new(row, "fast-path", agent_fast_names(s));
	json_set_count(row, "tunnels", fwd_tunnels(datapath_fwd(s->data)));
	agent_store_show(s, row);
	if (row && s->program->status)
		s->program->status(s->core, s->config, now, row);
	ctl_reply_row(reply, row);
}

static void answer_counters(void *agent, const char *argument, struct ctl_reply *reply)
{
	struct agent_shell *s = agent;
	struct counter_set sets[COUNTER_SETS];
	unsigned n = s->program->core.counters(s->core, sets,
					       COUNTER_SETS - DATAPATH_COUNTERS -
						       KEYING_COUNTER_SETS - 2);

	(void)argument;
	datapath_counters(s->data, &sets[n]);
	n += DATAPATH_COUNTERS;
	n += agent_keys_counters(s, &sets[n], KEYING_COUNTER_SETS);
	sets[n++] = io_counter_set(&s->counts);
	if (s->fast)
		sets[n++] = fastpath_counters(s->fast);
	show_counters(reply, sets, n);
}

static void answer_associations(void *agent, const char *argument,
				struct ctl_reply *reply)
{
	struct agent_shell *s = agent;

	(void)argument;
	show_associations(reply, s->program->core.associations(s->core));
	fwd_hold(datapath_fwd(s->data));
	agent_keys_show_associations(s, reply);
	fwd_release(datapath_fwd(s->data));
}

static void answer_tunnels(void *agent, const char *argument, struct ctl_reply *reply)
{
	struct agent_shell *s = agent;

	(void)argument;
	fwd_hold(datapath_fwd(s->data));
	agent_fast_show_tunnels(s, reply, host_now());
	fwd_release(datapath_fwd(s->data));
}

static void answer_protection(void *agent, const char *argument,
			      struct ctl_reply *reply)
{
	struct agent_shell *s = agent;

	(void)argument;
	fwd_hold(datapath_fwd(s->data));
	agent_keys_show(agent, reply);
	fwd_release(datapath_fwd(s->data));
}

static void answer_rekey(void *agent, const char *argument, struct ctl_reply *reply)
{
	agent_keys_rekey(agent, argument, reply);
}

static void answer_violations(void *agent, const char *argument,
			      struct ctl_reply *reply)
{
	struct agent_shell *s = agent;

	(void)argument;
	if (s->program->core.violations)
		show_violations(reply, s->program->core.violations(s->core));
	show_violations(reply, &s->violations);
}

/* The faults of a reload: to whoever asked for it, and to the log. */
struct reload_report {
	struct agent_shell *shell;
	struct ctl_reply *reply;
};

static void report_fault(void *arg, const char *line)
{
	struct reload_report *r = arg;

	log_say(r->shell->log, NOTE_WARN, "%s", line);
	ctl_reply_row(r->reply, json_pack("{s:s}", "fault", line));
}

static void answer_reload(void *agent, const char *argument, struct ctl_reply *reply)
{
	struct reload_report report = { agent, reply };
	const struct agent_faults faults = { report_fault, &report };

	(void)argument;
	if (!agent_shell_reload(agent, &faults))
		ctl_reply_error(reply,
				"the configuration has faults; the old one stays");
}

static void answer_log(void *agent, const char *argument, struct ctl_reply *reply)
{
	struct agent_shell *s = agent;
	enum note_level level;

	if (!log_level_by_name(argument, &level)) {
		ctl_reply_error(reply, "the level is debug, info or warn");
		return;
	}
	log_set_level(s->log, level);
	ctl_reply_row(reply, json_pack("{s:s}", "level", argument));
}

void agent_answer_clear(struct agent_shell *s, const char *what,
			unsigned (*clear)(void *core, struct in_addr home,
					  struct now now, struct effect_list *fx),
			const char *argument, struct ctl_reply *reply)
{
	struct in_addr home;
	struct effect_list *fx;
	struct now now;
	unsigned cleared;

	if (inet_pton(AF_INET, argument, &home) != 1) {
		ctl_reply_error(reply, "clear %s wants a home address", what);
		return;
	}
	fx = agent_shell_begin(s, &now);
	cleared = clear(s->core, home, now, fx);
	agent_shell_done(s);
	if (cleared == 0)
		ctl_reply_error(reply, "no %s has that home address", what);
	else
		ctl_reply_row(reply, json_pack("{s:i}", "cleared", (int)cleared));
}

static const struct ctl_request common_requests[] = {
	{ "show status", NULL, "what the agent is and what it is busy with",
	  show_status },
	{ "show counters", NULL, "refusals, drops and packets, by reason",
	  answer_counters },
	{ "show associations", NULL, "security associations, without keys",
	  answer_associations },
	{ "show tunnels", NULL, "tunnels in use", answer_tunnels },
	{ "show protection", NULL, "ESP with other ends, and how keys are agreed on",
	  answer_protection },
	{ "show violations", NULL, "the last authentication failures",
	  answer_violations },
	{ "reload", NULL, "read the configuration again", answer_reload },
	{ "rekey", "ADDR|all", "agree on new keys for ESP now", answer_rekey },
	{ "log", "LEVEL", "debug, info or warn", answer_log },
};

enum { COMMON_REQUESTS = sizeof(common_requests) / sizeof(common_requests[0]) };

static size_t count_requests(const struct ctl_request *r)
{
	size_t n = 0;

	while (r && r[n].words)
		n++;
	return n;
}

struct ctl_request *agent_ctl_requests(const struct agent_program *program)
{
	const struct ctl_request *own = program->requests ? program->requests() : NULL;
	size_t own_count = count_requests(own);
	struct ctl_request *all = calloc(own_count + COMMON_REQUESTS + 1, sizeof(*all));

	if (!all)
		return NULL;
	memcpy(all, common_requests, sizeof(common_requests));
	if (own)
		memcpy(all + COMMON_REQUESTS, own, own_count * sizeof(*all));
	return all;
}

static void on_note(void *arg, const struct note *n, const char *interface,
		    struct now now)
{
	struct agent_shell *s = arg;
	json_t *event;

	if (ctl_server_watchers(s->ctl) == 0)
		return;
	event = json_note(n, s->program->name,
			  (int64_t)(json_ntp_seconds(now.ntp) * 1e6), interface);
	if (event)
		ctl_server_event(s->ctl, event);
	json_decref(event);
}

void agent_ctl_follow(struct agent_shell *s)
{
	log_follow(s->log, on_note, s);
}
