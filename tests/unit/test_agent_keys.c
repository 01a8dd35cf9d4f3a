/* SPDX-License-Identifier: ISC */
/* What reading the files that <keying> names tells, before an agent starts. */
#include "common/shell/agent_private.h"

#include <CUnit/CUnit.h>

#include <stdio.h>
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

void suite_agent_keys(void)
{
	CU_pSuite s = CU_add_suite("agent_keys", NULL, NULL);

	CU_add_test(s, "a certificate out of its time is warned of",
		    a_certificate_out_of_its_time_is_warned_of);
	CU_add_test(s, "what cannot be used is a fault",
		    what_cannot_be_used_is_a_fault);
}
