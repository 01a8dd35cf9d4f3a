/* SPDX-License-Identifier: ISC */
/*
 * The fast path of an agent: loaded when a tunnel may take it, attached to links as
 * they come, kept like the forwarding table.  Without it user space serves all.
 */
#include "common/shell/agent_private.h"

#include "common/ctl/show.h"
#include "common/io/rtnl_filter.h"

#include <errno.h>
#include <string.h>

/* A predecessor that was killed has left it, perhaps where we would not want it. */
static void sweep(struct agent_shell *s)
{
	for (unsigned i = 0; i < s->links.count; i++) {
		const struct link *link = &s->links.link[i];

		if (rtnl_filter_detach(link->ifindex) > 0)
			log_say(s->log, NOTE_INFO,
				"interface=%s fast path of a predecessor removed",
				link->name);
	}
}

static struct fastpath_sizes sizes_of(const struct agent_shell *s)
{
	const size_t entries = s->program->config.max_entries(s->config);

	return (struct fastpath_sizes){
		.bindings = s->program->binds ? entries : 1,
		.visitors = s->program->binds ? 1 : entries,
		.tunnels = entries,
	};
}

static int load(struct agent_shell *s)
{
	const struct fastpath_sizes sizes = sizes_of(s);
	int error = fastpath_open(&s->fast, &sizes);

	if (error != 0) {
		s->fast = NULL;
		return error;
	}
	fastpath_mirror(s->fast, datapath_fwd(s->data));
	agent_fast_links(s);
	return 0;
}

static const char *reason(int error)
{
	return error == -ENOTSUP ? "this program was built without it"
				 : strerror(-error);
}

int agent_fast_start(struct agent_shell *s, struct startup_fault *fault)
{
	enum encap_fast wanted = config_fast_path(agent_common(s));
	int error;

	sweep(s);
	if (!s->program->router || wanted == FAST_PATH_OFF)
		return 0;
	error = load(s);
	if (error == 0)
		return 0;
	if (wanted == FAST_PATH_REQUIRED)
		return startup_fail(fault, error, "tunnel/@fast-path=\"required\"");
	log_say(s->log, NOTE_INFO, "no fast path, user space serves all tunnels: %s",
		reason(error));
	return 0;
}

void agent_fast_stop(struct agent_shell *s)
{
	fastpath_close(s->fast);
	s->fast = NULL;
}

static void refused(void *arg, const struct link *link, int error)
{
	struct agent_shell *s = arg;

	log_say(s->log, NOTE_WARN,
		"interface=%s no fast path, user space serves what comes there: %s",
		link->name, strerror(-error));
}

void agent_fast_links(struct agent_shell *s)
{
	if (s->fast)
		fastpath_see_links(s->fast, &s->links, datapath_tun(s->data), refused,
				   s);
}

static void reserve(struct agent_shell *s)
{
	const struct fastpath_sizes sizes = sizes_of(s);
	int error = fastpath_reserve(s->fast, &sizes);

	if (error != 0)
		log_say(s->log, NOTE_WARN,
			"no larger fast path, user space serves what exceeds it: %s",
			strerror(-error));
}

/* Once loaded it stays: a tunnel that must not take it is not in its tables. */
void agent_fast_reload(struct agent_shell *s)
{
	int error;

	if (s->fast) {
		reserve(s);
		return;
	}
	if (!s->program->router || config_fast_path(agent_common(s)) == FAST_PATH_OFF)
		return;
	error = load(s);
	if (error != 0)
		log_say(s->log, NOTE_WARN,
			"no fast path, user space serves all tunnels: %s",
			reason(error));
}

static bool counts(const void *arg, const struct tunnel *t, struct tunnel_counts *out)
{
	return fastpath_counts(arg, t, out);
}

void agent_fast_show_tunnels(struct agent_shell *s, struct ctl_reply *reply,
			     struct now now)
{
	const struct show_fast fast = { s->fast ? counts : NULL, s->fast };

	show_tunnels(reply, datapath_fwd(s->data), now, &fast);
}

/* The links that it is at, or null where it is not used. */
json_t *agent_fast_names(const struct agent_shell *s)
{
	json_t *names = s->fast ? json_array() : json_null();

	for (unsigned i = 0; s->fast && i < s->links.count; i++)
		if (fastpath_is_on(s->fast, s->links.link[i].ifindex))
			json_array_append_new(names,
					      json_string(s->links.link[i].name));
	return names;
}
