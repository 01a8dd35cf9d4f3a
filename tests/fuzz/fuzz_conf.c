/* SPDX-License-Identifier: ISC */
/*
 * Any bytes as a configuration of each program. What is refused has a reason and
 * leaves nothing; what is taken can be given back.
 */
#include "common/conf/xml.h"
#include "fa/fa_conf.h"
#include "ha/ha_conf.h"
#include "mn-sim/mn_conf.h"
#include "mn-sim/scenario_config.h"

#include "tests/fuzz/fuzz.h"

#include <string.h>

static bool is_zero(const void *object, size_t size)
{
	const uint8_t *at = object;

	for (size_t i = 0; i < size; i++)
		if (at[i] != 0)
			return false;
	return true;
}

static void check_faults(const struct conf_faults *faults, int rc)
{
	char line[512];

	PROMISE((rc == 0) == (faults->faults == 0));
	PROMISE(faults->kept <= CONF_FAULTS_MAX);
	for (unsigned i = 0; i < faults->kept; i++)
		PROMISE(strlen(conf_fault_text(faults, i, line, sizeof(line))) <
			sizeof(line));
}

static void check_root(const struct conf_element *root, const uint8_t *data,
		       size_t size)
{
	void *object = malloc(root->size);
	struct conf_faults faults;
	int rc;

	if (!object)
		return;
	conf_faults_init(&faults);
	rc = conf_xml_parse("fuzz", data, size, root, object, &faults);
	check_faults(&faults, rc);
	PROMISE(rc == 0 || is_zero(object, root->size));
	conf_release(root, object);
	PROMISE(is_zero(object, root->size));
	conf_faults_fini(&faults);
	free(object);
}

void fuzz_conf(const uint8_t *data, size_t size)
{
	check_root(&ha_config_schema, data, size);
	check_root(&fa_config_schema, data, size);
	check_root(&mn_config_schema, data, size);
	check_root(&scenario_config_schema, data, size);
}
