/* SPDX-License-Identifier: ISC */
/*
 * The start of an agent as a table of steps; its clean end is the same table
 * read backwards.
 *
 * What tells a second instance apart, control socket, UDP port and device name,
 * comes before anything is changed in the kernel.  The pid file is there as long
 * as anything is that an operator could see.
 */
#include "common/shell/agent_private.h"

#include "common/io/daemon.h"
#include "common/io/host.h"
#include "common/io/rtnl_sweep.h"
#include "common/wire/mip_msg.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char need_rights[] = "run it as root, or with the capabilities "
				  "CAP_NET_ADMIN, CAP_NET_RAW and CAP_NET_BIND_SERVICE";

/* Of every network namespace. */
enum { LOOPBACK = 1 };

static bool is_right(int error)
{
	return error == EPERM || error == EACCES;
}

static int start_memory(void *arg, struct startup_fault *fault)
{
	(void)arg;
	(void)fault;
	host_seed_tables();
	return daemon_protect_memory();
}

static int start_loop(void *arg, struct startup_fault *fault)
{
	struct agent_shell *s = arg;

	(void)fault;
	signal(SIGPIPE, SIG_IGN);
	s->loop = loop_new();
	return s->loop ? loop_on_deadline(s->loop, agent_on_deadline, s) : -ENOMEM;
}

static void stop_loop(void *arg)
{
	struct agent_shell *s = arg;

	loop_free(s->loop);
}

static int start_control(void *arg, struct startup_fault *fault)
{
	struct agent_shell *s = arg;
	const char *path = agent_common(s)->control;
	int error;

	s->requests = agent_ctl_requests(s->program);
	if (!s->requests)
		return -ENOMEM;
	error = ctl_server_open(&s->ctl, loop_base(s->loop), path, s->requests, s);
	if (error == 0) {
		agent_ctl_follow(s);
		return 0;
	}
	free(s->requests);
	return startup_fail(fault, error, "%s", path);
}

static void stop_control(void *arg)
{
	struct agent_shell *s = arg;

	log_follow(s->log, NULL, NULL);
	ctl_server_close(s->ctl);
	free(s->requests);
}

static const char *control_advice(int error)
{
	if (error == EADDRINUSE)
		return "another agent answers there: end it, or give <control "
		       "socket=\"...\">";
	return is_right(error) ? need_rights : NULL;
}

static int start_links(void *arg, struct startup_fault *fault)
{
	struct agent_shell *s = arg;
	int error = rtnl_open(&s->rtnl);

	(void)fault;
	if (error != 0)
		return error;
	error = rtnl_load(s->rtnl, &s->links);
	if (error != 0)
		rtnl_close(s->rtnl);
	return error;
}

static void stop_links(void *arg)
{
	struct agent_shell *s = arg;

	rtnl_close(s->rtnl);
}

static int start_registration(void *arg, struct startup_fault *fault)
{
	struct agent_shell *s = arg;
	int error = reg_sock_open(&s->reg, MIP_PORT, &s->counts);

	s->listening = host_now();
	return error ? startup_fail(fault, error, "UDP port %d", MIP_PORT) : 0;
}

static void stop_registration(void *arg)
{
	struct agent_shell *s = arg;

	reg_sock_close(s->reg);
}

static const char *registration_advice(int error)
{
	if (error == EADDRINUSE)
		return "another Mobile IP agent runs here; find it with: ss -ulpn "
		       "'sport = 434'";
	return is_right(error) ? need_rights : NULL;
}

static unsigned workers_of(const struct common_config *common)
{
	return common->workers ? common->workers : DATAPATH_WORKERS_AUTO;
}

static int start_data(void *arg, struct startup_fault *fault)
{
	struct agent_shell *s = arg;
	const struct common_config *common = agent_common(s);
	const size_t entries = s->program->config.max_entries(s->config);
	const struct datapath_config config = { .tun = common->tun,
						.max_entries = entries,
						.max_tunnels = entries,
						.links = &s->links,
						.workers = workers_of(common),
						.counts = &s->counts,
						.ports = { .esp = config_esp_port(
								   common) },
						.icmp = agent_on_icmp,
						.news = agent_on_news,
						.arg = s };
	struct datapath_fault what;
	int error = datapath_open(&s->data, &config, &what);

	return error ? startup_fail(fault, error, "%s (%s)", what.what, common->tun)
		     : 0;
}

static void stop_data(void *arg)
{
	struct agent_shell *s = arg;

	datapath_close(s->data);
}

static const char *data_advice(int error)
{
	if (error == EBUSY)
		return "another program has a device of that name: give <tun "
		       "name=\"...\">";
	if (error == ENOENT || error == ENODEV)
		return "/dev/net/tun is needed: modprobe tun";
	return is_right(error) ? need_rights : NULL;
}

static int start_device(void *arg, struct startup_fault *fault)
{
	struct agent_shell *s = arg;
	int error = rtnl_edit_open(&s->edit);

	if (error != 0)
		return error;
	error = agent_device_up(s);
	if (error == 0)
		return rtnl_load(s->rtnl, &s->links);
	rtnl_edit_close(s->edit);
	return startup_fail(fault, error, "%s", agent_common(s)->tun);
}

/* Whether what a predecessor kept back may not go in clear. */
static bool requires_esp(const struct agent_shell *s)
{
	const struct protected_config c = s->program->config.protects(s->config);

	for (unsigned i = 0; i < c.agent_count; i++)
		if (c.agent[i].protection.policy == PROTECT_REQUIRED)
			return true;
	return agent_common(s)->manual_count > 0;
}

/* What an agent before us was killed with, and no node has come back for. */
static void sweep_barrier(struct agent_shell *s)
{
	struct served_link list[SERVED_LINKS_MAX];
	unsigned count = s->program->config.served(s->config, list, SERVED_LINKS_MAX);

	for (unsigned i = 0; i < count; i++) {
		const struct link *link = links_by_name(&s->links, list[i].name);

		if (link)
			(void)rtnl_sweep(link->ifindex);
	}
	(void)rtnl_sweep(LOOPBACK);
}

/*
 * What keeps packets back goes when the operator ends the agent.  One that cannot go
 * on leaves it to its successor, and one that cannot start what it has found.
 */
static enum rtnl_legacy legacy(const struct agent_shell *s)
{
	if (!requires_esp(s))
		return RTNL_LEAVE_NONE;
	if (!s->serves)
		return RTNL_LEAVE_INHERITED;
	return s->failed ? RTNL_LEAVE_ALL : RTNL_LEAVE_NONE;
}

static void stop_device(void *arg)
{
	struct agent_shell *s = arg;

	rtnl_edit_close(s->edit); /* also removes what the core forgot, if anything */
	if (requires_esp(s) && legacy(s) == RTNL_LEAVE_NONE)
		sweep_barrier(s);
	sysctl_restore_all(&s->sysctls);
}

static const char *device_advice(int error)
{
	return is_right(error) ? need_rights : NULL;
}

/* After a crash: what carries our number on links of ours is a predecessor's. */
static void sweep_link(struct agent_shell *s, const char *name, int (*sweep)(int))
{
	const struct link *link = links_by_name(&s->links, name);
	int removed = link ? sweep(link->ifindex) : 0;
	int arp = 0;

	if (removed > 0)
		log_say(s->log, NOTE_INFO, "interface=%s leftovers=%d removed", name,
			removed);
	/* Without a record of the one before: nobody else sets this, and it must go. */
	if (link && sysctl_get_link(name, "arp_ignore", &arp) == 0 &&
	    arp == ARP_IGNORE_ALL)
		sysctl_put_link(name, "arp_ignore", 0);
}

static void recover_settings(struct agent_shell *s)
{
	char path[SYSCTL_RECORD_MAX];
	int n = snprintf(path, sizeof(path), "%s.settings", agent_common(s)->control);

	n = n < (int)sizeof(path) ? sysctl_recover(&s->sysctls, path) : -ENAMETOOLONG;
	if (n > 0)
		log_say(s->log, NOTE_INFO, "settings=%d put back", n);
	else if (n < 0)
		log_say(s->log, NOTE_WARN, "%s.settings: %s", agent_common(s)->control,
			strerror(-n));
}

static int start_sweep(void *arg, struct startup_fault *fault)
{
	struct agent_shell *s = arg;
	struct served_link list[SERVED_LINKS_MAX];
	unsigned count = s->program->config.served(s->config, list, SERVED_LINKS_MAX);

	(void)fault;
	recover_settings(s);
	for (unsigned i = 0; i < count; i++)
		sweep_link(s, list[i].name,
			   requires_esp(s) ? rtnl_sweep_but_barrier : rtnl_sweep);
	if (!requires_esp(s))
		(void)rtnl_sweep(LOOPBACK); /* rules for what this machine sends */
	return rtnl_load(s->rtnl, &s->links);
}

static int start_served(void *arg, struct startup_fault *fault)
{
	(void)fault;
	agent_served_add(arg);
	return 0;
}

static void stop_served(void *arg)
{
	agent_served_close(arg);
}

static int start_fast(void *arg, struct startup_fault *fault)
{
	return agent_fast_start(arg, fault);
}

static void stop_fast(void *arg)
{
	agent_fast_stop(arg);
}

static const char *fast_advice(int error)
{
	if (error == ENOTSUP)
		return "build it with clang, bpftool and libbpf";
	return is_right(error) ? "run it as root, or with the capabilities CAP_BPF, "
				 "CAP_PERFMON and CAP_NET_ADMIN"
			       : NULL;
}

static int start_protection(void *arg, struct startup_fault *fault)
{
	struct agent_shell *s = arg;
	int error = agent_keys_protect(s);

	if (error != -EADDRINUSE)
		return error;
	return startup_fail(fault, error, "UDP port %u",
			    config_esp_port(agent_common(s)));
}

static void stop_protection(void *arg)
{
	agent_keys_unprotect(arg);
}

static const char *protection_advice(int error)
{
	if (error == EADDRINUSE)
		return "an IKE daemon has the port: end it, or give <esp port=\"...\"> "
		       "here and there, or <esp carrier=\"raw\">";
	return is_right(error) ? need_rights : NULL;
}

/*
 * The core's time begins with the socket: what has come there since waits for us, and
 * no predecessor can have answered it.
 */
static int start_core(void *arg, struct startup_fault *fault)
{
	struct agent_shell *s = arg;
	struct now now;
	struct effect_list *fx = agent_shell_begin(s, &now);

	(void)fault;
	agent_act_init(s);
	s->started = now.mono;
	s->core = s->program->core.new(s->config, &s->links, host_rng(), s->listening,
				       fx);
	if (!s->core)
		return -ENOMEM;
	agent_shell_done(s);
	return 0;
}

static void stop_core(void *arg)
{
	struct agent_shell *s = arg;
	struct now now;
	struct effect_list *fx = agent_shell_begin(s, &now);

	rtnl_edit_leave(s->edit, legacy(s));
	s->program->core.stop(s->core, now, fx);
	agent_shell_perform(s);
	s->program->core.free(s->core);
}

static int start_store(void *arg, struct startup_fault *fault)
{
	(void)fault;
	agent_store_open(arg);
	return 0;
}

/* Before the core: what it takes back at the end is to be there at the next start. */
static void stop_store(void *arg)
{
	agent_store_close(arg);
}

static void stop_watches(void *arg)
{
	struct agent_shell *s = arg;

	for (unsigned i = 0; i < AGENT_WATCHES; i++)
		loop_unwatch(s->watch[i]);
}

static int start_watches(void *arg, struct startup_fault *fault)
{
	struct agent_shell *s = arg;
	int error = 0;

	(void)fault;
	s->watch[0] = loop_watch_fd(s->loop, rtnl_fd(s->rtnl), agent_on_links, s);
	s->watch[1] = loop_watch_fd(s->loop, reg_sock_fd(s->reg), agent_on_reg_sock, s);
	s->watch[2] = loop_watch_signal(s->loop, SIGTERM, agent_on_terminate, s);
	s->watch[3] = loop_watch_signal(s->loop, SIGINT, agent_on_terminate, s);
	s->watch[4] = loop_watch_signal(s->loop, SIGHUP, agent_on_hangup, s);
	for (unsigned i = 0; i < AGENT_WATCHES && error == 0; i++)
		error = s->watch[i] ? 0 : -ENOMEM;
	if (error == 0)
		error = datapath_start(s->data, s->loop);
	if (error == 0)
		error = agent_device_carriers(s);
	if (error != 0)
		stop_watches(s);
	return error;
}

static int start_keys(void *arg, struct startup_fault *fault)
{
	const char *what = "";
	int error = agent_keys_start(arg, &what);

	return error ? startup_fail(fault, error, "%s", what) : 0;
}

static void stop_keys(void *arg)
{
	agent_keys_stop(arg);
}

static const char *keys_advice(int error)
{
	if (error == EADDRINUSE)
		return "find out who has it with: ss -tlpn; or give <keying "
		       "port=\"...\"> here and there";
	return is_right(error) ? need_rights : NULL;
}

static int start_pid_file(void *arg, struct startup_fault *fault)
{
	struct agent_shell *s = arg;
	const char *path = s->options->pid_file;
	int error = path ? daemon_write_pid(path) : 0;

	return error ? startup_fail(fault, error, "%s", path) : 0;
}

static void stop_pid_file(void *arg)
{
	struct agent_shell *s = arg;

	if (s->options->pid_file)
		unlink(s->options->pid_file);
}

/* Things that an operator should know, though service can go on. */
static int start_warnings(void *arg, struct startup_fault *fault)
{
	struct agent_shell *s = arg;

	(void)fault;
	agent_warn(s);
	return 0;
}

static const struct startup_step steps[] = {
	{ "protect keys in memory", start_memory, NULL, NULL },
	{ "make the event loop", start_loop, stop_loop, NULL },
	{ "open the control socket", start_control, stop_control, control_advice },
	{ "read links and addresses", start_links, stop_links, NULL },
	{ "open the registration socket", start_registration, stop_registration,
	  registration_advice },
	{ "write the pid file", start_pid_file, stop_pid_file, NULL },
	{ "open the data path", start_data, stop_data, data_advice },
	{ "set up the tunnel device", start_device, stop_device, device_advice },
	{ "clear what a predecessor left", start_sweep, NULL, NULL },
	{ "open the served links", start_served, stop_served, NULL },
	{ "load the fast path", start_fast, stop_fast, fast_advice },
	{ "protect tunnels by ESP", start_protection, stop_protection,
	  protection_advice },
	{ "start the agent", start_core, stop_core, NULL },
	{ "restore what is stored", start_store, stop_store, NULL },
	{ "watch descriptors and signals", start_watches, stop_watches, NULL },
	{ "agree on keys for ESP", start_keys, stop_keys, keys_advice },
	{ "look at the surroundings", start_warnings, NULL, NULL },
};

enum { STEPS = sizeof(steps) / sizeof(steps[0]) };

int agent_start(struct agent_shell *s, struct startup_fault *fault)
{
	int error = startup_run(steps, STEPS, s, fault);

	s->serves = error == 0;
	return error;
}

void agent_stop(struct agent_shell *s)
{
	startup_undo(steps, STEPS, s);
}

const char *agent_start_fault_text(const struct startup_fault *fault,
				   char text[STARTUP_TEXT])
{
	return startup_fault_text(steps, STEPS, fault, text);
}
