/* SPDX-License-Identifier: ISC */
/*
 * The rows of all programs for the tests: prints the XSD that is made from them,
 * and says what a document's own program would say of it.
 *
 *     rows xsd              print the XSD (configs/sojourn.xsd is this)
 *     rows check FILE...    read each by the rows of its root element: its faults, then
 *                           "FILE: good" or "FILE: bad"
 */
#include "common/conf/xml.h"
#include "common/conf/xsd.h"
#include "fa/fa_conf.h"
#include "ha/ha_conf.h"
#include "mn-sim/mn_conf.h"
#include "mn-sim/scenario_config.h"

#include <stdlib.h>
#include <string.h>

static const struct conf_element *const roots[] = {
	&ha_config_schema,
	&fa_config_schema,
	&mn_config_schema,
	&scenario_config_schema,
};

enum { ROOTS = sizeof(roots) / sizeof(roots[0]) };

/* The root whose start tag is the first of ours in the file. */
static const struct conf_element *root_of(const char *path)
{
	const struct conf_element *found = NULL;
	FILE *file = fopen(path, "r");
	char line[4096];

	while (file && !found && fgets(line, sizeof(line), file))
		for (unsigned i = 0; i < ROOTS && !found; i++) {
			const char *at = strchr(line, '<');
			size_t len = strlen(roots[i]->name);

			if (at && strncmp(at + 1, roots[i]->name, len) == 0)
				found = roots[i];
		}
	if (file)
		fclose(file);
	return found ? found : roots[0];
}

static void check(const char *path)
{
	const struct conf_element *root = root_of(path);
	void *object = calloc(1, root->size);
	struct conf_faults faults;
	int rc;

	if (!object)
		abort();
	conf_faults_init(&faults);
	rc = conf_xml_load(path, root, object, &faults);
	conf_faults_print(&faults, stdout);
	printf("%s: %s\n", path, rc == 0 ? "good" : "bad");
	conf_faults_fini(&faults);
	conf_release(root, object);
	free(object);
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "xsd") == 0) {
		conf_xsd_print(roots, ROOTS, stdout);
		return EXIT_SUCCESS;
	}
	if (argc > 2 && strcmp(argv[1], "check") == 0) {
		for (char **path = argv + 2; *path; path++)
			check(*path);
		return EXIT_SUCCESS;
	}
	fprintf(stderr, "usage: rows xsd | rows check FILE...\n");
	return 2;
}
