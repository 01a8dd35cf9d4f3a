/* SPDX-License-Identifier: ISC */
/*
 * struct agent_shell, for the files of this folder only, and how they divide
 * the work:
 *
 *   agent_options.c  the command line
 *   agent_config.c   the configuration and its faults
 *   agent_start.c    the table of start-up steps
 *   agent_shell.c    events in, effects out, reload, the end
 *   agent_device.c   the tunnel device
 *   agent_served.c   packet sockets on the links that are served
 *   agent_warn.c     what around us is not as it should be
 *   agent_fast.c     the fast path in the kernel
 *   agent_act.c      effects as calls of the edges
 *   agent_store.c    what outlives the agent
 *   agent_keys*.c    ESP: see agent_keys.h
 *   agent_ctl.c      the control socket's requests that all agents have
 */
#ifndef COMMON_SHELL_AGENT_PRIVATE_H
#define COMMON_SHELL_AGENT_PRIVATE_H

#include "common/base/bucket.h"
#include "common/ctl/server.h"
#include "common/io/datapath.h"
#include "common/io/effects_run.h"
#include "common/io/fastpath.h"
#include "common/io/io_count.h"
#include "common/io/link_sock.h"
#include "common/io/log.h"
#include "common/io/loop.h"
#include "common/io/reg_sock.h"
#include "common/io/rtnl.h"
#include "common/io/rtnl_edit.h"
#include "common/io/startup.h"
#include "common/io/store.h"
#include "common/io/sysctl.h"
#include "common/shell/agent_shell.h"

#include <limits.h>

/* What the command line says. */
struct agent_options {
	char config_path[PATH_MAX];
	const char *pid_file; /* NULL: none */
	const char *fault;    /* of the command line itself */
	bool background;
	bool check_only; /* -t */
	bool has_level;
	enum note_level level; /* instead of the configuration's */
};

/* A served link and its socket, while there is such a link. */
struct served {
	struct served_link link;
	struct agent_shell *shell;
	struct link_sock *sock; /* NULL while the link is not there */
	struct loop_watch *ip_watch;
	struct loop_watch *arp_watch;
};

enum {
	AGENT_WATCHES = 5,
	ARP_IGNORE_ALL = 8,    /* of net.ipv4.conf.LINK.arp_ignore: answer nothing */
	ARP_ANNOUNCE_BEST = 2, /* of arp_announce: an address of the target's network */
};

struct agent_shell {
	const struct agent_program *program;
	const struct agent_options *options;
	void *config;
	void *core;

	struct log *log;
	struct loop *loop;
	struct ctl_server *ctl;
	struct ctl_request *requests; /* all agents' and the program's */
	struct rtnl *rtnl;
	struct rtnl_edit *edit;
	struct reg_sock *reg;
	struct datapath *data;
	struct fastpath *fast; /* NULL: none */
	struct store *store;   /* NULL: none */
	struct agent_keys *keys;
	struct links links;
	struct sysctls sysctls;
	struct io_counts counts;
	struct served served[SERVED_LINKS_MAX];
	unsigned served_end;                     /* behind the last that is in use */
	struct loop_watch *watch[AGENT_WATCHES]; /* descriptors and signals */

	struct effect_actor actor;
	struct effect_list fx;
	struct effect_list spare;
	struct effect_list unsent;    /* what the core wants after messages not sent */
	struct now now;               /* of the event being handled */
	struct bucket failures;       /* of effects: lines about them */
	struct bucket messages;       /* received: lines with their contents */
	struct violations violations; /* that the core does not see */
	struct now listening;         /* since when there has been a socket */
	instant_t started;
	int ready_pipe; /* to the waiting parent, or -1 */
	bool left_out;  /* it was said that links or addresses are too many */
	bool device_up; /* the tunnel device, as we last saw it */
	bool serves;    /* all that it needs was started */
	bool failed;    /* to end, and not well */
	bool detached;  /* in the background: standard error is closed */
};

/* agent_options.c: what is left to do is run (-1), or exit with the result. */
int agent_options_parse(const struct agent_program *program, int argc, char **argv,
			struct agent_options *out);

/* agent_config.c: NULL after saying all faults; warnings are said too. */
void *agent_config_load(const struct agent_program *program, const char *path,
			const struct agent_faults *faults);
void agent_config_free(const struct agent_program *program, void *config);

/* agent_start.c */
int agent_start(struct agent_shell *s, struct startup_fault *fault);
void agent_stop(struct agent_shell *s);
const char *agent_start_fault_text(const struct startup_fault *fault,
				   char text[STARTUP_TEXT]);

/* agent_device.c */
int agent_device_up(struct agent_shell *s);       /* set it up; 0 or -errno */
int agent_device_carriers(struct agent_shell *s); /* receive those configured */
void agent_device_see(struct agent_shell *s);     /* after each change of links */
void agent_device_mend(struct agent_shell *s);    /* after all of them */

/* agent_warn.c: say what an operator should know, though service can go on. */
void agent_warn(struct agent_shell *s);
void agent_warn_links(struct agent_shell *s);

/* agent_served.c */
void agent_served_add(struct agent_shell *s);     /* those that the configuration has */
void agent_served_prune(struct agent_shell *s);   /* those that it has no more */
void agent_served_refresh(struct agent_shell *s); /* links have changed */
void agent_served_flush(struct agent_shell *s, link_sock_unsent *unsent);
void agent_served_close(struct agent_shell *s);
struct served *agent_served_find(struct agent_shell *s, int ifindex);

/* agent_fast.c */
int agent_fast_start(struct agent_shell *s, struct startup_fault *fault);
void agent_fast_stop(struct agent_shell *s);
void agent_fast_links(struct agent_shell *s); /* links have changed */
void agent_fast_reload(struct agent_shell *s);
void agent_fast_show_tunnels(struct agent_shell *s, struct ctl_reply *reply,
			     struct now now);
json_t *agent_fast_names(const struct agent_shell *s);

/* agent_act.c */
void agent_act_init(struct agent_shell *s);
void agent_send_messages(struct agent_shell *s); /* that wait, and are remembered */

/* agent_store.c: what was there is restored; a fault is said, and no more. */
void agent_store_open(struct agent_shell *s);
void agent_store_close(struct agent_shell *s);
void agent_store_show(const struct agent_shell *s, json_t *row);
const struct store_config *agent_store_config(const struct agent_shell *s,
					      const void *config); /* NULL: none */

/* agent_keys.c: protect what is to be, before the core is there.  0 or -errno. */
int agent_keys_protect(struct agent_shell *s);
void agent_keys_unprotect(struct agent_shell *s);

/* Agree on keys, once it is.  0, or -errno and what failed. */
int agent_keys_start(struct agent_shell *s, const char **what);
void agent_keys_stop(struct agent_shell *s);

/* Events: another configuration, links, time, a node's end; NULL s->keys is fine. */
void agent_keys_reload(struct agent_shell *s, struct now now);
void agent_keys_links(struct agent_shell *s, struct now now);
void agent_keys_deadline(struct agent_shell *s, struct now now);
instant_t agent_keys_next(const struct agent_shell *s);
int agent_keys_node(struct agent_shell *s, const struct effect_protect *e,
		    struct in_addr home);

/* Effects that wait, and performing them. */
bool agent_keys_busy(const struct agent_shell *s);
void agent_keys_run(struct agent_shell *s);

/* agent_keys_conf.c: what the rows cannot check; false after saying it; also warns. */
bool agent_keys_check(const struct agent_program *program, const void *config,
		      const char *path, const struct agent_faults *faults);

/* agent_keys_show.c */
void agent_keys_show(struct agent_shell *s, struct ctl_reply *reply);
void agent_keys_show_associations(struct agent_shell *s, struct ctl_reply *reply);
void agent_keys_rekey(struct agent_shell *s, const char *argument,
		      struct ctl_reply *reply);
unsigned agent_keys_counters(struct agent_shell *s, struct counter_set *sets,
			     unsigned room);

/* agent_shell.c: all that is to be done, to the last message. */
void agent_shell_perform(struct agent_shell *s);

/* Logging as configured, and what the edges call. */
void agent_set_log(struct agent_shell *s);
void agent_on_datagram(void *shell, const struct datagram *dg);
void agent_on_icmp(void *shell, const struct icmp_datagram *dg);
void agent_on_news(void *shell, const struct tunnel_news *news);
void agent_on_arp(void *shell, const struct arp_frame *frame);
void agent_on_deadline(void *shell);
void agent_on_links(void *shell);
int agent_links_load(struct agent_shell *s); /* all anew; 0 or -errno */
void agent_on_reg_sock(void *shell);
void agent_on_terminate(void *shell);
void agent_on_hangup(void *shell);

static inline const struct common_config *agent_common(const struct agent_shell *s)
{
	return s->program->config.common(s->config);
}

/* agent_ctl.c */

/* The table for the control server, ended as it wants; NULL when out of memory. */
struct ctl_request *agent_ctl_requests(const struct agent_program *program);
void agent_ctl_follow(struct agent_shell *s); /* events to those who watch */

#endif
