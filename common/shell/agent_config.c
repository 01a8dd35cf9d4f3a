/* SPDX-License-Identifier: ISC */
/*
 * Loads a configuration and says what is wrong with it, a line a fault.
 */
#include "common/shell/agent_private.h"

#include "common/conf/xml.h"

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
	void *config = calloc(1, program->config.schema->size);
	struct conf_faults faults;
	int rc;

	if (!config) {
		to->say(to->arg, "out of memory");
		return NULL;
	}
	conf_faults_init(&faults);
	rc = conf_xml_load(path, program->config.schema, config, &faults);
	say_faults(&faults, to);
	conf_faults_fini(&faults);
	if (rc == 0 && agent_keys_check(program, config, path, to))
		return config;
	conf_release(program->config.schema, config);
	free(config);
	return NULL;
}

void agent_config_free(const struct agent_program *program, void *config)
{
	if (!config)
		return;
	conf_release(program->config.schema, config);
	free(config);
}
