/* SPDX-License-Identifier: ISC */
/*
 * Documents of the programs in tests.
 */
#include "tests/unit/conf_docs.h"

#include "common/conf/xml.h"

#include <CUnit/CUnit.h>
#include <stdlib.h>
#include <string.h>

struct conf_doc conf_doc_read(const struct conf_element *root, const char *text,
			      void *out)
{
	struct conf_doc doc = { 0 };
	struct conf_faults faults;
	size_t len = 0;

	conf_faults_init(&faults);
	doc.rc = conf_xml_parse("", text, strlen(text), root, out, &faults);
	doc.faults = faults.faults;
	doc.warnings = faults.warnings;
	for (unsigned i = 0; i < faults.kept && len < sizeof(doc.lines); i++) {
		char line[512];

		len += (size_t)snprintf(
			doc.lines + len, sizeof(doc.lines) - len, "%s\n",
			conf_fault_text(&faults, i, line, sizeof(line)));
	}
	conf_faults_fini(&faults);
	return doc;
}

static void check_lines(const struct conf_doc *doc, const char *want)
{
	bool found = strstr(doc->lines, want) != NULL;

	CU_ASSERT(found);
	if (!found)
		printf("# wanted: %s\n# got:\n%s", want, doc->lines);
}

void conf_doc_refused(const struct conf_element *root, const char *text,
		      const char *want)
{
	void *out = calloc(1, root->size);
	struct conf_doc doc = conf_doc_read(root, text, out);

	CU_ASSERT(doc.rc < 0);
	CU_ASSERT(doc.faults > 0);
	check_lines(&doc, want);
	free(out);
}

void conf_doc_refused_once(const struct conf_element *root, const char *text,
			   const char *want)
{
	void *out = calloc(1, root->size);
	struct conf_doc doc = conf_doc_read(root, text, out);

	CU_ASSERT(doc.rc < 0);
	CU_ASSERT_EQUAL(doc.faults, 1);
	check_lines(&doc, want);
	free(out);
}

void conf_doc_warned(const struct conf_element *root, const char *text,
		     const char *want)
{
	void *out = calloc(1, root->size);
	struct conf_doc doc = conf_doc_read(root, text, out);

	CU_ASSERT_EQUAL(doc.rc, 0);
	CU_ASSERT(doc.warnings > 0);
	check_lines(&doc, want);
	conf_release(root, out);
	free(out);
}
