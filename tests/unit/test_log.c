/* SPDX-License-Identifier: ISC */
/* Log lines: fields of a note, levels, the limit by kind, followers. */
#include "common/io/log.h"

#include <CUnit/CUnit.h>
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/suites.h"

enum { CAPTURE_MAX = 64 * 1024 };

/* Standard error while a log writes to it. */
struct capture {
	FILE *file;
	int saved;
	char text[CAPTURE_MAX];
};

static struct capture capture;

static void capture_begin(void)
{
	unsetenv("JOURNAL_STREAM");
	fflush(stderr);
	capture.file = tmpfile();
	capture.saved = dup(STDERR_FILENO);
	dup2(fileno(capture.file), STDERR_FILENO);
}

static const char *capture_end(void)
{
	size_t n;

	fflush(stderr);
	dup2(capture.saved, STDERR_FILENO);
	close(capture.saved);
	rewind(capture.file);
	n = fread(capture.text, 1, sizeof(capture.text) - 1, capture.file);
	capture.text[n] = '\0';
	fclose(capture.file);
	return capture.text;
}

static unsigned lines_in(const char *text)
{
	unsigned n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

static struct now at_ms(int64_t ms)
{
	return (struct now){ .mono = { 1000000000 + ms * 1000000 } };
}

static struct in_addr addr(const char *text)
{
	struct in_addr a = { 0 };

	inet_pton(AF_INET, text, &a);
	return a;
}

static struct note binding(void)
{
	return (struct note){ .kind = NOTE_BINDING_NEW,
			      .home = addr("10.1.0.10"),
			      .care_of = addr("10.0.2.2"),
			      .lifetime = 300,
			      .spi = 0x100,
			      .ident = 0x1122334455667788 };
}

static void a_note_shows_the_fields_that_apply(void)
{
	struct note n = binding();
	char text[LOG_LINE_MAX];

	CU_ASSERT_STRING_EQUAL(log_note_text(&n, NULL, text, sizeof(text)),
			       "binding-registered home=10.1.0.10 care-of=10.0.2.2 "
			       "lifetime=300 spi=0x00000100 ident=0x1122334455667788");
	n = (struct note){ .kind = NOTE_REQUEST_DENIED,
			   .has_code = true,
			   .code = 0,
			   .reason = "too busy" };
	CU_ASSERT_STRING_EQUAL(
		log_note_text(&n, "home", text, sizeof(text)),
		"request-denied interface=home code=0 reason=\"too busy\"");
	n = (struct note){ .kind = NOTE_TUNNEL_UP,
			   .name = "branch",
			   .local = { htonl(0x0a010001) },
			   .remote = { htonl(0x0a000202) },
			   .encapsulation = "gre" };
	CU_ASSERT_STRING_EQUAL(log_note_text(&n, NULL, text, sizeof(text)),
			       "tunnel-up name=branch local=10.1.0.1 remote=10.0.2.2 "
			       "encapsulation=gre");
}

static void a_note_is_cut_at_every_size(void)
{
	struct note n = binding();
	char whole[LOG_LINE_MAX], cut[LOG_LINE_MAX];

	log_note_text(&n, "home", whole, sizeof(whole));
	for (size_t size = 1; size <= strlen(whole) + 1; size++) {
		memset(cut, 'x', sizeof(cut));
		log_note_text(&n, "home", cut, size);
		CU_ASSERT_EQUAL(strlen(cut), size - 1);
		CU_ASSERT_EQUAL(strncmp(cut, whole, size - 1), 0);
	}
}

static void levels_are_kept_apart(void)
{
	struct log *log = log_new("prog");
	const char *text;

	CU_ASSERT_PTR_NOT_NULL_FATAL(log);
	log_set(log, LOG_TO_STDERR, NOTE_INFO);
	capture_begin();
	log_note(log, &(struct note){ .kind = NOTE_ADVERT_SENT }, NULL, at_ms(0));
	log_note(log, &(struct note){ .kind = NOTE_LINK_UP }, NULL, at_ms(0));
	log_set_level(log, NOTE_DEBUG);
	log_note(log, &(struct note){ .kind = NOTE_ADVERT_SENT }, NULL, at_ms(0));
	log_say(log, NOTE_WARN, "n=%d", 7);
	text = capture_end();
	CU_ASSERT_STRING_EQUAL(text, "prog: info: link-up\n"
				     "prog: debug: advertisement-sent\n"
				     "prog: warn: n=7\n");
	log_free(log);
}

static void the_service_manager_gets_its_own_prefix(void)
{
	struct log *log;

	capture_begin();
	setenv("JOURNAL_STREAM", "8:1", 1);
	log = log_new("prog");
	CU_ASSERT_PTR_NOT_NULL_FATAL(log);
	log_say(log, NOTE_WARN, "hello");
	unsetenv("JOURNAL_STREAM");
	CU_ASSERT_STRING_EQUAL(capture_end(), "<4>hello\n");
	log_free(log);
}

static void a_flood_of_one_kind_leaves_the_others_alone(void)
{
	const struct note flood = { .kind = NOTE_SECURITY };
	const struct note rare = { .kind = NOTE_LINK_DOWN };
	struct log *log = log_new("prog");
	const char *text;

	CU_ASSERT_PTR_NOT_NULL_FATAL(log);
	capture_begin();
	for (unsigned i = 0; i < 10000; i++)
		log_note(log, &flood, NULL, at_ms(0));
	log_note(log, &rare, NULL, at_ms(0));
	log_note(log, &flood, NULL, at_ms(1000));
	text = capture_end();
	CU_ASSERT_TRUE(lines_in(text) < 200);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "prog: info: link-down\n"));
	CU_ASSERT_PTR_NOT_NULL(
		strstr(text, "prog: warn: security-exception suppressed=9900\n"));
	log_free(log);
}

static void count_note(void *arg, const struct note *n, const char *interface,
		       struct now now)
{
	unsigned *count = arg;

	(void)n;
	(void)now;
	CU_ASSERT_PTR_NULL(interface);
	(*count)++;
}

static void a_follower_sees_what_the_log_leaves_out(void)
{
	struct log *log = log_new("prog");
	unsigned seen = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(log);
	capture_begin();
	log_follow(log, count_note, &seen);
	for (unsigned i = 0; i < 500; i++)
		log_note(log, &(struct note){ .kind = NOTE_ADVERT_SENT }, NULL,
			 at_ms(0));
	log_follow(log, NULL, NULL);
	log_note(log, &(struct note){ .kind = NOTE_ADVERT_SENT }, NULL, at_ms(0));
	CU_ASSERT_STRING_EQUAL(capture_end(), "");
	CU_ASSERT_EQUAL(seen, 500);
	log_free(log);
}

static void interfaces_are_shown_by_name(void)
{
	static struct links links;
	struct log *log = log_new("prog");
	const struct note n = { .kind = NOTE_LINK_UP, .ifindex = 7 };

	CU_ASSERT_PTR_NOT_NULL_FATAL(log);
	links_set(&links, &(struct link){ .ifindex = 7, .name = "visit" });
	capture_begin();
	log_note(log, &n, &links, at_ms(0));
	CU_ASSERT_STRING_EQUAL(capture_end(), "prog: info: link-up interface=visit\n");
	log_free(log);
}

static void levels_have_names(void)
{
	enum note_level level;

	for (unsigned i = NOTE_DEBUG; i <= NOTE_WARN; i++) {
		CU_ASSERT_TRUE(log_level_by_name(log_level_name(i), &level));
		CU_ASSERT_EQUAL(level, i);
	}
	CU_ASSERT_FALSE(log_level_by_name("loud", &level));
	CU_ASSERT_FALSE(log_level_by_name("", &level));
}

void suite_log(void)
{
	CU_pSuite s = CU_add_suite("log", NULL, NULL);

	CU_ADD_TEST(s, a_note_shows_the_fields_that_apply);
	CU_ADD_TEST(s, a_note_is_cut_at_every_size);
	CU_ADD_TEST(s, levels_are_kept_apart);
	CU_ADD_TEST(s, the_service_manager_gets_its_own_prefix);
	CU_ADD_TEST(s, a_flood_of_one_kind_leaves_the_others_alone);
	CU_ADD_TEST(s, a_follower_sees_what_the_log_leaves_out);
	CU_ADD_TEST(s, interfaces_are_shown_by_name);
	CU_ADD_TEST(s, levels_have_names);
}
