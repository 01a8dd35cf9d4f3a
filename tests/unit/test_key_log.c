/* SPDX-License-Identifier: ISC */
/* The key log: lines as readers want them, in a file that nobody else can read. */
#include "common/io/key_log.h"

#include <CUnit/CUnit.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/suites.h"

#define PATH "key-log.test"

static const uint8_t octets[ESP_MATERIAL_MAX] = { 0xa0, 0xa1, 0xa2 };

static void write_one(struct key_log *log, enum esp_algorithm a)
{
	struct secret material;
	struct esp_sa_spec sa = { .spi = 0x1234,
				  .algorithm = a,
				  .material = &material };

	CU_ASSERT_EQUAL(secret_init(&material, octets, esp_key_material_len(a)), 0);
	CU_ASSERT_EQUAL(key_log_write(log, &sa, (struct in_addr){ htonl(0x0a010001) },
				      (struct in_addr){ htonl(0x0a000202) }),
			0);
	secret_fini(&material);
}

static void a_line_an_association(void)
{
	static const char *const want[] = {
		"\"IPv4\",\"10.1.0.1\",\"10.0.2.2\",\"0x00001234\","
		"\"AES-GCM with 16 octet ICV [RFC4106]\","
		"\"0xa0a1a20000000000000000000000000000000000\",\"NULL\",\"\"\n",
		"\"IPv4\",\"10.1.0.1\",\"10.0.2.2\",\"0x00001234\","
		"\"AES-CBC [RFC3602]\",\"0xa0a1a200000000000000000000000000\","
		"\"HMAC-SHA-256-128 [RFC4868]\",\"0x00000000000000000000"
		"00000000000000000000000000000000000000000000\"\n",
		"# 10.1.0.1 10.0.2.2 0x00001234 chacha20-poly1305 0xa0a1a2",
	};
	struct key_log *log;
	struct stat st;
	char line[1024];
	FILE *in;

	unlink(PATH);
	CU_ASSERT_EQUAL_FATAL(key_log_open(&log, PATH), 0);
	write_one(log, ESP_AES_128_GCM);
	write_one(log, ESP_AES_128_CBC_SHA256);
	write_one(log, ESP_CHACHA20_POLY1305);
	key_log_close(log);
	CU_ASSERT(stat(PATH, &st) == 0 && (st.st_mode & 07777) == 0600);
	in = fopen(PATH, "r");
	CU_ASSERT_PTR_NOT_NULL_FATAL(in);
	for (unsigned i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		CU_ASSERT_PTR_NOT_NULL(fgets(line, sizeof(line), in));
		CU_ASSERT_EQUAL(strncmp(line, want[i], strlen(want[i])), 0);
	}
	CU_ASSERT_PTR_NULL(fgets(line, sizeof(line), in));
	fclose(in);
	unlink(PATH);
}

static void refused(int error)
{
	struct key_log *log = NULL;

	CU_ASSERT_EQUAL(key_log_open(&log, PATH), error);
	CU_ASSERT_PTR_NULL(log);
}

static void only_into_a_file_of_ours(void)
{
	FILE *f = fopen(PATH, "w");

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	fclose(f);
	chmod(PATH, 0640);
	refused(-EPERM);
	unlink(PATH);
	CU_ASSERT_EQUAL(symlink("elsewhere", PATH), 0);
	refused(-ELOOP);
	unlink(PATH);
	CU_ASSERT_EQUAL(mkfifo(PATH, 0600), 0);
	refused(-ENXIO);
	unlink(PATH);
}

/* A disk without room, played by the limit of a process to the size of its files. */
static void half_a_line_is_taken_back(void)
{
	struct secret material;
	const struct esp_sa_spec sa = { .spi = 0x1234, .material = &material };
	const struct in_addr a = { htonl(0x0a010001) };
	struct rlimit before, small;
	struct key_log *log;
	struct stat st;
	off_t whole;

	CU_ASSERT_EQUAL_FATAL(key_log_open(&log, PATH), 0);
	write_one(log, ESP_AES_128_GCM);
	CU_ASSERT_EQUAL(stat(PATH, &st), 0);
	whole = st.st_size;
	CU_ASSERT_EQUAL(secret_init(&material, octets, sizeof(octets)), 0);
	CU_ASSERT_EQUAL(getrlimit(RLIMIT_FSIZE, &before), 0);
	small = (struct rlimit){ (rlim_t)whole + 10, before.rlim_max };
	CU_ASSERT_EQUAL(setrlimit(RLIMIT_FSIZE, &small), 0);
	CU_ASSERT_EQUAL(key_log_write(log, &sa, a, a), -ENOSPC);
	CU_ASSERT_EQUAL(setrlimit(RLIMIT_FSIZE, &before), 0);
	CU_ASSERT(stat(PATH, &st) == 0 && st.st_size == whole);
	write_one(log, ESP_AES_128_GCM);
	CU_ASSERT(stat(PATH, &st) == 0 && st.st_size == 2 * whole);
	secret_fini(&material);
	key_log_close(log);
	unlink(PATH);
}

void suite_key_log(void)
{
	CU_pSuite s = CU_add_suite("key_log", NULL, NULL);

	CU_add_test(s, "a line an association", a_line_an_association);
	CU_add_test(s, "half a line is taken back", half_a_line_is_taken_back);
	CU_add_test(s, "only into a file of ours", only_into_a_file_of_ours);
}
