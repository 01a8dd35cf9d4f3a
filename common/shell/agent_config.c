/* SPDX-License-Identifier: ISC */
/*
 * Loads a configuration and says what is wrong with it, a line a fault.
 */
#include "common/shell/agent_private.h"

#include <stdlib.h>

static void say_faults(const struct conf_faults *f, const struct agent_faults *to)
{
	char line[LOG_LINE_MAX];

	for (unsigned i = 0; i < f->kept; i++)
		to->say(to->arg, conf_fault_text(f, i, line, sizeof(line)));
}

void *agent_config_load(const struct agent_program *program, const char *path,
			const struct agent_faults *to)
{
	void *config = calloc(1, program->config.size);
	struct conf_faults faults;
	bool good;

	if (!config) {
		to->say(to->arg, "out of memory");
		return NULL;
	}
	conf_faults_init(&faults);
	good = program->config.load(config, path, &faults);
	say_faults(&faults, to);
	conf_faults_fini(&faults);
	if (good)
		return config;
	free(config);
	return NULL;
}

void agent_config_free(const struct agent_program *program, void *config)
{
	if (!config)
		return;
	program->config.release(config);
	free(config);
}
