/* SPDX-License-Identifier: ISC */
/*
 * The unit test program. Every tests/unit/test_<module>.c exports
 * suite_<module>(), which registers one CUnit suite; suites.def lists them.
 *
 *     unit                  run every suite
 *     unit --list           print the names of the suites
 *     unit --suite NAME     run one
 *
 * Each test is one TAP line; what failed in it stands before the line. CUnit's
 * own summary ends the output. The exit status is 0 only if all passed.
 */
#include <CUnit/CUnit.h>
#include <CUnit/TestDB.h>
#include <CUnit/TestRun.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/suites.h"

struct suite_row {
	const char *name;
	void (*add)(void);
};

static const struct suite_row suites[] = {
#define X(name) { #name, suite_##name },
#include "tests/unit/suites.def"
#undef X
	{ NULL, NULL },
};

static int usage(void)
{
	fprintf(stderr, "usage: unit [--list | --suite NAME]\n");
	return 2;
}

static int list_suites(void)
{
	for (const struct suite_row *s = suites; s->name; s++)
		puts(s->name);
	return 0;
}

/* Register the suite of that name, or all of them; returns how many. */
static unsigned add_suites(const char *name)
{
	unsigned added = 0;

	for (const struct suite_row *s = suites; s->name; s++) {
		if (name && strcmp(name, s->name) != 0)
			continue;
		s->add();
		added++;
	}
	return added;
}

static void print_failures(const CU_FailureRecord *f)
{
	for (; f; f = f->pNext)
		printf("# %s:%u: %s\n", f->strFileName ? f->strFileName : "?",
		       f->uiLineNumber, f->strCondition ? f->strCondition : "");
}

static void on_test_complete(const CU_pTest test, const CU_pSuite suite,
			     const CU_pFailureRecord failures)
{
	print_failures(failures);
	printf("%s %u - %s: %s\n", failures ? "not ok" : "ok",
	       CU_get_number_of_tests_run(), suite->pName, test->pName);
	fflush(stdout);
}

static void on_suite_init_failure(const CU_pSuite suite)
{
	printf("not ok - %s: its set-up failed\n", suite->pName);
}

static int run_suites(void)
{
	char *summary;
	unsigned bad;

	CU_set_test_complete_handler(on_test_complete);
	CU_set_suite_init_failure_handler(on_suite_init_failure);
	CU_run_all_tests();

	summary = CU_get_run_results_string();
	if (summary)
		puts(summary);
	free(summary);

	bad = CU_get_number_of_failures() + CU_get_number_of_suites_failed();
	return bad ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int run_named(const char *name)
{
	int status;

	if (CU_initialize_registry() != CUE_SUCCESS) {
		fprintf(stderr, "unit: %s\n", CU_get_error_msg());
		return EXIT_FAILURE;
	}
	if (name && add_suites(name) == 0) {
		fprintf(stderr, "unit: no suite is called %s\n", name);
		status = 2;
	} else {
		if (!name)
			add_suites(NULL);
		status = run_suites();
	}
	CU_cleanup_registry();
	return status;
}

int main(int argc, char **argv)
{
	if (argc == 1)
		return run_named(NULL);
	if (argc == 2 && strcmp(argv[1], "--list") == 0)
		return list_suites();
	if (argc == 3 && strcmp(argv[1], "--suite") == 0)
		return run_named(argv[2]);
	return usage();
}
