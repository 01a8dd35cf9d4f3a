/* SPDX-License-Identifier: ISC */
/*
 * What the core remembers, and the store that keeps it.  A store that fails takes no
 * service away: without it a restart knows less, that is all.
 */
#include "common/shell/agent_private.h"

#include "common/ctl/json.h"

#include <errno.h>
#include <string.h>

static void restore_one(void *arg, struct in_addr home, struct reader record)
{
	struct agent_shell *s = arg;
	struct now now;
	struct effect_list *fx = agent_shell_begin(s, &now);

	(void)home; /* the record has it */
	s->program->core.restore(s->core, record, now, fx);
	agent_shell_done(s);
}

static void put_one(void *arg, struct in_addr home, const uint8_t *bytes, size_t len)
{
	store_put(arg, home, bytes, len);
}

static void fill(void *arg, struct store *st)
{
	struct agent_shell *s = arg;

	s->program->core.each_record(s->core, s->now, put_one, st);
}

const struct store_config *agent_store_config(const struct agent_shell *s,
					      const void *config)
{
	return s->program->config.store ? s->program->config.store(config) : NULL;
}

static const char *advice(int error)
{
	switch (error) {
	case -EBUSY:
		return "another agent uses it: give <store path=\"...\">";
	case -EROFS:
	case -EACCES:
		return "it must be a folder that the agent may write";
	default:
		return strerror(-error);
	}
}

void agent_store_open(struct agent_shell *s)
{
	const struct store_config *c = agent_store_config(s, s->config);
	const struct store_options options = {
		.folder = c ? c->path : NULL,
		.sync = c ? c->sync : STORE_SYNC_SECOND,
		.records = s->program->config.max_entries(s->config),
		.log = s->log,
		.counts = &s->counts,
		.fill = fill,
		.arg = s,
	};
	size_t records;
	int error;

	if (!c)
		return;
	error = store_open(&s->store, &options);
	if (error != 0) {
		log_say(s->log, NOTE_WARN,
			"store=%s cannot be used, nothing will outlive this run: %s",
			c->path, advice(error));
		return;
	}
	records = store_restore(s->store, restore_one, s);
	store_begin(s->store, s->now.mono);
	log_say(s->log, NOTE_INFO, "store=%s records=%zu read", c->path, records);
}

void agent_store_close(struct agent_shell *s)
{
	store_close(s->store);
	s->store = NULL;
}

void agent_store_show(const struct agent_shell *s, json_t *row)
{
	const struct store_config *c = agent_store_config(s, s->config);
	struct store_status status = store_status(s->store);

	if (!c)
		return;
	json_object_set_new(row, "store", json_string(c->path));
	json_object_set_new(row, "store-working", json_boolean(status.working));
	json_set_count(row, "store-records", status.records);
}
