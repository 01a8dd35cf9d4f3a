/* SPDX-License-Identifier: ISC */
/* What reading the files that <keying> names tells, before an agent starts. */
#include "common/shell/agent_keys.h"

#include <CUnit/CUnit.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tests/unit/key_certificates.h"
#include "tests/unit/suites.h"

static const char chain_file[] = "agent-keys.pem", key_file[] = "agent-keys.key",
		  trusted_file[] = "agent-keys-ca.pem";

static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	fputs(text, f);
	fclose(f);
}

static const struct common_config *itself(const void *config)
{
	return config;
}

static void take_down(void *arg, const char *line)
{
	char *lines = arg;

	strncat(lines, line, LOG_LINE_MAX - strlen(lines) - 1);
}

static bool judged(char lines[LOG_LINE_MAX])
{
	static const struct agent_program program = { .config.common = itself };
	const struct agent_faults faults = { take_down, lines };
	struct common_config config = { .keying.line = 7 };

	strcpy(config.keying.certificate, chain_file);
	strcpy(config.keying.private_key, key_file);
	strcpy(config.keying.authorities, trusted_file);
	lines[0] = '\0';
	return agent_keys_check(&program, &config, "ha.xml", &faults);
}

/* From now: certificate_init() counts from another day. */
static void certify(const struct authority *a, int years)
{
	const time_t day = (time_t)((CERTIFICATE_NTP >> 32) - 2208988800U);
	struct certificate c;

	certificate_init(&c, a, "IP:192.0.2.1",
			 years + (int)((time(NULL) - day) / (365 * 24 * 3600)));
	write_file(chain_file, c.chain);
	write_file(key_file, c.key_text);
}

/* A warning and no more: the clock may be what is wrong. */
static void a_certificate_out_of_its_time_is_warned_of(void)
{
	char lines[LOG_LINE_MAX];
	struct authority a;

	authority_init(&a);
	write_file(trusted_file, a.text);
	certify(&a, 0);
	CU_ASSERT_TRUE(judged(lines));
	CU_ASSERT_STRING_EQUAL(lines, "");
	certify(&a, -3);
	CU_ASSERT_TRUE(judged(lines));
	CU_ASSERT_STRING_EQUAL(lines,
			       "ha.xml:7: warning: keying/@certificate: has expired");
	certify(&a, 3);
	CU_ASSERT_TRUE(judged(lines));
	CU_ASSERT_STRING_EQUAL(
		lines, "ha.xml:7: warning: keying/@certificate: is not valid yet");
	authority_fini(&a);
}

static void what_cannot_be_used_is_a_fault(void)
{
	char lines[LOG_LINE_MAX];

	write_file(key_file, "none");
	CU_ASSERT_FALSE(judged(lines));
	CU_ASSERT_STRING_EQUAL(lines,
			       "ha.xml:7: keying/@certificate: our certificate, its "
			       "private key or the authorities cannot be used");
	unlink(key_file);
	CU_ASSERT_FALSE(judged(lines));
	CU_ASSERT_STRING_EQUAL(lines,
			       "ha.xml:7: keying: agent-keys.key: No such file or "
			       "directory");
	unlink(chain_file);
	unlink(trusted_file);
}

/* ---- what is said of refused packets ---- */

struct refusals {
	unsigned lines;
	uint64_t packets;
};

static void take_refusal(void *arg, const struct note *n, const char *interface,
			 struct now now)
{
	struct refusals *r = arg;

	(void)interface;
	(void)now;
	CU_ASSERT_EQUAL(n->kind, NOTE_ESP_REFUSED);
	r->lines++;
	r->packets += n->packets;
}

/* Somebody sends packets in the name of many peers, for a minute. */
static void many_peers_refused_packets_do_not_fill_the_log(void)
{
	enum { PEERS = 200, SECONDS = 60 };
	static struct keyed_pair pair[PEERS];
	struct agent_keys keys = { 0 };
	struct agent_shell *s = calloc(1, sizeof(*s));
	struct protect_counts counts = { 0 };
	struct esp_sa_in sa = { .spi = 0x100 };
	const struct protect_view v = { .counts = &counts,
					.in_count = 1,
					.in = { &sa } };
	struct refusals told = { 0 };

	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	s->keys = &keys;
	s->log = log_new("test");
	CU_ASSERT_PTR_NOT_NULL_FATAL(s->log);
	log_set_level(s->log, (enum note_level)(NOTE_WARN + 1)); /* nothing */
	log_follow(s->log, take_refusal, &told);
	agent_keys_refusals_init(&keys, s->now.mono);
	for (unsigned second = 0; second < SECONDS; second++) {
		sa.bad_icvs += 1000;
		counts.not_protected += 10;
		for (unsigned i = 0; i < PEERS; i++)
			agent_keys_look_at_refused(s, &pair[i], &v);
		s->now.mono = instant_add(s->now.mono, duration_s(1));
	}
	CU_ASSERT_TRUE(told.lines >= 600 && told.lines < 700);
	CU_ASSERT_EQUAL(s->violations.total, told.lines);
	/* Once there is quiet, no packet has been left out. */
	for (unsigned second = 0; second < SECONDS; second++) {
		for (unsigned i = 0; i < PEERS; i++)
			agent_keys_look_at_refused(s, &pair[i], &v);
		s->now.mono = instant_add(s->now.mono, duration_s(1));
	}
	CU_ASSERT_EQUAL(told.packets, (uint64_t)PEERS * SECONDS * 1010);
	log_free(s->log);
	free(s);
}

void suite_agent_keys(void)
{
	CU_pSuite s = CU_add_suite("agent_keys", NULL, NULL);

	CU_add_test(s, "a certificate out of its time is warned of",
		    a_certificate_out_of_its_time_is_warned_of);
	CU_add_test(s, "what cannot be used is a fault",
		    what_cannot_be_used_is_a_fault);
	CU_add_test(s, "many peers' refused packets do not fill the log",
		    many_peers_refused_packets_do_not_fill_the_log);
}
