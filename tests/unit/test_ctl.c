/* SPDX-License-Identifier: ISC */
/*
 * The control protocol's request line.
 */
#include "common/ctl/request.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/suites.h"

static const struct ctl_request table[] = {
	{ .words = "show bindings", .help = "a" },
	{ .words = "show", .argument = "WHAT", .help = "b" },
	{ .words = "clear binding", .argument = "ADDR", .help = "c" },
	{ 0 },
};

static const struct ctl_request *parse(const char *text, const char **argument,
				       const char **error)
{
	static char line[CTL_LINE_MAX];

	snprintf(line, sizeof(line), "%s", text);
	return ctl_request_parse(line, table, argument, error);
}

static void finds_the_first_that_fits(void)
{
	const char *argument, *error;

	CU_ASSERT_PTR_EQUAL(parse("show bindings", &argument, &error), &table[0]);
	CU_ASSERT_STRING_EQUAL(argument, "");
	CU_ASSERT_PTR_EQUAL(parse("show tunnels", &argument, &error), &table[1]);
	CU_ASSERT_STRING_EQUAL(argument, "tunnels");
	CU_ASSERT_PTR_EQUAL(parse("show bindingsx", &argument, &error), &table[1]);
}

static void folds_blanks(void)
{
	const char *argument, *error;

	CU_ASSERT_PTR_EQUAL(
		parse("  clear \t binding  10.1.0.10 \r", &argument, &error),
		&table[2]);
	CU_ASSERT_STRING_EQUAL(argument, "10.1.0.10");
}

static void refuses_with_a_reason(void)
{
	static const struct {
		const char *line;
		const char *reason;
	} cases[] = {
		{ "", "unknown" },
		{ "   ", "unknown" },
		{ "showbindings", "unknown" },
		{ "show", "needs an argument" },
		{ "clear binding", "needs an argument" },
		{ "show bindings now", "takes no argument" },
		{ "show \x01", "control characters" },
		{ "show \x7f", "control characters" },
	};
	const char *argument, *error;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CU_ASSERT_PTR_NULL(parse(cases[i].line, &argument, &error));
		CU_ASSERT_PTR_NOT_NULL(strstr(error, cases[i].reason));
	}
}

void suite_ctl(void)
{
	CU_pSuite s = CU_add_suite("ctl", NULL, NULL);

	CU_add_test(s, "finds the first that fits", finds_the_first_that_fits);
	CU_add_test(s, "folds blanks", folds_blanks);
	CU_add_test(s, "refuses with a reason", refuses_with_a_reason);
}
