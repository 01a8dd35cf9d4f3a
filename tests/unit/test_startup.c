/* SPDX-License-Identifier: ISC */
/* Start-up tables: order, undoing in reverse, and what is said about a failure. */
#include "common/io/startup.h"

#include <CUnit/CUnit.h>
#include <errno.h>
#include <string.h>

#include "tests/unit/suites.h"

/* Each step writes its letter; undoing writes the small one. */
struct trace {
	char text[16];
	char fails; /* letter of the step that fails, 0: none */
};

static void write_letter(struct trace *t, char letter)
{
	size_t n = strlen(t->text);

	t->text[n] = letter;
	t->text[n + 1] = '\0';
}

static int start(struct trace *t, struct startup_fault *fault, char letter)
{
	if (t->fails == letter)
		return startup_fail(fault, -EADDRINUSE, "port %d", 434);
	write_letter(t, letter);
	return 0;
}

static int start_a(void *arg, struct startup_fault *fault)
{
	return start(arg, fault, 'A');
}

static int start_b(void *arg, struct startup_fault *fault)
{
	return start(arg, fault, 'B');
}

static int start_c(void *arg, struct startup_fault *fault)
{
	return start(arg, fault, 'C');
}

static void stop_a(void *arg)
{
	write_letter(arg, 'a');
}

static void stop_c(void *arg)
{
	write_letter(arg, 'c');
}

static const char *advice(int error)
{
	return error == EADDRINUSE ? "take another" : NULL;
}

static const struct startup_step steps[] = {
	{ "open the first", start_a, stop_a, NULL },
	{ "open the second", start_b, NULL, advice },
	{ "open the third", start_c, stop_c, NULL },
};

static void all_are_started_and_undone_in_reverse(void)
{
	struct trace t = { .fails = 0 };
	struct startup_fault fault;

	CU_ASSERT_EQUAL(startup_run(steps, 3, &t, &fault), 0);
	CU_ASSERT_STRING_EQUAL(t.text, "ABC");
	startup_undo(steps, 3, &t);
	CU_ASSERT_STRING_EQUAL(t.text, "ABCca");
}

static void a_failure_undoes_what_came_before(void)
{
	static const char *const expected[] = { "", "Aa", "ABa" };

	for (unsigned i = 0; i < 3; i++) {
		struct trace t = { .fails = (char)('A' + i) };
		struct startup_fault fault;

		CU_ASSERT_EQUAL(startup_run(steps, 3, &t, &fault), -EADDRINUSE);
		CU_ASSERT_STRING_EQUAL(t.text, expected[i]);
		CU_ASSERT_STRING_EQUAL(fault.step, steps[i].name);
		CU_ASSERT_EQUAL(fault.error, EADDRINUSE);
	}
}

static void a_fault_says_step_detail_error_and_advice(void)
{
	struct trace t = { .fails = 'B' };
	struct startup_fault fault;
	char text[STARTUP_TEXT];

	startup_run(steps, 3, &t, &fault);
	CU_ASSERT_STRING_EQUAL(startup_fault_text(steps, 3, &fault, text),
			       "cannot open the second: port 434: "
			       "Address already in use; take another");
}

static void a_fault_without_detail_or_advice_is_short(void)
{
	struct startup_fault fault = { .step = "open the third", .error = ENOMEM };
	char text[STARTUP_TEXT];

	CU_ASSERT_STRING_EQUAL(startup_fault_text(steps, 3, &fault, text),
			       "cannot open the third: Cannot allocate memory");
}

static void a_long_detail_is_cut(void)
{
	struct startup_fault fault = { .step = "x" };
	char path[400];

	memset(path, 'p', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	CU_ASSERT_EQUAL(startup_fail(&fault, -ENOENT, "%s", path), -ENOENT);
	CU_ASSERT_EQUAL(strlen(fault.detail), sizeof(fault.detail) - 1);
}

void suite_startup(void)
{
	CU_pSuite s = CU_add_suite("startup", NULL, NULL);

	CU_ADD_TEST(s, all_are_started_and_undone_in_reverse);
	CU_ADD_TEST(s, a_failure_undoes_what_came_before);
	CU_ADD_TEST(s, a_fault_says_step_detail_error_and_advice);
	CU_ADD_TEST(s, a_fault_without_detail_or_advice_is_short);
	CU_ADD_TEST(s, a_long_detail_is_cut);
}
