/* SPDX-License-Identifier: ISC */
/*
 * Events in, effects out.  Every event is handled alike: read the clocks, tell
 * the core, perform what it asks for, set the timer to its next deadline.
 */
#include "common/shell/agent_private.h"

#include "common/io/daemon.h"
#include "common/io/host.h"
#include "common/wire/mip_text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Whoever answers every effect with another is not heard for ever. */
enum { ROUNDS_MAX = 8 };

struct effect_list *agent_shell_begin(struct agent_shell *s, struct now *now)
{
	s->now = host_now();
	*now = s->now;
	return &s->fx;
}

/* Effects of the core and those of keying may lead to one another. */
static void perform(struct agent_shell *s)
{
	for (unsigned round = 0; round < ROUNDS_MAX; round++) {
		if (agent_keys_busy(s))
			agent_keys_run(s);
		if (s->fx.overflow)
			store_lost(s->store, s->now.mono);
		effects_run(&s->actor, &s->fx, &s->spare);
		if (!agent_keys_busy(s))
			return;
	}
}

/* What the core wants instead of messages that could not be sent is next. */
static bool answer_unsent(struct agent_shell *s)
{
	const struct effect_list none = s->fx;

	if (s->unsent.count == 0)
		return false;
	s->fx = s->unsent;
	s->unsent = none;
	return true;
}

void agent_shell_perform(struct agent_shell *s)
{
	for (unsigned round = 0; round < ROUNDS_MAX; round++) {
		perform(s);
		agent_send_messages(s);
		if (!answer_unsent(s))
			return;
	}
	effect_list_clear(&s->fx);
}

void agent_shell_done(struct agent_shell *s)
{
	instant_t next;

	agent_shell_perform(s);
	store_commit(s->store, s->now.mono);
	next = s->program->core.next_deadline(s->core);
	next = instant_min(next, agent_keys_next(s));
	loop_set_deadline(s->loop, instant_min(next, store_next(s->store)),
			  s->now.mono);
}

void *agent_shell_core(struct agent_shell *s)
{
	return s->core;
}

const struct links *agent_shell_links(const struct agent_shell *s)
{
	return &s->links;
}

/* RFC 5944 1.7: what is discarded can be read in the log; so can everything else. */
static void show_message(struct agent_shell *s, const struct datagram *dg)
{
	char src[INET_ADDRSTRLEN], dst[INET_ADDRSTRLEN], text[MIP_TEXT_MAX];

	if (!log_shows(s->log, NOTE_DEBUG) || !bucket_take(&s->messages, s->now.mono))
		return;
	log_say(s->log, NOTE_DEBUG,
		"message source=%s port=%u destination=%s ttl=%u %s",
		ipv4_text(dg->src, src), dg->src_port, ipv4_text(dg->dst, dst), dg->ttl,
		mip_message_text(dg->payload, text, sizeof(text)));
}

/*
 * One of a batch, all of one time.  What it asks for is done before the next is looked
 * at; what it sends goes with the batch.
 */
void agent_on_datagram(void *shell, const struct datagram *dg)
{
	struct agent_shell *s = shell;

	show_message(s, dg);
	s->program->core.datagram(s->core, dg, s->now, &s->fx);
	perform(s);
}

void agent_on_icmp(void *shell, const struct icmp_datagram *dg)
{
	struct agent_shell *s = shell;
	struct now now;
	struct effect_list *fx = agent_shell_begin(s, &now);

	s->program->core.icmp(s->core, dg, now, fx);
	agent_shell_done(s);
}

void agent_on_arp(void *shell, const struct arp_frame *frame)
{
	struct agent_shell *s = shell;
	struct now now;
	struct effect_list *fx = agent_shell_begin(s, &now);

	if (s->program->core.arp)
		s->program->core.arp(s->core, frame, now, fx);
	agent_shell_done(s);
}

void agent_on_deadline(void *shell)
{
	struct agent_shell *s = shell;
	struct now now;
	struct effect_list *fx = agent_shell_begin(s, &now);

	s->program->core.deadline(s->core, now, fx);
	agent_keys_deadline(s, now);
	store_due(s->store, now.mono);
	agent_shell_done(s);
}

/* A link with another name has what stops its packets at once. */
static void follow_names(struct agent_shell *s)
{
	unsigned failed = rtnl_edit_follow(s->edit, &s->links);

	if (failed > 0)
		log_say(s->log, NOTE_WARN, "%u rules name links that are renamed",
			failed);
}

/* Sockets first: the core may want to send on a link that has just come up. */
static void on_link_change(void *shell)
{
	struct agent_shell *s = shell;
	struct now now;
	struct effect_list *fx = agent_shell_begin(s, &now);

	datapath_see_links(s->data);
	follow_names(s);
	agent_served_refresh(s);
	agent_device_see(s);
	agent_fast_links(s);
	agent_keys_links(s, now);
	s->program->core.links(s->core, &s->links, now, fx);
	agent_shell_done(s);
}

int agent_links_load(struct agent_shell *s)
{
	int error = rtnl_load(s->rtnl, &s->links);

	if (error == 0)
		on_link_change(s);
	return error;
}

void agent_on_links(void *shell)
{
	struct agent_shell *s = shell;
	int error = rtnl_follow(s->rtnl, &s->links, on_link_change, s);

	if (error != 0)
		log_say(s->log, NOTE_WARN, "cannot follow links: %s", strerror(-error));
	agent_device_mend(s);
	agent_warn_links(s);
}

static bool is_served(void *shell, int ifindex)
{
	return agent_served_find(shell, ifindex) != NULL;
}

static void foresee(void *shell, struct reader message, unsigned pass)
{
	const struct agent_shell *s = shell;

	s->program->core.foresee(s->core, message, pass);
}

void agent_on_reg_sock(void *shell)
{
	struct agent_shell *s = shell;
	const struct reg_sock_handlers h = {
		.served = is_served,
		.datagram = agent_on_datagram,
		.foresee = foresee,
		.foresee_passes = s->program->core.foresee_passes,
		.arg = s,
	};
	struct now now;

	agent_shell_begin(s, &now);
	reg_sock_recv(s->reg, &h);
	agent_shell_done(s);
}

void agent_on_terminate(void *shell)
{
	struct agent_shell *s = shell;

	daemon_stopping();
	loop_stop(s->loop);
}

static void say_fault(void *shell, const char *line)
{
	struct agent_shell *s = shell;

	log_say(s->log, NOTE_WARN, "%s", line);
}

void agent_on_hangup(void *shell)
{
	struct agent_shell *s = shell;
	const struct agent_faults faults = { say_fault, s };

	agent_shell_reload(s, &faults);
}

static bool same_store(const struct store_config *a, const struct store_config *b)
{
	if (!a || !b)
		return a == b;
	return strcmp(a->path, b->path) == 0 && a->sync == b->sync;
}

/* What is opened once, at the start, stays as it was. */
static void say_what_waits(const struct agent_shell *s, const void *config,
			   const struct agent_faults *faults)
{
	const struct common_config *old = agent_common(s);
	const struct common_config *new = s->program->config.common(config);

	if (strcmp(old->tun, new->tun) != 0)
		faults->say(faults->arg, "tun/@name: another name needs a restart");
	if (strcmp(old->control, new->control) != 0)
		faults->say(faults->arg,
			    "control/@socket: another path needs a restart");
	if (old->workers != new->workers)
		faults->say(faults->arg,
			    "limits/@workers: another number needs a restart");
	if (old->keying.port != new->keying.port)
		faults->say(faults->arg, "keying/@port: another one needs a restart");
	if (config_esp_port(old) != config_esp_port(new))
		faults->say(faults->arg, "esp/@port: another one needs a restart");
	if (!same_store(agent_store_config(s, s->config),
			agent_store_config(s, config)))
		faults->say(faults->arg, "store: another one needs a restart");
}

/* In the background there is no standard error any more. */
void agent_set_log(struct agent_shell *s)
{
	const struct common_config *common = agent_common(s);
	const struct agent_options *o = s->options;

	log_set(s->log, s->detached ? LOG_TO_SYSLOG : common->log_to,
		o->has_level ? o->level : (enum note_level)common->log_level);
}

/* What was made as large as the old configuration wanted. */
static void make_room(struct agent_shell *s)
{
	const size_t entries = s->program->config.max_entries(s->config);

	datapath_reserve(s->data, entries, entries);
	store_expect(s->store, entries);
}

static void receive_carriers(struct agent_shell *s)
{
	int error = agent_device_carriers(s);

	if (error != 0)
		log_say(s->log, NOTE_WARN, "cannot receive tunnels in UDP: %s",
			strerror(-error));
}

/*
 * The core has accepted `config`: links that come are opened before its effects
 * are performed, links that go are closed after them.
 */
static void take_configuration(struct agent_shell *s, void *config)
{
	void *old = s->config;

	s->config = config;
	agent_set_log(s);
	make_room(s);
	receive_carriers(s);
	agent_served_add(s);
	agent_fast_reload(s);
	agent_keys_reload(s, s->now);
	agent_shell_done(s);
	agent_served_prune(s);
	agent_config_free(s->program, old);
	log_say(s->log, NOTE_INFO, "configuration read again: %s",
		s->options->config_path);
}

bool agent_shell_reload(struct agent_shell *s, const struct agent_faults *faults)
{
	void *config = agent_config_load(s->program, s->options->config_path, faults);
	struct effect_list *fx;
	struct now now;

	if (!config) {
		faults->say(faults->arg, "the old configuration stays");
		return false;
	}
	fx = agent_shell_begin(s, &now);
	if (s->program->core.reconfigure(s->core, config, now, fx) != 0) {
		agent_shell_done(s);
		agent_config_free(s->program, config);
		faults->say(faults->arg, "out of memory: the old configuration stays");
		return false;
	}
	say_what_waits(s, config, faults);
	take_configuration(s, config);
	return true;
}

static void print_fault(void *arg, const char *line)
{
	(void)arg;
	fprintf(stderr, "%s\n", line);
}

/* Nothing can fail any more: let the waiting parent and the manager know. */
static void say_ready(struct agent_shell *s)
{
	if (s->options->background) {
		s->detached = true;
		daemon_close_stderr();
		agent_set_log(s);
	}
	daemon_ready(s->ready_pipe);
	s->ready_pipe = -1;
}

/* Whoever started us looks at standard error, wherever the log goes. */
static void say_no_start(struct agent_shell *s, const char *why)
{
	fprintf(stderr, "%s: %s\n", s->program->name, why);
	if (agent_common(s)->log_to != LOG_TO_STDERR)
		log_say(s->log, NOTE_WARN, "%s", why);
}

/* Everything that is started is stopped again here. */
static int serve(struct agent_shell *s)
{
	struct startup_fault fault;
	char text[STARTUP_TEXT];
	int error;

	if (agent_start(s, &fault) != 0) {
		say_no_start(s, agent_start_fault_text(&fault, text));
		return EXIT_FAILURE;
	}
	say_ready(s);
	error = loop_run(s->loop);
	agent_stop(s);
	return error || s->failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int run(struct agent_shell *s)
{
	int status;

	s->ready_pipe = s->options->background ? daemon_background() : -1;
	if (s->options->background && s->ready_pipe < 0) {
		fprintf(stderr, "%s: cannot go to the background: %s\n",
			s->program->name, strerror(-s->ready_pipe));
		return EXIT_FAILURE;
	}
	s->log = log_new(s->program->name);
	if (!s->log)
		return EXIT_FAILURE;
	agent_set_log(s);
	effect_list_init(&s->fx);
	effect_list_init(&s->spare);
	effect_list_init(&s->unsent);
	status = serve(s);
	effect_list_fini(&s->unsent);
	effect_list_fini(&s->spare);
	effect_list_fini(&s->fx);
	log_free(s->log);
	return status;
}

int agent_shell_main(const struct agent_program *program, int argc, char **argv)
{
	const struct agent_faults faults = { print_fault, NULL };
	struct agent_options options;
	struct agent_shell *s;
	int status = agent_options_parse(program, argc, argv, &options);

	if (status >= 0)
		return status;
	s = calloc(1, sizeof(*s));
	if (!s)
		return EXIT_FAILURE;
	s->program = program;
	s->options = &options;
	s->config = agent_config_load(program, options.config_path, &faults);
	if (!s->config)
		status = EXIT_FAILURE;
	else
		status = options.check_only ? EXIT_SUCCESS : run(s);
	agent_config_free(program, s->config);
	free(s);
	return status;
}
